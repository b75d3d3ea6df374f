/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host.c - does anything expire entries, and record logins?  See host.h
 *
 * Only looks: at files of cron, systemd, PAM and popwatch, and at the names of
 * processes.  What this user may not read counts as missing, except users'
 * crontabs: without those a warning might be wrong, so there is none.
 */
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

#define CRONTABS "/var/spool/cron/crontabs"

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

/* Does LINE have both words, and is it not a comment? */
static bool line_says(const char *line, const char *one, const char *other)
{
	line += strspn(line, " \t");
	return *line != '#' && strstr(line, one) != NULL && strstr(line, other) != NULL;
}

/* Does a line of the file at PATH have both words? */
static bool file_says(const char *path, const char *one, const char *other)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	bool says = false;

	if (file == NULL)
		return false;
	while (!says && getline(&line, &size, file) >= 0)
		says = line_says(line, one, other);
	free(line);
	fclose(file);
	return says;
}

/* The same for one of the files that match PATTERN. */
static bool files_say(const char *pattern, const char *one, const char *other)
{
	glob_t files;
	bool says = false;

	if (glob(pattern, 0, NULL, &files) == 0) {
		for (size_t i = 0; i < files.gl_pathc && !says; i++)
			says = file_says(files.gl_pathv[i], one, other);
	}
	globfree(&files);
	return says;
}

static bool exists(const char *pattern)
{
	glob_t files;
	bool found = glob(pattern, 0, NULL, &files) == 0;

	globfree(&files);
	return found;
}

static bool cron_expires(void)
{
	for (const char *const *file = cron_files; *file != NULL; file++) {
		if (files_say(*file, "vsmtprelay", "expire"))
			return true;
	}
	return false;
}

static bool has_cron(void)
{
	for (const char *const *daemon = cron_daemons; *daemon != NULL; daemon++) {
		if (access(*daemon, X_OK) == 0)
			return true;
	}
	return false;
}

/* expire = 0 is popwatch's "cron does that". */
static bool popwatch_expires(void)
{
	FILE *file = fopen(RELAYERS_SYSCONFDIR "/popwatch.conf", "re");
	char *line = NULL;
	size_t size = 0;
	bool expires = false;

	if (file == NULL)
		return false;
	while (getline(&line, &size, file) >= 0) {
		char first;

		if (sscanf(line, " expire = %c", &first) == 1)
			expires = first != '0';
	}
	free(line);
	fclose(file);
	return expires;
}

static void check_expiry(void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	struct relaydb_finding finding = { RELAYDB_WARNING, "",
		"systemctl enable --now vsmtprelay-expire.timer" };
	bool line = cron_expires();

	if ((line && has_cron()) || popwatch_expires() ||
	    exists("/etc/systemd/system/*.wants/vsmtprelay-expire.timer"))
		return;
	if (!line && has_cron() && access(CRONTABS, R_OK | X_OK) != 0 && exists(CRONTABS))
		return;
	finding.what =
	    line ? "entries never expire: cron has a line for it, but no cron daemon is installed"
		 : "entries never expire: there is no crontab line, timer or `expire' in "
		   "popwatch.conf for it";
	each(&finding, arg);
}

static void check_recorders(
    void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	const struct relaydb_finding finding = { RELAYDB_FINE,
		"nothing records logins: popwatch is not running, and nothing in /etc/pam.d uses "
		"pam_relaydb",
		"systemctl enable --now popwatch" };

	if (!files_say("/proc/[0-9]*/comm", "popwatch", "") &&
	    !files_say("/etc/pam.d/*", "pam_relaydb", ""))
		each(&finding, arg);
}

void host_check(
    const char *file, void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	if (strcmp(file, RELAYERS_STATEDIR "/relayers.db") != 0)
		return;
	check_expiry(each, arg);
	check_recorders(each, arg);
}
