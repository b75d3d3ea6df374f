/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doubt.c - which line must not be believed, see doubt.h
 */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "doubt.h"

#define KEY_MAX 600
#define TEXT_MAX (2 * KEY_MAX)

struct doubt {
	char *key; /* bytes; see make_key() */
	size_t size;
	UT_hash_handle hh; /* in the order of their making */
};

struct doubts {
	struct doubt *table;
};

struct doubts *doubts_new(void)
{
	return calloc(1, sizeof(struct doubts));
}

static void drop(struct doubts *doubts, struct doubt *doubt)
{
	HASH_DEL(doubts->table, doubt);
	free(doubt->key);
	free(doubt);
}

void doubts_free(struct doubts *doubts)
{
	struct doubt *doubt, *next;

	if (doubts == NULL)
		return;
	HASH_ITER(hh, doubts->table, doubt, next)
	{
		drop(doubts, doubt);
	}
	free(doubts);
}

static void add_part(char *key, size_t *size, struct span part)
{
	/* what does not fit is left out: two keys may then be one, and one line too many is doubted */
	if (part.size > KEY_MAX - 1 - *size)
		part.size = KEY_MAX - 1 - *size;
	memcpy(key + *size, part.text, part.size);
	*size += part.size;
	key[(*size)++] = '\0';
	if (*size == KEY_MAX)
		*size = KEY_MAX - 1;
}

/* SOURCE, host, tag and process, each with a NUL after it.  Returns its size. */
static size_t make_key(char key[KEY_MAX], const char *source, const struct header *header)
{
	size_t size = 0;

	add_part(key, &size, (struct span){ source, strlen(source) });
	add_part(key, &size, header->host);
	add_part(key, &size, header->tag);
	add_part(key, &size, header->pid);
	return size;
}

static void put(struct doubts *doubts, const char *key, size_t size)
{
	struct doubt *doubt;

	HASH_FIND(hh, doubts->table, key, size, doubt);
	if (doubt != NULL)
		return;
	if (HASH_COUNT(doubts->table) >= DOUBTS)
		drop(doubts, doubts->table);
	if ((doubt = calloc(1, sizeof *doubt)) == NULL || (doubt->key = malloc(size)) == NULL)
		abort(); /* without memory for a doubt there is no safe way to go on */
	memcpy(doubt->key, key, size);
	doubt->size = size;
	HASH_ADD_KEYPTR(hh, doubts->table, doubt->key, doubt->size, doubt);
}

void doubts_raise(struct doubts *doubts, const char *source, const struct header *header)
{
	char key[KEY_MAX];

	put(doubts, key, make_key(key, source, header));
}

bool doubts_settle(struct doubts *doubts, const char *source, const struct header *header)
{
	char key[KEY_MAX];
	struct doubt *doubt;
	size_t size;

	if (doubts->table == NULL)
		return false;
	size = make_key(key, source, header);
	HASH_FIND(hh, doubts->table, key, size, doubt);
	if (doubt != NULL)
		drop(doubts, doubt);
	return doubt != NULL;
}

void doubts_save(const struct doubts *doubts, FILE *out)
{
	const struct doubt *doubt;
	size_t i;

	for (doubt = doubts->table; doubt != NULL; doubt = doubt->hh.next) {
		fputs("doubt ", out);
		for (i = 0; i < doubt->size; i++)
			fprintf(out, "%02x", (unsigned char)doubt->key[i]);
		fputc('\n', out);
	}
}

bool doubts_restore(struct doubts *doubts, const char *line)
{
	static const char digits[] = "0123456789abcdef";
	size_t size = strlen(line), i;
	char key[KEY_MAX];
	const char *high, *low;

	if (size == 0 || size % 2 != 0 || size > TEXT_MAX)
		return false;
	for (i = 0; i < size / 2; i++) {
		high = strchr(digits, line[2 * i]);
		low = strchr(digits, line[2 * i + 1]);
		if (high == NULL || low == NULL)
			return false;
		key[i] = (char)((high - digits) << 4 | (low - digits));
	}
	if (doubts != NULL)
		put(doubts, key, size / 2);
	return true;
}
