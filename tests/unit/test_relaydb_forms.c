/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_forms.c - what every form of the database must be able to do,
 * from one table of forms (relaydb_forms.h)
 *
 * limit: 3000
 * long: 2,000 flipped bits and cuts; make torture: 10,000, and 1,000 kills
 *
 * Links the library with the hook that names the steps, and with a place for a
 * form that always fails.
 */
#define RELAYDB_TEST_STEPS
#include "relaydb_forms.h"

#include "batch.h"
#include "directory_syncs.h"
#include "dump.h"
#include "store.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* How often: for make check, for LONG=1 as in CI, for make torture. */
static unsigned rounds_of(unsigned brief, unsigned longer, unsigned longest)
{
	const char *text = getenv("LONG");

	if (text == NULL || *text == '\0')
		return brief;
	return strcmp(text, "only") == 0 ? longest : longer;
}

/* ---- what is read is what was written ---- */

static void nothing_there(void **state)
{
	struct relaydb *db = database();
	struct relaydb_batch *batch;
	int64_t stamp;

	(void)state;
	assert_code(db, relaydb_get(db, "10.0.0.1", &stamp), RELAYDB_NOFILE);
	assert_code(db, relaydb_each(db, listing_row, NULL), RELAYDB_NOFILE);
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_delete(batch, "10.0.0.1"), RELAYDB_OK);
	assert_code(db, relaydb_batch_delete_until(batch, "10.0.0.2", 100), RELAYDB_OK);
	assert_code(db, relaydb_batch_expire(batch, 100), RELAYDB_OK);
	assert_code(db, relaydb_commit(batch, NOW, NULL), RELAYDB_NOFILE);
	assert_int_equal(access(path, F_OK), -1);
	assert_code(db, relaydb_settle(db, NOW), RELAYDB_OK);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

static void rows_in_order(void **state)
{
	static const char dump[] = "10.0.0.9 100\n10.0.0.10 100\n2001:db8::7 100\n10.0.0.1 "
				   "99\n192.168.7 OK\n10.0.0.3 REJECT no\n";
	static const char order[] = "10.0.0.1 99\n10.0.0.9 100\n10.0.0.10 100\n2001:db8::7 "
				    "100\n10.0.0.3 REJECT no\n192.168.7 OK\n";
	struct listing since = { .used = 0 };
	struct relaydb *db = database();
	struct relaydb_result result;
	int64_t stamp = 7;

	(void)state;
	assert_code(db, load(db, dump, &result), RELAYDB_OK);
	assert_true(result.committed);
	assert_int_equal(result.rows, 6);
	assert_int_equal(result.added, 6);
	assert_int_equal(result.permanent, 2);
	assert_string_equal(list(db), order);
	assert_code(db, relaydb_entries(db, 100, listing_row, &since), RELAYDB_OK);
	assert_string_equal(since.text, "10.0.0.9 100\n10.0.0.10 100\n2001:db8::7 100\n");
	assert_code(db, relaydb_get(db, "10.0.0.9", &stamp), RELAYDB_OK);
	assert_int_equal(stamp, 100);
	assert_code(db, relaydb_get(db, "2001:DB8:0::7", &stamp), RELAYDB_OK);
	assert_code(db, relaydb_get(db, "10.0.0.3", &stamp), RELAYDB_NOENTRY);
	assert_true(stamp == RELAYDB_PERMANENT);
	assert_code(db, relaydb_get(db, "10.0.0.2", &stamp), RELAYDB_NOTFOUND);
	assert_code(db, relaydb_get(db, "10.0.0", &stamp), RELAYDB_BADADDR);
	/* the same again changes nothing */
	assert_code(db, load(db, dump, &result), RELAYDB_OK);
	assert_false(result.committed);
	assert_code(db, load(db, "10.0.0.9 101\n10.0.0.8 1\n", &result), RELAYDB_OK);
	assert_int_equal(result.added, 1);
	assert_int_equal(result.changed, 1);
	assert_int_equal(result.deleted, 5);
	assert_string_equal(list(db), "10.0.0.8 1\n10.0.0.9 101\n");
	assert_code(db, load(db, "", &result), RELAYDB_OK);
	assert_string_equal(list(db), "");
	relaydb_close(&db);
}

/* What each change makes of what is there: "-" nothing, a number an entry. */
static void outcomes(void **state)
{
	static const struct {
		const char *before, *steps, *after;
	} cases[] = {
		{ "-", "record 50", "50" },
		{ "40", "record 50", "50" },
		{ "60", "record 50", "60" },
		{ "OK", "record 50", "OK" },
		{ "60", "put 50", "50" },
		{ "OK", "put 50", "50" },
		{ "60", "delete 0", "-" },
		{ "OK", "delete 0", "-" },
		{ "-", "delete 0", "-" },
		{ "60", "expire 60", "60" },
		{ "60", "expire 61", "-" },
		{ "OK", "expire 61", "OK" },
		{ "60", "delete 0 record 50", "50" },
		{ "60", "put 50 expire 51", "-" },
		{ "40", "record 70 expire 60", "70" },
		{ "60", "delete-until 60", "-" },
		{ "60", "delete-until 59", "60" },
		{ "OK", "delete-until 60", "OK" },
		{ "-", "delete-until 60", "-" },
		{ "60", "delete-until 60 record 50", "50" },
		{ "61", "delete-until 60 record 50", "61" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char before[64], after[64], steps[64], *word, *rest_of = steps;
		struct relaydb *db = database();
		struct relaydb_result result;
		struct relaydb_batch *batch;

		snprintf(before, sizeof before, "10.0.0.9 1000\n%s %s\n",
		    strcmp(cases[i].before, "-") == 0 ? "#" : "10.0.0.1", cases[i].before);
		assert_code(db, load(db, before, NULL), RELAYDB_OK);
		assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
		strcpy(steps, cases[i].steps);
		while ((word = strtok_r(rest_of, " ", &rest_of)) != NULL) {
			int64_t number = strtoll(strtok_r(rest_of, " ", &rest_of), NULL, 10);

			if (strcmp(word, "record") == 0)
				assert_code(db, relaydb_batch_record(batch, "10.0.0.1", number),
				    RELAYDB_OK);
			else if (strcmp(word, "put") == 0)
				assert_code(
				    db, relaydb_batch_put(batch, "10.0.0.1", number), RELAYDB_OK);
			else if (strcmp(word, "delete-until") == 0)
				assert_code(db,
				    relaydb_batch_delete_until(batch, "10.0.0.1", number),
				    RELAYDB_OK);
			else if (strcmp(word, "delete") == 0)
				assert_code(
				    db, relaydb_batch_delete(batch, "10.0.0.1"), RELAYDB_OK);
			else
				assert_code(db, relaydb_batch_expire(batch, number), RELAYDB_OK);
		}
		rest();
		assert_code(db, relaydb_commit(batch, NOW, &result), RELAYDB_OK);
		assert_int_equal(result.committed, strcmp(cases[i].before, cases[i].after) != 0);
		assert_int_equal(result.rows, 1 + (strcmp(cases[i].after, "-") != 0));
		if (strcmp(cases[i].after, "-") == 0)
			strcpy(after, "10.0.0.9 1000\n");
		else if (strcmp(cases[i].after, "OK") == 0)
			strcpy(after, "10.0.0.9 1000\n10.0.0.1 OK\n");
		else
			snprintf(
			    after, sizeof after, "10.0.0.1 %s\n10.0.0.9 1000\n", cases[i].after);
		assert_string_equal(list(db), after);
		relaydb_batch_free(&batch);
		relaydb_close(&db);
	}
}

/* A handle that stays sees what others do, at once: commits of other handles, a
 * file that took the place of the old one. */
static void others_are_seen(void **state)
{
	struct relaydb *reader = database(), *writer = database(), *other = database();
	int64_t stamp;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		assert_code(writer, put(i % 2 ? writer : other, 0, i, 1000 + i), RELAYDB_OK);
		assert_code(reader, relaydb_get(reader, nth(i), &stamp), RELAYDB_OK);
		assert_int_equal(stamp, 1000 + i);
		assert_code(reader, relaydb_get(reader, nth(0), &stamp), RELAYDB_OK);
		assert_int_equal(stamp, 1000 + i);
		assert_code(writer, relaydb_get(writer, nth(i / 2), &stamp), RELAYDB_OK);
		assert_int_equal(stamp, 1000 + i);
		rest();
	}
	relaydb_close(&reader);
	relaydb_close(&writer);
	relaydb_close(&other);
}

/* Rows of any size a dump can have, and enough of them that the file has to
 * grow several times. */
static void large(void **state)
{
	struct relaydb *db = database();
	unsigned rows = rounds_of(60000, 100000, 400000);
	char *text, value[6001];
	size_t count = 0;
	int64_t stamp;

	(void)state;
	assert_code(db, put(db, 1, 1, 5), RELAYDB_OK);
	rest();
	assert_code(db, put(db, 0, rows - 1, 7), RELAYDB_OK);
	for (unsigned n = 0; n < rows; n += 997) {
		assert_code(db, relaydb_get(db, nth(n), &stamp), RELAYDB_OK);
		assert_int_equal(stamp, 7);
		count++;
	}
	assert_true(count > 50);
	memset(value, 'x', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	assert_true(asprintf(&text, "10.0.0.1 %s\n%.*s OK\n", value, form->long_keys ? 900 : 500,
			value) > 0);
	assert_code(db, load(db, text, NULL), RELAYDB_OK);
	assert_int_equal(strlen(list(db)), strlen(text));
	assert_code(db, relaydb_get(db, "10.0.0.1", &stamp), RELAYDB_NOENTRY);
	if (!form->long_keys)
		assert_code(db, load(db, strchr(text, ' ') + 1, NULL), RELAYDB_BADSTAMP);
	free(text);
	relaydb_close(&db);
}

/* A key that the form cannot take: refused, and nothing is changed. */
static void too_long(void **state)
{
	struct relaydb *db;
	char text[700];

	(void)state;
	if (form->long_keys)
		skip();
	db = database();
	assert_code(db, load(db, "10.0.0.1 5\n", NULL), RELAYDB_OK);
	memset(text, 'k', 600);
	strcpy(text + 600, " OK\n10.0.0.2 6\n");
	assert_code(db, load(db, text, NULL), RELAYDB_NOTDB);
	assert_non_null(strstr(relaydb_error(db), "keys of more than"));
	assert_string_equal(list(db), "10.0.0.1 5\n");
	relaydb_close(&db);
}

/* ---- what goes wrong changes nothing ---- */

/* A limit of the process, as a full disk is for the others: the commit fails,
 * and says so. */
static void no_room(void **state)
{
	struct relaydb *db = database();
	struct rlimit limit, old;
	int code;

	(void)state;
	assert_code(db, put(db, 0, 99, 5), RELAYDB_OK);
	rest();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	code = put(db, 0, 4000, 6);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_code(db, code, RELAYDB_IO);
	assert_non_null(strstr(relaydb_error(db), "nothing was changed"));
	for (unsigned n = 0; n < 100; n++) {
		int64_t stamp;

		assert_code(db, relaydb_get(db, nth(n), &stamp), RELAYDB_OK);
		assert_int_equal(stamp, 5);
	}
	rest();
	assert_code(db, put(db, 0, 4000, 6), RELAYDB_OK);
	relaydb_close(&db);
}

static const char *die_at;

static void die(const char *name)
{
	if (strcmp(name, die_at) == 0)
		kill(getpid(), SIGKILL);
}

/* Do all of 200 rows have one stamp?  Returns it. */
static int64_t uniform(struct relaydb *db)
{
	int64_t first = -1, stamp;

	for (unsigned n = 0; n < 200; n++) {
		assert_code(db, relaydb_get(db, nth(n), &stamp), RELAYDB_OK);
		if (n == 0)
			first = stamp;
		assert_int_equal(stamp, first);
	}
	return first;
}

static void killed_at_each_step(void **state)
{
	static const char *const steps[] = { "changed", "written", "synced", "renamed", "alone",
		"copied", "recorded", "decided", "cleared" };
	struct relaydb *db = database();
	unsigned died = 0;

	(void)state;
	assert_code(db, put(db, 0, 199, 0), RELAYDB_OK);
	for (unsigned i = 0; i < COUNT(steps); i++) {
		int64_t before = uniform(db), after;
		int status;
		pid_t pid;

		rest();
		pid = fork();
		if (pid == 0) {
			struct relaydb *mine = database();

			die_at = steps[i];
			relaydb_test_step = die;
			_exit(put(mine, 0, 199, before + 1) == RELAYDB_OK ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		died += WIFSIGNALED(status);
		after = uniform(db);
		assert_true(after == before || after == before + 1);
		if (WIFEXITED(status))
			assert_int_equal(WEXITSTATUS(status), 0);
		rest();
		assert_code(db, put(db, 0, 199, after + 1), RELAYDB_OK);
		assert_int_equal(uniform(db), after + 1);
	}
	assert_true(died >= 1);
	relaydb_close(&db);
}

/* A writer is killed at any instant, again and again; a reader meanwhile
 * sees whole commits. */
static void killed_at_any_instant(void **state)
{
	struct relaydb *db = database();
	unsigned rounds = rounds_of(60, 100, 1000), chance = 88172645;

	(void)state;
	assert_code(db, put(db, 0, 199, 0), RELAYDB_OK);
	for (unsigned i = 0; i < rounds; i++) {
		struct timespec pause = { 0, 0 };
		int ready[2], status;
		char byte;
		pid_t pid;

		rest();
		assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
		pid = fork();
		if (pid == 0) {
			struct relaydb *mine = database();

			assert_int_equal(write(ready[1], "", 1), 1);
			for (int64_t stamp = 1; put(mine, 0, 199, stamp) == RELAYDB_OK; stamp++)
				rest();
			_exit(1);
		}
		close(ready[1]);
		assert_int_equal(read(ready[0], &byte, 1), 1);
		close(ready[0]);
		chance = chance * 1103515245 + 12345;
		pause.tv_nsec = (chance >> 8) % 20000000;
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		uniform(db);
	}
	rest();
	assert_code(db, put(db, 0, 199, 7), RELAYDB_OK);
	assert_int_equal(uniform(db), 7);
	relaydb_close(&db);
}

/* ---- hostile files ---- */

static unsigned char *read_bytes(size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *bytes;
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size);
	assert_int_equal(read(fd, bytes, *size), *size);
	close(fd);
	return bytes;
}

static void write_bytes(const unsigned char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static bool sane(int code)
{
	return code == RELAYDB_OK || code == RELAYDB_NOTDB || code == RELAYDB_NOTFOUND ||
	       code == RELAYDB_NOENTRY;
}

/* Reads, checks and changes the file; it may be refused, but nothing else may
 * happen. */
static void use_damaged(void)
{
	struct relaydb *db = database();
	int64_t stamp;

	assert_true(sane(relaydb_get(db, nth(150), &stamp)));
	assert_true(sane(relaydb_each(db, ignore_row, NULL)));
	assert_code(db, relaydb_check(db, NOW, ignore_finding, NULL), RELAYDB_OK);
	if (!sane(put(db, 140, 160, 9)))
		fail_msg("%s", relaydb_error(db));
	relaydb_close(&db);
}

/* A file beside the database, which nobody has a reason to touch. */
static void write_bystander(char *name, size_t size, struct stat *st)
{
	int fd;

	snprintf(name, size, "%s/bystander", directory);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, name, strlen(name)), strlen(name));
	assert_int_equal(fstat(fd, st), 0);
	close(fd);
}

/* It is as it was, and beside it is nothing but the database and what belongs
 * to it. */
static void only_ours(const char *bystander, const struct stat *before)
{
	static const char *const ours[] = { "", ".lock", ".queue", ".new", ".redo" };
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	char name[96];
	struct stat st;
	bool known;

	assert_int_equal(stat(bystander, &st), 0);
	assert_true(st.st_ino == before->st_ino && st.st_size == before->st_size);
	assert_memory_equal(&st.st_mtim, &before->st_mtim, sizeof st.st_mtim);
	assert_memory_equal(&st.st_ctim, &before->st_ctim, sizeof st.st_ctim);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		known = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			strcmp(entry->d_name, "bystander") == 0;
		for (size_t i = 0; i < COUNT(ours) && !known; i++) {
			snprintf(name, sizeof name, "relayers%s%s", form->suffix, ours[i]);
			known = strcmp(entry->d_name, name) == 0;
		}
		if (!known)
			fail_msg("%s was made", entry->d_name);
	}
	closedir(dir);
}

static void damage(void **state)
{
	unsigned rounds = rounds_of(400, 2000, 10000);
	struct relaydb *db = database();
	unsigned char *bytes, *copy;
	uint64_t chance = UINT64_C(88172645463325252);
	struct relaydb_batch *batch;
	char bystander[96];
	struct stat st;
	size_t size;

	(void)state;
	write_bystander(bystander, sizeof bystander, &st);
	/* free pages, large values, a tree of some height */
	assert_code(db, put(db, 0, 2000, 7), RELAYDB_OK);
	rest();
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	for (unsigned n = 300; n < 900; n++)
		assert_code(db, relaydb_batch_delete(batch, nth(n)), RELAYDB_OK);
	assert_code(db, relaydb_commit(batch, NOW, NULL), RELAYDB_OK);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
	bytes = read_bytes(&size);
	copy = malloc(size);
	for (unsigned i = 0; i < rounds; i++) {
		size_t cut = size;

		memcpy(copy, bytes, size);
		for (unsigned flips = 1 + i % 4; flips > 0; flips--) {
			chance ^= chance << 13;
			chance ^= chance >> 7;
			chance ^= chance << 17;
			/* every other one in the first pages, where most of
			 * what steers is */
			copy[(chance >> 8) % (i % 2 ? size : 8192)] ^=
			    (unsigned char)(1u << (chance & 7));
		}
		if (i % 8 == 7)
			cut = (chance >> 16) % size;
		write_bytes(copy, cut);
		rest();
		use_damaged();
	}
	only_ours(bystander, &st);
	free(copy);
	free(bytes);
}

/* Root does not hand a library that trusts its input what another user may have
 * written; nor does that user's own process where others may write. */
static void other_writers(void **state)
{
	static const struct {
		mode_t directory, file;
		bool refused;
	} modes[] = {
		{ 0755, 0640, false },
		{ 0755, 0660, true },
		{ 0755, 0642, true },
		{ 0775, 0640, true },
		{ 0757, 0640, true },
		{ 01777, 0640, true },
	};
	struct relaydb *db;
	unsigned char *bytes, *after;
	size_t size, size_after;
	int64_t stamp;

	(void)state;
	if (!form->owner_only)
		skip();
	db = database();
	assert_code(db, put(db, 0, 9, 7), RELAYDB_OK);
	bytes = read_bytes(&size);
	for (size_t i = 0; i < COUNT(modes); i++) {
		int reads = modes[i].refused && form->reads_private ? RELAYDB_PERM : RELAYDB_OK;
		struct relaydb *fresh = database();

		assert_int_equal(chmod(directory, modes[i].directory), 0);
		assert_int_equal(chmod(path, modes[i].file), 0);
		assert_code(fresh, relaydb_get(fresh, nth(1), &stamp), reads);
		assert_code(db, relaydb_get(db, nth(1), &stamp), reads);
		if (modes[i].refused) {
			assert_code(fresh, put(fresh, 0, 9, 8), RELAYDB_PERM);
			assert_code(db, put(db, 0, 9, 8), RELAYDB_PERM);
			after = read_bytes(&size_after);
			assert_int_equal(size, size_after);
			assert_memory_equal(bytes, after, size);
			free(after);
		}
		relaydb_close(&fresh);
	}
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(chmod(path, 0640), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(directory, 7, 7), 0);
		assert_code(db, put(db, 0, 9, 8), RELAYDB_PERM);
		assert_int_equal(chown(path, 7, 7), 0);
		assert_int_equal(chown(directory, 0, 0), 0);
		assert_code(db, put(db, 0, 9, 8), RELAYDB_PERM);
		assert_int_equal(chown(path, 0, 0), 0);
	}
	assert_code(db, put(db, 0, 9, 8), RELAYDB_OK);
	free(bytes);
	relaydb_close(&db);
}

/* What is no database is refused and left alone: text, the database of another
 * form, a directory, a link to elsewhere. */
static void foreign_files(void **state)
{
	struct relaydb *db = database();
	unsigned char *bytes, *after;
	const struct form *mine = form;
	char other[96];
	size_t size, size_after;

	(void)state;
	for (size_t i = 0; i < COUNT(forms) + 1; i++) {
		if (i < COUNT(forms) && &forms[i] == mine)
			continue;
		if (i < COUNT(forms)) {
			struct relaydb *writer;

			form = &forms[i];
			strcpy(other, path);
			snprintf(path, sizeof path, "%s/other%s", directory, form->suffix);
			writer = database();
			assert_code(writer, put(writer, 0, 9, 7), RELAYDB_OK);
			relaydb_close(&writer);
			bytes = read_bytes(&size);
			strcpy(path, other);
			form = mine;
		} else {
			bytes = malloc(9000);
			size = 9000;
			memset(bytes, 'a', size);
		}
		write_bytes(bytes, size);
		assert_code(db, relaydb_each(db, ignore_row, NULL), RELAYDB_NOTDB);
		assert_code(db, put(db, 0, 9, 8), RELAYDB_NOTDB);
		assert_code(db, load(db, "10.0.0.1 5\n", NULL), RELAYDB_NOTDB);
		after = read_bytes(&size_after);
		assert_int_equal(size, size_after);
		assert_memory_equal(bytes, after, size);
		free(after);
		free(bytes);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_code(db, relaydb_each(db, ignore_row, NULL), RELAYDB_NOTDB);
	assert_code(db, put(db, 0, 9, 8), RELAYDB_NOTDB);
	assert_int_equal(rmdir(path), 0);
	relaydb_close(&db);
}

/* ---- the table of forms ---- */

/* NOLINTNEXTLINE(readability-non-const-parameter) others write it */
static int broken_get(struct relaydb *db, const char *address, int64_t *stamp)
{
	(void)stamp;
	return db_fail(db, RELAYDB_IO, "cannot look for %s", address);
}

static int broken_each(struct relaydb *db, int64_t since,
    int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	(void)since, (void)each, (void)arg;
	return db_fail(db, RELAYDB_NOTDB, "broken");
}

static int broken_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result)
{
	(void)now, (void)result;
	return db_fail(batch->db, RELAYDB_UNCERTAIN, "who knows");
}

static int broken_load(struct dump *dump, int64_t now, struct relaydb_result *result)
{
	(void)now, (void)result;
	return db_fail(dump->db, RELAYDB_LOCKED, "locked");
}

static int broken_check(struct relaydb *db, int64_t now,
    void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	(void)now, (void)each, (void)arg;
	return db_fail(db, RELAYDB_NOMEM, "no memory");
}

static int broken_settle(struct relaydb *db, int64_t now)
{
	(void)now;
	return db_fail(db, RELAYDB_PERM, "not yours");
}

static void broken_forget(struct relaydb *db)
{
	*(bool *)db->memory = true;
}

/* Every public call goes to the form of the handle, and hands its answer on. */
static void form_that_fails(void **state)
{
	static const struct store broken = { "broken", NULL, false, broken_get, broken_each,
		broken_commit, broken_load, broken_check, broken_settle, broken_forget };
	struct relaydb_result result;
	bool forgotten = false;
	struct relaydb *db;
	int64_t stamp = 7;

	(void)state;
	relaydb_test_store = &broken;
	db = database();
	db->memory = &forgotten;
	assert_code(db, relaydb_get(db, "::ffff:10.0.0.1", &stamp), RELAYDB_IO);
	assert_string_equal(relaydb_error(db), "cannot look for 10.0.0.1");
	assert_int_equal(stamp, 7);
	assert_code(db, relaydb_each(db, ignore_row, NULL), RELAYDB_NOTDB);
	assert_code(db, relaydb_entries(db, 5, ignore_row, NULL), RELAYDB_NOTDB);
	assert_code(db, put(db, 0, 1, 7), RELAYDB_UNCERTAIN);
	assert_code(db, load(db, "10.0.0.1 5\n", &result), RELAYDB_LOCKED);
	assert_false(result.committed);
	assert_code(db, relaydb_check(db, NOW, ignore_finding, NULL), RELAYDB_NOMEM);
	assert_code(db, relaydb_settle(db, NOW), RELAYDB_PERM);
	relaydb_close(&db);
	assert_true(forgotten);
}

/* ---- a commit that is tried again ---- */

/* What is in the way of the files that a commit makes is there once, and away
 * the next time: the handle believes in the file, not in what it meant to
 * write. */
static void refused_and_tried_again(void **state)
{
	static const char *const suffixes[] = { "", ".new", ".redo" };
	struct relaydb *db = database(), *fresh;
	char block[128];
	int64_t stamp;

	(void)state;
	assert_code(db, put(db, 0, 9, 1000), RELAYDB_OK);
	for (unsigned i = 1; i < COUNT(suffixes); i++) {
		int first, code;

		snprintf(block, sizeof block, "%s%s", path, suffixes[i]);
		rest();
		assert_int_equal(mkdir(block, 0755), 0);
		first = put(db, 0, 9, 1000 + i);
		code = put(db, 0, 9, 1000 + i);
		assert_int_equal(code, first);
		assert_int_equal(rmdir(block), 0);
		rest();
		assert_code(db, put(db, 0, 9, 1000 + i), RELAYDB_OK);
		fresh = database();
		assert_code(fresh, relaydb_get(fresh, nth(9), &stamp), RELAYDB_OK);
		assert_int_equal(stamp, 1000 + i);
		relaydb_close(&fresh);
	}
	relaydb_close(&db);
}

static void die_when_renamed(const char *name)
{
	if (strcmp(name, "renamed") == 0)
		_exit(9);
}

/* A writer was killed between the rename and the sync of the directory: the
 * next one finds the row in the file, and says so only when a power cut leaves
 * it there.  So does a settle.  Afterwards nobody syncs for it again. */
static void name_is_on_disk(void **state)
{
	struct relaydb *db;
	int status;
	pid_t pid;

	(void)state;
	if (form->one_a_second)
		skip(); /* keeps its inode, and a record until all is synced */
	db = database();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		relaydb_test_step = die_when_renamed;
		_exit(put(db, 0, 9, 1000));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 9);
	directories_synced = 0;
	assert_code(db, put(db, 0, 9, 1000), RELAYDB_OK);
	assert_int_equal(directories_synced, 1);
	assert_code(db, put(db, 0, 9, 1000), RELAYDB_OK);
	assert_code(db, relaydb_settle(db, NOW), RELAYDB_OK);
	assert_int_equal(directories_synced, 1);
	relaydb_close(&db);
	db = database();
	assert_code(db, relaydb_settle(db, NOW), RELAYDB_OK);
	assert_code(db, relaydb_settle(db, NOW), RELAYDB_OK);
	assert_int_equal(directories_synced, 2);
	relaydb_close(&db);
}

int main(int argc, char **argv)
{
	static const struct form_test tests[] = {
		FORM_TEST(nothing_there),
		FORM_TEST(rows_in_order),
		FORM_TEST(outcomes),
		FORM_TEST(others_are_seen),
		FORM_TEST(large),
		FORM_TEST(too_long),
		FORM_TEST(no_room),
		FORM_TEST(killed_at_each_step),
		FORM_TEST(killed_at_any_instant),
		FORM_TEST(damage),
		FORM_TEST(other_writers),
		FORM_TEST(foreign_files),
		FORM_TEST(form_that_fails),
		FORM_TEST(refused_and_tried_again),
		FORM_TEST(name_is_on_disk),
	};

	return run_forms("forms", tests, COUNT(tests), argc, argv);
}
