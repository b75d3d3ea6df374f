/* SPDX-License-Identifier: BSD-2-Clause
 *
 * commit.c - puts new bytes into force: all or nothing, whatever happens, and seen by MTAs that have the map open
 *
 * sendmail and Postfix keep pages of the map in memory and look only at the whole seconds of its mtime to see that it is
 * another; they lock the file itself; and sendmail gives a session up when the map's inode changes under it.  So the inode
 * stays, the blocks that differ are overwritten under LOCK_EX, and mtime rises by a second at least.  What makes that safe is
 * PATH.redo, the record of these blocks: once its name is on disk the commit counts, and whoever comes next finishes it.
 *
 *  1 lock PATH.lock: writers of this suite, one at a time
 *  2 settle a PATH.redo that is there
 *  3 copy PATH into memory under LOCK_SH, prove it
 *  4 change a copy of that (the caller's transform); nothing changed: done
 *  5 write the record to PATH.new; LOCK_EX on PATH; is it still what was copied?  else again from 3; reserve the space;
 *    rename PATH.new to PATH.redo and sync the folder: from here the commit counts
 *  6 write the blocks, the meta page last; cut to size; set mtime
 *  7 unlock PATH, sync it
 *  8 remove PATH.redo, sync the folder
 *
 * Where mtime cannot be set (the file is somebody else's, our group may write it), the kernel's clock sets it at the write: so
 * the commit waits until that clock's second is past the file's.
 * Limit: where the file system cannot reserve space (no fallocate(2): NFS), a disk that fills up in step 6 leaves the redo, and
 * MTAs see a torn file until the next commit or check finds room to finish.
 */
#include "relaydb_int.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#ifdef RELAYDB_TEST_STEPS
void (*relaydb_test_step)(const char *name);
#endif

struct commit {
	struct relaydb *db;
	struct place place;
	int lock;
	int64_t now, begun; /* the caller's clock, and ours at that moment */
	bool kernel_mtime; /* we may write the file but not set its mtime */
	bool recorded; /* PATH.new is ours */
	bool counts; /* the record has its name: nothing takes it back */
	bool again; /* PATH changed meanwhile: from step 3 again */
	bool xfsz_pending; /* see signals_hold() */
	sigset_t mask;
};

static int64_t now_of(const struct commit *commit)
{
	return commit->now + (clock_ms() - commit->begun) / 1000;
}

static int again(struct commit *commit)
{
	commit->again = true;
	return fail(commit->db, RELAYDB_LOCKED, "%s is rewritten again and again by somebody else", commit->db->path);
}

/* Over a limit of its process (RLIMIT_FSIZE) a write would kill the login that we run in; held back, it fails with EFBIG. */
static void signals_hold(struct commit *commit)
{
	sigset_t set;

	sigpending(&set);
	commit->xfsz_pending = sigismember(&set, SIGXFSZ) == 1;
	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &set, &commit->mask);
}

static void signals_release(const struct commit *commit)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	while (!commit->xfsz_pending && sigtimedwait(&set, NULL, &at_once) == SIGXFSZ)
		;
	pthread_sigmask(SIG_SETMASK, &commit->mask, NULL);
}

/* ---- step 1 ---- */

/* The name still leads to the file in FD; somebody may have removed it while we waited. */
static bool same_file(const struct place *place, const char *suffix, int fd)
{
	struct stat by_name, by_fd;
	char name[256];

	return place_name(place, suffix, name) && fstatat(place->dir, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(fd, &by_fd) == 0 && by_name.st_dev == by_fd.st_dev && by_name.st_ino == by_fd.st_ino;
}

/* Root was killed between making the lock and giving it away, and the recorder cannot open it: with the lock held, and nobody
 * in it therefore, root removes it; whoever waits for it sees that it is not the same any more. */
static bool lock_remade(const struct commit *commit)
{
	struct stat st;
	char name[256];

	return geteuid() == 0 && fstat(commit->lock, &st) == 0 && st.st_uid != commit->place.folder.st_uid &&
	       place_name(&commit->place, LOCK_SUFFIX, name) && unlinkat(commit->place.dir, name, 0) == 0;
}

static int writers_lock(struct commit *commit)
{
	int code;

	do {
		code = place_companion(commit->db, &commit->place, LOCK_SUFFIX, PLACE_KEEP, &commit->lock);
		if (code == RELAYDB_NOTFOUND) { /* it came and went while we looked */
			code = RELAYDB_OK;
			continue;
		}
		if (code != RELAYDB_OK)
			return code;
		code = lock_wait(commit->db, commit->lock, LOCK_EX, LOCK_SUFFIX);
		if (code == RELAYDB_OK && same_file(&commit->place, LOCK_SUFFIX, commit->lock) && !lock_remade(commit))
			return RELAYDB_OK;
		lock_close(&commit->lock);
	} while (code == RELAYDB_OK && clock_ms() < commit->db->deadline);
	return code != RELAYDB_OK ? code
				  : fail(commit->db, RELAYDB_LOCKED, "%s%s is removed again and again by somebody",
					commit->db->path, LOCK_SUFFIX);
}

/* ---- owner and mtime ---- */

/* Will an MTA that has seen the mtime SEEN see that the kernel's clock sets another one now?  Further ahead than commits can
 * bring it, the clock was set back since: to record nobody for as long would be worse than what an MTA misses that looks for a
 * later mtime alone, which is new rows in sessions that were open before the clock was set. */
static bool mtime_passed(const struct commit *commit, int64_t seen)
{
	struct timespec kernel;

	return !commit->kernel_mtime || clock_gettime(CLOCK_REALTIME_COARSE, &kernel) != 0 || kernel.tv_sec > seen ||
	       seen - kernel.tv_sec > 2 * MTIME_LEAD;
}

/* Before PATH is locked: waits until the mtime that this commit will give is allowed.  SEEN is the latest that an MTA can have
 * seen, ST the file. */
static int mtime_wait(struct commit *commit, const struct stat *st, int64_t seen)
{
	struct relaydb *db = commit->db;
	int64_t left = db->deadline - clock_ms();

	if (geteuid() != 0 && geteuid() != st->st_uid)
		commit->kernel_mtime = true;
	if (!commit->kernel_mtime) {
		/* A loop of commits moves it ahead of the clock; by more than MTIME_LEAD only a clock that was set back does.
		 * One second a commit keeps both from growing.  A caller whose deadline is shorter than that goes on after half of
		 * it, the rest is for the lock: a client who may not send is worse than a makemap run that is noticed late. */
		if (seen + 1 - now_of(commit) > MTIME_LEAD)
			pause_ms(db, left < 2000 ? left / 2 : 1000);
		return RELAYDB_OK;
	}
	while (!mtime_passed(commit, seen)) {
		if (clock_ms() >= db->deadline)
			return fail(db, RELAYDB_LOCKED,
			    "the mtime of %s, %lld s from now, must pass before uid %ld may write it; root and uid %ld need "
			    "not wait",
			    db->path, (long long)(seen - time(NULL)) + 1, (long)geteuid(), (long)st->st_uid);
		pause_ms(db, 10);
	}
	return RELAYDB_OK;
}

/* Under LOCK_EX: tries whether mtime may be set, by setting what it is already. */
static int mtime_prepare(struct commit *commit, int fd, const struct stat *st)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, st->st_mtim };

	if (commit->kernel_mtime || futimens(fd, times) == 0)
		return RELAYDB_OK;
	if (errno != EPERM && errno != EACCES)
		return fail_errno(commit->db, "set the mtime of", "", errno);
	commit->kernel_mtime = true;
	return again(commit);
}

/* By a second at least.  It was ahead of the clock, perhaps, and whoever was cut off has made it fall to the clock by writing:
 * then the record knows how far an MTA has seen it.  Returns 0 or an errno. */
static int mtime_raise(const struct commit *commit, int fd, const struct redo *redo, const struct stat *before)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = before->st_mtim.tv_sec + 1 } };

	if (commit->kernel_mtime)
		return 0;
	if (times[1].tv_sec < redo_mtime(redo) + 1)
		times[1].tv_sec = (time_t)(redo_mtime(redo) + 1);
	if (times[1].tv_sec < now_of(commit))
		times[1].tv_sec = (time_t)now_of(commit);
	return futimens(fd, times) == 0 ? 0 : errno;
}

/* ---- steps 6 to 8 ---- */

/* The record is on disk under its name and FD is locked; BEFORE is FD before the first write.  Unlocks FD. */
static int put_in_force(struct commit *commit, int fd, const struct redo *redo, const struct stat *before)
{
	struct relaydb *db = commit->db;
	int error;

	commit->counts = true;
	error = redo_apply(redo, fd);
	STEP("written");
	if (error == 0)
		error = mtime_raise(commit, fd, redo, before);
	STEP("mtime");
	lock_release(fd);
	STEP("unlocked");
	if (error == 0 && fdatasync(fd) != 0)
		error = errno;
	errno = error;
	if (error != 0)
		return fail(db, RELAYDB_IO,
		    "the commit counts, but writing %s stopped: %m; the next commit or check finishes it", db->path);
	STEP("synced");
	if (place_remove(db, &commit->place, REDO_SUFFIX) != RELAYDB_OK)
		return fail(db, RELAYDB_IO, "the commit counts, but %s%s cannot be removed: %m", db->path, REDO_SUFFIX);
	STEP("removed");
	return RELAYDB_OK;
}

/* ---- step 2 ---- */

static int settle_stale(struct commit *commit)
{
	int code = place_remove(commit->db, &commit->place, REDO_SUFFIX);

	if (code == RELAYDB_OK)
		tell(commit->db, "%s%s belonged to a database that was replaced since; removed it", commit->db->path,
		    REDO_SUFFIX);
	return code;
}

/* FD is locked, IMAGE is what it holds.  Does the record finish it?  STALE: it belongs to another. */
static int settle_prove(struct commit *commit, int fd, const struct redo *redo, struct image *image, bool *stale)
{
	struct relaydb *db = commit->db;
	struct image_info info;
	int code;

	*stale = !redo_fits(redo, image);
	if (!same_file(&commit->place, "", fd))
		return again(commit);
	if (*stale)
		return RELAYDB_OK;
	code = redo_overlay(db, redo, image);
	if (code == RELAYDB_OK)
		code = image_prove(db, image, &info);
	return code == RELAYDB_NOTDB
		   ? fail(db, code, "%s%s would not make %s a relay database; remove it", db->path, REDO_SUFFIX, db->path)
		   : code;
}

/* FD is locked.  Unlocks it. */
static int settle_map(struct commit *commit, int fd, const struct redo *redo, struct stat *st)
{
	struct relaydb *db = commit->db;
	struct image image = { NULL, 0, false };
	bool stale = false;
	int code;

	if (fstat(fd, st) != 0)
		code = fail_errno(db, "look at", "", errno);
	else
		code = read_whole(db, fd, "", st, &image);
	if (code == RELAYDB_OK)
		code = settle_prove(commit, fd, redo, &image, &stale);
	image_free(&image);
	if (code == RELAYDB_OK && !stale)
		code = place_give_back(db, &commit->place, fd, st);
	if (code == RELAYDB_OK && !stale)
		code = mtime_prepare(commit, fd, st);
	if (code != RELAYDB_OK || stale) {
		lock_release(fd);
		return code == RELAYDB_OK ? settle_stale(commit) : code;
	}
	/* the dead writer's first block has made mtime fall to the clock */
	if (!mtime_passed(commit, redo_mtime(redo))) {
		lock_release(fd);
		code = mtime_wait(commit, st, redo_mtime(redo));
		return code == RELAYDB_OK ? again(commit) : code;
	}
	code = put_in_force(commit, fd, redo, st);
	if (code == RELAYDB_OK)
		tell(db, "finished a commit of %s that was cut off", db->path);
	return code;
}

static int settle_attempt(struct commit *commit, const struct redo *redo)
{
	struct relaydb *db = commit->db;
	struct stat st;
	int fd, code = place_open_map(db, &commit->place, true, false, &fd, &st);

	if (code != RELAYDB_OK)
		return code == RELAYDB_NOFILE ? settle_stale(commit) : code;
	code = mtime_wait(commit, &st, st.st_mtim.tv_sec);
	if (code == RELAYDB_OK)
		code = lock_wait(db, fd, LOCK_EX, "");
	if (code == RELAYDB_OK)
		code = settle_map(commit, fd, redo, &st);
	lock_close(&fd);
	return code;
}

/* Under the writers' lock: finishes or removes what a dead writer left. */
static int settle(struct commit *commit)
{
	struct relaydb *db = commit->db;
	struct redo redo;
	int fd, code = place_companion(db, &commit->place, REDO_SUFFIX, PLACE_READ, &fd);

	if (code != RELAYDB_OK)
		return code == RELAYDB_NOTFOUND ? RELAYDB_OK : code;
	code = redo_read(db, fd, &redo);
	close(fd);
	if (code != RELAYDB_OK)
		return code;
	do {
		commit->again = false;
		code = settle_attempt(commit, &redo);
	} while (commit->again && clock_ms() < db->deadline);
	redo_free(&redo);
	if (code == RELAYDB_IO && commit->counts)
		fail(db, code, "a commit of %s that was cut off cannot be finished: %m", db->path);
	commit->counts = false; /* that was the other's */
	return code;
}

/* ---- steps 3 to 5 ---- */

static int record_write(struct commit *commit, const struct redo *redo)
{
	struct relaydb *db = commit->db;
	int fd, error, code = place_companion(db, &commit->place, NEW_SUFFIX, PLACE_NEW, &fd);

	if (code != RELAYDB_OK)
		return code;
	commit->recorded = true;
	error = write_at(fd, redo->record.data, redo->record.size, 0);
	if (error != 0)
		code = fail_errno(db, "write", NEW_SUFFIX, error);
	else if (fsync(fd) != 0)
		code = fail_errno(db, "sync", NEW_SUFFIX, errno);
	close(fd);
	STEP("recorded");
	return code;
}

/* makemap and postmap rewrite the file in place, somebody may have put another in its place.  Within one tick of the kernel's
 * clock mtime does not tell; the meta page does, which has an id of the file and its number of rows. */
static bool unchanged(const struct commit *commit, const struct snapshot *snapshot)
{
	unsigned char meta[512];
	const struct stat *then = &snapshot->st;
	size_t size = snapshot->image.size < sizeof meta ? snapshot->image.size : sizeof meta;
	struct stat st;

	return fstat(snapshot->fd, &st) == 0 && st.st_size == then->st_size && st.st_mtim.tv_sec == then->st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == then->st_mtim.tv_nsec && same_file(&commit->place, "", snapshot->fd) &&
	       pread(snapshot->fd, meta, size, 0) == (ssize_t)size &&
	       (size == 0 || memcmp(meta, snapshot->image.data, size) == 0);
}

static bool has_space(int fd, const struct redo *redo, const struct stat *st)
{
	return (off_t)redo_new_size(redo) <= st->st_size && lseek(fd, 0, SEEK_HOLE) >= st->st_size;
}

/* A full disk must show before the commit counts.  FALLOC_FL_KEEP_SIZE fills the holes that Berkeley DB leaves and the room
 * behind the end; it touches mtime, which an MTA must never see fall, so a file that has all its space is left alone, and else
 * mtime is put back. */
static int reserve(const struct commit *commit, int fd, const struct redo *redo, const struct stat *st)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, st->st_mtim };
	int error = 0;

	if (has_space(fd, redo, st))
		return RELAYDB_OK;
	while (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)redo_new_size(redo)) != 0) {
		error = errno;
		if (error != EINTR)
			break;
		error = 0;
	}
	if (!commit->kernel_mtime && futimens(fd, times) != 0 && error == 0)
		error = errno;
	if (error == 0 || error == EOPNOTSUPP || error == ENOSYS)
		return RELAYDB_OK;
	return fail_errno(commit->db, "reserve space for", "", error);
}

/* The record gets the name under which it counts, or none. */
static int record_name(struct commit *commit)
{
	char new_name[256], redo_name[256];
	struct relaydb *db = commit->db;
	int error;

	if (!place_name(&commit->place, NEW_SUFFIX, new_name) || !place_name(&commit->place, REDO_SUFFIX, redo_name) ||
	    renameat(commit->place.dir, new_name, commit->place.dir, redo_name) != 0)
		return fail_errno(db, "rename", NEW_SUFFIX, errno);
	commit->recorded = false;
	STEP("renamed");
	if (fsync(commit->place.dir) == 0)
		return RELAYDB_OK;
	/* On disk or not, nobody knows: take it back while the lock keeps everybody from seeing it. */
	error = errno;
	if (unlinkat(commit->place.dir, redo_name, 0) == 0)
		return fail_errno(db, "sync the folder of", "", error);
	commit->counts = true;
	return fail(db, RELAYDB_IO,
	    "the commit may count: the folder of %s can be neither synced nor written; the next commit or check decides",
	    db->path);
}

/* Step 5 under LOCK_EX, then the rest.  Unlocks. */
static int take_effect(struct commit *commit, const struct snapshot *snapshot, const struct redo *redo)
{
	int code;

	STEP("locked");
	code = unchanged(commit, snapshot) ? RELAYDB_OK : again(commit);
	if (code == RELAYDB_OK)
		code = place_give_back(commit->db, &commit->place, snapshot->fd, &snapshot->st);
	if (code == RELAYDB_OK)
		code = mtime_prepare(commit, snapshot->fd, &snapshot->st);
	if (code == RELAYDB_OK)
		code = reserve(commit, snapshot->fd, redo, &snapshot->st);
	if (code == RELAYDB_OK)
		code = record_name(commit);
	if (code != RELAYDB_OK) {
		lock_release(snapshot->fd);
		return code;
	}
	STEP("counts");
	return put_in_force(commit, snapshot->fd, redo, &snapshot->st);
}

/* Makes the file that the snapshot did not find, empty: the record does the rest. */
static int map_create(struct commit *commit, struct snapshot *snapshot)
{
	int code = place_open_map(commit->db, &commit->place, true, true, &snapshot->fd, &snapshot->st);

	snapshot->st.st_size = 0; /* if another was faster it is not, and that is a change */
	return code;
}

/* An empty file that no commit filled is worse than none: no MTA can open it. */
static void map_uncreate(const struct commit *commit, const struct snapshot *snapshot)
{
	struct stat st;

	if (snapshot->fd >= 0 && flock(snapshot->fd, LOCK_EX | LOCK_NB) == 0 && fstat(snapshot->fd, &st) == 0 &&
	    st.st_size == 0 && same_file(&commit->place, "", snapshot->fd))
		unlinkat(commit->place.dir, commit->place.name, 0);
}

static int write_changes(struct commit *commit, struct snapshot *snapshot, const struct image *new)
{
	struct relaydb *db = commit->db;
	bool created = snapshot->fd < 0;
	struct redo redo;
	int code = redo_make(db, &snapshot->image, snapshot->st.st_mtim.tv_sec, new, &redo);

	if (code == RELAYDB_OK)
		code = record_write(commit, &redo);
	if (code == RELAYDB_OK && created)
		code = map_create(commit, snapshot);
	if (code == RELAYDB_OK)
		code = mtime_wait(commit, &snapshot->st, snapshot->st.st_mtim.tv_sec);
	if (code == RELAYDB_OK)
		code = lock_wait(db, snapshot->fd, LOCK_EX, "");
	if (code == RELAYDB_OK)
		code = take_effect(commit, snapshot, &redo);
	if (code != RELAYDB_OK && created && !commit->counts && !commit->again)
		map_uncreate(commit, snapshot);
	redo_free(&redo);
	return code;
}

/* Nothing is to be changed; but a file that makemap gave away goes back to its owner. */
static int leave(struct commit *commit, const struct snapshot *snapshot)
{
	struct relaydb *db = commit->db;
	int code;

	if (snapshot->fd < 0 || geteuid() != 0 || !place_foreign(&commit->place, &snapshot->st))
		return RELAYDB_OK;
	code = lock_wait(db, snapshot->fd, LOCK_EX, "");
	if (code == RELAYDB_OK)
		code = unchanged(commit, snapshot) ? place_give_back(db, &commit->place, snapshot->fd, &snapshot->st)
						   : again(commit);
	lock_release(snapshot->fd);
	return code;
}

static int attempt(struct commit *commit, bool create, transform *change, void *arg, struct relaydb_result *result)
{
	struct snapshot snapshot;
	struct image new = { NULL, 0, false };
	struct stat st;
	int code = snapshot_take(commit->db, &commit->place, true, &snapshot);

	if (code != RELAYDB_OK && (code != RELAYDB_NOFILE || !create))
		return code;
	STEP("copied");
	*result = (struct relaydb_result){ .rows = snapshot.info.rows, .mtime = snapshot.st.st_mtim.tv_sec };
	code = change(commit->db, &snapshot.image, &snapshot.info, arg, &new, result);
	STEP("changed");
	if (code == RELAYDB_OK && new.data != NULL) {
		code = write_changes(commit, &snapshot, &new);
		result->committed = code == RELAYDB_OK;
	} else if (code == RELAYDB_OK) {
		code = leave(commit, &snapshot);
	}
	if (snapshot.fd >= 0 && fstat(snapshot.fd, &st) == 0)
		result->mtime = st.st_mtim.tv_sec;
	image_free(&new);
	snapshot_free(&snapshot);
	return code;
}

static void commit_end(struct commit *commit)
{
	char name[256];

	if (commit->recorded && place_name(&commit->place, NEW_SUFFIX, name))
		unlinkat(commit->place.dir, name, 0);
	lock_close(&commit->lock);
	place_close(&commit->place);
	signals_release(commit);
}

static bool has_companion(const struct place *place, const char *suffix)
{
	struct stat st;
	char name[256];

	return place_name(place, suffix, name) && fstatat(place->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What is no database gets no lock beside it: somebody may have mistyped the name, and PATH.lock may mean something to others
 * (/etc/passwd.lock keeps useradd(8) out). */
static int before_first_lock(const struct commit *commit, bool create)
{
	struct snapshot snapshot;
	int code;

	if (has_companion(&commit->place, LOCK_SUFFIX) || has_companion(&commit->place, REDO_SUFFIX))
		return RELAYDB_OK;
	code = snapshot_take(commit->db, &commit->place, true, &snapshot);
	if (code == RELAYDB_OK)
		snapshot_free(&snapshot);
	return code == RELAYDB_NOFILE && create ? RELAYDB_OK : code;
}

static int commit_begin(struct commit *commit, struct relaydb *db, int64_t now, bool create)
{
	int code;

	call_begin(db);
	*commit = (struct commit){ .db = db, .lock = -1, .now = now, .begun = clock_ms() };
	if (now < 0 || now > RELAYDB_STAMP_MAX)
		return fail(db, RELAYDB_BADSTAMP, "%lld is no time of this clock", (long long)now);
	code = place_open(db, &commit->place, true);
	if (code != RELAYDB_OK)
		return code;
	signals_hold(commit);
	code = before_first_lock(commit, create);
	if (code == RELAYDB_OK)
		code = writers_lock(commit);
	STEP("alone");
	if (code == RELAYDB_OK)
		code = settle(commit);
	if (code != RELAYDB_OK)
		commit_end(commit);
	return code;
}

int commit_run(struct relaydb *db, int64_t now, bool create, transform *change, void *arg, struct relaydb_result *result)
{
	struct relaydb_result unwanted;
	struct commit commit;
	int code = commit_begin(&commit, db, now, create);

	if (result == NULL)
		result = &unwanted;
	if (code != RELAYDB_OK) {
		*result = (struct relaydb_result){ .committed = false };
		if (code == RELAYDB_IO)
			also(db, "; nothing was changed");
		return code;
	}
	do {
		commit.again = false;
		code = attempt(&commit, create, change, arg, result);
	} while (commit.again && clock_ms() < db->deadline);
	if (code == RELAYDB_IO && !commit.counts)
		also(db, "; nothing was changed");
	commit_end(&commit);
	return code;
}

int relaydb_settle(struct relaydb *db, int64_t now)
{
	struct commit commit;
	struct place place;
	int fd, code;

	call_begin(db);
	code = place_open(db, &place, false);
	if (code != RELAYDB_OK)
		return code == RELAYDB_NOFILE ? RELAYDB_OK : code;
	code = place_companion(db, &place, REDO_SUFFIX, PLACE_READ, &fd);
	place_close(&place);
	if (code == RELAYDB_NOTFOUND)
		return RELAYDB_OK;
	if (fd >= 0)
		close(fd);
	else if (code != RELAYDB_PERM || errno != EACCES) /* not to be read by us: whether it can be settled shows next */
		return code;
	code = commit_begin(&commit, db, now, false);
	if (code == RELAYDB_OK)
		commit_end(&commit);
	return code == RELAYDB_NOFILE ? RELAYDB_OK : code;
}
