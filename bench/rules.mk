# measurements; each prints ratios or figures of one run, nothing is asserted

BENCH_SOURCES = $(sort $(wildcard bench/*.c))
BENCHES = $(BENCH_SOURCES:%.c=$(BUILD)/%)
LINT_SOURCES += $(BENCH_SOURCES)

$(BENCHES): $(BUILD)/%: $(BUILD)/%.o $(RELAYDB)
	$(LINK)
$(BENCHES): LIBS = -Wl,--as-needed $(RELAYDB_LIBS)

bench: all $(BENCHES)
	setsid -w $(BUILD)/bench/lockwait
