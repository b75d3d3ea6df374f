/* SPDX-License-Identifier: BSD-2-Clause
 *
 * memory.c - one allocation pool for all that a rule file becomes
 *
 * Owns: blocks that are freed together.  Limit: nothing is freed alone.
 */
#include "rules_int.h"

#include <stdlib.h>
#include <string.h>

struct pool_block {
	struct pool_block *next;
	max_align_t bytes[];
};

void *pool_get(struct pool *pool, size_t size)
{
	struct pool_block *block = calloc(1, sizeof *block + size);

	if (block == NULL) {
		pool->failed = true;
		return NULL;
	}
	block->next = pool->first;
	pool->first = block;
	return block->bytes;
}

char *pool_copy(struct pool *pool, const char *text, size_t size)
{
	char *copy = pool_get(pool, size + 1);

	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

void pool_free(struct pool *pool)
{
	while (pool->first != NULL) {
		struct pool_block *next = pool->first->next;

		free(pool->first);
		pool->first = next;
	}
}
