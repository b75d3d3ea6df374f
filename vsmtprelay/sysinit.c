/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sysinit.c - see sysinit.h
 */
#include "sysinit.h"

#include <stdio.h>
#include <string.h>

#include "files.h"

static const char *const words[] = { [SYSINIT_ENABLE] = "enable --now",
	[SYSINIT_START] = "start",
	[SYSINIT_RESTART] = "restart",
	[SYSINIT_RELOAD] = "reload",
	[SYSINIT_STATUS] = "status" };

bool sysinit_systemd(void)
{
	return files_exist("/run/systemd/system");
}

static bool is_ours(const char *name)
{
	return strcmp(name, "popwatch") == 0 || strcmp(name, "relayguard") == 0 ||
	       strcmp(name, "relaymirror") == 0;
}

static void command_for_ours(char text[SYSINIT_MAX], enum sysinit_act act, const char *name)
{
	if (act == SYSINIT_STATUS)
		snprintf(text, SYSINIT_MAX, "pgrep -x %s", name);
	else if (act == SYSINIT_RELOAD)
		snprintf(text, SYSINIT_MAX, "pkill -HUP -x %s", name);
	else
		snprintf(text, SYSINIT_MAX, "%s%s%s%s -d -p /run/%s.pid",
		    act == SYSINIT_RESTART ? "pkill -x " : "", act == SYSINIT_RESTART ? name : "",
		    act == SYSINIT_RESTART ? "; " : "", name, name);
}

const char *sysinit_command(char text[SYSINIT_MAX], enum sysinit_act act, const char *name)
{
	if (sysinit_systemd())
		snprintf(text, SYSINIT_MAX, "systemctl %s %s", words[act], name);
	else if (is_ours(name))
		command_for_ours(text, act, name);
	else
		snprintf(text, SYSINIT_MAX, "service %s %s", name,
		    act == SYSINIT_ENABLE ? "start" : words[act]);
	return text;
}

const char *sysinit_expiry(void)
{
	return sysinit_systemd() ? "systemctl enable --now vsmtprelay-expire.timer"
				 : "vsmtprelay setup, which prints a line for cron";
}
