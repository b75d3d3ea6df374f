/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_vsmtprelay_sysinit.c - the words for this host's init (sysinit.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "sysinit.h"

static void commands(void **state)
{
	static const struct {
		enum sysinit_act act;
		const char *name, *systemd, *other;
	} cases[] = {
		{ SYSINIT_ENABLE, "popwatch", "systemctl enable --now popwatch",
		    "install -d -o relayers -g relayers -m 755 /run/relayers && popwatch -d -p "
		    "/run/popwatch.pid" },
		{ SYSINIT_START, "relaymirror", "systemctl start relaymirror",
		    "install -d -m 755 /run/relaymirror && relaymirror -d -p "
		    "/run/relaymirror.pid" },
		{ SYSINIT_RESTART, "relayguard", "systemctl restart relayguard",
		    "pkill -x relayguard; relayguard -d -p /run/relayguard.pid" },
		{ SYSINIT_RELOAD, "popwatch", "systemctl reload popwatch",
		    "pkill -HUP -x popwatch" },
		{ SYSINIT_STATUS, "popwatch", "systemctl status popwatch", "pgrep -x popwatch" },
		{ SYSINIT_STATUS, "cron", "systemctl status cron", "service cron status" },
		{ SYSINIT_ENABLE, "cron", "systemctl enable --now cron", "service cron start" },
		{ SYSINIT_RELOAD, "sendmail", "systemctl reload sendmail",
		    "service sendmail reload" },
	};
	struct stat st;
	bool systemd = stat("/run/systemd/system", &st) == 0;
	char text[SYSINIT_MAX];

	(void)state;
	assert_int_equal(sysinit_systemd(), systemd);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(sysinit_command(text, cases[i].act, cases[i].name),
		    systemd ? cases[i].systemd : cases[i].other);
	assert_int_equal(strstr(sysinit_expiry(), "systemctl") != NULL, systemd);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(commands) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
