/* SPDX-License-Identifier: BSD-2-Clause
 *
 * transform.h - what a commit makes of the bytes of a hash
 */
#ifndef RELAYDB_TRANSFORM_H
#define RELAYDB_TRANSFORM_H

#include "batch.h"
#include "image.h"
#include "rows.h"

/* What a commit does to the bytes: OLD (checked) to NEW.  Leaves NEW empty
 * (data NULL) when nothing is to be changed. */
typedef int transform(struct relaydb *db, const struct image *old, const struct image_info *info,
    void *arg, struct image *new, struct relaydb_result *result);

/* The transform that carries the batch ARG out. */
transform batch_transform;

/* The transform that puts the dump ARG in their place. */
transform dump_transform;

/* A hash of these rows.  Returns as bdb_build(). */
int transform_build(struct relaydb *db, const struct rows *rows, const struct progress *progress,
    struct image *out);

#endif
