/* SPDX-License-Identifier: BSD-2-Clause
 *
 * regex.c - /expressions/ of a rule file
 *
 * Sole home of <pcre2.h> in this room.  Owns: compiling (caseless, not
 * anchored, bytes and not characters), JIT where the system allows it, the
 * limits on what one match may cost.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "rules_int.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

/* A step is some 30 ns at most, less with JIT.  The library starts a new count
 * at each byte that a match can begin at: so that all of them together stay
 * below 60 ms, a long text has fewer steps for each. */
#define MATCH_LIMIT 100000
#define STEPS_MAX 2000000
/* The heap is the limit: a mailbox of MAILBOX_SIZE bytes fits in there even if
 * each byte is a group of its own. */
#define DEPTH_LIMIT 10000
#define HEAP_LIMIT_KIB 1024
#define JIT_STACK_MIN 32768
#define JIT_STACK_MAX 1048576

struct regex {
	struct regex *next;
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack; /* the same one for all */
	bool anchored;
};

static bool prepare(struct regex *regex)
{
	uint32_t options = 0;

	pcre2_pattern_info(regex->code, PCRE2_INFO_ALLOPTIONS, &options);
	regex->anchored = (options & PCRE2_ANCHORED) != 0;
	regex->data = pcre2_match_data_create(1, NULL);
	regex->context = pcre2_match_context_create(NULL);
	if (regex->data == NULL || regex->context == NULL)
		return false;
	pcre2_set_depth_limit(regex->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(regex->context, HEAP_LIMIT_KIB);
	/* a library without JIT, or a system that forbids it, is slower and
	 * right */
	pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
	pcre2_jit_stack_assign(regex->context, NULL, regex->stack);
	return true;
}

struct regex *regex_new(
    struct regex **all, const char *text, size_t size, char *why, size_t why_size, size_t *at)
{
	/* no UTF: what clients send need not be, and a match must not fail on
	 * it */
	const uint32_t options = PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY |
				 PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
	struct regex *regex = calloc(1, sizeof *regex);
	PCRE2_SIZE offset = 0;
	int code;

	*at = 0;
	snprintf(why, why_size, "out of memory");
	if (regex == NULL)
		return NULL;
	/* NULL: 32 KiB of the process's stack */
	regex->stack = *all != NULL ? (*all)->stack
				    : pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	regex->next = *all;
	*all = regex;
	regex->code = pcre2_compile((PCRE2_SPTR)text, size, options, &code, &offset, NULL);
	if (regex->code == NULL) {
		pcre2_get_error_message(code, (PCRE2_UCHAR *)why, why_size);
		*at = offset;
		return NULL;
	}
	return prepare(regex) ? regex : NULL;
}

void regex_free_all(struct regex *all)
{
	if (all != NULL)
		pcre2_jit_stack_free(all->stack);
	while (all != NULL) {
		struct regex *next = all->next;

		pcre2_match_context_free(all->context);
		pcre2_match_data_free(all->data);
		pcre2_code_free(all->code);
		free(all);
		all = next;
	}
}

enum rules_answer regex_match(const struct regex *regex, const char *text, size_t size)
{
	size_t steps = regex->anchored ? MATCH_LIMIT : STEPS_MAX / (size + 1);
	int found;

	pcre2_set_match_limit(regex->context, steps < MATCH_LIMIT ? (uint32_t)steps : MATCH_LIMIT);
	found = pcre2_match(regex->code, (PCRE2_SPTR)text, size, 0, 0, regex->data, regex->context);
	if (found == PCRE2_ERROR_NOMATCH)
		return RULES_NO;
	/* 0: more groups than the match data has room for, which nobody
	 * reads */
	return found >= 0 ? RULES_YES : RULES_UNKNOWN;
}
