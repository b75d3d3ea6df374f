/* SPDX-License-Identifier: BSD-2-Clause
 *
 * valgrind: no
 *
 * test_daemon_sandbox.c - what a process can no longer do after
 * sandbox_enter(), each tried in a child
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/test_sandbox.XXXXXX";
static char inside[64], outside[64];

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(inside, sizeof inside, "%s/inside", directory);
	snprintf(outside, sizeof outside, "%s/outside", directory);
	return mkdir(inside, 0755) != 0 || mkdir(outside, 0755) != 0;
}

static int teardown(void **state)
{
	char path[96];

	(void)state;
	snprintf(path, sizeof path, "%s/file", inside);
	unlink(path);
	snprintf(path, sizeof path, "%s/file", outside);
	unlink(path);
	return rmdir(inside) != 0 || rmdir(outside) != 0 || rmdir(directory) != 0;
}

static uint16_t port; /* that may be connected to; 0: none */

/* Runs TRY in a child that is confined to INSIDE and what the bits CAN say.
 * Returns how it ended: 0 done, else errno. */
static int confined_to(unsigned can, int (*try)(void))
{
	struct sandbox sandbox = { .can = can };
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (!sandbox_add(&sandbox, inside, true) ||
		    (port != 0 && !sandbox_connect(&sandbox, port)) || !sandbox_enter(&sandbox))
			_exit(255);
		errno = 0;
		_exit(try() < 0 ? errno : 0);
	}
	assert_true(waitpid(child, &status, 0) == child);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 255);
	return WEXITSTATUS(status);
}

#define POPWATCH                                                                                   \
	(CAN_REPLACE_FILES | CAN_SET_TIMES | CAN_LOCK_FILES | CAN_WATCH_FILES | CAN_START_THREADS)

static int confined(int (*try)(void))
{
	return confined_to(POPWATCH, try);
}

static int try_write(const char *in)
{
	char path[96];

	snprintf(path, sizeof path, "%s/file", in);
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static int write_inside(void)
{
	return try_write(inside);
}

static int write_outside(void)
{
	return try_write(outside);
}

static int write_existing(void)
{
	return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static int read_outside(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int run_program(void)
{
	char *argv[] = { (char *)(uintptr_t) "true", NULL };

	return execv("/bin/true", argv);
}

static int new_process(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child < 0 ? -1 : 0;
}

static int internet_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int stream_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int datagram_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int kill_another(void)
{
	return kill(getppid(), 0);
}

static int read_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit);
}

static int set_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) != 0 ? 0 : setrlimit(RLIMIT_NOFILE, &limit);
}

static int limit_of_another(void)
{
	struct rlimit limit;

	return prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit);
}

static int name_thread(void)
{
	return prctl(PR_SET_NAME, "thread", 0, 0, 0);
}

static int let_others_trace(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static int look_at_capabilities(void)
{
	return prctl(PR_CAPBSET_READ, 0, 0, 0, 0);
}

static int ends[2]; /* of a pipe */

/* How an ioctl(2) on a pipe ends, where the kernel itself would say 0 or
 * ENOTTY, but never EPERM. */
static int ask_pipe(unsigned long request)
{
	char argument[sizeof(struct termios)] = "";

	return ioctl(ends[0], request, argument);
}

static int count_bytes(void)
{
	return ask_pipe(FIONREAD);
}

static int ask_terminal(void)
{
	return ask_pipe(TCGETS);
}

static int type_into_terminal(void)
{
	return ask_pipe(TIOCSTI);
}

static int take_terminal(void)
{
	return ask_pipe(TIOCSCTTY);
}

static int set_nonblocking(void)
{
	return ask_pipe(FIONBIO);
}

static void test_confined(void **state)
{
	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(confined(write_inside), 0);
	assert_int_equal(confined(datagram_socket), 0);
	assert_int_equal(confined(write_outside), EACCES);
	assert_int_equal(confined(write_existing), EACCES);
	assert_int_equal(confined(read_outside), EACCES);
	assert_int_equal(confined(run_program), EPERM);
	assert_int_equal(confined(new_process), EPERM);
	assert_int_equal(confined(internet_socket), EPERM);
	assert_int_equal(confined(stream_socket), EPERM);
	assert_int_equal(confined(kill_another), EPERM);
	assert_int_equal(confined(read_limit), 0);
	assert_int_equal(confined(set_limit), EPERM);
	assert_int_equal(confined(limit_of_another), EPERM);
	assert_int_equal(confined(name_thread), 0);
	assert_int_equal(confined(let_others_trace), EPERM);
	assert_int_equal(confined(look_at_capabilities), EPERM);
	assert_int_equal(confined(count_bytes), 0);
	assert_int_equal(confined(ask_terminal), ENOTTY);
	assert_int_equal(confined(type_into_terminal), EPERM);
	assert_int_equal(confined(take_terminal), EPERM);
	assert_int_equal(confined(set_nonblocking), EPERM);
	close(ends[0]);
	close(ends[1]);
}

static int lock_file(int operation)
{
	int fd = try_write(inside);

	return fd < 0 ? fd : flock(fd, operation);
}

static int lock_shared(void)
{
	return lock_file(LOCK_SH);
}

static int unlock(void)
{
	return lock_file(LOCK_UN);
}

static int lock_exclusively(void)
{
	return lock_file(LOCK_EX | LOCK_NB);
}

static int sync_file(void)
{
	return fsync(try_write(inside));
}

static int watch_file(void)
{
	return inotify_init1(IN_CLOEXEC);
}

static int stream_socket_inet(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
}

static void *nothing(void *arg)
{
	return arg;
}

static int start_thread(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, nothing, NULL);

	if (error == 0)
		return pthread_join(thread, NULL);
	errno = error;
	return -1;
}

static int listening = -1; /* a socket that was made before */
static struct sockaddr_in there; /* its address */

static int take_connection(void)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return fd >= 0 || errno == EAGAIN ? 0 : -1;
}

static int connect_there(void)
{
	int fd = stream_socket_inet();

	return fd < 0 ? fd : connect(fd, (struct sockaddr *)&there, sizeof there);
}

static int listen_elsewhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(1) };
	int fd = stream_socket_inet();

	return fd < 0 ? fd : bind(fd, (struct sockaddr *)&address, sizeof address);
}

static void make_listener(void)
{
	socklen_t size = sizeof there;

	there.sin_family = AF_INET;
	there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(listening >= 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&there, sizeof there), 0);
	assert_int_equal(listen(listening, 16), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&there, &size), 0);
}

/* Each bit gives what it says; without it, or with all the others, that is
 * refused. */
static void test_bits(void **state)
{
	static const unsigned all = (CAN_CONNECT_UNIX << 1) - 1;
	static const struct {
		unsigned bits; /* any of these is enough; 0: always */
		int (*try)(void);
	} cases[] = {
		{ 0, lock_shared },
		{ 0, unlock },
		{ CAN_LOCK_FILES, lock_exclusively },
		{ CAN_REPLACE_FILES, sync_file },
		{ CAN_WATCH_FILES, watch_file },
		{ CAN_START_THREADS, start_thread },
		{ CAN_ACCEPT, take_connection },
		{ CAN_ASK_DNS, internet_socket },
		{ CAN_ASK_DNS | CAN_CONNECT_TCP, stream_socket_inet },
		{ CAN_CONNECT_UNIX, stream_socket },
	};

	(void)state;
	make_listener();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (confined_to(cases[i].bits, cases[i].try) != 0)
			fail_msg("case %zu: refused with its bit", i);
		if (cases[i].bits != 0 && confined_to(all & ~cases[i].bits, cases[i].try) != EPERM)
			fail_msg("case %zu: not refused without its bit", i);
	}
	assert_int_equal(confined_to(all, raw_socket), EPERM);
	assert_int_equal(confined_to(all, new_process), EPERM);
	assert_int_equal(confined_to(all, run_program), EPERM);
	close(listening);
}

/* Landlock knows ports from its version 4 on. */
static bool has_ports(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1U) >= 4;
}

static void test_ports(void **state)
{
	(void)state;
	if (!has_ports())
		skip();
	make_listener();
	assert_int_equal(confined_to(CAN_CONNECT_TCP, connect_there), EACCES);
	port = ntohs(there.sin_port);
	assert_int_equal(confined_to(CAN_CONNECT_TCP, connect_there), 0);
	assert_int_equal(confined_to(CAN_CONNECT_TCP, listen_elsewhere), EPERM);
	assert_int_equal(confined_to(CAN_CONNECT_TCP | CAN_ASK_DNS, listen_elsewhere), EACCES);
	port = 0;
	close(listening);
}

static void test_allow(void **state)
{
	struct sandbox sandbox = { 0 };

	(void)state;
	assert_true(sandbox_add_directory_of(&sandbox, "/nowhere/log/mail.log", false));
	assert_true(sandbox_add(&sandbox, "/nowhere/db", true));
	assert_true(sandbox_allows(&sandbox, "/nowhere/log/other.log", false));
	assert_false(sandbox_allows(&sandbox, "/nowhere/log/other.log", true));
	assert_false(sandbox_allows(&sandbox, "/nowhere/logs", false));
	assert_false(sandbox_allows(&sandbox, "/nowhere/log/../etc/shadow", false));
	assert_true(sandbox_allows(&sandbox, "/nowhere/db/x", true));
	assert_true(sandbox_allows(&sandbox, "/nowhere/db/x", false));
	assert_false(sandbox_allows(&sandbox, "/etc/passwd", false));
	sandbox_clear(&sandbox);
}

/* A link in a directory that may be read is as good as the place it leads to;
 * the places need not exist. */
static void test_links(void **state)
{
	static const struct {
		const char *name, *target;
		bool allowed;
	} cases[] = {
		{ "out", "../outside/file", false },
		{ "dangling", "../outside/nobody", false },
		{ "further", "dangling", false },
		{ "nowhere", "/nowhere/at/all", false },
		{ "in", "file", true },
		{ "back", "../inside/../inside/nobody", true },
	};
	struct sandbox sandbox = { 0 };
	char path[128], linked[96];

	(void)state;
	snprintf(linked, sizeof linked, "%s/linked", directory);
	assert_int_equal(symlink("inside", linked), 0);
	assert_true(sandbox_add(&sandbox, linked, false));
	/* it was what it was when we were confined */
	unlink(linked);
	assert_int_equal(symlink("outside", linked), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(path, sizeof path, "%s/%s", inside, cases[i].name);
		assert_int_equal(symlink(cases[i].target, path), 0);
		if (sandbox_allows(&sandbox, path, false) != cases[i].allowed)
			fail_msg("%s -> %s", cases[i].name, cases[i].target);
	}
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(path, sizeof path, "%s/%s", inside, cases[i].name);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/mail.log", inside);
	assert_true(sandbox_allows(&sandbox, path, false));
	snprintf(path, sizeof path, "%s/../outside/../inside/mail.log", inside);
	assert_true(sandbox_allows(&sandbox, path, false));
	snprintf(path, sizeof path, "%s/mail.log", linked);
	assert_false(sandbox_allows(&sandbox, path, false));
	unlink(linked);
	sandbox_clear(&sandbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_confined),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_allow),
		cmocka_unit_test(test_links),
	};

	return cmocka_run_group_tests_name("sandbox", tests, setup, teardown);
}
