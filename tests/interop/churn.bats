# churn.bats - an authorised client is never refused while the map changes 50 times a second
#
# enclosure: sendmail postfix rsyslog
# long: twice as many sessions; make torture: five times

load ../lib/test

client=127.0.0.5
smtp=$BUILD/tests/interop/prog_smtp
TIMES=$(longest && echo 5 || { short && echo 1 || echo 2; })

start_file() {
	export RELAYERS=$SCRATCH/relayers
	start_rsyslog
	fresh_map
	start_sendmail
	start_postfix
}

setup() {
	fresh_map
}

# a map of 10,000 strangers and the client
fresh_map() {
	{
		echo "$client $(date +%s)"
		seq 0 9999 | awk '{ print "172.16." int($1 / 250) "." $1 % 250, 2000000000 }'
	} | "$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" load
}

# while_it_changes OPTIONS-OF-CHURN OPTIONS-OF-SMTP...: sessions of the client while commits are made; says what was counted.
# Sets wrong to the number of sessions that got an answer that is not 250, apart for those that were open while the hash was
# rebuilt (wrong_across) and the others (wrong_others)
while_it_changes() {
	local churn=$1 pid
	shift
	"$BUILD/tests/interop/prog_churn" $churn -l "$SCRATCH/commits" "$RELAYERS.db" >"$SCRATCH/churn" 3>&- &
	pid=$!
	"$smtp" -b "$client" -j 16 -w 10 -l "$SCRATCH/sessions" "$@" >"$SCRATCH/smtp" 2>&1 3>&- || :
	kill "$pid"
	wait "$pid"
	read -r open wrong_across wrong_others < <(awk '
		NR == FNR { if ($3) { begin[++n] = $1; end[n] = $2 }; next }
		{ for (i = 1; i <= n; i++) if ($1 < end[i] && $2 > begin[i]) { open++; across += $3 > 0; next }; others += $3 > 0 }
		END { print open + 0, across + 0, others + 0 }' "$SCRATCH/commits" "$SCRATCH/sessions")
	sed 's/^/# /' "$SCRATCH/churn" "$SCRATCH/smtp" >&3
	echo "# sessions open while the hash was rebuilt: $open, of these refused: $wrong_across; of the others: $wrong_others" >&3
	[ "$(wc -l <"$SCRATCH/sessions")" = "$(sed -n 's/ sessions in .*//p' "$SCRATCH/smtp")" ]
}

never_refused() {
	while_it_changes "$@"
	[ $wrong_across = 0 ] && [ $wrong_others = 0 ]
}

# Postfix promises nothing to a session in which the hash is rebuilt (its next client gets a new process): those are counted
# apart
refused_only_across() {
	while_it_changes "$@"
	[ $wrong_others = 0 ]
}

# as often as it takes to see it
@test "renamed into place: sendmail refuses" {
	for round in {1..20}; do
		cp "$RELAYERS.db" "$RELAYERS.db.aside"
		while_it_changes -R -n 400 -r 3
		[ $wrong_others = 0 ] || return 0
	done
	fail 'nobody was refused, so this test could not see it'
}

@test "sendmail: sessions of three recipients while rows are added" {
	never_refused '' -n $((400 * TIMES)) -r 3
}

@test "Postfix: sessions of three recipients while rows are added" {
	refused_only_across '' -p 2525 -n $((400 * TIMES)) -r 3
}

@test "sendmail: two transactions with RSET while rows come and go and the map is loaded" {
	never_refused -x -n $((200 * TIMES)) -r 2 -m 2
}

@test "sendmail: two messages in a session while rows come and go and the map is loaded" {
	never_refused -x -n $((100 * TIMES)) -r 2 -m 2 -d
}

@test "Postfix: two messages in a session while rows come and go and the map is loaded" {
	refused_only_across -x -p 2525 -n $((100 * TIMES)) -r 2 -m 2 -d
}

# a map as postmap makes it, each key and value with a NUL at its end
postmapped() {
	"$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" dump | grep -v '^#' >"$RELAYERS"
	postmap "hash:$RELAYERS"
}

# A process of sendmail or Postfix learns from its first hit whether keys end in a NUL and never asks the other way again.
# Who was answered from the file of postmap is refused for the rest of that session, but nobody is who comes later.
@test "sendmail: a map of postmap is converted by the first commit while sessions are open" {
	for ((round = 0; round < TIMES; round++)); do
		postmapped
		refused_only_across -x -n 200 -r 3
	done
}

@test "Postfix: a map of postmap is converted by the first commit while sessions are open" {
	for ((round = 0; round < TIMES; round++)); do
		postmapped
		refused_only_across -x -p 2525 -n 200 -r 3
	done
}
