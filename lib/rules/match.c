/* SPDX-License-Identifier: BSD-2-Clause
 *
 * match.c - patterns and lists against an envelope
 *
 * Owns: what each pattern of the language means, and how answers combine.
 * Lists are tried from left to right up to the first "yes"; a pending answer
 * does not end a list, so that the lookups of a list run side by side.
 */
#include "rules_int.h"

#include <string.h>

const char *rules_answer_name(enum rules_answer answer)
{
	static const char *const names[] = { "no", "yes", "off", "cannot tell", "pending" };

	return names[answer];
}

enum rules_answer rules_or(enum rules_answer a, enum rules_answer b)
{
	if (a == RULES_YES || b == RULES_YES)
		return RULES_YES;
	return a > b ? a : b;
}

enum rules_answer rules_and(enum rules_answer a, enum rules_answer b)
{
	if (a == RULES_NO || b == RULES_NO)
		return RULES_NO;
	return a > b ? a : b;
}

enum rules_answer rules_not(enum rules_answer a)
{
	if (a == RULES_NO || a == RULES_YES)
		return a == RULES_NO ? RULES_YES : RULES_NO;
	return a;
}

static enum rules_answer known(bool yes)
{
	return yes ? RULES_YES : RULES_NO;
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* * is any run of bytes.  Goes back to the last * alone, so the time is the
 * product of both sizes at most. */
static bool wildcard_match(const char *pattern, const char *text, size_t size)
{
	const char *star = NULL;
	size_t i = 0, mark = 0;

	while (i < size) {
		if (*pattern == '*') {
			star = ++pattern;
			mark = i;
		} else if (*pattern != '\0' && lower(*pattern) == lower(text[i])) {
			pattern++;
			i++;
		} else if (star != NULL) {
			pattern = star;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

enum rules_answer text_match(const struct pattern *pattern, const char *text, size_t size)
{
	if (pattern->kind == KIND_REGEX)
		return regex_match(pattern->regex, text, size);
	return known(pattern->kind == KIND_ALL || wildcard_match(pattern->text, text, size));
}

static bool is_loopback(const struct ipnet *net)
{
	static const unsigned char v6[16] = { [15] = 1 };

	return net->family == AF_INET ? net->address[0] == 127 : memcmp(net->address, v6, 16) == 0;
}

static bool is_set(const char *text)
{
	return text != NULL && *text != '\0';
}

/* The name that patterns may see. */
static void view_name(struct view *view, const struct rules_envelope *envelope)
{
	const char *name = envelope->name;

	view->name_state = envelope->name_state;
	if (view->name_state != RULES_NAME_CONFIRMED)
		return;
	if (!is_set(name) || domain_is_address(name) ||
	    domain_read(name, strlen(name), view->name) != DOMAIN_NAME) {
		view->name[0] = '\0';
		view->name_state = RULES_NAME_NONE;
	}
}

void view_make(
    struct view *view, const struct rules_envelope *envelope, const struct rules_asker *asker)
{
	*view = (struct view){ .envelope = envelope, .asker = asker };
	if (is_set(envelope->address) && strchr(envelope->address, '/') == NULL &&
	    ipnet_parse(envelope->address, &view->net)) {
		view->has_net = true;
		inet_ntop(view->net.family, view->net.address, view->address, sizeof view->address);
	}
	view->local = envelope->local || (view->has_net && is_loopback(&view->net));
	view->auth = is_set(envelope->auth);
	view_name(view, envelope);
	mailbox_read(&view->mailbox[0], envelope->sender != NULL ? envelope->sender : "");
	mailbox_read(&view->mailbox[1], envelope->recipient != NULL ? envelope->recipient : "");
}

static enum rules_answer ask_pop(const struct view *view)
{
	if (!view->has_net)
		return RULES_NO;
	return view->asker->pop != NULL ? view->asker->pop(view->asker->arg) : RULES_UNKNOWN;
}

enum rules_answer exempt_match(const struct view *view)
{
	return view->local || view->auth ? RULES_YES : ask_pop(view);
}

enum rules_answer ask_listed(
    const struct view *view, const struct rules_zone *zone, const struct ipnet *net)
{
	if (view->asker->listed == NULL)
		return RULES_UNKNOWN;
	return view->asker->listed(zone, net, view->asker->arg);
}

static enum rules_answer zone_match(const struct rules_zone *zone, const struct view *view)
{
	enum rules_answer exempt = exempt_match(view);

	if (exempt == RULES_YES || !view->has_net)
		return RULES_NO;
	return rules_and(ask_listed(view, zone, &view->net), rules_not(exempt));
}

/* NO: the client's name is known, or that it has none; else why not.  sendmail
 * calls a name forged, too, whose addresses it could not look up for now
 * (getauthinfo() in its daemon.c): we look ourselves. */
static enum rules_answer name_doubt(const struct view *view)
{
	enum rules_type type = view->net.family == AF_INET ? RULES_TYPE_A : RULES_TYPE_AAAA;
	struct rules_records found = { .count = 0 };
	const char *written = view->envelope->name;
	char name[DOMAIN_SIZE];
	enum rules_answer answer;

	if (view->name_state != RULES_NAME_FORGED)
		return view->name_state == RULES_NAME_UNKNOWN ? RULES_UNKNOWN : RULES_NO;
	if (!view->has_net || !is_set(written) || domain_is_address(written) ||
	    domain_read(written, strlen(written), name) != DOMAIN_NAME)
		return RULES_NO;
	if (view->asker->records == NULL)
		return RULES_UNKNOWN;
	answer = view->asker->records(name, type, &found, view->asker->arg);
	if (answer != RULES_YES)
		return answer;
	for (size_t i = 0; i < found.count; i++) {
		if (ipnet_holds(&found.addresses[i], &view->net))
			return RULES_UNKNOWN;
	}
	return RULES_NO;
}

/* A question about the name. */
static enum rules_answer name_match(const struct view *view, bool yes)
{
	enum rules_answer doubt = name_doubt(view);

	return doubt == RULES_NO ? known(yes) : doubt;
}

/* A wildcard or expression: the confirmed name, or the address as text. */
static enum rules_answer host_text_match(const struct pattern *pattern, const struct view *view)
{
	enum rules_answer answer = RULES_NO, doubt;

	if (view->address[0] != '\0')
		answer = text_match(pattern, view->address, strlen(view->address));
	if (answer == RULES_YES)
		return answer;
	doubt = name_doubt(view);
	if (doubt != RULES_NO)
		return rules_or(answer, doubt);
	if (view->name[0] != '\0')
		answer = rules_or(answer, text_match(pattern, view->name, strlen(view->name)));
	return answer;
}

static enum rules_answer client_servers_match(
    const struct pattern *pattern, const struct view *view)
{
	enum rules_answer exempt = RULES_NO, answer, doubt = name_doubt(view);

	if (doubt != RULES_NO)
		return doubt;
	if (view->name[0] == '\0')
		return RULES_NO;
	if (pattern->kind == KIND_ZONE) {
		exempt = exempt_match(view);
		if (exempt == RULES_YES)
			return RULES_NO;
	}
	answer = records_match(pattern, view->name, strlen(view->name), view);
	return rules_and(answer, rules_not(exempt));
}

/* The user before the @ of a client is the one of SMTP AUTH. */
static enum rules_answer user_match(const struct pattern *pattern, const struct view *view)
{
	const char *auth = view->auth ? view->envelope->auth : "";

	if (pattern->kind == KIND_ALL)
		return RULES_YES;
	if (!view->auth)
		return RULES_NO;
	return pattern->kind == KIND_KNOWN ? RULES_YES : text_match(pattern, auth, strlen(auth));
}

static enum rules_answer client_match(const struct pattern *pattern, const struct view *view)
{
	enum rules_answer user;

	switch (pattern->kind) {
	case KIND_ALL:
		return RULES_YES;
	case KIND_KNOWN:
		return name_match(view, view->name_state == RULES_NAME_CONFIRMED);
	case KIND_UNKNOWN:
		return name_match(view, view->name_state != RULES_NAME_CONFIRMED);
	case KIND_FORGED:
		return name_match(view, view->name_state == RULES_NAME_FORGED);
	case KIND_POP:
		return ask_pop(view);
	case KIND_AUTH:
		return known(view->auth);
	case KIND_LOCAL:
		return known(view->local);
	case KIND_NETWORK:
		return known(view->has_net && ipnet_holds(&pattern->net, &view->net));
	case KIND_ZONE:
		return zone_match(pattern->zone, view);
	case KIND_NS:
		return client_servers_match(pattern->right, view);
	case KIND_PARTS:
		user = user_match(pattern->left, view);
		return user == RULES_NO ? user
					: rules_and(user, client_match(pattern->right, view));
	default:
		return host_text_match(pattern, view);
	}
}

/* USER: the left part is the SMTP AUTH name, or, if that has a domain itself,
 * the whole address is.  The left part of such a name alone would let alice of
 * one domain write as alice of another. */
static enum rules_answer is_user(const char *address, size_t left, const struct view *view)
{
	const char *auth = view->envelope->auth;
	size_t size = strchr(auth, '@') != NULL ? strlen(address) : left;

	if (strlen(auth) != size)
		return RULES_NO;
	for (size_t i = 0; i < size; i++) {
		if (lower(auth[i]) != lower(address[i]))
			return RULES_NO;
	}
	return RULES_YES;
}

static enum rules_answer parts_match(
    const struct pattern *pattern, const char *address, const char *at, const struct view *view)
{
	const char *domain = at + 1;
	size_t left = (size_t)(at - address);
	enum rules_answer answer;

	if (pattern->left->kind == KIND_USER)
		answer = view->auth ? is_user(address, left, view) : RULES_NO;
	else
		answer = text_match(pattern->left, address, left);
	if (answer == RULES_NO)
		return answer;
	if (pattern->right->kind == KIND_NS)
		return rules_and(
		    answer, records_match(pattern->right->right, domain, strlen(domain), view));
	return rules_and(answer, text_match(pattern->right, domain, strlen(domain)));
}

/* One spelling of an address. */
static enum rules_answer spelling_match(
    const struct pattern *pattern, const char *address, const struct view *view)
{
	const char *at = strrchr(address, '@');

	if (pattern->kind == KIND_PARTS)
		return at != NULL ? parts_match(pattern, address, at, view) : RULES_NO;
	if (pattern->kind == KIND_NS)
		return at != NULL ? records_match(pattern->right, at + 1, strlen(at + 1), view)
				  : RULES_NO;
	return text_match(pattern, address, strlen(address));
}

/* The DNS is asked about the domain that is meant, not about a spelling of
 * it. */
static bool asks_dns(const struct pattern *pattern)
{
	return pattern->kind == KIND_NS ||
	       (pattern->kind == KIND_PARTS && pattern->right->kind == KIND_NS);
}

/* Where a match refuses: what was written, or any reading.  "*%*@*" is about
 * the one, and nobody dodges bob@example.com by writing it in another way. */
static enum rules_answer any_match(
    const struct pattern *pattern, const struct mailbox *mailbox, const struct view *view)
{
	enum rules_answer answer = known(mailbox->overfull);

	if (!asks_dns(pattern))
		answer = rules_or(answer, spelling_match(pattern, mailbox->written, view));
	for (size_t i = 0; i < mailbox->count && answer != RULES_YES; i++)
		answer = rules_or(answer, spelling_match(pattern, mailbox->reading[i], view));
	return answer;
}

/* Where a match accepts: what is meant, and of what is odd every reading, and
 * what was written, so that nobody is taken for bob@example.com. */
static enum rules_answer every_match(
    const struct pattern *pattern, const struct mailbox *mailbox, const struct view *view)
{
	enum rules_answer answer = known(!mailbox->overfull);

	if (mailbox->odd && !asks_dns(pattern))
		answer = rules_and(answer, spelling_match(pattern, mailbox->written, view));
	for (size_t i = 0; i < mailbox->count && answer != RULES_NO; i++)
		answer = rules_and(answer, spelling_match(pattern, mailbox->reading[i], view));
	return answer;
}

static enum rules_answer address_match(const struct pattern *pattern, const struct mailbox *mailbox,
    const struct view *view, bool strict)
{
	if (pattern->kind == KIND_ALL || strcmp(pattern->text, "*") == 0)
		return RULES_YES;
	return strict ? every_match(pattern, mailbox, view) : any_match(pattern, mailbox, view);
}

enum rules_answer list_match(
    const struct list *list, int field, const struct view *view, bool strict)
{
	enum rules_answer answer = RULES_NO;

	for (const struct pattern *p = list->first; p != NULL && answer != RULES_YES; p = p->next)
		answer = rules_or(
		    answer, field == 0 ? client_match(p, view)
				       : address_match(p, &view->mailbox[field - 1], view, strict));
	if (answer == RULES_NO || list->except == NULL)
		return answer;
	return rules_and(answer, rules_not(list_match(list->except, field, view, !strict)));
}
