/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rulefile.h - the rule file: reading it, and reporting what is wrong with it
 */
#ifndef RELAYGUARD_RULEFILE_H
#define RELAYGUARD_RULEFILE_H

struct rules;

/* Reads PATH and logs every error and warning in it as "PATH:LINE:COLUMN: ...".
 * Returns a handle (rules_free()), or NULL after logging why not. */
struct rules *rulefile_read(const char *path);

#endif
