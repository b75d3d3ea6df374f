/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rights.h - what a daemon may do, as bits
 *
 * The words in which a program says what it needs.  sandbox.h and syscalls.h
 * know what that is of the kernel.
 */
#ifndef DAEMON_RIGHTS_H
#define DAEMON_RIGHTS_H

/* What every daemon may do without a bit: read and write what is open, open
 * what Landlock lets through, wait, use memory and clocks, take signals, send
 * datagrams to syslog and to the service manager, take shared flock(2)
 * locks. */
enum sandbox_can {
	CAN_REPLACE_FILES = 1 << 0, /* make, write, sync, rename and remove files */
	CAN_LOCK_FILES = 1 << 1, /* exclusive flock(2) locks, not just shared ones */
	CAN_WATCH_FILES = 1 << 2, /* inotify and the systemd journal */
	CAN_START_THREADS = 1 << 3,
	CAN_ACCEPT = 1 << 4, /* connections at sockets that listen already */
	CAN_ASK_DNS = 1 << 5, /* sockets of UDP and TCP, from a port of the kernel's choice */
	CAN_CONNECT_TCP = 1 << 6, /* to the ports of sandbox_connect() */
	CAN_CONNECT_UNIX = 1 << 7, /* stream sockets of this host */
	CAN_SET_TIMES = 1 << 8 /* of files, which Landlock does not guard */
};

#endif
