/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guardcounts.c - what relayguard counts, see guardcounts.h
 */
#include "guardcounts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "dnsbl.h"
#include "inquiry.h"
#include "log.h"
#include "metrics.h"
#include "throttle.h"

/* The number in OLD of the rule that reads as RULE of line LINE; 0: none. */
static size_t same_rule(const struct rules *old, const struct rules_rule *rule, size_t n)
{
	size_t count = old != NULL ? rules_count(old) : 0;

	if (n <= count && strcmp(rules_rule(old, n)->text, rule->text) == 0)
		return n;
	for (size_t i = 1; i <= count; i++) {
		if (strcmp(rules_rule(old, i)->text, rule->text) == 0)
			return i;
	}
	return 0;
}

bool guardcounts_rules(struct guardcounts *counts, const struct rules *old, const struct rules *new)
{
	size_t count = new != NULL ? rules_count(new) : 0;
	uint64_t *rule = calloc(count + 1, sizeof *rule);

	if (rule == NULL)
		return false;
	for (size_t n = 1; n <= count; n++) {
		size_t before = same_rule(old, rules_rule(new, n), n);

		if (before > 0 && before <= counts->rules)
			rule[n - 1] = counts->rule[before - 1];
	}
	free(counts->rule);
	counts->rule = rule;
	counts->rules = count;
	return true;
}

void guardcounts_decision(struct guardcounts *counts, const struct rules_decision *decision)
{
	if (decision->rule > 0 && decision->rule <= counts->rules)
		counts->rule[decision->rule - 1]++;
	for (size_t i = 0; i < decision->debug_count; i++) {
		if (decision->debug[i] <= counts->rules)
			counts->rule[decision->debug[i] - 1]++;
	}
}

/* ---- one value each ---- */

struct single {
	const char *name, *help;
	enum metric_type type;
	uint64_t value;
};

#define SINGLES_MAX 24

static void add(struct single *all, size_t *count, const char *name, const char *help,
    enum metric_type type, uint64_t value)
{
	all[(*count)++] = (struct single){ name, help, type, value };
}

static size_t of_others(const struct guardcounts_view *view, struct single *all, size_t n)
{
	struct database_counts database;

	if (view->sources != NULL) {
		add(all, &n, "dns_questions_total", "Questions to the DNS of rules.",
		    METRIC_COUNTER, view->sources->asked);
		add(all, &n, "dns_failures_total", "Questions that failed or took too long.",
		    METRIC_COUNTER, view->sources->failed);
	}
	if (view->pauses != NULL) {
		add(all, &n, "pauses_total", "Answers that were kept back.", METRIC_COUNTER,
		    view->pauses->begun);
		add(all, &n, "pauses_skipped_total", "Pauses left out, as too many waited.",
		    METRIC_COUNTER, view->pauses->skipped);
		add(all, &n, "pauses", "Sessions that wait now.", METRIC_GAUGE, view->pauses->now);
	}
	if (view->throttle != NULL)
		add(all, &n, "throttle_clients", "Clients whose mail is counted.", METRIC_GAUGE,
		    throttle_clients(view->throttle));
	if (view->database != NULL) {
		database = database_counts(view->database);
		add(all, &n, "database_entries", "Entries in the copy of the database.",
		    METRIC_GAUGE, database.entries);
		add(all, &n, "database_readable", "Whether the database can be read.", METRIC_GAUGE,
		    database.readable);
		add(all, &n, "database_copies_total", "Copies of the database taken.",
		    METRIC_COUNTER, database.copies);
		add(all, &n, "database_failures_total", "Copies of it that failed.", METRIC_COUNTER,
		    database.failures);
	}
	return n;
}

static size_t singles(const struct guardcounts_view *view, struct single *all)
{
	const struct guardcounts *counts = view->counts;
	size_t n = 0;

	add(all, &n, "sessions_total", "SMTP sessions of clients.", METRIC_COUNTER,
	    counts->sessions);
	add(all, &n, "accepted_total", "Recipients accepted.", METRIC_COUNTER, counts->accepted);
	add(all, &n, "tagged_total", "Recipients accepted with a tag.", METRIC_COUNTER,
	    counts->tagged);
	add(all, &n, "refused_total", "Recipients refused.", METRIC_COUNTER, counts->refused);
	add(all, &n, "deferred_total", "Recipients put off, as an answer was unknown.",
	    METRIC_COUNTER, counts->deferred);
	add(all, &n, "throttled_total", "Recipients put off by a limit.", METRIC_COUNTER,
	    counts->throttled);
	add(all, &n, "closed_total", "Sessions ended by a deny rule.", METRIC_COUNTER,
	    counts->closed);
	add(all, &n, "attempts_total", "Relay attempts that the mail server refused.",
	    METRIC_COUNTER, counts->attempts);
	add(all, &n, "relay_ok_total", "Answers OK of policy-relay.", METRIC_COUNTER,
	    counts->relay_ok);
	add(all, &n, "relay_dunno_total", "Answers DUNNO of policy-relay.", METRIC_COUNTER,
	    counts->relay_dunno);
	add(all, &n, "odd_total", "Requests and packets that made no sense.", METRIC_COUNTER,
	    counts->odd);
	return of_others(view, all, n);
}

/* ---- readers ---- */

const char *guardcounts_listener_name(enum guardcounts_listener listener)
{
	static const char *const names[] = { "milter", "policy", "policy-relay" };

	return names[listener];
}

static const char *state_name(const struct blocklist *list)
{
	switch (list->state) {
	case BLOCKLIST_GOOD:
		return "on";
	case BLOCKLIST_OFF:
		return "off";
	default:
		return "not tested yet";
	}
}

void guardcounts_log(const struct guardcounts_view *view)
{
	struct single all[SINGLES_MAX];
	size_t count = singles(view, all),
	       lists = view->lists != NULL ? dnsbl_count(view->lists) : 0;
	const char *zone;

	for (size_t i = 0; i < GUARD_LISTENERS; i++)
		if (view->counts->connections[i] > 0)
			log_say(LOG_INFO, "stats: connections_total %s=%" PRIu64,
			    guardcounts_listener_name(i), view->counts->connections[i]);
	for (size_t i = 0; i < count; i++)
		if (all[i].value > 0)
			log_say(LOG_INFO, "stats: %s=%" PRIu64, all[i].name, all[i].value);
	for (size_t n = 1; n <= view->counts->rules && view->rules != NULL; n++)
		if (view->counts->rule[n - 1] > 0)
			log_say(LOG_INFO, "stats: rule=%zu line=%zu hits=%" PRIu64 " %.200s", n,
			    rules_rule(view->rules, n)->line, view->counts->rule[n - 1],
			    rules_rule(view->rules, n)->text);
	for (size_t i = 0; i < lists; i++) {
		const struct blocklist *list = dnsbl_list(view->lists, i, &zone);

		log_say(LOG_INFO,
		    "stats: blocklist=%s state=\"%s\" hits=%" PRIu64 " failures=%" PRIu64
		    " offs=%" PRIu64,
		    zone, state_name(list), list->hits, list->failures, list->offs);
	}
}

static void write_rules(const struct guardcounts_view *view, struct metrics *metrics)
{
	char number[24], line[24];

	metrics_begin(
	    metrics, "rule_hits_total", METRIC_COUNTER, "Recipients that a rule matched.");
	for (size_t n = 1; n <= view->counts->rules && view->rules != NULL; n++) {
		const struct rules_rule *rule = rules_rule(view->rules, n);

		snprintf(number, sizeof number, "%zu", n);
		snprintf(line, sizeof line, "%zu", rule->line);
		metrics_value(metrics, view->counts->rule[n - 1], "rule", number, "line", line,
		    "action", rules_action_name(rule->action), (char *)NULL);
	}
}

static void write_lists(const struct guardcounts_view *view, struct metrics *metrics)
{
	size_t count = view->lists != NULL ? dnsbl_count(view->lists) : 0;
	const char *zone;

	metrics_begin(metrics, "blocklist_on", METRIC_GAUGE, "Whether a blocklist is believed.");
	for (size_t i = 0; i < count; i++) {
		const struct blocklist *list = dnsbl_list(view->lists, i, &zone);

		metrics_value(metrics, list->state == BLOCKLIST_GOOD, "zone", zone, (char *)NULL);
	}
	metrics_begin(
	    metrics, "blocklist_hits_total", METRIC_COUNTER, "Decisions that a list hit.");
	for (size_t i = 0; i < count; i++) {
		const struct blocklist *list = dnsbl_list(view->lists, i, &zone);

		metrics_value(metrics, list->hits, "zone", zone, (char *)NULL);
	}
	metrics_begin(metrics, "blocklist_failures_total", METRIC_COUNTER,
	    "Questions to a blocklist that failed.");
	for (size_t i = 0; i < count; i++) {
		const struct blocklist *list = dnsbl_list(view->lists, i, &zone);

		metrics_value(metrics, list->failures, "zone", zone, (char *)NULL);
	}
}

struct metrics *guardcounts_metrics(const struct guardcounts_view *view)
{
	struct single all[SINGLES_MAX];
	size_t count = singles(view, all);
	struct metrics *metrics = metrics_new("relayguard");

	if (metrics == NULL)
		return NULL;
	metrics_begin(metrics, "connections_total", METRIC_COUNTER, "Connections of mail servers.");
	for (size_t i = 0; i < GUARD_LISTENERS; i++)
		metrics_value(metrics, view->counts->connections[i], "listener",
		    guardcounts_listener_name(i), (char *)NULL);
	for (size_t i = 0; i < count; i++)
		metrics_single(metrics, all[i].name, all[i].type, all[i].help, all[i].value);
	write_rules(view, metrics);
	write_lists(view, metrics);
	return metrics;
}
