/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_smtp - an SMTP client for tests: a dialogue by hand, or many sessions at
 * once with every answer counted
 *
 *	prog_smtp [-b ADDRESS] [-s SERVER] [-p PORT]
 *sends each line of standard input as a command and prints the last line of its
 *reply; the greeting comes first
 *prog_smtp -n SESSIONS [-j PARALLEL] [-r RCPTS] [-m TRANSACTIONS] [-d] [-w MS]
 *[-e CODE] [-t SECONDS] [-l LOG] [...]
 *runs sessions of TRANSACTIONS (1), each MAIL, RCPTS (1) times RCPT, then RSET
 *or, with -d, a message; PARALLEL (4)
 *at a time; a client that thinks for MS before each RCPT. Prints the answers to
 *RCPT by code and the first unexpected ones. LOG gets a line for each session:
 *when it began, when it ended (seconds since the epoch), how many of its
 *answers were unexpected.
 *
 * Expected are CODE (250) for RCPT and success for every other command.  A
 * session that cannot be made or breaks off is one unexpected answer, 000.
 * Ends with status 0 if everything was as expected, 1 if not, 64 for bad
 * usage.  Limits: no pipelining, no TLS; a reply may have 64 lines of 1,000
 * bytes, and has to come within 30 seconds.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define REPLY_LINES 64
#define REPLY_SECONDS 30
#define UNEXPECTED_SHOWN 20

struct client {
	FILE *in;
	int fd;
	char line[1024]; /* the last line of the last reply, without its line end */
};

/* what all sessions share; set before they start */
static struct {
	const char *address, *server;
	unsigned port, parallel, rcpts, transactions, expected, seconds, think_ms;
	unsigned long sessions;
	bool data;
	FILE *log;
	double end;
} plan = { NULL, "127.0.0.1", 25, 4, 1, 1, 250, 600, 0, 0, false, NULL, 0 };

static atomic_ulong started, unexpected;
static atomic_ulong answers[1000]; /* to RCPT, by code */

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Fills SA with a numerical address and port; returns its size, 0 if TEXT is no
 * address. */
static socklen_t sockaddr_of(const char *text, unsigned port, struct sockaddr_storage *sa)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)sa;

	memset(sa, 0, sizeof *sa);
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return (socklen_t)sizeof *v4;
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		return (socklen_t)sizeof *v6;
	}
	return 0;
}

/* Connects C from plan.address to the server.  Returns false with errno set. */
static bool client_open(struct client *c)
{
	struct sockaddr_storage to, from;
	socklen_t to_size = sockaddr_of(plan.server, plan.port, &to), from_size = 0;
	const struct timeval limit = { REPLY_SECONDS, 0 };
	const int on = 1;

	c->in = NULL;
	c->line[0] = '\0';
	c->fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return false;
	if (plan.address != NULL) {
		from_size = sockaddr_of(plan.address, 0, &from);
		/* or some thousand sessions from one address use up its
		 * ports */
		(void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	}
	if ((from_size != 0 && bind(c->fd, (struct sockaddr *)&from, from_size) < 0) ||
	    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ||
	    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0 ||
	    connect(c->fd, (struct sockaddr *)&to, to_size) < 0)
		c->in = NULL;
	else
		c->in = fdopen(c->fd, "r");
	if (c->in == NULL) {
		(void)close(c->fd);
		return false;
	}
	return true;
}

static void client_close(struct client *c)
{
	(void)fclose(c->in); /* and the descriptor */
}

/* Reads a reply (RFC 5321 4.2): the last line stays in C.  Returns its code, 0
 * if the server was silent or made no sense. */
static unsigned client_reply(struct client *c)
{
	for (int i = 0; i < REPLY_LINES && fgets(c->line, (int)sizeof c->line, c->in) != NULL;
	     i++) {
		char *end;
		unsigned long code = strtoul(c->line, &end, 10);

		c->line[strcspn(c->line, "\r\n")] = '\0';
		if (end != c->line + 3 || code > 599)
			break;
		if (*end != '-')
			return (unsigned)code;
	}
	(void)snprintf(c->line, sizeof c->line, "000 no reply");
	return 0;
}

/* Sends a command (without a line end) and reads the reply.  Returns its code,
 * or 0. */
static unsigned client_command(struct client *c, const char *command)
{
	char buf[1024];
	int n = snprintf(buf, sizeof buf, "%s\r\n", command);

	if (n < 0 || (size_t)n >= sizeof buf || send(c->fd, buf, (size_t)n, MSG_NOSIGNAL) != n) {
		(void)snprintf(c->line, sizeof c->line, "000 cannot send");
		return 0;
	}
	return client_reply(c);
}

/* ---- a dialogue ---- */

static int dialogue(void)
{
	struct client c;
	char line[900];

	if (!client_open(&c))
		err(EX_UNAVAILABLE, "%s port %u", plan.server, plan.port);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)client_reply(&c);
	puts(c.line);
	while (fgets(line, (int)sizeof line, stdin) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		(void)client_command(&c, line);
		puts(c.line);
	}
	client_close(&c);
	return EX_OK;
}

/* ---- many sessions ---- */

/* Counts what came and whether it should have come. */
static bool judge(const char *what, unsigned code, bool good, const struct client *c)
{
	if (strncmp(what, "RCPT", 4) == 0)
		atomic_fetch_add(&answers[code], 1);
	if (good)
		return true;
	if (atomic_fetch_add(&unexpected, 1) < UNEXPECTED_SHOWN)
		fprintf(stderr, "%.3f %s: %s\n", now(), what, c->line);
	return false;
}

/* One command that has to succeed.  Returns whether it did. */
static bool step(struct client *c, const char *command)
{
	unsigned code = client_command(c, command);

	return judge(command, code, code >= 200 && code < 400, c);
}

/* One transaction.  Returns how many of its answers were unexpected; -1 if the
 * session is of no more use. */
static int transaction(struct client *c, unsigned long session)
{
	int wrong = 0;

	if (!step(c, "MAIL FROM:<>"))
		return -1;
	for (unsigned i = 0; i < plan.rcpts; i++) {
		char command[100];
		const struct timespec think = { plan.think_ms / 1000,
			plan.think_ms % 1000 * 1000000L };
		unsigned code;

		(void)nanosleep(&think, NULL);
		(void)snprintf(
		    command, sizeof command, "RCPT TO:<user%lu.%u@example.net>", session, i);
		code = client_command(c, command);
		if (!judge(command, code, code == plan.expected, c))
			wrong++;
		if (code == 0)
			return -1;
	}
	if (plan.data && wrong == 0) {
		if (!step(c, "DATA") || !step(c, "Subject: test\r\n\r\ntest\r\n."))
			return -1;
	} else if (!step(c, "RSET"))
		return -1;
	return wrong;
}

/* One session.  Returns how many of its answers were unexpected. */
static int session(unsigned long number)
{
	struct client c;
	int wrong = 0;

	if (!client_open(&c)) {
		(void)snprintf(c.line, sizeof c.line, "000 %s", strerrordesc_np(errno));
		(void)judge("connect", 0, false, &c);
		return 1;
	}
	if (!judge("greeting", 220, client_reply(&c) == 220, &c) ||
	    !step(&c, "EHLO client.example.test"))
		wrong = 1;
	for (unsigned i = 0; i < plan.transactions && wrong == 0; i++) {
		int w = transaction(&c, number);

		wrong += w < 0 ? 1 : w;
		if (w < 0)
			break;
	}
	(void)client_command(&c, "QUIT");
	client_close(&c);
	return wrong;
}

static void *worker(void *arg)
{
	unsigned long number;

	(void)arg;
	while ((number = atomic_fetch_add(&started, 1)) < plan.sessions) {
		double begin = now();
		int wrong;

		if (begin > plan.end) {
			atomic_fetch_add(&unexpected, 1);
			fprintf(stderr, "time is up before session %lu\n", number);
			break;
		}
		wrong = session(number);
		if (plan.log != NULL)
			fprintf(plan.log, "%.6f %.6f %d\n", begin, now(), wrong);
	}
	return NULL;
}

static int load(void)
{
	pthread_t thread[256];

	plan.end = now() + plan.seconds;
	for (unsigned i = 0; i < plan.parallel; i++)
		if (pthread_create(&thread[i], NULL, worker, NULL) != 0)
			errx(EX_OSERR, "cannot start a thread");
	for (unsigned i = 0; i < plan.parallel; i++)
		(void)pthread_join(thread[i], NULL);
	if (plan.log != NULL && fclose(plan.log) != 0)
		err(EX_IOERR, "log");
	printf("%lu sessions in %.1f s, RCPT answers:", plan.sessions,
	    now() - plan.end + plan.seconds);
	for (unsigned code = 0; code < 1000; code++)
		if (answers[code] != 0)
			printf(" %03u %lu", code, (unsigned long)answers[code]);
	printf(", unexpected %lu\n", (unsigned long)unexpected);
	return unexpected == 0 ? 0 : 1;
}

/* A number from 1 to MAX, or the end. */
static unsigned number_of(const char *text, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || n < 1 || n > max)
		errx(EX_USAGE, "%s: expected a number from 1 to %lu", text, max);
	return (unsigned)n;
}

int main(int argc, char *argv[])
{
	struct sockaddr_storage sa;
	int ch;

	while ((ch = getopt(argc, argv, "b:de:j:l:m:n:p:r:s:t:w:")) != -1)
		switch (ch) {
		case 'b':
			plan.address = optarg;
			break;
		case 'd':
			plan.data = true;
			break;
		case 'e':
			plan.expected = number_of(optarg, 599);
			break;
		case 'j':
			plan.parallel = number_of(optarg, 256);
			break;
		case 'l':
			plan.log = fopen(optarg, "we");
			if (plan.log == NULL)
				err(EX_CANTCREAT, "%s", optarg);
			break;
		case 'm':
			plan.transactions = number_of(optarg, 1000);
			break;
		case 'n':
			plan.sessions = number_of(optarg, 1000000);
			break;
		case 'p':
			plan.port = number_of(optarg, 65535);
			break;
		case 'r':
			plan.rcpts = number_of(optarg, 1000);
			break;
		case 's':
			plan.server = optarg;
			break;
		case 't':
			plan.seconds = number_of(optarg, 86400);
			break;
		case 'w':
			plan.think_ms = number_of(optarg, 10000);
			break;
		default:
			return EX_USAGE;
		}
	if (optind != argc)
		errx(EX_USAGE, "%s: unexpected argument", argv[optind]);
	if (sockaddr_of(plan.server, plan.port, &sa) == 0)
		errx(EX_USAGE, "%s: expected an IP address", plan.server);
	if (plan.address != NULL && sockaddr_of(plan.address, 0, &sa) == 0)
		errx(EX_USAGE, "%s: expected an IP address", plan.address);
	return plan.sessions > 0 ? load() : dialogue();
}
