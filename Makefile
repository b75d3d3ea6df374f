# Makefile - the whole suite, without recursion: each directory's rules.mk adds
# to the lists below
#
#   make            libraries, programs, the PAM module
#   make check      every test that this user may run; SANITIZE=1 for the same
#                   under ASan and UBSan
#   make torture    the same at length, and what survived
#   make bench      what everything costs
#   make demo       the main job with a real Dovecot and a real sendmail (root)
#   make demo-cluster   the same on many hosts, with relaymirror (root)
#   make lint       compiler warnings, cppcheck, clang-tidy, manuals
#   make dist       the tarball of HEAD
#   make install    DESTDIR= PREFIX= ...; make uninstall undoes it
#
# One line a file is printed; V=1 prints the commands.

include config.mk

all:

.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# $(call say,WORD,FILE) begins a recipe's command: with V=1 the command is
# shown, with make -s nothing, else WORD and FILE
V =
SILENT = $(findstring s,$(filter-out --%,$(firstword $(MAKEFLAGS))))
say = $(if $(V),,@$(if $(SILENT),,printf '%-4s %s\n' '$(1)' '$(2)';))

SRCDIR := $(CURDIR)
CPPFLAGS_ALL = -D_GNU_SOURCE -DRELAYERS_VERSION='"$(VERSION)"' \
	-DRELAYERS_STATEDIR='"$(LOCALSTATEDIR)/lib/relayers"' \
	-DRELAYERS_GUARDDIR='"$(LOCALSTATEDIR)/lib/relayguard"' \
	-DRELAYERS_MIRROR_SOCKET='"/run/relaymirror/control"' \
	-DRELAYERS_SYSCONFDIR='"$(SYSCONFDIR)/relayers"' \
	-DRELAYERS_DATADIR='"$(DATADIR)/relayers"' -Ilib/relaydb $(CPPFLAGS)
CFLAGS_ALL = -std=c17 $(CFLAGS) $(WARN) $(HARDEN)
# one object; FLAGS are what its directory adds
COMPILE = $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(FLAGS) -MMD -MP -c -o $@ $<
LINK = $(call say,LINK,$@)$(CC) $(CFLAGS_ALL) $(HARDEN_LD) $(LDFLAGS) -o $@ \
	$(filter %.o %.a,$^) $(LIBS)
ARCHIVE = $(call say,AR,$@)rm -f $@ && $(AR) qcs $@ $^

PROGRAMS =		# what all builds
UNIT_TESTS =		# cmocka programs
TEST_PROGRAMS =		# helpers that bats files call
MANUALS =		# mdoc pages
LINT_SOURCES =		# C files

# libraries first, then what uses their names
include lib/common/rules.mk
include lib/daemon/rules.mk
include lib/relaydb/rules.mk
include lib/rules/rules.mk
include vsmtprelay/rules.mk
include popwatch/rules.mk
include relayguard/rules.mk
include relaymirror/rules.mk
include vnewspammers/rules.mk
include pam_relaydb/rules.mk
include man/rules.mk
include tests/rules.mk
include bench/rules.mk
include fuzz/rules.mk
include lint.mk
include install.mk
include distcheck.mk

all: $(PROGRAMS)

# rewritten, so that everything is rebuilt, when a setting differs from the
# last time
SETTINGS = $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS) $(WITH_JOURNAL) \
	$(PREFIX) $(SBINDIR) $(LIBDIR) $(INCLUDEDIR)
$(BUILD)/settings: FORCE
	@mkdir -p $(@D)
	@echo '$(SETTINGS)' | cmp -s - $@ || echo '$(SETTINGS)' >$@

$(BUILD)/%.o: %.c Makefile config.mk $(BUILD)/settings
	@mkdir -p $(@D)
	$(call say,CC,$<)$(COMPILE)

# what goes into a shared object
$(BUILD)/%.lo: %.c Makefile config.mk $(BUILD)/settings
	@mkdir -p $(@D)
	$(call say,CC,$< (shared))$(COMPILE) -fPIC

DEPENDENCIES = $(shell [ -d $(BUILD) ] && find $(BUILD) \
	\( -path $(BUILD)/root -o -path $(BUILD)/distcheck \) -prune -o \
	-name '*.d' -type f -print)
-include $(DEPENDENCIES)

clean:
	rm -rf build

.PHONY: FORCE all clean check check-root demo lint install uninstall fuzz \
	bench figures
