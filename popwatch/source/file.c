/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file.c - follows a log file by name, see file.h
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "followed.h"
#include "linereader.h"
#include "log.h"
#include "position.h"
#include "rotation.h"
#include "survey.h"

#define BUFFER_SIZE (128 * 1024)
#define KEEP_OPEN 8 /* files beside the current one that stay open though they do not grow */
#define KNOWN_MAX 4096 /* files that are remembered */
/* A logger that has more than this at once writes it in pieces, which end
 * within lines.  Where a look brought as much, the next may bring it, too. */
#define BURST 4096
#define BUSY_MS 1000
#define RESCAN_MS 60000 /* look at all neighbours this often, whatever the directory says */
/* a file without a name that has not grown for so long is let go: it holds its
 * blocks on the disk */
#define GONE_MS 60000

struct source_file {
	char *path;
	unsigned formats;
	const struct zone *zone;
	int64_t since;
	struct log_name places[2]; /* that of the path, and of its target if it is a link */
	struct followed followed;
	int64_t now; /* the clock of stamps, and the monotonic one, of this round */
	int64_t clock_ms;
	int64_t scanned_ms;
	int complained; /* errno of the last complaint about PATH */
	char *buffer;
};

/* ---- making ---- */

/* The second place, if PATH is a link to somewhere else.  A link that leads
 * nowhere for now keeps its old place. */
static void find_target(struct source_file *source)
{
	char *target = realpath(source->path, NULL);
	const struct log_name *place = &source->places[1];
	char old[PATH_MAX];

	if (target == NULL)
		return;
	if (place->directory != NULL &&
	    snprintf(old, sizeof old, "%s/%s", place->directory, place->name) > 0 &&
	    strcmp(old, target) == 0) {
		free(target);
		return;
	}
	if (strcmp(target, source->path) == 0 || !log_name_set(&source->places[1], target))
		log_name_clear(&source->places[1]);
	free(target);
}

struct source_file *source_file_new(const char *path, unsigned formats, int64_t since)
{
	struct source_file *source = calloc(1, sizeof *source);

	if (source == NULL)
		return NULL;
	source->formats = formats;
	source->since = since;
	source->scanned_ms = -RESCAN_MS;
	source->path = strdup(path);
	source->buffer = malloc(BUFFER_SIZE);
	if (source->path == NULL || source->buffer == NULL ||
	    !log_name_set(&source->places[0], path)) {
		source_file_free(source);
		return NULL;
	}
	find_target(source);
	return source;
}

void source_file_free(struct source_file *source)
{
	if (source == NULL)
		return;
	followed_clear(&source->followed);
	log_name_clear(&source->places[0]);
	log_name_clear(&source->places[1]);
	free(source->path);
	free(source->buffer);
	free(source);
}

const char *source_file_path(const struct source_file *source)
{
	return source->path;
}

void source_file_set_form(struct source_file *source, unsigned formats, const struct zone *zone)
{
	source->formats = formats;
	source->zone = zone;
}

void source_file_directories(const struct source_file *source,
    void (*each)(const char *directory, const char *prefix, void *arg), void *arg)
{
	for (size_t i = 0; i < 2 && source->places[i].directory != NULL; i++)
		each(source->places[i].directory, source->places[i].name, arg);
}

size_t source_file_open_count(const struct source_file *source)
{
	return followed_open_count(&source->followed);
}

/* ---- which file is it? ---- */

/* The file was emptied: begin again.  If its logger was within a line, the file
 * has the rest of that now, which begins with whatever its client has chosen.
 * We know that it was if we saw it so, and must fear it if it was busy. */
static void begin_again(struct source_file *source, struct log_file *file)
{
	followed_emptied(&source->followed, file);
	file->torn = file->within || file->size < 0 || source->clock_ms - file->busy_ms < BUSY_MS;
	file->offset = file->skip = 0;
	file->hash = 0;
	file->within = false;
}

/* ---- scanning ---- */

static void complain(struct source_file *source, int error)
{
	if (error == source->complained)
		return;
	source->complained = error;
	/* in the middle of a rotation there is no file of that name either:
	 * nothing to talk about */
	if (error == ENOENT && source->followed.first == NULL)
		log_say(LOG_NOTICE, "%s does not exist yet, waiting for it", source->path);
	else if (error != 0 && error != ENOENT)
		log_say(LOG_ERR, "cannot read %s: %s", source->path,
		    error == EINVAL ? "it is not a file" : strerror(error));
}

/* Opens the candidate and makes sure which file it is.  Returns the file, or
 * NULL if there is nothing to read there. */
static struct log_file *open_candidate(
    struct source_file *source, const struct candidate *candidate)
{
	int fd = open(candidate->path,
	    O_RDONLY | O_NONBLOCK | O_CLOEXEC | (candidate->current ? 0 : O_NOFOLLOW));
	struct log_file *file;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		if (candidate->current)
			complain(source, fd < 0 ? errno : EINVAL);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	file = followed_find(&source->followed, st.st_dev, st.st_ino);
	if (file != NULL && file->fd >= 0) { /* renamed while we looked */
		close(fd);
		return file;
	}
	/* it was emptied while we did not look, or its number came back */
	if (file != NULL && !followed_is(file, fd, st.st_size)) {
		followed_emptied(&source->followed, file);
		followed_remove(&source->followed, file);
		file = NULL;
	}
	if (file == NULL && (candidate->current || st.st_mtim.tv_sec >= source->since)) {
		file = followed_add(&source->followed, st.st_dev, st.st_ino);
		if (file != NULL)
			file->fresh = true;
	}
	if (file == NULL) {
		close(fd);
		return NULL;
	}
	file->ctime = st.st_ctim;
	file->fd = fd;
	file->size = -1;
	survey_begin(&file->survey, file->offset, &st, source->now);
	return file;
}

/* Do we have to open it to know what is in it? */
static bool must_open(const struct log_file *file, const struct candidate *candidate, int64_t since)
{
	const struct stat *st = &candidate->st;

	if (file == NULL)
		return candidate->current || st->st_mtim.tv_sec >= since;
	if (file->fd >= 0)
		return false;
	return candidate->current || st->st_size != file->size ||
	       !file_same_time(&st->st_ctim, &file->ctime);
}

static void look_at(struct source_file *source, const struct candidate *candidate)
{
	struct log_file *file =
	    followed_find(&source->followed, candidate->st.st_dev, candidate->st.st_ino);

	if (must_open(file, candidate, source->since))
		file = open_candidate(source, candidate);
	if (file == NULL)
		return;
	file->here = true;
	if (!candidate->current)
		return;
	complain(source, 0);
	source->followed.current = file;
	if (file->next != NULL)
		followed_to_end(&source->followed, file);
}

/* Those that are gone are forgotten once they are closed; the oldest also when
 * there are too many. */
static void forget(struct source_file *source)
{
	struct log_file *next;
	size_t count = 0;

	for (struct log_file *file = source->followed.first; file != NULL; file = file->next)
		count++;
	for (struct log_file *file = source->followed.first; file != NULL; file = next) {
		next = file->next;
		if (file->fd < 0 && (!file->here || count > KNOWN_MAX)) {
			followed_remove(&source->followed, file);
			count--;
		}
	}
}

static void scan(struct source_file *source)
{
	struct candidates candidates = { NULL, 0 };
	struct stat st;

	find_target(source);
	for (struct log_file *file = source->followed.first; file != NULL; file = file->next)
		file->here = false;
	for (size_t i = 0; i < 2 && source->places[i].directory != NULL; i++)
		candidates_collect(&source->places[i], &candidates);
	if (stat(source->path, &st) == 0)
		candidates_add(&candidates, source->path, &st, true);
	else {
		complain(source, errno);
		source->followed.current = NULL;
	}
	candidates_sort(&candidates);
	for (size_t i = 0; i < candidates.count; i++)
		look_at(source, &candidates.list[i]);
	candidates_free(&candidates);
	forget(source);
}

static bool must_scan(struct source_file *source, int64_t clock_ms)
{
	struct stat st;
	bool changed = log_name_changed(&source->places[0]);

	changed |= log_name_changed(&source->places[1]);
	if (changed || clock_ms - source->scanned_ms >= RESCAN_MS || source->complained != 0)
		return true;
	if (stat(source->path, &st) != 0)
		return source->followed.current != NULL;
	return source->followed.current == NULL || source->followed.current->device != st.st_dev ||
	       source->followed.current->inode != st.st_ino;
}

/* ---- reading ---- */

static bool has_changed(const struct log_file *file, const struct stat *st)
{
	return st->st_size != file->size || !file_same_time(&st->st_mtim, &file->mtime);
}

/* Is it shorter than what we read, or grown over that since? */
static void notice_emptied(struct source_file *source, struct log_file *file, const struct stat *st)
{
	if (st->st_size >= file->offset &&
	    (file->hash == 0 || followed_hash(file->fd) == file->hash))
		return;
	begin_again(source, file);
	survey_begin(&file->survey, file->offset, st, source->now);
}

/* The log comes last, but that it was emptied says where its copy begins. */
static void look_ahead(struct source_file *source)
{
	struct log_file *file = source->followed.current;
	struct stat st;

	if (file != NULL && file->fd >= 0 && fstat(file->fd, &st) == 0 && has_changed(file, &st))
		notice_emptied(source, file, &st);
}

/* Where to begin with a file that we have not met.  Returns false if that
 * cannot be said yet. */
static bool find_beginning(struct source_file *source, struct log_file *file, const struct stat *st)
{
	off_t offset;

	look_ahead(source);
	offset = followed_beginning(&source->followed, file, st->st_size);
	if (offset < 0)
		return false;
	file->offset = offset;
	file->hash = offset > 0 ? followed_hash(file->fd) : 0;
	file->fresh = false;
	survey_begin(&file->survey, offset, st, source->now);
	return true;
}

/* Reads a file to its end, or until BUDGET is used up.  Returns the bytes
 * read. */
static size_t read_file(
    struct source_file *source, struct log_file *file, size_t budget, line_fn *take, void *arg)
{
	const struct survey_reader survey = { file->fd, source->formats, source->zone,
		source->buffer, BUFFER_SIZE };
	const struct line_reader lines = { source->path, source->formats, source->zone,
		source->buffer, BUFFER_SIZE };
	size_t sum, n;
	struct stat st;
	bool changed;

	if (fstat(file->fd, &st) != 0)
		return 0;
	changed = has_changed(file, &st);
	if (changed || st.st_nlink > 0)
		file->dead_ms = -1;
	else if (file->dead_ms < 0)
		file->dead_ms = source->clock_ms;
	if (!changed)
		return 0;
	if (file->fresh && !find_beginning(source, file, &st))
		return 0;
	notice_emptied(source, file, &st);
	sum = survey_read(&survey, &file->survey, budget);
	while (sum < budget && (n = line_reader_read(&lines, file, take, arg)) > 0)
		sum += n;
	if (sum > BURST)
		file->busy_ms = source->clock_ms;
	file->size = sum < budget ? st.st_size : -1;
	file->mtime = st.st_mtim;
	return sum;
}

/* Of the files that lost the name, and that were read to their end, the
 * youngest KEEP_OPEN stay open; those that have no other name for GONE_MS after
 * they grew last. */
static void close_old(struct source_file *source)
{
	size_t open = source_file_open_count(source);
	struct stat st;
	bool dead;

	for (struct log_file *file = source->followed.first; file != NULL; file = file->next) {
		if (file->fd < 0 || file == source->followed.current)
			continue;
		dead = file->dead_ms >= 0 && source->clock_ms - file->dead_ms >= GONE_MS;
		if (open <= KEEP_OPEN + 1 && !dead)
			continue;
		if (fstat(file->fd, &st) == 0) {
			file->ctime = st.st_ctim;
			file->size = st.st_size;
		}
		close(file->fd);
		file->fd = -1;
		open--;
	}
}

bool source_file_read(struct source_file *source, size_t budget, int64_t now, int64_t clock_ms,
    line_fn *take, void *arg)
{
	size_t sum = 0;

	source->now = now;
	source->clock_ms = clock_ms;
	if (must_scan(source, clock_ms)) {
		scan(source);
		source->scanned_ms = clock_ms;
	}
	for (struct log_file *file = source->followed.first; file != NULL && sum < budget;
	     file = file->next) {
		if (file->fd >= 0)
			sum += read_file(source, file, budget - sum, take, arg);
	}
	if (sum >= budget)
		return true;
	close_old(source);
	return false;
}

/* ---- positions ---- */

void source_file_save(const struct source_file *source, FILE *out)
{
	for (const struct log_file *file = source->followed.first; file != NULL;
	     file = file->next) {
		const struct file_position position = { file->device, file->inode, file->hash,
			(uint64_t)file->offset, source->path };

		if (file->offset > 0 && file->hash != 0)
			position_print(&position, out);
	}
}

void source_file_restore(struct source_file *source, const struct file_position *position)
{
	struct log_file *file =
	    followed_find(&source->followed, (dev_t)position->device, (ino_t)position->inode);

	if (file == NULL)
		file = followed_add(
		    &source->followed, (dev_t)position->device, (ino_t)position->inode);
	if (file == NULL)
		return;
	file->hash = position->hash;
	file->offset = (off_t)position->offset;
	file->here = true;
}
