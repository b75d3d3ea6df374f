/* SPDX-License-Identifier: BSD-2-Clause
 *
 * records.c - NS=: names and addresses of the name servers and mail exchangers
 * of a domain
 *
 * Owns: which names are asked for, in which order, and how many.  KNOWN and
 * UNKNOWN ask whether the domain itself exists for mail; the other patterns ask
 * about its servers, with labels cut from the left until there are some.
 * Limits: RULES_CUTS_MAX domains, RULES_HOSTS_MAX hosts, RULES_ADDRESSES_MAX
 * addresses of each, so that a sender cannot choose how much is looked up.
 */
#include "rules_int.h"

#include <string.h>

static enum rules_answer ask(
    const struct view *view, const char *name, enum rules_type type, struct rules_records *records)
{
	*records = (struct rules_records){ .count = 0 };
	if (view->asker->records == NULL)
		return RULES_UNKNOWN;
	return view->asker->records(name, type, records, view->asker->arg);
}

/* Is there an address, a mail exchanger or a name server?  Those of a top-level
 * domain are everybody's. */
static enum rules_answer exists(const char *domain, const struct view *view)
{
	static const enum rules_type types[] = { RULES_TYPE_MX, RULES_TYPE_A, RULES_TYPE_AAAA,
		RULES_TYPE_NS };
	enum rules_answer answer = RULES_NO;
	struct rules_records records;

	for (size_t i = 0; i < sizeof types / sizeof *types && answer != RULES_YES; i++) {
		if (types[i] == RULES_TYPE_NS && strchr(domain, '.') == NULL)
			continue;
		answer = rules_or(answer, ask(view, domain, types[i], &records));
	}
	return answer;
}

static enum rules_answer server_address_match(
    const struct pattern *pattern, const struct ipnet *net, const struct view *view)
{
	char text[INET6_ADDRSTRLEN];

	if (pattern->kind == KIND_NETWORK)
		return ipnet_holds(&pattern->net, net) ? RULES_YES : RULES_NO;
	if (pattern->kind == KIND_ZONE)
		return ask_listed(view, pattern->zone, net);
	inet_ntop(net->family, net->address, text, sizeof text);
	return text_match(pattern, text, strlen(text));
}

/* Could the pattern match the text of an address?  If not, none is asked
 * for. */
static bool wants_addresses(const struct pattern *pattern)
{
	return pattern->kind != KIND_WILDCARD ||
	       pattern->text[strspn(pattern->text, "0123456789abcdefABCDEF:.*")] == '\0';
}

static enum rules_answer addresses_match(
    const struct pattern *pattern, const char *host, const struct view *view)
{
	static const enum rules_type types[] = { RULES_TYPE_A, RULES_TYPE_AAAA };
	enum rules_answer answer = RULES_NO;

	for (size_t t = 0; t < 2 && answer != RULES_YES; t++) {
		struct rules_records found;
		enum rules_answer asked = ask(view, host, types[t], &found);

		if (asked != RULES_YES) {
			answer = rules_or(answer, asked);
			continue;
		}
		for (size_t i = 0;
		     i < found.count && i < RULES_ADDRESSES_MAX && answer != RULES_YES; i++)
			answer = rules_or(
			    answer, server_address_match(pattern, &found.addresses[i], view));
	}
	return answer;
}

static enum rules_answer host_match(
    const struct pattern *pattern, const char *host, const struct view *view)
{
	char name[DOMAIN_SIZE];
	enum rules_answer answer = RULES_NO;

	/* "." is the exchanger of a domain without mail (RFC 7505) */
	if (domain_read(host, strlen(host), name) != DOMAIN_NAME)
		return RULES_NO;
	if (pattern->kind == KIND_WILDCARD || pattern->kind == KIND_REGEX)
		answer = text_match(pattern, name, strlen(name));
	if (answer == RULES_YES || !wants_addresses(pattern))
		return answer;
	return rules_or(answer, addresses_match(pattern, name, view));
}

static enum rules_answer hosts_match(
    const struct pattern *pattern, const struct rules_records *hosts, const struct view *view)
{
	enum rules_answer answer = RULES_NO;

	for (size_t i = 0; i < hosts->count && i < RULES_HOSTS_MAX && answer != RULES_YES; i++)
		answer = rules_or(answer, host_match(pattern, hosts->names[i], view));
	return answer;
}

/* The servers of DOMAIN alone; *CUT when it certainly has none. */
static enum rules_answer servers_match(
    const struct pattern *pattern, const char *domain, const struct view *view, bool *cut)
{
	static const enum rules_type types[] = { RULES_TYPE_MX, RULES_TYPE_NS };
	struct rules_records hosts[2];
	enum rules_answer asked[2], answer = RULES_NO;

	for (size_t i = 0; i < 2; i++)
		asked[i] = ask(view, domain, types[i], &hosts[i]);
	*cut = asked[0] == RULES_NO && asked[1] == RULES_NO;
	for (size_t i = 0; i < 2 && answer != RULES_YES; i++)
		answer = rules_or(answer,
		    asked[i] == RULES_YES ? hosts_match(pattern, &hosts[i], view) : asked[i]);
	return answer;
}

/* DOMAIN without its first label, and without more when there are too many
 * left. */
static const char *cut_label(const char *domain)
{
	size_t labels = 1;

	for (const char *p = domain; *p != '\0'; p++)
		labels += *p == '.';
	do {
		domain = strchr(domain, '.') + 1;
		labels--;
	} while (labels > RULES_CUTS_MAX);
	return domain;
}

enum rules_answer records_match(
    const struct pattern *pattern, const char *domain, size_t size, const struct view *view)
{
	char name[DOMAIN_SIZE];
	enum domain kind = domain_read(domain, size, name);
	enum rules_answer answer;
	bool cut;

	if (pattern->kind == KIND_ALL)
		return RULES_YES;
	if (kind == DOMAIN_LITERAL)
		return RULES_NO;
	if (kind == DOMAIN_FOREIGN)
		return RULES_UNKNOWN;
	if (kind == DOMAIN_IMPOSSIBLE)
		return pattern->kind == KIND_UNKNOWN ? RULES_YES : RULES_NO;
	if (pattern->kind == KIND_KNOWN)
		return exists(name, view);
	if (pattern->kind == KIND_UNKNOWN)
		return rules_not(exists(name, view));
	for (const char *p = name; strchr(p, '.') != NULL; p = cut_label(p)) {
		answer = servers_match(pattern, p, view, &cut);
		if (!cut)
			return answer;
	}
	return RULES_NO;
}
