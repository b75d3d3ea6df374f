/* SPDX-License-Identifier: BSD-2-Clause
 *
 * user.h - becoming another user, and finding users by name or number
 *
 * Supplementary groups of the user are kept: adm and systemd-journal let a
 * daemon read logs.  The system's users can be asked about only before
 * sandbox_enter(), which puts /etc/passwd out of reach.
 */
#ifndef DAEMON_USER_H
#define DAEMON_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* Becomes NAME with the groups of NAME, if we are root and NAME is not "", and
 * proves that there is no way back.  A name of uid 0 changes nothing.
 * Returns false after logging why not. */
bool user_become(const char *name);

/* Gives FD's file to the user that user_become(NAME) would make us.  What
 * cannot be given stays root's; that is logged, except for a user who does not
 * exist, whom user_become() reports. */
void user_give_file(int fd, const char *name);

/* Does the system say for certain that it has no user NAME?  "" is always
 * there; false even if the system only cannot answer now. */
bool user_is_missing(const char *name);

/* The uid of WORD: a number, or the name of a user.  Returns false if it is
 * neither, and *UID is undefined. */
bool user_find(const char *word, uid_t *uid);

/* The same for a number alone: decimal digits. */
bool user_parse_uid(const char *word, uid_t *uid);

/* The same for a group. */
bool user_find_group(const char *word, gid_t *gid);

#endif
