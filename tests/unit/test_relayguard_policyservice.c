/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_policyservice.c - the policy protocol; above all, that OK
 * comes from an entry in the database and from nothing else
 */
#include "policyservice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What Postfix 3.7 sends at RCPT. */
static const char *const whole[] = { "request=smtpd_access_policy", "protocol_state=RCPT",
	"protocol_name=ESMTP", "client_address=192.0.2.7", "client_name=mx.example.com",
	"client_port=1234", "reverse_client_name=mx.example.com", "server_address=198.51.100.1",
	"server_port=25", "helo_name=mx", "sender=a@example.com", "recipient=b=c@example.net",
	"recipient_count=0", "queue_id=", "instance=1.2.3", "size=0", "etrn_domain=", "stress=",
	"sasl_method=", "sasl_username=", "sasl_sender=", "ccert_subject=", "ccert_issuer=",
	"ccert_fingerprint=", "encryption_protocol=", "encryption_cipher=", "encryption_keysize=0",
	"policy_context=" };

static unsigned asked;

static enum rules_answer entry(const char *address, void *arg)
{
	asked++;
	return strcmp(address, "192.0.2.7") == 0 ? *(enum rules_answer *)arg : RULES_NO;
}

/* The next answer, taken from the output; valid until the next call. */
static const char *answer(struct policyservice *service)
{
	static char text[4096];
	size_t size;
	const char *data = policyservice_output(service, &size);

	assert_true(size < sizeof text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	policyservice_sent(service, size);
	return text;
}

/* The relay endpoint's answer to one request. */
static const char *relay(const char *request, size_t size, enum rules_answer verdict)
{
	struct policyservice *service = policyservice_new();
	const char *text = "broken";

	assert_int_equal(policyservice_input(service, request, size), size);
	switch (policyservice_next(service)) {
	case POLICY_REQUEST:
		policyservice_relay(service, entry, &verdict);
		text = answer(service);
		break;
	case POLICY_NOTHING:
		text = "nothing";
		break;
	default:
		break;
	}
	policyservice_free(service);
	return text;
}

/* A whole request, with line LINE replaced by TEXT ("": left out). */
static size_t request_with(char out[4096], size_t line, const char *text)
{
	size_t used = 0;

	for (size_t i = 0; i < COUNT(whole); i++) {
		const char *here = i == line ? text : whole[i];

		used += (size_t)snprintf(
		    out + used, 4096 - used, "%s%s", here, *here != '\0' ? "\n" : "");
	}
	out[used++] = '\n';
	return used;
}

static void relay_answers(void **state)
{
	static const struct {
		enum rules_answer verdict;
		const char *answer;
	} cases[] = {
		{ RULES_YES, "action=OK\n\n" },
		{ RULES_NO, "action=DUNNO\n\n" },
		{ RULES_OFF, "action=DUNNO\n\n" },
		{ RULES_UNKNOWN, "action=DUNNO\n\n" },
		{ RULES_PENDING, "action=DUNNO\n\n" },
		{ (enum rules_answer)17, "action=DUNNO\n\n" },
	};
	char request[4096];
	size_t size = request_with(request, COUNT(whole), "");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(relay(request, size, cases[i].verdict), cases[i].answer);
}

static bool is_required(const char *line)
{
	static const char *const names[] = { "request=", "protocol_state=", "protocol_name=",
		"helo_name=", "queue_id=", "sender=", "recipient=", "client_address=",
		"client_name=" };

	for (size_t i = 0; i < COUNT(names); i++) {
		if (strncmp(line, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

/* Each attribute missing, doubled before and behind, empty, hostile. */
static void relay_refuses(void **state)
{
	static const char *const values[] = { "", "OK", "%s%n", "a\tb", "a\rb", "192.0.2.7\x01",
		"\x7f", "192.0.2.7 ", " 192.0.2.7", "192.0.2.0/24", "192.0.2.7/32",
		"::ffff:192.0.2.8", "rcpt", "RCPT ", "DATA", "END-OF-MESSAGE",
		"smtpd_access_policy2", "unknown", "192.0.2.007" };
	char request[4096], line[256];

	(void)state;
	for (size_t i = 0; i < COUNT(whole); i++) {
		size_t name = strcspn(whole[i], "=");
		const char *dunno = "action=DUNNO\n\n";
		size_t size = request_with(request, i, "");

		assert_string_equal(relay(request, size, RULES_YES),
		    is_required(whole[i]) ? dunno : "action=OK\n\n");
		for (int same = 0; same < 2; same++) {
			snprintf(line, sizeof line, "%s\n%.*s=%s", whole[i], (int)name, whole[i],
			    same ? whole[i] + name + 1 : "x");
			size = request_with(request, i, line);
			assert_string_equal(relay(request, size, RULES_YES), dunno);
		}
		for (size_t v = 0; v < COUNT(values); v++) {
			bool decides = strncmp(whole[i], "request=", 8) == 0 ||
				       strncmp(whole[i], "protocol_state=", 15) == 0 ||
				       strncmp(whole[i], "client_address=", 15) == 0;
			bool control = strpbrk(values[v], "\t\r\x01\x7f") != NULL;

			snprintf(line, sizeof line, "%.*s=%s", (int)name, whole[i], values[v]);
			size = request_with(request, i, line);
			assert_string_equal(relay(request, size, RULES_YES),
			    decides || control ? dunno : "action=OK\n\n");
		}
		snprintf(line, sizeof line, "%.*s", (int)name, whole[i]);
		size = request_with(request, i, line);
		assert_string_equal(relay(request, size, RULES_YES), dunno);
		snprintf(line, sizeof line, "%s\n=OK", whole[i]);
		size = request_with(request, i, line);
		assert_string_equal(relay(request, size, RULES_YES), dunno);
	}
	assert_string_equal(relay("\n", 1, RULES_YES), "action=DUNNO\n\n");
	assert_string_equal(relay("action=OK\n\n", 11, RULES_YES), "action=DUNNO\n\n");
	assert_string_equal(relay("request=smtpd_access_policy\n", 28, RULES_YES), "nothing");
}

/* A NUL must not cut a line short. */
static void relay_nul(void **state)
{
	char request[4096], *at;
	size_t size = request_with(request, 3, "client_address=192.0.2.7#");

	(void)state;
	at = memchr(request, '#', size);
	*at = '\0';
	asked = 0;
	assert_string_equal(relay(request, size, RULES_YES), "action=DUNNO\n\n");
	assert_int_equal(asked, 0);
}

static void rules_answers(void **state)
{
	struct policyservice *service = policyservice_new();
	char request[4096];
	size_t size = request_with(request, COUNT(whole), "");
	static const struct {
		const char *reply;
		bool close;
		const char *answer;
	} cases[] = {
		{ "550 5.7.1 no", false, "action=550 5.7.1 no\n\n" },
		{ "550 5.7.1 no", true, "action=521 5.7.1 no\n\n" },
		{ "450 4.7.1 later", true, "action=421 4.7.1 later\n\n" },
		{ "450 a\n\naction=OK\n\n", false, "action=450 a??action=OK??\n\n" },
		{ "OK", false, "action=451 4.3.0 the policy service has no reply to give\n\n" },
		{ "250 OK", true, "action=421 4.3.0 the policy service has no reply to give\n\n" },
		{ "", false, "action=451 4.3.0 the policy service has no reply to give\n\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(policyservice_input(service, request, size), size);
		assert_int_equal(policyservice_next(service), POLICY_REQUEST);
		assert_null(policyservice_odd(service));
		assert_string_equal(policyservice_get(service, "recipient"), "b=c@example.net");
		assert_null(policyservice_get(service, "nothing"));
		policyservice_refuse(service, cases[i].reply, cases[i].close);
		assert_string_equal(answer(service), cases[i].answer);
		/* once */
		policyservice_pass(service);
		assert_string_equal(answer(service), "");
	}
	policyservice_input(service, request, size);
	assert_int_equal(policyservice_next(service), POLICY_REQUEST);
	policyservice_prepend(service, "X-Spam-Warning", "a\nb");
	assert_string_equal(answer(service), "action=PREPEND X-Spam-Warning: a?b\n\n");
	policyservice_free(service);
}

/* Of Postfix's clients: what the rules see must not be cut short or kept from
 * them. */
static void rules_paths(void **state)
{
	static const struct {
		const char *sender, *path;
	} cases[] = {
		{ "", "<>" },
		{ "a@b.test", "<a@b.test>" },
		{ "a b@c.test", "<\"a b\"@c.test>" },
		{ "a\tb@c.test", "<\"a\tb\"@c.test>" },
		{ "a\x01@c.test", "<\"a\x01\"@c.test>" },
		{ "<x> y@c.test", "<\"<x> y\"@c.test>" },
		{ "(x@c.test", "<\"(x\"@c.test>" },
		{ "a\"b\\@c.test", "<\"a\\\"b\\\\\"@c.test>" },
		{ "\"a b\"@c.test", "<\"a b\"@c.test>" },
		{ "\"a\\\"b\"@c.test", "<\"a\\\"b\"@c.test>" },
		{ "\"a\"b\"@c.test", "<\"\\\"a\\\"b\\\"\"@c.test>" },
		{ "\"a\\\"@c.test", "<\"a\\\"@c.test>" },
		{ "\"@c.test", "<\"\\\"\"@c.test>" },
		{ "a@b@c.test", "<a@b@c.test>" },
		{ "@r.test:a@c.test", "<@r.test:a@c.test>" },
		{ "@r.test):a@c.test", "<@r.test):a@c.test>" },
		{ "@r.test:@s):a b@c.test", "<@r.test:@s):\"a b\"@c.test>" },
		{ "@a b@c.test", "<\"@a b\"@c.test>" },
		{ "\xc3\xbc@c.test", "<\xc3\xbc@c.test>" },
		{ "nobody", "<nobody>" },
	};
	char request[4096], line[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct policyservice *service = policyservice_new();
		char *path;
		size_t size;

		snprintf(line, sizeof line, "sender=%s", cases[i].sender);
		size = request_with(request, 10, line);
		assert_int_equal(policyservice_input(service, request, size), size);
		assert_int_equal(policyservice_next(service), POLICY_REQUEST);
		assert_null(policyservice_unreadable(service));
		path = policyservice_path(service, "sender");
		assert_string_equal(path, cases[i].path);
		free(path);
		policyservice_free(service);
	}
}

static void stream(void **state)
{
	struct policyservice *service = policyservice_new();
	char two[8192], *big;
	size_t size = request_with(two, COUNT(whole), "");

	(void)state;
	size += request_with(two + size, COUNT(whole), "");
	for (size_t at = 0, answers = 0; at < size || answers < 2;) {
		if (policyservice_next(service) == POLICY_REQUEST) {
			assert_int_equal(policyservice_input(service, "x", 1), 0);
			policyservice_pass(service);
			assert_string_equal(answer(service), "action=DUNNO\n\n");
			answers++;
		} else {
			at += policyservice_input(service, two + at, 1);
		}
	}
	big = malloc(POLICY_REQUEST_MAX + 1);
	assert_non_null(big);
	memset(big, 'a', POLICY_REQUEST_MAX + 1);
	assert_int_equal(
	    policyservice_input(service, big, POLICY_REQUEST_MAX + 1), POLICY_REQUEST_MAX);
	assert_int_equal(policyservice_next(service), POLICY_BROKEN);
	free(big);
	policyservice_free(service);
	/* more attributes than are read */
	service = policyservice_new();
	for (int i = 0; i <= POLICY_ATTRIBUTES_MAX; i++)
		policyservice_input(service, two, (size_t)snprintf(two, sizeof two, "a%d=\n", i));
	policyservice_input(service, "\n", 1);
	assert_int_equal(policyservice_next(service), POLICY_REQUEST);
	assert_string_equal(policyservice_odd(service), "too many attributes");
	policyservice_free(service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(relay_answers),
		cmocka_unit_test(relay_refuses),
		cmocka_unit_test(relay_nul),
		cmocka_unit_test(rules_answers),
		cmocka_unit_test(rules_paths),
		cmocka_unit_test(stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
