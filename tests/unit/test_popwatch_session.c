/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_session.c - the table of sessions: what joins, its limits, its
 * text (session.h, bound.h)
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
#include "statefile.h"

#define NOW INT64_C(1795175258)

static const char definition[] = "[server]\n"
				 "tags = pop\n"
				 "join = pid\n"
				 "tries = one\n"
				 "[lines]\n"
				 "connect = ^from {ip}$\n"
				 "login = ^user (?<user>.*)$\n"
				 "fail = ^wrong$\n"
				 "logout = ^bye$\n";

/* another process logs the logout than the login, and may be first */
static const char two_processes[] = "[server]\n"
				    "tags = pop\n"
				    "[lines]\n"
				    "login = ^user (?<user>\\S*) from {ip} in (?<session>\\S*)$\n"
				    "logout = ^bye (?<session>\\S*)$\n";

static void tell(const char *sentence, void *arg)
{
	(void)arg;
	print_message("%s\n", sentence);
}

static char logins[4096];

static void take(const struct event *event, void *arg)
{
	(void)arg;
	if (*event->address != '\0')
		snprintf(logins + strlen(logins), sizeof logins - strlen(logins), "%s %s;",
		    role_name(event->role), event->address);
}

struct fixture {
	struct pipeline pipeline;
};

static void start_with(struct fixture *f, const char *text, size_t limit)
{
	struct conf_errors errors = { .tell = tell };

	f->pipeline = (struct pipeline){ .catalogue = catalogue_load_text("text", text, &errors),
		.sessions = sessions_new(limit, 600, 3600),
		.truncations = truncations_new(),
		.take = take };
	assert_non_null(f->pipeline.catalogue);
	*logins = '\0';
}

static void start(struct fixture *f, size_t limit)
{
	start_with(f, definition, limit);
}

static void end(struct fixture *f)
{
	catalogue_free(f->pipeline.catalogue);
	sessions_free(f->pipeline.sessions);
	truncations_free(f->pipeline.truncations);
}

static void line_in(
    struct fixture *f, const char *log, const char *pid, const char *message, int64_t now)
{
	char text[200];
	struct tm tm;
	time_t t = now;
	struct line l = { .text = text, .source = log, .formats = FORMAT_SYSLOG };

	gmtime_r(&t, &tm);
	l.size = strftime(text, sizeof text, "%FT%TZ vm pop", &tm);
	l.size += (size_t)snprintf(text + l.size, sizeof text - l.size, "[%s]: %s", pid, message);
	pipeline_line(&f->pipeline, &l, now);
}

static void line(struct fixture *f, const char *pid, const char *message, int64_t now)
{
	line_in(f, "/log", pid, message, now);
}

static void test_join(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 10);
	line(&f, "1", "from 192.0.2.1", NOW);
	line(&f, "2", "from ::ffff:192.0.2.2", NOW);
	line(&f, "1", "user x", NOW + 1);
	line(&f, "3", "user x", NOW + 1); /* no connection */
	line(&f, "1", "user x", NOW + 1); /* used up */
	line(&f, "2", "user x", NOW + 600);
	assert_string_equal(logins, "login 192.0.2.1;login 192.0.2.2;");
	*logins = '\0';
	line(&f, "4", "from 192.0.2.4", NOW);
	line(&f, "4", "user x", NOW + 601); /* too late */
	line(&f, "5", "from 192.0.2.300", NOW); /* no address */
	line(&f, "5", "user x", NOW + 1);
	assert_string_equal(logins, "");
	end(&f);
}

/* Two logs have the same lines, and one is read further than the other: a login
 * is of the connection before it in its own log, not of a later process with
 * that number, which may have proved nothing. */
static void test_two_logs(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 10);
	line_in(&f, "/log", "1", "from 192.0.2.1", NOW);
	line_in(&f, "/log", "1", "user x", NOW + 1);
	line_in(&f, "/log", "1", "bye", NOW + 2);
	line_in(&f, "/log", "1", "from 203.0.113.9", NOW + 3);
	*logins = '\0';
	line_in(&f, "/same", "1", "from 192.0.2.1", NOW);
	line_in(&f, "/same", "1", "user x", NOW + 1);
	assert_string_equal(logins, "login 192.0.2.1;");
	*logins = '\0';
	line_in(&f, "/same", "1", "user x", NOW + 4); /* its connection is still to come */
	assert_string_equal(logins, "");
	line_in(&f, "/log", "1", "user y", NOW + 4);
	assert_string_equal(logins, "login 203.0.113.9;");
	end(&f);
}

/* What has ended is not the connection of the next process with that id. */
static void test_ended(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 10);
	line(&f, "1", "from 192.0.2.1", NOW);
	line(&f, "1", "bye", NOW + 1);
	line(&f, "1", "user x", NOW + 2);
	line(&f, "2", "from 192.0.2.2", NOW);
	line(&f, "2", "wrong", NOW + 1);
	line(&f, "2", "user x", NOW + 2);
	assert_string_equal(logins, "");
	catalogue_first(f.pipeline.catalogue)->one_try = false;
	line(&f, "3", "from 192.0.2.3", NOW);
	line(&f, "3", "wrong", NOW + 1);
	line(&f, "3", "user x", NOW + 2);
	assert_string_equal(logins, "login 192.0.2.3;");
	end(&f);
}

static void test_logout(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 10);
	line(&f, "1", "from 192.0.2.1", NOW);
	line(&f, "1", "user x", NOW);
	line(&f, "1", "bye", NOW + 1); /* the first one that is seen: from now on they are known */
	line(&f, "2", "from 192.0.2.2", NOW);
	line(&f, "2", "user x", NOW);
	line(&f, "2", "bye", NOW + 5);
	line(&f, "2", "bye", NOW + 6);
	assert_string_equal(logins, "login 192.0.2.1;login 192.0.2.2;logout 192.0.2.2;");
	end(&f);
}

static void test_limit(void **state)
{
	struct fixture f;
	char pid[16], address[32];

	(void)state;
	start(&f, 200);
	for (int i = 0; i < 250; i++) {
		snprintf(pid, sizeof pid, "%d", i);
		snprintf(address, sizeof address, "from 192.0.2.%d", i);
		line(&f, pid, address, NOW);
	}
	assert_int_equal(sessions_count(f.pipeline.sessions), 100);
	assert_int_equal(sessions_dropped(f.pipeline.sessions), 150);
	line(&f, "149", "user x", NOW);
	line(&f, "150", "user x", NOW);
	assert_string_equal(logins, "login 192.0.2.150;");
	end(&f);
}

static void count(const char *address, int64_t seen, void *arg)
{
	(void)address, (void)seen;
	(*(int *)arg)++;
}

static int open_at(struct fixture *f, int64_t now)
{
	int n = 0;

	sessions_refresh(f->pipeline.sessions, now, 1, count, &n);
	return n;
}

/* A login whose logout was logged first is recorded, and is not open. */
static void test_ended_before(void **state)
{
	struct fixture f;

	(void)state;
	start_with(&f, two_processes, 20);
	line(&f, "1", "bye A", NOW);
	line(&f, "2", "user x from 192.0.2.1 in A", NOW);
	assert_string_equal(logins, "login 192.0.2.1;");
	assert_int_equal(open_at(&f, NOW + 5), 0);
	line(&f, "3", "user x from 192.0.2.2 in B", NOW);
	assert_int_equal(open_at(&f, NOW + 5), 1);
	line(&f, "4", "bye B", NOW + 6);
	assert_int_equal(open_at(&f, NOW + 9), 0);
	/* the next one of the same client is another session */
	line(&f, "2", "user x from 192.0.2.1 in C", NOW + 9);
	assert_int_equal(open_at(&f, NOW + 15), 1);
	line(&f, "1", "bye C", NOW + 16);
	/* and what came first goes with its time */
	sessions_sweep(f.pipeline.sessions, NOW + 61);
	assert_int_equal(sessions_count(f.pipeline.sessions), 1);
	assert_int_equal(sessions_open(f.pipeline.sessions), 0);
	end(&f);
}

/* A client that connects has proved nothing, and pushes out only
 * connections. */
static void test_crowd(void **state)
{
	struct fixture f;
	char pid[16];
	int n = 0;

	(void)state;
	start(&f, 20); /* ten of each */
	line(&f, "1", "bye", NOW);
	line(&f, "1", "from 192.0.2.1", NOW);
	line(&f, "1", "user x", NOW);
	for (int i = 100; i < 200; i++) {
		snprintf(pid, sizeof pid, "%d", i);
		line(&f, pid, "from 198.51.100.1", NOW + 1);
	}
	assert_int_equal(sessions_count(f.pipeline.sessions), 12);
	assert_int_equal(sessions_open(f.pipeline.sessions), 1);
	assert_int_equal(sessions_dropped(f.pipeline.sessions), 90);
	line(&f, "1", "bye", NOW + 2);
	assert_string_equal(logins, "login 192.0.2.1;logout 192.0.2.1;");
	assert_int_equal(sessions_open(f.pipeline.sessions), 0);
	/* what is too old goes first, and is not missed */
	line(&f, "300", "from 192.0.2.3", NOW + 500);
	assert_int_equal(sessions_count(f.pipeline.sessions), 11);
	line(&f, "301", "from 192.0.2.4", NOW + 602);
	assert_int_equal(sessions_count(f.pipeline.sessions), 3);
	assert_int_equal(sessions_dropped(f.pipeline.sessions), 90 + 1);
	/* nor do logins push out connections */
	*logins = '\0';
	for (int i = 400; i < 430; i++) {
		snprintf(pid, sizeof pid, "%d", i);
		line(&f, pid, "from 198.51.100.1", NOW + 602);
		line(&f, pid, "user x", NOW + 602);
	}
	*logins = '\0';
	line(&f, "300", "user x", NOW + 603);
	line(&f, "301", "user x", NOW + 603);
	assert_string_equal(logins, "login 192.0.2.3;login 192.0.2.4;");
	sessions_refresh(f.pipeline.sessions, NOW + 703, 100, count, &n);
	assert_int_equal(sessions_count(f.pipeline.sessions), 10);
	assert_int_equal(n, 10);
	end(&f);
}

static void test_refresh(void **state)
{
	struct fixture f;
	int n = 0;

	(void)state;
	start(&f, 10);
	line(&f, "9", "bye", NOW);
	line(&f, "1", "from 192.0.2.1", NOW);
	line(&f, "1", "user x", NOW);
	line(&f, "2", "from 192.0.2.2", NOW); /* not logged in: never refreshed */
	sessions_refresh(f.pipeline.sessions, NOW + 99, 100, count, &n);
	assert_int_equal(n, 0);
	sessions_refresh(f.pipeline.sessions, NOW + 100, 100, count, &n);
	assert_int_equal(n, 1);
	sessions_refresh(f.pipeline.sessions, NOW + 101, 100, count, &n);
	assert_int_equal(n, 1);
	sessions_sweep(f.pipeline.sessions, NOW + 3601);
	sessions_refresh(f.pipeline.sessions, NOW + 3601, 100, count, &n);
	assert_int_equal(n, 1);
	end(&f);
}

static size_t restored(const char *const *lines, int64_t session_max,
    const struct definition *definitions, int64_t now)
{
	struct sessions *sessions = sessions_new(20, 600, 86400);
	size_t found;
	int n = 0;

	for (; *lines != NULL; lines++)
		assert_true(sessions_restore(sessions, *lines));
	sessions_configure(sessions, 300, session_max);
	sessions_apply_limits(sessions, definitions);
	sessions_sweep(sessions, now);
	sessions_refresh(sessions, now, 0, count, &n);
	found = sessions_count(sessions) * 10 + (size_t)n;
	sessions_free(sessions);
	return found;
}

/* A new configuration counts for what is in the table, too. */
static void test_new_limits(void **state)
{
	static const char *const lines[] = { "1000 1000 1600 192.0.2.1 c vm tag 1",
		"1000 1000 87400 192.0.2.2 o vm pop 2", "1000 1000 87400 192.0.2.3 o vm old_pop 3",
		"1000 1000 87400 192.0.2.4 o vm gone 4", "1000 1000 2593000 - k vm pop",
		"1000 1000 2593000 - k vm po", "1000 1000 2593000 - k vm popp", NULL };
	char pop[] = "pop", old[] = "old pop";
	struct bound bound = { .most = 200 };
	struct definition second = { .name = old, .bounds = &bound },
			  first = { .name = pop, .next = &second };

	(void)state;
	/* entries times ten, and how many of them are refreshed */
	assert_int_equal(restored(lines, 86400, &first, 1200), 42);
	assert_int_equal(restored(lines, 86400, &first, 1201), 31); /* the definition's own limit */
	/* the new time of a connection */
	assert_int_equal(restored(lines, 86400, &first, 1301), 21);
	assert_int_equal(restored(lines, 500, &first, 1500), 21);
	assert_int_equal(restored(lines, 500, &first, 1501), 10);
	assert_int_equal(restored(lines, 0, &first, 1000), 20);
	assert_int_equal(restored(lines, 86400, NULL, 1000), 10);
	/* never longer than it was promised */
	assert_int_equal(restored(lines, 864000, &first, 87400), 21);
	assert_int_equal(restored(lines, 864000, &first, 87401), 10);
}

/* A bound for some programs or kinds of connection, and one for all others. */
static void test_bounds(void **state)
{
	struct bound *bounds = NULL;

	(void)state;
	assert_int_equal(bound_of(NULL, span_of(""), span_of("pop3d")), 0);
	assert_false(bound_add(&bounds, ""));
	assert_false(bound_add(&bounds, "soon"));
	assert_false(bound_add(&bounds, "pop3 30m"));
	assert_true(bound_add(&bounds, "30m pop3 */pop3 pop3d"));
	assert_int_equal(bound_of(bounds, span_of("pop3"), span_of("dovecot")), 1800);
	assert_int_equal(bound_of(bounds, span_of("imap"), span_of("dovecot")), 0);
	assert_int_equal(bound_of(bounds, span_of(""), span_of("cyrus/pop3")), 1800);
	assert_int_equal(bound_of(bounds, span_of(""), span_of("imapd")), 0);
	assert_int_equal(bound_longest(bounds), 0); /* those of others have none */
	assert_true(bound_add(&bounds, "1h"));
	assert_int_equal(bound_of(bounds, span_of("bob"), span_of("pop3d")), 1800);
	assert_int_equal(bound_of(bounds, span_of("imap"), span_of("dovecot")), 3600);
	assert_int_equal(bound_longest(bounds), 3600);
	bound_free(bounds);
}

/* The logins of before a boot count, but no connection of then is open. */
static void test_boot(void **state)
{
	struct fixture f;
	int n = 0;

	(void)state;
	start(&f, 20);
	line(&f, "9", "bye", NOW - 90);
	line(&f, "1", "from 192.0.2.1", NOW - 90);
	line(&f, "1", "user x", NOW - 90);
	line(&f, "2", "from 192.0.2.2", NOW - 90);
	sessions_forget(f.pipeline.sessions, NOW);
	line(&f, "2", "user x", NOW - 80);
	line(&f, "3", "from 192.0.2.3", NOW - 1);
	line(&f, "3", "user x", NOW - 1);
	assert_string_equal(logins, "login 192.0.2.1;login 192.0.2.3;");
	line(&f, "4", "from 192.0.2.4", NOW);
	line(&f, "4", "user x", NOW);
	sessions_refresh(f.pipeline.sessions, NOW + 100, 100, count, &n);
	assert_int_equal(n, 1);
	assert_in_range(state_boot_time(NOW), NOW - 3650 * 86400, NOW);
	end(&f);
}

static void test_intervals(void **state)
{
	static const struct {
		int64_t window, refresh, sweep, every;
	} cases[] = {
		{ 1800, 60, 10, 450 },
		{ 1800, 600, 10, 600 },
		{ 120, 60, 10, 60 },
		{ 61, 60, 10, 41 },
		{ 60, 59, 10, 40 },
		{ 60, 0, 10, 15 },
		{ 20, 19, 5, 10 },
		{ 4, 0, 1, 1 },
		{ 1, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(sessions_sweep_every(cases[i].window), cases[i].sweep);
		assert_int_equal(
		    sessions_refresh_every(cases[i].window, cases[i].refresh), cases[i].every);
	}
	/* whatever is configured: recorded again before it is too old, at the
	 * latest one sweep after it was due */
	for (int64_t window = 4; window < 300; window++) {
		for (int64_t refresh = 0; refresh < window; refresh++)
			assert_true(
			    sessions_refresh_every(window, refresh) + sessions_sweep_every(window) <
			    window);
	}
}

static void test_text(void **state)
{
	static const char *const refused[] = { "", "1 2 3", "1 2 3 192.0.2.1",
		"1 2 3 192.0.2.1 c vm pop", "1 2 3 192.0.2.1 x vm pop 1",
		"1 2 3 192.0.2.1 c vm pop 1 2 3", "1 2 3 192.0.2.1 c  pop 1",
		"1 2 3 192.0.2.1 c vm pop ", "1 2 3 - o vm pop 1", "1 2 3 host o vm pop 1",
		"-1 2 3 192.0.2.1 o vm pop 1", "1 2 999999999999999 192.0.2.1 o vm pop 1",
		"1 2 3 192.0.2.1 o vm pop \x01" };
	struct fixture f, g;
	char *text, *newline;
	size_t size;
	FILE *out;

	(void)state;
	start(&f, 10);
	line(&f, "9", "bye", NOW);
	line(&f, "1", "from 192.0.2.1", NOW);
	line(&f, "1", "user x", NOW);
	line(&f, "2", "from 2001:db8::2", NOW);
	out = open_memstream(&text, &size);
	sessions_save(f.pipeline.sessions, out);
	fclose(out);
	end(&f);
	start(&g, 10);
	for (char *p = text; (newline = strchr(p, '\n')) != NULL; p = newline + 1) {
		*newline = '\0';
		assert_memory_equal(p, "session ", 8);
		assert_true(sessions_restore(g.pipeline.sessions, p + 8));
	}
	assert_int_equal(sessions_count(g.pipeline.sessions), 3);
	line(&g, "1", "bye", NOW + 5);
	line(&g, "2", "user y", NOW + 5);
	assert_string_equal(logins, "logout 192.0.2.1;login 2001:db8::2;");
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		if (sessions_restore(g.pipeline.sessions, refused[i]))
			fail_msg("'%s' is taken for a session", refused[i]);
	}
	free(text);
	end(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_two_logs),
		cmocka_unit_test(test_ended),
		cmocka_unit_test(test_logout),
		cmocka_unit_test(test_ended_before),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_new_limits),
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_intervals),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
