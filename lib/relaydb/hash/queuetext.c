/* SPDX-License-Identifier: BSD-2-Clause
 *
 * queuetext.c - what lies in the queue, written, read and carried out; see
 * queuetext.h
 */
#include "queuetext.h"
#include "batch.h"
#include "queue.h"
#include "step.h"
#include "transform.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 128 /* the longest line, with room */
#define OP_LINES 3 /* for an address, at most */

/* ---- writing ---- */

static size_t put_line(char *out, enum op_kind kind, const char *address, int64_t stamp)
{
	if (kind == OP_DELETE)
		return (size_t)snprintf(out, LINE_SIZE, "%s %s\n", batch_verb(kind), address);
	return (size_t)snprintf(
	    out, LINE_SIZE, "%s %s %" PRId64 "\n", batch_verb(kind), address, stamp);
}

/* The changes that come to OP, at most OP_LINES of them. */
static size_t put_op(char *out, const struct op *op)
{
	size_t size = 0;

	if (op->kind == OP_PUT || op->kind == OP_DELETE)
		return put_line(out, op->kind, op->address, op->stamp);
	if (op->until >= 0)
		size += put_line(out + size, OP_DELETE_UNTIL, op->address, op->until);
	if (op->least > (op->kind == OP_RECORD ? op->stamp : 0))
		size += put_line(out + size, OP_REFRESH, op->address, op->least);
	if (op->kind == OP_RECORD)
		size += put_line(out + size, OP_RECORD, op->address, op->stamp);
	return size;
}

static bool is_one_line(const struct op *op)
{
	return op->until < 0 && (op->kind != OP_RECORD || op->least == op->stamp);
}

int queue_text(const struct relaydb_batch *batch, struct image *text)
{
	size_t begin, room = 4;
	char *out;

	for (const struct op *op = batch->ops; op != NULL; op = op->next)
		room += is_one_line(op) ? 1 : OP_LINES;
	room *= LINE_SIZE;
	out = malloc(room);
	*text = (struct image){ (unsigned char *)out, 0, false };
	if (out == NULL)
		return db_fail(batch->db, RELAYDB_NOMEM, "out of memory");
	/* first an end of line: the writer before us may have been cut off in
	 * the middle of one */
	begin = (size_t)snprintf(out, room, "\nbegin\n");
	text->size = begin;
	for (const struct op *op = batch->ops; op != NULL; op = op->next)
		text->size += put_op(out + text->size, op);
	if (batch->expire)
		text->size += (size_t)snprintf(
		    out + text->size, LINE_SIZE, "expire %" PRId64 "\n", batch->before);
	text->size += (size_t)snprintf(out + text->size, LINE_SIZE, "end %016" PRIx64 "\n",
	    io_sum(out + begin, text->size - begin));
	return RELAYDB_OK;
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
	if (!said->expire && !batch_kind(verb, &said->kind))
		return false;
	if (!said->expire)
		address = next_word(&rest);
	if (said->kind != OP_DELETE)
		digits = next_word(&rest);
	if (rest != NULL || (address == NULL && !said->expire) ||
	    (digits == NULL && said->kind != OP_DELETE))
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

/* Cuts the next whole batch off TEXT: the lines between begin and end.  DAMAGED
 * counts what is passed over on the way. */
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
			snprintf(
			    end, sizeof end, "end %016" PRIx64, io_sum(lines->data, lines->size));
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

/* The expiry of a batch: entries before BEFORE go. */
struct expiry {
	size_t batch;
	int64_t before;
};

/* What a queue comes to.  It is read from the end, and of the expiries that
 * were read only those are kept that remove more than each before them: the
 * nearest, which removes least, is the last. */
struct sum {
	struct relaydb_batch *changes;
	struct expiry *expiry;
	size_t count;
	size_t damaged;
};

/* What the batches that were read, up to the batch END, let go of a row that
 * they do not name: entries before this; 0: none. */
static int64_t expired_until(const struct sum *sum, size_t end)
{
	size_t low = 0, high = sum->count; /* expiry[high] is the first before END */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sum->expiry[middle].batch < end)
			high = middle;
		else
			low = middle + 1;
	}
	return high < sum->count ? sum->expiry[high].before : 0;
}

/* Reads that BATCH, which comes before all that was read, has the expiry
 * BEFORE. */
static void add_expiry(struct sum *sum, size_t batch, int64_t before)
{
	while (sum->count > 0 && sum->expiry[sum->count - 1].before <= before)
		sum->count--;
	sum->expiry[sum->count++] = (struct expiry){ batch, before };
}

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

/* The expiries up to the batch END come before what is known of ADDRESS.
 * Returns RELAYDB_OK or NOMEM. */
static int expire_before(struct sum *sum, const char *address, size_t end)
{
	int64_t before = expired_until(sum, end);

	return before == 0 ? RELAYDB_OK
			   : batch_add_before(sum->changes, OP_DELETE_UNTIL, address, before - 1);
}

/* A change in BATCH, then the expiries that it meets, come before what is known
 * of its address.  Returns RELAYDB_OK or NOMEM. */
static int precede(struct sum *sum, size_t batch, const struct said *said)
{
	struct bytes key = { said->address, strlen(said->address) };
	const struct op *known = batch_find(sum->changes, key);
	int code = expire_before(sum, said->address, known != NULL ? known->queued : SIZE_MAX);

	if (code == RELAYDB_OK)
		code = batch_add_before(sum->changes, said->kind, said->address, said->stamp);
	if (code == RELAYDB_OK)
		batch_find(sum->changes, key)->queued = batch;
	return code;
}

/* The batch LINES, number BATCH, comes before what is in SUM; its expiry
 * applies to the outcome of its changes.  Returns RELAYDB_OK or NOMEM. */
static int read_batch(struct sum *sum, size_t batch, struct bytes lines)
{
	struct bytes line, rest = lines;
	struct said said;
	int64_t before = 0;
	int code = RELAYDB_OK;

	while (next_line(&rest, &line)) {
		if (!read_line(line, &said))
			sum->damaged++;
		else if (said.expire && said.stamp > before)
			before = said.stamp;
	}
	if (before > 0)
		add_expiry(sum, batch, before);
	while (code == RELAYDB_OK && last_line(&lines, &line))
		if (read_line(line, &said) && !said.expire)
			code = precede(sum, batch, &said);
	return code;
}

/* From the last batch to the first: then it is known which expiries a change
 * meets, and the work is that of one pass, however many of them somebody who
 * may write the directory has planted.  Returns RELAYDB_OK or NOMEM. */
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
	sum->expiry = calloc(count + 1, sizeof *sum->expiry);
	if (code == RELAYDB_OK && sum->expiry == NULL)
		code = db_fail(db, RELAYDB_NOMEM, "out of memory");
	while (code == RELAYDB_OK && count > 0) {
		count--;
		code = read_batch(sum, count, batch[count]);
	}
	free(batch);
	return code;
}

/* The expiries before the first change of each address, and those of all other
 * rows.  Returns RELAYDB_OK or NOMEM. */
static int end_sum(struct sum *sum)
{
	int64_t before = expired_until(sum, SIZE_MAX);
	int code = RELAYDB_OK;

	for (struct op *op = sum->changes->ops; code == RELAYDB_OK && op != NULL; op = op->next)
		code = expire_before(sum, op->address, op->queued);
	if (code == RELAYDB_OK && before > 0)
		code = batch_expire(sum->changes, before);
	sum->changes->others = true;
	return code;
}

/* What BATCH makes of OLD becomes *new. */
static int carry_out(struct relaydb_batch *batch, const struct image *old, struct image_info *info,
    struct image *new)
{
	struct relaydb_result result = { .committed = false };
	int code;

	if (relaydb_batch_count(batch) == 0)
		return RELAYDB_OK;
	STEP("carried");
	code = batch_transform(batch->db, old, info, batch, new, &result);
	if (code != RELAYDB_OK || new->data == NULL)
		return code;
	return image_made(batch->db, new, &result, info);
}

int queue_apply(struct relaydb *db, struct bytes queue, const struct image *old,
    struct image_info *info, struct image *new)
{
	struct sum sum = { .changes = NULL };
	int code = batch_make(db, &sum.changes);

	*new = (struct image){ NULL, 0, false };
	if (code == RELAYDB_OK)
		code = read_all(db, queue, &sum);
	if (code == RELAYDB_OK)
		code = end_sum(&sum);
	if (code == RELAYDB_OK)
		code = carry_out(sum.changes, old, info, new);
	if (sum.damaged > 0)
		db_notice(db, "left out %zu parts of %s%s that are damaged", sum.damaged, db->path,
		    QUEUE_SUFFIX);
	free(sum.expiry);
	relaydb_batch_free(&sum.changes);
	if (code != RELAYDB_OK)
		image_free(new);
	return code;
}
