/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guardstate.h - the file that keeps the throttle's counts over a restart
 *
 * Owns: its name for itself in the first line, and replacing it whole.
 */
#ifndef RELAYGUARD_GUARDSTATE_H
#define RELAYGUARD_GUARDSTATE_H

struct throttle;
struct throttle_copy;

/* Replaces PATH by what COPY has.  Needs no other thread's memory.  Returns 0,
 * or -1 with errno set. */
int guardstate_save(const char *path, const struct throttle_copy *copy);

/* Takes what PATH has; a file that is not there is none, and one that cannot be
 * read is logged: counting begins again. */
void guardstate_load(const char *path, struct throttle *throttle);

#endif
