/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dump.c - a dump in makemap's form becomes the whole database
 *
 * The lines are those of makemap(8): key, blanks, value up to the end of the
 * line; empty lines and lines that start with # are skipped, and so are a byte
 * order mark and, behind an entry, a comment that follows a blank: no map would
 * have such a time.  The input is read to its end before the database is looked
 * at, so `dump | load` on one file works.
 */
#include "dump.h"
#include "handle.h"
#include "rows.h"
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static int input_read(struct dump *dump, int fd)
{
	size_t room = 0;

	for (;;) {
		ssize_t n;

		if (dump->input.size == room) {
			unsigned char *grown;

			room = room == 0 ? 65536 : room * 2;
			if (room > IMAGE_MAX)
				return db_fail(dump->db, RELAYDB_NOTDB,
				    "the dump is larger than any relay database");
			grown = realloc(dump->input.data, room);
			if (grown == NULL)
				return db_fail(dump->db, RELAYDB_NOMEM, "out of memory");
			dump->input.data = grown;
		}
		n = read(fd, dump->input.data + dump->input.size, room - dump->input.size);
		if (n == 0)
			return RELAYDB_OK;
		if (n < 0 && errno != EINTR)
			return db_fail(dump->db, RELAYDB_IO, "cannot read the dump: %m");
		if (n > 0)
			dump->input.size += (size_t)n;
	}
}

/* The input without the mark that editors on Windows put before UTF-8. */
static struct bytes input_text(const struct dump *dump)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t size = sizeof mark - 1;

	if (dump->input.size < size || memcmp(dump->input.data, mark, size) != 0)
		return (struct bytes){ dump->input.data, dump->input.size };
	return (struct bytes){ dump->input.data + size, dump->input.size - size };
}

/* VALUE without the comment behind it, if what precedes that is a time. */
static struct bytes without_comment(struct bytes value)
{
	const char *p = value.data;
	size_t digits = 0, end;

	while (digits < value.size && p[digits] >= '0' && p[digits] <= '9')
		digits++;
	for (end = digits; end < value.size && blank(p[end]); end++)
		;
	if (digits == 0 || end == digits || end == value.size || p[end] != '#')
		return value;
	return (struct bytes){ p, digits };
}

/* Cuts the next line off TEXT, without its newline. */
static bool next_line(struct bytes *text, struct bytes *line)
{
	const char *begin = text->data, *end;

	if (text->size == 0)
		return false;
	end = memchr(begin, '\n', text->size);
	*line = (struct bytes){ begin, end != NULL ? (size_t)(end - begin) : text->size };
	*text = end != NULL ? (struct bytes){ end + 1, text->size - line->size - 1 }
			    : (struct bytes){ NULL, 0 };
	return true;
}

static bool skipped(struct bytes line)
{
	const char *p = line.data;

	return line.size == 0 || *p == '#' || (line.size == 1 && *p == '\r');
}

/* Key and value of a line.  Returns RELAYDB_OK, BADADDR or BADSTAMP; *wrong
 * says what was expected then. */
static int line_split(struct bytes line, struct row *row, const char **wrong)
{
	const char *p = line.data;
	size_t key = 0, value;

	*wrong = "a NUL byte, expected text";
	if (memchr(p, '\0', line.size) != NULL)
		return RELAYDB_BADADDR;
	*wrong = "starts with a blank, expected a key";
	if (blank(*p))
		return RELAYDB_BADADDR;
	while (key < line.size && !blank(p[key]))
		key++;
	for (value = key; value < line.size && blank(p[value]); value++)
		;
	*wrong = "no value, expected KEY VALUE";
	if (value == line.size)
		return RELAYDB_BADSTAMP;
	row_parse((struct bytes){ p, key },
	    without_comment((struct bytes){ p + value, line.size - value }), row);
	/* "ADDRESS # comment" would never expire; a map may have such a value
	 * for another key */
	return row->address_ok && p[value] == '#' ? RELAYDB_BADSTAMP : RELAYDB_OK;
}

/* Of a stamp the digits alone, so that an edited dump's blanks do not reach the
 * map. */
static void value_trim(struct row *row, char digits[32])
{
	int size;

	if (!row->entry)
		return;
	size = snprintf(digits, 32, "%lld", (long long)row->stamp);
	row->value = (struct bytes){ digits, (size_t)size };
}

static int input_parse(struct dump *dump)
{
	struct bytes text = input_text(dump), line;
	char digits[32];
	struct row row;

	for (size_t number = 1; next_line(&text, &line); number++) {
		const char *wrong;
		int code;

		if (dump->progress.call != NULL && number % PROGRESS_EVERY == 0) {
			code = dump->progress.call(number, 0, dump->progress.arg);
			if (code != 0)
				return code;
		}
		if (skipped(line))
			continue;
		code = line_split(line, &row, &wrong);
		if (code != RELAYDB_OK)
			return db_fail(dump->db, code, "line %zu: %s", number, wrong);
		value_trim(&row, digits);
		if (!row.entry && dump->permanent++ == 0)
			dump->permanent_line = number;
		code = rows_add(dump->db, &dump->rows, &row);
		if (code != RELAYDB_OK)
			return code;
	}
	return RELAYDB_OK;
}

/* Which two lines have this key?  They are looked for only when there are
 * two. */
static int twice(struct dump *dump, const struct stored *stored)
{
	struct bytes text = input_text(dump), line;
	const char *wrong;
	size_t first = 0;
	struct row row;

	for (size_t number = 1; next_line(&text, &line); number++) {
		struct bytes key;

		if (skipped(line) || line_split(line, &row, &wrong) != RELAYDB_OK)
			continue;
		key = row.address_ok ? (struct bytes){ row.text, strlen(row.text) } : row.key;
		if (key.size != stored->key.size ||
		    memcmp(key.data, stored->key.data, key.size) != 0)
			continue;
		if (first != 0)
			return db_fail(dump->db, RELAYDB_BADADDR,
			    "line %zu: the key of line %zu again", number, first);
		first = number;
	}
	return db_fail(dump->db, RELAYDB_BADADDR, "a key comes twice");
}

static int by_key_strictly(struct dump *dump)
{
	size_t count = dump->rows.count;

	rows_sort_by_key(&dump->rows);
	for (size_t i = 1; i < count; i++)
		if (rows_key_compare(&dump->rows.row[i - 1], &dump->rows.row[i]) == 0)
			return twice(dump, &dump->rows.row[i]);
	return RELAYDB_OK;
}

int dump_compare(const struct dump *dump, const struct plan_source *source, size_t rows,
    struct relaydb_result *result)
{
	size_t found = 0;

	for (size_t i = 0; i < dump->rows.count; i++) {
		const struct stored *row = &dump->rows.row[i];
		char value[64];
		size_t size = 0;
		int code = source->find(source->from, row->key, value, sizeof value, &size);

		if (code == RELAYDB_NOTFOUND) {
			result->added++;
			continue;
		}
		if (code != RELAYDB_OK)
			return code == RELAYDB_NOMEM ? db_fail(dump->db, code, "out of memory")
						     : code;
		found++;
		if (size > sizeof value || size != row->value.size ||
		    memcmp(value, row->value.data, size) != 0)
			result->changed++;
	}
	result->deleted = rows - found;
	result->rows = dump->rows.count;
	return RELAYDB_OK;
}

/* The rows of the dump, sorted, each address once. */
static int dump_read(struct dump *dump, int fd)
{
	int code = input_read(dump, fd);

	if (code == RELAYDB_OK)
		code = input_parse(dump);
	return code == RELAYDB_OK ? by_key_strictly(dump) : code;
}

int relaydb_load(struct relaydb *db, int fd, int64_t now,
    int (*progress)(size_t done, size_t total, void *arg), void *arg, struct relaydb_result *result)
{
	struct dump dump = { .db = db, .progress = { progress, arg } };
	struct relaydb_result unwanted;
	int code, guard;

	if (result == NULL)
		result = &unwanted;
	*result = (struct relaydb_result){ .committed = false };
	db_begin(db);
	guard = db_begin_guard();
	code = dump_read(&dump, fd);
	if (code == RELAYDB_OK)
		code = db->store->load(&dump, now, result);
	result->permanent = dump.permanent;
	result->permanent_line = dump.permanent_line;
	rows_free(&dump.rows);
	image_free(&dump.input);
	db_end_guard(guard);
	return code;
}
