/* SPDX-License-Identifier: BSD-2-Clause
 *
 * postfix.c - see postfix.h
 *
 * Two faults.  One is `check_client_access hash:/var/lib/relayers/relayers`: in
 * a table of whole keys smtpd(8) looks up the client's address and then ever
 * shorter prefixes of it, cut at the colons (access(5), HOST NAME/ADDRESS
 * PATTERNS; smtpd_check.c, check_addr_access()). 2001:db8::1 is such a prefix
 * of 2001:db8::1:7, and an address of its own, so one login lets others relay.
 * In a table of patterns only the whole key is looked up, and so it is in a
 * pipemap or unionmap that contains one.
 *
 * The other is a restriction that has refused the recipient before the map is
 * asked.  smtpd_relay_restrictions and smtpd_recipient_restrictions are both
 * gone through, each until the first restriction that decides (postconf(5)), so
 * the map must come first in each that would refuse.
 *
 * Limits: only plain references are followed, not ${name?value} and the like;
 * what a table, a policy service or a class named by a table decides is not
 * seen.
 */
#include "postfix.h"

#include "postconf.h"
#include "settingtext.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#define DEPTH_MAX 10 /* of maps and lists within each other */

struct look {
	const char *settings, *file;
	void (*each)(const struct finding *finding, void *arg);
	void *arg;
};

/* What the words of a map come down to. */
struct map {
	bool ours, pattern;
};

/* ---- maps ---- */

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
	if (word_is(type, "regexp") || word_is(type, "pcre") || word_is(type, "cidr"))
		map->pattern = true;
	else if (depth < DEPTH_MAX && (word_is(type, "proxy") || word_is(type, "debug")))
		read_map(look, spec, map, depth + 1);
	else if (depth < DEPTH_MAX && word_unwrap(spec, &inside))
		while (word_next(&inside, &word))
			read_map(look, word, map, depth + 1);
	else
		map->ours |= is_file(look, spec);
}

/* ---- findings ---- */

/* WHAT and FIX are NULL without memory; they are freed. */
static void give_fault(const struct look *look, char *what, char *fix)
{
	struct finding finding = { RELAYDB_FAULT, "out of memory", "" };

	if (what != NULL && fix != NULL)
		finding = (struct finding){ RELAYDB_FAULT, what, fix };
	look->each(&finding, look->arg);
	free(what);
	free(fix);
}

static void report(const struct look *look, struct span name, struct span spec)
{
	const char *slash = memchr(name.text, '/', name.size);
	char *what = NULL, *fix = NULL;

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
	give_fault(look, what, fix);
}

static void judge_value(const struct look *look, struct span name, struct span value, int depth)
{
	struct span word, inside;

	while (word_next(&value, &word)) {
		struct map map = { false, false };

		if (depth < DEPTH_MAX && word_unwrap(word, &inside)) {
			judge_value(look, name, inside, depth + 1);
		} else if (word_is(word, "check_client_access") && word_next(&value, &word)) {
			read_map(look, word, &map, 0);
			if (map.ours && !map.pattern)
				report(look, name, word);
		}
	}
}

/* ---- the order of restrictions ---- */

#define RELAY "smtpd_relay_restrictions"
#define RECIPIENT "smtpd_recipient_restrictions"
/* of Postfix 3, see compatibility_level */
#define RELAY_DEFAULT "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"

/* One of the two lists. */
struct order {
	bool names_map; /* somewhere */
	bool asks_map; /* before anything decides */
	bool over; /* it permits everybody: what follows is not looked at */
	char refuses[32]; /* the first that refuses mail to other domains; "": none */
};

static bool refuses(struct span word)
{
	static const char *const words[] = { "reject_unauth_destination",
		"defer_unauth_destination", "check_relay_domains", "reject", "defer" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (word_is(word, words[i]))
			return true;
	}
	return false;
}

/* The list of the restriction class WORD; free it.  NULL if it is none, or
 * without memory. */
static char *class_list(const char *settings, struct span word)
{
	struct span classes, one, value;

	if (!settings_find(settings, span_of("smtpd_restriction_classes"), &classes))
		return NULL;
	while (word_next(&classes, &one)) {
		if (one.size == word.size && memcmp(one.text, word.text, one.size) == 0)
			return settings_find(settings, word, &value)
				   ? settings_expand(settings, value)
				   : NULL;
	}
	return NULL;
}

static void read_order(const struct look *look, struct span list, struct order *order, int depth);

/* Reads WORD if it is a list itself: in braces, or a class. */
static bool read_inner(const struct look *look, struct span word, struct order *order, int depth)
{
	struct span inside;
	char *list;
	bool is_class;

	if (depth >= DEPTH_MAX)
		return false;
	if (word_unwrap(word, &inside)) {
		read_order(look, inside, order, depth + 1);
		return true;
	}
	list = class_list(look->settings, word);
	is_class = list != NULL;
	if (is_class)
		read_order(look, span_of(list), order, depth + 1);
	free(list);
	return is_class;
}

static void read_order(const struct look *look, struct span list, struct order *order, int depth)
{
	struct span word;

	while (!order->over && word_next(&list, &word)) {
		struct map map = { false, false };

		if (word_is(word, "warn_if_reject")) {
			word_next(&list, &word);
		} else if (word_is(word, "check_client_access")) {
			if (word_next(&list, &word))
				read_map(look, word, &map, 0);
			order->names_map |= map.ours;
			order->asks_map |= map.ours && order->refuses[0] == '\0';
		} else if (word_is(word, "permit")) {
			order->over = order->refuses[0] == '\0';
		} else if (!read_inner(look, word, order, depth) && order->refuses[0] == '\0' &&
			   refuses(word)) {
			snprintf(order->refuses, sizeof order->refuses, "%.*s", (int)word.size,
			    word.text);
		}
	}
}

/* The setting NAME of the service SCOPE ("smtp/inet/", or "": main.cf).  False
 * if it has none of its own. */
static bool scoped(const struct look *look, struct span scope, const char *name, struct span *value)
{
	char text[256];

	if (snprintf(text, sizeof text, "%.*s%s", (int)scope.size, scope.text, name) >=
	    (int)sizeof text)
		return false;
	return settings_find(look->settings, span_of(text), value);
}

/* What counts for a service that does not set NAME. */
static struct span inherited(const struct look *look, const char *name)
{
	struct span value, level;

	if (settings_find(look->settings, span_of(name), &value))
		return value;
	if (strcmp(name, RELAY) == 0 &&
	    settings_find(look->settings, span_of("compatibility_level"), &level) &&
	    level.size > 0 && level.text[0] != '0')
		return span_of(RELAY_DEFAULT);
	return span_of("");
}

static void report_order(
    const struct look *look, struct span scope, const char *name, const struct order *order)
{
	const char *file = scope.size > 0 ? "master.cf" : "main.cf";
	char *what = NULL, *fix = NULL;

	if (asprintf(&what,
		"%.*s%s in Postfix's %s has %s %s: clients that have logged in may not send to "
		"other domains",
		(int)scope.size, scope.text, name, file, order->refuses,
		order->names_map ? "before it asks the database"
				 : "and does not ask the database") < 0)
		what = NULL;
	if (asprintf(&fix,
		"write check_client_access $relayers before %s in %s, then postfix reload "
		"(docs/postfix.md)",
		order->refuses, name) < 0)
		fix = NULL;
	give_fault(look, what, fix);
}

/* The lists of SCOPE, if one that it sets itself names the map. */
static void judge_order(const struct look *look, struct span scope)
{
	static const char *const names[] = { RELAY, RECIPIENT };
	struct order orders[2] = { { .over = false }, { .over = false } };
	bool meant = false, own;
	struct span value;
	char *list;

	for (int i = 0; i < 2; i++) {
		own = scoped(look, scope, names[i], &value);
		if (!own)
			value = inherited(look, names[i]);
		list = settings_expand(look->settings, value);
		if (list == NULL)
			return;
		read_order(look, span_of(list), &orders[i], 0);
		free(list);
		meant |= own && orders[i].names_map;
	}
	for (int i = 0; i < 2 && meant; i++) {
		if (orders[i].refuses[0] != '\0' && !orders[i].asks_map)
			report_order(look, scope, names[i], &orders[i]);
	}
}

/* NAME without the name of a list behind its last slash; false if it is none,
 * or if the other one of that service comes first. */
static bool scope_of(const struct look *look, struct span name, struct span *scope)
{
	struct span unused;
	size_t size = name.size;

	while (size > 0 && name.text[size - 1] != '/')
		size--;
	*scope = (struct span){ name.text, size };
	name = (struct span){ name.text + size, name.size - size };
	return word_is(name, RELAY) ||
	       (word_is(name, RECIPIENT) && !scoped(look, *scope, RELAY, &unused));
}

void postfix_order(const char *settings, const char *file,
    void (*each)(const struct finding *finding, void *arg), void *arg)
{
	const struct look look = { settings, file, each, arg };

	judge_order(&look, (struct span){ settings, 0 });
}

void postfix_judge(const char *settings, const char *file,
    void (*each)(const struct finding *finding, void *arg), void *arg)
{
	const struct look look = { settings, file, each, arg };
	const char *at = settings;
	struct span name, value, scope;

	while (settings_next(&at, &name, &value)) {
		char *expanded = settings_expand(settings, value);

		if (expanded == NULL)
			return;
		judge_value(&look, name, span_of(expanded), 0);
		free(expanded);
		if (scope_of(&look, name, &scope))
			judge_order(&look, scope);
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
