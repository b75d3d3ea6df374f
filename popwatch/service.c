/* SPDX-License-Identifier: BSD-2-Clause
 *
 * service.c - living in the background, see service.h
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "log.h"
#include "rights.h"
#include "service.h"

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

	if ((null_fd = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0) {
		log_say(LOG_ERR, "cannot open /dev/null: %s", strerror(errno));
		return false;
	}
	if (pipe2(fds, O_CLOEXEC) != 0 || (child = fork()) < 0) {
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

const char *service_missing_folder(const char *path, const char *user, char *text, size_t size)
{
	char copy[PATH_MAX];
	const char *folder;

	snprintf(copy, sizeof copy, "%s", path);
	folder = dirname(copy);
	if (*user != '\0')
		snprintf(text, size, "there is no folder %s; make it: install -d -m 755 %s && chown %s: %s", folder, folder,
		    user, folder);
	else
		snprintf(text, size, "there is no folder %s; make it: install -d -m 755 %s", folder, folder);
	return text;
}

/* Makes FD's file ours for as long as we live, USER's soon.  Closes it if that cannot be.  Returns a status of sysexits(3). */
static int hold(int fd, const char *what, const char *path, const char *user)
{
	char missing[LOG_MESSAGE_MAX];
	struct stat st;
	bool plain = fd >= 0 && fstat(fd, &st) == 0;
	bool own = plain && S_ISREG(st.st_mode) && st.st_nlink == 1;
	int error;

	if (own && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return EX_OK;
	error = plain && !own ? EEXIST : errno;
	if (fd >= 0)
		close(fd);
	log_say(LOG_ERR, "%s %s: %s", what, path,
	    error == EWOULDBLOCK ? "another popwatch is running"
	    : error == EEXIST    ? "not a file of its own"
	    : error == ENOENT    ? service_missing_folder(path, user, missing, sizeof missing)
				 : strerror(error));
	return error == EWOULDBLOCK ? EX_TEMPFAIL : EX_CANTCREAT;
}

int service_lock(const char *state, const char *user)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof path, "%s.lock", state) >= (int)sizeof path) {
		log_say(LOG_ERR, "%s: %s", state, strerror(ENAMETOOLONG));
		return EX_CANTCREAT;
	}
	/* for nobody else to read: whoever can open it can lock it.  Only one that root has just made is given away */
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		rights_give(fd, user);
	else if (errno == EEXIST)
		fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return hold(fd, "lock", path, user);
}

int service_pid_file(const char *path, const char *user)
{
	char text[32];
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644), size;
	int status = hold(fd, "pid file", path, user);

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
