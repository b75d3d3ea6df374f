/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ipnet.c - addresses as numbers, and networks that hold them, see ipnet.h
 */
#include "ipnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAPPED_BITS 96 /* ::ffff:0:0/96, RFC 4291 2.5.5.2 */

static bool is_mapped(const struct ipnet *net)
{
	static const unsigned char prefix[MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

	return net->family == AF_INET6 && net->bits >= MAPPED_BITS &&
	       memcmp(net->address, prefix, sizeof prefix) == 0;
}

/* Decimal digits without a leading zero, at most MAX. */
static bool parse_bits(const char *text, unsigned max, unsigned *bits)
{
	unsigned n = 0;

	if (*text == '\0' || (*text == '0' && text[1] != '\0'))
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned)(*text - '0');
		if (n > max)
			return false;
	}
	*bits = n;
	return true;
}

/* Nothing set beyond the prefix? */
static bool is_network(const struct ipnet *net)
{
	unsigned size = net->family == AF_INET ? 32 : 128;

	for (unsigned i = net->bits; i < size; i++) {
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

bool ipnet_is_client(const struct ipnet *address)
{
	static const struct ipnet nobody[] = { { AF_INET, { 0 }, 8 }, { AF_INET, { 224 }, 3 },
		{ AF_INET6, { 0 }, 128 }, { AF_INET6, { 0xfe, 0x80 }, 10 },
		{ AF_INET6, { 0xff }, 8 } };

	for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
		if (ipnet_holds(&nobody[i], address))
			return false;
	}
	return true;
}

bool netset_add(struct netset *set, const struct ipnet *net)
{
	struct ipnet *more = realloc(set->nets, (set->count + 1) * sizeof *more);

	if (more == NULL)
		return false;
	set->nets = more;
	more[set->count++] = *net;
	return true;
}

int netset_add_text(struct netset *set, const char *text)
{
	struct ipnet net;

	if (!ipnet_parse(text, &net)) {
		errno = EINVAL;
		return -1;
	}
	if (netset_add(set, &net))
		return 0;
	errno = ENOMEM;
	return -1;
}

bool netset_holds(const struct netset *set, const struct ipnet *address)
{
	for (size_t i = 0; i < set->count; i++) {
		if (ipnet_holds(&set->nets[i], address))
			return true;
	}
	return false;
}

void netset_clear(struct netset *set)
{
	free(set->nets);
	*set = (struct netset){ NULL, 0 };
}
