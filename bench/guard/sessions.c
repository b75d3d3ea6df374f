/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sessions.c - what a milter, or a server behind one, takes for its answers
 *
 *	sessions pauses SOCKET COUNT
 *		COUNT sessions with a recipient at slow.test and, beside them,
 *		COUNT others that ask again and again until the slow ones have
 *		their answers: prints how many of each, and milliseconds: the
 *		longest answer to the others, the longest slow one
 *	sessions rate SOCKET COUNT SECONDS
 *		COUNT sessions that ask as fast as they can: prints decisions
 *		per second
 *	sessions idle SOCKET COUNT
 *		opens COUNT sessions, prints "open", and holds them until the
 *		end of standard input
 *	sessions rcpt PORT COUNT
 *		COUNT recipients by SMTP at 127.0.0.1: prints milliseconds, p50
 *		and p99 of the answers to RCPT
 *
 * Speaks the mail server's side of protocol 6 over a Unix socket, a thread a
 * session, and only what these measurements need.  Ends at the first failure.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define SESSIONS_MAX 10000
#define ALL_ACTIONS 0x1ffu
#define ALL_STEPS 0x1fffffu
#define NO_CONNECT_REPLY 0x1000u /* SMFIP_NR_CONN */
#define NO_MAIL_REPLY 0x4000u /* SMFIP_NR_MAIL */
#define QUICK 0
#define SLOW 1

struct session {
	int fd;
	uint32_t steps;
	pthread_t thread;
	double longest_ms;
	unsigned long asked;
};

static const char *address;
static atomic_int slow_ones;
static atomic_bool stop;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- the protocol ---- */

static void write_whole(int fd, const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size > 0) {
		ssize_t n = send(fd, from, size, MSG_NOSIGNAL);

		if (n < 0)
			err(EX_IOERR, "cannot send");
		from += n;
		size -= (size_t)n;
	}
}

static void read_whole(int fd, void *bytes, size_t size)
{
	char *to = bytes;

	while (size > 0) {
		ssize_t n = recv(fd, to, size, 0);

		if (n <= 0)
			err(EX_IOERR, "closed");
		to += n;
		size -= (size_t)n;
	}
}

static void send_packet(int fd, char command, const void *data, size_t size)
{
	char packet[1024];
	uint32_t length = htonl((uint32_t)size + 1);

	memcpy(packet, &length, 4);
	packet[4] = command;
	memcpy(packet + 5, data, size);
	write_whole(fd, packet, size + 5);
}

/* Returns the command of the answer; its data goes to DATA, what does not fit
 * is dropped. */
static char receive_packet(int fd, void *data, size_t room)
{
	char all[2048];
	uint32_t size;

	read_whole(fd, &size, 4);
	size = ntohl(size);
	if (size == 0 || size > sizeof all)
		errx(EX_PROTOCOL, "an answer of %u bytes", size);
	read_whole(fd, all, size);
	if (data != NULL)
		memcpy(data, all + 1, size - 1 < room ? size - 1 : room);
	return all[0];
}

static void open_session(struct session *session)
{
	const uint32_t offer[3] = { htonl(6), htonl(ALL_ACTIONS), htonl(ALL_STEPS) };
	static const char macros[] = "C{client_addr}\0"
				     "192.0.2.1\0{client_name}\0unknown\0{client_resolve}\0FAIL";
	static const char client[] = "unknown\0"
				     "4\x12\x67"
				     "192.0.2.1";
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	uint32_t taken[3] = { 0, 0, 0 };

	snprintf(name.sun_path, sizeof name.sun_path, "%s", address);
	session->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (session->fd < 0 || connect(session->fd, (struct sockaddr *)&name, sizeof name) != 0)
		err(EX_UNAVAILABLE, "%s", address);
	send_packet(session->fd, 'O', offer, sizeof offer);
	if (receive_packet(session->fd, taken, sizeof taken) != 'O')
		errx(EX_PROTOCOL, "%s is no milter", address);
	session->steps = ntohl(taken[2]);
	send_packet(session->fd, 'D', macros, sizeof macros);
	send_packet(session->fd, 'C', client, sizeof client);
	if ((session->steps & NO_CONNECT_REPLY) == 0)
		receive_packet(session->fd, NULL, 0);
}

/* One message with one recipient, given up.  Returns how long RCPT took. */
static double ask(struct session *session, int kind)
{
	static const char sender[] = "<a@b.test>", quick[] = "<a@quick.test>",
			  slow[] = "<a@slow.test>";
	double begin;

	send_packet(session->fd, 'M', sender, sizeof sender);
	if ((session->steps & NO_MAIL_REPLY) == 0)
		receive_packet(session->fd, NULL, 0);
	begin = now_ms();
	send_packet(session->fd, 'R', kind == SLOW ? slow : quick,
	    kind == SLOW ? sizeof slow : sizeof quick);
	receive_packet(session->fd, NULL, 0);
	begin = now_ms() - begin;
	send_packet(session->fd, 'A', "", 0);
	session->asked++;
	if (begin > session->longest_ms)
		session->longest_ms = begin;
	return begin;
}

/* ---- sessions side by side ---- */

static void *be_slow(void *arg)
{
	struct session *session = arg;

	open_session(session);
	ask(session, SLOW);
	atomic_fetch_sub(&slow_ones, 1);
	return NULL;
}

static void *be_quick(void *arg)
{
	struct session *session = arg;

	open_session(session);
	while (atomic_load(&slow_ones) > 0) {
		ask(session, QUICK);
		usleep(1000);
	}
	return NULL;
}

static void *be_busy(void *arg)
{
	struct session *session = arg;

	open_session(session);
	while (!atomic_load(&stop))
		ask(session, QUICK);
	return NULL;
}

static void start(struct session *sessions, size_t count, void *(*run)(void *))
{
	for (size_t i = 0; i < count; i++) {
		errno = pthread_create(&sessions[i].thread, NULL, run, &sessions[i]);
		if (errno != 0)
			err(EX_OSERR, "thread");
	}
}

static double finish(struct session *sessions, size_t count, unsigned long *asked)
{
	double longest = 0;

	*asked = 0;
	for (size_t i = 0; i < count; i++) {
		pthread_join(sessions[i].thread, NULL);
		*asked += sessions[i].asked;
		if (sessions[i].longest_ms > longest)
			longest = sessions[i].longest_ms;
	}
	return longest;
}

static void measure_pauses(size_t count)
{
	struct session *slow = calloc(count, sizeof *slow), *quick = calloc(count, sizeof *quick);
	unsigned long slow_asked, quick_asked;
	double slow_ms, quick_ms;

	if (slow == NULL || quick == NULL)
		err(EX_OSERR, "memory");
	atomic_store(&slow_ones, (int)count);
	start(slow, count, be_slow);
	start(quick, count, be_quick);
	quick_ms = finish(quick, count, &quick_asked);
	slow_ms = finish(slow, count, &slow_asked);
	printf("%lu %lu %.1f %.1f\n", quick_asked, slow_asked, quick_ms, slow_ms);
	free(slow);
	free(quick);
}

static void measure_rate(size_t count, unsigned seconds)
{
	struct session *sessions = calloc(count, sizeof *sessions);
	double begin = now_ms();
	unsigned long asked;

	if (sessions == NULL)
		err(EX_OSERR, "memory");
	start(sessions, count, be_busy);
	sleep(seconds);
	atomic_store(&stop, true);
	finish(sessions, count, &asked);
	printf("%.0f\n", (double)asked / (now_ms() - begin) * 1e3);
	free(sessions);
}

static void hold_idle(size_t count)
{
	struct rlimit limit = { SESSIONS_MAX + 100, SESSIONS_MAX + 100 };
	struct session *sessions = calloc(count, sizeof *sessions);

	setrlimit(RLIMIT_NOFILE, &limit);
	if (sessions == NULL)
		err(EX_OSERR, "memory");
	for (size_t i = 0; i < count; i++)
		open_session(&sessions[i]);
	puts("open");
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	free(sessions);
}

/* ---- recipients by SMTP ---- */

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The last line of an answer. */
static void hear(FILE *peer, char line[1024])
{
	do {
		if (fgets(line, 1024, peer) == NULL)
			errx(EX_PROTOCOL, "the mail server closed");
	} while (strlen(line) > 3 && line[3] == '-');
}

static void command(FILE *peer, int fd, const char *text, char expected)
{
	char line[1024];

	write_whole(fd, text, strlen(text));
	hear(peer, line);
	if (line[0] != expected)
		errx(EX_PROTOCOL, "%.*s: %s", (int)strcspn(text, "\r"), text, line);
}

static void measure_rcpt(const char *port, size_t count)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	double *ms = calloc(count, sizeof *ms);
	char line[1024];
	FILE *peer;

	if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name) != 0)
		err(EX_UNAVAILABLE, "port %s", port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	peer = fdopen(fd, "r");
	if (peer == NULL || ms == NULL)
		err(EX_OSERR, "memory");
	hear(peer, line);
	command(peer, fd, "EHLO client.example.test\r\n", '2');
	for (size_t i = 0; i < count; i++) {
		command(peer, fd, "MAIL FROM:<a@quick.test>\r\n", '2');
		ms[i] = now_ms();
		command(peer, fd, "RCPT TO:<root@mx.example.test>\r\n", '2');
		ms[i] = now_ms() - ms[i];
		command(peer, fd, "RSET\r\n", '2');
	}
	qsort(ms, count, sizeof *ms, by_size);
	printf("%.3f %.3f\n", ms[count / 2], ms[count * 99 / 100]);
	fclose(peer);
	free(ms);
}

int main(int argc, char **argv)
{
	size_t count = argc >= 4 ? strtoul(argv[3], NULL, 10) : 0;

	if (argc < 4 || count == 0 || count > SESSIONS_MAX)
		errx(EX_USAGE, "usage: sessions pauses|rate|idle|rcpt SOCKET|PORT COUNT [SECONDS]");
	address = argv[2];
	if (strcmp(argv[1], "pauses") == 0)
		measure_pauses(count);
	else if (strcmp(argv[1], "rate") == 0 && argc == 5)
		measure_rate(count, (unsigned)strtoul(argv[4], NULL, 10));
	else if (strcmp(argv[1], "idle") == 0)
		hold_idle(count);
	else if (strcmp(argv[1], "rcpt") == 0)
		measure_rcpt(argv[2], count);
	else
		errx(EX_USAGE, "no such measurement: %s", argv[1]);
	return 0;
}
