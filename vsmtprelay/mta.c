/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mta.c - see mta.h
 *
 * sendmail reads hash alone.  Postfix reads hash and lmdb, each if it is built or
 * installed; a SQLite file it keeps open, and does not see the one that a commit puts
 * in its place.  Exim reads hash by dbmnz if its hints are in Berkeley DB, and the
 * SQLite form by dbmnz if its hints are in SQLite, or by `lookup sqlite'; its lmdb
 * lookup does not take the locks under which the file is changed.
 * Limits: of Exim's configuration the word before the name of the file counts; a name
 * put together by macros is one that we do not know.
 */
#include "mta.h"

#include "postconf.h"
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum form { HASH, LMDB, SQLITE };

static const char *const suffixes[] = { ".db", ".lmdb", ".sqlite" };

struct look {
	const struct mta_facts *facts;
	const char *file;
	char stem[1024]; /* FILE without its suffix, as Postfix and sendmail name it */
	enum form form;
	void (*each)(const struct relaydb_finding *finding, void *arg);
	void *arg;
};

static const char *const exim_places[] = { "/usr/sbin/exim4", "/usr/sbin/exim", "/usr/exim/bin/exim", "/usr/local/sbin/exim",
	NULL };
/* where it is under a name that no other mail server has */
static const char *const sendmail_places[] = { "/usr/libexec/sendmail/sendmail", "/usr/lib/sm.bin/sendmail",
	"/usr/sbin/sendmail.sendmail", NULL };

/* ---- texts ---- */

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Is WORD, whole, in the first SIZE bytes of TEXT? */
static bool has_word(const char *text, size_t size, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(text, word); at != NULL && (size_t)(at - text) < size; at = strstr(at + 1, word))
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
	const struct relaydb_finding finding = { RELAYDB_FAULT, what, fix };

	look->each(&finding, look->arg);
}

/* "WHO cannot ...", and to convert the file into the form TO, which PAGE shows. */
static void report_form(const struct look *look, const char *what, enum form to, const char *page)
{
	char text[3072], fix[3072], file[1100];

	snprintf(text, sizeof text, "%s, so it cannot use %.1000s: nobody relays because of a login", what, look->file);
	file_of(look, file, sizeof file, to);
	snprintf(fix, sizeof fix, "vsmtprelay convert %.1000s %s, then name that file to whatever records, and as %s says",
	    look->file, file, page);
	report(look, text, fix);
}

/* ---- Postfix ---- */

/* The form that the type of map before AT, the place of our stem in SETTINGS, has. */
static bool type_before(const char *settings, const char *at, enum form *form)
{
	static const struct {
		const char *type;
		enum form form;
	} types[] = { { "hash:", HASH }, { "btree:", HASH }, { "lmdb:", LMDB } };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		size_t size = strlen(types[i].type);

		if ((size_t)(at - settings) >= size && strncmp(at - size, types[i].type, size) == 0) {
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
		report_form(look, "Postfix keeps a SQLite file open and does not see the one that a commit puts in its place",
		    has_word(types, strlen(types), "lmdb") ? LMDB : HASH, "docs/postfix.md");
	else if (look->form == HASH && !has_word(types, strlen(types), "hash"))
		report_form(look, "this Postfix has no hash: (postconf -m)", LMDB, "docs/postfix.md");
	else if (look->form == LMDB && !has_word(types, strlen(types), "lmdb")) {
		snprintf(what, sizeof what, "this Postfix has no lmdb: (postconf -m), so it cannot use %.1000s", look->file);
		report(look, what, "install its lmdb maps (Debian: apt install postfix-lmdb), then postfix reload");
	} else if (named != 0 && (named & 1U << look->form) == 0) {
		snprintf(what, sizeof what, "Postfix's configuration names %s:%.1000s, which is another file than %.1000s",
		    named & 1U << LMDB ? "lmdb" : "hash", look->stem, look->file);
		snprintf(fix, sizeof fix, "write %s:%.1000s there, then postfix reload; or use -f with the other file",
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

/* The word before AT in TEXT: the lookup in "dbmnz{FILE", "dbmnz;FILE", "sqlite,file=FILE"; "exists" in "exists{FILE". */
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

/* Which forms of our database do its settings name, and by which lookups ours? */
static unsigned exim_names(const struct look *look, struct lookups *lookups)
{
	const char *settings = look->facts->exim_settings;
	unsigned named = 0;
	char file[1100], word[16];

	*lookups = (struct lookups){ false, false, false };
	for (enum form form = HASH; settings != NULL && form <= SQLITE; form++) {
		if (!file_of(look, file, sizeof file, form))
			continue;
		for (const char *at = strstr(settings, file); at != NULL; at = strstr(at + 1, file)) {
			if (is_word_byte(at[strlen(file)]))
				continue;
			named |= 1U << form;
			word_before(settings, at, word);
			if (form != look->form)
				continue;
			lookups->dbmnz |= strcmp(word, "dbmnz") == 0;
			lookups->dbm |= strcmp(word, "dbm") == 0 || strcmp(word, "dbmjz") == 0;
			lookups->sqlite |= strcmp(word, "file") == 0 || strcmp(word, "sqlite_dbfile") == 0;
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
		report_form(look, "Exim does not take the locks under which an lmdb file is changed", berkeley ? HASH : SQLITE,
		    "docs/exim.md");
	else if (look->form == HASH && !berkeley)
		report_form(look, "this Exim has no Berkeley DB (exim -bV), and finds nothing without an error", SQLITE,
		    "docs/exim.md");
	else if (look->form == SQLITE && !lookup && !hints)
		report_form(look, "this Exim has no SQLite (exim -bV; Debian 12 and 13: package exim4-daemon-heavy)", HASH,
		    "docs/exim.md");
	else if (look->form == SQLITE && lookups->dbmnz && !hints)
		report(look,
		    "Exim's configuration asks the SQLite database by dbmnz, but its dbmnz reads Berkeley DB (exim -bV)",
		    "ask by lookup sqlite, as docs/exim.md says");
	else if (look->form == SQLITE && lookups->sqlite && !lookup)
		report(look, "Exim's configuration asks by lookup sqlite, which this Exim does not have (exim -bV)",
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
		snprintf(what, sizeof what, "Exim's configuration names %s, not %.1000s", other, look->file);
		report(look, what, "name the same file there, as docs/exim.md says; or use -f with the other file");
	}
	if (lookups.dbm)
		report(look, "Exim's configuration asks by dbm or dbmjz, for keys with a NUL, which the database has not",
		    "ask by dbmnz, as docs/exim.md says");
	judge_exim_form(look, &lookups);
}

/* ---- sendmail ---- */

static bool sendmail_names(const struct look *look)
{
	return look->facts->sendmail_settings != NULL && strstr(look->facts->sendmail_settings, look->stem) != NULL;
}

static void judge_sendmail(const struct look *look)
{
	const char *version = look->facts->sendmail_version;

	if (strstr(version, "NEWDB") == NULL)
		report(look, "this sendmail has no maps of type hash (sendmail -d0.1 -bt: no NEWDB)",
		    "install a sendmail that is built with Berkeley DB; it reads no other form of the database");
	else if (look->form != HASH)
		report_form(look, "sendmail reads maps of type hash alone", HASH, "sendmail-cf/README.md");
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

void mta_judge(
    const struct mta_facts *facts, const char *file, void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	struct look look = { .each = each, .arg = arg };
	bool postfix, exim, sendmail, none;
	struct lookups unused;

	if (strlen(file) >= sizeof look.stem)
		return;
	look_at(&look, facts, file);
	postfix = facts->postfix_types != NULL && postfix_names(&look) != 0;
	exim = facts->exim_version != NULL && exim_names(&look, &unused) != 0;
	sendmail = facts->sendmail_version != NULL && sendmail_names(&look);
	none = !postfix && !exim && !sendmail;
	if (facts->postfix_types != NULL && (postfix || none))
		judge_postfix(&look);
	if (facts->exim_version != NULL && (exim || none))
		judge_exim(&look);
	if (facts->sendmail_version != NULL && (sendmail || none))
		judge_sendmail(&look);
}

/* Can this user open FILE?  0, or an errno. */
static int try_as(const struct passwd *user, const char *file)
{
	int status, fd;
	pid_t pid = fork();

	if (pid == 0) {
		if (initgroups(user->pw_name, user->pw_gid) != 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
		    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0)
			_exit(0);
		fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		_exit(fd < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 0;
	return WEXITSTATUS(status);
}

/* exim_user = NAME or number */
static const struct passwd *exim_user(const char *text)
{
	const char *equals = strchr(text, '=');
	char name[64];

	if (equals == NULL || sscanf(equals + 1, " %63s", name) != 1)
		return NULL;
	return name[strspn(name, "0123456789")] == '\0' ? getpwuid((uid_t)strtoul(name, NULL, 10)) : getpwnam(name);
}

static void try_exim(const struct look *look)
{
	const struct passwd *user = exim_user(look->facts->exim_user);
	const struct group *group;
	char what[2500], fix[512];
	struct stat st;
	int error;

	if (user == NULL || stat(look->file, &st) != 0)
		return;
	error = try_as(user, look->file);
	if (error == 0)
		return;
	snprintf(
	    what, sizeof what, "Exim runs as %.64s, who cannot open %.1000s: %s", user->pw_name, look->file, strerror(error));
	group = getgrgid(st.st_gid);
	snprintf(fix, sizeof fix, "usermod -a -G %.128s %.64s, then restart Exim", group != NULL ? group->gr_name : "its-group",
	    user->pw_name);
	report(
	    look, what, st.st_gid != 0 && (st.st_mode & S_IRGRP) != 0 ? fix : "give the file to the group relayers, mode 0640");
}

static char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *text = fd >= 0 ? program_read(fd) : NULL;

	if (fd >= 0)
		close(fd);
	return text;
}

static void gather(struct mta_facts *facts)
{
	const char *exim = program_find(exim_places), *sendmail = program_find(sendmail_places), *complaint;

	facts->postfix_types = postconf_types();
	if (facts->postfix_types != NULL)
		facts->postfix_settings = postconf_text(&complaint);
	if (exim != NULL) {
		facts->exim_version = program_output(exim, (const char *[]){ "exim", "-bV", NULL });
		facts->exim_settings = program_output(exim, (const char *[]){ "exim", "-bP", "config", NULL });
		facts->exim_user = program_output(exim, (const char *[]){ "exim", "-bP", "exim_user", NULL });
	}
	if (sendmail != NULL) {
		facts->sendmail_version = program_output(sendmail, (const char *[]){ "sendmail", "-d0.1", "-bt", NULL });
		facts->sendmail_settings = read_file("/etc/mail/sendmail.cf");
	}
}

void mta_check(const char *file, void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	struct mta_facts facts = { 0 };
	struct look look = { .each = each, .arg = arg };
	char *whole = file[0] != '/' ? realpath(file, NULL) : NULL; /* as configurations name it */
	struct lookups unused;

	if (whole != NULL)
		file = whole;
	gather(&facts);
	mta_judge(&facts, file, each, arg);
	if (geteuid() == 0 && facts.exim_user != NULL && strlen(file) < sizeof look.stem) {
		look_at(&look, &facts, file);
		if (exim_names(&look, &unused) != 0)
			try_exim(&look);
	}
	free(whole);
	free(facts.postfix_types);
	free(facts.postfix_settings);
	free(facts.exim_version);
	free(facts.exim_settings);
	free(facts.exim_user);
	free(facts.sendmail_version);
	free(facts.sendmail_settings);
}
