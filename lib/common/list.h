/* SPDX-License-Identifier: BSD-2-Clause
 *
 * list.h - short lists of strings: an array of pointers with NULL at the end; a
 * NULL array is an empty list
 */
#ifndef RELAYERS_LIST_H
#define RELAYERS_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* The words of TEXT between any of SEPARATORS, without empty ones.  Returns a
 * list that the caller frees with list_free(), never a NULL array; NULL without
 * memory. */
char **list_split(const char *text, const char *separators);

/* Adds a copy of WORD.  Returns false without memory; the list is then as
 * before. */
bool list_add(char ***list, const char *word);

/* Is the SIZE bytes long WORD in it? */
bool list_has(char *const *list, const char *word, size_t size);

/* The first word that stands in it more than once, or NULL. */
const char *list_twice(char *const *list);

size_t list_size(char *const *list);

/* Frees list and strings; a NULL is fine. */
void list_free(char **list);

#endif
