/* SPDX-License-Identifier: BSD-2-Clause
 *
 * parts.h - what the running popwatch is made of, and how its parts are joined
 *
 * Owns: making the parts of a configuration and freeing them; the way of a line
 * from a source through the pipeline and the policy to the writer; what of all
 * this is in the state file.  Leaves to others: when to read, commit and save
 * (daemon.c), and changing parts while they run (reload.c).
 */
#ifndef POPWATCH_PARTS_H
#define POPWATCH_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "config.h"
#include "counters.h"
#include "file.h"
#include "gateway.h"
#include "journal.h"
#include "log.h"
#include "pipe.h"
#include "pipeline.h"
#include "policy.h"
#include "session.h"
#include "silence.h"
#include "socket.h"
#include "tcpcdb.h"
#include "truncation.h"
#include "writer.h"

struct parts {
	struct config *config;
	struct catalogue *catalogue;
	/* servers that are not enabled, to report them; NULL unless servers =
	 * auto */
	struct catalogue *others;
	struct sessions *sessions;
	struct truncations *truncations;
	struct pipeline pipeline;
	struct policy *policy;
	struct gateways gateways;
	struct writer *writer;
	struct cdb_keeper cdb;
	/* sources: files and a journal, or a pipe alone; NULL where there is
	 * none */
	struct source_file **files;
	size_t file_count;
	struct source_journal *journal;
	struct source_socket *socket;
	struct source_pipe *pipe;

	int64_t now; /* the clock of this round, in seconds */
	int64_t swept; /* when sessions were swept, by the same clock */
	bool moved; /* lines were read since the state was saved */
	uint64_t verdicts[OCCASIONS][VERDICTS];
	struct log_limit suspect;
	struct silence silence;
	struct heard *heard; /* one for each file, and one for the journal */
	size_t reading; /* of HEARD: whose lines come */
	bool live; /* all was read, so lines that come now were written now */
	struct source_journal *unfollowed; /* to report what a log that does not exist has not */
};

/* Makes all of them but the socket, for CONFIG, which is taken over whatever
 * comes of it; FROM_STDIN: the pipe is the only source.
 * Returns false after logging why not; parts_unmake() is due then too. */
bool parts_make(struct parts *parts, struct config *config, bool from_stdin);

/* Frees what was made. */
void parts_unmake(struct parts *parts);

/* The policy of CONFIG, for which it may become the new one.  NULL without
 * memory. */
struct policy *parts_policy(const struct config *config);

/* Reads what the sources have, at most about BUDGET bytes of each; PIPE_READY:
 * the pipe can be read without waiting.  While a full writer cannot commit
 * nothing is read: what is not read waits in the logs, positions are not saved,
 * and memory stays bounded.
 * Returns true when there is more to read at once; *ENDED when the pipe came to
 * its end. */
bool parts_read(struct parts *parts, size_t budget, bool pipe_ready, bool *ended);

/* The end of the socket, if there is one: what its senders have handed over is
 * read, and waits to be committed; from now on they record by themselves. */
void parts_close_socket(struct parts *parts);

/* Takes the state that the configuration names, or logs that there is none. */
void parts_load_state(struct parts *parts);

/* Saves it.  Only while nothing waits to be committed: a position must never
 * cover a login that is not in the database.  Returns 0, or -1 with errno
 * set. */
int parts_save_state(struct parts *parts);

/* OTHERS, which is taken over, are the servers that are not enabled; NULL:
 * nobody asks for them. */
void parts_set_others(struct parts *parts, struct catalogue *others);

/* Counts again what comes from each source: others are followed now.  Returns
 * false without memory. */
bool parts_listen(struct parts *parts);

/* What was counted; good until the next call that changes PARTS. */
struct stats parts_stats(const struct parts *parts);

#endif
