/* SPDX-License-Identifier: BSD-2-Clause
 *
 * config_paths.c - the files that a configuration names, see config_paths.h
 */
#include "config_paths.h"

static bool journal_paths(const struct config *config, config_path_fn *each, void *arg)
{
	if (config->journal_from == JOURNAL_NONE)
		return true;
	if (config->journal_from == JOURNAL_DIRECTORY)
		return each("journal", CONFIG_READ_JOURNAL, config->journal, arg);
	return each("journal", CONFIG_READ_JOURNAL, "/var/log/journal", arg) &&
	       each("journal", CONFIG_READ_JOURNAL, "/run/log/journal", arg);
}

bool config_paths(const struct config *config, config_path_fn *each, void *arg)
{
	char *const *directory = config->definitions;
	bool done = true;

	for (size_t i = 0; done && i < config->log_count; i++)
		done = each("log", CONFIG_READ_FILE, config->logs[i].path, arg);
	for (; done && directory != NULL && *directory != NULL; directory++)
		done = each("definitions", CONFIG_READ_DIRECTORY, *directory, arg);
	return done && journal_paths(config, each, arg) &&
	       each("database", CONFIG_WRITE_FILE, config->database, arg) &&
	       each("state", CONFIG_WRITE_FILE, config->state, arg) &&
	       (*config->stats == '\0' ||
		   each("stats-file", CONFIG_WRITE_FILE, config->stats, arg)) &&
	       (*config->cdb == '\0' || each("cdb", CONFIG_WRITE_FILE, config->cdb, arg)) &&
	       (*config->cdb_rules == '\0' ||
		   each("cdb-rules", CONFIG_READ_FILE, config->cdb_rules, arg));
}
