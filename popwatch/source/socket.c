/* SPDX-License-Identifier: BSD-2-Clause
 *
 * socket.c - logins that hooks hand over in a datagram each, see socket.h
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "socket.h"

#define DATAGRAM_MAX 512
#define AT_ONCE 1024 /* datagrams in one round of the loop */

struct source_socket {
	int fd;
	uid_t *uids; /* who may send besides root */
	size_t count;
	int64_t second; /* of the flood's counter */
	unsigned taken;
	struct socket_tally tally;
};

/* Away with a socket of an earlier run, and with nothing else. */
static bool clear_name(const char *path)
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

static bool bind_name(int fd, const char *path, bool others)
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
	/* root may write whatever the mode; others who may send need the mode, and are told apart by their credentials */
	before = umask(others ? 0111 : 0177);
	done = clear_name(path) && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0 &&
	       bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
	umask(before);
	return done;
}

void source_socket_configure(struct source_socket *source, const uid_t *uids, size_t count)
{
	uid_t *copy = count > 0 ? calloc(count, sizeof *copy) : NULL;

	if (count > 0 && copy == NULL) {
		log_say(LOG_ERR, "out of memory: the socket takes logins of root alone");
		count = 0;
	}
	if (count > 0)
		memcpy(copy, uids, count * sizeof *uids);
	free(source->uids);
	source->uids = copy;
	source->count = count;
}

struct source_socket *source_socket_new(const char *path, const uid_t *uids, size_t count)
{
	struct source_socket *source = calloc(1, sizeof *source);

	if (source == NULL) {
		log_say(LOG_ERR, "out of memory");
		return NULL;
	}
	source_socket_configure(source, uids, count);
	source->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (source->fd < 0 || !bind_name(source->fd, path, count > 0)) {
		log_say(LOG_ERR, "cannot listen at %s: %s", path, strerror(errno));
		source_socket_free(source);
		return NULL;
	}
	return source;
}

void source_socket_free(struct source_socket *source)
{
	if (source == NULL)
		return;
	if (source->fd >= 0)
		close(source->fd);
	free(source->uids);
	free(source);
}

int source_socket_fd(const struct source_socket *source)
{
	return source->fd;
}

/* One datagram with the kernel's word on who sent it.  Returns its size, or -1 when nothing waits. */
static ssize_t receive(int fd, char text[DATAGRAM_MAX], struct ucred *sender, bool *whole)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { text, DATAGRAM_MAX - 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	const struct cmsghdr *c;
	ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (size < 0)
		return -1;
	sender->uid = (uid_t)-1;
	*whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
	c = CMSG_FIRSTHDR(&message);
	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS &&
	    c->cmsg_len >= CMSG_LEN(sizeof *sender))
		memcpy(sender, CMSG_DATA(c), sizeof *sender);
	text[size] = '\0';
	return size;
}

static bool may_send(const struct source_socket *source, uid_t uid)
{
	size_t i;

	for (i = 0; i < source->count; i++) {
		if (source->uids[i] == uid)
			return true;
	}
	return uid == 0;
}

/* Takes TEXT apart at its blanks: exactly four words of printable bytes, the first one "login". */
static bool split(char *text, size_t size, char *words[4])
{
	size_t i, n = 0;

	if (strlen(text) != size)
		return false;
	for (i = 0; i < size; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	while (n < 4 && text != NULL) {
		words[n] = strsep(&text, " ");
		if (*words[n++] == '\0')
			return false;
	}
	return n == 4 && text == NULL && strcmp(words[0], "login") == 0;
}

static bool is_flood(struct source_socket *source, int64_t now)
{
	if (source->second != now) {
		source->second = now;
		source->taken = 0;
	}
	return source->taken++ >= SOCKET_FLOOD;
}

void source_socket_read(struct source_socket *source, int64_t now,
    void (*take)(const char *address, const char *user, const char *service, void *arg), void *arg)
{
	char text[DATAGRAM_MAX], *words[4];
	struct ucred sender;
	bool whole;
	ssize_t size;
	int i;

	for (i = 0; i < AT_ONCE && (size = receive(source->fd, text, &sender, &whole)) >= 0; i++) {
		if (!may_send(source, sender.uid))
			source->tally.strangers++;
		else if (is_flood(source, now))
			source->tally.flooded++;
		else if (!whole || !split(text, (size_t)size, words))
			source->tally.malformed++;
		else {
			source->tally.logins++;
			take(words[1], words[2], words[3], arg);
		}
	}
}

const struct socket_tally *source_socket_tally(const struct source_socket *source)
{
	return &source->tally;
}
