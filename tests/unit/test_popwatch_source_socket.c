/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_source_socket.c - datagrams of hooks: what is a login, what is
 * too much (source/socket.h)
 */
#include "socket.h"

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

#include "listen.h"
#include "log.h"

#define NOW 1795175258

static char directory[] = "/tmp/test_socket.XXXXXX";
static char path[64];
static char seen[256];

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

static void on_login(const char *address, const char *user, const char *service, void *arg)
{
	snprintf(arg, sizeof seen, "%s %s %s", address, user, service);
}

static void say(int fd, const char *bytes, size_t size)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	memcpy(to.sun_path, path, strlen(path) + 1);
	assert_int_equal(sendto(fd, bytes, size, 0, (struct sockaddr *)&to, sizeof to), size);
}

static void datagrams(void **state)
{
	static const struct {
		const char *text;
		size_t size; /* 0: that of the string */
		bool login;
	} cases[] = { { "login 192.0.2.1 alice imap", 0, true },
		{ "login 192.0.2.1 alice", 0, false },
		{ "login 192.0.2.1 alice imap more", 0, false },
		{ "logout 192.0.2.1 alice imap", 0, false }, { "login  alice imap", 0, false },
		{ "login 192.0.2.1 a\nb imap", 0, false },
		{ "login 192.0.2.1 alice imap\0x", 28, false }, { "", 0, false } };
	uid_t us = getuid();
	struct source_socket *source = source_socket_new(path, &us, 1);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char longest[600];

	(void)state;
	assert_non_null(source);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		*seen = '\0';
		say(fd, cases[i].text, cases[i].size != 0 ? cases[i].size : strlen(cases[i].text));
		source_socket_read(source, NOW, on_login, seen);
		if ((*seen != '\0') != cases[i].login)
			fail_msg("'%s'", cases[i].text);
	}
	snprintf(longest, sizeof longest, "login 192.0.2.1 %0550d imap", 0);
	say(fd, longest, strlen(longest));
	source_socket_read(source, NOW, on_login, seen);
	assert_int_equal(source_socket_tally(source)->logins, 1);
	assert_int_equal(source_socket_tally(source)->malformed, 8);
	close(fd);
	source_socket_free(source);
}

/* Sends COUNT logins as UID, and has each read at NOW. */
static void send_as(struct source_socket *source, uid_t uid, int count, int64_t now)
{
	static const char text[] = "login 192.0.2.1 alice imap";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* the kernel tells whose they are when they are sent */
	assert_int_equal(setresuid(uid, uid, 0), 0);
	for (int i = 0; i < count; i++) {
		say(fd, text, sizeof text - 1);
		source_socket_read(source, now, on_login, seen);
	}
	assert_int_equal(setresuid(0, 0, 0), 0);
	close(fd);
}

/* In a second only so many of a user count, and in the next they do again;
 * root's always do, and so do those of another user. */
static void flood(void **state)
{
	const uid_t uids[] = { 4711, 4712 };
	struct source_socket *source = source_socket_new(path, uids, 2);
	const struct socket_tally *tally = source_socket_tally(source);
	const char *said;

	(void)state;
	assert_non_null(source);
	if (geteuid() != 0) {
		source_socket_free(source);
		skip();
	}
	assert_int_equal(chmod(directory, 0711), 0);
	listen_begin();
	send_as(source, 4711, SOCKET_FLOOD + 2, NOW);
	said = listen_end();
	expect(said, "uid 4711 sends more than 2000 datagrams a second");
	assert_null(strstr(strchr(said, '\n') + 1, "4711"));
	assert_int_equal(tally->logins, SOCKET_FLOOD);
	assert_int_equal(tally->flooded, 2);
	send_as(source, 4712, 1, NOW);
	send_as(source, 0, SOCKET_FLOOD + 2, NOW);
	assert_int_equal(tally->logins, 2 * SOCKET_FLOOD + 3);
	send_as(source, 4711, 1, NOW + 1);
	assert_int_equal(tally->logins, 2 * SOCKET_FLOOD + 4);
	assert_int_equal(tally->flooded, 2);
	send_as(source, 4713, 1, NOW);
	assert_int_equal(tally->strangers, 1);
	source_socket_free(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams),
		cmocka_unit_test(flood),
	};

	log_open("popwatch", LOG_MAIL, LOG_INFO, LOG_NOWHERE);
	return cmocka_run_group_tests(tests, setup, teardown);
}
