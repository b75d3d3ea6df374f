/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guardtry.c - relayguard -n and -t, see guardtry.h
 */
#include "guardtry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "dns.h"
#include "dnsbl.h"
#include "entries.h"
#include "guardconf.h"
#include "inquiry.h"
#include "list.h"
#include "log.h"
#include "loop.h"
#include "relaydb.h"
#include "rulefile.h"

#define RESOLV_CONF "/etc/resolv.conf"

/* What stands around one decision, or around the self-tests. */
struct trial {
	const struct guardconf *conf;
	struct rules *rules;
	struct loop *loop;
	struct loop_timer *deadline;
	struct sources sources;
	struct inquiry *inquiry;
	struct rules_envelope envelope;
	struct rules_decision decision;
	bool decided, too_late;
};

/* ---- the parts ---- */

static void stop_waiting(void *arg)
{
	const struct trial *trial = arg;

	loop_stop(trial->loop);
}

static void on_deadline(void *arg)
{
	struct trial *trial = arg;

	trial->too_late = true;
	loop_stop(trial->loop);
}

/* Returns a status of sysexits(3). */
static int make(struct trial *trial, const struct guardconf *conf)
{
	*trial = (struct trial){ .conf = conf };
	if (*conf->rules != '\0') {
		trial->rules = rulefile_read(conf->rules);
		if (trial->rules == NULL)
			return EX_CONFIG;
	}
	trial->loop = loop_new(false);
	if (trial->loop == NULL)
		return EX_OSERR;
	trial->sources.timeout_ms = conf->dns_timeout * 1000;
	trial->sources.dns =
	    dns_new(trial->loop, *conf->resolver != '\0' ? conf->resolver : NULL, RESOLV_CONF);
	if (trial->sources.dns == NULL)
		return EX_CONFIG;
	trial->sources.lists = dnsbl_new(trial->loop, trial->sources.dns, stop_waiting, trial);
	trial->deadline = loop_timer_new(trial->loop, on_deadline, trial);
	trial->inquiry = inquiry_new(&trial->sources, stop_waiting, trial);
	if (trial->sources.lists == NULL || trial->deadline == NULL || trial->inquiry == NULL ||
	    !dnsbl_configure(trial->sources.lists, trial->rules, trial->sources.timeout_ms)) {
		log_say(LOG_ERR, "out of memory");
		return EX_OSERR;
	}
	return EX_OK;
}

static void unmake(struct trial *trial)
{
	inquiry_free(trial->inquiry);
	dnsbl_free(trial->sources.lists);
	loop_timer_free(trial->deadline);
	dns_free(trial->sources.dns);
	loop_free(trial->loop);
	rules_free(trial->rules);
}

/* ---- -n ---- */

static void report_lists(const struct trial *trial)
{
	const char *zone;

	for (size_t i = 0; i < dnsbl_count(trial->sources.lists); i++) {
		const struct blocklist *list = dnsbl_list(trial->sources.lists, i, &zone);

		/* that it is off was logged when it went off */
		if (list->state == BLOCKLIST_UNTRIED)
			log_say(LOG_WARNING,
			    "blocklist %s did not answer its self-test: it matches nobody until it "
			    "does",
			    zone);
	}
}

int guardtry_check(const struct guardconf *conf)
{
	struct trial trial;
	int status = make(&trial, conf);

	if (status == EX_OK) {
		loop_timer_set(trial.deadline, trial.sources.timeout_ms + 1000);
		while (dnsbl_testing(trial.sources.lists) && !trial.too_late) {
			if (!loop_run(trial.loop))
				break;
		}
		report_lists(&trial);
		printf("%s is good", conf->file);
		if (trial.rules != NULL)
			printf(", and so is %s, with %zu rules and %zu blocklists", conf->rules,
			    rules_count(trial.rules), rules_zone_count(trial.rules));
		putchar('\n');
	}
	unmake(&trial);
	return status;
}

/* ---- -t: the facts ---- */

/* Is the client's address that of an entry now? */
static enum rules_answer look_up(const struct trial *trial, const char *address)
{
	const struct relaydb_options options = { .path = trial->conf->database };
	const struct guardconf *conf = trial->conf;
	enum rules_answer answer = RULES_UNKNOWN;
	int64_t now = (int64_t)time(NULL);
	struct entries *copy = NULL;
	struct relaydb *db;
	struct ipnet net;
	int code;

	if (relaydb_open(&db, &options) != RELAYDB_OK)
		return answer;
	code = entries_read(db, now - conf->window, &copy);
	if (code == RELAYDB_OK && ipnet_parse(address, &net))
		answer = entries_has(copy, &net, now, conf->window) ? RULES_YES : RULES_NO;
	else if (code == RELAYDB_NOFILE)
		answer = RULES_NO;
	if (code != RELAYDB_OK)
		log_say(LOG_WARNING, "%s", relaydb_error(db));
	entries_free(copy);
	relaydb_close(&db);
	return answer;
}

static bool take_resolve(struct trial *trial, const char *value)
{
	static const struct {
		const char *word;
		enum rules_name state;
	} words[] = { { "OK", RULES_NAME_CONFIRMED }, { "FAIL", RULES_NAME_NONE },
		{ "FORGED", RULES_NAME_FORGED }, { "TEMP", RULES_NAME_UNKNOWN } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(words[i].word, value) == 0) {
			trial->envelope.name_state = words[i].state;
			return true;
		}
	}
	return false;
}

static bool take_pop(struct trial *trial, const char *value)
{
	trial->sources.pop = *value == 'y' ? RULES_YES : RULES_NO;
	return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
}

static bool take_client(struct trial *trial, const char *value)
{
	struct ipnet net;

	trial->envelope.address = value;
	return strchr(value, '/') == NULL && ipnet_parse(value, &net);
}

/* What stands behind "NAME=" in FACT; NULL if it is another. */
static const char *value_of(const char *fact, const char *name)
{
	size_t size = strlen(name);

	return strncmp(fact, name, size) == 0 && fact[size] == '=' ? fact + size + 1 : NULL;
}

static char *without_brackets(const char *value)
{
	size_t size = strlen(value);

	if (size >= 2 && value[0] == '<' && value[size - 1] == '>')
		return strndup(value + 1, size - 2);
	return strdup(value);
}

struct facts {
	bool resolve, pop;
	char *sender, *recipient;
};

/* Returns false after saying what was expected. */
static bool take_fact(struct trial *trial, struct facts *facts, const char *fact)
{
	static const char *const names[] = { "client", "name", "resolve", "from", "to", "auth",
		"pop" };
	const char *value = NULL;
	bool good = true;
	size_t i = 0;

	while (i < sizeof names / sizeof *names && value == NULL)
		value = value_of(fact, names[i++]);
	if (value == NULL) {
		log_say(LOG_ERR,
		    "-t: '%s', expected client=ADDRESS, name=NAME, resolve=OK, FAIL, FORGED or "
		    "TEMP, from=SENDER, to=RECIPIENT, auth=USER or pop=yes or no",
		    fact);
		return false;
	}
	switch (names[i - 1][0]) {
	case 'c':
		good = take_client(trial, value);
		break;
	case 'n':
		trial->envelope.name = value;
		break;
	case 'r':
		facts->resolve = true;
		good = take_resolve(trial, value);
		break;
	case 'f':
		free(facts->sender);
		facts->sender = without_brackets(value);
		break;
	case 't':
		free(facts->recipient);
		facts->recipient = without_brackets(value);
		break;
	case 'a':
		trial->envelope.auth = value;
		break;
	default:
		facts->pop = true;
		good = take_pop(trial, value);
	}
	if (!good)
		log_say(LOG_ERR, "-t: '%s' makes no sense", fact);
	return good;
}

/* Returns false after saying what is missing. */
static bool take_facts(struct trial *trial, struct facts *facts, char *const *words)
{
	struct rules_envelope *envelope = &trial->envelope;

	for (; *words != NULL; words++) {
		if (!take_fact(trial, facts, *words))
			return false;
	}
	if (facts->recipient == NULL) {
		log_say(LOG_ERR, "-t: nothing to decide, expected to=RECIPIENT");
		return false;
	}
	envelope->sender = facts->sender;
	envelope->recipient = facts->recipient;
	envelope->local = envelope->address == NULL;
	if (!facts->resolve)
		envelope->name_state =
		    envelope->name != NULL ? RULES_NAME_CONFIRMED : RULES_NAME_NONE;
	if (!facts->pop)
		trial->sources.pop =
		    envelope->address != NULL ? look_up(trial, envelope->address) : RULES_NO;
	return true;
}

/* ---- -t: the decision ---- */

static void print_step(size_t n, enum rules_answer answer, int failed, void *arg)
{
	static const char *const fields[] = { "clients", "senders", "recipients" };
	const struct trial *trial = arg;
	const struct rules_rule *rule = rules_rule(trial->rules, n);

	printf(
	    "rule %zu, line %zu: %s\n    %s", n, rule->line, rule->text, rules_answer_name(answer));
	if (failed >= 0 && answer != RULES_YES)
		printf(": %s are not among '%s'", fields[failed], rule->list[failed]);
	putchar('\n');
}

static void print_question(const char *name, enum rules_type type, const char *answer, void *arg)
{
	static const char *const types[] = { "A", "AAAA", "NS", "MX" };

	(void)arg;
	printf("DNS: %s of %s: %s\n", types[type], name, answer != NULL ? answer : "no answer yet");
}

static void print_decision(const struct trial *trial)
{
	const struct rules_decision *decision = &trial->decision;

	if (decision->rule == 0)
		printf("no rule decides, default: ");
	else
		printf("rule %zu decides: ", decision->rule);
	printf("%s%s%s", rules_action_name(decision->action), decision->delayed ? ", delayed" : "",
	    decision->deferred ? ", put off" : "");
	if (decision->action == RULES_TAG)
		printf(": %s: %s\n", trial->conf->tag_header, decision->reply);
	else
		printf("%s%s\n", *decision->reply != '\0' ? ": " : "", decision->reply);
}

static void decide(struct trial *trial)
{
	const struct rules_options options = { trial->conf->refuse != 0, trial->conf->defer != 0 };
	struct rules_asker asker = inquiry_asker(trial->inquiry);

	inquiry_client(trial->inquiry, trial->envelope.address);
	rules_foresee(trial->rules, &trial->envelope, &asker);
	loop_timer_set(trial->deadline, trial->conf->answer_within * 1000);
	while (!rules_decide(
	    trial->rules, &trial->envelope, &asker, &options, NULL, NULL, &trial->decision)) {
		if (trial->too_late)
			inquiry_late(trial->inquiry);
		else if (!loop_run(trial->loop))
			return;
	}
	trial->decided = rules_decide(
	    trial->rules, &trial->envelope, &asker, &options, print_step, trial, &trial->decision);
}

int guardtry_decide(const struct guardconf *conf, char *const *facts)
{
	struct facts known = { .sender = NULL };
	struct trial trial;
	int status = make(&trial, conf);

	if (status == EX_OK && trial.rules == NULL) {
		log_say(LOG_ERR, "-t: there are no rules: rules = no in %s", conf->file);
		status = EX_CONFIG;
	}
	if (status == EX_OK && !take_facts(&trial, &known, facts))
		status = EX_USAGE;
	if (status == EX_OK) {
		decide(&trial);
		inquiry_each(trial.inquiry, print_question, NULL);
		if (trial.decided)
			print_decision(&trial);
		else
			status = EX_OSERR;
	}
	unmake(&trial);
	free(known.sender);
	free(known.recipient);
	return status;
}
