# fuzz: what reads hostile bytes, under libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer (clang)
#
#	make fuzz [TIME=60] [FUZZ=NAME...] [SEED=n]	each target, or these, for so many seconds, each time with other inputs unless
#		there is a SEED; findings stay in build/fuzz
#	make fuzz-keep [FUZZ=NAME...]	takes what the runs have reached into fuzz/corpus, in as few inputs as reach all of it
#
# Found by name: fuzz/fuzz_NAME.c, its seeds in fuzz/seeds/NAME/, what earlier runs found in fuzz/corpus/NAME/, its words in
# fuzz/NAME.dict.  Everything but main.c is built once more for it; a target may include a .c file to get at what is static
# there, since it is linked with an archive.

TIME = 60
SEED = 0
FUZZ =
FUZZ_CC = clang
FUZZ_FLAGS = -std=c17 -Wall -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all -D_GNU_SOURCE -DWITH_JOURNAL=0
FUZZ_ROOMS = $(RELAYDB_ROOMS) lib/common lib/daemon lib/rules $(POPWATCH_ROOMS) relayguard vnewspammers
FUZZ_SOURCES = $(sort $(wildcard fuzz/fuzz_*.c))
FUZZ_TARGETS = $(FUZZ_SOURCES:fuzz/fuzz_%.c=%)
FUZZ_OBJECTS = $(patsubst %.c,build/fuzz/%.o,$(filter-out %/main.c, \
	$(RELAYDB_SOURCES) $(COMMON_SOURCES) $(DAEMON_SOURCES) $(RULES_SOURCES) \
	$(POPWATCH_SOURCES) $(RELAYGUARD_SOURCES) $(VNEWSPAMMERS_SOURCES)))
LINT_SOURCES += $(FUZZ_SOURCES)

build/fuzz/%.o: %.c Makefile fuzz/rules.mk
	@mkdir -p $(@D)
	$(call say,CC,$< (fuzz))$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined $(CPPFLAGS_ALL) $(FUZZ_ROOMS:%=-I%) -MMD -MP -c -o $@ $<

build/fuzz/rooms.a: $(FUZZ_OBJECTS)
	$(ARCHIVE)

build/fuzz/fuzz_%: build/fuzz/fuzz/fuzz_%.o build/fuzz/rooms.a
	$(call say,LINK,$@)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(filter-out -lsystemd,$(POPWATCH_LIBS)) \
		-lresolv $(RELAYDB_LIBS)

fuzz: $(addprefix build/fuzz/fuzz_,$(or $(FUZZ),$(FUZZ_TARGETS)))
	@for target in $(or $(FUZZ),$(FUZZ_TARGETS)); do \
		fuzz/run build/fuzz $$target $(TIME) $(SEED) || exit 1; \
	done

fuzz-keep: $(addprefix build/fuzz/fuzz_,$(or $(FUZZ),$(FUZZ_TARGETS)))
	@for target in $(or $(FUZZ),$(FUZZ_TARGETS)); do \
		fuzz/keep build/fuzz $$target || exit 1; \
	done

.PHONY: fuzz-keep
.PRECIOUS: build/fuzz/fuzz/fuzz_%.o
