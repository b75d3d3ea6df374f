/* SPDX-License-Identifier: BSD-2-Clause
 *
 * peer.c - datagrams from processes of this host, see peer.h
 */
#include "peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

bool peer_clear_name(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	return unlink(path) == 0;
}

static bool bind_name(int fd, const char *path, mode_t mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int yes = 1;
	mode_t before;
	bool done;

	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	before = umask(~mode & 0777);
	done = peer_clear_name(path) &&
	       setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0 &&
	       bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
	umask(before);
	return done;
}

int peer_open(const char *path, mode_t mode)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0 || bind_name(fd, path, mode))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

ssize_t peer_receive(int fd, char *text, size_t size, struct peer *peer)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { text, size - 1 };
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	const struct cmsghdr *c;
	struct ucred sender;
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got < 0)
		return -1;
	peer->uid = PEER_NOBODY;
	peer->whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
	c = CMSG_FIRSTHDR(&message);
	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS &&
	    c->cmsg_len >= CMSG_LEN(sizeof sender)) {
		memcpy(&sender, CMSG_DATA(c), sizeof sender);
		peer->uid = sender.uid;
	}
	text[got] = '\0';
	return got;
}

uid_t peer_of(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return PEER_NOBODY;
	return peer.uid;
}
