/* SPDX-License-Identifier: BSD-2-Clause
 *
 * definitions.h - the files servers.d/NAME.conf
 *
 * Owns: which file a name means.  Leaves to others: what is in a definition,
 * and which of them can count together (catalogue.h).
 */
#ifndef POPWATCH_DEFINITIONS_H
#define POPWATCH_DEFINITIONS_H

#include <stdbool.h>

#include "catalogue.h"
#include "conf.h"

/* Reads the definitions NAMES (NULL at the end) from DIRECTORIES (NULL at the
 * end): NAME.conf of an earlier directory hides that of a later one.  A
 * directory that does not exist has no files.  The name "all" means every file
 * there is, and "auto" those whose server is installed here (binary in
 * relayers-servers(5)); if not EVERY, they leave out those that count by their
 * name alone, unless they are named beside it.  EVERY is for "all".
 * Errors are reported to PLACE's; those of NAMES are at PLACE.  Returns the
 * catalogue (catalogue_free() it), or NULL after errors or without memory. */
struct catalogue *definitions_load(
    const char *const *directories, char *const *names, bool every, const struct conf_place *place);

#endif
