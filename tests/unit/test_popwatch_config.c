/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_config.c - what popwatch.conf refuses, and what it keeps when it is read again (config.h)
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

/* The last complaint. */
static char said[512];

static void tell(const char *sentence, void *arg)
{
	(void)arg;
	snprintf(said, sizeof said, "%s", sentence);
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
		{ "\nservers = dovecot, dovecot\n", "text:2: servers has 'dovecot' twice" },
		{ "servers = courier dovecot uw courier\n", "text:1: servers has 'courier' twice" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conf_errors errors = { .tell = tell };
		struct config *config = config_load_text(cases[i].text, &errors);

		if (config != NULL)
			fail_msg("taken: %s", cases[i].text);
		assert_int_equal(errors.count, 1);
		assert_string_equal(said, cases[i].complaint);
	}
}

/* Where there may be none, no is none. */
static void test_none(void **state)
{
	struct conf_errors errors = { .tell = tell };
	struct config *config = config_load_text("socket = no\nstats-file = no\npid-file =\nservers = all\n", &errors);

	(void)state;
	assert_non_null(config);
	assert_string_equal(config->socket, "");
	assert_string_equal(config->stats, "");
	assert_string_equal(config->pid_file, "");
	config_free(config);
}

/* Names that were looked up once are not looked up again, new ones are refused, numbers are taken. */
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
	const struct config old = { .socket_users = &uid, .socket_user_names = names, .socket_user_count = 1 };

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conf_errors errors = { .tell = tell };
		size_t size = strlen(cases[i].text);
		struct config *config;

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
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
