/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reload.h - the configuration is read again while popwatch runs
 *
 * Rights were given up: what would need root, or another sandbox, is refused by
 * the name of its setting, and the old configuration stays as a whole.
 */
#ifndef POPWATCH_RELOAD_H
#define POPWATCH_RELOAD_H

#include "parts.h"
#include "sandbox.h"

/* Reads FILE, and changes PARTS if all of it can be; logs which of both. */
void reload_config(struct parts *parts, const struct sandbox *sandbox, const char *file);

/* Watches the directories of the files that are followed now, and no others. */
void reload_watch(const struct parts *parts);

#endif
