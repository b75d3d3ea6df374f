/* SPDX-License-Identifier: BSD-2-Clause
 *
 * findings.c - the words for what fixes a finding, see findings.h
 *
 * Commands are on the very file that was looked at, whatever the default is.
 */
#include "findings.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define WORD_SIZE (2 * PATH_MAX)
#define FIX_SIZE (3 * WORD_SIZE + 1024) /* three paths and a sentence */

/* In a template: the path as a word of a shell, and what its file should be. */
#define PATH_MARK '@'
#define OWNER_MARK '~'
#define MODE_MARK '^'

static const char *const fixes[] = {
	[RELAYDB_FIX_NONE] = "",
	[RELAYDB_FIX_COMMIT] = "nothing to do: the next commit that changes a row rewrites them",
	[RELAYDB_FIX_ROOT] =
	    "nothing to do: the next of our commands that root runs makes it root's",
	[RELAYDB_FIX_OWNER] = "chown ~ @ && chmod ^ @",
	[RELAYDB_FIX_MODE] = "chmod ^ @",
	[RELAYDB_FIX_CLOSE] = "chmod go-w @",
	[RELAYDB_FIX_ENTER] = "chmod g+x @",
	[RELAYDB_FIX_DIRECTORY] = "make the directory, owned by the recorder's user, mode 0755",
	[RELAYDB_FIX_PLACE] = "keep the database somewhere else",
	[RELAYDB_FIX_REMOVE] = "rm @",
	[RELAYDB_FIX_SUFFIX] = "mv @ @.db",
	[RELAYDB_FIX_LOAD] = "vsmtprelay -f @ load FILE, instead of makemap, until then",
	[RELAYDB_FIX_EMPTY] = "vsmtprelay -f @ load /dev/null, which makes an empty one",
	[RELAYDB_FIX_DAMAGED] = "mv @ @.damaged, then vsmtprelay -f @ load a dump, or /dev/null",
	[RELAYDB_FIX_FOREIGN] =
	    "mv @ @.foreign, then vsmtprelay -f @ load what makemap -u printed there",
	[RELAYDB_FIX_ROWS] = "vsmtprelay -f @ dump >F, edit F, vsmtprelay -f @ load F",
	[RELAYDB_FIX_DELETE] = "vsmtprelay -f @ delete ADDRESS, if that is not meant",
	[RELAYDB_FIX_AGAIN_OWNER] = "vsmtprelay -f @ check, as root or the directory's owner",
	[RELAYDB_FIX_AGAIN_SYSTEM] =
	    "vsmtprelay -f @ check, after freeing disk space or repairing the disk",
};

/* PATH as one word of a shell, in quotes if need be; as it is where there is no
 * room for those. */
static void shell_word(const char *path, char *word, size_t size)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%";
	size_t n = 0;

	snprintf(word, size, "%s", path);
	if (path[strspn(path, plain)] == '\0' || 4 * strlen(path) + 3 > size)
		return;
	word[n++] = '\'';
	for (; *path != '\0'; path++) {
		if (*path == '\'') {
			memcpy(word + n, "'\\'", 3);
			n += 3;
		}
		word[n++] = *path;
	}
	word[n++] = '\'';
	word[n] = '\0';
}

static void add(char *buf, size_t size, const char *text, size_t length)
{
	size_t used = strlen(buf);

	snprintf(buf + used, size - used, "%.*s", (int)length, text);
}

/* Writes what fixes FINDING to BUF, cut at SIZE - 1 bytes: a command that a
 * shell takes as it is, or a few words, or "". */
static void put_fix(const struct relaydb_finding *finding, char *buf, size_t size)
{
	char word[WORD_SIZE], owner[64], mode[16];

	shell_word(finding->path != NULL ? finding->path : "", word, sizeof word);
	if (finding->uid == 0)
		snprintf(owner, sizeof owner, "root:%ld", (long)finding->gid);
	else
		snprintf(owner, sizeof owner, "%ld:%ld", (long)finding->uid, (long)finding->gid);
	snprintf(mode, sizeof mode, "%04o", (unsigned)finding->mode);
	buf[0] = '\0';
	for (const char *p = fixes[finding->fix]; *p != '\0'; p++) {
		if (*p == PATH_MARK)
			add(buf, size, word, strlen(word));
		else if (*p == OWNER_MARK)
			add(buf, size, owner, strlen(owner));
		else if (*p == MODE_MARK)
			add(buf, size, mode, strlen(mode));
		else
			add(buf, size, p, 1);
	}
}

struct receiver {
	void (*each)(const struct finding *finding, void *arg);
	void *arg;
};

static void on_finding(const struct relaydb_finding *finding, void *arg)
{
	const struct receiver *receiver = arg;
	char fix[FIX_SIZE];

	put_fix(finding, fix, sizeof fix);
	receiver->each(&(struct finding){ finding->severity, finding->what, fix }, receiver->arg);
}

int findings_check(struct relaydb *db, int64_t now,
    void (*each)(const struct finding *finding, void *arg), void *arg)
{
	return relaydb_check(db, now, on_finding, &(struct receiver){ each, arg });
}
