/* SPDX-License-Identifier: BSD-2-Clause
 *
 * journal_none.c - the place of journal.c in a popwatch without the journal
 * (WITH_JOURNAL=0); config.c refuses the setting before
 */
#include "journal.h"

#include <stddef.h>

#include "log.h"

struct source_journal *source_journal_new(const char *directory, const struct catalogue *catalogue,
    const struct catalogue *others, int64_t since, bool only)
{
	(void)directory, (void)catalogue, (void)others, (void)since, (void)only;
	log_say(LOG_ERR, "this popwatch was built without the journal");
	return NULL;
}

void source_journal_free(struct source_journal *source)
{
	(void)source;
}

int source_journal_fd(const struct source_journal *source)
{
	(void)source;
	return -1;
}

bool source_journal_read(struct source_journal *source, size_t budget, int64_t now,
    void (*take)(const struct header *header, int64_t when, void *arg), void *arg)
{
	(void)source, (void)budget, (void)now, (void)take, (void)arg;
	return false;
}

bool source_journal_configure(struct source_journal *source, const struct catalogue *catalogue,
    const struct catalogue *others)
{
	(void)source, (void)catalogue, (void)others;
	return false;
}

bool source_journal_admits(const struct definition *definition, void *arg)
{
	(void)definition, (void)arg;
	return false;
}

void source_journal_writer(struct source_journal *source, char *text, size_t size)
{
	(void)source, (void)size;
	*text = '\0';
}

void source_journal_save(const struct source_journal *source, FILE *out)
{
	(void)source, (void)out;
}

bool source_journal_restore(struct source_journal *source, const char *cursor)
{
	(void)source, (void)cursor;
	return true;
}
