/* SPDX-License-Identifier: BSD-2-Clause
 *
 * engineurl.h - where the engine is, as relaymirror.conf writes it
 *
 * Owns: the forms
 *	redis://ADDRESS[:PORT][/DATABASE]
 *	unix:/PATH
 *	redis+sentinel://ADDRESS[:PORT],.../MASTER
 * and the same two with rediss for TLS.  ADDRESS is a number, in brackets if
 * IPv6: a resolver that does not answer must not keep anybody waiting, and
 * Sentinel names engines by number.  No user and no password: those have
 * settings of their own.
 */
#ifndef RELAYMIRROR_ENGINEURL_H
#define RELAYMIRROR_ENGINEURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ENGINEURL_PLACES 8
#define ENGINE_PORT 6379
#define SENTINEL_PORT 26379
#define PLACE_TEXT 80

/* A socket to connect to. */
struct engineplace {
	struct sockaddr_storage socket;
	socklen_t size;
	uint16_t port; /* 0: a Unix socket */
	char text[PLACE_TEXT]; /* for messages; a long path is cut */
};

struct engineurl {
	bool tls;
	bool sentinel; /* the places are Sentinels that know MASTER */
	struct engineplace places[ENGINEURL_PLACES];
	size_t count;
	char master[64];
	unsigned database;
};

/* Reads TEXT.  Returns NULL, or what is wrong with it: static text. */
const char *engineurl_parse(const char *text, struct engineurl *url);

/* The place of ADDRESS, a number, and PORT.  Returns false if it is no
 * address. */
bool engineplace_make(const char *address, uint16_t port, struct engineplace *place);

/* Reads a port, 1 to 65535, from text; 0: it is none. */
uint16_t engineurl_port(const char *text);

#endif
