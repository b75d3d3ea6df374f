# versions.sh - what differs between the versions of a server; to be sourced by sh or bats
#
# The one place that knows it: whoever configures a Dovecot takes the lines from here.  Each function prints lines for
# dovecot.conf in the words of the `dovecot` in PATH: 2.3 (Debian 12), or 2.4 (Debian 13 and later), which refuses those of 2.3.
# debian/tests/main-job sources this file, too, so it needs nothing of the rest of tests/lib.

dovecot_is_2_3() {
	case $(dovecot --version) in
	2.[0-3].*) ;;
	*) return 1 ;;
	esac
}

# what a file has to begin with
dovecot_first_lines() {
	dovecot_is_2_3 || printf '%s\n' 'dovecot_config_version = 2.4.0' 'dovecot_storage_version = 2.4.0'
}

# passwords are taken without TLS
dovecot_cleartext() {
	if dovecot_is_2_3; then
		echo 'disable_plaintext_auth = no'
	else
		echo 'auth_allow_cleartext = yes'
	fi
}

dovecot_maildir() {	# dovecot_maildir FOLDER
	if dovecot_is_2_3; then
		echo "mail_location = maildir:$1"
	else
		printf '%s\n' 'mail_driver = maildir' "mail_path = $1" "mail_inbox_path = $1"
	fi
}

# dovecot_users FILE USER HOME: passwords from FILE, everybody's mail is USER's, in HOME
dovecot_users() {
	if dovecot_is_2_3; then
		cat <<-END
			passdb {
				driver = passwd-file
				args = $1
			}
			userdb {
				driver = static
				args = uid=$2 gid=$2 home=$3
			}
		END
	else
		cat <<-END
			passdb passwd-file {
				passwd_file_path = $1
			}
			userdb static {
				fields {
					uid = $2
					gid = $2
					home = $3
				}
			}
		END
	fi
}

# dovecot_pam SERVICE [cached]: passwords from PAM, too; cached: one that was right is not asked for again
dovecot_pam() {
	if dovecot_is_2_3; then
		cat <<-END
			passdb {
				driver = pam
				args = ${2:+cache_key=%u }$1
			}
		END
	else
		cat <<-END
			passdb pam {
				service_name = $1
			}
		END
	fi
	[ -z "${2-}" ] || printf '%s\n' 'auth_cache_size = 1M' 'auth_cache_ttl = 1 hour'
}
