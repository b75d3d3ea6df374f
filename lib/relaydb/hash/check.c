/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check.c - everything that makes an MTA refuse, ignore or misread the
 * database, each with its fix
 *
 * What sendmail demands of a map's directory and file comes from its safefile()
 * and the tests in tests/interop; it says nothing when it skips an optional map
 * (-o), and then nobody may relay.  Changes nothing but a cut-off commit.
 */
#include "check.h"
#include "force.h"
#include "handle.h"
#include "image.h"
#include "location.h"
#include "queue.h"
#include "rows.h"
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_SIZE (6 * PATH_MAX + 1024) /* three paths for a shell and a sentence */

struct check {
	struct relaydb *db;
	int64_t now;
	void (*each)(const struct relaydb_finding *finding, void *arg);
	void *arg;
	char directory[PATH_MAX], file[PATH_MAX + 256]; /* for the sentences */
	char word[2 * PATH_MAX]; /* the file for a shell */
};

/* What is only counted, with the first as an example. */
struct kind {
	size_t count;
	char example[64];
};

struct survey {
	int64_t now;
	size_t rows, nul;
	struct kind spelling, no_address, no_stamp, future;
};

static void report(const struct check *check, enum relaydb_severity severity, const char *fix,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
static void report(const struct check *check, enum relaydb_severity severity, const char *fix,
    const char *format, ...)
{
	char what[TEXT_SIZE + 5120];
	struct relaydb_finding finding = { severity, what, fix };
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	check->each(&finding, check->arg);
}

/* PATH as one word of a shell, in quotes if need be; as it is where there is no
 * room for those. */
static void shell_word(const char *path, char *word, size_t size)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%";
	size_t n = 0;

	snprintf(word, size, "%s", path);
	if (path[strspn(path, plain)] == '\0' || 4 * strlen(path) + 3 > size)
		return;
	word[n++] = '\'';
	for (; *path != '\0'; path++) {
		if (*path == '\'') {
			memcpy(word + n, "'\\'", 3);
			n += 3;
		}
		word[n++] = *path;
	}
	word[n++] = '\'';
	word[n] = '\0';
}

static const char *fix_with(char *buf, size_t size, const char *command, const char *path)
{
	char word[2 * PATH_MAX];

	shell_word(path, word, sizeof word);
	snprintf(buf, size, "%s %s", command, word);
	return buf;
}

/* A command of vsmtprelay on this very file, whatever the default is. */
static const char *fix_here(
    const struct check *check, char *buf, size_t size, const char *arguments)
{
	snprintf(buf, size, "vsmtprelay -f %s %s", check->word, arguments);
	return buf;
}

/* ---- the directories ---- */

static void check_one_directory(const struct check *check, const char *path)
{
	char fix[TEXT_SIZE];
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		report(check, RELAYDB_FAULT,
		    st.st_mode & S_ISVTX ? "keep the database somewhere else"
					 : fix_with(fix, sizeof fix, "chmod go-w", path),
		    "the directory %s is writable by %s (mode %04o): sendmail ignores maps below "
		    "it, and says nothing if they are optional",
		    path, st.st_mode & S_IWOTH ? "everybody" : "its group", st.st_mode & 07777);
}

static void check_directories(struct check *check, const struct place *place)
{
	char link[64], path[PATH_MAX], fix[TEXT_SIZE];
	ssize_t size;

	snprintf(link, sizeof link, "/proc/self/fd/%d", place->dir);
	size = readlink(link, check->directory, sizeof check->directory - 1);
	check->directory[size > 0 ? size : 0] = '\0';
	snprintf(check->file, sizeof check->file, "%s/%s", check->directory, place->name);
	shell_word(check->file, check->word, sizeof check->word);
	strcpy(path, check->directory);
	while (path[0] == '/' && path[1] != '\0') {
		check_one_directory(check, path);
		*strrchr(path, '/') = '\0';
	}
	if ((place->directory.st_mode & S_IXGRP) == 0)
		report(check, RELAYDB_WARNING,
		    fix_with(fix, sizeof fix, "chmod g+x", check->directory),
		    "Exim's user cannot enter the directory %s (mode %04o)", check->directory,
		    place->directory.st_mode & 07777);
	if (faccessat(place->dir, "DB_CONFIG", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		snprintf(path, sizeof path, "%.4000s/DB_CONFIG", check->directory);
		report(check, RELAYDB_FAULT, fix_with(fix, sizeof fix, "rm", path),
		    "%s/DB_CONFIG changes how Postfix's Berkeley DB works on this map",
		    check->directory);
	}
}

/* ---- the files ---- */

static void check_companions(const struct check *check, const struct place *place)
{
	static const char *const suffixes[] = { LOCK_SUFFIX, QUEUE_SUFFIX, NEW_SUFFIX,
		REDO_SUFFIX };
	char fix[TEXT_SIZE];

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		int fd, code;

		code = place_companion(check->db, place, suffixes[i], PLACE_READ, &fd);
		if (fd >= 0)
			close(fd);
		if (code == RELAYDB_OK || code == RELAYDB_NOTFOUND ||
		    check->db->system_error == EACCES)
			continue; /* EACCES: the caller may not look, which is in order */
		snprintf(fix, sizeof fix, "rm %s%s", check->word, suffixes[i]);
		report(
		    check, RELAYDB_FAULT, fix, "%s: nobody can commit", relaydb_error(check->db));
	}
}

/* sendmail, though root, reads what the owner may read only if that is root or
 * its trusted user, else as group 0 or as others. */
static bool sendmail_reads(const struct stat *st)
{
	return st->st_uid == 0 || (st->st_gid == 0 && (st->st_mode & S_IRGRP) != 0) ||
	       (st->st_mode & S_IROTH) != 0;
}

static void check_owner(const struct check *check, const struct place *place, const struct stat *st)
{
	bool group_writes = st->st_gid == place->directory.st_gid && (st->st_mode & S_IWGRP) != 0;
	char fix[TEXT_SIZE];

	snprintf(fix, sizeof fix, "chown root:%ld %s && chmod 0660 %s",
	    (long)place->directory.st_gid, check->word, check->word);
	if (st->st_uid != place->directory.st_uid && !group_writes)
		report(check, RELAYDB_FAULT, fix,
		    "%s belongs to uid %ld and group %ld, its directory to uid %ld and group %ld, "
		    "so the recorder cannot write it",
		    check->file, (long)st->st_uid, (long)st->st_gid, (long)place->directory.st_uid,
		    (long)place->directory.st_gid);
	else if (place_foreign(place, st))
		report(check, RELAYDB_WARNING,
		    "nothing to do: the next of our commands that root runs makes it root's",
		    "%s belongs to uid %ld, as makemap leaves it", check->file, (long)st->st_uid);
	else if (!sendmail_reads(st))
		report(check, RELAYDB_WARNING, fix,
		    "sendmail ignores %s, since it is uid %ld's and only that user and group %ld "
		    "may read it (Postfix and Exim do not mind)",
		    check->file, (long)st->st_uid, (long)st->st_gid);
	else if (st->st_gid != place->directory.st_gid && st->st_gid != 0)
		report(check, RELAYDB_WARNING, fix, "%s has group %ld, its directory %ld",
		    check->file, (long)st->st_gid, (long)place->directory.st_gid);
}

/* sendmail and Postfix put .db behind the name they are told, where it is not
 * there. */
static void check_name(const struct check *check, const struct place *place)
{
	size_t size = strlen(place->name);
	char fix[TEXT_SIZE];

	if (size > 3 && strcmp(place->name + size - 3, ".db") == 0)
		return;
	snprintf(fix, sizeof fix, "mv %s %s.db", check->word, check->word);
	report(check, RELAYDB_WARNING, fix,
	    "the name of %s does not end in .db: sendmail and Postfix look for %s.db", check->file,
	    check->file);
}

static void check_file(const struct check *check, const struct place *place, const struct stat *st)
{
	char fix[TEXT_SIZE];
	unsigned mode = st->st_mode & 07777;

	check_name(check, place);
	if (mode & S_IWOTH)
		report(check, RELAYDB_FAULT, fix_with(fix, sizeof fix, "chmod 0660", check->file),
		    "everybody may write %s (mode %04o): anybody can let himself relay",
		    check->file, mode);
	else if (mode & S_IROTH)
		report(check, RELAYDB_WARNING, fix_with(fix, sizeof fix, "chmod 0660", check->file),
		    "everybody may read %s (mode %04o), so anybody can hold its lock and stop mail",
		    check->file, mode);
	if ((mode & S_IRGRP) == 0)
		report(check, RELAYDB_WARNING, fix_with(fix, sizeof fix, "chmod 0660", check->file),
		    "Exim's user, a member of the file's group, cannot read %s (mode %04o)",
		    check->file, mode);
	check_owner(check, place, st);
	if (st->st_mtim.tv_sec > check->now + 1)
		report(check,
		    st->st_mtim.tv_sec > check->now + LEAD + 1 ? RELAYDB_FAULT : RELAYDB_FINE,
		    fix_here(check, fix, sizeof fix, "load FILE, instead of makemap, until then"),
		    "the mtime of %s is %lld s ahead of the clock: until then an MTA that has the "
		    "map open does not see what makemap writes",
		    check->file, (long long)(st->st_mtim.tv_sec - check->now));
}

/* ---- the rows ---- */

static void count(struct kind *kind, const struct row *row)
{
	size_t size =
	    row->key.size < sizeof kind->example - 1 ? row->key.size : sizeof kind->example - 1;
	const unsigned char *key = row->key.data;

	if (kind->count++ > 0)
		return;
	for (size_t i = 0; i < size; i++)
		kind->example[i] = (char)(key[i] < ' ' || key[i] >= 0x7f ? '?' : key[i]);
	kind->example[size] = '\0';
}

static int survey_row(struct bytes key, struct bytes value, void *arg)
{
	struct survey *survey = arg;
	struct row row;

	row_parse(key, value, &row);
	survey->rows++;
	survey->nul += row.nul;
	if (!row.address_ok)
		count(&survey->no_address, &row);
	else if (strlen(row.text) != row.key.size ||
		 memcmp(row.text, row.key.data, row.key.size) != 0)
		count(&survey->spelling, &row);
	if (row.address_ok && !row.entry)
		count(&survey->no_stamp, &row);
	if (row.entry && row.stamp > survey->now)
		count(&survey->future, &row);
	return 0;
}

static void check_style(
    const struct check *check, const struct snapshot *snapshot, const struct survey *survey)
{
	char fix[TEXT_SIZE];

	if (snapshot->st.st_size == 0 && !snapshot->redone)
		report(check, RELAYDB_FAULT, fix_here(check, fix, sizeof fix, "load /dev/null"),
		    "%s is empty, no MTA can open it before the first commit", check->file);
	if (survey->nul > 0 && survey->nul < survey->rows)
		report(check, RELAYDB_FAULT, "the next commit that changes a row converts it",
		    "%zu of %zu rows of %s end with a NUL as postmap writes it: an MTA finds only "
		    "one of the two kinds",
		    survey->nul, survey->rows, check->file);
	else if (survey->nul > 0)
		report(check, RELAYDB_WARNING,
		    "nothing to do: the next commit that changes a row converts it",
		    "the rows of %s end with a NUL, as postmap writes them", check->file);
}

static void check_rows(const struct check *check, const struct survey *survey)
{
	char dump[TEXT_SIZE], delete[TEXT_SIZE];

	snprintf(dump, sizeof dump, "vsmtprelay -f %s dump >F, edit F, vsmtprelay -f %s load F",
	    check->word, check->word);
	fix_here(check, delete, sizeof delete, "delete ADDRESS, if that is not meant");
	if (survey->spelling.count > 0)
		report(check, RELAYDB_FAULT,
		    "nothing to do: the next commit that changes a row rewrites them",
		    "%zu of %zu rows have an address in a form no MTA asks for, such as %s",
		    survey->spelling.count, survey->rows, survey->spelling.example);
	if (survey->no_address.count > 0)
		report(check, RELAYDB_WARNING, dump,
		    "%zu of %zu rows are not for one address, such as %s; that never expires",
		    survey->no_address.count, survey->rows, survey->no_address.example);
	if (survey->no_stamp.count > 0)
		report(check, RELAYDB_WARNING, dump,
		    "%zu of %zu rows have a value that is no stamp, such as %s; that may relay for "
		    "ever",
		    survey->no_stamp.count, survey->rows, survey->no_stamp.example);
	if (survey->future.count > 0)
		report(check, RELAYDB_WARNING, delete,
		    "%zu of %zu rows have a stamp in the future, such as %s; that does not expire "
		    "before then",
		    survey->future.count, survey->rows, survey->future.example);
}

/* ---- all of it ---- */

/* Returns RELAYDB_OK when there are rows to look at, RELAYDB_NOTFOUND when a
 * finding says why there are none. */
static int check_snapshot(
    const struct check *check, const struct place *place, struct snapshot *snapshot)
{
	int code = snapshot_take(check->db, place, false, snapshot);
	char fix[TEXT_SIZE];

	if (code == RELAYDB_OK) {
		code = snapshot_add_queue(check->db, snapshot);
		if (code != RELAYDB_OK)
			snapshot_free(snapshot);
		return code;
	}

	if (code == RELAYDB_NOFILE)
		report(check, RELAYDB_FAULT,
		    fix_here(check, fix, sizeof fix, "load /dev/null, which makes an empty one"),
		    "%s does not exist", check->file);
	else if (code == RELAYDB_NOTDB) {
		/* a file of another system is whole: its rows must not be
		 * thrown away */
		if (strstr(relaydb_error(check->db), "makemap -u") != NULL)
			snprintf(fix, sizeof fix,
			    "mv %s %s.foreign, then vsmtprelay -f %s load what makemap -u printed "
			    "there",
			    check->word, check->word, check->word);
		else
			snprintf(fix, sizeof fix,
			    "mv %s %s.damaged, then vsmtprelay -f %s load a dump, or /dev/null",
			    check->word, check->word, check->word);
		report(check, RELAYDB_FAULT, fix, "%s", relaydb_error(check->db));
	} else
		return code;
	return RELAYDB_NOTFOUND;
}

/* Returns RELAYDB_OK, or LOCKED: somebody is at work, so nothing can be
 * said. */
static int check_settle(const struct check *check)
{
	int code = relaydb_settle(check->db, check->now);
	char said[sizeof check->db->error], word[2 * PATH_MAX], fix[TEXT_SIZE], again[TEXT_SIZE];

	if (code == RELAYDB_LOCKED)
		return code;
	shell_word(check->db->path, word, sizeof word);
	snprintf(said, sizeof said, "%s",
	    code == RELAYDB_OK ? relaydb_notice(check->db) : relaydb_error(check->db));
	snprintf(fix, sizeof fix, "rm %s" REDO_SUFFIX, word);
	snprintf(again, sizeof again, "vsmtprelay -f %s check, %s", word,
	    code == RELAYDB_PERM ? "as root or the directory's owner"
				 : "after freeing disk space or repairing the disk");
	if (code == RELAYDB_PERM)
		report(check, RELAYDB_WARNING, again,
		    "a commit is under way or was cut off, and you may not finish it: %s", said);
	else if (code == RELAYDB_NOTDB)
		report(check, RELAYDB_FAULT, fix, "a commit was cut off and cannot be finished: %s",
		    said);
	else if (code != RELAYDB_OK)
		report(check, RELAYDB_FAULT, again,
		    "a commit was cut off and cannot be finished: %s", said);
	else if (*said != '\0')
		report(check, RELAYDB_FINE, "", "%s", said);
	return RELAYDB_OK;
}

int hash_check(struct relaydb *db, int64_t now,
    void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	struct check check = { .db = db, .now = now, .each = each, .arg = arg };
	struct survey survey = { .now = now };
	struct snapshot snapshot;
	struct place place;
	int code;

	code = check_settle(&check);
	if (code != RELAYDB_OK)
		return code;
	db_begin(db);
	code = place_open(db, &place, false);
	if (code == RELAYDB_NOFILE || code == RELAYDB_NOTDB) {
		report(&check, RELAYDB_FAULT,
		    "make the directory, owned by the recorder's user, mode 0755", "%s",
		    relaydb_error(db));
		return RELAYDB_OK;
	}
	if (code != RELAYDB_OK)
		return code;
	check_directories(&check, &place);
	check_companions(&check, &place);
	db_begin(db);
	code = check_snapshot(&check, &place, &snapshot);
	if (code == RELAYDB_OK && image_walk(&snapshot.image, survey_row, &survey) != 0) {
		snapshot_free(&snapshot);
		code = db_fail(db, RELAYDB_NOMEM, "out of memory");
	}
	if (code == RELAYDB_OK) {
		check_file(&check, &place, &snapshot.st);
		check_style(&check, &snapshot, &survey);
		check_rows(&check, &survey);
		report(&check, RELAYDB_FINE, "", "%s has %zu row%s", check.file, survey.rows,
		    survey.rows == 1 ? "" : "s");
		snapshot_free(&snapshot);
	}
	place_close(&place);
	return code == RELAYDB_NOTFOUND ? RELAYDB_OK : code;
}
