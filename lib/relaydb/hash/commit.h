/* SPDX-License-Identifier: BSD-2-Clause
 *
 * commit.h - runs a change of the database through all the steps
 */
#ifndef RELAYDB_COMMIT_H
#define RELAYDB_COMMIT_H

#include "handle.h"
#include "task.h"

/* Runs all the steps, as described in commit.c.  Returns as relaydb_commit(),
 * or what TASK's change returned. */
int commit_run(
    struct relaydb *db, int64_t now, const struct task *task, struct relaydb_result *result);

#endif
