/* SPDX-License-Identifier: BSD-2-Clause
 *
 * automatic.c - log = auto and servers = auto, see automatic.h
 */
#include "automatic.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalogue.h"
#include "list.h"
#include "log.h"

#define TEXT_MAX 1024

/* What syslog daemons fill by default.  A login that is in two of them does no
 * harm. */
static const char *const usual[] = {
	"/var/log/mail.log", /* Debian, Ubuntu */
	"/var/log/maillog", /* Fedora, FreeBSD, Slackware */
	"/var/log/mail", /* SUSE */
	"/var/log/messages", /* Alpine and others with busybox */
	"/var/log/syslog", /* Debian: what is not of the facility mail */
};

#define USUAL (sizeof usual / sizeof *usual)

bool automatic_journald(void)
{
#if WITH_JOURNAL
	static const char *const stored[] = { "/run/log/journal/*/system.journal",
		"/var/log/journal/*/system.journal" };
	glob_t files;
	bool any = false;

	if (access("/run/systemd/journal/socket", F_OK) != 0)
		return false;
	for (size_t i = 0; i < sizeof stored / sizeof *stored && !any; i++) {
		any = glob(stored[i], 0, NULL, &files) == 0 && files.gl_pathc > 0;
		globfree(&files);
	}
	return any;
#else
	return false;
#endif
}

static bool is_log(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool is_configured(const struct config *config, const char *path)
{
	for (size_t i = 0; i < config->log_count; i++) {
		if (strcmp(config->logs[i].path, path) == 0)
			return true;
	}
	return false;
}

/* A log like LIKE, of another path.  Returns false without memory. */
static bool add_log(struct config *config, const struct config_log *like, const char *path)
{
	struct config_log *more;

	if (is_configured(config, path))
		return true;
	more = realloc(config->logs, (config->log_count + 1) * sizeof *more);
	if (more == NULL)
		return false;
	config->logs = more;
	more[config->log_count] = *like;
	more[config->log_count].path = strdup(path);
	if (more[config->log_count].path == NULL)
		return false;
	config->log_count++;
	return true;
}

static bool add_usual(struct config *config, const struct config_log *like)
{
	bool done = true, any = false;

	for (size_t i = 0; done && i < USUAL; i++) {
		if (!is_log(usual[i]))
			continue;
		any = true;
		done = add_log(config, like, usual[i]);
	}
	/* it may come yet */
	return done && (any || add_log(config, like, usual[0]));
}

/* Takes the entry of auto out.  Returns false if there is none. */
static bool take_out(struct config *config, struct config_log *entry)
{
	size_t i = 0;

	while (i < config->log_count && strcmp(config->logs[i].path, AUTOMATIC) != 0)
		i++;
	if (i == config->log_count)
		return false;
	*entry = config->logs[i];
	config->log_count--;
	memmove(&config->logs[i], &config->logs[i + 1], (config->log_count - i) * sizeof *entry);
	return true;
}

void automatic_logs(struct config *config, bool set, const struct conf_place *place)
{
	struct config_log entry;

	if (!take_out(config, &entry))
		return;
	config->log_auto = true;
	free(entry.path);
	if (!set && automatic_journald())
		config->journal_from = JOURNAL_SYSTEM;
	if (config->journal_from == JOURNAL_NONE && !add_usual(config, &entry))
		conf_error(place, "out of memory");
}

/* ---- the report ---- */

static void add_text(char text[TEXT_MAX], const char *before, const char *name, const char *after)
{
	size_t size = strlen(text);

	snprintf(text + size, TEXT_MAX - size, "%s%s%s", *text != '\0' ? before : "", name, after);
}

static void report_logs(const struct config *config, const struct catalogue *catalogue)
{
	bool journal = config->journal_from != JOURNAL_NONE;
	char text[TEXT_MAX] = "";

	if (journal)
		add_text(text, "", "the journal", "");
	for (size_t i = 0; i < config->log_count; i++)
		add_text(text, ", ", config->logs[i].path, "");
	log_say(LOG_NOTICE, "log = auto: %s%s", text,
	    journal ? "" : " (no journald runs here that stores a journal)");
	if (!journal || config->log_count > 0)
		return;
	for (const struct definition *definition = catalogue_first(catalogue); definition != NULL;
	     definition = definition->next) {
		if (definition->journal == NULL || *definition->journal == NULL)
			log_say(LOG_WARNING,
			    "%s: no login is recorded from the journal, since its definition has "
			    "no journal setting; add 'log = ' with the file that a syslog daemon "
			    "fills",
			    definition->name);
	}
}

static bool report_servers(const struct catalogue *catalogue)
{
	char text[TEXT_MAX] = "";

	for (const struct definition *definition = catalogue_first(catalogue); definition != NULL;
	     definition = definition->next) {
		add_text(text, ", ", definition->name, "");
		if (definition->found != NULL)
			add_text(text, " (", definition->found, ")");
	}
	if (*text != '\0')
		log_say(LOG_NOTICE, "servers = auto: %s", text);
	else
		log_say(LOG_WARNING,
		    "servers = auto: none of the servers that have a definition is installed here, "
		    "no log line counts; name in servers those that log here");
	return *text != '\0';
}

bool automatic_report(const struct config *config, const struct catalogue *catalogue)
{
	if (config->log_auto)
		report_logs(config, catalogue);
	if (!list_has(config->servers, AUTOMATIC, strlen(AUTOMATIC)))
		return true;
	return report_servers(catalogue);
}
