/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bytes.c - a queue of bytes between a protocol and its socket, see bytes.h
 */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

static size_t large; /* of all queues */

/* What counts of a block with ROOM bytes. */
static size_t weight(size_t room)
{
	return room > BYTES_SMALL ? room : 0;
}

/* A block for NEEDED bytes in place of the one there is. */
static bool grow(struct bytes *bytes, size_t needed)
{
	size_t room = needed < 256 ? 256 : needed + needed / 2;
	size_t others = large - weight(bytes->room);
	char *grown;

	if (weight(room) > BYTES_LARGE_MAX - others)
		return false;
	grown = realloc(bytes->block, room);
	if (grown == NULL)
		return false;
	large = others + weight(room);
	bytes->block = bytes->data = grown;
	bytes->room = room;
	return true;
}

bool bytes_add(struct bytes *bytes, const void *data, size_t size)
{
	size_t before = bytes->block != NULL ? (size_t)(bytes->data - bytes->block) : 0;
	size_t needed = bytes->size + size;

	if (size == 0)
		return true;
	if (before > 0 && before + needed > bytes->room) {
		memmove(bytes->block, bytes->data, bytes->size);
		bytes->data = bytes->block;
		before = 0;
	}
	if (before + needed > bytes->room && !grow(bytes, needed))
		return false;
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size = needed;
	return true;
}

void bytes_take(struct bytes *bytes, size_t size)
{
	bytes->data += size;
	bytes->size -= size;
	if (bytes->size == 0)
		bytes_free(bytes);
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->block);
	large -= weight(bytes->room);
	*bytes = (struct bytes){ .size = 0 };
}

size_t bytes_large(void)
{
	return large;
}
