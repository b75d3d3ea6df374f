/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_truncation.c - what follows a cut line (truncation.h), and that
 * it may take away, never give (pipeline.h, session.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "pipeline.h"

#define NOW INT64_C(1795175258)

/* ---- the table ---- */

static char name[] = "courier", other_name[] = "mailutils";
static struct definition shared = { .name = name, .cut = 100, .shared_logger = true },
			 own = { .name = other_name, .cut = 100 };
static const char cut[101] = "012345678901234567890123456789012345678901234567890123456789012345678"
			     "9012345678901234567890123456789";

static struct header header_of(const char *line)
{
	struct header h;

	assert_true(layout_parse(FORMAT_SYSLOG, line, strlen(line), &h));
	return h;
}

static enum truncation_verdict take_cut(struct truncations *truncations,
    const struct definition *definition, const struct header *header, int64_t when)
{
	struct header h = *header;

	h.message = (struct span){ cut, sizeof cut - 1 };
	return truncations_take(truncations, definition, "/log", &h, when);
}

/* Lines that are doubted after CUTS lines that are cut one after the other. */
static unsigned doubted_after(const struct definition *definition, unsigned cuts)
{
	struct truncations *truncations = truncations_new();
	struct header h = header_of("Nov 20 11:46:38 vm pop3d: x");
	unsigned n = 0;

	for (unsigned i = 0; i < cuts; i++)
		assert_int_equal(take_cut(truncations, definition, &h, NOW),
		    i > 0 ? TRUNCATION_REST : TRUNCATION_NONE);
	while (truncations_take(truncations, definition, "/log", &h, NOW) ==
	       (n == 0 ? TRUNCATION_REST : TRUNCATION_LATER))
		n++;
	assert_int_equal(
	    truncations_take(truncations, definition, "/log", &h, NOW), TRUNCATION_NONE);
	truncations_free(truncations);
	return n;
}

/* One logger for all: its lines are one stream, and other hosts, tags,
 * processes, files and definitions are not in it. */
static void test_shared(void **state)
{
	struct truncations *truncations = truncations_new();
	struct header h = header_of("Nov 20 11:46:38 vm pop3d: x"),
		      host = header_of("Nov 20 11:46:38 vn pop3d: x"),
		      tag = header_of("Nov 20 11:46:38 vm imapd: x"),
		      pid = header_of("Nov 20 11:46:38 vm pop3d[1]: x");

	(void)state;
	assert_int_equal(take_cut(truncations, &shared, &h, NOW), TRUNCATION_NONE);
	assert_int_equal(
	    truncations_take(truncations, &shared, "/other", &h, NOW), TRUNCATION_NONE);
	assert_int_equal(truncations_take(truncations, &own, "/log", &h, NOW), TRUNCATION_NONE);
	assert_int_equal(
	    truncations_take(truncations, &shared, "/log", &host, NOW), TRUNCATION_NONE);
	assert_int_equal(
	    truncations_take(truncations, &shared, "/log", &tag, NOW), TRUNCATION_NONE);
	assert_int_equal(
	    truncations_take(truncations, &shared, "/log", &pid, NOW), TRUNCATION_NONE);
	assert_int_equal(truncations_take(truncations, &shared, "/log", &h, NOW), TRUNCATION_REST);
	for (int i = 1; i < TRUNCATION_LINES; i++)
		assert_int_equal(
		    truncations_take(truncations, &shared, "/log", &h, NOW), TRUNCATION_LATER);
	assert_int_equal(truncations_take(truncations, &shared, "/log", &h, NOW), TRUNCATION_NONE);
	/* a time, which begins again with each cut line */
	assert_int_equal(take_cut(truncations, &shared, &h, NOW), TRUNCATION_NONE);
	assert_int_equal(
	    take_cut(truncations, &shared, &h, NOW + TRUNCATION_SECONDS), TRUNCATION_REST);
	assert_int_equal(
	    truncations_take(truncations, &shared, "/log", &h, NOW + 2 * TRUNCATION_SECONDS),
	    TRUNCATION_REST);
	/* a clock that was set back */
	assert_int_equal(
	    truncations_take(truncations, &shared, "/log", &h, NOW - 99), TRUNCATION_LATER);
	assert_int_equal(
	    truncations_take(truncations, &shared, "/log", &h, NOW + 2 * TRUNCATION_SECONDS + 1),
	    TRUNCATION_NONE);
	assert_int_equal(truncations_take(truncations, &shared, "/log", &h, NOW), TRUNCATION_NONE);
	truncations_free(truncations);
}

/* A process that writes for itself: its next line, and as many more as are cut
 * themselves. */
static void test_own(void **state)
{
	struct definition no_cut = { .name = other_name };
	struct truncations *truncations = truncations_new();
	struct header h = header_of("Nov 20 11:46:38 vm imap4d[1]: x");

	(void)state;
	assert_int_equal(doubted_after(&own, 1), 1);
	assert_int_equal(doubted_after(&own, 50), 1);
	assert_int_equal(take_cut(truncations, &no_cut, &h, NOW), TRUNCATION_NONE);
	assert_int_equal(truncations_take(truncations, &no_cut, "/log", &h, NOW), TRUNCATION_NONE);
	truncations_free(truncations);
}

/* Pieces of one message do not add up, messages do. */
static void test_many(void **state)
{
	struct truncations *truncations = truncations_new();
	struct header h = header_of("Nov 20 11:46:38 vm pop3d: x");
	unsigned n = 0;

	(void)state;
	assert_int_equal(doubted_after(&shared, 1), TRUNCATION_LINES);
	assert_int_equal(doubted_after(&shared, 3), TRUNCATION_LINES);
	for (int i = 0; i < 60; i++) {
		take_cut(truncations, &shared, &h, NOW);
		truncations_take(truncations, &shared, "/log", &h, NOW);
	}
	while (truncations_take(truncations, &shared, "/log", &h, NOW) != TRUNCATION_NONE)
		n++;
	assert_in_range(n, 64, TRUNCATION_LINES_MAX);
	for (int i = 0; i < 1000; i++) {
		take_cut(truncations, &shared, &h, NOW);
		truncations_take(truncations, &shared, "/log", &h, NOW);
	}
	for (n = 0; truncations_take(truncations, &shared, "/log", &h, NOW) != TRUNCATION_NONE;)
		n++;
	assert_int_equal(n, TRUNCATION_LINES_MAX - 1);
	truncations_free(truncations);
}

/* What TRUNCATIONS_MAX has as its text goes through a restart. */
static struct truncations *restarted(struct truncations *truncations, char *text, size_t size)
{
	struct truncations *after = truncations_new();
	FILE *out = fmemopen(text, size, "w");

	truncations_save(truncations, out);
	fclose(out);
	*strchr(text, '\n') = '\0';
	assert_memory_equal(text, "doubt ", 6);
	assert_true(truncations_restore(NULL, text + 6));
	assert_true(truncations_restore(after, text + 6));
	truncations_free(truncations);
	return after;
}

static void test_text(void **state)
{
	static const char *const refused[] = { "", "0g", "012", "5 5 ", "5 5 0g", "5 5 012",
		"0 5 00", "129 5 00", "-1 5 00", "5 -5 00", "5 00", "5 5 -", "5 5 --00",
		"5 5 00-" };
	struct truncations *truncations = truncations_new();
	struct header h = header_of("Nov 20 11:46:38 vm pop3d[1]: x");
	char text[400];

	(void)state;
	take_cut(truncations, &shared, &h, NOW);
	truncations = restarted(truncations, text, sizeof text);
	assert_int_equal(truncations_take(truncations, &shared, "/log", &h, NOW), TRUNCATION_REST);
	truncations = restarted(truncations, text, sizeof text);
	assert_memory_equal(text, "doubt 5 ", 8);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		assert_false(truncations_restore(truncations, refused[i]));
	for (int i = 1; i < TRUNCATION_LINES; i++)
		assert_int_equal(
		    truncations_take(truncations, &shared, "/log", &h, NOW), TRUNCATION_LATER);
	assert_int_equal(truncations_take(truncations, &shared, "/log", &h, NOW), TRUNCATION_NONE);
	truncations_free(truncations);
}

static void test_limit(void **state)
{
	struct truncations *truncations = truncations_new();
	char line[64];
	struct header h;

	(void)state;
	for (int i = 0; i <= TRUNCATIONS_MAX; i++) {
		snprintf(line, sizeof line, "Nov 20 11:46:38 vm imap4d[%d]: x", i);
		h = header_of(line);
		take_cut(truncations, &own, &h, NOW);
	}
	assert_int_equal(truncations_take(truncations, &own, "/log", &h, NOW), TRUNCATION_REST);
	h = header_of("Nov 20 11:46:38 vm imap4d[0]: x");
	assert_int_equal(truncations_take(truncations, &own, "/log", &h, NOW), TRUNCATION_NONE);
	h = header_of("Nov 20 11:46:38 vm imap4d[1]: x");
	assert_int_equal(truncations_take(truncations, &own, "/log", &h, NOW), TRUNCATION_REST);
	truncations_free(truncations);
}

/* ---- what a doubted line does ---- */

#define LONG_LINE "wrong AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const char by_pid[] =
    "[server]\ntags = pop\njoin = pid\ntries = one\ncut = 61\nlongest = 60\n"
    "[lines]\nconnect = ^from {ip}.*$\nlogin = ^user (?<user>.*)$\nlogin = ^at {ip}$\n"
    "fail = ^wrong.*$\nlogout = ^bye.*$\nstart = ^up$\n";

static const char by_session[] =
    "[server]\ntags = pop\ncut = 61\nlongest = 60\nlogger = shared\n"
    "[lines]\nconnect = ^from (?<session>{ip} [0-9]+)$\nlogin = ^user at (?<session>{ip} [0-9]+)$\n"
    "login = ^old user at {ip}$\n"
    "fail = ^wrong.* (?<session>{ip} [0-9]+)$\nlogout = ^bye (?<session>{ip} [0-9]+)$\n";

struct fixture {
	struct pipeline pipeline;
	unsigned suspects;
};

static char logins[4096];

static void tell(const char *sentence, void *arg)
{
	(void)arg;
	print_message("%s\n", sentence);
}

static void take(const struct event *event, void *arg)
{
	size_t size = strlen(logins);

	(void)arg;
	if (*event->address != '\0')
		snprintf(logins + size, sizeof logins - size, "%s %s;", role_name(event->role),
		    event->address);
}

static void count_suspect(const char *what, const struct header *header, void *arg)
{
	struct fixture *f = arg;

	(void)what;
	(void)header;
	f->suspects++;
}

static void start(struct fixture *f, const char *definition)
{
	struct conf_errors errors = { .tell = tell };

	*f = (struct fixture){ .suspects = 0 };
	f->pipeline =
	    (struct pipeline){ .catalogue = catalogue_load_text("text", definition, &errors),
		    .sessions = sessions_new(100, 600, 3600),
		    .truncations = truncations_new(),
		    .take = take,
		    .suspect = count_suspect,
		    .arg = f };
	assert_non_null(f->pipeline.catalogue);
	*logins = '\0';
}

static void end(struct fixture *f)
{
	catalogue_free(f->pipeline.catalogue);
	sessions_free(f->pipeline.sessions);
	truncations_free(f->pipeline.truncations);
}

static void say(struct fixture *f, const char *pid, const char *message, bool broken)
{
	char text[200];
	struct line l = { .text = text, .source = "/log", .formats = FORMAT_SYSLOG, .cut = broken };

	l.size =
	    (size_t)snprintf(text, sizeof text, "2026-11-20T11:47:38Z vm pop%s: %s", pid, message);
	pipeline_line(&f->pipeline, &l, NOW);
}

/* A connection of a stranger; what ends it, in a line that is not believed; a
 * login of the same process is no login from there. */
static void test_takes_away(void **state)
{
	static const char *const ends[] = { "bye", "from 203.0.113.8", "user x", "wrong",
		"at 203.0.113.8" };
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		start(&f, by_pid);
		say(&f, "[7]", "from 203.0.113.7", false);
		/* so that the cut line itself does not end it */
		catalogue_first(f.pipeline.catalogue)->one_try = false;
		say(&f, "[7]", LONG_LINE, false);
		catalogue_first(f.pipeline.catalogue)->one_try = true;
		say(&f, "[7]", ends[i], false);
		assert_int_equal(f.suspects, 1);
		say(&f, "[7]", "user alice", false);
		if (*logins != '\0')
			fail_msg("after '%s': %s", ends[i], logins);
		end(&f);
	}
}

/* The same where the line that ends it is too long, or has no end. */
static void test_takes_away_too_long(void **state)
{
	static const char *const ends[] = {
		"bye bye bye bye bye bye bye bye bye bye bye bye bye bye bye bye bye bye",
		"from 203.0.113.8 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		LONG_LINE, "bye"
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		start(&f, by_pid);
		say(&f, "[7]", "from 203.0.113.7", false);
		say(&f, "[7]", ends[i], strlen(ends[i]) < 60);
		say(&f, "[7]", "x", false); /* the rest of it */
		say(&f, "[7]", "user alice", false);
		if (*logins != '\0')
			fail_msg("after '%s': %s", ends[i], logins);
		end(&f);
	}
}

/* A rest of every kind gives nothing; and only the one process is concerned,
 * with its next line. */
static void test_gives_nothing(void **state)
{
	static const char *const rests[] = { "from 203.0.113.7", "user x", "at 203.0.113.7", "bye",
		"wrong", "up", "x" };
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
		start(&f, by_pid);
		say(&f, "[8]", "from 192.0.2.8", false);
		say(&f, "[7]", LONG_LINE, false);
		say(&f, "[8]", "user bob", false);
		say(&f, "[7]", rests[i], false);
		say(&f, "[7]", "from 192.0.2.7", false);
		say(&f, "[7]", "user alice", false);
		assert_string_equal(logins, "login 192.0.2.8;login 192.0.2.7;");
		end(&f);
	}
}

static size_t entries(const struct fixture *f)
{
	return sessions_count(f->pipeline.sessions);
}

/* An open connection: a doubted logout ends it and does not record its address;
 * nor does it prove that logouts are logged. */
static void test_open_connection(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, by_pid);
	say(&f, "[1]", LONG_LINE, false);
	say(&f, "[1]", "bye", false);
	assert_int_equal(entries(&f), 0);
	say(&f, "[1]", "bye", false);
	assert_int_equal(entries(&f), 1); /* now it is known */
	say(&f, "[7]", "at 192.0.2.7", false);
	assert_int_equal(entries(&f), 2);
	say(&f, "[7]", LONG_LINE, false);
	say(&f, "[7]", "bye", false);
	assert_int_equal(entries(&f), 1);
	say(&f, "[8]", "at 192.0.2.8", false);
	say(&f, "[9]", LONG_LINE, false);
	say(&f, "[9]", "up", false);
	assert_int_equal(entries(&f), 1);
	assert_string_equal(logins, "login 192.0.2.7;login 192.0.2.8;");
	end(&f);
}

/* One logger for all: a client that is cut again and again. */
static void test_silence(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, by_session);
	for (int i = 0; i < 300; i++) {
		*logins = '\0';
		say(&f, "", LONG_LINE, false);
		if (i % 2 == 0)
			say(&f, "", "user at 203.0.113.7 1", false); /* the rest of it */
		say(&f, "", "from 192.0.2.1 5", false);
		say(&f, "", "user at 192.0.2.1 5", false);
		say(&f, "", "bye 192.0.2.1 5", false);
		assert_string_equal(logins, "login 192.0.2.1;");
	}
	end(&f);
}

/* One logger for all: behind a cut line a login needs its own connection, its
 * address, and a connection that is its own alone. */
static void test_shared_login(void **state)
{
	static const struct {
		const char *lines[4];
		const char *logins;
	} cases[] = {
		{ { "user at 203.0.113.7 1" }, "" }, /* the rest */
		{ { "x", "user at 203.0.113.7 1" }, "" }, /* never connected */
		{ { "from 192.0.2.1 5", "user at 192.0.2.1 6" }, "" }, /* another port */
		{ { "from 192.0.2.1 5", "user at 203.0.113.7 5" }, "" }, /* another address */
		/* it has failed */
		{ { "from 192.0.2.1 5", "wrong 192.0.2.1 5", "user at 192.0.2.1 5" }, "" },
		/* it has ended */
		{ { "from 192.0.2.1 5", "bye 192.0.2.1 5", "user at 192.0.2.1 5" }, "" },
		{ { "from 192.0.2.1 5", "user at 192.0.2.1 5", "user at 192.0.2.1 5" },
		    "login 192.0.2.1;" }, /* it is used up */
		/* no session to know it by */
		{ { "from 192.0.2.1 5", "old user at 192.0.2.1" }, "" },
		{ { "x", "from 192.0.2.1 5", "user at 192.0.2.1 5" }, "login 192.0.2.1;" },
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		start(&f, by_session);
		say(&f, "", LONG_LINE, false);
		for (size_t k = 0; k < 4 && cases[i].lines[k] != NULL; k++)
			say(&f, "", cases[i].lines[k], false);
		if (strcmp(logins, cases[i].logins) != 0)
			fail_msg("case %zu: '%s'", i, logins);
		end(&f);
	}
	/* without a cut line before it no connection is needed */
	start(&f, by_session);
	say(&f, "", "user at 192.0.2.1 5", false);
	assert_string_equal(logins, "login 192.0.2.1;");
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_takes_away),
		cmocka_unit_test(test_takes_away_too_long),
		cmocka_unit_test(test_gives_nothing),
		cmocka_unit_test(test_open_connection),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_shared_login),
	};

	return cmocka_run_group_tests_name("doubt", tests, NULL, NULL);
}
