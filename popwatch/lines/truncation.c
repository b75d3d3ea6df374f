/* SPDX-License-Identifier: BSD-2-Clause
 *
 * truncation.c - which lines must not be believed, see truncation.h
 */
#include "truncation.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "log.h"
#include "table.h"

#define KEY_MAX 600
#define BUSYBOX_KEEPS 200 /* less is left of 256 bytes without priority, stamp and tag */
#define TEXT_MAX (2 * KEY_MAX)

/* To forget a doubt would be to believe what a client wrote: there is no safe
 * way to go on, but lines that were not committed are read again after a
 * restart. */
static void __attribute__((noreturn)) leave_without_memory(void)
{
	log_say(LOG_CRIT, "out of memory");
	exit(EX_OSERR);
}

/* What writes under one key had a message cut, and not all its pieces came. */
struct truncation {
	char *key; /* bytes; see make_key() */
	size_t size;
	unsigned lines; /* so many more may be pieces */
	int64_t when; /* of the last cut line */
	bool running; /* that was the last line: the next one is its rest */
	UT_hash_handle hh; /* in the order of their making */
};

struct truncations {
	struct truncation *table;
};

struct truncations *truncations_new(void)
{
	return calloc(1, sizeof(struct truncations));
}

static void drop(struct truncations *truncations, struct truncation *truncation)
{
	HASH_DEL(truncations->table, truncation);
	free(truncation->key);
	free(truncation);
}

void truncations_free(struct truncations *truncations)
{
	struct truncation *truncation, *next;

	if (truncations == NULL)
		return;
	HASH_ITER(hh, truncations->table, truncation, next)
	{
		drop(truncations, truncation);
	}
	free(truncations);
}

static void add_part(char *key, size_t *size, struct span part)
{
	/* what does not fit is left out: two keys may then be one, and one line
	 * too many is doubted */
	if (part.size > KEY_MAX - 1 - *size)
		part.size = KEY_MAX - 1 - *size;
	memcpy(key + *size, part.text, part.size);
	*size += part.size;
	key[(*size)++] = '\0';
	if (*size == KEY_MAX)
		*size = KEY_MAX - 1;
}

/* Definition, SOURCE, host, tag and process, each with a NUL after it.  Returns
 * its size. */
static size_t make_key(char key[KEY_MAX], const struct definition *definition, const char *source,
    const struct header *header)
{
	size_t size = 0;

	add_part(key, &size, (struct span){ definition->name, strlen(definition->name) });
	add_part(key, &size, (struct span){ source, strlen(source) });
	add_part(key, &size, header->host);
	add_part(key, &size, header->tag);
	add_part(key, &size, header->pid);
	return size;
}

static struct truncation *find(const struct truncations *truncations, const char *key, size_t size)
{
	struct truncation *truncation;

	HASH_FIND(hh, truncations->table, key, size, truncation);
	return truncation;
}

/* The entry of this key, made if there is none. */
static struct truncation *put(struct truncations *truncations, const char *key, size_t size)
{
	struct truncation *truncation = find(truncations, key, size);

	if (truncation != NULL)
		return truncation;
	if (HASH_COUNT(truncations->table) >= TRUNCATIONS_MAX)
		drop(truncations, truncations->table);
	truncation = calloc(1, sizeof *truncation);
	if (truncation == NULL)
		leave_without_memory();
	truncation->key = malloc(size);
	if (truncation->key == NULL)
		leave_without_memory();
	memcpy(truncation->key, key, size);
	truncation->size = size;
	HASH_ADD_KEYPTR(hh, truncations->table, truncation->key, truncation->size, truncation);
	if (!TABLE_HAS(truncation))
		leave_without_memory();
	return truncation;
}

/* A line was cut: of another message, or, if it is the rest of a cut line
 * itself (RUNNING), of the same, which brings no more lines than that has. */
static void raise_lines(struct truncation *truncation, int64_t when)
{
	if (!truncation->running)
		truncation->lines += TRUNCATION_LINES_MORE;
	if (truncation->lines < TRUNCATION_LINES)
		truncation->lines = TRUNCATION_LINES;
	if (truncation->lines > TRUNCATION_LINES_MAX)
		truncation->lines = TRUNCATION_LINES_MAX;
	truncation->when = when > 0 ? when : 0;
	truncation->running = true;
}

/* A line that was not cut itself: one less to doubt.  Where each process writes
 * for itself it was the rest, and the last piece. */
static void settle(struct truncations *truncations, struct truncation *truncation, bool shared)
{
	truncation->running = false;
	if (--truncation->lines == 0 || !shared)
		drop(truncations, truncation);
}

/* Was it cut, or split?  What takes too long to decide was.  TRUNCATION is the
 * entry that lines before it have made, or NULL.
 *
 * busybox's syslogd keeps 256 bytes of what it gets, and hides a cut that was
 * made behind them.  A shared logger writes no process id; but what hands on
 * the journal does, so a line with one is looked at like that of a server which
 * is not silenced by all that is long.  A rest that is long was cut again,
 * whatever it says: the client chose its words. */
static bool is_cut(const struct definition *definition, const struct header *header,
    const struct truncation *truncation)
{
	size_t cut =
	    header->busybox && definition->cut > BUSYBOX_KEEPS ? BUSYBOX_KEEPS : definition->cut;
	bool any = definition->shared_logger && (header->pid.size == 0 || truncation != NULL);
	bool rest = truncation != NULL && truncation->running;
	struct captures captures;

	if (definition->cut == 0 || header->message.size < cut)
		return false;
	return any || rest || definition->cut_only == NULL ||
	       pattern_match(definition->cut_only, header->message, &captures) != PATTERN_NO;
}

enum truncation_verdict truncations_take(struct truncations *truncations,
    const struct definition *definition, const char *source, const struct header *header,
    int64_t when)
{
	enum truncation_verdict verdict = TRUNCATION_NONE;
	struct truncation *truncation = NULL;
	char key[KEY_MAX];
	size_t size = 0;
	bool cut;

	/* a server whose lines are joined by their process writes none without
	 * it */
	if (definition->cut == 0 || (definition->by_pid && header->pid.size == 0))
		return TRUNCATION_NONE;
	if (truncations->table != NULL) {
		size = make_key(key, definition, source, header);
		truncation = find(truncations, key, size);
	}
	if (truncation != NULL && when > truncation->when &&
	    when - truncation->when > TRUNCATION_SECONDS) {
		drop(truncations, truncation);
		truncation = NULL;
	}
	if (truncation != NULL)
		verdict = truncation->running ? TRUNCATION_REST : TRUNCATION_LATER;
	cut = is_cut(definition, header, truncation);
	if (cut && size == 0)
		size = make_key(key, definition, source, header);
	if (cut)
		raise_lines(put(truncations, key, size), when);
	else if (truncation != NULL)
		settle(truncations, truncation, definition->shared_logger);
	return verdict;
}

void truncations_save(const struct truncations *truncations, FILE *out)
{
	const struct truncation *truncation;
	size_t i;

	for (truncation = truncations->table; truncation != NULL;
	     truncation = truncation->hh.next) {
		/* '-': its rest has come; versions before 0.2 wrote none, and
		 * doubted all lines alike */
		fprintf(out, "doubt %u %lld %s", truncation->lines, (long long)truncation->when,
		    truncation->running ? "" : "-");
		for (i = 0; i < truncation->size; i++)
			fprintf(out, "%02x", (unsigned char)truncation->key[i]);
		fputc('\n', out);
	}
}

bool truncations_restore(struct truncations *truncations, const char *line)
{
	static const char digits[] = "0123456789abcdef";
	char key[KEY_MAX];
	const char *high, *low;
	struct truncation *truncation;
	unsigned lines;
	size_t size, i;
	long long when;
	bool running;
	int at = 0;

	if (sscanf(line, "%u %lld %n", &lines, &when, &at) != 2 || at == 0 || lines == 0 ||
	    lines > TRUNCATION_LINES_MAX || when < 0)
		return false;
	line += at;
	running = *line != '-';
	line += !running;
	size = strlen(line);
	if (size == 0 || size % 2 != 0 || size > TEXT_MAX)
		return false;
	for (i = 0; i < size / 2; i++) {
		high = strchr(digits, line[2 * i]);
		low = strchr(digits, line[2 * i + 1]);
		if (high == NULL || low == NULL)
			return false;
		key[i] = (char)((high - digits) << 4 | (low - digits));
	}
	if (truncations == NULL)
		return true;
	truncation = put(truncations, key, size / 2);
	truncation->lines = lines;
	truncation->when = when;
	truncation->running = running;
	return true;
}
