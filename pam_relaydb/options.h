/* SPDX-License-Identifier: BSD-2-Clause
 *
 * options.h - the arguments of the module, as written in a line of /etc/pam.d
 *
 * Knows nothing of PAM and logs nothing: the caller gets the invalid words, to
 * log them.
 */
#ifndef PAM_RELAYDB_OPTIONS_H
#define PAM_RELAYDB_OPTIONS_H

#include "ipnet.h"

#include <stdbool.h>
#include <stddef.h>

#define IGNORE_MAX 34 /* 32, and the two of loopback */

struct options {
	const char *db; /* by default the built-in path; the environment of a login is not ours */
	const char *socket;
	int refresh; /* seconds */
	int timeout_ms;
	bool debug;
	size_t ignore_count;
	struct ipnet ignore[IGNORE_MAX];
};

/* Reads ARGC words of ARGV, which must outlive OPTIONS.  A word that is unknown
 * or out of range leaves its default and is handed to WRONG (any number of
 * times) with what was expected. */
void options_read(struct options *options, int argc, const char **argv,
    void (*wrong)(const char *word, const char *expected, void *arg), void *arg);

/* Does one of the ignored networks contain the address, or can no client have
 * it?  ADDRESS is in the store's form. */
bool options_ignore(const struct options *options, const char *address);

#endif
