/* SPDX-License-Identifier: BSD-2-Clause
 *
 * answer.c - what an engine answered, see answer.h
 */
#include "answer.h"

#include <hiredis/hiredis.h>
#include <string.h>

const char *answer_error(const struct redisReply *answer)
{
	return answer != NULL && answer->type == REDIS_REPLY_ERROR ? answer->str : NULL;
}

bool answer_is_nil(const struct redisReply *answer)
{
	return answer != NULL && answer->type == REDIS_REPLY_NIL;
}

const char *answer_text(const struct redisReply *answer)
{
	if (answer == NULL ||
	    (answer->type != REDIS_REPLY_STRING && answer->type != REDIS_REPLY_STATUS) ||
	    strlen(answer->str) != answer->len)
		return NULL;
	return answer->str;
}

size_t answer_count(const struct redisReply *answer)
{
	return answer != NULL && answer->type == REDIS_REPLY_ARRAY ? answer->elements : 0;
}

const struct redisReply *answer_at(const struct redisReply *answer, size_t i)
{
	return i < answer_count(answer) ? answer->element[i] : NULL;
}

const struct redisReply *answer_value(const struct redisReply *answer, const char *name)
{
	for (size_t i = 0; i + 1 < answer_count(answer); i += 2) {
		const char *text = answer_text(answer_at(answer, i));

		if (text != NULL && strcmp(text, name) == 0)
			return answer_at(answer, i + 1);
	}
	return NULL;
}

bool answer_number(const struct redisReply *answer, int64_t *number)
{
	const char *text = answer_text(answer);

	if (answer != NULL && answer->type == REDIS_REPLY_INTEGER) {
		*number = answer->integer;
		return *number >= 0;
	}
	if (text == NULL || *text == '\0')
		return false;
	for (*number = 0; *text >= '0' && *text <= '9'; text++) {
		if (*number > (INT64_MAX - 9) / 10)
			return false;
		*number = *number * 10 + (*text - '0');
	}
	return *text == '\0';
}
