/* SPDX-License-Identifier: BSD-2-Clause
 *
 * worst.c - the line that takes an expression of the catalogue the longest
 *
 *	worst DIRECTORY
 *
 * Takes every sample of the definitions in DIRECTORY, repeats each part of it
 * until the line is as long as the server's may be, and until it is as long as
 * any may be, with and without what followed that part, and tries all
 * expressions of that server.  Prints "MICROSECONDS STOPPED SERVER BYTES LINE"
 * for the slowest (the best of five goes, so that it is the line that is slow
 * and not the machine); STOPPED is how many of all reached the match limit, at
 * which popwatch gives up.  Limits: it is no proof; what nobody has thought of
 * is the match limit's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalogue.h"
#include "definitions.h"
#include "line.h"
#include "pattern.h"

#define PARTS 160 /* of a sample */
#define SHOWN 70
#define GOES 5

struct worst {
	double seconds;
	char definition[64];
	char line[SHOWN + 1];
	size_t size;
	unsigned long stopped;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double go(const struct pattern *pattern, struct span line, struct worst *worst)
{
	struct captures captures;
	double begin = now();

	if (pattern_match(pattern, line, &captures) == PATTERN_STOPPED)
		worst->stopped++;
	return now() - begin;
}

static void try_line(const struct definition *definition, struct span line, struct worst *worst)
{
	double seconds, again;

	for (size_t i = 0; i < definition->count; i++) {
		seconds = go(definition->expressions[i].pattern, line, worst);
		for (int n = 1; seconds > worst->seconds && n < GOES; n++) {
			again = go(definition->expressions[i].pattern, line, worst);
			seconds = again < seconds ? again : seconds;
		}
		if (seconds <= worst->seconds)
			continue;
		worst->seconds = seconds;
		worst->size = line.size;
		snprintf(worst->definition, sizeof worst->definition, "%s", definition->name);
		snprintf(worst->line, sizeof worst->line, "%.*s",
		    line.size < SHOWN ? (int)line.size : SHOWN, line.text);
	}
}

/* HEAD, PART again and again, and TAIL: SIZE bytes. */
static void try_repeated(const struct definition *definition, struct span head, struct span part,
    struct span tail, size_t size, struct worst *worst)
{
	static char line[LINE_MAX_BYTES];
	size_t used = head.size;

	if (part.size == 0 || head.size + part.size + tail.size > size || size > sizeof line)
		return;
	memcpy(line, head.text, head.size);
	while (used + part.size + tail.size <= size) {
		memcpy(line + used, part.text, part.size);
		used += part.size;
	}
	memcpy(line + used, tail.text, tail.size);
	try_line(definition, (struct span){ line, used + tail.size }, worst);
}

/* Where the parts of MESSAGE begin: at each change from letters and digits, or
 * back. */
static size_t split(const char *message, size_t *at)
{
	size_t count = 0;
	bool word = false, is;

	for (size_t i = 0; message[i] != '\0' && count < PARTS - 1; i++) {
		is = (message[i] >= '0' && message[i] <= '9') ||
		     ((message[i] | 32) >= 'a' && (message[i] | 32) <= 'z');
		if (i == 0 || is != word || !is)
			at[count++] = i;
		word = is;
	}
	at[count] = strlen(message);
	return count;
}

static void try_sample(
    const struct definition *definition, const char *message, struct worst *worst)
{
	size_t at[PARTS], count = split(message, at), end = at[count];
	const struct span none = { "", 0 };
	const size_t sizes[] = { definition->longest, LINE_MAX_BYTES };

	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j <= count && j <= i + 3; j++) {
			const struct span head = { message, at[i] },
					  part = { message + at[i], at[j] - at[i] },
					  tail = { message + at[j], end - at[j] };

			for (size_t n = 0; n < 2; n++) {
				try_repeated(definition, head, part, tail, sizes[n], worst);
				try_repeated(definition, head, part, none, sizes[n], worst);
			}
		}
	}
}

static bool try_server(
    const char *directory, const struct definition *definition, struct worst *worst)
{
	char path[4096], *line = NULL, *message;
	bool samples = false;
	size_t room = 0;
	ssize_t size;
	FILE *in;

	snprintf(path, sizeof path, "%s/%s.conf", directory, definition->name);
	in = fopen(path, "re");
	if (in == NULL)
		return false;
	while ((size = getline(&line, &room, in)) > 0) {
		line[size - 1] = '\0';
		samples |= strcmp(line, "[samples]") == 0;
		message = strstr(line, ": ");
		if (samples && *line != '#' && message != NULL)
			try_sample(definition, message + 2, worst);
	}
	free(line);
	fclose(in);
	return true;
}

static void tell(const char *sentence, void *arg)
{
	(void)arg;
	fprintf(stderr, "worst: %s\n", sentence);
}

int main(int argc, char **argv)
{
	struct conf_errors errors = { .tell = tell };
	char all[] = "all", *names[] = { all, NULL };
	const char *directories[] = { argc > 1 ? argv[1] : "", NULL };
	struct catalogue *catalogue = definitions_load(
	    directories, names, true, &(struct conf_place){ "servers", 0, &errors });
	struct worst worst = { .seconds = 0 };

	if (argc != 2 || catalogue == NULL) {
		fputs("usage: worst directory\n", stderr);
		return 64;
	}
	for (const struct definition *definition = catalogue_first(catalogue); definition != NULL;
	     definition = definition->next) {
		if (!try_server(argv[1], definition, &worst))
			return 1;
	}
	printf("%.0f %lu %s %zu %s\n", worst.seconds * 1e6, worst.stopped, worst.definition,
	    worst.size, worst.line);
	catalogue_free(catalogue);
	return 0;
}
