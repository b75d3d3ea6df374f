# story.sh - how the demos tell their story, and the users in it; sourced where LIB, BUILD and WORK are known

chapter() {
	printf '\n%s\n' "$*"
}

# wrong WHAT [NAME...]: what did not go as told, with the words of NAME..., which are in $WORK/log/NAME.out
wrong() {
	printf '\ndemo: %s\n' "$1" >&2
	shift
	for name; do
		words_of "$name"
	done
	exit 1
}

# also where a command fails whose failure nobody asked for
ended() {
	status=$?
	[ $status = 0 ] || printf 'demo: it did not go as told; all that was said is in %s\n' "$BUILD/demo.log" >&2
	exit $status
}

# offers WHO ADDRESS [HOST[:PORT]]: a message to somebody elsewhere; the server's answer to RCPT goes to $answer
offers() {
	printf 'Subject: hello\r\n\r\nhello\r\n' | curl -sv --max-time 30 --interface "$2" "smtp://${3:-127.0.0.1}/$1.example.test" \
		--mail-from '<>' --mail-rcpt friend@example.net --upload-file - >"$WORK/log/curl.out" 2>&1 || :
	answer=$(sed -n '/^> RCPT/,$ { s/\r$//; s/^< //p; }' "$WORK/log/curl.out" | head -n 1)
}

# reads_mail WHO ADDRESS SCHEME [HOST]: a login with the right password
reads_mail() {
	printf '    %-21s logs in by %s%s\n' "$1 ($2)" "$3" "${4:+ at $4}"
	curl -sv --max-time 30 --interface "$2" -u alice:secret "$3://${4:-127.0.0.1}/" >"$WORK/log/curl.out" 2>&1 ||
		wrong "$1 cannot log in by $3" curl dovecot
}
