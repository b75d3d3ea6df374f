# torture: the tests that have a long form, in that form; the short one is part
# of `make check`
#
#	make torture		ten thousand kills, every call of every kind of commit
#		with every error, minutes of fuzzing; figures at the end

# vsmtprelay with a fault in its commit that $RELAYDB_FAULT names; the library itself has none of it
MUTANT = $(BUILD)/tests/torture/mutant
TEST_PROGRAMS += $(MUTANT)
LINT_SOURCES += tests/torture/mutant.c

$(MUTANT).o: FLAGS = $(RELAYDB_ROOMS:%=-I%)
$(MUTANT): $(MUTANT).o $(VSMTPRELAY_OBJECTS) $(COMMON) $(RELAYDB)
	$(LINK) $(VSMTPRELAY_LIBS)

# a clock that tests can set, to be preloaded
CLOCK = $(BUILD)/tests/torture/clock.so
TEST_PROGRAMS += $(CLOCK)
LINT_SOURCES += tests/torture/clock.c

$(CLOCK): $(BUILD)/tests/torture/clock.lo
	$(call say,LINK,$@)$(CC) $(LDFLAGS) -shared -o $@ $<

torture: all $(TEST_PROGRAMS)
	@rm -rf $(BUILD)/torture
	@LONG=only JOBS=1 BUILD=$$(realpath $(BUILD)) tests/run
	@cat $(BUILD)/torture/*

.PHONY: torture
