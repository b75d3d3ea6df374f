/* SPDX-License-Identifier: BSD-2-Clause
 *
 * endpoint.c - the addresses of stream sockets, see endpoint.h
 */
#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "path.h"
#include "peer.h"

#define BACKLOG 128
#define LISTEN_FDS_START 3 /* sd_listen_fds(3) */

/* ---- forms ---- */

/* What follows PREFIX in TEXT; NULL if TEXT begins with something else. */
static const char *after(const char *text, const char *prefix)
{
	size_t size = strlen(prefix);

	return strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

/* Digits up to END alone; 0 lets the kernel choose. */
static bool parse_port(const char *text, const char *end, in_port_t *port)
{
	unsigned number = 0;

	if (text == end || end - text > 5)
		return false;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (unsigned)(*text - '0');
	}
	*port = htons((in_port_t)number);
	return number <= UINT16_MAX;
}

/* An address of SIZE bytes, with a port. */
static bool set_inet(const char *host, size_t size, in_port_t port, struct endpoint *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->socket;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->socket;
	char text[INET6_ADDRSTRLEN];

	if (size >= sizeof text)
		return false;
	memcpy(text, host, size);
	text[size] = '\0';
	address->kind = ENDPOINT_INET;
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = port;
		address->size = sizeof *v4;
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = port;
		address->size = sizeof *v6;
		return true;
	}
	return false;
}

/* PORT@ADDRESS, as milters write it. */
static bool parse_milter(const char *text, sa_family_t family, struct endpoint *address)
{
	const char *at = strchr(text, '@');
	in_port_t port;

	return at != NULL && parse_port(text, at, &port) &&
	       set_inet(at + 1, strlen(at + 1), port, address) &&
	       address->socket.ss_family == family;
}

/* ADDRESS:PORT, [ADDRESS]:PORT */
static bool parse_inet(const char *text, struct endpoint *address)
{
	const char *colon = strrchr(text, ':');
	size_t size = colon != NULL ? (size_t)(colon - text) : 0;
	bool bracketed = size > 2 && *text == '[' && colon[-1] == ']';
	in_port_t port;

	if (colon == NULL || !parse_port(colon + 1, colon + strlen(colon), &port))
		return false;
	if (bracketed)
		return set_inet(text + 1, size - 2, port, address) &&
		       address->socket.ss_family == AF_INET6;
	return set_inet(text, size, port, address) && address->socket.ss_family == AF_INET;
}

bool endpoint_parse(const char *text, struct endpoint *address)
{
	const char *rest;

	memset(address, 0, sizeof *address);
	rest = after(text, "systemd:");
	if (rest != NULL) {
		address->kind = ENDPOINT_SYSTEMD;
		address->path = rest;
		return *rest != '\0';
	}
	rest = after(text, "unix:");
	if (rest == NULL)
		rest = after(text, "local:");
	if (rest == NULL && *text == '/')
		rest = text;
	if (rest != NULL) {
		address->kind = ENDPOINT_UNIX;
		address->path = rest;
		return path_is_absolute(rest) && *path_name(rest) != '\0' &&
		       strlen(path_name(rest)) < sizeof(struct sockaddr_un) / 2;
	}
	rest = after(text, "inet:");
	if (rest != NULL)
		return parse_milter(rest, AF_INET, address);
	rest = after(text, "inet6:");
	if (rest != NULL)
		return parse_milter(rest, AF_INET6, address);
	return parse_inet(text, address);
}

/* ---- Unix sockets ---- */

/* The name of a socket by a descriptor of its directory, so that nobody puts
 * another directory in its place meanwhile, and long paths fit. */
static void name_in(int directory, const char *name, struct sockaddr_un *address)
{
	address->sun_family = AF_UNIX;
	snprintf(
	    address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", directory, name);
}

/* Does a living process listen there?  Only what refuses connections, as a
 * socket of an earlier run and any other file do, is free for certain. */
static bool is_taken(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool taken =
	    fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
			   (errno != ECONNREFUSED && errno != ENOENT));

	if (fd >= 0)
		close(fd);
	return taken;
}

/* Returns false with errno set. */
static bool bind_in(int fd, int directory, const char *name, mode_t mode, uid_t owner, gid_t group)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	int result;

	name_in(directory, name, &address);
	if (is_taken(&address)) {
		errno = EADDRINUSE;
		return false;
	}
	if (!peer_clear_name(address.sun_path))
		return false;
	/* the mode is right from the beginning, and nobody is let in before
	 * listen(2) */
	before = umask(~mode & 0777);
	result = bind(fd, (const struct sockaddr *)&address, sizeof address);
	umask(before);
	if (result != 0)
		return false;
	if (owner == (uid_t)-1 && group == (gid_t)-1)
		return true;
	return fchownat(directory, name, owner, group, AT_SYMLINK_NOFOLLOW) == 0;
}

static int bind_unix(const char *path, mode_t mode, uid_t owner, gid_t group)
{
	char parent[PATH_MAX];
	int fd, directory, error;

	path_directory(path, parent);
	directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !bind_in(fd, directory, path_name(path), mode, owner, group)) {
		error = errno;
		close(fd);
		errno = error;
		fd = -1;
	}
	error = errno;
	close(directory);
	errno = error;
	return fd;
}

/* ---- the others ---- */

static int bind_inet(const struct endpoint *address)
{
	int yes = 1, error;
	int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
	    (address->socket.ss_family != AF_INET6 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0) &&
	    bind(fd, (const struct sockaddr *)&address->socket, address->size) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* A number in the environment; 0 if there is none. */
static long number_of(const char *variable)
{
	const char *text = getenv(variable);

	return text != NULL ? strtol(text, NULL, 10) : 0;
}

/* A descriptor that systemd passed becomes ours.  Returns it, or -1. */
static int adopt_passed(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return -1;
	return fd;
}

/* How many descriptors it passed, sd_listen_fds(3). */
static int count_passed(void)
{
	long count = number_of("LISTEN_FDS");

	return number_of("LISTEN_PID") == getpid() && count > 0 && count < 1000 ? (int)count : 0;
}

/* The descriptor that systemd calls NAME, as sd_listen_fds_with_names(3). */
static int find_passed(const char *name)
{
	const char *names = getenv("LISTEN_FDNAMES");
	int count = names != NULL ? count_passed() : 0;

	for (int fd = LISTEN_FDS_START; fd - LISTEN_FDS_START < count; fd++) {
		size_t size = strcspn(names, ":");

		if (size == strlen(name) && memcmp(names, name, size) == 0)
			return adopt_passed(fd);
		names += size;
		if (*names == ':')
			names++;
	}
	errno = ENOENT;
	return -1;
}

static bool is_bound_to(int fd, const struct endpoint *address)
{
	struct sockaddr_storage bound = { .ss_family = AF_UNSPEC };
	const struct sockaddr_un *name = (const struct sockaddr_un *)&bound;
	socklen_t size = sizeof bound;

	if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0)
		return false;
	if (address->kind == ENDPOINT_UNIX)
		return bound.ss_family == AF_UNIX &&
		       size > offsetof(struct sockaddr_un, sun_path) &&
		       strncmp(name->sun_path, address->path, sizeof name->sun_path) == 0;
	return bound.ss_family == address->socket.ss_family &&
	       memcmp(&bound, &address->socket, address->size) == 0;
}

/* A socket of systemd's that is bound to ADDRESS, so that a configuration is
 * the same with and without socket units; -1: there is none. */
static int find_bound(const struct endpoint *address)
{
	int count = count_passed();

	for (int fd = LISTEN_FDS_START; fd - LISTEN_FDS_START < count; fd++) {
		if (is_bound_to(fd, address))
			return adopt_passed(fd);
	}
	return -1;
}

int endpoint_listen(
    const struct endpoint *address, const char *text, mode_t mode, uid_t owner, gid_t group)
{
	int fd = address->kind == ENDPOINT_SYSTEMD ? -1 : find_bound(address);

	if (fd >= 0)
		return fd;
	switch (address->kind) {
	case ENDPOINT_UNIX:
		fd = bind_unix(address->path, mode, owner, group);
		break;
	case ENDPOINT_INET:
		fd = bind_inet(address);
		break;
	case ENDPOINT_SYSTEMD:
		fd = find_passed(address->path);
		break;
	}
	if (fd >= 0 && listen(fd, BACKLOG) == 0)
		return fd;
	if (address->kind == ENDPOINT_SYSTEMD && errno == ENOENT)
		log_say(
		    LOG_ERR, "cannot listen at %s: systemd passed no socket of this name", text);
	else
		log_say(LOG_ERR, "cannot listen at %s: %s", text,
		    errno == EEXIST ? "something else than a socket has this name"
				    : strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}
