/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tcprule.c - see tcprule.h
 */
#include "tcprule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "atomicfile.h"

#define RULES_MAX (16 << 20) /* bytes of the administrator's file */
#define RANGE_MAX 255

static bool grow(struct tcprule_table *t)
{
	struct tcprule *grown;

	if (t->count < t->room)
		return true;
	grown = reallocarray(t->rule, t->room * 2 + 64, sizeof *grown);
	if (grown == NULL)
		return false;
	t->rule = grown;
	t->room = t->room * 2 + 64;
	return true;
}

static char *lower(const char *text, size_t size)
{
	char *copy = malloc(size + 1);

	for (size_t i = 0; copy != NULL && i < size; i++)
		copy[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
	if (copy != NULL)
		copy[size] = '\0';
	return copy;
}

static bool add_rule(
    struct tcprule_table *t, const char *key, size_t key_size, const char *data, size_t data_size)
{
	struct tcprule *rule;

	if (!grow(t))
		return false;
	rule = &t->rule[t->count];
	*rule = (struct tcprule){ .key = lower(key, key_size),
		.data = malloc(data_size + 1),
		.key_size = key_size,
		.data_size = data_size,
		.order = t->count };
	t->count++;
	if (rule->key == NULL || rule->data == NULL)
		return false;
	memcpy(rule->data, data, data_size);
	return true;
}

/* A number of a range, as tcprules(1) reads it. */
static bool read_number(const char *text, size_t size, unsigned *number)
{
	*number = 0;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9' || *number > RANGE_MAX)
			return false;
		*number = *number * 10 + (unsigned)(text[i] - '0');
	}
	return size > 0;
}

/* 192.0.2.3-5 is three addresses.  Returns 1, 0 (KEY is no range), or -1 with
 * errno: EINVAL, ENOMEM. */
static int add_range(
    struct tcprule_table *t, const char *key, size_t key_size, const char *data, size_t data_size)
{
	const char *dash = memchr(key, '-', key_size), *left, *right, *end = key + key_size;
	unsigned from, to;
	char one[300];

	if (dash == NULL || memchr(key, '=', key_size) != NULL ||
	    memchr(key, '@', key_size) != NULL)
		return 0;
	left = memrchr(key, '.', (size_t)(dash - key));
	left = left == NULL ? key : left + 1;
	right = memchr(dash, '.', (size_t)(end - dash));
	if (right == NULL)
		right = end;
	errno = EINVAL;
	if (key_size > 200 || !read_number(left, (size_t)(dash - left), &from) ||
	    !read_number(dash + 1, (size_t)(right - dash - 1), &to))
		return -1;
	for (; from <= to && from <= RANGE_MAX; from++) {
		int size = snprintf(one, sizeof one, "%.*s%u%.*s", (int)(left - key), key, from,
		    (int)(end - right), right);

		if (!add_rule(t, one, (size_t)size, data, data_size)) {
			errno = ENOMEM;
			return -1;
		}
	}
	return 1;
}

/* The variables in TEXT, each ,NAME=QvalueQ with any character as Q, to DATA.
 * Returns their size there, or -1. */
static ssize_t read_variables(const char *text, size_t size, char *data)
{
	const char *equals, *quote;
	char *to = data;

	while (size > 0) {
		equals = memchr(text, '=', size);
		if (*text != ',' || equals == NULL || equals + 1 == text + size)
			return -1;
		quote = memchr(equals + 2, equals[1], (size_t)(text + size - equals - 2));
		if (quote == NULL)
			return -1;
		*to++ = '+';
		to = mempcpy(to, text + 1, (size_t)(equals - text));
		to = mempcpy(to, equals + 2, (size_t)(quote - equals - 2));
		*to++ = '\0';
		size -= (size_t)(quote + 1 - text);
		text = quote + 1;
	}
	return to - data;
}

/* Returns NULL, or what is wrong with the line. */
static const char *read_rule(struct tcprule_table *t, const char *line, size_t size)
{
	const char *colon = memchr(line, ':', size), *text;
	char *data;
	ssize_t variables;
	size_t deny = 0;
	int range;

	if (colon == NULL)
		return "expected address:allow or address:deny";
	text = colon + 1;
	if (size - (size_t)(text - line) >= 4 && memcmp(text, "deny", 4) == 0)
		deny = 2;
	else if (size - (size_t)(text - line) < 5 || memcmp(text, "allow", 5) != 0)
		return "expected allow or deny behind the colon";
	text += deny != 0 ? 4 : 5;
	data = malloc(size + 3);
	if (data == NULL)
		return "out of memory";
	memcpy(data, "D", 2);
	variables = read_variables(text, size - (size_t)(text - line), data + deny);
	range = variables < 0
		    ? -1
		    : add_range(t, line, (size_t)(colon - line), data, deny + (size_t)variables);
	if (variables >= 0 && range == 0 &&
	    !add_rule(t, line, (size_t)(colon - line), data, deny + (size_t)variables)) {
		errno = ENOMEM;
		range = -1;
	}
	free(data);
	if (variables < 0)
		return "expected ,NAME=\"value\" behind allow or deny";
	return range >= 0        ? NULL
	       : errno == ENOMEM ? "out of memory"
				 : "it has a range of no numbers";
}

static int compare(const char *a, size_t a_size, const char *b, size_t b_size)
{
	int order = memcmp(a, b, a_size < b_size ? a_size : b_size);

	return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

static int compare_rules(const void *a, const void *b)
{
	const struct tcprule *x = a, *y = b;
	int order = compare(x->key, x->key_size, y->key, y->key_size);

	return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

enum tcprules_code tcprule_read(struct tcprule_table *t, const char *path, char why[TCPRULES_WHY])
{
	size_t size, number = 0;
	char *text = atomicfile_read(path, RULES_MAX, &size), *line = text, *end;

	if (text == NULL) {
		snprintf(
		    why, TCPRULES_WHY, "cannot read the rules %.256s: %s", path, strerror(errno));
		return TCPRULES_NORULES;
	}
	for (; line < text + size; line = end + 1) {
		const char *wrong = NULL, *stop;

		number++;
		end = memchr(line, '\n', (size_t)(text + size - line));
		if (end == NULL)
			end = text + size;
		for (stop = end; stop > line && is_blank(stop[-1]);)
			stop--;
		if (stop > line && memchr(line, '\0', (size_t)(stop - line)) != NULL)
			wrong = "it has a NUL byte";
		else if (stop > line && *line != '#')
			wrong = read_rule(t, line, (size_t)(stop - line));
		if (wrong != NULL) {
			snprintf(why, TCPRULES_WHY, "%.256s, line %zu is no rule of tcprules: %s",
			    path, number, wrong);
			free(text);
			return TCPRULES_BADRULES;
		}
	}
	free(text);
	if (t->count > 0)
		qsort(t->rule, t->count, sizeof *t->rule, compare_rules);
	return TCPRULES_OK;
}

void tcprule_free(struct tcprule_table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->rule[i].key);
		free(t->rule[i].data);
	}
	free(t->rule);
	*t = (struct tcprule_table){ NULL, 0, 0 };
}

const struct tcprule *tcprule_first(const struct tcprule_table *t, const char *key, size_t size)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(t->rule[middle].key, t->rule[middle].key_size, key, size) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->count && t->rule[low].key_size == size &&
		       memcmp(t->rule[low].key, key, size) == 0
		   ? &t->rule[low]
		   : NULL;
}

const struct tcprule *tcprule_of(const struct tcprule_table *t, const char *address)
{
	const struct tcprule *rule = NULL;
	size_t size = strlen(address);

	while (rule == NULL) {
		rule = tcprule_first(t, address, size);
		if (size == 0)
			break;
		do
			size--;
		while (size > 0 && address[size - 1] != '.');
	}
	return rule;
}

bool tcprule_decides(const struct tcprule *rule)
{
	const char *data = rule->data, *end = data + rule->data_size;

	for (; data < end; data += strlen(data) + 1)
		if (*data == 'D' || strncmp(data, TCPRULE_RELAY, strlen(TCPRULE_RELAY)) == 0)
			return true;
	return false;
}
