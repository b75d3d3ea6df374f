/* SPDX-License-Identifier: BSD-2-Clause
 *
 * settingtext.h - the text of Postfix's settings: lines, references, words
 *
 * Owns: how "NAME = VALUE" lines of postconf_text() are taken apart.  Pure.
 * Limit: of references only $name, ${name} and $(name) are known.
 */
#ifndef VSMTPRELAY_SETTINGTEXT_H
#define VSMTPRELAY_SETTINGTEXT_H

#include <stdbool.h>

#include "span.h"

/* The next line at *AT, which moves on.  False at the end.  A line without "="
 * has an empty value. */
bool settings_next(const char **at, struct span *name, struct span *value);

/* The last setting of that name in SETTINGS counts.  False if there is none. */
bool settings_find(const char *settings, struct span name, struct span *value);

/* VALUE with what it refers to in SETTINGS; free it.  NULL without memory. */
char *settings_expand(const char *settings, struct span value);

/* The next word of *REST, which moves on; what is in braces is one.  False at
 * the end. */
bool word_next(struct span *rest, struct span *word);

/* Is it TEXT, in any case? */
bool word_is(struct span word, const char *text);

/* Takes the braces off.  False if there are none. */
bool word_unwrap(struct span word, struct span *inside);

#endif
