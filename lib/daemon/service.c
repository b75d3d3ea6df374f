/* SPDX-License-Identifier: BSD-2-Clause
 *
 * service.c - living in the background, see service.h
 */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "path.h"
#include "user.h"

static int ready_fd = -1; /* to the waiting parent */
static int null_fd = -1; /* /dev/null, which the sandbox puts out of reach */

/* The parent's part: waits for a byte, or for the child's end. */
static void __attribute__((noreturn)) wait_for(pid_t child, int fd)
{
	char byte;
	ssize_t n;
	int status;

	while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR)
		;
	if (n == 1)
		_exit(EX_OK);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE);
}

bool service_detach(void)
{
	int fds[2];
	pid_t child;

	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0) {
		log_say(LOG_ERR, "cannot open /dev/null: %s", strerror(errno));
		return false;
	}
	child = pipe2(fds, O_CLOEXEC) == 0 ? fork() : -1;
	if (child < 0) {
		log_say(LOG_ERR, "cannot go into the background: %s", strerror(errno));
		return false;
	}
	if (child > 0) {
		close(fds[1]);
		wait_for(child, fds[0]);
	}
	close(fds[0]);
	ready_fd = fds[1];
	return setsid() >= 0;
}

void service_ready(void)
{
	if (ready_fd < 0)
		return;
	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
	dup2(null_fd, STDERR_FILENO);
	close(null_fd);
	/* without a reader there is nobody to tell */
	if (write(ready_fd, "", 1) < 0)
		ready_fd = -1;
	else
		close(ready_fd);
	ready_fd = -1;
}

const char *service_missing_directory(const char *path, const char *user, char *text, size_t size)
{
	char directory[PATH_MAX];

	path_directory(path, directory);
	if (*user != '\0')
		snprintf(text, size,
		    "there is no directory %s; make it: install -d -m 755 %s && chown %s: %s",
		    directory, directory, user, directory);
	else
		snprintf(text, size, "there is no directory %s; make it: install -d -m 755 %s",
		    directory, directory);
	return text;
}

/* Logs that the file of WHAT cannot be held.  Returns a status of
 * sysexits(3). */
static int not_held(int error, const char *what, const char *path, const char *user)
{
	char missing[LOG_MESSAGE_MAX];

	if (error == EWOULDBLOCK) {
		log_say(LOG_ERR, "%s %s: another %s is running", what, path, log_program());
		return EX_TEMPFAIL;
	}
	if (error == EEXIST)
		log_say(LOG_ERR, "%s %s: not a regular file, or it has hard links", what, path);
	else if (error == ENOENT)
		log_say(LOG_ERR, "%s %s: %s", what, path,
		    service_missing_directory(path, user, missing, sizeof missing));
	else
		log_say(LOG_ERR, "%s %s: %s", what, path, strerror(error));
	return EX_CANTCREAT;
}

/* Makes FD's file ours for as long as we live, USER's soon.  Closes it if that
 * cannot be.  Returns a status of sysexits(3). */
static int hold(int fd, const char *what, const char *path, const char *user)
{
	struct stat st;
	bool known = fd >= 0 && fstat(fd, &st) == 0;
	int error;

	if (known && (!S_ISREG(st.st_mode) || st.st_nlink != 1))
		error = EEXIST;
	else if (known && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return EX_OK;
	else
		error = errno;
	if (fd >= 0)
		close(fd);
	return not_held(error, what, path, user);
}

static int lock(const char *state, const char *user)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof path, "%s.lock", state) >= (int)sizeof path) {
		log_say(LOG_ERR, "%s: %s", state, strerror(ENAMETOOLONG));
		return EX_CANTCREAT;
	}
	/* for nobody else to read: anyone who can open it can lock it.  Only
	 * one that root has just made is given away */
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		user_give_file(fd, user);
	else if (errno == EEXIST)
		fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return hold(fd, "lock", path, user);
}

static int write_pid(const char *path, const char *user)
{
	char text[32];
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	int status = hold(fd, "pid file", path, user);
	int size;

	if (status != EX_OK)
		return status;
	size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || write(fd, text, (size_t)size) != size) {
		log_say(LOG_ERR, "pid file %s: %s", path, strerror(errno));
		close(fd);
		return EX_CANTCREAT;
	}
	return EX_OK; /* open, for the lock's sake */
}

int service_claim(const char *state, const char *pid_file, const char *user)
{
	int status = state != NULL ? lock(state, user) : EX_OK;

	return status == EX_OK && *pid_file != '\0' ? write_pid(pid_file, user) : status;
}

/* ---- signals ---- */

static struct {
	service_fn *ask;
	void *arg;
} requests;

static void on_signal(int number, void *arg)
{
	(void)arg;
	switch (number) {
	case SIGHUP:
		requests.ask(SERVICE_RELOAD, requests.arg);
		return;
	case SIGUSR1:
		requests.ask(SERVICE_REPORT, requests.arg);
		return;
	default:
		requests.ask(SERVICE_STOP, requests.arg);
	}
}

bool service_signals(struct loop *loop, service_fn *ask, void *arg)
{
	static const int numbers[] = { SIGHUP, SIGTERM, SIGINT, SIGUSR1 };

	requests.ask = ask;
	requests.arg = arg;
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (!loop_signal(loop, numbers[i], on_signal, NULL))
			return false;
	}
	return true;
}
