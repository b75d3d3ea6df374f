/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaymirror_entrylist.c - what XREAD may return, and what no engine of
 * ours would say (entrylist.h, answer.h)
 */
#include "entrylist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <hiredis/hiredis.h>

#include "answer.h"
#include "keys.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LOG "('" KEY_LOG "' "
#define ORDERS "('" KEY_ORDERS "' "

/* Answers are written as (LISTS OF 'texts'), :numbers, ~ for nil, ? for an
 * error. This puts one into OUT, and returns what follows it in TEXT. */
static const char *put(FILE *out, const char *text)
{
	const char *end = text + 1;
	char *inside;
	size_t size, items = 0;
	FILE *list;

	switch (*text) {
	case '\'':
		end = strchr(end, '\'');
		fprintf(
		    out, "$%d\r\n%.*s\r\n", (int)(end - text - 1), (int)(end - text - 1), text + 1);
		return end + 1;
	case ':':
		end += strspn(end, "-0123456789");
		fprintf(out, ":%.*s\r\n", (int)(end - text - 1), text + 1);
		return end;
	case '~':
		fputs("$-1\r\n", out);
		return end;
	case '?':
		fputs("-ERR no\r\n", out);
		return end;
	default:
		assert_int_equal(*text, '(');
	}
	list = open_memstream(&inside, &size);
	assert_non_null(list);
	for (end += strspn(end, " "); *end != ')'; end += strspn(end, " "), items++)
		end = put(list, end);
	fclose(list);
	fprintf(out, "*%zu\r\n%s", items, inside);
	free(inside);
	return end + 1;
}

/* The answer in TEXT, for freeReplyObject(). */
static redisReply *answer_of(const char *text)
{
	redisReader *reader = redisReaderCreate();
	void *answer = NULL;
	char *bytes;
	size_t size;
	FILE *out = open_memstream(&bytes, &size);

	assert_non_null(out);
	put(out, text);
	fclose(out);
	assert_int_equal(redisReaderFeed(reader, bytes, size), REDIS_OK);
	assert_int_equal(redisReaderGetReply(reader, &answer), REDIS_OK);
	assert_non_null(answer);
	redisReaderFree(reader);
	free(bytes);
	return answer;
}

/* "5-0 login 192.0.2.1 100;" for each. */
static const char *in_words(const struct entrylist *list)
{
	static char text[512];
	char id[STREAMID_SIZE];

	*text = '\0';
	for (size_t i = 0; i < list->count; i++) {
		const struct entry *entry = &list->entries[i];
		const char *what = entry->kind == ORDER_DELETE ? "delete" : "add";

		snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s %s %lld;",
		    streamid_format(&entry->id, id), entry->order ? what : "login", entry->address,
		    (long long)entry->stamp);
	}
	return text;
}

/* Read behind 5-0 in both streams. */
static void taken(void **state)
{
	static const struct {
		const char *answer, *entries, *last_login, *last_order;
	} cases[] = {
		{ "~", "", "5-0", "5-0" },
		{ "(" LOG "()))", "", "5-0", "5-0" },
		{ "(" LOG "(('6-0' ('o' 'r' 'a' '192.0.2.1' 's' '100')))))",
		    "6-0 login 192.0.2.1 100;", "6-0", "5-0" },
		{ "(" LOG "(('6-0' ('o' 'r' 'a' '192.0.2.1' 's' '100')) "
		  "('6-1' ('s' '101' 'new' 'x' 'a' '2001:db8::1' 'o' 'r'))))"
		  " " ORDERS "(('7-0' ('o' 'd' 'a' '192.0.2.1' 's' '102')) "
		  "('8-0' ('o' 'a' 'a' '192.0.2.2' 's' '103')))))",
		    "6-0 login 192.0.2.1 100;6-1 login 2001:db8::1 101;7-0 delete 192.0.2.1 102;"
		    "8-0 add 192.0.2.2 103;",
		    "6-1", "8-0" },
		/* of a kind that is not known, or not of this stream */
		{ "(" LOG "(('6-0' ('o' 'x' 'a' '192.0.2.1' 's' '100')))))", "", "6-0", "5-0" },
		{ "(" LOG "(('6-0' ('o' 'd' 'a' '192.0.2.1' 's' '100')))))", "", "6-0", "5-0" },
		{ "(" LOG "(('6-0' ('o' 'a' 'a' '192.0.2.1' 's' '100')))))", "", "6-0", "5-0" },
		{ "(" ORDERS "(('6-0' ('o' 'r' 'a' '192.0.2.1' 's' '100')))))", "", "5-0", "6-0" },
		{ "(" LOG "(('6-0' ('a' '192.0.2.1' 's' '100')))))", "", "6-0", "5-0" },
		{ "(" LOG "(('6-0' ()))))", "", "6-0", "5-0" },
		{ "(" LOG "(('6-0' ~))))", "", "6-0", "5-0" },
		{ "(" LOG "(('6-0'))))", "", "6-0", "5-0" },
		/* a login without an address or a time is for others to
		 * judge */
		{ "(" LOG "(('6-0' ('o' 'r')))))", "6-0 login  -1;", "6-0", "5-0" },
		{ "(" LOG "(('6-0' ('o' 'r' 'a' '192.0.2.1' 's' '-3')))))",
		    "6-0 login 192.0.2.1 -1;", "6-0", "5-0" },
		{ "(" LOG "(('6-0' ('o' 'r' 'a' '192.0.2.1' 's' '9223372036854775807')))))",
		    "6-0 login 192.0.2.1 -1;", "6-0", "5-0" },
		{ "(" LOG "(('6-0' ('o' 'r' 'a' '192.0.2.1' 's' '99999999999999999999')))))",
		    "6-0 login 192.0.2.1 -1;", "6-0", "5-0" },
		{ "(" LOG "(('6-0' ('o' 'r' 'a' '" /* longer than any address */
		  "1234:1234:1234:1234:1234:1234:1234:1234:1234:1234' 's' '100')))))",
		    "6-0 login  100;", "6-0", "5-0" },
		/* an order without a time is none */
		{ "(" ORDERS "(('6-0' ('o' 'd' 'a' '192.0.2.1' 's' 'soon')))))", "", "5-0", "6-0" },
	};
	static struct entrylist list;
	const struct streamid at = { 5, 0 };
	char login[STREAMID_SIZE], order[STREAMID_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		redisReply *answer = answer_of(cases[i].answer);

		if (!entrylist_read(&list, answer, &at, &at) ||
		    strcmp(in_words(&list), cases[i].entries) != 0 ||
		    strcmp(streamid_format(&list.last_login, login), cases[i].last_login) != 0 ||
		    strcmp(streamid_format(&list.last_order, order), cases[i].last_order) != 0)
			fail_msg("%s: %s", cases[i].answer, in_words(&list));
		freeReplyObject(answer);
	}
}

static void refused(void **state)
{
	static const char *const answers[] = { "?", "()", "'text'", ":1", "(~)", "(())",
		"('" KEY_LOG "' ())", "(('other' ()))", "((:1 ()))", "((" LOG "()) ()))",
		"(" LOG "()) " ORDERS "()) " LOG "()))",
		/* names that do not grow: it would be read for ever */
		"(" LOG "(('5-0' ('o' 'r')))))", "(" LOG "(('4-9' ('o' 'r')))))",
		"(" LOG "(('7-0' ('o' 'r')) ('7-0' ('o' 'r')))))",
		"(" LOG "(('7-0' ('o' 'r')) ('6-0' ('o' 'r')))))",
		"(" LOG "(('6-0' ('o' 'r')))) " LOG "(('6-0' ('o' 'r')))))",
		/* no names */
		"(" LOG "((:6 ('o' 'r')))))", "(" LOG "(('six' ('o' 'r')))))",
		"(" LOG "(('6' ('o' 'r')))))", "(" LOG "(~)))", "(" LOG "(())))",
		"(" LOG "('6-0')))" };
	static struct entrylist list;
	const struct streamid at = { 5, 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		redisReply *answer = answer_of(answers[i]);

		if (entrylist_read(&list, answer, &at, &at))
			fail_msg("%s: %s", answers[i], in_words(&list));
		freeReplyObject(answer);
	}
	assert_false(entrylist_read(&list, NULL, &at, &at));
}

/* More than was asked for. */
static void too_many(void **state)
{
	static struct entrylist list;
	const struct streamid at = { 0, 0 };

	(void)state;
	for (int count = ENTRYLIST_MAX; count <= ENTRYLIST_MAX + 1; count++) {
		redisReply *answer;
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		assert_non_null(out);
		fputs("(" LOG "(", out);
		for (int i = 1; i <= count; i++)
			fprintf(out, "('%d-0' ('o' 'r'))", i);
		fputs(")))", out);
		fclose(out);
		answer = answer_of(text);
		assert_int_equal(entrylist_read(&list, answer, &at, &at), count == ENTRYLIST_MAX);
		assert_int_equal(list.count, ENTRYLIST_MAX);
		freeReplyObject(answer);
		free(text);
	}
}

static void numbers(void **state)
{
	static const struct {
		const char *answer;
		int64_t number; /* -1: none */
	} cases[] = {
		{ ":0", 0 },
		{ ":7", 7 },
		{ ":-7", -1 },
		{ "'7'", 7 },
		{ "'007'", 7 },
		{ "'9223372036854775799'", INT64_C(9223372036854775799) },
		{ "'9223372036854775808'", -1 },
		{ "''", -1 },
		{ "'-7'", -1 },
		{ "'+7'", -1 },
		{ "' 7'", -1 },
		{ "'7.0'", -1 },
		{ "~", -1 },
		{ "?", -1 },
		{ "('7')", -1 },
	};
	int64_t number;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		redisReply *answer = answer_of(cases[i].answer);
		bool is = answer_number(answer, &number);

		if (is != (cases[i].number >= 0) || (is && number != cases[i].number))
			fail_msg("%s: %lld", cases[i].answer, (long long)number);
		freeReplyObject(answer);
	}
	assert_false(answer_number(NULL, &number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken),
		cmocka_unit_test(refused),
		cmocka_unit_test(too_many),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests_name("entrylist", tests, NULL, NULL);
}
