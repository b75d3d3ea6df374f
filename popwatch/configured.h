/* SPDX-License-Identifier: BSD-2-Clause
 *
 * configured.h - what the settings of popwatch.conf(5) name: definitions with
 * their tags and elements, a user, networks that are ignored
 *
 * config.h has the settings; this asks the catalogue and the system about them.
 */
#ifndef POPWATCH_CONFIGURED_H
#define POPWATCH_CONFIGURED_H

#include "config_data.h"

struct catalogue;

/* The definitions that are configured, as definitions_load() reads them; a name
 * in servers that does not exist is reported with the place of that setting.
 * Returns the catalogue, or NULL after complaints, or when there are no
 * directories of definitions. */
struct catalogue *config_catalogue(const struct config *config, struct conf_errors *errors);

/* If servers = auto: the definitions that CATALOGUE, the configured one, has
 * not, to report the servers that log here and are not enabled.  NULL: nobody
 * asked, or without memory. */
struct catalogue *config_others(const struct config *config, const struct catalogue *catalogue);

/* Gives CATALOGUE the tags and the elements that are configured; those of
 * servers that it does not have are errors unless it is of OTHERS than those
 * configured.  Returns false after complaints. */
bool config_adapt(const struct config *config, struct catalogue *catalogue, bool others,
    struct conf_errors *errors);

/* Is ADDRESS one of those that are not recorded? */
bool config_ignores(const struct config *config, const char *address);

/* Sets those who may use the socket to the names and numbers in VALUE.  Names
 * that OLD, which CONFIG is to replace, has too keep their numbers, since the
 * system cannot be asked any more; OLD may be NULL.  Errors are reported to
 * PLACE's. */
void config_set_socket_users(struct config *config, const struct config *old, const char *value,
    const struct conf_place *place);

/* Does this host have the time zone NAME, and may it be read? */
bool config_has_zone(const char *name);

/* Does the user that popwatch is to become exist?  False after complaining that
 * it does not; true if the system cannot answer now: user_become() will report
 * that. */
bool config_has_user(const struct config *config, struct conf_errors *errors);

/* Is there nothing that logins could come from? */
bool config_is_idle(const struct config *config);

#endif
