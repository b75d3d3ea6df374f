/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_config.c - what popwatch.conf refuses, and what it keeps when
 * it is read again (config.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "configured.h"
#include "layout.h"
#include "zone.h"

/* The complaints, a line each. */
static char said[2048];

static void tell(const char *sentence, void *arg)
{
	(void)arg;
	snprintf(said + strlen(said), sizeof said - strlen(said), "%s%s", *said != '\0' ? "\n" : "",
	    sentence);
}

static void test_defaults(void **state)
{
	struct conf_errors errors = { .tell = tell };
	struct config *config;

	(void)state;
	config = config_load_text(
	    "log = /a\nformat = dovecot\nlog = /b\nignore = none\nwindow = 1h\n", &errors);
	assert_non_null(config);
	assert_int_equal(config->log_count, 2);
	assert_int_equal(config->logs[0].formats, FORMAT_SYSLOG);
	assert_int_equal(config->logs[1].formats, FORMAT_DOVECOT);
	assert_int_equal(config->ignore.count, 0);
	assert_int_equal(config->window, 3600);
	assert_int_equal(config->refresh, 60);
	config_free(config);
	config = config_load_text("", &errors);
	assert_non_null(config);
	assert_int_equal(config->ignore.count, 2);
	assert_string_equal(config->servers[0], "dovecot");
	assert_string_equal(config->user, "relayers");
	config_free(config);
	assert_int_equal(errors.count, 0);
	assert_null(config_load_text("log = /a\nformat = dovecot\n", &errors)); /* for no log */
	assert_null(config_load_text("log = /a\nlog = /a\n", &errors));
	assert_null(config_load_text("window = 1m\nrefresh = 1m\n", &errors));
	assert_null(config_load_text("format = any\n", &errors));
	assert_int_equal(errors.count, 4);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *complaint;
	} cases[] = {
		{ "state = no\n", "text:1: state = 'no', expected an absolute path" },
		{ "state =\n", "text:1: state = '', expected an absolute path" },
		{ "database = no\n", "text:1: database = 'no', expected an absolute path" },
		{ "time-zone = Nowhere/Land\n",
		    "text:1: time-zone = 'Nowhere/Land', expected system, UTC or a name below "
		    "/usr/share/zoneinfo such as Europe/Berlin" },
		{ "time-zone = ../../../etc/localtime\n",
		    "text:1: time-zone = '../../../etc/localtime', expected system, UTC or a name "
		    "below /usr/share/zoneinfo such as Europe/Berlin" },
		{ "log = /no/log\ntime-zone = UTC\n",
		    "text:2: no log after this time-zone, expected it before the logs that it is "
		    "for" },
		{ "\nservers = dovecot, dovecot\n", "text:2: servers has 'dovecot' twice" },
		{ "servers = courier dovecot uw courier\n", "text:1: servers has 'courier' twice" },
		{ "window = 1h\n\nwindow = 1h\n", "text:3: window = '1h', expected it once: "
						  "line 1 has it too" },
		{ "servers = a\nservers = b\n", "text:2: servers = 'b', expected it once: "
						"line 1 has it too" },
		{ "user = a\nuser =\n", "text:2: user = '', expected it once: line 1 has it too" },
		{ "window = 1h\n[x]\n",
		    "text:2: section '[x]', expected no sections in this file" },
		{ "\xEF\xBB\xBF[x", "text:1: section '[x', expected no sections in this file" },
		{ "log = /dev/null\n", "text:1: log = '/dev/null' is not a file" },
		{ "journal = var/log/journal\n", "text:1: journal = 'var/log/journal', expected "
						 "yes, no or the absolute path of a directory" },
		{ "log = /\n", "text:1: log = '/' is not a file" },
		{ "\nrefresh = 61m\n",
		    "text:2: refresh is 3660 seconds, expected less than the window of 3600" },
		{ "\n\nwindow = 1m\n",
		    "text:3: refresh is 60 seconds, expected less than the window of 60" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conf_errors errors = { .tell = tell };
		struct config *config;

		*said = '\0';
		config = config_load_text(cases[i].text, &errors);
		if (config != NULL)
			fail_msg("taken: %s", cases[i].text);
		assert_int_equal(errors.count, 1);
		assert_string_equal(said, cases[i].complaint);
	}
}

/* All errors are reported at once, and none that only follows from another. */
static void test_every_error(void **state)
{
	struct conf_errors errors = { .tell = tell };

	(void)state;
	*said = '\0';
	assert_null(config_load_text("log = /no/such/log\nwindow = soon\nrefresh = 1h\n[x]\nsevers "
				     "= all\nlog = /no/such/log\n"
				     "format = dovecot\nlog = mail.log\nformat = courier\n",
	    &errors));
	assert_int_equal(errors.count, 6);
	assert_string_equal(said,
	    "text:2: window = 'soon', expected a duration of 1 to 31622400 seconds, such as 90 or "
	    "1h30m\n"
	    "text:4: section '[x]', expected no sections in this file\n"
	    "text:5: unknown setting 'severs'\n"
	    "text:6: log = '/no/such/log' is listed twice\n"
	    "text:8: log = 'mail.log', expected an absolute path, or auto\n"
	    "text:9: no log after this format, expected it before the logs that it is for");
}

/* Each log has the zone that was named last before it. */
static void test_zones(void **state)
{
	struct conf_errors errors = { .tell = tell };
	struct config *config = config_load_text(
	    "log = /no/a\ntime-zone = UTC\nlog = /no/b\ntime-zone = system\nlog = /no/c\n",
	    &errors);

	(void)state;
	assert_non_null(config);
	assert_int_equal(config->log_count, 3);
	assert_null(config->logs[0].zone);
	assert_ptr_equal(config->logs[1].zone, zone_get("UTC"));
	assert_null(config->logs[2].zone);
	config_free(config);
}

/* What is a list by being repeated may be repeated. */
static void test_lists(void **state)
{
	struct conf_errors errors = { .tell = tell };
	struct config *config = config_load_text(
	    "log = /no/a\nformat = dovecot\nlog = /no/b\nformat = courier\nlog = /no/c\n"
	    "ignore = 192.0.2.0/24\nignore = ::1\ndefinitions = /a\ndefinitions = /b\n",
	    &errors);

	(void)state;
	assert_non_null(config);
	assert_int_equal(config->log_count, 3);
	assert_int_equal(config->ignore.count, 4);
	assert_string_equal(config->definitions[1], "/b");
	config_free(config);
}

/* Networks are added to loopback, which is there from the beginning; "none"
 * drops all that comes before it. */
static void test_ignore(void **state)
{
	static const struct {
		const char *text;
		const char *held; /* addresses, those that are ignored with a '+' */
	} cases[] = {
		{ "", "+127.0.0.1 +::1 -192.0.2.1" },
		{ "ignore = 192.0.2.0/24\n", "+127.0.0.1 +::1 +192.0.2.1 -198.51.100.1" },
		{ "ignore = 192.0.2.0/24\nignore = 198.51.100.1, 2001:db8::/32\n",
		    "+127.9.9.9 +::1 +192.0.2.1 +198.51.100.1 +2001:db8::1" },
		{ "ignore = none\n", "-127.0.0.1 -::1 -192.0.2.1" },
		{ "ignore = none 192.0.2.1\n", "-127.0.0.1 -::1 +192.0.2.1" },
		{ "ignore = 192.0.2.1\nignore = none\nignore = 198.51.100.1\n",
		    "-127.0.0.1 -192.0.2.1 +198.51.100.1" },
	};
	struct conf_errors errors = { .tell = tell };
	char held[200], *word, *rest;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct config *config = config_load_text(cases[i].text, &errors);
		struct ipnet address;
		bool found;

		assert_non_null(config);
		strcpy(held, cases[i].held);
		for (word = strtok_r(held, " ", &rest); word != NULL;
		     word = strtok_r(NULL, " ", &rest)) {
			assert_true(ipnet_parse(word + 1, &address));
			found = false;
			for (size_t k = 0; k < config->ignore.count; k++)
				found |= ipnet_holds(&config->ignore.nets[k], &address);
			if (found != (*word == '+'))
				fail_msg("case %zu: %s", i, word);
		}
		config_free(config);
	}
	assert_null(config_load_text("ignore = 192.0.2.1 none\n", &errors));
}

/* A file with this TEXT, read as one who wants to know all errors reads it;
 * its name is put into PATH, a template. */
static struct config *load_anyway(char *path, const char *text, struct conf_errors *errors)
{
	size_t size = strlen(text);
	int fd = mkstemp(path);
	struct config *config;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	close(fd);
	config = config_load_anyway(path, errors);
	unlink(path);
	assert_non_null(config);
	return config;
}

/* Who wants to know all errors gets what could be taken; names that cannot be
 * have the place of their setting. */
static void test_names(void **state)
{
	char path[] = "/tmp/test_config.XXXXXX", expected[512];
	struct conf_errors errors = { .tell = tell };
	struct config *config;

	(void)state;
	*said = '\0';
	config = load_anyway(path,
	    "windw = 1h\nservers = nosuch\ndefinitions = /no/such/directory\nuser = "
	    "no-such-user-here\n",
	    &errors);
	assert_null(config_catalogue(config, &errors));
	assert_false(config_has_user(config, &errors));
	assert_int_equal(errors.count, 3);
	snprintf(expected, sizeof expected,
	    "%s:1: unknown setting 'windw'\n"
	    "%s:2: servers: no definition 'nosuch': there is no nosuch.conf in /no/such/directory\n"
	    "%s:4: user = 'no-such-user-here': there is no such user",
	    path, path, path);
	assert_string_equal(said, expected);
	config_free(config);
	assert_null(config_load_anyway(path, &errors)); /* gone */
}

/* A directory of definitions that was mistaken may be the one that has them. */
static void test_no_directory(void **state)
{
	char path[] = "/tmp/test_config.XXXXXX";
	struct conf_errors errors = { .tell = tell };
	struct config *config;

	(void)state;
	config = load_anyway(path,
	    "definitions = here\ndefinitions = /no/such/directory\nservers = nosuch\n", &errors);
	assert_null(config_catalogue(config, &errors));
	assert_int_equal(errors.count, 1);
	config_free(config);
}

/* Where there may be none, no is none. */
static void test_none(void **state)
{
	struct conf_errors errors = { .tell = tell };
	struct config *config =
	    config_load_text("socket = no\nstats-file = no\npid-file =\nservers = all\n", &errors);

	(void)state;
	assert_non_null(config);
	assert_string_equal(config->socket, "");
	assert_string_equal(config->stats, "");
	assert_string_equal(config->pid_file, "");
	config_free(config);
}

/* Whose journal is read; a path alone says where. */
static void test_journal(void **state)
{
	static const struct {
		const char *text;
		enum config_journal from;
		bool idle; /* nothing could come from anywhere */
	} cases[] = {
		{ "", JOURNAL_NONE, true },
		{ "journal = no\n", JOURNAL_NONE, true },
#if WITH_JOURNAL
		{ "journal = yes\n", JOURNAL_SYSTEM, false },
		{ "journal = /yes\n", JOURNAL_DIRECTORY, false },
#endif
		{ "journal = no\nlog = /no/log\n", JOURNAL_NONE, false },
		{ "socket = /no/socket\n", JOURNAL_NONE, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conf_errors errors = { .tell = tell };
		struct config *config = config_load_text(cases[i].text, &errors);

		assert_non_null(config);
		if (config->journal_from != cases[i].from ||
		    config_is_idle(config) != cases[i].idle)
			fail_msg(
			    "case %zu: %d %d", i, config->journal_from, config_is_idle(config));
		config_free(config);
	}
}

/* Names that were looked up once are not looked up again, new ones are refused,
 * numbers are taken. */
static void test_reload(void **state)
{
	static const struct {
		const char *text;
		size_t count; /* 0: refused */
		uid_t first;
	} cases[] = {
		{ "socket-users = no-such-user-here\n", 1, 4711 },
		{ "socket-users = 12, no-such-user-here\n", 2, 12 },
		{ "socket-users = 12\n", 1, 12 },
		{ "socket-users = root\n", 0, 0 },
		{ "socket-users = 12x\n", 0, 0 },
		{ "socket-users = 4294967295\n", 0, 0 },
	};
	char path[] = "/tmp/test_config.XXXXXX", name[] = "no-such-user-here";
	int fd = mkstemp(path);
	uid_t uid = 4711;
	char *names[] = { name, NULL };
	const struct config old = {
		.socket_users = &uid, .socket_user_names = names, .socket_user_count = 1
	};

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conf_errors errors = { .tell = tell };
		size_t size = strlen(cases[i].text);
		struct config *config;

		*said = '\0';
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, cases[i].text, size, 0), size);
		config = config_reload(path, &old, &errors);
		if ((config != NULL) != (cases[i].count > 0))
			fail_msg("%s", cases[i].text);
		assert_int_equal(errors.count, config == NULL);
		if (config != NULL) {
			assert_int_equal(config->socket_user_count, cases[i].count);
			assert_int_equal(config->socket_users[0], cases[i].first);
		}
		config_free(config);
	}
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_ignore),
		cmocka_unit_test(test_every_error),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_directory),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
