/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_check.c - each thing that check looks for, provoked: is it
 * found, and how grave is it said to be
 *
 * The test's directory is below /tmp, which everybody may write: that finding
 * is always there and taken for granted.
 */
#include "relaydb_scratch.h"

#include <time.h>

struct seen {
	char text[16][512];
	enum relaydb_severity severity[16];
	size_t count;
	bool fixless; /* a warning or fault that says nothing about how to fix it */
};

static void see(const struct relaydb_finding *finding, void *arg)
{
	struct seen *seen = arg;

	if (strncmp(finding->what, "the directory /tmp is writable", 30) == 0)
		return;
	assert_true(seen->count < COUNT(seen->text));
	seen->severity[seen->count] = finding->severity;
	snprintf(seen->text[seen->count++], sizeof seen->text[0], "%s", finding->what);
	seen->fixless = seen->fixless ||
			(finding->severity != RELAYDB_FINE && finding->fix == RELAYDB_FIX_NONE);
}

static struct seen check_at(int64_t now)
{
	struct relaydb *db = database();
	struct seen seen = { .count = 0 };

	assert_code(db, relaydb_check(db, now, see, &seen), RELAYDB_OK);
	assert_false(seen.fixless);
	relaydb_close(&db);
	return seen;
}

static void print_all(const struct seen *seen)
{
	for (size_t i = 0; i < seen->count; i++)
		print_error("  %d: %s\n", (int)seen->severity[i], seen->text[i]);
}

static void assert_found(const struct seen *seen, enum relaydb_severity severity, const char *words)
{
	for (size_t i = 0; i < seen->count; i++)
		if (seen->severity[i] == severity && strstr(seen->text[i], words) != NULL)
			return;
	print_all(seen);
	fail_msg("no finding of severity %d with \"%s\"", (int)severity, words);
}

/* A database in order, as far as the place permits. */
static void good(void)
{
	struct relaydb *db = database();

	put_many(db, 0, 2, CLOCK);
	relaydb_close(&db);
}

static void rows_of(const struct raw *rows, size_t count)
{
	write_rows(rows, count);
}

#define ROWS(...)                                                                                  \
	do {                                                                                       \
		static const struct raw rows_list[] = { __VA_ARGS__ };                             \
		rows_of(rows_list, COUNT(rows_list));                                              \
	} while (0)

/* ---- what is provoked ---- */

static void missing(void)
{
}

static void directory_of_group(void)
{
	good();
	assert_int_equal(chmod(directory, 0775), 0);
}

static void directory_of_all(void)
{
	good();
	assert_int_equal(chmod(directory, 0757), 0);
}

static void directory_sticky(void)
{
	good();
	assert_int_equal(chmod(directory, 01777), 0);
}

static void directory_closed_to_exim(void)
{
	good();
	assert_int_equal(chmod(directory, 0700), 0);
}

static void db_config(void)
{
	char name[128];

	good();
	snprintf(name, sizeof name, "%s/DB_CONFIG", directory);
	close(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
}

static void written_by_all(void)
{
	good();
	assert_int_equal(chmod(path, 0666), 0);
}

static void read_by_all(void)
{
	good();
	assert_int_equal(chmod(path, 0644), 0);
}

static void closed_to_exim(void)
{
	good();
	assert_int_equal(chmod(path, 0600), 0);
}

static int64_t looked_at; /* the time that the check is given */

static void mtime_ahead_by(int64_t seconds)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)(looked_at + seconds) } };

	good();
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void mtime_ahead(void)
{
	mtime_ahead_by(2);
}

static void mtime_far_ahead(void)
{
	mtime_ahead_by(86400);
}

static void empty_file(void)
{
	write_file("", "", 0);
}

static void text_file(void)
{
	write_file("", "10.0.0.1 5\n", 11);
}

static void cut_file(void)
{
	good();
	assert_int_equal(truncate(path, 10000), 0);
}

static void is_directory(void)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static void nul_style(void)
{
	ROWS({ "10.0.0.1", "100", 9, 4 }, { "10.0.0.2", "100", 9, 4 });
}

static void mixed_style(void)
{
	ROWS({ "10.0.0.1", "100", 9, 4 }, { "10.0.0.2", "100", -1, -1 });
}

static void odd_spelling(void)
{
	ROWS({ "2001:DB8::1", "100", -1, -1 }, { "10.0.0.2", "100", -1, -1 });
}

static void no_address(void)
{
	ROWS({ "192.168.7", "100", -1, -1 }, { "10.0.0.2", "100", -1, -1 },
	    { "x\033[31m", "100", -1, -1 });
}

static void no_stamp(void)
{
	ROWS({ "10.0.0.1", "OK", -1, -1 }, { "10.0.0.2", "100", -1, -1 });
}

static void in_the_future(void)
{
	ROWS({ "10.0.0.1", "5000000000", -1, -1 }, { "10.0.0.2", "100", -1, -1 });
}

static void planted_lock(void)
{
	good();
	unlink(beside(".lock"));
	assert_int_equal(symlink("/etc/passwd", beside(".lock")), 0);
}

static void linked_new(void)
{
	char lock[128];

	good();
	strcpy(lock, beside(".lock"));
	assert_int_equal(link(lock, beside(".new")), 0);
	assert_int_equal(chown(beside(".new"), 4711, 4711), 0);
}

static void fifo_redo(void)
{
	good();
	assert_int_equal(mkfifo(beside(".redo"), 0644), 0);
}

static void foreign_redo(void)
{
	good();
	write_file(".redo", "not a record", 12);
}

/* ---- owners; for root alone ---- */

#define RECORDER 65534
#define SOMEBODY 4711

static void owned(uid_t directory_uid, gid_t directory_gid, uid_t uid, gid_t gid, mode_t mode)
{
	good();
	assert_int_equal(chown(directory, directory_uid, directory_gid), 0);
	assert_int_equal(chown(path, uid, gid), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void closed_to_recorder(void)
{
	owned(RECORDER, RECORDER, 0, 0, 0640);
}

static void left_by_makemap(void)
{
	owned(RECORDER, RECORDER, SOMEBODY, RECORDER, 0660);
}

static void ignored_by_sendmail(void)
{
	owned(RECORDER, RECORDER, RECORDER, RECORDER, 0660);
}

static void foreign_group(void)
{
	owned(0, 0, 0, SOMEBODY, 0660);
}

struct finding_case {
	const char *name;
	void (*provoke)(void);
	enum relaydb_severity severity;
	const char *words;
};

static const struct finding_case cases[] = {
	{ "missing", missing, RELAYDB_FAULT, "relayers.db does not exist" },
	{ "directory writable by its group", directory_of_group, RELAYDB_FAULT,
	    "is writable by its group (mode 0775)" },
	{ "directory writable by everybody", directory_of_all, RELAYDB_FAULT,
	    "is writable by everybody (mode 0757)" },
	{ "sticky directory", directory_sticky, RELAYDB_FAULT,
	    "is writable by everybody (mode 1777)" },
	{ "directory closed to the group", directory_closed_to_exim, RELAYDB_WARNING,
	    "cannot enter the directory" },
	{ "DB_CONFIG", db_config, RELAYDB_FAULT, "/DB_CONFIG changes how" },
	{ "writable by everybody", written_by_all, RELAYDB_FAULT, "everybody may write" },
	{ "readable by everybody", read_by_all, RELAYDB_WARNING, "everybody may read" },
	{ "not readable by the group", closed_to_exim, RELAYDB_WARNING, "cannot read" },
	{ "mtime ahead", mtime_ahead, RELAYDB_FINE, "ahead of the clock" },
	{ "mtime far ahead", mtime_far_ahead, RELAYDB_FAULT, "ahead of the clock" },
	{ "empty", empty_file, RELAYDB_FAULT, "is empty" },
	{ "text", text_file, RELAYDB_FAULT, "not a relay database" },
	{ "cut", cut_file, RELAYDB_FAULT, "not a relay database" },
	{ "a directory", is_directory, RELAYDB_FAULT, "is a directory" },
	{ "NUL style", nul_style, RELAYDB_WARNING, "end with a NUL" },
	{ "mixed style", mixed_style, RELAYDB_FAULT, "1 of 2 rows" },
	{ "odd spelling", odd_spelling, RELAYDB_FAULT,
	    "1 of 2 rows have an address in a form that no mail server asks for, such as "
	    "2001:DB8::1" },
	{ "no address", no_address, RELAYDB_WARNING, "2 of 3 rows are not for one address" },
	{ "no stamp", no_stamp, RELAYDB_WARNING,
	    "1 of 2 rows have a value that is no time, such as 10.0.0.1" },
	{ "future", in_the_future, RELAYDB_WARNING,
	    "1 of 2 rows have a time in the future, such as 10.0.0.1" },
	{ "planted lock", planted_lock, RELAYDB_FAULT, "symbolic link" },
	{ "fifo for a redo", fifo_redo, RELAYDB_FAULT, "not a regular file" },
	{ "damaged redo", foreign_redo, RELAYDB_FAULT, "cannot be finished" },
};

static const struct finding_case owner_cases[] = {
	{ "closed to the recorder", closed_to_recorder, RELAYDB_FAULT,
	    "the recorder cannot write it" },
	{ "left by makemap", left_by_makemap, RELAYDB_WARNING,
	    "belongs to uid 4711, as makemap leaves it" },
	{ "ignored by sendmail", ignored_by_sendmail, RELAYDB_WARNING, "sendmail ignores" },
	{ "linked record", linked_new, RELAYDB_FAULT, "hard links" },
	{ "a foreign group", foreign_group, RELAYDB_WARNING, "has group 4711, its directory 0" },
};

static void provoke(const struct finding_case *c)
{
	struct seen seen;

	print_message("# %s\n", c->name);
	assert_int_equal(scratch_make(NULL), 0);
	looked_at = NOW;
	c->provoke();
	seen = check_at(looked_at);
	assert_found(&seen, c->severity, c->words);
	for (size_t n = 0; n < seen.count; n++)
		for (const char *p = seen.text[n]; *p != '\0'; p++)
			/* nothing of a key reaches a terminal raw */
			assert_in_range((unsigned char)*p, ' ', '~');
	chmod(directory, 0755);
	assert_int_equal(scratch_remove(NULL), 0);
}

static void each_finding(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		provoke(&cases[i]);
}

static void each_finding_about_owners(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < COUNT(owner_cases); i++)
		provoke(&owner_cases[i]);
}

/* In order, root's and 0660 as makemap's root would find it: nothing but how
 * many rows there are. */
static void in_order(void **state)
{
	struct seen seen;

	(void)state;
	if (geteuid() != 0)
		skip();
	good();
	seen = check_at(NOW + 5);
	if (seen.count != 1)
		print_all(&seen);
	assert_int_equal(seen.count, 1);
	assert_found(&seen, RELAYDB_FINE, "relayers.db has 3 rows");
}

static void no_directory(void **state)
{
	const struct relaydb_options options = { .path = "/nonexistent/directory/relayers.db" };
	struct seen seen = { .count = 0 };
	struct relaydb *db;

	(void)state;
	assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
	assert_code(db, relaydb_check(db, NOW, see, &seen), RELAYDB_OK);
	assert_int_equal(seen.count, 1);
	assert_found(&seen, RELAYDB_FAULT, "cannot open the directory of");
	relaydb_close(&db);
}

/* Owners, modes, bytes and times of everything are the same afterwards. */
static void changes_nothing(void **state)
{
	struct stat before, after;
	struct image old, new;

	(void)state;
	nul_style();
	old = read_file();
	assert_int_equal(stat(path, &before), 0);
	check_at(NOW);
	assert_int_equal(stat(path, &after), 0);
	new = read_file();
	assert_int_equal(old.size, new.size);
	assert_memory_equal(old.data, new.data, new.size);
	assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_int_equal(before.st_uid, after.st_uid);
	assert_int_equal(before.st_mode, after.st_mode);
	assert_false(exists(".lock"));
	image_free(&old);
	image_free(&new);
}

/* A commit waits for the lock; check cannot look. */
static void locked(void **state)
{
	struct relaydb *db = database_with(50);
	struct seen seen = { .count = 0 };
	int fd;

	(void)state;
	good();
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_code(db, relaydb_check(db, NOW, see, &seen), RELAYDB_LOCKED);
	assert_says(db, "is locked by");
	close(fd);
	relaydb_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_finding),
		cmocka_unit_test(each_finding_about_owners),
		SCRATCH_TEST(in_order),
		cmocka_unit_test(no_directory),
		SCRATCH_TEST(changes_nothing),
		SCRATCH_TEST(locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
