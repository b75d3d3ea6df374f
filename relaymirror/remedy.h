/* SPDX-License-Identifier: BSD-2-Clause
 *
 * remedy.h - what an administrator does about what an engine refuses; pure
 *
 * All that is refused is tried again: nothing is lost by it, but nothing gets
 * better by itself either.
 */
#ifndef RELAYMIRROR_REMEDY_H
#define RELAYMIRROR_REMEDY_H

#include <stddef.h>

/* Writes the first sentence of ERROR, as an engine or Sentinel sent it, and
 * what to do about it, if that is known, into TEXT of SIZE bytes.  Returns
 * TEXT. */
const char *remedy_text(const char *error, char *text, size_t size);

#endif
