/* SPDX-License-Identifier: BSD-2-Clause
 *
 * program.c - see program.h
 *
 * The child leads a process group of its own, so that what it has started ends
 * with it.  It gets descriptors 0 to 2, none of ours, and an environment that
 * nobody else has chosen.
 */
#include "program.h"
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX (4 << 20) /* far beyond any configuration */
#define INPUT_MAX 4096 /* what a pipe takes without a reader */

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

/* What comes from FD until its end, or until UNTIL.  As program_read(). */
static char *read_until(int fd, int64_t until)
{
	char *text = NULL;
	size_t size = 0, room = 0;

	for (;;) {
		struct pollfd wait = { fd, POLLIN, 0 };
		int64_t left = until - clock_monotonic_ms();
		ssize_t n;

		if (left <= 0 || poll(&wait, 1, (int)left) <= 0)
			break; /* a signal ends it too: nobody sends us one that we outlive */
		if (size + 1 >= room) {
			char *more = room < TEXT_MAX ? realloc(text, room += 65536) : NULL;

			if (more == NULL)
				break;
			text = more;
		}
		n = read(fd, text + size, room - size - 1);
		if (n < 0)
			break;
		if (n == 0) {
			text[size] = '\0';
			return text;
		}
		size += (size_t)n;
	}
	free(text);
	return NULL;
}

/* Starts PROGRAM: INPUT and OUTPUT are its standard input and output, and
 * standard error if BOTH.  Returns its pid, or -1. */
static pid_t start(const char *program, const char *const argv[], char *const environment[],
    int input, int output, bool both)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	pid_t pid = -1;
	bool right;

	sigemptyset(&none);
	sigfillset(&all);
	if (posix_spawnattr_init(&attributes) != 0)
		return -1;
	if (posix_spawn_file_actions_init(&actions) != 0) {
		posix_spawnattr_destroy(&attributes);
		return -1;
	}
	right = posix_spawnattr_setflags(&attributes,
		    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0 &&
		posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
		posix_spawnattr_setsigdefault(&attributes, &all) == 0 &&
		posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) == 0 &&
		posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) == 0 &&
		(both ? posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
		      : posix_spawn_file_actions_addopen(
			    &actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)) == 0;
	if (!right || posix_spawn(&pid, program, &actions, &attributes, (char *const *)argv,
			  environment) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return pid;
}

/* A pipe that holds TEXT, to be read to its end.  Returns -1 if that is not
 * possible. */
static int input_of(const char *text)
{
	size_t size = strlen(text);
	int ends[2];

	if (size > INPUT_MAX || pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	if (write(ends[1], text, size) != (ssize_t)size) {
		close(ends[0]);
		ends[0] = -1;
	}
	close(ends[1]);
	return ends[0];
}

/* Ends the group of PID, which has closed its output or is late. */
static int end(pid_t pid, bool late)
{
	siginfo_t info;
	int status = -1;

	if (late)
		kill(-pid, SIGKILL);
	/* while it has not been waited for, its number is nobody else's */
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
		;
	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : PROGRAM_FAILED;
}

int program_run(
    const char *program, const char *const argv[], const char *input, bool both, char **output)
{
	char configuration[4096];
	const char *place = getenv("MAIL_CONFIG");
	char *environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", configuration,
		NULL };
	int from = input_of(input), ends[2], status = PROGRAM_FAILED;
	pid_t pid;

	*output = NULL;
	if (from < 0)
		return status;
	if (place == NULL || (size_t)snprintf(configuration, sizeof configuration, "MAIL_CONFIG=%s",
				 place) >= sizeof configuration)
		environment[2] = NULL;
	if (pipe2(ends, O_CLOEXEC) == 0) {
		pid = start(program, argv, environment, from, ends[1], both);
		close(ends[1]);
		if (pid > 0) {
			*output = read_until(ends[0], clock_monotonic_ms() + PROGRAM_TIMEOUT_MS);
			status = end(pid, *output == NULL);
		}
		close(ends[0]);
	}
	close(from);
	if (*output == NULL)
		status = PROGRAM_FAILED;
	return status;
}

char *program_output(const char *program, const char *const argv[])
{
	char *output;

	if (program_run(program, argv, "", false, &output) == 0)
		return output;
	free(output);
	return NULL;
}

const char *program_find(const char *const places[])
{
	for (; *places != NULL; places++)
		if (access(*places, X_OK) == 0)
			return *places;
	return NULL;
}
