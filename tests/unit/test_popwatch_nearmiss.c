/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_nearmiss.c - which lines look like a login (nearmiss.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nearmiss.h"

static void lines(void **state)
{
	static const struct {
		const char *text;
		bool near;
	} cases[] = {
		{ "imap-login: Login: rip=203.0.113.8, user=<bob>, mpid=207", true },
		{ "imap-login: Logged in: user=<bob>, remote=2001:db8::1", true },
		{ "proxy(bob,203.0.113.8): Login succeeded", true },
		{ "LOGIN, user=alice, ip=[::ffff:203.0.113.8], port=[50919], starttls=1", true },
		{ "Login user=alice host=UNKNOWN [203.0.113.8]", true },
		{ "login: [203.0.113.8] alice SCRAM-SHA-256 User logged in", true },
		{ "(v4.1) POP login by user \"alice\" at (203.0.113.8) 203.0.113.8", true },
		{ "user `alice' logged in with mailbox `/var/mail/alice'", true },
		{ "Authenticated alice", true },
		{ "three 192.0.2.3", true },
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
		{ "Stats: alice 0 0 3 4096 host 203.0.113.8", false },
		{ "", false },
		{ "user", true },
		{ "use", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (near_miss(span_of(cases[i].text)) != cases[i].near)
			fail_msg("%s", cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lines) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
