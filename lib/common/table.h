/* SPDX-License-Identifier: BSD-2-Clause
 *
 * table.h - uthash, with one answer when memory runs out
 *
 * The only header of ours that includes <uthash.h>.  By itself uthash calls
 * exit(-1) when it cannot grow a table: a daemon would die without a word and
 * without saving its state.  Here an entry that cannot be added is not in the
 * table, the table is as it was, and the caller, who asks TABLE_HAS(), gives up
 * that entry as its contract says.
 */
#ifndef RELAYERS_TABLE_H
#define RELAYERS_TABLE_H

#ifdef UTHASH_H
#error "include table.h instead of <uthash.h>"
#endif
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* After HASH_ADD...(hh, ...) of ENTRY, which is not NULL: was there memory to
 * take it in?  If not, free it: the table does not know it. */
#define TABLE_HAS(entry) ((entry)->hh.tbl != NULL)

#endif
