/* SPDX-License-Identifier: BSD-2-Clause
 *
 * human.c - see human.h
 */
#include "human.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "output.h"

#define MINUTE 60
#define HOUR 3600
#define DAY 86400

void human_open(struct human *human, FILE *to, int64_t now, const char *file)
{
	*human = (struct human){ .to = to, .now = now };
	if (strcmp(file, RELAYERS_STATEDIR "/relayers.db") == 0)
		expiry_find(&human->expiry);
	else
		human->expiry.unsure = true; /* what expires that one is not known */
	human->trace = trace_new();
}

void human_close(struct human *human)
{
	trace_free(human->trace);
	human->trace = NULL;
}

const char *human_age(int64_t seconds, char out[HUMAN_AGE])
{
	if (seconds < 2 * MINUTE)
		snprintf(out, HUMAN_AGE, "%" PRId64 "s", seconds);
	else if (seconds < 2 * HOUR)
		snprintf(out, HUMAN_AGE, "%" PRId64 "m", seconds / MINUTE);
	else if (seconds < 2 * DAY)
		snprintf(out, HUMAN_AGE, "%" PRId64 "h%02" PRId64 "m", seconds / HOUR,
		    seconds % HOUR / MINUTE);
	else
		snprintf(out, HUMAN_AGE, "%" PRId64 "d%02" PRId64 "h", seconds / DAY,
		    seconds % DAY / HOUR);
	return out;
}

const char *human_time(int64_t stamp, char out[HUMAN_TIME])
{
	time_t seconds = (time_t)stamp;
	struct tm local;

	if (localtime_r(&seconds, &local) == NULL ||
	    strftime(out, HUMAN_TIME, "%Y-%m-%d %H:%M:%S", &local) == 0)
		strcpy(out, "beyond the calendar");
	return out;
}

const char *human_left(const struct expiry *expiry, int64_t now, int64_t stamp, char out[HUMAN_AGE])
{
	int64_t end = stamp + expiry->after;

	if (expiry->by == EXPIRY_NONE)
		return expiry->unsure ? "unknown" : "for ever";
	if (expiry->after == EXPIRY_ALL && stamp <= now)
		return "next run";
	if (end <= now)
		return "over";
	return human_age(end - now, out);
}

static void print_head(struct human *human)
{
	fprintf(human->to, "%-39s  %-19s  %9s  %9s  %s\n", "ADDRESS", "LAST LOGIN", "AGE", "LEFT",
	    "RECORDED BY");
}

/* At most 40 bytes, escaped. */
static void put_bytes(FILE *to, const char *bytes, size_t size)
{
	char shown[LOG_ESCAPE_SIZE];

	for (size_t i = 0; i < size && i < 40; i++)
		fputs(log_escape((unsigned char)bytes[i], shown), to);
	if (size > 40)
		fputs("...", to);
}

void human_row(struct human *human, const struct relaydb_row *row)
{
	char age[HUMAN_AGE], left[HUMAN_AGE], date[HUMAN_TIME];
	const char *who;

	if (human->rows++ == 0)
		print_head(human);
	if (!row->entry) {
		put_bytes(human->to, row->key, row->key_size);
		fputs("  never expires: ", human->to);
		put_bytes(human->to, row->value, row->value_size);
		putc('\n', human->to);
		return;
	}
	who = trace_of(human->trace, row->address);
	fprintf(human->to, "%-39s  %-19s  %9s  %9s  %s\n", row->address,
	    human_time(row->stamp, date),
	    row->stamp > human->now ? "future" : human_age(human->now - row->stamp, age),
	    human_left(&human->expiry, human->now, row->stamp, left), who != NULL ? who : "-");
}
