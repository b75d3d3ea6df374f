# the rule language, judged from outside: a second matcher, and the sample
load ../lib/test

verdicts() {	# verdicts RULES ENVELOPE...: what the rules say, one line each
	local rules=$1
	shift
	printf '%s\n' "$@" | "$BUILD/tests/rules/prog_verdicts" "$rules" "$SCRATCH/world"
}

setup() {
	: >"$SCRATCH/world"
	sample=$LIB/../../relayguard/rules.sample
}

@test "100 rules by 100 envelopes, judged by a second matcher: none different" {
	for seed in 1 2 3; do
		python3 "$LIB/../rules/table.py" "$BUILD/tests/rules/prog_verdicts" "$SCRATCH" $seed >"$SCRATCH/out" ||
			fail "$(tail -n 5 "$SCRATCH/out")"
		grep -q ' 0 different$' "$SCRATCH/out"
	done
}

@test "the sample: read without a warning" {
	run "$BUILD/tests/rules/prog_verdicts" "$sample" "$SCRATCH/world" </dev/null
	[ "$status" = 0 ]
	[ -z "$output" ]
}

@test "the sample: who has a right to send may send anything anywhere" {
	printf '%s\n' 'pop 198.51.100.7 yes' 'listed bl.example.org 198.51.100.7 127.0.0.2' >"$SCRATCH/world"
	run verdicts "$sample" \
		'198.51.100.7|mx.bad.example|confirmed|-|x@nowhere.test|a%b@far.test' \
		'203.0.113.9|mx.bad.example|confirmed|alice|x@nowhere.test|a%b@far.test' \
		'127.0.0.1|-|none|-|x@nowhere.test|a%b@far.test' \
		'-|-|none|-|x@nowhere.test|a%b@far.test'
	[ "$status" = 0 ]
	for line in "${lines[@]}"; do
		[[ $line == y*' allow 1 ' ]] || fail "$line"
	done
}

@test "the sample: each of its other rules decides what its comment says" {
	printf '%s\n' 'a good.test 192.0.2.80' 'fail broken.test' >"$SCRATCH/world"
	while IFS='	' read -r envelope expected; do
		run verdicts "$sample" "$envelope"
		[[ ${output#* } == "$expected"* ]] || fail "$envelope: $output, expected $expected"
	done <<'END'
192.0.2.9|-|none|-|a@b.test|a%b@far.test	allow 2 
2001:db8:1::9|-|none|-|a@b.test|b@far.test	allow 2 
203.0.113.1|x.bad.example|confirmed|-|a@nx.test|postmaster	allow 3 
203.0.113.1|-|none|-|a@good.test|a%b@example.com	noto 4 550 5.7.1 <a%b@example.com> is a relay attempt
203.0.113.1|-|none|-|a@good.test|a@b@example.com	noto 4 550 
203.0.113.1|x.bad.example|confirmed|-|a@good.test|b@example.com	deny 5 550 5.7.1 no mail is taken from x.bad.example [203.0.113.1]
203.0.113.1|x.notbad.example|confirmed|-|a@good.test|b@example.com	allow 9 
203.0.113.1|x.bad.example|forged|-|a@good.test|b@example.com	tag 7 the name of 203.0.113.1 leads elsewhere
203.0.113.1|-|none|-|a@nx.test|b@example.com	noto 6 550 5.1.8 the domain of <a@nx.test> does not exist
203.0.113.1|-|none|-||b@example.com	allow 9 
203.0.113.1|-|none|-|a@broken.test|b@example.com	allow 9 
203.0.113.1|-|none|-|a@good.test|everybody@example.com	noto 8 550 5.7.1 <a@good.test> may not write to <everybody@example.com>
203.0.113.1|-|none|-|a@good.test|b@far.test	noto 10 550 5.7.1 relaying from UNKNOWN [203.0.113.1] to <b@far.test> is denied
END
}

@test "every error of a file at once, with line and column" {
	printf 'permit:ALL:ALL:ALL\nnoto:10.0.0.1/8:\\\n  POP:ALL\n' >"$SCRATCH/rules"
	run verdicts "$SCRATCH/rules"
	[ "$status" = 1 ]
	[[ ${lines[0]} == '1:1: unknown action "permit"; expected allow, '* ]]
	[[ ${lines[1]} == '2:6: not a network; expected '* ]]
	[[ ${lines[2]} == '3:3: POP is out of place here; it can stand in the first list' ]]
}
