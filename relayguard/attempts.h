/* SPDX-License-Identifier: BSD-2-Clause
 *
 * attempts.h - the log line of a decision, for machines and people
 *
 * Owns: its form,
 *
 *	rcpt deny rule=12 client=[192.0.2.7] reply="550 5.7.1 ..."
 *	name=mx.example.org from=<a@b> to=<c@d>
 *
 * in one line.  What the client chose stands behind what it did not, and
 * every byte other than printable ASCII, and \ " < > [ ] = in it, is \xNN: no
 * client can write a line, or a part of one, that names another address.
 */
#ifndef RELAYGUARD_ATTEMPTS_H
#define RELAYGUARD_ATTEMPTS_H

#include "rules.h"

#include <stddef.h>

#define ATTEMPTS_LINE_SIZE 1000 /* within what log_say() takes */

struct attempt {
	const char *what; /* "rcpt deny" and the like: our own words */
	size_t rule; /* 0: none decided */
	const struct rules_envelope *envelope;
	const char *reply; /* "": none */
};

/* Writes the line to OUT, without a newline.  Long parts are cut, and end in
 * "...". */
void attempts_line(char out[ATTEMPTS_LINE_SIZE], const struct attempt *attempt);

#endif
