/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_daemon_peer.c - datagrams and their senders, and whose name is taken
 */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/test_peer.XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/socket", directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void say(const char *bytes, size_t size)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(to.sun_path, path, strlen(path) + 1);
	assert_int_equal(sendto(fd, bytes, size, 0, (struct sockaddr *)&to, sizeof to), size);
	close(fd);
}

static void datagrams(void **state)
{
	int fd = peer_open(path, 0600);
	struct peer peer;
	struct stat st;
	char text[8];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(peer_receive(fd, text, sizeof text, &peer), -1);
	say("hello", 5);
	assert_int_equal(peer_receive(fd, text, sizeof text, &peer), 5);
	assert_string_equal(text, "hello");
	assert_true(peer.whole);
	assert_int_equal(peer.uid, getuid());
	say("12345678", 8);
	assert_int_equal(peer_receive(fd, text, sizeof text, &peer), 7);
	assert_false(peer.whole);
	assert_string_equal(text, "1234567");
	say("", 0);
	assert_int_equal(peer_receive(fd, text, sizeof text, &peer), 0);
	assert_string_equal(text, "");
	close(fd);
	/* the name is still there, and is taken again, with another mode */
	fd = peer_open(path, 0666);
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	close(fd);
	assert_true(peer_clear_name(path));
	assert_true(peer_clear_name(path));
}

static void foreign_names(void **state)
{
	char longest[200];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(peer_open(path, 0600), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(peer_open(longest, 0600), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

static void connections(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(peer_of(ends[0]), getuid());
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(peer_of(-1), PEER_NOBODY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams),
		cmocka_unit_test(foreign_names),
		cmocka_unit_test(connections),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
