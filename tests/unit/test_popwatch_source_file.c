/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_source_file.c - which files belong to a log, and how long one
 * is kept open (file.h)
 */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "file.h"
#include "layout.h"
#include "listen.h"
#include "log.h"

#define BUDGET 1000000
#define MINUTE 60000
#define NOW INT64_C(1795175258)

static char directory[] = "/tmp/test_source.XXXXXX";

/* The lines that were taken, one after the other, with a blank behind each;
 * what is cut stands in parentheses. */
struct taken {
	char text[1024];
};

static int setup(void **state)
{
	(void)state;
	return mkdtemp(directory) == NULL;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(directory);
}

static const char *path_of(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static void append(const char *name, const char *text)
{
	FILE *out = fopen(path_of(name), "ae");
	int failed;

	assert_non_null(out);
	fputs(text, out);
	failed = fclose(out);
	assert_int_equal(failed, 0);
}

static void take(const struct line *line, void *arg)
{
	struct taken *taken = arg;
	size_t used = strlen(taken->text);

	snprintf(taken->text + used, sizeof taken->text - used, line->cut ? "(%.*s) " : "%.*s ",
	    (int)line->size, line->text);
}

/* What one look at CLOCK_MS brings. */
static const char *look(struct source_file *source, int64_t clock_ms)
{
	static struct taken taken;

	*taken.text = '\0';
	assert_false(source_file_read(source, BUDGET, NOW, clock_ms, take, &taken));
	return taken.text;
}

static void test_neighbours(void **state)
{
	static const struct {
		const char *name;
		bool ours;
	} cases[] = {
		{ "mail.1", true },
		{ "mail.0", true },
		{ "mail.old", true },
		{ "mail-20261120", true },
		{ "mail-2026-11-20", true },
		{ "mail.20261120-10", true },
		{ "mail.info", false },
		{ "mail.err", false },
		{ "mail.log", false },
		{ "mail.log.1", false },
		{ "mail-debug", false },
		{ "mail.older", false },
		{ "mail.", false },
		{ "mail-", false },
		{ "mail.1.gz", false },
		{ "mailer", false },
		{ "mail1", false },
	};
	struct source_file *source;

	(void)state;
	append("mail", "");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		append(cases[i].name, "line\n");
		source = source_file_new(path_of("mail"), 0, 0);
		assert_non_null(source);
		if ((strcmp(look(source, 0), "line ") == 0) != cases[i].ours)
			fail_msg("%s", cases[i].name);
		source_file_free(source);
		unlink(path_of(cases[i].name));
	}
	unlink(path_of("mail"));
}

/* A file that was deleted is read for as long as somebody writes into it, and
 * let go a minute after. */
static void test_deleted(void **state)
{
	struct source_file *source = source_file_new(path_of("log"), 0, 0);
	int64_t clock_ms = 0;
	FILE *writer;

	(void)state;
	append("log", "a\n");
	assert_string_equal(look(source, clock_ms), "a ");
	assert_non_null(writer = fopen(path_of("log"), "ae"));
	unlink(path_of("log"));
	append("log", "b\n");
	assert_string_equal(look(source, clock_ms += 10 * MINUTE), "b ");
	for (int i = 0; i < 3; i++) {
		fputs("c\n", writer);
		fflush(writer);
		assert_string_equal(look(source, clock_ms += MINUTE - 1), "c ");
		assert_int_equal(source_file_open_count(source), 2);
	}
	assert_string_equal(look(source, clock_ms += 1), "");
	assert_string_equal(look(source, clock_ms += MINUTE - 1), "");
	assert_int_equal(source_file_open_count(source), 2);
	assert_string_equal(look(source, clock_ms += 1), "");
	assert_int_equal(source_file_open_count(source), 1);
	append("log", "d\n");
	assert_string_equal(look(source, clock_ms += MINUTE), "d ");
	source_file_free(source);
	fclose(writer);
	unlink(path_of("log"));
}

/* One that was renamed stays open: its logger may be told late. */
static void test_renamed(void **state)
{
	struct source_file *source = source_file_new(path_of("log"), 0, 0);
	char old[PATH_MAX];

	(void)state;
	append("log", "a\n");
	assert_string_equal(look(source, 0), "a ");
	snprintf(old, sizeof old, "%s", path_of("log.1"));
	assert_int_equal(rename(path_of("log"), old), 0);
	append("log", "b\n");
	assert_string_equal(look(source, 1), "b ");
	assert_string_equal(look(source, 60 * MINUTE), "");
	assert_int_equal(source_file_open_count(source), 2);
	append("log.1", "c\n");
	assert_string_equal(look(source, 60 * MINUTE + 1), "c ");
	source_file_free(source);
	unlink(path_of("log"));
	unlink(old);
}

/* A burst of lines: more than a logger writes in one piece. */
static void append_burst(const char *name)
{
	for (int i = 0; i < 5; i++)
		append(name, "a line of two hundred bytes or so, as mail servers write them when "
			     "they are asked for all that they know, and more than that, so that "
			     "few of them are a burst: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n");
}

static void empty(const char *name)
{
	assert_int_equal(truncate(path_of(name), 0), 0);
}

/* What the first look after the log was emptied has of its first line, and what
 * was said. */
static void look_after(struct source_file *source, int64_t clock_ms, bool torn)
{
	const char *taken, *said;

	append("log", "rest\nb\n");
	listen_begin();
	taken = look(source, clock_ms);
	said = listen_end();
	assert_string_equal(taken, torn ? "(rest) b " : "rest b ");
	expect(said,
	    torn ? "its first line may be the rest of another and is not believed: rest" : NULL);
	append("log", "c\n");
	assert_string_equal(look(source, clock_ms + 1), "c ");
}

/* Where a log is emptied while its logger is within a line, it begins with the
 * rest of that, which a client has chosen. */
static void test_torn(void **state)
{
	struct source_file *source = source_file_new(path_of("log"), 0, 0);
	int64_t clock_ms = 0;

	(void)state;
	append("log", "a\n");
	assert_string_equal(look(source, clock_ms), "a ");
	empty("log"); /* by a logger at rest */
	look_after(source, clock_ms += MINUTE, false);
	append("log", "half of a line, ");
	assert_string_equal(look(source, clock_ms += MINUTE), "");
	empty("log");
	look_after(source, clock_ms += MINUTE, true);
	/* emptied, and seen so, before the rest comes in two pieces */
	append("log", "d\nhalf of a line, ");
	assert_string_equal(look(source, clock_ms += MINUTE), "d ");
	empty("log");
	assert_string_equal(look(source, clock_ms += MINUTE), "");
	append("log", "half of the ");
	assert_string_equal(look(source, clock_ms += MINUTE), "");
	append("log", "rest\ne\n");
	listen_begin();
	assert_string_equal(look(source, clock_ms += MINUTE), "(half of the rest) e ");
	(void)listen_end();
	/* within a line that is too long */
	for (int i = 0; i < 1000; i++)
		append("log", "xxxxxxxxxxxxxxxxxxxx");
	(void)look(source, clock_ms += MINUTE);
	empty("log");
	look_after(source, clock_ms + MINUTE, true);
	source_file_free(source);
	unlink(path_of("log"));
}

/* Nor is its first line believed where the logger wrote a lot just before: it
 * may have been within a line that we have not seen. */
static void test_torn_when_busy(void **state)
{
	struct source_file *source = source_file_new(path_of("log"), 0, 0);
	int64_t clock_ms = 0;

	(void)state;
	append("log", "a\n");
	assert_string_equal(look(source, clock_ms), "a ");
	for (int i = 0; i < 5; i++)
		append_burst("log");
	(void)look(source, clock_ms += MINUTE);
	empty("log");
	look_after(source, clock_ms += 999, true);
	for (int i = 0; i < 5; i++)
		append_burst("log");
	(void)look(source, clock_ms += MINUTE);
	empty("log");
	look_after(source, clock_ms + 1000, false);
	source_file_free(source);
	unlink(path_of("log"));
}

/* A copy is not read again, whatever there is of it when it is seen first; what
 * was written between our last look and the end is read there. */
static void test_copied(void **state)
{
	struct source_file *source = source_file_new(path_of("log"), 0, 0);

	(void)state;
	append("log", "a\nb\n");
	assert_string_equal(look(source, 0), "a b ");
	append("log.1", "");
	assert_string_equal(look(source, 1), "");
	append("log.1", "a");
	assert_string_equal(look(source, 2), "");
	append("log.1", "\n");
	assert_string_equal(look(source, 3), "");
	append("log.1", "b\n");
	assert_string_equal(look(source, 4), "");
	append("log.1", "c\n");
	empty("log");
	append("log", "d\n");
	assert_string_equal(look(source, 5), "c d ");
	/* nor is a file a copy because it begins alike */
	append("log", "ee\n");
	assert_string_equal(look(source, 6), "ee ");
	append("log.2", "d\nlonger\n");
	assert_string_equal(look(source, 7), "d longer ");
	source_file_free(source);
	unlink(path_of("log"));
	unlink(path_of("log.1"));
	unlink(path_of("log.2"));
}

/* What a restart has of the positions that were saved. */
static struct source_file *restart(struct source_file *source)
{
	struct source_file *next = source_file_new(path_of("log"), 0, 0);
	struct file_position position;
	char text[4096], *line, *rest = text;
	FILE *out = fmemopen(text, sizeof text, "w");

	assert_non_null(out);
	source_file_save(source, out);
	fclose(out);
	source_file_free(source);
	assert_non_null(next);
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (strncmp(line, "file ", 5) == 0 && position_parse(line + 5, &position))
			source_file_restore(next, &position);
	}
	return next;
}

/* The same where the log was copied and emptied while nobody looked, and where
 * the copy was made before more was read. */
static void test_copied_before_restart(void **state)
{
	struct source_file *source = source_file_new(path_of("log"), 0, 0);

	(void)state;
	append("log", "a\nb\n");
	assert_string_equal(look(source, 0), "a b ");
	source = restart(source);
	append("log.1", "a\nb\nc\n");
	empty("log");
	append("log", "d\n");
	assert_string_equal(look(source, 1), "c d ");
	source = restart(source);
	assert_string_equal(look(source, 2), "");
	unlink(path_of("log.1"));
	append("log", "e\n");
	for (int i = 0; i < 50; i++)
		append_burst("log");
	(void)look(source, 3);
	append("log.1", "d\nhalf");
	assert_string_equal(look(source, 3 + MINUTE), "");
	empty("log");
	append("log", "f\n");
	assert_string_equal(look(source, 4 + MINUTE), "f ");
	source = restart(source);
	assert_string_equal(look(source, 5 + MINUTE), "");
	/* of a copy that somebody has written into no piece of a line is one */
	append("log.1", " of it\n");
	assert_string_equal(look(source, 6 + MINUTE), "half of it ");
	source_file_free(source);
	unlink(path_of("log"));
	unlink(path_of("log.1"));
}

/* One that takes the log's name with what it has: an editor's. */
static void test_replaced(void **state)
{
	struct source_file *source = source_file_new(path_of("log"), 0, 0);
	char new[PATH_MAX];

	(void)state;
	append("log", "a\nb\n");
	assert_string_equal(look(source, 0), "a b ");
	append("new", "a\nb\nc\n");
	snprintf(new, sizeof new, "%s", path_of("new"));
	assert_int_equal(rename(new, path_of("log")), 0);
	assert_string_equal(look(source, 1), "c ");
	source_file_free(source);
	/* one that only begins alike, after a rotation */
	source = source_file_new(path_of("log"), 0, 0);
	assert_string_equal(look(source, 1), "a b c ");
	snprintf(new, sizeof new, "%s", path_of("log.1"));
	assert_int_equal(rename(path_of("log"), new), 0);
	append("log", "a\nd\ne\nf\n");
	assert_string_equal(look(source, 2), "a d e f ");
	source_file_free(source);
	unlink(path_of("log"));
	unlink(new);
}

struct bounds {
	struct source_file *source;
	char text[1024];
};

/* Each line with its bound, as days before NOW: "a<323 b ". */
static void take_bound(const struct line *line, void *arg)
{
	struct bounds *bounds = arg;
	size_t used = strlen(bounds->text);
	int64_t latest = line->latest;

	assert_false(line->cut);
	used += (size_t)snprintf(bounds->text + used, sizeof bounds->text - used, "%.*s", 1,
	    line->text + line->size - 1);
	if (latest != 0)
		snprintf(bounds->text + used, sizeof bounds->text - used, "<%lld ",
		    (long long)((NOW - latest + 43200) / 86400));
	else
		snprintf(bounds->text + used, sizeof bounds->text - used, " ");
}

static void set_written(const char *name, int64_t when)
{
	struct timespec times[2] = { { .tv_sec = when }, { .tv_sec = when } };

	assert_int_equal(utimensat(AT_FDCWD, path_of(name), times, 0), 0);
}

/* What the file had when it was opened may be of last year; what is written
 * then is of now. */
static void test_years(void **state)
{
	static const char old[] =
	    "Nov 20 11:46:38 vm x: a\nNov 20 11:46:39 vm x: b\nJan  1 00:00:00 vm x: c\n";
	static const char new[] = "Nov 20 11:47:00 vm x: d\n";
	static const struct {
		const char *texts[3];
		int64_t written;
		const char *expected;
	} cases[] = {
		{ { old, new }, NOW, "a<323 b<323 c d " },
		{ { old, new }, NOW + 99999999, "a<323 b<323 c d " },
		{ { old, new, old }, NOW, "a<323 b<323 c<323 d<323 a<323 b<323 c " },
		{ { new }, NOW, "d " },
		{ { new }, NOW - 86400, "d " },
		{ { new }, NOW - 2 * 86400, "d<1 " },
		{ { old }, NOW - 300 * 86400, "a<299 b<299 c<299 " },
		{ { new }, NOW - 365 * 86400, "d<364 " },
	};
	struct bounds bounds;
	int64_t clock_ms;

	(void)state;
	setenv("TZ", "UTC0", 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		/* in one go, and with so small a budget that nothing is done in
		 * one */
		for (size_t budget = 1; budget <= BUDGET; budget += BUDGET - 1) {
			bounds.source = source_file_new(path_of("log"), FORMAT_SYSLOG, 0);
			*bounds.text = '\0';
			clock_ms = 0;
			for (size_t j = 0; j < 3 && cases[i].texts[j] != NULL; j++)
				append("log", cases[i].texts[j]);
			set_written("log", cases[i].written);
			while (source_file_read(
			    bounds.source, budget, NOW, clock_ms++, take_bound, &bounds))
				assert_true(clock_ms < 100);
			assert_string_equal(bounds.text, cases[i].expected);
			/* written while we look */
			*bounds.text = '\0';
			append("log", old);
			while (source_file_read(
			    bounds.source, budget, NOW, clock_ms++, take_bound, &bounds))
				assert_true(clock_ms < 100);
			assert_string_equal(bounds.text, "a b c ");
			/* emptied: begun again */
			*bounds.text = '\0';
			assert_int_equal(truncate(path_of("log"), 0), 0);
			append("log", new);
			set_written("log", NOW);
			while (source_file_read(
			    bounds.source, budget, NOW, clock_ms++, take_bound, &bounds))
				assert_true(clock_ms < 100);
			assert_string_equal(bounds.text, "d ");
			source_file_free(bounds.source);
			unlink(path_of("log"));
		}
	}
}

static void take_current(const struct line *line, void *arg)
{
	(void)arg;
	if (!line->cut)
		assert_int_equal(line->latest, 0);
}

/* A piece of a line that is too long is no line, though it looks like one. */
static void test_years_long(void **state)
{
	struct source_file *source = source_file_new(path_of("log"), FORMAT_SYSLOG, 0);
	FILE *out = fopen(path_of("log"), "we");

	(void)state;
	assert_non_null(out);
	fputs("Nov 20 11:46:38 vm x: y\n", out);
	for (int i = 0; i < 20000; i++) /* of 32 bytes each, as many as fit into a buffer */
		fputs("Jan  1 00:00:00 vm x: yyyyyyyyy ", out);
	fputs("\nNov 20 11:47:00 vm x: y\n", out);
	assert_int_equal(fclose(out), 0);
	set_written("log", NOW);
	while (source_file_read(source, BUDGET, NOW, 0, take_current, source))
		;
	source_file_free(source);
	unlink(path_of("log"));
}

struct leaps {
	struct source_file *source;
	unsigned old, current;
};

static void take_leap(const struct line *line, void *arg)
{
	struct leaps *leaps = arg;

	assert_false(line->cut);
	assert_int_equal(strncmp(line->text + 7, "11:46", 5) == 0, line->latest != 0);
	*(line->latest != 0 ? &leaps->old : &leaps->current) += 1;
}

static void many_lines(FILE *out, const char *stamp, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		fprintf(out, "%s vm x: %0*u\n", stamp, 10 + (int)(i % 150), i);
}

/* A large log is not looked through line by line; the turn of the year in it is
 * seen all the same, near its end or far from it. */
static void test_years_leaps(void **state)
{
	static const unsigned sizes[][3] = { { 480000, 1, 2000 }, { 30000, 30000, 480000 },
		{ 30300, 10000, 480000 } };

	(void)state;
	setenv("TZ", "UTC0", 1);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct leaps leaps = { .source =
					   source_file_new(path_of("log"), FORMAT_SYSLOG, 0) };
		FILE *out = fopen(path_of("log"), "we");

		assert_non_null(out);
		many_lines(out, "Nov 20 11:46:38", sizes[i][0]);
		many_lines(out, "Jan  1 00:00:00", sizes[i][1]);
		many_lines(out, "Nov 20 11:47:00", sizes[i][2]);
		assert_int_equal(fclose(out), 0);
		set_written("log", NOW);
		while (source_file_read(leaps.source, BUDGET, NOW, 0, take_leap, &leaps))
			;
		source_file_free(leaps.source);
		unlink(path_of("log"));
		assert_int_equal(leaps.old, sizes[i][0]);
		assert_int_equal(leaps.current, sizes[i][1] + sizes[i][2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_years_leaps),
		cmocka_unit_test(test_deleted),
		cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_torn_when_busy),
		cmocka_unit_test(test_copied),
		cmocka_unit_test(test_copied_before_restart),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_years),
		cmocka_unit_test(test_years_long),
	};

	log_open("popwatch", LOG_MAIL, LOG_INFO, LOG_NOWHERE);
	return cmocka_run_group_tests_name("source_file", tests, setup, teardown);
}
