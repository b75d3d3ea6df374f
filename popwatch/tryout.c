/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tryout.c - popwatch -t, see tryout.h
 */
#include "tryout.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "configured.h"
#include "envelope.h"
#include "gateway.h"
#include "log.h"
#include "pipe.h"
#include "pipeline.h"

#define SESSIONS 65536
/* the defaults of popwatch.conf(5), in seconds */
#define JOIN_MAX 600
#define SESSION_MAX 86400
#define EXAMPLE_MAX 200

/* What is remembered of a server beside its tally. */
struct example {
	const struct definition *definition;
	uint64_t misses;
	uint64_t line; /* the first line that no expression matched */
	char text[EXAMPLE_MAX + 1];
	struct example *next;
};

struct tryout {
	struct pipeline pipeline;
	unsigned formats;
	uint64_t line;
	const char *unreadable; /* what a line of another layout is, if known */
	uint64_t unreadable_line; /* the first such */
	uint64_t addressless; /* logins whose address no line had */
	int64_t now;
	struct example *examples;
	const struct config *config;
	struct gateways gateways;
	bool quiet; /* no report, warnings alone */
};

static void print_bytes(FILE *out, const char *text, size_t size)
{
	char shown[LOG_ESCAPE_SIZE];

	for (size_t i = 0; i < size; i++)
		fputs(log_escape((unsigned char)text[i], shown), out);
}

/* Of an address that stands for everybody, once. */
static void warn(struct tryout *t, const char *address)
{
	struct gateway *gateway = gateways_find(&t->gateways, address);
	char text[LOG_MESSAGE_MAX];

	if (gateway == NULL || gateway->said || config_ignores(t->config, address))
		return;
	gateway->said = true;
	gateway_warning(gateway, text, sizeof text);
	log_say(LOG_WARNING, "%s", text);
}

static void take_event(const struct event *event, void *arg)
{
	struct tryout *t = arg;

	if (event->role != ROLE_LOGIN)
		return;
	if (*event->address == '\0') {
		t->addressless++;
		return;
	}
	warn(t, event->address);
	if (t->quiet)
		return;
	printf("%" PRIu64 "\tlogin\t%s\t%s\t", t->line, event->address, event->definition->name);
	print_bytes(stdout, event->captures->user.text, event->captures->user.size);
	putchar('\n');
}

static void take_miss(const struct definition *definition, const struct header *header, void *arg)
{
	struct tryout *t = arg;
	struct example *example;
	size_t size = header->message.size > EXAMPLE_MAX ? EXAMPLE_MAX : header->message.size;

	for (example = t->examples; example != NULL && example->definition != definition;
	     example = example->next)
		;
	if (example == NULL) {
		example = calloc(1, sizeof *example);
		if (example == NULL)
			return;
		example->definition = definition;
		example->line = t->line;
		memcpy(example->text, header->message.text, size);
		example->next = t->examples;
		t->examples = example;
	}
	example->misses++;
}

static void on_line(const struct line *line, void *arg)
{
	struct tryout *t = arg;
	uint64_t headless = t->pipeline.tally.headless;

	t->line++;
	pipeline_line(&t->pipeline, line, t->now);
	if (t->pipeline.tally.headless == headless || t->unreadable != NULL)
		return;
	t->unreadable = envelope_name(line->text, line->size);
	t->unreadable_line = t->line;
}

/* ", 2 logins"; PLURAL is what its word has when it is not one. */
static void report_count(const char *before, uint64_t count, const char *word, const char *plural)
{
	fprintf(stderr, "%s%" PRIu64 " %s%s", before, count, word, count == 1 ? "" : plural);
}

static void report_server(const struct tryout *t, const struct definition *definition)
{
	const struct tally *tally = &definition->tally;
	const struct example *example;

	if (tally->lines == 0)
		return;
	fputs(definition->name, stderr);
	report_count(": ", tally->lines, "line", "s");
	report_count(", ", tally->role[ROLE_LOGIN], "login", "s");
	report_count(", ", tally->role[ROLE_LOGOUT], "logout", "s");
	report_count(", ", tally->role[ROLE_FAIL], "failed login", "s");
	if (tally->doubted > 0)
		report_count(", ", tally->doubted, "not believed", "");
	if (tally->stopped > 0) {
		report_count(", ", tally->stopped, "match", "es");
		fputs(" stopped", stderr);
	}
	for (example = t->examples; example != NULL && example->definition != definition;
	     example = example->next)
		;
	report_count(", ", example != NULL ? example->misses : 0, "near miss", "es");
	if (example != NULL) {
		fprintf(stderr, ", the first in line %" PRIu64 ":\n  ", example->line);
		print_bytes(stderr, example->text, strlen(example->text));
	}
	fputc('\n', stderr);
}

static void report(const struct tryout *t)
{
	const struct line_tally *tally = &t->pipeline.tally;

	for (const struct definition *definition = catalogue_first(t->pipeline.catalogue);
	     definition != NULL; definition = definition->next)
		report_server(t, definition);
	report_count("", tally->lines, "line", "s");
	report_count(": ", tally->stranger, "of other programs", "");
	report_count(", ", tally->headless, "of another layout", "");
	if (tally->timeless > 0)
		report_count(", ", tally->timeless, "without a time that can be", "");
	if (tally->broken > 0)
		report_count(", ", tally->broken, "cut off, torn, too long or with a NUL byte", "");
	if (t->addressless > 0) {
		report_count("; ", t->addressless, "login", "s");
		fputs(" without an address", stderr);
	}
	fputc('\n', stderr);
	if (t->unreadable != NULL)
		fprintf(stderr, "line %" PRIu64 " is of another layout: %s\n", t->unreadable_line,
		    t->unreadable);
}

/* The source says no more than that it has come to an end, of whatever kind. */
static bool is_at_end(int fd)
{
	char byte;

	return read(fd, &byte, 1) == 0;
}

static int run(struct tryout *t, int fd, struct catalogue *catalogue)
{
	struct sessions *sessions = sessions_new(SESSIONS, JOIN_MAX, SESSION_MAX);
	struct truncations *truncations = truncations_new();
	struct source_pipe *source = source_pipe_new(fd, t->formats);
	int status = EX_OSERR;

	gateways_open(&t->gateways);
	if (sessions != NULL && truncations != NULL && source != NULL) {
		t->pipeline = (struct pipeline){ .catalogue = catalogue,
			.sessions = sessions,
			.truncations = truncations,
			.take = take_event,
			.miss = t->quiet ? NULL : take_miss,
			.arg = t,
			.any_time = true };
		while (source_pipe_read(source, on_line, t))
			;
		if (!t->quiet) {
			fflush(stdout); /* the rows come first, wherever both go */
			report(t);
		}
		status = fflush(stdout) == 0 ? EX_OK : EX_IOERR;
		if (!is_at_end(fd))
			status = EX_NOINPUT;
	}
	while (t->examples != NULL) {
		struct example *example = t->examples;

		t->examples = example->next;
		free(example);
	}
	gateways_close(&t->gateways);
	source_pipe_free(source);
	truncations_free(truncations);
	sessions_free(sessions);
	return status;
}

int tryout_run(int fd, unsigned formats, struct catalogue *catalogue, const struct config *config)
{
	struct tryout t = { .formats = formats, .now = time(NULL), .config = config };

	return run(&t, fd, catalogue);
}

void tryout_warn(int fd, unsigned formats, struct catalogue *catalogue, const struct config *config)
{
	struct tryout t = {
		.formats = formats, .now = time(NULL), .config = config, .quiet = true
	};

	run(&t, fd, catalogue);
}
