/* SPDX-License-Identifier: BSD-2-Clause
 *
 * decide.c - the first rule that matches
 *
 * Owns: what becomes of a rule that cannot be decided.  A refusing one is
 * passed by (or defers, as the options say; never because of a blocklist that
 * is off).  Passing by one that would have been milder than a permanent refusal
 * is remembered: no 5xx follows from it, since a failure of the DNS must not.
 */
#include "rules_int.h"

#include <stdio.h>
#include <string.h>

static const char deferred_reply[] =
    "451 4.4.3 temporary failure while checking this mail; please try again later";

/* Does what it matches get in by it? */
static bool is_accepting(const struct rule *rule)
{
	return rule->face.action == RULES_ALLOW || rule->face.action == RULES_TAG;
}

static enum rules_answer rule_match(const struct rule *rule, const struct view *view, int *failed)
{
	enum rules_answer answer = RULES_YES;
	bool strict = is_accepting(rule);

	*failed = -1;
	for (int field = 0; field < 3; field++) {
		enum rules_answer next = list_match(&rule->list[field], field, view, strict);

		answer = rules_and(answer, next);
		if (answer != RULES_YES && *failed < 0)
			*failed = field;
		if (answer == RULES_NO)
			*failed = field;
		/* what comes later is not asked before it is needed */
		if (answer == RULES_NO || answer == RULES_PENDING)
			break;
	}
	return answer;
}

void rules_foresee(const struct rules *rules, const struct rules_envelope *envelope,
    const struct rules_asker *asker)
{
	struct view view;

	view_make(&view, envelope, asker);
	for (const struct rule *rule = rules->first; rule != NULL; rule = rule->next)
		list_match(&rule->list[0], 0, &view, is_accepting(rule));
}

enum rules_answer rules_match(const struct rules *rules, size_t n,
    const struct rules_envelope *envelope, const struct rules_asker *asker, int *failed)
{
	struct view view;
	int ignored;

	view_make(&view, envelope, asker);
	return rule_match(rules->by_number[n - 1], &view, failed != NULL ? failed : &ignored);
}

static bool is_refusing(const struct rule *rule)
{
	return rule->face.action == RULES_NOTO || rule->face.action == RULES_DENY;
}

/* Would the rule's reply have been milder than a 5xx? */
static bool is_mild(const struct rule *rule)
{
	if (rule->face.action == RULES_DEBUG)
		return false;
	return !is_refusing(rule) || (rule->message != NULL && rule->message[0] == '4');
}

static void defer(struct rules_decision *decision)
{
	decision->deferred = true;
	decision->action = RULES_NOTO;
	snprintf(decision->reply, sizeof decision->reply, "%s", deferred_reply);
}

/* RULE (NULL: none) decides. */
static void settle(struct rules_decision *decision, const struct rule *rule, bool doubt,
    const struct rules_options *options, const struct rules_envelope *envelope)
{
	decision->action = options->refuse ? RULES_NOTO : RULES_ALLOW;
	if (rule != NULL) {
		decision->action = rule->face.action;
		decision->delayed = rule->face.delayed;
	}
	if (decision->action == RULES_ALLOW)
		return;
	message_write(decision->reply, sizeof decision->reply, rule != NULL ? rule->message : NULL,
	    rule, envelope);
	if (doubt && decision->action != RULES_TAG && decision->reply[0] == '5')
		defer(decision);
}

static void note_debug(struct rules_decision *decision, size_t n)
{
	if (decision->debug_count < RULES_DEBUGS_MAX)
		decision->debug[decision->debug_count++] = n;
}

bool rules_decide(const struct rules *rules, const struct rules_envelope *envelope,
    const struct rules_asker *asker, const struct rules_options *options, rules_step *step,
    void *arg, struct rules_decision *decision)
{
	const struct rule *rule = rules->first;
	struct view view;
	bool doubt = false;

	*decision = (struct rules_decision){ .rule = 0 };
	view_make(&view, envelope, asker);
	for (size_t n = 1; rule != NULL; rule = rule->next, n++) {
		int failed;
		enum rules_answer answer = rule_match(rule, &view, &failed);

		if (step != NULL)
			step(n, answer, failed, arg);
		if (answer == RULES_PENDING)
			return false;
		if (answer == RULES_YES && rule->face.action == RULES_DEBUG) {
			note_debug(decision, n);
		} else if (answer == RULES_YES) {
			decision->rule = n;
			break;
		} else if (answer == RULES_UNKNOWN && options->defer && is_refusing(rule)) {
			decision->rule = n;
			decision->delayed = rule->face.delayed;
			defer(decision);
			return true;
		} else if (answer != RULES_NO && is_mild(rule)) {
			doubt = true;
		}
	}
	settle(decision, rule, doubt, options, envelope);
	return true;
}
