/* SPDX-License-Identifier: BSD-2-Clause
 *
 * expiry.h - what removes old entries on this host, and after how long
 */
#ifndef VSMTPRELAY_EXPIRY_H
#define VSMTPRELAY_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

enum expiry_by { EXPIRY_NONE, EXPIRY_CRON, EXPIRY_TIMER, EXPIRY_POPWATCH };

#define EXPIRY_ALL 0 /* everything there is, whatever its age: expire alone */

struct expiry {
	enum expiry_by by;
	int64_t after; /* the age in seconds; the shortest if several do it */
	bool no_daemon; /* cron has a line, but there is no cron: then BY is NONE */
	bool unsure; /* NONE, but there are crontabs that we may not read */
};

/* Looks at cron's files, the timer of systemd, and popwatch.conf. */
void expiry_find(struct expiry *expiry);

/* What does it, for people: "cron". */
const char *expiry_name(enum expiry_by by);

#endif
