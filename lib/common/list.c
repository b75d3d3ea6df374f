/* SPDX-License-Identifier: BSD-2-Clause
 *
 * list.c - short lists of strings, see list.h
 */
#include "list.h"

#include <stdlib.h>
#include <string.h>

size_t list_size(char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

void list_free(char **list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

static bool add_bytes(char ***list, const char *word, size_t size)
{
	size_t n = list_size(*list);
	char **more = realloc(*list, (n + 2) * sizeof *more);

	if (more == NULL)
		return false;
	*list = more;
	more[n + 1] = NULL;
	return (more[n] = strndup(word, size)) != NULL;
}

bool list_add(char ***list, const char *word)
{
	return add_bytes(list, word, strlen(word));
}

char **list_split(const char *text, const char *separators)
{
	char **list = calloc(1, sizeof *list);
	size_t size;

	if (list == NULL)
		return NULL;
	for (text += strspn(text, separators); *text != '\0'; text += strspn(text, separators)) {
		size = strcspn(text, separators);
		if (!add_bytes(&list, text, size)) {
			list_free(list);
			return NULL;
		}
		text += size;
	}
	return list;
}

bool list_has(char *const *list, const char *word, size_t size)
{
	for (; list != NULL && *list != NULL; list++) {
		if (strlen(*list) == size && memcmp(*list, word, size) == 0)
			return true;
	}
	return false;
}

const char *list_twice(char *const *list)
{
	for (; list != NULL && *list != NULL; list++) {
		if (list_has(list + 1, *list, strlen(*list)))
			return *list;
	}
	return NULL;
}
