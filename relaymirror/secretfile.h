/* SPDX-License-Identifier: BSD-2-Clause
 *
 * secretfile.h - files with passwords and keys, which must be nobody else's
 *
 * popwatch runs as the user that relaymirror becomes, and whoever breaks it
 * must not find the engine's password in a file that this user may read.  So
 * the owner must be root, or who runs this.
 */
#ifndef RELAYMIRROR_SECRETFILE_H
#define RELAYMIRROR_SECRETFILE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads the first line of PATH, without its end; nobody but the owner may do
 * anything with the file.  Returns it (wipe and free it), or NULL with the
 * reason in WHY. */
char *secretfile_read(const char *path, char *why, size_t size);

/* May nobody but the owner and the group, such as Debian's ssl-cert, do
 * anything with the file of the key PATH, which may be a link?  Returns false
 * with the reason in WHY. */
bool secretfile_is_private(const char *path, char *why, size_t size);

#endif
