/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reply.h - the form of a refusal, RFC 5321, 4.2
 */
#ifndef RELAYGUARD_REPLY_H
#define RELAYGUARD_REPLY_H

#include <stdbool.h>

/* Does TEXT begin with a code from 400 to 559 and a blank?  Nothing else is
 * sent as a refusal, whatever it came from. */
bool reply_refuses(const char *text);

/* A byte as a reply may hold it: itself if printable ASCII, else "?". */
char reply_byte(char byte);

#endif
