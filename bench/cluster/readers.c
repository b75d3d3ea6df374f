/* SPDX-License-Identifier: BSD-2-Clause
 *
 * readers.c - from a login in a POP host's mirror to the tables of many readers
 *
 *	readers URL READERS LOGINS PER-SECOND [MS]
 *
 * One publisher and so many readers, with the code and the connections that
 * relaymirror has, in one process: without the databases, whose commits are
 * bench/cluster/hosts.  The first login comes MS (2000) after all follow.
 * Prints how many milliseconds a login took until the last reader had it: p50,
 * p99, the longest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "engineurl.h"
#include "log.h"
#include "loop.h"
#include "publisher.h"
#include "reader.h"

#define LONGEST_MS 60000

struct host {
	struct reader *reader;
	struct mirror *mirror;
	struct engineclock clock;
	size_t seen; /* logins, in their order */
};

static struct loop *loop;
static struct host *hosts; /* the first is the publisher's */
static struct publisher *publisher;
static struct loop_timer *next, *limit;
static size_t readers, logins, begun, complete;
static double pause_ms;
static int64_t begin_ms = 2000;
static double *began, *took;
static size_t *arrived;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static const char *name_address(size_t n)
{
	static char text[32];

	snprintf(text, sizeof text, "10.%zu.%zu.%zu", n >> 16 & 255, n >> 8 & 255, n & 255);
	return text;
}

static void on_changed(void *arg)
{
	struct host *host = arg;
	struct mirror_known known;

	for (; host->seen < begun; host->seen++) {
		mirror_look_up(host->mirror, name_address(host->seen), &known);
		if (known.login == 0)
			return;
		if (++arrived[host->seen] < readers)
			continue;
		took[host->seen] = now_ms() - began[host->seen];
		if (++complete == logins)
			loop_stop(loop);
	}
}

static void on_login(void *arg)
{
	struct host *pop = arg;
	struct moment now;
	double wait;

	if (begun == logins || !engineclock_now(&pop->clock, &now))
		return;
	began[begun] = now_ms();
	mirror_local(pop->mirror, name_address(begun++), now.local, &now);
	publisher_kick(publisher);
	wait = began[0] + (double)begun * pause_ms - now_ms();
	loop_timer_set(next, wait > 0 ? (int64_t)wait : 0);
}

/* The first logins come when everybody follows. */
static void on_found(void *arg)
{
	static size_t found;

	(void)arg;
	publisher_restart(publisher);
	if (++found == readers + 1)
		loop_timer_set(next, begin_ms);
}

static void on_limit(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void ignore(void *arg)
{
	(void)arg;
}

static void ignore_renewed(bool first, void *arg)
{
	(void)first, (void)arg;
}

static void ignore_address(const char *address, void *arg)
{
	(void)address, (void)arg;
}

static void make(const struct engine_options *options)
{
	static const struct reader_handler handler = { ignore_address, on_changed, ignore_renewed,
		on_found, ignore };
	static const struct netset none = { NULL, 0 };

	for (size_t i = 0; i <= readers; i++) {
		struct mirror_settings settings = { i == 0, i > 0, 3600, &none };
		struct host *host = &hosts[i];

		host->mirror = mirror_new(&settings, (int64_t)time(NULL));
		host->reader = reader_new(
		    loop, options, host->mirror, &host->clock, i == 0, i > 0, &handler, host);
		if (host->mirror == NULL || host->reader == NULL)
			exit(1);
	}
	publisher = publisher_new(loop, options, hosts[0].mirror, &hosts[0].clock,
	    reader_state(hosts[0].reader), "bench", ignore, NULL);
	next = loop_timer_new(loop, on_login, &hosts[0]);
	limit = loop_timer_new(loop, on_limit, NULL);
	if (publisher == NULL || next == NULL || limit == NULL)
		exit(1);
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void leave(void)
{
	publisher_free(publisher);
	for (size_t i = 0; i <= readers; i++) {
		reader_free(hosts[i].reader);
		mirror_free(hosts[i].mirror);
	}
	loop_timer_free(next);
	loop_timer_free(limit);
	loop_free(loop);
	free(hosts);
	free(began);
	free(took);
	free(arrived);
}

int main(int argc, char **argv)
{
	struct engine_options options = { .purpose = "use", .user = "", .password = "" };
	struct engineurl url;

	if (argc < 5 || engineurl_parse(argv[1], &url) != NULL)
		return 64;
	options.url = &url;
	log_open("readers", LOG_MAIL, LOG_ERR, LOG_NOWHERE);
	readers = strtoul(argv[2], NULL, 10);
	logins = strtoul(argv[3], NULL, 10);
	pause_ms = 1000 / strtod(argv[4], NULL);
	if (argc > 5)
		begin_ms = atoi(argv[5]);
	hosts = calloc(readers + 1, sizeof *hosts);
	began = calloc(logins + 1, sizeof *began);
	took = calloc(logins + 1, sizeof *took);
	arrived = calloc(logins + 1, sizeof *arrived);
	loop = loop_new(false);
	if (hosts == NULL || began == NULL || took == NULL || arrived == NULL || loop == NULL)
		return 1;
	make(&options);
	loop_timer_set(limit, LONGEST_MS + (int64_t)((double)logins * pause_ms));
	for (size_t i = 0; i <= readers; i++)
		reader_start(hosts[i].reader);
	loop_run(loop);
	if (complete < logins) {
		fprintf(stderr, "readers: %zu of %zu logins are everywhere\n", complete, logins);
		return 1;
	}
	qsort(took, logins, sizeof *took, compare);
	printf("%.1f %.1f %.1f\n", took[logins / 2], took[logins * 99 / 100], took[logins - 1]);
	leave();
	return 0;
}
