/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_dnsanswer.c - what a DNS reply says, and the replies that an
 * attacker may send (dnsanswer.h)
 */
#include "dnsanswer.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define QUESTION "\7example\3org\0\0\1\0\1" /* A? example.org, 17 bytes */
#define QUESTION_SIZE 17
#define HEAD_SIZE 12

/* A record of the name in the question (a pointer to it), of CLASS, with a TTL
 * of a minute. */
struct record {
	unsigned type;
	const char *data;
	size_t size;
	unsigned class; /* 0: IN */
};

struct packet {
	unsigned char bytes[2048];
	size_t size;
};

static void put(struct packet *packet, const void *bytes, size_t size)
{
	memcpy(packet->bytes + packet->size, bytes, size);
	packet->size += size;
}

static void put16(struct packet *packet, unsigned number)
{
	const unsigned char bytes[2] = { (unsigned char)(number >> 8), (unsigned char)number };

	put(packet, bytes, sizeof bytes);
}

static void begin(struct packet *packet, unsigned code, unsigned answers)
{
	packet->size = 0;
	put16(packet, 7); /* id */
	put16(packet, 0x8180 | code);
	put16(packet, 1);
	put16(packet, answers);
	put16(packet, 0);
	put16(packet, 0);
	put(packet, QUESTION, QUESTION_SIZE);
}

static void add(struct packet *packet, const struct record *record)
{
	put(packet, "\300\14", 2);
	put16(packet, record->type);
	put16(packet, record->class != 0 ? record->class : 1);
	put(packet, "\0\0\0\74", 4);
	put16(packet, (unsigned)record->size);
	put(packet, record->data, record->size);
}

/* The outcome and what there is: "3: a b ". */
static const char *in_words(const struct dnsanswer *answer, enum rules_type type)
{
	static char text[1024];
	char address[INET6_ADDRSTRLEN];

	snprintf(text, sizeof text, "%d: ", answer->outcome);
	for (size_t i = 0; i < answer->count; i++) {
		bool name = type == RULES_TYPE_NS || type == RULES_TYPE_MX;

		if (!name)
			inet_ntop(answer->address[i].family, answer->address[i].address, address,
			    sizeof address);
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s ",
		    name ? answer->name[i] : address);
	}
	return text;
}

#define A4(data)                                                                                   \
	{                                                                                          \
		1, data, 4, 0                                                                      \
	}
#define ONE A4("\300\0\2\1") /* 192.0.2.1 */
#define CNAME                                                                                      \
	{                                                                                          \
		5, "\1w\300\14", 4, 0                                                              \
	}
#define MAPPED "\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1"
#define IPV6 "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"

static void replies(void **state)
{
	static const struct {
		enum rules_type type;
		unsigned code;
		struct record records[3];
		const char *answer;
	} cases[] = {
		{ RULES_TYPE_A, 0, { ONE }, "0: 192.0.2.1 " },
		{ RULES_TYPE_A, 0, { ONE, A4("\300\0\2\2") }, "0: 192.0.2.1 192.0.2.2 " },
		{ RULES_TYPE_A, 0, { CNAME, ONE }, "0: 192.0.2.1 " },
		{ RULES_TYPE_A, 0, { CNAME }, "1: " }, { RULES_TYPE_A, 0, { { 0 } }, "1: " },
		{ RULES_TYPE_A, 3, { { 0 } }, "2: " },
		{ RULES_TYPE_A, 3, { ONE }, "2: " }, /* where its CNAME leads is no name */
		{ RULES_TYPE_A, 2, { ONE }, "3: " }, { RULES_TYPE_A, 5, { { 0 } }, "3: " },
		{ RULES_TYPE_AAAA, 0, { { 28, IPV6, 16, 0 } }, "0: 2001:db8::1 " },
		{ RULES_TYPE_AAAA, 0, { { 28, MAPPED, 16, 0 } }, "0: 192.0.2.1 " },
		{ RULES_TYPE_AAAA, 0, { ONE }, "1: " }, /* not what was asked for */
		{ RULES_TYPE_A, 0, { { 28, IPV6, 16, 0 } }, "1: " },
		{ RULES_TYPE_A, 0, { { 1, "\300\0\2\1", 4, 3 } }, "1: " }, /* of another class */
		{ RULES_TYPE_A, 0, { { 1, "\300\0\2", 3, 0 } }, "1: " }, /* too short, too long */
		{ RULES_TYPE_A, 0, { { 1, "\300\0\2\1\1", 5, 0 }, ONE }, "0: 192.0.2.1 " },
		{ RULES_TYPE_AAAA, 0, { { 28, IPV6, 4, 0 } }, "1: " },
		{ RULES_TYPE_NS, 0, { { 2, "\2ns\300\14", 5, 0 } }, "0: ns.example.org " },
		{ RULES_TYPE_MX, 0, { { 15, "\0\12\2mx\300\14", 7, 0 } }, "0: mx.example.org " },
		{ RULES_TYPE_MX, 0, { { 15, "\0\0\0", 3, 0 } }, "0: . " }, /* no mail here */
		{ RULES_TYPE_MX, 0, { { 15, "\0\12", 2, 0 } }, "1: " },
		{ RULES_TYPE_MX, 0, { { 15, "", 0, 0 } }, "1: " },
		{ RULES_TYPE_NS, 0, { { 2, "\2ns\300\377", 5, 0 } }, "1: " }, /* leads nowhere */
		{ RULES_TYPE_NS, 0, { { 2, "\300\51", 2, 0 } }, "1: " }, /* to itself */
	};
	static struct dnsanswer answer;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct packet packet;
		unsigned count = 0;

		while (count < COUNT(cases[i].records) && cases[i].records[count].type != 0)
			count++;
		begin(&packet, cases[i].code, count);
		for (unsigned k = 0; k < count; k++)
			add(&packet, &cases[i].records[k]);
		dnsanswer_read(&answer, packet.bytes, packet.size, cases[i].type);
		if (strcmp(in_words(&answer, cases[i].type), cases[i].answer) != 0)
			fail_msg("case %zu: %s", i, in_words(&answer, cases[i].type));
	}
}

/* However much of a reply is missing: an address that it does not say never
 * comes out of it. */
static void cut_off(void **state)
{
	static const struct record one = ONE;
	static struct dnsanswer answer;
	struct packet packet;

	(void)state;
	begin(&packet, 0, 2);
	add(&packet, &one);
	add(&packet, &one);
	for (size_t size = 0; size < packet.size; size++) {
		dnsanswer_read(&answer, packet.bytes, size, RULES_TYPE_A);
		assert_int_equal(answer.outcome, DNSANSWER_FAILED);
		assert_int_equal(answer.count, 0);
	}
	dnsanswer_read(&answer, packet.bytes, packet.size, RULES_TYPE_A);
	assert_int_equal(answer.count, 2);
}

/* More records than count: the first ones do. */
static void many(void **state)
{
	static const struct record one = ONE;
	static struct dnsanswer answer;
	struct packet packet;

	(void)state;
	begin(&packet, 0, DNSANSWER_MAX + 9);
	for (int i = 0; i < DNSANSWER_MAX + 9; i++)
		add(&packet, &one);
	dnsanswer_read(&answer, packet.bytes, packet.size, RULES_TYPE_A);
	assert_int_equal(answer.outcome, DNSANSWER_RECORDS);
	assert_int_equal(answer.count, DNSANSWER_MAX);
}

/* Each byte of a reply of each type changed to each value: nothing is read that
 * is not there (SANITIZE=1 looks), and what comes out is within its bounds. */
static void changed(void **state)
{
	static const struct record mx = { 15, "\0\12\2mx\300\14", 7, 0 }, one = ONE;
	static struct dnsanswer answer;

	(void)state;
	for (size_t at = 0; at < HEAD_SIZE + QUESTION_SIZE + 40; at++) {
		for (unsigned value = 0; value < 256; value++) {
			struct packet packet;

			begin(&packet, 0, 2);
			add(&packet, &one);
			add(&packet, &mx);
			if (at >= packet.size)
				return;
			packet.bytes[at] = (unsigned char)value;
			for (int type = RULES_TYPE_A; type <= RULES_TYPE_MX; type++) {
				dnsanswer_read(
				    &answer, packet.bytes, packet.size, (enum rules_type)type);
				assert_in_range(answer.count, 0, 2);
				assert_int_equal(
				    answer.outcome == DNSANSWER_RECORDS, answer.count > 0);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(many),
		cmocka_unit_test(changed),
	};

	return cmocka_run_group_tests_name("dnsanswer", tests, NULL, NULL);
}
