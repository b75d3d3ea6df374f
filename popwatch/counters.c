/* SPDX-License-Identifier: BSD-2-Clause
 *
 * counters.c - the counters, see counters.h
 */
#include "counters.h"

#include <errno.h>
#include <inttypes.h>

#include "log.h"
#include "metrics.h"

void stats_log(const struct stats *stats)
{
	const struct line_tally *lines = stats->lines;
	const uint64_t *logins = stats->verdicts[OCCASION_LOGIN];

	log_say(LOG_NOTICE,
	    "%" PRIu64 " lines (%" PRIu64 " of other programs, %" PRIu64
	    " of another layout, %" PRIu64 " without a time, %" PRIu64 " broken, %" PRIu64
	    " doubted); %" PRIu64 " logins recorded, %" PRIu64 " recent, %" PRIu64
	    " ignored, %" PRIu64 " old, %" PRIu64 " unusable; %" PRIu64
	    " refreshes of open connections, %" PRIu64 " logouts recorded; %" PRIu64
	    " commits, %" PRIu64 " failed; %" PRIu64 " sessions, %" PRIu64 " dropped",
	    lines->lines, lines->stranger, lines->headless, lines->timeless, lines->broken,
	    lines->doubted, logins[VERDICT_RECORD], logins[VERDICT_RECENT], logins[VERDICT_IGNORED],
	    logins[VERDICT_OLD], logins[VERDICT_UNUSABLE],
	    stats->verdicts[OCCASION_REFRESH][VERDICT_RECORD],
	    stats->verdicts[OCCASION_LOGOUT][VERDICT_RECORD], stats->writer->commits,
	    stats->writer->failures, stats->sessions, stats->sessions_dropped);
	for (const struct definition *definition = catalogue_first(stats->catalogue);
	     definition != NULL; definition = definition->next) {
		if (definition->tally.lines > 0)
			log_say(LOG_NOTICE,
			    "%s: %" PRIu64 " lines, %" PRIu64 " logins, %" PRIu64
			    " logouts, %" PRIu64 " failed logins, %" PRIu64 " near misses, %" PRIu64
			    " not believed, %" PRIu64 " matches stopped",
			    definition->name, definition->tally.lines,
			    definition->tally.role[ROLE_LOGIN], definition->tally.role[ROLE_LOGOUT],
			    definition->tally.role[ROLE_FAIL], definition->tally.misses,
			    definition->tally.doubted, definition->tally.stopped);
	}
	if (stats->socket != NULL)
		log_say(LOG_NOTICE,
		    "socket: %" PRIu64 " logins, %" PRIu64 " of strangers, %" PRIu64
		    " malformed, %" PRIu64 " too many at once",
		    stats->socket->logins, stats->socket->strangers, stats->socket->malformed,
		    stats->socket->flooded);
}

static void add_lines(struct metrics *metrics, const struct line_tally *lines)
{
	metrics_begin(metrics, "lines_total", METRIC_COUNTER, "Log lines by what became of them.");
	metrics_value(metrics, lines->lines, "result", "read", NULL);
	metrics_value(metrics, lines->stranger, "result", "stranger", NULL);
	metrics_value(metrics, lines->headless, "result", "headless", NULL);
	metrics_value(metrics, lines->timeless, "result", "timeless", NULL);
	metrics_value(metrics, lines->broken, "result", "broken", NULL);
	metrics_value(metrics, lines->doubted, "result", "doubted", NULL);
}

static void add_servers(struct metrics *metrics, const struct catalogue *catalogue)
{
	metrics_begin(
	    metrics, "server_lines_total", METRIC_COUNTER, "Lines of a server by what they mean.");
	for (const struct definition *definition = catalogue_first(catalogue); definition != NULL;
	     definition = definition->next) {
		for (int role = 0; role < ROLES; role++)
			metrics_value(metrics, definition->tally.role[role], "server",
			    definition->name, "means", role_name((enum role)role), NULL);
	}
	metrics_begin(metrics, "server_near_misses_total", METRIC_COUNTER,
	    "Lines of a server that look like a login, and that no expression matched.");
	for (const struct definition *definition = catalogue_first(catalogue); definition != NULL;
	     definition = definition->next)
		metrics_value(metrics, definition->tally.misses, "server", definition->name, NULL);
	metrics_begin(metrics, "server_stopped_total", METRIC_COUNTER,
	    "Matches that reached the match limit.");
	for (const struct definition *definition = catalogue_first(catalogue); definition != NULL;
	     definition = definition->next)
		metrics_value(metrics, definition->tally.stopped, "server", definition->name, NULL);
}

static void add_socket(struct metrics *metrics, const struct socket_tally *socket)
{
	metrics_begin(metrics, "datagrams_total", METRIC_COUNTER,
	    "Datagrams at the socket by what became of them.");
	metrics_value(metrics, socket->logins, "result", "login", NULL);
	metrics_value(metrics, socket->strangers, "result", "stranger", NULL);
	metrics_value(metrics, socket->malformed, "result", "malformed", NULL);
	metrics_value(metrics, socket->flooded, "result", "flood", NULL);
}

static void add_verdicts(struct metrics *metrics, const struct stats *stats)
{
	static const struct {
		const char *name, *help;
	} occasions[OCCASIONS] = {
		[OCCASION_LOGIN] = { "logins_total",
		    "Logins with an address, by the verdict on them." },
		[OCCASION_REFRESH] = { "refreshes_total",
		    "Refreshes of addresses of open connections, by the verdict on them." },
		[OCCASION_LOGOUT] = { "logouts_total",
		    "Logouts with an address, by the verdict on them." },
	};

	for (int i = 0; i < OCCASIONS; i++) {
		metrics_begin(metrics, occasions[i].name, METRIC_COUNTER, occasions[i].help);
		for (int verdict = 0; verdict < VERDICTS; verdict++)
			metrics_value(metrics, stats->verdicts[i][verdict], "verdict",
			    verdict_name((enum verdict)verdict), NULL);
	}
}

int stats_write(const struct stats *stats, const char *path)
{
	struct metrics *metrics = metrics_new("popwatch");

	if (metrics == NULL) {
		errno = ENOMEM;
		return -1;
	}
	add_lines(metrics, stats->lines);
	add_servers(metrics, stats->catalogue);
	add_verdicts(metrics, stats);
	metrics_single(metrics, "commits_total", METRIC_COUNTER,
	    "Commits that changed the database.", stats->writer->commits);
	metrics_single(metrics, "commit_failures_total", METRIC_COUNTER,
	    "Attempts to commit that failed.", stats->writer->failures);
	metrics_single(metrics, "expired_total", METRIC_COUNTER, "Entries that expire = removed.",
	    stats->writer->expired);
	metrics_single(metrics, "sessions", METRIC_GAUGE,
	    "Logins that are waiting for their logout.", stats->sessions);
	metrics_single(metrics, "sessions_dropped_total", METRIC_COUNTER,
	    "Connections and logins that had to make room.", stats->sessions_dropped);
	metrics_single(
	    metrics, "files_open", METRIC_GAUGE, "Log files that are open.", stats->files_open);
	if (stats->socket != NULL)
		add_socket(metrics, stats->socket);
	return metrics_write(metrics, path);
}
