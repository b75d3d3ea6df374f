/* SPDX-License-Identifier: BSD-2-Clause
 *
 * options.c - see options.h
 */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DB_PATH RELAYERS_STATEDIR "/relayers.db"
#define SOCKET_PATH "/run/relayers/popwatch.sock"
#define REFRESH_SECONDS 60
#define TIMEOUT_MS 500

/* The value of NAME=VALUE, NULL if WORD is something else. */
static const char *value_of(const char *word, const char *name)
{
	size_t size = strlen(name);

	return strncmp(word, name, size) == 0 && word[size] == '=' ? word + size + 1 : NULL;
}

static bool number(const char *text, int min, int max, int *out)
{
	char *end;
	long n;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || *end != '\0' || n < min || n > max)
		return false;
	*out = (int)n;
	return true;
}

/* NET[,NET]... is added to what is ignored already; the word "none" empties
 * that, as the first of the list only, since elsewhere it would drop what was
 * named. */
static bool networks(const char *text, struct options *options)
{
	struct options wanted = *options;

	for (const char *list = text;;) {
		size_t size = strcspn(text, ",");
		char one[64];

		if (size == 0 || size >= sizeof one)
			return false;
		memcpy(one, text, size);
		one[size] = '\0';
		if (strcmp(one, "none") == 0 && text == list)
			wanted.ignore_count = 0;
		else if (wanted.ignore_count == IGNORE_MAX ||
			 !ipnet_parse(one, &wanted.ignore[wanted.ignore_count++]))
			return false;
		if (text[size] == '\0')
			break;
		text += size + 1;
	}
	*options = wanted;
	return true;
}

/* NULL if WORD was taken, else what was expected. */
static const char *one_word(struct options *options, const char *word)
{
	const char *value;

	if (strcmp(word, "debug") == 0) {
		options->debug = true;
		return NULL;
	}
	value = value_of(word, "db");
	if (value != NULL) {
		if (*value != '/')
			return "an absolute path";
		options->db = value;
		return NULL;
	}
	value = value_of(word, "socket");
	if (value != NULL) {
		if (*value != '/')
			return "an absolute path";
		options->socket = value;
		return NULL;
	}
	value = value_of(word, "refresh");
	if (value != NULL)
		return number(value, 0, 86400, &options->refresh) ? NULL : "0 to 86400 seconds";
	value = value_of(word, "timeout");
	if (value != NULL)
		return number(value, 1, 60000, &options->timeout_ms) ? NULL
								     : "1 to 60000 milliseconds";
	value = value_of(word, "ignore");
	if (value != NULL)
		return networks(value, options) ? NULL
						: "NET[,NET]..., at most 32, or none before them";
	return "db=, socket=, refresh=, timeout=, ignore= or debug";
}

void options_read(struct options *options, int argc, const char **argv,
    void (*wrong)(const char *word, const char *expected, void *arg), void *arg)
{
	*options = (struct options){ .db = DB_PATH,
		.socket = SOCKET_PATH,
		.refresh = REFRESH_SECONDS,
		.timeout_ms = TIMEOUT_MS };
	networks("127.0.0.0/8,::1", options);
	for (int i = 0; i < argc; i++) {
		const char *expected = one_word(options, argv[i]);

		if (expected != NULL)
			wrong(argv[i], expected, arg);
	}
}

bool options_ignore(const struct options *options, const char *address)
{
	struct ipnet one;

	if (!ipnet_parse(address, &one) || !ipnet_is_client(&one))
		return true;
	for (size_t i = 0; i < options->ignore_count; i++)
		if (ipnet_holds(&options->ignore[i], &one))
			return true;
	return false;
}
