/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pattern.h - one regular expression against one message
 *
 * Sole home of <pcre2.h>.  Owns: what an expression must look like to be safe,
 * compiling (with JIT where there is one), the limit on matching, the named
 * groups.
 * An expression is anchored at both ends whatever it says, and must say so: it
 * begins with ^ and ends with $.  {ip} in it stands for a group named ip that
 * takes the characters of an address and nothing else.  A dot takes any byte,
 * the message has no line end.  The groups are named ip, user, session, proof
 * and kind; a name may come more than once (in alternatives).
 */
#ifndef POPWATCH_PATTERN_H
#define POPWATCH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "span.h"

struct pattern;

/* What the groups took; a NULL text where a group does not exist or took no
 * part. */
struct captures {
	struct span ip;
	struct span user;
	struct span session;
	struct span proof;
	struct span kind;
};

enum pattern_result {
	PATTERN_NO,
	PATTERN_YES,
	/* the match limit, or the memory, was used up before an answer: take it
	 * as no, and say so */
	PATTERN_STOPPED
};

/* Compiles EXPRESSION.  Returns the pattern (pattern_free() it), or NULL with a
 * sentence in ERROR. */
struct pattern *pattern_new(const char *expression, char *error, size_t error_size);

/* Frees it; a NULL is fine. */
void pattern_free(struct pattern *pattern);

/* Does the expression have a group of this name? */
bool pattern_has(const struct pattern *pattern, const char *group);

/* Can a message match whose first bytes are BEGINNING, which is not empty?
 * False only if none can. */
bool pattern_may_begin(const struct pattern *pattern, struct span beginning);

/* Matches MESSAGE.  CAPTURES is filled in when the answer is PATTERN_YES; its
 * spans point into MESSAGE. */
enum pattern_result pattern_match(
    const struct pattern *pattern, struct span message, struct captures *captures);

#endif
