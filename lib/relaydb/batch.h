/* SPDX-License-Identifier: BSD-2-Clause
 *
 * batch.h - the inside of a batch: one operation an address, and at most one
 * expiry
 */
#ifndef RELAYDB_BATCH_H
#define RELAYDB_BATCH_H

#include "handle.h"

enum op_kind { OP_RECORD, OP_REFRESH, OP_PUT, OP_DELETE, OP_DELETE_UNTIL };

/* What all changes of an address come to.  A delete_until is a refresh that
 * refreshes nothing: it makes no row either. */
struct op {
	char address[RELAYDB_ADDRSTRLEN];
	enum op_kind kind; /* any except DELETE_UNTIL */
	int64_t stamp; /* record, put: of a row that is new */
	int64_t until; /* record, refresh: first an entry up to this goes; -1: none does */
	int64_t least; /* record, refresh: then an entry that is there gets no less */
	size_t queued; /* the queue's: the first of its batches that is in it */
	struct op *next; /* in the order of their first call */
};

struct relaydb_batch {
	struct relaydb *db;
	struct op *ops, *last;
	void *tree; /* the same by address, see batch.c */
	size_t count;
	const char **absent; /* of the last commit, in the same order; COUNT have room */
	size_t absent_count;
	int64_t before; /* expire; 0 expires nothing */
	bool expire;
	bool others; /* only rows of which there is no op: the queue's */
};

/* As the public functions, but within a call that has begun: the handle's
 * deadline stays. */
int batch_make(struct relaydb *db, struct relaydb_batch **batch);
int batch_add(struct relaydb_batch *batch, enum op_kind kind, const char *address, int64_t stamp);
int batch_expire(struct relaydb_batch *batch, int64_t before);

/* As batch_add(), for a change that comes before all that the batch holds. */
int batch_add_before(
    struct relaydb_batch *batch, enum op_kind kind, const char *address, int64_t stamp);

/* The word for an operation, which the queue has, and the other way round:
 * false if there is none. */
const char *batch_verb(enum op_kind kind);
bool batch_kind(const char *verb, enum op_kind *kind);

/* The operation on the address in KEY, NULL if there is none. */
struct op *batch_find(const struct relaydb_batch *batch, struct bytes key);

/* Is there an address that an MTA may have to find afterwards? */
bool batch_records(const struct relaydb_batch *batch);

/* Is it nothing but logins and refreshes?  Then it can be queued without a look
 * at the database. */
bool batch_only_records(const struct relaydb_batch *batch);

#endif
