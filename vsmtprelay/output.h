/* SPDX-License-Identifier: BSD-2-Clause
 *
 * output.h - rows of the store as lines that makemap(8) and relaydb_load() read
 * back
 *
 * Owns the form of list and dump, byte for byte; decides which rows cannot be a
 * line.  The caller decides which rows to print, and checks the stream for
 * errors.
 */
#ifndef VSMTPRELAY_OUTPUT_H
#define VSMTPRELAY_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "relaydb.h"

struct output {
	FILE *to;
	bool terminal; /* it goes to a screen: bytes above 127 are shown as \ooo */
	int64_t before; /* entries with a stamp below this, and all that are not entries */
	size_t unwritten; /* rows so far that cannot be a line; each is printed as a comment */
	int error; /* the errno that ended the walk */
};

/* Prints one row and its comment line to ARG, a struct output.  For
 * relaydb_each().  Returns 0, or -1 to end the walk when the stream has failed,
 * with the reason in error. */
int output_row(const struct relaydb_row *row, void *arg);

/* The address that ROW is for, entry or not.  Returns false if its key is
 * none. */
bool output_address(const struct relaydb_row *row, char address[RELAYDB_ADDRSTRLEN]);

#endif
