/* SPDX-License-Identifier: BSD-2-Clause
 *
 * senders.c - see senders.h
 *
 * What is refused here is what a mail server would never look up, so that it
 * would have no effect in the list.
 */
#include "senders.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOCAL_PART_MAX 64 /* RFC 5321 4.5.3.1 */
#define HOST_MAX 253
#define LABEL_MAX 63

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Only in ASCII, whatever the locale. */
static void fold(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* What is wrong with the local part, SIZE bytes; NULL if nothing is.  RFC 5321
 * 4.1.2: Dot-string. */
static const char *local_part_wrong(const char *text, size_t size)
{
	if (size == 0)
		return "to list everybody at a host, write the host without @";
	if (size == 1 && *text == '*')
		return "a mail server would look up only the user \"*\": to list everybody at a "
		       "host, write the host without *@";
	if (size > LOCAL_PART_MAX)
		return "the part before the @ has more than 64 characters";
	if (text[0] == '"')
		return "a quoted local part cannot be listed, only its host";
	if (strspn(text, LETTERS DIGITS "!#$%&'*+/=?^_`{|}~.-") < size)
		return "the part before the @ has a character that is not allowed there";
	return NULL;
}

/* [192.0.2.1] or [ipv6:2001:db8::1], RFC 5321 4.1.3. */
static const char *literal_wrong(const char *text)
{
	static const char tag[] = "[ipv6:";
	char address[INET6_ADDRSTRLEN];
	bool v6 = strncasecmp(text, tag, sizeof tag - 1) == 0;
	size_t begin = v6 ? sizeof tag - 1 : 1, size = strcspn(text + begin, "]");
	unsigned char bytes[16];

	if (strcmp(text + begin + size, "]") != 0 || size >= sizeof address)
		return "expected [192.0.2.1] or [IPv6:2001:db8::1]";
	memcpy(address, text + begin, size);
	address[size] = '\0';
	return inet_pton(v6 ? AF_INET6 : AF_INET, address, bytes) == 1
		   ? NULL
		   : "expected [192.0.2.1] or [IPv6:2001:db8::1]";
}

/* What is wrong with the host; NULL if nothing is. */
static const char *host_wrong(const char *text)
{
	unsigned char bytes[16];

	if (*text == '[')
		return literal_wrong(text);
	if (*text == '.' || *text == '*')
		return "a host is listed without a dot or * before it: it includes all hosts below "
		       "it";
	if (inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1)
		return "an address is listed in brackets: [192.0.2.1] or [IPv6:2001:db8::1]";
	if (strlen(text) > HOST_MAX)
		return "a host name has at most 253 characters";
	for (;;) {
		size_t label = strspn(text, LETTERS DIGITS "-_");

		if (label == 0 || label > LABEL_MAX)
			break;
		text += label;
		if (*text == '\0')
			return NULL;
		if (*text++ != '.')
			break;
	}
	return "expected user@host or host, a host name of letters, digits, - and dots between "
	       "(xn--... for other letters)";
}

static const char *entry_wrong(const char *entry)
{
	const char *at = strrchr(entry, '@'), *why = NULL;

	if (strpbrk(entry, " \t\r\f\v") != NULL)
		return "expected one sender";
	if (at != NULL)
		why = local_part_wrong(entry, (size_t)(at - entry));
	return why != NULL ? why : host_wrong(at != NULL ? at + 1 : entry);
}

/* The entry of a line of SIZE bytes, which is followed by a byte that may be
 * overwritten: without comment and surrounding blanks. */
static char *entry_of(char *line, size_t size)
{
	char *end = line + size;

	for (char *p = line; p < end; p++)
		if (*p == '#' && (p == line || blank(p[-1])))
			end = p;
	while (line < end && blank(*line))
		line++;
	while (line < end && blank(end[-1]))
		end--;
	*end = '\0';
	return line;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_and_unite(struct senders *senders)
{
	size_t kept = 0;

	if (senders->count == 0)
		return;
	qsort(senders->sender, senders->count, sizeof *senders->sender, compare);
	for (size_t i = 1; i < senders->count; i++)
		if (strcmp(senders->sender[i], senders->sender[kept]) != 0)
			senders->sender[++kept] = senders->sender[i];
	senders->count = kept + 1;
}

static size_t count_lines(const char *text, size_t size)
{
	size_t lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	return lines;
}

int senders_parse(char *text, size_t size, struct senders *senders, senders_wrong wrong, void *arg)
{
	char *end = text + size;
	int refused = 0;
	size_t number = 0;

	senders->count = 0;
	senders->sender = calloc(count_lines(text, size), sizeof *senders->sender);
	if (senders->sender == NULL)
		return -1;
	for (char *line = text, *next; line < end; line = next) {
		char *newline = memchr(line, '\n', (size_t)(end - line)),
		     *stop = newline != NULL ? newline : end, *entry;
		bool holds_nul = memchr(line, '\0', (size_t)(stop - line)) != NULL;
		const char *why;

		next = newline != NULL ? newline + 1 : end;
		number++;
		entry = entry_of(line, (size_t)(stop - line));
		if (*entry == '\0' && !holds_nul)
			continue;
		why = holds_nul ? "a NUL byte, expected text" : entry_wrong(entry);
		if (why == NULL) {
			fold(entry);
			senders->sender[senders->count++] = entry;
			continue;
		}
		wrong(number, entry, why, arg);
		if (refused < INT_MAX)
			refused++;
	}
	if (refused > 0)
		senders_free(senders);
	sort_and_unite(senders);
	return refused;
}

void senders_print(const struct senders *senders, FILE *out)
{
	for (size_t i = 0; i < senders->count; i++)
		fprintf(out, "%s REJECT\n", senders->sender[i]);
}

void senders_free(struct senders *senders)
{
	free(senders->sender);
	senders->sender = NULL;
	senders->count = 0;
}
