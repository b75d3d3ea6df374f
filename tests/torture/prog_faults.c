/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_faults.c - every system call of a commit is stopped once, or made to
 * fail once, and nobody ever sees half a commit
 *
 *	prog_faults DIRECTORY FORM VSMTPRELAY MAKEMAP FAULT[,FAULT...]
 *		[CHANGE...]
 *
 * FORM is the suffix of the database: db, lmdb, sqlite.  FAULT is KILL or the
 * name of an errno, as strace(1) takes it.  CHANGE is one of the table below,
 * default all.  For each: one run under strace gives the calls, from the first
 * look at the directory to the end; then, for each call and fault, the database
 * is put back as it was and the command runs again with that call hit.  KILL
 * comes when the call is entered and keeps it from happening; the next call's
 * turn is the same as after it, since between two calls nothing reaches a file.
 *
 * Afterwards: who reads before anything else runs sees the old or the new rows,
 * the new ones if the command said so, the old ones if it said that; the next
 * command ends well, within its deadline, and leaves nothing beside the
 * database; of a hash makemap -u sees the same rows, the inode is the same and
 * its mtime has risen with what is to be seen.  A reader looks all the time.
 * Prints a line for each change; what went wrong goes to stderr, and then the
 * exit status is 1.  Limit: libdb's own calls on its copy in memory count too,
 * though nothing that can be seen depends on them.
 */
#include <errno.h>
#include <fcntl.h>
#include <relaydb.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BASE_ROWS 300
#define CALLS_MAX 4000
#define TRIES 20 /* a wait for a lock shifts the count of calls: then the fault misses its call */
#define OLD_STAMP 900000000L
#define NEW_STAMP 1900000000L

static char db_path[512], redo_path[520], new_path[520], trace_path[512], stderr_path[512],
    load_path[512];
static const char *vsmtprelay, *makemap;

static const struct form {
	const char *name;
	bool hash; /* a record beside it, mtime rises, makemap reads it */
	bool in_place; /* the inode stays */
} forms[] = { { "db", true, true }, { "lmdb", false, true }, { "sqlite", false, false } };
static const struct form *form;

static const char *context = "";
static unsigned failures;

static void __attribute__((format(printf, 1, 2))) failed(const char *format, ...)
{
	va_list arguments;

	failures++;
	fprintf(stderr, "%s: ", context);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	putc('\n', stderr);
}

static void die(const char *what)
{
	fprintf(stderr, "prog_faults: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* ---- what can be seen ---- */

struct text {
	char *data;
	size_t size;
};

static int add_row(const struct relaydb_row *row, void *arg)
{
	fprintf(arg, "%.*s %.*s\n", (int)row->key_size, row->key, (int)row->value_size, row->value);
	return 0;
}

/* All rows as the library reads them; no database has none.  NULL if it cannot;
 * free it. */
static char *rows_seen(void)
{
	const struct relaydb_options options = { .path = db_path };
	struct text text = { NULL, 0 };
	FILE *out = open_memstream(&text.data, &text.size);
	struct relaydb *db;
	int code;

	if (out == NULL || relaydb_open(&db, &options) != RELAYDB_OK)
		die("cannot read");
	code = relaydb_each(db, add_row, out);
	if (fclose(out) != 0)
		die("memory");
	if (code != RELAYDB_OK && code != RELAYDB_NOFILE) {
		failed("a reader is told: %s", relaydb_error(db));
		free(text.data);
		text.data = NULL;
	}
	relaydb_close(&db);
	return text.data;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static struct text bytes_of(const char *path)
{
	struct text text = { NULL, 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return text;
	if (fstat(fd, &st) != 0)
		die(path);
	text.data = malloc((size_t)st.st_size + 1);
	if (text.data == NULL || read(fd, text.data, (size_t)st.st_size) != st.st_size)
		die(path);
	text.size = (size_t)st.st_size;
	close(fd);
	return text;
}

static bool same_bytes(const struct text *a, const struct text *b)
{
	return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

/* ---- commands ---- */

/* Runs ARGV with stderr (and stdout, unless OUT is given) into files.  Returns
 * what waitpid says. */
static int run(char *const argv[], const char *out)
{
	posix_spawn_file_actions_t files;
	int status, error;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(
	    &files, 1, out != NULL ? out : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	posix_spawn_file_actions_addopen(
	    &files, 2, stderr_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	error = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (error != 0 || waitpid(pid, &status, 0) != pid) {
		errno = error != 0 ? error : errno;
		die(argv[0]);
	}
	return status;
}

static bool said(const char *words)
{
	struct text text = bytes_of(stderr_path);
	bool found = text.size > 0 && memmem(text.data, text.size, words, strlen(words)) != NULL;

	free(text.data);
	return found;
}

static const char *all_said(void)
{
	static char line[400];
	struct text text = bytes_of(stderr_path);

	snprintf(line, sizeof line, "%.*s", (int)text.size, text.data != NULL ? text.data : "");
	line[strcspn(line, "\n")] = '\0';
	free(text.data);
	return line;
}

/* The next command somebody gives. */
static void add_next(void)
{
	char stamp[] = "1900000001",
	     *argv[] = { (char *)vsmtprelay, "-f", db_path, "add", "10.9.9.9", stamp, NULL };
	int status = run(argv, NULL);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		failed("the next command ends with %#x: %s", (unsigned)status, all_said());
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* TEXT's lines in order, one after the other. */
static void sort_lines(char *text)
{
	size_t size = strlen(text), count = 0;
	char *copy = strdup(text), **lines = calloc(size + 1, sizeof *lines), *rest;

	if (copy == NULL || lines == NULL)
		die("memory");
	for (char *line = strtok_r(copy, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		lines[count++] = line;
	qsort(lines, count, sizeof *lines, by_line);
	for (size_t i = 0, at = 0; i < count; i++)
		at += (size_t)snprintf(text + at, size + 1 - at, "%s\n", lines[i]);
	free(lines);
	free(copy);
}

static void makemap_agrees(const char *rows)
{
	char out[520], *argv[] = { (char *)makemap, "-u", "hash", db_path, NULL },
		       *expected = strdup(rows);
	struct text text;

	snprintf(out, sizeof out, "%s.unmade", db_path);
	if (run(argv, out) != 0)
		failed("makemap -u: %s", all_said());
	text = bytes_of(out);
	if (text.data == NULL || expected == NULL)
		die("makemap -u");
	text.data[text.size] = '\0';
	for (char *tab = text.data; (tab = strchr(tab, '\t')) != NULL;)
		*tab = ' ';
	sort_lines(text.data);
	sort_lines(expected);
	if (strcmp(text.data, expected) != 0)
		failed("makemap -u sees other rows than we");
	free(text.data);
	free(expected);
}

/* ---- the changes ---- */

static const struct change {
	const char *name;
	const char *arguments[14];
	int rows; /* how many the change adds; below 0: removes */
	bool fresh; /* no database before */
	bool pending; /* a commit was cut off before, with its first blocks written */
} changes[] = {
	{ "add", { "add", "10.8.0.1", "1900000000" }, 1, false, false },
	{ "delete",
	    { "delete", "10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5",
		"10.0.0.6", "10.0.0.7" },
	    -8, false, false },
	{ "expire", { "expire", "100" }, -BASE_ROWS / 2, false, false },
	{ "load", { "load", load_path }, 700, false, false },
	{ "create", { "add", "10.8.0.1", "1900000000" }, 1, true, false },
	{ "settle", { "add", "10.8.0.1", "1900000000" }, 1, false, true },
};

static void arguments_of(const struct change *change, char *argv[20])
{
	size_t n = 0;

	argv[n++] = (char *)vsmtprelay;
	argv[n++] = "-f";
	argv[n++] = db_path;
	for (size_t i = 0; change->arguments[i] != NULL; i++)
		argv[n++] = (char *)change->arguments[i];
	argv[n] = NULL;
}

/* What is put back before each run. */
static struct text base, base_redo;
static ino_t base_inode;
/* as an MTA may have seen it; the latter with a commit cut off over it */
static int64_t base_mtime, recorded_mtime;

static void write_file(const char *path, const struct text *bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, form->hash ? 0660 : 0640);

	if (fd < 0 || pwrite(fd, bytes->data, bytes->size, 0) != (ssize_t)bytes->size ||
	    ftruncate(fd, (off_t)bytes->size) != 0)
		die(path);
	close(fd);
}

/* As the writers of the form lock out the others. */
static bool lock_file(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return form->hash ? flock(fd, LOCK_EX) == 0 : fcntl(fd, F_OFD_SETLKW, &whole) == 0;
}

/* Of a form that is replaced: the reader sees one or the other. */
static void put_file(const char *path, const struct text *bytes)
{
	char other[520];

	snprintf(other, sizeof other, "%s.back", path);
	write_file(form->in_place ? path : other, bytes);
	if (!form->in_place && rename(other, path) != 0)
		die(path);
}

/* Under the lock, so that the reader sees one or the other.  MTIME is counted
 * from now. */
static void put_back(const struct change *change, int64_t mtime)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = time(NULL) + mtime } };
	int fd = open(db_path, O_RDWR | O_CLOEXEC);

	if (fd >= 0 && !lock_file(fd))
		die(db_path);
	unlink(redo_path);
	unlink(new_path);
	if (change->fresh) {
		unlink(db_path);
	} else {
		put_file(db_path, &base);
		if (base_redo.data != NULL)
			write_file(redo_path, &base_redo);
		if (fd < 0 || futimens(fd, times) != 0)
			die(db_path);
	}
	base_mtime = base_redo.data != NULL ? recorded_mtime : times[1].tv_sec;
	if (fd >= 0)
		close(fd);
}

static void make_base(void)
{
	const struct relaydb_options options = { .path = db_path };
	struct relaydb_batch *batch;
	struct relaydb *db;
	char address[32];
	FILE *load = fopen(load_path, "we");
	struct stat st;

	unlink(db_path);
	unlink(redo_path);
	if (load == NULL || relaydb_open(&db, &options) != RELAYDB_OK ||
	    relaydb_batch_new(db, &batch) != RELAYDB_OK)
		die("cannot begin");
	for (int i = 0; i < BASE_ROWS; i++) {
		snprintf(address, sizeof address, "10.0.%d.%d", i / 250, i % 250);
		if (relaydb_batch_put(batch, address, i % 2 ? OLD_STAMP : NEW_STAMP) != RELAYDB_OK)
			die("put");
	}
	if (relaydb_commit(batch, time(NULL), NULL) != RELAYDB_OK) {
		fprintf(stderr, "prog_faults: %s\n", relaydb_error(db));
		exit(2);
	}
	for (int i = 0; i < BASE_ROWS + 700; i++)
		fprintf(load, "10.7.%d.%d %ld\n", i / 250, i % 250, NEW_STAMP);
	if (fclose(load) != 0 || stat(db_path, &st) != 0)
		die(db_path);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
	base = bytes_of(db_path);
	base_inode = st.st_ino;
}

/* ---- the calls of a commit, and one of them hit ---- */

struct call {
	char name[32];
	/* among those of its name, from the start of the program, as strace
	 * counts */
	unsigned occurrence;
	bool on_database; /* its arguments name the map or what lies beside it */
};

static struct call calls[CALLS_MAX];
static size_t call_count;

/* The name of the call in LINE, "" if it is none. */
static void call_name(const char *line, char out[32])
{
	size_t size = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_");

	*out = '\0';
	if (size > 0 && size < 32 && line[size] == '(') {
		memcpy(out, line, size);
		out[size] = '\0';
	}
}

static void calls_read(void)
{
	static struct call seen[256];
	size_t names = 0, i;
	char line[1024], name[32];
	FILE *trace = fopen(trace_path, "re");
	bool begun = false;

	if (trace == NULL)
		die(trace_path);
	call_count = 0;
	while (fgets(line, sizeof line, trace) != NULL) {
		call_name(line, name);
		if (*name == '\0')
			continue;
		for (i = 0; i < names && strcmp(seen[i].name, name) != 0; i++)
			;
		if (i == names) {
			if (++names == COUNT(seen))
				die("too many kinds of calls");
			seen[i] = (struct call){ .occurrence = 0 };
			strcpy(seen[i].name, name);
		}
		seen[i].occurrence++;
		begun = begun || strstr(line, "O_DIRECTORY") != NULL;
		if (!begun)
			continue;
		if (call_count == CALLS_MAX)
			die("too many calls");
		seen[i].on_database = strstr(line, "relayers.db") != NULL;
		calls[call_count++] = seen[i];
	}
	fclose(trace);
	if (call_count < 40) /* the test sees something */
		failed("only %zu calls", call_count);
}

static int run_traced(const struct change *change, const char *injection)
{
	char option[96], *argv[32] = { "strace", "-qq", "-y", "-o", trace_path };
	size_t n = 5;

	if (injection != NULL) {
		snprintf(option, sizeof option, "inject=%s", injection);
		argv[n++] = "-e";
		argv[n++] = option;
	}
	arguments_of(change, argv + n);
	return run(argv, NULL);
}

/* a commit is cut off first, long ago: or what comes after its end would wait
 * for the clock */
static bool pending;

/* Runs CHANGE with FAULT at CALL, again while it misses.  False if it never
 * hit. */
static bool run_hit(
    const struct change *change, const struct call *call, const char *fault, int *status)
{
	bool killed = strcmp(fault, "KILL") == 0;
	char injection[96];
	struct text trace;
	bool hit;

	snprintf(injection, sizeof injection, "%.31s:%s=%s:when=%u", call->name,
	    killed ? "signal" : "error", fault, call->occurrence);
	for (int i = 0; i < TRIES; i++) {
		put_back(change, killed && !pending ? 0 : -100);
		*status = run_traced(change, injection);
		if (killed) {
			hit = WIFSIGNALED(*status);
		} else {
			trace = bytes_of(trace_path);
			hit = trace.data != NULL &&
			      memmem(trace.data, trace.size, "(INJECTED)", 10) != NULL;
			free(trace.data);
		}
		if (hit)
			return true;
	}
	return false;
}

/* ---- one run and what came of it ---- */

struct sum {
	unsigned runs, missed, torn, counted;
	double settle_ms[CALLS_MAX];
	size_t settled;
};

/* The rows before and after, and with those of the next command. */
static char *old_rows, *new_rows, *old_next, *new_next;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

/* After a kill: what an MTA that opens the file now would find, and how long
 * the next of us takes to fix it. */
static void settle(const struct change *change, struct sum *sum)
{
	const struct relaydb_options options = { .path = db_path };
	struct text before = bytes_of(db_path), after;
	struct relaydb *db;
	double begin;
	bool torn;

	if (relaydb_open(&db, &options) != RELAYDB_OK)
		die("settle");
	begin = now_ms();
	if (relaydb_settle(db, time(NULL)) != RELAYDB_OK)
		failed("settle: %s", relaydb_error(db));
	after = bytes_of(db_path);
	torn = !same_bytes(&before, &after) && (change->pending || !same_bytes(&before, &base));
	if (*relaydb_notice(db) != '\0' && sum->settled < COUNT(sum->settle_ms))
		sum->settle_ms[sum->settled++] = now_ms() - begin;
	sum->torn += torn;
	free(before.data);
	free(after.data);
	relaydb_close(&db);
}

/* Who reads first: the rows must be those the command's last word promises. */
static bool check_seen(int status, const char *seen)
{
	bool is_old = strcmp(seen, old_rows) == 0, is_new = strcmp(seen, new_rows) == 0;

	if (!is_old && !is_new)
		failed("half a commit is seen");
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !is_new)
		failed("an acknowledged commit is missing");
	else if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && !is_old &&
		 !said("the commit is recorded") && !said("the commit may be recorded") &&
		 !said("standard output") && !said("done on this host alone"))
		failed("the commit failed, but its rows are seen: %s", all_said());
	return is_new;
}

/* UNFINISHED_RESERVE: hit between fallocate(2), which lets the kernel's clock
 * set mtime, and the call that puts it back. */
static void check_file(const struct change *change, bool unfinished_reserve)
{
	struct stat st;

	if (exists(redo_path) || exists(new_path))
		failed("something is left beside the database");
	if (stat(db_path, &st) != 0)
		failed("the database is gone");
	else if (form->in_place && !change->fresh && st.st_ino != base_inode)
		failed("another inode");
	else if (form->hash && !change->fresh && !unfinished_reserve &&
		 st.st_mtim.tv_sec <= base_mtime)
		failed("mtime has not risen: was %+lld s from now, is %+lld",
		    (long long)(base_mtime - time(NULL)),
		    (long long)(st.st_mtim.tv_sec - time(NULL)));
}

/* The next command need not wait for the clock then; mtime is looked at
 * before. */
static void let_time_pass(const struct change *change, bool is_new)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = time(NULL) - 100 } };
	struct stat st;

	if (stat(db_path, &st) != 0)
		return;
	if (form->hash && is_new && !change->fresh && !exists(redo_path) &&
	    st.st_mtim.tv_sec <= base_mtime)
		failed("mtime has not risen with the commit: was %+lld s from now, is %+lld",
		    (long long)(base_mtime - time(NULL)),
		    (long long)(st.st_mtim.tv_sec - time(NULL)));
	if (utimensat(AT_FDCWD, db_path, times, 0) != 0)
		die(db_path);
	base_mtime = times[1].tv_sec;
}

static void one_run(
    const struct change *change, const struct call *call, const char *fault, struct sum *sum)
{
	char where[160], *seen;
	bool is_new;
	int status;

	snprintf(where, sizeof where, "%s, %s at call %.31s number %u", change->name, fault,
	    call->name, call->occurrence);
	context = where;
	if (!run_hit(change, call, fault, &status)) {
		sum->missed++;
		return;
	}
	sum->runs++;
	seen = rows_seen();
	if (seen == NULL)
		return;
	is_new = check_seen(status, seen);
	sum->counted += is_new;
	if (WIFSIGNALED(status))
		settle(change, sum);
	free(seen);
	let_time_pass(change, is_new);
	add_next();
	seen = rows_seen();
	if (seen != NULL && strcmp(seen, is_new ? new_next : old_next) != 0)
		failed("the next command made other rows of it");
	check_file(change, call > calls && strcmp(call[-1].name, "fallocate") == 0);
	if (seen != NULL && form->hash)
		makemap_agrees(seen);
	free(seen);
	context = change->name;
}

/* Looks all the time; ends with 1 when it sees what nobody should. */
static pid_t start_reader(void)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	context = "the reader beside all this";
	failures = 0;
	while (failures == 0) {
		char *seen = rows_seen();

		if (seen != NULL && strcmp(seen, old_rows) != 0 && strcmp(seen, new_rows) != 0 &&
		    strcmp(seen, old_next) != 0 && strcmp(seen, new_next) != 0)
			failed("half a commit is seen");
		free(seen);
		usleep(1000);
	}
	_exit(1);
}

static void stop_reader(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (WIFEXITED(status))
		failed("the reader beside all this has seen what nobody should");
}

/* ---- a change with all its faults ---- */

/* A commit of the delete is cut off between its blocks: what the next one
 * finds. */
static void make_pending(void)
{
	size_t writes = 0;

	put_back(&changes[1], -100);
	if (run_traced(&changes[1], NULL) != 0)
		failed("delete: %s", all_said());
	calls_read();
	for (size_t i = 0; i < call_count; i++)
		if (strcmp(calls[i].name, "pwrite64") == 0 && calls[i].on_database &&
		    ++writes == 3) {
			int status;

			run_hit(&changes[1], &calls[i], "KILL", &status);
		}
	if (!exists(redo_path))
		failed("no commit was cut off");
	recorded_mtime = base_mtime;
	base = bytes_of(db_path);
	base_redo = bytes_of(redo_path);
}

/* Runs the change without a fault, for its calls and for what is to be seen
 * before and after. */
static void rehearse(const struct change *change)
{
	size_t before, after;

	put_back(change, -100);
	old_rows = rows_seen();
	if (run_traced(change, NULL) != 0)
		failed("without a fault: %s", all_said());
	calls_read();
	new_rows = rows_seen();
	add_next();
	new_next = rows_seen();
	put_back(change, -100);
	add_next();
	old_next = rows_seen();
	if (old_rows == NULL || new_rows == NULL || old_next == NULL || new_next == NULL)
		exit(1);
	before = after = 0;
	for (const char *p = old_rows; *p != '\0'; p++)
		before += *p == '\n';
	for (const char *p = new_rows; *p != '\0'; p++)
		after += *p == '\n';
	if ((long)after - (long)before != change->rows)
		failed("from %zu rows to %zu, expected %+d", before, after, change->rows);
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void try_change(const struct change *change, char *faults)
{
	char *list = strdup(faults), *rest;
	struct sum sum = { .runs = 0 };
	unsigned kills = 0, errors = 0;
	pid_t reader;

	context = change->name;
	make_base();
	base_redo = (struct text){ NULL, 0 };
	pending = change->pending;
	if (pending)
		make_pending();
	rehearse(change);
	put_back(change, -100);
	reader = start_reader();
	for (char *fault = strtok_r(list, ",", &rest); fault != NULL;
	     fault = strtok_r(NULL, ",", &rest))
		for (size_t i = 0; i < call_count; i++) {
			bool killed = strcmp(fault, "KILL") == 0;

			/* an exit that fails is tried again for ever */
			if (!killed && strcmp(calls[i].name, "exit_group") == 0)
				continue;
			one_run(change, &calls[i], fault, &sum);
			kills += killed;
			errors += !killed;
		}
	stop_reader(reader);
	/* whether syslog is there may change meanwhile, and with it the last
	 * calls */
	if (sum.missed * 50 > sum.runs)
		failed("%u faults never hit, %u did", sum.missed, sum.runs);
	qsort(sum.settle_ms, sum.settled, sizeof *sum.settle_ms, by_size);
	printf("%s: %zu calls, %u kills, %u errors (%u missed), the commit counted after %u",
	    change->name, call_count, kills, errors, sum.missed, sum.counted);
	if (kills > 0)
		printf("; a kill left a torn file behind at %u calls, the next of us finished what "
		       "was left in %.1f ms (median of %zu, longest %.1f)",
		    sum.torn, sum.settled > 0 ? sum.settle_ms[sum.settled / 2] : 0, sum.settled,
		    sum.settled > 0 ? sum.settle_ms[sum.settled - 1] : 0);
	putchar('\n');
	fflush(stdout);
	free(list);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 5 && i < COUNT(forms); i++)
		if (strcmp(argv[2], forms[i].name) == 0)
			form = &forms[i];
	if (form == NULL) {
		fputs("usage: prog_faults directory form vsmtprelay makemap fault[,fault...] "
		      "[change...]\n",
		    stderr);
		return 64;
	}
	snprintf(db_path, sizeof db_path, "%s/relayers.%s", argv[1], form->name);
	snprintf(redo_path, sizeof redo_path, "%s.redo", db_path);
	snprintf(new_path, sizeof new_path, "%s.new", db_path);
	snprintf(trace_path, sizeof trace_path, "%s/strace", argv[1]);
	snprintf(stderr_path, sizeof stderr_path, "%s/stderr", argv[1]);
	snprintf(load_path, sizeof load_path, "%s/load", argv[1]);
	vsmtprelay = argv[3];
	makemap = argv[4];
	for (size_t i = 0; i < COUNT(changes); i++) {
		bool wanted = argc == 6;

		for (int j = 6; j < argc; j++)
			wanted = wanted || strcmp(argv[j], changes[i].name) == 0;
		if (wanted && changes[i].pending && !form->hash)
			printf("%s: skipped, a cut-off commit leaves nothing in a .%s\n",
			    changes[i].name, form->name);
		else if (wanted)
			try_change(&changes[i], argv[5]);
	}
	return failures != 0;
}
