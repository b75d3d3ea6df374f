/* SPDX-License-Identifier: BSD-2-Clause
 *
 * syscalls.h - which system calls a daemon may make
 *
 * Sole home of <seccomp.h>.  The half of the sandbox that is about calls; files
 * and ports are sandbox.c's.
 */
#ifndef DAEMON_SYSCALLS_H
#define DAEMON_SYSCALLS_H

#include <stdbool.h>

/* From now on only the calls that the bits CAN of enum sandbox_can need; all
 * others fail with EPERM.  Returns false after logging why not; a kernel
 * without filters is none. */
bool syscalls_allow(unsigned can);

#endif
