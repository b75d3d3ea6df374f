# unit tests, helper programs of the other tests, and the targets that run them
#
#   make check [T=WORD...]	everything, or what has one of the words in its name (T=unit, T=interop/churn)
#   make memcheck		the unit tests under valgrind
#   make tsan			the PAM module's unit test under ThreadSanitizer
#   make demo			the main job with a real Dovecot and a real sendmail (root)
#
# Found by name: tests/unit/test_*.c are cmocka programs, tests/*/prog_*.c are helpers (build/tests/DIRECTORY/prog_NAME), and
# tests/run finds tests/*/*.bats.

UNIT_SOURCES = $(sort $(wildcard tests/unit/test_*.c))
UNIT_OBJECTS = $(UNIT_SOURCES:%.c=$(BUILD)/%.o)
UNIT_TESTS += $(UNIT_SOURCES:%.c=$(BUILD)/%)

HELPER_SOURCES = $(sort $(wildcard tests/*/prog_*.c))
HELPER_OBJECTS = $(HELPER_SOURCES:%.c=$(BUILD)/%.o)
HELPERS = $(HELPER_SOURCES:%.c=$(BUILD)/%)
TEST_PROGRAMS += $(HELPERS)

LINT_SOURCES += $(UNIT_SOURCES) $(HELPER_SOURCES)

include tests/torture/rules.mk

# what the programs are made of, except each main.o: a unit test takes the
# module that it is about, and what that needs
ROOMS = lib/common lib/daemon lib/rules vsmtprelay $(POPWATCH_ROOMS) relayguard \
	relaymirror
ROOM_OBJECTS = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/main.c, \
	$(COMMON_SOURCES) $(DAEMON_SOURCES) $(RULES_SOURCES) \
	$(VSMTPRELAY_SOURCES) $(POPWATCH_SOURCES) \
	$(RELAYGUARD_SOURCES) $(RELAYMIRROR_SOURCES)))
ROOM_ARCHIVE = $(BUILD)/tests/rooms.a

$(ROOM_ARCHIVE): $(ROOM_OBJECTS)
	@mkdir -p $(@D)
	$(ARCHIVE)

# those that stop at a step of a commit
STEPPING = $(BUILD)/tests/unit/test_relaydb_commit \
	$(BUILD)/tests/unit/test_relaydb_forms \
	$(BUILD)/tests/unit/test_relaydb_host \
	$(BUILD)/tests/unit/test_relaydb_queue \
	$(BUILD)/tests/unit/test_relaydb_remember \
	$(BUILD)/tests/unit/test_relaydb_unchanged \
	$(BUILD)/tests/stress/prog_cutoff

$(UNIT_OBJECTS) $(HELPER_OBJECTS): FLAGS = $(ROOMS:%=-I%) $(RELAYDB_ROOMS:%=-I%) \
	-DWITH_JOURNAL=$(WITH_JOURNAL)

$(UNIT_TESTS): LIBS = -Wl,--as-needed -lcmocka $(RELAYDB_LIBS) $(POPWATCH_LIBS) \
	$(RELAYGUARD_LIBS) $(RELAYMIRROR_LIBS) -lpam -pthread
$(filter-out $(STEPPING),$(UNIT_TESTS)): $(BUILD)/%: $(BUILD)/%.o $(ROOM_ARCHIVE) $(RELAYDB)
	$(LINK)

# its flock(2) stands in front of libc's for the module that it loads
$(BUILD)/tests/unit/test_pam_relaydb: LIBS += -rdynamic

$(HELPERS): LIBS = -Wl,--as-needed $(RELAYDB_LIBS) $(RULES_LIBS) -lpam -pthread
$(filter-out $(STEPPING),$(HELPERS)): $(BUILD)/%: $(BUILD)/%.o $(RULES) $(COMMON) $(RELAYDB)
	$(LINK)

$(STEPPING): $(BUILD)/%: $(BUILD)/%.o $(STEPPED)
	$(LINK)

# a PAM module for tests, which says where a client is
RHOST = $(BUILD)/tests/pam/rhost.so
TEST_PROGRAMS += $(RHOST)
LINT_SOURCES += tests/pam/rhost.c

$(RHOST): $(BUILD)/tests/pam/rhost.lo
	$(call say,LINK,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -shared -o $@ $< -lpam

# preloaded into relayguard, tries its sandbox
RIGHTS = $(BUILD)/tests/relayguard/rights.so
TEST_PROGRAMS += $(RIGHTS)
LINT_SOURCES += tests/relayguard/rights.c

$(RIGHTS): $(BUILD)/tests/relayguard/rights.lo
	$(call say,LINK,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -shared -o $@ $< -ldl

# of the unit tests those that tests/run runs: with one of the words of T in their name
UNIT_WANTED = $(foreach test,$(UNIT_TESTS),$(if $(strip $(foreach word,$(or $(T),unit/), \
	$(findstring $(word),$(test:$(BUILD)/tests/unit/test_%=unit/%)))),$(test)))

check: all $(UNIT_WANTED) $(TEST_PROGRAMS)
	@LONG='$(LONG)' BUILD=$$(realpath $(BUILD)) tests/run $(T)

memcheck: $(UNIT_TESTS)
	@BUILD=$$(realpath $(BUILD)) VALGRIND=1 tests/run unit/

# the module is loaded into programs with threads; with the sanitizer for those instead of the other two, in a directory of its own
TSAN = $(BUILD)/tsan
tsan:
	$(MAKE) SANITIZE=thread BUILD=$(TSAN) HARDEN='-fsanitize=thread -fPIE' HARDEN_LD='-pie -fsanitize=thread' \
		$(TSAN)/pam_relaydb/pam_relaydb.so $(TSAN)/tests/unit/test_pam_relaydb
	BUILD=$$(realpath $(TSAN)) TSAN_OPTIONS=halt_on_error=1 setsid -w setarch -R $(TSAN)/tests/unit/test_pam_relaydb

demo: all
	@BUILD=$$(realpath $(BUILD)) demo/demo

demo-cluster: all
	@BUILD=$$(realpath $(BUILD)) demo/cluster

.PHONY: memcheck tsan demo-cluster
