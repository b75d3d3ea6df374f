/* SPDX-License-Identifier: BSD-2-Clause
 *
 * floor.c - the least that a program costs which finds logins by regular
 * expressions: reading, line ends, matching, and no more
 *
 *	floor FILE TAG EXPRESSION...
 *
 * Hands what follows "TAG: " in a line to the EXPRESSIONs (PCRE2, just-in-time
 * compiled), until one matches.  Nothing is made of it: no time, no address, no
 * session, no database, no log.  Prints how many lines matched.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <fcntl.h>
#include <pcre2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXPRESSIONS 16

static pcre2_code *codes[EXPRESSIONS];
static pcre2_match_data *data;
static unsigned long matched;

static void take(const char *line, size_t size, const char *tag, size_t tag_size)
{
	const char *message = memmem(line, size, tag, tag_size);

	if (message == NULL)
		return;
	message += tag_size;
	for (int i = 0; codes[i] != NULL; i++) {
		if (pcre2_jit_match(codes[i], (PCRE2_SPTR)message, (size_t)(line + size - message),
			0, 0, data, NULL) > 0) {
			matched++;
			return;
		}
	}
}

static int scan(const char *file, const char *tag, size_t tag_size)
{
	static char buffer[256 * 1024];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	const char *line, *newline, *end;
	off_t offset = 0;
	ssize_t n;

	while (fd >= 0 && (n = pread(fd, buffer, sizeof buffer, offset)) > 0) {
		end = buffer + n;
		for (line = buffer; (newline = memchr(line, '\n', (size_t)(end - line))) != NULL;
		     line = newline + 1)
			take(line, (size_t)(newline - line), tag, tag_size);
		if (line == buffer)
			break;
		offset += line - buffer;
	}
	return fd < 0 || n < 0;
}

int main(int argc, char **argv)
{
	char tag[64];
	int size, error;
	PCRE2_SIZE at;

	size = snprintf(tag, sizeof tag, " %s: ", argc > 2 ? argv[2] : "");
	if (argc < 4 || argc > 3 + EXPRESSIONS || size >= (int)sizeof tag) {
		fputs("usage: floor file tag expression...\n", stderr);
		return 64;
	}
	for (int i = 3; i < argc; i++) {
		codes[i - 3] = pcre2_compile((PCRE2_SPTR)argv[i], PCRE2_ZERO_TERMINATED,
		    PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL | PCRE2_DUPNAMES, &error, &at,
		    NULL);
		if (codes[i - 3] == NULL ||
		    pcre2_jit_compile(codes[i - 3], PCRE2_JIT_COMPLETE) != 0) {
			fprintf(stderr, "floor: cannot compile %s\n", argv[i]);
			return 65;
		}
	}
	data = pcre2_match_data_create(64, NULL);
	if (data == NULL || scan(argv[1], tag, (size_t)size) != 0) {
		perror(argv[1]);
		return 74;
	}
	printf("%lu\n", matched);
	return 0;
}
