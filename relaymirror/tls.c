/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tls.c - TLS to the engine, see tls.h
 */
#include "tls.h"

#include "log.h"

#if __has_include(<hiredis/hiredis_ssl.h>)

#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <stddef.h>
#include <stdlib.h>

struct tls {
	redisSSLContext *context;
};

bool tls_is_built(void)
{
	return true;
}

struct tls *tls_new(const char *ca, const char *certificate, const char *key)
{
	struct tls *tls = calloc(1, sizeof *tls);
	redisSSLContextError error = REDIS_SSL_CTX_NONE;

	if (tls == NULL) {
		log_say(LOG_ERR, "out of memory");
		return NULL;
	}
	redisInitOpenSSL();
	tls->context = redisCreateSSLContext(ca, NULL, *certificate != '\0' ? certificate : NULL,
	    *key != '\0' ? key : NULL, NULL, &error);
	if (tls->context != NULL)
		return tls;
	log_say(LOG_ERR, "TLS with tls-ca = '%s': %s", ca, redisSSLContextGetError(error));
	free(tls);
	return NULL;
}

void tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	redisFreeSSLContext(tls->context);
	free(tls);
}

bool tls_begin(struct tls *tls, struct redisContext *connection)
{
	ERR_clear_error();
	return redisInitiateSSLWithContext(connection, tls->context) == REDIS_OK;
}

/* hiredis has the text of errno, which says nothing of a handshake. */
const char *tls_why(const char *otherwise)
{
	const unsigned long code = ERR_peek_last_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return reason != NULL ? reason : otherwise;
}

#else

#include <stddef.h>

bool tls_is_built(void)
{
	return false;
}

struct tls *tls_new(const char *ca, const char *certificate, const char *key)
{
	(void)ca, (void)certificate, (void)key;
	log_say(LOG_ERR, "TLS is not built in");
	return NULL;
}

void tls_free(struct tls *tls)
{
	(void)tls;
}

bool tls_begin(struct tls *tls, struct redisContext *connection)
{
	(void)tls, (void)connection;
	return false;
}

const char *tls_why(const char *otherwise)
{
	return otherwise;
}

#endif
