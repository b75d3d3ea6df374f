/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns.c - questions to the DNS beside the loop, see dns.h
 */
#include "dns.h"

#include "log.h"
#include "loop.h"

#include <stdlib.h>
#include <string.h>

#include <unbound-event.h>
#include <unbound.h>

#define CLASS_IN 1

struct dns {
	struct ub_ctx *context;
	struct loop *loop;
	size_t pending;
};

struct dns_question {
	struct dns *dns;
	struct loop_timer *deadline;
	enum rules_type type;
	int id; /* of libunbound; 0: none yet, or it called back already */
	bool asking; /* within ub_resolve_event() */
	bool over; /* answered there */
	dns_done *done;
	void *arg;
};

/* Settings of libunbound that the programs want the same everywhere: no
 * validation, which is the resolver's business, and resolvers on this host. */
static bool configure(struct ub_ctx *context, const char *resolver, const char *resolv_conf)
{
	static const char *const options[][2] = {
		{ "module-config:", "iterator" },
		{ "do-not-query-localhost:", "no" },
		{ "qname-minimisation:", "no" },
		{ "unblock-lan-zones:", "yes" },
		{ "use-syslog:", "no" },
		{ "outgoing-range:", "512" },
		{ "num-queries-per-thread:", "1024" },
		/* that a blocklist does not list 127.0.0.1 must be new */
		{ "cache-max-negative-ttl:", "5" },
		{ "msg-cache-size:", "8m" },
		{ "rrset-cache-size:", "16m" },
	};
	static const char *const sites_own[] = { "test.", "invalid.", "home.arpa." };
	int code = 0;

	for (size_t i = 0; code == 0 && i < sizeof options / sizeof *options; i++) {
		code = ub_ctx_set_option(context, options[i][0], options[i][1]);
		if (code != 0)
			log_say(LOG_ERR, "DNS: libunbound does not know %s: %s", options[i][0],
			    ub_strerror(code));
	}
	if (code != 0)
		return false;
	code = resolver != NULL ? ub_ctx_set_fwd(context, resolver)
				: ub_ctx_resolvconf(context, resolv_conf);
	/* domains that libunbound would answer itself: the site's resolver decides;
	 * last, because nothing can be set after it */
	for (size_t i = 0; code == 0 && i < sizeof sites_own / sizeof *sites_own; i++)
		code = ub_ctx_zone_add(context, sites_own[i], "transparent");
	if (code != 0)
		log_say(LOG_ERR, "DNS: cannot use %s: %s",
		    resolver != NULL ? resolver : resolv_conf, ub_strerror(code));
	return code == 0;
}

struct dns *dns_new(struct loop *loop, const char *resolver, const char *resolv_conf)
{
	struct dns *dns = calloc(1, sizeof *dns);

	if (dns != NULL)
		dns->context = ub_ctx_create_event(loop_base(loop));
	if (dns == NULL || dns->context == NULL) {
		log_say(LOG_ERR, "DNS: cannot make a resolver: out of memory");
		free(dns);
		return NULL;
	}
	dns->loop = loop;
	ub_ctx_debugout(dns->context, NULL);
	if (configure(dns->context, resolver, resolv_conf))
		return dns;
	dns_free(dns);
	return NULL;
}

void dns_free(struct dns *dns)
{
	if (dns == NULL)
		return;
	ub_ctx_delete(dns->context);
	free(dns);
}

static void discard(struct dns_question *question)
{
	question->dns->pending--;
	loop_timer_free(question->deadline);
	free(question);
}

/* Hands the answer over and ends the question. */
static void finish(struct dns_question *question, const struct dnsanswer *answer)
{
	dns_done *done = question->done;
	void *arg = question->arg;

	if (question->asking)
		question->over = true;
	else
		discard(question);
	done(answer, arg);
}

/* The type is libunbound's. */
/* NOLINTBEGIN(readability-non-const-parameter) */
static void answered(
    void *arg, int code, void *packet, int size, int security, char *why_bogus, int limited)
/* NOLINTEND(readability-non-const-parameter) */
{
	static const struct dnsanswer none = { .outcome = DNSANSWER_FAILED };
	struct dns_question *question = arg;
	struct dnsanswer *answer = NULL;

	(void)security;
	(void)why_bogus;
	(void)limited;
	question->id = 0;
	/* With a code the packet is no answer: it is whatever was last in the
	 * buffer, and may be the answer to another question.  "No such name" is
	 * none of those codes; the packet says that. */
	if (code == 0 && packet != NULL && size > 0)
		answer = malloc(sizeof *answer);
	if (answer != NULL)
		dnsanswer_read(answer, packet, (size_t)size, question->type);
	finish(question, answer != NULL ? answer : &none);
	free(answer);
}

static void too_late(void *arg)
{
	static const struct dnsanswer none = { .outcome = DNSANSWER_FAILED };
	struct dns_question *question = arg;

	if (question->id != 0)
		ub_cancel(question->dns->context, question->id);
	finish(question, &none);
}

bool dns_ask(struct dns *dns, const char *name, enum rules_type type, int64_t timeout_ms,
    dns_done *done, void *arg, struct dns_question **asked)
{
	static const struct dnsanswer none = { .outcome = DNSANSWER_FAILED };
	struct dns_question *question = calloc(1, sizeof *question);
	int code;

	*asked = NULL;
	if (question == NULL)
		return false;
	*question = (struct dns_question){
		.dns = dns, .type = type, .done = done, .arg = arg, .asking = true
	};
	question->deadline = loop_timer_new(dns->loop, too_late, question);
	if (question->deadline == NULL) {
		free(question);
		return false;
	}
	dns->pending++;
	loop_timer_set(question->deadline, timeout_ms);
	code = ub_resolve_event(
	    dns->context, name, dnsanswer_type(type), CLASS_IN, question, answered, &question->id);
	if (code != 0 && !question->over)
		finish(question, &none);
	question->asking = false;
	if (question->over)
		discard(question);
	else
		*asked = question;
	return true;
}

void dns_cancel(struct dns_question *question)
{
	if (question == NULL)
		return;
	if (question->id != 0)
		ub_cancel(question->dns->context, question->id);
	discard(question);
}

size_t dns_pending(const struct dns *dns)
{
	return dns->pending;
}
