# measurements
#
#	make bench		every one (root); writes bench/RESULTS.md and plots, fails when a goal is missed beyond the noise
#	make figures		the ratios that have a goal, in a minute or two, and fails likewise: what CI ends with
#	make bench-forms	the curves of each form of the database, the memory of each daemon; prints them
#	make bench-guard	what relayguard costs a mail server (root)
#	make bench-cluster	how soon a login counts at many hosts, and what the engine takes (root for all of it)
#
# bench/lockwait.c is run by hand: it compares ways to wait for a lock, and lib/relaydb/lock.c took one of them.

BENCH_SOURCES = $(sort $(wildcard bench/*.c))
BENCHES = $(patsubst %.c,$(BUILD)/%,$(filter-out bench/nosync.c,$(BENCH_SOURCES)))
LINT_SOURCES += $(BENCH_SOURCES)

$(BENCHES:%=%.o): FLAGS = $(RELAYDB_ROOMS:%=-I%)
$(filter-out %/commit %/worst,$(BENCHES)): $(BUILD)/%: $(BUILD)/%.o $(RELAYDB)
	$(LINK)
$(BUILD)/bench/commit: $(BUILD)/%: $(BUILD)/%.o $(STEPPED)
	$(LINK)
$(BUILD)/bench/worst: $(BUILD)/%: $(BUILD)/%.o $(POPWATCH_OBJECTS) $(DAEMON) $(COMMON) $(RELAYDB)
	$(LINK)
$(BENCHES): LIBS = -Wl,--as-needed $(RELAYDB_LIBS) -lpam -pthread

$(BUILD)/bench/floor: LIBS = -lpcre2-8

$(BUILD)/bench/worst.o: FLAGS = -Ilib/common $(POPWATCH_ROOMS:%=-I%)
$(BUILD)/bench/worst: LIBS = $(POPWATCH_LIBS) $(RELAYDB_LIBS)

# to be preloaded
NOSYNC = $(BUILD)/bench/nosync.so
$(NOSYNC): $(BUILD)/bench/nosync.lo
	$(call say,LINK,$@)$(CC) $(LDFLAGS) -shared -o $@ $<

# what relayguard costs a mail server; libmilter is compared with where it is at hand
GUARD_BENCHES = $(BUILD)/bench/guard/sessions \
	$(if $(wildcard /usr/include/libmilter/mfapi.h),$(BUILD)/bench/guard/pool)
LINT_SOURCES += bench/guard/sessions.c bench/guard/pool.c
$(GUARD_BENCHES): %: %.o
	$(LINK)
$(GUARD_BENCHES): LIBS = -pthread
$(BUILD)/bench/guard/pool: LIBS = -lmilter -pthread

# what relaymirror costs, and how soon a login counts at many hosts
CLUSTER_BENCHES = $(BUILD)/bench/cluster/readers $(BUILD)/bench/cluster/logins
LINT_SOURCES += bench/cluster/readers.c bench/cluster/logins.c
$(BUILD)/bench/cluster/readers.o: FLAGS = -Ilib/common -Ilib/daemon -Irelaymirror
$(BUILD)/bench/cluster/readers: %: %.o $(RELAYMIRROR_OBJECTS) $(DAEMON) $(COMMON) $(RELAYDB)
	$(LINK)
$(BUILD)/bench/cluster/logins: %: %.o
	$(LINK)
$(BUILD)/bench/cluster/readers: LIBS = $(RELAYMIRROR_LIBS) $(RELAYDB_LIBS)

# ROUNDS=5: how often everything is measured
bench: all $(BENCHES) $(NOSYNC) $(GUARD_BENCHES) $(CLUSTER_BENCHES)
	ROUNDS=$(ROUNDS) bench/run $(BUILD)

figures: all $(BENCHES) $(NOSYNC)
	@ROUNDS=$(or $(ROUNDS),3) bench/run $(BUILD) figures

bench-forms: all $(BENCHES)
	@ROUNDS=$(ROUNDS) bench/run $(BUILD) forms

bench-guard: all $(GUARD_BENCHES)
	@bench/guard/run $(BUILD)

bench-cluster: all $(CLUSTER_BENCHES)
	@bench/cluster/run $(BUILD)

.PHONY: bench-forms bench-guard bench-cluster
