/* SPDX-License-Identifier: BSD-2-Clause
 *
 * handle.h - the inside of a handle: its path, its deadline, and the sentence
 * about the last error
 */
#ifndef RELAYDB_HANDLE_H
#define RELAYDB_HANDLE_H

#include "relaydb.h"

#include <sys/stat.h>

struct store;

struct relaydb {
	const struct store *store; /* the form of the database */
	void *memory; /* what the form remembers between calls; its own */
	/* of the file whose name is known to be on disk, see
	 * location_keep_name() */
	struct stat named;
	char *path;
	int timeout_ms;
	size_t size_max; /* of a database */
	bool in_force; /* a commit waits until MTAs see it */
	int64_t deadline; /* of the call under way, CLOCK_MONOTONIC, ms */
	int system_error; /* the errno behind ERROR, 0 if none is */
	/* the database behind ERROR is whole, but of another system: only that
	 * can read its rows */
	bool foreign;
	char error[5120]; /* a path and a sentence */
	char notice[5120];
};

/* Starts a public call: forgets the last error, sets the deadline. */
void db_begin(struct relaydb *db);

/* From here to db_end_guard(), which is given the answer, pthread_cancel(3)
 * waits: a thread that ended within a call would keep its locks for as long as
 * its process lives.  Calls nest. */
int db_begin_guard(void);
void db_end_guard(int guard);

/* The whole timeout again, from now on. */
void db_deadline(struct relaydb *db);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t db_clock_ms(void);

/* Keeps the sentence and returns CODE.  errno is left alone; %m works. */
int db_fail(struct relaydb *db, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a system call that left ERRNO: "cannot ACT PATH.SUFFIX: cause",
 * with the code that errno stands for. */
int db_fail_errno(struct relaydb *db, const char *act, const char *suffix, int error);

/* The answer to relaydb_get() of an ADDRESS whose value is no stamp. */
int db_no_entry(struct relaydb *db, const char *address);

/* Adds to the sentence of db_fail(). */
void db_fail_more(struct relaydb *db, const char *text);

/* Keeps a sentence for relaydb_notice(). */
void db_notice(struct relaydb *db, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A piece of text or of a file; not terminated. */
struct bytes {
	const void *data;
	size_t size;
};

#endif
