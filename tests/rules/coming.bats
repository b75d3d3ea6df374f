# what docs/relayguard.md tells those who come from other programs: each rule on
# that page, run
load ../lib/test

page=$BATS_TEST_DIRNAME/../../docs/relayguard.md

# the rules that the page shows for them, one a line
shown() {
	sed -n '/^## Coming from/,$p' "$page" | grep -oE '`(allow|noto|deny)[a-z_]*:[^`]*`|^    (allow|noto|deny).*' |
		sed 's/^`//; s/`$//; s/^ *//' | grep -vF ':...' | sort -u
}

# a rule of the page, and envelopes (prog_verdicts.c) with what becomes of them:
# one that the old program would have refused or let through likewise, and one
# that it would not
tried() {
	cat <<-'END'
	noto:RBL.bl.example.org:ALL:ALL:451 4.7.1 Listed: %I
	198.51.100.66|-|none|-|a@b.example|c@d.example => y noto 1 451 4.7.1 Listed: 198.51.100.66
	198.51.100.99|-|none|-|a@b.example|c@d.example => n allow 0
	allow:RBL.wl.example.org;notest:ALL:ALL
	198.51.100.68|-|none|-|a@b.example|c@d.example => y allow 1
	198.51.100.66|-|none|-|a@b.example|c@d.example => n allow 0
	allow:192.0.2.0/24:ALL:ALL
	192.0.2.255|-|none|-|a@b.example|c@d.example => y allow 1
	192.0.3.1|-|none|-|a@b.example|c@d.example => n allow 0
	deny:192.0.2.7:ALL:ALL
	192.0.2.7|-|none|-|a@b.example|c@d.example => y deny 1 550
	192.0.2.70|-|none|-|a@b.example|c@d.example => n allow 0
	noto:RBL.bl.example.org:ALL:ALL
	198.51.100.66|-|none|-|a@b.example|c@d.example => y noto 1 550
	198.51.100.67|-|none|-|a@b.example|c@d.example => n allow 0
	noto:192.0.2.0/24:ALL:ALL
	192.0.2.9|-|none|-|a@b.example|c@d.example => y noto 1 550
	203.0.113.9|-|none|-|a@b.example|c@d.example => n allow 0
	noto:bad.example *.bad.example:ALL:ALL
	203.0.113.1|mx.bad.example|confirmed|-|a@b.example|c@d.example => y noto 1 550
	203.0.113.1|bad.example|confirmed|-|a@b.example|c@d.example => y noto 1 550
	203.0.113.1|notbad.example|confirmed|-|a@b.example|c@d.example => n allow 0
	203.0.113.1|mx.bad.example|forged|-|a@b.example|c@d.example => n allow 0
	noto:UNKNOWN EXCEPT FORGED:ALL:ALL
	203.0.113.1|-|none|-|a@b.example|c@d.example => y noto 1
	203.0.113.1|mx.x.example|forged|-|a@b.example|c@d.example => n allow 0
	203.0.113.1|mx.x.example|confirmed|-|a@b.example|c@d.example => n allow 0
	203.0.113.1|-|unknown|-|a@b.example|c@d.example => u allow 0
	noto:FORGED:ALL:ALL
	203.0.113.1|mx.x.example|forged|-|a@b.example|c@d.example => y noto 1 550
	203.0.113.1|-|none|-|a@b.example|c@d.example => n allow 0
	noto:ALL:NS=UNKNOWN:ALL
	203.0.113.1|-|none|-|a@nowhere.example|c@d.example => y noto 1
	203.0.113.1|-|none|-|a@good.example|c@d.example => n allow 0
	203.0.113.1|-|none|-|a@down.example.org|c@d.example => u allow 0
	noto:AUTH:ALL EXCEPT USER@example.com:ALL
	203.0.113.1|-|none|alice|bob@example.com|c@d.example => y noto 1 550
	203.0.113.1|-|none|alice|alice@example.com|c@d.example => n allow 0
	203.0.113.1|-|none|-|bob@example.com|c@d.example => n allow 0
	noto:/dsl/:ALL:ALL:550 5.7.1 no
	203.0.113.1|dsl7.hoster.example|confirmed|-|a@b.example|c@d.example => y noto 1 550 5.7.1 no
	203.0.113.1|dsl7.hoster.example|forged|-|a@b.example|c@d.example => n allow 0
	noto:ALL:*@junk.example:ALL:550 5.7.1 no
	203.0.113.1|-|none|-|a@junk.example|c@d.example => y noto 1 550 5.7.1 no
	203.0.113.1|-|none|-|a@junk.example.net|c@d.example => n allow 0
	noto:RBL.bl.example.org=127.0.0.2:ALL:ALL
	198.51.100.65|-|none|-|a@b.example|c@d.example => y noto 1 550
	198.51.100.66|-|none|-|a@b.example|c@d.example => n allow 0
	allow:AUTH:ALL:ALL
	203.0.113.1|-|none|alice|a@b.example|c@d.example => y allow 1
	203.0.113.1|-|none|-|a@b.example|c@d.example => n allow 0
	allow:POP:ALL:ALL
	192.0.2.7|-|none|-|a@b.example|c@d.example => y allow 1
	192.0.2.8|-|none|-|a@b.example|c@d.example => n allow 0
	END
}

@test "each rule of the page does what the old program's line did" {
	cat >"$SCRATCH/world" <<-'END'
	pop 192.0.2.7 yes
	listed bl.example.org 198.51.100.66 127.0.0.4
	listed bl.example.org 198.51.100.65 127.0.0.2
	listed wl.example.org 198.51.100.68 127.0.0.2
	a good.example 192.0.2.80
	fail down.example.org
	END
	while IFS= read -r line; do
		case $line in
		*' => '*)
			verdict=$("$BUILD/tests/rules/prog_verdicts" "$SCRATCH/rules" "$SCRATCH/world" <<<"${line% => *}" 2>&1)
			[[ $verdict == "${line##* => }"* ]] || fail "$rule: ${line% => *}: $verdict, expected ${line##* => }"
			;;
		*)
			rule=$line
			printf '%s\n' "$rule" >"$SCRATCH/rules"
			;;
		esac
	done < <(tried)
}

@test "every rule of the page is among them" {
	diff <(shown) <(tried | grep -vF ' => ' | sort -u)
}

# reads RULE STATUS [WORDS]: it is read with this status, and these words
reads() {
	printf '%s\n' "$1" >"$SCRATCH/rules"
	: >"$SCRATCH/world"
	run "$BUILD/tests/rules/prog_verdicts" "$SCRATCH/rules" "$SCRATCH/world"
	[ "$status" = "$2" ] || fail "$1: status $status: $output"
	[[ $output == *"${3-}"* ]] || fail "$1: $output"
}

@test "what the page says of smtpd's own files" {
	# an error each, and no rest of the file that is switched off
	reads 'permit:ALL:ALL:ALL' 1 1:1:
	reads 'allow::ALL:ALL' 1 1:
	reads 'allow:EXCEPT 10.0.0.1:ALL:ALL' 1 1:
	reads 'allow:2001:db8::/32:ALL:ALL' 1 1:
	reads 'allow:10.0.0.1/8:ALL:ALL' 1 1:
	reads 'noto:ALL:ALL:ALL:250 fine' 1 1:
	# a warning
	reads 'allow:all:ALL:ALL' 0 warning
	reads 'allow:[2001:db8::/32]:ALL:ALL' 0
	reads 'noto:ALL:ALL:ALL:550 %F %T %H %I %U %C %%' 0
}
