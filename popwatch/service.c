/* SPDX-License-Identifier: BSD-2-Clause
 *
 * service.c - living in the background, see service.h
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "log.h"
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

bool service_pid_file(const char *path)
{
	char text[32];
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644), size;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) {
		log_say(LOG_ERR, "pid file %s: %s", path, fd < 0 ? strerror(errno) : "not a file of its own");
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		log_say(
		    LOG_ERR, "pid file %s: %s", path, errno == EWOULDBLOCK ? "another popwatch is running" : strerror(errno));
		close(fd);
		return false;
	}
	size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || write(fd, text, (size_t)size) != size) {
		log_say(LOG_ERR, "pid file %s: %s", path, strerror(errno));
		close(fd);
		return false;
	}
	return true; /* open, for the lock's sake */
}
