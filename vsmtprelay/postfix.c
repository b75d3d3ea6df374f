/* SPDX-License-Identifier: BSD-2-Clause
 *
 * postfix.c - see postfix.h
 *
 * The one fault so far: `check_client_access hash:/var/lib/relayers/relayers`.
 * In a table of whole keys smtpd(8) looks up the client's address and then ever
 * shorter prefixes of it, cut at the colons (access(5), HOST NAME/ADDRESS
 * PATTERNS; smtpd_check.c, check_addr_access()). 2001:db8::1 is such a prefix
 * of 2001:db8::1:7, and an address of its own, so one login lets others relay.
 * In a table of patterns only the whole key is looked up, and so it is in a
 * pipemap or unionmap that contains one.  Limit: only plain references are
 * followed, not ${name?value} and the like.
 */
#include "postfix.h"

#include "postconf.h"
#include "span.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#define BLANKS " \t\r\n,"
#define DEPTH_MAX 10 /* of references to other settings, and of braces */
#define VALUE_MAX (1 << 20)

struct look {
	const char *settings, *file;
	void (*each)(const struct finding *finding, void *arg);
	void *arg;
};

/* What the words of a map come down to. */
struct map {
	bool ours, pattern;
};

/* ---- settings ---- */

static struct span trimmed(struct span span)
{
	while (span.size > 0 && strchr(" \t\r", span.text[0]) != NULL)
		span = (struct span){ span.text + 1, span.size - 1 };
	while (span.size > 0 && strchr(" \t\r", span.text[span.size - 1]) != NULL)
		span.size--;
	return span;
}

/* The next line at *AT, which moves on.  False at the end.  A line without "="
 * has an empty value. */
static bool next_setting(const char **at, struct span *name, struct span *value)
{
	size_t size = strcspn(*at, "\n"), equals = strcspn(*at, "=\n");

	if (**at == '\0')
		return false;
	*name = trimmed((struct span){ *at, equals });
	*value = (struct span){ *at + size, 0 };
	if (equals < size)
		*value = trimmed((struct span){ *at + equals + 1, size - equals - 1 });
	*at += size;
	if (**at == '\n')
		++*at;
	return true;
}

/* The last setting of that name counts.  False if there is none. */
static bool find_setting(const char *settings, struct span name, struct span *value)
{
	struct span one, its_value;
	bool found = false;

	while (next_setting(&settings, &one, &its_value))
		if (one.size == name.size && memcmp(one.text, name.text, name.size) == 0) {
			*value = its_value;
			found = true;
		}
	return found;
}

/* The name in $name, ${name} or $(name) at the '$' in TEXT[*I]; *I moves to its
 * last byte.  Empty if that is no reference. */
static struct span reference(struct span text, size_t *i)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t begin = *i + 1, end;
	bool wrapped = begin < text.size && (text.text[begin] == '{' || text.text[begin] == '(');

	begin += wrapped;
	for (end = begin;
	     end < text.size && memchr(letters, text.text[end], sizeof letters - 1) != NULL; end++)
		continue;
	if (end == begin ||
	    (wrapped && (end == text.size || (text.text[end] != '}' && text.text[end] != ')'))))
		return (struct span){ text.text, 0 };
	*i = wrapped ? end : end - 1;
	return (struct span){ text.text + begin, end - begin };
}

/* VALUE with what it refers to, to TO. postconf -x has done this already,
 * except for main.cf itself. */
static void expand(FILE *to, const char *settings, struct span value, int depth)
{
	for (size_t i = 0; i < value.size && ftell(to) < VALUE_MAX; i++) {
		struct span name = { value.text, 0 }, other;

		if (value.text[i] == '$')
			name = reference(value, &i);
		if (name.size == 0)
			putc(value.text[i], to);
		else if (depth < DEPTH_MAX && find_setting(settings, name, &other))
			expand(to, settings, other, depth + 1);
	}
}

/* ---- words and maps ---- */

/* The next word of *REST, which moves on; what is in braces is one.  False at
 * the end. */
static bool next_word(struct span *rest, struct span *word)
{
	size_t size = 0;
	int depth = 0;

	while (rest->size > 0 && strchr(BLANKS, rest->text[0]) != NULL)
		*rest = (struct span){ rest->text + 1, rest->size - 1 };
	if (rest->size == 0)
		return false;
	for (; size < rest->size && (depth > 0 || strchr(BLANKS, rest->text[size]) == NULL);
	     size++) {
		if (rest->text[size] == '{')
			depth++;
		else if (rest->text[size] == '}')
			depth--;
	}
	*word = (struct span){ rest->text, size };
	*rest = (struct span){ rest->text + size, rest->size - size };
	return true;
}

static bool is_word(struct span word, const char *text)
{
	return word.size == strlen(text) && strncasecmp(word.text, text, word.size) == 0;
}

/* Takes the braces off.  False if there are none. */
static bool unwrap(struct span word, struct span *inside)
{
	if (word.size < 2 || word.text[0] != '{' || word.text[word.size - 1] != '}')
		return false;
	*inside = (struct span){ word.text + 1, word.size - 2 };
	return true;
}

/* Is NAME, to which Postfix adds the suffix of the table's type, our file? */
static bool is_file(const struct look *look, struct span name)
{
	static const char *const suffixes[] = { ".db", ".lmdb", ".cdb", "" };
	struct stat ours, theirs;
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		if (snprintf(path, sizeof path, "%.*s%s", (int)name.size, name.text, suffixes[i]) >=
		    PATH_MAX)
			continue;
		if (strcmp(path, look->file) == 0)
			return true;
		if (stat(path, &theirs) == 0 && stat(look->file, &ours) == 0 &&
		    theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
			return true;
	}
	return false;
}

/* TYPE:NAME, or NAME of the default type; the types that hold others are looked
 * into. */
static void read_map(const struct look *look, struct span spec, struct map *map, int depth)
{
	struct span type = { spec.text, 0 }, inside, word;

	while (type.size < spec.size && spec.text[type.size] != ':' && spec.text[type.size] != '/')
		type.size++;
	if (type.size == spec.size || spec.text[type.size] != ':') {
		map->ours |= is_file(look, spec);
		return;
	}
	spec = (struct span){ spec.text + type.size + 1, spec.size - type.size - 1 };
	if (is_word(type, "regexp") || is_word(type, "pcre") || is_word(type, "cidr"))
		map->pattern = true;
	else if (depth < DEPTH_MAX && (is_word(type, "proxy") || is_word(type, "debug")))
		read_map(look, spec, map, depth + 1);
	else if (depth < DEPTH_MAX && unwrap(spec, &inside))
		while (next_word(&inside, &word))
			read_map(look, word, map, depth + 1);
	else
		map->ours |= is_file(look, spec);
}

/* ---- findings ---- */

static void report(const struct look *look, struct span name, struct span spec)
{
	const char *slash = memchr(name.text, '/', name.size);
	char *what = NULL, *fix = NULL;
	struct finding finding = { RELAYDB_FAULT, "out of memory", "" };

	if (asprintf(&what,
		"%.*s in Postfix's %s has check_client_access %.*s, which also looks up parts of "
		"IPv6 addresses: "
		"a login from 2001:db8::1 also lets 2001:db8::1:7 relay",
		(int)name.size, name.text, slash != NULL ? "master.cf" : "main.cf", (int)spec.size,
		spec.text) < 0)
		what = NULL;
	if (asprintf(&fix,
		"in main.cf write relayers = pipemap:{regexp:{{/^([0-9a-f.:]+)$$/ $$1}},%.*s} and, "
		"in place of the above, "
		"check_client_access $relayers; then postfix reload (docs/postfix.md)",
		(int)spec.size, spec.text) < 0)
		fix = NULL;
	if (what != NULL && fix != NULL)
		finding = (struct finding){ RELAYDB_FAULT, what, fix };
	look->each(&finding, look->arg);
	free(what);
	free(fix);
}

static void judge_value(const struct look *look, struct span name, struct span value, int depth)
{
	struct span word, inside;

	while (next_word(&value, &word)) {
		struct map map = { false, false };

		if (depth < DEPTH_MAX && unwrap(word, &inside)) {
			judge_value(look, name, inside, depth + 1);
		} else if (is_word(word, "check_client_access") && next_word(&value, &word)) {
			read_map(look, word, &map, 0);
			if (map.ours && !map.pattern)
				report(look, name, word);
		}
	}
}

void postfix_judge(const char *settings, const char *file,
    void (*each)(const struct finding *finding, void *arg), void *arg)
{
	const struct look look = { settings, file, each, arg };
	const char *at = settings;
	struct span name, value;

	while (next_setting(&at, &name, &value)) {
		char *expanded = NULL;
		size_t size;
		FILE *to = open_memstream(&expanded, &size);

		if (to == NULL)
			return;
		expand(to, settings, value, 0);
		if (fclose(to) == 0)
			judge_value(&look, name, (struct span){ expanded, size }, 0);
		free(expanded);
	}
}

void postfix_check(
    const char *file, void (*each)(const struct finding *finding, void *arg), void *arg)
{
	struct finding unread = { RELAYDB_WARNING, NULL, "run postconf, and see what it reports" };
	const char *complaint;
	char *settings = postconf_text(&complaint);
	char what[256];

	if (complaint != NULL) {
		snprintf(what, sizeof what, "Postfix's configuration cannot be read as a whole: %s",
		    complaint);
		unread.what = what;
		each(&unread, arg);
	}
	if (settings != NULL)
		postfix_judge(settings, file, each, arg);
	free(settings);
}
