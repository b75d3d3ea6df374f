/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_unchanged.c - a handle that is kept, for every form of the
 * database: a get of a file that did not change reads nothing, and one of a
 * file that did believes nothing
 */
#define RELAYDB_TEST_STEPS
#include "relaydb_forms.h"

#include "chosen_stat.h"

#include <signal.h>
#include <sys/wait.h>

#define ROWS 500
#define STAMP INT64_C(1234567)
#define LATER INT64_C(7654321) /* as many digits */

/* Gets what is asked for, until that is one of a file that is known: some ticks
 * of the clock after its last change. */
static void learn(struct relaydb *db, const char *address)
{
	const struct timespec pause = { 0, 1000000 };
	int64_t stamp, end = NOW + 60;
	int code;

	do {
		assert_true(NOW < end);
		nanosleep(&pause, NULL);
		stats = 0;
		code = relaydb_get(db, address, &stamp);
		assert_true(code == RELAYDB_OK || code == RELAYDB_NOTFOUND);
	} while (stats > form->stats);
}

static void put_elsewhere(const char *address, int64_t stamp)
{
	struct relaydb *other = database();
	struct relaydb_batch *batch;

	rest();
	assert_code(other, relaydb_batch_new(other, &batch), RELAYDB_OK);
	assert_code(other, relaydb_batch_put(batch, address, stamp), RELAYDB_OK);
	assert_code(other, relaydb_commit(batch, NOW, NULL), RELAYDB_OK);
	relaydb_batch_free(&batch);
	relaydb_close(&other);
}

static void assert_stamp(struct relaydb *db, const char *address, int64_t expected)
{
	int64_t stamp = -1;

	assert_code(db, relaydb_get(db, address, &stamp), RELAYDB_OK);
	assert_int_equal(stamp, expected);
}

/* A database with ROWS addresses, and a handle that knows it. */
static struct relaydb *learned(void)
{
	struct relaydb *db = database();

	assert_code(db, put(db, 0, ROWS - 1, STAMP), RELAYDB_OK);
	relaydb_close(&db);
	db = database();
	learn(db, nth(7));
	return db;
}

/* ---- what it costs ---- */

static void costs_stats_alone(void **state)
{
	struct relaydb *db = learned();
	int64_t stamp;

	(void)state;
	assert_code(db, load(db, "10.0.0.7 1234567\n10.0.0.8 OK\n", NULL), RELAYDB_OK);
	learn(db, nth(7));
	learn(db, nth(9));
	stats = 0;
	bytes_read = 0;
	assert_stamp(db, nth(7), STAMP);
	assert_int_equal(stats, form->stats);
	assert_code(db, relaydb_get(db, nth(8), &stamp), RELAYDB_NOENTRY);
	assert_code(db, relaydb_get(db, nth(9), &stamp), RELAYDB_NOTFOUND);
	assert_int_equal(stats, 3 * form->stats);
	assert_int_equal(bytes_read, 0);
	relaydb_close(&db);
}

/* Once each row was asked for, none is read again, wherever it is. */
static void costs_the_same_for_all(void **state)
{
	struct relaydb *db = learned();

	(void)state;
	for (unsigned n = 0; n < ROWS; n++)
		assert_stamp(db, nth(n), STAMP);
	stats = 0;
	bytes_read = 0;
	for (unsigned n = 0; n < ROWS; n++)
		assert_stamp(db, nth(n), STAMP);
	assert_int_equal(stats, ROWS * form->stats);
	assert_int_equal(bytes_read, 0);
	relaydb_close(&db);
}

/* A handle that may not have all of the file in memory. */
static void costs_no_more_memory(void **state)
{
	const struct relaydb_options options = { .path = path, .size_max = 40000 };
	struct relaydb *db = learned(), *small;

	(void)state;
	if (!form->reads_parts) {
		relaydb_close(&db);
		skip();
	}
	rest();
	assert_code(db, put(db, 0, 9999, STAMP), RELAYDB_OK);
	relaydb_close(&db);
	assert_true(stat_of(path).st_size > 200000);
	assert_int_equal(relaydb_open(&small, &options), RELAYDB_OK);
	learn(small, nth(7));
	for (unsigned round = 0; round < 2; round++) {
		bytes_read = 0;
		for (unsigned n = 0; n < 9999; n += 7)
			assert_stamp(small, nth(n * 1237 % 9999), STAMP);
		assert_true(bytes_read > 200000); /* again in the second, too */
	}
	relaydb_close(&small);
}

/* ---- what happens behind it ---- */

static unsigned char *read_bytes(size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *bytes;
	struct stat st = stat_of(path);

	*size = (size_t)st.st_size;
	bytes = malloc(*size);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *size), *size);
	close(fd);
	return bytes;
}

/* Every STAMP becomes LATER, in the file itself, which has its mtime again. */
static void rewritten(void)
{
	const struct stat st = stat_of(path);
	const struct timespec times[2] = { st.st_atim, st.st_mtim };
	const char old[] = { '1', '2', '3', '4', '5', '6', '7' },
		   new[] = { '7', '6', '5', '4', '3', '2', '1' };
	unsigned char *bytes, *at;
	size_t size;
	int fd;

	bytes = read_bytes(&size);
	for (at = bytes; (at = memmem(at, size - (size_t)(at - bytes), old, sizeof old)) != NULL;)
		memcpy(at, new, sizeof new);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, bytes, size, 0), size);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
	free(bytes);
}

/* The same in a copy, which is named PATH then. */
static void replaced(void)
{
	char kept[128];
	const struct stat st = stat_of(path);
	const struct timespec times[2] = { st.st_atim, st.st_mtim };
	unsigned char *bytes;
	size_t size;
	int fd;

	snprintf(kept, sizeof kept, "%s.kept", path);
	bytes = read_bytes(&size);
	assert_int_equal(rename(path, kept), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	free(bytes);
	rewritten();
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void put_by_another(void)
{
	put_elsewhere(nth(7), LATER);
}

static void other_row_by_another(void)
{
	put_elsewhere("192.0.2.1", 5);
}

static void change_by_another(void (*change)(struct relaydb_batch *batch))
{
	struct relaydb *other = database();
	struct relaydb_batch *batch;

	rest();
	assert_code(other, relaydb_batch_new(other, &batch), RELAYDB_OK);
	change(batch);
	assert_code(other, relaydb_commit(batch, NOW, NULL), RELAYDB_OK);
	relaydb_batch_free(&batch);
	relaydb_close(&other);
}

static void delete_it(struct relaydb_batch *batch)
{
	assert_int_equal(relaydb_batch_delete(batch, nth(7)), RELAYDB_OK);
}

static void deleted_by_another(void)
{
	change_by_another(delete_it);
}

static void expire_it(struct relaydb_batch *batch)
{
	assert_int_equal(relaydb_batch_expire(batch, STAMP + 1), RELAYDB_OK);
}

static void expired_by_another(void)
{
	change_by_another(expire_it);
}

static void load_by_another(void)
{
	struct relaydb *other = database();

	assert_code(other, load(other, "10.0.0.7 7654321\n10.0.0.9 OK\n", NULL), RELAYDB_OK);
	relaydb_close(&other);
}

static void put_by_a_child(void)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		put_elsewhere(nth(7), LATER);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void removed(void)
{
	assert_int_equal(unlink(path), 0);
}

static void torn(void)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, "torn", 4), 4);
	close(fd);
}

static void behind_it(void **state)
{
	static const struct {
		const char *name;
		void (*act)(void);
		int code;
		int64_t stamp;
	} acts[] = {
		{ "put by another", put_by_another, RELAYDB_OK, LATER },
		{ "another row put", other_row_by_another, RELAYDB_OK, STAMP },
		{ "deleted", deleted_by_another, RELAYDB_NOTFOUND, 0 },
		{ "expired", expired_by_another, RELAYDB_NOTFOUND, 0 },
		{ "loaded", load_by_another, RELAYDB_OK, LATER },
		{ "put by a child", put_by_a_child, RELAYDB_OK, LATER },
		{ "rewritten", rewritten, RELAYDB_OK, LATER },
		{ "replaced", replaced, RELAYDB_OK, LATER },
		{ "removed", removed, RELAYDB_NOFILE, 0 },
		{ "torn", torn, RELAYDB_NOTDB, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(acts); i++) {
		struct relaydb *db = learned();
		int64_t stamp = 0;

		print_message("%s\n", acts[i].name);
		acts[i].act();
		assert_code(db, relaydb_get(db, nth(7), &stamp), acts[i].code);
		assert_int_equal(stamp, acts[i].stamp);
		relaydb_close(&db);
		unlink(path);
	}
}

/* The handle's own commits are seen by it, and leave nothing old behind. */
static void by_itself(void **state)
{
	struct relaydb *db = learned();
	struct relaydb_batch *batch;
	int64_t stamp;

	(void)state;
	rest();
	assert_code(db, put(db, 7, 7, LATER), RELAYDB_OK);
	assert_stamp(db, nth(7), LATER);
	learn(db, nth(7));
	rest();
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_delete(batch, nth(7)), RELAYDB_OK);
	assert_code(db, relaydb_commit(batch, NOW, NULL), RELAYDB_OK);
	relaydb_batch_free(&batch);
	assert_code(db, relaydb_get(db, nth(7), &stamp), RELAYDB_NOTFOUND);
	assert_stamp(db, nth(8), STAMP);
	relaydb_close(&db);
}

/* A daemon that gave up its rights is told only what it may read. */
static void by_another_user(void **state)
{
	struct relaydb *db;
	int64_t stamp;
	int code;

	(void)state;
	if (geteuid() != 0)
		skip();
	db = learned();
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(chmod(path, 0600), 0);
	learn(db, nth(7));
	assert_int_equal(seteuid(65534), 0);
	code = relaydb_get(db, nth(7), &stamp);
	assert_int_equal(seteuid(0), 0);
	assert_code(db, code, RELAYDB_PERM);
	assert_stamp(db, nth(7), STAMP);
	relaydb_close(&db);
}

/* Two changes in one tick of the clock have the same ctime: what is read in it
 * is read again. */
static void in_the_same_tick(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ticks); i++) {
		struct relaydb *db = learned();

		print_message("%s\n", ticks[i].name);
		relaydb_close(&db);
		db = database();
		freeze_stat(0, path, ticks[i].ctime);
		freeze_stat(1, directory, (struct timespec){ 1000000000, 1 });
		coarse = ticks[i].clock;
		assert_stamp(db, nth(7), STAMP);
		coarse.tv_sec = 2000001000;
		rewritten(); /* stat(2) does not show it */
		assert_stamp(db, nth(7), ticks[i].believed ? STAMP : LATER);
		relaydb_close(&db);
		stat_is_true();
		unlink(path);
	}
}

int main(int argc, char **argv)
{
	static const struct form_test tests[] = {
		FORM_TEST(costs_stats_alone),
		FORM_TEST(costs_the_same_for_all),
		FORM_TEST(costs_no_more_memory),
		FORM_TEST(behind_it),
		FORM_TEST(by_itself),
		FORM_TEST(by_another_user),
		FORM_TEST(in_the_same_tick),
	};

	return run_forms("unchanged", tests, COUNT(tests), argc, argv);
}
