# needs: root
# enclosure:
# refused.bats - the documented PAM lines, and logins that the account phase refuses
#
# The lines are taken from the pages and the manual.  prog_server does what servers do with PAM: those that report to
# pam_end(3) what they were told, those that report a success whatever happened, those that keep the handle.

load ../lib/test
load ../daemon/daemon
load pam

SERVER=$BUILD/tests/pam/prog_server

start_file() {
	add_carol
	add_refused
}

setup() {
	skip_sanitized
	prepare
}

refused() {	# refused [OPTION] USER: by the service "mail", with the right password
	local status=0
	"$SERVER" "${@:1:$#-1}" mail "${!#}" secret 192.0.2.1 ac || status=$?
	[ "$status" = 1 ] || fail "${!#}: $status"
}

let_in() {	# let_in [OPTION] USER
	"$SERVER" "${@:1:$#-1}" mail "${!#}" secret 192.0.2.1 ac
	recorded 192.0.2.1
	rm "$DB"
}

@test "every page and the manual have the same lines" {
	pages=$(grep -l '^```pam$' "$LIB"/../../docs/*.md)
	[ "$(wc -w <<<"$pages")" -ge 2 ]
	for page in $pages; do
		page=${page##*/}
		page_block "${page%.md}" pam >"$DIR/lines"
		cmp "$DIR/lines" <(page_block dovecot pam) || fail "$page"
	done
	manual=$(sed -n '/^\.Bd/,/^\.Ed/p' "$LIB/../../man/pam_relaydb.8")
	[ "$(grep -c -F -x -f "$DIR/lines" <<<"$manual")" -ge "$(wc -l <"$DIR/lines")" ]
	not grep -E '^(auth|account|session).*required' <<<"$manual"
	not grep -E '^ *(auth|account|session) +(required|sufficient)' "$LIB/../../README.md" "$LIB"/../../docs/*.md
}

@test "the documented lines: a refused login is not recorded, whatever the server reports" {
	for option in '' -0; do
		stack dovecot mail
		let_in $option carol
		not "$SERVER" $option mail carol wrong 192.0.2.1 ac
		refused $option gone
		nothing_recorded
		BEFORE="account requisite pam_access.so accessfile=$WORK/access" stack dovecot mail
		refused $option eve
		nothing_recorded
		let_in $option carol
		BEFORE="account requisite pam_nologin.so file=$WORK/nologin" stack dovecot mail
		refused $option carol
		nothing_recorded
	done
}

@test "with required in their place nobody is recorded whom a server reports as refused" {
	REQUIRED=required stack dovecot mail
	let_in carol
	for user in $REFUSED; do
		refused "$user"
		nothing_recorded
	done
	BEFORE="account required pam_access.so accessfile=$WORK/access" REQUIRED=required stack dovecot mail
	refused eve
	nothing_recorded
	BEFORE="account required pam_nologin.so file=$WORK/nologin" REQUIRED=required stack dovecot mail
	refused carol
	nothing_recorded
}

@test "the manual warns: a server that always reports success is right with requisite alone" {
	REQUIRED=required stack dovecot mail
	refused -0 gone
	recorded 192.0.2.1
}

@test "the manual warns: for an expired password even that is not enough, its own line is" {
	stack dovecot mail
	refused stale
	nothing_recorded
	refused -0 stale
	recorded 192.0.2.1
	rm "$DB"
	line=$(sed -n 's/^\.Dl account/account/p' "$LIB/../../man/pam_relaydb.8")
	[ -n "$line" ]
	sed -i "s/^account *requisite.*/$line/" /etc/pam.d/mail
	for user in $REFUSED; do
		refused -0 "$user"
		nothing_recorded
	done
	let_in -0 carol
}

@test "a server that keeps its handle: recorded at the login, with the lines of the manual" {
	sed -n '/^\.Bd/,/^\.Ed/p' "$LIB/../../man/pam_relaydb.8" | awk '
		/^\.Bd/ { block = "" } /^a/ { block = block $0 "\n" } /^\.Ed/ && block ~ /auth *optional/ { printf "%s", block }' |
		sed "s,pam_relaydb.so,$MODULE db=$DB socket=$DIR/db/sock," >/etc/pam.d/mail
	[ "$(wc -l </etc/pam.d/mail)" = 4 ]
	coproc KEEPER { exec "$SERVER" -w mail carol secret 192.0.2.1 acs 3>&-; }
	read -r -t "$DEADLINE" said <&"${KEEPER[0]}"
	[ "$said" = in ]
	recorded 192.0.2.1
	pid=$KEEPER_PID
	eval "exec ${KEEPER[1]}>&-"
	wait "$pid"
	rm "$DB"
	for user in $REFUSED; do
		not "$SERVER" mail "$user" secret 192.0.2.1 acs
		nothing_recorded
	done
}

@test "a module behind ours that refuses: nothing is recorded" {
	stack dovecot mail
	echo 'account required pam_deny.so' >>/etc/pam.d/mail
	refused carol
	nothing_recorded
}

@test "no account phase: nothing is recorded" {
	stack dovecot mail
	"$SERVER" mail carol secret 192.0.2.1 a
	"$SERVER" mail carol secret 192.0.2.1 as
	nothing_recorded
}
