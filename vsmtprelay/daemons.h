/* SPDX-License-Identifier: BSD-2-Clause
 *
 * daemons.h - what the daemons of this host are told to do, and what they count
 *
 * Reads popwatch.conf and the stats files; asks no daemon, so it works when
 * they are dead.
 */
#ifndef VSMTPRELAY_DAEMONS_H
#define VSMTPRELAY_DAEMONS_H

#include <stdbool.h>
#include <stdint.h>

#include "ipnet.h"

/* Of popwatch.conf; what is not said there has its default. */
struct watchconf {
	bool readable;
	struct netset ignore;
	int64_t window; /* seconds */
	char stats[4096]; /* "": none */
	char database[4096]; /* "": the usual one */
	char logs[1024], journal[64];
};

/* Reads popwatch.conf.  Errors in it are popwatch's to report. */
void watchconf_read(struct watchconf *conf);
void watchconf_clear(struct watchconf *conf);

/* The stats file that the configuration of DAEMON (NAME.conf) names, into PATH.
 * Returns false if there is none. */
bool daemon_stats_file(const char *daemon, char *path, size_t size);

/* Counters of a daemon as a text of Prometheus' format. */
struct counts {
	char *text; /* NULL: none */
	int64_t age; /* seconds since it was written */
};

void counts_read(struct counts *counts, const char *path, int64_t now);
void counts_free(struct counts *counts);

/* The sum of the samples that begin with PREFIX, such as
 * popwatch_lines_total{. */
int64_t counts_sum(const struct counts *counts, const char *prefix);

#endif
