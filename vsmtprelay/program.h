/* SPDX-License-Identifier: BSD-2-Clause
 *
 * program.h - what another program of this host prints
 */
#ifndef VSMTPRELAY_PROGRAM_H
#define VSMTPRELAY_PROGRAM_H

/* The first of PLACES, whole paths with NULL at the end, that may be run; NULL if none.
 * $PATH is not asked, since root may call us. */
const char *program_find(const char *const places[]);

/* What PROGRAM, called with ARGV (NULL at the end), prints on its standard output; its
 * input is empty, its standard error is dropped.  For free(3).  NULL if it cannot be
 * started, exits with another status than 0, or prints more than 4 MiB. */
char *program_output(const char *program, const char *const argv[]);

/* Everything that comes from FD, with a NUL, for free(3).  NULL as above. */
char *program_read(int fd);

#endif
