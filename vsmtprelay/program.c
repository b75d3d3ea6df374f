/* SPDX-License-Identifier: BSD-2-Clause
 *
 * program.c - see program.h
 */
#include "program.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_MAX (4 << 20) /* far beyond any configuration */

char *program_read(int fd)
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

/* Starts PROGRAM, its standard output to FD.  Returns its pid, or -1. */
static pid_t start(const char *program, const char *const argv[], int fd)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return -1;
	if (posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) != 0 ||
	    posix_spawn(&pid, program, &actions, NULL, (char *const *)argv, environ) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

char *program_output(const char *program, const char *const argv[])
{
	int ends[2], status;
	char *text;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return NULL;
	pid = start(program, argv, ends[1]);
	close(ends[1]);
	text = pid > 0 ? program_read(ends[0]) : NULL;
	close(ends[0]);
	if (pid > 0 && (waitpid(pid, &status, 0) != pid || status != 0)) {
		free(text);
		return NULL;
	}
	return text;
}

const char *program_find(const char *const places[])
{
	for (; *places != NULL; places++)
		if (access(*places, X_OK) == 0)
			return *places;
	return NULL;
}
