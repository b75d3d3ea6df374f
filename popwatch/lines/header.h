/* SPDX-License-Identifier: BSD-2-Clause
 *
 * header.h - the parts of a log line, see layout.h
 */
#ifndef POPWATCH_HEADER_H
#define POPWATCH_HEADER_H

#include <stdbool.h>

#include "span.h"

enum stamp_kind {
	STAMP_BSD, /* Nov 20 11:46:38, local time, no year */
	STAMP_BSD_YEAR, /* Nov 20 2026 11:46:38 */
	STAMP_YEAR_BSD, /* Nov 20 11:46:38 2026 */
	STAMP_FULL_BSD, /* 2026 Nov 20 11:46:38 */
	/* 2026-11-20_11:46:38.12345 of svlogd(8) too, which is of UTC */
	STAMP_ISO, /* 2026-11-20T11:46:38.895199+00:00; local time if no zone follows */
	STAMP_TAI64N /* @400000006920a5e61b2c3d4e, as multilog(8) and tai64n(8) write it */
};

struct header {
	enum stamp_kind kind;
	struct span stamp;
	struct span host; /* empty where the layout has none */
	struct span tag;
	struct span pid; /* as it stands in the brackets; empty without */
	/* it is as busybox's syslogd writes it, which cuts messages: with
	 * mail.info or the like, or without a host */
	bool busybox;
	struct span message;
};

#endif
