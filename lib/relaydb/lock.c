/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lock.c - waiting for a flock(2), but not for ever
 *
 * sendmail, Postfix and makemap lock the database itself, so there is no other lock to take.  flock(2) has no deadline, and
 * a library can neither fork nor take a signal; a helper thread would need pthread_cancel(3), which loads a library at its
 * first call and ends the process where it cannot (a sandbox, a chroot).  So: ask again and again, in short steps.  The kernel
 * gives a blocked writer no turn of its own either, it merely asks again whenever one reader leaves; short steps wait no longer
 * (bench/lockwait.c compares the two), and they grow once the wait is long.
 */
#include "relaydb_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sysmacros.h>
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

/* "pid 4711 (makemap)" of the first that holds a lock on the file, from /proc/locks; or "another process". */
static void holder_of(int fd, char *out, size_t size)
{
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
		if (sscanf(line, "%*d: FLOCK ADVISORY %*s %ld %x:%x:%llu", &pid, &major_number, &minor_number, &inode) != 4 ||
		    pid <= 0 || inode != st.st_ino || makedev(major_number, minor_number) != st.st_dev)
			continue;
		comm_of(pid, comm);
		snprintf(out, size, *comm ? "pid %ld (%s)" : "pid %ld", pid, comm);
		break;
	}
	fclose(f);
}

int lock_wait(struct relaydb *db, int fd, int operation, const char *suffix)
{
	int64_t begin = clock_ms();
	struct timespec step = { 0, STEP_MIN_NS };
	char holder[64];

	while (flock(fd, operation | LOCK_NB) != 0) {
		int64_t now = clock_ms();

		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail_errno(db, "lock", suffix, errno);
		if (now >= db->deadline) {
			holder_of(fd, holder, sizeof holder);
			return fail(db, RELAYDB_LOCKED, "%s%s is locked by %s; waited %lld ms for it", db->path, suffix, holder,
			    (long long)(now - begin));
		}
		if (now - begin > 100)
			step.tv_nsec = STEP_MAX_NS;
		nanosleep(&step, NULL);
	}
	return RELAYDB_OK;
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

void pause_ms(const struct relaydb *db, int64_t ms)
{
	int64_t left = db->deadline - clock_ms();
	struct timespec time;

	if (ms > left)
		ms = left;
	if (ms <= 0)
		return;
	time.tv_sec = ms / 1000;
	time.tv_nsec = ms % 1000 * 1000000;
	while (nanosleep(&time, &time) != 0 && errno == EINTR)
		;
}
