/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaymirror_orders.c - which order on an address is the last, and
 * which are to be sent (orders.h)
 */
#include "orders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define A "192.0.2.7"
#define B "2001:db8::7"

static struct order order(enum order_kind kind, int64_t stamp, uint64_t ms)
{
	return (struct order){ .address = A, .kind = kind, .stamp = stamp, .id = { ms, 0 } };
}

static void last_word(void **state)
{
	struct orders *orders = orders_new();
	struct order delete = order(ORDER_DELETE, 100, 100500), add = order(ORDER_ADD, 100, 100600);
	struct order late = order(ORDER_DELETE, 90, 300000);

	(void)state;
	assert_true(orders_take(orders, &delete));
	assert_false(orders_take(orders, &delete));
	assert_true(orders_cover(orders, A, 100));
	assert_true(orders_cover(orders, A, 100 + AHEAD_MAX));
	assert_false(orders_cover(orders, A, 100 + AHEAD_MAX + 1));
	assert_false(orders_cover(orders, B, 100));
	/* two administrators within a second: the name in the stream decides */
	assert_true(orders_take(orders, &add));
	assert_false(orders_take(orders, &delete));
	assert_false(orders_cover(orders, A, 100));
	/* one that waited for the engine is as old as it is */
	assert_false(orders_take(orders, &late));
	assert_false(orders_cover(orders, A, 90));
	/* its own is the last of its second, until a later one comes */
	assert_true(orders_give(orders, A, ORDER_DELETE, 100));
	assert_false(orders_take(orders, &add));
	assert_non_null(orders_unsent(orders));
	add = order(ORDER_ADD, 101, 101000);
	assert_true(orders_take(orders, &add));
	assert_null(orders_unsent(orders));
	orders_forget(orders, 101 + ORDERS_KEPT);
	assert_int_equal(orders_count(orders), 1);
	orders_forget(orders, 102 + ORDERS_KEPT);
	assert_int_equal(orders_count(orders), 0);
	orders_free(orders);
}

static void sending_orders(void **state)
{
	struct orders *orders = orders_new();
	const struct order *unsent;
	struct order sent;

	(void)state;
	assert_null(orders_unsent(orders));
	assert_true(orders_give(orders, A, ORDER_DELETE, 100));
	assert_true(orders_give(orders, B, ORDER_ADD, 100));
	unsent = orders_unsent(orders);
	assert_string_equal(unsent->address, A);
	sent = order(ORDER_DELETE, 99, 0); /* an earlier one */
	assert_false(orders_sent(orders, &sent, &(struct streamid){ 100100, 0 }));
	assert_string_equal(orders_unsent(orders)->address, A);
	sent.stamp = 100;
	assert_true(orders_sent(orders, &sent, &(struct streamid){ 100100, 0 }));
	sent = *orders_unsent(orders);
	assert_string_equal(sent.address, B);
	/* while it is under way, in the same second: one more, and a third */
	assert_true(orders_give(orders, B, ORDER_DELETE, 100));
	assert_false(orders_sent(orders, &sent, &(struct streamid){ 100200, 0 }));
	unsent = orders_unsent(orders);
	assert_non_null(unsent);
	assert_int_equal(unsent->kind, ORDER_DELETE);
	assert_true(orders_give(orders, B, ORDER_ADD, 100));
	assert_true(orders_sent(orders, &sent, &(struct streamid){ 100200, 0 }));
	assert_null(orders_unsent(orders));
	/* at a new engine: deletes alone */
	orders_send_again(orders);
	sent = *orders_unsent(orders);
	assert_string_equal(sent.address, A);
	assert_true(orders_sent(orders, &sent, &(struct streamid){ 900000, 0 }));
	assert_null(orders_unsent(orders));
	orders_free(orders);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_word),
		cmocka_unit_test(sending_orders),
	};

	return cmocka_run_group_tests_name("orders", tests, NULL, NULL);
}
