/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rotation.c - which files a log has, and in which order, see rotation.h
 */
#include "rotation.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "followed.h"

/* A directory's mtime of this many seconds ago does not yet prove that nothing
 * changed since. */
#define SETTLE 1

void log_name_clear(struct log_name *log)
{
	free(log->directory);
	free(log->name);
	memset(log, 0, sizeof *log);
}

bool log_name_set(struct log_name *log, const char *path)
{
	const char *slash = strrchr(path, '/');

	log_name_clear(log);
	if (slash == NULL)
		log->directory = strdup(".");
	else
		log->directory =
		    slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
	log->name = strdup(slash == NULL ? path : slash + 1);
	return log->directory != NULL && log->name != NULL;
}

static bool is_compressed(const char *name)
{
	static const char *const suffixes[] = { ".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzo", ".Z",
		".zip", ".tmp", ".swp" };
	size_t size = strlen(name), i, n;

	for (i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		n = strlen(suffixes[i]);
		if (size > n && strcmp(name + size - n, suffixes[i]) == 0)
			return true;
	}
	return false;
}

/* mail.log.1, mail.log-20261120, mail.log.old: what rotation makes of
 * mail.log.  Not mail.info, which is another log beside mail. */
static bool is_neighbour(const char *name, const char *log)
{
	size_t size = strlen(log);
	const char *end = name + size;

	if (strncmp(name, log, size) != 0 || is_compressed(name))
		return false;
	return strcmp(end, ".old") == 0 ||
	       ((*end == '.' || *end == '-') && end[1] >= '0' && end[1] <= '9');
}

void candidates_add(
    struct candidates *candidates, const char *path, const struct stat *st, bool current)
{
	struct candidate *more = realloc(candidates->list, (candidates->count + 1) * sizeof *more);

	if (more == NULL)
		return;
	candidates->list = more;
	more[candidates->count] = (struct candidate){ strdup(path), *st, current };
	if (more[candidates->count].path != NULL)
		candidates->count++;
}

static int by_age(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->current != y->current)
		return x->current ? 1 : -1;
	if (x->st.st_mtim.tv_sec != y->st.st_mtim.tv_sec)
		return x->st.st_mtim.tv_sec < y->st.st_mtim.tv_sec ? -1 : 1;
	if (x->st.st_mtim.tv_nsec != y->st.st_mtim.tv_nsec)
		return x->st.st_mtim.tv_nsec < y->st.st_mtim.tv_nsec ? -1 : 1;
	return strcmp(y->path, x->path); /* of the same instant: the higher number is older */
}

void candidates_collect(const struct log_name *log, struct candidates *candidates)
{
	DIR *dir = opendir(log->directory);
	const struct dirent *entry;
	char path[PATH_MAX];
	struct stat st;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (!is_neighbour(entry->d_name, log->name) ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (S_ISREG(st.st_mode) && snprintf(path, sizeof path, "%s/%s", log->directory,
					       entry->d_name) < (int)sizeof path)
			candidates_add(candidates, path, &st, false);
	}
	closedir(dir);
}

bool log_name_changed(struct log_name *log)
{
	struct timespec now;
	struct stat st;
	bool changed;

	if (log->directory == NULL || stat(log->directory, &st) != 0)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	changed = !file_same_time(&st.st_mtim, &log->changed);
	log->changed = st.st_mtim;
	if (now.tv_sec - st.st_mtim.tv_sec <= SETTLE)
		log->changed.tv_nsec = -1; /* look again next time */
	return changed;
}

void candidates_sort(struct candidates *candidates)
{
	if (candidates->count > 0)
		qsort(candidates->list, candidates->count, sizeof *candidates->list, by_age);
}

void candidates_free(struct candidates *candidates)
{
	for (size_t i = 0; i < candidates->count; i++)
		free(candidates->list[i].path);
	free(candidates->list);
}
