/* SPDX-License-Identifier: BSD-2-Clause
 *
 * silence.c - reports servers whose lines are read and whose logins are not, see silence.h
 */
#include "silence.h"

#include <inttypes.h>

#include "log.h"

#define EVERY 3600 /* seconds */
#define LINES_MIN 20 /* fewer lines without a login are nothing unusual */

static void report_server(struct server *server)
{
	uint64_t lines = server->tally.lines - server->reported.lines;
	uint64_t logins = server->tally.role[ROLE_LOGIN] - server->reported.role[ROLE_LOGIN];
	uint64_t misses = server->tally.misses - server->reported.misses;

	if (lines < LINES_MIN && logins == 0)
		return; /* they count for the next report */
	if (logins == 0 && misses > 0)
		log_say(LOG_WARNING,
		    "%s: %" PRIu64 " lines, 0 logins, %" PRIu64 " near misses; try them with 'popwatch -t LOG'; the last: %s",
		    server->name, lines, misses, server->missed);
	server->reported = server->tally;
}

void silence_report(struct silence *silence, const struct catalogue *catalogue, uint64_t logins, uint64_t old, int64_t now)
{
	uint64_t found = logins - silence->logins;

	if (silence->when != 0 && now >= silence->when && now - silence->when < EVERY)
		return;
	/* what was there at the start may well be old */
	if (silence->when != 0 && found > 0 && old - silence->old == found)
		log_say(LOG_WARNING,
		    "all of the %" PRIu64 " logins read since the last report are older than the window: is the log "
		    "of another time zone (time-zone in popwatch.conf), or a clock wrong?",
		    found);
	silence->when = now;
	silence->logins = logins;
	silence->old = old;
	for (struct server *server = catalogue_servers(catalogue); server != NULL; server = server->next)
		report_server(server);
}
