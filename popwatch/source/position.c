/* SPDX-License-Identifier: BSD-2-Clause
 *
 * position.c - how far a file was read, see position.h
 */
#include "position.h"

#include <inttypes.h>

bool position_parse(const char *line, struct file_position *position)
{
	int at = 0;

	if (sscanf(line, "%" SCNu64 " %" SCNu64 " %16" SCNx64 " %" SCNu64 " %n", &position->device,
		&position->inode, &position->hash, &position->offset, &at) != 4 ||
	    at == 0)
		return false;
	position->path = line + at;
	return *position->path != '\0' && position->hash != 0 && position->offset > 0 &&
	       position->offset <= INT64_MAX;
}

void position_print(const struct file_position *position, FILE *out)
{
	fprintf(out, "file %" PRIu64 " %" PRIu64 " %016" PRIx64 " %" PRIu64 " %s\n",
	    position->device, position->inode, position->hash, position->offset, position->path);
}
