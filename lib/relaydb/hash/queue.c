/* SPDX-License-Identifier: BSD-2-Clause
 *
 * queue.c - changes that are recorded, but cannot be visible yet; see queue.h
 */
#include "queue.h"
#include "batch.h"
#include "handle.h"
#include "image.h"
#include "io.h"
#include "location.h"
#include "lock.h"
#include "plan.h"
#include "step.h"
#include "turn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LINE_SIZE 128 /* the longest line, with room */

uint64_t queue_sum(const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ p[i]) * UINT64_C(0x100000001b3);
	return sum;
}

/* ---- writing ---- */

int queue_text(const struct relaydb_batch *batch, struct image *text)
{
	size_t begin, room = (batch->count + 4) * LINE_SIZE;
	char *out = malloc(room);

	*text = (struct image){ (unsigned char *)out, 0, false };
	if (out == NULL)
		return db_fail(batch->db, RELAYDB_NOMEM, "out of memory");
	/* first an end of line: the writer before us may have been cut off in the middle of one */
	begin = (size_t)snprintf(out, room, "\nbegin\n");
	text->size = begin;
	for (const struct op *op = batch->ops; op != NULL; op = op->next) {
		char *line = out + text->size;

		if (op->kind == OP_DELETE)
			text->size += (size_t)snprintf(line, LINE_SIZE, "delete %s\n", op->address);
		else
			text->size += (size_t)snprintf(line, LINE_SIZE, "%s %s %" PRId64 "\n",
			    op->kind == OP_PUT ? "put" : "record", op->address, op->stamp);
	}
	if (batch->expire)
		text->size += (size_t)snprintf(out + text->size, LINE_SIZE, "expire %" PRId64 "\n", batch->before);
	text->size +=
	    (size_t)snprintf(out + text->size, LINE_SIZE, "end %016" PRIx64 "\n", queue_sum(out + begin, text->size - begin));
	return RELAYDB_OK;
}

/* The one who waits has a lock of the kind that neither a forked child nor a dead process keeps. */
static bool wait_alone(int fd)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_SETLK, &all) == 0;
}

/* While the queue is locked: what comes after this is for the next to wait for. */
static void wait_no_more(int fd)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	fcntl(fd, F_SETLK, &all);
}

/* PATH.queue, locked and still under its name.  Returns RELAYDB_OK with *fd, or what WANT and the lock can bring. */
static int open_locked(struct relaydb *db, const struct place *place, enum place_want want, int *fd)
{
	int code;

	do {
		code = place_companion(db, place, QUEUE_SUFFIX, want, fd);
		if (code == RELAYDB_OK)
			code = lock_wait(db, *fd, LOCK_EX, QUEUE_SUFFIX);
		if (code == RELAYDB_OK && turn_same_file(place, QUEUE_SUFFIX, *fd))
			return RELAYDB_OK;
		lock_close(fd);
		if (code == RELAYDB_NOTFOUND && want == PLACE_READ)
			return code;
	} while ((code == RELAYDB_OK || code == RELAYDB_NOTFOUND) && db_clock_ms() < db->deadline);
	if (code != RELAYDB_OK && code != RELAYDB_NOTFOUND)
		return code;
	return db_fail(db, RELAYDB_LOCKED, "%s%s keeps being replaced by another process", db->path, QUEUE_SUFFIX);
}

static int append_locked(struct relaydb *db, int fd, const struct image *text)
{
	struct stat st;
	int error;

	if (fstat(fd, &st) != 0)
		return db_fail_errno(db, "look at", QUEUE_SUFFIX, errno);
	if (st.st_size < 0 || (size_t)st.st_size > QUEUE_MAX || text->size > QUEUE_MAX - (size_t)st.st_size)
		return db_fail(db, RELAYDB_NOMEM, "%s%s is full", db->path, QUEUE_SUFFIX);
	error = io_write(fd, text->data, text->size, st.st_size);
	if (error == 0 && fsync(fd) != 0)
		error = errno;
	if (error == 0)
		return RELAYDB_OK;
	if (ftruncate(fd, st.st_size) != 0) /* half a batch is left out by readers too */
		error = errno;
	return db_fail_errno(db, "write", QUEUE_SUFFIX, error);
}

int queue_append(struct relaydb *db, const struct place *place, const struct image *text, int *waiter)
{
	int fd, code;

	*waiter = -1;
	code = open_locked(db, place, PLACE_APPEND, &fd);
	if (code == RELAYDB_OK)
		code = append_locked(db, fd, text);
	if (code == RELAYDB_OK)
		STEP("queued");
	if (code == RELAYDB_OK && wait_alone(fd)) {
		lock_release(fd);
		*waiter = fd;
		return RELAYDB_OK;
	}
	lock_close(&fd);
	return code;
}

bool queue_exists(const struct place *place)
{
	return place_has(place, QUEUE_SUFFIX);
}

bool queue_adopt(struct relaydb *db, const struct place *place, int *waiter)
{
	*waiter = -1;
	if (!queue_exists(place) || place_companion(db, place, QUEUE_SUFFIX, PLACE_UPDATE, waiter) != RELAYDB_OK)
		return false;
	if (wait_alone(*waiter))
		return true;
	close(*waiter);
	*waiter = -1;
	return false;
}

/* ---- taking ---- */

int queue_read(struct relaydb *db, const struct place *place, bool lock, struct image *queue)
{
	struct stat st;
	int fd, code;

	*queue = (struct image){ NULL, 0, false };
	code = lock ? open_locked(db, place, PLACE_READ, &fd) : place_companion(db, place, QUEUE_SUFFIX, PLACE_READ, &fd);
	if (code != RELAYDB_OK)
		return code == RELAYDB_NOTFOUND ? RELAYDB_OK : code;
	if (fstat(fd, &st) != 0)
		code = db_fail_errno(db, "look at", QUEUE_SUFFIX, errno);
	else if ((size_t)st.st_size > QUEUE_MAX)
		code = db_fail(db, RELAYDB_NOTDB, "%s%s is larger than any queue; remove it", db->path, QUEUE_SUFFIX);
	else
		code = io_read(db, fd, QUEUE_SUFFIX, &st, queue);
	if (lock)
		wait_no_more(fd);
	lock_close(&fd);
	return code;
}

/* The batches behind the first SIZE bytes become the queue, as a new file under its name. */
static int keep_rest(struct relaydb *db, const struct place *place, const struct image *queue, size_t size)
{
	char from[256], to[256];
	int fd, error, code;

	if (!place_name(place, NEW_SUFFIX, from) || !place_name(place, QUEUE_SUFFIX, to))
		return db_fail(db, RELAYDB_NOFILE, "%s: name too long", db->path);
	code = place_companion(db, place, NEW_SUFFIX, PLACE_NEW, &fd);
	if (code != RELAYDB_OK)
		return code;
	error = io_write(fd, queue->data + size, queue->size - size, 0);
	if (error == 0 && fsync(fd) != 0)
		error = errno;
	close(fd);
	if (error == 0 && renameat(place->dir, from, place->dir, to) != 0)
		error = errno;
	if (error == 0)
		return RELAYDB_OK;
	unlinkat(place->dir, from, 0);
	return db_fail_errno(db, "write", NEW_SUFFIX, error);
}

static int drop_locked(struct relaydb *db, const struct place *place, int fd, size_t size, uint64_t sum)
{
	struct image queue;
	struct stat st;
	int code;

	if (fstat(fd, &st) != 0)
		return db_fail_errno(db, "look at", QUEUE_SUFFIX, errno);
	if ((size_t)st.st_size < size || (size_t)st.st_size > QUEUE_MAX)
		return RELAYDB_OK;
	code = io_read(db, fd, QUEUE_SUFFIX, &st, &queue);
	if (code != RELAYDB_OK)
		return code;
	if (queue_sum(queue.data, size) == sum)
		code = size < queue.size ? keep_rest(db, place, &queue, size) : place_remove(db, place, QUEUE_SUFFIX);
	image_free(&queue);
	return code;
}

int queue_drop(struct relaydb *db, const struct place *place, size_t size, uint64_t sum)
{
	int fd, code;

	if (size == 0)
		return RELAYDB_OK;
	code = open_locked(db, place, PLACE_READ, &fd);
	if (code != RELAYDB_OK)
		return code == RELAYDB_NOTFOUND ? RELAYDB_OK : code;
	code = drop_locked(db, place, fd, size, sum);
	lock_close(&fd);
	return code;
}

/* ---- reading what it says ---- */

static bool next_line(struct bytes *text, struct bytes *line)
{
	const char *begin = text->data, *end;

	end = text->size == 0 ? NULL : memchr(begin, '\n', text->size);
	if (end == NULL)
		return false; /* a line that was cut off is none */
	*line = (struct bytes){ begin, (size_t)(end - begin) };
	*text = (struct bytes){ end + 1, text->size - line->size - 1 };
	return true;
}

/* Cuts the next word off LINE, a string. */
static char *next_word(char **line)
{
	return strsep(line, " ");
}

/* One change.  Returns RELAYDB_OK, NOMEM, or what is wrong with it. */
static int read_change(struct relaydb_batch *batch, struct bytes line)
{
	char copy[LINE_SIZE], *rest = copy, *verb, *address = NULL, *digits = NULL;
	int64_t stamp = 0;

	if (line.size >= sizeof copy || memchr(line.data, '\0', line.size) != NULL)
		return RELAYDB_BADADDR;
	memcpy(copy, line.data, line.size);
	copy[line.size] = '\0';
	verb = next_word(&rest);
	if (strcmp(verb, "expire") != 0)
		address = next_word(&rest);
	if (strcmp(verb, "delete") != 0)
		digits = next_word(&rest);
	if (rest != NULL)
		return RELAYDB_BADADDR;
	if (strcmp(verb, "expire") == 0 && digits != NULL) {
		stamp = RELAYDB_STAMP_MAX + 1;
		return strcmp(digits, "253402300800") != 0 && relaydb_stamp(digits, &stamp) != RELAYDB_OK
			   ? RELAYDB_BADSTAMP
			   : batch_expire(batch, stamp);
	}
	if (strcmp(verb, "delete") == 0 && address != NULL)
		return batch_add(batch, OP_DELETE, address, 0);
	if (address == NULL || digits == NULL || relaydb_stamp(digits, &stamp) != RELAYDB_OK)
		return RELAYDB_BADSTAMP;
	if (strcmp(verb, "record") == 0)
		return batch_add(batch, OP_RECORD, address, stamp);
	return strcmp(verb, "put") == 0 ? batch_add(batch, OP_PUT, address, stamp) : RELAYDB_BADADDR;
}

static bool is(struct bytes line, const char *text)
{
	return line.size == strlen(text) && memcmp(line.data, text, line.size) == 0;
}

/* Cuts the next whole batch off TEXT: the lines between begin and end.  DAMAGED counts what is passed over on the way. */
static bool next_batch(struct bytes *text, struct bytes *lines, size_t *damaged)
{
	const char *begin = NULL;
	struct bytes line;
	char end[32];

	while (next_line(text, &line)) {
		if (is(line, "begin")) {
			*damaged += begin != NULL ? 1 : 0;
			begin = text->data;
		} else if (begin != NULL && line.size > 4 && memcmp(line.data, "end ", 4) == 0) {
			*lines = (struct bytes){ begin, (size_t)((const char *)line.data - begin) };
			snprintf(end, sizeof end, "end %016" PRIx64, queue_sum(lines->data, lines->size));
			if (is(line, end))
				return true;
			++*damaged;
			begin = NULL;
		} else if (begin == NULL && line.size > 0) {
			++*damaged;
		}
	}
	*damaged += begin != NULL || text->size > 0 ? 1 : 0;
	return false;
}

/* The changes of LINES come after what is in BATCH.  Returns RELAYDB_OK or NOMEM. */
static int read_batch(struct relaydb_batch *batch, struct bytes lines, size_t *damaged)
{
	struct bytes line;

	while (next_line(&lines, &line)) {
		int code = read_change(batch, line);

		if (code == RELAYDB_NOMEM)
			return code;
		*damaged += code != RELAYDB_OK ? 1 : 0;
	}
	return RELAYDB_OK;
}

/* IMAGE becomes what BATCH makes of it. */
static int carry_out(struct relaydb_batch *batch, struct image *image, struct image_info *info, bool *changed)
{
	struct relaydb_result unwanted = { .committed = false };
	struct image new = { NULL, 0, false };
	int code = batch_transform(batch->db, image, info, batch, &new, &unwanted);

	if (code != RELAYDB_OK || new.data == NULL)
		return code;
	if (*changed)
		image_free(image);
	*image = new;
	*changed = true;
	return image_prove(batch->db, image, info);
}

int queue_apply(
    struct relaydb *db, struct bytes queue, const struct image *old, const struct image_info *info, struct image *new)
{
	struct relaydb_batch *batch;
	struct image image = *old;
	struct image_info state = *info;
	struct bytes lines;
	size_t damaged = 0;
	bool changed = false;
	int code = batch_make(db, &batch);

	*new = (struct image){ NULL, 0, false };
	while (code == RELAYDB_OK && next_batch(&queue, &lines, &damaged)) {
		/* an expiry applies to what came before it, so what comes after is a batch of its own */
		if (batch->expire) {
			code = carry_out(batch, &image, &state, &changed);
			relaydb_batch_clear(batch);
		}
		if (code == RELAYDB_OK)
			code = read_batch(batch, lines, &damaged);
	}
	if (code == RELAYDB_OK && relaydb_batch_count(batch) > 0)
		code = carry_out(batch, &image, &state, &changed);
	if (damaged > 0)
		db_notice(db, "left out %zu parts of %s%s that are damaged", damaged, db->path, QUEUE_SUFFIX);
	relaydb_batch_free(&batch);
	if (changed && code == RELAYDB_OK)
		*new = image;
	else if (changed)
		image_free(&image);
	return code;
}
