/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bytes.h - a queue of bytes between a protocol and its socket
 *
 * Owns: its memory, which grows as needed and is given back when it is empty,
 * so that thousands of idle sessions cost little.
 * Limits: all queues together have at most BYTES_LARGE_MAX bytes in blocks of
 * more than BYTES_SMALL, so that thousands of clients that never end what they
 * send cost no more, and those who send little do not feel it.  For one thread.
 */
#ifndef RELAYGUARD_BYTES_H
#define RELAYGUARD_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#define BYTES_SMALL 4096
#define BYTES_LARGE_MAX (64 * 1024 * 1024)

/* All zero: empty. */
struct bytes {
	char *data; /* the first byte that was not taken yet */
	size_t size; /* how many there are */
	char *block; /* what was allocated */
	size_t room;
};

/* Adds SIZE bytes at the end.  Returns false without memory, or when that would
 * be beyond BYTES_LARGE_MAX; nothing is added. */
bool bytes_add(struct bytes *bytes, const void *data, size_t size);

/* Takes SIZE bytes, at most bytes->size, away from the beginning. */
void bytes_take(struct bytes *bytes, size_t size);

/* Frees the memory; empty afterwards. */
void bytes_free(struct bytes *bytes);

/* What all queues have in large blocks. */
size_t bytes_large(void);

#endif
