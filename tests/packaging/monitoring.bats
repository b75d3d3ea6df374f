# docs/monitoring.md: the alert rules and the dashboard, loaded by promtool, and the counters that they name
#
# enclosure: prometheus

load ../lib/test

source=$BATS_TEST_DIRNAME/../..

# the expressions of the dashboard, as rules that record them
dashboard_rules() {
	python3 - "$source/monitoring/relayers.dashboard.json" <<-'END'
		import json, sys
		expressions = [t["expr"] for p in json.load(open(sys.argv[1]))["panels"] for t in p["targets"]]
		assert len(expressions) > 10
		rules = [{"record": "dashboard:%d" % n, "expr": e} for n, e in enumerate(expressions)]
		print(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
	END
}

# names that a program writes, from its source
written() {
	grep -oE '"[a-z_]+_total"' "$source/popwatch/counters.c" | sed 's/"\(.*\)"/popwatch_\1/'
	tr '\n\t' '  ' <"$source/popwatch/counters.c" | grep -oE 'metrics_(begin|single)\( *metrics, "[a-z_]+"' | sed 's/.*"\(.*\)"/popwatch_\1/'
	tr '\n\t' '  ' <"$source/relayguard/guardcounts.c" | grep -oE '(metrics_begin\( *metrics|add\(all, &n), *"[a-z_]+"' | sed 's/.*"\(.*\)"/relayguard_\1/'
}

@test "promtool takes the alert rules; they fire on a host in trouble, and are still on one that is well" {
	cp "$source/monitoring/relayers.rules.yml" "$source/tests/packaging/relayers.test.yml" "$SCRATCH"
	promtool check rules "$SCRATCH/relayers.rules.yml"
	promtool test rules "$SCRATCH/relayers.test.yml"
}

@test "every expression of the dashboard is one" {
	dashboard_rules >"$SCRATCH/dashboard.yml"
	promtool check rules "$SCRATCH/dashboard.yml"
}

@test "rules, dashboard and page name counters that a daemon writes" {
	written | sort -u >"$SCRATCH/written"
	[ "$(wc -l <"$SCRATCH/written")" -gt 30 ]
	grep -ohE '(popwatch|relayguard)_[a-z_]+' "$source"/monitoring/* "$source/docs/monitoring.md" | sort -u | grep -vxF -f "$SCRATCH/written" >"$SCRATCH/unknown" || :
	[ ! -s "$SCRATCH/unknown" ] || fail "nobody writes: $(cat "$SCRATCH/unknown")"
}

@test "the stats file of popwatch is what promtool expects" {
	printf '%s\n' "log = $SCRATCH/log" 'servers = dovecot' "definitions = $source/popwatch/servers.d" "database = $SCRATCH/relayers.db" \
		"state = $SCRATCH/state" "stats-file = $SCRATCH/popwatch.prom" 'socket = no' "user = $(id -un)" >"$SCRATCH/popwatch.conf"
	: >"$SCRATCH/log"
	"$BUILD/popwatch/popwatch" -o -c "$SCRATCH/popwatch.conf"
	promtool check metrics <"$SCRATCH/popwatch.prom"
}
