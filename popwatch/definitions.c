/* SPDX-License-Identifier: BSD-2-Clause
 *
 * definitions.c - the files servers.d/NAME.conf, see definitions.h
 */
#include "definitions.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "list.h"

#define SUFFIX ".conf"

/* Why a definition is read. */
enum wanted {
	WANTED_BY_NAME,
	WANTED_OF_ALL, /* unless it counts by its name alone */
	WANTED_INSTALLED /* the same, and only if its server is installed */
};

/* Looks for a program of the server's, or a module that is loaded.  No symbolic
 * link:  Courier's /usr/sbin/pop3d is one, where that of Mailutils would be. */
static bool is_installed(struct definition *definition)
{
	struct stat st;

	for (char *const *path = definition->binaries; path != NULL && *path != NULL; path++) {
		if (lstat(*path, &st) == 0 && S_ISREG(st.st_mode)) {
			definition->found = *path;
			return true;
		}
	}
	return false;
}

static bool load_file(struct catalogue *catalogue, const char *name, const char *file,
    enum wanted wanted, struct conf_errors *errors)
{
	struct definition_draft draft;
	size_t before = errors->count;
	bool done;

	if (!draft_begin(&draft, name, file))
		return false;
	done = conf_read(file, errors, draft_entry, &draft);
	if (done && (is_installed(draft.definition) || wanted != WANTED_INSTALLED))
		return catalogue_take(catalogue, &draft, wanted == WANTED_BY_NAME, before, errors);
	draft_end(&draft);
	definition_free(draft.definition);
	return !draft.failed;
}

/* NAME.conf in the first directory that has it. */
static bool load_named(struct catalogue *catalogue, const char *const *directories,
    const char *name, enum wanted wanted, const struct conf_place *place)
{
	char file[4096];
	FILE *there;

	if (*name == '\0' || *name == '.' || strchr(name, '/') != NULL) {
		conf_error(place, "servers: '%s' cannot be the name of a definition", name);
		return true;
	}
	for (const char *const *directory = directories; *directory != NULL; directory++) {
		if (snprintf(file, sizeof file, "%s/%s%s", *directory, name, SUFFIX) >=
		    (int)sizeof file)
			continue;
		there = fopen(file, "re");
		if (there != NULL || errno != ENOENT) {
			if (there != NULL)
				fclose(there);
			return load_file(catalogue, name, file, wanted, place->errors);
		}
	}
	conf_error(place, "servers: no definition '%s': there is no %s%s in %s%s%s", name, name,
	    SUFFIX, directories[0] != NULL ? directories[0] : "",
	    directories[0] != NULL && directories[1] != NULL ? " or " : "",
	    directories[0] != NULL && directories[1] != NULL ? directories[1] : "");
	return true;
}

/* The names of all files NAME.conf in DIRECTORY, added to *NAMES. */
static bool add_names(const char *directory, char ***names)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	char name[256];
	size_t size;
	bool done = true;

	if (dir == NULL)
		return true;
	while (done && (entry = readdir(dir)) != NULL) {
		size = strlen(entry->d_name);
		if (entry->d_name[0] == '.' || size <= strlen(SUFFIX) ||
		    strcmp(entry->d_name + size - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		memcpy(name, entry->d_name, size - strlen(SUFFIX));
		name[size - strlen(SUFFIX)] = '\0';
		if (!list_has(*names, name, strlen(name)))
			done = list_add(names, name);
	}
	closedir(dir);
	return done;
}

static bool has(char *const *names, const char *name)
{
	return list_has(names, name, strlen(name));
}

/* Every name there is, in *LIST, if one of NAMES is "all" or "auto". */
static bool expand_all(const char *const *directories, char *const *names, char ***list)
{
	bool done = true;

	if (!has(names, "all") && !has(names, "auto"))
		return true;
	for (; done && *directories != NULL; directories++)
		done = add_names(*directories, list);
	return done;
}

struct catalogue *definitions_load(
    const char *const *directories, char *const *names, bool every, const struct conf_place *place)
{
	struct catalogue *catalogue = catalogue_new();
	size_t before = place->errors->count;
	char **all = NULL;
	enum wanted others = every               ? WANTED_BY_NAME
			     : has(names, "all") ? WANTED_OF_ALL
						 : WANTED_INSTALLED;
	bool done = catalogue != NULL && expand_all(directories, names, &all);

	for (size_t i = 0; done && names[i] != NULL; i++) {
		if (strcmp(names[i], "all") != 0 && strcmp(names[i], "auto") != 0)
			done = load_named(catalogue, directories, names[i], WANTED_BY_NAME, place);
	}
	for (size_t i = 0; done && all != NULL && all[i] != NULL; i++) {
		if (!has(names, all[i]))
			done = load_named(catalogue, directories, all[i], others, place);
	}
	list_free(all);
	done = done && catalogue_settle(catalogue, names, place);
	if (done && place->errors->count == before)
		return catalogue;
	if (!done)
		conf_error(place, "servers: out of memory, or too many servers with one tag");
	catalogue_free(catalogue);
	return NULL;
}
