/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_pam_relaydb.c - the module inside the real libpam: what each hook
 * answers, and what it records
 *
 * Service files are written into a directory of the test's own and used through
 * pam_start_confdir(3).  popwatch's end of the socket is the test itself.
 * $BUILD says where the module is.
 */
#include <relaydb.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include <cmocka.h>

static char directory[64], module[4096], db_path[128], socket_path[128];

static void remove_all(void)
{
	static const char *const names[] = { "relayers.db", "relayers.db.lock", "relayers.db.queue",
		"relayers.db.new", "relayers.db.redo", "sock", "test", "other", "other.lock",
		"other.queue", "other.new", "other.redo" };
	char path[256];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, names[i]);
		unlink(path);
	}
}

static int set_up(void **state)
{
	const char *build = getenv("BUILD");

	(void)state;
	strcpy(directory, "/tmp/pam-relaydb.XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(module, sizeof module, "%s/pam_relaydb/pam_relaydb.so",
	    build != NULL ? build : "build");
	snprintf(db_path, sizeof db_path, "%s/relayers.db", directory);
	snprintf(socket_path, sizeof socket_path, "%s/sock", directory);
	return access(module, R_OK);
}

static int tear_down(void **state)
{
	(void)state;
	remove_all();
	return rmdir(directory);
}

/* The service "test": BEFORE and AFTER are lines around ours, "" for none. */
static void service(const char *arguments, const char *before, const char *after)
{
	static const char *const types[] = { "auth", "account", "session" };
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/test", directory);
	f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f, "%s\n", before);
	for (size_t i = 0; i < 3; i++)
		fprintf(f, "%s optional %s db=%s socket=%s %s\n", types[i], module, db_path,
		    socket_path, arguments);
	fprintf(f, "%s\n", after);
	for (size_t i = 0; i < 3; i++)
		fprintf(f, "%s required pam_permit.so\n", types[i]);
	assert_int_equal(fclose(f), 0);
}

static int converse(
    int count, const struct pam_message **messages, struct pam_response **responses, void *arg)
{
	(void)count;
	(void)messages;
	(void)responses;
	(void)arg;
	return PAM_CONV_ERR;
}

static pam_handle_t *begin(const char *rhost)
{
	const struct pam_conv conversation = { converse, NULL };
	pam_handle_t *pam;

	assert_int_equal(
	    pam_start_confdir("test", "alice", &conversation, directory, &pam), PAM_SUCCESS);
	if (rhost != NULL)
		assert_int_equal(pam_set_item(pam, PAM_RHOST, rhost), PAM_SUCCESS);
	return pam;
}

static bool recorded(const char *address)
{
	const struct relaydb_options options = { .path = db_path };
	struct relaydb *db;
	int64_t stamp;
	int code;

	assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
	code = relaydb_get(db, address, &stamp);
	relaydb_close(&db);
	return code == RELAYDB_OK && stamp <= time(NULL) && stamp > time(NULL) - 60;
}

static int listener(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s/sock", directory);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

/* ---- the forms of PAM_RHOST ---- */

static const struct {
	const char *rhost, *arguments, *recorded;
} forms[] = {
	{ "192.0.2.1", "", "192.0.2.1" },
	{ "::ffff:192.0.2.1", "", "192.0.2.1" },
	{ "2001:DB8:0:0:0:0:0:1", "", "2001:db8::1" },
	{ "[192.0.2.1]", "", "192.0.2.1" },
	{ "[2001:db8::1]", "", "2001:db8::1" },
	{ "[::ffff:192.0.2.1]", "", "192.0.2.1" },
	{ NULL, "", NULL },
	{ "", "", NULL },
	{ "localhost", "", NULL },
	{ "mail.example.test", "", NULL },
	{ "127.0.0.1", "", NULL },
	{ "::1", "", NULL },
	{ "127.0.0.1", "ignore=none", "127.0.0.1" },
	{ "192.0.2.1", "ignore=none", "192.0.2.1" },
	/* what is ignored joins loopback */
	{ "127.0.0.1", "ignore=192.0.2.0/24", NULL },
	{ "::1", "ignore=192.0.2.0/24", NULL },
	{ "127.0.0.1", "ignore=none,192.0.2.0/24", "127.0.0.1" },
	{ "192.0.2.1", "ignore=none ignore=192.0.2.0/24", NULL },
	/* refused as a whole: it would drop what it names */
	{ "192.0.2.1", "ignore=192.0.2.0/24,none", "192.0.2.1" },
	{ "127.0.0.1", "ignore=192.0.2.0/24,none", NULL },
	{ "127.0.0.1", "ignore=", NULL },
	/* no client has these */
	{ "0.0.0.0", "ignore=none", NULL },
	{ "224.0.0.1", "ignore=none", NULL },
	{ "255.255.255.255", "ignore=none", NULL },
	{ "::", "ignore=none", NULL },
	{ "fe80::1", "ignore=none", NULL },
	{ "ff02::1", "ignore=none", NULL },
	{ "::ffff:0.0.0.1", "ignore=none", NULL },
	{ "127.0.0.1", "ignore=none,", NULL },
	{ "192.0.2.1", "ignore=192.0.2.0/24", NULL },
	{ "192.0.3.1", "ignore=192.0.2.0/24,2001:db8::/32", "192.0.3.1" },
	{ "2001:db8::5", "ignore=192.0.2.0/24,2001:db8::/32", NULL },
	{ "192.0.2.1:110", "", NULL },
	{ "192.0.2.1 192.0.2.2", "", NULL },
	{ "192.0.2.1\n", "", NULL },
	{ "fe80::1%eth0", "", NULL },
	{ "[192.0.2.1", "", NULL },
	{ "[]", "", NULL },
	/* what is wrong is told and left at its default */
	{ "192.0.2.1", "refresh=x timeout=0 ignore=foo nonsense db=relative", "192.0.2.1" },
	{ "192.0.2.1", "debug", "192.0.2.1" },
	{ "127.0.0.1", "ignore=1.2.3.4,", NULL },
};

static void forms_of_rhost(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		pam_handle_t *pam;

		remove_all();
		service(forms[i].arguments, "", "");
		pam = begin(forms[i].rhost);
		assert_int_equal(pam_acct_mgmt(pam, 0), PAM_SUCCESS);
		assert_int_not_equal(access(db_path, F_OK), 0);
		assert_int_equal(pam_end(pam, PAM_SUCCESS), PAM_SUCCESS);
		if (forms[i].recorded != NULL)
			assert_true(recorded(forms[i].recorded));
		else
			assert_int_not_equal(access(db_path, F_OK), 0);
	}
}

/* ---- the hooks ---- */

/* What a server does: one letter a call, in upper case if it has to fail. */
static void call(pam_handle_t *pam, char step)
{
	int code;

	switch (step) {
	case 'u':
		code = pam_set_item(pam, PAM_USER, "bob");
		break;
	case 'a':
	case 'A':
		code = pam_authenticate(pam, 0);
		break;
	case 'c':
	case 'C':
		code = pam_acct_mgmt(pam, PAM_SILENT);
		break;
	case 's':
		code = pam_setcred(pam, PAM_ESTABLISH_CRED | PAM_SILENT);
		break;
	case 'z': /* libpam makes it PAM_ESTABLISH_CRED */
		code = pam_setcred(pam, 0);
		break;
	case 'd':
		code = pam_setcred(pam, PAM_DELETE_CRED);
		break;
	case 'r':
		code = pam_setcred(pam, PAM_REINITIALIZE_CRED);
		break;
	case 'f':
		code = pam_setcred(pam, PAM_REFRESH_CRED | PAM_SILENT);
		break;
	case 'o':
		code = pam_open_session(pam, 0);
		break;
	default:
		code = pam_close_session(pam, 0);
	}
	if (step == 'A' || step == 'C')
		assert_int_not_equal(code, PAM_SUCCESS);
	else
		assert_int_equal(code, PAM_SUCCESS);
}

/* What servers do with a handle, and when the login counts: before the end, at
 * the end, or never. */
static const struct {
	const char *steps;
	const char *before, *after; /* a line ahead of ours, and one behind */
	int end; /* the status handed to pam_end(3) */
	enum { NEVER, AT_THE_END, BEFORE } recorded;
} servers[] = {
	/* one that hands pam_end(3) what it was told: Dovecot, Courier, popa3d,
	 * saslauthd */
	{ "ac", "", "", PAM_SUCCESS, AT_THE_END },
	{ "asc", "", "", PAM_SUCCESS, AT_THE_END },
	{ "a", "", "", PAM_SUCCESS, NEVER },
	{ "A", "", "auth requisite pam_deny.so", PAM_AUTH_ERR, NEVER },
	{ "aC", "account required pam_deny.so", "", PAM_ACCT_EXPIRED, NEVER },
	{ "aC", "account requisite pam_deny.so", "", PAM_ACCT_EXPIRED, NEVER },
	{ "aC", "", "account required pam_deny.so", PAM_ACCT_EXPIRED, NEVER },
	{ "ac", "", "", PAM_NEW_AUTHTOK_REQD, NEVER },
	{ "acox", "", "", PAM_SUCCESS, BEFORE },
	{ "ascox", "", "", PAM_SUCCESS, BEFORE },
	/* one that keeps the handle until the client logs out: UW imapd,
	 * sshd */
	{ "acs", "", "", PAM_SUCCESS, BEFORE },
	{ "acz", "", "", PAM_SUCCESS, BEFORE },
	{ "acsod", "", "", PAM_SUCCESS, BEFORE },
	/* no credentials of a login that begins */
	{ "acd", "", "", PAM_AUTH_ERR, NEVER },
	{ "acr", "", "", PAM_AUTH_ERR, NEVER },
	{ "acf", "", "", PAM_AUTH_ERR, NEVER },
	{ "acx", "", "", PAM_AUTH_ERR, NEVER },
	/* no account phase, or none in which the module was called */
	{ "as", "", "", PAM_SUCCESS, NEVER },
	{ "aox", "", "", PAM_SUCCESS, NEVER },
	{ "aC", "account requisite pam_deny.so", "", PAM_SUCCESS, NEVER },
	/* a second login over the same handle */
	{ "acuA", "", "auth required pam_succeed_if.so quiet user = alice", PAM_SUCCESS, NEVER },
	{ "aca", "", "", PAM_SUCCESS, NEVER },
	{ "acac", "", "", PAM_SUCCESS, AT_THE_END },
	{ "cc", "", "", PAM_SUCCESS, AT_THE_END },
	/* the copy of a forked child, and data that is replaced */
	{ "ac", "", "", PAM_SUCCESS | PAM_DATA_SILENT, NEVER },
	/* one that hands over 0 whatever it was told: mailutils, solid-pop3d,
	 * vsftpd; the manual warns */
	{ "aC", "account required pam_deny.so", "", PAM_SUCCESS, AT_THE_END },
};

static void when_a_login_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
		pam_handle_t *pam;

		remove_all();
		service("", servers[i].before, servers[i].after);
		pam = begin("192.0.2.7");
		for (const char *step = servers[i].steps; *step != '\0'; step++)
			call(pam, *step);
		print_message("# %s, %s%s, %#x\n", servers[i].steps, servers[i].before,
		    servers[i].after, (unsigned)servers[i].end);
		assert_int_equal(access(db_path, F_OK) == 0, servers[i].recorded == BEFORE);
		assert_int_equal(pam_end(pam, servers[i].end), PAM_SUCCESS);
		assert_int_equal(access(db_path, F_OK) == 0, servers[i].recorded != NEVER);
	}
}

/* A server may go on to another client, or clear the items, before it ends the
 * handle. */
static void what_was_remembered_is_a_copy(void **state)
{
	char text[512];
	pam_handle_t *pam;
	ssize_t size;
	int fd;

	(void)state;
	fd = listener();
	service("", "", "");
	pam = begin("192.0.2.7");
	call(pam, 'c');
	assert_int_equal(pam_set_item(pam, PAM_RHOST, "192.0.2.66"), PAM_SUCCESS);
	assert_int_equal(pam_set_item(pam, PAM_USER, "bob"), PAM_SUCCESS);
	assert_int_equal(pam_set_item(pam, PAM_SERVICE, "other"), PAM_SUCCESS);
	assert_int_equal(pam_end(pam, PAM_SUCCESS), PAM_SUCCESS);
	size = recv(fd, text, sizeof text - 1, 0);
	assert_true(size > 0);
	text[size] = '\0';
	assert_string_equal(text, "login 192.0.2.7 alice test");
	assert_int_equal(recv(fd, text, sizeof text, 0), -1);
	close(fd);
}

/* The module twice in a stack, as an include may bring it: the same place once,
 * two places both. */
static void two_lines(void **state)
{
	char line[5000], other[160], text[512];
	struct stat st;
	pam_handle_t *pam;
	int fd;

	(void)state;
	fd = listener();
	snprintf(
	    line, sizeof line, "account optional %s db=%s socket=%s", module, db_path, socket_path);
	service("", line, line);
	pam = begin("192.0.2.7");
	call(pam, 'c');
	pam_end(pam, PAM_SUCCESS);
	assert_true(recv(fd, text, sizeof text, 0) > 0);
	assert_int_equal(recv(fd, text, sizeof text, 0), -1);
	close(fd);

	remove_all();
	snprintf(other, sizeof other, "%s/other", directory);
	snprintf(
	    line, sizeof line, "account optional %s db=%s socket=%s", module, other, socket_path);
	service("", "", line);
	pam = begin("192.0.2.7");
	call(pam, 'c');
	call(pam, 's');
	assert_true(recorded("192.0.2.7"));
	assert_int_equal(stat(other, &st), 0);
	pam_end(pam, PAM_SUCCESS);
}

/* Between the account phase and the end a server forks: the child serves the
 * client, the parent waits.  Each has a copy; the child's PAM_DATA_SILENT says
 * that its end of the handle is not the end of the login. */
static void a_fork_between_the_phases(void **state)
{
	pam_handle_t *pam;
	pid_t child;
	int status;

	(void)state;
	service("refresh=0", "", "");
	pam = begin("192.0.2.7");
	call(pam, 'c');
	child = fork();
	if (child == 0)
		_exit(pam_end(pam, PAM_SUCCESS | PAM_DATA_SILENT) != PAM_SUCCESS);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_not_equal(access(db_path, F_OK), 0);
	child = fork();
	if (child == 0)
		_exit(pam_open_session(pam, 0) != PAM_SUCCESS);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(recorded("192.0.2.7"));
	remove_all();
	assert_int_equal(pam_end(pam, PAM_AUTH_ERR), PAM_SUCCESS);
	assert_int_not_equal(access(db_path, F_OK), 0);
}

/* The module alone neither lets in nor keeps out: libpam has no opinion to go
 * by. */
static void alone_it_lets_nobody_in(void **state)
{
	char path[256];
	pam_handle_t *pam;
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/test", directory);
	f = fopen(path, "we");
	fprintf(f, "account sufficient %s db=%s socket=%s\n", module, db_path, socket_path);
	fprintf(f, "account required pam_deny.so\n");
	fclose(f);
	pam = begin("192.0.2.7");
	assert_int_not_equal(pam_acct_mgmt(pam, 0), PAM_SUCCESS);
	pam_end(pam, PAM_SUCCESS);
}

/* ---- the way to popwatch ---- */

static void a_datagram_to_popwatch(void **state)
{
	char text[512];
	ssize_t size;
	pam_handle_t *pam;
	int fd;

	(void)state;
	fd = listener();
	service("", "", "");
	pam = begin("[::ffff:192.0.2.9]");
	assert_int_equal(pam_set_item(pam, PAM_USER, "eve x\n192.0.2.66"), PAM_SUCCESS);
	call(pam, 'c');
	assert_int_equal(pam_end(pam, PAM_SUCCESS), PAM_SUCCESS);
	size = recv(fd, text, sizeof text - 1, 0);
	assert_true(size > 0);
	text[size] = '\0';
	assert_string_equal(text, "login 192.0.2.9 eve?x?192.0.2.66 test");
	assert_int_not_equal(access(db_path, F_OK), 0);
	close(fd);
}

static void own_commit_when_the_queue_is_full(void **state)
{
	pam_handle_t *pam;
	char text[512];
	int fd, taken = 0;

	(void)state;
	fd = listener();
	service("", "", "");
	for (int i = 0; i < 2000 && access(db_path, F_OK) != 0; i++) {
		pam = begin("192.0.2.10");
		assert_int_equal(pam_acct_mgmt(pam, 0), PAM_SUCCESS);
		pam_end(pam, PAM_SUCCESS);
	}
	while (recv(fd, text, sizeof text, 0) > 0)
		taken++;
	assert_true(taken > 0);
	assert_true(recorded("192.0.2.10"));
	close(fd);
}

/* ---- trouble: the login goes on, in time ---- */

/* A login succeeds, whatever the trouble, which lasts until the test ends
 * it. */
static void login_goes_on(const char *arguments)
{
	pam_handle_t *pam;

	service(arguments, "", "");
	pam = begin("192.0.2.11");
	assert_int_equal(pam_acct_mgmt(pam, 0), PAM_SUCCESS);
	errno = 4711;
	assert_int_equal(pam_end(pam, PAM_SUCCESS), PAM_SUCCESS);
	assert_int_equal(errno, 4711);
}

static void a_held_lock(void **state)
{
	int fd;

	(void)state;
	login_goes_on("");
	fd = open(db_path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	login_goes_on("timeout=200 refresh=0");
	close(fd);
}

static void a_missing_directory(void **state)
{
	(void)state;
	snprintf(db_path, sizeof db_path, "%s/none/relayers.db", directory);
	login_goes_on("timeout=200");
}

static void a_damaged_file(void **state)
{
	FILE *f;

	(void)state;
	f = fopen(db_path, "we");
	fputs("not a database\n", f);
	fclose(f);
	login_goes_on("timeout=200");
}

#define PAGE 4096u
#define MEBIBYTE (1u << 20)

static void put32(unsigned char *at, uint32_t number)
{
	memcpy(at, &number, sizeof number);
}

/* Makes the database that large by free pages: it stays sound. */
static void grow(size_t size)
{
	uint32_t pages = (uint32_t)(size / PAGE), first;
	unsigned char head[512], page[PAGE] = { 0 };
	int fd = open(db_path, O_RDWR | O_CLOEXEC);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	first = (uint32_t)(st.st_size / PAGE);
	assert_int_equal(pread(fd, head, sizeof head, 0), sizeof head);
	put32(head + 28, first); /* free */
	put32(head + 32, pages - 1); /* last_pgno */
	assert_int_equal(pwrite(fd, head, sizeof head, 0), sizeof head);
	for (uint32_t number = first; number < pages; number++) {
		put32(page + 8, number);
		put32(page + 16, number + 1 < pages ? number + 1 : 0);
		assert_int_equal(pwrite(fd, page, sizeof page, (off_t)number * PAGE), PAGE);
	}
	close(fd);
}

static void record(const char *address)
{
	const struct relaydb_options options = { .path = db_path };
	struct relaydb_batch *batch;
	struct relaydb *db;

	assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
	assert_int_equal(relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_int_equal(relaydb_batch_record(batch, address, time(NULL)), RELAYDB_OK);
	assert_int_equal(relaydb_commit(batch, time(NULL), NULL), RELAYDB_OK);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

/* The database may be the work of somebody else, and a login reads 64 MiB of it
 * at most.  The database is sound: who has no limit goes on recording. */
static void a_large_file(void **state)
{
	(void)state;
	record("192.0.2.1");
	grow(72 * MEBIBYTE);
	login_goes_on("timeout=60000");
	assert_false(recorded("192.0.2.11"));
	record("192.0.2.2");
	assert_true(recorded("192.0.2.2"));
	unlink(db_path);
	record("192.0.2.1");
	grow(60 * MEBIBYTE);
	login_goes_on("timeout=60000");
	assert_true(recorded("192.0.2.11"));
}

/* ---- inside other programs ---- */

#define CHILDREN_MAX 16

static bool cancelling; /* the server cancels a thread that has just got a lock */
static unsigned cancelled;
static int children_end[2] = { -1, -1 }; /* children live until it is closed */
static unsigned children;

/* Stands in front of libc's, for the module too: while a login is recorded,
 * another thread of the server forks, or cancels this one, in the worst
 * moments, when a lock has just been taken. */
int flock(int fd, int operation)
{
	int result = (int)syscall(SYS_flock, fd, operation);
	char byte;
	pid_t pid;

	if (result == 0 && cancelling && (operation & LOCK_UN) == 0) {
		cancelled++;
		pthread_cancel(pthread_self());
	}
	if (result != 0 || children_end[0] < 0 || (operation & LOCK_UN) != 0 ||
	    children == CHILDREN_MAX)
		return result;
	pid = fork();
	if (pid == 0) {
		close(children_end[1]);
		while (read(children_end[0], &byte, 1) > 0)
			continue;
		_exit(0);
	}
	children += pid > 0;
	return result;
}

static void assert_not_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
}

/* A lock belongs to the open file, so a child that was forked while it was held
 * has it as well. */
static void forked_children_keep_no_lock(void **state)
{
	char path[160];
	unsigned forked;

	(void)state;
	login_goes_on("refresh=0");
	assert_int_equal(pipe2(children_end, O_CLOEXEC), 0);
	login_goes_on("timeout=60000 refresh=0");
	forked = children;
	close(children_end[0]);
	children_end[0] = -1;
	assert_true(forked >= 2);
	snprintf(path, sizeof path, "%s.lock", db_path);
	assert_not_locked(path);
	assert_not_locked(db_path);
	close(children_end[1]);
	while (wait(NULL) > 0)
		continue;
	children = 0;
}

static unsigned open_files(void)
{
	unsigned count = 0;
	DIR *dir = opendir("/proc/self/fd");

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static void *login_of_a_thread(void *arg)
{
	static int state;

	pam_end(arg, PAM_SUCCESS);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state); /* as it was before? */
	return &state;
}

/* Descriptors of files in the test's directory, and of files in memory. */
static unsigned open_files_of_ours(void)
{
	unsigned count = 0;
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	char target[256];

	while ((entry = readdir(dir)) != NULL) {
		ssize_t size = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);

		target[size > 0 ? size : 0] = '\0';
		count += strncmp(target, directory, strlen(directory)) == 0 ||
			 strncmp(target, "/memfd:", 7) == 0;
	}
	closedir(dir);
	return count;
}

/* A lock stays with the process if the thread that took it does not live to
 * give it back.  So that thread ends later, when it has recorded the login. */
static void a_cancelled_thread_keeps_no_lock(void **state)
{
	pthread_t thread;
	pam_handle_t *pam;
	char path[160];
	int *state_left;

	(void)state;
	login_goes_on("refresh=0");
	unlink(db_path);
	service("timeout=60000 refresh=0", "", "");
	pam = begin("192.0.2.1");
	assert_int_equal(pam_acct_mgmt(pam, 0), PAM_SUCCESS);
	cancelling = true;
	assert_int_equal(pthread_create(&thread, NULL, login_of_a_thread, pam), 0);
	assert_int_equal(pthread_join(thread, (void **)&state_left), 0);
	cancelling = false;
	snprintf(path, sizeof path, "%s.lock", db_path);
	assert_not_locked(path);
	assert_not_locked(db_path);
	assert_true(cancelled >= 2);
	assert_ptr_not_equal(state_left, PTHREAD_CANCELED);
	assert_int_equal(*state_left, PTHREAD_CANCEL_ENABLE);
	assert_true(recorded("192.0.2.1"));
	assert_int_equal(open_files_of_ours(), 0);
}

static void leaves_nothing_behind(void **state)
{
	unsigned before;
	mode_t mask;

	(void)state;
	login_goes_on("refresh=0");
	before = open_files();
	mask = umask(0123);
	for (int i = 0; i < 5; i++)
		login_goes_on("refresh=0");
	assert_int_equal(umask(mask), 0123);
	assert_int_equal(open_files(), before);
}

static void a_fresh_stamp_is_left_alone(void **state)
{
	struct stat before, after;

	(void)state;
	login_goes_on("");
	assert_int_equal(stat(db_path, &before), 0);
	login_goes_on("");
	assert_int_equal(stat(db_path, &after), 0);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof after.st_mtim);
}

#define THREADS 10
#define LOGINS 5

static void *many_logins(void *arg)
{
	int thread = *(int *)arg;
	char rhost[32];

	for (int i = 0; i < LOGINS; i++) {
		const struct pam_conv conversation = { converse, NULL };
		pam_handle_t *pam = NULL;

		snprintf(rhost, sizeof rhost, "192.0.%d.%d", 10 + thread, i);
		if (pam_start_confdir("test", "alice", &conversation, directory, &pam) !=
			PAM_SUCCESS ||
		    pam_set_item(pam, PAM_RHOST, rhost) != PAM_SUCCESS ||
		    pam_acct_mgmt(pam, 0) != PAM_SUCCESS)
			abort();
		pam_end(pam, PAM_SUCCESS);
	}
	return NULL;
}

static void many_at_once(void **state)
{
	pthread_t threads[THREADS];
	int numbers[THREADS];

	(void)state;
	service("timeout=60000", "", "");
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, many_logins, &numbers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++) {
		for (int k = 0; k < LOGINS; k++) {
			const struct relaydb_options options = { .path = db_path };
			struct relaydb *db;
			char address[32];
			int64_t stamp;

			snprintf(address, sizeof address, "192.0.%d.%d", 10 + i, k);
			assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
			assert_int_equal(relaydb_get(db, address, &stamp), RELAYDB_OK);
			relaydb_close(&db);
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(forms_of_rhost),
		TEST(when_a_login_counts),
		TEST(what_was_remembered_is_a_copy),
		TEST(two_lines),
		TEST(a_fork_between_the_phases),
		TEST(alone_it_lets_nobody_in),
		TEST(a_datagram_to_popwatch),
		TEST(own_commit_when_the_queue_is_full),
		TEST(a_held_lock),
		TEST(a_missing_directory),
		TEST(a_damaged_file),
		TEST(a_large_file),
		TEST(forked_children_keep_no_lock),
		TEST(a_cancelled_thread_keeps_no_lock),
		TEST(leaves_nothing_behind),
		TEST(a_fresh_stamp_is_left_alone),
		TEST(many_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
