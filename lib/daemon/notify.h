/* SPDX-License-Identifier: BSD-2-Clause
 *
 * notify.h - reports to the service manager that we are ready, and alive
 *
 * The protocol of sd_notify(3): one datagram each to $NOTIFY_SOCKET; without
 * that nothing is sent.  No library: that much needs none.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdint.h>

/* Reads $NOTIFY_SOCKET and $WATCHDOG_USEC.  Call it once, before
 * sandbox_enter(). */
void notify_open(void);

/* Sends "READY=1\nSTATUS=..." and the like. */
void notify_send(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Milliseconds between two signs of life ("WATCHDOG=1") that the manager wants:
 * half of its limit; 0: it wants none. */
int64_t notify_watchdog_ms(void);

/* Sends "WATCHDOG=1" twice in that time: call it as often as that, with the
 * milliseconds of the monotonic clock. */
void notify_alive(int64_t clock);

/* Closes the socket. */
void notify_close(void);

#endif
