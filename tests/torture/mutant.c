/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mutant.c - vsmtprelay with one fault in its commit, for tests of the tests;
 * $RELAYDB_FAULT names the fault:
 *
 *	mtime		is left to the kernel's clock
 *	rename		the new rows come as another file under the same name
 *	sync-record	the record is not synced before it gets its name
 *	sync-name	the directory is not synced before blocks are written
 *	sync-map	the blocks are not synced before the record goes
 *	sync-removal	the directory is not synced after that
 *	lock-map	nobody waits for readers, MTAs among them
 *	lock-writers	nobody waits for another writer
 *
 * Without it, this is the ordinary command.  The faults come from what stands
 * below in place of the calls that turn.c, force.c, attempt.c and location.c
 * make; there is nothing of them in the library.
 */
#include "lock.h"
#include "redo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool faulty(const char *fault)
{
	const char *chosen = getenv("RELAYDB_FAULT");

	return chosen != NULL && strcmp(chosen, fault) == 0;
}

static int mutant_futimens(int fd, const struct timespec times[2])
{
	return faulty("mtime") ? 0 : futimens(fd, times);
}

static int mutant_fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && faulty(S_ISDIR(st.st_mode) ? "sync-name" : "sync-record"))
		return 0;
	return fsync(fd);
}

static int mutant_fdatasync(int fd)
{
	return faulty("sync-map") ? 0 : fdatasync(fd);
}

static int mutant_lock_wait(struct relaydb *db, int fd, int operation, const char *suffix)
{
	return faulty(*suffix == '\0' ? "lock-map" : "lock-writers")
		   ? RELAYDB_OK
		   : lock_wait(db, fd, operation, suffix);
}

/* The file in FD with the record's blocks, as another file that takes its
 * name. */
static int mutant_redo_apply(const struct redo *redo, int fd)
{
	char link[64], path[4096], copy[4200], block[4096];
	ssize_t size;
	FILE *to;
	int error;

	if (!faulty("rename"))
		return redo_apply(redo, fd);
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof path - 1);
	if (size < 0)
		abort();
	path[size] = '\0';
	snprintf(copy, sizeof copy, "%s.other", path);
	to = fopen(copy, "w+e");
	if (to == NULL)
		abort();
	for (off_t at = 0; (size = pread(fd, block, sizeof block, at)) > 0; at += size)
		fwrite(block, 1, (size_t)size, to);
	fflush(to);
	error = redo_apply(redo, fileno(to));
	if (rename(copy, path) != 0)
		abort();
	fclose(to);
	return error;
}

#define futimens mutant_futimens
#define fsync mutant_fsync
#define fdatasync mutant_fdatasync
#define lock_wait mutant_lock_wait
#define redo_apply mutant_redo_apply
#include "../../lib/relaydb/hash/attempt.c"
#include "../../lib/relaydb/hash/force.c"
#include "../../lib/relaydb/turn.c"
#undef fsync

static int mutant_fsync_removal(int fd)
{
	return faulty("sync-removal") ? 0 : fsync(fd);
}

#define fsync mutant_fsync_removal
#include "../../lib/relaydb/location.c"
