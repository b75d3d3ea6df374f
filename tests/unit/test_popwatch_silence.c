/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_silence.c - what is reported an hour later: sources that are
 * silent, logins that are all old, stamps of another time zone
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "listen.h"
#include "log.h"
#include "silence.h"

#define NOW 1795175200 /* 2026-11-20 11:46:40 UTC */
#define HOUR 3600

static void test_sources(void **state)
{
	struct silence silence = { 0 };
	struct heard heard[3] = { { .name = "/dev/null", .is_file = true, .followed = true },
		{ .name = "/no/such/log", .is_file = true, .followed = true },
		{ .name = "the journal", .followed = true } };
	struct catalogue *catalogue = catalogue_new();
	struct silence_view view = { .catalogue = catalogue, .heard = heard, .heard_count = 1 };

	(void)state;
	/* a night without a line at all is a quiet night */
	listen_begin();
	silence_report(&silence, &view, NOW);
	assert_false(silence_due(&silence, NOW + HOUR - 1));
	assert_true(silence_due(&silence, NOW + HOUR));
	view.heard_count = 3;
	silence_report(&silence, &view, NOW + HOUR);
	expect(listen_end(), NULL);
	/* another source is alive */
	heard[2].lines = 30;
	listen_begin();
	silence_report(&silence, &view, NOW + 2 * HOUR);
	expect(listen_end(), "/dev/null: no line of the servers since the last report, while the "
			     "journal has had 30");
	heard[2].lines = 30;
	listen_begin();
	silence_report(&silence, &view, NOW + 3 * HOUR);
	expect(listen_end(),
	    "/no/such/log does not exist, and the journal has had 30 lines of the servers:");
	/* what comes from both is right */
	heard[0].lines = heard[2].lines = 30;
	view.heard_count = 1;
	listen_begin();
	silence_report(&silence, &view, NOW + 4 * HOUR);
	expect(listen_end(), NULL);
	catalogue_free(catalogue);
}

static void test_old(void **state)
{
	struct silence silence = { 0 };
	struct catalogue *catalogue = catalogue_new();
	struct silence_view view = { .catalogue = catalogue, .logins = 7, .old = 7 };

	(void)state;
	listen_begin();
	silence_report(&silence, &view, NOW);
	expect(listen_end(), NULL);
	view.logins = view.old = 9;
	listen_begin();
	silence_report(&silence, &view, NOW + HOUR);
	expect(listen_end(),
	    "all of the 2 logins read since the last report are older than the window");
	view.logins = 12;
	view.old = 11;
	listen_begin();
	silence_report(&silence, &view, NOW + 2 * HOUR);
	expect(listen_end(), NULL);
	catalogue_free(catalogue);
}

/* What is said of COUNT lines, stamped OFF seconds from the clock. */
static const char *said_of(enum stamp_kind kind, const char *zone, int count, int off)
{
	struct heard heard = { .name = "mail.log" };
	char text[100], stamp[60];
	struct line line = { .text = text };
	struct header header;
	struct tm tm;
	time_t t;

	listen_begin();
	for (int i = 0; i < count; i++) {
		t = NOW + i + off;
		gmtime_r(&t, &tm);
		if (kind == STAMP_BSD)
			strftime(stamp, sizeof stamp, "%b %e %T", &tm);
		else
			strftime(stamp, sizeof stamp, "%FT%T", &tm);
		line.size = (size_t)snprintf(text, sizeof text, "%s%s vm dovecot: x", stamp, zone);
		assert_true(layout_parse(FORMAT_SYSLOG, text, line.size, &header));
		silence_time(&heard, &line, &header, NOW + i);
	}
	return listen_end();
}

static void test_zone(void **state)
{
	(void)state;
	expect(said_of(STAMP_BSD, "", 20, 0), NULL);
	expect(said_of(STAMP_BSD, "", 20, -20), NULL);
	expect(said_of(STAMP_BSD, "", 20, -300), NULL);
	expect(said_of(STAMP_BSD, "", 4, -3600), NULL);
	expect(said_of(STAMP_BSD, "", 5, -3600),
	    "mail.log: lines that are written now have stamps 1:00 hours ago");
	expect(said_of(STAMP_BSD, "", 5, -3620), "1:00 hours ago");
	expect(said_of(STAMP_BSD, "", 5, 3600), "1:00 hours ahead");
	expect(said_of(STAMP_BSD, "", 5, 20700), "5:45 hours ahead");
	expect(said_of(STAMP_ISO, "", 5, -34200), "9:30 hours ago");
	expect(said_of(STAMP_ISO, "Z", 5, -34200), NULL);
	expect(said_of(STAMP_BSD, "", 5, -15 * 3600), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_old),
		cmocka_unit_test(test_zone),
	};

	setenv("TZ", "UTC0", 1);
	log_open("test", LOG_MAIL, LOG_NOTICE, LOG_NOWHERE);
	return cmocka_run_group_tests_name("silence", tests, NULL, NULL);
}
