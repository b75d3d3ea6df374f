/* SPDX-License-Identifier: BSD-2-Clause
 *
 * chosen_stat.h - what stat(2) and the kernel's coarse clock say can be chosen,
 * and what is asked and read is counted
 *
 * Its functions stand in front of the C library's in the whole program.
 */
#ifndef TESTS_CHOSEN_STAT_H
#define TESTS_CHOSEN_STAT_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned stats; /* calls of stat(2) and fstat(2) */
static size_t bytes_read; /* from a file with a name */
static struct {
	bool on;
	struct stat st; /* what fstat(2) and stat(2) say of the file that has this inode */
} frozen[2];
static struct timespec coarse; /* what the coarse clock says; 0: the truth */

static void freeze(struct stat *st)
{
	for (size_t i = 0; i < sizeof frozen / sizeof *frozen; i++)
		if (frozen[i].on && frozen[i].st.st_ino == st->st_ino &&
		    frozen[i].st.st_dev == st->st_dev)
			*st = frozen[i].st;
}

static bool redo_unseen; /* the next look for PATH.redo does not find it yet */

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
int fstatat(int dir, const char *name, struct stat *st, int flags)
{
	size_t size = strlen(name);

	if (redo_unseen && size > 5 && strcmp(name + size - 5, ".redo") == 0) {
		redo_unseen = false;
		errno = ENOENT;
		return -1;
	}
	return (int)syscall(SYS_newfstatat, dir, name, st, flags);
}

int fstat(int fd, struct stat *st)
{
	int answer = fstatat(fd, "", st, AT_EMPTY_PATH);

	stats++;
	if (answer == 0)
		freeze(st);
	return answer;
}

int stat(const char *name, struct stat *st)
{
	int answer = fstatat(AT_FDCWD, name, st, 0);

	stats++;
	if (answer == 0)
		freeze(st);
	return answer;
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	ssize_t n = syscall(SYS_pread64, fd, data, size, offset);
	struct stat st;

	if (n > 0 && fstat(fd, &st) == 0 && st.st_nlink > 0)
		bytes_read += (size_t)n;
	return n;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_REALTIME_COARSE || coarse.tv_sec == 0)
		return (int)syscall(SYS_clock_gettime, clock, now);
	*now = coarse;
	return 0;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* The truth again. */
static void stat_is_true(void)
{
	memset(frozen, 0, sizeof frozen);
	redo_unseen = false;
	coarse = (struct timespec){ 0, 0 };
}

static struct stat stat_of(const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(AT_FDCWD, name, &st, 0), 0);
	return st;
}

/* From now on stat(2) says of NAME what it says now, with that CTIME. */
static void freeze_stat(size_t slot, const char *name, struct timespec ctime)
{
	frozen[slot].st = stat_of(name);
	frozen[slot].st.st_ctim = ctime;
	frozen[slot].on = true;
}

static const struct tick {
	const char *name;
	struct timespec ctime, clock; /* of the file, and when it is read */
	bool believed;
} ticks[] = {
	{ "the same tick", { 2000000000, 500000000 }, { 2000000000, 500000000 }, false },
	{ "20 ms later", { 2000000000, 500000000 }, { 2000000000, 520000000 }, false },
	{ "more than 20 ms", { 2000000000, 500000000 }, { 2000000000, 521000000 }, true },
	{ "the clock was set back", { 2000000000, 500000000 }, { 1999990000, 900000000 }, false },
	{ "no fractions", { 2000000000, 0 }, { 2000000000, 900000000 }, false },
	{ "no fractions, a second", { 2000000000, 0 }, { 2000000001, 0 }, false },
	{ "no fractions, later", { 2000000000, 0 }, { 2000000001, 1000000 }, true },
};

#endif
