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

struct doubt {
	char *key; /* bytes; see make_key() */
	size_t size;
	unsigned lines; /* that are not believed any more */
	int64_t when; /* of the last cut line */
	bool running; /* that was the last line: the next one is its rest */
	UT_hash_handle hh; /* in the order of their making */
};

struct doubts {
	struct doubt *table;
};

struct doubts *doubts_new(void)
{
	return calloc(1, sizeof(struct doubts));
}

static void drop(struct doubts *doubts, struct doubt *doubt)
{
	HASH_DEL(doubts->table, doubt);
	free(doubt->key);
	free(doubt);
}

void doubts_free(struct doubts *doubts)
{
	struct doubt *doubt, *next;

	if (doubts == NULL)
		return;
	HASH_ITER(hh, doubts->table, doubt, next)
	{
		drop(doubts, doubt);
	}
	free(doubts);
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
static size_t make_key(
    char key[KEY_MAX], const struct server *server, const char *source, const struct header *header)
{
	size_t size = 0;

	add_part(key, &size, (struct span){ server->name, strlen(server->name) });
	add_part(key, &size, (struct span){ source, strlen(source) });
	add_part(key, &size, header->host);
	add_part(key, &size, header->tag);
	add_part(key, &size, header->pid);
	return size;
}

static struct doubt *find(const struct doubts *doubts, const char *key, size_t size)
{
	struct doubt *doubt;

	HASH_FIND(hh, doubts->table, key, size, doubt);
	return doubt;
}

/* The doubt with this key, made if there is none. */
static struct doubt *put(struct doubts *doubts, const char *key, size_t size)
{
	struct doubt *doubt = find(doubts, key, size);

	if (doubt != NULL)
		return doubt;
	if (HASH_COUNT(doubts->table) >= DOUBTS)
		drop(doubts, doubts->table);
	doubt = calloc(1, sizeof *doubt);
	if (doubt == NULL)
		leave_without_memory();
	doubt->key = malloc(size);
	if (doubt->key == NULL)
		leave_without_memory();
	memcpy(doubt->key, key, size);
	doubt->size = size;
	HASH_ADD_KEYPTR(hh, doubts->table, doubt->key, doubt->size, doubt);
	if (!TABLE_HAS(doubt))
		leave_without_memory();
	return doubt;
}

static void raise_doubt(struct doubt *doubt, int64_t when)
{
	if (!doubt->running)
		doubt->lines += DOUBT_LINES_MORE;
	if (doubt->lines < DOUBT_LINES)
		doubt->lines = DOUBT_LINES;
	if (doubt->lines > DOUBT_LINES_MAX)
		doubt->lines = DOUBT_LINES_MAX;
	doubt->when = when > 0 ? when : 0;
	doubt->running = true;
}

/* A line that was not cut itself: one less to doubt. */
static void settle(struct doubts *doubts, struct doubt *doubt, bool shared)
{
	doubt->running = false;
	if (--doubt->lines == 0 || !shared)
		drop(doubts, doubt);
}

/* Was it cut, or split?  What takes too long to tell was.  DOUBT is that of the
 * lines before it, or NULL.
 *
 * busybox's syslogd keeps 256 bytes of what it gets, and hides a cut that was
 * made behind them.  A shared logger writes no process id; but what hands on
 * the journal does, so a line with one is looked at like that of a server which
 * is not silenced by all that is long.  A rest that is long was cut again,
 * whatever it says: the client chose its words. */
static bool is_cut(
    const struct server *server, const struct header *header, const struct doubt *doubt)
{
	size_t cut = header->facility && server->cut > BUSYBOX_KEEPS ? BUSYBOX_KEEPS : server->cut;
	bool any = server->shared_logger && (header->pid.size == 0 || doubt != NULL);
	bool rest = doubt != NULL && doubt->running;
	struct captures captures;

	if (server->cut == 0 || header->message.size < cut)
		return false;
	return any || rest || server->cut_only == NULL ||
	       pattern_match(server->cut_only, header->message, &captures) != PATTERN_NO;
}

enum doubt_verdict doubts_take(struct doubts *doubts, const struct server *server,
    const char *source, const struct header *header, int64_t when)
{
	enum doubt_verdict verdict = DOUBT_NONE;
	struct doubt *doubt = NULL;
	char key[KEY_MAX];
	size_t size = 0;
	bool cut;

	/* a server whose lines are joined by their process writes none without
	 * it */
	if (server->cut == 0 || (server->by_pid && header->pid.size == 0))
		return DOUBT_NONE;
	if (doubts->table != NULL) {
		size = make_key(key, server, source, header);
		doubt = find(doubts, key, size);
	}
	if (doubt != NULL && when > doubt->when && when - doubt->when > DOUBT_SECONDS) {
		drop(doubts, doubt);
		doubt = NULL;
	}
	if (doubt != NULL)
		verdict = doubt->running ? DOUBT_REST : DOUBT_LATER;
	cut = is_cut(server, header, doubt);
	if (cut && size == 0)
		size = make_key(key, server, source, header);
	if (cut)
		raise_doubt(put(doubts, key, size), when);
	else if (doubt != NULL)
		settle(doubts, doubt, server->shared_logger);
	return verdict;
}

void doubts_save(const struct doubts *doubts, FILE *out)
{
	const struct doubt *doubt;
	size_t i;

	for (doubt = doubts->table; doubt != NULL; doubt = doubt->hh.next) {
		/* '-': its rest has come; versions before 0.2 wrote none, and
		 * doubted all lines alike */
		fprintf(out, "doubt %u %lld %s", doubt->lines, (long long)doubt->when,
		    doubt->running ? "" : "-");
		for (i = 0; i < doubt->size; i++)
			fprintf(out, "%02x", (unsigned char)doubt->key[i]);
		fputc('\n', out);
	}
}

bool doubts_restore(struct doubts *doubts, const char *line)
{
	static const char digits[] = "0123456789abcdef";
	char key[KEY_MAX];
	const char *high, *low;
	struct doubt *doubt;
	unsigned lines;
	size_t size, i;
	long long when;
	bool running;
	int at = 0;

	if (sscanf(line, "%u %lld %n", &lines, &when, &at) != 2 || at == 0 || lines == 0 ||
	    lines > DOUBT_LINES_MAX || when < 0)
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
	if (doubts == NULL)
		return true;
	doubt = put(doubts, key, size / 2);
	doubt->lines = lines;
	doubt->when = when;
	doubt->running = running;
	return true;
}
