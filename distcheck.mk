# distcheck.mk - make distcheck: from nothing to a protected mail host and away again, in a minimal Debian 12 (root, minutes)

distcheck:
	tests/distcheck

.PHONY: distcheck
