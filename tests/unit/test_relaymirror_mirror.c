/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaymirror_mirror.c - what becomes of each login and order, one case
 * each (mirror.h, ledger.h)
 *
 * long: a host that knows as many addresses as it may
 */
#include "ledger.h"
#include "mirror.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOW INT64_C(1795175258)
#define A "192.0.2.7"
#define B "2001:db8::7"

static struct netset no_nets;

static struct order order(enum order_kind kind, int64_t stamp, uint64_t ms)
{
	return (struct order){ .address = A, .kind = kind, .stamp = stamp, .id = { ms, 0 } };
}

static struct mirror *mirror_of(bool publish, bool subscribe)
{
	struct mirror_settings settings = { publish, subscribe, 3600, &no_nets };
	struct mirror *mirror = mirror_new(&settings, NOW);

	assert_non_null(mirror);
	return mirror;
}

struct gathered {
	size_t count;
	char text[8][80];
};

static void on_change(const char *address, bool delete, int64_t stamp, void *arg)
{
	struct gathered *gathered = arg;

	snprintf(gathered->text[gathered->count++], sizeof gathered->text[0], "%s %s %lld",
	    delete ? "delete" : "record", address, (long long)(stamp - NOW));
}

static void ignore_change(const char *address, bool delete, int64_t stamp, void *arg)
{
	(void)address, (void)delete, (void)stamp, (void)arg;
}

static void on_unsent(const char *address, int64_t stamp, void *arg)
{
	struct gathered *gathered = arg;

	snprintf(gathered->text[gathered->count++], sizeof gathered->text[0], "%s %lld", address,
	    (long long)(stamp - NOW));
}

/* What the database is told, which is done then; COUNT lines. */
static void assert_changes(struct mirror *mirror, const struct moment *now, size_t count, ...)
{
	struct gathered gathered = { .count = 0 };
	size_t addresses = mirror_changes(mirror, 4, now, on_change, &gathered);
	va_list lines;

	assert_int_equal(gathered.count, count);
	va_start(lines, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(gathered.text[i], va_arg(lines, const char *));
	va_end(lines);
	mirror_committed(mirror, addresses);
	assert_int_equal(mirror_changes(mirror, 4, now, on_change, &gathered), 0);
}

static void assert_unsent(struct mirror *mirror, const struct moment *now, const char *line)
{
	struct gathered gathered = { .count = 0 };

	mirror_unsent(mirror, 4, now, on_unsent, &gathered);
	assert_int_equal(gathered.count, line != NULL);
	if (line != NULL)
		assert_string_equal(gathered.text[0], line);
}

static void scan(struct mirror *mirror, int64_t stamp, const struct moment *now)
{
	mirror_scan_begin(mirror);
	if (stamp >= 0)
		mirror_local(mirror, A, stamp, now);
	mirror_scan_end(mirror);
}

/* 600 s ahead, and later put right: a stamp is what it was. */
static void clocks(void **state)
{
	const struct moment ahead = { NOW + 600, NOW }, right = { NOW + 100, NOW + 100 };
	const struct moment much_later = { NOW + 700, NOW + 700 };
	struct mirror *mirror = mirror_of(true, true);

	(void)state;
	scan(mirror, NOW + 600, &ahead);
	assert_unsent(mirror, &ahead, A " 0");
	scan(mirror, NOW + 600, &right);
	assert_unsent(mirror, &right, A " 0");
	mirror_sent(mirror, A, NOW);
	scan(mirror, NOW + 600, &much_later);
	assert_unsent(mirror, &much_later, NULL);
	/* one that nobody has seen before is in the future, and stays
	 * refused */
	scan(mirror, NOW + 690, &right);
	assert_unsent(mirror, &right, NULL);
	assert_int_equal(mirror_tally(mirror)->local_future, 1);
	scan(mirror, NOW + 690, &much_later);
	assert_unsent(mirror, &much_later, NULL);
	scan(mirror, NOW + 700, &much_later);
	assert_unsent(mirror, &much_later, A " 700");
	mirror_free(mirror);
}

static void no_publishing_from_an_hour(void **state)
{
	struct moment off = { NOW + OFFSET_MAX, NOW };
	struct mirror *mirror = mirror_of(true, false);

	(void)state;
	scan(mirror, NOW + OFFSET_MAX, &off);
	assert_unsent(mirror, &off, NULL);
	off.local--;
	assert_unsent(mirror, &off, A " 0");
	mirror_free(mirror);
}

static void no_echo(void **state)
{
	const struct moment now = { NOW - 600, NOW }, slower = { NOW - 601, NOW };
	struct mirror *mirror = mirror_of(true, true);

	(void)state;
	assert_int_equal(mirror_remote(mirror, "::ffff:" A, NOW - 10, NOW, &now), REMOTE_WRITTEN);
	assert_int_equal(mirror_remote(mirror, A, NOW - 10, NOW, &now), REMOTE_KNOWN);
	assert_changes(mirror, &now, 1, "record " A " -610");
	for (int64_t late = 0; late <= SAME_MAX; late++) {
		scan(mirror, NOW - 610 + late, &slower);
		assert_unsent(mirror, &slower, NULL);
	}
	scan(mirror, NOW - 610 + SAME_MAX + 1, &now);
	assert_unsent(mirror, &now, A " -7");
	mirror_free(mirror);
}

static void vanished(void **state)
{
	const struct moment now = { NOW, NOW };
	struct mirror *mirror = mirror_of(true, true);

	(void)state;
	mirror_remote(mirror, A, NOW - 10, NOW, &now);
	assert_changes(mirror, &now, 1, "record " A " -10");
	scan(mirror, NOW - 10, &now);
	scan(mirror, -1, &now);
	assert_int_equal(mirror_remote(mirror, A, NOW - 10, NOW, &now), REMOTE_KNOWN);
	assert_changes(mirror, &now, 0);
	assert_int_equal(mirror_remote(mirror, A, NOW - 9, NOW, &now), REMOTE_WRITTEN);
	assert_changes(mirror, &now, 1, "record " A " -9");
	mirror_free(mirror);
}

static void refused(void **state)
{
	static const struct {
		const char *address;
		int64_t stamp, told;
		enum verdict_remote expected;
	} cases[] = {
		{ A, NOW + AHEAD_MAX, NOW, REMOTE_WRITTEN },
		{ A, NOW + AHEAD_MAX + 1, NOW, REMOTE_FUTURE },
		{ A, NOW, NOW - AHEAD_MAX - 1, REMOTE_FUTURE },
		{ A, INT64_MAX, NOW, REMOTE_FUTURE },
		{ A, NOW - 3600, NOW, REMOTE_WRITTEN },
		{ A, NOW - 3601, NOW, REMOTE_OLD },
		{ A, 0, NOW, REMOTE_OLD },
		{ A, -1, NOW, REMOTE_BAD },
		{ A, INT64_MIN, NOW, REMOTE_BAD },
		{ "192.0.2.0/24", NOW, NOW, REMOTE_BAD },
		{ "192.0.2", NOW, NOW, REMOTE_BAD },
		{ "", NOW, NOW, REMOTE_BAD },
		{ "10.9.9.9", NOW, NOW, REMOTE_IGNORED },
		{ "::ffff:10.9.9.9", NOW, NOW, REMOTE_IGNORED },
	};
	const struct moment now = { NOW + 40, NOW };
	struct netset ignore = { NULL, 0 };

	(void)state;
	assert_int_equal(netset_add_text(&ignore, "10.0.0.0/8"), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mirror_settings settings = { true, true, 3600, &ignore };
		struct mirror *mirror = mirror_new(&settings, NOW);

		if (mirror_remote(mirror, cases[i].address, cases[i].stamp, cases[i].told, &now) !=
		    cases[i].expected)
			fail_msg("%zu: %s", i, cases[i].address);
		mirror_local(mirror, "10.9.9.9", NOW, &now);
		assert_int_equal(mirror_backlog(mirror), 0);
		mirror_free(mirror);
	}
	netset_clear(&ignore);
}

static void name_address(size_t n, char address[32])
{
	snprintf(address, 32, "10.%zu.%zu.%zu", n >> 16, n >> 8 & 255, n & 255);
}

/* What an engine, or this host's own file, can make it keep has an end. */
static void full(void **state)
{
	const struct moment now = { NOW, NOW }, later = { NOW + 7201, NOW + 7201 };
	const char *const at_length = getenv("LONG");
	struct mirror *mirror;
	char address[32];

	(void)state;
	/* takes seconds, and half a gigabyte */
	if (at_length == NULL || *at_length == '\0')
		skip();
	mirror = mirror_of(true, true);
	for (size_t i = 0; i < LEDGER_MAX; i++) {
		assert_false(mirror_is_full(mirror));
		name_address(i, address);
		if (mirror_remote(mirror, address, NOW, NOW, &now) != REMOTE_WRITTEN)
			fail_msg("%zu", i);
	}
	assert_true(mirror_is_full(mirror));
	assert_int_equal(mirror_remote(mirror, A, NOW, NOW, &now), REMOTE_FULL);
	mirror_local(mirror, A, NOW, &now);
	assert_int_equal(mirror_tally(mirror)->local_full, 1);
	assert_unsent(mirror, &now, NULL);
	/* those that are known go on */
	name_address(7, address);
	assert_int_equal(mirror_remote(mirror, address, NOW + 1, NOW, &now), REMOTE_WRITTEN);
	/* none of them was ever in the database: it is given up when too old */
	while (mirror_changes(mirror, 2000, &later, ignore_change, NULL) > 0)
		;
	mirror_forget(mirror, &later);
	assert_false(mirror_is_full(mirror));
	assert_int_equal(mirror_rows(mirror), 1);
	mirror_free(mirror);
}

static void without_state(void **state)
{
	const struct moment now = { NOW, NOW };
	struct mirror *both = mirror_of(true, true), *pop = mirror_of(true, false);

	(void)state;
	scan(both, NOW - 1, &now);
	assert_unsent(both, &now, NULL);
	scan(pop, NOW - 1, &now);
	assert_unsent(pop, &now, A " -1");
	scan(both, NOW + 3, &now);
	assert_unsent(both, &now, A " 3");
	mirror_free(both);
	mirror_free(pop);
}

static void deleted(void **state)
{
	const struct moment now = { NOW, NOW }, later = { NOW + 60, NOW + 60 };
	struct order delete = order(ORDER_DELETE, NOW, NOW * 1000);
	struct order add = order(ORDER_ADD, NOW, NOW * 1000 + 1);
	struct mirror *mirror = mirror_of(true, true);

	(void)state;
	/* under way to the database, in it, and of this host */
	mirror_remote(mirror, A, NOW - 10, NOW, &now);
	assert_true(mirror_order(mirror, &delete, &now));
	assert_changes(mirror, &now, 0);
	mirror_local(mirror, A, NOW - 5, &now);
	assert_unsent(mirror, &now, NULL);
	assert_changes(mirror, &now, 1, "delete " A " -5");
	assert_int_equal(mirror_remote(mirror, A, NOW - 1, NOW, &now), REMOTE_DELETED);
	/* the row is still there, and a later add follows */
	mirror_local(mirror, A, NOW - 5, &now);
	mirror_order(mirror, &add, &now);
	assert_changes(mirror, &now, 2, "delete " A " -5", "record " A " 0");
	/* a new login counts, whatever was deleted before */
	mirror_give_order(mirror, A, ORDER_DELETE, &now);
	mirror_local(mirror, A, NOW, &now);
	mirror_local(mirror, A, NOW + 60, &later);
	assert_unsent(mirror, &later, A " 60");
	assert_changes(mirror, &later, 0);
	mirror_free(mirror);
}

/* Logins every two seconds are not one for ever, of which the first was
 * deleted. */
static void logins_after_a_delete(void **state)
{
	const struct moment now = { NOW, NOW }, later = { NOW + 10, NOW + 10 };
	struct mirror *mirror = mirror_of(true, false);

	(void)state;
	mirror_give_order(mirror, A, ORDER_DELETE, &now);
	for (int64_t stamp = NOW; stamp <= NOW + AHEAD_MAX; stamp += 2) {
		char expected[64];

		snprintf(expected, sizeof expected, "delete " A " %lld", (long long)(stamp - NOW));
		mirror_local(mirror, A, stamp, &later);
		assert_changes(mirror, &later, 1, expected);
	}
	mirror_local(mirror, A, NOW + 6, &later);
	assert_changes(mirror, &later, 0);
	assert_unsent(mirror, &later, A " 6");
	mirror_free(mirror);
}

static void new_engine(void **state)
{
	struct engine_facts facts = { .identity = "one", .log = { { 1, 0 }, { 5, 0 } } };
	const struct moment now = { NOW, NOW };
	struct mirror *mirror = mirror_of(true, true);

	(void)state;
	assert_int_equal(mirror_meet(mirror, &facts), CONTINUITY_NEW_ENGINE);
	scan(mirror, NOW, &now);
	mirror_remote(mirror, B, NOW, NOW, &now);
	mirror_sent(mirror, A, NOW);
	mirror_position(mirror)->log = facts.log.last;
	assert_int_equal(mirror_meet(mirror, &facts), CONTINUITY_KEPT);
	assert_unsent(mirror, &now, NULL);
	strcpy(facts.identity, "two");
	assert_int_equal(mirror_meet(mirror, &facts), CONTINUITY_NEW_ENGINE);
	assert_unsent(mirror, &now, A " 0");
	/* not read yet: all is read, also after a crash */
	assert_int_equal(mirror_meet(mirror, &facts), CONTINUITY_GAP);
	mirror_free(mirror);
}

static char *saved(struct mirror *mirror, bool all)
{
	static char *text; /* gcc 12 takes the string for the variable */
	static size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	mirror_save(mirror, all, out);
	fclose(out);
	return text;
}

static void load_all(struct mirror *mirror, const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;

	for (line = strsep(&rest, "\n"); rest != NULL; line = strsep(&rest, "\n")) {
		if (!mirror_load(mirror, line))
			fail_msg("%s", line);
	}
	free(copy);
}

static void saving(void **state)
{
	struct engine_facts facts = { .identity = "a b c", .log = { { 1, 0 }, { 5, 3 } } };
	const struct moment now = { NOW + 7, NOW };
	struct mirror *mirror = mirror_of(true, true), *again = mirror_of(true, true);
	char *text, *copy;

	(void)state;
	mirror_meet(mirror, &facts);
	mirror_position(mirror)->log = facts.log.last;
	mirror_scan_begin(mirror);
	mirror_local(mirror, A, NOW + 7, &now);
	mirror_local(mirror, "198.51.100.1", NOW + 700, &now);
	mirror_scan_end(mirror);
	mirror_remote(mirror, B, NOW - 9, NOW, &now);
	mirror_give_order(mirror, "203.0.113.1", ORDER_DELETE, &now);
	text = saved(mirror, true);
	load_all(again, text);
	copy = saved(again, true);
	assert_string_equal(text, copy);
	assert_non_null(strstr(text, "at 5-3 0-0 a b c\n"));
	free(copy);
	/* only what changed; a later line replaces an earlier one */
	copy = saved(mirror, false);
	assert_string_equal(copy, "");
	free(copy);
	mirror_sent(mirror, A, NOW);
	copy = saved(mirror, false);
	assert_non_null(strstr(copy, "row " A " "));
	assert_null(strstr(copy, B));
	load_all(again, copy);
	assert_unsent(again, &now, NULL);
	free(copy);
	free(text);
	mirror_free(mirror);
	mirror_free(again);
}

/* Killed after the commit and before its record: the row is no login of this
 * host. */
static void killed(void **state)
{
	const struct moment now = { NOW, NOW }, slower = { NOW, NOW - 2 };
	struct mirror *mirror = mirror_of(true, true), *again = mirror_of(true, true);
	char *text;

	(void)state;
	scan(mirror, NOW - 100, &now);
	mirror_sent(mirror, A, NOW - 100);
	mirror_remote(mirror, A, NOW - 10, NOW, &now);
	text = saved(mirror, true);
	load_all(again, text);
	free(text);
	scan(again, NOW - 10, &slower);
	assert_unsent(again, &slower, NULL);
	assert_changes(again, &now, 0);
	mirror_free(mirror);
	mirror_free(again);
}

static void bad_lines(void **state)
{
	static const char *const bad[] = { "", "row", "row ", "nothing 1", "row " A " 1 1 1",
		"row " A " 1 1 1 ----", "row " A " 1 1 1 ----- ", "row " A " 1 1 1 x----",
		"row " A " 1 1 1 -----x", "row " A " -1 1 1 -----",
		"row " A " 1 253402300800 1 -----", "row 192.0.2.0/24 1 1 1 -----",
		"row 192.0.2 1 1 1 -----", "order " A " d 1 1-1", "order " A " x 1 1-1 --",
		"order " A " d 1 1 --", "order " A " d 1 1-1 ---", "order " A " d 1 1-1 ou x",
		"order x d 1 1-1 --", "at", "at 1-1", "at 1-1 1-1", "at 1 1-1 x", "at 1-1 1 x" };
	struct mirror *mirror = mirror_of(true, true);
	char text[IDENTITY_SIZE + 32];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (mirror_load(mirror, bad[i]))
			fail_msg("%s", bad[i]);
	}
	snprintf(text, sizeof text, "at 1-1 1-1 %0*d", IDENTITY_SIZE, 0);
	assert_false(mirror_load(mirror, text));
	snprintf(text, sizeof text, "at 1-1 1-1 %0*d", IDENTITY_SIZE - 1, 0);
	assert_true(mirror_load(mirror, text));
	assert_int_equal(mirror_rows(mirror), 0);
	assert_int_equal(mirror_orders(mirror), 0);
	mirror_free(mirror);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks),
		cmocka_unit_test(no_publishing_from_an_hour),
		cmocka_unit_test(no_echo),
		cmocka_unit_test(vanished),
		cmocka_unit_test(refused),
		cmocka_unit_test(full),
		cmocka_unit_test(without_state),
		cmocka_unit_test(deleted),
		cmocka_unit_test(logins_after_a_delete),
		cmocka_unit_test(new_engine),
		cmocka_unit_test(saving),
		cmocka_unit_test(killed),
		cmocka_unit_test(bad_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
