/* SPDX-License-Identifier: BSD-2-Clause
 *
 * nearmiss.c - does a line look like a login, see nearmiss.h
 *
 * Names are the client's, and may be any words: so what stands in quotes or
 * brackets is left out first, and so are values, except those of a few keys
 * that only a server fills in.
 */
#include "nearmiss.h"

#include <ctype.h>
#include <string.h>

#include "relaydb.h"

#define LOOK_MAX 1024 /* bytes of a message that are looked at */
#define BLOT '\1' /* what stands for something left out */
#define VERBS 6 /* words of a sentence among which its verb is */

/* The program's own words alone: they say that somebody is in. */
static const char *const sure[] = { "logged in", "logged on", "login ok", "login succe",
	"successful login", "authenticated", "authentication succe", "authentication passed",
	"login.good", "cmd=auth;", "status=ok", "began session" };
/* These do with an address, or with a word that stands before one. */
static const char *const maybe[] = { "login", "logon", "proxying", "method=", "mpid=" };
static const char *const hints[] = { "ip=", "host=", "client", "remote", " from " };
/* Of another service, or of nobody. */
static const char *const foreign[] = { "protocol=soap", "protocol=smtp", "protocol=managesieve",
	":25,", ":465,", ":587,", ":2525,", "method=anonymous", "mech=anonymous", "login.anonymous",
	"login.nopassword" };

/* Verbs of what is no login, by how they begin, and whole. */
static const char *const beginnings[] = { "fail", "abort", "connect", "disconnect", "refus",
	"denied", "invalid", "reject", "error", "timed", "timeout", "time-out", "logout", "closed",
	"closing", "unknown", "exceed", "lost", "anonymous", "nonexistent", "badlogin", "unable",
	"cannot", "illegal", "unexpected", "incorrect", "wrong", "attempt", "killed", "internal",
	"disabled", "quit" };
static const char *const verbs[] = { "no", "not", "bad", "out", "ended", "disc", "id" };
/* Words before a name. */
static const char *const before_name[] = { "user", "for", "by", "from", "to", "as", "account" };
/* What is written before a message that is none of a login: its level, or the
 * name of another service. */
static const char *const levels[] = { "debug", "warning", "fatal", "panic" };
static const char *const services[] = { "smtp", "submission", "sieve", "lmtp" };
static const char *const bracketed[] = { "[debug]", "[notice]", "[warn]", "[error]", "[crit]",
	"[alert]", "[emerg]" };
/* Keys whose values the server chooses. */
static const char *const own_keys[] = { "event", "cmd", "status", "protocol", "method", "mech",
	"login.mech" };

#define LIST(list) (list), sizeof(list) / sizeof *(list)

static bool has_one(const char *text, const char *const list[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(text, list[i]) != NULL)
			return true;
	return false;
}

static bool is_one(const char *word, size_t size, const char *const list[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == size && memcmp(list[i], word, size) == 0)
			return true;
	return false;
}

static bool begins_with_one(const char *text, size_t size, const char *const list[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) <= size && memcmp(list[i], text, strlen(list[i])) == 0)
			return true;
	return false;
}

/* ---- what the server says itself ---- */

static char small(char c)
{
	return c == '\0' ? BLOT : (char)tolower((unsigned char)c);
}

static char closing(char opening)
{
	switch (opening) {
	case '<':
		return '>';
	case '(':
		return ')';
	case '[':
		return ']';
	case '`':
	case '\'':
		return '\'';
	default:
		return opening == '"' ? '"' : '\0';
	}
}

/* Behind what the quote or bracket at P opens; P if it opens nothing.  In a
 * word, as in o'brien, a quote is none. */
static const char *behind_closing(const char *p, const char *begin, const char *end)
{
	char wanted = closing(*p);
	const char *q = p + 1;

	if (wanted == '\0' || (*p == '\'' && p > begin && isalnum((unsigned char)p[-1])))
		return p;
	for (; q < end; q++)
		if (*q == wanted &&
		    (wanted != '\'' || q + 1 == end || !isalnum((unsigned char)q[1])))
			return q + 1;
	return p;
}

/* Is what was written up to END, a "=", behind a key whose value is the
 * server's? */
static bool is_own_key(const char *text, const char *end)
{
	const char *key = end;

	while (key > text && (isalnum((unsigned char)key[-1]) || key[-1] == '.'))
		key--;
	return is_one(key, (size_t)(end - key), LIST(own_keys));
}

/* Behind the value at P.  OUT gets it if it is the SERVERs; one of a client in
 * quotes or brackets is left to the caller. */
static const char *take_value(const char *p, const char *end, bool servers, char **out)
{
	bool quoted = servers && p < end && *p == '"';

	if (!servers && p < end && closing(*p) != '\0')
		return p;
	for (p += quoted; p < end && (quoted ? *p != '"' : strchr(" ,;", *p) == NULL); p++) {
		if (servers)
			*(*out)++ = small(*p);
	}
	return quoted && p < end ? p + 1 : p;
}

/* MESSAGE in small letters, without what may be a client's. */
static void leave_out(struct span message, char text[LOOK_MAX + 1])
{
	const char *p = message.text, *next;
	const char *end = p + (message.size < LOOK_MAX ? message.size : LOOK_MAX);
	char *out = text; /* never gets more than was read */

	while (p < end) {
		next = behind_closing(p, message.text, end);
		if (next > p) {
			*out++ = BLOT;
			p = next;
		} else if (*p == '=') {
			*out++ = *p++;
			p = take_value(p, end, is_own_key(text, out - 1), &out);
		} else {
			*out++ = small(*p++);
		}
	}
	*out = '\0';
}

/* Is a word a verb of what is no login?  A name that begins like one has more
 * than letters, often. */
static bool is_verb(const char *word, size_t size)
{
	if (is_one(word, size, LIST(verbs)))
		return true;
	for (size_t i = 0; i < size; i++)
		if (word[i] != '-' && (word[i] < 'a' || word[i] > 'z'))
			return false;
	return begins_with_one(word, size, LIST(beginnings));
}

/* Behind "imap-login: Info: " and the like, up to "login: "; NULL if they say
 * that it is no login. */
static const char *skip_labels(const char *p)
{
	char label[32];
	size_t size;

	for (;; p += size + 1) {
		p += strspn(p, " ");
		size = strcspn(p, " ");
		if (size < 2 || p[size] == '\0' || p[size - 1] != ':' ||
		    strncmp(p, "login:", size) == 0)
			return p;
		if (is_one(p, size - 1, LIST(levels)) || is_verb(p, size - 1))
			return NULL;
		if (size > sizeof label)
			continue;
		memcpy(label, p, size - 1);
		label[size - 1] = '\0';
		if (has_one(label, LIST(services)))
			return NULL;
	}
}

/* Is the verb of the sentence at P one of what is no login?  What comes behind
 * a comma, a key or a success is no verb, and a name that the sentence has is
 * skipped. */
static bool denies(const char *p)
{
	size_t size, bare, words = 0;
	bool name = false;

	/* a sentence of names alone */
	if (strncmp(p, "login:", 6) == 0)
		return false;
	while (words < VERBS) {
		p += strspn(p, " ");
		size = bare = strcspn(p, " ,=");
		/* the end, a comma, or a key */
		if (size == 0 || p[size] == '=')
			return false;
		while (bare > 0 && strchr(":.;", p[bare - 1]) != NULL)
			bare--;
		if (!name && is_verb(p, bare))
			return true;
		if (strncmp(p, "succe", 5) == 0 || span_equals((struct span){ p, size }, "ok"))
			return false;
		name = is_one(p, size, LIST(before_name));
		words += isalpha((unsigned char)*p) != 0;
		p += size;
	}
	return false;
}

/* ---- addresses ---- */

static bool of_address(char c)
{
	return isxdigit((unsigned char)c) || c == '.' || c == ':';
}

/* An address, with a port of its own behind one of IPv4, or a stop. */
static bool is_address(const char *text, size_t size)
{
	char copy[RELAYDB_ADDRSTRLEN], address[RELAYDB_ADDRSTRLEN], *colon;

	if (size >= sizeof copy)
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	while (size > 0 && (copy[size - 1] == '.' || copy[size - 1] == ':'))
		copy[--size] = '\0';
	colon = strchr(copy, ':');
	if (colon != NULL && strchr(copy, '.') != NULL && strchr(colon + 1, ':') == NULL)
		*colon = '\0';
	return relaydb_address(copy, address) == RELAYDB_OK;
}

static bool has_address(struct span message)
{
	size_t size = message.size < LOOK_MAX ? message.size : LOOK_MAX, begin;

	for (size_t i = 0; i < size; i++) {
		if (!of_address(message.text[i]))
			continue;
		for (begin = i; i < size && of_address(message.text[i]); i++)
			;
		if ((begin == 0 || !isalnum((unsigned char)message.text[begin - 1])) &&
		    is_address(message.text + begin, i - begin))
			return true;
	}
	return false;
}

/* Is a level in brackets, behind a stamp of its own or at the beginning, none
 * of logins? */
static bool has_level(struct span message)
{
	size_t i = 0;

	while (i < message.size && strchr("0123456789/: ", message.text[i]) != NULL &&
	       message.text[i] != '\0')
		i++;
	return begins_with_one(message.text + i, message.size - i, LIST(bracketed));
}

/* What rsyslog puts in "message repeated 4 times: [ MESSAGE]". */
static struct span repeated(struct span message)
{
	static const char words[] = "message repeated ";
	const char *open;

	if (message.size < sizeof words || memcmp(message.text, words, sizeof words - 1) != 0)
		return message;
	open = memchr(message.text, '[', message.size);
	return open == NULL
		   ? message
		   : (struct span){ open + 1, message.size - (size_t)(open + 1 - message.text) };
}

bool near_miss(struct span message)
{
	char text[LOOK_MAX + 1];
	const char *said, *info;

	message = repeated(message);
	if (message.size == 0 || has_level(message))
		return false;
	leave_out(message, text);
	said = skip_labels(text);
	info = said != NULL ? strstr(said, "info: ") : NULL;
	if (info != NULL && info > said && info[-1] == BLOT)
		said = info + 6; /* Plesk: "IMAP connect from @ [A]INFO: LOGIN, ..." */
	if (said == NULL || denies(said) || has_one(said, LIST(foreign)))
		return false;
	if (has_one(said, LIST(sure)))
		return true;
	if (has_one(said, LIST(maybe)))
		return has_one(said, LIST(hints)) || has_address(message);
	return strstr(said, "user=") != NULL && has_address(message);
}
