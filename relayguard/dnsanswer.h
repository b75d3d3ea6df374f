/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dnsanswer.h - what a DNS reply says
 *
 * Sole home of <arpa/nameser.h>, whose functions take the packet apart.  Pure.
 * Limits: the first DNSANSWER_MAX records of the type that was asked for; more
 * are left out, so that nobody's domain costs more than that.
 */
#ifndef RELAYGUARD_DNSANSWER_H
#define RELAYGUARD_DNSANSWER_H

#include "ipnet.h"
#include "rules.h"

#include <stddef.h>

#define DNSANSWER_MAX 16
#define DNSANSWER_NAME_SIZE 256

enum dnsanswer_outcome {
	DNSANSWER_RECORDS,
	DNSANSWER_NODATA, /* the name is there, without such a record */
	DNSANSWER_NXDOMAIN,
	DNSANSWER_FAILED /* SERVFAIL, no reply in time, a packet that makes no sense */
};

struct dnsanswer {
	enum dnsanswer_outcome outcome;
	size_t count;
	struct ipnet address[DNSANSWER_MAX]; /* of A and AAAA */
	char name[DNSANSWER_MAX][DNSANSWER_NAME_SIZE]; /* of NS and MX: "." is a name */
};

/* Reads the SIZE bytes of PACKET as the reply to a question for TYPE.  Records
 * of the answer section count whatever name they have: a CNAME leads there. */
void dnsanswer_read(
    struct dnsanswer *answer, const void *packet, size_t size, enum rules_type type);

/* The number of TYPE in the DNS. */
int dnsanswer_type(enum rules_type type);

#endif
