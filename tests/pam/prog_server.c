/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_server.c - what a POP or IMAP server does with PAM, without the server
 *
 *	prog_server [-0] [-w] SERVICE USER PASSWORD RHOST STEPS
 *
 * STEPS is a letter for each call: a (authenticate), c (account), s (set
 * credentials), o (open and close a session).  The first that fails is the
 * last, and what it returned goes to pam_end(3); with -0 that is PAM_SUCCESS
 * instead, which is what some servers do.  With -w a login that succeeds is
 * ended when standard input ends, as by a server that keeps its handle until
 * the client logs out; before that "in" is printed.  Exit status: 0 logged in,
 * 1 refused, 2 used wrongly.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <security/pam_appl.h>

static int converse(
    int count, const struct pam_message **messages, struct pam_response **responses, void *password)
{
	struct pam_response *all = calloc((size_t)count, sizeof *all);

	(void)messages;
	if (all == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		all[i].resp = strdup(password);
	*responses = all;
	return PAM_SUCCESS;
}

static int call(pam_handle_t *pam, char step)
{
	int status;

	switch (step) {
	case 'a':
		return pam_authenticate(pam, 0);
	case 'c':
		return pam_acct_mgmt(pam, 0);
	case 's':
		return pam_setcred(pam, PAM_ESTABLISH_CRED);
	default:
		status = pam_open_session(pam, 0);
		return status == PAM_SUCCESS ? pam_close_session(pam, 0) : status;
	}
}

int main(int argc, char **argv)
{
	struct pam_conv conversation = { converse, NULL };
	bool careless = false, waits = false;
	pam_handle_t *pam;
	int option, status;

	while ((option = getopt(argc, argv, "0w")) != -1) {
		careless |= option == '0';
		waits |= option == 'w';
	}
	if (argc - optind != 5)
		return 2;
	argv += optind;
	conversation.appdata_ptr = argv[2];
	if (pam_start(argv[0], argv[1], &conversation, &pam) != PAM_SUCCESS)
		return 2;
	status = pam_set_item(pam, PAM_RHOST, argv[3]);
	for (const char *step = argv[4]; *step != '\0' && status == PAM_SUCCESS; step++)
		status = call(pam, *step);
	if (status == PAM_SUCCESS && waits) {
		puts("in");
		fflush(stdout);
		while (getchar() != EOF)
			continue;
	}
	pam_end(pam, careless ? PAM_SUCCESS : status);
	return status == PAM_SUCCESS ? 0 : 1;
}
