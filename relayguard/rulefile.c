/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rulefile.c - the rule file, see rulefile.h
 */
#include "rulefile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "atomicfile.h"
#include "log.h"
#include "rules.h"

static void on_finding(
    enum rules_severity severity, size_t line, size_t column, const char *sentence, void *arg)
{
	const char *path = arg;
	bool grave = severity == RULES_ERROR;

	if (line == 0)
		log_say(grave ? LOG_ERR : LOG_WARNING, "%s: %s%s", path,
		    grave ? "" : "warning: ", sentence);
	else
		log_say(grave ? LOG_ERR : LOG_WARNING, "%s:%zu:%zu: %s%s", path, line, column,
		    grave ? "" : "warning: ", sentence);
}

struct rules *rulefile_read(const char *path)
{
	size_t size;
	char *text = atomicfile_read(path, RULES_FILE_MAX, &size);
	char *name = strdup(path);
	struct rules *rules = NULL;

	if (text == NULL)
		log_say(LOG_ERR, "cannot read the rules in %s: %s", path,
		    errno == EFBIG ? "longer than 1 MiB" : strerror(errno));
	else if (name == NULL)
		log_say(LOG_ERR, "out of memory");
	else
		rules = rules_parse(text, size, on_finding, name);
	free(name);
	free(text);
	return rules;
}
