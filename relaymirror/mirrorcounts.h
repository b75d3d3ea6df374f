/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrorcounts.h - how it goes: as metrics, in the log, and for the control
 * socket
 */
#ifndef RELAYMIRROR_MIRRORCOUNTS_H
#define RELAYMIRROR_MIRRORCOUNTS_H

#include <stddef.h>

struct mirrorhost;

/* Replaces PATH by all values.  Returns 0, or -1 with errno set. */
int mirrorcounts_write(const struct mirrorhost *host, const char *path);

/* Logs those that are not zero. */
void mirrorcounts_log(const struct mirrorhost *host);

/* "NAME VALUE\n" for each, and then words such as "engine ADDRESS", into the
 * SIZE bytes of TEXT.  Returns TEXT. */
const char *mirrorcounts_status(const struct mirrorhost *host, char *text, size_t size);

#endif
