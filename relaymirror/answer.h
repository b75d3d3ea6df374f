/* SPDX-License-Identifier: BSD-2-Clause
 *
 * answer.h - what an engine answered, without trust
 *
 * Every function takes any answer, NULL too, and returns what its contract says
 * for one of another kind: an engine may send whatever it likes.
 */
#ifndef RELAYMIRROR_ANSWER_H
#define RELAYMIRROR_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redisReply;

/* The text of an error, or NULL if it is none.  Belongs to the answer. */
const char *answer_error(const struct redisReply *answer);

/* Is it nothing: a key that is not there, a wait that ended? */
bool answer_is_nil(const struct redisReply *answer);

/* A text without a NUL byte in it; NULL if it is none.  Belongs to the
 * answer. */
const char *answer_text(const struct redisReply *answer);

/* How many there are in a list; 0 if it is none. */
size_t answer_count(const struct redisReply *answer);

/* The I-th of a list; NULL if there is none. */
const struct redisReply *answer_at(const struct redisReply *answer, size_t i);

/* The value behind the text NAME in a list of names and values; NULL if there
 * is none. */
const struct redisReply *answer_value(const struct redisReply *answer, const char *name);

/* A whole number of 0 or more, as such or as text; false if it is none. */
bool answer_number(const struct redisReply *answer, int64_t *number);

#endif
