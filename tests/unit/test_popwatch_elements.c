/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_elements.c - Dovecot's login_log_format_elements as an
 * expression (elements.h): what is taken, what is refused, and what clients
 * write
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elements.h"
#include "list.h"
#include "once.h"
#include "pattern.h"

#define BEFORE "user=<%u> method=%m rip=%r lip=%l mpid=%e "
#define LOGIN "Login: user=<alice>, method=PLAIN, rip=192.0.2.1, lip=198.51.100.1, mpid=7"
#define JA3 "0123456789abcdef0123456789abcdef"

/* The address of a login, or "" for none.  With PROXIED that of a proxy. */
static const char *address_in(const char *elements, const char *message, bool proxied)
{
	static char address[64];
	struct captures captures;
	char error[256], **once;
	char *expression =
	    elements_expression("^Login:", elements, proxied, &once, error, sizeof error);
	struct pattern *pattern =
	    expression != NULL ? pattern_new(expression, error, sizeof error) : NULL;

	if (pattern == NULL)
		fail_msg("%s: %s", elements, error);
	*address = '\0';
	if (pattern_match(pattern, span_of(message), &captures) == PATTERN_YES &&
	    !once_broken(span_of(message), once))
		snprintf(address, sizeof address, "%.*s", (int)captures.ip.size, captures.ip.text);
	pattern_free(pattern);
	free(expression);
	list_free(once);
	return address;
}

struct login {
	const char *elements;
	const char *message;
	bool believed; /* 192.0.2.1 */
};

static void check(const struct login *logins, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *is = address_in(logins[i].elements, logins[i].message, false);

		if (strcmp(is, logins[i].believed ? "192.0.2.1" : "") != 0)
			fail_msg("%s, %s: '%s'", logins[i].elements, logins[i].message, is);
	}
}

static void test_logins(void **state)
{
	static const struct login cases[] = {
		{ BEFORE "%c", LOGIN, true },
		{ BEFORE "%c", LOGIN ", TLS", true },
		{ BEFORE "%c", LOGIN ",", true },
		{ BEFORE "%c", LOGIN ", ", true },
		{ BEFORE "%c", LOGIN ", TLS, ", true },
		{ BEFORE "%c", LOGIN ", ,", false },
		{ BEFORE "%c", LOGIN ", TLS, x", false },
		{ BEFORE "%c %k", LOGIN ", TLS, TLSv1.3 with cipher A_B-C (1/2 bits)", true },
		{ BEFORE "%c %k", LOGIN ", TLS, (proxied)", true },
		{ "\"" BEFORE "%c\"", LOGIN ", TLS", true },
		{ BEFORE "tls=\"%k\"", LOGIN ", tls=\"(proxied)\"", true },
		{ BEFORE "tls=%k", LOGIN ", tls=\"(proxied)\"", false },
		{ "%s user=<%u> rip=%r", "Login: imap, user=<a>, rip=192.0.2.1", true },
		{ "%p user=<%u> rip=%r", "Login: 77, user=<a>, rip=192.0.2.1", true },
		{ "user=<%u> rip=%r method=%m", "Login: user=<a>, rip=192.0.2.1, method=ANONYMOUS",
		    false },
		/* the connection's own ends, where a proxy is before it */
		{ BEFORE "real_rip=%{real_rip}", LOGIN ", real_rip=10.0.0.1", true },
		{ BEFORE "real_rip=%{real_remote_ip} %c", LOGIN ", real_rip=fd00::1, TLS", true },
		{ BEFORE "real_rip=%{real_rip}", LOGIN ", real_rip=x", false },
		{ BEFORE "%{real_lip} to=%{real_lport}", LOGIN ", 10.0.0.1, to=143", true },
		{ BEFORE "by=%{real_rport}", LOGIN ", by=x", false },
		{ BEFORE "real_rip=%{real_rip} %c", LOGIN ", rip=10.0.0.1, TLS", false },
		{ BEFORE "on=%{listener}", LOGIN ", on=imaps", true },
		{ BEFORE "on=%{listener}", LOGIN ", on=imaps ", false },
		{ BEFORE "ja3=%{ssl_ja3_hash}", LOGIN ", ja3=" JA3, true },
		{ BEFORE "ja3=%{ssl_ja3_hash} %c", LOGIN, true },
		{ BEFORE "ja3=%{ssl_ja3_hash}", LOGIN ", ja3=" JA3 "0", false },
		{ BEFORE "ja3=<%{ssl_ja3}>", LOGIN ", ja3=<771,4865-4866,0-23,29-23,0>", true },
		/* a word that the server writes stands once */
		{ "user=<%u> rip=%r", "Login: user=<a, rip=203.0.113.9>, rip=192.0.2.1", false },
		{ "user=<%u> rip=%r", "Login: user=<a b=rip=>, rip=192.0.2.1", true },
		{ BEFORE "master=<%{auth_user}>", LOGIN ", master=<rip=203.0.113.9>", true },
		{ BEFORE "master=<%{auth_user}>", LOGIN ", master=< rip=203.0.113.9>", false },
		{ BEFORE "a=<%d> b=<%n>", LOGIN ", a=<x>, b=< a=<y>", false },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

/* What of a client has brackets around it. */
static void test_brackets(void **state)
{
	static const struct login cases[] = {
		{ BEFORE "master=<%{auth_user}>", LOGIN ", master=<bob smith, TLS>", true },
		{ BEFORE "master=<%{auth_user}>", LOGIN, true },
		{ BEFORE "master=<%{auth_user}>", LOGIN ", master=<a>b>", false },
		{ BEFORE "master=<%{auth_user}>", LOGIN ", master=<a<b>", false },
		{ BEFORE "master=<%{auth_user}>", LOGIN ", master=<a> ", false },
		{ BEFORE "from=<%{passdb:a}-%d>", LOGIN ", from=<x-y>", true },
		{ BEFORE "a=<%d> b=<%n>", LOGIN ", b=<x>", true },
		{ BEFORE "a=<%d> b=<%n>", LOGIN ", b=<x>, a=<y>", false },
		{ "user=<%u> a=<%d> rip=%r",
		    "Login: user=<x>, a=<y>, rip=203.0.113.9>, rip=192.0.2.1", false },
		{ "user=<%u> a=<%d> rip=%r", "Login: user=<x>, a=<>, a=<y>, rip=192.0.2.1", false },
		{ "user=<%u> a=<%d> rip=%r", "Login: user=<x, a=<y>, rip=192.0.2.1", false },
		{ "user=<%{user}> rip=%{rip}", "Login: user=<a>, rip=192.0.2.1", true },
		{ "user=<%n@%d> rip=%r", "Login: user=<a@b>, rip=192.0.2.1", true },
		{ "user=<%u> rip=%r", "Login: user=<>, rip=192.0.2.1", true },
		{ "user=<%u> rip=%r", "Login: user=<a user=<>, rip=192.0.2.1", false },
		{ "user=<%u> rip=%r", "Login:user=<a>, rip=192.0.2.1", false },
		{ "user=<%u> rip=%r", "Login: user=<a>,rip=192.0.2.1", false },
		{ "user=<%u> rip=%r", "Login: , user=<a>, rip=192.0.2.1", false },
		{ "  user=<%u>\t rip=%r  ", "Login: user=<a>, rip=192.0.2.1", true },
		{ "user=<%{user |\tlower}> rip=%r", "Login: user=<a>, rip=192.0.2.1", true },
		/* filters of 2.4 */
		{ "user=<%{user | lower}> rip=%{remote_ip}", "Login: user=<a>, rip=192.0.2.1",
		    true },
		{ "user=<%{user|lower}> rip=%{remote_ip}", "Login: user=<a>, rip=192.0.2.1", true },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

/* Each element in each of its forms: with it, and without, if its variable may
 * be empty; never with another value, nor twice. */
static void test_forms(void **state)
{
	static const struct {
		const char *forms[3];
		const char *good;
		const char *bad;
		bool may_lack;
		bool of_server; /* its word stands once */
	} cases[] = {
		{ { "method=%m", "method=%{mech}", "method=%{mechanism}" }, "method=CRAM-MD5",
		    "method=x", false, true },
		{ { "rport=%b", "rport=%{rport}", "rport=%{remote_port}" }, "rport=5", "rport=x",
		    false, true },
		{ { "lip=%l", "lip=%{lip}", "lip=%{local_ip}" }, "lip=::ffff:C0", "lip=g", false,
		    true },
		{ { "lport=%a", "lport=%{lport}", "lport=%{local_port}" }, "lport=143",
		    "lport=", false, true },
		{ { "mpid=%e", "mpid=%{mail_pid}", "mpid=%{mail_pid}" }, "mpid=7", "mpid=", false,
		    true },
		{ { "session=<%{session}>", "session=<%{session}>", "session=<%{session}>" },
		    "session=<aZ0+/=>", "session=<a b>", false, true },
		{ { "%c", "%{secured}", "%{secured}" }, "TLS", "tls", true, false },
		{ { "sec=%c", "sec=%{secured}", "sec=%{secured}" }, "sec=secured", "secured", true,
		    false },
		{ { "sec=%c", "sec=%{secured}", "sec=%{secured}" }, "sec=SSL", "sec=", true,
		    false },
		{ { "%k", "%{ssl_security}", "%{ssl_security}" },
		    "TLSv1.3 with cipher A-b_9 (1/2 bits) KxANY", "with cipher A (1/2 bits)", true,
		    false },
		{ { "%s", "%{service}", "%{protocol}" }, "imap", "Imap", false, false },
		{ { "%p", "%{pid}", "%{pid}" }, "7", "x", false, false },
		{ { "%{real_rip}", "%{real_remote_ip}", "%{real_rip}" }, "fd00::1", "g", true,
		    false },
		{ { "%{real_lip}", "%{real_local_ip}", "%{real_lip}" }, "10.0.0.1", "g", true,
		    false },
		{ { "%{real_rport}", "%{real_remote_port}", "%{real_rport}" }, "5", "x", false,
		    false },
		{ { "%{real_lport}", "%{real_local_port}", "%{real_lport}" }, "5", "x", false,
		    false },
		{ { "%{local_name}", "%{local_name}", "%{local_name}" }, "mx-1.example.net", "a b",
		    true, false },
		{ { "%{listener}", "%{listener}", "%{listener}" }, "imaps_2", "a=b", true, false },
	};
	char elements[200], message[400];
	bool believed;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t form = 0; form < 3; form++) {
			snprintf(elements, sizeof elements, "user=<%%u> rip=%%r %s",
			    cases[i].forms[form]);
			snprintf(message, sizeof message, "Login: user=<a>, rip=192.0.2.1, %s",
			    cases[i].good);
			assert_string_equal(address_in(elements, message, false), "192.0.2.1");
			/* of these a proxied login has all but the process of
			 * the mail */
			assert_string_equal(address_in(elements, message, true),
			    strcmp(cases[i].good, "mpid=7") == 0 ? "" : "192.0.2.1");
			snprintf(message, sizeof message, "Login: user=<a>, rip=192.0.2.1, %s",
			    cases[i].bad);
			assert_string_equal(address_in(elements, message, false), "");
			snprintf(message, sizeof message, "Login: user=<a, %s>, rip=192.0.2.1, %s",
			    cases[i].good, cases[i].good);
			believed = !cases[i].of_server;
			if (strchr(cases[i].good, '<') == NULL)
				assert_string_equal(address_in(elements, message, false),
				    believed ? "192.0.2.1" : "");
			assert_string_equal(
			    address_in(elements, "Login: user=<a>, rip=192.0.2.1", false),
			    cases[i].may_lack ? "192.0.2.1" : "");
		}
	}
}

/* What a login that is handed on lacks is not demanded of it. */
static void test_proxied(void **state)
{
	(void)state;
	assert_string_equal(
	    address_in("user=<%u> mpid=%e rip=%r", "Login: user=<a>, rip=192.0.2.1", true),
	    "192.0.2.1");
	assert_string_equal(
	    address_in("user=<%u> mpid=%e rip=%r", "Login: user=<a>, rip=192.0.2.1", false), "");
	assert_string_equal(
	    address_in("mpid=%e user=<%u> rip=%r", "Login: user=<a>, rip=192.0.2.1", true),
	    "192.0.2.1");
}

static void test_refused(void **state)
{
	static const struct {
		const char *elements;
		const char *sentence; /* is in the error */
	} cases[] = {
		{ "", "expected user=<%u> and rip=%r" },
		{ "\"\"", "expected user=<%u> and rip=%r" },
		{ "\"", "unknown element '\"'" },
		{ "user=<%u> rip=%r abc", "unknown element 'abc'" },
		{ "user=<%u>", "expected user=<%u> and rip=%r" },
		{ "rip=%r", "'rip=%r', expected each" },
		{ "rip=%r user=<%u>", "'rip=%r', expected each" },
		{ "user=<%u> user=<%Lu> rip=%r", "'user=<%Lu>', expected each" },
		{ "user=<%u> rip=%r %c %c", "'%c', expected each" },
		{ "%c user=<%u> rip=%r", "'%c', expected each" },
		{ "x=<%d> user=<%u> rip=%r", "'x=<%d>', expected each" },
		{ "user=<%u> rip=%r x=<%d> x=<%n>", "'x=<%n>', expected each" },
		{ "user=<%u> rip=%r %h", "unknown element '%h'" },
		{ "user=<%u> rip=%r %{ssl_ja3}", "unknown element '%{ssl_ja3}'" },
		{ "user=<%u> rip=%r %{passdb:a}", "unknown element '%{passdb:a}'" },
		{ "user=<%u> rip=%r a=%{auth_user}", "unknown element 'a=%{auth_user}'" },
		/* words that only the server writes, with another variable */
		{ "user=<%u> rip=%r rip=%{real_rip}", "unknown element 'rip=%{real_rip}'" },
		{ "user=<%u> rip=%{real_rip}", "unknown element 'rip=%{real_rip}'" },
		{ "user=<%u> rip=%r session=<%{passdb:a}>", "unknown element 'session=<" },
		{ "user=<%u> rip=%r mpid=<%d>", "unknown element 'mpid=<" },
		/* not what a client can end */
		{ "user=<%u> rip=%r a=<x>", "unknown element 'a=<x>'" },
		{ "user=<%u> rip=%r a=<%d", "unknown element 'a=<%d'" },
		{ "user=<%u> rip=%r a=<%d>>", "unknown element 'a=<%d>>'" },
		{ "user=<%u> rip=%r a=<%d><%n>", "unknown element 'a=<%d><%n>'" },
		{ "user=<%u> rip=%r <%d>", "unknown element '<%d>'" },
		{ "user=<%u> rip=%r a.*=<%d>", "unknown element 'a.*=<%d>'" },
		{ "user=<%u> rip=%r a.*=%c", "unknown element 'a.*=%c'" },
		{ "user=<%u> rip=%r a=\"%c", "unknown element 'a=\"%c'" },
		{ "user=%u rip=%r", "unknown element 'user=%u'" },
		{ "user=<alice> rip=%r", "unknown element 'user=<alice>'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char error[256] = "", **once;

		assert_null(elements_expression(
		    "^Login:", cases[i].elements, false, &once, error, sizeof error));
		assert_null(once);
		if (strstr(error, cases[i].sentence) == NULL)
			fail_msg("%s: %s", cases[i].elements, error);
	}
}

/* Neither the words that stand once nor the expression grow beyond what there
 * is room for. */
static void test_many(void **state)
{
	char elements[8000], error[256], **once;
	size_t size;

	(void)state;
	for (int count = 0; count < 2 * ONCE_MAX; count++) {
		char *expression;
		bool fits = count <= ONCE_MAX - 2;

		size = (size_t)snprintf(elements, sizeof elements, "user=<%%u> rip=%%r");
		for (int i = 0; i < count; i++)
			size += (size_t)snprintf(
			    elements + size, sizeof elements - size, " a%d=<%%d>", i);
		expression =
		    elements_expression("^Login:", elements, false, &once, error, sizeof error);
		assert_int_equal(expression != NULL, fits);
		if (expression == NULL)
			assert_string_equal(error, "too many");
		free(expression);
		list_free(once);
	}
	/* one name that is too long by itself */
	size = (size_t)snprintf(elements, sizeof elements, "user=<%%u> rip=%%r ");
	memset(elements + size, 'a', 4200);
	snprintf(elements + size + 4200, sizeof elements - size - 4200, "=%%c");
	assert_null(elements_expression("^Login:", elements, false, &once, error, sizeof error));
	assert_string_equal(error, "too many");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_logins),
		cmocka_unit_test(test_brackets), cmocka_unit_test(test_forms),
		cmocka_unit_test(test_proxied), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_many) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
