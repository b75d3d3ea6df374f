/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pattern.c - one regular expression against one message, see pattern.h
 */
#include "pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Steps that a match may take.  The worst of our own expressions takes some
 * thousand on the longest line that they accept; bench/worst looks for it. */
#define MATCH_LIMIT 200000
#define JIT_STACK_MAX (256 * 1024)
#define GROUPS_MAX 8 /* of one name */

#define IP_GROUP "(?<ip>[0-9A-Fa-f:.]{2,45})"

struct group {
	unsigned number[GROUPS_MAX];
	unsigned count;
};

struct pattern {
	pcre2_code *code;
	pcre2_code *begins; /* the same without an anchor at its end: partial matching has none */
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack; /* NULL without JIT */
	struct group ip;
	struct group user;
	struct group session;
	struct group proof;
	struct group kind;
};

/* EXPRESSION with its {ip} written out; NULL without memory. */
static char *write_out(const char *expression)
{
	static const char shortcut[] = "{ip}";
	size_t size = strlen(expression), extra = strlen(IP_GROUP);
	const char *p, *next;
	char *out;

	for (p = expression; (p = strstr(p, shortcut)) != NULL; p++)
		size += extra;
	out = malloc(size + 1);
	if (out == NULL)
		return NULL;
	*out = '\0';
	for (p = expression; (next = strstr(p, shortcut)) != NULL; p = next + strlen(shortcut)) {
		strncat(out, p, (size_t)(next - p));
		strcat(out, IP_GROUP);
	}
	return strcat(out, p);
}

/* The $ at the end must not be a quoted one. */
static bool is_anchored(const char *expression)
{
	size_t size = strlen(expression), backslashes = 0;

	if (size < 2 || expression[0] != '^' || expression[size - 1] != '$')
		return false;
	while (backslashes < size - 1 && expression[size - 2 - backslashes] == '\\')
		backslashes++;
	return backslashes % 2 == 0;
}

static pcre2_code *compile(const char *expression, uint32_t anchors, char *error, size_t error_size)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR reason[160];
	PCRE2_SIZE at;
	int code;
	pcre2_code *compiled = NULL;

	if (context == NULL) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	pcre2_set_newline(context, PCRE2_NEWLINE_NUL);
	compiled = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED,
	    anchors | PCRE2_DOLLAR_ENDONLY | PCRE2_DOTALL | PCRE2_DUPNAMES, &code, &at, context);
	pcre2_compile_context_free(context);
	if (compiled == NULL) {
		pcre2_get_error_message(code, reason, sizeof reason);
		snprintf(error, error_size, "%s at byte %zu of the expression", (char *)reason, at);
	}
	return compiled;
}

/* The numbers of the groups called NAME. */
static struct group find_group(const pcre2_code *code, const char *name)
{
	struct group group = { .count = 0 };
	PCRE2_SPTR first, last;
	int size = pcre2_substring_nametable_scan(code, (PCRE2_SPTR)name, &first, &last);

	if (size <= 0)
		return group;
	for (; first <= last && group.count < GROUPS_MAX; first += size)
		group.number[group.count++] = (unsigned)first[0] << 8 | first[1];
	return group;
}

/* Compiles WRITTEN for matching, and for asking what a message may begin with.
 * Returns false with a sentence in ERROR. */
static bool compile_both(struct pattern *pattern, const char *written, char *error, size_t size)
{
	pattern->code = compile(written, PCRE2_ANCHORED | PCRE2_ENDANCHORED, error, size);
	if (pattern->code == NULL)
		return false;
	pattern->begins = compile(written, PCRE2_ANCHORED, error, size);
	return pattern->begins != NULL;
}

static bool prepare_match(struct pattern *pattern)
{
	pattern->data = pcre2_match_data_create_from_pattern(pattern->code, NULL);
	pattern->context = pcre2_match_context_create(NULL);
	if (pattern->data == NULL || pattern->context == NULL)
		return false;
	pcre2_set_match_limit(pattern->context, MATCH_LIMIT);
	/* a library without JIT, or a system that forbids it: slower, no less
	 * right */
	if (pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) != 0)
		return true;
	pattern->stack = pcre2_jit_stack_create(32 * 1024, JIT_STACK_MAX, NULL);
	if (pattern->stack == NULL)
		return false;
	pcre2_jit_stack_assign(pattern->context, NULL, pattern->stack);
	return true;
}

struct pattern *pattern_new(const char *expression, char *error, size_t error_size)
{
	struct pattern *pattern;
	char *written;

	if (!is_anchored(expression)) {
		snprintf(error, error_size,
		    "expression not anchored, expected ^ at its beginning and $ at its end");
		return NULL;
	}
	written = write_out(expression);
	pattern = calloc(1, sizeof *pattern);
	if (written == NULL || pattern == NULL)
		snprintf(error, error_size, "out of memory");
	else if (compile_both(pattern, written, error, error_size)) {
		pattern->ip = find_group(pattern->code, "ip");
		pattern->user = find_group(pattern->code, "user");
		pattern->session = find_group(pattern->code, "session");
		pattern->proof = find_group(pattern->code, "proof");
		pattern->kind = find_group(pattern->code, "kind");
		if (prepare_match(pattern)) {
			free(written);
			return pattern;
		}
		snprintf(error, error_size, "out of memory");
	}
	free(written);
	pattern_free(pattern);
	return NULL;
}

void pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_jit_stack_free(pattern->stack);
	pcre2_match_context_free(pattern->context);
	pcre2_match_data_free(pattern->data);
	pcre2_code_free(pattern->begins);
	pcre2_code_free(pattern->code);
	free(pattern);
}

bool pattern_has(const struct pattern *pattern, const char *group)
{
	return find_group(pattern->code, group).count > 0;
}

/* PCRE2_PARTIAL_HARD, see pcre2partial(3): wherever a match of more than
 * BEGINNING goes on, it meets the end of BEGINNING, and that is the answer at
 * once. */
bool pattern_may_begin(const struct pattern *pattern, struct span beginning)
{
	return pcre2_match(pattern->begins, (PCRE2_SPTR)beginning.text, beginning.size, 0,
		   PCRE2_NO_UTF_CHECK | PCRE2_PARTIAL_HARD, pattern->data,
		   pattern->context) != PCRE2_ERROR_NOMATCH;
}

/* What the one of the groups took that took part. */
static struct span taken(
    const struct group *group, const PCRE2_SIZE *offsets, unsigned set, struct span message)
{
	unsigned i, n;

	for (i = 0; i < group->count; i++) {
		n = group->number[i];
		if (n < set && offsets[2 * n] != PCRE2_UNSET)
			return (struct span){ message.text + offsets[2 * n],
				offsets[2 * n + 1] - offsets[2 * n] };
	}
	return (struct span){ NULL, 0 };
}

enum pattern_result pattern_match(
    const struct pattern *pattern, struct span message, struct captures *captures)
{
	PCRE2_SPTR text = (PCRE2_SPTR)message.text;
	const PCRE2_SIZE *offsets;
	int set;

	if (pattern->stack != NULL)
		set = pcre2_jit_match(
		    pattern->code, text, message.size, 0, 0, pattern->data, pattern->context);
	else
		set = pcre2_match(pattern->code, text, message.size, 0, PCRE2_NO_UTF_CHECK,
		    pattern->data, pattern->context);

	if (set == PCRE2_ERROR_NOMATCH)
		return PATTERN_NO;
	if (set <= 0)
		return PATTERN_STOPPED;
	offsets = pcre2_get_ovector_pointer(pattern->data);
	captures->ip = taken(&pattern->ip, offsets, (unsigned)set, message);
	captures->user = taken(&pattern->user, offsets, (unsigned)set, message);
	captures->session = taken(&pattern->session, offsets, (unsigned)set, message);
	captures->proof = taken(&pattern->proof, offsets, (unsigned)set, message);
	captures->kind = taken(&pattern->kind, offsets, (unsigned)set, message);
	return PATTERN_YES;
}
