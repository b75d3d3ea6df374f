/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reload.c - the configuration is read again while popwatch runs, see reload.h
 *
 * Everything new is made first; only when all of it is there does anything
 * change.
 */
#include "reload.h"
#include <stdlib.h>
#include <string.h>

#include "automatic.h"
#include "config_paths.h"
#include "configured.h"
#include "inotify.h"
#include "log.h"

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* What cannot be changed without root: the files that were opened at the
 * start. */
static const char *fixed_setting(const struct parts *parts, const struct config *new)
{
	const struct config *old = parts->config;

	/* the socket has a mode for root alone, or one for others too */
	if (parts->socket != NULL && old->socket_user_count == 0 && new->socket_user_count > 0)
		return "socket-users";
	return config_restart(old, new);
}

struct door {
	const struct sandbox *sandbox;
	const char *closed; /* the first setting that it does not let through */
};

static bool is_open(const char *setting, enum config_use use, const char *path, void *arg)
{
	struct door *door = arg;

	if (sandbox_allows(door->sandbox, path, use == CONFIG_WRITE_FILE))
		return true;
	door->closed = setting;
	return false;
}

/* What the sandbox does not let through. */
static const char *closed_setting(const struct sandbox *sandbox, const struct config *new)
{
	struct door door = { sandbox, NULL };

	config_paths(new, is_open, &door);
	return door.closed;
}

/* Returns false after logging what needs a restart. */
static bool can_change(
    const struct parts *parts, const struct sandbox *sandbox, const struct config *new)
{
	const char *obstacle = fixed_setting(parts, new);

	if (obstacle == NULL)
		obstacle = closed_setting(sandbox, new);
	if (obstacle != NULL)
		log_say(LOG_ERR, "restart needed for the new value of '%s'", obstacle);
	return obstacle == NULL;
}

/* The old source of PATH, which is no longer the old configuration's; NULL if
 * it has none. */
static struct source_file *take_old(struct parts *parts, const char *path)
{
	struct source_file *file;

	for (size_t i = 0; i < parts->file_count; i++) {
		file = parts->files[i];
		if (file != NULL && same(source_file_path(file), path)) {
			parts->files[i] = NULL;
			return file;
		}
	}
	return NULL;
}

/* The sources of the new configuration; those that stay are taken over.
 * Returns false without memory. */
static bool take_over_files(struct parts *parts, const struct config *config)
{
	struct source_file **files = calloc(config->log_count + 1, sizeof(struct source_file *));
	int64_t since = parts->now - config->window;
	size_t count = 0;

	for (; files != NULL && count < config->log_count; count++) {
		const struct config_log *log = &config->logs[count];

		files[count] = take_old(parts, log->path);
		if (files[count] == NULL)
			files[count] = source_file_new(log->path, log->formats, since);
		if (files[count] == NULL)
			break;
		source_file_set_form(files[count], log->formats, log->zone);
	}
	for (size_t i = 0; i < parts->file_count; i++)
		source_file_free(parts->files[i]);
	free(parts->files);
	parts->files = files;
	parts->file_count = count;
	return files != NULL && count == config->log_count && parts_listen(parts);
}

static void keep_tallies(const struct catalogue *old, const struct catalogue *new)
{
	for (const struct definition *from = catalogue_first(old); from != NULL;
	     from = from->next) {
		for (struct definition *to = catalogue_first(new); to != NULL; to = to->next) {
			if (!same(from->name, to->name))
				continue;
			to->tally = from->tally;
			to->reported = from->reported;
		}
	}
}

static void watch_directory(const char *directory, const char *prefix, void *arg)
{
	(void)arg;
	watch_add(directory, prefix);
}

void reload_watch(const struct parts *parts)
{
	watch_clear();
	for (size_t i = 0; i < parts->file_count; i++)
		source_file_directories(parts->files[i], watch_directory, NULL);
}

/* What points into the old catalogue or configuration is changed before these
 * are freed: sessions keep names, the pipeline a pointer. */
static void apply_config(struct parts *parts, struct config *config, struct catalogue *catalogue,
    struct catalogue *others, struct policy *policy)
{
	keep_tallies(parts->catalogue, catalogue);
	catalogue_free(parts->catalogue);
	catalogue_free(parts->others);
	policy_free(parts->policy);
	parts->catalogue = parts->pipeline.catalogue = catalogue;
	parts_set_others(parts, others);
	parts->policy = policy;
	gateways_refresh(&parts->gateways);
	sessions_configure(parts->sessions, config->join_max, config->session_max);
	sessions_apply_limits(parts->sessions, catalogue_first(catalogue));
	writer_configure(parts->writer, config->commit_interval * 1000, config->expire);
	if (parts->socket != NULL)
		source_socket_configure(
		    parts->socket, config->socket_users, config->socket_user_count);
	if (parts->pipe != NULL)
		source_pipe_set_form(parts->pipe, config->formats, config->zone);
	else if (!take_over_files(parts, config))
		log_say(LOG_ERR, "out of memory: some logs are not followed");
	reload_watch(parts);
	config_free(parts->config);
	parts->config = config;
}

/* The journal goes over to the entries of the new servers, or stays with the
 * old. */
static bool move_journal(
    struct parts *parts, const struct catalogue *catalogue, const struct catalogue *others)
{
	if (parts->journal == NULL || source_journal_configure(parts->journal, catalogue, others))
		return true;
	source_journal_configure(parts->journal, parts->catalogue, parts->others);
	return false;
}

void reload_config(struct parts *parts, const struct sandbox *sandbox, const char *file)
{
	struct conf_errors errors = { .tell = log_sentence };
	struct config *config = config_reload(file, parts->config, &errors);
	struct catalogue *catalogue = NULL, *others = NULL;
	struct policy *policy = NULL;

	if (config != NULL && can_change(parts, sandbox, config))
		catalogue = config_catalogue(config, &errors);
	if (catalogue != NULL) {
		policy = parts_policy(config);
		others = config_others(config, catalogue);
	}
	if (policy != NULL && move_journal(parts, catalogue, others)) {
		apply_config(parts, config, catalogue, others, policy);
		automatic_report(config, catalogue);
		log_say(LOG_NOTICE, "using the new configuration");
		return;
	}
	policy_free(policy);
	catalogue_free(others);
	catalogue_free(catalogue);
	config_free(config);
	log_say(LOG_ERR, "keeping the old configuration");
}
