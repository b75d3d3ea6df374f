/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_queue.c - changes that come faster than an MTA can see them:
 * none is lost, all are seen by us at once and by MTAs soon
 *
 * "In force" means here: in the bytes of the file itself, which is all that an
 * MTA reads.
 */
#define RELAYDB_TEST_STEPS
#include "batch.h"
#include "collect.h"
#include "directory_syncs.h"
#include "queue.h"
#include "queuetext.h"
#include "relaydb_scratch.h"
#include "transform.h"

#include <signal.h>
#include <time.h>

#define RECORDER 65534

/* ---- what is seen ---- */

/* Is ADDRESS in the file, as an MTA looks it up? */
static bool in_force(const char *address)
{
	struct image image = read_file();
	struct image_info info;
	char value[32], why[128];
	size_t size;
	int code;

	assert_true(image_check(&image, &info, why, sizeof why));
	code = image_find(
	    &image, (struct bytes){ address, strlen(address) }, value, sizeof value, &size);
	image_free(&image);
	return code == RELAYDB_OK;
}

static bool seen(const char *address)
{
	struct relaydb *db = database();
	int64_t stamp;
	int code = relaydb_get(db, address, &stamp);

	relaydb_close(&db);
	return code == RELAYDB_OK;
}

static int64_t mtime_of(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mtim.tv_sec;
}

static void set_mtime(int64_t mtime)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* A database in which the next change comes too early: its second is used up.
 * Looked at again by those who depend on it. */
static void use_up(void)
{
	struct relaydb *db = database();

	if (!exists(""))
		put_many(db, 0, 9, CLOCK);
	set_mtime(NOW + 1);
	relaydb_close(&db);
}

enum verb { RECORD, REFRESH, PUT, DELETE, DELETE_UNTIL, EXPIRE };

static int change(struct relaydb *db, enum verb verb, const char *address, int64_t stamp,
    struct relaydb_result *result)
{
	struct relaydb_batch *batch;
	int code;

	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	code = verb == RECORD         ? relaydb_batch_record(batch, address, stamp)
	       : verb == REFRESH      ? relaydb_batch_refresh(batch, address, stamp)
	       : verb == PUT          ? relaydb_batch_put(batch, address, stamp)
	       : verb == DELETE       ? relaydb_batch_delete(batch, address)
	       : verb == DELETE_UNTIL ? relaydb_batch_delete_until(batch, address, stamp)
				      : relaydb_batch_expire(batch, stamp);
	assert_code(db, code, RELAYDB_OK);
	code = relaydb_commit(batch, NOW, result);
	relaydb_batch_free(&batch);
	return code;
}

/* Leaves it in the queue: for one who does not wait.  The second may pass just
 * then: then it is used up again. */
static void leave(enum verb verb, const char *address, int64_t stamp)
{
	struct relaydb *db = database_with(-1);
	struct relaydb_result result = { .pending = false };

	while (!result.pending) {
		use_up();
		assert_code(db, change(db, verb, address, stamp, &result), RELAYDB_OK);
		assert_true(result.committed || result.pending || verb != DELETE);
		if (!result.committed)
			break;
	}
	relaydb_close(&db);
}

static void settle_all(void)
{
	struct relaydb *db = database();

	assert_code(db, relaydb_settle(db, NOW), RELAYDB_OK);
	assert_false(exists(".queue"));
	assert_false(exists(".redo"));
	assert_false(exists(".new"));
	relaydb_close(&db);
}

/* ---- a burst ---- */

static void burst_is_recorded_at_once_and_in_force_with_the_next(void **state)
{
	(void)state;
	use_up(); /* before, since nth() has one text for all */
	for (unsigned i = 100; i < 200; i++)
		leave(RECORD, nth(i), CLOCK);
	for (unsigned i = 100; i < 200; i++)
		if (!seen(nth(i)))
			fail_msg("%u is not seen", i);
	assert_true(exists(".queue"));
	settle_all();
	for (unsigned i = 100; i < 200; i++)
		assert_true(in_force(nth(i)));
	assert_true(mtime_of() <= NOW + 1);
}

/* What is queued counts in its order, as if each had been a commit. */
static void order_is_kept(void **state)
{
	static const char expected[] =
	    "192.0.2.4 500\n192.0.2.1 1000\n192.0.2.5 1000\n192.0.2.8 1500\n192.0.2.2 2000\n"
	    "192.0.2.9 5000\n";
	struct relaydb *db = database();
	struct relaydb_result result;

	(void)state;
	assert_code(db, change(db, PUT, "192.0.2.9", 5000, &result), RELAYDB_OK);
	leave(RECORD, "192.0.2.1", 1000);
	leave(RECORD, "192.0.2.1", 900);
	leave(PUT, "192.0.2.2", 3000);
	leave(PUT, "192.0.2.2", 2000);
	leave(RECORD, "192.0.2.3", 1000);
	leave(DELETE, "192.0.2.3", 0);
	leave(PUT, "192.0.2.6", 100);
	leave(RECORD, "192.0.2.7", 999);
	leave(EXPIRE, NULL, 1000);
	leave(PUT, "192.0.2.4", 500); /* after the expiry */
	leave(DELETE, "192.0.2.5", 0); /* of which nothing is there */
	leave(RECORD, "192.0.2.5", 1000);
	leave(RECORD, "192.0.2.8", 1000);
	leave(REFRESH, "192.0.2.8", 1500);
	leave(REFRESH, "192.0.2.3", 1500); /* which was deleted */
	leave(DELETE_UNTIL, "192.0.2.9", 4999); /* it is later */
	leave(RECORD, "192.0.2.10", 4000);
	leave(DELETE_UNTIL, "192.0.2.10", 4000);
	assert_string_equal(list(db), expected);
	settle_all();
	assert_string_equal(list(db), expected);
	assert_false(in_force("192.0.2.3"));
	assert_true(in_force("192.0.2.4"));
	relaydb_close(&db);
}

/* What an open session keeps, an expiry after it leaves, however old the row was;
 * one before it does not. */
static void refreshed_before_it_expires(void **state)
{
	struct relaydb *db = database();
	struct relaydb_result result;

	(void)state;
	for (unsigned i = 1; i <= 3; i++)
		assert_code(db, change(db, PUT, nth(i), 1000, &result), RELAYDB_OK);
	leave(REFRESH, nth(1), 3000);
	leave(EXPIRE, NULL, 2000);
	leave(REFRESH, nth(2), 3000); /* too late */
	settle_all();
	assert_true(in_force(nth(1)));
	assert_false(in_force(nth(2)));
	assert_false(in_force(nth(3)));
	relaydb_close(&db);
}

/* What several changes of an address come to in one batch, as its lines. */
static void what_a_batch_comes_to_is_kept(void **state)
{
	static const char text[] = "\nbegin\ndelete-until 192.0.2.1 20\nrefresh 192.0.2.1 40\n"
				   "record 192.0.2.1 30\nrefresh 192.0.2.2 40\n"
				   "record 192.0.2.2 30\nrecord 192.0.2.3 40\n"
				   "delete-until 192.0.2.4 20\ndelete 192.0.2.5\nend ";
	struct relaydb *db = database();
	struct relaydb_batch *batch;
	struct image image;

	(void)state;
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	for (unsigned n = 1; n <= 3; n++) {
		char address[16];

		snprintf(address, sizeof address, "192.0.2.%u", n);
		if (n == 1)
			relaydb_batch_delete_until(batch, address, 20);
		if (n == 3)
			relaydb_batch_record(batch, address, 10);
		relaydb_batch_refresh(batch, address, 40);
		relaydb_batch_record(batch, address, 30);
	}
	relaydb_batch_record(batch, "192.0.2.4", 10);
	relaydb_batch_delete_until(batch, "192.0.2.4", 20);
	relaydb_batch_put(batch, "192.0.2.5", 20);
	relaydb_batch_delete_until(batch, "192.0.2.5", 20);
	assert_code(db, queue_text(batch, &image), RELAYDB_OK);
	if (image.size < sizeof text || memcmp(image.data, text, sizeof text - 1) != 0)
		fail_msg("%.*s", (int)image.size, (const char *)image.data);
	image_free(&image);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

/* A result counts what the change does to the rows with those of the queue. */
static void results_know_the_queue(void **state)
{
	struct relaydb *db = database_with(-1);
	struct relaydb_result result;

	(void)state;
	leave(RECORD, "192.0.2.1", 1000);
	use_up();
	assert_code(db, change(db, DELETE, "192.0.2.1", 0, &result), RELAYDB_OK);
	assert_int_equal(result.deleted, 1);
	assert_int_equal(result.absent, 0);
	assert_false(seen("192.0.2.1"));
	use_up();
	assert_code(db, change(db, DELETE, "192.0.2.1", 0, &result), RELAYDB_OK);
	assert_int_equal(result.absent, 1);
	assert_false(result.committed);
	relaydb_close(&db);
}

/* ---- who waits ---- */

/* A child that records ADDRESS as one does who waits when nobody else does. */
static pid_t recorder(const char *address, bool as_recorder)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct relaydb *db = database();
		struct relaydb_result result;
		int code;

		if (as_recorder && (setgid(RECORDER) != 0 || setuid(RECORDER) != 0))
			_exit(100);
		code = change(db, RECORD, address, CLOCK, &result);
		relaydb_close(&db);
		_exit(code != RELAYDB_OK ? code : result.pending ? 101 : 0);
	}
	return child;
}

static int status_of(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Does somebody wait for the queue? */
static bool is_waited_for(struct relaydb *db, const struct location *location)
{
	int fd = -1;

	if (queue_exists(location) && !queue_adopt(db, location, &fd))
		return true;
	if (fd >= 0)
		close(fd);
	return false;
}

static int64_t waits_until; /* the second before which a waiting_recorder() cannot have committed */

/* A child that records ADDRESS and waits for the clock, which nobody can pass
 * while it does not move.  One that was so slow to begin that its second had
 * come does not wait: then with another database and another child. */
static pid_t waiting_recorder(const char *address)
{
	int64_t give_up = db_clock_ms() + 120000;
	struct relaydb *db;
	struct location location;
	pid_t child;
	bool waits = false;

	do {
		assert_true(db_clock_ms() < give_up);
		unlink(path);
		use_up();
		db = database();
		assert_code(db, location_open(db, &location, true), RELAYDB_OK);
		child = recorder(address, false);
		while (!waits && waitpid(child, NULL, WNOHANG) == 0) {
			waits_until = NOW + 1;
			set_mtime(waits_until);
			waits = is_waited_for(db, &location);
		}
		location_close(&location);
		relaydb_close(&db);
	} while (!waits);
	return child;
}

/* The first waits, the others go; it holds no lock, and commits all. */
static void first_waits_for_all(void **state)
{
	struct relaydb *db;
	pid_t first, second;
	int fd, status;
	bool early;

	(void)state;
	first = waiting_recorder("192.0.2.1");
	for (size_t i = 0; i < 2; i++) {
		fd = open(beside(i == 0 ? "" : ".lock"), O_RDONLY | O_CLOEXEC);
		/* at once, if the clock is not waited for with it */
		assert_int_equal(flock(fd, LOCK_EX), 0);
		close(fd);
	}
	early = in_force("192.0.2.1");
	if (NOW < waits_until)
		assert_false(early);
	second = recorder("192.0.2.2", false);
	status = status_of(second);
	assert_true(status == 0 || status == 101); /* 0: its second had come */
	assert_int_equal(status_of(first), 0);
	db = database();
	/* the second was too late for the first's commit, but nobody waited
	 * yet: it did */
	if (exists(".queue"))
		settle_all();
	assert_true(in_force("192.0.2.1"));
	assert_true(in_force("192.0.2.2"));
	relaydb_close(&db);
}

static void killed_waiter_loses_nothing(void **state)
{
	pid_t first;

	(void)state;
	do { /* until one is killed before its second has come */
		first = waiting_recorder("192.0.2.1");
		kill(first, SIGKILL);
	} while (status_of(first) != -1);
	assert_true(seen("192.0.2.1"));
	assert_int_equal(status_of(recorder("192.0.2.2", false)), 0); /* waits in its place */
	assert_true(in_force("192.0.2.1"));
	assert_true(in_force("192.0.2.2"));
	assert_false(exists(".queue"));
}

/* While root's commits use up each second, the recorder, who may not set mtime,
 * is neither refused nor kept. */
static void recorder_beside_root(void **state)
{
	struct relaydb *db;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(directory, RECORDER, RECORDER), 0);
	db = database();
	put_many(db, 0, 9, CLOCK);
	for (unsigned i = 0; i < 3; i++) {
		pid_t child;
		int status;

		put_many(db, 10 + i, 10 + i, CLOCK);
		put_many(db, 20 + i, 20 + i, CLOCK);
		child = recorder(nth(30 + i), true);
		put_many(db, 40 + i, 40 + i, CLOCK);
		status = status_of(child);
		/* 101: the other of the two waited for both */
		assert_true(status == 0 || status == 101);
		assert_true(in_force(nth(30 + i)));
		assert_true(in_force(nth(40 + i)));
	}
	assert_true(mtime_of() <= NOW + 1);
	relaydb_close(&db);
}

/* Further ahead than any commit makes it: the clock was set back, and nobody
 * waits for it. */
static void nobody_waits_for_a_clock_that_was_set_back(void **state)
{
	struct relaydb *db = database_with(-1);
	int64_t ahead = NOW + 3600;
	struct relaydb_result result;

	(void)state;
	use_up();
	set_mtime(ahead);
	/* the kernel's time of the last change is this very second: one a
	 * second, so that it gets no further ahead */
	do
		assert_code(db, change(db, RECORD, "192.0.2.1", CLOCK, &result), RELAYDB_OK);
	while (result.pending);
	assert_true(in_force("192.0.2.1"));
	assert_in_range(mtime_of(), ahead, NOW + 3601);
	relaydb_close(&db);
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(directory, RECORDER, RECORDER), 0);
	assert_int_equal(chown(path, 0, RECORDER), 0);
	assert_int_equal(chown(beside(".lock"), RECORDER, RECORDER), 0);
	assert_int_equal(status_of(recorder("192.0.2.2", true)), 0);
	assert_true(in_force("192.0.2.2"));
	assert_true(mtime_of() <= NOW); /* fell to the clock */
}

/* What touch(1) can set where the file system takes any number (tmpfs); anyone
 * who may replace the file chooses. */
static void mtimes_that_no_clock_shows(void **state)
{
	static const int64_t mtimes[] = { INT64_MAX, INT64_MAX - 1, RELAYDB_STAMP_MAX + 1,
		INT64_MIN, -1 };
	struct relaydb_result result = { .pending = true };
	struct relaydb *db = database();

	(void)state;
	put_many(db, 0, 9, CLOCK);
	for (size_t i = 0; i < COUNT(mtimes); i++) {
		set_mtime(mtimes[i]);
		if (mtime_of() != mtimes[i])
			continue; /* a file system that cannot keep it */
		assert_code(
		    db, change(db, RECORD, nth((unsigned)i + 20), CLOCK, &result), RELAYDB_OK);
		assert_false(result.pending);
		assert_true(in_force(nth((unsigned)i + 20)));
		assert_in_range(mtime_of(), NOW - 60, NOW + 1);
	}
	relaydb_close(&db);
}

/* PATH.lock is busy for longer than a login may wait. */
static void login_is_recorded_while_another_commits(void **state)
{
	struct relaydb *db = database_with(50);
	struct relaydb_result result;
	int fd;

	(void)state;
	put_many(db, 0, 9, CLOCK);
	fd = open(beside(".lock"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_code(db, change(db, RECORD, "192.0.2.1", CLOCK, &result), RELAYDB_OK);
	assert_true(result.pending);
	assert_true(seen("192.0.2.1"));
	assert_code(db, change(db, REFRESH, "192.0.2.3", CLOCK, &result), RELAYDB_OK);
	assert_true(result.pending);
	assert_false(seen("192.0.2.3"));
	/* nothing can say whether it is there */
	assert_code(db, change(db, DELETE, "192.0.2.1", 0, &result), RELAYDB_LOCKED);
	close(fd);
	settle_all();
	assert_true(in_force("192.0.2.1"));
	assert_false(in_force("192.0.2.3"));
	relaydb_close(&db);
}

static int queue_fd;

static void hold_queue(const char *step)
{
	if (strcmp(step, "unlocked") != 0)
		return;
	queue_fd = open(beside(".queue"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(queue_fd, LOCK_EX), 0);
}

/* The queue is busy just when a commit that has carried it out is to clear it:
 * the commit counts, and says what is in the way. */
static void queue_is_busy_when_it_is_cleared(void **state)
{
	struct relaydb *db = database_with(50);
	int code;

	(void)state;
	leave(RECORD, "192.0.2.1", CLOCK);
	set_mtime(NOW - 60);
	relaydb_test_step = hold_queue;
	code = change(db, RECORD, "192.0.2.2", CLOCK, NULL);
	relaydb_test_step = NULL;
	assert_code(db, code, RELAYDB_UNCERTAIN);
	assert_says(db, ".queue is locked");
	assert_true(in_force("192.0.2.1"));
	assert_true(in_force("192.0.2.2"));
	assert_true(exists(".redo"));
	close(queue_fd);
	settle_all();
	assert_false(exists(".redo"));
	assert_false(exists(".queue"));
	assert_true(in_force("192.0.2.2"));
	relaydb_close(&db);
}

/* ---- cut off at each step ---- */

static const char *stop_at;

static void stop(const char *step)
{
	if (strcmp(step, stop_at) == 0)
		raise(SIGKILL);
}

/* A delete of what lies in the queue is cut off: where it counts the queue does
 * not bring it back, where not nothing is lost. */
static void cut_off_with_a_queue(void **state)
{
	static const struct {
		const char *name;
		bool counts;
	} steps[] = {
		{ "alone", false },
		{ "copied", false },
		{ "changed", false },
		{ "recorded", false },
		{ "locked", false },
		{ "renamed", true },
		{ "decided", true },
		{ "block", true },
		{ "raised", true },
		{ "unlocked", true },
		{ "written", true },
		{ "dropped", true },
		{ "cleared", true },
	};

	for (size_t i = 0; i < COUNT(steps); i++) {
		pid_t child;

		assert_int_equal(scratch_remove(state), 0);
		assert_int_equal(scratch_make(state), 0);
		leave(RECORD, "192.0.2.1", CLOCK);
		leave(RECORD, "192.0.2.2", CLOCK);
		set_mtime(NOW - 100);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			struct relaydb *db = database();
			struct relaydb_result result;

			stop_at = steps[i].name;
			relaydb_test_step = stop;
			_exit(change(db, DELETE, "192.0.2.1", 0, &result));
		}
		assert_int_equal(status_of(child), -1);
		print_message("%s\n", steps[i].name);
		assert_int_equal(seen("192.0.2.1"), !steps[i].counts);
		assert_true(seen("192.0.2.2"));
		settle_all();
		assert_int_equal(in_force("192.0.2.1"), !steps[i].counts);
		assert_true(in_force("192.0.2.2"));
	}
}

static void queue_another(const char *step)
{
	if (strcmp(step, "recorded") != 0)
		return;
	relaydb_test_step = NULL;
	leave(RECORD, "192.0.2.7", CLOCK);
}

/* What comes while a commit is at work stays in the queue, and the last
 * one sees to it. */
static void queued_during_a_commit(void **state)
{
	struct relaydb *db = database();
	struct relaydb_result result;

	(void)state;
	leave(RECORD, "192.0.2.1", CLOCK);
	set_mtime(NOW - 100);
	relaydb_test_step = queue_another;
	assert_code(db, change(db, RECORD, "192.0.2.2", CLOCK, &result), RELAYDB_OK);
	assert_null(relaydb_test_step);
	assert_true(in_force("192.0.2.1"));
	assert_true(in_force("192.0.2.2"));
	assert_true(in_force("192.0.2.7"));
	assert_false(exists(".queue"));
	relaydb_close(&db);
}

/* ---- what a crash, or somebody, left there ---- */

static void damaged_parts_are_left_out(void **state)
{
	static const char *const damages[] = {
		"begin\nrecord 203.0.113.1 1000\nend 0000000000000000\n", /* the sum */
		"begin\nrecord 203.0.113.1 1000\n", /* cut off, then the next one */
		"begin\nrecord 203.0.11", /* in a line */
		"record 203.0.113.1 1000\n", /* without a begin */
		"\xff\xfe\x01\n\n\n", /* anything */
	};

	for (size_t i = 0; i < COUNT(damages); i++) {
		struct relaydb *db;

		assert_int_equal(scratch_remove(state), 0);
		assert_int_equal(scratch_make(state), 0);
		db = database();
		put_many(db, 0, 0, CLOCK);
		write_file(".queue", damages[i], strlen(damages[i]));
		leave(RECORD, "192.0.2.1", CLOCK);
		assert_true(seen("192.0.2.1"));
		assert_false(seen("203.0.113.1"));
		set_mtime(NOW - 100);
		assert_code(db, relaydb_settle(db, NOW), RELAYDB_OK);
		if (strstr(relaydb_notice(db), "damaged") == NULL)
			fail_msg("%zu: notice \"%s\"", i, relaydb_notice(db));
		assert_true(in_force("192.0.2.1"));
		assert_false(in_force("203.0.113.1"));
		assert_false(exists(".queue"));
		relaydb_close(&db);
	}
}

static void write_unit(const char *lines)
{
	char text[1024];
	int size = snprintf(text, sizeof text, "begin\n%send %016llx\n", lines,
	    (unsigned long long)io_sum(lines, strlen(lines)));

	write_file(".queue", text, (size_t)size);
}

/* With a sum that is right: it is read as from a stranger. */
static void hostile_lines_are_left_out(void **state)
{
	struct relaydb *db = database();

	(void)state;
	put_many(db, 0, 0, CLOCK);
	write_unit("record 192.0.2.1 1000\nrecord 10 1000\nrecord 0.0.0.0/0 1000\nput 192.0.2.2 "
		   "OK\nput 192.0.2.3 -1\nput 192.0.2.4\n"
		   "put 192.0.2.5 99999999999999\nrecord 192.0.2.6 1000 1\ndelete-until "
		   "10.0.0.0\nexpire\nexpire "
		   "x\nexpire 253402300801\nload /etc/passwd\n"
		   "delete\nrecord  192.0.2.7 1000\nRECORD 192.0.2.8 1000\nrecord ::ffff:192.0.2.9 "
		   "1000\n");
	set_mtime(NOW - 100);
	assert_code(db, relaydb_settle(db, NOW), RELAYDB_OK);
	assert_string_equal(list(db), "192.0.2.1 1000\n192.0.2.9 1000\n10.0.0.0 906502527\n");
	relaydb_close(&db);
}

static void planted_queue_is_refused(void **state)
{
	struct relaydb *db = database();
	struct relaydb_result result;
	struct stat st;

	(void)state;
	put_many(db, 0, 0, CLOCK);
	write_file(".other", "", 0);
	assert_int_equal(symlink(beside(".other"), "/tmp/relaydb-unit.link"), 0);
	assert_int_equal(rename("/tmp/relaydb-unit.link", beside(".queue")), 0);
	assert_code(db, change(db, RECORD, "192.0.2.1", CLOCK, &result), RELAYDB_PERM);
	assert_int_equal(unlink(beside(".queue")), 0);
	assert_int_equal(mkdir(beside(".queue"), 0755), 0);
	assert_code(db, change(db, RECORD, "192.0.2.1", CLOCK, &result), RELAYDB_NOTDB);
	assert_int_equal(rmdir(beside(".queue")), 0);
	write_file(".queue", "", 0);
	assert_int_equal(truncate(beside(".queue"), (off_t)QUEUE_MAX + 1), 0);
	assert_code(db, change(db, RECORD, "192.0.2.1", CLOCK, &result), RELAYDB_NOTDB);
	assert_int_equal(unlink(beside(".queue")), 0);
	if (geteuid() == 0) {
		write_file(".queue", "", 0);
		assert_int_equal(chown(beside(".queue"), RECORDER, RECORDER), 0);
		assert_code(db, change(db, RECORD, "192.0.2.1", CLOCK, &result), RELAYDB_PERM);
		assert_int_equal(unlink(beside(".queue")), 0);
		assert_int_equal(chown(directory, RECORDER, RECORDER), 0);
		leave(RECORD, "192.0.2.1", CLOCK);
		assert_int_equal(stat(beside(".queue"), &st), 0);
		assert_int_equal(st.st_uid, RECORDER);
		assert_int_equal(st.st_mode & 07777, 0660);
	}
	relaydb_close(&db);
}

static void full_queue_takes_no_more(void **state)
{
	struct relaydb *db = database_with(-1);
	struct relaydb_result result;
	struct stat st;

	(void)state;
	leave(RECORD, "192.0.2.1", CLOCK);
	assert_int_equal(stat(beside(".queue"), &st), 0);
	assert_int_equal(truncate(beside(".queue"), (off_t)QUEUE_MAX), 0);
	use_up();
	assert_code(db, change(db, RECORD, "192.0.2.2", CLOCK, &result), RELAYDB_LOCKED);
	assert_false(seen("192.0.2.2"));
	settle_all();
	assert_true(in_force("192.0.2.1"));
	relaydb_close(&db);
}

/* ---- much in a queue ---- */

static char queued[QUEUE_MAX];
static size_t queued_size;

/* Puts BATCH behind what is in `queued', as a writer does. */
static void queue_batch(const struct relaydb_batch *batch)
{
	struct image text;

	assert_int_equal(queue_text(batch, &text), RELAYDB_OK);
	assert_true(text.size <= sizeof queued - queued_size);
	memcpy(queued + queued_size, text.data, text.size);
	queued_size += text.size;
	image_free(&text);
}

/* Few addresses and stamps, so that they meet. */
static void add_something(struct relaydb_batch *batch)
{
	const char *address = nth(random_below(5));
	int64_t stamp = random_below(6);

	switch (random_below(11)) {
	case 0:
		assert_int_equal(relaydb_batch_delete(batch, address), RELAYDB_OK);
		break;
	case 8:
		assert_int_equal(relaydb_batch_delete_until(batch, address, stamp), RELAYDB_OK);
		break;
	case 9:
	case 10:
		assert_int_equal(relaydb_batch_refresh(batch, address, stamp), RELAYDB_OK);
		break;
	case 1:
	case 2:
		assert_int_equal(relaydb_batch_put(batch, address, stamp), RELAYDB_OK);
		break;
	case 3:
	case 4:
		assert_int_equal(relaydb_batch_expire(batch, stamp), RELAYDB_OK);
		break;
	default:
		assert_int_equal(relaydb_batch_record(batch, address, stamp), RELAYDB_OK);
	}
}

/* The rows of an image as text, by key. */
static const char *rows_text(struct relaydb *db, const struct image *image, char *out, size_t size)
{
	size_t used = 0;
	struct rows rows;

	assert_int_equal(collect_rows(db, image, EVERY_ROW, &rows), RELAYDB_OK);
	rows_sort_by_key(&rows);
	*out = '\0';
	for (size_t i = 0; i < rows.count; i++)
		used += (size_t)snprintf(out + used, size - used, "%.*s %.*s\n",
		    (int)rows.row[i].key.size, (const char *)rows.row[i].key.data,
		    (int)rows.row[i].value.size, (const char *)rows.row[i].value.data);
	rows_free(&rows);
	return out;
}

/* IMAGE becomes what a commit of BATCH makes of it. */
static void commit_to(struct relaydb *db, struct image *image, struct relaydb_batch *batch)
{
	struct relaydb_result result = { .committed = false };
	struct image new = { NULL, 0, false };
	struct image_info info;

	assert_code(db, image_prove(db, image, &info), RELAYDB_OK);
	assert_code(db, batch_transform(db, image, &info, batch, &new, &result), RELAYDB_OK);
	if (new.data == NULL)
		return;
	image_free(image);
	*image = new;
}

static void base_image(struct relaydb *db, struct image *out)
{
	static const struct change rows[] = {
		{ { "10.0.0.0", 8 }, { "OK", 2 }, false }, /* permanent */
		{ { "10.0.0.1", 8 }, { "3", 1 }, false },
		{ { "10.0.0.2", 8 }, { "5", 1 }, false },
		{ { "192.0.2.1", 9 }, { "2", 1 }, false },
	};

	assert_code(db, bdb_build(db, rows, COUNT(rows), NULL, out), RELAYDB_OK);
}

static void any_queue_is_as_a_commit_for_each_batch(void **state)
{
	struct relaydb *db = database();
	struct relaydb_batch *batch;

	(void)state;
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	for (int i = 0; i < 1000; i++) {
		struct image one_by_one, base, at_once;
		char expected[1024], found[1024];
		struct image_info info;

		base_image(db, &one_by_one);
		base_image(db, &base);
		queued_size = 0;
		for (uint32_t batches = 1 + random_below(8); batches > 0; batches--) {
			for (uint32_t changes = 1 + random_below(3); changes > 0; changes--)
				add_something(batch);
			queue_batch(batch);
			commit_to(db, &one_by_one, batch);
			relaydb_batch_clear(batch);
		}
		assert_code(db, image_prove(db, &base, &info), RELAYDB_OK);
		assert_code(db,
		    queue_apply(db, (struct bytes){ queued, queued_size }, &base, &info, &at_once),
		    RELAYDB_OK);
		rows_text(db, &one_by_one, expected, sizeof expected);
		rows_text(db, at_once.data != NULL ? &at_once : &base, found, sizeof found);
		if (strcmp(expected, found) != 0)
			fail_msg("%.*s\nexpected:\n%s\nfound:\n%s", (int)queued_size, queued,
			    expected, found);
		image_free(&one_by_one);
		image_free(&base);
		image_free(&at_once);
	}
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

static unsigned carried;

static void count_carried(const char *step)
{
	if (strcmp(step, "carried") == 0)
		carried++;
}

/* Anyone who may write the directory could else keep every login busy for
 * hours, with an expiry behind each change. */
static void work_does_not_grow_with_the_expiries(void **state)
{
	struct relaydb *db = database();
	struct relaydb_batch *batch;

	(void)state;
	put_many(db, 0, 0, CLOCK);
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	queued_size = 0;
	for (unsigned i = 1; i <= 500; i++) {
		assert_code(db, relaydb_batch_record(batch, nth(i), i + 100), RELAYDB_OK);
		queue_batch(batch);
		relaydb_batch_clear(batch);
		assert_code(db, relaydb_batch_expire(batch, i), RELAYDB_OK);
		queue_batch(batch);
		relaydb_batch_clear(batch);
	}
	relaydb_batch_free(&batch);
	write_file(".queue", queued, queued_size);
	carried = 0;
	relaydb_test_step = count_carried;
	assert_int_equal(count_rows(db), 102);
	relaydb_test_step = NULL;
	assert_true(carried == 1);
	relaydb_close(&db);
}

/* A login that is queued is safe: so is the name of a queue that is new. */
static void new_queue_has_its_name_on_disk(void **state)
{
	struct relaydb *db = database();
	struct relaydb_batch *batch;
	struct image text;
	struct location location;
	int waiters[2];

	(void)state;
	put_many(db, 0, 9, CLOCK);
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_record(batch, "192.0.2.1", CLOCK), RELAYDB_OK);
	assert_code(db, queue_text(batch, &text), RELAYDB_OK);
	assert_code(db, location_open(db, &location, true), RELAYDB_OK);
	directories_synced = 0;
	for (size_t i = 0; i < 2; i++) {
		assert_code(db, queue_append(db, &location, &text, &waiters[i]), RELAYDB_OK);
		assert_int_equal(directories_synced, 1);
	}
	for (size_t i = 0; i < 2; i++)
		if (waiters[i] >= 0)
			close(waiters[i]);
	location_close(&location);
	image_free(&text);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(burst_is_recorded_at_once_and_in_force_with_the_next),
		SCRATCH_TEST(order_is_kept),
		SCRATCH_TEST(refreshed_before_it_expires),
		SCRATCH_TEST(new_queue_has_its_name_on_disk),
		SCRATCH_TEST(what_a_batch_comes_to_is_kept),
		SCRATCH_TEST(results_know_the_queue),
		SCRATCH_TEST(first_waits_for_all),
		SCRATCH_TEST(killed_waiter_loses_nothing),
		SCRATCH_TEST(recorder_beside_root),
		SCRATCH_TEST(nobody_waits_for_a_clock_that_was_set_back),
		SCRATCH_TEST(mtimes_that_no_clock_shows),
		SCRATCH_TEST(login_is_recorded_while_another_commits),
		SCRATCH_TEST(queue_is_busy_when_it_is_cleared),
		SCRATCH_TEST(cut_off_with_a_queue),
		SCRATCH_TEST(queued_during_a_commit),
		SCRATCH_TEST(damaged_parts_are_left_out),
		SCRATCH_TEST(hostile_lines_are_left_out),
		SCRATCH_TEST(planted_queue_is_refused),
		SCRATCH_TEST(full_queue_takes_no_more),
		SCRATCH_TEST(any_queue_is_as_a_commit_for_each_batch),
		SCRATCH_TEST(work_does_not_grow_with_the_expiries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
