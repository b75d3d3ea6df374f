/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_state.c - any bytes as a state file: what is taken from it can be
 * written and taken again, the same
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "session.h"
#include "statefile.h"
#include "truncation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct all {
	struct sessions *sessions;
	struct truncations *truncations;
	struct source_file *file;
};

static bool take(const char *word, const char *rest, void *arg)
{
	struct all *all = arg;
	struct file_position position;

	if (strcmp(word, "session") == 0)
		return sessions_restore(all->sessions, rest);
	if (strcmp(word, "doubt") == 0)
		return truncations_restore(all->truncations, rest);
	if (strcmp(word, "file") == 0) {
		if (!position_parse(rest, &position))
			return false;
		source_file_restore(all->file, &position);
	}
	return true;
}

static struct all make(void)
{
	struct all all = { sessions_new(64, 600, 3600), truncations_new(),
		source_file_new("/nowhere/log", 1, 0) };

	if (all.sessions == NULL || all.truncations == NULL || all.file == NULL)
		abort();
	return all;
}

static void unmake(struct all *all)
{
	sessions_free(all->sessions);
	truncations_free(all->truncations);
	source_file_free(all->file);
}

static char *text_of(const struct all *all, size_t *size)
{
	char *text;
	FILE *out = open_memstream(&text, size);

	if (out == NULL)
		abort();
	fprintf(out, "popwatch-state 1\nboot b\nsaved 5\n");
	source_file_save(all->file, out);
	sessions_save(all->sessions, out);
	truncations_save(all->truncations, out);
	fprintf(out, "end\n");
	if (fclose(out) != 0)
		abort();
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct all first = make(), second = make();
	char *text = malloc(size + 1), *written, *again;
	size_t written_size, again_size;
	struct state state;
	const char *error;

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (state_parse(text, size, "b", &state, take, &first, &error)) {
		written = text_of(&first, &written_size);
		again = strdup(written);
		if (again == NULL ||
		    !state_parse(again, written_size, "b", &state, take, &second, &error))
			abort();
		free(again);
		again = text_of(&second, &again_size);
		if (again_size != written_size || memcmp(again, written, again_size) != 0)
			abort();
		free(again);
		free(written);
	}
	free(text);
	unmake(&first);
	unmake(&second);
	return 0;
}
