/* SPDX-License-Identifier: BSD-2-Clause
 *
 * parts_state.c - what of the running popwatch is in its state file, see
 * parts.h
 */
#include "parts.h"

#include <string.h>

#include "statefile.h"

static void fill_state(FILE *out, void *arg)
{
	struct parts *parts = arg;

	for (size_t i = 0; i < parts->file_count; i++)
		source_file_save(parts->files[i], out);
	if (parts->journal != NULL)
		source_journal_save(parts->journal, out);
	sessions_save(parts->sessions, out);
	truncations_save(parts->truncations, out);
}

int parts_save_state(struct parts *parts)
{
	int result = state_save(parts->config->state, parts->now, fill_state, parts);

	if (result == 0)
		parts->moved = false;
	return result;
}

/* What state_load() hands lines to. */
struct state_reader {
	struct parts *parts;
	struct state state;
};

static bool on_position(const struct state_reader *reader, const char *text)
{
	const struct parts *parts = reader->parts;
	struct file_position position;

	if (!position_parse(text, &position))
		return false;
	for (size_t i = 0; !reader->state.trial && i < parts->file_count; i++) {
		if (strcmp(source_file_path(parts->files[i]), position.path) == 0)
			source_file_restore(parts->files[i], &position);
	}
	return true;
}

static void on_cursor(const struct state_reader *reader, const char *cursor)
{
	const struct parts *parts = reader->parts;

	if (parts->journal == NULL || reader->state.trial)
		return;
	if (!source_journal_restore(parts->journal, cursor))
		log_say(LOG_WARNING,
		    "the journal has no such place any more, reading what it has of the last %lld "
		    "seconds",
		    (long long)parts->config->window);
}

static bool on_state_line(const char *word, const char *rest, void *arg)
{
	const struct state_reader *reader = arg;
	const struct parts *parts = reader->parts;
	bool trial = reader->state.trial;

	if (strcmp(word, "session") == 0)
		return sessions_restore(trial ? NULL : parts->sessions, rest);
	if (strcmp(word, "doubt") == 0)
		return truncations_restore(trial ? NULL : parts->truncations, rest);
	if (strcmp(word, "file") == 0)
		return on_position(reader, rest);
	if (strcmp(word, "journal") == 0)
		on_cursor(reader, rest);
	return true; /* of a source that is no longer configured, or of a later version */
}

void parts_load_state(struct parts *parts)
{
	struct state_reader reader = { .parts = parts };
	const char *path = parts->config->state, *error;

	if (state_load(path, &reader.state, on_state_line, &reader, &error)) {
		if (!reader.state.same_boot)
			sessions_forget(parts->sessions, state_boot_time(parts->now));
		sessions_apply_limits(parts->sessions, catalogue_first(parts->catalogue));
	} else if (error != NULL)
		log_say(LOG_WARNING, "%s: %s; reading what the logs have of the last %lld seconds",
		    path, error, (long long)parts->config->window);
}
