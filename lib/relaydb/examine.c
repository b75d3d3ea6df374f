/* SPDX-License-Identifier: BSD-2-Clause
 *
 * examine.c - what is to be said of a database that only its owner changes, see
 * examine.h
 */
#include "examine.h"
#include "handle.h"
#include "location.h"
#include "rows.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_SIZE 32768 /* three paths for a shell and a sentence */

enum { SPELLING, NO_ADDRESS, NO_STAMP, FUTURE };

void examine_report(const struct examine *examine, enum relaydb_severity severity,
    const char *remedy, const char *format, ...)
{
	char what[TEXT_SIZE];
	struct relaydb_finding finding = { severity, what, remedy };
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	examine->each(&finding, examine->arg);
}

/* PATH as one word of a shell. */
static void shell_word(const char *path, char *word, size_t size)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%";
	size_t n = 0;

	snprintf(word, size, "%s", path);
	if (path[strspn(path, plain)] == '\0' || 4 * strlen(path) + 3 > size)
		return;
	word[n++] = '\'';
	for (; *path != '\0'; path++) {
		if (*path == '\'') {
			memcpy(word + n, "'\\'", 3);
			n += 3;
		}
		word[n++] = *path;
	}
	word[n++] = '\'';
	word[n] = '\0';
}

static void examine_names(
    struct examine *examine, const struct place *place, char directory[PATH_MAX])
{
	char link[64];
	ssize_t size;

	snprintf(link, sizeof link, "/proc/self/fd/%d", place->dir);
	size = readlink(link, directory, PATH_MAX - 1);
	directory[size > 0 ? size : 0] = '\0';
	snprintf(examine->file, sizeof examine->file, "%s/%s", directory, place->name);
	shell_word(examine->file, examine->word, sizeof examine->word);
}

/* Who but the directory's owner and root may write here? */
static void examine_writers(const struct examine *examine, const struct place *place,
    const struct stat *st, const char *directory)
{
	char remedy[TEXT_SIZE], word[8200];

	shell_word(directory, word, sizeof word);
	if ((place->directory.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		snprintf(remedy, sizeof remedy, "chmod go-w %s", word);
		examine_report(examine, RELAYDB_FAULT, remedy,
		    "the directory %s is writable by %s (mode %04o): nothing is recorded",
		    directory, place->directory.st_mode & S_IWOTH ? "everybody" : "its group",
		    place->directory.st_mode & 07777u);
	}
	if (st == NULL)
		return;
	snprintf(remedy, sizeof remedy, "chown %ld:%ld %s && chmod 0640 %s",
	    (long)place->directory.st_uid, (long)place->directory.st_gid, examine->word,
	    examine->word);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		examine_report(examine, RELAYDB_FAULT, remedy,
		    "%s is writable by %s (mode %04o): nothing is recorded", examine->file,
		    st->st_mode & S_IWOTH ? "everybody" : "its group", st->st_mode & 07777u);
	else if (st->st_uid != place->directory.st_uid)
		examine_report(examine, RELAYDB_FAULT, remedy,
		    "%s belongs to uid %ld, its directory to uid %ld, so the recorder cannot write "
		    "it",
		    examine->file, (long)st->st_uid, (long)place->directory.st_uid);
}

static void examine_readers(
    const struct examine *examine, const struct place *place, const struct stat *st)
{
	char remedy[TEXT_SIZE];

	snprintf(remedy, sizeof remedy, "chmod 0640 %s", examine->word);
	if ((st->st_mode & S_IROTH) != 0 && !examine->opens_itself)
		examine_report(examine, RELAYDB_WARNING, remedy,
		    "everybody may read %s (mode %04o), so anybody can hold its lock and stop mail",
		    examine->file, st->st_mode & 07777u);
	if (!examine->opens_itself)
		return;
	if ((place->directory.st_mode & S_IXGRP) == 0)
		examine_report(examine, RELAYDB_WARNING, "chmod g+x the directory",
		    "%s's user cannot enter the directory of %s", examine->reader, examine->file);
	if ((st->st_mode & S_IRGRP) == 0)
		examine_report(examine, RELAYDB_WARNING, remedy,
		    "%s's user, a member of the file's group, cannot read %s (mode %04o)",
		    examine->reader, examine->file, st->st_mode & 07777u);
}

int examine_place(struct examine *examine, struct place *place, int *fd, struct stat *st)
{
	struct relaydb *db = examine->db;
	char directory[PATH_MAX], remedy[TEXT_SIZE];
	int code = place_open(db, place, false);

	*fd = -1;
	if (code == RELAYDB_NOFILE || code == RELAYDB_NOTDB) {
		examine_report(examine, RELAYDB_FAULT,
		    "make the directory, owned by the recorder's user, mode 0755", "%s",
		    relaydb_error(db));
		return RELAYDB_NOTFOUND;
	}
	if (code != RELAYDB_OK)
		return code;
	examine_names(examine, place, directory);
	code = place_open_map(db, place, false, false, fd, st);
	if (code == RELAYDB_OK) {
		examine_writers(examine, place, st, directory);
		examine_readers(examine, place, st);
		return code;
	}
	examine_writers(examine, place, NULL, directory);
	if (code == RELAYDB_NOFILE) {
		snprintf(remedy, sizeof remedy,
		    "vsmtprelay -f %s load /dev/null, which makes an empty one", examine->word);
		examine_report(examine, RELAYDB_FAULT, remedy, "%s does not exist", examine->file);
		code = RELAYDB_NOTFOUND;
	} else if (code == RELAYDB_NOTDB) {
		examine_damage(examine);
		code = RELAYDB_NOTFOUND;
	}
	place_close(place);
	return code;
}

void examine_damage(const struct examine *examine)
{
	char remedy[TEXT_SIZE];

	snprintf(remedy, sizeof remedy,
	    "mv %s %s.damaged, then vsmtprelay -f %s load a dump, or /dev/null", examine->word,
	    examine->word, examine->word);
	examine_report(examine, RELAYDB_FAULT, remedy, "%s", relaydb_error(examine->db));
}

static void count(struct examine *examine, int kind, size_t *number, struct bytes key)
{
	char *example = examine->examples[kind];
	size_t size = key.size < sizeof examine->examples[kind] - 1
			  ? key.size
			  : sizeof examine->examples[kind] - 1;
	const unsigned char *p = key.data;

	if ((*number)++ > 0)
		return;
	for (size_t i = 0; i < size; i++)
		example[i] = (char)(p[i] < ' ' || p[i] >= 0x7f ? '?' : p[i]);
	example[size] = '\0';
}

int examine_row(struct bytes key, struct bytes value, void *arg)
{
	struct examine *examine = arg;
	struct row row;

	row_parse(key, value, &row);
	examine->rows++;
	if (!row.address_ok)
		count(examine, NO_ADDRESS, &examine->no_address, row.key);
	else if (strlen(row.text) != row.key.size ||
		 memcmp(row.text, row.key.data, row.key.size) != 0)
		count(examine, SPELLING, &examine->spelling, row.key);
	if (row.address_ok && !row.entry)
		count(examine, NO_STAMP, &examine->no_stamp, row.key);
	if (row.entry && row.stamp > examine->now)
		count(examine, FUTURE, &examine->future, row.key);
	return 0;
}

void examine_rows(const struct examine *examine)
{
	char dump[TEXT_SIZE], delete[TEXT_SIZE];

	snprintf(dump, sizeof dump, "vsmtprelay -f %s dump >F, edit F, vsmtprelay -f %s load F",
	    examine->word, examine->word);
	snprintf(delete, sizeof delete, "vsmtprelay -f %s delete ADDRESS, if that is not meant",
	    examine->word);
	if (examine->spelling > 0)
		examine_report(examine, RELAYDB_FAULT,
		    "nothing to do: the next commit that changes a row rewrites them",
		    "%zu of %zu rows have an address in a form that no mail server asks for, such "
		    "as %s",
		    examine->spelling, examine->rows, examine->examples[SPELLING]);
	if (examine->no_address > 0)
		examine_report(examine, RELAYDB_WARNING, dump,
		    "%zu of %zu rows are not for one address, such as %s; that never expires",
		    examine->no_address, examine->rows, examine->examples[NO_ADDRESS]);
	if (examine->no_stamp > 0)
		examine_report(examine, RELAYDB_WARNING, dump,
		    "%zu of %zu rows have a value that is no time, such as %s; that may relay for "
		    "ever",
		    examine->no_stamp, examine->rows, examine->examples[NO_STAMP]);
	if (examine->future > 0)
		examine_report(examine, RELAYDB_WARNING, delete,
		    "%zu of %zu rows have a time in the future, such as %s; that does not expire "
		    "before then",
		    examine->future, examine->rows, examine->examples[FUTURE]);
	examine_report(examine, RELAYDB_FINE, "", "%s has %zu row%s", examine->file, examine->rows,
	    examine->rows == 1 ? "" : "s");
}
