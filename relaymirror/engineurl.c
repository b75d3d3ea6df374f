/* SPDX-License-Identifier: BSD-2-Clause
 *
 * engineurl.c - where the engine is, see engineurl.h
 */
#include "engineurl.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define DATABASE_MAX 65535

uint16_t engineurl_port(const char *text)
{
	uint32_t port = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && p - text < 6; p++)
		port = port * 10 + (uint32_t)(*p - '0');
	return *p == '\0' && p != text && port <= UINT16_MAX ? (uint16_t)port : 0;
}

bool engineplace_make(const char *address, uint16_t port, struct engineplace *place)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&place->socket;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&place->socket;

	memset(place, 0, sizeof *place);
	place->port = port;
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		place->size = sizeof *v4;
		snprintf(place->text, sizeof place->text, "%s:%u", address, port);
		return true;
	}
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1)
		return false;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	place->size = sizeof *v6;
	snprintf(place->text, sizeof place->text, "[%s]:%u", address, port);
	return true;
}

/* SIZE bytes of TEXT: ADDRESS[:PORT]. */
static const char *take_place(
    const char *text, size_t size, uint16_t usual, struct engineplace *place)
{
	char address[64];
	char *port = NULL;

	if (size == 0 || size >= sizeof address)
		return "an address is missing, or too long";
	memcpy(address, text, size);
	address[size] = '\0';
	if (*address == '[') {
		port = strchr(address, ']');
		if (port == NULL || (port[1] != '\0' && port[1] != ':'))
			return "'[' without ']', or something else than a port after it";
		*port++ = '\0';
		memmove(address, address + 1, strlen(address));
		port = *port == ':' ? port + 1 : NULL;
	} else if (strchr(address, ':') != NULL) {
		port = strchr(address, ':');
		*port++ = '\0';
	}
	if (port != NULL)
		usual = engineurl_port(port);
	if (usual == 0)
		return "the port is not a number from 1 to 65535";
	if (!engineplace_make(address, usual, place))
		return "expected the number of an address, since no name is looked up";
	return NULL;
}

static const char *take_path(const char *path, struct engineurl *url)
{
	struct engineplace *place = &url->places[0];
	struct sockaddr_un *address = (struct sockaddr_un *)&place->socket;

	if (*path != '/')
		return "expected unix: and an absolute path";
	if (strlen(path) >= sizeof address->sun_path)
		return "the path is too long for a socket";
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, strlen(path) + 1);
	place->size = sizeof *address;
	snprintf(place->text, sizeof place->text, "%s", path);
	url->count = 1;
	return NULL;
}

static const char *take_database(const char *text, unsigned *database)
{
	*database = 0;
	for (; *text >= '0' && *text <= '9' && *database <= DATABASE_MAX; text++)
		*database = *database * 10 + (unsigned)(*text - '0');
	return *text == '\0' && *database <= DATABASE_MAX
		   ? NULL
		   : "the database is not a number from 0 to 65535";
}

static const char *take_master(const char *name, struct engineurl *url)
{
	size_t size = strlen(name);

	if (size == 0)
		return "the name of the master is missing: redis+sentinel://ADDRESS,.../MASTER";
	if (size >= sizeof url->master || strpbrk(name, "/ \t") != NULL)
		return "the name of the master is too long, or has a blank or slash";
	memcpy(url->master, name, size + 1);
	return NULL;
}

static const char *take_places(const char *text, struct engineurl *url)
{
	const uint16_t usual = url->sentinel ? SENTINEL_PORT : ENGINE_PORT;
	size_t end = strcspn(text, "/");
	const char *wrong = NULL, *rest = text[end] == '/' ? text + end + 1 : "";

	for (size_t at = 0; wrong == NULL; at++) {
		size_t size = strcspn(text + at, ",/");

		if (url->count == ENGINEURL_PLACES)
			return "more than eight addresses";
		wrong = take_place(text + at, size, usual, &url->places[url->count++]);
		at += size;
		if (text[at] != ',')
			break;
	}
	if (wrong != NULL)
		return wrong;
	if (url->sentinel)
		return take_master(rest, url);
	if (url->count > 1)
		return "several addresses without redis+sentinel://, which knows the one that "
		       "takes writes";
	return take_database(rest, &url->database);
}

const char *engineurl_parse(const char *text, struct engineurl *url)
{
	static const struct {
		const char *scheme;
		bool tls, sentinel;
	} schemes[] = {
		{ "redis://", false, false },
		{ "rediss://", true, false },
		{ "redis+sentinel://", false, true },
		{ "rediss+sentinel://", true, true },
	};

	memset(url, 0, sizeof *url);
	if (strchr(text, '@') != NULL)
		return "a user or password in it, expected those in user and password-file";
	if (strncmp(text, "unix:", 5) == 0)
		return take_path(text + 5, url);
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t size = strlen(schemes[i].scheme);

		if (strncmp(text, schemes[i].scheme, size) != 0)
			continue;
		url->tls = schemes[i].tls;
		url->sentinel = schemes[i].sentinel;
		return take_places(text + size, url);
	}
	return "expected redis://ADDRESS, rediss://ADDRESS, unix:/PATH or "
	       "redis+sentinel://ADDRESS,.../MASTER";
}
