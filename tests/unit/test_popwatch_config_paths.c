/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_config_paths.c - each file that a configuration names is met in
 * the walk, with its setting and its use (config_paths.h)
 */
#include "config_paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BASE "database = /no/db\nstate = /no/state\ndefinitions = /no/servers.d\n"
#define WRITTEN "database w /no/db;state w /no/state;"

struct met {
	char text[512];
	size_t most; /* after so many it stops */
};

static bool on_path(const char *setting, enum config_use use, const char *path, void *arg)
{
	static const char uses[] = { [CONFIG_READ_FILE] = 'r',
		[CONFIG_READ_DIRECTORY] = 'd',
		[CONFIG_READ_JOURNAL] = 'j',
		[CONFIG_WRITE_FILE] = 'w' };
	struct met *met = arg;

	snprintf(met->text + strlen(met->text), sizeof met->text - strlen(met->text), "%s %c %s;",
	    setting, uses[use], path);
	return --met->most > 0;
}

static void tell(const char *sentence, void *arg)
{
	(void)arg;
	print_message("%s\n", sentence);
}

static void walked(void **state)
{
	static const struct {
		const char *text, *met;
	} cases[] = {
		{ BASE, "definitions d /no/servers.d;" WRITTEN },
		{ BASE "log = /no/a\nlog = /no/b\ndefinitions = /no/more\n",
		    "log r /no/a;log r /no/b;definitions d /no/servers.d;definitions d "
		    "/no/more;" WRITTEN },
		{ BASE "stats-file = /no/stats\ncdb = /no/cdb\ncdb-rules = /no/rules\n",
		    "definitions d /no/servers.d;" WRITTEN
		    "stats-file w /no/stats;cdb w /no/cdb;cdb-rules r /no/rules;" },
		/* made before rights are given up */
		{ BASE "socket = /no/socket\npid-file = /no/pid\n",
		    "definitions d /no/servers.d;" WRITTEN },
#if WITH_JOURNAL
		{ BASE "journal = yes\n", "definitions d /no/servers.d;journal j /var/log/journal;"
					  "journal j /run/log/journal;" WRITTEN },
		{ BASE "journal = /no/journal\n",
		    "definitions d /no/servers.d;journal j /no/journal;" WRITTEN },
#endif
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct conf_errors errors = { .tell = tell };
		struct config *config = config_load_text(cases[i].text, &errors);
		struct met met = { .most = 100 };

		assert_non_null(config);
		assert_true(config_paths(config, on_path, &met));
		assert_string_equal(met.text, cases[i].met);
		config_free(config);
	}
}

/* Wherever it is stopped, nothing comes after that. */
static void stopped(void **state)
{
	struct conf_errors errors = { .tell = tell };
	struct config *config = config_load_text(BASE
	    "log = /no/a\nlog = /no/b\nstats-file = /no/stats\ncdb = /no/cdb\n"
	    "cdb-rules = /no/rules\n",
	    &errors);

	(void)state;
	assert_non_null(config);
	for (size_t most = 1; most <= 8; most++) {
		struct met met = { .most = most };
		size_t paths = 0;

		assert_false(config_paths(config, on_path, &met));
		for (const char *p = met.text; *p != '\0'; p++)
			paths += *p == ';';
		assert_int_equal(paths, most);
	}
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walked),
		cmocka_unit_test(stopped),
	};

	return cmocka_run_group_tests_name("config_paths", tests, NULL, NULL);
}
