/* SPDX-License-Identifier: BSD-2-Clause
 *
 * queue.c - changes that are recorded, but cannot be visible yet; see queue.h
 */
#include "queue.h"
#include "handle.h"
#include "image.h"
#include "io.h"
#include "location.h"
#include "lock.h"
#include "step.h"
#include "turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- adding ---- */

/* The one who waits has a lock of the kind that neither a forked child nor a
 * dead process keeps. */
static bool wait_alone(int fd)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_SETLK, &all) == 0;
}

/* While the queue is locked: what comes after this is for the next to wait
 * for. */
static void wait_no_more(int fd)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	fcntl(fd, F_SETLK, &all);
}

/* PATH.queue, locked and still under its name.  Returns RELAYDB_OK with *fd, or
 * what WANT and the lock can bring. */
static int open_locked(
    struct relaydb *db, const struct location *location, enum location_want want, int *fd)
{
	int code;

	do {
		code = location_companion(db, location, QUEUE_SUFFIX, want, fd);
		if (code == RELAYDB_OK)
			code = lock_wait(db, *fd, LOCK_EX, QUEUE_SUFFIX);
		if (code == RELAYDB_OK && turn_same_file(location, QUEUE_SUFFIX, *fd))
			return RELAYDB_OK;
		lock_close(fd);
		if (code == RELAYDB_NOTFOUND && want == LOCATION_READ)
			return code;
	} while ((code == RELAYDB_OK || code == RELAYDB_NOTFOUND) && db_clock_ms() < db->deadline);
	if (code != RELAYDB_OK && code != RELAYDB_NOTFOUND)
		return code;
	return db_fail(db, RELAYDB_LOCKED, "%s%s keeps being replaced by another process", db->path,
	    QUEUE_SUFFIX);
}

static int append_locked(
    struct relaydb *db, const struct location *location, int fd, const struct image *text)
{
	struct stat st;
	int error;

	if (fstat(fd, &st) != 0)
		return db_fail_errno(db, "look at", QUEUE_SUFFIX, errno);
	if (st.st_size < 0 || (size_t)st.st_size > QUEUE_MAX ||
	    text->size > QUEUE_MAX - (size_t)st.st_size)
		return db_fail(db, RELAYDB_NOMEM, "%s%s is full", db->path, QUEUE_SUFFIX);
	error = io_write(fd, text->data, text->size, st.st_size);
	if (error == 0 && fsync(fd) != 0)
		error = errno;
	/* a new one: a power cut must leave its name, too */
	if (error == 0 && st.st_size == 0 && fsync(location->dir) != 0)
		error = errno;
	if (error == 0)
		return RELAYDB_OK;
	if (ftruncate(fd, st.st_size) != 0) /* half a batch is left out by readers too */
		error = errno;
	return db_fail_errno(db, "write", QUEUE_SUFFIX, error);
}

int queue_append(
    struct relaydb *db, const struct location *location, const struct image *text, int *waiter)
{
	int fd, code;

	*waiter = -1;
	code = open_locked(db, location, LOCATION_APPEND, &fd);
	if (code == RELAYDB_OK)
		code = append_locked(db, location, fd, text);
	if (code == RELAYDB_OK)
		STEP("queued");
	if (code == RELAYDB_OK && wait_alone(fd)) {
		lock_release(fd);
		*waiter = fd;
		return RELAYDB_OK;
	}
	lock_close(&fd);
	return code;
}

bool queue_exists(const struct location *location)
{
	return location_has(location, QUEUE_SUFFIX);
}

bool queue_adopt(struct relaydb *db, const struct location *location, int *waiter)
{
	*waiter = -1;
	if (!queue_exists(location) ||
	    location_companion(db, location, QUEUE_SUFFIX, LOCATION_UPDATE, waiter) != RELAYDB_OK)
		return false;
	if (wait_alone(*waiter))
		return true;
	close(*waiter);
	*waiter = -1;
	return false;
}

/* ---- taking ---- */

int queue_read(struct relaydb *db, const struct location *location, bool lock, struct image *queue)
{
	struct stat st;
	int fd, code;

	*queue = (struct image){ NULL, 0, false };
	code = lock ? open_locked(db, location, LOCATION_READ, &fd)
		    : location_companion(db, location, QUEUE_SUFFIX, LOCATION_READ, &fd);
	if (code != RELAYDB_OK)
		return code == RELAYDB_NOTFOUND ? RELAYDB_OK : code;
	if (fstat(fd, &st) != 0)
		code = db_fail_errno(db, "look at", QUEUE_SUFFIX, errno);
	else if ((size_t)st.st_size > QUEUE_MAX)
		code = db_fail(db, RELAYDB_NOTDB, "%s%s is larger than any queue; remove it",
		    db->path, QUEUE_SUFFIX);
	else
		code = io_read(db, fd, QUEUE_SUFFIX, &st, queue);
	if (lock)
		wait_no_more(fd);
	lock_close(&fd);
	return code;
}

/* The batches behind the first SIZE bytes become the queue, as a new file under
 * its name. */
static int keep_rest(
    struct relaydb *db, const struct location *location, const struct image *queue, size_t size)
{
	char from[256], to[256];
	int fd, error, code;

	if (!location_name(location, NEW_SUFFIX, from) ||
	    !location_name(location, QUEUE_SUFFIX, to))
		return db_fail(db, RELAYDB_NOFILE, "%s: name too long", db->path);
	code = location_companion(db, location, NEW_SUFFIX, LOCATION_NEW, &fd);
	if (code != RELAYDB_OK)
		return code;
	error = io_write(fd, queue->data + size, queue->size - size, 0);
	if (error == 0 && fsync(fd) != 0)
		error = errno;
	close(fd);
	if (error == 0 && renameat(location->dir, from, location->dir, to) != 0)
		error = errno;
	if (error == 0)
		return RELAYDB_OK;
	unlinkat(location->dir, from, 0);
	return db_fail_errno(db, "write", NEW_SUFFIX, error);
}

static int drop_locked(
    struct relaydb *db, const struct location *location, int fd, size_t size, uint64_t sum)
{
	struct image queue;
	struct stat st;
	int code;

	if (fstat(fd, &st) != 0)
		return db_fail_errno(db, "look at", QUEUE_SUFFIX, errno);
	if ((size_t)st.st_size < size || (size_t)st.st_size > QUEUE_MAX)
		return RELAYDB_OK;
	code = io_read(db, fd, QUEUE_SUFFIX, &st, &queue);
	if (code != RELAYDB_OK)
		return code;
	if (io_sum(queue.data, size) == sum)
		code = size < queue.size ? keep_rest(db, location, &queue, size)
					 : location_remove(db, location, QUEUE_SUFFIX);
	image_free(&queue);
	return code;
}

int queue_drop(struct relaydb *db, const struct location *location, size_t size, uint64_t sum)
{
	int fd, code;

	if (size == 0)
		return RELAYDB_OK;
	code = open_locked(db, location, LOCATION_READ, &fd);
	if (code != RELAYDB_OK)
		return code == RELAYDB_NOTFOUND ? RELAYDB_OK : code;
	code = drop_locked(db, location, fd, size, sum);
	lock_close(&fd);
	return code;
}
