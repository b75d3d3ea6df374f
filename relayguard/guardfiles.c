/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guardfiles.c - the files of a running relayguard, see guardfiles.h
 *
 * The loop takes a copy of what a file will have, which costs milliseconds; a
 * thread makes text of it and waits for the disk.
 */
#include "guardfiles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errand.h"
#include "guard.h"
#include "guardstate.h"
#include "log.h"
#include "metrics.h"
#include "throttle.h"

#define STATS_MS 15000
#define STATE_MS 60000

/* One writing of one file. */
struct writing {
	char *path;
	struct metrics *metrics; /* of the counters */
	struct throttle_copy *counts; /* of the throttle */
};

struct file {
	struct errand *errand;
	struct writing writing;
	int64_t due_ms;
	struct log_once broken;
};

struct guardfiles {
	struct file stats, state;
};

struct guardfiles *guardfiles_new(int64_t clock_ms)
{
	struct guardfiles *files = calloc(1, sizeof *files);

	if (files == NULL)
		return NULL;
	files->stats.due_ms = clock_ms;
	files->state.due_ms = clock_ms + STATE_MS;
	files->stats.errand = errand_new();
	files->state.errand = errand_new();
	if (files->stats.errand != NULL && files->state.errand != NULL)
		return files;
	guardfiles_free(files);
	return NULL;
}

void guardfiles_free(struct guardfiles *files)
{
	if (files == NULL)
		return;
	errand_free(files->stats.errand);
	errand_free(files->state.errand);
	free(files->stats.writing.path);
	free(files->state.writing.path);
	free(files);
}

/* ---- the threads ---- */

static int write_stats(void *arg)
{
	struct writing *writing = arg;
	int error = metrics_write(writing->metrics, writing->path) == 0 ? 0 : errno;

	writing->metrics = NULL;
	return error;
}

static int write_state(void *arg)
{
	struct writing *writing = arg;
	int error = ENOMEM;

	if (writing->counts != NULL)
		error = guardstate_save(writing->path, writing->counts) == 0 ? 0 : errno;
	free(writing->counts);
	writing->counts = NULL;
	return error;
}

/* ---- the loop ---- */

/* Is FILE to be named PATH from now on, and free?  Returns false without
 * memory, too. */
static bool name_it(struct file *file, const char *path)
{
	char *copy;

	if (errand_busy(file->errand))
		return false;
	if (file->writing.path != NULL && strcmp(file->writing.path, path) == 0)
		return true;
	copy = strdup(path);
	if (copy == NULL)
		return false;
	free(file->writing.path);
	file->writing.path = copy;
	return true;
}

static void begin_stats(struct file *file, const struct guard *guard)
{
	const struct guardcounts_view view = guard_view(guard);

	if (*guard->conf->stats_file == '\0' || !name_it(file, guard->conf->stats_file))
		return;
	file->writing.metrics = guardcounts_metrics(&view);
	errand_begin(file->errand, write_stats, &file->writing);
}

static void begin_state(struct file *file, const struct guard *guard)
{
	if (guard->throttle == NULL || !name_it(file, guard->conf->state))
		return;
	file->writing.counts = throttle_copy(guard->throttle);
	errand_begin(file->errand, write_state, &file->writing);
}

static void end_stats(struct file *file, bool wait)
{
	int error;

	if (!errand_ended(file->errand, wait, &error))
		return;
	errno = error;
	log_written(&file->broken, file->writing.path, error == 0 ? 0 : -1);
}

static void end_state(struct file *file, bool wait)
{
	int error;

	if (!errand_ended(file->errand, wait, &error))
		return;
	if (error == 0)
		log_over(&file->broken, NULL);
	else if (log_once(&file->broken, EIO, 0, 0))
		log_say(LOG_ERR, "cannot save %s, a restart would forget who sent how much: %s",
		    file->writing.path, strerror(error));
}

void guardfiles_tick(struct guardfiles *files, const struct guard *guard, int64_t clock_ms)
{
	end_stats(&files->stats, false);
	end_state(&files->state, false);
	if (clock_ms >= files->stats.due_ms) {
		files->stats.due_ms = clock_ms + STATS_MS;
		begin_stats(&files->stats, guard);
	}
	if (clock_ms >= files->state.due_ms) {
		files->state.due_ms = clock_ms + STATE_MS;
		begin_state(&files->state, guard);
	}
}

void guardfiles_end(struct guardfiles *files, const struct guard *guard)
{
	end_stats(&files->stats, true);
	end_state(&files->state, true);
	begin_state(&files->state, guard);
	begin_stats(&files->stats, guard);
	end_state(&files->state, true);
	end_stats(&files->stats, true);
}
