/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bucket.h - a bucket of a Berkeley DB hash: its chain of pages, the rows
 * there, and the proof of them
 */
#ifndef RELAYDB_BUCKET_H
#define RELAYDB_BUCKET_H

#include "hashpage.h"

/* Goes through all rows of BUCKET, and calls LOOK's EACH for them.  As long as
 * pages are being claimed (LOOK's SEEN) it proves them too: keys in the right
 * bucket and in order, items in bounds.  Returns 0, what EACH returned, or -1:
 * WHY has what is wrong, or errno is ENOMEM. */
int bucket_visit(struct look *look, uint32_t bucket);

#endif
