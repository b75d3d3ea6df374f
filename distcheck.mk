# distcheck.mk - what is given to others, and from nothing to a protected mail
# host and away again, in minimal Debians
#
#	make dist		build/vsmtprelay-VERSION.tar.gz: HEAD, the same
#		bytes for the same commit.  It needs no git to build or check
#	make distcheck [SUITE=trixie] [STEPS=...]	root; minutes, half an hour
#		for each release.  tests/distcheck has the steps

SUITE =
STEPS =
DIST = vsmtprelay-$(VERSION)
GIT = git -c safe.directory='*' -c tar.umask=0022

dist:
	@$(GIT) rev-parse -q --verify HEAD >/dev/null || { \
		echo 'make dist: this is no clone of the repository, expected one' >&2; exit 1; }
	@$(GIT) diff --quiet HEAD || \
		echo 'make dist: what is not committed stays out' >&2
	@mkdir -p $(BUILD)
	$(call say,DIST,$(BUILD)/$(DIST).tar.gz)$(GIT) archive --format=tar \
		--prefix=$(DIST)/ -o $(BUILD)/$(DIST).tar HEAD
	@gzip -9nf $(BUILD)/$(DIST).tar

distcheck:
	@SUITE='$(SUITE)' tests/distcheck $(STEPS)

.PHONY: dist distcheck
