/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guardconf.h - relayguard.conf(5): the settings and their defaults
 *
 * Owns: the strings and lists of a configuration.  Leaves to others: the rule
 * file, which rulefile.h reads.
 */
#ifndef RELAYGUARD_GUARDCONF_H
#define RELAYGUARD_GUARDCONF_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "throttle.h"

#define GUARDCONF_FILE RELAYERS_SYSCONFDIR "/relayguard.conf"

struct guardconf {
	char *file;
	/* addresses of sockets; NULL at the end, NULL where there are none */
	char **milter, **policy, **policy_relay;
	char *socket_owner, *socket_group; /* "": as they come */
	int64_t socket_mode;
	char *rules; /* "": none */
	char *database; /* as relaydb_path() chose it */
	int64_t window; /* seconds, as all times here */
	int refuse; /* default = deny */
	int64_t delay, answer_within, dns_timeout;
	int defer; /* on-dns-failure = defer */
	char *resolver; /* "": those of resolv.conf */
	int64_t tarpit_after, tarpit, pauses;
	struct throttle_limit limit[THROTTLE_CLASSES][THROTTLE_WHATS];
	bool log_attempts;
	char *tag_header;
	char *user, *pid_file, *stats_file, *state;
};

/* Reads FILE.  Returns NULL after complaints; free it with guardconf_free(). */
struct guardconf *guardconf_load(const char *file, struct conf_errors *errors);

/* The same from TEXT, for tests; NULL: the defaults. */
struct guardconf *guardconf_load_text(const char *text, struct conf_errors *errors);

/* NULL is fine. */
void guardconf_free(struct guardconf *conf);

/* The name of a setting that differs between OLD and NEW and cannot change
 * without a restart, or NULL. */
const char *guardconf_restart(const struct guardconf *old, const struct guardconf *new);

/* Is there any limit on messages or recipients? */
bool guardconf_throttles(const struct guardconf *conf);

/* The port of the resolver, where DNS is asked by TCP. */
uint16_t guardconf_dns_port(const struct guardconf *conf);

#endif
