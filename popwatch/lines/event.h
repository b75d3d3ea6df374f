/* SPDX-License-Identifier: BSD-2-Clause
 *
 * event.h - the one value that is passed along the pipeline: what a line said
 */
#ifndef POPWATCH_EVENT_H
#define POPWATCH_EVENT_H

#include <stdint.h>

#include "definition.h"
#include "relaydb.h"

struct event {
	enum role role;
	struct definition *definition;
	const char *source; /* name of the log */
	const struct header *header; /* these two end with the line */
	const struct captures *captures;
	int64_t when; /* the line's time */
	/* the client's, in the store's form; "" where it is not known */
	char address[RELAYDB_ADDRSTRLEN];
	int64_t seen; /* of a logout: when the address was last recorded */
};

#endif
