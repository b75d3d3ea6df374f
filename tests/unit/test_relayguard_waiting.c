/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_waiting.c - who waits for news (waiting.h)
 */
#include "loop.h"
#include "waiting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CROWD 5000

static struct loop *loop;
static struct waiting *waiting;
static struct waiter crowd[CROWD];
static size_t called[CROWD]; /* how often each was */
static size_t calls, calls_before_socket;

static void count(void *arg)
{
	const struct waiter *waiter = arg;

	called[waiter - crowd]++;
	calls++;
}

static int start(void **state)
{
	(void)state;
	memset(crowd, 0, sizeof crowd);
	memset(called, 0, sizeof called);
	calls = calls_before_socket = 0;
	loop = loop_new(false);
	waiting = loop != NULL ? waiting_new(loop) : NULL;
	for (size_t i = 0; i < CROWD; i++) {
		crowd[i].again = count;
		crowd[i].arg = &crowd[i];
	}
	return waiting == NULL;
}

static int stop(void **state)
{
	(void)state;
	waiting_free(waiting);
	loop_free(loop);
	return 0;
}

/* Until nothing is left to do. */
static void settle(void)
{
	size_t before;

	do {
		before = calls;
		assert_true(loop_wait(loop, 0));
	} while (calls > before);
}

static void begin(size_t count)
{
	for (size_t i = 0; i < count; i++)
		waiting_begin(waiting, &crowd[i]);
}

static void one_or_all(void **state)
{
	(void)state;
	begin(3);
	waiting_begin(waiting, &crowd[1]); /* waits already */
	waiting_news(waiting, &crowd[1]);
	assert_int_equal(calls, 0); /* never inside of the call */
	settle();
	assert_int_equal(calls, 1);
	assert_int_equal(called[1], 1);
	/* twice the news is one call; who does not wait has none */
	waiting_news(waiting, NULL);
	waiting_news(waiting, &crowd[0]);
	waiting_news(waiting, &crowd[3]);
	settle();
	assert_int_equal(calls, 4);
	/* who ends before the call is not called */
	waiting_news(waiting, NULL);
	waiting_end(&crowd[2]);
	waiting_end(&crowd[2]);
	waiting_end(&crowd[3]);
	settle();
	assert_int_equal(called[2], 1);
	assert_int_equal(calls, 6);
	/* and comes again without the old news */
	waiting_begin(waiting, &crowd[2]);
	settle();
	assert_int_equal(calls, 6);
	waiting_news(waiting, &crowd[2]);
	settle();
	assert_int_equal(called[2], 2);
}

/* The first that is called ends itself and the next, and has news for the
 * last. */
static void end_others(void *arg)
{
	count(arg);
	waiting_end(&crowd[0]);
	waiting_end(&crowd[1]);
	waiting_news(waiting, &crowd[3]);
}

static void changes_meanwhile(void **state)
{
	(void)state;
	begin(4);
	crowd[0].again = end_others;
	waiting_news(waiting, &crowd[0]);
	waiting_news(waiting, &crowd[1]);
	waiting_news(waiting, &crowd[2]);
	settle();
	assert_int_equal(called[0], 1);
	assert_int_equal(called[1], 0);
	assert_int_equal(called[2], 1);
	assert_int_equal(called[3], 1);
	waiting_news(waiting, NULL);
	settle();
	assert_int_equal(calls, 5);
}

static void on_socket(int fd, unsigned ready, void *arg)
{
	char byte;

	(void)ready;
	(void)arg;
	assert_int_equal(read(fd, &byte, 1), 1);
	calls_before_socket = calls;
}

/* News for thousands: a socket that becomes ready does not wait for all of
 * them, and each is called. */
static void crowded(void **state)
{
	struct loop_fd *watched;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	watched = loop_fd_new(loop, ends[0], on_socket, NULL);
	assert_non_null(watched);
	assert_true(loop_fd_want(watched, LOOP_READ));
	begin(CROWD);
	waiting_news(waiting, NULL);
	assert_true(loop_wait(loop, 0));
	assert_int_equal(write(ends[1], "", 1), 1);
	settle();
	assert_int_equal(calls, CROWD);
	for (size_t i = 0; i < CROWD; i++)
		assert_int_equal(called[i], 1);
	assert_in_range(calls_before_socket, 1, CROWD / 10);
	loop_fd_free(watched);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_or_all, start, stop),
		cmocka_unit_test_setup_teardown(changes_meanwhile, start, stop),
		cmocka_unit_test_setup_teardown(crowded, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
