/* SPDX-License-Identifier: BSD-2-Clause
 *
 * redo.c - what a commit will write, as a record that can be applied any number of times
 *
 * Layout of PATH.redo, numbers in the machine's byte order (the file never leaves the machine):
 *	head	see below
 *	u64	block number, COUNT times, in the order of writing
 *	block	4,096 bytes, COUNT times
 * The record holds every block in which old and new differ, so a file in any state between the two, torn blocks included, becomes
 * the new one; and a reader who lays the record over what he read has the new one as well.
 */
#include "relaydb_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)4096)

struct head {
	char magic[16];
	unsigned char old_id[FILE_ID_SIZE], new_id[FILE_ID_SIZE];
	uint64_t new_size;
	uint64_t count;
	uint64_t sum;	/* FNV-1a over all that follows the head, and the head with this field 0 */
};

static const char magic[16] = "relaydb redo 1\n";

static struct head *head_of(const struct redo *redo)
{
	return (struct head *)(void *)redo->record;
}

static uint64_t *numbers_of(const struct redo *redo)
{
	return (uint64_t *)(void *)(redo->record + sizeof(struct head));
}

static unsigned char *blocks_of(const struct redo *redo)
{
	return redo->record + sizeof(struct head) + head_of(redo)->count * sizeof(uint64_t);
}

static uint64_t sum_of(const struct redo *redo)
{
	struct head head = *head_of(redo);
	const unsigned char *p = (const unsigned char *)&head;
	uint64_t sum = UINT64_C(14695981039346656037);

	head.sum = 0;
	for (size_t i = 0; i < sizeof head; i++)
		sum = (sum ^ p[i]) * UINT64_C(1099511628211);
	for (size_t i = sizeof head; i < redo->record_size; i++)
		sum = (sum ^ redo->record[i]) * UINT64_C(1099511628211);
	return sum;
}

/* The bytes of block NUMBER that a file of SIZE bytes has. */
static size_t part(uint64_t number, size_t size)
{
	size_t begin = (size_t)number * BLOCK;

	return begin >= size ? 0 : size - begin < BLOCK ? size - begin : BLOCK;
}

static bool block_differs(const struct image *old, const struct image *new, uint64_t number)
{
	size_t size = part(number, new->size);

	return part(number, old->size) < size || memcmp(old->data + number * BLOCK, new->data + number * BLOCK, size) != 0;
}

/* Appended blocks, then changed ones, the one with the meta page last: until it is there the file is what it was. */
static size_t order_blocks(const struct image *old, const struct image *new, uint64_t *out)
{
	uint64_t blocks = (new->size + BLOCK - 1) / BLOCK, appended = old->size / BLOCK;
	size_t count = 0;

	if (appended == 0)
		appended = 1;
	for (uint64_t i = appended; i < blocks; i++)
		if (block_differs(old, new, i))
			out[count++] = i;
	for (uint64_t i = 1; i < appended && i < blocks; i++)
		if (block_differs(old, new, i))
			out[count++] = i;
	if (block_differs(old, new, 0))
		out[count++] = 0;
	return count;
}

int redo_make(struct relaydb *db, const struct image *old, const struct image *new, struct redo *redo)
{
	uint64_t *numbers = calloc(new->size / BLOCK + 2, sizeof *numbers);
	size_t count;

	*redo = (struct redo){ NULL, 0 };
	if (numbers == NULL)
		return fail(db, RELAYDB_NOMEM, "out of memory");
	count = order_blocks(old, new, numbers);
	redo->record_size = sizeof(struct head) + count * (sizeof *numbers + BLOCK);
	redo->record = calloc(1, redo->record_size);
	if (redo->record == NULL) {
		free(numbers);
		return fail(db, RELAYDB_NOMEM, "out of memory");
	}
	memcpy(head_of(redo)->magic, magic, sizeof magic);
	image_id(old, head_of(redo)->old_id);
	image_id(new, head_of(redo)->new_id);
	head_of(redo)->new_size = new->size;
	head_of(redo)->count = count;
	if (count > 0)
		memcpy(numbers_of(redo), numbers, count * sizeof *numbers);
	for (size_t i = 0; i < count; i++)
		memcpy(blocks_of(redo) + i * BLOCK, new->data + numbers[i] * BLOCK, part(numbers[i], new->size));
	head_of(redo)->sum = sum_of(redo);
	free(numbers);
	return RELAYDB_OK;
}

static bool record_sound(const struct redo *redo)
{
	const struct head *head = head_of(redo);

	if (redo->record_size < sizeof *head || memcmp(head->magic, magic, sizeof magic) != 0)
		return false;
	if (head->count > redo->record_size / BLOCK ||
	    redo->record_size != sizeof *head + head->count * (sizeof(uint64_t) + BLOCK) || head->sum != sum_of(redo))
		return false;
	for (size_t i = 0; i < head->count; i++)
		if (numbers_of(redo)[i] >= (head->new_size + BLOCK - 1) / BLOCK)
			return false;
	return head->new_size > 0 && head->new_size <= IMAGE_MAX;
}

int redo_read(struct relaydb *db, int fd, struct redo *redo)
{
	struct image record;
	struct stat st;
	int code;

	*redo = (struct redo){ NULL, 0 };
	if (fstat(fd, &st) != 0)
		return fail_errno(db, "look at", REDO_SUFFIX, errno);
	code = read_whole(db, fd, REDO_SUFFIX, (size_t)st.st_size, &record);
	if (code != RELAYDB_OK)
		return code;
	*redo = (struct redo){ record.data, record.size };
	if (record_sound(redo))
		return RELAYDB_OK;
	redo_free(redo);
	return fail(db, RELAYDB_NOTDB, "%s%s is damaged: it is not the record of a commit", db->path, REDO_SUFFIX);
}

bool redo_fits(const struct redo *redo, const struct image *image, size_t size)
{
	static const unsigned char none[FILE_ID_SIZE];
	unsigned char id[FILE_ID_SIZE];

	image_id(image, id);
	if (memcmp(id, head_of(redo)->new_id, FILE_ID_SIZE) == 0)
		return true;
	/* a fresh database has no id: it is empty, or its first block is not written yet */
	if (memcmp(head_of(redo)->old_id, none, FILE_ID_SIZE) == 0)
		return size == 0 || memcmp(id, none, FILE_ID_SIZE) == 0;
	return memcmp(id, head_of(redo)->old_id, FILE_ID_SIZE) == 0;
}

int redo_overlay(struct relaydb *db, const struct redo *redo, struct image *image)
{
	size_t size = redo_new_size(redo);
	unsigned char *data = realloc(image->data, size);

	if (data == NULL)
		return fail(db, RELAYDB_NOMEM, "out of memory");
	if (size > image->size)
		memset(data + image->size, 0, size - image->size);
	image->data = data;
	image->size = size;
	for (size_t i = 0; i < head_of(redo)->count; i++) {
		uint64_t number = numbers_of(redo)[i];

		memcpy(data + number * BLOCK, blocks_of(redo) + i * BLOCK, part(number, size));
	}
	return RELAYDB_OK;
}

int redo_apply(const struct redo *redo, int fd)
{
	size_t size = redo_new_size(redo);

	for (size_t i = 0; i < head_of(redo)->count; i++) {
		uint64_t number = numbers_of(redo)[i];
		size_t done = 0, want = part(number, size);

		while (done < want) {
			ssize_t n = pwrite(fd, blocks_of(redo) + i * BLOCK + done, want - done, (off_t)(number * BLOCK + done));

			if (n < 0 && errno != EINTR)
				return errno;
			if (n > 0)
				done += (size_t)n;
		}
		STEP("block");
	}
	return ftruncate(fd, (off_t)size) == 0 ? 0 : errno;
}

size_t redo_new_size(const struct redo *redo)
{
	return (size_t)head_of(redo)->new_size;
}

void redo_free(struct redo *redo)
{
	free(redo->record);
	*redo = (struct redo){ NULL, 0 };
}
