# needs: root
# popwatch on a database of each form, as a user of its own, in its sandbox
load ../lib/test
load daemon

# prepare_form FORM: user nobody owns the directory
prepare_form() {
	prepare 'user = nobody' 'commit-interval = 0'
	sed -i "/^user =$/d; s,^database = .*,database = $DIR/db/relayers.$1," "$DIR/popwatch.conf"
	DB=$DIR/db/relayers.$1
	chown nobody:nogroup "$DIR/db"
	touch "$LOG"
	chmod 644 "$LOG"
}

@test "logins are recorded, refreshed and expired on every form" {
	for form in db lmdb sqlite; do
		DIR=$SCRATCH/$form
		BATS_TEST_NUMBER=$form prepare_form "$form"
		sed -i 's/^log = /expire = 30m\nlog = /' "$DIR/popwatch.conf"
		start_popwatch
		login 192.0.2.1 >>"$LOG"
		eventually recorded 192.0.2.1
		login 2001:db8::7 >>"$LOG"
		eventually recorded 2001:db8::7
		# by another process, beside it
		"$VSMTPRELAY" -f "$DB" add 192.0.2.9 100
		login 192.0.2.2 >>"$LOG"
		eventually recorded 192.0.2.2
		recorded 192.0.2.1 2001:db8::7
		"$VSMTPRELAY" -f "$DB" delete 192.0.2.1
		not recorded 192.0.2.1
		stop_popwatch
		not grep -iE 'denied|not permitted|cannot (open|write|lock|change|name|replace)' "$DIR/stderr"
		[ "$form" = db ] || [ "$(stat -c %U:%a "$DB")" = nobody:640 ]
	done
}
