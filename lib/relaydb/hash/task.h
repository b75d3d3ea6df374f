/* SPDX-License-Identifier: BSD-2-Clause
 *
 * task.h - what a commit is to do
 */
#ifndef RELAYDB_TASK_H
#define RELAYDB_TASK_H

#include "transform.h"

struct task {
	transform *change; /* may be called several times, each time with a state that is newer */
	void *arg;
	bool create; /* makes the file if it is missing */
	/* what the queue can take; NULL: the change must wait for its turn */
	const struct relaydb_batch *batch;
};

#endif
