/* SPDX-License-Identifier: BSD-2-Clause
 *
 * login.c - see login.h
 */
#include "login.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define LOG_SIZE 1024

/* The database belongs to the recorder, and this runs inside each login, as
 * root: the recorder must not choose how much memory that takes.  Room for
 * about a million entries. */
#define DATABASE_MAX ((size_t)64 << 20)

/* Like pam_syslog(3), which drops the name of the module while pam_end(3) is
 * running. */
static void say(const struct login *login, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void say(const struct login *login, int priority, const char *format, ...)
{
	char text[LOG_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	syslog(LOG_AUTHPRIV | priority, "pam_relaydb(%s): %s", login->service, text);
}

void login_word(char out[FIELD_MAX], const char *text)
{
	size_t i;

	for (i = 0; i < FIELD_MAX - 1 && text[i] != '\0'; i++)
		out[i] =
		    (char)((unsigned char)text[i] > ' ' && (unsigned char)text[i] < 0x7f ? text[i]
											 : '?');
	if (i == 0)
		out[i++] = '-';
	out[i] = '\0';
}

bool login_address(const char *rhost, char out[RELAYDB_ADDRSTRLEN])
{
	char bare[RELAYDB_ADDRSTRLEN];
	size_t size = strlen(rhost);

	if (size >= 2 && rhost[0] == '[' && rhost[size - 1] == ']') {
		rhost++;
		size -= 2;
	}
	if (size >= sizeof bare)
		return false;
	memcpy(bare, rhost, size);
	bare[size] = '\0';
	return relaydb_address(bare, out) == RELAYDB_OK;
}

struct login *login_new(
    const struct options *options, const char *address, const char *user, const char *service)
{
	size_t db = strlen(options->db) + 1, socket = strlen(options->socket) + 1;
	struct login *login = malloc(sizeof *login + db + socket);

	if (login == NULL)
		return NULL;
	login->next = NULL;
	snprintf(login->address, sizeof login->address, "%s", address);
	login_word(login->user, user);
	login_word(login->service, service);
	login->options = *options;
	login->options.db = memcpy(login->paths, options->db, db);
	login->options.socket = memcpy(login->paths + db, options->socket, socket);
	return login;
}

bool login_same_place(const struct login *login, const struct options *options)
{
	return strcmp(login->options.db, options->db) == 0 &&
	       strcmp(login->options.socket, options->socket) == 0;
}

/* "login ADDRESS USER SERVICE" to popwatch.  True if the kernel took it. */
static bool hand_over(const struct login *login)
{
	const struct options *options = &login->options;
	char text[2 * FIELD_MAX + RELAYDB_ADDRSTRLEN + 16];
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, size;
	bool taken;

	if (strlen(options->socket) >= sizeof to.sun_path)
		return false;
	strcpy(to.sun_path, options->socket);
	size = snprintf(
	    text, sizeof text, "login %s %s %s", login->address, login->user, login->service);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	taken = sendto(fd, text, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL,
		    (const struct sockaddr *)&to, sizeof to) == size;
	if (options->debug)
		say(login, LOG_DEBUG, "%s %s by %s: %s", login->address,
		    taken ? "taken" : "not taken", options->socket, taken ? text : strerror(errno));
	close(fd);
	return taken;
}

/* A handle that waits for what is left of the timeout, which began at SINCE_MS.
 * To relaydb a negative one means "do not wait". */
static int open_for(const struct options *options, int64_t since_ms, struct relaydb **db)
{
	int64_t left = since_ms + options->timeout_ms - clock_monotonic_ms();
	const struct relaydb_options how = {
		.path = options->db,
		.timeout_ms = left > 0 ? (int)left : -1,
		.size_max = DATABASE_MAX,
	};

	return relaydb_open(db, &how);
}

/* Was the address recorded less than refresh seconds ago?  Any trouble is left
 * to the commit, which reports it. */
static bool is_fresh(const struct login *login, int64_t since_ms)
{
	struct relaydb *db;
	int64_t stamp;
	bool fresh;

	if (open_for(&login->options, since_ms, &db) != RELAYDB_OK)
		return false;
	switch (relaydb_get(db, login->address, &stamp)) {
	case RELAYDB_OK:
		fresh = stamp > (int64_t)time(NULL) - login->options.refresh;
		break;
	case RELAYDB_NOENTRY: /* a login would not change it */
		fresh = true;
		break;
	default:
		fresh = false;
	}
	relaydb_close(&db);
	return fresh;
}

static void commit_alone(const struct login *login)
{
	struct relaydb_batch *batch = NULL;
	int64_t now = (int64_t)time(NULL), since_ms = clock_monotonic_ms();
	struct relaydb *db = NULL;
	int code;

	if (login->options.refresh > 0 && is_fresh(login, since_ms)) {
		if (login->options.debug)
			say(login, LOG_DEBUG, "%s is fresh", login->address);
		return;
	}
	code = open_for(&login->options, since_ms, &db);
	if (code == RELAYDB_OK)
		code = relaydb_batch_new(db, &batch);
	if (code == RELAYDB_OK)
		code = relaydb_batch_record(batch, login->address, now);
	if (code == RELAYDB_OK)
		code = relaydb_commit(batch, now, NULL);
	if (code != RELAYDB_OK)
		say(login, LOG_ERR, "%s is not recorded and may not relay: %s%s", login->address,
		    db != NULL ? relaydb_error(db) : relaydb_strcode(code),
		    code == RELAYDB_PERM
			? "; popwatch, if it runs with a socket, records for others"
			: "");
	else
		say(login, LOG_INFO, "recorded %s", login->address);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

void login_record(const struct login *login)
{
	if (!hand_over(login))
		commit_alone(login);
}

void login_refused(const struct login *login, int status)
{
	if (login->options.debug)
		say(login, LOG_DEBUG,
		    "%s is not recorded: the server ended PAM with status %d, not success",
		    login->address, status);
}
