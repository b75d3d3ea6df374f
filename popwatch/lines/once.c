/* SPDX-License-Identifier: BSD-2-Clause
 *
 * once.c - words that a server writes once in the line of a login, see once.h
 *
 * Asked of every login, so a message is gone through once for all the words
 * that end with the same byte, from one such byte to the next: the words of
 * Dovecot end with "=" or "<", and fewer bytes of a line are "=" than a first
 * letter.
 */
#include "once.h"

#include <stdint.h>

struct word {
	const char *text;
	size_t size;
	char last;
};

/* Does WORD end at the byte at LAST? */
static bool ends_at(const struct word *word, const char *begin, const char *last)
{
	const char *first = last + 1 - word->size;

	return (size_t)(last - begin) + 1 >= word->size && *first == *word->text &&
	       memcmp(first, word->text, word->size) == 0;
}

/* Does one of the COUNT words that end with the same byte as the first of them
 * stand twice? */
static bool one_twice(struct span message, const struct word *words, size_t count)
{
	const char *end = message.text + message.size, *p = message.text;
	uint32_t seen = 0, bit;

	for (; p < end; p++) {
		p = memchr(p, words->last, (size_t)(end - p));
		if (p == NULL)
			return false;
		for (size_t i = 0; i < count; i++) {
			bit = UINT32_C(1) << i;
			if (words[i].last != words->last || !ends_at(&words[i], message.text, p))
				continue;
			if ((seen & bit) != 0)
				return true;
			seen |= bit;
		}
	}
	return false;
}

bool once_broken(struct span message, char *const *words)
{
	struct word all[ONCE_MAX];
	size_t count = 0, same;

	for (; words != NULL && words[count] != NULL && count < ONCE_MAX; count++) {
		all[count] = (struct word){ words[count], strlen(words[count]), '\0' };
		all[count].last = words[count][all[count].size - 1];
	}
	for (size_t i = 0; i < count; i++) {
		for (same = 0; all[same].last != all[i].last;)
			same++;
		if (same == i && one_twice(message, all + i, count - i))
			return true;
	}
	return false;
}
