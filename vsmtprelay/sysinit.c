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

/* What makes the directory below /run that a daemon of ours has its socket in,
 * and which systemd would make; NULL for what is none of ours. */
static const char *directory_for(const char *name)
{
	static const struct {
		const char *name, *command;
	} ours[] = {
		{ "popwatch", "install -d -o relayers -g relayers -m 755 /run/relayers" },
		{ "relayguard", "install -d -m 755 /run/relayguard" },
		{ "relaymirror", "install -d -m 755 /run/relaymirror" },
	};

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (strcmp(name, ours[i].name) == 0)
			return ours[i].command;
	return NULL;
}

static void command_for_ours(
    char text[SYSINIT_MAX], enum sysinit_act act, const char *name, const char *directory)
{
	if (act == SYSINIT_STATUS)
		snprintf(text, SYSINIT_MAX, "pgrep -x %s", name);
	else if (act == SYSINIT_RELOAD)
		snprintf(text, SYSINIT_MAX, "pkill -HUP -x %s", name);
	else if (act == SYSINIT_RESTART)
		snprintf(text, SYSINIT_MAX, "pkill -x %s; %s -d -p /run/%s.pid", name, name, name);
	else
		snprintf(text, SYSINIT_MAX, "%s && %s -d -p /run/%s.pid", directory, name, name);
}

const char *sysinit_command(char text[SYSINIT_MAX], enum sysinit_act act, const char *name)
{
	const char *directory = directory_for(name);

	if (sysinit_systemd())
		snprintf(text, SYSINIT_MAX, "systemctl %s %s", words[act], name);
	else if (directory != NULL)
		command_for_ours(text, act, name, directory);
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
