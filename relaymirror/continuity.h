/* SPDX-License-Identifier: BSD-2-Clause
 *
 * continuity.h - is what is read next what follows on what was read last?
 *
 * An engine answers without an error when it is not: to a reader behind the
 * trimmed end of a stream with what is left; after a failover that lost writes,
 * or with an old dump, with names below the reader's, so that nothing seems to
 * be new; after FLUSHALL on the same connection.
 * Owns: the position of a reader, the facts that are compared with it, and the
 * answer.  Leaves to the caller: asking, when it connects and again and again.
 */
#ifndef RELAYMIRROR_CONTINUITY_H
#define RELAYMIRROR_CONTINUITY_H

#include <stdbool.h>

#include "streamid.h"

#define IDENTITY_SIZE 200

/* What the engine says of a stream; zero of one that does not exist. */
struct stream_facts {
	struct streamid first; /* the oldest entry that is there; 0-0: none is */
	struct streamid last; /* the name given last, whether that entry is there or not */
};

/* What it says of itself. */
struct engine_facts {
	/* the word in the key epoch, the run id, the replication id: a new one
	 * of any of them may be a new past */
	char identity[IDENTITY_SIZE];
	struct stream_facts log;
	struct stream_facts orders;
};

/* What was read, and of which engine; zero at first. */
struct position {
	char identity[IDENTITY_SIZE]; /* "": nothing was ever read */
	struct streamid log;
	struct streamid orders;
};

enum continuity {
	CONTINUITY_KEPT, /* go on reading */
	CONTINUITY_GAP, /* entries may be missing: read all that there is */
	CONTINUITY_NEW_ENGINE /* another past: the same, and send again what this host has */
};

/* Compares them.  POSITION was reached by reading; FACTS are newer. */
enum continuity continuity_check(const struct position *position, const struct engine_facts *facts);

#endif
