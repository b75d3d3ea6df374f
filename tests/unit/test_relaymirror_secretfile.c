/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaymirror_secretfile.c - whose files with passwords and keys are taken
 */
#include "secretfile.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define PLACE "/tmp/relayers-unit.XXXXXX"

static char directory[sizeof PLACE], file[64], other[64];

static int make_place(void **state)
{
	(void)state;
	strcpy(directory, PLACE);
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(file, sizeof file, "%s/secret", directory);
	snprintf(other, sizeof other, "%s/other", directory);
	return 0;
}

static int remove_place(void **state)
{
	(void)state;
	unlink(file);
	unlink(other);
	return rmdir(directory);
}

static void write_file(const char *text, mode_t mode)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(file, mode), 0);
}

static void assert_read(const char *text, mode_t mode, const char *expected, const char *reason)
{
	char why[120] = "", *got;

	write_file(text, mode);
	got = secretfile_read(file, why, sizeof why);
	if (expected != NULL) {
		assert_non_null(got);
		assert_string_equal(got, expected);
	} else {
		assert_null(got);
	}
	if (strstr(why, reason) == NULL)
		fail_msg("mode %o: %s", (unsigned)mode, why);
	free(got);
}

static void modes(void **state)
{
	static const mode_t shared[] = { 0640, 0604, 0644, 0620, 0602, 0610, 0601, 0660, 0777 };

	(void)state;
	assert_read("word\n", 0600, "word", "");
	assert_read("word\n", 0400, "word", "");
	for (size_t i = 0; i < COUNT(shared); i++)
		assert_read("word\n", shared[i], NULL, "expected mode 0600");
	assert_read("word\n", 0644, NULL, "(mode 0644)");
}

static void lines(void **state)
{
	char longest[1025], longer[1026];

	(void)state;
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	assert_read("word", 0600, "word", "");
	assert_read("word\r\nmore\n", 0600, "word", "");
	assert_read(" two words \n", 0600, " two words ", "");
	assert_read(longest, 0600, longest, "");
	assert_read(longer, 0600, NULL, "longer than a password");
	assert_read("", 0600, NULL, "first line is empty");
	assert_read("\nword\n", 0600, NULL, "first line is empty");
}

static void no_files(void **state)
{
	char why[120];

	(void)state;
	assert_null(secretfile_read(file, why, sizeof why));
	assert_string_equal(why, strerror(ENOENT));
	assert_null(secretfile_read(directory, why, sizeof why));
	assert_string_equal(why, "it is no regular file");
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_null(secretfile_read(file, why, sizeof why));
	assert_string_equal(why, "it is no regular file");
	unlink(file);
	write_file("word\n", 0600);
	assert_int_equal(symlink(file, other), 0);
	assert_null(secretfile_read(other, why, sizeof why));
	assert_string_equal(why, "it is a symbolic link, expected a file");
}

static void owners(void **state)
{
	char why[120], *got;

	(void)state;
	if (geteuid() != 0)
		skip();
	write_file("word\n", 0600);
	assert_int_equal(chown(file, 12, 0), 0);
	assert_null(secretfile_read(file, why, sizeof why));
	assert_string_equal(why, "it belongs to the user 12, expected root");
	assert_false(secretfile_is_private(file, why, sizeof why));
	/* who runs it may have files of root's, and its own */
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(seteuid(12), 0);
	got = secretfile_read(file, why, sizeof why);
	assert_int_equal(seteuid(0), 0);
	assert_non_null(got);
	free(got);
}

/* A group may have it, as ssl-cert has in Debian, and it may be a link, as
 * Certbot makes one. */
static void keys(void **state)
{
	char why[120];

	(void)state;
	write_file("key\n", 0600);
	assert_true(secretfile_is_private(file, why, sizeof why));
	write_file("key\n", 0640);
	assert_true(secretfile_is_private(file, why, sizeof why));
	assert_int_equal(symlink(file, other), 0);
	assert_true(secretfile_is_private(other, why, sizeof why));
	write_file("key\n", 0644);
	assert_false(secretfile_is_private(other, why, sizeof why));
	assert_string_equal(why, "others may use it (mode 0644), expected mode 0640");
	unlink(file);
	assert_false(secretfile_is_private(other, why, sizeof why));
	assert_string_equal(why, strerror(ENOENT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(modes, make_place, remove_place),
		cmocka_unit_test_setup_teardown(lines, make_place, remove_place),
		cmocka_unit_test_setup_teardown(no_files, make_place, remove_place),
		cmocka_unit_test_setup_teardown(owners, make_place, remove_place),
		cmocka_unit_test_setup_teardown(keys, make_place, remove_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
