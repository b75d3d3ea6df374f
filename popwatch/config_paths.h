/* SPDX-License-Identifier: BSD-2-Clause
 *
 * config_paths.h - the files that a configuration names, in one walk
 *
 * The sandbox lets them through, a reload asks it for them, and popwatch -n
 * looks at them: so all three know the same.
 */
#ifndef POPWATCH_CONFIG_PATHS_H
#define POPWATCH_CONFIG_PATHS_H

#include <stdbool.h>

#include "config.h"

/* What popwatch does with a file that is configured. */
enum config_use {
	CONFIG_READ_FILE, /* a log: it and its rotated neighbours, which are beside it */
	CONFIG_READ_DIRECTORY, /* of definitions; it need not exist */
	/* a directory of journal files, or of directories of these; it need not
	 * exist */
	CONFIG_READ_JOURNAL,
	CONFIG_WRITE_FILE /* replaces it, by way of other names in its directory */
};

/* Gets a PATH and the SETTING that names it.  Returns false for no more. */
typedef bool config_path_fn(const char *setting, enum config_use use, const char *path, void *arg);

/* Calls EACH for every file that the settings name and that is used after
 * rights were given up; the socket and the pid file are made before.  Returns
 * false as soon as EACH does. */
bool config_paths(const struct config *config, config_path_fn *each, void *arg);

#endif
