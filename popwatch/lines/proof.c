/* SPDX-License-Identifier: BSD-2-Clause
 *
 * proof.c - a definition must read its own samples as it says, see proof.h
 */
#include "proof.h"

#include <string.h>

#include "layout.h"
#include "session.h"
#include "tag.h"

#define SESSIONS 64 /* of a file's samples */
#define LONG 3600 /* seconds: samples have no time, so that none is ever over */

/* The address that a sample's line logs in, or "" and what else it means in
 * *ROLE. */
static void read_sample(struct definition *definition, struct sessions *sessions, const char *line,
    enum role *role, char address[RELAYDB_ADDRSTRLEN])
{
	struct header header;
	struct captures captures;
	struct event event = { .definition = definition, .source = "" };

	*role = ROLE_NONE;
	*address = '\0';
	if (!layout_parse_tag(line, strlen(line), &header) ||
	    !tag_listed(definition->tags, header.tag))
		return;
	if (header.message.size > definition->longest ||
	    (definition->no_pid && header.pid.size > 0))
		return;
	event.role = *role = definition_read(definition, header.message, &captures);
	if (*role == ROLE_NONE)
		return;
	event.header = &header;
	event.captures = &captures;
	if (!sessions_take(sessions, &event) && *role == ROLE_LOGIN)
		*role = ROLE_NONE;
	if (*role == ROLE_LOGIN)
		memcpy(address, event.address, RELAYDB_ADDRSTRLEN);
}

/* Every sample must mean what the file says it means. */
void proof_run(struct definition_draft *draft, struct conf_errors *errors)
{
	struct conf_place place = { draft->file, 0, errors };
	struct sessions *sessions = sessions_new(SESSIONS, LONG, LONG);
	const struct sample *sample;
	char address[RELAYDB_ADDRSTRLEN];
	enum role role;

	if (sessions == NULL) {
		draft->failed = true;
		return;
	}
	for (sample = draft->samples; sample != NULL && sample->line != NULL;
	     sample = sample->next) {
		read_sample(draft->definition, sessions, sample->line, &role, address);
		place.line = sample->number;
		if (role != sample->role)
			conf_error(&place, "the sample means '%s', expected '%s'", role_name(role),
			    role_name(sample->role));
		else if (strcmp(address, sample->address) != 0)
			conf_error(
			    &place, "the sample logs in %s, expected %s", address, sample->address);
	}
	sessions_free(sessions);
	memset(&draft->definition->tally, 0, sizeof draft->definition->tally);
}
