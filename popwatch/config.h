/* SPDX-License-Identifier: BSD-2-Clause
 *
 * config.h - popwatch.conf(5): the settings and their defaults
 *
 * Owns: the table of settings.  Every error is reported with file and line;
 * an unknown word is one.
 */
#ifndef POPWATCH_CONFIG_H
#define POPWATCH_CONFIG_H

#include "config_data.h"

#define CONFIG_FILE RELAYERS_SYSCONFDIR "/popwatch.conf"

/* Reads FILE; NULL means the defaults alone.  Returns the settings
 * (config_free() them), or NULL after reporting every error. */
struct config *config_load(const char *file, struct conf_errors *errors);

/* The same for a FILE that is read again after rights were given up, when the
 * system's users cannot be looked up any more: those of socket-users that OLD
 * has too keep their numbers, other names are errors.  OLD stays the
 * caller's. */
struct config *config_reload(
    const char *file, const struct config *old, struct conf_errors *errors);

/* Like config_load() for popwatch -n, which looks for errors: returns what
 * could be taken in spite of them; NULL only when FILE could not be read.
 * Where DEFINITIONS is wrong there are none. */
struct config *config_load_anyway(const char *file, struct conf_errors *errors);

/* Like config_load() for TEXT, for tests. */
struct config *config_load_text(const char *text, struct conf_errors *errors);

/* The name of a setting that differs between OLD and NEW, and that cannot
 * change while popwatch runs; NULL: none. */
const char *config_restart(const struct config *old, const struct config *new);

/* Frees them; a NULL is fine. */
void config_free(struct config *config);

#endif
