/* SPDX-License-Identifier: BSD-2-Clause
 *
 * entries.c - a copy of the database's entries in memory, see entries.h
 */
#include "entries.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "relaydb.h"

#define AHEAD 5 /* seconds that a clock may be ahead of ours */
#define GRAIN_NS INT64_C(20000000) /* two ticks of a kernel with HZ=100 */
#define SECOND_NS INT64_C(1000000000)

enum { NO_MEMORY = -1 };

struct entry {
	unsigned char address[16]; /* IPv4 as ::ffff:a.b.c.d */
	int64_t time;
};

struct entries {
	struct entry *entry; /* sorted by address */
	size_t count, room;
	int64_t since;
};

/* ---- the files ---- */

void entries_look(const char *path, struct entries_stamp *stamp)
{
	static const char *const suffixes[] = { "", ".redo", ".queue" };
	char name[PATH_MAX], target[PATH_MAX];
	struct stat st;

	memset(stamp, 0, sizeof *stamp);
	/* the files beside a database are where a link to it leads */
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && realpath(path, target) != NULL)
		path = target;
	for (size_t i = 0; i < 3; i++) {
		if (snprintf(name, sizeof name, "%s%s", path, suffixes[i]) >= (int)sizeof name ||
		    stat(name, &st) != 0)
			continue;
		stamp->file[i].dev = st.st_dev;
		stamp->file[i].ino = st.st_ino;
		stamp->file[i].size = st.st_size;
		stamp->file[i].modified = st.st_mtim;
		stamp->file[i].changed = st.st_ctim;
	}
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool entries_same(const struct entries_stamp *a, const struct entries_stamp *b)
{
	for (size_t i = 0; i < 3; i++) {
		if (a->file[i].dev != b->file[i].dev || a->file[i].ino != b->file[i].ino ||
		    a->file[i].size != b->file[i].size ||
		    !same_time(&a->file[i].modified, &b->file[i].modified) ||
		    !same_time(&a->file[i].changed, &b->file[i].changed))
			return false;
	}
	return true;
}

/* A file system without fractions has a grain of a second.  A change in the
 * future is one that the clock was set back behind. */
bool entries_settled(const struct entries_stamp *stamp, const struct timespec *now)
{
	for (size_t i = 0; i < 3; i++) {
		const struct timespec *changed = &stamp->file[i].changed;
		int64_t grain = changed->tv_nsec == 0 ? SECOND_NS : GRAIN_NS;
		int64_t seconds = (int64_t)now->tv_sec - changed->tv_sec;

		if (stamp->file[i].ino == 0 || seconds > 2)
			continue;
		if (seconds < 0 || seconds * SECOND_NS + now->tv_nsec - changed->tv_nsec <= grain)
			return false;
	}
	return true;
}

/* ---- the copy ---- */

static void put_address(const struct ipnet *net, unsigned char out[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (net->family == AF_INET) {
		memcpy(out, mapped, sizeof mapped);
		memcpy(out + sizeof mapped, net->address, 4);
	} else {
		memcpy(out, net->address, 16);
	}
}

static int take_row(const struct relaydb_row *row, void *arg)
{
	struct entries *copy = arg;
	struct entry *grown;
	struct ipnet net;

	if (!row->entry || row->stamp < copy->since || !ipnet_parse(row->address, &net))
		return 0;
	if (copy->count == copy->room) {
		copy->room = copy->room == 0 ? 64 : copy->room * 2;
		grown = realloc(copy->entry, copy->room * sizeof *grown);
		if (grown == NULL)
			return NO_MEMORY;
		copy->entry = grown;
	}
	put_address(&net, copy->entry[copy->count].address);
	copy->entry[copy->count++].time = row->stamp;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return memcmp(x->address, y->address, sizeof x->address);
}

int entries_read(struct relaydb *db, int64_t since, struct entries **copy)
{
	int code;

	*copy = calloc(1, sizeof **copy);
	if (*copy == NULL)
		return RELAYDB_NOMEM;
	(*copy)->since = since;
	code = relaydb_each(db, take_row, *copy);
	if (code == RELAYDB_OK) {
		if ((*copy)->count > 0)
			qsort((*copy)->entry, (*copy)->count, sizeof *(*copy)->entry, compare);
		return code;
	}
	entries_free(*copy);
	*copy = NULL;
	return code == NO_MEMORY ? RELAYDB_NOMEM : code;
}

void entries_free(struct entries *copy)
{
	if (copy == NULL)
		return;
	free(copy->entry);
	free(copy);
}

size_t entries_count(const struct entries *copy)
{
	return copy->count;
}

/* An address that is spelled in two ways has two entries: one that counts is
 * enough. */
bool entries_has(
    const struct entries *copy, const struct ipnet *address, int64_t now, int64_t window)
{
	struct entry wanted;
	size_t low = 0, high = copy->count;

	put_address(address, wanted.address);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&copy->entry[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < copy->count && compare(&copy->entry[low], &wanted) == 0; low++) {
		int64_t time = copy->entry[low].time;

		if (time >= now - window && time <= now + AHEAD)
			return true;
	}
	return false;
}
