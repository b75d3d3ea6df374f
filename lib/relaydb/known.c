/* SPDX-License-Identifier: BSD-2-Clause
 *
 * known.c - is a file still the one that was read?  See known.h
 */
#include "known.h"

#include <stdint.h>
#include <unistd.h>

#define TICK_NS INT64_C(20000000) /* longer than a tick of any kernel: HZ is 100 or more */
#define SECOND_NS INT64_C(1000000000)

bool known_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

bool known_unchanged(const char *path, const struct stat *st, uid_t user)
{
	struct stat now;

	return user == geteuid() && stat(path, &now) == 0 && known_same(&now, st);
}

bool known_settled(const struct stat *st, const struct timespec *now)
{
	int64_t tick = st->st_ctim.tv_nsec == 0 ? SECOND_NS : TICK_NS, past;

	if (now->tv_sec < st->st_ctim.tv_sec)
		return false;
	if (now->tv_sec - st->st_ctim.tv_sec > 2)
		return true;
	past = (now->tv_sec - st->st_ctim.tv_sec) * SECOND_NS + now->tv_nsec - st->st_ctim.tv_nsec;
	return past > tick;
}

int known_look(int fd, struct stat *st, bool *settled)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (fstat(fd, st) != 0)
		return -1;
	*settled = known_settled(st, &now);
	return 0;
}
