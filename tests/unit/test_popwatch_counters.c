/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_counters.c - each counter stands under its own name
 * (counters.h)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "atomicfile.h"
#include "counters.h"
#include "listen.h"
#include "log.h"
#include "scratch.h"

static char path[96];

/* No number twice. */
static const struct line_tally lines = { .lines = 1001,
	.headless = 1002,
	.stranger = 1003,
	.timeless = 1004,
	.broken = 1005,
	.doubted = 1006 };
static const struct writer_tally writer = {
	.commits = 2001, .failures = 2002, .recorded = 2003, .expired = 2004
};
static const struct socket_tally sockets = {
	.logins = 3001, .strangers = 3002, .malformed = 3003, .flooded = 3004
};
static uint64_t verdicts[OCCASIONS][VERDICTS];
static struct stats stats;

static void complain(const char *sentence, void *arg)
{
	(void)arg;
	print_error("%s\n", sentence);
}

static int set_up(void **state)
{
	struct conf_errors errors = { .tell = complain };
	struct catalogue *catalogue = catalogue_load_text(
	    "pop", "[server]\ntags = pop\n[lines]\nlogin = ^login {ip}$\n", &errors);

	(void)state;
	if (catalogue == NULL || scratch_directory() != 0)
		return -1;
	snprintf(path, sizeof path, "%s/popwatch.prom", directory);
	catalogue_first(catalogue)->tally = (struct tally){ .lines = 4001,
		.role = { [ROLE_LOGIN] = 4002, [ROLE_FAIL] = 4003, [ROLE_LOGOUT] = 4004 },
		.doubted = 4005,
		.misses = 4006,
		.stopped = 4007 };
	for (unsigned i = 0; i < OCCASIONS; i++)
		for (unsigned j = 0; j < VERDICTS; j++)
			verdicts[i][j] = 5000 + 100 * i + j;
	stats = (struct stats){ .catalogue = catalogue,
		.lines = &lines,
		.verdicts = (const uint64_t(*)[VERDICTS])verdicts,
		.writer = &writer,
		.socket = &sockets,
		.sessions = 6001,
		.sessions_dropped = 6002,
		.files_open = 6003 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	catalogue_free((struct catalogue *)(uintptr_t)stats.catalogue);
	unlink(path);
	return rmdir(directory);
}

static void a_file_for_prometheus(void **state)
{
	static const char *const expected[] = {
		"popwatch_lines_total{result=\"read\"} 1001\n",
		"popwatch_lines_total{result=\"headless\"} 1002\n",
		"popwatch_lines_total{result=\"stranger\"} 1003\n",
		"popwatch_lines_total{result=\"timeless\"} 1004\n",
		"popwatch_lines_total{result=\"broken\"} 1005\n",
		"popwatch_lines_total{result=\"doubted\"} 1006\n",
		"popwatch_commits_total 2001\n",
		"popwatch_commit_failures_total 2002\n",
		"popwatch_expired_total 2004\n",
		"popwatch_datagrams_total{result=\"login\"} 3001\n",
		"popwatch_datagrams_total{result=\"stranger\"} 3002\n",
		"popwatch_datagrams_total{result=\"malformed\"} 3003\n",
		"popwatch_datagrams_total{result=\"flood\"} 3004\n",
		"popwatch_server_lines_total{server=\"pop\",means=\"login\"} 4002\n",
		"popwatch_server_lines_total{server=\"pop\",means=\"fail\"} 4003\n",
		"popwatch_server_lines_total{server=\"pop\",means=\"logout\"} 4004\n",
		"popwatch_server_near_misses_total{server=\"pop\"} 4006\n",
		"popwatch_server_stopped_total{server=\"pop\"} 4007\n",
		"popwatch_sessions 6001\n",
		"popwatch_sessions_dropped_total 6002\n",
		"popwatch_files_open 6003\n",
	};
	static const char *const occasions[] = { "logins", "refreshes", "logouts" };
	char line[128];
	size_t size;
	char *found;

	(void)state;
	assert_int_equal(stats_write(&stats, path), 0);
	found = atomicfile_read(path, 65536, &size);
	assert_non_null(found);
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		expect(found, expected[i]);
	for (unsigned i = 0; i < OCCASIONS; i++)
		for (unsigned j = 0; j < VERDICTS; j++) {
			snprintf(line, sizeof line, "popwatch_%s_total{verdict=\"%s\"} %u\n",
			    occasions[i], verdict_name((enum verdict)j), 5000 + 100 * i + j);
			expect(found, line);
		}
	free(found);
}

static void without_a_socket(void **state)
{
	struct stats fewer = stats;
	size_t size;
	char *found;

	(void)state;
	fewer.socket = NULL;
	assert_int_equal(stats_write(&fewer, path), 0);
	found = atomicfile_read(path, 65536, &size);
	assert_non_null(found);
	assert_null(strstr(found, "datagrams"));
	free(found);
	listen_begin();
	stats_log(&fewer);
	assert_null(strstr(listen_end(), "socket"));
}

static void lines_for_the_log(void **state)
{
	const char *said;

	(void)state;
	listen_begin();
	stats_log(&stats);
	said = listen_end();
	expect(said, "1001 lines (1003 of other programs, 1002 of another layout, 1004 without a "
		     "time, 1005 broken, 1006 doubted); ");
	expect(said, "; 2001 commits, 2002 failed; 6001 sessions, 6002 dropped\n");
	expect(said, "pop: 4001 lines, 4002 logins, 4004 logouts, 4003 failed logins, 4006 near "
		     "misses, 4005 not believed, 4007 matches stopped\n");
	expect(said, "socket: 3001 logins, 3002 of strangers, 3003 malformed, 3004 too many at "
		     "once\n");
}

static void what_cannot_be_written(void **state)
{
	(void)state;
	errno = 0;
	assert_int_equal(stats_write(&stats, "/nonexistent/directory/popwatch.prom"), -1);
	assert_int_equal(errno, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_for_prometheus),
		cmocka_unit_test(without_a_socket),
		cmocka_unit_test(lines_for_the_log),
		cmocka_unit_test(what_cannot_be_written),
	};

	log_open("popwatch", LOG_MAIL, LOG_INFO, LOG_NOWHERE);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
