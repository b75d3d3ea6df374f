/* SPDX-License-Identifier: BSD-2-Clause
 *
 * remedy.c - what an administrator does about what an engine refuses, see
 * remedy.h
 */
#include "remedy.h"

#include <stdio.h>
#include <string.h>

#define SENTENCE_MAX 120

/* By the first word of an error, as Redis 7 to 8 and Valkey have them. */
static const struct {
	const char *word, *remedy;
} remedies[] = {
	{ "MISCONF", "make room for its snapshot in its 'dir', and see its log" },
	{ "OOM", "raise its 'maxmemory'" },
	{ "NOPERM", "give this user the rights in docs/cluster.md" },
	{ "NOAUTH", "set 'user' and 'password-file' (of Sentinel: 'sentinel-user' and "
		    "'sentinel-password-file')" },
	{ "WRONGPASS", "compare user and password file with its ACL" },
	{ "READONLY", "let 'engine' name the master, or Sentinels" },
	{ "MASTERDOWN", "let 'engine' name the master, or Sentinels" },
	{ "NOREPLICAS", "see why its replicas are away ('min-replicas-to-write')" },
	{ "LOADING", "wait until it has read its data" },
	{ "BUSY", "end the script that keeps it busy (SCRIPT KILL)" },
	{ "MOVED", "use an engine that is no cluster; Sentinel is supported" },
	{ "ASK", "use an engine that is no cluster; Sentinel is supported" },
	{ "CLUSTERDOWN", "use an engine that is no cluster; Sentinel is supported" },
};

static size_t sentence(const char *text)
{
	size_t size = strnlen(text, SENTENCE_MAX);

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '.' && (text[i + 1] == '\0' || text[i + 1] == ' '))
			return i;
	}
	return size;
}

const char *remedy_text(const char *error, char *text, size_t size)
{
	size_t word = strcspn(error, " :");

	for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++) {
		if (strlen(remedies[i].word) != word || memcmp(error, remedies[i].word, word) != 0)
			continue;
		snprintf(text, size, "%.*s; %s", (int)sentence(error), error, remedies[i].remedy);
		return text;
	}
	snprintf(text, size, "%s", error);
	return text;
}
