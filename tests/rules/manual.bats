# the examples of relayguard-rules(5), each run
load ../lib/test

page=$BATS_TEST_DIRNAME/../../man/relayguard-rules.5

examples() {	# the rules that the page shows, as they stand in a file
	sed -n 's/^\.Dl //p' "$page" | sed 's/\\e/\\/g; s/\\&//g'
}

@test "each example of the page does what the page says" {
	sed -n 's/^\.\\" world: //p' "$page" >"$SCRATCH/world"
	tries=0 rule=
	while IFS= read -r line; do
		case $line in
		'.Dl '*)
			rule=${line#.Dl }
			sed 's/\\e/\\/g; s/\\&//g' <<<"$rule" >"$SCRATCH/rules"
			tried=0
			;;
		'.\" try: '*)
			line=${line#*: }
			verdict=$("$BUILD/tests/rules/prog_verdicts" "$SCRATCH/rules" "$SCRATCH/world" <<<"${line% => *}" 2>&1)
			[[ $verdict == "${line##* => }"* ]] || fail "$rule: ${line% => *}: $verdict, expected ${line##* => }"
			tried=$((tried + 1)) tries=$((tries + 1))
			;;
		esac
		[ "$line" = "${line#.It }" ] || [ -z "$rule" ] || [ "$tried" -gt 0 ] || fail "not tried: $rule"
	done <"$page"
	[ "$tries" -ge 40 ]
}

@test "every word of the language has an example" {
	for word in allow: noto: deny: noto_delay: deny_delay: debug: tag: ALL UNKNOWN KNOWN FORGED POP AUTH LOCAL \
		RBL. '=127.' ';notest' ' EXCEPT ' USER@ NS= NS=UNKNOWN NS=KNOWN '[2001:' '/^' '/8' '*.' \
		%F %T %H %I %U %C %%; do
		examples | grep -qF -e "$word" || fail "no example of $word"
	done
}

@test "the page is good mdoc" {
	mandoc -Tlint -W warning "$page"
}
