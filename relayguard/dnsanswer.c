/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dnsanswer.c - what a DNS reply says, see dnsanswer.h
 */
#include "dnsanswer.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

int dnsanswer_type(enum rules_type type)
{
	static const int types[] = { ns_t_a, ns_t_aaaa, ns_t_ns, ns_t_mx };

	return types[type];
}

static bool take_address(struct dnsanswer *answer, const ns_rr *rr, int type)
{
	char text[INET6_ADDRSTRLEN];
	int family = type == ns_t_a ? AF_INET : AF_INET6;

	if (ns_rr_rdlen(*rr) != (type == ns_t_a ? 4 : 16))
		return false;
	if (inet_ntop(family, ns_rr_rdata(*rr), text, sizeof text) == NULL)
		return false;
	/* by way of text, so that a mapped address is its IPv4 address here too
	 * */
	return ipnet_parse(text, &answer->address[answer->count]);
}

static bool take_name(struct dnsanswer *answer, const ns_msg *message, const ns_rr *rr, int type)
{
	const unsigned char *data = ns_rr_rdata(*rr);
	size_t preference = type == ns_t_mx ? 2 : 0;
	char *name = answer->name[answer->count];

	if (ns_rr_rdlen(*rr) <= preference)
		return false;
	if (ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), data + preference, name,
		DNSANSWER_NAME_SIZE) < 0)
		return false;
	if (*name == '\0')
		strcpy(name, ".");
	return true;
}

void dnsanswer_read(struct dnsanswer *answer, const void *packet, size_t size, enum rules_type type)
{
	int wanted = dnsanswer_type(type);
	ns_msg message;
	ns_rr rr;

	answer->outcome = DNSANSWER_FAILED;
	answer->count = 0;
	if (size > INT_MAX || ns_initparse(packet, (int)size, &message) != 0)
		return;
	if (ns_msg_getflag(message, ns_f_rcode) == ns_r_nxdomain)
		answer->outcome = DNSANSWER_NXDOMAIN;
	if (ns_msg_getflag(message, ns_f_rcode) != ns_r_noerror)
		return;
	for (int i = 0; i < ns_msg_count(message, ns_s_an) && answer->count < DNSANSWER_MAX; i++) {
		bool good;

		if (ns_parserr(&message, ns_s_an, i, &rr) != 0) {
			answer->count = 0;
			return;
		}
		if ((int)ns_rr_type(rr) != wanted || ns_rr_class(rr) != ns_c_in)
			continue;
		good = wanted == ns_t_a || wanted == ns_t_aaaa
			   ? take_address(answer, &rr, wanted)
			   : take_name(answer, &message, &rr, wanted);
		answer->count += good;
	}
	answer->outcome = answer->count > 0 ? DNSANSWER_RECORDS : DNSANSWER_NODATA;
}
