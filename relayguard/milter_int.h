/* SPDX-License-Identifier: BSD-2-Clause
 *
 * milter_int.h - what milter.c and milterout.c share and nobody else sees
 *
 * The constants of the protocol by value, with the names that mfdef.h and
 * mfapi.h of libmilter have for them.
 */
#ifndef RELAYGUARD_MILTER_INT_H
#define RELAYGUARD_MILTER_INT_H

#include "bytes.h"
#include "milter.h"

/* Commands of the MTA, SMFIC_ in mfdef.h. */
enum command {
	COMMAND_ABORT = 'A',
	COMMAND_BODY = 'B',
	COMMAND_CONNECT = 'C',
	COMMAND_MACRO = 'D',
	COMMAND_END = 'E', /* of the body, with its last piece */
	COMMAND_HELO = 'H',
	COMMAND_QUIT_NEXT = 'K',
	COMMAND_HEADER = 'L',
	COMMAND_MAIL = 'M',
	COMMAND_END_OF_HEADER = 'N',
	COMMAND_OPTIONS = 'O',
	COMMAND_QUIT = 'Q',
	COMMAND_RCPT = 'R',
	COMMAND_DATA = 'T',
	COMMAND_UNKNOWN = 'U'
};

/* Replies, SMFIR_. */
enum reply { REPLY_CONTINUE = 'c', REPLY_INSERT = 'i', REPLY_CHANGE = 'm', REPLY_TEXT = 'y' };

/* What a filter may do, SMFIF_. */
enum action { ACTION_ADD_HEADERS = 0x1, ACTION_CHANGE_HEADERS = 0x10, ACTION_SET_MACROS = 0x100 };

/* What is left out, and where no answer is sent, SMFIP_. */
enum step {
	STEP_NO_HELO = 0x2,
	STEP_NO_BODY = 0x10,
	STEP_NO_HEADERS = 0x20,
	STEP_NO_END_OF_HEADER = 0x40,
	STEP_QUIET_HEADER = 0x80,
	STEP_REFUSED_TOO = 0x800, /* recipients that the MTA refuses are passed on */
	STEP_QUIET_CONNECT = 0x1000
};

enum { VERSION_OLDEST = 2, VERSION_OURS = 6 };

enum { MILTER_MACROS = 13 }; /* that are asked for */

struct milter {
	struct bytes in, out;
	size_t used; /* bytes of IN that the event's strings are in */
	bool headers;
	bool negotiated;
	bool waits; /* for an answer */
	bool no_memory;
	bool fresh_recipient; /* the same of RCPT */
	char fresh; /* the command whose macros came last: C or M, until that comes */
	uint32_t actions, steps; /* agreed */
	char *macro[MILTER_MACROS];
	char address[128]; /* of the client; the packet has a byte too few for it */
	const char *error;
};

/* Adds bytes to what goes to the MTA: SIZE of DATA; a number of four bytes; the
 * head of a packet with SIZE bytes of data.  Without memory milter->no_memory
 * is set, and the connection ends with the next milter_next(). */
void milter_put(struct milter *milter, const void *data, size_t size);
void milter_put_number(struct milter *milter, uint32_t number);
void milter_put_head(struct milter *milter, char command, size_t size);

#endif
