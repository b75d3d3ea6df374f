/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_rows.c - makes a hash database of any bytes, straight with Berkeley DB:
 * what no dump can hold
 *
 *	prog_rows FILE KEY VALUE [KEY VALUE ...]
 *
 * In keys and values \ooo stands for the byte with that octal number.
 */
#include <db.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In place; returns the size. */
static unsigned unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; to++) {
		unsigned byte;
		int used;

		if (sscanf(from, "\\%3o%n", &byte, &used) == 1 && used == 4) {
			*to = (char)byte;
			from += used;
		} else {
			*to = *from++;
		}
	}
	return (unsigned)(to - text);
}

int main(int argc, char **argv)
{
	DB *db;
	int error;

	if (argc < 2 || argc % 2 != 0) {
		fputs("usage: prog_rows file [key value ...]\n", stderr);
		return 64;
	}
	error = db_create(&db, NULL, 0);
	if (error == 0)
		error = db->open(db, NULL, argv[1], NULL, DB_HASH, DB_CREATE | DB_TRUNCATE, 0660);
	for (int i = 2; error == 0 && i < argc; i += 2) {
		DBT key, value;

		memset(&key, 0, sizeof key);
		memset(&value, 0, sizeof value);
		key.data = argv[i];
		key.size = unescape(argv[i]);
		value.data = argv[i + 1];
		value.size = unescape(argv[i + 1]);
		error = db->put(db, NULL, &key, &value, 0);
	}
	if (error == 0)
		error = db->close(db, 0);
	if (error != 0)
		fprintf(stderr, "prog_rows: %s: %s\n", argv[1], db_strerror(error));
	return error != 0;
}
