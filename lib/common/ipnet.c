/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ipnet.c - addresses as numbers, and networks that hold them, see ipnet.h
 */
#include <arpa/inet.h>
#include <string.h>

#include "ipnet.h"

#define MAPPED_BITS 96 /* ::ffff:0:0/96, RFC 4291 2.5.5.2 */

static bool is_mapped(const struct ipnet *net)
{
	static const unsigned char prefix[MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

	return net->family == AF_INET6 && net->bits >= MAPPED_BITS && memcmp(net->address, prefix, sizeof prefix) == 0;
}

/* Decimal digits alone, at most MAX. */
static bool parse_bits(const char *text, unsigned max, unsigned *bits)
{
	unsigned n = 0;

	if (*text == '\0' || (*text == '0' && text[1] != '\0'))
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || (n = n * 10 + (unsigned)(*text - '0')) > max)
			return false;
	}
	*bits = n;
	return true;
}

/* Nothing set beyond the prefix? */
static bool is_network(const struct ipnet *net)
{
	unsigned size = net->family == AF_INET ? 32 : 128, i;

	for (i = net->bits; i < size; i++) {
		if (net->address[i / 8] & (0x80u >> i % 8))
			return false;
	}
	return true;
}

bool ipnet_parse(const char *text, struct ipnet *net)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t size = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned max;

	if (size >= sizeof address)
		return false;
	memcpy(address, text, size);
	address[size] = '\0';
	memset(net, 0, sizeof *net);
	net->family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(net->family, address, net->address) != 1)
		return false;
	max = net->bits = net->family == AF_INET ? 32 : 128;
	if (slash != NULL && !parse_bits(slash + 1, max, &net->bits))
		return false;
	if (is_mapped(net)) {
		net->family = AF_INET;
		net->bits -= MAPPED_BITS;
		memmove(net->address, net->address + MAPPED_BITS / 8, 4);
		memset(net->address + 4, 0, sizeof net->address - 4);
	}
	return is_network(net);
}

bool ipnet_holds(const struct ipnet *net, const struct ipnet *address)
{
	size_t whole = net->bits / 8;
	unsigned rest = net->bits % 8;

	if (net->family != address->family || memcmp(net->address, address->address, whole) != 0)
		return false;
	return rest == 0 || ((net->address[whole] ^ address->address[whole]) >> (8 - rest)) == 0;
}
