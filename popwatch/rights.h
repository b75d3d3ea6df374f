/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rights.h - giving up rights before the first line is read
 *
 * Sole home of <seccomp.h>.  Owns: the change of user (supplementary groups are kept: adm and systemd-journal let it read logs), no new
 * privileges, Landlock (which folders may be read and written; folders, since logs rotate), seccomp (which system calls).
 * Where the kernel has no Landlock or no seccomp it says so and goes on.
 */
#ifndef POPWATCH_RIGHTS_H
#define POPWATCH_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

/* Folders and files for the sandbox.  They need not exist; what does not is left out. */
struct rights {
	char **readable;
	char **writable;
};

/* Adds the folder that PATH is in, or PATH itself, to be read or to be written too; of a link the place that it leads to as well.
 * Returns false without memory. */
bool rights_add_folder_of(struct rights *rights, const char *path, bool write);
bool rights_add(struct rights *rights, const char *path, bool write);

/* May a file PATH, which need not exist, be opened under RIGHTS?  What counts is where links lead to now. */
bool rights_allow(const struct rights *rights, const char *path, bool write);

void rights_clear(struct rights *rights);

/* Becomes USER with the groups of USER, if we are root and USER is not ""; proves that there is no way back.
 * Returns false after logging why not. */
bool rights_drop(const char *user);

/* Gives FD's file to the user that rights_drop(NAME) would make us.  What cannot be given stays root's;
 * that is logged, but for a user who does not exist, whom rights_drop() tells of. */
void rights_give(int fd, const char *name);

/* No new privileges, Landlock with RIGHTS, seccomp.  For the whole process, threads that are started later included.
 * Returns false after logging why not; a kernel that has one of them not is no error. */
bool rights_confine(const struct rights *rights);

#endif
