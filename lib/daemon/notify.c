/* SPDX-License-Identifier: BSD-2-Clause
 *
 * notify.c - reports to the service manager that we are ready, and alive, see
 * notify.h
 */
#include "notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct {
	int fd;
	struct sockaddr_un address;
	socklen_t size;
	int64_t watchdog_ms, alive_ms; /* alive_ms: the last sign */
} notify = { .fd = -1 };

void notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET"), *limit = getenv("WATCHDOG_USEC"),
		   *pid = getenv("WATCHDOG_PID");
	size_t size = path != NULL ? strlen(path) : 0;
	long long usec = limit != NULL ? atoll(limit) : 0;

	if (size < 2 || size >= sizeof notify.address.sun_path || (*path != '/' && *path != '@'))
		return;
	notify.address.sun_family = AF_UNIX;
	memcpy(notify.address.sun_path, path, size + 1);
	if (*path == '@')
		notify.address.sun_path[0] = '\0';
	notify.size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	notify.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (usec > 0 && (pid == NULL || atoll(pid) == getpid()))
		notify.watchdog_ms = usec / 2000;
}

void notify_send(const char *format, ...)
{
	char text[512];
	va_list args;
	int size;

	if (notify.fd < 0)
		return;
	va_start(args, format);
	size = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	/* a manager that does not listen cannot be told so */
	if (size > 0 && size < (int)sizeof text &&
	    sendto(notify.fd, text, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT,
		(struct sockaddr *)&notify.address, notify.size) < 0)
		return;
}

int64_t notify_watchdog_ms(void)
{
	return notify.fd >= 0 ? notify.watchdog_ms : 0;
}

void notify_alive(int64_t clock)
{
	int64_t every = notify_watchdog_ms();

	if (every == 0 || clock - notify.alive_ms < every / 2)
		return;
	notify_send("WATCHDOG=1");
	notify.alive_ms = clock;
}

void notify_close(void)
{
	if (notify.fd >= 0)
		close(notify.fd);
	notify.fd = -1;
}
