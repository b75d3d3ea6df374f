/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tls.h - TLS to the engine, where hiredis was built with it (1.0 and later)
 *
 * The engine's certificate must be signed by the authority in CA, which should
 * sign nothing else: hiredis compares no names.  There is no way back to clear
 * text.
 */
#ifndef RELAYMIRROR_TLS_H
#define RELAYMIRROR_TLS_H

#include <stdbool.h>

struct tls;
struct redisContext;

/* Can it be done at all? */
bool tls_is_built(void);

/* Reads the certificates of authorities CA, and this host's CERTIFICATE and KEY
 * ("": none).  Call it before rights are given up.  Returns NULL after logging
 * why not. */
struct tls *tls_new(const char *ca, const char *certificate, const char *key);

/* NULL is fine. */
void tls_free(struct tls *tls);

/* Begins on a connection.  Returns false if it cannot; its errstr says why. */
bool tls_begin(struct tls *tls, struct redisContext *connection);

/* Why a connection with TLS has failed just now; OTHERWISE if not by TLS. */
const char *tls_why(const char *otherwise);

#endif
