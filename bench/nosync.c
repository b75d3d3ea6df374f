/* SPDX-License-Identifier: BSD-2-Clause
 *
 * nosync.c - preloaded into a program, makes its fsync(2) and fdatasync(2) cost
 * nothing
 */
#include <unistd.h>

int fsync(int fd)
{
	(void)fd;
	return 0;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int fdatasync(int fd)
{
	(void)fd;
	return 0;
}
