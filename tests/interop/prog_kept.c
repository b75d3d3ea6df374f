/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_kept.c - a daemon's handle, which stays open while others write the file
 *
 *	prog_kept FILE
 *
 * For each line of standard input, an address, prints what the database says of
 * it: a stamp, "permanent", "none", or the error.  The answer is the one of a
 * handle that knew the file before the last change of it was made.
 */
#include <relaydb.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static void answer(struct relaydb *db, const char *address)
{
	int64_t stamp;

	switch (relaydb_get(db, address, &stamp)) {
	case RELAYDB_OK:
		printf("%" PRId64 "\n", stamp);
		break;
	case RELAYDB_NOENTRY:
		puts("permanent");
		break;
	case RELAYDB_NOTFOUND:
		puts("none");
		break;
	default:
		puts(relaydb_error(db));
	}
	fflush(stdout);
}

/* So long after the last change that the handle relies on what it has read. */
static void learn(struct relaydb *db, const char *path, const char *address)
{
	const struct timespec pause = { 0, 5000000 };
	struct timespec now;
	struct stat st;
	int64_t stamp;

	do {
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
	} while (stat(path, &st) == 0 && (now.tv_sec - st.st_ctim.tv_sec) * 1000 +
						 (now.tv_nsec - st.st_ctim.tv_nsec) / 1000000 <=
					     100);
	relaydb_get(db, address, &stamp);
}

int main(int argc, char **argv)
{
	struct relaydb *db;
	char line[128];

	if (argc != 2 ||
	    relaydb_open(&db, &(struct relaydb_options){ .path = argv[1] }) != RELAYDB_OK)
		return 64;
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		answer(db, line);
		learn(db, argv[1], line);
	}
	relaydb_close(&db);
	return 0;
}
