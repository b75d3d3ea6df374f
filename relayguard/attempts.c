/* SPDX-License-Identifier: BSD-2-Clause
 *
 * attempts.c - the log line of a decision, see attempts.h
 */
#include "attempts.h"

#include <stdio.h>
#include <string.h>

/* Together with our own words these fit into a line. */
enum { REPLY_SHOWN = 220, NAME_SHOWN = 130, ADDRESS_SHOWN = 230 };

/* Adds TEXT escaped, MOST bytes of it at most. */
static size_t add(char *out, size_t used, const char *text, size_t most)
{
	size_t end = used + most - strlen("...");

	for (const char *p = text != NULL ? text : ""; *p != '\0'; p++) {
		if (used + 4 > end) {
			strcpy(out + used, "...");
			return used + 3;
		}
		if (*p >= ' ' && *p <= '~' && strchr("\\\"<>[]=", *p) == NULL)
			out[used++] = *p;
		else
			used += (size_t)sprintf(out + used, "\\x%02x", (unsigned char)*p);
	}
	return used;
}

static size_t put(char *out, size_t used, const char *text)
{
	return (size_t)(stpcpy(out + used, text) - out);
}

void attempts_line(char out[ATTEMPTS_LINE_SIZE], const struct attempt *attempt)
{
	const struct rules_envelope *envelope = attempt->envelope;
	bool named = envelope->name_state == RULES_NAME_CONFIRMED;
	size_t used =
	    (size_t)snprintf(out, 64, "%.20s rule=%zu client=[", attempt->what, attempt->rule);

	used = add(out, used, envelope->address != NULL ? envelope->address : "local", 64);
	used = put(out, used, "] reply=\"");
	used = add(out, used, attempt->reply, REPLY_SHOWN);
	used = put(out, used, "\" name=");
	used = add(out, used, named ? envelope->name : "UNKNOWN", NAME_SHOWN);
	used = put(out, used, " from=<");
	used = add(out, used, envelope->sender, ADDRESS_SHOWN);
	used = put(out, used, "> to=<");
	used = add(out, used, envelope->recipient, ADDRESS_SHOWN);
	used = put(out, used, ">");
	out[used] = '\0';
}
