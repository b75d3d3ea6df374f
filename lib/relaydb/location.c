/* SPDX-License-Identifier: BSD-2-Clause
 *
 * location.c - the directory of the database, the names in it, and who may own
 * what
 *
 * Root works here in a directory that belongs to an ordinary user, who can put
 * anything under any name at any time.  So the directory is opened once and
 * everything else goes through that descriptor, never through a symbolic link,
 * and is looked at after it is open: what is not plainly ours is refused, not
 * repaired.
 * Limit: the directories that lead to the last one are the caller's to choose;
 * links among them are followed.
 */
#include "location.h"
#include "handle.h"
#include "io.h"
#include "known.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 8

static bool trusted(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

/* Splits PATH into directory and last name; false if there is no name to
 * open. */
static bool split(const char *path, char directory[PATH_MAX], char name[256])
{
	const char *slash = strrchr(path, '/'), *last = slash != NULL ? slash + 1 : path;
	size_t size = 1; /* "." or "/" */

	if (slash != NULL && slash != path)
		size = (size_t)(slash - path);
	if (*last == '\0' || strlen(last) > 255 || strcmp(last, ".") == 0 ||
	    strcmp(last, "..") == 0 || size >= PATH_MAX)
		return false;
	memcpy(directory, slash == NULL ? "." : path, size);
	directory[size] = '\0';
	strcpy(name, last);
	return true;
}

/* Opens the directory of PATH, which counts from the directory FROM, and makes
 * it LOCATION's. */
static int enter(
    struct relaydb *db, struct location *location, int from, const char *path, bool writing)
{
	char directory[PATH_MAX];
	int dir;

	if (!split(path, directory, location->name))
		return db_fail(db, RELAYDB_NOTDB, "%s is not the name of a file", db->path);
	dir = io_above_standard(
	    openat(from, directory, O_DIRECTORY | O_CLOEXEC | (writing ? O_RDONLY : O_PATH)));
	if (dir < 0)
		return db_fail_errno(db, "open the directory of", "", errno);
	if (location->dir >= 0)
		close(location->dir);
	location->dir = dir;
	if (fstat(dir, &location->directory) != 0)
		return db_fail_errno(db, "look at the directory of", "", errno);
	return RELAYDB_OK;
}

/* If the name is a symbolic link: takes one step.  Returns RELAYDB_NOTFOUND
 * when it is none. */
static int follow(struct relaydb *db, struct location *location, bool writing)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t size;

	if (fstatat(location->dir, location->name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISLNK(st.st_mode))
		return RELAYDB_NOTFOUND;
	size = readlinkat(location->dir, location->name, target, sizeof target);
	if (size <= 0 || (size_t)size >= sizeof target)
		return db_fail(db, RELAYDB_IO, "cannot read the symbolic link %s", db->path);
	target[size] = '\0';
	if (strchr(target, '/') == NULL && strlen(target) < sizeof location->name &&
	    strcmp(target, ".") != 0 && strcmp(target, "..") != 0) {
		strcpy(location->name, target);
		return RELAYDB_OK;
	}
	if (!trusted(location->directory.st_uid) ||
	    (!trusted(st.st_uid) && st.st_uid != location->directory.st_uid))
		return db_fail(db, RELAYDB_PERM,
		    "%s is a symbolic link that leads out of its directory, and uid %ld chose "
		    "where to",
		    db->path, (long)(trusted(st.st_uid) ? location->directory.st_uid : st.st_uid));
	return enter(db, location, location->dir, target, writing);
}

int location_open(struct relaydb *db, struct location *location, bool writing)
{
	int code;

	*location = (struct location){ .dir = -1, .mode = 0660 };
	code = enter(db, location, AT_FDCWD, db->path, writing);
	for (int links = 0; code == RELAYDB_OK; links++) {
		if (links == LINKS_MAX)
			code = db_fail(db, RELAYDB_NOTDB,
			    "%s leads through too many symbolic links", db->path);
		else
			code = follow(db, location, writing);
	}
	if (code == RELAYDB_NOTFOUND)
		return RELAYDB_OK;
	location_close(location);
	return code;
}

void location_close(struct location *location)
{
	if (location->dir >= 0)
		close(location->dir);
	location->dir = -1;
}

bool location_name(const struct location *location, const char *suffix, char out[256])
{
	int n = snprintf(out, 256, "%s%s", location->name, suffix);

	return n > 0 && n < 256;
}

int location_private(struct relaydb *db, const struct location *location, const struct stat *st)
{
	const struct stat *both[] = { &location->directory, st };
	static const char *const what[] = { "the directory of ", "" };

	for (size_t i = 0; i < 2; i++) {
		if (!trusted(both[i]->st_uid))
			return db_fail(db, RELAYDB_PERM,
			    "%s%s belongs to uid %ld, and a form of the database whose library "
			    "believes what it reads is only changed by its owner: become that user",
			    what[i], db->path, (long)both[i]->st_uid);
		if ((both[i]->st_mode & (S_IWGRP | S_IWOTH)) != 0)
			return db_fail(db, RELAYDB_PERM,
			    "%s%s is writable by %s (mode %04o), expected by its owner alone",
			    what[i], db->path,
			    both[i]->st_mode & S_IWOTH ? "everybody" : "its group",
			    both[i]->st_mode & 07777);
	}
	return RELAYDB_OK;
}

bool location_foreign(const struct location *location, const struct stat *st)
{
	return st->st_uid != 0 && st->st_uid != location->directory.st_uid;
}

/* What is made here is for OWNER and the directory's group, and nobody else
 * reads it, whatever the umask. */
static int adopt(
    struct relaydb *db, const struct location *location, const char *suffix, int fd, uid_t owner)
{
	if (fchmod(fd, location->mode) != 0)
		return db_fail_errno(db, "set the mode of", suffix, errno);
	if (geteuid() == 0 && fchown(fd, owner, location->directory.st_gid) != 0)
		return db_fail_errno(db, "set the owner of", suffix, errno);
	return RELAYDB_OK;
}

int location_give_back(
    struct relaydb *db, const struct location *location, int fd, const struct stat *st)
{
	if (geteuid() != 0 || !location_foreign(location, st))
		return RELAYDB_OK;
	return adopt(db, location, "", fd, 0);
}

static int make(struct relaydb *db, const struct location *location, const char *name,
    const char *suffix, int *fd)
{
	int code;

	*fd = io_above_standard(
	    openat(location->dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
	if (*fd < 0)
		return errno == EEXIST ? RELAYDB_NOTFOUND
				       : db_fail_errno(db, "create", suffix, errno);
	/* sendmail reads a map as root only if root owns it; the others are the
	 * recorder's */
	code = adopt(db, location, suffix, *fd, *suffix == '\0' ? 0 : location->directory.st_uid);
	if (code != RELAYDB_OK) {
		unlinkat(location->dir, name, 0);
		close(*fd);
		*fd = -1;
	}
	return code;
}

/* O_NONBLOCK: a fifo or a device that somebody put here must not hold us up. */
static int open_existing(struct relaydb *db, const struct location *location, const char *name,
    const char *suffix, bool writing, int *fd, struct stat *st)
{
	*fd = io_above_standard(openat(location->dir, name,
	    (writing ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
	if (*fd < 0) {
		if (errno == ENOENT)
			return RELAYDB_NOTFOUND;
		if (errno == ELOOP)
			return db_fail(db, RELAYDB_PERM, "%s%s is a symbolic link; remove it",
			    db->path, suffix);
		if (errno == EISDIR)
			return db_fail(db, RELAYDB_NOTDB, "%s%s is a directory, expected a file",
			    db->path, suffix);
		return db_fail_errno(db, "open", suffix, errno);
	}
	if (fstat(*fd, st) != 0)
		return db_fail_errno(db, "look at", suffix, errno);
	if (S_ISDIR(st->st_mode))
		return db_fail(
		    db, RELAYDB_NOTDB, "%s%s is a directory, expected a file", db->path, suffix);
	if (!S_ISREG(st->st_mode))
		return db_fail(db, RELAYDB_NOTDB, "%s%s is not a regular file", db->path, suffix);
	return RELAYDB_OK;
}

/* makemap changes the owner and keeps the group.  The directory's group can
 * read such a file already, so root gives nothing away by taking it over. */
static bool left_by_makemap(const struct location *location, const struct stat *st)
{
	return st->st_gid == location->directory.st_gid && (st->st_mode & S_IRGRP) != 0;
}

/* Who may write a file may link to it (proc(5), protected_hardlinks), and a
 * member of the directory's group who links to ours must not keep us from it
 * for good.  What is dangerous is a link that was made here, by the directory's
 * owner, to a file that he may not write. */
static bool links_harmless(const struct location *location, const struct stat *st)
{
	return st->st_nlink <= 1 ||
	       (st->st_uid == location->directory.st_uid &&
		   (location->directory.st_mode & (S_IWGRP | S_IWOTH)) == 0) ||
	       (st->st_gid == location->directory.st_gid && (st->st_mode & S_IWGRP) != 0);
}

/* Root makes what it changes readable to the directory's group.  So it must not
 * be the file of a third user, which the directory's owner may have linked or
 * moved here. */
static int map_allowed(struct relaydb *db, const struct location *location, const struct stat *st)
{
	if (geteuid() == 0 && !links_harmless(location, st))
		return db_fail(db, RELAYDB_PERM,
		    "%s has %ld hard links and belongs to uid %ld, not to its directory's owner",
		    db->path, (long)st->st_nlink, (long)st->st_uid);
	if (geteuid() == 0 && location_foreign(location, st) && !left_by_makemap(location, st))
		return db_fail(db, RELAYDB_PERM,
		    "%s belongs to uid %ld and group %ld, expected root or uid %ld, who owns the "
		    "directory, or a file that group %ld may read; if it is yours, give it to root",
		    db->path, (long)st->st_uid, (long)st->st_gid, (long)location->directory.st_uid,
		    (long)location->directory.st_gid);
	return RELAYDB_OK;
}

int location_open_map(struct relaydb *db, const struct location *location, bool writing,
    bool create, int *fd, struct stat *st)
{
	int code = open_existing(db, location, location->name, "", writing, fd, st);

	if (code == RELAYDB_NOTFOUND && create) {
		code = make(db, location, location->name, "", fd);
		if (code == RELAYDB_NOTFOUND) /* another was faster */
			code = open_existing(db, location, location->name, "", writing, fd, st);
		else if (code == RELAYDB_OK && fstat(*fd, st) != 0)
			code = db_fail_errno(db, "look at", "", errno);
	}
	if (code == RELAYDB_NOTFOUND)
		code = db_fail(db, RELAYDB_NOFILE, "%s does not exist", db->path);
	if (code == RELAYDB_OK && writing)
		code = map_allowed(db, location, st);
	if (code != RELAYDB_OK && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return code;
}

int location_keep_name(struct relaydb *db, const struct location *location, const struct stat *st)
{
	if (known_same(st, &db->named))
		return RELAYDB_OK;
	if (fsync(location->dir) != 0)
		return db_fail_errno(db, "sync the directory of", "", errno);
	db->named = *st;
	return RELAYDB_OK;
}

int location_settle(struct relaydb *db, int64_t now)
{
	struct location location;
	struct stat st;
	int code;

	if (now < 0 || now > RELAYDB_STAMP_MAX)
		return db_fail(db, RELAYDB_BADSTAMP, "%lld is not a valid time", (long long)now);
	code = location_open(db, &location, true);
	if (code == RELAYDB_NOFILE)
		return RELAYDB_OK;
	if (code == RELAYDB_OK &&
	    fstatat(location.dir, location.name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		code = location_keep_name(db, &location, &st);
	location_close(&location);
	return code;
}

/* Somebody's commit removed it between our open and our look. */
static bool gone(const struct stat *st)
{
	return st->st_nlink == 0;
}

static int companion_allowed(
    struct relaydb *db, const struct location *location, const char *suffix, const struct stat *st)
{
	if (!links_harmless(location, st))
		return db_fail(db, RELAYDB_PERM, "%s%s has %ld hard links, expected one; remove it",
		    db->path, suffix, (long)st->st_nlink);
	if (!trusted(st->st_uid) && st->st_uid != location->directory.st_uid)
		return db_fail(db, RELAYDB_PERM,
		    "%s%s belongs to uid %ld, expected root or the directory's owner; remove it",
		    db->path, suffix, (long)st->st_uid);
	return RELAYDB_OK;
}

/* One that is there.  Returns RELAYDB_NOTFOUND if there is none. */
static int companion_open(struct relaydb *db, const struct location *location, const char *name,
    const char *suffix, bool writing, int *fd)
{
	struct stat st = { .st_nlink = 0 };
	int code = open_existing(db, location, name, suffix, writing, fd, &st);

	if (code == RELAYDB_OK && gone(&st))
		code = RELAYDB_NOTFOUND;
	if (code == RELAYDB_OK)
		code = companion_allowed(db, location, suffix, &st);
	if (code != RELAYDB_OK && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return code;
}

/* What a commit left before it was decided goes, if it is ours to remove. */
static int leftover_remove(
    struct relaydb *db, const struct location *location, const char *name, const char *suffix)
{
	int fd;
	int code = companion_open(db, location, name, suffix, false, &fd);

	if (code == RELAYDB_NOTFOUND)
		return RELAYDB_OK;
	if (code == RELAYDB_OK)
		close(fd);
	/* which means that root was killed between making it and giving it
	 * away */
	else if (db->system_error != EACCES)
		return code;
	if (unlinkat(location->dir, name, 0) != 0 && errno != ENOENT)
		return db_fail_errno(db, "remove", suffix, errno);
	return RELAYDB_OK;
}

int location_companion(struct relaydb *db, const struct location *location, const char *suffix,
    enum location_want want, int *fd)
{
	bool writing = want == LOCATION_UPDATE || want == LOCATION_APPEND;
	char name[256];
	int code;

	*fd = -1;
	if (!location_name(location, suffix, name))
		return db_fail(db, RELAYDB_NOFILE, "%s: name too long", db->path);
	if (want == LOCATION_NEW) {
		code = leftover_remove(db, location, name, suffix);
		if (code == RELAYDB_OK)
			code = make(db, location, name, suffix, fd);
		if (code == RELAYDB_NOTFOUND)
			return db_fail(db, RELAYDB_PERM, "%s%s appeared while it was being made",
			    db->path, suffix);
		return code;
	}
	code = companion_open(db, location, name, suffix, writing, fd);
	if (code == RELAYDB_NOTFOUND && (want == LOCATION_KEEP || want == LOCATION_APPEND)) {
		code = make(db, location, name, suffix, fd);
		if (code == RELAYDB_NOTFOUND) /* another was faster */
			code = companion_open(db, location, name, suffix, writing, fd);
	}
	return code;
}

bool location_has(const struct location *location, const char *suffix)
{
	struct stat st;
	char name[256];

	return location_name(location, suffix, name) &&
	       fstatat(location->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int location_remove(struct relaydb *db, const struct location *location, const char *suffix)
{
	char name[256];

	if (!location_name(location, suffix, name))
		return db_fail(db, RELAYDB_NOFILE, "%s: name too long", db->path);
	if (unlinkat(location->dir, name, 0) != 0 && errno != ENOENT)
		return db_fail_errno(db, "remove", suffix, errno);
	if (fsync(location->dir) != 0)
		return db_fail_errno(db, "sync the directory of", "", errno);
	return RELAYDB_OK;
}
