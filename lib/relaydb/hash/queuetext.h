/* SPDX-License-Identifier: BSD-2-Clause
 *
 * queuetext.h - what lies in PATH.queue (queue.h): batches as text
 *
 * Text, a batch after the other, each whole or not there:
 *
 *	begin
 *	record 192.0.2.7 1790000000
 *	put 2001:db8::7 1790000000
 *	delete 192.0.2.8
 *	delete-until 192.0.2.9 1790000000
 *	expire 1789990000
 *	end 0123456789abcdef
 *
 * where `end' has a sum (FNV-1a) of the lines between.  It finds what a crash
 * has cut, not what an enemy wrote: who may write the directory may write the
 * database too.  All the same each address and stamp is read as from a
 * stranger.
 */
#ifndef RELAYDB_QUEUETEXT_H
#define RELAYDB_QUEUETEXT_H

#include "handle.h"
#include "image.h"

/* BATCH as it stands in the queue; free with image_free.  Returns RELAYDB_OK or
 * NOMEM. */
int queue_text(const struct relaydb_batch *batch, struct image *text);

/* Carries out on OLD (checked), which has *INFO, what lies in QUEUE.  *new
 * stays empty if that changes nothing; else *info is its.  What is damaged is
 * left out and a notice says so.  Returns RELAYDB_OK, IO, NOMEM. */
int queue_apply(struct relaydb *db, struct bytes queue, const struct image *old,
    struct image_info *info, struct image *new);

#endif
