/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_send.c - prog_send SOCKET UID COUNT TEXT: sends TEXT as a datagram COUNT
 * times as user UID, without blocking
 *
 * Prints how many the kernel took and the longest microseconds that one took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static long microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), i, taken = 0;
	long longest = 0, before, after;

	if (argc != 5 || fd < 0 || strlen(argv[1]) >= sizeof to.sun_path)
		return 64;
	strcpy(to.sun_path, argv[1]);
	if (geteuid() == 0 && setuid((uid_t)atoi(argv[2])) != 0)
		return 71;
	for (i = 0; i < atoi(argv[3]); i++) {
		before = microseconds();
		taken += sendto(fd, argv[4], strlen(argv[4]), MSG_DONTWAIT | MSG_NOSIGNAL,
			     (struct sockaddr *)&to, sizeof to) >= 0;
		after = microseconds();
		if (after - before > longest)
			longest = after - before;
	}
	printf("%d taken, longest %ld us\n", taken, longest);
	return 0;
}
