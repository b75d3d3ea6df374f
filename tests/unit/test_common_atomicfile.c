/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_atomicfile.c - files that are read whole and replaced whole
 */
#include "atomicfile.h"

#include <errno.h>
#include <fcntl.h>
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

static char directory[] = "/tmp/test_atomicfile.XXXXXX";
static char path[64], temporary[72], linked[64];

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/file", directory);
	snprintf(temporary, sizeof temporary, "%s.tmp", path);
	snprintf(linked, sizeof linked, "%s/link", directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(temporary);
	unlink(linked);
	return rmdir(directory);
}

static void expect(const char *text)
{
	size_t size;
	char *found = atomicfile_read(path, 64, &size);

	assert_non_null(found);
	assert_int_equal(size, strlen(text));
	assert_string_equal(found, text);
	free(found);
}

static void replaced(void **state)
{
	struct stat st;

	(void)state;
	umask(077);
	assert_int_equal(atomicfile_write(path, "one", 3, 0644), 0);
	expect("one");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	/* what an earlier crash left is not in the way */
	assert_int_equal(symlink("/nowhere", temporary), 0);
	assert_int_equal(atomicfile_write(path, "", 0, 0600), 0);
	expect("");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_not_equal(access(temporary, F_OK), 0);
}

/* A failure leaves what was there. */
static void failures(void **state)
{
	(void)state;
	assert_int_equal(atomicfile_write(path, "one", 3, 0600), 0);
	assert_int_equal(mkdir(temporary, 0700), 0);
	assert_int_equal(atomicfile_write(path, "two", 3, 0600), -1);
	expect("one");
	assert_int_equal(rmdir(temporary), 0);
	errno = 0;
	assert_int_equal(atomicfile_write("/nowhere/at/all", "x", 1, 0600), -1);
	assert_int_equal(errno, ENOENT);
}

static void refused(void **state)
{
	size_t size;

	(void)state;
	assert_int_equal(atomicfile_write(path, "12345", 5, 0600), 0);
	assert_null(atomicfile_read(path, 4, &size));
	assert_int_equal(errno, EFBIG);
	assert_null(atomicfile_read(directory, 64, &size));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(symlink(path, linked), 0);
	assert_null(atomicfile_read(linked, 64, &size));
	assert_int_equal(errno, ELOOP);
	assert_int_equal(unlink(linked), 0);
	/* a fifo does not hold us up */
	assert_int_equal(mkfifo(linked, 0600), 0);
	assert_null(atomicfile_read(linked, 64, &size));
	assert_int_equal(errno, EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaced),
		cmocka_unit_test(failures),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
