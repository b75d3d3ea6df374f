/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bytes.c - a queue of bytes between a protocol and its socket, see bytes.h
 */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

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
	if (before + needed > bytes->room) {
		size_t room = needed < 256 ? 256 : needed + needed / 2;
		char *grown = realloc(bytes->block, room);

		if (grown == NULL)
			return false;
		bytes->block = bytes->data = grown;
		bytes->room = room;
	}
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
	*bytes = (struct bytes){ .size = 0 };
}
