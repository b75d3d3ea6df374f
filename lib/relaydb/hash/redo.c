/* SPDX-License-Identifier: BSD-2-Clause
 *
 * redo.c - what a commit will write, as a record that can be applied any number
 * of times
 *
 * Layout of PATH.redo, numbers in the machine's byte order (the file never
 * leaves the machine):
 *	head	see below
 *	table	COUNT entries in the order of writing: the block's number, and a
 *		sum of each of its sectors as it was
 *	block	4,096 bytes, COUNT times: as it will be
 *	taken	in a record of the second kind: how many bytes of PATH.queue are
 *		in it, and their sum
 * The record holds every block in which old and new differ, so a file in any
 * state between the two becomes the new one; and a reader who lays the record
 * over what he read has the new one as well.
 *
 * Whether a file is in such a state is asked of its contents: each sector that
 * the record knows is what it was or what it will be.  A file that makemap,
 * postmap or an administrator with a backup has written since is not, whatever
 * it carries for an id, and then the record is stale.  The sums find accidents;
 * they are no proof against somebody who may write the directory.
 */
#include "redo.h"
#include "handle.h"
#include "image.h"
#include "io.h"
#include "location.h"
#include "memory.h"
#include "queue.h"
#include "step.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)4096)
#define SECTOR ((size_t)512) /* what a disk writes whole */
#define SECTORS (BLOCK / SECTOR)

struct head {
	char magic[16];
	uint64_t old_size, new_size;
	int64_t mtime; /* seconds; of the file as it was: writing its blocks may make it fall */
	uint64_t count;
	uint64_t sum; /* of all that follows the head, and of the head with this field 0 */
};

struct entry {
	uint64_t number;
	uint64_t before[SECTORS];
};

/* What the commit has taken from the queue, and is to be taken off it in the
 * end. */
struct taken {
	uint64_t size, sum;
};

static const char magic[16] = "relaydb redo 1\n", magic_taken[16] = "relaydb redo 2\n";

static struct head *head_of(const struct redo *redo)
{
	return (struct head *)(void *)redo->record.data;
}

static struct entry *table_of(const struct redo *redo)
{
	return (struct entry *)(void *)(redo->record.data + sizeof(struct head));
}

static unsigned char *block_of(const struct redo *redo, uint64_t i)
{
	return redo->record.data + sizeof(struct head) +
	       head_of(redo)->count * sizeof(struct entry) + i * BLOCK;
}

static bool has_taken(const struct head *head)
{
	return memcmp(head->magic, magic_taken, sizeof magic_taken) == 0;
}

static struct taken *taken_of(const struct redo *redo)
{
	return (struct taken *)(void *)block_of(redo, head_of(redo)->count);
}

/* The size of a record with this head. */
static size_t size_of(const struct head *head)
{
	return sizeof *head + head->count * (sizeof(struct entry) + BLOCK) +
	       (has_taken(head) ? sizeof(struct taken) : 0);
}

/* SIZE is a multiple of 8. */
static uint64_t sum_of(const void *data, size_t size, uint64_t sum)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < size; i += sizeof sum) {
		uint64_t word;

		memcpy(&word, p + i, sizeof word);
		sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		sum = sum << 29 | sum >> 35;
	}
	return sum;
}

static uint64_t record_sum(const struct redo *redo)
{
	struct head head = *head_of(redo);

	head.sum = 0;
	return sum_of(redo->record.data + sizeof head, redo->record.size - sizeof head,
	    sum_of(&head, sizeof head, 1));
}

/* The bytes of block NUMBER that a file of SIZE bytes has. */
static size_t part(uint64_t number, size_t size)
{
	size_t begin = (size_t)number * BLOCK;

	if (begin >= size)
		return 0;
	return size - begin < BLOCK ? size - begin : BLOCK;
}

/* Block NUMBER of IMAGE, zeros where it has none. */
static void block_copy(const struct image *image, uint64_t number, unsigned char out[BLOCK])
{
	size_t size = part(number, image->size);

	memset(out, 0, BLOCK);
	if (size > 0)
		memcpy(out, image->data + number * BLOCK, size);
}

static bool block_differs(const struct image *old, const struct image *new, uint64_t number)
{
	size_t size = part(number, new->size);

	return part(number, old->size) < size ||
	       memcmp(old->data + number * BLOCK, new->data + number *BLOCK, size) != 0;
}

/* In the order of turn_of().  ONLY, if it is not NULL, are the ONLY_COUNT
 * blocks before the appended ones that can differ. */
static size_t order_blocks(const struct image *old, const struct image *new, const uint64_t *only,
    size_t only_count, uint64_t *out)
{
	uint64_t blocks = (new->size + BLOCK - 1) / BLOCK, appended = old->size / BLOCK;
	size_t count = 0;

	if (appended == 0)
		appended = 1;
	for (uint64_t i = appended; i < blocks; i++)
		if (block_differs(old, new, i))
			out[count++] = i;
	for (size_t i = 0; only != NULL && i < only_count; i++)
		if (only[i] > 0 && only[i] < appended && only[i] < blocks &&
		    block_differs(old, new, only[i]))
			out[count++] = only[i];
	for (uint64_t i = 1; only == NULL && i < appended && i < blocks; i++)
		if (block_differs(old, new, i))
			out[count++] = i;
	if (block_differs(old, new, 0))
		out[count++] = 0;
	return count;
}

static void entry_fill(const struct redo *redo, size_t i, uint64_t number, const struct image *old,
    const struct image *new)
{
	struct entry *entry = &table_of(redo)[i];
	unsigned char before[BLOCK];

	block_copy(old, number, before);
	block_copy(new, number, block_of(redo, i));
	entry->number = number;
	for (size_t s = 0; s < SECTORS; s++)
		entry->before[s] = sum_of(before + s * SECTOR, SECTOR, 1);
}

static void head_fill(
    struct head *head, const struct snapshot *before, const struct image *new, size_t count)
{
	int64_t mtime = before->st.st_mtim.tv_sec;

	if (mtime > RELAYDB_STAMP_MAX)
		mtime = RELAYDB_STAMP_MAX;
	if (mtime < -RELAYDB_STAMP_MAX)
		mtime = -RELAYDB_STAMP_MAX;
	*head = (struct head){ .old_size = before->image.size,
		.new_size = new->size,
		.mtime = mtime,
		.count = count };
	memcpy(head->magic, before->queue.size > 0 ? magic_taken : magic, sizeof magic);
}

int redo_make(
    struct relaydb *db, const struct snapshot *before, const struct image *new, struct redo *redo)
{
	const struct image *old = &before->image;
	const uint64_t *only;
	struct head head;
	uint64_t *numbers;
	size_t count = 0;
	int code;

	*redo = (struct redo){ { NULL, 0, false } };
	code = io_room(db, new->size);
	if (code != RELAYDB_OK)
		return code;
	numbers = calloc(new->size / BLOCK + 2, sizeof *numbers);
	if (numbers == NULL)
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	only = memory_blocks(db, new, &count);
	head_fill(&head, before, new, order_blocks(old, new, only, count, numbers));
	redo->record.size = size_of(&head);
	redo->record.data = calloc(1, redo->record.size);
	if (redo->record.data == NULL) {
		free(numbers);
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	}
	*head_of(redo) = head;
	for (size_t i = 0; i < head.count; i++)
		entry_fill(redo, i, numbers[i], old, new);
	if (has_taken(&head))
		*taken_of(redo) = (struct taken){ before->queue.size,
			io_sum(before->queue.data, before->queue.size) };
	head_of(redo)->sum = record_sum(redo);
	free(numbers);
	return RELAYDB_OK;
}

static bool block_is(int fd, uint64_t number, const struct image *image)
{
	size_t size = part(number, image->size);
	unsigned char now[BLOCK];

	return size == 0 || (pread(fd, now, size, (off_t)(number * BLOCK)) == (ssize_t)size &&
				memcmp(now, image->data + number * BLOCK, size) == 0);
}

bool redo_starts_from(
    const struct redo *redo, const struct image *old, int fd, const uint64_t *more, size_t count)
{
	for (size_t i = 0; i < head_of(redo)->count; i++)
		if (!block_is(fd, table_of(redo)[i].number, old))
			return false;
	for (size_t i = 0; i < count; i++)
		if (more[i] < (redo_new_size(redo) + BLOCK - 1) / BLOCK &&
		    !block_is(fd, more[i], old))
			return false;
	return true;
}

/* The place of block NUMBER in the order of writing: appended blocks, then
 * changed ones, the one with the meta page last. */
static uint64_t turn_of(const struct head *head, uint64_t number)
{
	uint64_t appended = head->old_size / BLOCK;

	if (number == 0)
		return UINT64_MAX;
	return number >= appended ? number : number + IMAGE_MAX;
}

/* As order_blocks() and block_copy() make it: no block twice, none behind the
 * file's end, and nothing in the last one that is behind it. */
static bool block_sound(const struct redo *redo, size_t i)
{
	const struct head *head = head_of(redo);
	uint64_t number = table_of(redo)[i].number;

	if (number >= (head->new_size + BLOCK - 1) / BLOCK)
		return false;
	if (i > 0 && turn_of(head, table_of(redo)[i - 1].number) >= turn_of(head, number))
		return false;
	for (size_t inside = part(number, (size_t)head->new_size); inside < BLOCK; inside++)
		if (block_of(redo, i)[inside] != 0)
			return false;
	return true;
}

/* The sizes that HEAD claims are possible, and a record with this head has SIZE
 * bytes.  Asked before there is memory for it. */
static bool head_sound(const struct head *head, size_t size)
{
	if (memcmp(head->magic, magic, sizeof magic) != 0 && !has_taken(head))
		return false;
	if (head->new_size == 0 || head->new_size > IMAGE_MAX || head->old_size > IMAGE_MAX)
		return false;
	if (head->mtime < -RELAYDB_STAMP_MAX || head->mtime > RELAYDB_STAMP_MAX)
		return false;
	return head->count <= (head->new_size + BLOCK - 1) / BLOCK && size == size_of(head);
}

static bool record_sound(const struct redo *redo)
{
	const struct head *head = head_of(redo);

	/* again, since the file may have changed since its head was looked
	 * at */
	if (!head_sound(head, redo->record.size) || head->sum != record_sum(redo))
		return false;
	for (size_t i = 0; i < head->count; i++)
		if (!block_sound(redo, i))
			return false;
	return true;
}

int redo_read(struct relaydb *db, int fd, struct redo *redo)
{
	struct head head;
	struct stat st;
	bool sound;
	int code;

	*redo = (struct redo){ { NULL, 0, false } };
	if (fstat(fd, &st) != 0)
		return db_fail_errno(db, "look at", REDO_SUFFIX, errno);
	sound = pread(fd, &head, sizeof head, 0) == (ssize_t)sizeof head &&
		head_sound(&head, (size_t)st.st_size);
	if (sound) {
		code = io_read(db, fd, REDO_SUFFIX, &st, &redo->record);
		if (code != RELAYDB_OK && code != RELAYDB_NOTDB)
			return code;
		sound = code == RELAYDB_OK && record_sound(redo);
	}
	if (sound)
		return RELAYDB_OK;
	redo_free(redo);
	return db_fail(db, RELAYDB_NOTDB,
	    "%s%s is not the record of a commit, or is damaged; remove it", db->path, REDO_SUFFIX);
}

bool redo_fits(const struct redo *redo, const struct image *image)
{
	const struct head *head = head_of(redo);
	size_t least = head->old_size < head->new_size ? head->old_size : head->new_size;
	size_t most = head->old_size < head->new_size ? head->new_size : head->old_size;

	if (image->size < least || image->size > most)
		return false;
	for (size_t i = 0; i < head->count; i++) {
		const struct entry *entry = &table_of(redo)[i];
		unsigned char now[BLOCK];

		block_copy(image, entry->number, now);
		for (size_t s = 0; s < SECTORS; s++)
			if (memcmp(now + s * SECTOR, block_of(redo, i) + s * SECTOR, SECTOR) != 0 &&
			    sum_of(now + s * SECTOR, SECTOR, 1) != entry->before[s])
				return false;
	}
	return true;
}

int redo_overlay(struct relaydb *db, const struct redo *redo, struct image *image)
{
	size_t size = redo_new_size(redo);
	struct image out = { NULL, size, false };
	size_t kept = image->size < size ? image->size : size;
	int code = io_room(db, size);

	if (code != RELAYDB_OK)
		return code;
	/* pages that nobody writes cost nothing: a short record may claim a
	 * long file */
	out.data = calloc(1, size);
	if (out.data == NULL)
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	if (kept > 0)
		memcpy(out.data, image->data, kept);
	for (size_t i = 0; i < head_of(redo)->count; i++) {
		uint64_t number = table_of(redo)[i].number;

		memcpy(out.data + number * BLOCK, block_of(redo, i), part(number, size));
	}
	image_free(image);
	*image = out;
	return RELAYDB_OK;
}

int redo_apply(const struct redo *redo, int fd)
{
	size_t size = redo_new_size(redo);

	for (size_t i = 0; i < head_of(redo)->count; i++) {
		uint64_t number = table_of(redo)[i].number;
		int error =
		    io_write(fd, block_of(redo, i), part(number, size), (off_t)(number * BLOCK));

		if (error != 0)
			return error;
		STEP("block");
	}
	while (ftruncate(fd, (off_t)size) != 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

size_t redo_new_size(const struct redo *redo)
{
	return (size_t)head_of(redo)->new_size;
}

int64_t redo_mtime(const struct redo *redo)
{
	return head_of(redo)->mtime;
}

size_t redo_queue_size(const struct redo *redo)
{
	return has_taken(head_of(redo)) ? (size_t)taken_of(redo)->size : 0;
}

uint64_t redo_queue_sum(const struct redo *redo)
{
	return has_taken(head_of(redo)) ? taken_of(redo)->sum : 0;
}

void redo_free(struct redo *redo)
{
	image_free(&redo->record);
}
