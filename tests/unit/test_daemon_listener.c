/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_daemon_listener.c - connections: their bytes, their limits, their end
 *
 * The clients are in this process: each step runs the loop until what it waits
 * for has happened.
 */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "endpoint.h"
#include "log.h"
#include "loop.h"
#include "peer.h"

#define LATEST_MS 60000 /* nothing that is waited for may take so long */

static char directory[] = "/tmp/test_listener.XXXXXX";
static char path[64];
static struct loop *loop;
static struct listener *listener;
static int opened, closed, ended;
static enum stream_end why;
static struct stream *last;
static char got[256];

/* Lines: "echo X", "hold", "finish", "close"; anything else waits for more. */
static void obey(struct stream *stream, const char *line)
{
	strcat(got, line);
	strcat(got, ";");
	if (strncmp(line, "echo ", 5) == 0)
		stream_send(stream, line + 5, strlen(line + 5));
	else if (strcmp(line, "hold") == 0)
		stream_hold(stream, true);
	else if (strcmp(line, "finish") == 0)
		stream_finish(stream);
	else if (strcmp(line, "close") == 0)
		stream_close(stream);
}

static void *on_opened(struct stream *stream, void *arg)
{
	opened++;
	last = stream;
	return arg;
}

static size_t on_input(struct stream *stream, const char *bytes, size_t size, void *session)
{
	const char *newline = memchr(bytes, '\n', size);
	char line[64];

	assert_ptr_equal(session, got);
	if (newline == NULL)
		return 0;
	assert_true((size_t)(newline - bytes) < sizeof line);
	memcpy(line, bytes, (size_t)(newline - bytes));
	line[newline - bytes] = '\0';
	obey(stream, line);
	return (size_t)(newline - bytes) + 1;
}

static void on_ended(struct stream *stream, void *session)
{
	(void)session;
	ended++;
	stream_send(stream, "bye", 3);
	stream_finish(stream);
}

static void on_closed(enum stream_end end, void *session)
{
	assert_ptr_equal(session, got);
	closed++;
	why = end;
}

static const struct stream_handler plain = { on_opened, on_input, NULL, on_closed };
static const struct stream_handler answering = { on_opened, on_input, on_ended, on_closed };

static struct listener_options options(const char *address)
{
	return (struct listener_options){ .address = address,
		.mode = 0600,
		.connections_max = 2,
		.idle_ms = LATEST_MS,
		.input_max = 64,
		.output_max = 1 << 20 };
}

static void listen_with(const struct listener_options *how, const struct stream_handler *handler)
{
	opened = closed = ended = 0;
	*got = '\0';
	listener = listener_new(loop, how, handler, got);
	assert_non_null(listener);
}

static int make(void **state)
{
	(void)state;
	if (mkdtemp(strcpy(directory, "/tmp/test_listener.XXXXXX")) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/socket", directory);
	log_open("test", LOG_MAIL, LOG_NOWHERE, LOG_NOWHERE);
	signal(SIGPIPE, SIG_IGN); /* as in the programs */
	loop = loop_new(false);
	return loop == NULL;
}

static int unmake(void **state)
{
	(void)state;
	listener_free(listener);
	listener = NULL;
	loop_free(loop);
	unlink(path);
	return rmdir(directory);
}

static int join(void)
{
	struct sockaddr_un there = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(there.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&there, sizeof there) == 0)
		return fd;
	close(fd);
	return -1;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Runs the loop until *COUNT is WANTED. */
static void until(const int *count, int wanted)
{
	int64_t latest = clock_monotonic_ms() + LATEST_MS;

	while (*count != wanted && clock_monotonic_ms() < latest)
		assert_true(loop_wait(loop, 1000));
	assert_int_equal(*count, wanted);
}

static void until_got(const char *wanted)
{
	while (strcmp(got, wanted) != 0)
		assert_true(loop_wait(loop, LATEST_MS));
}

/* Runs the loop until FD has TEXT. */
static void until_said(int fd, const char *text)
{
	char bytes[64];
	ssize_t size = 0, n;

	while (size < (ssize_t)strlen(text)) {
		n = recv(fd, bytes + size, sizeof bytes - 1 - (size_t)size, MSG_DONTWAIT);
		assert_true(n > 0 || (n < 0 && errno == EAGAIN));
		if (n > 0)
			size += n;
		else
			assert_true(loop_wait(loop, LATEST_MS));
	}
	bytes[size] = '\0';
	assert_string_equal(bytes, text);
}

static void bytes(void **state)
{
	const struct listener_options how = options(path);
	struct stat st;
	int fd;

	(void)state;
	listen_with(&how, &plain);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	fd = join();
	until(&opened, 1);
	assert_int_equal(stream_uid(last), getuid());
	assert_non_null(strstr(stream_peer(last), "uid "));
	say(fd, "echo on");
	say(fd, "e\n");
	until_said(fd, "one");
	say(fd, "echo two\n");
	until_said(fd, "two");
	close(fd);
	until(&closed, 1);
	assert_int_equal(why, STREAM_CLOSED);
	assert_int_equal(listener_count(listener), 0);
}

static void limits(void **state)
{
	const struct listener_options how = options(path);
	char flood[65];
	int fd[3];

	(void)state;
	listen_with(&how, &plain);
	for (int i = 0; i < 3; i++)
		fd[i] = join();
	until(&opened, 2);
	/* the third one waits for a place */
	assert_true(loop_wait(loop, 1));
	assert_int_equal(opened, 2);
	memset(flood, 'x', sizeof flood - 1);
	flood[sizeof flood - 1] = '\0';
	say(fd[0], flood);
	until(&closed, 1);
	assert_int_equal(why, STREAM_FLOODED);
	until(&opened, 3);
	say(fd[2], "close\n");
	until(&closed, 2);
	assert_int_equal(why, STREAM_CLOSED);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	until(&closed, 3);
}

static void unread_output(void **state)
{
	struct listener_options how = options(path);
	char much[4096];
	int fd;

	(void)state;
	how.output_max = 1 << 16;
	listen_with(&how, &plain);
	fd = join();
	until(&opened, 1);
	memset(much, 'x', sizeof much);
	for (size_t i = 0; i < (1 << 17) / sizeof much; i++)
		stream_send(last, much, sizeof much);
	until(&closed, 1);
	assert_int_equal(why, STREAM_FLOODED);
	close(fd);
}

static void idleness(void **state)
{
	struct listener_options how = options(path);
	int fd;

	(void)state;
	how.idle_ms = 10;
	listen_with(&how, &plain);
	fd = join();
	until(&opened, 1);
	until(&closed, 1);
	assert_int_equal(why, STREAM_IDLE);
	close(fd);
}

/* What comes while the connection is held is handed on afterwards, once
 * each. */
static void held(void **state)
{
	struct listener_options how = options(path);
	int fd;

	(void)state;
	how.idle_ms = 10;
	listen_with(&how, &plain);
	fd = join();
	until(&opened, 1);
	say(fd, "hold\n");
	until_got("hold;");
	say(fd, "echo x\n");
	for (int i = 0; i < 20; i++)
		assert_true(loop_wait(loop, 1));
	assert_string_equal(got, "hold;");
	assert_int_equal(closed, 0);
	stream_hold(last, false);
	until_said(fd, "x");
	assert_string_equal(got, "hold;echo x;");
	close(fd);
	until(&closed, 1);
}

/* The client has said all, and waits for the answer. */
static void half_closed(void **state)
{
	const struct listener_options how = options(path);
	char byte;
	int fd;

	(void)state;
	listen_with(&how, &answering);
	fd = join();
	say(fd, "hold\n");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	until_got("hold;");
	assert_true(loop_wait(loop, 1));
	assert_int_equal(ended, 0);
	stream_hold(last, false);
	until(&ended, 1);
	until_said(fd, "bye");
	until(&closed, 1);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	assert_int_equal(ended, 1);
	close(fd);
}

/* The client has gone before its answer: end of file and a failed write are one
 * event, and no descriptor may stay. */
static void gone_early(void **state)
{
	const struct listener_options how = options(path);
	int fd;

	(void)state;
	listen_with(&how, &plain);
	for (int i = 1; i <= 20; i++) {
		fd = join();
		say(fd, "echo x\n");
		close(fd);
		until(&closed, i);
	}
	assert_int_equal(listener_count(listener), 0);
}

static void finished(void **state)
{
	const struct listener_options how = options(path);
	char byte;
	int fd;

	(void)state;
	listen_with(&how, &plain);
	fd = join();
	until(&opened, 1);
	stream_send(last, "last", 4);
	stream_finish(last);
	stream_send(last, "!", 1);
	until(&closed, 1);
	assert_int_equal(recv(fd, got, 5, MSG_WAITALL), 5);
	assert_memory_equal(got, "last!", 5);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
}

/* A name is taken over from the dead, not from the living. */
static void names(void **state)
{
	const struct listener_options how = options(path);
	struct listener_options wrong = options(path);
	int fd;

	(void)state;
	listen_with(&how, &plain);
	assert_null(listener_new(loop, &how, &plain, got));
	listener_free(listener);
	listen_with(&how, &plain);
	listener_free(listener);
	listener = NULL;
	assert_int_equal(unlink(path), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_null(listener_new(loop, &how, &plain, got));
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(path), 0);
	wrong.owner = "no-such-user-here";
	assert_null(listener_new(loop, &wrong, &plain, got));
	assert_int_not_equal(access(path, F_OK), 0);
}

static void inet(void **state)
{
	const struct listener_options how = options("127.0.0.1:0");
	struct sockaddr_in there = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	listen_with(&how, &plain);
	there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	there.sin_port = htons(listener_port(listener));
	assert_int_equal(connect(fd, (struct sockaddr *)&there, sizeof there), 0);
	until(&opened, 1);
	assert_string_equal(stream_peer(last), "127.0.0.1");
	assert_int_equal(stream_uid(last), PEER_NOBODY);
	say(fd, "echo hi\n");
	until_said(fd, "hi");
	close(fd);
	until(&closed, 1);
}

/* Sockets of systemd: by name, and only if they are for this process. */
static void passed(void **state)
{
	const struct listener_options how = options("systemd:second");
	char pid[24];

	(void)state;
	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_FDNAMES", "first:second", 1);
	assert_null(listener_new(loop, &how, &plain, got));
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDNAMES", "first:other", 1);
	assert_null(listener_new(loop, &how, &plain, got));
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	assert_null(listener_new(loop, &how, &plain, got));
}

/* In a child, where the descriptors 3 and 4 can be made what systemd makes
 * them. */
static void passed_in_fact(void **state)
{
	struct endpoint address;
	int status, fd;
	pid_t child;
	char pid[24];

	(void)state;
	assert_true(endpoint_parse("systemd:second", &address));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (dup2(fd, 3) != 3 || dup2(fd, 4) != 4)
			_exit(1);
		snprintf(pid, sizeof pid, "%ld", (long)getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "2", 1);
		setenv("LISTEN_FDNAMES", "first:second", 1);
		fd = endpoint_listen(&address, "systemd:second", 0, (uid_t)-1, (gid_t)-1);
		if (fd != 4 || (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0 ||
		    (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void addresses(void **state)
{
	static const struct {
		const char *text;
		int kind; /* -1: none */
	} cases[] = { { "/run/x", ENDPOINT_UNIX }, { "unix:/run/x", ENDPOINT_UNIX },
		{ "local:/run/x", ENDPOINT_UNIX }, { "unix:run/x", -1 }, { "/run/", -1 },
		{ "", -1 }, { "inet:8890@127.0.0.1", ENDPOINT_INET }, { "inet:8890@::1", -1 },
		{ "inet6:8890@::1", ENDPOINT_INET }, { "inet6:8890@127.0.0.1", -1 },
		{ "inet:8890", -1 }, { "inet:8890@localhost", -1 }, { "inet:65536@127.0.0.1", -1 },
		{ "127.0.0.1:8890", ENDPOINT_INET }, { "[::1]:8890", ENDPOINT_INET },
		{ "::1:8890", -1 }, { "[127.0.0.1]:8890", -1 }, { "127.0.0.1", -1 },
		{ "127.0.0.1:", -1 }, { "127.0.0.1:+1", -1 }, { "127.0.0.1:123456", -1 },
		{ ":1", -1 }, { "systemd:milter", ENDPOINT_SYSTEMD }, { "systemd:", -1 } };
	struct endpoint address;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool done = endpoint_parse(cases[i].text, &address);

		if (done != (cases[i].kind >= 0) ||
		    (done && address.kind != (enum endpoint_kind)cases[i].kind))
			fail_msg("'%s'", cases[i].text);
		assert_int_equal(listener_understands(cases[i].text), done);
	}
}

int main(void)
{
#define WITH(name) cmocka_unit_test_setup_teardown(name, make, unmake)
	const struct CMUnitTest tests[] = {
		WITH(bytes),
		WITH(limits),
		WITH(unread_output),
		WITH(idleness),
		WITH(held),
		WITH(half_closed),
		WITH(gone_early),
		WITH(finished),
		WITH(names),
		WITH(inet),
		WITH(passed),
		cmocka_unit_test(passed_in_fact),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
