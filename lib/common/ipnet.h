/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ipnet.h - addresses as numbers, and networks that hold them
 *
 * Owns: reading ADDRESS and ADDRESS/BITS of both families and lists of them,
 * and the question whether a network, or a set of them, holds an address. An
 * IPv4-mapped IPv6 address is its IPv4 address here, as everywhere in the
 * suite; a mapped network is its IPv4 network.
 */
#ifndef RELAYERS_IPNET_H
#define RELAYERS_IPNET_H

#include <stdbool.h>
#include <stddef.h>

struct ipnet {
	int family; /* AF_INET or AF_INET6 */
	unsigned char address[16]; /* network byte order; 4 of them used for AF_INET */
	unsigned bits; /* prefix length: 0 to 32, or 0 to 128 */
};

/* Reads ADDRESS or ADDRESS/BITS; without BITS the network is that one address.
 * Bits of the address beyond the prefix are an error, since they show that
 * something else was meant.  Returns false (and *net is undefined) for anything
 * else. */
bool ipnet_parse(const char *text, struct ipnet *net);

/* Does NET hold the one address that ADDRESS is (its bits are not looked
 * at)? */
bool ipnet_holds(const struct ipnet *net, const struct ipnet *address);

/* May a client have the one address that ADDRESS is?  Not an unspecified,
 * multicast or broadcast one (RFC 6890, RFC 1112, RFC 4291), nor a link-local
 * one of IPv6, which means nothing without its interface. */
bool ipnet_is_client(const struct ipnet *address);

/* Networks in the order in which they were added; zero at first. */
struct netset {
	struct ipnet *nets;
	size_t count;
};

/* Adds a copy of NET.  Returns false without memory; SET is then as it was. */
bool netset_add(struct netset *set, const struct ipnet *net);

/* Adds what TEXT, an ADDRESS or ADDRESS/BITS, says.  Returns 0, or -1 with
 * errno set to EINVAL if it is neither, to ENOMEM without memory; SET is then
 * as it was. */
int netset_add_text(struct netset *set, const char *text);

/* Does one of them hold the one address that ADDRESS is? */
bool netset_holds(const struct netset *set, const struct ipnet *address);

/* Frees the networks and leaves an empty set. */
void netset_clear(struct netset *set);

#endif
