/* SPDX-License-Identifier: BSD-2-Clause
 *
 * milter.h - the filter's side of the milter protocol, versions 2 to 6
 *
 * Owns: packets, option negotiation, macros, replies and their limits.  Pure:
 * bytes in, bytes out; no socket, no clock.  One handle is one connection of an
 * MTA.
 *
 * Not libmilter: in Debian it answers from a pool of few threads, so callbacks
 * that wait, which is what pauses and lookups are, keep other sessions waiting.
 * The constants are those of <libmilter/mfdef.h>, which has the protocol.
 *
 * Limits: a packet has at most MILTER_PACKET_MAX bytes, a macro's value
 * MILTER_MACRO_MAX (a longer one counts as not sent).
 */
#ifndef RELAYGUARD_MILTER_H
#define RELAYGUARD_MILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MILTER_PACKET_MAX (256 * 1024)
#define MILTER_MACRO_MAX 1024
#define MILTER_NOBODY "unknown" /* the address of a client that the MTA does not know */

enum milter_kind {
	MILTER_NOTHING, /* more bytes are needed, or an answer is due first */
	/* text: the client's name, value: its address ("": this host, or
	 * MILTER_NOBODY) */
	MILTER_CONNECT,
	MILTER_MAIL, /* text: the sender as in the command, < > and all */
	MILTER_RCPT, /* text: the recipient, likewise */
	MILTER_DATA,
	MILTER_UNKNOWN, /* text: a command that the MTA does not know */
	MILTER_HEADER, /* text: name, value: value; only if headers were asked for */
	MILTER_MESSAGE, /* its end: the last chance to change it */
	MILTER_ABORT, /* the message is given up; the session goes on */
	MILTER_NEXT, /* the session is over, another one follows on this connection */
	MILTER_QUIT, /* the session is over */
	MILTER_BROKEN /* milter_error() says why; close the connection */
};

struct milter_event {
	enum milter_kind kind;
	bool answer; /* exactly one of milter_continue(), milter_reply() is due */
	/* Strings belong to the handle and end with the next milter_next() or
	 * milter_input(). */
	const char *text;
	const char *value;
};

struct milter;

/* HEADERS: header fields and the end of the message are of interest, and the
 * message may be changed.  Returns NULL without memory. */
struct milter *milter_new(bool headers);

/* Frees it; NULL is fine. */
void milter_free(struct milter *milter);

/* Takes bytes that the MTA sent.  Returns how many of SIZE were taken: fewer
 * when as much as one packet waits already.  Call milter_next() until it says
 * MILTER_NOTHING, then offer the rest again. */
size_t milter_input(struct milter *milter, const void *data, size_t size);

/* The next event.  After one that an answer is due to nothing comes before it
 * was given. */
struct milter_event milter_next(struct milter *milter);

/* Does an event still wait for its answer? */
bool milter_waits(const struct milter *milter);

/* The value of a macro, named without braces ("client_addr", "i"), as it was
 * sent last for this session or message; NULL: not sent. */
const char *milter_macro(const struct milter *milter, const char *name);

/* May the message be changed (the MTA allowed it)? */
bool milter_changes(const struct milter *milter);

/* The answers.  A milter_continue() at MILTER_MESSAGE takes the message.  REPLY
 * is "XXX[ y.z.w] text" with XXX 4xx or 5xx; other bytes than printable ASCII
 * become "?", and a reply of another form is sent as 451. */
void milter_continue(struct milter *milter);
void milter_reply(struct milter *milter, const char *reply);

/* Changes at MILTER_MESSAGE, before its answer: inserts a field above all
 * others, or removes the N-th (from 1) field NAME. */
void milter_insert(struct milter *milter, const char *name, const char *value);
void milter_remove(struct milter *milter, const char *name, uint32_t n);

/* Bytes for the MTA: *SIZE of them, which belong to the handle; NULL if there
 * are none. */
const char *milter_output(const struct milter *milter, size_t *size);

/* SIZE of these were sent. */
void milter_sent(struct milter *milter, size_t size);

/* Why the event was MILTER_BROKEN.  Static text. */
const char *milter_error(const struct milter *milter);

#endif
