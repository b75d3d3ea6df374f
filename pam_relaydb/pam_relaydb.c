/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pam_relaydb.c - records the client's address when a POP or IMAP login has succeeded; the only file that knows PAM's headers
 *
 * Lives inside other people's processes, so: no globals, no signals, no stderr, no fork, no exit, every descriptor CLOEXEC,
 * errno as it was.  It answers PAM_IGNORE whatever happens: it can neither let anybody in nor keep anybody out.
 *
 * Recording is one datagram to popwatch, which never blocks.  If nobody takes it (popwatch is not running, its queue is
 * full) the module commits by itself and gives up at its timeout.
 * Never in pam_sm_authenticate: PAM calls that for wrong passwords too, and a module behind ours may still refuse.
 * Limit: the timeout bounds the wait for locks; a disk that takes seconds for an fsync(2) is waited for.
 */
#include "options.h"

#include <relaydb.h>

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#define FIELD_MAX 128 /* what a log line needs to know of a user's name */

static void log_wrong(const char *word, const char *expected, void *arg)
{
	pam_syslog(arg, LOG_WARNING, "argument \"%.100s\" ignored, expected %s", word, expected);
}

static const char *item(pam_handle_t *pam, int which)
{
	const void *value = NULL;

	return pam_get_item(pam, which, &value) == PAM_SUCCESS && value != NULL ? value : "";
}

/* One word of a datagram: bytes that could be taken for a blank, a line's end or worse become '?'; no word becomes "-". */
static void word(char out[FIELD_MAX], const char *text)
{
	size_t i;

	for (i = 0; i < FIELD_MAX - 1 && text[i] != '\0'; i++)
		out[i] = (char)((unsigned char)text[i] > ' ' && (unsigned char)text[i] < 0x7f ? text[i] : '?');
	if (i == 0)
		out[i++] = '-';
	out[i] = '\0';
}

/* PAM_RHOST as servers give it: an address, in brackets or not.  False for a host name: no DNS inside a login. */
static bool client_address(const char *rhost, char out[RELAYDB_ADDRSTRLEN])
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

/* "login ADDRESS USER SERVICE" to popwatch.  True if the kernel took it. */
static bool hand_over(pam_handle_t *pam, const struct options *options, const char *address)
{
	char user[FIELD_MAX], service[FIELD_MAX], text[2 * FIELD_MAX + RELAYDB_ADDRSTRLEN + 16];
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, size;
	bool taken;

	if (strlen(options->socket) >= sizeof to.sun_path)
		return false;
	strcpy(to.sun_path, options->socket);
	word(user, item(pam, PAM_USER));
	word(service, item(pam, PAM_SERVICE));
	size = snprintf(text, sizeof text, "login %s %s %s", address, user, service);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	taken = sendto(fd, text, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof to) == size;
	if (options->debug)
		pam_syslog(pam, LOG_DEBUG, "%s %s by %s: %s", address, taken ? "taken" : "not taken", options->socket,
		    taken ? text : strerror(errno));
	close(fd);
	return taken;
}

static long long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000LL + (now.tv_nsec - since->tv_nsec) / 1000000;
}

/* A handle that waits for what is left of the timeout.  relaydb takes a negative one as "not at all". */
static int open_for(const struct options *options, const struct timespec *since, struct relaydb **db)
{
	long long left = options->timeout_ms - elapsed_ms(since);
	const struct relaydb_options how = { .path = options->db, .timeout_ms = left > 0 ? (int)left : -1 };

	return relaydb_open(db, &how);
}

/* Was the address recorded less than refresh seconds ago?  Any trouble is left to the commit, which will tell. */
static bool is_fresh(const struct options *options, const struct timespec *since, const char *address)
{
	struct relaydb *db;
	int64_t stamp;
	bool fresh;

	if (open_for(options, since, &db) != RELAYDB_OK)
		return false;
	fresh = relaydb_get(db, address, &stamp) == RELAYDB_OK && stamp > (int64_t)time(NULL) - options->refresh;
	relaydb_close(&db);
	return fresh;
}

static void commit_alone(pam_handle_t *pam, const struct options *options, const char *address)
{
	struct relaydb_batch *batch = NULL;
	int64_t now = (int64_t)time(NULL);
	struct relaydb *db = NULL;
	struct timespec since;
	int code;

	clock_gettime(CLOCK_MONOTONIC, &since);
	if (options->refresh > 0 && is_fresh(options, &since, address)) {
		if (options->debug)
			pam_syslog(pam, LOG_DEBUG, "%s is fresh", address);
		return;
	}
	code = open_for(options, &since, &db);
	if (code == RELAYDB_OK)
		code = relaydb_batch_new(db, &batch);
	if (code == RELAYDB_OK)
		code = relaydb_batch_record(batch, address, now);
	if (code == RELAYDB_OK)
		code = relaydb_commit(batch, now, NULL);
	if (code != RELAYDB_OK)
		pam_syslog(pam, LOG_ERR, "%s is not recorded and may not relay: %s", address,
		    db != NULL ? relaydb_error(db) : relaydb_strcode(code));
	else
		pam_syslog(pam, LOG_INFO, "recorded %s", address);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

static void record(pam_handle_t *pam, int argc, const char **argv)
{
	char address[RELAYDB_ADDRSTRLEN];
	const char *rhost = item(pam, PAM_RHOST);
	struct options options;

	options_read(&options, argc, argv, log_wrong, pam);
	if (*rhost == '\0') {
		if (options.debug)
			pam_syslog(pam, LOG_DEBUG, "the server gives no client address (PAM_RHOST): nothing to record");
	} else if (!client_address(rhost, address)) {
		char shown[FIELD_MAX];

		word(shown, rhost);
		pam_syslog(pam, LOG_NOTICE, "PAM_RHOST \"%s\" is not an address and is not resolved: nothing recorded", shown);
	} else if (options_ignore(&options, address)) {
		if (options.debug)
			pam_syslog(pam, LOG_DEBUG, "%s is in an ignored network", address);
	} else if (!hand_over(pam, &options, address)) {
		commit_alone(pam, &options, address);
	}
}

static int recorded(pam_handle_t *pam, int argc, const char **argv)
{
	int kept = errno;

	record(pam, argc, argv);
	errno = kept;
	return PAM_IGNORE;
}

int pam_sm_authenticate(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	(void)pam;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}

int pam_sm_setcred(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	if (((unsigned)flags & (PAM_DELETE_CRED | PAM_REINITIALIZE_CRED | PAM_REFRESH_CRED)) != 0)
		return PAM_IGNORE; /* credentials of a login that was recorded, or that ends */
	return recorded(pam, argc, argv);
}

int pam_sm_acct_mgmt(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	(void)flags;
	return recorded(pam, argc, argv);
}

int pam_sm_open_session(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	(void)flags;
	return recorded(pam, argc, argv);
}

int pam_sm_close_session(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	(void)pam;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}
