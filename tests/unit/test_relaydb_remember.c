/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_remember.c - a handle that is kept believes what it has proved
 *
 * Links the library with the hook that names the steps.
 */
#define RELAYDB_TEST_STEPS
#include "relaydb_scratch.h"

#include "chosen_stat.h"
#include "known.h"
#include "memory.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>

#define ADDRESS "192.0.2.1"

static int remember_make(void **state)
{
	stat_is_true();
	return scratch_make(state);
}

static int remember_remove(void **state)
{
	stat_is_true();
	relaydb_test_step = NULL;
	return scratch_remove(state);
}

/* ---- a database and its handle ---- */

static int64_t clock_now; /* of the commits: each a second later, so that none waits */

static void put(struct relaydb *db, const char *address, int64_t stamp)
{
	struct relaydb_batch *batch;

	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_put(batch, address, stamp), RELAYDB_OK);
	clock_now = clock_now < NOW ? NOW + 1 : clock_now + 2;
	assert_code(db, relaydb_commit(batch, clock_now, NULL), RELAYDB_OK);
	relaydb_batch_free(&batch);
}

static void put_elsewhere(const char *address, int64_t stamp)
{
	struct relaydb *other = database();

	put(other, address, stamp);
	relaydb_close(&other);
}

static void assert_stamp(struct relaydb *db, const char *address, int64_t expected)
{
	int64_t stamp = -1;

	assert_code(db, relaydb_get(db, address, &stamp), RELAYDB_OK);
	assert_int_equal(stamp, expected);
}

/* Is the next get one of two stats? */
static bool believed(struct relaydb *db)
{
	const struct image_info *info;
	const struct image *image;

	return memory_unchanged(db, &image, &info);
}

/* Gets until it is: 20 ms after the last change. */
static void learn(struct relaydb *db)
{
	int64_t end = db_clock_ms() + 60000, stamp;

	while (!believed(db)) {
		assert_true(db_clock_ms() < end);
		assert_code(db, relaydb_get(db, ADDRESS, &stamp), RELAYDB_OK);
		usleep(1000);
	}
}

static struct relaydb *learned(void)
{
	struct relaydb *db = database();

	put(db, ADDRESS, 1000);
	learn(db);
	return db;
}

/* Another stamp of as many digits in the database's row, in place. */
static void overwrite(const char *from, const char *to)
{
	struct image image = read_file();
	char *at = memmem(image.data, image.size, from, strlen(from));
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_non_null(at);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, to, strlen(to), (char *)at - (char *)image.data), strlen(to));
	close(fd);
	image_free(&image);
}

static void set_mtime(const char *name, struct timespec mtime)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, mtime };

	assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
}

/* ---- what it costs ---- */

static void a_get_is_two_stats(void **state)
{
	static const struct raw styles[][2] = {
		{ { ADDRESS, "1000", -1, -1 }, { "2001:db8::7", "1001", -1, -1 } },
		{ { ADDRESS, "1000", sizeof ADDRESS, 5 },
		    { "2001:db8::7", "1001", 12, 5 } }, /* postmap */
		{ { ADDRESS, "1000", -1, -1 }, { "2001:DB8:0::7", "1001", -1, -1 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(styles); i++) {
		struct relaydb *db = database();

		write_rows(styles[i], COUNT(styles[i]));
		learn(db);
		assert_stamp(db, "2001:db8::7", 1001); /* and the index of odd keys is there */
		stats = 0;
		bytes_read = 0;
		assert_stamp(db, ADDRESS, 1000);
		assert_stamp(db, "2001:db8::7", 1001);
		assert_int_equal(stats, 4);
		assert_int_equal(bytes_read, 0);
		relaydb_close(&db);
	}
}

static void a_commit_reads_what_it_changes(void **state)
{
	struct relaydb *db = database();
	struct image image;

	(void)state;
	put_many(db, 1, 50000, 1000);
	put(db, ADDRESS, 1000);
	image = read_file();
	assert_true(image.size > 1 << 20);
	image_free(&image);
	put(db, ADDRESS, 1001); /* that handle has written it all, and read it again now */
	bytes_read = 0;
	put(db, ADDRESS, 1002);
	put(db, "192.0.2.2", 1002);
	assert_true(bytes_read > 0);
	assert_true(bytes_read < 256 << 10);
	relaydb_close(&db);
	db = database();
	assert_stamp(db, ADDRESS, 1002);
	assert_stamp(db, "192.0.2.2", 1002);
	relaydb_close(&db);
}

/* ---- what happens behind it ---- */

static void another_commits(void)
{
	put_elsewhere(ADDRESS, 2000);
}

/* cp -p: another file's bytes and mtime; makemap and touch */
static void rewritten_with_the_same_mtime(void)
{
	struct timespec mtime = stat_of(path).st_mtim;

	overwrite("1000", "2000");
	set_mtime(path, mtime);
}

static void replaced_with_the_same_mtime(void)
{
	struct timespec mtime = stat_of(path).st_mtim;
	struct image image = read_file();
	char *at = memmem(image.data, image.size, "1000", 4);

	assert_non_null(at);
	*at = '2';
	write_file(".other", image.data, image.size);
	set_mtime(beside(".other"), mtime);
	assert_int_equal(rename(beside(".other"), path), 0);
	image_free(&image);
}

static const char *dies_at;

static void die(const char *step)
{
	if (strcmp(step, dies_at) == 0)
		raise(SIGKILL);
}

static void killed_at(const char *step)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		dies_at = step;
		relaydb_test_step = die;
		put_elsewhere(ADDRESS, 2000);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void killed_when_decided(void)
{
	killed_at("decided");
}

static void killed_when_written(void)
{
	killed_at("written");
}

/* too early for mail servers: it is in the queue, and the file as it was */
static void queued(void)
{
	struct relaydb *other = database_with(-1);
	struct relaydb_result result;
	struct relaydb_batch *batch;
	struct stat st = stat_of(path);

	assert_code(other, relaydb_batch_new(other, &batch), RELAYDB_OK);
	assert_code(other, relaydb_batch_put(batch, ADDRESS, 2000), RELAYDB_OK);
	assert_code(other, relaydb_commit(batch, st.st_mtim.tv_sec - 1, &result), RELAYDB_OK);
	assert_true(result.pending);
	assert_int_equal(stat_of(path).st_ctim.tv_nsec, st.st_ctim.tv_nsec);
	relaydb_batch_free(&batch);
	relaydb_close(&other);
}

static void a_get_sees_what_happens_behind_it(void **state)
{
	static const struct {
		const char *name;
		void (*act)(void);
	} acts[] = {
		{ "another commits", another_commits },
		{ "rewritten", rewritten_with_the_same_mtime },
		{ "replaced", replaced_with_the_same_mtime },
		{ "killed when decided", killed_when_decided },
		{ "killed when written", killed_when_written },
		{ "queued", queued },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(acts); i++) {
		struct relaydb *db = learned();

		print_message("%s\n", acts[i].name);
		acts[i].act();
		assert_false(believed(db));
		assert_stamp(db, ADDRESS, 2000);
		/* and so does a commit: what is there stays */
		put(db, "192.0.2.2", 1);
		assert_stamp(db, ADDRESS, 2000);
		relaydb_close(&db);
		db = database();
		assert_stamp(db, ADDRESS, 2000);
		relaydb_close(&db);
		unlink(path);
	}
}

static void what_is_no_database_any_more_is_not_believed(void **state)
{
	struct relaydb *db = learned();
	int64_t stamp;

	(void)state;
	write_file("", "torn", 4);
	assert_code(db, relaydb_get(db, ADDRESS, &stamp), RELAYDB_NOTDB);
	assert_int_equal(unlink(path), 0);
	assert_code(db, relaydb_get(db, ADDRESS, &stamp), RELAYDB_NOFILE);
	put_elsewhere(ADDRESS, 3);
	assert_stamp(db, ADDRESS, 3);
	relaydb_close(&db);
}

/* ---- two changes in one tick of the clock ---- */

static void a_get_believes_no_tick_that_is_not_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(ticks); i++) {
		const struct tick *tick = &ticks[i / 2];
		const char *name = i % 2 == 0 ? path : directory;
		struct relaydb *db = database();

		print_message("%s: %s\n", name, tick->name);
		put_elsewhere(ADDRESS, 1000);
		freeze_stat(0, name, tick->ctime);
		freeze_stat(1, i % 2 == 0 ? directory : path, (struct timespec){ 1000000000, 1 });
		coarse = tick->clock;
		assert_stamp(db, ADDRESS, 1000);
		coarse.tv_sec = 2000001000;
		assert_int_equal(believed(db), tick->believed);
		if (!tick->believed && i % 2 == 0) {
			overwrite("1000", "2000"); /* stat(2) does not show it */
			assert_stamp(db, ADDRESS, 2000);
		}
		relaydb_close(&db);
		stat_is_true();
		unlink(path);
	}
}

/* The handle commits, and in the same tick another process writes. */
static void a_commit_compares_what_it_looked_at(void **state)
{
	struct relaydb *db = database();
	struct relaydb_batch *batch;
	struct stat before;

	(void)state;
	put(db, ADDRESS, 1000);
	put(db, "192.0.2.2", 1111);
	put(db, "192.0.2.2", 1112);
	before = stat_of(path);
	overwrite("1000", "2000");
	frozen[0].st = before;
	frozen[0].on = true;
	/* nothing to do, by what is remembered: but is it so? */
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_put(batch, ADDRESS, 1000), RELAYDB_OK);
	clock_now += 2;
	assert_code(db, relaydb_commit(batch, clock_now, NULL), RELAYDB_OK);
	relaydb_batch_free(&batch);
	frozen[0].on = false;
	assert_stamp(db, ADDRESS, 1000);
	relaydb_close(&db);
	unlink(path);

	db = database();
	put(db, ADDRESS, 1000);
	put(db, ADDRESS, 1001);
	put(db, ADDRESS, 1002);
	before = stat_of(path);
	overwrite("1002", "2000");
	frozen[0].st = before;
	frozen[0].on = true;
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_record(batch, ADDRESS, 1003), RELAYDB_OK);
	clock_now += 2;
	assert_code(db, relaydb_commit(batch, clock_now, NULL), RELAYDB_OK);
	relaydb_batch_free(&batch);
	frozen[0].on = false;
	assert_stamp(db, ADDRESS, 2000);
	relaydb_close(&db);
}

/* ---- it is what the file is ---- */

static void assert_remembered(struct relaydb *db)
{
	struct image file = read_file();
	struct image_info proved, remembered;

	assert_code(db, image_prove(db, &file, &proved), RELAYDB_OK);
	assert_true(memory_has(db, &file, &remembered));
	assert_int_equal(remembered.rows, proved.rows);
	assert_int_equal(remembered.room, proved.room);
	assert_int_equal(remembered.buckets, proved.buckets);
	assert_int_equal(remembered.fill, proved.fill);
	assert_int_equal(remembered.plain, proved.plain);
	assert_int_equal(remembered.odd, proved.odd);
	image_free(&file);
}

static const char *nth_long(uint32_t n)
{
	static char text[RELAYDB_ADDRSTRLEN];

	snprintf(text, sizeof text, "2001:db8:1111:2222:3333:4444:%x:5555", n + 0x1000);
	return text;
}

/* Long chains of pages, split and freed: to 3,900 long rows in 32 buckets. */
static void any_commits_leave_what_is_remembered(void **state)
{
	static int64_t model[3900]; /* 0 and -1: no row, as at the start */
	struct relaydb *db = database();
	struct relaydb_batch *batch;
	struct relaydb_result result;
	unsigned remembered = 0;

	(void)state;
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	clock_now = NOW + 100;
	for (int i = 0; i < 300; i++) {
		int phase =
		    i % 60; /* they come by and by; most go; some come back, and a few change */
		uint32_t changes = i == 0        ? 1
				   : phase == 30 ? 9000
				   : phase == 31 ? 6000
						 : 1 + random_below(phase < 30 ? 300 : 4);

		for (; changes > 0; changes--) {
			uint32_t n = random_below(COUNT(model));
			bool goes = phase == 31 || (phase != 30 && random_below(8) == 0);

			model[n] = goes ? -1 : 1 + (int64_t)random_below(2000000000);
			assert_code(db,
			    model[n] < 0 ? relaydb_batch_delete(batch, nth_long(n))
					 : relaydb_batch_put(batch, nth_long(n), model[n]),
			    RELAYDB_OK);
		}
		clock_now += 2;
		assert_code(db, relaydb_commit(batch, clock_now, &result), RELAYDB_OK);
		assert_false(result.pending);
		if (!result.rewritten) {
			assert_remembered(db);
			remembered++;
		}
		relaydb_batch_clear(batch);
	}
	assert_true(remembered > 250);
	for (uint32_t n = 0; n < COUNT(model); n++) {
		int64_t stamp = -1;
		int code = relaydb_get(db, nth_long(n), &stamp);

		assert_int_equal(code, model[n] <= 0 ? RELAYDB_NOTFOUND : RELAYDB_OK);
		assert_int_equal(stamp, model[n] <= 0 ? -1 : model[n]);
	}
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

static void a_commit_that_fails_is_forgotten(void **state)
{
	struct relaydb *db = database();
	struct relaydb_batch *batch;

	(void)state;
	put(db, ADDRESS, 1000);
	put(db, ADDRESS, 1001);
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	for (unsigned n = 0; n < 200; n++)
		assert_code(db, relaydb_batch_put(batch, nth(n), 5), RELAYDB_OK);
	assert_int_equal(mkdir(beside(".new"), 0700), 0);
	clock_now += 2;
	assert_code(db, relaydb_commit(batch, clock_now, NULL), RELAYDB_NOTDB);
	assert_remembered(db);
	assert_int_equal(rmdir(beside(".new")), 0);
	put(db, ADDRESS, 1002);
	assert_remembered(db);
	assert_int_equal(relaydb_get(db, nth(7), &(int64_t){ 0 }), RELAYDB_NOTFOUND);
	assert_stamp(db, ADDRESS, 1002);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

static void a_child_has_a_memory_of_its_own(void **state)
{
	struct relaydb *db = database();
	pid_t pid;
	int status;

	(void)state;
	put(db, ADDRESS, 1000);
	put(db, ADDRESS, 1001);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct image file = read_file();
		struct image_info info;

		if (memory_has(db, &file, &info))
			_exit(1);
		image_free(&file);
		for (int i = 0; i < 5; i++)
			put(db, "192.0.2.2", 5 + i);
		put(db, ADDRESS, 1002);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	clock_now += 20;
	assert_stamp(db, ADDRESS, 1002);
	assert_stamp(db, "192.0.2.2", 9);
	put(db, "192.0.2.3", 7);
	assert_remembered(db);
	relaydb_close(&db);
}

/* A daemon that closes every descriptor it does not know. */
static void closed_descriptors_are_noticed(void **state)
{
	struct relaydb *db = database();
	int opened[64];

	(void)state;
	put(db, ADDRESS, 1000);
	put(db, ADDRESS, 1001);
	put(db, ADDRESS, 1002);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	for (size_t i = 0; i < COUNT(opened); i++)
		opened[i] = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	put(db, ADDRESS, 1003);
	assert_remembered(db);
	relaydb_close(&db);
	for (size_t i = 0; i < COUNT(opened); i++) {
		assert_int_equal(stat_of(path).st_size > 0, 1);
		assert_int_equal(lseek(opened[i], 0, SEEK_END), 0); /* still ours, and empty */
		close(opened[i]);
	}
}

/* Changes by another that come too early for mail servers. */
static void queue_elsewhere(void (*fill)(struct relaydb_batch *batch))
{
	struct relaydb *other = database_with(-1);
	struct relaydb_result result;
	struct relaydb_batch *batch;

	assert_code(other, relaydb_batch_new(other, &batch), RELAYDB_OK);
	fill(batch);
	assert_code(
	    other, relaydb_commit(batch, stat_of(path).st_mtim.tv_sec - 1, &result), RELAYDB_OK);
	assert_true(result.pending);
	relaydb_batch_free(&batch);
	relaydb_close(&other);
}

static void fill_one(struct relaydb_batch *batch)
{
	assert_int_equal(relaydb_batch_put(batch, "192.0.2.77", 77), RELAYDB_OK);
}

static void fill_another(struct relaydb_batch *batch)
{
	for (unsigned n = 0; n < 30; n++)
		assert_int_equal(relaydb_batch_put(batch, nth(n), 7), RELAYDB_OK);
}

/* The next reader applies the queue, but not to what is remembered. */
static void a_commit_without_a_lock_leaves_nothing_open(void **state)
{
	struct relaydb *db = database_with(-1);
	struct relaydb_batch *batch;
	int fd;

	(void)state;
	put(db, ADDRESS, 1000);
	put(db, ADDRESS, 1001);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_delete(batch, ADDRESS), RELAYDB_OK);
	clock_now += 2;
	assert_code(db, relaydb_commit(batch, clock_now, NULL), RELAYDB_LOCKED);
	relaydb_batch_free(&batch);
	close(fd);
	assert_remembered(db);
	queue_elsewhere(fill_one);
	assert_stamp(db, "192.0.2.77", 77);
	assert_stamp(db, ADDRESS, 1001);
	assert_remembered(db);
	queue_elsewhere(fill_another);
	clock_now += 2;
	assert_code(db, relaydb_settle(db, clock_now), RELAYDB_OK);
	relaydb_close(&db);
	db = database();
	assert_stamp(db, ADDRESS, 1001);
	assert_stamp(db, "192.0.2.77", 77);
	for (unsigned n = 0; n < 30; n++)
		assert_stamp(db, nth(n), 7);
	relaydb_close(&db);
}

static int64_t rows_model[3900]; /* 0: no row */

/* Changes up to COUNT rows; of GOES in 8 go. */
static void fill_random(struct relaydb_batch *batch, uint32_t count, uint32_t goes)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t n = random_below(COUNT(rows_model));
		bool gone = random_below(8) < goes;

		rows_model[n] = gone ? 0 : 1 + (int64_t)random_below(2000000000);
		assert_int_equal(gone ? relaydb_batch_delete(batch, nth_long(n))
				      : relaydb_batch_put(batch, nth_long(n), rows_model[n]),
		    RELAYDB_OK);
	}
}

static void assert_file_is_model(void)
{
	struct relaydb *db = database();
	struct image file = read_file();
	struct image_info info;
	char value[32];
	size_t size;

	assert_code(db, image_prove(db, &file, &info), RELAYDB_OK);
	for (uint32_t n = 0; n < COUNT(rows_model); n++) {
		const char *address = nth_long(n);
		int code = image_find(&file, (struct bytes){ address, strlen(address) }, value,
		    sizeof value - 1, &size);

		assert_int_equal(code, rows_model[n] == 0 ? RELAYDB_NOTFOUND : RELAYDB_OK);
		if (code == RELAYDB_OK) {
			value[size] = '\0';
			assert_int_equal(strtoll(value, NULL, 10), rows_model[n]);
		}
	}
	image_free(&file);
	relaydb_close(&db);
}

static void fill_queue(struct relaydb_batch *batch)
{
	fill_random(batch, 1 + random_below(700), 8);
}

/* Two changes of what is remembered in one commit: the first frees pages, the
 * second takes them and splits a bucket. */
static void a_commit_with_a_queue_leaves_what_is_remembered(void **state)
{
	struct relaydb *db = database();
	struct relaydb_batch *batch;
	struct relaydb_result result;

	(void)state;
	chance = UINT64_C(88172645463325252); /* with which a bucket is split by the second */
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	clock_now = NOW + 100;
	for (int i = 0; i < 60; i++) {
		if (i % 12 == 0) {
			unlink(path);
			memset(rows_model, 0, sizeof rows_model);
		}
		if (i % 12 > 3)
			queue_elsewhere(fill_queue);
		fill_random(batch, i % 12 == 0 ? 1 : i % 12 < 4 ? 800 : 1 + random_below(1000), 0);
		clock_now += 2;
		assert_code(db, relaydb_commit(batch, clock_now, &result), RELAYDB_OK);
		assert_false(result.pending);
		assert_file_is_model();
		relaydb_batch_clear(batch);
	}
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

/* Somebody who may write the directory puts a record there between two looks of
 * a reader. */
static void a_record_between_two_looks_is_no_harm(void **state)
{
	struct relaydb *db = learned();
	int64_t stamp;

	(void)state;
	killed_when_decided();
	redo_unseen = true;
	assert_code(db, relaydb_get(db, ADDRESS, &stamp), RELAYDB_OK);
	assert_false(redo_unseen);
	assert_remembered(db);
	assert_stamp(db, ADDRESS, 2000);
	put(db, "192.0.2.2", 1);
	assert_stamp(db, ADDRESS, 2000);
	relaydb_close(&db);
}

struct asking {
	struct relaydb *db;
	unsigned rows;
};

static int ask(const struct relaydb_row *row, void *arg)
{
	struct asking *asking = arg;
	char address[RELAYDB_ADDRSTRLEN];

	assert_true(row->key_size < sizeof address);
	memcpy(address, row->key, row->key_size);
	address[row->key_size] = '\0';
	assert_true(row->entry);
	assert_string_equal(address, row->address);
	put_elsewhere(row->address, 5000 + asking->rows);
	assert_stamp(asking->db, address, 5000 + asking->rows);
	asking->rows++;
	return 0;
}

static void each_may_ask_its_handle(void **state)
{
	struct relaydb *db = learned();
	struct asking asking = { db, 0 };

	(void)state;
	put(db, "192.0.2.2", 1001);
	put(db, "192.0.2.3", 1002);
	assert_code(db, relaydb_each(db, ask, &asking), RELAYDB_OK);
	assert_int_equal(asking.rows, 3);
	relaydb_close(&db);
}

#define REMEMBER_TEST(name) cmocka_unit_test_setup_teardown(name, remember_make, remember_remove)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		REMEMBER_TEST(a_get_is_two_stats),
		REMEMBER_TEST(a_commit_reads_what_it_changes),
		REMEMBER_TEST(a_get_sees_what_happens_behind_it),
		REMEMBER_TEST(what_is_no_database_any_more_is_not_believed),
		REMEMBER_TEST(a_get_believes_no_tick_that_is_not_over),
		REMEMBER_TEST(a_commit_compares_what_it_looked_at),
		REMEMBER_TEST(any_commits_leave_what_is_remembered),
		REMEMBER_TEST(a_commit_that_fails_is_forgotten),
		REMEMBER_TEST(a_child_has_a_memory_of_its_own),
		REMEMBER_TEST(closed_descriptors_are_noticed),
		REMEMBER_TEST(a_commit_without_a_lock_leaves_nothing_open),
		REMEMBER_TEST(a_commit_with_a_queue_leaves_what_is_remembered),
		REMEMBER_TEST(a_record_between_two_looks_is_no_harm),
		REMEMBER_TEST(each_may_ask_its_handle),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
