/* SPDX-License-Identifier: BSD-2-Clause
 *
 * directory_syncs.h - how often this program has synced a directory
 *
 * Takes the place of the C library's fsync(2), and does what it does.
 */
#ifndef TESTS_DIRECTORY_SYNCS_H
#define TESTS_DIRECTORY_SYNCS_H

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned directories_synced;

int fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		directories_synced++;
	return (int)syscall(SYS_fsync, fd);
}

#endif
