/* SPDX-License-Identifier: BSD-2-Clause
 *
 * expiry.c - see expiry.h
 *
 * Limits: of a line of cron only "expire N" behind vsmtprelay counts, N being a
 * number of minutes or a time with units; a wrapper script is not seen through.
 */
#include "expiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "duration.h"
#include "files.h"

#define CRONTABS "/var/spool/cron/crontabs"
#define LINE_MAX_SIZE 1024

static const char *const cron_files[] = {
	"/etc/crontab",
	"/etc/cron.d/*",
	RELAYERS_SYSCONFDIR "/../cron.d/*",
	"/etc/cron.*ly/*",
	CRONTABS "/*",
	NULL,
};

static const char *const cron_daemons[] = {
	"/usr/sbin/cron",
	"/usr/sbin/crond",
	"/usr/sbin/fcron",
	"/usr/sbin/bcron-sched",
	"/usr/lib/systemd/system-generators/systemd-crontab-generator",
	NULL,
};

/* of the highest precedence first; the last is ours */
static const char *const timer_files[] = {
	"/etc/systemd/system/vsmtprelay-expire.service.d/*.conf",
	"/etc/systemd/system/vsmtprelay-expire.service",
	"/usr/lib/systemd/system/vsmtprelay-expire.service",
	"/lib/systemd/system/vsmtprelay-expire.service",
	NULL,
};

/* The argument of "expire" in LINE, in seconds. */
static int64_t age_of(const char *line)
{
	const char *at = strstr(strstr(line, "vsmtprelay"), " expire");
	char word[32] = "";
	int64_t seconds;

	if (at == NULL || sscanf(at, " expire %31[0-9smhd]", word) != 1)
		return EXPIRY_ALL;
	if (word[strspn(word, "0123456789")] == '\0')
		return strlen(word) < 9 ? 60 * strtol(word, NULL, 10) : DURATION_MAX;
	return duration_parse(word, &seconds) ? seconds : EXPIRY_ALL;
}

static void take(struct expiry *expiry, enum expiry_by by, int64_t after)
{
	if (expiry->by != EXPIRY_NONE && expiry->after <= after)
		return;
	expiry->by = by;
	expiry->after = after;
}

static bool has_cron(void)
{
	for (const char *const *daemon = cron_daemons; *daemon != NULL; daemon++)
		if (access(*daemon, X_OK) == 0)
			return true;
	return false;
}

static void ask_cron(struct expiry *expiry)
{
	char line[LINE_MAX_SIZE];
	bool found = false, daemon = has_cron();

	for (const char *const *file = cron_files; *file != NULL; file++) {
		if (!files_say(*file, "vsmtprelay", "expire", line, sizeof line))
			continue;
		found = true;
		if (daemon && strstr(line, "vsmtprelay") != NULL)
			take(expiry, EXPIRY_CRON, age_of(line));
	}
	expiry->no_daemon = found && !daemon;
	expiry->unsure =
	    !found && daemon && access(CRONTABS, R_OK | X_OK) != 0 && files_exist(CRONTABS);
}

static void ask_timer(struct expiry *expiry)
{
	char line[LINE_MAX_SIZE];

	if (!files_exist("/etc/systemd/system/*.wants/vsmtprelay-expire.timer"))
		return;
	for (const char *const *file = timer_files; *file != NULL; file++) {
		if (!files_say(*file, "ExecStart", "vsmtprelay", line, sizeof line))
			continue;
		take(expiry, EXPIRY_TIMER, age_of(line));
		return;
	}
	take(expiry, EXPIRY_TIMER, 3600);
}

/* expire = 0 is popwatch's "cron does that". */
static void ask_popwatch(struct expiry *expiry)
{
	FILE *file = fopen(RELAYERS_SYSCONFDIR "/popwatch.conf", "re");
	char *line = NULL, word[32];
	size_t size = 0;
	int64_t after;

	if (file == NULL)
		return;
	while (getline(&line, &size, file) >= 0)
		if (sscanf(line, " expire = %31[0-9smhd]", word) == 1 &&
		    duration_parse(word, &after) && after > 0)
			take(expiry, EXPIRY_POPWATCH, after);
	free(line);
	fclose(file);
}

void expiry_find(struct expiry *expiry)
{
	*expiry = (struct expiry){ 0 };
	ask_cron(expiry);
	ask_timer(expiry);
	ask_popwatch(expiry);
}

const char *expiry_name(enum expiry_by by)
{
	static const char *const names[] = {
		[EXPIRY_NONE] = "nothing",
		[EXPIRY_CRON] = "cron",
		[EXPIRY_TIMER] = "vsmtprelay-expire.timer",
		[EXPIRY_POPWATCH] = "popwatch",
	};

	return names[by];
}
