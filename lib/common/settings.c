/* SPDX-License-Identifier: BSD-2-Clause
 *
 * settings.c - a program's settings as a table, see settings.h
 */
#include "settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "path.h"

#define MODE_MAX 0777

/* The member of a setting; what it points to has the type of the setting's
 * kind. */
static void *member_of(const struct setting *setting, void *values)
{
	return (char *)values + setting->offset;
}

void settings_set_text(char **where, const char *value, const struct conf_place *place)
{
	free(*where);
	*where = strdup(value);
	if (*where == NULL)
		conf_error(place, "out of memory");
}

/* ---- kinds ---- */

static void take_path(
    const struct setting *setting, void *member, const char *value, const struct conf_place *place)
{
	bool none = *value == '\0' || strcmp(value, "no") == 0;

	if (setting->kind == SETTING_PATH_OR_NONE && none)
		settings_set_text(member, "", place);
	else if (path_is_absolute(value))
		settings_set_text(member, value, place);
	else
		conf_error(place, "%s = '%s', expected an absolute path", setting->name, value);
}

static void take_duration(const struct setting *setting, int64_t *member, const char *value,
    const struct conf_place *place)
{
	int64_t seconds;

	if (duration_parse(value, &seconds) && seconds >= setting->min && seconds <= setting->max) {
		*member = seconds;
		return;
	}
	conf_error(place,
	    "%s = '%s', expected a duration of %lld to %lld seconds, such as 90 or 1h30m",
	    setting->name, value, (long long)setting->min, (long long)setting->max);
}

/* Digits of BASE alone: no sign, no blank. */
static bool parse_number(const char *text, int base, int64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoll(text, &end, base);
	return errno == 0 && *end == '\0';
}

static void take_number(const struct setting *setting, int64_t *member, const char *value,
    const struct conf_place *place)
{
	int64_t number;

	if (parse_number(value, 10, &number) && number >= setting->min && number <= setting->max)
		*member = number;
	else
		conf_error(place, "%s = '%s', expected a number, %lld to %lld", setting->name,
		    value, (long long)setting->min, (long long)setting->max);
}

static void take_mode(const struct setting *setting, int64_t *member, const char *value,
    const struct conf_place *place)
{
	int64_t mode;

	if (parse_number(value, 8, &mode) && mode <= MODE_MAX)
		*member = mode;
	else
		conf_error(place, "%s = '%s', expected the mode of a file, such as 0660",
		    setting->name, value);
}

static void take_yes_no(
    const struct setting *setting, bool *member, const char *value, const struct conf_place *place)
{
	if (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)
		*member = *value == 'y';
	else
		conf_error(place, "%s = '%s', expected yes or no", setting->name, value);
}

/* "a, b or c" in TEXT, cut where it does not fit. */
static void list_choices(const char *const *choices, char *text, size_t size)
{
	size_t n = 0;

	*text = '\0';
	for (size_t i = 0; choices[i] != NULL; i++) {
		const char *before = i == 0 ? "" : choices[i + 1] == NULL ? " or " : ", ";

		if (n + strlen(before) + strlen(choices[i]) >= size)
			return;
		memcpy(text + n, before, strlen(before) + 1);
		n += strlen(before);
		memcpy(text + n, choices[i], strlen(choices[i]) + 1);
		n += strlen(choices[i]);
	}
}

static void take_choice(
    const struct setting *setting, int *member, const char *value, const struct conf_place *place)
{
	char expected[256];

	for (int i = 0; setting->choices[i] != NULL; i++) {
		if (strcmp(setting->choices[i], value) == 0) {
			*member = i;
			return;
		}
	}
	list_choices(setting->choices, expected, sizeof expected);
	conf_error(place, "%s = '%s', expected %s", setting->name, value, expected);
}

static void take_value(const struct settings *settings, const struct setting *setting,
    const char *value, const struct conf_place *place)
{
	void *member = member_of(setting, settings->values);

	switch (setting->kind) {
	case SETTING_TEXT:
		settings_set_text(member, value, place);
		return;
	case SETTING_PATH:
	case SETTING_PATH_OR_NONE:
		take_path(setting, member, value, place);
		return;
	case SETTING_DURATION:
		take_duration(setting, member, value, place);
		return;
	case SETTING_NUMBER:
		take_number(setting, member, value, place);
		return;
	case SETTING_MODE:
		take_mode(setting, member, value, place);
		return;
	case SETTING_YES_NO:
		take_yes_no(setting, member, value, place);
		return;
	case SETTING_CHOICE:
		take_choice(setting, member, value, place);
		return;
	case SETTING_OWN:
	case SETTING_LIST:
		setting->take(settings->arg, value, place);
		return;
	}
}

/* ---- the file ---- */

static size_t find_setting(const struct settings *settings, const char *name)
{
	size_t i = 0;

	while (i < settings->count && strcmp(settings->table[i].name, name) != 0)
		i++;
	return i;
}

static void on_entry(void *arg, const char *section, const char *name, const char *value,
    const struct conf_place *place)
{
	const struct settings *settings = arg;
	size_t i = find_setting(settings, name), errors = place->errors->count;
	struct setting_seen *seen = &settings->seen[i];

	(void)section;
	if (i == settings->count) {
		conf_error(place, "unknown setting '%s'", name);
		return;
	}
	if (seen->line != 0 && settings->table[i].kind != SETTING_LIST) {
		conf_error(place, "%s = '%s', expected it once: line %d has it too", name, value,
		    seen->line);
		return;
	}
	take_value(settings, &settings->table[i], value, place);
	if (seen->line == 0)
		seen->line = place->line;
	seen->wrong |= place->errors->count > errors;
}

void settings_defaults(const struct settings *settings, const struct conf_place *place)
{
	for (size_t i = 0; i < settings->count; i++) {
		if (settings->table[i].value != NULL)
			take_value(settings, &settings->table[i], settings->table[i].value, place);
	}
}

bool settings_read(const struct settings *settings, const char *file, struct conf_errors *errors)
{
	struct settings copy = *settings;

	return conf_read_flat(file, errors, on_entry, &copy);
}

void settings_read_text(
    const struct settings *settings, const char *file, const char *text, struct conf_errors *errors)
{
	struct settings copy = *settings;

	conf_read_flat_text(file, text, errors, on_entry, &copy);
}

const struct setting_seen *settings_seen(const struct settings *settings, const char *name)
{
	return &settings->seen[find_setting(settings, name)];
}

/* ---- values ---- */

static bool has_string(const struct setting *setting)
{
	return setting->kind == SETTING_TEXT || setting->kind == SETTING_PATH ||
	       setting->kind == SETTING_PATH_OR_NONE;
}

static const char *string_of(const struct setting *setting, const void *values)
{
	char *string;

	memcpy(&string, (const char *)values + setting->offset, sizeof string);
	return string != NULL ? string : "";
}

/* The size of the member that KIND fills in; 0 if the table does not know. */
static size_t size_of(enum setting_kind kind)
{
	switch (kind) {
	case SETTING_DURATION:
	case SETTING_NUMBER:
	case SETTING_MODE:
		return sizeof(int64_t);
	case SETTING_YES_NO:
		return sizeof(bool);
	case SETTING_CHOICE:
		return sizeof(int);
	default:
		return 0;
	}
}

static bool differs(const struct setting *setting, const void *old, const void *new)
{
	const char *a = (const char *)old + setting->offset;
	const char *b = (const char *)new + setting->offset;

	if (has_string(setting))
		return strcmp(string_of(setting, old), string_of(setting, new)) != 0;
	return memcmp(a, b, size_of(setting->kind)) != 0;
}

const char *settings_restart(
    const struct setting *table, size_t count, const void *old, const void *new)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].fixed && differs(&table[i], old, new))
			return table[i].name;
	}
	return NULL;
}

void settings_free(const struct setting *table, size_t count, void *values)
{
	for (size_t i = 0; i < count; i++) {
		char **string = member_of(&table[i], values);

		if (!has_string(&table[i]))
			continue;
		free(*string);
		*string = NULL;
	}
}
