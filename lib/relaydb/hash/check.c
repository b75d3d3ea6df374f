/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check.c - everything that makes an MTA refuse, ignore or misread the
 * database, each with what fixes it
 *
 * What sendmail demands of a map's directory and file comes from its safefile()
 * and the tests in tests/interop; it says nothing when it skips an optional map
 * (-o), and then nobody may relay.  Changes nothing but a cut-off commit.
 */
#include "check.h"
#include "examine.h"
#include "force.h"
#include "handle.h"
#include "image.h"
#include "location.h"
#include "queue.h"
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the directories ---- */

static void check_one_directory(const struct examine *check, const char *path)
{
	struct relaydb_finding finding = { .severity = RELAYDB_FAULT, .path = path };
	struct stat st;

	if (stat(path, &st) != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return;
	finding.fix = st.st_mode & S_ISVTX ? RELAYDB_FIX_PLACE : RELAYDB_FIX_CLOSE;
	examine_report(check, finding,
	    "the directory %s is writable by %s (mode %04o): sendmail ignores maps below it, and "
	    "says nothing if they are optional",
	    path, st.st_mode & S_IWOTH ? "everybody" : "its group", st.st_mode & 07777);
}

static void check_directories(const struct examine *check, const struct location *location)
{
	char path[PATH_MAX + 16];

	strcpy(path, check->directory);
	while (path[0] == '/' && path[1] != '\0') {
		check_one_directory(check, path);
		*strrchr(path, '/') = '\0';
	}
	if ((location->directory.st_mode & S_IXGRP) == 0)
		examine_report(check,
		    (struct relaydb_finding){ .severity = RELAYDB_WARNING,
			.fix = RELAYDB_FIX_ENTER,
			.path = check->directory },
		    "Exim's user cannot enter the directory %s (mode %04o)", check->directory,
		    location->directory.st_mode & 07777);
	if (faccessat(location->dir, "DB_CONFIG", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		snprintf(path, sizeof path, "%s/DB_CONFIG", check->directory);
		examine_report(check,
		    (struct relaydb_finding){
			.severity = RELAYDB_FAULT, .fix = RELAYDB_FIX_REMOVE, .path = path },
		    "%s changes how Postfix's Berkeley DB works on this map", path);
	}
}

/* ---- the files ---- */

static void check_companions(const struct examine *check, const struct location *location)
{
	static const char *const suffixes[] = { LOCK_SUFFIX, QUEUE_SUFFIX, NEW_SUFFIX,
		REDO_SUFFIX };
	char path[PATH_MAX + 512];

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		int fd, code;

		code = location_companion(check->db, location, suffixes[i], LOCATION_READ, &fd);
		if (fd >= 0)
			close(fd);
		if (code == RELAYDB_OK || code == RELAYDB_NOTFOUND ||
		    check->db->system_error == EACCES)
			continue; /* EACCES: the caller may not look, which is in order */
		snprintf(path, sizeof path, "%s%s", check->file, suffixes[i]);
		examine_report(check,
		    (struct relaydb_finding){
			.severity = RELAYDB_FAULT, .fix = RELAYDB_FIX_REMOVE, .path = path },
		    "%s: nobody can commit", relaydb_error(check->db));
	}
}

/* sendmail, though root, reads what the owner may read only if that is root or
 * its trusted user, else as group 0 or as others. */
static bool sendmail_reads(const struct stat *st)
{
	return st->st_uid == 0 || (st->st_gid == 0 && (st->st_mode & S_IRGRP) != 0) ||
	       (st->st_mode & S_IROTH) != 0;
}

static void check_owner(
    const struct examine *check, const struct location *location, const struct stat *st)
{
	bool group_writes =
	    st->st_gid == location->directory.st_gid && (st->st_mode & S_IWGRP) != 0;
	struct relaydb_finding finding = { .severity = RELAYDB_WARNING,
		.fix = RELAYDB_FIX_OWNER,
		.path = check->file,
		.uid = 0,
		.gid = location->directory.st_gid,
		.mode = 0660 };

	if (st->st_uid != location->directory.st_uid && !group_writes) {
		finding.severity = RELAYDB_FAULT;
		examine_report(check, finding,
		    "%s belongs to uid %ld and group %ld, its directory to uid %ld and group %ld, "
		    "so the recorder cannot write it",
		    check->file, (long)st->st_uid, (long)st->st_gid,
		    (long)location->directory.st_uid, (long)location->directory.st_gid);
	} else if (location_foreign(location, st)) {
		finding.fix = RELAYDB_FIX_ROOT;
		examine_report(check, finding, "%s belongs to uid %ld, as makemap leaves it",
		    check->file, (long)st->st_uid);
	} else if (!sendmail_reads(st))
		examine_report(check, finding,
		    "sendmail ignores %s, since it is uid %ld's and only that user and group %ld "
		    "may read it (Postfix and Exim do not mind)",
		    check->file, (long)st->st_uid, (long)st->st_gid);
	else if (st->st_gid != location->directory.st_gid && st->st_gid != 0)
		examine_report(check, finding, "%s has group %ld, its directory %ld", check->file,
		    (long)st->st_gid, (long)location->directory.st_gid);
}

/* sendmail and Postfix put .db behind the name they are told, where it is not
 * there. */
static void check_name(const struct examine *check, const struct location *location)
{
	size_t size = strlen(location->name);

	if (size > 3 && strcmp(location->name + size - 3, ".db") == 0)
		return;
	examine_report(check,
	    (struct relaydb_finding){
		.severity = RELAYDB_WARNING, .fix = RELAYDB_FIX_SUFFIX, .path = check->file },
	    "the name of %s does not end in .db: sendmail and Postfix look for %s.db", check->file,
	    check->file);
}

static void check_mode(const struct examine *check, unsigned mode)
{
	struct relaydb_finding finding = { .severity = RELAYDB_WARNING,
		.fix = RELAYDB_FIX_MODE,
		.path = check->file,
		.mode = 0660 };

	if (mode & S_IWOTH) {
		finding.severity = RELAYDB_FAULT;
		examine_report(check, finding,
		    "everybody may write %s (mode %04o): anybody can let himself relay",
		    check->file, mode);
		finding.severity = RELAYDB_WARNING;
	} else if (mode & S_IROTH)
		examine_report(check, finding,
		    "everybody may read %s (mode %04o), so anybody can hold its lock and stop mail",
		    check->file, mode);
	if ((mode & S_IRGRP) == 0)
		examine_report(check, finding,
		    "Exim's user, a member of the file's group, cannot read %s (mode %04o)",
		    check->file, mode);
}

static void check_file(
    const struct examine *check, const struct location *location, const struct stat *st)
{
	struct relaydb_finding finding = {
		.severity = RELAYDB_FINE, .fix = RELAYDB_FIX_LOAD, .path = check->file
	};

	check_name(check, location);
	check_mode(check, st->st_mode & 07777);
	check_owner(check, location, st);
	if (st->st_mtim.tv_sec > check->now + LEAD + 1)
		finding.severity = RELAYDB_FAULT;
	if (st->st_mtim.tv_sec > check->now + 1)
		examine_report(check, finding,
		    "the mtime of %s is %lld s ahead of the clock: until then an MTA that has the "
		    "map open does not see what makemap writes",
		    check->file, (long long)(st->st_mtim.tv_sec - check->now));
}

/* ---- the rows ---- */

static void check_style(const struct examine *check, const struct snapshot *snapshot)
{
	struct relaydb_finding finding = { .severity = RELAYDB_FAULT, .path = check->file };

	finding.fix = RELAYDB_FIX_EMPTY;
	if (snapshot->st.st_size == 0 && !snapshot->redone)
		examine_report(check, finding,
		    "%s is empty, no MTA can open it before the first commit", check->file);
	finding.fix = RELAYDB_FIX_COMMIT;
	if (check->nul > 0 && check->nul < check->rows)
		examine_report(check, finding,
		    "%zu of %zu rows of %s end with a NUL as postmap writes it: an MTA finds only "
		    "one of the two kinds",
		    check->nul, check->rows, check->file);
	finding.severity = RELAYDB_WARNING;
	if (check->nul > 0 && check->nul == check->rows)
		examine_report(check, finding,
		    "the rows of %s end with a NUL, as postmap writes them", check->file);
}

/* ---- all of it ---- */

/* Returns RELAYDB_OK when there are rows to look at, RELAYDB_NOTFOUND when a
 * finding says why there are none. */
static int check_snapshot(
    const struct examine *check, const struct location *location, struct snapshot *snapshot)
{
	int code = snapshot_take(check->db, location, false, snapshot);

	if (code == RELAYDB_OK) {
		code = snapshot_add_queue(check->db, snapshot);
		if (code != RELAYDB_OK)
			snapshot_free(snapshot);
		return code;
	}
	if (code == RELAYDB_NOFILE)
		examine_missing(check);
	else if (code == RELAYDB_NOTDB)
		examine_damage(check);
	else
		return code;
	return RELAYDB_NOTFOUND;
}

/* Returns RELAYDB_OK, or LOCKED: somebody is at work, so nothing can be
 * said. */
static int check_settle(const struct examine *check)
{
	struct relaydb_finding finding = {
		.severity = RELAYDB_FAULT, .fix = RELAYDB_FIX_AGAIN_SYSTEM, .path = check->db->path
	};
	int code = relaydb_settle(check->db, check->now);
	char said[sizeof check->db->error], redo[PATH_MAX + 64];

	if (code == RELAYDB_LOCKED)
		return code;
	snprintf(said, sizeof said, "%s",
	    code == RELAYDB_OK ? relaydb_notice(check->db) : relaydb_error(check->db));
	snprintf(redo, sizeof redo, "%s" REDO_SUFFIX, check->db->path);
	if (code == RELAYDB_PERM) {
		finding.severity = RELAYDB_WARNING;
		finding.fix = RELAYDB_FIX_AGAIN_OWNER;
		examine_report(check, finding,
		    "a commit is under way or was cut off, and you may not finish it: %s", said);
	} else if (code != RELAYDB_OK) {
		if (code == RELAYDB_NOTDB) {
			finding.fix = RELAYDB_FIX_REMOVE;
			finding.path = redo;
		}
		examine_report(
		    check, finding, "a commit was cut off and cannot be finished: %s", said);
	} else if (*said != '\0')
		examine_report(
		    check, (struct relaydb_finding){ .severity = RELAYDB_FINE }, "%s", said);
	return RELAYDB_OK;
}

int hash_check(struct relaydb *db, int64_t now,
    void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	struct examine check = { .db = db, .now = now, .each = each, .arg = arg };
	struct snapshot snapshot;
	struct location location;
	int code;

	code = check_settle(&check);
	if (code != RELAYDB_OK)
		return code;
	db_begin(db);
	code = location_open(db, &location, false);
	if (code == RELAYDB_NOFILE || code == RELAYDB_NOTDB) {
		examine_no_directory(&check);
		return RELAYDB_OK;
	}
	if (code != RELAYDB_OK)
		return code;
	examine_names(&check, &location);
	check_directories(&check, &location);
	check_companions(&check, &location);
	db_begin(db);
	code = check_snapshot(&check, &location, &snapshot);
	if (code == RELAYDB_OK && image_walk(&snapshot.image, examine_row, &check) != 0) {
		snapshot_free(&snapshot);
		code = db_fail(db, RELAYDB_NOMEM, "out of memory");
	}
	if (code == RELAYDB_OK) {
		check_file(&check, &location, &snapshot.st);
		check_style(&check, &snapshot);
		examine_rows(&check);
		snapshot_free(&snapshot);
	}
	location_close(&location);
	return code == RELAYDB_NOTFOUND ? RELAYDB_OK : code;
}
