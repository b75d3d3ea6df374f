/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit: 60
 * valgrind: no
 *
 * test_popwatch_rights.c - what a process can no longer do after rights_confine(), each tried in a child
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "rights.h"

static char folder[] = "/tmp/test_rights.XXXXXX";
static char inside[64], outside[64];

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(inside, sizeof inside, "%s/inside", folder);
	snprintf(outside, sizeof outside, "%s/outside", folder);
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
	return rmdir(inside) != 0 || rmdir(outside) != 0 || rmdir(folder) != 0;
}

/* Runs TRY in a child that is confined to INSIDE, and returns what it said: 0 done, else errno. */
static int confined(int (*try)(void))
{
	struct rights rights = { NULL, NULL };
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (!rights_add(&rights, inside, true) || !rights_confine(&rights))
			_exit(255);
		errno = 0;
		_exit(try() < 0 ? errno : 0);
	}
	assert_true(waitpid(child, &status, 0) == child);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 255);
	return WEXITSTATUS(status);
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

/* How an ioctl(2) on a pipe ends, where the kernel itself would say 0 or ENOTTY, but never EPERM. */
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

static void test_allow(void **state)
{
	struct rights rights = { NULL, NULL };

	(void)state;
	assert_true(rights_add_folder_of(&rights, "/nowhere/log/mail.log", false));
	assert_true(rights_add(&rights, "/nowhere/db", true));
	assert_true(rights_allow(&rights, "/nowhere/log/other.log", false));
	assert_false(rights_allow(&rights, "/nowhere/log/other.log", true));
	assert_false(rights_allow(&rights, "/nowhere/logs", false));
	assert_false(rights_allow(&rights, "/nowhere/log/../etc/shadow", false));
	assert_true(rights_allow(&rights, "/nowhere/db/x", true));
	assert_true(rights_allow(&rights, "/nowhere/db/x", false));
	assert_false(rights_allow(&rights, "/etc/passwd", false));
	rights_clear(&rights);
}

/* A link in a folder that may be read is as good as the place it leads to; the places need not exist. */
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
	struct rights rights = { NULL, NULL };
	char path[128], linked[96];

	(void)state;
	snprintf(linked, sizeof linked, "%s/linked", folder);
	assert_int_equal(symlink("inside", linked), 0);
	assert_true(rights_add(&rights, linked, false));
	/* it was what it was when we were confined */
	unlink(linked);
	assert_int_equal(symlink("outside", linked), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(path, sizeof path, "%s/%s", inside, cases[i].name);
		assert_int_equal(symlink(cases[i].target, path), 0);
		if (rights_allow(&rights, path, false) != cases[i].allowed)
			fail_msg("%s -> %s", cases[i].name, cases[i].target);
	}
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(path, sizeof path, "%s/%s", inside, cases[i].name);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/mail.log", inside);
	assert_true(rights_allow(&rights, path, false));
	snprintf(path, sizeof path, "%s/mail.log", linked);
	assert_false(rights_allow(&rights, path, false));
	unlink(linked);
	rights_clear(&rights);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_confined),
		cmocka_unit_test(test_allow),
		cmocka_unit_test(test_links),
	};

	return cmocka_run_group_tests_name("rights", tests, setup, teardown);
}
