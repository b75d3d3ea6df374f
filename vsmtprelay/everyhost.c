/* SPDX-License-Identifier: BSD-2-Clause
 *
 * everyhost.c - orders for all hosts, see everyhost.h
 */
#include "everyhost.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "human.h"
#include "log.h"
#include "sysinit.h"

#define WAIT_S 10 /* for an answer; the daemon takes three seconds at most */
#define ANSWER_MAX 16384
#define OFFSET_WARN 5 /* seconds */
#define OFFSET_MAX 3600 /* from here on relaymirror publishes nothing */
#define CONFIGURED RELAYERS_SYSCONFDIR "/relaymirror.conf"

static const char *socket_path(void)
{
	const char *given = getenv("RELAYERS_MIRROR");

	return given != NULL && *given != '\0' ? given : RELAYERS_MIRROR_SOCKET;
}

/* Returns a descriptor, or -1 with errno set. */
static int connect_to(const char *path)
{
	const struct timeval wait = { .tv_sec = WAIT_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, error;

	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Does ANSWER say why there is none: another database is mirrored, or a
 * refusal? */
static bool is_declined(const char *answer)
{
	return strncmp(answer, "other ", 6) == 0 || strncmp(answer, "refused ", 8) == 0;
}

/* Reads until what came ends in END, or, if it is no answer but a word why not,
 * at the end of the first line.  Returns false with errno set. */
static bool read_answer(int fd, const char *end, char answer[ANSWER_MAX])
{
	size_t size = 0;

	for (;;) {
		ssize_t got = recv(fd, answer + size, ANSWER_MAX - 1 - size, 0);

		if (got < 0)
			return false;
		if (got == 0) {
			errno = ECONNRESET;
			return false;
		}
		size += (size_t)got;
		answer[size] = '\0';
		if (size >= strlen(end) && strcmp(answer + size - strlen(end), end) == 0)
			return true;
		if (answer[size - 1] == '\n' && is_declined(answer))
			return true;
		if (size == ANSWER_MAX - 1) {
			errno = EMSGSIZE;
			return false;
		}
	}
}

/* Asks one line.  Returns false with errno set; ENOENT: nobody is there. */
static bool converse(const char *line, const char *end, char answer[ANSWER_MAX])
{
	int fd = connect_to(socket_path()), error;
	bool done;

	if (fd < 0)
		return false;
	done = send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line) &&
	       read_answer(fd, end, answer);
	error = errno;
	close(fd);
	errno = error == EAGAIN ? ETIMEDOUT : error;
	return done;
}

/* Is this host meant to be one of many, with the database where it belongs? */
static bool is_expected(const char *database)
{
	return strncmp(database, RELAYERS_STATEDIR "/", sizeof RELAYERS_STATEDIR) == 0 &&
	       access(CONFIGURED, F_OK) == 0;
}

/* ---- orders ---- */

static bool judge_answer(const char *order, const char *address, char *answer)
{
	answer[strcspn(answer, "\n")] = '\0';
	if (strcmp(answer, "sent") == 0 || strncmp(answer, "other ", 6) == 0)
		return true;
	if (strncmp(answer, "kept ", 5) == 0) {
		log_say(LOG_WARNING,
		    "%s %s: other hosts will know as soon as the engine is reached: %s", order,
		    address, answer + 5);
		return false;
	}
	log_say(LOG_ERR, "%s %s: done on this host alone: %s", order, address,
	    strncmp(answer, "refused ", 8) == 0 ? answer + 8 : answer);
	return false;
}

static bool give_order(const char *database, const char *order, const char *address)
{
	char line[PATH_MAX + 128], answer[ANSWER_MAX];

	if (snprintf(line, sizeof line, "%s %s %s\n", order, database, address) >= (int)sizeof line)
		return true;
	if (converse(line, "\n", answer))
		return judge_answer(order, address, answer);
	if (errno == ENOENT && !is_expected(database))
		return true;
	log_say(LOG_ERR,
	    "%s %s: done on this host alone, since relaymirror does not answer at %s: %s", order,
	    address, socket_path(), strerror(errno));
	return false;
}

bool everyhost_order(const char *database, const char *order, int count, char *const address[])
{
	char canonical[RELAYDB_ADDRSTRLEN];
	bool done = true;

	for (int i = 0; i < count; i++) {
		if (address[i] != NULL && relaydb_address(address[i], canonical) == RELAYDB_OK)
			done = give_order(database, order, canonical) && done;
	}
	return done;
}

/* ---- one address ---- */

/* The value of the line "NAME VALUE" in TEXT, without its newline. */
static void find(const char *text, const char *name, char value[256])
{
	const size_t size = strlen(name);

	value[0] = '\0';
	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, size) != 0 || line[size] != ' ')
			continue;
		snprintf(value, 256, "%.*s", (int)strcspn(line + size + 1, "\n"), line + size + 1);
		return;
	}
}

static long number(const char *text, const char *name)
{
	char value[256];

	find(text, name, value);
	return strtol(value, NULL, 10);
}

/* Where the login is known, or why it is not. */
static void word_login(const char *answer, int64_t now, char *text, size_t size)
{
	const int64_t login = number(answer, "login");
	const bool own = number(answer, "own") != 0;
	char age[HUMAN_AGE];

	human_age(now > login ? now - login : 0, age);
	if (number(answer, "ignored") != 0)
		snprintf(
		    text, size, "neither sends nor writes it: it is in `ignore' of %s", CONFIGURED);
	else if (number(answer, "deleted") != 0)
		snprintf(text, size, "an administrator has deleted it at all hosts");
	else if (login == 0)
		snprintf(text, size, "no host that publishes to the engine has a login of it");
	else if (!own)
		snprintf(text, size, "the engine has a login of %s ago, at another host", age);
	else if (number(answer, "publish") == 0)
		snprintf(text, size, "a login of %s ago at this host, which publishes none", age);
	else if (number(answer, "unsent") != 0)
		snprintf(text, size,
		    "a login of %s ago at this host, which the engine does not have yet", age);
	else
		snprintf(text, size, "the engine has a login of %s ago, at this host", age);
}

bool everyhost_ask(
    const char *database, const char *address, int64_t now, char text[EVERYHOST_TEXT])
{
	char line[PATH_MAX + 128], answer[ANSWER_MAX], trouble[256];
	size_t size;

	if (snprintf(line, sizeof line, "get %s %s\n", database, address) >= (int)sizeof line)
		return false;
	if (!converse(line, "\nend\n", answer)) {
		if (errno == ENOENT && !is_expected(database))
			return false;
		snprintf(text, EVERYHOST_TEXT, "does not answer at %.100s: %s", socket_path(),
		    strerror(errno));
		return true;
	}
	if (is_declined(answer))
		return false;
	word_login(answer, now, text, EVERYHOST_TEXT);
	find(answer, "trouble", trouble);
	size = strlen(text);
	if (number(answer, "engine_reached") == 0)
		snprintf(text + size, EVERYHOST_TEXT - size,
		    "; but the engine cannot be reached (%s): logins at other hosts are missing",
		    *trouble != '\0' ? trouble : "not yet");
	else if (number(answer, "complete") == 0)
		snprintf(text + size, EVERYHOST_TEXT - size,
		    "; but not all that the engine has was read yet");
	return true;
}

/* ---- check ---- */

struct report {
	void (*each)(const struct finding *finding, void *arg);
	void *arg;
};

static void report_finding(
    const struct report *report, enum relaydb_severity severity, const char *what, const char *fix)
{
	const struct finding finding = { severity, what, fix };

	report->each(&finding, report->arg);
}

static void check_policy(const struct report *report, const char *text)
{
	char policy[256], what[512];

	find(text, "policy", policy);
	if (*policy == '\0' || strcmp(policy, "noeviction") == 0)
		return;
	snprintf(what, sizeof what,
	    "the engine may forget logins and orders when memory is short: its maxmemory-policy is "
	    "%s",
	    policy);
	report_finding(
	    report, RELAYDB_WARNING, what, "on the engine: CONFIG SET maxmemory-policy noeviction");
}

static void check_sending(const struct report *report, const char *text)
{
	const long offset = number(text, "clock_offset_seconds");
	const long backlog = number(text, "backlog");
	char trouble[256], what[512];

	if (offset >= OFFSET_WARN) {
		snprintf(what, sizeof what,
		    "this host's clock is %ld seconds away from the engine's%s", offset,
		    offset < OFFSET_MAX ? "" : ", so its logins are not published");
		report_finding(report, offset < OFFSET_MAX ? RELAYDB_WARNING : RELAYDB_FAULT, what,
		    "synchronise both clocks, by NTP");
	}
	find(text, "publish-trouble", trouble);
	if (*trouble != '\0' && backlog > 0) {
		snprintf(what, sizeof what, "%ld logins of this host cannot be sent: %s", backlog,
		    trouble);
		report_finding(report, RELAYDB_FAULT, what, "see the engine's log and its users");
	}
	find(text, "order-trouble", trouble);
	if (*trouble != '\0') {
		snprintf(what, sizeof what, "orders of this host cannot be sent: %s", trouble);
		report_finding(
		    report, RELAYDB_FAULT, what, "see admin-user in relaymirror.conf(5)");
	}
}

static void check_room(const struct report *report, const char *text)
{
	char what[160];

	if (number(text, "full") == 0)
		return;
	snprintf(what, sizeof what,
	    "relaymirror knows %ld addresses, and no more fit: logins from others are neither sent "
	    "nor written",
	    number(text, "rows"));
	report_finding(report, RELAYDB_FAULT, what,
	    "expire the database, or give relaymirror.conf a shorter window");
}

static void check_engine(const struct report *report, const char *text)
{
	char engine[256], trouble[256], policy[256], version[256], what[1200];

	find(text, "engine", engine);
	find(text, "trouble", trouble);
	find(text, "policy", policy);
	find(text, "version", version);
	if (number(text, "engine_reached") == 0) {
		snprintf(what, sizeof what,
		    "relaymirror cannot reach the engine at %s: %s; other hosts do not see logins "
		    "here, nor this one theirs",
		    engine, *trouble != '\0' ? trouble : "not yet");
		report_finding(
		    report, RELAYDB_FAULT, what, "start the engine, or correct relaymirror.conf");
		return;
	}
	snprintf(what, sizeof what,
	    "relaymirror follows the engine at %s (version %s, maxmemory-policy %s): lag %ld ms, "
	    "clock offset %ld s, backlog %ld",
	    engine, version, policy, number(text, "lag_milliseconds"),
	    number(text, "clock_offset_seconds"), number(text, "backlog"));
	report_finding(report, RELAYDB_FINE, what, "");
	if (number(text, "complete") == 0)
		report_finding(report, RELAYDB_WARNING,
		    "relaymirror has not read all that the engine knows yet",
		    "wait half a minute and check again");
	check_policy(report, text);
	check_room(report, text);
	check_sending(report, text);
}

void everyhost_check(
    const char *database, void (*each)(const struct finding *finding, void *arg), void *arg)
{
	const struct report report = { each, arg };
	char line[PATH_MAX + 16], answer[ANSWER_MAX], what[512], start[SYSINIT_MAX];
	char fix[SYSINIT_MAX + 32];

	if (snprintf(line, sizeof line, "status %s\n", database) >= (int)sizeof line)
		return;
	if (converse(line, "\nend\n", answer)) {
		if (!is_declined(answer))
			check_engine(&report, answer);
		return;
	}
	if (errno == ENOENT && !is_expected(database))
		return;
	snprintf(what, sizeof what,
	    "relaymirror does not answer at %s (%s): other hosts do not see logins here, nor this "
	    "one theirs",
	    socket_path(), strerror(errno));
	snprintf(fix, sizeof fix, "%s; relaymirror -n",
	    sysinit_command(start, SYSINIT_START, "relaymirror"));
	report_finding(&report, RELAYDB_FAULT, what, fix);
}
