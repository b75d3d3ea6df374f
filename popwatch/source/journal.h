/* SPDX-License-Identifier: BSD-2-Clause
 *
 * journal.h - entries of the systemd journal
 *
 * Sole home of <systemd/sd-journal.h>; without it (WITH_JOURNAL=0) a source
 * cannot be made.  Owns: opening the directory (not files: a reader of files
 * goes deaf at their rotation), the matches, the cursor, the entry as a header.
 *
 * The tag of an entry (SYSLOG_IDENTIFIER) is chosen by its sender.  What the
 * journal itself adds cannot be: so a definition names trusted fields, and only
 * an entry that has them is believed (source_journal_admits()).  Others with a
 * tag of a server are handed on for reports alone.  The entries of a program's
 * standard output or error are lines, not messages: a rule must name _TRANSPORT
 * to admit them.
 * A message is handed on as its sender wrote it, with the blanks at its end and
 * what follows a NUL byte, where the journal kept them (systemd 240).
 */
#ifndef POPWATCH_SOURCE_JOURNAL_H
#define POPWATCH_SOURCE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "catalogue.h"
#include "layout.h"
#include "stamp.h"

#define JOURNAL_SOURCE "journal" /* its name as a source */

struct source_journal;

/* Opens the journal of DIRECTORY, or the system's for NULL, for entries of the
 * servers in CATALOGUE, and of OTHERS (NULL: none), since SINCE (seconds).  If
 * none of them has a journal rule, that is an error when the journal is the
 * ONLY source; else it is logged, and the source has no entries.  Returns NULL
 * after logging why not. */
struct source_journal *source_journal_new(const char *directory, const struct catalogue *catalogue,
    const struct catalogue *others, int64_t since, bool only);

/* Frees it; a NULL is fine. */
void source_journal_free(struct source_journal *source);

/* From now on the entries of the servers in CATALOGUE and OTHERS, from where it
 * is.  Returns false after logging why not: if it is the only source and none
 * of them has a rule, nothing is changed; after another error only another call
 * makes it right. */
bool source_journal_configure(struct source_journal *source, const struct catalogue *catalogue,
    const struct catalogue *others);

/* A descriptor to poll for POLLIN, or -1. */
int source_journal_fd(const struct source_journal *source);

/* Hands on the entries there are, at most about BUDGET bytes of messages: TAKE
 * gets header and time (seconds, never later than NOW).  Returns true when the
 * budget was used up before the end. */
bool source_journal_read(struct source_journal *source, size_t budget, int64_t now,
    void (*take)(const struct header *header, int64_t when, void *arg), void *arg);

/* Does the entry that TAKE has just got have the trusted fields of one of
 * DEFINITION's journal rules?  ARG is the source. */
bool source_journal_admits(const struct definition *definition, void *arg);

/* Who wrote the entry that TAKE has just got, as the journal itself knows it:
 * "_UID=0 _EXE=/usr/sbin/server", cut to SIZE. */
void source_journal_writer(struct source_journal *source, char *text, size_t size);

/* Writes the position as a line "journal CURSOR" to OUT. */
void source_journal_save(const struct source_journal *source, FILE *out);

/* Goes on behind such a position (without "journal " and the line's end).
 * Returns false if it is none. */
bool source_journal_restore(struct source_journal *source, const char *cursor);

#endif
