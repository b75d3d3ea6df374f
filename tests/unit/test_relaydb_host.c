/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_host.c - what the process around a handle may do while a call is
 * under way, for every form of the database
 *
 * The library lives in login processes: their threads are cancelled, they fork,
 * they have closed descriptors that others rely on.
 * Links the library with the hook that names the steps.
 */
#define RELAYDB_TEST_STEPS
#include "relaydb_forms.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

/* ---- threads ---- */

/* The calls of a thread that has been cancelled already: how each ended. */
struct calls {
	struct relaydb *db;
	struct relaydb_batch *batch;
	int dump; /* what is loaded */
	int put, get, each, entries, check, owner, settle, load;
	int state; /* may the thread be cancelled again? */
};

static void *cancelled_calls(void *arg)
{
	struct calls *calls = arg;
	int64_t stamp;
	gid_t gid;
	uid_t uid;

	pthread_cancel(pthread_self());
	calls->put = relaydb_commit(calls->batch, NOW, NULL);
	calls->get = relaydb_get(calls->db, nth(1), &stamp);
	calls->each = relaydb_each(calls->db, ignore_row, NULL);
	calls->entries = relaydb_entries(calls->db, 5, ignore_row, NULL);
	calls->check = relaydb_check(calls->db, NOW, ignore_finding, NULL);
	calls->owner = relaydb_owner(calls->db, &uid, &gid);
	calls->settle = relaydb_settle(calls->db, NOW);
	rest();
	calls->load = relaydb_load(calls->db, calls->dump, NOW, NULL, NULL, NULL);
	relaydb_batch_free(&calls->batch);
	relaydb_close(&calls->db);
	/* it has not ended before, and need not end now */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &calls->state);
	return NULL;
}

static unsigned open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

/* Each call runs to its end and leaves no lock; after it the thread may end. */
static void cancelled_within_a_call(void **state)
{
	struct calls calls = { .put = -1, .load = -1, .state = -1 };
	struct relaydb *db = database();
	pthread_t thread;
	unsigned files;
	void *ended;

	(void)state;
	assert_code(db, put(db, 0, 9, 7), RELAYDB_OK);
	calls.dump = memfd_create("dump", MFD_CLOEXEC);
	assert_int_equal(write(calls.dump, "10.0.0.1 8\n", 11), 11);
	assert_int_equal(lseek(calls.dump, 0, SEEK_SET), 0);
	files = open_files();
	calls.db = database();
	assert_int_equal(relaydb_batch_new(calls.db, &calls.batch), RELAYDB_OK);
	assert_int_equal(relaydb_batch_put(calls.batch, nth(1), 8), RELAYDB_OK);
	rest();
	assert_int_equal(pthread_create(&thread, NULL, cancelled_calls, &calls), 0);
	assert_int_equal(pthread_join(thread, &ended), 0);
	assert_null(ended);
	assert_int_equal(calls.state, PTHREAD_CANCEL_ENABLE);
	assert_int_equal(calls.put, RELAYDB_OK);
	assert_int_equal(calls.get, RELAYDB_OK);
	assert_int_equal(calls.each, RELAYDB_OK);
	assert_int_equal(calls.entries, RELAYDB_OK);
	assert_int_equal(calls.check, RELAYDB_OK);
	assert_int_equal(calls.owner, form->owner_only ? RELAYDB_OK : RELAYDB_NOTFOUND);
	assert_int_equal(calls.settle, RELAYDB_OK);
	assert_int_equal(calls.load, RELAYDB_OK);
	assert_int_equal(open_files(), files);
	close(calls.dump);
	assert_string_equal(list(db), "10.0.0.1 8\n");
	rest();
	assert_code(db, put(db, 0, 9, 9), RELAYDB_OK);
	relaydb_close(&db);
}

/* ---- children ---- */

static const char *die_at;
static int orphan_ends[2]; /* a pipe, on which it waits */

/* As if another thread had forked now; and the process is killed. */
static void fork_and_die(const char *name)
{
	char byte;

	if (strcmp(name, die_at) != 0)
		return;
	if (fork() == 0) {
		close(orphan_ends[1]);
		_exit(read(orphan_ends[0], &byte, 1) != 0);
	}
	kill(getpid(), SIGKILL);
}

/* A child that was forked while another thread held a lock has that lock if its
 * parent is killed: the kernel gives a lock up when the last copy of its
 * descriptor is closed.  Others wait no longer than they want to, and go on
 * when the child ends. */
static void killed_and_survived_by_a_child(void **state)
{
	const struct relaydb_options at_once = { .path = path, .timeout_ms = -1 };
	struct relaydb *db;
	int64_t stamp;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(relaydb_open(&db, &at_once), RELAYDB_OK);
	assert_code(db, put(db, 0, 9, 7), RELAYDB_OK);
	rest();
	assert_int_equal(pipe2(orphan_ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		die_at = form->locks_file ? "changed" : "alone";
		relaydb_test_step = fork_and_die;
		_exit(put(db, 0, 9, 8));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	close(orphan_ends[0]);
	assert_code(db, put(db, 0, 9, 9), RELAYDB_LOCKED);
	if (!form->locks_file && strstr(relaydb_error(db), "another process") == NULL)
		assert_non_null(strstr(relaydb_error(db), "which has ended"));
	assert_code(
	    db, relaydb_get(db, nth(9), &stamp), form->locks_file ? RELAYDB_LOCKED : RELAYDB_OK);
	relaydb_close(&db);
	close(orphan_ends[1]);
	db = database();
	assert_code(db, put(db, 0, 9, 9), RELAYDB_OK);
	assert_code(db, relaydb_get(db, nth(9), &stamp), RELAYDB_OK);
	assert_int_equal(stamp, 9);
	relaydb_close(&db);
}

/* ---- descriptors ---- */

static void print_to_standard_error(const char *name)
{
	if (write(STDERR_FILENO, name, strlen(name)) > 0)
		_exit(99); /* it was a descriptor of ours */
}

/* A host process without descriptors 0 to 2: what is printed to standard error
 * while a commit is under way is not written into the database. */
static void without_standard_descriptors(void **state)
{
	struct relaydb *db = database();
	int64_t stamp;
	int status, code;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		for (int fd = 0; fd <= STDERR_FILENO; fd++)
			close(fd);
		relaydb_test_step = print_to_standard_error;
		code = put(db, 0, 9, 1000);
		relaydb_close(&db);
		_exit(code);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), RELAYDB_OK);
	assert_code(db, relaydb_get(db, nth(9), &stamp), RELAYDB_OK);
	assert_int_equal(stamp, 1000);
	relaydb_close(&db);
}

int main(int argc, char **argv)
{
	static const struct form_test tests[] = {
		FORM_TEST(cancelled_within_a_call),
		FORM_TEST(killed_and_survived_by_a_child),
		FORM_TEST(without_standard_descriptors),
	};

	return run_forms("host", tests, COUNT(tests), argc, argv);
}
