/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mta.c - see mta.h
 *
 * sendmail reads hash alone.  Postfix reads hash and lmdb, each if it is built
 * or installed; a SQLite file it keeps open, and does not see the one that a
 * commit puts in its place.  Exim reads hash by dbmnz if its hints are in
 * Berkeley DB, and the SQLite form by dbmnz if its hints are in SQLite, or by
 * `lookup sqlite'; its lmdb lookup does not take the locks under which the file
 * is changed.
 * Limits: of Exim's configuration the word before the name of the
 * file counts; a name put together by macros is one that we do not know.
 */
#include "mta.h"

#include <stdio.h>
#include <string.h>

enum form { HASH, LMDB, SQLITE };

static const char *const suffixes[] = { ".db", ".lmdb", ".sqlite" };

struct look {
	const struct mta_facts *facts;
	const char *file;
	char stem[1024]; /* FILE without its suffix, as Postfix and sendmail name it */
	enum form form;
	void (*each)(const struct finding *finding, void *arg);
	void *arg;
};

/* ---- texts ---- */

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Is WORD, whole, in the first SIZE bytes of TEXT? */
static bool has_word(const char *text, size_t size, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(text, word); at != NULL && (size_t)(at - text) < size;
	     at = strstr(at + 1, word))
		if ((at == text || !is_word_byte(at[-1])) && !is_word_byte(at[length]))
			return true;
	return false;
}

static bool file_of(const struct look *look, char *file, size_t size, enum form form)
{
	return snprintf(file, size, "%s%s", look->stem, suffixes[form]) < (int)size;
}

static void report(const struct look *look, const char *what, const char *fix)
{
	const struct finding finding = { RELAYDB_FAULT, what, fix };

	look->each(&finding, look->arg);
}

/* "WHO cannot ...", and to convert the file into the form TO, which PAGE
 * shows. */
static void report_form(const struct look *look, const char *what, enum form to, const char *page)
{
	char text[3072], fix[3072], file[1100];

	snprintf(text, sizeof text,
	    "%s, so it cannot use %.1000s: nobody relays because of a login", what, look->file);
	file_of(look, file, sizeof file, to);
	snprintf(fix, sizeof fix,
	    "vsmtprelay convert %.1000s %s, then name that file to whatever records, and as %s "
	    "says",
	    look->file, file, page);
	report(look, text, fix);
}

/* ---- Postfix ---- */

/* The form that the type of map before AT, the place of our stem in SETTINGS,
 * has. */
static bool type_before(const char *settings, const char *at, enum form *form)
{
	static const struct {
		const char *type;
		enum form form;
	} types[] = { { "hash:", HASH }, { "btree:", HASH }, { "lmdb:", LMDB } };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		size_t size = strlen(types[i].type);

		if ((size_t)(at - settings) >= size &&
		    strncmp(at - size, types[i].type, size) == 0) {
			*form = types[i].form;
			return true;
		}
	}
	return false;
}

/* Which forms of our database do the settings name? */
static unsigned postfix_names(const struct look *look)
{
	const char *settings = look->facts->postfix_settings, *at = settings;
	size_t size = strlen(look->stem);
	unsigned named = 0;
	enum form form;

	if (settings == NULL)
		return 0;
	for (at = strstr(at, look->stem); at != NULL; at = strstr(at + 1, look->stem))
		if (!is_word_byte(at[size]) && at[size] != '-' && type_before(settings, at, &form))
			named |= 1U << form;
	return named;
}

static void judge_postfix(const struct look *look)
{
	const char *types = look->facts->postfix_types;
	unsigned named = postfix_names(look);
	char what[2500], fix[2500];

	if (look->form == SQLITE)
		report_form(look,
		    "Postfix keeps a SQLite file open and does not see the one that a commit puts "
		    "in its place",
		    has_word(types, strlen(types), "lmdb") ? LMDB : HASH, "docs/postfix.md");
	else if (look->form == HASH && !has_word(types, strlen(types), "hash"))
		report_form(
		    look, "this Postfix has no hash: (postconf -m)", LMDB, "docs/postfix.md");
	else if (look->form == LMDB && !has_word(types, strlen(types), "lmdb")) {
		snprintf(what, sizeof what,
		    "this Postfix has no lmdb: (postconf -m), so it cannot use %.1000s",
		    look->file);
		report(look, what,
		    "install its lmdb maps (Debian: apt install postfix-lmdb), then postfix "
		    "reload");
	} else if (named != 0 && (named & 1U << look->form) == 0) {
		snprintf(what, sizeof what,
		    "Postfix's configuration names %s:%.1000s, which is another file than %.1000s",
		    named & 1U << LMDB ? "lmdb" : "hash", look->stem, look->file);
		snprintf(fix, sizeof fix,
		    "write %s:%.1000s there, then postfix reload; or use -f with the other file",
		    look->form == LMDB ? "lmdb" : "hash", look->stem);
		report(look, what, fix);
	}
}

/* ---- Exim ---- */

/* The words of its "Lookups" lines. */
static bool exim_looks_up(const char *version, const char *word)
{
	const char *from = strstr(version, "Lookups"), *to;

	if (from == NULL)
		return false;
	to = strstr(from, "Authenticators");
	return has_word(from, to != NULL ? (size_t)(to - from) : strlen(from), word);
}

static bool exim_has_berkeley_db(const char *version)
{
	return strstr(version, "Berkeley DB") != NULL && exim_looks_up(version, "dbmnz");
}

static bool exim_has_sqlite_hints(const char *version)
{
	const char *hints = strstr(version, "Hints DB");

	return hints != NULL && strstr(hints, "sqlite3") != NULL && exim_looks_up(version, "dbmnz");
}

/* The word before AT in TEXT: the lookup in "dbmnz{FILE", "dbmnz;FILE",
 * "sqlite,file=FILE"; "exists" in "exists{FILE". */
static void word_before(const char *text, const char *at, char word[16])
{
	const char *end = at, *begin;
	size_t size;

	while (end > text && strchr(" \t{;=\"", end[-1]) != NULL)
		end--;
	for (begin = end; begin > text && is_word_byte(begin[-1]);)
		begin--;
	size = (size_t)(end - begin) < 15 ? (size_t)(end - begin) : 15;
	memcpy(word, begin, size);
	word[size] = '\0';
}

/* The lookups that Exim's settings ask our file by. */
struct lookups {
	bool dbmnz, dbm, sqlite;
};

/* Which forms of our database do its settings name, and by which lookups
 * ours? */
static unsigned exim_names(const struct look *look, struct lookups *lookups)
{
	const char *settings = look->facts->exim_settings;
	unsigned named = 0;
	char file[1100], word[16];

	*lookups = (struct lookups){ false, false, false };
	for (enum form form = HASH; settings != NULL && form <= SQLITE; form++) {
		if (!file_of(look, file, sizeof file, form))
			continue;
		for (const char *at = strstr(settings, file); at != NULL;
		     at = strstr(at + 1, file)) {
			if (is_word_byte(at[strlen(file)]))
				continue;
			named |= 1U << form;
			word_before(settings, at, word);
			if (form != look->form)
				continue;
			lookups->dbmnz |= strcmp(word, "dbmnz") == 0;
			lookups->dbm |= strcmp(word, "dbm") == 0 || strcmp(word, "dbmjz") == 0;
			lookups->sqlite |=
			    strcmp(word, "file") == 0 || strcmp(word, "sqlite_dbfile") == 0;
		}
	}
	return named;
}

static void judge_exim_form(const struct look *look, const struct lookups *lookups)
{
	const char *version = look->facts->exim_version;
	bool berkeley = exim_has_berkeley_db(version), hints = exim_has_sqlite_hints(version);
	bool lookup = exim_looks_up(version, "sqlite");

	if (look->form == LMDB)
		report_form(look,
		    "Exim does not take the locks under which an lmdb file is changed",
		    berkeley ? HASH : SQLITE, "docs/exim.md");
	else if (look->form == HASH && !berkeley)
		report_form(look,
		    "this Exim has no Berkeley DB (exim -bV), and finds nothing without an error",
		    SQLITE, "docs/exim.md");
	else if (look->form == SQLITE && !lookup && !hints)
		report_form(look,
		    "this Exim has no SQLite (exim -bV; Debian 12 and 13: package "
		    "exim4-daemon-heavy)",
		    HASH, "docs/exim.md");
	else if (look->form == SQLITE && lookups->dbmnz && !hints)
		report(look,
		    "Exim's configuration asks the SQLite database by dbmnz, but its dbmnz reads "
		    "Berkeley DB (exim -bV)",
		    "ask by lookup sqlite, as docs/exim.md says");
	else if (look->form == SQLITE && lookups->sqlite && !lookup)
		report(look,
		    "Exim's configuration asks by lookup sqlite, which this Exim does not have "
		    "(exim -bV)",
		    "ask by dbmnz, as docs/exim.md says");
}

static void judge_exim(const struct look *look)
{
	char what[2500], other[1100] = "";
	struct lookups lookups;
	unsigned named = exim_names(look, &lookups);

	if (named != 0 && (named & 1U << look->form) == 0) {
		for (enum form form = HASH; form <= SQLITE; form++)
			if ((named & 1U << form) != 0)
				file_of(look, other, sizeof other, form);
		snprintf(what, sizeof what, "Exim's configuration names %s, not %.1000s", other,
		    look->file);
		report(look, what,
		    "name the same file there, as docs/exim.md says; or use -f with the other "
		    "file");
	}
	if (lookups.dbm)
		report(look,
		    "Exim's configuration asks by dbm or dbmjz, for keys with a NUL, which the "
		    "database has not",
		    "ask by dbmnz, as docs/exim.md says");
	judge_exim_form(look, &lookups);
}

/* ---- sendmail ---- */

static bool sendmail_names(const struct look *look)
{
	return look->facts->sendmail_settings != NULL &&
	       strstr(look->facts->sendmail_settings, look->stem) != NULL;
}

static void judge_sendmail(const struct look *look)
{
	const char *version = look->facts->sendmail_version;

	if (strstr(version, "NEWDB") == NULL)
		report(look,
		    "this sendmail has no maps of type hash (sendmail -d0.1 -bt: no NEWDB)",
		    "install a sendmail that is built with Berkeley DB; it reads no other form of "
		    "the database");
	else if (look->form != HASH)
		report_form(
		    look, "sendmail reads maps of type hash alone", HASH, "sendmail-cf/README.md");
}

/* ---- all of them ---- */

static void look_at(struct look *look, const struct mta_facts *facts, const char *file)
{
	size_t size = strlen(file);

	look->facts = facts;
	look->file = file;
	look->form = HASH;
	for (enum form form = HASH; form <= SQLITE; form++) {
		size_t length = strlen(suffixes[form]);

		if (size > length && strcmp(file + size - length, suffixes[form]) == 0) {
			look->form = form;
			size -= length;
			break;
		}
	}
	snprintf(look->stem, sizeof look->stem, "%.*s", (int)size, file);
}

unsigned mta_naming(const struct mta_facts *facts, const char *file)
{
	struct look look = { 0 };
	struct lookups unused;
	unsigned naming = 0;

	if (strlen(file) >= sizeof look.stem)
		return 0;
	look_at(&look, facts, file);
	if (facts->postfix_types != NULL && postfix_names(&look) != 0)
		naming |= 1U << MTA_POSTFIX;
	if (facts->exim_version != NULL && exim_names(&look, &unused) != 0)
		naming |= 1U << MTA_EXIM;
	if (facts->sendmail_version != NULL && sendmail_names(&look))
		naming |= 1U << MTA_SENDMAIL;
	return naming;
}

void mta_judge(const struct mta_facts *facts, const char *file,
    void (*each)(const struct finding *finding, void *arg), void *arg)
{
	struct look look = { .each = each, .arg = arg };
	unsigned judged = mta_naming(facts, file);

	if (strlen(file) >= sizeof look.stem)
		return;
	if (judged == 0)
		judged = 1U << MTA_POSTFIX | 1U << MTA_EXIM | 1U << MTA_SENDMAIL;
	look_at(&look, facts, file);
	if (facts->postfix_types != NULL && (judged & 1U << MTA_POSTFIX) != 0)
		judge_postfix(&look);
	if (facts->exim_version != NULL && (judged & 1U << MTA_EXIM) != 0)
		judge_exim(&look);
	if (facts->sendmail_version != NULL && (judged & 1U << MTA_SENDMAIL) != 0)
		judge_sendmail(&look);
}
