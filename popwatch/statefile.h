/* SPDX-License-Identifier: BSD-2-Clause
 *
 * statefile.h - the state file: what a restart must know
 *
 * Owns: the frame of the file (first and last line, boot id, time), reading it,
 * and writing it by rename.  The lines between belong to those whose state they
 * are: "file", "journal", "session", "doubt".  Limits: STATE_MAX bytes.  A file
 * that is not complete, not ours, or not understood to its last line counts as
 * none, and is said to be.
 */
#ifndef POPWATCH_STATE_H
#define POPWATCH_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define STATE_MAX (32u * 1024 * 1024)

struct state {
	bool same_boot; /* the host is known not to have been restarted since */
	bool trial; /* see state_load() */
};

/* When the machine was started, by the clock that says NOW. */
int64_t state_boot_time(int64_t now);

/* Reads PATH and calls TAKE for each line with its first word and its rest,
 * twice: first with STATE->trial, when the answer alone counts and nothing may
 * be changed yet, then, if every line was understood, without.  So a bad line
 * anywhere means that nothing was taken.  STATE is filled in before the first
 * call.
 * Returns true with a state, false without: *ERROR is then NULL when there is
 * no file, else a sentence. */
bool state_load(const char *path, struct state *state,
    bool (*take)(const char *word, const char *rest, void *arg), void *arg, const char **error);

/* The same for the SIZE bytes of TEXT, which is changed, on a machine with this
 * boot id. */
bool state_parse(char *text, size_t size, const char *boot, struct state *state,
    bool (*take)(const char *word, const char *rest, void *arg), void *arg, const char **error);

/* Writes PATH; FILL writes the lines.  Returns 0, or -1 with errno set, and
 * PATH is as before. */
int state_save(const char *path, int64_t now, void (*fill)(FILE *out, void *arg), void *arg);

#endif
