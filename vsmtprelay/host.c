/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host.c - see host.h
 */
#include "host.h"

#include <string.h>

#include "expiry.h"
#include "files.h"
#include "sysinit.h"

static void check_expiry(void (*each)(const struct finding *finding, void *arg), void *arg)
{
	struct finding finding = { RELAYDB_WARNING, "", sysinit_expiry() };
	struct expiry expiry;

	expiry_find(&expiry);
	if (expiry.by != EXPIRY_NONE || expiry.unsure) /* the warning might be wrong */
		return;
	finding.what =
	    expiry.no_daemon
		? "entries never expire: cron has a line for it, but no cron daemon is installed"
		: "entries never expire: there is no crontab line, timer or `expire' in "
		  "popwatch.conf for it";
	each(&finding, arg);
}

bool host_records(void)
{
	return files_running("popwatch") || files_say("/etc/pam.d/*", "pam_relaydb", "", NULL, 0);
}

static void check_recorders(void (*each)(const struct finding *finding, void *arg), void *arg)
{
	char start[SYSINIT_MAX];
	const struct finding finding = { RELAYDB_FINE,
		"nothing records logins: popwatch is not running, and nothing in /etc/pam.d uses "
		"pam_relaydb",
		sysinit_command(start, SYSINIT_ENABLE, "popwatch") };

	if (!host_records())
		each(&finding, arg);
}

void host_check(const char *file, void (*each)(const struct finding *finding, void *arg), void *arg)
{
	if (strcmp(file, RELAYERS_STATEDIR "/relayers.db") != 0)
		return;
	check_expiry(each, arg);
	check_recorders(each, arg);
}
