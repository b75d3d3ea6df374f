/* SPDX-License-Identifier: BSD-2-Clause
 *
 * postconf.c - see postconf.h
 */
#include "postconf.h"

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_MAX (4 << 20) /* far beyond any configuration */

/* Everything that comes from FD, with a NUL; NULL if that is too much, or there
 * is no memory. */
static char *read_all(int fd)
{
	char *text = malloc(TEXT_MAX + 1);
	size_t size = 0;
	ssize_t n = 0;

	while (text != NULL && size < TEXT_MAX) {
		n = read(fd, text + size, TEXT_MAX - size);
		if (n <= 0)
			break;
		size += (size_t)n;
	}
	if (text == NULL || n < 0 || size == TEXT_MAX) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

/* Starts PROGRAM with one OPTION, its standard output to FD.  Returns its pid,
 * or -1. */
static pid_t start(const char *program, const char *option, int fd)
{
	char *argv[] = { "postconf", (char *)option, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -1;
	if (posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) != 0 ||
	    posix_spawn(&pid, program, &actions, NULL, argv, environ) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* What PROGRAM prints when it is called with OPTION; NULL if it fails. */
static char *output_of(const char *program, const char *option)
{
	int ends[2], status;
	char *text;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return NULL;
	pid = start(program, option, ends[1]);
	close(ends[1]);
	text = pid > 0 ? read_all(ends[0]) : NULL;
	close(ends[0]);
	if (pid > 0 && (waitpid(pid, &status, 0) != pid || status != 0)) {
		free(text);
		return NULL;
	}
	return text;
}

/* postconf(1) in its usual places; not by way of PATH, since root may run
 * this. */
static const char *find_program(void)
{
	static const char *const places[] = { "/usr/sbin/postconf", "/usr/local/sbin/postconf" };

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

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
	int fd;

	snprintf(path, sizeof path, "%s/main.cf", directory != NULL && *directory != '\0' ? directory : "/etc/postfix");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return NULL;
	text = read_all(fd);
	close(fd);
	if (text != NULL)
		postconf_fold(text);
	return text;
}

char *postconf_text(const char **complaint)
{
	const char *program = find_program();
	char *main_cf = NULL, *master_cf = NULL, *text = NULL;

	*complaint = NULL;
	if (program != NULL) {
		main_cf = output_of(program, "-nx");
		master_cf = output_of(program, "-Px");
	}
	if (main_cf == NULL) {
		main_cf = read_main_cf();
		if (main_cf != NULL && program != NULL)
			*complaint = "\"postconf -nx\" fails; only main.cf was looked at";
	} else if (master_cf == NULL)
		*complaint = "\"postconf -Px\" fails; master.cf was not looked at";
	if (main_cf != NULL && asprintf(&text, "%s%s", main_cf, master_cf != NULL ? master_cf : "") < 0)
		text = NULL;
	free(main_cf);
	free(master_cf);
	return text;
}
