/* SPDX-License-Identifier: BSD-2-Clause
 *
 * daemons.c - see daemons.h
 */
#include "daemons.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "duration.h"
#include "ignore.h"
#include "program.h"

#define WINDOW 3600 /* popwatch's default */

static void tell_nobody(const char *sentence, void *arg)
{
	(void)sentence, (void)arg;
}

static void take(void *arg, const char *section, const char *name, const char *value,
    const struct conf_place *place)
{
	struct watchconf *conf = arg;

	(void)section;
	if (strcmp(name, "ignore") == 0)
		ignore_take(&conf->ignore, value, place);
	else if (strcmp(name, "window") == 0)
		duration_parse(value, &conf->window);
	else if (strcmp(name, "database") == 0)
		snprintf(conf->database, sizeof conf->database, "%s", value);
	else if (strcmp(name, "journal") == 0)
		snprintf(conf->journal, sizeof conf->journal, "%s", value);
	else if (strcmp(name, "log") == 0)
		snprintf(conf->logs + strlen(conf->logs), sizeof conf->logs - strlen(conf->logs),
		    "%s%s", *conf->logs != '\0' ? " " : "", value);
}

void watchconf_read(struct watchconf *conf)
{
	struct conf_errors errors = { tell_nobody, NULL, 0 };
	const char *path = RELAYERS_SYSCONFDIR "/popwatch.conf";
	struct conf_place nowhere = { path, 0, &errors };

	*conf = (struct watchconf){ .window = WINDOW };
	ignore_take(&conf->ignore, IGNORE_DEFAULT, &nowhere);
	conf->readable = access(path, R_OK) == 0 && conf_read_flat(path, &errors, take, conf);
	if (!daemon_stats_file("popwatch", conf->stats, sizeof conf->stats))
		conf->stats[0] = '\0';
}

void watchconf_clear(struct watchconf *conf)
{
	netset_clear(&conf->ignore);
}

static void take_stats(void *arg, const char *section, const char *name, const char *value,
    const struct conf_place *place)
{
	(void)section, (void)place;
	if (strcmp(name, "stats-file") == 0)
		snprintf(arg, 4096, "%s", value);
}

bool daemon_stats_file(const char *daemon, char *path, size_t size)
{
	struct conf_errors errors = { tell_nobody, NULL, 0 };
	char file[256], value[4096] = "";

	snprintf(file, sizeof file, RELAYERS_SYSCONFDIR "/%s.conf", daemon);
	if (access(file, R_OK) != 0 || !conf_read_flat(file, &errors, take_stats, value))
		return false;
	return value[0] == '/' && snprintf(path, size, "%s", value) < (int)size;
}

void counts_read(struct counts *counts, const char *path, int64_t now)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	*counts = (struct counts){ 0 };
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		counts->text = program_read(fd);
		counts->age = now - (int64_t)st.st_mtime;
	}
	close(fd);
}

void counts_free(struct counts *counts)
{
	free(counts->text);
	counts->text = NULL;
}

int64_t counts_sum(const struct counts *counts, const char *prefix)
{
	size_t size = strlen(prefix);
	int64_t sum = 0;

	for (const char *line = counts->text; line != NULL && *line != '\0';) {
		const char *end = strchrnul(line, '\n'),
			   *blank = memrchr(line, ' ', (size_t)(end - line));

		if (strncmp(line, prefix, size) == 0 && blank != NULL)
			sum += strtoll(blank + 1, NULL, 10);
		line = *end == '\n' ? end + 1 : end;
	}
	return sum;
}
