/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pam_relaydb.c - records the client's address when a POP or IMAP login has
 * succeeded; the only file that knows PAM's headers
 *
 * Lives inside other people's processes, so: no globals, no signals, no stderr,
 * no fork, no exit, every descriptor CLOEXEC, errno as it was; and a thread
 * that the server cancels meanwhile ends afterwards, with the login recorded
 * and no lock left.  It answers PAM_IGNORE whatever happens: it never decides
 * whether a user gets in.
 *
 * No phase knows whether the login succeeds.  A module after a `required` one
 * that has refused is still called, and one after ours may still refuse.  So
 * the account phase only remembers the login, as data of the PAM handle, and
 * what the server does next settles it:
 *
 *	pam_setcred(ESTABLISH_CRED)	recorded: the account was accepted
 *	pam_open_session		recorded, likewise
 *	pam_end(PAM_SUCCESS)		recorded: nothing but success was seen
 *	pam_end, another status		forgotten: refused, or (DATA_SILENT) a
 *					copy in a forked child
 *	pam_authenticate		forgotten: another login begins
 *	pam_acct_mgmt			likewise; each line of ours forgets what
 *					would be recorded where it records
 *
 * Limits: a server that hands PAM_SUCCESS to pam_end(3) after a refusal
 * deceives us, unless what refuses comes before us and ends the stack
 * (`requisite`).  A server that has no account phase is not recorded, nor is
 * one that dies before it has settled the login.  The timeout bounds the wait
 * for locks; a disk that takes seconds for an fsync(2) is waited for.
 */
#include "login.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#define DATA_NAME "pam_relaydb"

/* The data of a handle, there since its first account phase. */
struct remembered {
	struct login *first; /* one for each place in which lines of ours record */
};

/* What the server's thread gets back at the end of each call. */
struct host {
	int error, cancel;
};

static struct host host_enter(void)
{
	struct host host = { errno, PTHREAD_CANCEL_ENABLE };

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &host.cancel);
	return host;
}

static void host_leave(const struct host *host)
{
	int ours;

	errno = host->error;
	pthread_setcancelstate(host->cancel, &ours);
}

static void log_wrong(const char *word, const char *expected, void *arg)
{
	pam_syslog(arg, LOG_WARNING, "argument \"%.100s\" ignored, expected %s", word, expected);
}

static const char *item(pam_handle_t *pam, int which)
{
	const void *value = NULL;

	return pam_get_item(pam, which, &value) == PAM_SUCCESS && value != NULL ? value : "";
}

/* Removes and returns the first login, NULL if there is none.  The caller frees
 * it. */
static struct login *take_first(struct remembered *remembered)
{
	struct login *login = remembered->first;

	if (login != NULL)
		remembered->first = login->next;
	return login;
}

/* Forgets what would be recorded where OPTIONS say; with NULL everything. */
static void forget(struct remembered *remembered, const struct options *options)
{
	struct login *kept = NULL;

	for (struct login *login = take_first(remembered); login != NULL;
	     login = take_first(remembered)) {
		if (options == NULL || login_same_place(login, options)) {
			free(login);
			continue;
		}
		login->next = kept;
		kept = login;
	}
	remembered->first = kept;
}

static void record_all(struct remembered *remembered)
{
	for (struct login *login = take_first(remembered); login != NULL;
	     login = take_first(remembered)) {
		login_record(login);
		free(login);
	}
}

/* The data is replaced, or pam_end(3) was called with STATUS.  The flags
 * PAM_DATA_REPLACE and PAM_DATA_SILENT come or-ed into it, so only the bare
 * PAM_SUCCESS is the end of a login. */
static void settle(pam_handle_t *pam, void *data, int status)
{
	const struct host host = host_enter();
	struct remembered *remembered = data;

	(void)pam;
	if (status == PAM_SUCCESS)
		record_all(remembered);
	else if ((status & (PAM_DATA_REPLACE | PAM_DATA_SILENT)) == 0)
		for (const struct login *login = remembered->first; login != NULL;
		     login = login->next)
			login_refused(login, status);
	forget(remembered, NULL);
	free(remembered);
	host_leave(&host);
}

/* NULL before the first account phase of this handle. */
static struct remembered *find(pam_handle_t *pam)
{
	const void *data = NULL;

	return pam_get_data(pam, DATA_NAME, &data) == PAM_SUCCESS ? (struct remembered *)data
								  : NULL;
}

/* NULL: out of memory. */
static struct remembered *find_or_make(pam_handle_t *pam)
{
	struct remembered *remembered = find(pam);

	if (remembered != NULL)
		return remembered;
	remembered = calloc(1, sizeof *remembered);
	if (remembered != NULL && pam_set_data(pam, DATA_NAME, remembered, settle) != PAM_SUCCESS) {
		free(remembered);
		return NULL;
	}
	return remembered;
}

/* The address to record, in OUT.  False, after a word in the log, if there is
 * none. */
static bool find_address(
    pam_handle_t *pam, const struct options *options, char out[RELAYDB_ADDRSTRLEN])
{
	const char *rhost = item(pam, PAM_RHOST);
	char shown[FIELD_MAX];

	if (*rhost == '\0') {
		if (options->debug)
			pam_syslog(pam, LOG_DEBUG,
			    "the server gives no client address (PAM_RHOST): nothing to record");
		return false;
	}
	if (!login_address(rhost, out)) {
		login_word(shown, rhost);
		pam_syslog(pam, LOG_NOTICE,
		    "PAM_RHOST \"%s\" is not an address and is not resolved: nothing recorded",
		    shown);
		return false;
	}
	if (options_ignore(options, out)) {
		if (options->debug)
			pam_syslog(pam, LOG_DEBUG,
			    "%s is in an ignored network, or no address of a client", out);
		return false;
	}
	return true;
}

static void remember(pam_handle_t *pam, int argc, const char **argv)
{
	struct remembered *remembered = find_or_make(pam);
	char address[RELAYDB_ADDRSTRLEN];
	struct options options;
	struct login *login = NULL;

	options_read(&options, argc, argv, log_wrong, pam);
	if (remembered != NULL)
		forget(remembered, &options);
	if (!find_address(pam, &options, address))
		return;
	if (remembered != NULL)
		login = login_new(&options, address, item(pam, PAM_USER), item(pam, PAM_SERVICE));
	if (login == NULL) {
		pam_syslog(
		    pam, LOG_ERR, "%s is not recorded and may not relay: out of memory", address);
		return;
	}
	login->next = remembered->first;
	remembered->first = login;
}

int pam_sm_authenticate(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	struct remembered *remembered = find(pam);

	(void)flags;
	(void)argc;
	(void)argv;
	if (remembered != NULL)
		forget(remembered, NULL);
	return PAM_IGNORE;
}

int pam_sm_setcred(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	const struct host host = host_enter();
	struct remembered *remembered = find(pam);

	(void)argc;
	(void)argv;
	if (remembered != NULL && ((unsigned)flags & PAM_ESTABLISH_CRED) != 0)
		record_all(remembered);
	host_leave(&host);
	return PAM_IGNORE;
}

int pam_sm_acct_mgmt(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	const struct host host = host_enter();

	(void)flags;
	remember(pam, argc, argv);
	host_leave(&host);
	return PAM_IGNORE;
}

int pam_sm_open_session(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	const struct host host = host_enter();
	struct remembered *remembered = find(pam);

	(void)flags;
	(void)argc;
	(void)argv;
	if (remembered != NULL)
		record_all(remembered);
	else
		pam_syslog(pam, LOG_NOTICE,
		    "nothing recorded: this module was not called in the account phase, where it "
		    "learns who logs in");
	host_leave(&host);
	return PAM_IGNORE;
}

int pam_sm_close_session(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	(void)pam;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}
