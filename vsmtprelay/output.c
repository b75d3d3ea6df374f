/* SPDX-License-Identifier: BSD-2-Clause
 *
 * output.c - list and dump, see output.h
 *
 * makemap's reader decides what cannot be a line: it ends the key at the first
 * blank, skips blanks before the value, skips lines that start with #, and
 * requires a value.  It would accept control characters; they are not printed
 * as lines, since a dump may be shown on a terminal.  Bytes above 127 are
 * written as they are, except to a terminal.
 */
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "log.h"

static bool control(unsigned char byte)
{
	return byte < 0x20 || byte == 0x7f;
}

/* Does makemap read "KEY VALUE" back as this row?  For a tab inside the value
 * it does. */
static bool writable(const struct relaydb_row *row)
{
	if (row->key_size == 0 || row->key[0] == '#' || row->value_size == 0 ||
	    row->value[0] == ' ' || row->value[0] == '\t')
		return false;
	for (size_t i = 0; i < row->key_size; i++)
		if (row->key[i] == ' ' || control((unsigned char)row->key[i]))
			return false;
	for (size_t i = 0; i < row->value_size; i++)
		if (row->value[i] != '\t' && control((unsigned char)row->value[i]))
			return false;
	return true;
}

static void put_raw(const char *bytes, size_t size, const struct output *output)
{
	char shown[LOG_ESCAPE_SIZE];

	if (!output->terminal) {
		fwrite(bytes, 1, size, output->to);
		return;
	}
	for (size_t i = 0; i < size; i++)
		fputs(bytes[i] == '\t' ? "\t" : log_escape((unsigned char)bytes[i], shown),
		    output->to);
}

/* In quotes; a quote or backslash among the bytes is escaped too, so that the
 * text has one meaning. */
static void put_quoted(const char *bytes, size_t size, FILE *to)
{
	char shown[LOG_ESCAPE_SIZE];

	putc('"', to);
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			putc('\\', to);
		fputs(log_escape((unsigned char)bytes[i], shown), to);
	}
	putc('"', to);
}

/* The day as asctime(3) writes it; names are English, since nobody sets a
 * locale. */
static void put_entry(const struct relaydb_row *row, FILE *to)
{
	time_t seconds = (time_t)row->stamp;
	char text[64];
	struct tm utc;

	if (gmtime_r(&seconds, &utc) == NULL ||
	    strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &utc) == 0)
		strcpy(text, "beyond the calendar");
	fprintf(to, "# timestamp (UTC): %s\n%s %" PRId64 "\n", text, row->address, row->stamp);
}

bool output_address(const struct relaydb_row *row, char address[RELAYDB_ADDRSTRLEN])
{
	char key[2 * RELAYDB_ADDRSTRLEN];

	if (row->entry) {
		memcpy(address, row->address, RELAYDB_ADDRSTRLEN);
		return true;
	}
	if (row->key_size >= sizeof key || memchr(row->key, '\0', row->key_size) != NULL)
		return false;
	memcpy(key, row->key, row->key_size);
	key[row->key_size] = '\0';
	return relaydb_address(key, address) == RELAYDB_OK;
}

static void put_other(const struct relaydb_row *row, const struct output *output)
{
	char address[RELAYDB_ADDRSTRLEN];

	fputs(output_address(row, address) ? "# no timestamp, never expires:\n"
					   : "# not an address, left as it is:\n",
	    output->to);
	put_raw(row->key, row->key_size, output);
	putc(' ', output->to);
	put_raw(row->value, row->value_size, output);
	putc('\n', output->to);
}

static void put_unwritable(const struct relaydb_row *row, struct output *output)
{
	fputs("# not a line that makemap can read back: ", output->to);
	put_quoted(row->key, row->key_size, output->to);
	putc(' ', output->to);
	put_quoted(row->value, row->value_size, output->to);
	putc('\n', output->to);
	output->unwritten++;
}

int output_row(const struct relaydb_row *row, void *arg)
{
	struct output *output = arg;

	if (row->entry && row->stamp >= output->before)
		return 0;
	if (row->entry)
		put_entry(row, output->to);
	else if (writable(row))
		put_other(row, output);
	else
		put_unwritable(row, output);
	if (!ferror(output->to))
		return 0;
	output->error = errno;
	return -1;
}
