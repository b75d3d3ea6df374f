/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rhost.c - a PAM module that sets PAM_RHOST to its argument, so that servers
 * which give PAM no address can be tried as if they gave one
 *
 * For the auth lines of a test's service, ahead of all others.
 */
#include <security/pam_modules.h>

int pam_sm_authenticate(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	(void)flags;
	return argc == 1 && pam_set_item(pam, PAM_RHOST, argv[0]) == PAM_SUCCESS ? PAM_IGNORE
										 : PAM_SYSTEM_ERR;
}

int pam_sm_setcred(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	(void)pam;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}
