/* SPDX-License-Identifier: BSD-2-Clause
 *
 * session_key.c - what connections and logins are known by, see session_key.h
 */
#include "session_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "layout.h"

/* Adds one part, blanks in it as underscores; false if it has an unprintable
 * byte in it (then we do not follow that session) or does not fit. */
static bool add_part(char *key, size_t *size, struct span part)
{
	const char *from = part.size > 0 ? part.text : "-",
		   *end = from + (part.size > 0 ? part.size : 1);
	char *to = key + *size;

	if (*size + (size_t)(end - from) + 2 > SESSION_KEY_MAX)
		return false;
	for (*to++ = ' '; from < end; from++, to++) {
		if (*from < ' ' || *from > '~')
			return false;
		*to = *from == ' ' ? '_' : *from;
	}
	*to = '\0';
	*size = (size_t)(to - key);
	return true;
}

bool session_connection_key(const struct event *event, char key[SESSION_KEY_MAX])
{
	const struct definition *definition = event->definition;
	struct span name =
	    definition->shared_logger ? event->captures->session : event->header->pid;
	char log[17];
	size_t size = 1;

	if ((!definition->by_pid && !definition->shared_logger) || name.size == 0)
		return false;
	key[0] = SESSION_CONNECTION;
	key[1] = '\0';
	snprintf(log, sizeof log, "%016" PRIx64, hash_fnv1a(event->source, strlen(event->source)));
	return add_part(key, &size, event->header->host) &&
	       add_part(key, &size, event->header->tag) && add_part(key, &size, name) &&
	       add_part(key, &size, span_of(log));
}

/* KIND, host and server: for SESSION_OPEN the key of all of a server's open
 * logins, up to and without the last part. */
bool session_server_key(
    const struct event *event, char kind, char key[SESSION_KEY_MAX], size_t *size)
{
	*size = 1;
	key[0] = kind;
	key[1] = '\0';
	return add_part(key, size, event->header->host) &&
	       add_part(key, size, span_of(event->definition->name));
}

bool session_mark_key(const struct event *event, char key[SESSION_KEY_MAX])
{
	struct span kind = event->captures->kind, tag = event->header->tag;
	char part[SESSION_KEY_MAX];
	size_t size, length = tag.size;

	if (tag.size + kind.size + 1 >= sizeof part ||
	    !session_server_key(event, SESSION_MARK, key, &size))
		return false;
	memcpy(part, tag.text, tag.size);
	/* one program may end all of its connections, or those of some users
	 * alone */
	if (kind.size > 0) {
		part[length++] = '/';
		memcpy(part + length, kind.text, kind.size);
		length += kind.size;
	}
	return add_part(key, &size, (struct span){ part, length });
}

bool session_open_key(const struct event *event, char key[SESSION_KEY_MAX])
{
	size_t size;

	if (!session_server_key(event, SESSION_OPEN, key, &size))
		return false;
	if (event->captures->session.size > 0)
		return add_part(key, &size, event->captures->session);
	return event->definition->by_pid && event->header->pid.size > 0 &&
	       add_part(key, &size, event->header->pid);
}

bool session_ended_key(const struct event *event, char key[SESSION_KEY_MAX])
{
	size_t size;

	return event->captures->session.size > 0 &&
	       session_server_key(event, SESSION_ENDED, key, &size) &&
	       add_part(key, &size, event->captures->session);
}

/* Parts without a byte that add_part() would not put there, as many as its kind
 * has. */
bool session_is_key(const char *key)
{
	const char *first = key;
	int blanks = 0;

	if ((*key != SESSION_CONNECTION && *key != SESSION_OPEN && *key != SESSION_MARK) ||
	    key[1] != ' ' || strlen(key) >= SESSION_KEY_MAX)
		return false;
	for (key++; *key != '\0'; key++) {
		if (*key == ' ' ? key[1] == ' ' || key[1] == '\0' : *key < ' ' || *key > '~')
			return false;
		if (*key == ' ')
			blanks++;
	}
	/* until 0.2.0 a connection had no log, and a mark no kind: such stand
	 * for nothing, and go with their time */
	return blanks == 3 || (*first == SESSION_CONNECTION && blanks == 4) ||
	       (*first == SESSION_MARK && blanks == 2);
}

/* Does the entry of a login, or the mark, with this key belong to a server of
 * this name?  It is the third part of the key. */
bool session_key_is_of(const char *key, const char *name)
{
	const char *part = strchr(key + 2, ' ');

	if (part == NULL)
		return false;
	for (part++; *name != '\0' && *part == (*name == ' ' ? '_' : *name); part++)
		name++;
	return *name == '\0' && (*part == ' ' || *part == '\0');
}

static bool is_stamp(long long number)
{
	return number >= 0 && number <= RELAYDB_STAMP_MAX;
}

bool session_parse(const char *line, struct session_saved *saved)
{
	long long since, seen, until;
	char text[RELAYDB_ADDRSTRLEN];
	int at = 0;

	if (sscanf(line, "%lld %lld %lld %45s %n", &since, &seen, &until, text, &at) != 4 ||
	    at == 0 || !session_is_key(line + at))
		return false;
	if (!is_stamp(since) || !is_stamp(seen) || !is_stamp(until))
		return false;
	*saved = (struct session_saved){
		.since = since, .seen = seen, .until = until, .key = line + at
	};
	if (relaydb_address(text, saved->address) == RELAYDB_OK)
		return true;
	*saved->address = '\0';
	return line[at] == SESSION_MARK && strcmp(text, "-") == 0;
}
