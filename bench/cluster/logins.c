/* SPDX-License-Identifier: BSD-2-Clause
 *
 * logins.c - from a login line in a POP host's log to the 250 at the last of
 * many SMTP hosts
 *
 *	logins LOG PER-SECOND PROBED EVERY same|new ADDRESS:PORT...
 *
 * Writes so many lines a second, each of another client of 10.77.0.0/16, and
 * asks all the hosts about each EVERYth of them, PROBED in all, from its own
 * address: "same" asks again and again in a session that was open before the
 * login, as lmdb lets one see it; "new" in a new session each time.  Prints how
 * many milliseconds it took until the last host said 250: p50, p99, the longest;
 * at the end how many answers there were.  The first seconds do not count.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SAME_MS 10 /* between two questions */
#define NEW_MS 100
#define BEFORE_MS 1000 /* a session is opened before its login */
#define WARM_MS 3000
#define LONGEST_MS 30000

enum step { STEP_WAIT, STEP_BANNER, STEP_EHLO, STEP_MAIL, STEP_ASK, STEP_RCPT, STEP_DONE };

struct probe {
	size_t login, host;
	int fd;
	enum step step;
	double when; /* in STEP_WAIT and STEP_ASK: what is next is due */
	size_t size;
	char text[2048];
};

static struct sockaddr_in *hosts;
static size_t host_count;
static double *began, *took; /* of each login that is asked about; began 0: not yet */
static size_t *answered;
static uint64_t answers;
static bool same;
static size_t probed, every;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint32_t address_of(size_t login)
{
	return 0x0a4d0100u + (uint32_t)login;
}

static void write_line(int log, size_t login)
{
	char text[256], date[32];
	const struct in_addr address = { htonl(address_of(login)) };
	const time_t now = time(NULL);
	int size;

	strftime(date, sizeof date, "%b %e %H:%M:%S", localtime(&now));
	size = snprintf(text, sizeof text,
	    "%s pop dovecot: imap-login: Login: user=<alice>, method=PLAIN, rip=%s, "
	    "lip=198.51.100.1, mpid=7, session=<s%zu>\n",
	    date, inet_ntoa(address), login);
	if (write(log, text, (size_t)size) != size)
		err(1, "write");
}

/* ---- a session ---- */

static void hang_up(struct probe *probe)
{
	if (probe->fd >= 0)
		close(probe->fd);
	probe->fd = -1;
}

static void try_again(struct probe *probe)
{
	hang_up(probe);
	probe->step = STEP_WAIT;
	probe->when = now_ms() + NEW_MS;
}

static void call(struct probe *probe)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(address_of(probe->login * every)) };

	probe->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe->fd < 0 || bind(probe->fd, (struct sockaddr *)&from, sizeof from) != 0)
		err(1, "a client's address");
	if (connect(probe->fd, (struct sockaddr *)&hosts[probe->host], sizeof *hosts) != 0 &&
	    errno != EINPROGRESS) {
		try_again(probe);
		return;
	}
	probe->size = 0;
	probe->step = STEP_BANNER;
}

static void say(struct probe *probe, const char *words, enum step step)
{
	if (send(probe->fd, words, strlen(words), MSG_NOSIGNAL) == (ssize_t)strlen(words))
		probe->step = step;
	else
		try_again(probe);
}

static void on_answer(struct probe *probe, bool yes)
{
	answers++;
	if (yes) {
		hang_up(probe);
		probe->step = STEP_DONE;
		if (++answered[probe->login] == host_count)
			took[probe->login] = now_ms() - began[probe->login];
	} else if (same) {
		probe->step = STEP_ASK;
		probe->when = now_ms() + SAME_MS;
	} else {
		try_again(probe);
	}
}

/* A reply came. */
static void on_reply(struct probe *probe, const char *reply)
{
	switch (probe->step) {
	case STEP_BANNER:
		say(probe, "EHLO client.example.test\r\n", STEP_EHLO);
		return;
	case STEP_EHLO:
		say(probe, "MAIL FROM:<>\r\n", STEP_MAIL);
		return;
	case STEP_MAIL:
		probe->step = STEP_ASK;
		probe->when = 0;
		return;
	case STEP_RCPT:
		on_answer(probe, reply[0] == '2');
		return;
	default:
		try_again(probe);
	}
}

static void take(struct probe *probe)
{
	ssize_t got =
	    recv(probe->fd, probe->text + probe->size, sizeof probe->text - 1 - probe->size, 0);
	char *last;

	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0) {
		try_again(probe);
		return;
	}
	probe->size += (size_t)got;
	probe->text[probe->size] = '\0';
	if (probe->text[probe->size - 1] != '\n')
		return;
	/* is the last line one without a dash? */
	probe->text[probe->size - 1] = '\0';
	last = strrchr(probe->text, '\n');
	last = last != NULL ? last + 1 : probe->text;
	if (strlen(last) > 3 && last[3] == '-') {
		probe->text[probe->size - 1] = '\n';
		return;
	}
	probe->size = 0;
	on_reply(probe, last);
}

/* What is due by the clock. */
static void go_on(struct probe *probe, double now)
{
	if (probe->step == STEP_WAIT && now >= probe->when)
		call(probe);
	else if (probe->step == STEP_ASK && now >= probe->when && began[probe->login] > 0)
		say(probe, "RCPT TO:<somebody@example.net>\r\n", STEP_RCPT);
}

/* ---- the whole ---- */

static struct probe *make_probes(double start, double pause)
{
	struct probe *probes = calloc(probed * host_count + 1, sizeof *probes);

	if (probes == NULL)
		err(1, "probes");
	for (size_t i = 0; i < probed * host_count; i++) {
		struct probe *probe = &probes[i];

		probe->login = i / host_count;
		probe->host = i % host_count;
		probe->fd = -1;
		/* the hosts one after the other, so that all is open in time */
		probe->when = start + WARM_MS + (double)(probe->login * every) * pause - BEFORE_MS +
			      (double)(probe->host * 20);
	}
	return probes;
}

/* Returns how many logins are everywhere, or are given up. */
static size_t look(struct probe *probes, struct pollfd *waits, double now)
{
	const size_t count = probed * host_count;
	size_t done = 0, n = 0;

	for (size_t i = 0; i < count; i++) {
		go_on(&probes[i], now);
		if (probes[i].fd >= 0)
			waits[n++] = (struct pollfd){ probes[i].fd, POLLIN, 0 };
	}
	if (poll(waits, n, 1) < 0)
		err(1, "poll");
	n = 0;
	for (size_t i = 0; i < count; i++) {
		/* those that were not there yet come with the next look */
		if (probes[i].fd < 0 || probes[i].fd != waits[n].fd)
			continue;
		if (waits[n++].revents != 0)
			take(&probes[i]);
	}
	for (size_t i = 0; i < probed; i++)
		done += took[i] > 0 || (began[i] > 0 && now > began[i] + LONGEST_MS);
	return done;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int report(void)
{
	for (size_t i = 0; i < probed; i++) {
		if (took[i] == 0)
			errx(1, "login %zu: %zu of %zu hosts", i, answered[i], host_count);
	}
	qsort(took, probed, sizeof *took, compare);
	printf("%.1f %.1f %.1f %llu\n", took[probed / 2], took[probed * 99 / 100], took[probed - 1],
	    (unsigned long long)answers);
	return 0;
}

/* ADDRESS:PORT */
static bool read_host(char *text, struct sockaddr_in *host)
{
	char *colon = strchr(text, ':');

	if (colon == NULL)
		return false;
	*colon = '\0';
	host->sin_family = AF_INET;
	host->sin_port = htons((uint16_t)atoi(colon + 1));
	return inet_pton(AF_INET, text, &host->sin_addr) == 1;
}

static void read_hosts(char **argv)
{
	for (; argv[host_count] != NULL; host_count++)
		;
	hosts = calloc(host_count + 1, sizeof *hosts);
	if (hosts == NULL)
		err(1, "hosts");
	for (size_t i = 0; i < host_count; i++) {
		if (!read_host(argv[i], &hosts[i]))
			errx(64, "%s", argv[i]);
	}
}

int main(int argc, char **argv)
{
	double start = now_ms(), now, pause;
	struct pollfd *waits;
	struct probe *probes;
	size_t lines = 0;
	int log;

	if (argc < 7)
		errx(64, "LOG PER-SECOND PROBED EVERY same|new ADDRESS:PORT...");
	log = open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC);
	if (log < 0)
		err(1, "%s", argv[1]);
	pause = 1000 / strtod(argv[2], NULL);
	probed = strtoul(argv[3], NULL, 10);
	every = strtoul(argv[4], NULL, 10);
	same = strcmp(argv[5], "same") == 0;
	read_hosts(argv + 6);
	began = calloc(probed + 1, sizeof *began);
	took = calloc(probed + 1, sizeof *took);
	answered = calloc(probed + 1, sizeof *answered);
	waits = calloc(probed * host_count + 1, sizeof *waits);
	probes = make_probes(start, pause);
	if (began == NULL || took == NULL || answered == NULL || waits == NULL)
		err(1, "memory");
	do {
		now = now_ms();
		if (now >= start + WARM_MS + (double)lines * pause && lines < probed * every) {
			write_line(log, lines);
			if (lines % every == 0)
				began[lines / every] = now;
			lines++;
		}
	} while (look(probes, waits, now) < probed);
	return report();
}
