/* SPDX-License-Identifier: BSD-2-Clause
 *
 * trace.c - see trace.h
 */
#include "trace.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "log.h"
#include "program.h"
#include "relaydb.h"
#include "table.h"

#define LOG_TAIL (16 << 20)
#define WHO_MAX 128

static const char *const logs[] = { "/var/log/mail.log", "/var/log/maillog", "/var/log/mail",
	"/var/log/messages", "/var/log/syslog", NULL };
static const char *const journalctl_places[] = { "/usr/bin/journalctl", "/bin/journalctl", NULL };

struct known {
	char address[RELAYDB_ADDRSTRLEN];
	char who[WHO_MAX];
	UT_hash_handle hh;
};

struct trace {
	struct known *known;
	const char *place;
};

static void set(struct trace *trace, const char *address, const char *who)
{
	struct known *known;

	HASH_FIND_STR(trace->known, address, known);
	if (known == NULL) {
		known = calloc(1, sizeof *known);
		if (known == NULL)
			return;
		snprintf(known->address, sizeof known->address, "%s", address);
		HASH_ADD_STR(trace->known, address, known);
		if (!TABLE_HAS(known)) {
			free(known);
			return;
		}
	}
	snprintf(known->who, sizeof known->who, "%s", who);
}

/* popwatch's record of a login, "login from A: user 'U', server S, session".
 * The user is a stranger's text: the server is what comes behind its last
 * quote. */
static bool of_popwatch(struct trace *trace, const char *message)
{
	char address[RELAYDB_ADDRSTRLEN + 1], user[65], server[33] = "", who[WHO_MAX + 64];
	char shown[WHO_MAX];
	const char *at, *next = message;
	size_t size;

	if (sscanf(message, "login from %46[0-9a-f.:] user '%64[^']", address, user) < 1)
		return false;
	size = strlen(address);
	if (address[size - 1] == ':') /* the sentence's own */
		address[size - 1] = '\0';
	for (at = NULL; (next = strstr(next, "', server ")) != NULL; next++)
		at = next;
	if (at == NULL || sscanf(at, "', server %32[^,]", server) != 1)
		return false;
	snprintf(who, sizeof who, "popwatch (%s, %s)", server, user);
	log_escape_text(who, strlen(who), shown, sizeof shown);
	set(trace, address, shown);
	return true;
}

/* vsmtprelay's record: "add A TIME (FILE, by uid N)". */
static void of_vsmtprelay(struct trace *trace, const char *message)
{
	char address[RELAYDB_ADDRSTRLEN];
	const char *by = strstr(message, ", by uid ");
	char who[64];
	long uid;

	if (sscanf(message, "add %45[0-9a-f.:] ", address) != 1 || by == NULL ||
	    sscanf(by, ", by uid %ld", &uid) != 1)
		return;
	snprintf(who, sizeof who, "vsmtprelay (uid %ld)", uid);
	set(trace, address, who);
}

static void read_line(struct trace *trace, const char *line)
{
	const char *at = strstr(line, " popwatch[");
	const char *message;

	if (at == NULL)
		at = strstr(line, " vsmtprelay[");
	if (at == NULL)
		return;
	message = strstr(at, "]: ");
	if (message == NULL)
		return;
	if (!of_popwatch(trace, message + 3))
		of_vsmtprelay(trace, message + 3);
}

/* The last part of the file at PATH, for free(3); NULL if it cannot be read or
 * is empty. */
static char *tail(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text = NULL;
	off_t size, from;
	ssize_t n;

	if (fd < 0)
		return NULL;
	size = lseek(fd, 0, SEEK_END);
	from = size > LOG_TAIL ? size - LOG_TAIL : 0;
	if (size > 0)
		text = malloc((size_t)(size - from) + 1);
	if (text != NULL) {
		n = pread(fd, text, (size_t)(size - from), from);
		text[n > 0 ? n : 0] = '\0';
		for (ssize_t i = 0; i < n; i++)
			if (text[i] == '\0')
				text[i] = '?';
	}
	close(fd);
	return text;
}

/* The same of PATH as it was before its last rotation: a syslog daemon that was
 * not told of that still writes there. */
static char *tail_rotated(const char *path)
{
	char before[4096];

	return snprintf(before, sizeof before, "%s.1", path) < (int)sizeof before ? tail(before)
										  : NULL;
}

static char *journal_of_ours(void)
{
	const char *journalctl = program_find(journalctl_places);

	if (journalctl == NULL || !files_exist("/*/log/journal"))
		return NULL;
	return program_output(
	    journalctl, (const char *[]){ "journalctl", "-q", "--no-pager", "-o", "short-iso", "-n",
			    "20000", "-t", "popwatch", "-t", "vsmtprelay", NULL });
}

static void read_lines(struct trace *trace, char *text, const char *place)
{
	char *rest = text;

	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
		read_line(trace, line);
	trace->place = place;
}

/* The log PATH, or the one BEFORE its last rotation. */
static void read_log(struct trace *trace, const char *path, bool before)
{
	char *text = before ? tail_rotated(path) : tail(path);

	if (text != NULL)
		read_lines(trace, text, path);
	free(text);
}

struct trace *trace_new(void)
{
	struct trace *trace = calloc(1, sizeof *trace);
	char *text;

	if (trace == NULL)
		return NULL;
	for (const char *const *log = logs; *log != NULL && trace->place == NULL; log++) {
		read_log(trace, *log, true);
		read_log(trace, *log, false);
	}
	text = journal_of_ours();
	if (text != NULL && *text != '\0')
		read_lines(trace, text, "the journal");
	free(text);
	return trace;
}

void trace_free(struct trace *trace)
{
	struct known *known, *next;

	if (trace == NULL)
		return;
	HASH_ITER(hh, trace->known, known, next)
	{
		HASH_DEL(trace->known, known);
		free(known);
	}
	free(trace);
}

const char *trace_of(const struct trace *trace, const char *address)
{
	struct known *known = NULL;

	if (trace != NULL)
		HASH_FIND_STR(trace->known, address, known);
	return known != NULL ? known->who : NULL;
}

const char *trace_place(const struct trace *trace)
{
	return trace != NULL ? trace->place : NULL;
}

/* Is ADDRESS in LINE, and not a part of another?  Behind one of IPv4 a colon
 * begins a port. */
static bool has_address(const char *line, const char *address)
{
	bool ipv6 = strchr(address, ':') != NULL;
	const char *part = ipv6 ? "0123456789abcdef:." : "0123456789.";
	size_t size = strlen(address);

	for (const char *at = strstr(line, address); at != NULL; at = strstr(at + 1, address)) {
		char after = at[size];

		if (after == '.' || (ipv6 && after == ':')) /* the end of a sentence */
			after = at[size + 1];
		if ((at == line || strchr(part, at[-1]) == NULL) &&
		    (after == '\0' || strchr(part, after) == NULL))
			return true;
	}
	return false;
}

/* The lines of LINES and then LINE, of which the oldest are dropped where they
 * have no room. */
static void add_newer(char *lines, const char *line)
{
	size_t size = strlen(line) < TRACE_LINES_MAX ? strlen(line) : TRACE_LINES_MAX - 1;
	const char *from = lines;

	while (strlen(from) + size + 1 > TRACE_LINES_MAX)
		from = strchr(from, '\n') + 1;
	memmove(lines, from, strlen(from) + 1);
	snprintf(lines + strlen(lines), size + 2, "%.*s\n", (int)size, line);
}

/* LINE in front of them, if there is room. */
static void add_older(char *lines, const char *line)
{
	size_t size = strlen(line) < TRACE_LINES_MAX ? strlen(line) : TRACE_LINES_MAX - 1;

	if (strlen(lines) + size + 1 > TRACE_LINES_MAX)
		return;
	memmove(lines + size + 1, lines, strlen(lines) + 1);
	memcpy(lines, line, size + 1);
	lines[size] = '\n';
}

/* Takes the lines of TEXT that have ADDRESS. */
static void take_lines(char *lines, char *text, const char *address, bool newest_first)
{
	char *rest = text;

	for (char *next = strsep(&rest, "\n"); next != NULL; next = strsep(&rest, "\n"))
		if (has_address(next, address))
			(newest_first ? add_older : add_newer)(lines, next);
}

/* Of the log PATH, and of what it was before its last rotation. */
static void take_log(char *lines, const char *path, const char *address)
{
	char *texts[] = { tail_rotated(path), tail(path) };

	for (size_t i = 0; i < 2; i++) {
		if (texts[i] != NULL)
			take_lines(lines, texts[i], address, false);
		free(texts[i]);
	}
}

static void take_journal(char *lines, const char *address)
{
	const char *journalctl = program_find(journalctl_places);
	char pattern[2 * RELAYDB_ADDRSTRLEN], *text, *out = pattern;

	if (journalctl == NULL || !files_exist("/*/log/journal"))
		return;
	for (const char *in = address; *in != '\0'; in++) {
		if (*in == '.')
			*out++ = '\\';
		*out++ = *in;
	}
	*out = '\0';
	/* -g with -n reverses the order (journalctl(1)); -r in every version */
	text = program_output(
	    journalctl, (const char *[]){ "journalctl", "-q", "--no-pager", "-o", "short-iso", "-r",
			    "--since=-2d", "-n", "100", "-g", pattern, NULL });
	if (text != NULL)
		take_lines(lines, text, address, true);
	free(text);
}

char *trace_lines(const char *address, const char *more)
{
	char *lines = calloc(1, TRACE_LINES_MAX + 2), *paths = strdup(more), *rest = paths;

	if (lines == NULL || paths == NULL) {
		free(lines);
		free(paths);
		return NULL;
	}
	for (char *path = strsep(&rest, " "); path != NULL; path = strsep(&rest, " "))
		if (*path == '/')
			take_log(lines, path, address);
	free(paths);
	for (const char *const *log = logs; *log != NULL && *lines == '\0'; log++)
		take_log(lines, *log, address);
	if (*lines == '\0')
		take_journal(lines, address);
	if (*lines != '\0')
		return lines;
	free(lines);
	return NULL;
}

void trace_last(const char *lines, char *out, size_t size)
{
	/* the newline at the end is that of the last line */
	const char *before = memrchr(lines, '\n', strlen(lines) - 1);
	const char *last = before != NULL ? before + 1 : lines;

	log_escape_text(last, strcspn(last, "\n"), out, size);
}
