/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_daemon_metrics.c - the text for Prometheus, byte by byte
 */
#include "metrics.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "atomicfile.h"

static char directory[] = "/tmp/test_metrics.XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/x.prom", directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void text(void **state)
{
	struct metrics *metrics = metrics_new("prog");
	struct stat st;
	size_t size;
	char *found;

	(void)state;
	metrics_begin(metrics, "lines_total", METRIC_COUNTER, "Lines.");
	metrics_value(metrics, 3, "server", "dovecot", "role", "login", (char *)NULL);
	metrics_value(metrics, UINT64_MAX, "server", "a\"b\\c\nd", (char *)NULL);
	metrics_single(metrics, "open", METRIC_GAUGE, "Open ones.", 0);
	assert_int_equal(metrics_write(metrics, path), 0);
	found = atomicfile_read(path, 4096, &size);
	assert_non_null(found);
	assert_string_equal(found,
	    "# HELP prog_lines_total Lines.\n"
	    "# TYPE prog_lines_total counter\n"
	    "prog_lines_total{server=\"dovecot\",role=\"login\"} 3\n"
	    "prog_lines_total{server=\"a\\\"b\\\\c\\nd\"} 18446744073709551615\n"
	    "# HELP prog_open Open ones.\n"
	    "# TYPE prog_open gauge\n"
	    "prog_open 0\n");
	free(found);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
}

static void failures(void **state)
{
	(void)state;
	errno = 0;
	assert_int_equal(metrics_write(metrics_new("prog"), "/nowhere/at/all"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(metrics_write(NULL, path), -1);
	assert_int_equal(errno, ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text),
		cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
