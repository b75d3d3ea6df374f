/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_lock.c - waiting for others: not for ever, not in vain, and with
 * a name for who is in the way
 */
#include "relaydb_scratch.h"

#include <signal.h>
#include <time.h>

/* A child that holds a lock on path+SUFFIX until it is let go. */
struct holder {
	pid_t pid;
	int release; /* closing it ends the child */
};

static struct holder hold(const char *suffix, int operation)
{
	int ready[2], release[2];
	struct holder holder;
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(release, O_CLOEXEC), 0);
	holder.pid = fork();
	assert_true(holder.pid >= 0);
	if (holder.pid == 0) {
		int fd = open(beside(suffix), O_RDONLY | O_CREAT | O_CLOEXEC, 0660);

		close(release[1]);
		if (fd < 0 || flock(fd, operation) != 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		_exit(read(release[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(ready[1]);
	close(release[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	holder.release = release[1];
	return holder;
}

static void let_go(struct holder *holder)
{
	close(holder->release);
	waitpid(holder->pid, NULL, 0);
}

static int commit_one(struct relaydb *db, unsigned n)
{
	struct relaydb_batch *batch;
	int code;

	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_put(batch, nth(n), CLOCK), RELAYDB_OK);
	code = relaydb_commit(batch, NOW, NULL);
	relaydb_batch_free(&batch);
	return code;
}

/* /proc/locks knows the device by another number on some file systems (overlay,
 * btrfs): then there is no name to tell. */
static bool names_are_known(void)
{
	struct holder holder = hold(".probe", LOCK_EX);
	char line[256], ends[64];
	bool known = false;
	struct stat st;
	FILE *locks = fopen("/proc/locks", "re");

	assert_int_equal(stat(beside(".probe"), &st), 0);
	snprintf(ends, sizeof ends, ":%llu 0 EOF", (unsigned long long)st.st_ino);
	while (locks != NULL && fgets(line, sizeof line, locks) != NULL)
		known = known || strstr(line, ends) != NULL;
	if (locks != NULL)
		fclose(locks);
	let_go(&holder);
	return known;
}

static void deadline_and_holder(void **state)
{
	static const struct {
		const char *suffix;
		int operation;
		bool reader_waits, writer_waits;
	} cases[] = {
		{ "", LOCK_EX, true, true },
		{ "", LOCK_SH, false, true },
		{ ".lock", LOCK_EX, false, true },
	};
	struct relaydb *db = database_with(150);
	bool known = names_are_known() && getenv("VALGRIND") == NULL; /* whose name is another */

	(void)state;
	put_many(db, 0, 9, 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct holder holder = hold(cases[i].suffix, cases[i].operation);
		int64_t begin, stamp;
		char who[64];

		snprintf(who, sizeof who, "pid %ld (test_relaydb_lo", (long)holder.pid);
		begin = db_clock_ms();
		assert_code(db, relaydb_get(db, nth(1), &stamp),
		    cases[i].reader_waits ? RELAYDB_LOCKED : RELAYDB_OK);
		if (cases[i].reader_waits)
			assert_in_range(db_clock_ms() - begin, 150, RELAYDB_TIMEOUT_MS - 1);
		begin = db_clock_ms();
		assert_code(
		    db, commit_one(db, 5), cases[i].writer_waits ? RELAYDB_LOCKED : RELAYDB_OK);
		assert_in_range(db_clock_ms() - begin, 150, RELAYDB_TIMEOUT_MS - 1);
		assert_says(db, "is locked by");
		if (known)
			assert_says(db, who);
		assert_false(exists(".new"));
		assert_false(exists(".redo"));
		let_go(&holder);
		assert_code(db, relaydb_get(db, nth(5), &stamp), RELAYDB_OK);
		assert_int_equal(stamp, 1); /* nothing of it was written */
	}
	relaydb_close(&db);
}

static void no_waiting_at_all(void **state)
{
	struct relaydb *db = database_with(-1);
	struct holder holder;
	int64_t begin, stamp;

	(void)state;
	assert_code(db, commit_one(db, 1), RELAYDB_OK); /* without a rival it needs no time */
	holder = hold("", LOCK_EX);
	begin = db_clock_ms();
	assert_code(db, relaydb_get(db, nth(1), &stamp), RELAYDB_LOCKED);
	assert_code(db, commit_one(db, 2), RELAYDB_LOCKED);
	assert_true(db_clock_ms() - begin < RELAYDB_TIMEOUT_MS);
	let_go(&holder);
	assert_code(db, commit_one(db, 2), RELAYDB_OK);
	relaydb_close(&db);
}

/* The lock is freed while somebody waits for it: he gets it then, long before
 * his deadline. */
static void gets_it_when_it_is_free(void **state)
{
	struct relaydb *db = database_with(30000);
	struct holder holder;
	int started[2], status;
	pid_t child;
	char byte;

	(void)state;
	put_many(db, 0, 9, 1);
	holder = hold("", LOCK_SH);
	assert_int_equal(pipe2(started, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int64_t begin = db_clock_ms();

		close(holder.release);
		if (write(started[1], "x", 1) != 1)
			_exit(2);
		status = commit_one(db, 3) == RELAYDB_OK && db_clock_ms() - begin < 25000 ? 0 : 1;
		relaydb_close(&db);
		_exit(status);
	}
	assert_int_equal(read(started[0], &byte, 1), 1);
	let_go(&holder);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(started[0]);
	close(started[1]);
	relaydb_close(&db);
}

/* ---- root was killed between making a file and giving it to the directory's
 * owner ---- */

#define RECORDER 65534

/* Makes the directory the recorder's, and in it path+SUFFIX as root makes it at
 * first. */
static void leave_unfinished(const char *suffix)
{
	int fd;

	unlink(beside(suffix));
	fd = open(beside(suffix), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fchown(fd, 0, 0), 0);
	close(fd);
}

/* The recorder commits one address.  Returns the code. */
static int recorder_commits(unsigned n)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		struct relaydb *db = database();

		if (setgid(RECORDER) != 0 || setuid(RECORDER) != 0)
			_exit(100);
		status = commit_one(db, n);
		relaydb_close(&db);
		_exit(status);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void left_by_a_killed_root(void **state)
{
	struct relaydb *db;

	(void)state;
	if (geteuid() != 0)
		skip();
	db = database();
	assert_int_equal(chown(directory, RECORDER, RECORDER), 0);
	put_many(db, 0, 9, 1);
	leave_unfinished(".new"); /* the recorder needs nobody to get rid of that */
	assert_int_equal(recorder_commits(10), RELAYDB_OK);
	/* of that he does, since root may hold it: root's next commit makes it
	 * again */
	leave_unfinished(".lock");
	assert_int_equal(recorder_commits(11), RELAYDB_PERM);
	put_many(db, 12, 12, 1);
	assert_int_equal(recorder_commits(13), RELAYDB_OK);
	assert_int_equal(count_rows(db), 13);
	relaydb_close(&db);
}

/* ---- readers that come after a waiting writer ---- */

/* Readers that never leave a moment without one of them would keep a writer out
 * for ever, if those that come later did not wait for it.  One that stays
 * stands for the many that take turns. */
static void later_readers_wait_for_a_waiting_writer(void **state)
{
	struct relaydb *db = database(), *impatient = NULL;
	int64_t stamp, give_up = db_clock_ms() + 60000;
	struct holder reader;
	int status, code;
	pid_t writer;

	(void)state;
	put_many(db, 0, 9, 1);
	reader = hold("", LOCK_SH);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		struct relaydb *patient = database_with(120000);

		close(reader.release);
		status = commit_one(patient, 3);
		relaydb_close(&patient);
		_exit(status);
	}
	/* another handle each time: one that remembers needs no lock */
	do {
		relaydb_close(&impatient);
		impatient = database_with(-1);
		code = relaydb_get(impatient, nth(1), &stamp);
	} while (code == RELAYDB_OK && db_clock_ms() < give_up);
	assert_code(impatient, code, RELAYDB_LOCKED);
	let_go(&reader);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), RELAYDB_OK);
	assert_code(db, relaydb_get(db, nth(3), &stamp), RELAYDB_OK);
	assert_int_equal(stamp, CLOCK);
	relaydb_close(&impatient);
	relaydb_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(deadline_and_holder),
		SCRATCH_TEST(no_waiting_at_all),
		SCRATCH_TEST(gets_it_when_it_is_free),
		SCRATCH_TEST(left_by_a_killed_root),
		SCRATCH_TEST(later_readers_wait_for_a_waiting_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
