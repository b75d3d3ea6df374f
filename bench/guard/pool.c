/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool.c - a milter on libmilter whose callback sleeps, to compare with
 *
 *	pool SOCKET
 *
 * RCPT of slow.test sleeps for 4 s and is refused, every other goes on: what
 * the rule "noto_delay:ALL:ALL:*@slow.test" of relayguard does.  The library of
 * Debian is built with a pool of workers, so that sleepers keep others waiting.
 */
#include <err.h>
#include <libmilter/mfapi.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define PAUSE_S 4

static sfsistat on_rcpt(SMFICTX *context, char **words)
{
	(void)context;
	if (strstr(words[0], "@slow.test") == NULL)
		return SMFIS_CONTINUE;
	sleep(PAUSE_S);
	return SMFIS_REJECT;
}

int main(int argc, char **argv)
{
	struct smfiDesc filter = {
		.xxfi_name = "pool", .xxfi_version = SMFI_VERSION, .xxfi_envrcpt = on_rcpt
	};

	if (argc != 2)
		errx(EX_USAGE, "usage: pool SOCKET");
	unlink(argv[1]);
	if (smfi_setconn(argv[1]) != MI_SUCCESS || smfi_register(filter) != MI_SUCCESS)
		errx(EX_UNAVAILABLE, "libmilter does not take %s", argv[1]);
	return smfi_main() == MI_SUCCESS ? EX_OK : EX_SOFTWARE;
}
