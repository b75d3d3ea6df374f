/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tag.h - the program's name in a line, and families of such names
 *
 * Owns: how a definition writes many tags as one.  "*" and "/imap" is any tag
 * that ends so (Cyrus' syslog_prefix), "dovecot-*" any that begins so
 * (Dovecot's instance_name).  Pure.
 */
#ifndef POPWATCH_TAG_H
#define POPWATCH_TAG_H

#include <stdbool.h>
#include <stddef.h>

#include "span.h"

/* A tag of a definition is shorter; a longer one of a line is of no family. */
#define TAG_MAX 128

/* The family of TAG, as definitions write it, in FAMILY without a NUL: of a tag
 * with a slash what follows the last one, of another one with a hyphen what
 * precedes the first.  Returns its size, or 0 if the tag is of none. */
size_t tag_family(struct span tag, char family[TAG_MAX]);

/* Is TAG in the list TAGS (list.h), by its name or by that of its family? */
bool tag_listed(char *const *tags, struct span tag);

/* Can a line have TEXT for a tag, or is it a family? */
bool tag_is(const char *text);

#endif
