# versions.sh - what differs between the versions of a server; to be sourced by sh or bats
#
# The one place that knows it: tests that configure a Dovecot take the lines from here.  Each function prints lines for
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

dovecot_maildir() {	# dovecot_maildir DIRECTORY
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

# dovecot_to_host ADDRESS: as a proxy, everybody to the server at ADDRESS, which checks his password
dovecot_to_host() {
	if dovecot_is_2_3; then
		printf '%s\n' 'passdb {' '	driver = static' "	args = proxy=y nopassword=y host=$1" '}'
	else
		printf '%s\n' 'passdb static {' '	fields {' '		proxy = y' '		nopassword = y' "		host = $1" '	}' '}'
	fi
}

# other login_log_format_elements, and another mail_log_prefix, than the default: one order each
dovecot_other_log() {
	if dovecot_is_2_3; then
		printf '%s\n' 'login_log_format_elements = session=<%{session}> user=<%u> rip=%r rport=%b lip=%l lport=%a method=%m mpid=%e %c tls="%k"' \
			'mail_log_prefix = "%s(%u)<%{session}><%{pid}>: "'
	else
		printf '%s\n' 'login_log_format_elements = session=<%{session}> user=<%{user}> rip=%{remote_ip} rport=%{remote_port} lip=%{local_ip} lport=%{local_port} method=%{mechanism} mpid=%{mail_pid} %{secured} tls="%{ssl_security}"' \
			'mail_log_prefix = "%{protocol}(%{user})<%{session}><%{process:pid}>: "'
	fi
}

# dovecot_pam SERVICE [WORD...]: passwords from PAM, too.  session, setcred: PAM is asked for that as well; cached: a password
# that was right is not asked for again
dovecot_pam() {
	dovecot_pam_service=$1; shift
	dovecot_pam_args=
	for dovecot_pam_word; do
		case $dovecot_pam_word in
		cached) dovecot_pam_args="$dovecot_pam_args cache_key=%u" ;;
		*) dovecot_pam_args="$dovecot_pam_args $dovecot_pam_word=yes" ;;
		esac
	done
	if dovecot_is_2_3; then
		printf '%s\n' 'passdb {' '	driver = pam' "	args =$dovecot_pam_args $dovecot_pam_service" '}'
	else
		printf '%s\n' 'passdb pam {' "	service_name = $dovecot_pam_service"
		for dovecot_pam_word; do
			[ "$dovecot_pam_word" = cached ] || echo "	$dovecot_pam_word = yes"
		done
		echo '}'
	fi
	case " $* " in
	*' cached '*) printf '%s\n' 'auth_cache_size = 1M' 'auth_cache_ttl = 1 hour' ;;
	esac
}
