/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lock.c - waiting for a lock, but not for ever, and not behind readers that
 * come after us
 *
 * sendmail, Postfix and makemap lock the database itself, so there is no other
 * lock to take.  flock(2) has no deadline, and a library can neither fork nor
 * take a signal; a helper thread would need pthread_cancel(3), which loads a
 * library at its first call and ends the process where it cannot (a sandbox, a
 * chroot).  So: ask again and again, in short steps.
 *
 * The kernel is not fair: while one reader holds a shared lock others are let
 * in, and a writer waits for a moment without any.  MTAs hold the lock for
 * microseconds and leave such moments: of 1,000 lookups a second that take 100
 * us each, 90 in a hundred.  Our own readers copy the whole file under it, and
 * a few of them need not leave any.  Therefore a writer closes a gate first, a
 * byte of an fcntl(2) lock far behind the end of the database, and readers of
 * this library wait at it.  It is of the POSIX kind, which neither a forked
 * child keeps nor a dead process.
 * For MTAs it means nothing, so the writer, of whom there is one at a time,
 * goes on asking in short steps (bench/lockwait.c); everybody else's steps grow
 * once the wait is long.
 */
#include "lock.h"
#include "handle.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define STEP_MIN_NS 50000
#define STEP_MAX_NS 1000000

static void comm_of(long pid, char out[32])
{
	char path[64];
	FILE *f;

	*out = '\0';
	snprintf(path, sizeof path, "/proc/%ld/comm", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	if (fgets(out, 32, f) != NULL)
		out[strcspn(out, "\n")] = '\0';
	fclose(f);
	for (; *out != '\0'; out++)
		if ((unsigned char)*out < ' ' || *out == 0x7f)
			*out = '?';
}

/* "pid 4711 (makemap)" of the first that holds a lock on the file, from
 * /proc/locks; or "another process". */
static void holder_of(int fd, bool whole, char *out, size_t size)
{
	char kind[16];
	unsigned major_number, minor_number;
	unsigned long long inode;
	char line[256], comm[32];
	struct stat st;
	long pid;
	FILE *f;

	snprintf(out, size, "another process");
	f = fopen("/proc/locks", "re");
	if (f == NULL)
		return;
	while (fstat(fd, &st) == 0 && fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "%*d: %15s ADVISORY %*s %ld %x:%x:%llu", kind, &pid, &major_number,
			&minor_number, &inode) != 5 ||
		    pid <= 0 || whole == (strcmp(kind, "FLOCK") == 0) || inode != st.st_ino ||
		    makedev(major_number, minor_number) != st.st_dev)
			continue;
		comm_of(pid, comm);
		if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
			snprintf(out, size, "a child of pid %ld, which has ended", pid);
		else
			snprintf(out, size, *comm ? "pid %ld (%s)" : "pid %ld", pid, comm);
		break;
	}
	fclose(f);
}

#define GATE ((off_t)1 << 62)

static bool gate_set(int fd, short type)
{
	struct flock gate = { .l_type = type, .l_whence = SEEK_SET, .l_start = GATE, .l_len = 1 };

	return fcntl(fd, F_SETLK, &gate) == 0;
}

static bool gate_closed(int fd)
{
	struct flock gate = {
		.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = GATE, .l_len = 1
	};

	return fcntl(fd, F_GETLK, &gate) == 0 && gate.l_type == F_WRLCK;
}

/* Asks once.  Returns 0 or an errno. */
static int ask(int fd, int operation, bool map)
{
	if (map && operation == LOCK_SH && gate_closed(fd))
		return EWOULDBLOCK;
	return flock(fd, operation | LOCK_NB) == 0 ? 0 : errno;
}

static int ask_whole(int fd, int type, bool map)
{
	struct flock lock = { .l_type = (short)type, .l_whence = SEEK_SET };

	(void)map;
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	return errno == EACCES || errno == EAGAIN ? EWOULDBLOCK : errno;
}

/* MTAs do not wait in line either, so a writer of the database asks in short
 * steps to the end. */
static int wait_for(struct relaydb *db, int fd, int (*ask_once)(int fd, int what, bool map),
    int what, bool writer, const char *suffix)
{
	bool map = *suffix == '\0';
	int64_t begin = db_clock_ms();
	struct timespec step = { 0, STEP_MIN_NS };
	char holder[64];

	for (;;) {
		int error = ask_once(fd, what, map);
		int64_t now = db_clock_ms();

		if (error == 0)
			return RELAYDB_OK;
		if (error != EWOULDBLOCK && error != EINTR)
			return db_fail_errno(db, "lock", suffix, error);
		if (now >= db->deadline) {
			holder_of(fd, ask_once == ask_whole, holder, sizeof holder);
			return db_fail(db, RELAYDB_LOCKED,
			    "%s%s is locked by %s; waited %lld ms for it", db->path, suffix, holder,
			    (long long)(now - begin));
		}
		if (now - begin > 100 && !writer)
			step.tv_nsec = STEP_MAX_NS;
		nanosleep(&step, NULL);
	}
}

int lock_wait(struct relaydb *db, int fd, int operation, const char *suffix)
{
	bool gate = *suffix == '\0' && operation == LOCK_EX && gate_set(fd, F_WRLCK);
	int code =
	    wait_for(db, fd, ask, operation, *suffix == '\0' && operation == LOCK_EX, suffix);

	if (gate)
		gate_set(fd, F_UNLCK);
	return code;
}

int lock_wait_whole(struct relaydb *db, int fd, short type)
{
	return wait_for(db, fd, ask_whole, type, type == F_WRLCK, "");
}

void lock_release_whole(int fd)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	fcntl(fd, F_OFD_SETLK, &lock);
}

void lock_release(int fd)
{
	flock(fd, LOCK_UN);
}

void lock_close(int *fd)
{
	if (*fd < 0)
		return;
	lock_release(*fd);
	close(*fd);
	*fd = -1;
}
