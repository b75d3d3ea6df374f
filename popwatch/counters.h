/* SPDX-License-Identifier: BSD-2-Clause
 *
 * counters.h - the counters, as lines for the log and as a file for Prometheus'
 * node exporter (textfile collector)
 */
#ifndef POPWATCH_STATS_H
#define POPWATCH_STATS_H

#include <stdint.h>

#include "catalogue.h"
#include "pipeline.h"
#include "policy.h"
#include "socket.h"
#include "writer.h"

/* What an address was judged for: somebody logged in, a connection is still
 * open, it ended. */
enum occasion { OCCASION_LOGIN, OCCASION_REFRESH, OCCASION_LOGOUT, OCCASIONS };

/* Everything that is counted; borrowed for the time of a call. */
struct stats {
	const struct catalogue *catalogue;
	const struct line_tally *lines;
	const uint64_t (*verdicts)[VERDICTS]; /* of OCCASIONS */
	const struct writer_tally *writer;
	const struct socket_tally *socket; /* NULL: no socket */
	uint64_t sessions; /* open now */
	uint64_t sessions_dropped;
	uint64_t files_open;
};

/* Tells them to the log. */
void stats_log(const struct stats *stats);

/* Replaces PATH by them.  Returns 0, or -1 with errno set. */
int stats_write(const struct stats *stats, const char *path);

#endif
