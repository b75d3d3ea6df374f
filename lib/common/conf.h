/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conf.h - reads files of "name = value" lines and [sections], reports every
 * error with its place
 *
 * Sole home of <ini.h>.  Owns: the syntax (inih's: # and ; start a comment at
 * the start of a line only, a value may hold any character and ends with its
 * line), the limits, the form of a complaint.  Leaves to the caller: which
 * names there are and what values mean.
 * Limits: a line has at most CONF_LINE_MAX bytes, a name and a section 49.
 */
#ifndef RELAYERS_CONF_H
#define RELAYERS_CONF_H

#include <stdbool.h>
#include <stddef.h>

#define CONF_LINE_MAX 4000

/* Where complaints go; the caller fills in TELL and ARG, sets COUNT to 0 and
 * looks at it in the end. */
struct conf_errors {
	void (*tell)(const char *sentence,
	    void *arg); /* "FILE:LINE: what is wrong, what was expected"; no newline */
	void *arg;
	size_t count;
};

struct conf_place {
	const char *file;
	int line; /* from 1; 0: the file as a whole */
	struct conf_errors *errors;
};

/* Complains about PLACE and counts it. */
void conf_error(const struct conf_place *place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Called for each "name = value" at PLACE, with the section it stands in (""
 * before the first).  Strings and place end with the call. */
typedef void conf_entry(void *arg, const char *section, const char *name, const char *value,
    const struct conf_place *place);

/* Reads PATH and calls ENTRY for each entry, in the order of the file.
 * Errors of syntax are complained about here, those of meaning by ENTRY.
 * Returns true when the file could be read, whatever was in it; false after
 * complaining that it could not. */
bool conf_read(const char *path, struct conf_errors *errors, conf_entry *entry, void *arg);

/* The same for a file that has no sections: the head of one is an error, and
 * what comes after it still has the section "". */
bool conf_read_flat(const char *path, struct conf_errors *errors, conf_entry *entry, void *arg);

/* The same two for TEXT, named FILE in complaints. */
void conf_read_text(
    const char *file, const char *text, struct conf_errors *errors, conf_entry *entry, void *arg);
void conf_read_flat_text(
    const char *file, const char *text, struct conf_errors *errors, conf_entry *entry, void *arg);

#endif
