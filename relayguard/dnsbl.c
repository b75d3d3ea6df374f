/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dnsbl.c - the blocklists that the rules name, see dnsbl.h
 */
#include "dnsbl.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dns.h"
#include "log.h"
#include "loop.h"

#define LOOK_MS 15000 /* between two looks whether a test is due */
#define POINTS 2

struct point {
	struct list *list;
	enum blocklist_point which;
	struct dns_question *question;
};

struct list {
	struct dnsbl *dnsbl;
	char *zone;
	struct blocklist blocklist;
	struct point points[POINTS];
};

struct dnsbl {
	struct dns *dns;
	struct loop_timer *look;
	void (*news)(void *arg);
	void *arg;
	int64_t timeout_ms;
	struct list **lists;
	size_t count;
};

/* ---- the self-test ---- */

/* Host byte order; the addresses of REPLY are at OUT. */
static void translate(
    const struct dnsanswer *answer, uint32_t out[DNSANSWER_MAX], struct blocklist_reply *reply)
{
	static const enum blocklist_outcome outcomes[] = {
		[DNSANSWER_RECORDS] = BLOCKLIST_ADDRESSES,
		[DNSANSWER_NODATA] = BLOCKLIST_NODATA,
		[DNSANSWER_NXDOMAIN] = BLOCKLIST_NXDOMAIN,
		[DNSANSWER_FAILED] = BLOCKLIST_FAILED,
	};

	*reply = (struct blocklist_reply){ outcomes[answer->outcome], out, 0 };
	for (size_t i = 0; i < answer->count; i++) {
		const unsigned char *a = answer->address[i].address;

		out[reply->count++] =
		    (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];
	}
}

static void say_state(const struct list *list)
{
	const struct blocklist *blocklist = &list->blocklist;

	if (blocklist->state == BLOCKLIST_OFF)
		log_say(LOG_WARNING, "blocklist %s is off, nobody is refused by it: it %s",
		    list->zone, blocklist->why);
	else
		log_say(LOG_NOTICE, "blocklist %s is on: it passed its self-test", list->zone);
}

static void on_point(const struct dnsanswer *answer, void *arg)
{
	struct point *point = arg;
	struct list *list = point->list;
	uint32_t addresses[DNSANSWER_MAX];
	struct blocklist_reply reply;

	point->question = NULL;
	translate(answer, addresses, &reply);
	if (blocklist_tested(&list->blocklist, point->which, &reply, clock_monotonic_ms()))
		say_state(list);
	list->dnsbl->news(list->dnsbl->arg);
}

static void ask_point(struct list *list, size_t i)
{
	static const struct dnsanswer none = { .outcome = DNSANSWER_FAILED };
	struct dnsbl *dnsbl = list->dnsbl;
	struct point *point = &list->points[i];
	char name[BLOCKLIST_NAME_SIZE];

	blocklist_point_name(point->which, list->zone, name);
	if (!dns_ask(dnsbl->dns, name, RULES_TYPE_A, dnsbl->timeout_ms, on_point, point,
		&point->question))
		on_point(&none, point);
}

static void ask_due(struct list *list)
{
	unsigned due = blocklist_due(&list->blocklist, clock_monotonic_ms());

	for (size_t i = 0; i < POINTS; i++) {
		if ((due & list->points[i].which) != 0)
			ask_point(list, i);
	}
}

static void on_look(void *arg)
{
	struct dnsbl *dnsbl = arg;

	for (size_t i = 0; i < dnsbl->count; i++)
		ask_due(dnsbl->lists[i]);
	loop_timer_set(dnsbl->look, LOOK_MS);
}

/* ---- lists ---- */

static void list_end(struct list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < POINTS; i++)
		dns_cancel(list->points[i].question);
	free(list->zone);
	free(list);
}

static struct list *list_begin(struct dnsbl *dnsbl, const struct rules_zone *zone)
{
	struct list *list = calloc(1, sizeof *list);

	if (list == NULL)
		return NULL;
	list->dnsbl = dnsbl;
	list->blocklist.notest = zone->notest;
	list->points[0] = (struct point){ list, BLOCKLIST_MUST_BE_LISTED, NULL };
	list->points[1] = (struct point){ list, BLOCKLIST_MUST_NOT, NULL };
	list->zone = strdup(zone->name);
	if (list->zone != NULL)
		return list;
	free(list);
	return NULL;
}

static struct list *find(const struct dnsbl *dnsbl, const char *zone)
{
	for (size_t i = 0; i < dnsbl->count; i++) {
		if (strcmp(dnsbl->lists[i]->zone, zone) == 0)
			return dnsbl->lists[i];
	}
	return NULL;
}

static bool is_in(struct list *const *lists, size_t count, const struct list *list)
{
	for (size_t i = 0; i < count; i++) {
		if (lists[i] == list)
			return true;
	}
	return false;
}

/* The old list of ZONE if it is tested in the same way, or a new one. */
static struct list *keep_or_begin(struct dnsbl *dnsbl, const struct rules_zone *zone)
{
	struct list *old = find(dnsbl, zone->name);

	if (old != NULL && old->blocklist.notest == zone->notest)
		return old;
	return list_begin(dnsbl, zone);
}

bool dnsbl_configure(struct dnsbl *dnsbl, const struct rules *rules, int64_t timeout_ms)
{
	size_t count = rules != NULL ? rules_zone_count(rules) : 0, made = 0;
	struct list **lists = calloc(count + 1, sizeof(struct list *));

	while (lists != NULL && made < count) {
		lists[made] = keep_or_begin(dnsbl, rules_zone(rules, made));
		if (lists[made] == NULL)
			break;
		made++;
	}
	if (lists == NULL || made < count) {
		for (size_t i = 0; i < made; i++) {
			if (!is_in(dnsbl->lists, dnsbl->count, lists[i]))
				list_end(lists[i]);
		}
		free(lists);
		return false;
	}
	for (size_t i = 0; i < dnsbl->count; i++) {
		if (!is_in(lists, count, dnsbl->lists[i]))
			list_end(dnsbl->lists[i]);
	}
	free(dnsbl->lists);
	dnsbl->lists = lists;
	dnsbl->count = count;
	dnsbl->timeout_ms = timeout_ms;
	on_look(dnsbl);
	return true;
}

struct dnsbl *dnsbl_new(struct loop *loop, struct dns *dns, void (*news)(void *arg), void *arg)
{
	struct dnsbl *dnsbl = calloc(1, sizeof *dnsbl);

	if (dnsbl == NULL)
		return NULL;
	*dnsbl = (struct dnsbl){ .dns = dns, .news = news, .arg = arg };
	dnsbl->look = loop_timer_new(loop, on_look, dnsbl);
	if (dnsbl->look != NULL)
		return dnsbl;
	free(dnsbl);
	return NULL;
}

void dnsbl_free(struct dnsbl *dnsbl)
{
	if (dnsbl == NULL)
		return;
	for (size_t i = 0; i < dnsbl->count; i++)
		list_end(dnsbl->lists[i]);
	free(dnsbl->lists);
	loop_timer_free(dnsbl->look);
	free(dnsbl);
}

/* ---- questions of the rules ---- */

enum rules_answer dnsbl_judge(
    struct dnsbl *dnsbl, const struct rules_zone *zone, const struct blocklist_reply *reply)
{
	struct list *list = find(dnsbl, zone->name);
	enum rules_answer answer;

	if (list == NULL)
		return RULES_UNKNOWN;
	ask_due(list);
	answer = blocklist_judge(&list->blocklist, zone, reply, clock_monotonic_ms());
	ask_due(list);
	return answer;
}

bool dnsbl_testing(const struct dnsbl *dnsbl)
{
	for (size_t i = 0; i < dnsbl->count; i++) {
		if (dnsbl->lists[i]->blocklist.testing)
			return true;
	}
	return false;
}

size_t dnsbl_count(const struct dnsbl *dnsbl)
{
	return dnsbl->count;
}

const struct blocklist *dnsbl_list(const struct dnsbl *dnsbl, size_t i, const char **zone)
{
	*zone = dnsbl->lists[i]->zone;
	return &dnsbl->lists[i]->blocklist;
}
