/* SPDX-License-Identifier: BSD-2-Clause
 *
 * draft.h - the text of a definition, servers.d/NAME.conf
 * (relayers-servers(5)), while it is read
 *
 * Leaves to others: what a message means (definition.h), whether the samples
 * prove the definition (proof.h), which definitions count (catalogue.h), where
 * files are (definitions.h).
 */
#ifndef POPWATCH_DRAFT_H
#define POPWATCH_DRAFT_H

#include <stdbool.h>

#include "conf.h"
#include "definition.h"
#include "relaydb.h"

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
	struct definition *definition;
	struct sample *samples;
	struct sample **last;
	const char *file;
	bool failed; /* out of memory; errors are counted elsewhere */
};

/* Begins the definition NAME, which is read from FILE.  Returns false without
 * memory. */
bool draft_begin(struct definition_draft *draft, const char *name, const char *file);

/* Takes an entry of the file: a conf_entry whose ARG is the draft. */
void draft_entry(void *arg, const char *section, const char *name, const char *value,
    const struct conf_place *place);

/* Complains about what is wrong with the definition as a whole. */
void draft_check(const struct definition *definition, const struct conf_place *place);

/* Frees the samples, and not the definition. */
void draft_end(struct definition_draft *draft);

#endif
