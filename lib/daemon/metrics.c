/* SPDX-License-Identifier: BSD-2-Clause
 *
 * metrics.c - counters as a file for Prometheus' node exporter, see metrics.h
 */
#include "metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "atomicfile.h"

#define FILE_MODE 0644 /* the exporter runs as a user of its own */

struct metrics {
	const char *program;
	const char *name; /* of the metric that was begun last */
	FILE *out;
	char *text;
	size_t size;
};

struct metrics *metrics_new(const char *program)
{
	struct metrics *metrics = calloc(1, sizeof *metrics);

	if (metrics == NULL)
		return NULL;
	metrics->program = program;
	metrics->out = open_memstream(&metrics->text, &metrics->size);
	if (metrics->out != NULL)
		return metrics;
	free(metrics);
	return NULL;
}

void metrics_begin(
    struct metrics *metrics, const char *name, enum metric_type type, const char *help)
{
	const char *word = type == METRIC_COUNTER ? "counter" : "gauge";

	metrics->name = name;
	fprintf(metrics->out, "# HELP %s_%s %s\n# TYPE %s_%s %s\n", metrics->program, name, help,
	    metrics->program, name, word);
}

/* A line end would end the sample: the format has \n for it. */
static void print_label(FILE *out, const char *name, const char *value, char before)
{
	fprintf(out, "%c%s=\"", before, name);
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '"' || *value == '\\')
			fprintf(out, "\\%c", *value);
		else
			fputc(*value, out);
	}
	fputc('"', out);
}

void metrics_value(struct metrics *metrics, uint64_t value, ...)
{
	char before = '{';
	va_list labels;

	fprintf(metrics->out, "%s_%s", metrics->program, metrics->name);
	va_start(labels, value);
	for (const char *name = va_arg(labels, const char *); name != NULL;
	     name = va_arg(labels, const char *)) {
		print_label(metrics->out, name, va_arg(labels, const char *), before);
		before = ',';
	}
	va_end(labels);
	fprintf(metrics->out, "%s %" PRIu64 "\n", before == ',' ? "}" : "", value);
}

void metrics_single(struct metrics *metrics, const char *name, enum metric_type type,
    const char *help, uint64_t value)
{
	metrics_begin(metrics, name, type, help);
	metrics_value(metrics, value, (char *)NULL);
}

int metrics_write(struct metrics *metrics, const char *path)
{
	int result = -1;

	if (metrics == NULL) {
		errno = ENOMEM;
		return -1;
	}
	/* closing it fails where anything before did for lack of memory */
	if (ferror(metrics->out) != 0)
		errno = ENOMEM;
	else if (fflush(metrics->out) == 0)
		result = atomicfile_write(path, metrics->text, metrics->size, FILE_MODE);
	fclose(metrics->out);
	free(metrics->text);
	free(metrics);
	return result;
}
