/* SPDX-License-Identifier: BSD-2-Clause
 *
 * senders.h - the list of senders whose mail is refused, as an administrator
 * writes it
 *
 * One sender per line, user@host or host, which includes all hosts below it; #
 * begins a comment at the start of a line or after a blank.  Owns: what a
 * sender may look like, and the form in which a mail server looks it up (lower
 * case).  Pure: no I/O except to the stream it is given.
 */
#ifndef RELAYERS_SENDERS_H
#define RELAYERS_SENDERS_H

#include <stddef.h>
#include <stdio.h>

struct senders {
	const char **sender; /* sorted, each once, in lower case; they lie in the text */
	size_t count;
};

/* Called for a line that is refused: its number, from 1 on, its entry as
 * written, and what is wrong with it or was expected. */
typedef void (*senders_wrong)(size_t line, const char *entry, const char *why, void *arg);

/* Takes a list apart: SIZE bytes of TEXT, followed by a NUL, which are changed
 * and must outlive SENDERS.  WRONG is called for every invalid line.  Returns
 * the number of those lines (0: *SENDERS is the list; free it with
 * senders_free()), or -1 without memory. */
int senders_parse(char *text, size_t size, struct senders *senders, senders_wrong wrong, void *arg);

/* Writes the senders to OUT as makemap and relaydb_load() read them: "SENDER
 * REJECT".  Errors show in ferror(OUT). */
void senders_print(const struct senders *senders, FILE *out);

/* Frees the array; the text stays the caller's. */
void senders_free(struct senders *senders);

#endif
