/* SPDX-License-Identifier: BSD-2-Clause
 *
 * print.c - see print.h
 *
 * JSON is a list of objects.  An entry has address, time and date (UTC);
 * another row key and value, and address if its key is one.  What is not UTF-8
 * is shown with U+FFFD, and whole, in hexadecimal digits, as key_hex and
 * value_hex.
 */
#include "print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "human.h"
#include "json.h"
#include "log.h"
#include "output.h"

/* The addresses that get asks for, in the store's form. */
struct wanted {
	char (*address)[RELAYDB_ADDRSTRLEN];
	bool *found;
	int n;
};

struct printing {
	unsigned options;
	struct output output;
	struct json json;
	struct human human;
	const struct wanted *wanted; /* NULL: all rows */
	size_t rows; /* printed */
};

/* A text with what is lost of it in JSON. */
static void put_text(struct json *json, const char *name, const char *text, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char hex_name[16], *hex;

	json_name(json, name);
	json_text(json, text, size);
	if (json_is_utf8(text, size))
		return;
	hex = malloc(2 * size + 1);
	if (hex == NULL)
		return;
	for (size_t i = 0; i < size; i++) {
		hex[2 * i] = digits[(unsigned char)text[i] >> 4];
		hex[2 * i + 1] = digits[(unsigned char)text[i] & 15];
	}
	hex[2 * size] = '\0';
	snprintf(hex_name, sizeof hex_name, "%s_hex", name);
	json_member(json, hex_name, hex);
	free(hex);
}

static void put_json(struct json *json, const struct relaydb_row *row)
{
	char address[RELAYDB_ADDRSTRLEN], date[32];
	time_t seconds = (time_t)row->stamp;
	struct tm utc;

	json_object(json);
	if (output_address(row, address))
		json_member(json, "address", address);
	if (row->entry) {
		json_member_number(json, "time", row->stamp);
		if (gmtime_r(&seconds, &utc) != NULL &&
		    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0)
			json_member(json, "date", date);
	} else {
		put_text(json, "key", row->key, row->key_size);
		put_text(json, "value", row->value, row->value_size);
	}
	json_end_object(json);
}

static bool is_wanted(const struct printing *printing, const struct relaydb_row *row)
{
	const struct wanted *wanted = printing->wanted;
	char address[RELAYDB_ADDRSTRLEN];
	bool is = false;

	if (wanted == NULL)
		return !row->entry || row->stamp < printing->output.before;
	if (!output_address(row, address))
		return false;
	for (int i = 0; i < wanted->n; i++) {
		if (strcmp(wanted->address[i], address) == 0)
			is = wanted->found[i] = true;
	}
	return is;
}

static int print_row(const struct relaydb_row *row, void *arg)
{
	struct printing *printing = arg;

	if (!is_wanted(printing, row))
		return 0;
	if (printing->rows++ == 0 && (printing->options & OPTION_JSON) != 0)
		json_list(&printing->json);
	if ((printing->options & OPTION_JSON) != 0)
		put_json(&printing->json, row);
	else if ((printing->options & OPTION_HUMAN) != 0)
		human_row(&printing->human, row);
	else
		return output_row(row, &printing->output);
	if (!ferror(stdout))
		return 0;
	printing->output.error = errno;
	return -1;
}

/* What stands after the last row. */
static void print_end(struct printing *printing, const struct relaydb *db)
{
	if ((printing->options & OPTION_JSON) != 0) {
		if (printing->rows == 0)
			json_list(&printing->json);
		json_end_list(&printing->json);
	} else if ((printing->options & OPTION_HUMAN) != 0 && printing->rows == 0 &&
		   printing->wanted == NULL)
		printf("%s has no such entries\n", relaydb_filename(db));
}

/* Prints the rows that WANTED names, or, if that is NULL, the entries with a
 * stamp below BEFORE and the rows that are not entries. */
static int print(
    struct relaydb *db, const struct call *call, int64_t before, const struct wanted *wanted)
{
	struct printing printing = { .options = call->options,
		.output = { .to = stdout,
		    .terminal = isatty(STDOUT_FILENO) != 0,
		    .before = before },
		.json = { .to = stdout },
		.wanted = wanted };
	int code, status;

	if ((call->options & OPTION_HUMAN) != 0)
		human_open(&printing.human, stdout, (int64_t)time(NULL), relaydb_filename(db));
	code = relaydb_each(db, print_row, &printing);
	human_close(&printing.human);
	if (code < 0) { /* main() finds that the stream failed, and reports errno */
		errno = printing.output.error;
		return EX_IOERR;
	}
	if (code == RELAYDB_OK)
		print_end(&printing, db);
	if (printing.output.unwritten > 0)
		log_say(LOG_WARNING,
		    "%zu rows of %s cannot be written in a form that makemap or load can read "
		    "back: they are printed as comments",
		    printing.output.unwritten, relaydb_filename(db));
	status = report_result(db, code);
	return status == EX_OK && printing.output.unwritten > 0 ? EXIT_PARTLY : status;
}

int cmd_list(struct relaydb *db, const struct call *call)
{
	int64_t before;

	if (!take_minutes("list", call->n, call->arg, &before))
		return EX_USAGE;
	return print(db, call, before, NULL);
}

int cmd_dump(struct relaydb *db, const struct call *call)
{
	return print(db, call, RELAYDB_STAMP_MAX + 1, NULL);
}

/* WANTED has room for the addresses of CALL. */
static int get(struct relaydb *db, const struct call *call, const struct wanted *wanted)
{
	int status = EX_OK;

	for (int i = 0; i < call->n; i++)
		if (!take_address("get", call->arg[i], wanted->address[i]))
			status = EX_USAGE;
	if (status == EX_OK)
		status = print(db, call, RELAYDB_STAMP_MAX + 1, wanted);
	for (int i = 0; i < call->n && (status == EX_OK || status == EXIT_PARTLY); i++) {
		if (wanted->found[i])
			continue;
		log_say(
		    LOG_WARNING, "get: %s is not in %s", wanted->address[i], relaydb_filename(db));
		status = EXIT_PARTLY;
	}
	return status;
}

int cmd_get(struct relaydb *db, const struct call *call)
{
	struct wanted wanted = { calloc((size_t)call->n, sizeof *wanted.address),
		calloc((size_t)call->n, sizeof *wanted.found), call->n };
	int status = EX_OSERR;

	if (wanted.address != NULL && wanted.found != NULL)
		status = get(db, call, &wanted);
	else
		log_say(LOG_ERR, "get: out of memory");
	free(wanted.address);
	free(wanted.found);
	return status;
}
