/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sysinit.h - the words that start or restart a service on this host, whatever
 * its init is
 *
 * Only says what to run, and runs nothing.
 */
#ifndef VSMTPRELAY_SYSINIT_H
#define VSMTPRELAY_SYSINIT_H

#include <stdbool.h>

#define SYSINIT_MAX 128

enum sysinit_act {
	SYSINIT_ENABLE, /* start it, now and at each boot */
	SYSINIT_START,
	SYSINIT_RESTART,
	SYSINIT_RELOAD,
	SYSINIT_STATUS
};

/* Is systemd the init of this host? */
bool sysinit_systemd(void);

/* The command that does ACT to the service NAME.  Without systemd a daemon of
 * ours is started by hand, since it comes with no script for another init, and
 * what starts it at boot is the host's.  Returns TEXT. */
const char *sysinit_command(char text[SYSINIT_MAX], enum sysinit_act act, const char *name);

/* What makes entries expire: the timer, or cron. */
const char *sysinit_expiry(void);

#endif
