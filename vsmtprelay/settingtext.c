/* SPDX-License-Identifier: BSD-2-Clause
 *
 * settingtext.c - the text of Postfix's settings, see settingtext.h
 */
#include "settingtext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\n,"
#define DEPTH_MAX 10 /* of references to other settings */
#define VALUE_MAX (1 << 20)

static struct span trimmed(struct span span)
{
	while (span.size > 0 && strchr(" \t\r", span.text[0]) != NULL)
		span = (struct span){ span.text + 1, span.size - 1 };
	while (span.size > 0 && strchr(" \t\r", span.text[span.size - 1]) != NULL)
		span.size--;
	return span;
}

bool settings_next(const char **at, struct span *name, struct span *value)
{
	size_t size = strcspn(*at, "\n"), equals = strcspn(*at, "=\n");

	if (**at == '\0')
		return false;
	*name = trimmed((struct span){ *at, equals });
	*value = (struct span){ *at + size, 0 };
	if (equals < size)
		*value = trimmed((struct span){ *at + equals + 1, size - equals - 1 });
	*at += size;
	if (**at == '\n')
		++*at;
	return true;
}

bool settings_find(const char *settings, struct span name, struct span *value)
{
	struct span one, its_value;
	bool found = false;

	while (settings_next(&settings, &one, &its_value))
		if (one.size == name.size && memcmp(one.text, name.text, name.size) == 0) {
			*value = its_value;
			found = true;
		}
	return found;
}

/* The name in $name, ${name} or $(name) at the '$' in TEXT[*I]; *I moves to its
 * last byte.  Empty if that is no reference. */
static struct span reference(struct span text, size_t *i)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t begin = *i + 1, end;
	bool wrapped = begin < text.size && (text.text[begin] == '{' || text.text[begin] == '(');

	begin += wrapped;
	for (end = begin;
	     end < text.size && memchr(letters, text.text[end], sizeof letters - 1) != NULL; end++)
		continue;
	if (end == begin ||
	    (wrapped && (end == text.size || (text.text[end] != '}' && text.text[end] != ')'))))
		return (struct span){ text.text, 0 };
	*i = wrapped ? end : end - 1;
	return (struct span){ text.text + begin, end - begin };
}

/* VALUE with what it refers to, to TO. postconf -x has done this already,
 * except for main.cf itself. */
static void expand(FILE *to, const char *settings, struct span value, int depth)
{
	for (size_t i = 0; i < value.size && ftell(to) < VALUE_MAX; i++) {
		struct span name = { value.text, 0 }, other;

		if (value.text[i] == '$')
			name = reference(value, &i);
		if (name.size == 0)
			putc(value.text[i], to);
		else if (depth < DEPTH_MAX && settings_find(settings, name, &other))
			expand(to, settings, other, depth + 1);
	}
}

char *settings_expand(const char *settings, struct span value)
{
	char *expanded = NULL;
	size_t size;
	FILE *to = open_memstream(&expanded, &size);

	if (to == NULL)
		return NULL;
	expand(to, settings, value, 0);
	if (fclose(to) == 0)
		return expanded;
	free(expanded);
	return NULL;
}

/* ---- words ---- */

bool word_next(struct span *rest, struct span *word)
{
	size_t size = 0;
	int depth = 0;

	while (rest->size > 0 && strchr(BLANKS, rest->text[0]) != NULL)
		*rest = (struct span){ rest->text + 1, rest->size - 1 };
	if (rest->size == 0)
		return false;
	for (; size < rest->size && (depth > 0 || strchr(BLANKS, rest->text[size]) == NULL);
	     size++) {
		if (rest->text[size] == '{')
			depth++;
		else if (rest->text[size] == '}')
			depth--;
	}
	*word = (struct span){ rest->text, size };
	*rest = (struct span){ rest->text + size, rest->size - size };
	return true;
}

bool word_is(struct span word, const char *text)
{
	return word.size == strlen(text) && strncasecmp(word.text, text, word.size) == 0;
}

bool word_unwrap(struct span word, struct span *inside)
{
	if (word.size < 2 || word.text[0] != '{' || word.text[word.size - 1] != '}')
		return false;
	*inside = (struct span){ word.text + 1, word.size - 2 };
	return true;
}
