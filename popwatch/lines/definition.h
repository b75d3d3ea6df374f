/* SPDX-License-Identifier: BSD-2-Clause
 *
 * definition.h - the text of a definition, servers.d/NAME.conf
 * (relayers-servers(5)), which becomes a server
 *
 * Leaves to others: what a message means to the server (server.h), whether its
 * samples prove it (proof.h), which definitions count (catalogue.h), where
 * files are (definitions.h).
 */
#ifndef POPWATCH_DEFINITION_H
#define POPWATCH_DEFINITION_H

#include <stdbool.h>

#include "conf.h"
#include "relaydb.h"
#include "server.h"

/* What a line must mean, by a definition's own word. */
struct sample {
	enum role role;
	char address[RELAYDB_ADDRSTRLEN]; /* of a login */
	char *line; /* TAG[PID]: MESSAGE */
	int number; /* of the line in the file */
	struct sample *next;
};

/* A definition while it is read. */
struct definition_draft {
	struct server *server;
	struct sample *samples;
	struct sample **last;
	const char *file;
	bool failed; /* out of memory; errors are counted elsewhere */
};

/* Begins the definition NAME, which is read from FILE.  Returns false without
 * memory. */
bool definition_begin(struct definition_draft *draft, const char *name, const char *file);

/* Takes an entry of the file: a conf_entry whose ARG is the draft. */
void definition_entry(void *arg, const char *section, const char *name, const char *value,
    const struct conf_place *place);

/* Complains about what is wrong with the definition as a whole. */
void definition_check(const struct server *server, const struct conf_place *place);

/* Frees the samples, and not the server. */
void definition_end(struct definition_draft *draft);

#endif
