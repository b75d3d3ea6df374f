/* SPDX-License-Identifier: BSD-2-Clause
 *
 * scratch.h - a fresh directory for a test, where a database may be
 */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char directory[64];

/* Makes it and puts its name into `directory`.  Returns 0, or -1 with errno. */
static inline int scratch_directory(void)
{
	strcpy(directory, "/tmp/relayers-unit.XXXXXX");
	return mkdtemp(directory) != NULL ? chmod(directory, 0755) : -1;
}

#endif
