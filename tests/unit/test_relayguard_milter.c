/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_milter.c - the milter protocol, from the MTA's side
 *
 * A script is a list of packets; the MTA of this test sends them and shows what
 * comes back as text: "c" for a packet without data, "y550 5.7.1 no|" with |
 * for each NUL, a number of four bytes as <n>.
 */
#include "milter.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What sendmail 8.17 offers: every action, every step. */
#define OPTIONS_6 "\0\0\0\6\0\0\1\377\0\37\377\377"

static char wire[4096]; /* packets that wait to be sent */
static size_t wired;

static void packet(char command, const char *data, size_t size)
{
	uint32_t length = htonl((uint32_t)size + 1);

	assert_true(wired + 5 + size <= sizeof wire);
	memcpy(wire + wired, &length, 4);
	wire[wired + 4] = command;
	if (size > 0)
		memcpy(wire + wired + 5, data, size);
	wired += 5 + size;
}

/* Bytes, without the NUL of C, and what is expected of them. */
#define BYTES(text, expected)                                                                      \
	{                                                                                          \
		text, sizeof(text) - 1, expected                                                   \
	}
#define SEND(command, text) packet(command, text, sizeof(text) - 1)

/* Hands over what was gathered, STEP bytes at a time. */
static void deliver(struct milter *milter, size_t step)
{
	for (size_t at = 0; at < wired; at += step) {
		size_t size = wired - at < step ? wired - at : step;

		assert_int_equal(milter_input(milter, wire + at, size), size);
	}
	wired = 0;
}

/* What the filter sent, as text; valid until the next call. */
static const char *received(struct milter *milter)
{
	static char out[2048];
	size_t size, used = 0;
	const char *data = milter_output(milter, &size);

	out[0] = '\0';
	while (size > 0) {
		uint32_t length;
		bool numbers;

		memcpy(&length, data, 4);
		length = ntohl(length);
		assert_true(length >= 1 && length <= size - 4);
		numbers = strchr("im", data[4]) != NULL;
		out[used++] = data[4];
		for (uint32_t i = 1; i < length; i++) {
			unsigned char byte = (unsigned char)data[4 + i];

			if (numbers && i <= 4)
				used += (size_t)sprintf(out + used, i < 4 ? "" : "<%u>", byte);
			else if (data[4] == 'O' && (i <= 12 || byte < ' '))
				used += (size_t)sprintf(out + used, byte > 0 ? "<%u>" : "", byte);
			else
				out[used++] = byte != '\0' ? (char)byte : '|';
		}
		out[used++] = ' ';
		milter_sent(milter, length + 4);
		data = milter_output(milter, &size);
	}
	out[used] = '\0';
	return out;
}

/* A filter that has negotiated. */
static struct milter *open_milter(bool headers)
{
	struct milter *milter = milter_new(headers);

	wired = 0;
	SEND('O', OPTIONS_6);
	deliver(milter, 1);
	assert_int_equal(milter_next(milter).kind, MILTER_NOTHING);
	received(milter);
	return milter;
}

static void options(void **state)
{
	static const struct {
		const char *offer;
		bool headers;
		const char *reply;
	} cases[] = {
		/* version, actions, steps, then the lists of macros */
		{ OPTIONS_6, true,
		    "O<6><1><17><16><210><0>{client_addr} {client_name} {client_ptr} "
		    "{client_resolve} {client_port} {daemon_port}" },
		{ OPTIONS_6, false, "O<6><1><16>r{client_addr}" },
		/* Postfix with milter_protocol = 2, an MTA without
		 * SETSYMLIST */
		{ "\0\0\0\2\0\0\0\77\0\0\0\177", true, "O<2><17><82> " },
		{ "\0\0\0\7\0\0\0\0\0\0\0\0", true, "O<6> " },
		{ "\0\0\0\1\0\0\0\77\0\0\0\177", true, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct milter *milter = milter_new(cases[i].headers);
		const char *got;
		enum milter_kind kind;

		wired = 0;
		packet('O', cases[i].offer, 12);
		deliver(milter, 3);
		kind = milter_next(milter).kind;
		got = received(milter);
		assert_int_equal(kind, cases[i].reply == NULL ? MILTER_BROKEN : MILTER_NOTHING);
		if (i > 1 && cases[i].reply != NULL)
			assert_string_equal(got, cases[i].reply);
		else if (cases[i].reply != NULL &&
			 strstr(got, "{client_addr} {client_name}") == NULL)
			fail_msg("%zu: %s", i, got);
		milter_free(milter);
	}
}

static void whole_session(void **state)
{
	(void)state;
	for (size_t step = 1; step < 100; step += 7) {
		struct milter *milter = open_milter(false);
		struct milter_event event;

		SEND('D', "C{client_addr}\000192.0.2.7\0{client_resolve}\0OK\0{j}\0mx\0");
		SEND('C', "mx.example.com\0"
			  "4\2\123"
			  "192.0.2.7\0");
		SEND('D', "Mi\0A1\0{auth_authen}\0alice\0");
		SEND('M', "<a@example.com>\0SIZE=9\0");
		SEND('R', "<b@example.net>\0");
		SEND('R', "<c@example.net>\0");
		SEND('T', "");
		SEND('E', "");
		SEND('Q', "");
		deliver(milter, step);
		event = milter_next(milter);
		assert_int_equal(event.kind, MILTER_CONNECT);
		assert_false(event.answer);
		assert_string_equal(event.text, "mx.example.com");
		assert_string_equal(event.value, "192.0.2.7");
		assert_string_equal(milter_macro(milter, "client_resolve"), "OK");
		assert_null(milter_macro(milter, "j"));
		event = milter_next(milter);
		assert_int_equal(event.kind, MILTER_MAIL);
		assert_true(event.answer);
		assert_string_equal(event.text, "<a@example.com>");
		assert_string_equal(milter_macro(milter, "auth_authen"), "alice");
		/* lock step: nothing comes before the answer */
		assert_int_equal(milter_next(milter).kind, MILTER_NOTHING);
		assert_true(milter_waits(milter));
		milter_continue(milter);
		milter_continue(milter);
		assert_string_equal(received(milter), "c ");
		event = milter_next(milter);
		assert_int_equal(event.kind, MILTER_RCPT);
		assert_string_equal(event.text, "<b@example.net>");
		milter_reply(milter, "550 5.7.1 100% no\r\n250 \xff");
		assert_string_equal(received(milter), "y550 5.7.1 100%% no??250 ?| ");
		assert_int_equal(milter_next(milter).kind, MILTER_RCPT);
		milter_reply(milter, "go away");
		assert_string_equal(
		    received(milter), "y451 4.3.0 the filter has no reply to give| ");
		assert_int_equal(milter_next(milter).kind, MILTER_DATA);
		milter_continue(milter);
		assert_int_equal(milter_next(milter).kind, MILTER_MESSAGE);
		assert_false(milter_changes(milter));
		milter_insert(milter, "X", "y");
		milter_continue(milter);
		assert_string_equal(received(milter), "c c ");
		assert_int_equal(milter_next(milter).kind, MILTER_QUIT);
		milter_free(milter);
	}
}

static void headers(void **state)
{
	struct milter *milter = open_milter(true);
	struct milter_event event;

	(void)state;
	SEND('M', "<>\0");
	SEND('L', "X-Spam-Warning\0 forged\0");
	SEND('L', "Subject\0\0");
	SEND('N', "");
	SEND('E', "");
	deliver(milter, 1000);
	assert_int_equal(milter_next(milter).kind, MILTER_MAIL);
	milter_continue(milter);
	event = milter_next(milter);
	assert_int_equal(event.kind, MILTER_HEADER);
	assert_false(event.answer);
	assert_string_equal(event.text, "X-Spam-Warning");
	assert_string_equal(event.value, " forged");
	assert_int_equal(milter_next(milter).kind, MILTER_HEADER);
	assert_int_equal(milter_next(milter).kind, MILTER_MESSAGE);
	received(milter);
	milter_remove(milter, "X-Spam-Warning", 1);
	milter_insert(milter, "X-Spam-Warning", "text");
	milter_continue(milter);
	assert_string_equal(received(milter), "m<1>X-Spam-Warning|| i<0>X-Spam-Warning|text| c ");
	milter_insert(milter, "X", "too late");
	assert_string_equal(received(milter), "");
	milter_free(milter);
}

static void macros_end(void **state)
{
	struct milter *milter = open_milter(false);

	(void)state;
	/* of a message with the next one, whether that brings its own or
	 * none */
	SEND('D', "M{auth_authen}\0alice\0");
	SEND('M', "<a>\0");
	SEND('A', "");
	SEND('M', "<b>\0");
	deliver(milter, 1000);
	assert_int_equal(milter_next(milter).kind, MILTER_MAIL);
	assert_non_null(milter_macro(milter, "auth_authen"));
	milter_continue(milter);
	assert_int_equal(milter_next(milter).kind, MILTER_ABORT);
	assert_int_equal(milter_next(milter).kind, MILTER_MAIL);
	assert_null(milter_macro(milter, "auth_authen"));
	milter_continue(milter);
	/* of a session with the next one on the same connection */
	SEND('D', "C{client_addr}\000192.0.2.7\0");
	SEND('C', "x\0U");
	SEND('K', "");
	SEND('C', "x\0L\0\0/run/x\0");
	deliver(milter, 1000);
	assert_int_equal(milter_next(milter).kind, MILTER_CONNECT);
	assert_non_null(milter_macro(milter, "client_addr"));
	assert_int_equal(milter_next(milter).kind, MILTER_NEXT);
	assert_null(milter_macro(milter, "client_addr"));
	assert_int_equal(milter_next(milter).kind, MILTER_CONNECT);
	assert_null(milter_macro(milter, "client_addr"));
	milter_free(milter);
}

static void addresses(void **state)
{
	static const struct {
		const char *data;
		size_t size;
		const char *address; /* NULL: refused */
	} cases[] = {
		BYTES("x\0004\0\1"
		      "192.0.2.7\0",
		    "192.0.2.7"),
		BYTES("x\0006\0\1"
		      "IPv6:2001:db8::1\0",
		    "2001:db8::1"),
		BYTES("x\0006\0\1"
		      "2001:db8::1\0",
		    "2001:db8::1"),
		BYTES("localhost\0U", ""),
		BYTES("unknown\0U", "unknown"),
		BYTES("mx.example.com\0U", "unknown"),
		BYTES("x\0L\0\0/run/x\0", ""),
		BYTES("x\0004\0\1"
		      "192.0.2.7",
		    NULL),
		BYTES("x\0004\0", NULL),
		BYTES("x\0X\0\0", NULL),
		BYTES("x\0", NULL),
		BYTES("x", NULL),
		BYTES("", NULL),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct milter *milter = open_milter(false);
		struct milter_event event;

		packet('C', cases[i].data, cases[i].size);
		deliver(milter, 1000);
		event = milter_next(milter);
		if (cases[i].address == NULL)
			assert_int_equal(event.kind, MILTER_BROKEN);
		else
			assert_string_equal(event.value, cases[i].address);
		milter_free(milter);
	}
}

static void broken(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *why;
	} cases[] = {
		BYTES("\0\0\0\0", "a packet that is empty or too large"),
		BYTES("\377\377\377\377", "a packet that is empty or too large"),
		BYTES("\0\4\0\1", "a packet that is empty or too large"),
		BYTES("\0\0\0\1z", "a command that does not exist"),
		BYTES("\0\0\0\1M", "a command without its argument"),
		BYTES("\0\0\0\5R<a>x", "a command without its argument"),
		BYTES("\0\0\0\1D", "a macro without its value"),
		BYTES("\0\0\0\4DMi\0", "a macro without its value"),
		BYTES("\0\0\0\3La\0", "a header field without its value"),
		BYTES("\0\0\0\2Ox", "options of a protocol older than version 2"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct milter *milter = open_milter(false);

		milter_input(milter, cases[i].bytes, cases[i].size);
		assert_int_equal(milter_next(milter).kind, MILTER_BROKEN);
		assert_string_equal(milter_error(milter), cases[i].why);
		assert_int_equal(milter_next(milter).kind, MILTER_BROKEN);
		milter_free(milter);
	}
	for (const char *command = "ABCDEHKLMNRTU"; *command != '\0'; command++) {
		struct milter *milter = milter_new(false);

		wired = 0;
		packet(*command, "a\0b", 4);
		deliver(milter, 1);
		assert_int_equal(milter_next(milter).kind, MILTER_BROKEN);
		assert_string_equal(milter_error(milter), "a command before the options");
		milter_free(milter);
	}
}

/* As much as one packet, and no more, is kept. */
static void sizes(void **state)
{
	struct milter *milter = open_milter(false);
	char *big = calloc(1, 2 * MILTER_PACKET_MAX);

	(void)state;
	assert_non_null(big);
	memcpy(big, "\0\4\0\0M<a>", 8);
	assert_int_equal(milter_input(milter, big, 2 * MILTER_PACKET_MAX), MILTER_PACKET_MAX + 4);
	assert_int_equal(milter_input(milter, big, 1), 0);
	assert_int_equal(milter_next(milter).kind, MILTER_MAIL);
	milter_continue(milter);
	assert_int_equal(milter_next(milter).kind, MILTER_NOTHING);
	assert_int_equal(milter_input(milter, big, 1), 1);
	milter_free(milter);
	milter = open_milter(false);
	memset(big, 'x', 2000);
	SEND('D', "Mi\0"
		  "1\0");
	deliver(milter, 100);
	assert_int_equal(milter_next(milter).kind, MILTER_NOTHING);
	assert_string_equal(milter_macro(milter, "i"), "1");
	big[0] = 'M';
	big[1] = 'i';
	big[2] = big[1999] = '\0';
	packet('D', big, 2000);
	deliver(milter, 100);
	assert_int_equal(milter_next(milter).kind, MILTER_NOTHING);
	assert_null(milter_macro(milter, "i"));
	milter_free(milter);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options),
		cmocka_unit_test(whole_session),
		cmocka_unit_test(headers),
		cmocka_unit_test(macros_end),
		cmocka_unit_test(addresses),
		cmocka_unit_test(broken),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
