/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plan.h - what a batch makes of the bytes of a database
 */
#ifndef RELAYDB_PLAN_H
#define RELAYDB_PLAN_H

#include "batch.h"
#include "image.h"

/* What a commit does to the bytes: OLD (checked) to NEW.  Leaves NEW empty (data NULL) when nothing is to be changed. */
typedef int transform(struct relaydb *db, const struct image *old, const struct image_info *info, void *arg, struct image *new,
    struct relaydb_result *result);

/* The transform that carries the batch ARG out. */
transform batch_transform;

#endif
