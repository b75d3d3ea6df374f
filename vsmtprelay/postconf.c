/* SPDX-License-Identifier: BSD-2-Clause
 *
 * postconf.c - see postconf.h
 */
#include "postconf.h"

#include "files.h"
#include "program.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const programs[] = { "/usr/sbin/postconf", "/usr/local/sbin/postconf", NULL };

void postconf_fold(char *text)
{
	char *out = text, *line = text;

	for (;;) {
		size_t size = strcspn(line, "\n"), blank = strspn(line, " \t\r\v\f");
		bool last = line[size] == '\0';

		if (blank < size && line[blank] != '#') {
			if (blank > 0 && out > text)
				out[-1] = ' ';
			memmove(out, line, size);
			out += size;
			if (!last)
				*out++ = '\n';
		}
		if (last)
			break;
		line += size + 1;
	}
	*out = '\0';
}

static char *read_main_cf(void)
{
	const char *directory = getenv("MAIL_CONFIG");
	char path[PATH_MAX], *text;

	snprintf(path, sizeof path, "%s/main.cf",
	    directory != NULL && *directory != '\0' ? directory : "/etc/postfix");
	text = files_read(path);
	if (text != NULL)
		postconf_fold(text);
	return text;
}

char *postconf_text(const char **complaint)
{
	const char *program = program_find(programs);
	char *main_cf = NULL, *master_cf = NULL, *text = NULL;

	*complaint = NULL;
	if (program != NULL)
		main_cf = program_output(program, (const char *[]){ "postconf", "-nx", NULL });
	if (main_cf != NULL)
		master_cf = program_output(program, (const char *[]){ "postconf", "-Px", NULL });
	if (main_cf == NULL) {
		main_cf = read_main_cf();
		if (main_cf != NULL && program != NULL)
			*complaint = "\"postconf -nx\" fails; only main.cf was looked at";
	} else if (master_cf == NULL)
		*complaint = "\"postconf -Px\" fails; master.cf was not looked at";
	if (main_cf != NULL &&
	    asprintf(&text, "%s%s", main_cf, master_cf != NULL ? master_cf : "") < 0)
		text = NULL;
	free(main_cf);
	free(master_cf);
	return text;
}

char *postconf_types(void)
{
	const char *program = program_find(programs);

	return program != NULL ? program_output(program, (const char *[]){ "postconf", "-m", NULL })
			       : NULL;
}
