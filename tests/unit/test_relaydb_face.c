/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_face.c - which database a handle is of, paths that are none, the
 * words of each code (face.c)
 */
#include "relaydb_scratch.h"

static void path_rule(void **state)
{
	char etc[128], home_db[160], buf[256];

	(void)state;
	setenv("HOME", directory, 1);
	unsetenv("RELAYERS_DB");
	/* no file in HOME: the built-in one */
	assert_int_equal(relaydb_path(NULL, buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, RELAYERS_STATEDIR "/relayers.db");

	snprintf(etc, sizeof etc, "%s/etc", directory);
	snprintf(home_db, sizeof home_db, "%s/relayers.db", etc);
	assert_int_equal(mkdir(etc, 0755), 0);
	close(open(home_db, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(relaydb_path(NULL, buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, home_db);
	assert_int_equal(relaydb_path(NULL, buf, strlen(home_db) + 1), RELAYDB_OK);
	assert_string_equal(buf, home_db);

	setenv("HOME", "", 1);
	assert_int_equal(relaydb_path(NULL, buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, RELAYERS_STATEDIR "/relayers.db");
	unsetenv("HOME");
	assert_int_equal(relaydb_path(NULL, buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, RELAYERS_STATEDIR "/relayers.db");
	setenv("HOME", directory, 1);

	setenv("RELAYERS_DB", "", 1);
	assert_int_equal(relaydb_path(NULL, buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, home_db);
	setenv("RELAYERS_DB", "/some/where.db", 1);
	assert_int_equal(relaydb_path(NULL, buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, "/some/where.db");
	assert_int_equal(relaydb_path("given.db", buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, "given.db");

	assert_int_equal(relaydb_path("given.db", buf, 9), RELAYDB_OK);
	assert_int_equal(relaydb_path("given.db", buf, 8), RELAYDB_NOFILE);
	assert_int_equal(relaydb_path("given.db", buf, 0), RELAYDB_NOFILE);
	unlink(home_db);
	rmdir(etc);
	unsetenv("RELAYERS_DB");
}

/* What a handle is made of, and paths that can be no database. */
static void handles(void **state)
{
	struct relaydb_options options = { .path = NULL };
	char longest[5000];
	struct relaydb *db;
	int64_t stamp;

	(void)state;
	setenv("RELAYERS_DB", path, 1);
	assert_int_equal(relaydb_open(&db, NULL), RELAYDB_OK);
	assert_string_equal(relaydb_filename(db), path);
	assert_string_equal(relaydb_error(db), "");
	assert_string_equal(relaydb_notice(db), "");
	assert_code(db, relaydb_get(db, "1.2.3.4", &stamp), RELAYDB_NOFILE);
	assert_says(db, "does not exist");
	assert_code(db, relaydb_get(db, "1.2.3", &stamp), RELAYDB_BADADDR);
	relaydb_close(&db);
	assert_null(db);
	relaydb_close(&db);
	unsetenv("RELAYERS_DB");

	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	options.path = longest;
	assert_int_equal(relaydb_open(&db, &options), RELAYDB_NOFILE);
	assert_null(db);
}

static void paths_that_are_no_database(void **state)
{
	static const struct {
		const char *name;
		int code;
		const char *words;
	} cases[] = {
		{ "", RELAYDB_NOTDB, "not the name of a file" },
		{ "/", RELAYDB_NOTDB, "not the name of a file" },
		{ ".", RELAYDB_NOTDB, "not the name of a file" },
		{ "/tmp/..", RELAYDB_NOTDB, "not the name of a file" },
		{ "/tmp/", RELAYDB_NOTDB, "not the name of a file" },
		{ "/usr", RELAYDB_NOTDB, "directory" },
		{ "/dev/null", RELAYDB_NOTDB, "not a regular file" },
		{ "/nonexistent/relayers.db", RELAYDB_NOFILE, "directory" },
		{ "/etc/passwd/relayers.db", RELAYDB_NOFILE, "directory" },
		{ "/etc/passwd", RELAYDB_NOTDB, "not a relay database" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct relaydb_options options = { .path = cases[i].name };
		struct relaydb *db;
		int64_t stamp;

		assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
		assert_code(db, relaydb_get(db, "1.2.3.4", &stamp), cases[i].code);
		assert_says(db, cases[i].words);
		relaydb_close(&db);
	}
}

static void every_code_has_words(void **state)
{
	(void)state;
	for (int code = RELAYDB_OK; code <= RELAYDB_NOENTRY; code++) {
		assert_string_not_equal(relaydb_strcode(code), "");
		assert_string_not_equal(relaydb_strcode(code), "unknown code");
	}
	assert_string_equal(relaydb_strcode(RELAYDB_NOENTRY + 1), "unknown code");
	assert_string_equal(relaydb_strcode(-1), "unknown code");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(path_rule),
		SCRATCH_TEST(handles),
		cmocka_unit_test(paths_that_are_no_database),
		cmocka_unit_test(every_code_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
