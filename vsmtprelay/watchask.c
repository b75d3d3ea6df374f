/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watchask.c - see watchask.h
 *
 * Limits: reads the report of popwatch -t by its words, so the two go together.
 * A login in the journal is read as a line; whether it comes from the program
 * that its definition expects is popwatch's own log to say.
 */
#include "watchask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "host.h"
#include "log.h"
#include "program.h"
#include "sysinit.h"

#define CONFIG RELAYERS_SYSCONFDIR "/popwatch.conf"
#define NAME_MAX_SIZE 64

static const char *const popwatch_places[] = { "/usr/sbin/popwatch", "/usr/local/sbin/popwatch",
	NULL };

/* The line of OUTPUT after LINE, or the first for NULL; its size in *SIZE.
 * NULL at the end. */
static const char *next_line(const char *output, const char *line, size_t *size)
{
	if (line != NULL) {
		line += *size;
		line += *line == '\n';
	} else
		line = output;
	*size = strcspn(line, "\n");
	return *line != '\0' ? line : NULL;
}

bool watch_obstacle(char text[WATCHASK_TEXT])
{
	const char *popwatch = program_find(popwatch_places), *chosen = NULL, *line = NULL;
	size_t size, chosen_size = 0;
	char *output;
	int status;

	if (popwatch == NULL || geteuid() != 0 || access(CONFIG, F_OK) != 0)
		return false;
	status =
	    program_run(popwatch, (const char *[]){ "popwatch", "-n", NULL }, "", true, &output);
	/* an error of the configuration comes first, what is missing last */
	while (status > 0 && (line = next_line(output, line, &size)) != NULL) {
		if (status == EX_CONFIG && chosen != NULL)
			continue;
		chosen = line;
		chosen_size = size;
	}
	if (chosen != NULL) {
		if (strncmp(chosen, "popwatch: ", 10) == 0) {
			chosen += 10;
			chosen_size -= 10;
		}
		log_escape_text(chosen, chosen_size, text, WATCHASK_TEXT);
	}
	free(output);
	return chosen != NULL;
}

/* What popwatch -t found. */
struct found {
	int status;
	char login[NAME_MAX_SIZE]; /* the server of the last one; "": none */
	char miss[NAME_MAX_SIZE]; /* the first server with a near miss */
	char fail[NAME_MAX_SIZE]; /* the first one with a failed login */
	char layout[WATCHASK_TEXT], warning[WATCHASK_TEXT];
};

/* "NAME: 3 lines, 1 login, ...": a count behind the first colon. */
static unsigned long count_of(const char *line, const char *word)
{
	const char *at = strstr(line, word);

	if (at == NULL)
		return 0;
	while (at > line && at[-1] != ' ')
		at--;
	return strtoul(at, NULL, 10);
}

static void take_server(struct found *found, const char *line)
{
	char name[NAME_MAX_SIZE];

	if (sscanf(line, "%63[^: ]: ", name) != 1)
		return;
	if (*found->miss == '\0' && count_of(line, " near miss") > 0)
		strcpy(found->miss, name);
	if (*found->fail == '\0' && count_of(line, " failed login") > 0)
		strcpy(found->fail, name);
}

static void take_line(struct found *found, const char *address, const char *line)
{
	static const char warning[] = "popwatch: a login from ";
	static const char other[] = " is of another layout: ";
	const char *layout = strncmp(line, "line ", 5) == 0 ? strstr(line, other) : NULL;
	char login[NAME_MAX_SIZE], client[64];

	if (sscanf(line, "%*u\tlogin\t%63[^\t]\t%63[^\t]\t", client, login) == 2) {
		if (strcmp(client, address) == 0)
			strcpy(found->login, login);
	} else if (strncmp(line, warning, strlen(warning)) == 0) {
		log_escape_text(line + 10, strlen(line + 10), found->warning, WATCHASK_TEXT);
	} else if (layout != NULL) {
		layout += strlen(other);
		log_escape_text(layout, strlen(layout), found->layout, WATCHASK_TEXT);
	} else
		take_server(found, line);
}

/* popwatch -t of LINES, with every definition or with those of the host. */
static void try_lines(struct found *found, const char *address, const char *lines, bool all)
{
	const char *popwatch = program_find(popwatch_places);
	char *output = NULL, *rest;

	*found = (struct found){ .status = PROGRAM_FAILED };
	if (popwatch == NULL)
		return;
	found->status = program_run(popwatch,
	    (const char *[]){ "popwatch", "-t", "-", all ? "-s" : NULL, "all", NULL }, lines, true,
	    &output);
	rest = output;
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
		take_line(found, address, line);
	free(output);
}

static void judge_login(
    struct watchask *ask, const char *address, const char *lines, const char *server)
{
	char reload[SYSINIT_MAX];
	struct found found;

	try_lines(&found, address, lines, false);
	if (found.status == EX_OK && *found.login == '\0') {
		snprintf(ask->says, sizeof ask->says,
		    "takes a line of the log for its login, but `servers' does not enable %s",
		    server);
		snprintf(ask->fix, sizeof ask->fix, "write %s behind `servers =' in %s, then %s",
		    server, CONFIG, sysinit_command(reload, SYSINIT_RELOAD, "popwatch"));
		return;
	}
	snprintf(ask->says, sizeof ask->says,
	    "understands its login in the log (%s): it was recorded and is over, or it was older "
	    "than `window' when it was read",
	    server);
}

static void judge_lines(struct watchask *ask, const char *address, const char *lines)
{
	struct found found;

	try_lines(&found, address, lines, true);
	strcpy(ask->warning, found.warning);
	if (*found.login != '\0') {
		judge_login(ask, address, lines, found.login);
	} else if (*found.miss != '\0') {
		snprintf(ask->says, sizeof ask->says,
		    "a line of it looks like a login of %s, but its definition matches none",
		    found.miss);
		snprintf(ask->fix, sizeof ask->fix,
		    "popwatch -t LOG -s all shows the line; docs/SERVERS.md has the setting of %s "
		    "that changes it",
		    found.miss);
	} else if (*found.fail != '\0') {
		snprintf(ask->says, sizeof ask->says,
		    "the log has a login of it that failed (%s), and none that succeeded",
		    found.fail);
		strcpy(ask->fix, "have the user check name and password");
	} else if (*found.layout != '\0') {
		snprintf(ask->says, sizeof ask->says, "cannot read the log: %.900s", found.layout);
		strcpy(ask->fix, "give that log its `format', popwatch.conf(5)");
	}
}

void watch_ask(struct watchask *ask, const char *address, const char *lines)
{
	char start[SYSINIT_MAX], obstacle[WATCHASK_TEXT];
	bool stopped = !host_records();

	*ask = (struct watchask){ 0 };
	if (lines != NULL)
		judge_lines(ask, address, lines);
	if (watch_obstacle(obstacle)) {
		snprintf(ask->says, sizeof ask->says, "%s", obstacle);
		strcpy(ask->fix, "popwatch -n, until it says fine; then restart popwatch");
	} else if (stopped) {
		strcpy(ask->says, "does not run, and nothing else records logins");
		snprintf(ask->fix, sizeof ask->fix, "start it: %s",
		    sysinit_command(start, SYSINIT_ENABLE, "popwatch"));
	}
}
