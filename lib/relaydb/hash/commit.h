/* SPDX-License-Identifier: BSD-2-Clause
 *
 * commit.h - runs a change of the database through all the steps
 */
#ifndef RELAYDB_COMMIT_H
#define RELAYDB_COMMIT_H

#include "handle.h"
#include "transform.h"

/* What a commit is to do. */
struct task {
	transform *change; /* may be called several times, each time with a state that is newer */
	void *arg;
	bool create; /* makes the file if it is missing */
	const struct relaydb_batch *batch; /* what the queue can take; NULL: the change must wait for its turn */
};

/* Runs all the steps, as told in commit.c.  Returns as relaydb_commit(), or what TASK's change returned. */
int commit_run(struct relaydb *db, int64_t now, const struct task *task, struct relaydb_result *result);

#endif
