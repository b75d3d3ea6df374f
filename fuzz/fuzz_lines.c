/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_lines.c - any bytes as a log of lines, read with every shipped
 * definition ($FUZZ_DEFINITIONS): an address that comes out is one of a login
 * or logout, in the store's form, and stands in the lines
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "definitions.h"
#include "pipeline.h"

#define NOW INT64_C(1795175258)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct catalogue *catalogue;

static void tell(const char *sentence, void *arg)
{
	(void)arg;
	fprintf(stderr, "%s\n", sentence);
}

int LLVMFuzzerInitialize(
    int *argc, char ***argv) // NOLINT(readability-non-const-parameter): libFuzzer's prototype
{
	char all[] = "all", *names[] = { all, NULL };
	const char *directories[] = { getenv("FUZZ_DEFINITIONS"), NULL };
	struct conf_errors errors = { .tell = tell };

	(void)argc, (void)argv;
	catalogue = definitions_load(
	    directories, names, true, &(struct conf_place){ "servers", 0, &errors });
	if (catalogue == NULL)
		abort();
	return 0;
}

static void take(const struct event *event, void *arg)
{
	char form[RELAYDB_ADDRSTRLEN];

	(void)arg;
	if (*event->address == '\0')
		return;
	if (event->role != ROLE_LOGIN && event->role != ROLE_LOGOUT)
		abort();
	if (relaydb_address(event->address, form) != RELAYDB_OK ||
	    strcmp(form, event->address) != 0)
		abort();
	if (event->when > NOW || event->header->message.size > event->definition->longest)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pipeline pipeline = { .catalogue = catalogue,
		.sessions = sessions_new(16, 600, 3600),
		.truncations = truncations_new(),
		.take = take };
	struct line line = { .source = "/log", .formats = FORMAT_ANY };
	const char *p = (const char *)data, *end = p + size, *newline;

	if (pipeline.sessions == NULL || pipeline.truncations == NULL)
		abort();
	for (; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			newline = end;
		line.text = p;
		line.size = (size_t)(newline - p);
		line.cut = line.size > 8192;
		pipeline_line(&pipeline, &line, NOW);
		if (newline == end)
			break;
	}
	sessions_free(pipeline.sessions);
	truncations_free(pipeline.truncations);
	return 0;
}
