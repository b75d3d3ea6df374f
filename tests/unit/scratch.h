/* SPDX-License-Identifier: BSD-2-Clause
 *
 * scratch.h - a fresh directory for a test, where a database may be
 */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

/* Makes it and puts its name into `directory`.  Returns 0, or -1 with errno. */
static inline int scratch_directory(void)
{
	strcpy(directory, "/tmp/relayers-unit.XXXXXX");
	return mkdtemp(directory) != NULL ? chmod(directory, 0755) : -1;
}

/* cmocka's set-up and tear-down of a test that leaves nothing in it. */
static inline int scratch_setup(void **state)
{
	(void)state;
	return scratch_directory();
}

static inline int scratch_teardown(void **state)
{
	(void)state;
	return rmdir(directory);
}

#endif
