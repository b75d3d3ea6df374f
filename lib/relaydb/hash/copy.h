/* SPDX-License-Identifier: BSD-2-Clause
 *
 * copy.h - what was read of a database, see snapshot.h for how
 */
#ifndef RELAYDB_COPY_H
#define RELAYDB_COPY_H

#include "image.h"
#include "location.h"

struct snapshot {
	int fd; /* the database, open and not locked any more; -1 when there is none */
	struct stat st;
	struct image image;
	struct image_info info;
	struct image queue; /* the bytes of PATH.queue, which are not in IMAGE */
	bool redone; /* a cut-off commit was read with it */
	bool borrowed; /* IMAGE is the handle's memory */
	bool recalled; /* the file was not read, its stat was believed */
	bool settled; /* a change after ST would show in the file's stat */
};

#endif
