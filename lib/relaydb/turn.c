/* SPDX-License-Identifier: BSD-2-Clause
 *
 * turn.c - a writer's turn, see turn.h
 */
#include "turn.h"
#include "handle.h"
#include "location.h"
#include "lock.h"
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#ifdef RELAYDB_TEST_STEPS
void (*relaydb_test_step)(const char *name);
#endif

/* Over a limit of its process (RLIMIT_FSIZE) a write would kill the login that
 * we run in; held back, it fails with EFBIG. */
static void signals_hold(struct turn *turn)
{
	sigset_t set;

	sigpending(&set);
	turn->xfsz_pending = sigismember(&set, SIGXFSZ) == 1;
	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &set, &turn->mask);
}

static void signals_release(const struct turn *turn)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	while (!turn->xfsz_pending && sigtimedwait(&set, NULL, &at_once) == SIGXFSZ)
		;
	pthread_sigmask(SIG_SETMASK, &turn->mask, NULL);
}

int turn_begin(struct turn *turn, struct relaydb *db, int64_t now)
{
	int code;

	*turn = (struct turn){ .db = db, .lock = -1, .now = now, .begun = db_clock_ms() };
	if (now < 0 || now > RELAYDB_STAMP_MAX)
		return db_fail(db, RELAYDB_BADSTAMP, "%lld is not a valid time", (long long)now);
	code = location_open(db, &turn->location, true);
	if (code == RELAYDB_OK)
		signals_hold(turn);
	return code;
}

void turn_end(struct turn *turn)
{
	turn_leave(turn);
	location_close(&turn->location);
	signals_release(turn);
}

int64_t turn_now(const struct turn *turn)
{
	return turn->now + (db_clock_ms() - turn->begun) / 1000;
}

int turn_unsynced(const struct turn *turn, int error)
{
	char buf[128];

	return db_fail(turn->db, RELAYDB_UNCERTAIN,
	    "the commit is recorded in %s, but its directory cannot be synced, and a crash of the "
	    "machine may undo it: %s",
	    turn->db->path, strerror_r(error, buf, sizeof buf));
}

bool turn_same_file(const struct location *location, const char *suffix, int fd)
{
	struct stat by_name, by_fd;
	char name[256];

	return location_name(location, suffix, name) &&
	       fstatat(location->dir, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(fd, &by_fd) == 0 && by_name.st_dev == by_fd.st_dev &&
	       by_name.st_ino == by_fd.st_ino;
}

/* Root was killed between making the lock and giving it away, and the recorder
 * cannot open it.  With the lock held, and so nobody in it, root removes it;
 * anyone who waits for it sees that the name leads elsewhere. */
static bool lock_remade(const struct turn *turn)
{
	struct stat st;
	char name[256];

	return geteuid() == 0 && fstat(turn->lock, &st) == 0 &&
	       st.st_uid != turn->location.directory.st_uid &&
	       location_name(&turn->location, LOCK_SUFFIX, name) &&
	       unlinkat(turn->location.dir, name, 0) == 0;
}

int turn_take(struct turn *turn)
{
	struct relaydb *db = turn->db;
	int code;

	do {
		code = location_companion(
		    db, &turn->location, LOCK_SUFFIX, LOCATION_KEEP, &turn->lock);
		if (code == RELAYDB_NOTFOUND) { /* it came and went while we looked */
			code = RELAYDB_OK;
			continue;
		}
		if (code == RELAYDB_OK)
			code = lock_wait(db, turn->lock, LOCK_EX, LOCK_SUFFIX);
		/* somebody may have removed it while we waited */
		if (code == RELAYDB_OK &&
		    turn_same_file(&turn->location, LOCK_SUFFIX, turn->lock) &&
		    !lock_remade(turn)) {
			STEP("alone");
			return RELAYDB_OK;
		}
		lock_close(&turn->lock);
	} while (code == RELAYDB_OK && db_clock_ms() < db->deadline);
	if (code != RELAYDB_OK)
		return code;
	return db_fail(db, RELAYDB_LOCKED, "%s%s keeps being removed by another process", db->path,
	    LOCK_SUFFIX);
}

void turn_leave(struct turn *turn)
{
	lock_close(&turn->lock);
}
