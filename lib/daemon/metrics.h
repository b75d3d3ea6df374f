/* SPDX-License-Identifier: BSD-2-Clause
 *
 * metrics.h - counters as a file for Prometheus' node exporter
 *
 * Owns: the text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/) as its
 * textfile collector reads it, the escaping of label values, and replacing the
 * file whole.  Each name begins with the program's.  Leaves to the caller: what
 * is counted.
 */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include <stdint.h>

enum metric_type {
	METRIC_COUNTER, /* only grows, until a restart; its name ends in _total */
	METRIC_GAUGE /* goes up and down */
};

struct metrics;

/* Begins a file of PROGRAM, which must outlive it.  Returns NULL without
 * memory. */
struct metrics *metrics_new(const char *program);

/* Begins the metric PROGRAM_NAME.  HELP is a sentence for people. */
void metrics_begin(
    struct metrics *metrics, const char *name, enum metric_type type, const char *help);

/* A value of the metric that was begun last, with labels: pairs of a name and a
 * value, then NULL.  The value of a label may hold any bytes. */
void metrics_value(struct metrics *metrics, uint64_t value, ...) __attribute__((sentinel));

/* A metric with one value and no labels. */
void metrics_single(struct metrics *metrics, const char *name, enum metric_type type,
    const char *help, uint64_t value);

/* Replaces PATH by what was gathered, and frees METRICS, which may be NULL.
 * Returns 0, or -1 with errno set; PATH is then as it was. */
int metrics_write(struct metrics *metrics, const char *path);

#endif
