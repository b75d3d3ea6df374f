# Makefile - the whole suite, without recursion: each folder's rules.mk adds its own to the lists below
#
#   make            libraries, programs, the PAM module
#   make check      every test that this user may run; SANITIZE=1 for the same under ASan and UBSan
#   make torture    the same at length, and what survived; make bench what everything costs
#   make demo       the main job with a real Dovecot and a real sendmail (root)
#   make lint       compiler warnings, cppcheck, clang-tidy, manuals
#   make install    DESTDIR= PREFIX= ...; make uninstall undoes it

include config.mk

all:

.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

SRCDIR := $(CURDIR)
CPPFLAGS_ALL = -D_GNU_SOURCE -DRELAYERS_VERSION='"$(VERSION)"' -DRELAYERS_STATEDIR='"$(LOCALSTATEDIR)/lib/relayers"' \
	-DRELAYERS_SYSCONFDIR='"$(SYSCONFDIR)/relayers"' -DRELAYERS_DATADIR='"$(DATADIR)/relayers"' -Ilib/relaydb $(CPPFLAGS)
CFLAGS_ALL = -std=c17 $(CFLAGS) $(WARN) $(HARDEN)
# one object; FLAGS are what its folder adds
COMPILE = $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(FLAGS) -MMD -MP -c -o $@ $<
LINK = $(CC) $(CFLAGS_ALL) $(HARDEN_LD) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

PROGRAMS =		# what all builds
UNIT_TESTS =		# cmocka programs
TEST_PROGRAMS =		# helpers that bats files call
MANUALS =		# mdoc pages
LINT_SOURCES =		# C files

include $(sort $(wildcard lib/*/rules.mk */rules.mk))

include lint.mk
include install.mk
include distcheck.mk

all: $(PROGRAMS)

# made anew, and everything after it, when another setting is given than the last time
SETTINGS = $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS) $(WITH_JOURNAL) $(PREFIX) $(SBINDIR) $(LIBDIR) $(INCLUDEDIR)
$(BUILD)/settings: FORCE
	@mkdir -p $(@D)
	@echo '$(SETTINGS)' | cmp -s - $@ || echo '$(SETTINGS)' >$@

$(BUILD)/%.o: %.c Makefile config.mk $(BUILD)/settings
	@mkdir -p $(@D)
	$(COMPILE)

# what goes into a shared object
$(BUILD)/%.lo: %.c Makefile config.mk $(BUILD)/settings
	@mkdir -p $(@D)
	$(COMPILE) -fPIC

-include $(shell [ -d $(BUILD) ] && find $(BUILD) \( -path $(BUILD)/root -o -path $(BUILD)/distcheck \) -prune -o -name '*.d' -type f -print)

clean:
	rm -rf build

.PHONY: FORCE all clean check check-root demo lint install uninstall fuzz bench figures
