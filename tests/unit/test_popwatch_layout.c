/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_layout.c - layouts, stamps and years of log lines (layout.h,
 * envelope.h, stamp.h, year.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include "envelope.h"
#include "layout.h"
#include "seam.h"
#include "stamp.h"
#include "year.h"

#define NOW INT64_C(1795175258) /* 2026-11-20 11:47:38 UTC */
#define DAY 86400

static bool same(const struct span *span, const char *text)
{
	return span->size == strlen(text) && memcmp(span->text, text, span->size) == 0;
}

static const struct {
	unsigned formats;
	const char *line;
	const char *host; /* NULL: no layout fits */
	const char *tag;
	const char *pid;
	const char *message;
} layouts[] = {
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm popa3d[158]: Session from 192.0.2.1", "vm", "popa3d",
	    "158", "Session from 192.0.2.1" },
	{ FORMAT_SYSLOG, "Nov  5 11:46:38 vm dovecot: x: y", "vm", "dovecot", "", "x: y" },
	{ FORMAT_SYSLOG, "Nov 5 11:46:38 vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "<22>Nov 20 11:46:38 vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "Nov 20 2026 11:46:38 vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 2026 vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 <mail.info> vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm imapd[7]: [ID 702911 mail.info] Login user=x", "vm",
	    "imapd", "7", "Login user=x" },
	{ FORMAT_SYSLOG, "2026-11-20T11:46:38.895199+00:00 vm cyrus/imap[415]: x", "vm",
	    "cyrus/imap", "415", "x" },
	{ FORMAT_SYSLOG, "2026-11-20T11:46:38Z vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "<22>1 2026-11-20T11:46:38.895Z vm dovecot 99 - - imap-login: x", "vm",
	    "dovecot", "99", "imap-login: x" },
	{ FORMAT_SYSLOG,
	    "<22>1 2026-11-20T11:46:38Z vm dovecot - ID47 [a@1 b=\"c]\\\"d\"][e] \xef\xbb\xbfx",
	    "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "<22>1 2026-11-20T11:46:38Z vm dovecot 9 - [meta@1 seq=\"7\"] x", "vm",
	    "dovecot", "9", "x" },
	{ FORMAT_SYSLOG,
	    "<22>1 2026-11-20T11:46:38Z vm dovecot 9 - [meta@1 a=\"\\]\" b=\"\\\"]\" "
	    "c=\"\\\\\"][o@2 d=\"] [\"] x: y",
	    "vm", "dovecot", "9", "x: y" },
	{ FORMAT_SYSLOG, "<22>1 2026-11-20T11:46:38Z vm dovecot 9 - [a b=\"c\"]x", NULL, NULL, NULL,
	    NULL },
	{ FORMAT_SYSLOG, "<22>1 2026-11-20T11:46:38Z vm dovecot 9 - [a b=\"c] x", NULL, NULL, NULL,
	    NULL },
	{ FORMAT_SYSLOG, "<22>1 2026-11-20T11:46:38Z vm dovecot 9 - [a][b x", NULL, NULL, NULL,
	    NULL },
	{ FORMAT_SYSLOG, "<22>1 2026-11-20T11:46:38Z vm dovecot 9 - [a]", NULL, NULL, NULL, NULL },
	/* torn within the header, and another line behind it */
	{ FORMAT_ANY,
	    "<22>1 2026-11-20T11:46:38Z vm pop3d 9 - [a b=\"c<38>1 2026-11-20T11:46:38Z vm sshd 7 "
	    "- - "
	    "Invalid user \"] x",
	    NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm pop3d[12Nov 20 11:46:38 vm cron[7]: x", NULL, NULL,
	    NULL, NULL },
	{ FORMAT_SYSLOG,
	    "Nov 20 11:46:38 vm pop3d[1]: [ID 70Nov 20 11:46:38 vm sshd: Invalid user ] x", "vm",
	    "pop3d", "1", "[ID 70Nov 20 11:46:38 vm sshd: Invalid user ] x" },
	{ FORMAT_SYSLOG, "<22>1 2026-11-20T11:46:38Z vm dovecot 9 - x", NULL, NULL, NULL, NULL },
	/* no host: a tag stands where the host should */
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 dovecot: imap-login: Login", NULL, NULL, NULL, NULL },
	{ FORMAT_NOHOST, "Nov 20 11:46:38 dovecot: imap-login: x", "", "dovecot", "",
	    "imap-login: x" },
	{ FORMAT_NOHOST, "2026-11-20T11:46:38Z dovecot[7]: x", "", "dovecot", "7", "x" },
	{ FORMAT_NOHOST, "2026-11-20 11:46:38 dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_NOHOST, "Nov 20 11:46:38 [dovecot] imap-login: x", "", "dovecot", "",
	    "imap-login: x" },
	{ FORMAT_NOHOST, "Nov 20 11:46:38 [dovecot]: x", NULL, NULL, NULL, NULL },
	{ FORMAT_NOHOST, "Nov 20 11:46:38 [dove cot] x", NULL, NULL, NULL, NULL },
	{ FORMAT_NOHOST, "Nov 20 11:46:38 [] x", NULL, NULL, NULL, NULL },
	{ FORMAT_NOHOST, "Nov 20 11:46:38 [dovecot", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 [dovecot] imap-login: x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm [dovecot] imap-login: x", NULL, NULL, NULL, NULL },
	{ FORMAT_DOVECOT, "2026-11-20T11:46:38.895Z Nov 20 11:46:38 imap-login: Info: Login: x", "",
	    "dovecot", "", "imap-login: Info: Login: x" },
	{ FORMAT_DOVECOT, "Nov 20 11:43:58 pop3-login: Info: Login: x", "", "dovecot", "",
	    "pop3-login: Info: Login: x" },
	{ FORMAT_DOVECOT, "2026-11-20 11:43:58 pop3-login: Info: Login: x", "", "dovecot", "",
	    "pop3-login: Info: Login: x" },
	{ FORMAT_DOVECOT, "dovecot: Nov 20 11:43:58 Info: imap-login: Login: x", "", "dovecot", "",
	    "imap-login: Login: x" },
	{ FORMAT_DOVECOT, "dovecot: 2026-11-20 11:43:58 Info: imap-login: Login: x", "", "dovecot",
	    "", "imap-login: Login: x" },
	{ FORMAT_DOVECOT, "imap-login: Nov 20 11:43:58 Info: Login: x [192.0.2.1]", "",
	    "imap-login", "", "Login: x [192.0.2.1]" },
	{ FORMAT_SYSLOG, "Nov 20 11:43:58 pop3-login: Info: Login: x", NULL, NULL, NULL, NULL },
	{ FORMAT_COURIER, "@400000006920a5e61b2c3d4e INFO: LOGIN, user=x", "", "courier", "",
	    "LOGIN, user=x" },
	{ FORMAT_COURIER, "@400000006920a5e61b2c3d4E INFO: LOGIN, user=x", NULL, NULL, NULL, NULL },
	{ FORMAT_COURIER, "INFO: LOGIN, user=x", NULL, NULL, NULL, NULL },
	{ FORMAT_ZIMBRA, "2026-11-20 11:46:38,123 INFO  [ImapServer-1] [ip=192.0.2.1;] x", "",
	    "zimbra", "", "[ImapServer-1] [ip=192.0.2.1;] x" },
	{ FORMAT_ZIMBRA, "2026-11-20 11:46:38,123 WARN  [ImapServer-1] x", NULL, NULL, NULL, NULL },
	/* a blank for the T, with a zone or without; the year in front */
	{ FORMAT_SYSLOG, "2026-11-20 11:46:38 vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_ANY, "2026-11-20 11:46:38.1+01:00 vm imapd[7]: x", "vm", "imapd", "7", "x" },
	{ FORMAT_SYSLOG, "2026 Nov 20 11:46:38 vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_NOHOST, "2026 Nov  3 11:46:38.123 dovecot: x", "", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "2026 Nov 20 11:46:38 2026 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "2026 Nov 20 2026 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "2026 Nov", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "2026 ", NULL, NULL, NULL, NULL },
	/* Dovecot's own line is not a syslog daemon's, whatever name is in
	 * it */
	{ FORMAT_SYSLOG, "2026-11-20 11:43:58 imap-login: Info: Login: x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "2026-11-20 11:43:58 imap(x dovecot: imap-login: Login: x", NULL, NULL,
	    NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:43:58 imap(x dovecot: imap-login: Login: x", NULL, NULL, NULL,
	    NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:43:58 (none) imapd: x", "(none)", "imapd", "", "x" },
	{ FORMAT_NOHOST, "2026-11-20 11:46:38 dovecot: x", NULL, NULL, NULL, NULL },
	/* one half of <pri>1 */
	{ FORMAT_SYSLOG, "1 2026-11-20T11:46:38Z vm dovecot 9 - - x", "vm", "dovecot", "9", "x" },
	{ FORMAT_SYSLOG, "<22>2026-11-20T11:46:38Z vm dovecot 9 - - x", "vm", "dovecot", "9", "x" },
	{ FORMAT_SYSLOG, "1 2026-11-20T11:46:38Z vm dovecot said - - x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "<22>2026-11-20T11:46:38Z vm dovecot said - - x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "<22>1 2026-11-20T11:46:38Z vm dovecot said - - x", "vm", "dovecot",
	    "said", "x" },
	{ FORMAT_SYSLOG, "2 2026-11-20T11:46:38Z vm dovecot 9 - - x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "190 <22>1 2026-11-20T11:46:38Z vm dovecot 9 - - x", "vm", "dovecot", "9",
	    "x" },
	{ FORMAT_SYSLOG, "70 <22>Nov 20 11:46:38 vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_ANY, "70 Nov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "070 <22>Nov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "700000 <22>Nov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	/* svlogd -tt, and multilog before socklog */
	{ FORMAT_NOHOST, "2026-11-20_11:46:38.12345 imapd: x", "", "imapd", "", "x" },
	{ FORMAT_NOHOST, "2026-11-20_11:46:38.12345 mail.info: Nov 20 11:46:38 imapd: x", "",
	    "imapd", "", "x" },
	{ FORMAT_SYSLOG, "2026-11-20_11:46:38.12345 imapd: x", NULL, NULL, NULL, NULL },
	{ FORMAT_DOVECOT, "2026-11-20_11:46:38.12345 pop3-login: Info: x", "", "dovecot", "",
	    "pop3-login: Info: x" },
	{ FORMAT_COURIER, "2026-11-20_11:46:38.12345 INFO: x", "", "courier", "", "x" },
	{ FORMAT_ANY, "@400000006920a5e61b2c3d4e mail.info: Nov 20 11:46:38 imapd: x", "", "imapd",
	    "", "x" },
	{ FORMAT_DOVECOT, "@400000006920a5e61b2c3d4e mail.info: Nov 20 11:46:38 imapd: x", NULL,
	    NULL, NULL, NULL },
	/* two blanks, tabs */
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm  dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38  vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "2026-11-20 11:46:38.123456+0100  localhost dovecot[9]: x", "localhost",
	    "dovecot", "9", "x" },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38\tvm\tdovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm   dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38  dovecot: Login", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm\t", NULL, NULL, NULL, NULL },
	/* macOS, AIX */
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm imapd[9] <Info>: x", "vm", "imapd", "9", "x" },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm imapd[9] <x>: x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm imapd[9] <Info>", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm imapd <Info>: x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm mail:info imapd[9]: x", "vm", "imapd", "9", "x" },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm mail:said imapd[9]: x", NULL, NULL, NULL, NULL },
	/* containers */
	{ FORMAT_SYSLOG, "mail-1  | Nov 20 11:46:38 vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "mail_x.1 | <22>1 2026-11-20T11:46:38Z vm dovecot 9 - - x", "vm",
	    "dovecot", "9", "x" },
	{ FORMAT_SYSLOG, "mail-1  | x | Nov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "mail 1 | Nov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "mail-1| Nov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Zz9aA0_.-  | Nov 20 11:46:38 vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "m@il | Nov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, " | Nov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	/* names that look like a stamp */
	{ FORMAT_SYSLOG, "1 | Nov 20 11:46:38 vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "2026-11-20T11 | Nov 20 11:46:38 vm dovecot: x", "vm", "dovecot", "",
	    "x" },
	{ FORMAT_SYSLOG, "12345 <22>Nov 20 11:46:38 vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_SYSLOG, "1 <2>Nov 20 11:46:38 vm dovecot: x", "vm", "dovecot", "", "x" },
	{ FORMAT_ANY, " <22>Nov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "2026-11-20T11", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "1234", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "12 <", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "mail |", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "mail", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "123 <x>Nov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "123x<22>Nov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "mail-1  |", NULL, NULL, NULL, NULL },
	/* what a client chose may stand behind each of these */
	{ FORMAT_SYSLOG | FORMAT_NOHOST,
	    "2026-11-20T11:46:38.895Z stdout F Nov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL,
	    NULL },
	{ FORMAT_SYSLOG | FORMAT_NOHOST,
	    "2026-11-20T11:46:38.895Z stderr F Nov 20 11:46:38 pop3-login: Info: x", NULL, NULL,
	    NULL, NULL },
	{ FORMAT_SYSLOG | FORMAT_NOHOST, "2026-11-20T11:46:38.895Z stderr F imapd: x", NULL, NULL,
	    NULL, NULL },
	{ FORMAT_SYSLOG | FORMAT_NOHOST, "2026-11-20T11:46:38.895Z stdout P imapd: x", NULL, NULL,
	    NULL, NULL },
	/* not taken: what else has such lines is read otherwise */
	{ FORMAT_ANY, "\xef\xbb\xbfNov 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "{\"log\":\"Nov 20 11:46:38 vm dovecot: x\\n\"}", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "Fri 2026-11-20 11:46:38 CET vm dovecot[12]: x", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "1795173601.123456 vm dovecot[12]: x", NULL, NULL, NULL, NULL },
	/* nginx's own log file is none of ours */
	{ FORMAT_ANY,
	    "2026/11/20 11:47:39 [info] 118#118: *2 client logged in, client: 203.0.113.9", NULL,
	    NULL, NULL, NULL },
	{ FORMAT_ANY, "", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "Nov", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "Nov 20 11:46:38", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 ", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm dovecot[", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm dovecot[1]", NULL, NULL, NULL, NULL },
	{ FORMAT_SYSLOG, "Nov 20 11:46:38 vm dovecot[1]:", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "Xyz 20 11:46:38 vm dovecot: x", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "<22>1 2026-11-20T11:46:38Z vm dovecot - - [a", NULL, NULL, NULL, NULL },
	{ FORMAT_ANY, "<22>1 2026-11-20T11:46:38Z vm dovecot - -", NULL, NULL, NULL, NULL },
};

static void test_layouts(void **state)
{
	struct header h;

	(void)state;
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
		/* in a block of its own size, so that a step beyond the end is
		 * seen */
		size_t size = strlen(layouts[i].line);
		char *line = malloc(size > 0 ? size : 1);
		bool fits;

		assert_non_null(line);
		memcpy(line, layouts[i].line, size);
		fits = layout_parse(layouts[i].formats, line, size, &h);
		if (fits != (layouts[i].host != NULL))
			fail_msg("line %zu: %s", i, layouts[i].line);
		if (fits && layouts[i].host != NULL &&
		    (!same(&h.host, layouts[i].host) || !same(&h.tag, layouts[i].tag) ||
			!same(&h.pid, layouts[i].pid) || !same(&h.message, layouts[i].message)))
			fail_msg("line %zu: %s: host '%.*s' tag '%.*s' pid '%.*s' message '%.*s'",
			    i, layouts[i].line, (int)h.host.size, h.host.text, (int)h.tag.size,
			    h.tag.text, (int)h.pid.size, h.pid.text, (int)h.message.size,
			    h.message.text);
		free(line);
	}
}

/* The time of a line that begins with STAMP, read at NOW; -1 if it is none. */
static int64_t time_of(const char *stamp, int64_t now)
{
	struct stamp_memo memo = { .size = 0 };
	struct header h;
	char line[200];
	int64_t when;

	snprintf(line, sizeof line, "%s vm dovecot: x", stamp);
	if (!layout_parse(FORMAT_SYSLOG, line, strlen(line), &h))
		return -2;
	return stamp_time(&h, now, &memo, &when) ? when : -1;
}

static void test_times(void **state)
{
	static const struct {
		const char *stamp;
		int64_t now;
		int64_t when;
	} cases[] = {
		{ "Nov 20 11:47:38", NOW, NOW },
		{ "Nov 20 11:46:38", NOW, NOW - 60 },
		{ "2026-11-20T11:46:38Z", NOW, NOW - 60 },
		{ "2026-11-20T13:46:38+02:00", NOW, NOW - 60 },
		{ "2026-11-20T06:16:38.5-05:30", NOW, NOW - 60 },
		/* no zone: local time, which is UTC here */
		{ "2026-11-20T11:46:38", NOW, NOW - 60 },
		{ "Nov 20 2026 11:46:38", NOW, NOW - 60 },
		{ "Nov 20 11:46:38 2026", NOW, NOW - 60 },
		{ "2026 Nov 20 11:46:38", NOW, NOW - 60 },
		{ "2025 Nov 20 11:46:38", NOW, NOW - 60 - 365 * DAY },
		{ "2026-11-20 11:46:38", NOW, NOW - 60 },
		{ "2026-11-20 12:46:38+0100", NOW, NOW - 60 },
		/* a little ahead: taken for now; much: not believed */
		{ "Nov 20 11:50:00", NOW, NOW },
		{ "2026-11-20T20:00:00Z", NOW, NOW },
		{ "2026-11-22T00:00:00Z", NOW, -1 },
		{ "Nov 22 00:00:00 2026", NOW, -1 },
		/* without a year a stamp is never of the future, so it is of
		 * the year before */
		{ "Nov 20 11:57:38", NOW, NOW },
		{ "Nov 20 11:57:39", NOW, NOW + 601 - 365 * DAY },
		{ "Nov 21 11:00:00", NOW, NOW + DAY - 2858 - 365 * DAY },
		{ "Nov 22 00:00:00", NOW, NOW + DAY + 43942 - 365 * DAY },
		{ "Dec 31 23:59:59", 1798761600 /* 2027-01-01 00:00:00 */, 1798761599 },
		{ "Jan  1 00:00:10", 1798761600, 1798761600 },
		{ "Feb 29 12:00:00", NOW, 1709208000 /* 2024 */ },
		{ "Feb 29 12:00:00 2026", NOW, -1 },
		{ "Feb 30 12:00:00", NOW, -1 },
		{ "Nov 31 12:00:00", NOW, -1 },
		{ "Nov  0 12:00:00", NOW, -1 },
		{ "Nov 20 24:00:00", NOW, -1 },
		{ "Nov 20 11:60:00", NOW, -1 },
		{ "2026-13-20T11:46:38Z", NOW, -1 },
		{ "2026-00-20T11:46:38Z", NOW, -1 },
		{ "9999-12-31T23:59:59Z", NOW, -1 },
		{ "0000-01-01T00:00:00Z", NOW, -62167219200 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t when = time_of(cases[i].stamp, cases[i].now);

		if (when != cases[i].when)
			fail_msg("'%s': %lld, expected %lld", cases[i].stamp, (long long)when,
			    (long long)cases[i].when);
	}
}

static void test_tai64n(void **state)
{
	static const char line[] = "@400000006920a5e61b2c3d4e INFO: x";
	struct stamp_memo memo = { .size = 0 };
	struct header h;
	int64_t when;

	(void)state;
	assert_true(layout_parse(FORMAT_COURIER, line, strlen(line), &h));
	assert_true(stamp_time(&h, NOW, &memo, &when));
	assert_int_equal(when, 0x6920a5e6 - 10);
}

/* svlogd's stamps are of UTC, whatever the log's zone is. */
static void test_utc(void **state)
{
	char torn[200];
	static const char *const lines[] = { "2026-11-20_11:46:38.12345 imapd: x" };
	struct header h;
	int64_t when;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct stamp_memo memo = { .zone = zone_get("America/New_York") };

		assert_non_null(memo.zone);
		assert_true(
		    layout_parse(FORMAT_SYSLOG | FORMAT_NOHOST, lines[i], strlen(lines[i]), &h));
		assert_true(stamp_has_offset(&h));
		assert_true(stamp_time(&h, NOW, &memo, &when));
		assert_int_equal(when, NOW - 60);
		/* and one behind a torn line is seen */
		snprintf(torn, sizeof torn, "LOGIN, user=al%s", lines[i]);
		assert_true(seam_in(span_of(torn)));
	}
}

/* What is of no layout is named, if it is known. */
static void test_names(void **state)
{
	static const struct {
		const char *line;
		const char *word; /* NULL: it is not */
	} cases[] = {
		{ "\xef\xbb\xbfNov 20 11:46:38 vm dovecot: x", "byte order mark" },
		{ "2026-11-20T11:46:38.895Z stdout F imapd: x", "Kubernetes" },
		{ "2026-11-20T11:46:38.895Z stderr P imapd: x", "Kubernetes" },
		{ "{\"log\":\"x\\n\",\"stream\":\"stdout\"}", "json-file" },
		{ "{\"MESSAGE\":\"x\"}", "JSON" },
		{ "Fri 2026-11-20 11:46:38 CET vm dovecot[12]: x", "journalctl" },
		{ "1795173601.123456 vm dovecot[12]: x", "journalctl" },
		{ "Aaa 2026-11-20 11:46:38 CET vm dovecot[12]: x", "journalctl" },
		{ "Zzz 2026-11-20 11:46:38 CET vm dovecot[12]: x", "journalctl" },
		{ "fri 2026-11-20 11:46:38 CET vm dovecot[12]: x", NULL },
		{ "Fri2026-11-20 11:46:38 CET vm dovecot[12]: x", NULL },
		{ "[12345.678901] vm dovecot[12]: x", "journalctl" },
		{ "[12345.678901]", "journalctl" },
		{ "1795173601.123456 ", "journalctl" },
		{ "1795173601.123456", NULL },
		{ "1795173601.x23456 vm dovecot[12]: x", NULL },
		{ "1795173601", NULL },
		{ "2026-11-20T11:46:38.895Z vm dovecot: x", NULL },
		{ "vm stdout F x", NULL },
		{ "[    5.678901] vm dovecot[12]: x", "journalctl" },
		{ "1795173601.12345x vm dovecot[12]: x", NULL },
		{ ".123456 vm dovecot[12]: x", NULL },
		{ "1795173601.12345", NULL },
		{ "[1", NULL },
		{ "[", NULL },
		{ "Fri ", NULL },
		{ "20. Nov 11:46:38 vm dovecot: x", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t size = strlen(cases[i].line);
		char *line = malloc(size > 0 ? size : 1);
		const char *name;

		assert_non_null(line);
		memcpy(line, cases[i].line, size);
		name = envelope_name(line, size);
		free(line);
		if (cases[i].word == NULL ? name != NULL
					  : name == NULL || strstr(name, cases[i].word) == NULL)
			fail_msg("%s: %s", cases[i].line, name != NULL ? name : "not named");
	}
}

/* The memory of the line before must not change what comes out. */
static void test_memo(void **state)
{
	struct stamp_memo memo = { .size = 0 };
	struct header h;
	char line[64];
	int64_t when, expected = 1795132800; /* 2026-11-20 00:00:00 */

	(void)state;
	for (int i = 0; i < DAY; i += 7) {
		snprintf(line, sizeof line, "Nov 20 %02d:%02d:%02d vm x: y", i / 3600, i / 60 % 60,
		    i % 60);
		assert_true(layout_parse(FORMAT_SYSLOG, line, strlen(line), &h));
		assert_true(stamp_time(&h, NOW + DAY, &memo, &when));
		assert_int_equal(when, expected + i);
	}
	/* beside the border of this and last year */
	snprintf(line, sizeof line, "Nov 20 11:57:38 vm x: y");
	assert_true(layout_parse(FORMAT_SYSLOG, line, strlen(line), &h));
	assert_true(stamp_time(&h, NOW, &memo, &when));
	assert_int_equal(when, NOW);
	snprintf(line, sizeof line, "Nov 20 11:57:40 vm x: y");
	assert_true(layout_parse(FORMAT_SYSLOG, line, strlen(line), &h));
	assert_true(stamp_time(&h, NOW, &memo, &when));
	assert_int_equal(when, NOW + 602 - 365 * DAY);
	assert_true(layout_parse(FORMAT_SYSLOG, "Nov 20 23:59:61 vm x: y", 23, &h));
	assert_false(stamp_time(&h, NOW + DAY, &memo, &when));
}

/* On 2026-10-25 at 01:00 UTC three o'clock becomes two. */
static void test_double_hour(void **state)
{
	static const struct {
		const char *stamp;
		int64_t now; /* seconds after 00:00 UTC of that day */
		int64_t when;
	} cases[] = {
		{ "Oct 25 02:30:00", 1800, 1800 },
		{ "Oct 25 02:30:01", 1800, 1800 }, /* the clock was read a second ago */
		{ "Oct 25 02:30:00", 3540, 1800 },
		{ "Oct 25 02:30:00", 5400, 1800 },
		{ "Oct 25 02:30:00", 40000, 1800 },
		{ "Oct 25 2026 02:30:00", 1860, 1800 },
		{ "Oct 25 2026 02:30:00", 5460, 1800 },
		{ "2026-10-25T02:30:00", 1860, 1800 },
		{ "2026-10-25T02:30:00", 5460, 1800 },
		{ "2026-10-25T02:30:00+02:00", 5460, 1800 },
		{ "Oct 25 01:59:59", 5400, -1 },
		{ "Oct 25 03:00:00", 8000, 7200 },
	};
	static const char line[] = "Oct 25 02:30:00 vm x: y";
	const int64_t day = 1792886400; /* 2026-10-25 00:00:00 UTC */
	struct stamp_memo memo = { .size = 0 };
	struct header h;
	int64_t when;

	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		when = time_of(cases[i].stamp, day + cases[i].now);
		if (when != day + cases[i].when)
			fail_msg("case %zu, '%s': %lld, expected %lld", i, cases[i].stamp,
			    (long long)(when - day), (long long)cases[i].when);
	}
	/* the same stamp an hour later, with nothing between */
	assert_true(layout_parse(FORMAT_SYSLOG, line, strlen(line), &h));
	assert_true(stamp_time(&h, day + 1801, &memo, &when));
	assert_int_equal(when, day + 1800);
	assert_true(stamp_time(&h, day + 5401, &memo, &when));
	assert_int_equal(when, day + 1800);
	setenv("TZ", "UTC0", 1);
	tzset();
}

/* Each log's own zone, whatever the system's is. */
static void test_zones(void **state)
{
	static const struct {
		const char *zone, *stamp;
		int64_t when; /* seconds after 2026-11-20 00:00:00 UTC */
	} cases[] = {
		{ "UTC", "Nov 20 11:46:38", 42398 },
		{ "Europe/Berlin", "Nov 20 11:46:38", 38798 },
		{ "America/New_York", "Nov 20 06:46:38", 42398 },
		{ "America/New_York", "Nov 19 23:46:38", 17198 },
		{ "Asia/Kathmandu", "Nov 20 17:31:38", 42398 },
		{ "Pacific/Kiritimati", "Nov 21 01:46:38", 42398 },
		{ "America/New_York", "2026-11-20T11:46:38+00:00", 42398 },
		{ "America/New_York", "2026-11-20T11:46:38Z", 42398 },
		/* what is ahead is of now */
		{ "UTC", "Nov 20 11:50:00", 42400 },
		/* an hour that is left out, 2026-03-29, is the one behind it */
		{ "Europe/Berlin", "Mar 29 2026 02:30:00", -20385000 },
		{ "Europe/Berlin", "Mar 29 2026 03:30:00", -20385000 },
	};
	const int64_t day = 1795132800;
	struct stamp_memo memo = { .size = 0 };
	char line[200];
	struct header h;
	int64_t when;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		memo = (struct stamp_memo){ .zone = zone_get(cases[i].zone) };
		assert_non_null(memo.zone);
		snprintf(line, sizeof line, "%s vm dovecot: x", cases[i].stamp);
		assert_true(layout_parse(FORMAT_SYSLOG, line, strlen(line), &h));
		assert_true(stamp_time(&h, day + 42400, &memo, &when));
		if (when != day + cases[i].when)
			fail_msg("%s, '%s': %lld", cases[i].zone, cases[i].stamp,
			    (long long)(when - day));
	}
	assert_string_equal(getenv("TZ"), "UTC0");
}

/* Where the years turn in a log that is read at NOW, as the number of the line
 * (from 1) behind the last turn; 0: nowhere. */
static size_t last_turn(const char *const *stamps, int64_t now, int64_t *before)
{
	struct year_turns turns = { .size = 0 };
	char line[200];
	size_t last = 0;

	for (size_t i = 0; stamps[i] != NULL; i++) {
		snprintf(line, sizeof line, "%s vm dovecot: x", stamps[i]);
		if (year_turned(&turns, FORMAT_SYSLOG, line, strlen(line), now)) {
			last = i + 1;
			*before = turns.when;
		}
	}
	return last;
}

static void test_turns(void **state)
{
	static const struct {
		const char *stamps[8];
		int64_t now;
		size_t last;
	} cases[] = {
		/* a year ago to the minute, and the year since */
		{ { "Nov 20 11:46:38", "Jan  1 00:00:00", "Sep 10 00:00:00", "Nov 20 11:46:38" },
		    NOW, 2 },
		{ { "Nov 20 11:46:38", "Nov 22 11:00:00" }, NOW, 2 },
		{ { "Nov 20 11:46:38", "Oct 20 11:00:00" }, NOW, 2 },
		{ { "<22>Nov 20 11:46:38", "<22>Jan  1 00:00:00", "<22>Nov 20 11:46:38" }, NOW, 2 },
		{ { "Nov 20 11:46:38", "Mar  1 00:00:00", "Nov 20 11:46:38", "Feb  1 00:00:00",
		      "Nov 20 11:47:00" },
		    NOW, 4 },
		/* the year goes on with stamps that have one */
		{ { "Nov 20 11:46:38", "2026-02-01T00:00:00Z", "2026-11-20T11:46:38Z" }, NOW, 2 },
		/* a silent year cannot be told from a silent minute */
		{ { "Nov 20 11:46:38", "Nov 20 11:46:39" }, NOW, 0 },
		/* one year, New Year's Eve, and lines of several hosts in it */
		{ { "Nov 22 11:46:38", "Dec 31 23:59:59", "Jan  1 00:00:00", "Nov 20 11:46:38" },
		    NOW, 0 },
		{ { "Dec 31 23:59:58", "Jan  1 00:00:01", "Dec 31 23:59:59", "Jan  1 00:00:02" },
		    1798761603, 0 },
		{ { "Nov 20 11:46:38", "Oct 25 00:00:00", "Nov 20 11:46:39", "Nov 20 12:30:00",
		      "Nov 20 11:46:40" },
		    NOW, 0 },
		/* what is no time does not count */
		{ { "Nov 20 11:46:38", "Feb 30 00:00:00", "Jan  0 00:00:00", "nonsense",
		      "Nov 20 11:46:39" },
		    NOW, 0 },
		{ { "Nov 20 11:46:38", NULL }, NOW, 0 },
	};
	int64_t before;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		before = 0;
		/* the clock of a log that is still written: a day ahead */
		if (last_turn(cases[i].stamps, cases[i].now + DAY, &before) != cases[i].last)
			fail_msg("log %zu", i);
		/* far enough back to be of no account, whatever is
		 * configured */
		assert_true(before <= NOW - 30 * DAY);
	}
	assert_int_equal(last_turn(cases[1].stamps, NOW + DAY, &before), 2);
	assert_int_equal(before, NOW + 2 * DAY - 2858 - 365 * DAY);
}

static int use_utc(void **state)
{
	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_tai64n),
		cmocka_unit_test(test_utc),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_memo),
		cmocka_unit_test(test_double_hour),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_turns),
	};

	return cmocka_run_group_tests_name("header", tests, use_utc, NULL);
}
