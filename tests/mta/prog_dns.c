/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_dns - a name server for tests: answers for the names it is told, and
 * that there are no others
 *
 *	prog_dns [-p PORT] NAME=ADDRESS ...
 *on UDP port 53 (PORT) of 127.0.0.1, until it is killed. Each question is
 *printed, "TYPE NAME".
 *
 * Limits: one question a packet, A records of IPv4 alone (a name that is there
 * has no other records), no TCP.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#define HEADER 12
#define PACKET_MAX 512
#define NAME_SIZE 256
#define TYPE_A 1
#define NXDOMAIN 3

/* Reads the name at PACKET[HEADER], as text.  Returns where its type begins, 0
 * if it is malformed. */
static size_t question(const unsigned char *packet, size_t size, char name[NAME_SIZE])
{
	size_t at = HEADER, out = 0;

	while (at < size && packet[at] != 0) {
		size_t label = packet[at++];

		if (label > 63 || at + label >= size || out + label + 2 > NAME_SIZE)
			return 0;
		if (out > 0)
			name[out++] = '.';
		memcpy(name + out, packet + at, label);
		out += label;
		at += label;
	}
	name[out] = '\0';
	return at + 5 <= size ? at + 1 : 0;
}

/* The address of NAME among the arguments; NULL if it is not there. */
static const char *address_of(const char *name, char *const *known)
{
	size_t size = strlen(name);

	for (; *known != NULL; known++)
		if (strncasecmp(*known, name, size) == 0 && (*known)[size] == '=')
			return *known + size + 1;
	return NULL;
}

/* Turns a question of SIZE bytes into its answer.  Returns the answer's size, 0
 * for none. */
static size_t answer(unsigned char packet[PACKET_MAX], size_t size, char *const *known)
{
	static const unsigned char record[] = { 0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4 };
	char name[NAME_SIZE];
	size_t type = size > HEADER ? question(packet, size, name) : 0;
	const char *address;
	bool found;

	if (type == 0)
		return 0;
	address = address_of(name, known);
	found = address != NULL && packet[type] == 0 && packet[type + 1] == TYPE_A;
	printf("%u %s\n", (unsigned)packet[type] << 8 | packet[type + 1], name);
	packet[2] = (unsigned char)(packet[2] | 0x84); /* an answer, authoritative */
	packet[3] = address != NULL ? 0 : NXDOMAIN;
	memset(packet + 4, 0, HEADER - 4);
	packet[5] = 1;
	packet[7] = found;
	size = type + 4;
	if (found) {
		memcpy(packet + size, record, sizeof record);
		size += sizeof record;
		if (inet_pton(AF_INET, address, packet + size) != 1)
			errx(EX_USAGE, "%s: expected an IPv4 address", address);
		size += 4;
	}
	return size;
}

int main(int argc, char *argv[])
{
	struct sockaddr_in here = {
		.sin_family = AF_INET, .sin_port = htons(53), .sin_addr = { htonl(INADDR_LOOPBACK) }
	};
	unsigned char packet[PACKET_MAX];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), option;

	while ((option = getopt(argc, argv, "p:")) != -1) {
		if (option != 'p')
			return EX_USAGE;
		here.sin_port = htons((uint16_t)strtoul(optarg, NULL, 10));
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) < 0)
		err(EX_UNAVAILABLE, "port %u", ntohs(here.sin_port));
	for (;;) {
		struct sockaddr_in from;
		socklen_t from_size = sizeof from;
		/* half of it, so that the answer fits */
		ssize_t n = recvfrom(
		    fd, packet, sizeof packet / 2, 0, (struct sockaddr *)&from, &from_size);
		size_t size = n > 0 ? answer(packet, (size_t)n, argv + optind) : 0;

		if (size > 0)
			(void)sendto(fd, packet, size, 0, (struct sockaddr *)&from, from_size);
	}
}
