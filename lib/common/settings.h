/* SPDX-License-Identifier: BSD-2-Clause
 *
 * settings.h - a program's settings as a table: names, kinds, ranges, defaults
 *
 * Owns: reading "name = value" into the members of a struct, that each setting
 * is given once, and the words of a refusal, which are the same in every
 * program. Errors are reported with file and line, and are counted; unknown
 * names are errors.  The syntax of the file is conf.h's.  Leaves to the
 * program: what it must know the whole file for, and settings of a kind of
 * their own.
 */
#ifndef RELAYERS_SETTINGS_H
#define RELAYERS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"

/* What a value is, and the type of the member that takes it. */
enum setting_kind {
	SETTING_TEXT, /* char *: any */
	SETTING_PATH, /* char *: absolute, see path_is_absolute() */
	SETTING_PATH_OR_NONE, /* char *: the same, or empty; "no" becomes empty */
	SETTING_DURATION, /* int64_t: seconds, MIN to MAX, see duration_parse() */
	SETTING_NUMBER, /* int64_t: decimal, MIN to MAX */
	SETTING_MODE, /* int64_t: octal, up to 0777 */
	SETTING_YES_NO, /* bool */
	SETTING_CHOICE, /* int: the index of one of CHOICES */
	SETTING_OWN, /* none: TAKE does it */
	SETTING_LIST /* none: TAKE does it, and it may be given again */
};

/* Takes VALUE into ARG of struct settings, or complains with conf_error(). */
typedef void setting_take(void *arg, const char *value, const struct conf_place *place);

struct setting {
	const char *name;
	enum setting_kind kind;
	size_t offset; /* of the member; not used by the last two kinds */
	const char *value; /* the default, as it would be written; NULL: none here */
	int64_t min, max;
	setting_take *take;
	const char *const *choices; /* NULL at the end */
	bool fixed; /* a new value needs a restart, see settings_restart() */
};

/* What a file says of a setting. */
struct setting_seen {
	int line; /* where it is first; 0: nowhere */
	bool wrong; /* with a value that could not be taken */
};

/* A table and what is filled in by it. */
struct settings {
	const struct setting *table;
	size_t count;
	void *values; /* the struct that offsets count from; its pointers NULL at first */
	void *arg; /* for TAKE */
	struct setting_seen *seen; /* COUNT of them, zero at first */
};

/* Takes the defaults.  PLACE gets a lack of memory, which counts as an
 * error. */
void settings_defaults(const struct settings *settings, const struct conf_place *place);

/* Reads FILE, which has no sections.  Returns false, after complaining, if it
 * could not be read; true whatever was in it. */
bool settings_read(const struct settings *settings, const char *file, struct conf_errors *errors);

/* The same for TEXT, named FILE in complaints. */
void settings_read_text(const struct settings *settings, const char *file, const char *text,
    struct conf_errors *errors);

/* What the file says of NAME, which is in the table. */
const struct setting_seen *settings_seen(const struct settings *settings, const char *name);

/* The name of the first setting that is fixed and differs between the structs
 * OLD and NEW; NULL if none does.  Those that TAKE fills in are not
 * compared. */
const char *settings_restart(
    const struct setting *table, size_t count, const void *old, const void *new);

/* Replaces *WHERE by a copy of VALUE, or complains about the lack of memory. */
void settings_set_text(char **where, const char *value, const struct conf_place *place);

/* Frees the strings that the table filled in, and sets them to NULL. */
void settings_free(const struct setting *table, size_t count, void *values);

#endif
