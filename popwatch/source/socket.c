/* SPDX-License-Identifier: BSD-2-Clause
 *
 * socket.c - logins that hooks hand over in a datagram each, see socket.h
 */
#include "socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "peer.h"

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
	/* root may send whatever the mode; others need the mode, and are told
	 * apart by their credentials */
	source->fd = peer_open(path, count > 0 ? 0666 : 0600);
	if (source->fd < 0) {
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

static bool may_send(const struct source_socket *source, uid_t uid)
{
	for (size_t i = 0; i < source->count; i++) {
		if (source->uids[i] == uid)
			return true;
	}
	return uid == 0;
}

/* Takes TEXT apart at its blanks: exactly four words of printable bytes, the
 * first one "login". */
static bool split(char *text, size_t size, char *words[4])
{
	size_t n = 0;

	if (strlen(text) != size)
		return false;
	for (size_t i = 0; i < size; i++) {
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
	struct peer sender;
	ssize_t size;

	for (int i = 0;
	     i < AT_ONCE && (size = peer_receive(source->fd, text, sizeof text, &sender)) >= 0;
	     i++) {
		if (!may_send(source, sender.uid))
			source->tally.strangers++;
		else if (is_flood(source, now))
			source->tally.flooded++;
		else if (!sender.whole || !split(text, (size_t)size, words))
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
