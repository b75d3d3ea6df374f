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
#include "step.h"
#include "transform.h"
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

/* What a line says. */
struct said {
	bool expire;
	enum op_kind kind;
	char address[RELAYDB_ADDRSTRLEN];
	int64_t stamp;
};

/* False if it is not a line that queue_text() could have written. */
static bool read_line(struct bytes line, struct said *said)
{
	char copy[LINE_SIZE], *rest = copy, *verb, *address = NULL, *digits = NULL;

	*said = (struct said){ .kind = OP_RECORD };
	if (line.size >= sizeof copy || memchr(line.data, '\0', line.size) != NULL)
		return false;
	memcpy(copy, line.data, line.size);
	copy[line.size] = '\0';
	verb = next_word(&rest);
	said->expire = strcmp(verb, "expire") == 0;
	if (strcmp(verb, "put") == 0)
		said->kind = OP_PUT;
	else if (strcmp(verb, "delete") == 0)
		said->kind = OP_DELETE;
	else if (!said->expire && strcmp(verb, "record") != 0)
		return false;
	if (!said->expire)
		address = next_word(&rest);
	if (said->kind != OP_DELETE)
		digits = next_word(&rest);
	if (rest != NULL || (address == NULL && !said->expire) || (digits == NULL && said->kind != OP_DELETE))
		return false;
	if (address != NULL && relaydb_address(address, said->address) != RELAYDB_OK)
		return false;
	if (said->expire && digits != NULL && strcmp(digits, "253402300800") == 0) /* expires all */
		said->stamp = RELAYDB_STAMP_MAX + 1;
	else if (digits != NULL && relaydb_stamp(digits, &said->stamp) != RELAYDB_OK)
		return false;
	return true;
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

/* What a queue comes to: an expiry, and changes after it. */
struct sum {
	int64_t before;
	struct relaydb_batch *changes;
	size_t damaged;
};

/* Cuts the last line off TEXT, whose every line is whole. */
static bool last_line(struct bytes *text, struct bytes *line)
{
	const char *begin = text->data, *newline;

	if (text->size == 0)
		return false;
	newline = text->size == 1 ? NULL : memrchr(begin, '\n', text->size - 1);
	*line = (struct bytes){ newline != NULL ? newline + 1 : begin, 0 };
	line->size = text->size - 1 - (size_t)((const char *)line->data - begin);
	text->size -= line->size + 1;
	return true;
}

/* A change that the expiries after it have met.  Returns RELAYDB_OK or NOMEM. */
static int precede(struct sum *sum, const struct said *said)
{
	bool expired = said->kind != OP_DELETE && said->stamp < sum->before;

	if (expired && said->kind == OP_RECORD)
		return RELAYDB_OK;
	return batch_add_before(sum->changes, expired ? OP_DELETE : said->kind, said->address, said->stamp);
}

/* The batch LINES comes before what is in SUM; its expiry applies to the outcome of its changes.  Returns RELAYDB_OK or NOMEM. */
static int read_batch(struct sum *sum, struct bytes lines)
{
	struct bytes line, rest = lines;
	struct said said;
	int code = RELAYDB_OK;

	while (next_line(&rest, &line)) {
		if (!read_line(line, &said))
			sum->damaged++;
		else if (said.expire && said.stamp > sum->before)
			sum->before = said.stamp;
	}
	while (code == RELAYDB_OK && last_line(&lines, &line))
		if (read_line(line, &said) && !said.expire)
			code = precede(sum, &said);
	return code;
}

/* From the last batch to the first: then it is known which expiries a change meets, and the work is that of one pass, however
 * many of them somebody who may write the directory has planted.  Returns RELAYDB_OK or NOMEM. */
static int read_all(struct relaydb *db, struct bytes queue, struct sum *sum)
{
	struct bytes lines, *batch = NULL;
	size_t count = 0, room = 0;
	int code = RELAYDB_OK;

	while (code == RELAYDB_OK && next_batch(&queue, &lines, &sum->damaged)) {
		if (count == room) {
			struct bytes *grown = reallocarray(batch, room * 2 + 64, sizeof *grown);

			if (grown == NULL) {
				code = db_fail(db, RELAYDB_NOMEM, "out of memory");
				break;
			}
			batch = grown;
			room = room * 2 + 64;
		}
		batch[count++] = lines;
	}
	while (code == RELAYDB_OK && count > 0)
		code = read_batch(sum, batch[--count]);
	free(batch);
	return code;
}

/* What BATCH makes of OLD, or of *new if that is there already, becomes *new. */
static int carry_out(struct relaydb_batch *batch, const struct image *old, struct image_info *info, struct image *new)
{
	struct relaydb_result result = { .committed = false };
	struct image image = { NULL, 0, false };
	int code;

	if (relaydb_batch_count(batch) == 0)
		return RELAYDB_OK;
	STEP("carried");
	code = batch_transform(batch->db, new->data != NULL ? new : old, info, batch, &image, &result);
	if (code != RELAYDB_OK || image.data == NULL) {
		image_free(&image);
		return code;
	}
	image_free(new);
	*new = image;
	return image_made(batch->db, new, &result, info);
}

int queue_apply(struct relaydb *db, struct bytes queue, const struct image *old, struct image_info *info, struct image *new)
{
	struct sum sum = { .before = 0 };
	struct relaydb_batch *expiry = NULL;
	int code = batch_make(db, &sum.changes);

	*new = (struct image){ NULL, 0, false };
	code = code == RELAYDB_OK ? batch_make(db, &expiry) : code;
	if (code == RELAYDB_OK)
		code = read_all(db, queue, &sum);
	if (code == RELAYDB_OK && sum.before > 0)
		code = batch_expire(expiry, sum.before);
	if (code == RELAYDB_OK)
		code = carry_out(expiry, old, info, new);
	if (code == RELAYDB_OK)
		code = carry_out(sum.changes, old, info, new);
	if (sum.damaged > 0)
		db_notice(db, "left out %zu parts of %s%s that are damaged", sum.damaged, db->path, QUEUE_SUFFIX);
	relaydb_batch_free(&expiry);
	relaydb_batch_free(&sum.changes);
	if (code != RELAYDB_OK)
		image_free(new);
	return code;
}
