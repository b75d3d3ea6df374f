/* SPDX-License-Identifier: BSD-2-Clause
 *
 * gateway.h - addresses that stand for everybody behind them
 *
 * A login from this host's own address, or from a gateway that it routes
 * through, is one of somebody else: a container's userland proxy, a router that
 * hides its clients, a webmail. Once recorded, such an address opens the relay
 * for all of them.
 *
 * Owns: the table of such addresses, and the reading of the kernel's tables.
 * Leaves to others: whether the address is ignored anyway, and what is said.
 * Limits: GATEWAYS addresses; loopback and link-local ones are not among them.
 */
#ifndef POPWATCH_GATEWAY_H
#define POPWATCH_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "relaydb.h"

#define GATEWAYS 256

enum gateway_kind {
	GATEWAY_HOP, /* of a route: the next hop */
	GATEWAY_OWN /* of this host */
};

struct gateway {
	char address[RELAYDB_ADDRSTRLEN]; /* in the store's form */
	char interface[16]; /* "": not known */
	enum gateway_kind kind;
	bool said; /* it was warned about; for the caller */
};

struct gateways {
	struct gateway list[GATEWAYS];
	size_t count;
	FILE *tables[4]; /* of the kernel, which stay open; see gateways_open() */
};

/* Opens the kernel's tables of routes and addresses and reads them.  They stay
 * open, so that gateways_refresh() can read them again from inside a sandbox.
 * What this host does not have is left out.  GATEWAYS is zero before. */
void gateways_open(struct gateways *gateways);

/* Reads them again; who was warned about stays so. */
void gateways_refresh(struct gateways *gateways);

/* Closes them. */
void gateways_close(struct gateways *gateways);

/* Adds what a table of the kernel says, read from IN to its end: the routes and
 * the own addresses of IPv4 (net/route, net/fib_trie) and of IPv6
 * (net/ipv6_route, net/if_inet6, see proc(5)). */
void gateways_read_route(struct gateways *gateways, FILE *in);
void gateways_read_fib_trie(struct gateways *gateways, FILE *in);
void gateways_read_ipv6_route(struct gateways *gateways, FILE *in);
void gateways_read_if_inet6(struct gateways *gateways, FILE *in);

/* The entry of ADDRESS, which is in the store's form; NULL if it is none. */
struct gateway *gateways_find(struct gateways *gateways, const char *address);

/* What is to be said of a login from there: which address, why, what helps. */
void gateway_warning(const struct gateway *gateway, char *text, size_t size);

#endif
