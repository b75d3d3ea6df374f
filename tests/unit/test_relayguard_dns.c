/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_dns.c - questions to a name server on loopback, which runs in
 * the same loop
 */
#include "dns.h"
#include "loop.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SOON_MS 60000 /* what an answer that comes at all may take */

static struct loop *loop;
static struct loop_fd *watched;
static int server;
static char resolver[64];
static unsigned asked; /* questions that reached the server */

/* What it answers, by the first label and the type: an rcode, or records. */
static const struct {
	const char *label;
	int type, rcode;
	const char *data;
	size_t size;
} zone[] = {
	{ "host", 1, 0, "\300\0\2\7", 4 },
	{ "host", 28, 0, "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1", 16 },
	{ "mail", 15, 0, "\0\12\2mx\4test\0", 11 },
	{ "null", 15, 0, "\0\0\0", 3 },
	{ "zone", 2, 0, "\2ns\4test\0", 9 },
	{ "empty", 1, 0, NULL, 0 },
	{ "nx", 1, 3, NULL, 0 },
	{ "broken", 1, 2, NULL, 0 },
};

static size_t put_answer(unsigned char *packet, size_t size, const char *data, size_t data_size)
{
	/* the name of the question, its type and class, a minute, the data */
	static const unsigned char name[] = { 0xc0, 12 }, minute[] = { 0, 0, 0, 60, 0 };

	packet[7] = 1;
	memcpy(packet + size, name, sizeof name);
	for (size_t i = 0; i < 4; i++)
		packet[size + 2 + i] = packet[size - 4 + i];
	memcpy(packet + size + 6, minute, sizeof minute);
	packet[size + 11] = (unsigned char)data_size;
	memcpy(packet + size + 12, data, data_size);
	return size + 12 + data_size;
}

static void serve(int fd, unsigned ready, void *arg)
{
	unsigned char packet[512];
	struct sockaddr_storage peer;
	socklen_t peer_size = sizeof peer;
	ssize_t got = recvfrom(
	    fd, packet, sizeof packet / 2, MSG_DONTWAIT, (struct sockaddr *)&peer, &peer_size);
	size_t label, size, type_at = 12;

	(void)ready;
	(void)arg;
	if (got < 17)
		return;
	asked++;
	label = packet[12];
	while (packet[type_at] != 0)
		type_at += packet[type_at] + 1u;
	size = type_at + 5; /* EDNS is left out */
	packet[2] |= 0x80;
	packet[3] = 0x80;
	memset(packet + 6, 0, 6);
	for (size_t i = 0; i < sizeof zone / sizeof *zone; i++) {
		if (strlen(zone[i].label) != label ||
		    memcmp(packet + 13, zone[i].label, label) != 0 ||
		    packet[size - 3] != zone[i].type)
			continue;
		packet[3] |= (unsigned char)zone[i].rcode;
		if (zone[i].data != NULL)
			size = put_answer(packet, size, zone[i].data, zone[i].size);
		sendto(fd, packet, size, 0, (struct sockaddr *)&peer, peer_size);
		return;
	}
}

static int start(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof in;

	(void)state;
	server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (server < 0 || bind(server, (struct sockaddr *)&in, sizeof in) != 0 ||
	    getsockname(server, (struct sockaddr *)&in, &size) != 0)
		return -1;
	snprintf(resolver, sizeof resolver, "127.0.0.1@%d", ntohs(in.sin_port));
	loop = loop_new(false);
	watched = loop != NULL ? loop_fd_new(loop, server, serve, NULL) : NULL;
	return watched != NULL && loop_fd_want(watched, LOOP_READ) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	loop_fd_free(watched);
	loop_free(loop);
	return close(server);
}

struct result {
	bool there;
	struct dnsanswer answer;
};

static void done(const struct dnsanswer *answer, void *arg)
{
	struct result *result = arg;

	assert_false(result->there);
	result->there = true;
	result->answer = *answer;
}

static void wait_for(const struct result *result)
{
	time_t end = time(NULL) + SOON_MS / 1000;

	while (!result->there && time(NULL) < end)
		assert_true(loop_wait(loop, 1000));
	assert_true(result->there);
}

static struct result ask(struct dns *dns, const char *name, enum rules_type type)
{
	struct result result = { .there = false };
	struct dns_question *question;

	assert_true(dns_ask(dns, name, type, SOON_MS, done, &result, &question));
	assert_int_equal(question == NULL, result.there);
	wait_for(&result);
	return result;
}

static void records(void **state)
{
	struct dns *dns = dns_new(loop, resolver, NULL);
	struct result r = ask(dns, "host.test", RULES_TYPE_A);
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_int_equal(r.answer.outcome, DNSANSWER_RECORDS);
	assert_int_equal(r.answer.count, 1);
	assert_string_equal(
	    inet_ntop(AF_INET, r.answer.address[0].address, text, sizeof text), "192.0.2.7");
	r = ask(dns, "host.test", RULES_TYPE_AAAA);
	assert_string_equal(
	    inet_ntop(AF_INET6, r.answer.address[0].address, text, sizeof text), "2001:db8::1");
	r = ask(dns, "mail.test", RULES_TYPE_MX);
	assert_string_equal(r.answer.name[0], "mx.test");
	r = ask(dns, "null.test", RULES_TYPE_MX);
	assert_string_equal(r.answer.name[0], ".");
	r = ask(dns, "zone.test", RULES_TYPE_NS);
	assert_string_equal(r.answer.name[0], "ns.test");
	assert_int_equal(ask(dns, "empty.test", RULES_TYPE_A).answer.outcome, DNSANSWER_NODATA);
	assert_int_equal(ask(dns, "nx.test", RULES_TYPE_A).answer.outcome, DNSANSWER_NXDOMAIN);
	assert_int_equal(ask(dns, "broken.test", RULES_TYPE_A).answer.outcome, DNSANSWER_FAILED);
	/* from the cache */
	asked = 0;
	assert_int_equal(ask(dns, "HOST.test", RULES_TYPE_A).answer.outcome, DNSANSWER_RECORDS);
	assert_int_equal(asked, 0);
	assert_int_equal(dns_pending(dns), 0);
	dns_free(dns);
}

/* A server that says nothing: every question ends at its own deadline. */
static void deadline(void **state)
{
	struct dns *dns = dns_new(loop, resolver, NULL);
	struct result results[20] = { { .there = false } };
	char name[32];

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct dns_question *question;

		snprintf(name, sizeof name, "silent%d.test", i);
		assert_true(dns_ask(dns, name, RULES_TYPE_A, 200, done, &results[i], &question));
		assert_non_null(question);
		if (i >= 10) {
			dns_cancel(question);
			results[i].there = true;
		}
	}
	for (int i = 0; i < 10; i++) {
		wait_for(&results[i]);
		assert_int_equal(results[i].answer.outcome, DNSANSWER_FAILED);
	}
	assert_int_equal(dns_pending(dns), 0);
	dns_free(dns);
}

static void bad(void **state)
{
	struct dnsanswer answer;
	struct dns *dns = dns_new(loop, "not an address", NULL);

	(void)state;
	assert_null(dns);
	assert_null(dns_new(loop, NULL, "/nonexistent/resolv.conf"));
	dnsanswer_read(&answer, "", 0, RULES_TYPE_A);
	assert_int_equal(answer.outcome, DNSANSWER_FAILED);
	/* a count of answers that are not there */
	dnsanswer_read(&answer, "\0\1\200\200\0\0\0\5\0\0\0\0", 12, RULES_TYPE_A);
	assert_int_equal(answer.outcome, DNSANSWER_FAILED);
	assert_int_equal(answer.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(records, start, stop),
		cmocka_unit_test_setup_teardown(deadline, start, stop),
		cmocka_unit_test_setup_teardown(bad, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
