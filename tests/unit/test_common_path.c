/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_path.c - the parts of a path and where it leads (path.h), with
 * hash.h and span.h, which are as small
 */
#include "path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hash.h"
#include "span.h"

static void parts(void **state)
{
	static const struct {
		const char *path, *directory, *name;
	} cases[] = { { "/var/log/mail.log", "/var/log", "mail.log" }, { "/mail", "/", "mail" },
		{ "mail", ".", "mail" }, { "a/b", "a", "b" }, { "/a/", "/a", "" },
		{ "", ".", "" } };
	char directory[PATH_MAX], *longest = malloc(PATH_MAX + 8);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		path_directory(cases[i].path, directory);
		assert_string_equal(directory, cases[i].directory);
		assert_string_equal(path_name(cases[i].path), cases[i].name);
	}
	assert_non_null(longest);
	memset(longest, 'x', PATH_MAX + 4);
	memcpy(longest + PATH_MAX + 4, "/y", sizeof "/y");
	path_directory(longest, directory);
	assert_string_equal(directory, "/");
	free(longest);
}

static void absolute_paths(void **state)
{
	char path[PATH_MAX];

	(void)state;
	assert_true(path_is_absolute("/x"));
	assert_false(path_is_absolute("x"));
	assert_false(path_is_absolute(""));
	memset(path, '/', sizeof path);
	path[PATH_MAX - PATH_ROOM - 1] = '\0';
	assert_true(path_is_absolute(path));
	path[PATH_MAX - PATH_ROOM - 1] = '/';
	path[PATH_MAX - PATH_ROOM] = '\0';
	assert_false(path_is_absolute(path));
}

/* Links to what exists, to what does not, and to each other. */
static void places(void **state)
{
	static const struct {
		const char *name, *target, *place; /* below the directory; NULL: nowhere */
	} cases[] = { { "a", "file", "file" }, { "b", "./sub/../b2", NULL }, { "c", "a", "file" },
		{ "loop", "loop", NULL }, { "out", "/nowhere/x", "/nowhere/x" } };
	char directory[] = "/tmp/test_path.XXXXXX", path[64], wanted[80], *found;

	(void)state;
	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, cases[i].name);
		assert_int_equal(symlink(cases[i].target, path), 0);
		found = path_resolve(path);
		if (cases[i].place == NULL) {
			assert_null(found);
			continue;
		}
		snprintf(wanted, sizeof wanted, "%s%s%s", *cases[i].place == '/' ? "" : directory,
		    *cases[i].place == '/' ? "" : "/", cases[i].place);
		assert_non_null(found);
		assert_string_equal(found, wanted);
		free(found);
	}
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, cases[i].name);
		unlink(path);
	}
	assert_int_equal(rmdir(directory), 0);
}

/* The vectors of the authors' page. */
static void hashes(void **state)
{
	(void)state;
	assert_true(hash_fnv1a("", 0) == UINT64_C(0xcbf29ce484222325));
	assert_true(hash_fnv1a("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(hash_fnv1a("foobar", 6) == UINT64_C(0x85944171f73967e8));
}

static void spans(void **state)
{
	(void)state;
	assert_true(span_equals(span_of("abc"), "abc"));
	assert_false(span_equals(span_of("abc"), "ab"));
	assert_false(span_equals(span_of("ab"), "abc"));
	assert_true(span_equals((struct span){ NULL, 0 }, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts),
		cmocka_unit_test(absolute_paths),
		cmocka_unit_test(places),
		cmocka_unit_test(hashes),
		cmocka_unit_test(spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
