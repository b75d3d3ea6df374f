/* SPDX-License-Identifier: BSD-2-Clause
 *
 * counters.c - the counters, see counters.h
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "atomicfile.h"
#include "log.h"
#include "counters.h"

void stats_log(const struct stats *stats)
{
	const struct line_tally *lines = stats->lines;
	const uint64_t *logins = stats->verdicts[OCCASION_LOGIN];
	const struct server *server;

	log_say(LOG_NOTICE,
	    "%" PRIu64 " lines (%" PRIu64 " of other programs, %" PRIu64 " of another layout, %" PRIu64
	    " without a time, %" PRIu64 " broken, %" PRIu64 " doubted); %" PRIu64 " logins recorded, %" PRIu64
	    " recent, %" PRIu64 " ignored, %" PRIu64 " old, %" PRIu64 " unusable; %" PRIu64
	    " refreshes of open connections, %" PRIu64 " logouts recorded; %" PRIu64 " commits, %" PRIu64 " failed; %" PRIu64
	    " sessions, %" PRIu64 " dropped",
	    lines->lines, lines->stranger, lines->headless, lines->timeless, lines->broken, lines->doubted,
	    logins[VERDICT_RECORD], logins[VERDICT_RECENT], logins[VERDICT_IGNORED], logins[VERDICT_OLD],
	    logins[VERDICT_UNUSABLE], stats->verdicts[OCCASION_REFRESH][VERDICT_RECORD],
	    stats->verdicts[OCCASION_LOGOUT][VERDICT_RECORD], stats->writer->commits, stats->writer->failures, stats->sessions,
	    stats->sessions_dropped);
	for (server = catalogue_servers(stats->catalogue); server != NULL; server = server->next) {
		if (server->tally.lines > 0)
			log_say(LOG_NOTICE,
			    "%s: %" PRIu64 " lines, %" PRIu64 " logins, %" PRIu64 " logouts, %" PRIu64
			    " failed logins, %" PRIu64 " not believed, %" PRIu64 " matches stopped",
			    server->name, server->tally.lines, server->tally.role[ROLE_LOGIN], server->tally.role[ROLE_LOGOUT],
			    server->tally.role[ROLE_FAIL], server->tally.doubted, server->tally.stopped);
	}
	if (stats->socket != NULL)
		log_say(LOG_NOTICE,
		    "socket: %" PRIu64 " logins, %" PRIu64 " of strangers, %" PRIu64 " malformed, %" PRIu64 " too many at once",
		    stats->socket->logins, stats->socket->strangers, stats->socket->malformed, stats->socket->flooded);
}

static void metric(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP popwatch_%s %s\n# TYPE popwatch_%s %s\n", name, help, name, type);
}

static void single(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
	metric(out, name, type, help);
	fprintf(out, "popwatch_%s %" PRIu64 "\n", name, value);
}

static void print_lines(FILE *out, const struct line_tally *lines)
{
	metric(out, "lines_total", "counter", "Log lines by what became of them.");
	fprintf(out, "popwatch_lines_total{result=\"read\"} %" PRIu64 "\n", lines->lines);
	fprintf(out, "popwatch_lines_total{result=\"stranger\"} %" PRIu64 "\n", lines->stranger);
	fprintf(out, "popwatch_lines_total{result=\"headless\"} %" PRIu64 "\n", lines->headless);
	fprintf(out, "popwatch_lines_total{result=\"timeless\"} %" PRIu64 "\n", lines->timeless);
	fprintf(out, "popwatch_lines_total{result=\"broken\"} %" PRIu64 "\n", lines->broken);
	fprintf(out, "popwatch_lines_total{result=\"doubted\"} %" PRIu64 "\n", lines->doubted);
}

/* The name of a definition may hold what a label's value may not. */
static void print_label(FILE *out, const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			fputc('\\', out);
		fputc(*name == '\n' ? ' ' : *name, out);
	}
}

static void print_servers(FILE *out, const struct catalogue *catalogue)
{
	const struct server *server;
	int role;

	metric(out, "server_lines_total", "counter", "Lines of a server by what they mean.");
	for (server = catalogue_servers(catalogue); server != NULL; server = server->next) {
		for (role = 0; role < ROLES; role++) {
			fprintf(out, "popwatch_server_lines_total{server=\"");
			print_label(out, server->name);
			fprintf(out, "\",means=\"%s\"} %" PRIu64 "\n", role_name((enum role)role), server->tally.role[role]);
		}
	}
	metric(out, "server_stopped_total", "counter", "Matches that reached the match limit.");
	for (server = catalogue_servers(catalogue); server != NULL; server = server->next) {
		fprintf(out, "popwatch_server_stopped_total{server=\"");
		print_label(out, server->name);
		fprintf(out, "\"} %" PRIu64 "\n", server->tally.stopped);
	}
}

static void print_socket(FILE *out, const struct socket_tally *socket)
{
	metric(out, "datagrams_total", "counter", "Datagrams at the socket by what became of them.");
	fprintf(out, "popwatch_datagrams_total{result=\"login\"} %" PRIu64 "\n", socket->logins);
	fprintf(out, "popwatch_datagrams_total{result=\"stranger\"} %" PRIu64 "\n", socket->strangers);
	fprintf(out, "popwatch_datagrams_total{result=\"malformed\"} %" PRIu64 "\n", socket->malformed);
	fprintf(out, "popwatch_datagrams_total{result=\"flood\"} %" PRIu64 "\n", socket->flooded);
}

static void print_verdicts(FILE *out, const struct stats *stats)
{
	static const struct {
		const char *name, *help;
	} occasions[OCCASIONS] = {
		[OCCASION_LOGIN] = { "logins_total", "Logins with an address, by the verdict on them." },
		[OCCASION_REFRESH] = { "refreshes_total",
		    "Refreshes of addresses of open connections, by the verdict on them." },
		[OCCASION_LOGOUT] = { "logouts_total", "Logouts with an address, by the verdict on them." },
	};
	int i, verdict;

	for (i = 0; i < OCCASIONS; i++) {
		metric(out, occasions[i].name, "counter", occasions[i].help);
		for (verdict = 0; verdict < VERDICTS; verdict++)
			fprintf(out, "popwatch_%s{verdict=\"%s\"} %" PRIu64 "\n", occasions[i].name,
			    verdict_name((enum verdict)verdict), stats->verdicts[i][verdict]);
	}
}

static void print_all(FILE *out, const struct stats *stats)
{
	print_lines(out, stats->lines);
	print_servers(out, stats->catalogue);
	print_verdicts(out, stats);
	single(out, "commits_total", "counter", "Commits that changed the database.", stats->writer->commits);
	single(out, "commit_failures_total", "counter", "Attempts to commit that failed.", stats->writer->failures);
	single(out, "expired_total", "counter", "Entries that expire = removed.", stats->writer->expired);
	single(out, "sessions", "gauge", "Connections that are waiting for a login or a logout.", stats->sessions);
	single(out, "sessions_dropped_total", "counter", "Connections that had to make room.", stats->sessions_dropped);
	single(out, "files_open", "gauge", "Log files that are open.", stats->files_open);
	if (stats->socket != NULL)
		print_socket(out, stats->socket);
}

int stats_write(const struct stats *stats, const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int result = -1;

	if (out == NULL)
		return -1;
	print_all(out, stats);
	if (fclose(out) == 0)
		result = atomicfile_write(path, text, size, 0644);
	free(text);
	return result;
}
