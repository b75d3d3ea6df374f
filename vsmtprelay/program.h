/* SPDX-License-Identifier: BSD-2-Clause
 *
 * program.h - what another program of this host prints
 *
 * It is run without a shell, by its whole path, with a time limit, and with an
 * environment of PATH, LC_ALL and MAIL_CONFIG alone; what it has started and
 * left behind is killed.  It has our user and groups: mail servers read their
 * configuration as root, and drop what they do not need themselves.
 */
#ifndef VSMTPRELAY_PROGRAM_H
#define VSMTPRELAY_PROGRAM_H

#include <stdbool.h>

#define PROGRAM_TIMEOUT_MS 20000
#define PROGRAM_FAILED (-1)

/* The first of PLACES, whole paths with NULL at the end, that may be run;
 * NULL if none.  $PATH is not asked, since root may call us. */
const char *program_find(const char *const places[]);

/* Runs PROGRAM with ARGV (NULL at the end) and INPUT, at most 4,096 bytes.
 * Returns its exit status, with what it prints on standard output, and on
 * standard error if BOTH, in *OUTPUT, for free(3); or PROGRAM_FAILED if it
 * cannot be started, ends by a signal, prints more than 4 MiB, or is not done
 * after PROGRAM_TIMEOUT_MS; *OUTPUT may then be NULL. */
int program_run(
    const char *program, const char *const argv[], const char *input, bool both, char **output);

/* What PROGRAM prints on its standard output; its input is empty, its standard
 * error is dropped.  For free(3).  NULL as above, or if it exits with another
 * status than 0. */
char *program_output(const char *program, const char *const argv[]);

/* Everything that comes from FD, with a NUL, for free(3).  NULL without
 * memory, if it cannot be read, and if it is more than 4 MiB. */
char *program_read(int fd);

#endif
