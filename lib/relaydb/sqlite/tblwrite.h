/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tblwrite.h - changes a file of SQLite: a batch, or all rows of a dump
 *
 * To Exim every error after the open is a silent "no", so no reader ever meets
 * a file that is being changed: a commit makes a whole new file, PATH.new,
 * syncs it, and renames it over PATH.  PATH.lock orders the writers.
 */
#ifndef RELAYDB_TBLWRITE_H
#define RELAYDB_TBLWRITE_H

#include "batch.h"
#include "dump.h"

/* As relaydb_commit(). */
int tblwrite_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result);

/* As relaydb_load(). */
int tblwrite_load(struct dump *dump, int64_t now, struct relaydb_result *result);

#endif
