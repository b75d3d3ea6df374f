/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tcpcdb.h - keeps the cdb current from which qmail's tcpserver learns who may
 * relay
 *
 * Owns: when it is to be written again: the database was changed, by whomever;
 * the rules were; the cdb was touched or is missing; an entry leaves the
 * window.
 */
#ifndef POPWATCH_TCPCDB_H
#define POPWATCH_TCPCDB_H

#include <stdint.h>
#include <sys/stat.h>

#include "log.h"
#include "writer.h"

/* Zero at first. */
struct cdb_keeper {
	int64_t due_ms; /* not looked at before, by the monotonic clock */
	int64_t next; /* by the clock of stamps: when an entry comes or goes */
	bool made; /* what follows is known */
	struct stat database, queue, rules, cdb;
	struct log_once failing;
};

struct cdb_settings {
	const char *cdb; /* "": there is none */
	const char *rules; /* of the administrator; "": none */
	const char *database;
	int64_t window;
};

/* Looks, at most once a second, whether the cdb is as it must be, and writes it
 * again if it is not.  What fails is logged, once for each cause and hourly,
 * and tried again a second later; the cdb stays as it was. */
void cdb_keep(struct cdb_keeper *keeper, const struct cdb_settings *settings,
    const struct writer *writer, int64_t now, int64_t clock_ms);

#endif
