/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_commit.c - a commit is stopped dead between each two of its
 * steps, and nobody ever sees half of it
 *
 * Links the library with the hook that names the steps.  A child commits and
 * kills itself at a step; then the parent looks: as a reader before anybody
 * settles, as the next writer, and at the file itself.
 */
#define RELAYDB_TEST_STEPS
#include "../../lib/relaydb/hash/redo.c"
#include "bdb.h"
#include "io.h"
#include "queue.h"
#include "relaydb_scratch.h"
#include "step.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

static int64_t begun; /* the clock at the start: files get their first mtime from the kernel */

static int tear_down(void **state)
{
	relaydb_test_step = NULL;
	return scratch_remove(state);
}

static void address(char out[32], unsigned n)
{
	snprintf(out, 32, "10.%u.%u.%u", n >> 16, n >> 8 & 255, n & 255);
}

/* As if some time had passed since the last commit, so that the next need not
 * wait; mtime only grows, as it should. */
static void rest(void)
{
	static int64_t rests;
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = begun - 1000000 + ++rests } };

	utimensat(AT_FDCWD, path, times, 0);
}

/* Puts addresses FIRST to LAST with STAMP in one commit. */
static int put(unsigned first, unsigned last, int64_t stamp)
{
	struct relaydb *db = database();
	struct relaydb_batch *batch;
	char text[32];
	int code;

	assert_int_equal(relaydb_batch_new(db, &batch), RELAYDB_OK);
	for (unsigned n = first; n <= last; n++) {
		address(text, n);
		assert_int_equal(relaydb_batch_put(batch, text, stamp), RELAYDB_OK);
	}
	code = relaydb_commit(batch, time(NULL), NULL);
	if (code != RELAYDB_OK)
		print_error("%s\n", relaydb_error(db));
	relaydb_batch_free(&batch);
	relaydb_close(&db);
	return code;
}

struct seen {
	unsigned rows, with_stamp;
	int64_t stamp;
};

static int see(const struct relaydb_row *row, void *arg)
{
	struct seen *seen = arg;

	seen->rows++;
	seen->with_stamp += row->entry && row->stamp == seen->stamp;
	return 0;
}

/* How many rows are there, and how many of them have STAMP? */
static struct seen look(int64_t stamp)
{
	struct relaydb *db = database();
	struct seen seen = { .stamp = stamp };
	int code = relaydb_each(db, see, &seen);

	if (code != RELAYDB_OK)
		print_error("%s\n", relaydb_error(db));
	assert_int_equal(code, RELAYDB_OK);
	relaydb_close(&db);
	return seen;
}

/* ---- changes to be interrupted ---- */

static int change_add(void)
{
	return put(50000, 50009, begun + 1);
}

static int change_delete(void)
{
	struct relaydb *db = database();
	struct relaydb_batch *batch;
	char text[32];
	int code;

	relaydb_batch_new(db, &batch);
	for (unsigned n = 0; n < 10; n++) {
		address(text, n);
		relaydb_batch_delete(batch, text);
	}
	code = relaydb_commit(batch, time(NULL), NULL);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
	return code;
}

/* Outgrows the hash: it is rebuilt, every block changes. */
static int change_grow(void)
{
	return put(50000, 60000, begun + 1);
}

static int change_load(void)
{
	struct relaydb *db = database();
	FILE *dump = tmpfile();
	char text[32];
	int code;

	for (unsigned n = 0; n < 10; n++) {
		address(text, n);
		fprintf(dump, "%s %lld\n", text, (long long)begun + 1);
	}
	rewind(dump);
	fflush(dump);
	lseek(fileno(dump), 0, SEEK_SET);
	code = relaydb_load(db, fileno(dump), begun, NULL, NULL, NULL);
	fclose(dump);
	relaydb_close(&db);
	return code;
}

static const struct change_case {
	const char *name;
	unsigned before; /* rows that are put first; 0: no file */
	int (*change)(void);
	unsigned after, new_stamps;
} cases[] = {
	{ "add", 100, change_add, 110, 10 },
	{ "add to nothing", 0, change_add, 10, 10 },
	{ "delete", 100, change_delete, 90, 0 },
	{ "grow", 3000, change_grow, 13001, 10001 },
	{ "shrink by load", 13000, change_load, 10, 10 },
};

/* Those that commit.c names, and what lies between them. */
static const struct step {
	const char *name;
	/* a commit that dies here is finished: the rename is seen by everybody
	 * who still lives */
	bool counts;
	bool leaves; /* something to finish */
} steps[] = {
	{ "alone", false, false },
	{ "settled", false, false },
	{ "copied", false, false },
	{ "changed", false, false },
	{ "recorded", false, false },
	{ "locked", false, false },
	{ "renamed", true, true },
	{ "decided", true, true },
	{ "block", true, true },
	{ "raised", true, true },
	{ "unlocked", true, true },
	{ "written", true, true },
	{ "dropped", true, true },
	{ "cleared", true, false },
};

static const char *stop_at;
static int stop_after;

static void stop(const char *step)
{
	if (strcmp(step, stop_at) == 0 && stop_after-- == 0)
		raise(SIGKILL);
}

/* True if the child was stopped, false if it came to its end. */
static bool commit_stopped(const struct change_case *c, const char *step, int after)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		stop_at = step;
		stop_after = after;
		relaydb_test_step = stop;
		_exit(c->change() == RELAYDB_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status);
}

static void assert_old(const struct change_case *c, const struct seen *seen)
{
	assert_int_equal(seen->rows, c->before);
	assert_int_equal(seen->with_stamp, 0);
}

static void assert_new(const struct change_case *c, const struct seen *seen)
{
	assert_int_equal(seen->rows, c->after);
	assert_int_equal(seen->with_stamp, c->new_stamps);
}

static void prepare(const struct change_case *c)
{
	tear_down(NULL);
	assert_int_equal(scratch_make(NULL), 0);
	if (c->before > 0)
		assert_int_equal(put(0, c->before - 1, begun), RELAYDB_OK);
}

static void assert_state(const struct change_case *c, const struct step *step)
{
	struct seen seen = look(begun + 1);

	if (step->counts)
		assert_new(c, &seen);
	else
		assert_old(c, &seen);
}

static void one_stop(const struct change_case *c, const struct step *step, int after)
{
	struct stat before = { 0 }, later;
	struct relaydb *db;
	struct seen seen;

	prepare(c);
	rest();
	stat(path, &before);
	if (!commit_stopped(c, step->name, after)) {
		seen = look(begun + 1);
		assert_new(c, &seen);
		return;
	}
	if (exists("")) /* a reader, before anybody settles */
		assert_state(c, step);
	db = database(); /* the next of us */
	assert_int_equal(relaydb_settle(db, begun), RELAYDB_OK);
	assert_int_equal(*relaydb_notice(db) != '\0', step->leaves);
	relaydb_close(&db);
	assert_false(exists(".redo"));
	if (exists(""))
		assert_state(c, step);
	if (c->before > 0) {
		assert_int_equal(stat(path, &later), 0);
		assert_true(step->counts ? later.st_mtim.tv_sec > before.st_mtim.tv_sec
					 : later.st_mtim.tv_sec == before.st_mtim.tv_sec);
	}
	rest();
	assert_int_equal(put(70000, 70000, begun + 1), RELAYDB_OK); /* and the one after */
	assert_false(exists(".new"));
	seen = look(begun + 1);
	assert_int_equal(seen.rows, (step->counts ? c->after : c->before) + 1);
	if (c->before >
	    /* the inode, and all that hangs on it, stays; mtime never falls,
	     * and rises with what is to be seen */
	    0) {
		assert_int_equal(stat(path, &later), 0);
		assert_int_equal(later.st_ino, before.st_ino);
		assert_int_equal(later.st_mode, before.st_mode);
		assert_true(later.st_mtim.tv_sec > before.st_mtim.tv_sec);
	}
}

static void stopped_dead_at_each_step(void **state)
{
	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
		for (const struct step *step = steps; step < steps + sizeof steps / sizeof *steps;
		     step++)
			for (int after = 0; after < (strcmp(step->name, "block") == 0 ? 4 : 1);
			     after++)
				one_stop(&cases[c], step, after);
}

/* ---- until a commit counts, the file is byte for byte the same, also for a
 * handle that is held open ---- */

static struct image original;
static int watcher;
static unsigned watched;
static bool counts;

static void watch(const char *step)
{
	struct relaydb *db = database();
	struct stat st;
	struct image now;

	if (strcmp(step, "decided") == 0)
		counts = true;
	if (!counts) {
		assert_int_equal(fstat(watcher, &st), 0);
		assert_int_equal(io_read(db, watcher, "", &st, &now), RELAYDB_OK);
		assert_int_equal(now.size, original.size);
		assert_memory_equal(now.data, original.data, now.size);
		image_free(&now);
		watched++;
	}
	relaydb_close(&db);
}

static void same_bytes_until_it_counts(void **state)
{
	struct relaydb *db = database();
	struct stat st;

	(void)state;
	assert_int_equal(put(0, 99, begun), RELAYDB_OK);
	watcher = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(watcher >= 0);
	assert_int_equal(fstat(watcher, &st), 0);
	assert_int_equal(io_read(db, watcher, "", &st, &original), RELAYDB_OK);
	relaydb_test_step = watch;
	assert_int_equal(change_add(), RELAYDB_OK);
	relaydb_test_step = NULL;
	assert_true(counts);
	assert_int_equal(watched, 7); /* alone to renamed */
	close(watcher);
	image_free(&original);
	relaydb_close(&db);
}

/* ---- mtime ---- */

static int64_t mtime_of(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mtim.tv_sec;
}

/* Each change has a second of its own, and they do not run away: who may not
 * set mtime waits for two seconds at most. */
static void mtime_rises_and_stays_near_the_clock(void **state)
{
	int64_t last = 0;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(put(i, i, begun), RELAYDB_OK);
		assert_true(mtime_of() > last);
		assert_true(mtime_of() <= time(NULL) + 1);
		assert_false(exists(".queue"));
		last = mtime_of();
	}
}

static void mtime_stays_when_nothing_changes(void **state)
{
	int64_t before;

	(void)state;
	assert_int_equal(put(0, 10, begun), RELAYDB_OK);
	before = mtime_of();
	assert_int_equal(put(0, 10, begun), RELAYDB_OK);
	assert_int_equal(mtime_of(), before);
}

/* The clock was set back by a day: entries are still seen, and mtime does not
 * fall. */
static void mtime_far_ahead_of_the_clock(void **state)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = begun + 86400 } };
	struct seen seen;

	(void)state;
	assert_int_equal(put(0, 10, begun), RELAYDB_OK);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(put(11, 11, begun), RELAYDB_OK);
	assert_int_equal(mtime_of(), begun + 86401);
	seen = look(begun);
	assert_int_equal(seen.rows, 12);
}

/* ---- what others do between our steps ---- */

static void overwrite_with_other(const char *step)
{
	char other[160];
	struct image image;
	struct relaydb *db;
	struct change row = { { "10.9.9.9", 8 }, { "OK", 2 }, false };
	int fd;

	if (strcmp(step, "recorded") != 0)
		return;
	relaydb_test_step = NULL;
	db = database();
	snprintf(other, sizeof other, "%s", path);
	assert_int_equal(bdb_build(db, &row, 1, NULL, &image), RELAYDB_OK);
	fd = open(other, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, image.data, image.size), image.size);
	close(fd);
	image_free(&image);
	relaydb_close(&db);
}

/* As makemap does it: in place, between our copy and our lock.  Its rows stand,
 * and ours come on top. */
static void rewritten_while_we_computed(void **state)
{
	struct seen seen;

	(void)state;
	assert_int_equal(put(0, 99, begun), RELAYDB_OK);
	relaydb_test_step = overwrite_with_other;
	assert_int_equal(put(200, 201, begun + 1), RELAYDB_OK);
	seen = look(begun + 1);
	assert_int_equal(seen.rows, 3);
	assert_int_equal(seen.with_stamp, 2);
}

static void redo_is_stale_after_a_rewrite(void **state)
{
	const struct change_case c = { "add", 100, change_add, 110, 10 };
	struct relaydb *db;
	struct seen seen;

	(void)state;
	assert_int_equal(put(0, 99, begun), RELAYDB_OK);
	assert_true(commit_stopped(&c, "decided", 0));
	overwrite_with_other("recorded");
	seen = look(begun);
	assert_int_equal(seen.rows, 1);
	db = database();
	assert_int_equal(relaydb_settle(db, begun), RELAYDB_OK);
	assert_non_null(strstr(relaydb_notice(db), "replaced since"));
	relaydb_close(&db);
	seen = look(begun);
	assert_int_equal(seen.rows, 1);
	assert_false(exists(".redo"));
}

/* makemap -o and postmap -i keep the file's id, and so does a backup that is
 * copied back: only the contents tell. */
static void redo_is_stale_after_a_change_in_place(void **state)
{
	const struct change_case c = { "add", 100, change_add, 110, 10 };
	struct relaydb *db;
	uint32_t rows = 4711;
	struct seen seen;
	int fd;

	(void)state;
	assert_int_equal(put(0, 99, begun), RELAYDB_OK);
	assert_true(commit_stopped(&c, "decided", 0));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(
	    /* Berkeley DB's own count of rows, on the meta page */
	    pwrite(fd, &rows, sizeof rows, 88), sizeof rows);
	close(fd);
	seen = look(begun);
	assert_int_equal(seen.rows, 100);
	db = database();
	assert_int_equal(relaydb_settle(db, begun), RELAYDB_OK);
	assert_non_null(strstr(relaydb_notice(db), "replaced since"));
	relaydb_close(&db);
}

/* A record never overwrites what it does not know, no matter who put both
 * there. */
static void foreign_file_under_a_redo(void **state)
{
	const struct change_case c = { "add to nothing", 0, change_add, 10, 10 };
	static const char secret[] = "root:secret\n";
	struct relaydb *db;
	char text[sizeof secret];
	int fd;

	(void)state;
	assert_true(commit_stopped(&c, "decided", 0));
	fd = open(path, O_RDWR | O_TRUNC | O_CLOEXEC);
	assert_int_equal(write(fd, secret, sizeof secret), sizeof secret);
	db = database();
	assert_int_equal(relaydb_settle(db, begun), RELAYDB_OK);
	assert_non_null(strstr(relaydb_notice(db), "replaced since"));
	assert_int_equal(pread(fd, text, sizeof text, 0), sizeof secret);
	assert_memory_equal(text, secret, sizeof secret);
	assert_int_equal(lseek(fd, 0, SEEK_END), sizeof secret);
	close(fd);
	relaydb_close(&db);
}

/* An administrator who removes the database does not get it back from a
 * record. */
static void redo_is_stale_after_removal(void **state)
{
	const struct change_case c = { "add", 100, change_add, 110, 10 };
	struct seen seen;

	(void)state;
	assert_int_equal(put(0, 99, begun), RELAYDB_OK);
	assert_true(commit_stopped(&c, "decided", 0));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(put(5, 5, begun), RELAYDB_OK);
	seen = look(begun);
	assert_int_equal(seen.rows, 1);
}

static void damaged_redo_is_refused(void **state)
{
	const struct change_case c = { "add", 100, change_add, 110, 10 };
	struct relaydb *db;
	char redo[160];
	int fd;

	(void)state;
	assert_int_equal(put(0, 99, begun), RELAYDB_OK);
	assert_true(commit_stopped(&c, "decided", 0));
	snprintf(redo, sizeof redo, "%s.redo", path);
	fd = open(redo, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "x", 1, 200), 1);
	close(fd);
	db = database();
	assert_int_equal(relaydb_settle(db, begun), RELAYDB_NOTDB);
	assert_non_null(strstr(relaydb_error(db), "is damaged; remove it"));
	relaydb_close(&db);
}

/* ---- a server with threads forks children that live on, while one of its
 * threads commits ---- */

#define CHILDREN_MAX 64
static pid_t children[CHILDREN_MAX];
static int child_count, children_live[2];

static void fork_a_child(const char *step)
{
	char byte;

	(void)step;
	assert_true(child_count < CHILDREN_MAX);
	children[child_count] = fork();
	assert_true(children[child_count] >= 0);
	if (children[child_count] == 0) {
		close(children_live[1]);
		/* with copies of all that was open */
		_exit(read(children_live[0], &byte, 1) == 0 ? 0 : 1);
	}
	child_count++;
}

/* What a child has a copy of is not locked any more once the commit has
 * returned. */
static void children_keep_no_lock(void **state)
{
	const struct relaydb_options impatient = { .path = path, .timeout_ms = -1 };
	struct relaydb_batch *batch;
	struct relaydb *db;
	int64_t stamp;

	(void)state;
	assert_int_equal(put(0, 99, begun), RELAYDB_OK);
	assert_int_equal(pipe2(children_live, O_CLOEXEC), 0);
	child_count = 0;
	relaydb_test_step = fork_a_child;
	assert_int_equal(put(100, 100, begun), RELAYDB_OK);
	relaydb_test_step = NULL;
	assert_true(child_count >= (int)(sizeof steps / sizeof *steps));
	assert_int_equal(relaydb_open(&db, &impatient), RELAYDB_OK);
	assert_int_equal(relaydb_get(db, "10.0.0.100", &stamp), RELAYDB_OK);
	assert_int_equal(relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_int_equal(relaydb_batch_put(batch, "10.0.0.101", begun), RELAYDB_OK);
	if (relaydb_commit(batch, time(NULL), NULL) != RELAYDB_OK)
		fail_msg("%s", relaydb_error(db));
	relaydb_batch_free(&batch);
	relaydb_close(&db);
	close(children_live[1]);
	for (int i = 0; i < child_count; i++)
		assert_int_equal(waitpid(children[i], NULL, 0), children[i]);
	close(children_live[0]);
}

/* ---- what anyone who may write the directory can leave there costs nobody
 * else's memory ---- */

#define HUGE_SIZE ((off_t)128 << 20)
#define LITTLE_KIB (96 << 10) /* the program itself, with its sanitizers */

/* A reader and a commit, in a child, end with the code WANTED and with little
 * memory. */
static void look_in_a_child(int wanted)
{
	struct rusage usage;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		const struct relaydb_options options = { .path = path, .timeout_ms = 5000 };
		struct relaydb *db;
		int64_t stamp;

		if (relaydb_open(&db, &options) != RELAYDB_OK)
			_exit(100);
		status = relaydb_get(db, "10.0.0.1", &stamp);
		if (status == wanted)
			status = put(5, 5, begun + 1);
		_exit(status);
	}
	assert_int_equal(wait4(child, &status, 0, &usage), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), wanted);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow is larger than what is looked for */
	if (getenv("VALGRIND") == NULL)
		assert_true(usage.ru_maxrss < LITTLE_KIB);
#endif
}

static void huge_record_costs_nothing(void **state)
{
	const uint64_t blocks = (uint64_t)HUGE_SIZE / BLOCK;
	const struct {
		const char *name;
		struct head head;
		off_t size;
		bool hole;
	} records[] = {
		{ "nothing but a hole", { .count = 0 }, HUGE_SIZE, true },
		{ "no record at all", { .count = 0 }, HUGE_SIZE, false },
		{ "more than its head says", { .old_size = 4096, .new_size = 8192, .count = 2 },
		    HUGE_SIZE, false },
		{ "more blocks than the file has", { .new_size = 8192, .count = blocks }, HUGE_SIZE,
		    false },
		{ "as large as its head says, and a hole",
		    { .new_size = (uint64_t)HUGE_SIZE, .count = blocks },
		    (off_t)(sizeof(struct head) + blocks * (sizeof(struct entry) + BLOCK)), true },
		{ "a count that overflows",
		    { .new_size = (uint64_t)HUGE_SIZE, .count = UINT64_MAX / 8 }, HUGE_SIZE,
		    false },
	};
	char redo[160];

	(void)state;
	assert_int_equal(put(0, 99, begun), RELAYDB_OK);
	snprintf(redo, sizeof redo, "%s.redo", path);
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		struct head head = records[i].head;
		int fd = open(redo, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0660);

		assert_true(fd >= 0);
		if (head.count != 0)
			memcpy(head.magic, magic, sizeof magic);
		assert_int_equal(write(fd, &head, sizeof head), sizeof head);
		assert_int_equal(ftruncate(fd, records[i].size), 0);
		if (!records[i].hole)
			assert_int_equal(fallocate(fd, 0, 0, records[i].size), 0);
		close(fd);
		print_message("%s\n", records[i].name);
		look_in_a_child(RELAYDB_NOTDB);
	}
}

/* A sound record of no block at all may claim that the file becomes long. */
static void short_record_of_a_long_file(void **state)
{
	struct head head = { .new_size = (uint64_t)HUGE_SIZE };
	struct stat st;
	char redo[160];
	int fd;

	(void)state;
	assert_int_equal(put(0, 99, begun), RELAYDB_OK);
	assert_int_equal(stat(path, &st), 0);
	memcpy(head.magic, magic, sizeof magic);
	head.old_size = (uint64_t)st.st_size;
	head.mtime = begun;
	head.sum = sum_of(&head, sizeof head, 1);
	snprintf(redo, sizeof redo, "%s.redo", path);
	fd = open(redo, O_WRONLY | O_CREAT | O_CLOEXEC, 0660);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, &head, sizeof head), sizeof head);
	close(fd);
	look_in_a_child(RELAYDB_NOTDB);
}

static void huge_database_costs_nothing(void **state)
{
	(void)state;
	assert_int_equal(put(0, 99, begun), RELAYDB_OK);
	assert_int_equal(truncate(path, HUGE_SIZE), 0);
	look_in_a_child(RELAYDB_NOTDB);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(stopped_dead_at_each_step),
		TEST(same_bytes_until_it_counts),
		TEST(mtime_rises_and_stays_near_the_clock),
		TEST(mtime_stays_when_nothing_changes),
		TEST(mtime_far_ahead_of_the_clock),
		TEST(rewritten_while_we_computed),
		TEST(redo_is_stale_after_a_rewrite),
		TEST(redo_is_stale_after_a_change_in_place),
		TEST(foreign_file_under_a_redo),
		TEST(redo_is_stale_after_removal),
		TEST(damaged_redo_is_refused),
		TEST(children_keep_no_lock),
		TEST(huge_record_costs_nothing),
		TEST(short_record_of_a_long_file),
		TEST(huge_database_costs_nothing),
	};

	begun = time(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
