/* SPDX-License-Identifier: BSD-2-Clause
 *
 * milter.c - the filter's side of the milter protocol, see milter.h
 *
 * A packet is a length of four bytes (big endian, without itself), a command of
 * one byte, and data.  Strings in it end with a NUL.
 */
#include "milter_int.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* The macros that are asked for.  sendmail sends none of a client's unasked. */
static const struct {
	const char *name;
	bool message; /* ends with the message, not with the session */
} macros[] = {
	{ "client_addr", false },
	{ "client_name", false },
	{ "client_ptr", false },
	{ "client_resolve", false },
	{ "client_port", false },
	{ "daemon_port", false },
	{ "auth_authen", true },
	{ "auth_type", true },
	{ "i", true },
	{ "nbadrcpts", true },
	/* of a recipient that the MTA refuses itself: "error", status and text
	 * */
	{ "rcpt_mailer", true },
	{ "rcpt_host", true },
	{ "rcpt_addr", true },
};

_Static_assert(sizeof macros / sizeof *macros == MILTER_MACROS, "one value for each");

/* Stages at which they are sent, SMFIM_ in mfapi.h. */
static const struct {
	uint32_t stage;
	const char *names;
} stages[] = {
	{ 0, "{client_addr} {client_name} {client_ptr} {client_resolve} {client_port} "
	     "{daemon_port}" },
	{ 2, "i {auth_authen} {auth_type}" },
	{ 3, "i {rcpt_mailer} {rcpt_host} {rcpt_addr}" },
	{ 4, "i {nbadrcpts}" },
	{ 5, "i {nbadrcpts}" },
};

struct milter *milter_new(bool headers)
{
	struct milter *milter = calloc(1, sizeof *milter);

	if (milter != NULL)
		milter->headers = headers;
	return milter;
}

/* Forgets the macros of one recipient. */
static void forget_recipient(struct milter *milter)
{
	for (size_t i = 0; i < MILTER_MACROS; i++) {
		if (strncmp(macros[i].name, "rcpt_", 5) != 0)
			continue;
		free(milter->macro[i]);
		milter->macro[i] = NULL;
	}
}

/* Forgets the macros of the message, or of the session too. */
static void forget(struct milter *milter, bool session)
{
	for (size_t i = 0; i < MILTER_MACROS; i++) {
		if (session || macros[i].message) {
			free(milter->macro[i]);
			milter->macro[i] = NULL;
		}
	}
}

void milter_free(struct milter *milter)
{
	if (milter == NULL)
		return;
	forget(milter, true);
	bytes_free(&milter->in);
	bytes_free(&milter->out);
	free(milter);
}

size_t milter_input(struct milter *milter, const void *data, size_t size)
{
	const size_t most = MILTER_PACKET_MAX + 4;
	size_t room = milter->in.size < most ? most - milter->in.size : 0;

	if (size > room)
		size = room;
	if (!bytes_add(&milter->in, data, size))
		milter->no_memory = true;
	return size;
}

/* ---- input ---- */

static struct milter_event broken(struct milter *milter, const char *why)
{
	milter->error = why;
	return (struct milter_event){ .kind = MILTER_BROKEN };
}

/* The string at *P, which moves behind its NUL; NULL if there is no NUL. */
static const char *take_string(const char **p, const char *end)
{
	const char *text = *p, *stop = memchr(text, '\0', (size_t)(end - text));

	if (stop == NULL)
		return NULL;
	*p = stop + 1;
	return text;
}

static uint32_t number_at(const char *p)
{
	uint32_t wire;

	memcpy(&wire, p, sizeof wire);
	return ntohl(wire);
}

static void put_macro_lists(struct milter *milter)
{
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
		milter_put_number(milter, stages[i].stage);
		milter_put(milter, stages[i].names, strlen(stages[i].names) + 1);
	}
}

static bool negotiate(struct milter *milter, const char *data, size_t size)
{
	uint32_t wanted = STEP_NO_HELO | STEP_NO_BODY | STEP_NO_END_OF_HEADER | STEP_QUIET_CONNECT |
			  STEP_REFUSED_TOO;
	uint32_t version, lists = 0;

	if (size < 12) /* version, actions, steps; later versions may add more */
		return false;
	version = number_at(data);
	if (version < VERSION_OLDEST)
		return false;
	milter->actions = number_at(data + 4) & ACTION_SET_MACROS;
	if (milter->headers)
		milter->actions |=
		    number_at(data + 4) & (ACTION_ADD_HEADERS | ACTION_CHANGE_HEADERS);
	wanted |= milter->headers ? STEP_QUIET_HEADER : STEP_NO_HEADERS;
	milter->steps = number_at(data + 8) & wanted;
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
		lists += 4 + (uint32_t)strlen(stages[i].names) + 1;
	if ((milter->actions & ACTION_SET_MACROS) == 0)
		lists = 0;
	milter_put_head(milter, COMMAND_OPTIONS, 12 + lists);
	milter_put_number(milter, version < VERSION_OURS ? version : VERSION_OURS);
	milter_put_number(milter, milter->actions);
	milter_put_number(milter, milter->steps);
	if (lists > 0)
		put_macro_lists(milter);
	milter->negotiated = true;
	return true;
}

static void set_macro(struct milter *milter, const char *name, const char *value)
{
	size_t size = strlen(name);

	if (size > 2 && name[0] == '{' && name[size - 1] == '}') {
		name++;
		size -= 2;
	}
	for (size_t i = 0; i < MILTER_MACROS; i++) {
		if (strlen(macros[i].name) != size || memcmp(macros[i].name, name, size) != 0)
			continue;
		free(milter->macro[i]);
		milter->macro[i] = NULL;
		if (strlen(value) <= MILTER_MACRO_MAX) {
			milter->macro[i] = strdup(value);
			milter->no_memory |= milter->macro[i] == NULL;
		}
	}
}

/* The macros that go before a command; those of MAIL begin a message. */
static bool take_macros(struct milter *milter, const char *data, size_t size)
{
	const char *p = data + 1, *end = data + size;

	if (size == 0)
		return false;
	if (data[0] == COMMAND_CONNECT || data[0] == COMMAND_MAIL) {
		forget(milter, data[0] == COMMAND_CONNECT);
		milter->fresh = data[0];
	}
	if (data[0] == COMMAND_RCPT) {
		forget_recipient(milter);
		milter->fresh_recipient = true;
	}
	while (p < end) {
		const char *name = take_string(&p, end);
		const char *value = name != NULL ? take_string(&p, end) : NULL;

		if (value == NULL)
			return false;
		set_macro(milter, name, value);
	}
	return true;
}

const char *milter_macro(const struct milter *milter, const char *name)
{
	for (size_t i = 0; i < MILTER_MACROS; i++) {
		if (strcmp(macros[i].name, name) == 0)
			return milter->macro[i];
	}
	return NULL;
}

/* Name, family, and unless that is unknown, port and address.  The unknown
 * family is sendmail's for "sendmail -bs", whose client is called localhost,
 * and Postfix's for a client that had gone before it was looked at: nobody, and
 * not this host.  (Of a client whose proxy did not report its address, Postfix
 * sends family 4 and "unknown".) */
static struct milter_event take_connect(struct milter *milter, const char *data, size_t size)
{
	const char *p = data, *end = data + size, *name = take_string(&p, end), *address = "";
	char family;

	if (name == NULL || p == end)
		return broken(milter, "a connection without its name or family");
	family = *p++;
	milter->address[0] = '\0';
	if (family == '4' || family == '6') {
		if (end - p < 2)
			return broken(milter, "a connection without its port");
		p += 2;
		address = take_string(&p, end);
		if (address == NULL || strlen(address) >= sizeof milter->address)
			return broken(milter, "a connection without its address");
		/* sendmail writes IPv6:2001:db8::1 */
		strcpy(
		    milter->address, strncasecmp(address, "IPv6:", 5) == 0 ? address + 5 : address);
	} else if (family == 'U') {
		if (strcmp(name, "localhost") != 0)
			strcpy(milter->address, MILTER_NOBODY);
	} else if (family != 'L') {
		return broken(milter, "a connection of a family that does not exist");
	}
	return (
	    struct milter_event){ .kind = MILTER_CONNECT, .text = name, .value = milter->address };
}

/* A command whose first argument matters. */
static struct milter_event take_text(
    struct milter *milter, enum milter_kind kind, const char *data, size_t size)
{
	const char *p = data, *text = take_string(&p, data + size);

	if (text == NULL)
		return broken(milter, "a command without its argument");
	return (struct milter_event){ .kind = kind, .text = text };
}

static struct milter_event take_header(struct milter *milter, const char *data, size_t size)
{
	const char *p = data, *end = data + size, *name = take_string(&p, end);
	const char *value = name != NULL ? take_string(&p, end) : NULL;

	if (value == NULL)
		return broken(milter, "a header field without its value");
	return (struct milter_event){ .kind = MILTER_HEADER, .text = name, .value = value };
}

static struct milter_event take_command(
    struct milter *milter, char command, const char *data, size_t size)
{
	switch (command) {
	case COMMAND_CONNECT:
		return take_connect(milter, data, size);
	case COMMAND_MAIL:
		return take_text(milter, MILTER_MAIL, data, size);
	case COMMAND_RCPT:
		return take_text(milter, MILTER_RCPT, data, size);
	case COMMAND_UNKNOWN:
		return take_text(milter, MILTER_UNKNOWN, data, size);
	case COMMAND_HEADER:
		return take_header(milter, data, size);
	case COMMAND_DATA:
		return (struct milter_event){ .kind = MILTER_DATA };
	case COMMAND_END:
		return (struct milter_event){ .kind = MILTER_MESSAGE };
	case COMMAND_ABORT:
		return (struct milter_event){ .kind = MILTER_ABORT };
	case COMMAND_QUIT:
		return (struct milter_event){ .kind = MILTER_QUIT };
	case COMMAND_QUIT_NEXT:
		forget(milter, true);
		return (struct milter_event){ .kind = MILTER_NEXT };
	case COMMAND_MACRO:
		if (!take_macros(milter, data, size))
			return broken(milter, "a macro without its value");
		return (struct milter_event){ .kind = MILTER_NOTHING };
	case COMMAND_HELO:
	case COMMAND_BODY:
	case COMMAND_END_OF_HEADER: /* an older MTA sends what was not asked for */
		return (struct milter_event){ .kind = MILTER_NOTHING };
	default:
		return broken(milter, "a command that does not exist");
	}
}

/* Is an answer to COMMAND due? */
static bool wants_answer(const struct milter *milter, char command)
{
	if (command == COMMAND_CONNECT)
		return (milter->steps & STEP_QUIET_CONNECT) == 0;
	if (command == COMMAND_HEADER)
		return (milter->steps & STEP_QUIET_HEADER) == 0;
	return strchr("ADKOQ", command) == NULL;
}

/* No macros came with COMMAND: those of the last session or message, an
 * authenticated user among them, must not count for this one. */
static void drop_stale(struct milter *milter, char command)
{
	if (command == COMMAND_RCPT) {
		if (!milter->fresh_recipient)
			forget_recipient(milter);
		milter->fresh_recipient = false;
	}
	if (command != COMMAND_CONNECT && command != COMMAND_MAIL)
		return;
	if (milter->fresh != command)
		forget(milter, command == COMMAND_CONNECT);
	milter->fresh = 0;
}

/* One whole packet. */
static struct milter_event take_packet(
    struct milter *milter, char command, const char *data, size_t size)
{
	struct milter_event event = { .kind = MILTER_NOTHING };

	if (command == COMMAND_OPTIONS)
		return negotiate(milter, data, size)
			   ? event
			   : broken(milter, "options of a protocol older than version 2");
	if (!milter->negotiated && command != COMMAND_QUIT)
		return broken(milter, "a command before the options");
	drop_stale(milter, command);
	event = take_command(milter, command, data, size);
	if (event.kind == MILTER_BROKEN || !wants_answer(milter, command))
		return event;
	milter->waits = true;
	event.answer = event.kind != MILTER_NOTHING;
	if (!event.answer)
		milter_continue(milter);
	return event;
}

struct milter_event milter_next(struct milter *milter)
{
	struct milter_event event = { .kind = MILTER_NOTHING };

	while (event.kind == MILTER_NOTHING && !milter->waits) {
		uint32_t size;

		bytes_take(&milter->in, milter->used);
		milter->used = 0;
		if (milter->error != NULL)
			return broken(milter, milter->error);
		if (milter->no_memory)
			return broken(milter, "out of memory");
		if (milter->in.size < 4)
			break;
		size = number_at(milter->in.data);
		if (size == 0 || size > MILTER_PACKET_MAX)
			return broken(milter, "a packet that is empty or too large");
		if (milter->in.size - 4 < size)
			break;
		milter->used = 4 + size;
		event =
		    take_packet(milter, milter->in.data[4], milter->in.data + 5, (size_t)size - 1);
	}
	return event;
}

bool milter_waits(const struct milter *milter)
{
	return milter->waits;
}

const char *milter_error(const struct milter *milter)
{
	return milter->error;
}
