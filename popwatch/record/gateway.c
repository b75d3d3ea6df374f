/* SPDX-License-Identifier: BSD-2-Clause
 *
 * gateway.c - addresses that stand for everybody behind them, see gateway.h
 *
 * The tables are read from files, not by netlink: what is open before the
 * sandbox closes can be read again inside it, where no socket can be made.
 */
#include "gateway.h"

#include <arpa/inet.h>
#include <string.h>

#include "ipnet.h"

#define ROUTE_GATEWAY 0x2 /* RTF_UP is 1, RTF_GATEWAY is 2: route(7), <linux/route.h> */

static const struct {
	const char *path;
	void (*read)(struct gateways *gateways, FILE *in);
} tables[] = {
	{ "/proc/self/net/route", gateways_read_route },
	{ "/proc/self/net/fib_trie", gateways_read_fib_trie },
	{ "/proc/self/net/ipv6_route", gateways_read_ipv6_route },
	{ "/proc/self/net/if_inet6", gateways_read_if_inet6 },
};

#define TABLES (sizeof tables / sizeof *tables)

/* Loopback, link-local and the like are in every host's tables, and no
 * client's. */
static bool is_local(const char *address)
{
	static const char *const nets[] = { "127.0.0.0/8", "0.0.0.0/8", "169.254.0.0/16", "::1",
		"::", "fe80::/10" };
	struct ipnet net, number;

	if (!ipnet_parse(address, &number))
		return true;
	for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
		if (ipnet_parse(nets[i], &net) && ipnet_holds(&net, &number))
			return true;
	}
	return false;
}

static void add(
    struct gateways *gateways, enum gateway_kind kind, const char *text, const char *interface)
{
	struct gateway *gateway = &gateways->list[gateways->count];
	char address[RELAYDB_ADDRSTRLEN];

	if (relaydb_address(text, address) != RELAYDB_OK || is_local(address) ||
	    gateways_find(gateways, address) != NULL || gateways->count == GATEWAYS)
		return;
	*gateway = (struct gateway){ .kind = kind };
	memcpy(gateway->address, address, sizeof address);
	snprintf(gateway->interface, sizeof gateway->interface, "%s", interface);
	gateways->count++;
}

/* "IFACE DESTINATION GATEWAY FLAGS ...", addresses as a host's number with the
 * bytes of the network in memory. */
void gateways_read_route(struct gateways *gateways, FILE *in)
{
	char line[256], interface[16], text[INET_ADDRSTRLEN];
	unsigned hop, flags;
	struct in_addr address;

	while (fgets(line, sizeof line, in) != NULL) {
		if (sscanf(line, "%15s %*x %x %x", interface, &hop, &flags) != 3 ||
		    !(flags & ROUTE_GATEWAY))
			continue;
		address.s_addr = hop;
		if (inet_ntop(AF_INET, &address, text, sizeof text) != NULL)
			add(gateways, GATEWAY_HOP, text, interface);
	}
}

/* A tree; "|-- ADDRESS", and below it what the address is: "/32 host LOCAL" if
 * it is one of this host. */
void gateways_read_fib_trie(struct gateways *gateways, FILE *in)
{
	char line[256], address[INET_ADDRSTRLEN] = "";

	while (fgets(line, sizeof line, in) != NULL) {
		if (sscanf(line, " |-- %15s", address) != 1 &&
		    strstr(line, "/32 host LOCAL") != NULL)
			add(gateways, GATEWAY_OWN, address, "");
	}
}

/* 32 hexadecimal digits. */
static bool read_inet6(const char *digits, char text[INET6_ADDRSTRLEN])
{
	unsigned char bytes[16];
	unsigned byte;

	for (size_t i = 0; i < sizeof bytes; i++) {
		if (sscanf(digits + 2 * i, "%2x", &byte) != 1)
			return false;
		bytes[i] = (unsigned char)byte;
	}
	return inet_ntop(AF_INET6, bytes, text, INET6_ADDRSTRLEN) != NULL;
}

/* "DESTINATION LENGTH SOURCE LENGTH HOP METRIC USES USED FLAGS IFACE" */
void gateways_read_ipv6_route(struct gateways *gateways, FILE *in)
{
	char line[256], hop[33], interface[16], text[INET6_ADDRSTRLEN];
	unsigned flags;

	while (fgets(line, sizeof line, in) != NULL) {
		if (sscanf(line, "%*32s %*x %*32s %*x %32s %*x %*x %*x %x %15s", hop, &flags,
			interface) == 3 &&
		    flags & ROUTE_GATEWAY && read_inet6(hop, text))
			add(gateways, GATEWAY_HOP, text, interface);
	}
}

/* "ADDRESS INDEX LENGTH SCOPE FLAGS IFACE" */
void gateways_read_if_inet6(struct gateways *gateways, FILE *in)
{
	char line[256], digits[33], interface[16], text[INET6_ADDRSTRLEN];

	while (fgets(line, sizeof line, in) != NULL) {
		if (sscanf(line, "%32s %*x %*x %*x %*x %15s", digits, interface) == 2 &&
		    read_inet6(digits, text))
			add(gateways, GATEWAY_OWN, text, interface);
	}
}

void gateways_open(struct gateways *gateways)
{
	for (size_t i = 0; i < TABLES; i++)
		gateways->tables[i] = fopen(tables[i].path, "re");
	gateways_refresh(gateways);
}

void gateways_refresh(struct gateways *gateways)
{
	struct gateways before = *gateways;
	const struct gateway *old;

	gateways->count = 0;
	for (size_t i = 0; i < TABLES; i++) {
		if (gateways->tables[i] == NULL)
			continue;
		rewind(gateways->tables[i]);
		tables[i].read(gateways, gateways->tables[i]);
	}
	for (size_t i = 0; i < gateways->count; i++) {
		old = gateways_find(&before, gateways->list[i].address);
		gateways->list[i].said = old != NULL && old->said;
	}
}

void gateways_close(struct gateways *gateways)
{
	for (size_t i = 0; i < TABLES; i++) {
		if (gateways->tables[i] != NULL)
			fclose(gateways->tables[i]);
		gateways->tables[i] = NULL;
	}
}

struct gateway *gateways_find(struct gateways *gateways, const char *address)
{
	for (size_t i = 0; i < gateways->count; i++) {
		if (strcmp(gateways->list[i].address, address) == 0)
			return &gateways->list[i];
	}
	return NULL;
}

void gateway_warning(const struct gateway *gateway, char *text, size_t size)
{
	bool known = *gateway->interface != '\0';

	snprintf(text, size,
	    "a login from %s, which is %s%s%s: it stands for everybody behind it, and recording it "
	    "opens the relay to all of them. Write 'ignore = %s', or let the server see its "
	    "clients' own addresses (SECURITY.md)",
	    gateway->address,
	    gateway->kind == GATEWAY_OWN ? "an address of this host itself"
					 : "a gateway of this host",
	    known ? " on " : "", gateway->interface, gateway->address);
}
