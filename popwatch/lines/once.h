/* SPDX-License-Identifier: BSD-2-Clause
 *
 * once.h - words that a server writes once in the line of a login
 *
 * Owns: finding one that stands there twice: then a client wrote one of the
 * two.  Pure.
 */
#ifndef POPWATCH_ONCE_H
#define POPWATCH_ONCE_H

#include <stdbool.h>

#include "span.h"

/* Words of a definition, at most. */
#define ONCE_MAX 32

/* Does one of WORDS, a list (list.h) of at most ONCE_MAX that are not empty,
 * stand in MESSAGE more than once?  Of words that overlap each counts. */
bool once_broken(struct span message, char *const *words);

#endif
