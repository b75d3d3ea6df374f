/* SPDX-License-Identifier: BSD-2-Clause
 *
 * nearmiss.c - does a line look like a login, see nearmiss.h
 */
#include "nearmiss.h"

#include <ctype.h>
#include <strings.h>

/* Of logins, in the servers that we know. */
static const char *const words[] = { "login", "logged in", "authenticated", "user" };

/* Of what is none: it failed, it ended, it has not begun, or it is about mail
 * or the server itself. */
static const char *const other[] = { "fail", "abort", "connect", "no auth", "refus", "denied",
	"invalid", "reject", "error", "timed out", "timeout", "time-out", "logout", "logged out",
	"session ended", "closed", "unknown user", "exceed", "quota", "saved", "deliver",
	"shutting down", "starting", "started", "sighup", "reload", "killed", "exited", "stats",
	"expunge" };

static bool has(struct span message, const char *word)
{
	size_t size = strlen(word);

	for (size_t i = 0; i + size <= message.size; i++)
		if (strncasecmp(message.text + i, word, size) == 0)
			return true;
	return false;
}

static bool has_one(struct span message, const char *const list[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (has(message, list[i]))
			return true;
	return false;
}

/* Three dots between digits, or two colons and nothing but what an address has.
 * A clock is one, too, which does no harm here. */
static bool has_address(struct span message)
{
	size_t dots = 0, colons = 0;

	for (size_t i = 0; i < message.size; i++) {
		unsigned char c = (unsigned char)message.text[i];

		if (c == '.')
			dots++;
		else if (c == ':')
			colons++;
		else if (!isxdigit(c))
			dots = colons = 0;
		if (dots == 3 || (colons >= 2 && isxdigit(c)))
			return true;
	}
	return false;
}

bool near_miss(struct span message)
{
	return (has_address(message) || has_one(message, words, sizeof words / sizeof *words)) &&
	       !has_one(message, other, sizeof other / sizeof *other);
}
