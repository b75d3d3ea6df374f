/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_daemon_loop.c - descriptors, timers and signals, with both ways to wait
 */
#include "loop.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FAR_MS 600000 /* a timer that must not be waited for */

static struct loop *loop;
static char seen[64]; /* what the handlers did, a letter each */

static void note(char what)
{
	size_t n = strlen(seen);

	assert_true(n + 1 < sizeof seen);
	seen[n] = what;
	seen[n + 1] = '\0';
}

static void on_ready(int fd, unsigned ready, void *arg)
{
	char byte;

	note((ready & LOOP_READ) != 0 ? 'r' : 'w');
	if ((ready & LOOP_READ) != 0)
		assert_int_equal(read(fd, &byte, 1), 1);
	if (arg != NULL)
		loop_fd_want(*(struct loop_fd **)arg, 0);
}

static void on_time(void *arg)
{
	note(*(const char *)arg);
	if (*(const char *)arg == 's')
		loop_stop(loop);
}

static void on_number(int number, void *arg)
{
	(void)arg;
	note(number == SIGUSR1 ? '1' : 'h');
	loop_stop(loop);
}

static int make_loop(void **state)
{
	*seen = '\0';
	loop = loop_new(*state != NULL);
	return loop == NULL;
}

static int free_loop(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void descriptors(void **state)
{
	int ends[2];
	struct loop_fd *in, *out;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	in = loop_fd_new(loop, ends[0], on_ready, NULL);
	out = loop_fd_new(loop, ends[1], on_ready, &out);
	assert_non_null(in);
	assert_non_null(out);
	assert_true(loop_wait(loop, 0));
	assert_true(loop_fd_want(in, LOOP_READ));
	assert_true(loop_wait(loop, 0));
	assert_string_equal(seen, "");
	assert_true(loop_fd_want(out, LOOP_WRITE));
	assert_true(loop_wait(loop, FAR_MS));
	assert_string_equal(seen, "w");
	/* its handler wanted no more of it */
	assert_true(loop_wait(loop, 0));
	assert_string_equal(seen, "w");
	assert_int_equal(write(ends[1], "ab", 2), 2);
	assert_true(loop_wait(loop, FAR_MS));
	assert_true(loop_wait(loop, FAR_MS));
	assert_string_equal(seen, "wrr");
	assert_true(loop_fd_want(in, 0));
	assert_int_equal(write(ends[1], "c", 1), 1);
	assert_true(loop_wait(loop, 1));
	assert_string_equal(seen, "wrr");
	loop_fd_free(in);
	loop_fd_free(out);
	loop_fd_free(NULL);
	close(ends[0]);
	close(ends[1]);
}

static void on_ready_only(int fd, unsigned ready, void *arg)
{
	(void)fd, (void)ready;
	++*(int *)arg;
}

/* A handler that leaves what is there is called once in a wait, not for
 * ever. */
static void left_alone(void **state)
{
	struct loop_fd *in;
	int ends[2], count = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	in = loop_fd_new(loop, ends[0], on_ready_only, &count);
	assert_true(loop_fd_want(in, LOOP_READ));
	assert_true(loop_wait(loop, 0));
	assert_int_equal(count, 1);
	assert_true(loop_wait(loop, FAR_MS));
	assert_int_equal(count, 2);
	loop_fd_free(in);
	close(ends[0]);
	close(ends[1]);
}

static void timers(void **state)
{
	struct loop_timer *a = loop_timer_new(loop, on_time, (char[]){ "a" });
	struct loop_timer *b = loop_timer_new(loop, on_time, (char[]){ "b" });
	struct loop_timer *stop = loop_timer_new(loop, on_time, (char[]){ "s" });

	(void)state;
	loop_timer_set(b, 2);
	loop_timer_set(a, FAR_MS);
	loop_timer_set(a, 1);
	loop_timer_set(stop, 20);
	assert_true(loop_run(loop));
	assert_string_equal(seen, "abs");
	/* once each, and not at all when it was stopped */
	loop_timer_set(a, 1);
	loop_timer_stop(a);
	loop_timer_set(stop, 5);
	assert_true(loop_run(loop));
	assert_string_equal(seen, "abss");
	loop_timer_free(a);
	loop_timer_free(b);
	loop_timer_free(stop);
	loop_timer_free(NULL);
}

static void signals(void **state)
{
	(void)state;
	assert_true(loop_signal(loop, SIGUSR1, on_number, NULL));
	assert_true(loop_signal(loop, SIGHUP, on_number, NULL));
	raise(SIGHUP);
	assert_true(loop_run(loop));
	raise(SIGUSR1);
	assert_true(loop_wait(loop, FAR_MS));
	assert_string_equal(seen, "h1");
}

/* A regular file is always ready; epoll(7) would not have it. */
static void regular_file(void **state)
{
	FILE *file = tmpfile();
	struct loop_fd *in;

	(void)state;
	assert_non_null(file);
	assert_true(fputs("x", file) >= 0 && fflush(file) == 0);
	rewind(file);
	in = loop_fd_new(loop, fileno(file), on_ready, NULL);
	assert_true(loop_fd_want(in, LOOP_READ));
	assert_true(loop_wait(loop, FAR_MS));
	assert_string_equal(seen, "r");
	loop_fd_free(in);
	fclose(file);
}

int main(void)
{
	static char any_file;
#define WITH(name, state)                                                                          \
	cmocka_unit_test_prestate_setup_teardown(name, make_loop, free_loop, state)
	const struct CMUnitTest tests[] = {
		WITH(descriptors, NULL),
		WITH(descriptors, &any_file),
		WITH(left_alone, NULL),
		WITH(left_alone, &any_file),
		WITH(timers, NULL),
		WITH(timers, &any_file),
		WITH(signals, NULL),
		WITH(signals, &any_file),
		WITH(regular_file, &any_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
