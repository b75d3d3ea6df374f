# distcheck.mk - make distcheck: from nothing to a protected mail host and away
# again, in minimal Debians
#
#	make distcheck [SUITE=trixie] [STEPS=...]	root; minutes, half an hour
#		for each release.  tests/distcheck has the steps

SUITE =
STEPS =

distcheck:
	@SUITE='$(SUITE)' tests/distcheck $(STEPS)

.PHONY: distcheck
