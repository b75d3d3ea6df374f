/* SPDX-License-Identifier: BSD-2-Clause
 *
 * status.c - see status.h
 *
 * A part has a name, a state and a sentence; a number that monitoring may want
 * has a name of its own in JSON.
 */
#include "status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "daemons.h"
#include "expiry.h"
#include "files.h"
#include "glance.h"
#include "host.h"
#include "human.h"
#include "json.h"
#include "log.h"
#include "mtaask.h"
#include "postfix.h"
#include "sysinit.h"
#include "watchask.h"

#define STALE 600 /* an age in seconds at which no daemon that runs leaves its stats file */

enum state { STATE_OK, STATE_OFF, STATE_WARNING, STATE_FAULT };

static const char *const state_names[] = { "ok", "off", "warning", "fault" };

struct status {
	bool json;
	struct json out;
	const char *file;
	int64_t now;
	bool trouble;
};

struct number {
	const char *name;
	int64_t value;
};

static void put_escaped(const char *text)
{
	char shown[LOG_ESCAPE_SIZE];

	for (; *text != '\0'; text++)
		fputs(log_escape((unsigned char)*text, shown), stdout);
}

/* One part; NUMBERS ends with a NULL name, and may be NULL. */
static void part(struct status *status, const char *name, enum state state, const char *text,
    const char *fix, const struct number *numbers)
{
	status->trouble |= state >= STATE_WARNING;
	if (!status->json) {
		printf("%-11s  %-7s  ", name, state_names[state]);
		put_escaped(text);
		if (fix != NULL && *fix != '\0') {
			printf("\n%-11s  %-7s  fix: ", "", "");
			put_escaped(fix);
		}
		putchar('\n');
		return;
	}
	json_object(&status->out);
	json_member(&status->out, "part", name);
	json_member(&status->out, "state", state_names[state]);
	json_member(&status->out, "text", text);
	if (fix != NULL && *fix != '\0')
		json_member(&status->out, "fix", fix);
	for (; numbers != NULL && numbers->name != NULL; numbers++)
		json_member_number(&status->out, numbers->name, numbers->value);
	json_end_object(&status->out);
}

static const char *form_of(const char *file)
{
	const char *dot = strrchr(file, '.');

	return dot != NULL && strcmp(dot, ".lmdb") == 0     ? "lmdb"
	       : dot != NULL && strcmp(dot, ".sqlite") == 0 ? "sqlite"
							    : "hash";
}

static void database_part(struct status *status, const struct glance *survey)
{
	const struct number numbers[] = { { "rows", (int64_t)survey->rows },
		{ "entries", (int64_t)survey->entries }, { "newest", survey->newest },
		{ "oldest", survey->oldest }, { NULL, 0 } };
	char text[1024], newest[HUMAN_AGE], oldest[HUMAN_AGE];
	int at;

	if (survey->code != RELAYDB_OK) {
		part(status, "database", STATE_FAULT, survey->error, "vsmtprelay check", NULL);
		return;
	}
	at = snprintf(text, sizeof text, "%.256s (%s), %zu row%s", status->file,
	    form_of(status->file), survey->rows, survey->rows == 1 ? "" : "s");
	if (survey->entries > survey->future)
		snprintf(text + at, sizeof text - (size_t)at, "; newest login %s ago, oldest %s",
		    human_age(status->now - survey->newest, newest),
		    human_age(status->now - survey->oldest, oldest));
	part(status, "database", STATE_OK, text, NULL, numbers);
}

static void expiry_part(struct status *status, const struct glance *survey)
{
	struct expiry expiry;
	char text[256], after[HUMAN_AGE], cron[SYSINIT_MAX], fix[SYSINIT_MAX + 32];

	expiry_find(&expiry);
	if (expiry.by == EXPIRY_NONE) {
		if (expiry.unsure)
			part(status, "expiry", STATE_OK,
			    "this user may not read the users' crontabs", NULL, NULL);
		else
			part(status, "expiry", STATE_WARNING, "nothing removes old entries",
			    sysinit_expiry(), NULL);
		return;
	}
	if (expiry.after == EXPIRY_ALL)
		snprintf(text, sizeof text, "by %s, all entries at once", expiry_name(expiry.by));
	else
		snprintf(text, sizeof text, "by %s, after %s", expiry_name(expiry.by),
		    human_age(expiry.after, after));
	/* a run may be a while away, but not days */
	if (survey->oldest > 0 && expiry.after != EXPIRY_ALL &&
	    status->now - survey->oldest > expiry.after + 2 * 86400) {
		strcat(text,
		    "; but there are older entries: it does not run, or not on this database");
		snprintf(fix, sizeof fix, "vsmtprelay check; %s",
		    sysinit_command(cron, SYSINIT_STATUS, "cron"));
		part(status, "expiry", STATE_WARNING, text, fix, NULL);
		return;
	}
	part(status, "expiry", STATE_OK, text, NULL,
	    (const struct number[]){ { "after_seconds", expiry.after }, { NULL, 0 } });
}

/* What the stats file of popwatch says. */
static void watch_counts(struct status *status, const char *path)
{
	struct counts counts;
	char text[512], age[HUMAN_AGE], restart[SYSINIT_MAX], fix[SYSINIT_MAX + 64];

	counts_read(&counts, path, status->now);
	if (counts.text == NULL) {
		part(status, "popwatch", STATE_WARNING, "runs, but its stats file cannot be read",
		    "vsmtprelay status as root; popwatch -n", NULL);
		return;
	}
	const struct number numbers[] = {
		{ "lines", counts_sum(&counts, "popwatch_lines_total{result=\"read\"") },
		{ "logins", counts_sum(&counts, "popwatch_logins_total{verdict=\"recorded\"") },
		{ "near_misses", counts_sum(&counts, "popwatch_server_near_misses_total{") },
		{ "stats_age", counts.age }, { NULL, 0 }
	};

	snprintf(text, sizeof text,
	    "runs; %" PRId64 " lines, %" PRId64 " logins recorded, %" PRId64
	    " near misses, as of %s ago",
	    numbers[0].value, numbers[1].value, numbers[2].value, human_age(counts.age, age));
	snprintf(fix, sizeof fix, "its stats file is old: does it hang? %s",
	    sysinit_command(restart, SYSINIT_RESTART, "popwatch"));
	if (counts.age > STALE)
		part(status, "popwatch", STATE_WARNING, text, fix, numbers);
	else if (numbers[0].value > 1000 && numbers[1].value == 0 && numbers[2].value > 0)
		part(status, "popwatch", STATE_WARNING, text,
		    "it reads lines and finds no login: popwatch -t LOG -s all", numbers);
	else
		part(status, "popwatch", STATE_OK, text, NULL, numbers);
	counts_free(&counts);
}

static void watch_part(struct status *status)
{
	char path[4096], start[SYSINIT_MAX], fix[SYSINIT_MAX + 32], obstacle[WATCHASK_TEXT];

	snprintf(
	    fix, sizeof fix, "%s; popwatch -n", sysinit_command(start, SYSINIT_ENABLE, "popwatch"));
	if (files_running("popwatch")) {
		if (watch_obstacle(obstacle))
			part(status, "popwatch", STATE_WARNING, obstacle,
			    "popwatch -n, until it says fine; then restart popwatch", NULL);
		else if (daemon_stats_file("popwatch", path, sizeof path))
			watch_counts(status, path);
		else
			part(status, "popwatch", STATE_OK,
			    "runs (with stats-file in popwatch.conf its counters are here)", NULL,
			    NULL);
	} else if (host_records())
		part(status, "popwatch", STATE_OFF, "does not run; pam_relaydb records logins",
		    NULL, NULL);
	else
		part(status, "popwatch", STATE_WARNING,
		    "does not run, and nothing else records logins", fix, NULL);
}

/* relayguard or relaymirror: who does not use it has no unit enabled. */
static void daemon_part(struct status *status, const char *name)
{
	char path[4096], text[SYSINIT_MAX + 32], pattern[128], command[SYSINIT_MAX];
	struct counts counts = { 0 };
	bool runs = files_running(name);

	snprintf(pattern, sizeof pattern, "/etc/systemd/system/*.wants/%s.service", name);
	if (!runs && !files_exist(pattern)) {
		part(status, name, STATE_OFF, "not in use", NULL, NULL);
		return;
	}
	if (!runs) {
		snprintf(text, sizeof text, "%s; %s -n",
		    sysinit_command(command, SYSINIT_STATUS, name), name);
		part(status, name, STATE_FAULT, "is enabled, but does not run", text, NULL);
		return;
	}
	if (daemon_stats_file(name, path, sizeof path))
		counts_read(&counts, path, status->now);
	snprintf(text, sizeof text, "%s, and see its log",
	    sysinit_command(command, SYSINIT_RESTART, name));
	if (counts.text != NULL && counts.age > STALE)
		part(status, name, STATE_WARNING, "runs, but its stats file is old: does it hang?",
		    text, NULL);
	else
		part(status, name, STATE_OK, "runs", NULL, NULL);
	counts_free(&counts);
}

static void take_finding(const struct finding *finding, void *arg)
{
	if (finding->severity != RELAYDB_FINE)
		part(arg, "mail server",
		    finding->severity == RELAYDB_FAULT ? STATE_FAULT : STATE_WARNING, finding->what,
		    finding->fix, NULL);
}

/* A mail server that asks the database: for how long it takes a login, unless
 * the row is removed before that. */
static void naming_part(struct status *status, enum mta server, int64_t window)
{
	char text[256], window_text[HUMAN_AGE], after[HUMAN_AGE];
	struct expiry expiry;

	if (window <= 0) {
		part(status, mta_title(server), STATE_OK, "its configuration asks the database",
		    NULL, NULL);
		return;
	}
	expiry_find(&expiry);
	if (expiry.by != EXPIRY_NONE && expiry.after != EXPIRY_ALL && expiry.after < window) {
		snprintf(text, sizeof text,
		    "its window is %s, but %s removes an entry before that, after %s",
		    human_age(window, window_text), expiry_name(expiry.by),
		    human_age(expiry.after, after));
		part(status, mta_title(server), STATE_WARNING, text,
		    "give both the same time, see \"Refused after a while\" in "
		    "docs/TROUBLESHOOTING.md",
		    NULL);
		return;
	}
	snprintf(text, sizeof text, "its configuration asks the database, with a window of %s",
	    human_age(window, window_text));
	part(status, mta_title(server), STATE_OK, text, NULL,
	    (const struct number[]){ { "window_seconds", window }, { NULL, 0 } });
}

static void server_parts(struct status *status)
{
	struct mta_facts facts;
	unsigned naming;
	int there = 0;

	mta_gather(&facts);
	naming = mta_naming(&facts, status->file);
	for (enum mta server = MTA_POSTFIX; server < MTAS; server++) {
		if (!mta_is_there(&facts, server))
			continue;
		there++;
		if ((naming & 1U << server) != 0)
			naming_part(status, server, mta_window(&facts, server));
		else
			part(status, mta_title(server), STATE_WARNING,
			    "its configuration does not name the database",
			    "vsmtprelay setup prints the lines", NULL);
	}
	if (there == 0)
		part(
		    status, "mail server", STATE_OFF, "none is installed on this host", NULL, NULL);
	mta_check_facts(&facts, status->file, take_finding, status);
	postfix_check(status->file, take_finding, status);
	mta_free(&facts);
}

int cmd_status(struct relaydb *db, const struct call *call)
{
	struct status status = { .json = (call->options & OPTION_JSON) != 0,
		.out = { .to = stdout },
		.file = relaydb_filename(db),
		.now = (int64_t)time(NULL) };
	struct glance survey;

	glance_take(db, NULL, status.now, &survey);
	if (status.json) {
		json_object(&status.out);
		json_member(&status.out, "version", RELAYERS_VERSION);
		json_member_number(&status.out, "time", status.now);
		json_name(&status.out, "parts");
		json_list(&status.out);
	}
	database_part(&status, &survey);
	expiry_part(&status, &survey);
	watch_part(&status);
	server_parts(&status);
	daemon_part(&status, "relayguard");
	daemon_part(&status, "relaymirror");
	if (status.json) {
		json_end_list(&status.out);
		json_name(&status.out, "ok");
		json_bool(&status.out, !status.trouble);
		json_end_object(&status.out);
	}
	return status.trouble ? EXIT_PARTLY : EX_OK;
}
