/* SPDX-License-Identifier: BSD-2-Clause
 *
 * inquiry.c - what one SMTP session asks the outside world, see inquiry.h
 */
#include "inquiry.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "database.h"
#include "dns.h"
#include "dnsbl.h"

struct question {
	struct question *next;
	struct inquiry *inquiry;
	struct dns_question *asked; /* NULL: answered */
	enum rules_type type;
	enum dnsanswer_outcome outcome;
	bool lasting; /* about the client: kept for the session */
	size_t kept; /* its bytes */
	size_t count;
	struct ipnet *addresses;
	char **names; /* the array and its strings are one block */
	/* what a blocklist's answer meant in this decision, by these rules */
	const struct rules_zone *judged;
	uint64_t round, rules;
	enum rules_answer judgement;
	char name[];
};

struct inquiry {
	struct sources *sources;
	void (*news)(void *arg);
	void *arg;
	struct question *questions;
	size_t count;
	bool asking; /* an answer that comes now is no news */
	bool in_message; /* what is asked now is for this message alone */
	bool late, waits_for_copy;
	uint64_t round;
	int64_t since_ms; /* when this decision began */
	enum rules_answer pop; /* of this decision; PENDING: not known yet */
	char address[INET6_ADDRSTRLEN]; /* of the client; "": this host */
};

struct inquiry *inquiry_new(struct sources *sources, void (*news)(void *arg), void *arg)
{
	struct inquiry *inquiry = calloc(1, sizeof *inquiry);

	if (inquiry != NULL)
		*inquiry = (struct inquiry){
			.sources = sources, .news = news, .arg = arg, .pop = RULES_PENDING
		};
	return inquiry;
}

static void question_free(struct question *question)
{
	dns_cancel(question->asked);
	question->inquiry->sources->kept -= question->kept;
	free(question->addresses);
	free(question->names);
	free(question);
}

/* Forgets all questions, or those of the message alone. */
static void forget(struct inquiry *inquiry, bool lasting)
{
	struct question **link = &inquiry->questions, *question;

	while (*link != NULL) {
		question = *link;
		if (question->lasting && !lasting) {
			link = &question->next;
			continue;
		}
		*link = question->next;
		question_free(question);
		inquiry->count--;
	}
}

void inquiry_free(struct inquiry *inquiry)
{
	if (inquiry == NULL)
		return;
	forget(inquiry, true);
	free(inquiry);
}

void inquiry_client(struct inquiry *inquiry, const char *address)
{
	forget(inquiry, true);
	inquiry->in_message = false;
	snprintf(inquiry->address, sizeof inquiry->address, "%s", address != NULL ? address : "");
	inquiry_begin(inquiry);
}

void inquiry_message(struct inquiry *inquiry)
{
	forget(inquiry, false);
	inquiry->in_message = true;
}

void inquiry_begin(struct inquiry *inquiry)
{
	inquiry->late = inquiry->waits_for_copy = false;
	inquiry->pop = RULES_PENDING;
	inquiry->since_ms = clock_monotonic_ms();
	inquiry->round++;
}

void inquiry_late(struct inquiry *inquiry)
{
	inquiry->late = true;
}

bool inquiry_waits_for_copy(const struct inquiry *inquiry)
{
	return inquiry->waits_for_copy;
}

/* ---- one question ---- */

/* Counts SIZE bytes for QUESTION; false: it is too much. */
static bool keep(struct question *question, size_t size)
{
	struct sources *sources = question->inquiry->sources;

	if (sources->kept + size > INQUIRY_KEPT_MAX)
		return false;
	sources->kept += size;
	question->kept += size;
	return true;
}

static bool keep_names(struct question *question, const struct dnsanswer *answer)
{
	size_t size = answer->count * sizeof(char *);
	char *text;

	for (size_t i = 0; i < answer->count; i++)
		size += strlen(answer->name[i]) + 1;
	if (keep(question, size))
		question->names = malloc(size);
	if (question->names == NULL)
		return false;
	text = (char *)(question->names + answer->count);
	for (size_t i = 0; i < answer->count; i++) {
		question->names[i] = text;
		text = stpcpy(text, answer->name[i]) + 1;
	}
	return true;
}

static bool keep_addresses(struct question *question, const struct dnsanswer *answer)
{
	size_t size = answer->count * sizeof *question->addresses;

	if (keep(question, size))
		question->addresses = malloc(size);
	if (question->addresses == NULL)
		return false;
	memcpy(question->addresses, answer->address, size);
	return true;
}

static void on_answer(const struct dnsanswer *answer, void *arg)
{
	struct question *question = arg;
	struct inquiry *inquiry = question->inquiry;
	bool address = question->type == RULES_TYPE_A || question->type == RULES_TYPE_AAAA;

	question->asked = NULL;
	question->outcome = answer->outcome;
	if (answer->outcome == DNSANSWER_RECORDS) {
		if (address ? keep_addresses(question, answer) : keep_names(question, answer))
			question->count = answer->count;
		else
			question->outcome = DNSANSWER_FAILED;
	}
	inquiry->sources->failed += question->outcome == DNSANSWER_FAILED;
	if (!inquiry->asking)
		inquiry->news(inquiry->arg);
}

/* The question for TYPE of NAME, which is asked if it was not.  Returns NULL if
 * it cannot be. */
static struct question *ask(struct inquiry *inquiry, const char *name, enum rules_type type)
{
	static const struct dnsanswer none = { .outcome = DNSANSWER_FAILED };
	struct sources *sources = inquiry->sources;
	struct question *question = inquiry->questions;
	size_t size = strlen(name) + 1;

	for (; question != NULL; question = question->next) {
		if (question->type == type && strcmp(question->name, name) == 0)
			return question;
	}
	if (sources->dns == NULL || inquiry->late || inquiry->count >= INQUIRY_QUESTIONS_MAX)
		return NULL;
	question = calloc(1, sizeof *question + size);
	if (question == NULL)
		return NULL;
	memcpy(question->name, name, size);
	question->type = type;
	question->inquiry = inquiry;
	if (!keep(question, sizeof *question + size)) {
		free(question);
		return NULL;
	}
	question->lasting = !inquiry->in_message;
	question->next = inquiry->questions;
	inquiry->questions = question;
	inquiry->count++;
	inquiry->asking = true;
	sources->asked++;
	if (!dns_ask(sources->dns, name, type, sources->timeout_ms, on_answer, question,
		&question->asked))
		on_answer(&none, question);
	inquiry->asking = false;
	return question;
}

static enum rules_answer pending(const struct inquiry *inquiry)
{
	return inquiry->late ? RULES_UNKNOWN : RULES_PENDING;
}

/* ---- struct rules_asker ---- */

static enum rules_answer ask_pop(void *arg)
{
	struct inquiry *inquiry = arg;
	const struct sources *sources = inquiry->sources;
	enum rules_answer answer = sources->pop;

	if (*inquiry->address == '\0')
		return RULES_NO;
	if (sources->database == NULL || inquiry->pop != RULES_PENDING)
		return sources->database == NULL ? answer : inquiry->pop;
	answer = database_entry(sources->database, inquiry->address, (int64_t)time(NULL),
	    inquiry->since_ms, clock_monotonic_ms());
	inquiry->waits_for_copy |= answer == RULES_PENDING;
	inquiry->pop = answer;
	return answer == RULES_PENDING ? pending(inquiry) : answer;
}

static enum rules_answer ask_records(
    const char *name, enum rules_type type, struct rules_records *records, void *arg)
{
	struct inquiry *inquiry = arg;
	const struct question *question = ask(inquiry, name, type);

	if (question == NULL)
		return RULES_UNKNOWN;
	if (question->asked != NULL)
		return pending(inquiry);
	records->count = question->count;
	records->addresses = question->addresses;
	records->names = (const char *const *)question->names;
	if (question->outcome == DNSANSWER_FAILED)
		return RULES_UNKNOWN;
	return question->outcome == DNSANSWER_RECORDS ? RULES_YES : RULES_NO;
}

static void make_reply(const struct question *question, uint32_t addresses[DNSANSWER_MAX],
    struct blocklist_reply *reply)
{
	static const enum blocklist_outcome outcomes[] = {
		[DNSANSWER_RECORDS] = BLOCKLIST_ADDRESSES,
		[DNSANSWER_NODATA] = BLOCKLIST_NODATA,
		[DNSANSWER_NXDOMAIN] = BLOCKLIST_NXDOMAIN,
		[DNSANSWER_FAILED] = BLOCKLIST_FAILED,
	};

	*reply = (struct blocklist_reply){ outcomes[question->outcome], addresses, 0 };
	for (size_t i = 0; i < question->count; i++) {
		const unsigned char *a = question->addresses[i].address;

		addresses[reply->count++] =
		    (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];
	}
}

static enum rules_answer ask_listed(
    const struct rules_zone *zone, const struct ipnet *address, void *arg)
{
	struct inquiry *inquiry = arg;
	uint32_t addresses[DNSANSWER_MAX];
	struct blocklist_reply reply;
	char name[BLOCKLIST_NAME_SIZE];
	struct question *question;
	enum rules_answer answer;

	blocklist_name(address, zone->name, name);
	question = ask(inquiry, name, RULES_TYPE_A);
	if (question == NULL)
		return RULES_UNKNOWN;
	if (question->asked != NULL)
		return pending(inquiry);
	if (question->judged == zone && question->round == inquiry->round &&
	    question->rules == inquiry->sources->rules)
		return question->judgement;
	make_reply(question, addresses, &reply);
	answer = dnsbl_judge(inquiry->sources->lists, zone, &reply);
	if (answer == RULES_PENDING)
		return pending(inquiry);
	question->judged = zone;
	question->round = inquiry->round;
	question->rules = inquiry->sources->rules;
	question->judgement = answer;
	return answer;
}

struct rules_asker inquiry_asker(struct inquiry *inquiry)
{
	return (struct rules_asker){ ask_pop, ask_listed, ask_records, inquiry };
}

/* ---- for people ---- */

static const char *in_words(const struct question *question, char *text, size_t size)
{
	bool address = question->addresses != NULL;
	size_t used = 0;

	*text = '\0';
	if (question->asked != NULL)
		return NULL;
	switch (question->outcome) {
	case DNSANSWER_FAILED:
		return "no answer";
	case DNSANSWER_NXDOMAIN:
		return "no such name";
	case DNSANSWER_NODATA:
		return "no such record";
	case DNSANSWER_RECORDS:
		break;
	}
	for (size_t i = 0; i < question->count && used + DNSANSWER_NAME_SIZE + 2 < size; i++) {
		char one[INET6_ADDRSTRLEN] = "";

		if (address)
			inet_ntop(question->addresses[i].family, question->addresses[i].address,
			    one, sizeof one);
		used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? " " : "",
		    address ? one : question->names[i]);
	}
	return text;
}

void inquiry_each(const struct inquiry *inquiry, inquiry_tell *tell, void *arg)
{
	char text[DNSANSWER_MAX * DNSANSWER_NAME_SIZE];

	for (const struct question *q = inquiry->questions; q != NULL; q = q->next)
		tell(q->name, q->type, in_words(q, text, sizeof text), arg);
}
