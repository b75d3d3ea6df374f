/* SPDX-License-Identifier: BSD-2-Clause
 *
 * socket.c - logins that hooks hand over in a datagram each, see socket.h
 */
#include "socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "peer.h"

#define DATAGRAM_MAX 512
#define AT_ONCE 1024 /* datagrams in one round of the loop */
#define WARN_EVERY 3600

/* A user who may send besides root. */
struct sender {
	uid_t uid;
	unsigned taken; /* in this second */
};

struct source_socket {
	int fd;
	bool closed; /* nothing more can come */
	struct sender *senders;
	size_t count;
	int64_t second;
	struct log_limit flood;
	struct log_limit stranger;
	struct socket_tally tally;
};

void source_socket_configure(struct source_socket *source, const uid_t *uids, size_t count)
{
	struct sender *senders = count > 0 ? calloc(count, sizeof *senders) : NULL;

	if (count > 0 && senders == NULL) {
		log_say(LOG_ERR, "out of memory: the socket takes logins of root alone");
		count = 0;
	}
	for (size_t i = 0; i < count; i++)
		senders[i].uid = uids[i];
	free(source->senders);
	source->senders = senders;
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
	free(source->senders);
	free(source);
}

void source_socket_close(struct source_socket *source)
{
	source->closed = shutdown(source->fd, SHUT_RD) == 0;
}

int source_socket_fd(const struct source_socket *source)
{
	return source->fd;
}

static struct sender *sender_of(const struct source_socket *source, uid_t uid)
{
	for (size_t i = 0; i < source->count; i++) {
		if (source->senders[i].uid == uid)
			return &source->senders[i];
	}
	return NULL;
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

/* Each user has a share of his own, so that none keeps another's logins out.
 * Root's processes have no limit: their logins are of people who have proved
 * who they are. */
static bool is_flood(struct source_socket *source, struct sender *sender, int64_t now)
{
	unsigned long kept;

	if (source->second != now) {
		source->second = now;
		for (size_t i = 0; i < source->count; i++)
			source->senders[i].taken = 0;
	}
	if (sender == NULL || sender->uid == 0 || sender->taken++ < SOCKET_FLOOD)
		return false;
	if (log_due(&source->flood, now, WARN_EVERY, &kept))
		log_say(LOG_WARNING,
		    "uid %ld sends more than %d datagrams a second to the socket: the rest is "
		    "dropped, and its logins are not recorded",
		    (long)sender->uid, SOCKET_FLOOD);
	return true;
}

/* Its sender believes that the login is recorded. */
static void report_stranger(struct source_socket *source, uid_t uid, int64_t now)
{
	unsigned long kept;

	source->tally.strangers++;
	if (log_due(&source->stranger, now, WARN_EVERY, &kept))
		log_say(LOG_WARNING,
		    "uid %ld sends to the socket and is not in socket-users: its logins are not "
		    "recorded",
		    (long)uid);
}

void source_socket_read(struct source_socket *source, int64_t now,
    void (*take)(const char *address, const char *user, const char *service, void *arg), void *arg)
{
	char text[DATAGRAM_MAX], *words[4];
	struct sender *sender;
	struct peer peer;
	ssize_t size;

	for (int i = 0; i < AT_ONCE || source->closed; i++) {
		size = peer_receive(source->fd, text, sizeof text, &peer);
		if (size < 0)
			return;
		sender = sender_of(source, peer.uid);
		if (sender == NULL && peer.uid != 0)
			report_stranger(source, peer.uid, now);
		else if (is_flood(source, sender, now))
			source->tally.flooded++;
		else if (!peer.whole || !split(text, (size_t)size, words))
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
