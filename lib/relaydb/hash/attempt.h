/* SPDX-License-Identifier: BSD-2-Clause
 *
 * attempt.h - one attempt to carry out a commit, with PATH.lock held
 */
#ifndef RELAYDB_ATTEMPT_H
#define RELAYDB_ATTEMPT_H

#include "task.h"
#include "turn.h"

/* From `settled' to `cleared'.  Returns as relaydb_commit(), what TASK's change
 * returned, STEP_AGAIN or STEP_EARLY. */
int attempt_run(struct turn *turn, const struct task *task, struct relaydb_result *result);

#endif
