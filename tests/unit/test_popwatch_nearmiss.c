/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_nearmiss.c - which lines look like a login (nearmiss.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nearmiss.h"

struct line {
	const char *text;
	bool near;
};

static void check(const struct line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* in a block of its own size, so that a step beyond the end is
		 * seen */
		size_t size = strlen(lines[i].text);
		char *text = malloc(size > 0 ? size : 1);
		bool near;

		assert_non_null(text);
		memcpy(text, lines[i].text, size);
		near = near_miss((struct span){ text, size });
		free(text);
		if (near != lines[i].near)
			fail_msg("%s", lines[i].text);
	}
}

static void lines(void **state)
{
	static const struct line cases[] = {
		{ "imap-login: Login: rip=203.0.113.8, user=<bob>, mpid=207", true },
		/* a user and an address, and no other word of a login */
		{ "session begins, user=alice, 203.0.113.8", true },
		{ "session begins, user=alice", false },
		{ "session begins, user=alice, x203.0.113.8", false },
		{ "session begins, user=alice, 2001:db8::1:2:3", true },
		{ "session begins, user=alice, 203.0.113.8:41234", true },
		/* what comes behind a success or a comma is no verb */
		{ "login success, failed before: 2, from 203.0.113.8", true },
		{ "login successful failed before from 203.0.113.8", true },
		{ "login alice, failed before from 203.0.113.8", true },
		{ "imap-login: Logged in: user=<bob>, remote=2001:db8::1", true },
		{ "proxy(bob,203.0.113.8): Login succeeded", true },
		{ "LOGIN, user=alice, ip=[::ffff:203.0.113.8], port=[50919], starttls=1", true },
		{ "Login user=alice host=UNKNOWN [203.0.113.8]", true },
		{ "login: [203.0.113.8] alice SCRAM-SHA-256 User logged in", true },
		{ "(v4.1) POP login by user \"alice\" at (203.0.113.8) 203.0.113.8", true },
		{ "user `alice' logged in with mailbox `/var/mail/alice'", true },
		{ "Authenticated alice", true },
		{ "imap-login: Disconnected (no auth attempts in 0 secs): user=<>, "
		  "rip=203.0.113.8, lip=198.51.100.1",
		    false },
		{ "imap-login: Disconnected: Inactivity (auth failed, 1 attempts in 9 secs): "
		  "user=<bob>, rip=203.0.113.8",
		    false },
		{ "imap-login: Aborted login (tried to use disallowed plaintext auth): user=<>, "
		  "rip=203.0.113.8",
		    false },
		{ "lmtp(alice)<12><abc>: msgid=<20261128.1@mx.example.net>: saved mail to INBOX",
		    false },
		{ "lmtp(12): Connect from 203.0.113.8", false },
		{ "master: Dovecot v2.3.19.1 starting up for imap, pop3", false },
		{ "Warning: SIGHUP received - reloading configuration", false },
		{ "auth: Error: LDAP: 198.51.100.4:389: Connection refused", false },
		{ "imap(alice)<12><abc>: copy from INBOX: box=Trash, uid=7, size=900", false },
		{ "Connection, ip=[::ffff:203.0.113.8], port=[50919]", false },
		{ "LOGIN FAILED, user=alice, ip=[::ffff:203.0.113.8]", false },
		{ "2026/11/20 11:26:51 ", false },
		{ "Stats: alice 0 0 3 4096 host 203.0.113.8", false },
		{ "", false },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

/* Whatever a client is called, wherever its name stands. */
static void names(void **state)
{
	static const struct line cases[] = {
		{ "imap-login: Login: user=<errors@example.org>, rip=203.0.113.8, x=1", true },
		{ "imap-login: Login: user=<connect>, rip=203.0.113.8", true },
		{ "imap-login: Login: user=<debug: [notice]>, remote=203.0.113.8", true },
		{ "imap-login: Login: user=<a>, rip=203.0.113.8, mpid=1, connection=<closed>",
		    true },
		{ "imap-login: proxy(stats): Started proxying to 10.0.0.1 via tunnel: "
		  "user=<failed>, rip=203.0.113.8",
		    true },
		{ "LOGIN OK, user=alice, connection ip=[203.0.113.8]", true },
		{ "LOGIN, user=fail, ip=[::ffff:203.0.113.8], port=[50919], error=0", true },
		{ "LOGIN, user=o'brien, ip=[203.0.113.8], by='x'", true },
		{ "Login user=closed host=timeout.example.net [203.0.113.8] invalid=0", true },
		{ "login: aborted.example.net [203.0.113.8] error plaintext User logged in x",
		    true },
		{ "login: [203.0.113.8] fail PLAIN session=3", true },
		{ "Successful login for fail from stats.example.net (203.0.113.8)", true },
		{ "user error authenticated - 203.0.113.8", true },
		{ "user `unknown' logged in, mailbox `closed'", true },
		{ "vchkpw-pop3: (PLAIN) login success errors@example.com 203.0.113.8", true },
		{ "Auth: 203.0.113.8:4000->192.0.2.1:110 authentication_id=\"fail\" pool=\"x\" "
		  "status=\"ok\"",
		    true },
		{ "2026/11/20 11:26:51 [info] 119#119: *2 client logged in, client: 203.0.113.9, "
		  "server: 0.0.0.0:110, login: \"error\", via: x",
		    true },
		{ "event=login.good r.tid=x r.clienthost=\"closed [203.0.113.8]\" "
		  "u.username=\"login.bad\" new=1",
		    true },
		/* nor does a name make a login of a failure */
		{ "imap-login: Disconnected: Inactivity: user=<Login: logged in>, rip=203.0.113.8",
		    false },
		{ "LOGIN FAILED, user=logged in, ip=[203.0.113.8]", false },
		{ "user `x' logged in': authentication failed", false },
		{ "Failed login for logged in from 203.0.113.8", false },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

/* What servers write all day. */
static void everyday(void **state)
{
	static const struct line cases[] = {
		{ "auth: Debug: passwd-file /etc/dovecot/users: Read 9 users in 0 secs", false },
		{ "auth: Debug: client passdb out: OK 1 user=alice rip=203.0.113.8", false },
		{ "auth: passwd-file(alice,203.0.113.8,<e4C8+rJgn7l/AABm>): unknown user", false },
		{ "auth: Error: ldap(login,203.0.113.8): Connection lost", false },
		{ "submission-login: Login: user=<alice>, method=PLAIN, rip=203.0.113.8, mpid=7",
		    false },
		{ "managesieve-login: Login: user=<alice>, method=PLAIN, rip=203.0.113.8, mpid=7",
		    false },
		{ "imap-login: Login: user=<a>, method=ANONYMOUS, rip=203.0.113.8, mpid=7", false },
		{ "imap-login: ID sent: name=Thunderbird, version=115: user=<>, rip=203.0.113.8",
		    false },
		{ "imap-login: Maximum number of connections from user+IP exceeded "
		  "(mail_max_userip_connections=10): user=<bob>, method=PLAIN, rip=203.0.113.8",
		    false },
		{ "pop3-login: Disconnected: Input buffer full (no auth attempts in 0 secs): "
		  "user=<>, rip=203.0.113.8",
		    false },
		{ "imap-login: Internal login failure (pid=1 id=2): user=<bob>, method=PLAIN, "
		  "rip=203.0.113.8",
		    false },
		{ "Closing NULL session: 203.0.113.8:4000->192.0.2.1:110", false },
		{ "Connect:  203.0.113.8:4000->192.0.2.1:110", false },
		{ "127.0.0.1", false },
		{ "POP3 login: user `alice', source system", false },
		{ "autocreateinbox: User alice, INBOX created", false },
		{ "seen_db: user alice opened /var/lib/cyrus/user/a/alice.seen", false },
		{ "badlogin: h [203.0.113.8] plaintext alice SASL(-13): authentication failure",
		    false },
		{ "login: h [203.0.113.8] x ANONYMOUS User logged in mech=ANONYMOUS", false },
		{ "2026/11/20 11:47:39 [notice] 116#116: using the \"epoll\" event method", false },
		{ "2026/11/20 11:26:53 [info] 119#119: *27 client 203.0.113.8:41126 connected to "
		  "198.51.100.1:110",
		    false },
		{ "2026/11/20 11:26:51 [info] 119#119: *1 client logged in, client: 203.0.113.8, "
		  "server: 0.0.0.0:587, login: \"alice\", upstream: 198.51.100.2:25",
		    false },
		{ "[qtp15-7:http://127.0.0.1:80/service/soap/AuthRequest] [oip=203.0.113.8;] "
		  "security - cmd=Auth; account=alice@example.com; protocol=soap;",
		    false },
		{ "vchkpw-smtp: (PLAIN) login success alice@example.com:203.0.113.8", false },
		{ "Login disabled user=bob auth=bob host=h.example.net [203.0.113.8]", false },
		{ "Maximum login rate reached at 11:26:51", false },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

/* A line of BEFORE, each of WORDS and BEHIND is one, or is none. */
static void check_each(const char *before, const char *const *words, const char *behind, bool near)
{
	char text[200];

	for (; *words != NULL; words++) {
		snprintf(text, sizeof text, "%s%s%s", before, *words, behind);
		check(&(struct line){ text, near }, 1);
	}
}

/* Each word that is known, where it alone decides. */
static void words(void **state)
{
	static const char *const sure[] = { "logged in", "logged on", "Login OK", "login success",
		"login succeeded", "Successful login", "authenticated", "authentication successful",
		"Authentication passed", "event=login.good", "cmd=Auth;", "status=\"ok\"",
		"status=OK", "began session", NULL };
	static const char *const maybe[] = { "login", "Logon", "proxying", "method=PLAIN", "mpid=7",
		NULL };
	static const char *const hints[] = { "ip=x", "rip=", "host=x", "by client", "remote x",
		"x from y", NULL };
	static const char *const foreign[] = { "protocol=soap", "protocol=SMTP",
		"protocol=managesieve", "server: 0.0.0.0:25,", "server: 0.0.0.0:465,",
		"server: 0.0.0.0:587,", "server: 0.0.0.0:2525,", "method=ANONYMOUS",
		"mech=anonymous", "login.mech=ANONYMOUS", "login.anonymous=1", "login.nopassword=1",
		NULL };
	static const char *const verbs[] = { "failed", "Aborted", "connected", "disconnecting",
		"refused", "denied", "invalid", "rejected", "error", "timed", "timeout", "time-out",
		"logout", "closed", "closing", "unknown", "exceeded", "lost", "anonymous",
		"nonexistent", "badlogin", "unable", "cannot", "illegal", "unexpected", "incorrect",
		"wrong", "attempt", "killed", "internal", "disabled", "quit", "no", "not", "bad",
		"out", "ended", "disc", "id", "failz", "failed:", "failed.", "failed;", "failed.;",
		NULL };
	static const char *const none[] = { "a", "noted", "badly", "outer", "idle", "fa1led",
		"fail@example.org", "FAIL{", "fail`x", "...", ":", "", "fail=1", NULL };
	static const char *const before_names[] = { "user", "for", "by", "from", "to", "as",
		"account", NULL };
	static const char *const labels[] = { "Debug", "Warning", "Error", "Fatal", "Panic", "smtp",
		"submission-login", "managesieve-login", "lmtp(7)", "a: Debug", "badlogin",
		"  imap-login:  Debug", "123456789.123456789.123456-smtp", NULL };
	static const char *const other_labels[] = { "Info", "imap-login: Info", "a", "login: Debug",
		"1234567890.123456789.123456-smtp", NULL };
	static const char *const levels[] = { "debug", "notice", "warn", "error", "crit", "alert",
		"emerg", NULL };
	static const char *const other_levels[] = { "info", "debugging", "", NULL };

	(void)state;
	check_each("x ", sure, " y", true);
	check_each("x ", maybe, ", 203.0.113.8", true);
	check_each("203.0.113.8 x ", maybe, "", true);
	check_each("x ", maybe, " y", false);
	check_each("x login ", hints, "", true);
	check_each("x ", hints, "", false);
	check_each("logged in, ", foreign, " x", false);
	check_each("", verbs, " logged in", false);
	check_each("a b c d e ", verbs, " logged in", false);
	check_each("1 2 3 4 5 6 7 ", verbs, " logged in", false);
	check_each("a b c d e f ", verbs, " logged in", true);
	check_each("x=y ", verbs, " logged in", true);
	check_each("x, ", verbs, " logged in", true);
	check_each("auth ok ", verbs, " logged in", true);
	check_each("success ", verbs, " logged in", true);
	check_each("login: ", verbs, " logged in", true);
	check_each("", none, " logged in", true);
	check_each("", before_names, " fail logged in", true);
	check_each("", before_names, " x fail logged in", false);
	check_each("", labels, ": logged in", false);
	check_each("", other_labels, ": logged in", true);
	check_each("[", levels, "] logged in", false);
	check_each("2026/11/20 11:26:51 [", levels, "] logged in", false);
	check_each("x [", levels, "] logged in", true);
	check_each("[", other_levels, "] logged in", true);
}

/* What is in quotes or brackets, or is the value of a key, may be a
 * client's. */
static void quotes(void **state)
{
	static const char *const closed[] = { "<logged in>", "(logged in)", "[logged in]",
		"`logged in'", "'logged in'", "\"logged in\"", "<>(logged in)", "x=logged in",
		"x=<logged in>", "x=\"logged in\"", "x=(a)[logged in]", "x.event=login.good",
		"event=\"x\" (logged in)", "status=", NULL };
	static const char *const open[] = { "<logged in", "(logged in", "[logged in", "`logged in",
		"'logged in", "\"logged in", ">logged in<", "<x>logged in", "(x)logged in",
		"`x'logged in`", "\"\"logged in", "() logged in ()", "x=a,logged in",
		"x=a;logged in", "x=<a>logged in", "method=\"x\"logged in\"",
		"method=\"logged in\"", "method=\"logged in", NULL };
	static const struct line apostrophes[] = {
		{ "o'brien logged in by x' y", true },
		{ "'a'b logged in' x", false },
		{ "x 'logged in'", false },
		{ "'logged in'", false },
		{ "x 'logged in's", true },
		{ "authenticated:", true },
	};
	static const struct line zero = { "x\0logged in", true };

	(void)state;
	check_each("a ", closed, " b", false);
	check_each("", closed, "", false);
	check_each("a ", open, " b", true);
	check_each("", open, "", true);
	check(apostrophes, sizeof apostrophes / sizeof *apostrophes);
	assert_true(near_miss((struct span){ zero.text, 11 }));
}

/* What an address is, and where one may stand. */
static void addresses(void **state)
{
	static const char *const are[] = { "203.0.113.8", "203.0.113.8.",
		"203.0.113.8:", "2001:db8::1", "2001:db8::1.", "2001:db8::1:", "203.0.113.8:41234",
		"::ffff:203.0.113.8", "x,203.0.113.8,y", "2001:db8:1111:2222:3333:4444:5555:6666",
		"[203.0.113.8]", "(2001:db8::1)", NULL };
	static const char *const are_none[] = { "203.0.113", "203.0.113.8.9", "203.0.113.8:1:2",
		"x203.0.113.8", "1x203.0.113.8", "...", ":", "203.0.113.999", "2001:db8::1::2",
		"12:34:56", "1234567890123456789012345678901234567890123456",
		"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
		NULL };

	(void)state;
	check_each("login x ", are, "", true);
	check_each("", are, ", login", true);
	check_each("login x ", are_none, "", false);
	check_each("", are_none, ", login", false);
}

/* What rsyslog and Plesk put before a message. */
static void before(void **state)
{
	static const struct line cases[] = {
		{ "message repeated 2 times: [ LOGIN, user=alice, ip=[203.0.113.8], x]", true },
		{ "message repeated 2 times: [ logged in]", true },
		{ "message repeated 2 times: [(x)logged in]", true },
		{ "message repeated 2 times: [(logged in]", true },
		{ "message repeated 2 times: (x)[logged in", true },
		{ "message repeated 2 times: [ failed logged in]", false },
		{ "message repeated 2 times: logged in", true },
		{ "message repeated [", false },
		{ "message repeated: [ logged in]", false },
		{ "message repeated ", false },
		{ "message repeateD 2 times: [ logged in]", false },
		{ "essage repeated 2 times: [ logged in]", false },
		{ "IMAP connect from @ [203.0.113.8]INFO: LOGIN, user=alice, x=1", true },
		{ "IMAP connect from @ [203.0.113.8]INFO: failed, logged in", false },
		{ "IMAP connect from @ [203.0.113.8]INFO: 1 failed, logged in", false },
		{ "IMAP connect from @ [203.0.113.8]INFO:, logged in", false },
		{ "IMAP connect from @ [203.0.113.8] INFO: LOGIN, user=alice, x=1", false },
		{ "IMAP connect from @ 203.0.113.8 INFO: LOGIN, user=alice, x=1", false },
		{ "connect info: logged in", false },
		{ "info: connect logged in", false },
	};

	(void)state;
	check(cases, sizeof cases / sizeof *cases);
}

/* So much of a line is looked at, and no more. */
static void length(void **state)
{
	static const char *const ends[] = { " logged in", " 2001:db8::1:2" };
	char text[1100];

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t size = strlen(ends[i]);

		for (size_t end = 1024; end <= 1024 + size; end += size) {
			memset(text, 'x', sizeof text);
			if (i == 1)
				text[snprintf(text, sizeof text, "login ")] = 'x';
			memcpy(text + end - size, ends[i], size);
			assert_int_equal(
			    near_miss((struct span){ text, sizeof text }), end == 1024);
		}
	}
	memset(text, 'x', sizeof text);
	memcpy(text + 1025 - strlen(*ends), *ends, strlen(*ends));
	assert_false(near_miss((struct span){ text, sizeof text }));
}

/* No text is too long or too odd. */
static void odd(void **state)
{
	static char text[4096];
	static const char fill[] = "=<'\"(`[";

	(void)state;
	for (const char *c = fill; *c != '\0'; c++) {
		memset(text, *c, sizeof text);
		assert_false(near_miss((struct span){ text, sizeof text }));
	}
	memset(text, 0, sizeof text);
	assert_false(near_miss((struct span){ text, sizeof text }));
	memset(text, 'x', sizeof text);
	snprintf(text, sizeof text, "LOGIN, ip=[203.0.113.8], ");
	text[strlen(text)] = 'x';
	assert_true(near_miss((struct span){ text, sizeof text }));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lines), cmocka_unit_test(names),
		cmocka_unit_test(everyday), cmocka_unit_test(words), cmocka_unit_test(quotes),
		cmocka_unit_test(addresses), cmocka_unit_test(before), cmocka_unit_test(length),
		cmocka_unit_test(odd) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
