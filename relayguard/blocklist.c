/* SPDX-License-Identifier: BSD-2-Clause
 *
 * blocklist.c - what a DNS blocklist's answers mean, see blocklist.h
 */
#include "blocklist.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define LOOPBACK UINT32_C(0x7f000000)

void blocklist_name(const struct ipnet *address, const char *zone, char out[BLOCKLIST_NAME_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *a = address->address;
	size_t used = 0;

	if (address->family == AF_INET) {
		snprintf(out, BLOCKLIST_NAME_SIZE, "%u.%u.%u.%u.%s", a[3], a[2], a[1], a[0], zone);
		return;
	}
	for (int i = 15; i >= 0; i--) {
		out[used++] = digits[a[i] & 15];
		out[used++] = '.';
		out[used++] = digits[a[i] >> 4];
		out[used++] = '.';
	}
	snprintf(out + used, BLOCKLIST_NAME_SIZE - used, "%s", zone);
}

void blocklist_point_name(
    enum blocklist_point point, const char *zone, char out[BLOCKLIST_NAME_SIZE])
{
	snprintf(out, BLOCKLIST_NAME_SIZE, "%c.0.0.127.%s",
	    point == BLOCKLIST_MUST_BE_LISTED ? '2' : '1', zone);
}

/* Is it an answer that lists give for a listing?  127.0.0.1 and
 * 127.255.255.0/24 (errors, by convention) never are, nor is anything outside
 * 127.0.0.0/8. */
static bool is_listing(uint32_t address)
{
	return address >> 24 == LOOPBACK >> 24 && address != (LOOPBACK | 1) &&
	       address >> 8 != (LOOPBACK | 0xffff00) >> 8;
}

static bool has_listing(const struct blocklist_reply *reply)
{
	for (size_t i = 0; reply->outcome == BLOCKLIST_ADDRESSES && i < reply->count; i++) {
		if (is_listing(reply->addresses[i]))
			return true;
	}
	return false;
}

static bool in_ranges(const struct rules_zone *zone, uint32_t address)
{
	for (size_t i = 0; i < zone->range_count; i++) {
		if (address >= zone->ranges[i].low && address <= zone->ranges[i].high)
			return true;
	}
	return zone->range_count == 0;
}

static unsigned points(const struct blocklist *list)
{
	return list->notest ? BLOCKLIST_MUST_NOT : BLOCKLIST_MUST_BE_LISTED | BLOCKLIST_MUST_NOT;
}

unsigned blocklist_due(struct blocklist *list, int64_t now)
{
	unsigned due = 0;

	if (!list->testing && now >= list->next_test) {
		list->testing = true;
		list->passed = list->failed = 0;
		due = points(list);
	}
	if (list->wanted && now >= list->rest)
		due |= BLOCKLIST_MUST_NOT;
	list->wanted = false;
	due &= ~list->asked;
	list->asked |= due;
	return due;
}

static void turn_off(struct blocklist *list, const char *why, int64_t now)
{
	if (list->state != BLOCKLIST_OFF)
		list->offs++;
	list->state = BLOCKLIST_OFF;
	list->why = why;
	list->testing = false;
	list->proven = false;
	list->next_test = now + BLOCKLIST_RETRY_MS;
}

/* All points of this round have been answered. */
static void end_test(struct blocklist *list, int64_t now)
{
	list->testing = false;
	if (list->failed != 0) {
		/* a list that was good stays so: each hit needs its own proof
		 * */
		list->next_test = now + BLOCKLIST_RETRY_MS;
		return;
	}
	list->state = BLOCKLIST_GOOD;
	list->why = NULL;
	list->next_test = now + BLOCKLIST_TEST_MS;
}

static void take_reply(struct blocklist *list, enum blocklist_point point,
    const struct blocklist_reply *reply, int64_t now)
{
	if (reply->outcome == BLOCKLIST_FAILED) {
		list->failures++;
		list->failed |= point;
		list->rest = now + BLOCKLIST_REST_MS;
	} else if (point == BLOCKLIST_MUST_BE_LISTED) {
		if (!has_listing(reply)) {
			turn_off(list,
			    "does not list 127.0.0.2: it is dead, or refuses this resolver", now);
			return;
		}
		list->passed |= point;
	} else {
		if (reply->outcome != BLOCKLIST_NXDOMAIN) {
			turn_off(list, "lists 127.0.0.1: it answers everything", now);
			return;
		}
		list->proven = true;
		list->proof = now;
		list->rest = 0;
		list->passed |= point;
	}
	if (list->testing && ((list->passed | list->failed) & points(list)) == points(list))
		end_test(list, now);
}

bool blocklist_tested(struct blocklist *list, enum blocklist_point point,
    const struct blocklist_reply *reply, int64_t now)
{
	enum blocklist_state before = list->state;

	list->asked &= ~(unsigned)point;
	take_reply(list, point, reply, now);
	return list->state != before;
}

/* A hit of a good list: does it list 127.0.0.1 as well by now? */
static enum rules_answer prove(struct blocklist *list, int64_t now)
{
	if (list->proven && now - list->proof <= BLOCKLIST_PROOF_MS && now >= list->proof) {
		list->hits++;
		return RULES_YES;
	}
	if ((list->asked & BLOCKLIST_MUST_NOT) == 0 && now < list->rest)
		return RULES_UNKNOWN;
	list->wanted = true;
	return RULES_PENDING;
}

enum rules_answer blocklist_judge(struct blocklist *list, const struct rules_zone *ranges,
    const struct blocklist_reply *reply, int64_t now)
{
	if (list->state == BLOCKLIST_OFF)
		return RULES_OFF;
	if (list->state == BLOCKLIST_UNTRIED)
		return list->testing || now >= list->next_test ? RULES_PENDING : RULES_UNKNOWN;
	if (reply->outcome == BLOCKLIST_FAILED) {
		list->failures++;
		return RULES_UNKNOWN;
	}
	if (reply->outcome != BLOCKLIST_ADDRESSES)
		return RULES_NO;
	if (!has_listing(reply))
		return RULES_UNKNOWN;
	for (size_t i = 0; i < reply->count; i++) {
		if (is_listing(reply->addresses[i]) && in_ranges(ranges, reply->addresses[i]))
			return prove(list, now);
	}
	return RULES_NO;
}
