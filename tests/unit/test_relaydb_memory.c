/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_memory.c - every single allocation fails once, on each form: an
 * error code, nothing lost, the file as it was
 * long: every allocation of SQLite too, not each thirteenth
 *
 * This program has a malloc of its own, which counts, and fails at a chosen
 * call of the library or of libc in its service.  Berkeley DB is left out: of
 * some allocations of its own it does not survive the failure, in db_create(3)
 * for one (5.3.28: signal 11), and it says so on stderr; its allocations are
 * counted for leaks all the same.  Each failure has a child to itself, so that
 * a crash is one failure and not the end.  Not under AddressSanitizer or
 * valgrind, whose malloc is in the way.
 *
 * valgrind: no
 */
#include "relaydb_scratch.h"

#include <errno.h>
#include <link.h>
#include <signal.h>
#include <time.h>

#ifndef __SANITIZE_ADDRESS__

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *old);

static bool counting;
static unsigned long calls, fail_at; /* of the calls, the one that fails; 0: none */
static long balance;
static bool failed;

static uintptr_t libdb_begin, libdb_end; /* where the code of Berkeley DB is */

static int find_db(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	if (strstr(info->dlpi_name, "/libdb-") == NULL)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
			libdb_begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			libdb_end = libdb_begin + info->dlpi_phdr[i].p_memsz;
		}
	return 1;
}

static bool refuse(const void *caller)
{
	uintptr_t from = (uintptr_t)caller;

	if (!counting || (from >= libdb_begin && from < libdb_end) || ++calls != fail_at)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

static void *given(void *p)
{
	balance += counting && p != NULL;
	return p;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc's are
 * reserved names */
void *malloc(size_t size)
{
	return refuse(__builtin_return_address(0)) ? NULL : given(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return refuse(__builtin_return_address(0)) ? NULL : given(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
	if (refuse(__builtin_return_address(0)))
		return NULL;
	return old == NULL ? given(__libc_malloc(size)) : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	/* only we call it: Berkeley DB has no use for it; 0 as libc takes it */
	/* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI) */
	return realloc(old, count * size);
}

char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	return copy == NULL ? NULL : memcpy(copy, text, size);
}

void free(void *old)
{
	balance -= counting && old != NULL;
	__libc_free(old);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* ---- the calls of the library; each opens its handle and closes it ---- */

static int64_t now;

/* A batch that FILL fills is committed. */
static int commit(int (*fill)(struct relaydb_batch *batch))
{
	const struct relaydb_options options = { .path = path, .timeout_ms = 5000 };
	struct relaydb_batch *batch = NULL;
	struct relaydb *db;
	int code = relaydb_open(&db, &options);

	if (code != RELAYDB_OK)
		return code;
	code = relaydb_batch_new(db, &batch);
	if (code == RELAYDB_OK)
		code = fill(batch);
	if (code == RELAYDB_OK)
		code = relaydb_commit(batch, now, NULL);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
	return code;
}

static int fill_record(struct relaydb_batch *batch)
{
	int code = RELAYDB_OK;

	for (unsigned n = 50; code == RELAYDB_OK && n < 80; n++)
		code = relaydb_batch_record(batch, nth(n), CLOCK);
	return code;
}

static int fill_delete(struct relaydb_batch *batch)
{
	int code = relaydb_batch_delete(batch, nth(1));

	return code == RELAYDB_OK ? relaydb_batch_delete(batch, "10.77.0.1") : code;
}

static int fill_expire(struct relaydb_batch *batch)
{
	return relaydb_batch_expire(batch, 40);
}

static int op_record(void)
{
	return commit(fill_record);
}

static int op_delete(void)
{
	return commit(fill_delete);
}

static int op_expire(void)
{
	return commit(fill_expire);
}

static struct relaydb *open_or_not(int *code)
{
	const struct relaydb_options options = { .path = path, .timeout_ms = 5000 };
	struct relaydb *db;

	*code = relaydb_open(&db, &options);
	return db;
}

static int op_load(void)
{
	static const char dump[] = "10.0.0.1 5\n::ffff:10.0.0.2 6\nnet OK\n";
	int pipes[2], code;
	struct relaydb *db;

	if (pipe2(pipes, O_CLOEXEC) != 0 ||
	    write(pipes[1], dump, sizeof dump - 1) != sizeof dump - 1)
		return -1;
	close(pipes[1]);
	db = open_or_not(&code);
	if (db != NULL)
		code = relaydb_load(db, pipes[0], now, NULL, NULL, NULL);
	close(pipes[0]);
	relaydb_close(&db);
	return code;
}

static int op_get(void)
{
	struct relaydb *db;
	int64_t stamp;
	int code;

	db = open_or_not(&code);
	if (db != NULL)
		code = relaydb_get(db, nth(1), &stamp);
	relaydb_close(&db);
	return code;
}

static int op_each(void)
{
	struct relaydb *db;
	size_t rows = 0;
	int code;

	db = open_or_not(&code);
	if (db != NULL)
		code = relaydb_each(db, count_row, &rows);
	relaydb_close(&db);
	return code == RELAYDB_OK && rows != 102 ? -2 : code;
}

static void look_for_rows(const struct relaydb_finding *finding, void *arg)
{
	*(bool *)arg = *(bool *)arg || strstr(finding->what, "has 102 rows") != NULL;
}

static int op_check(void)
{
	struct relaydb *db;
	bool told = false;
	int code;

	db = open_or_not(&code);
	if (db != NULL)
		code = relaydb_check(db, now, look_for_rows, &told);
	relaydb_close(&db);
	return code == RELAYDB_OK && !told ? -2 : code;
}

static int op_settle(void)
{
	struct relaydb *db;
	int code;

	db = open_or_not(&code);
	if (db != NULL)
		code = relaydb_settle(db, now);
	relaydb_close(&db);
	return code;
}

/* ---- what they find ---- */

static char long_value[9000];
static const char *form; /* the end of the path */

/* The rows of plain_rows() in any form, by way of the library. */
static void loaded_rows(void)
{
	struct relaydb *db = database();
	FILE *dump = tmpfile();

	assert_non_null(dump);
	for (unsigned n = 0; n < 100; n++)
		fprintf(dump, "%s %u\n", nth(n), n);
	fprintf(dump, "net %.*s\n10.99.0.1 OK\n", (int)sizeof long_value, long_value);
	assert_int_equal(fflush(dump), 0);
	rewind(dump);
	unlink(path);
	assert_code(db, relaydb_load(db, fileno(dump), now, NULL, NULL, NULL), RELAYDB_OK);
	fclose(dump);
	relaydb_close(&db);
}

static void plain_rows(void)
{
	static struct raw rows[102];
	static char keys[100][32], values[100][8];

	for (unsigned n = 0; n < 100; n++) {
		strcpy(keys[n], nth(n));
		snprintf(values[n], sizeof values[n], "%u", n);
		rows[n] = (struct raw){ keys[n], values[n], -1, -1 };
	}
	memset(long_value, 'v', sizeof long_value);
	if (strcmp(form, ".db") != 0) {
		loaded_rows();
		return;
	}
	rows[100] = (struct raw){ "net", long_value, -1, sizeof long_value };
	rows[101] = (struct raw){ "10.99.0.1", "OK", -1, -1 };
	write_rows(rows, COUNT(rows));
}

/* The same in postmap's style. */
static void nul_rows(void)
{
	static struct raw rows[102];
	static char keys[100][32];

	for (unsigned n = 0; n < 100; n++) {
		strcpy(keys[n], nth(n));
		rows[n] = (struct raw){ keys[n], "20", (int)strlen(keys[n]) + 1, 3 };
	}
	rows[100] = (struct raw){ "net", long_value, 4, sizeof long_value };
	rows[101] = (struct raw){ "10.99.0.1", "OK", 10, 3 };
	write_rows(rows, COUNT(rows));
}

static void no_rows(void)
{
	unlink(path);
}

/* A commit that was cut off: its record is there, nothing of it is written. */
static void cut_off(void)
{
	struct change change = { { "10.0.0.1", 8 }, { "77", 2 }, false };
	struct relaydb *db = database();
	struct snapshot before = { .fd = -1 };
	struct image new;
	struct redo redo;

	plain_rows();
	before.image = read_file();
	assert_code(db, bdb_apply(db, &before.image, &change, 1, &new), RELAYDB_OK);
	assert_code(db, redo_make(db, &before, &new, &redo), RELAYDB_OK);
	write_file(".redo", redo.record.data, redo.record.size);
	redo_free(&redo);
	image_free(&new);
	image_free(&before.image);
	relaydb_close(&db);
}

/* ---- one failure ---- */

enum outcome { NOT_REACHED, WENT_ON, REFUSED, LEAKED, CHANGED, OTHER_CODE };

static bool same_as(const struct image *before, bool was_there)
{
	struct image after;
	bool same;

	if (!was_there)
		return !exists("");
	if (!exists(""))
		return false;
	after = read_file();
	same = after.size == before->size && memcmp(after.data, before->data, after.size) == 0;
	image_free(&after);
	return same;
}

static enum outcome fail_once(int (*op)(void), unsigned long at)
{
	bool was_there = exists("");
	struct image before = { .data = NULL };
	int code;

	if (was_there)
		before = read_file();
	calls = 0;
	balance = 0;
	failed = false;
	fail_at = at;
	counting = true;
	code = op();
	counting = false;
	if (balance != 0)
		return LEAKED;
	if (!failed)
		return code == RELAYDB_OK ? NOT_REACHED : OTHER_CODE;
	if (code == RELAYDB_OK)
		return WENT_ON;
	if (code != RELAYDB_NOMEM)
		return OTHER_CODE;
	return same_as(&before, was_there) ? REFUSED : CHANGED;
}

static int in_child(void (*prepare)(void), int (*op)(void), unsigned long at)
{
	const struct timespec long_ago[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	pid_t child;
	int status;

	prepare();
	/* no commit has to wait for the clock: one that does has more
	 * allocations */
	(void)utimensat(AT_FDCWD, path, long_ago, 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		op_get(); /* what a library keeps for the life of the process */
		signal(SIGSEGV, SIG_DFL); /* cmocka's would go on with the next test */
		signal(SIGABRT, SIG_DFL);
		alarm(20);
		_exit((int)fail_once(op, at));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	unlink(beside(".redo"));
	unlink(beside(".queue"));
	return status;
}

static void each_allocation_fails_once(void **state)
{
	static const struct {
		const char *name;
		void (*prepare)(void);
		int (*op)(void);
		bool hash; /* what no other form has */
	} cases[] = {
		{ "get", plain_rows, op_get, false },
		{ "get in postmap's style", nul_rows, op_get, true },
		{ "each", plain_rows, op_each, false },
		{ "each of postmap's style", nul_rows, op_each, true },
		{ "record", plain_rows, op_record, false },
		{ "record into nothing", no_rows, op_record, false },
		{ "record into postmap's style", nul_rows, op_record, true },
		{ "delete", plain_rows, op_delete, false },
		{ "expire", plain_rows, op_expire, false },
		{ "load", plain_rows, op_load, false },
		{ "check", plain_rows, op_check, false },
		{ "get of a cut-off commit", cut_off, op_get, true },
		{ "settle", cut_off, op_settle, true },
	};
	static const char *const words[] = { [LEAKED] = "leaks",
		[CHANGED] = "changes the file",
		[OTHER_CODE] = "gives another code" };
	const char *text = getenv("LONG");
	bool longest = text != NULL && strcmp(text, "only") == 0;
	unsigned bad = 0;

	form = *state;
	snprintf(path, sizeof path, "%s/relayers%s", directory, form);
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned long refused = 0, went_on = 0, at, stride;
		int status = 0;

		/* SQLite has some 900 in each case, most when it proves the
		 * table */
		stride = strcmp(form, ".sqlite") == 0 && !longest ? 13 : 1;
		if (cases[i].hash && strcmp(form, ".db") != 0)
			continue;
		for (at = 1; status != NOT_REACHED || at == 1; at += stride) {
			status = in_child(cases[i].prepare, cases[i].op, at);
			refused += WIFEXITED(status) && WEXITSTATUS(status) == REFUSED;
			went_on += WIFEXITED(status) && WEXITSTATUS(status) == WENT_ON;
			if (WIFSIGNALED(status))
				print_error("%s%s: allocation %lu: signal %d\n", cases[i].name,
				    form, at, WTERMSIG(status));
			else if (WEXITSTATUS(status) >= LEAKED)
				print_error("%s%s: allocation %lu: %s\n", cases[i].name, form, at,
				    words[WEXITSTATUS(status)]);
			bad += WIFSIGNALED(status) || WEXITSTATUS(status) >= LEAKED;
			if (at >= 10000) /* without any failure it gives another code */
				break;
		}
		print_message("# %s%s: to allocation %lu, %lu refusals, %lu went on without\n",
		    cases[i].name, form, at - stride - 1, refused, went_on);
	}
	assert_int_equal(bad, 0);
}

#else

static void each_allocation_fails_once(void **state)
{
	(void)state;
	skip();
}

#endif

/* Like SCRATCH_TEST; the test gets the form. */
static int make_of_form(void **state)
{
	void *of = *state;
	int answer = scratch_make(state);

	*state = of;
	return answer;
}

#define FORM_TEST(form)                                                                            \
	{                                                                                          \
		"each_allocation_fails_once" form, each_allocation_fails_once, make_of_form,       \
		    scratch_remove, (void *)(uintptr_t)(form)                                      \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { FORM_TEST(".db"), FORM_TEST(".lmdb"),
		FORM_TEST(".sqlite") };

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
#ifndef __SANITIZE_ADDRESS__
	now = time(NULL);
	dl_iterate_phdr(find_db, NULL);
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
