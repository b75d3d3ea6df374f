/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_addresses - random IPv6 addresses with many zeros, the same ones every
 * time
 *
 *	prog_addresses N
 *prints N lines: the address as sendmail writes it, a blank, the address as
 *inet_ntop(3) does.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char *argv[])
{
	unsigned long n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned short seed[3] = { 1998, 9, 22 };

	for (unsigned long i = 0; i < n; i++) {
		struct in6_addr address;
		char text[INET6_ADDRSTRLEN];

		for (int group = 0; group < 8; group++) {
			/* the first group is never 0, or some would be
			 * IPv4-mapped or -compatible, which inet_ntop writes
			 * with dots */
			unsigned value =
			    group > 0 && nrand48(seed) % 3 != 0
				? 0
				: (unsigned)(nrand48(seed) % 0xffff + 1) >> nrand48(seed) % 16;

			value += group == 0 && value == 0;
			address.s6_addr[2 * group] = (unsigned char)(value >> 8);
			address.s6_addr[2 * group + 1] = (unsigned char)value;
			printf("%s%x", group > 0 ? ":" : "", value);
		}
		printf(" %s\n", inet_ntop(AF_INET6, &address, text, sizeof text));
	}
	return n > 0 ? 0 : 64;
}
