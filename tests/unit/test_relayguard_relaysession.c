/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_relaysession.c - one look at the database for each request
 * to policy-relay (relaysession.h)
 *
 * The database is ours: what it says, one look after the other.
 */
#include "relaysession.h"

#include "database.h"
#include "guard.h"
#include "loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define LATEST 60000 /* waits of the loop, of a millisecond each */

static char directory[] = "/tmp/test_relaysession.XXXXXX";
static char path[64];
static struct guard guard;
static struct listener *listener;
static const enum rules_answer *looks;
static size_t looked;
static int client;

enum rules_answer database_entry(
    struct database *database, const char *address, int64_t now, int64_t since_ms, int64_t clock_ms)
{
	(void)database, (void)now, (void)since_ms, (void)clock_ms;
	assert_string_equal(address, "192.0.2.7");
	return looks[looked++];
}

/* The counters ask for it. */
struct database_counts database_counts(const struct database *database)
{
	(void)database;
	return (struct database_counts){ .copies = 0 };
}

static int start(void **state)
{
	const struct listener_options options = { .address = path,
		.mode = 0600,
		.connections_max = 2,
		.idle_ms = LATEST,
		.input_max = 4096,
		.output_max = 4096 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	looked = 0;
	guard = (struct guard){ .loop = loop_new(false) };
	guard.waiting = waiting_new(guard.loop);
	listener = listener_new(guard.loop, &options, &relaysession_handler, &guard);
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	strcpy(address.sun_path, path);
	return listener == NULL ||
	       connect(client, (const struct sockaddr *)&address, sizeof address) != 0;
}

static int stop(void **state)
{
	(void)state;
	close(client);
	listener_free(listener);
	waiting_free(guard.waiting);
	loop_free(guard.loop);
	return 0;
}

static void ask(void)
{
	static const char request[] =
	    "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n"
	    "helo_name=x\nqueue_id=\nsender=\nrecipient=a@b\nclient_address=192.0.2.7\n"
	    "client_name=x\n\n";

	assert_int_equal(write(client, request, sizeof request - 1), sizeof request - 1);
}

static void answers(const char *expected)
{
	char answer[64];
	ssize_t size = -1;

	for (int i = 0; i < LATEST && size < 0; i++) {
		assert_true(loop_wait(guard.loop, 1));
		size = read(client, answer, sizeof answer - 1);
	}
	assert_true(size > 0);
	answer[size] = '\0';
	assert_string_equal(answer, expected);
}

/* A login, or the end of one, that comes behind the look changes nothing. */
static void one_look(void **state)
{
	static const enum rules_answer yes[] = { RULES_YES, RULES_PENDING };
	static const enum rules_answer no[] = { RULES_NO, RULES_YES };

	(void)state;
	looks = yes;
	ask();
	answers("action=OK\n\n");
	assert_int_equal(looked, 1);
	looks = no;
	looked = 0;
	ask();
	answers("action=DUNNO\n\n");
	assert_int_equal(looked, 1);
}

/* While the database is copied there is no answer; then there is one look
 * more. */
static void one_more_when_there_is_news(void **state)
{
	static const enum rules_answer late[] = { RULES_PENDING, RULES_YES, RULES_NO };

	(void)state;
	looks = late;
	ask();
	while (looked == 0)
		assert_true(loop_wait(guard.loop, 1));
	waiting_news(guard.waiting, NULL);
	answers("action=OK\n\n");
	assert_int_equal(looked, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_look, start, stop),
		cmocka_unit_test_setup_teardown(one_more_when_there_is_news, start, stop),
	};
	int failed;

	if (mkdtemp(directory) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/relay", directory);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(directory);
	return failed;
}
