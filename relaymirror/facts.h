/* SPDX-License-Identifier: BSD-2-Clause
 *
 * facts.h - what an engine says of itself, read from its answers; pure
 *
 * An answer that is something else leaves a fact as it is at first: zero or "".
 * Words are letters and digits alone, since they are kept in the state file.
 */
#ifndef RELAYMIRROR_FACTS_H
#define RELAYMIRROR_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "continuity.h"

#define FACTS_WORD 65

struct redisReply;

struct facts {
	struct stream_facts log, orders;
	int64_t time_ms; /* of its clock; 0: not known */
	bool replica; /* it follows another one, and takes no writes */
	char epoch[FACTS_WORD], run_id[FACTS_WORD], replid[FACTS_WORD];
	char version[FACTS_WORD]; /* with dots; "valkey 8.0.1" begins with its name */
	char policy[FACTS_WORD]; /* maxmemory_policy, with hyphens */
};

/* Takes what an answer to INFO has; what it lacks stays as it is. */
void facts_info(struct facts *facts, const struct redisReply *answer);

/* To GET of the key epoch. */
void facts_epoch(struct facts *facts, const struct redisReply *answer);

/* To XINFO STREAM; an error means that there is no such stream. */
void facts_stream(struct stream_facts *stream, const struct redisReply *answer);

/* To TIME. */
void facts_time(struct facts *facts, const struct redisReply *answer);

/* The facts as mirror_meet() wants them. */
struct engine_facts facts_engine(const struct facts *facts);

#endif
