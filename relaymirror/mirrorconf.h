/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrorconf.h - relaymirror.conf(5): the settings and their defaults
 *
 * Owns: the strings of a configuration, and the passwords, which it reads from
 * their files.
 */
#ifndef RELAYMIRROR_MIRRORCONF_H
#define RELAYMIRROR_MIRRORCONF_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "engine.h"
#include "ipnet.h"

#define MIRRORCONF_FILE RELAYERS_SYSCONFDIR "/relaymirror.conf"
#define MIRRORCONF_PORTS 8

struct mirrorconf {
	char *engine; /* as it is written */
	struct engineurl url;
	uint16_t ports[MIRRORCONF_PORTS]; /* where Sentinel may say that the engine is */
	size_t port_count;
	char *user, *password_file, *password; /* of the engine; "": none */
	char *admin_user, *admin_password_file, *admin_password;
	char *sentinel_user, *sentinel_password_file, *sentinel_password;
	char *tls_ca, *tls_certificate, *tls_key;
	bool publish, subscribe;
	int64_t window, engine_keeps; /* seconds */
	struct netset ignore;
	char *database; /* as relaydb_path() chose it */
	char *control, *state, *run_as, *pid_file, *stats_file;
};

/* Reads FILE, and the password files.  Returns NULL after complaints; free it
 * with mirrorconf_free(). */
struct mirrorconf *mirrorconf_load(const char *file, struct conf_errors *errors);

/* The same from TEXT, for tests. */
struct mirrorconf *mirrorconf_load_text(const char *text, struct conf_errors *errors);

/* Forgets the passwords, too.  NULL is fine. */
void mirrorconf_free(struct mirrorconf *conf);

/* For a reload, which cannot read the password files any more: reads FILE
 * without them. */
struct mirrorconf *mirrorconf_reload(const char *file, struct conf_errors *errors);

/* Puts the settings of NEW that need no restart into CONF, and those of CONF
 * into NEW. */
void mirrorconf_swap(struct mirrorconf *conf, struct mirrorconf *new);

/* The name of a setting that differs between OLD and NEW and cannot change
 * without a restart, or NULL. */
const char *mirrorconf_restart(const struct mirrorconf *old, const struct mirrorconf *new);

/* May this host's daemon give orders, and remove old logins?  With an
 * administrator's user, or where nobody has one. */
bool mirrorconf_orders(const struct mirrorconf *conf);

/* How the engine is reached for PURPOSE, by this host's user, or where ORDERS
 * are to be given by the administrator's, if there is one.  Points into
 * CONF. */
struct engine_options mirrorconf_engine(
    const struct mirrorconf *conf, struct tls *tls, const char *purpose, bool orders);

#endif
