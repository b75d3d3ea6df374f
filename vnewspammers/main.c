/* SPDX-License-Identifier: BSD-2-Clause
 *
 * main.c - vnewspammers(8): build the map of senders whose mail is refused from
 * the list that an administrator keeps
 *
 * Owns the command line, the list's file and the messages. senders.c knows what
 * a list may contain; the map is a database of librelaydb, which commits it so
 * that a mail server that has it open sees all of the change or nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "atomicfile.h"
#include "cli.h"
#include "log.h"
#include "relaydb.h"
#include "senders.h"

#define PROGRAM "vnewspammers"
#define SHORTS "+:hV"
#define LIST_SIZE_MAX ((size_t)64 << 20)
#define REFUSED_SHOWN 20

static void usage(FILE *to)
{
	fprintf(to, PROGRAM
	    " " RELAYERS_VERSION " - build the map of senders whose mail is refused\n\n"
	    "usage: " PROGRAM " [list]\n\n"
	    "  list           one sender per line, user@host or host; default ~/etc/spammers\n"
	    "                 the map is beside it, with .db appended to its name: a hash,\n"
	    "                 the only form of a map that sendmail reads\n"
	    "  -h, --help     print this\n"
	    "  -V, --version  print name and version\n\n"
	    "See " PROGRAM "(8).\n");
}

static int exit_status(int code)
{
	switch (code) {
	case RELAYDB_OK:
		return EX_OK;
	case RELAYDB_NOFILE:
		return EX_NOINPUT;
	case RELAYDB_LOCKED:
		return EX_TEMPFAIL;
	case RELAYDB_PERM:
		return EX_NOPERM;
	case RELAYDB_IO:
	case RELAYDB_UNCERTAIN:
		return EX_IOERR;
	case RELAYDB_NOMEM:
		return EX_OSERR;
	default:
		return EX_DATAERR;
	}
}

static void tell_refused(size_t line, const char *entry, const char *why, void *arg)
{
	const char *list = arg;
	static size_t refused;

	if (refused++ < REFUSED_SHOWN)
		log_say(LOG_ERR, "%s: line %zu: \"%.64s\": %s", list, line, entry, why);
}

/* The senders as a file in memory, at its beginning; -1 with errno set. */
static int dump_of(const struct senders *senders)
{
	int fd = memfd_create("spammers", MFD_CLOEXEC);
	FILE *out = fd >= 0 ? fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 3), "w") : NULL;
	bool failed;

	if (out == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	senders_print(senders, out);
	/* an earlier failed write shows only in the stream */
	failed = fflush(out) != 0 || ferror(out) != 0;
	if (fclose(out) != 0 || failed || lseek(fd, 0, SEEK_SET) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Anyone who may read the list may read the new map: a mail server checks that,
 * and ignores a map that only an ordinary user may read.  A file that may
 * belong to another user is left alone. */
static void open_like_list(const char *map, const struct stat *list)
{
	int fd = open(map, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    st.st_uid == geteuid() && st.st_uid == list->st_uid &&
	    fchmod(fd, (list->st_mode & 0644) | 0600) != 0)
		log_say(LOG_WARNING, "cannot set the mode of %s: %m", map);
	(void)close(fd);
}

/* Builds MAP from the senders, in one commit.  Returns the exit status. */
static int store(const char *map, const struct stat *list, const struct senders *senders)
{
	const struct relaydb_options options = { .path = map, .in_force = true };
	struct relaydb_result result = { .rows = 0 };
	struct relaydb *db;
	bool is_new = access(map, F_OK) != 0;
	int fd = dump_of(senders), code;

	if (fd < 0) {
		log_say(LOG_ERR, "cannot keep the senders in memory: %m");
		return EX_OSERR;
	}
	code = relaydb_open(&db, &options);
	if (code != RELAYDB_OK) {
		log_say(LOG_ERR, "cannot use \"%.256s\": %s", map, relaydb_strcode(code));
		(void)close(fd);
		return exit_status(code);
	}
	code = relaydb_load(db, fd, (int64_t)time(NULL), NULL, NULL, &result);
	if (code != RELAYDB_OK)
		log_say(LOG_ERR, "%s", relaydb_error(db));
	else if (relaydb_notice(db)[0] != '\0')
		log_say(LOG_NOTICE, "%s", relaydb_notice(db));
	if (code == RELAYDB_OK && is_new)
		open_like_list(map, list);
	if (code == RELAYDB_OK && result.committed)
		log_say(LOG_INFO, "%zu sender%s, %zu of them new, %zu gone (%s, by uid %ld)",
		    result.rows, result.rows == 1 ? "" : "s", result.added, result.deleted, map,
		    (long)getuid());
	relaydb_close(&db);
	(void)close(fd);
	return exit_status(code);
}

/* Reports why the list could not be read.  Returns the exit status. */
static int tell_unread(const char *path, int error)
{
	const char *why = strerror(error);

	if (error == EINVAL)
		why = "it is not a regular file";
	else if (error == ELOOP)
		why = "it is a symbolic link, expected the file itself";
	else if (error == EFBIG)
		why = "it has more than 64 MiB";
	log_say(LOG_ERR, "cannot read the list %s: %s", path, why);
	return error == EACCES ? EX_NOPERM : EX_NOINPUT;
}

/* Does PATH name a map of another form? */
static bool names_other_form(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL && (strcmp(dot, ".lmdb") == 0 || strcmp(dot, ".sqlite") == 0);
}

/* Builds the map from the list PATH.  Returns the exit status. */
static int make_map(char *path)
{
	char map[PATH_MAX];
	struct senders senders;
	struct stat st;
	size_t size;
	char *text;
	int status, refused;

	if (names_other_form(path)) {
		log_say(LOG_ERR,
		    "%.256s: expected the list, whose map is made beside it with .db at its end: a "
		    "hash, the only form of a map that sendmail reads",
		    path);
		return EX_USAGE;
	}
	if ((size_t)snprintf(map, sizeof map, "%s.db", path) >= sizeof map) {
		log_say(LOG_ERR, "%.64s...: the path is too long", path);
		return EX_USAGE;
	}
	text = atomicfile_read(path, LIST_SIZE_MAX, &size);
	if (text == NULL || lstat(path, &st) != 0) {
		status = tell_unread(path, errno);
		free(text);
		return status;
	}
	refused = senders_parse(text, size, &senders, tell_refused, path);
	if (refused < 0) {
		log_say(LOG_ERR, "out of memory");
		status = EX_OSERR;
	} else if (refused > 0) {
		log_say(LOG_ERR, "%s: %d invalid line%s, %s is unchanged", path, refused,
		    refused == 1 ? "" : "s", map);
		status = EX_DATAERR;
	} else {
		status = store(map, &st, &senders);
	}
	senders_free(&senders);
	free(text);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		CLI_OPTIONS,
		{ NULL, 0, NULL, 0 },
	};
	const char *home = getenv("HOME");
	char path[PATH_MAX];
	int option;

	if (!log_keep_descriptors())
		return EX_OSERR;
	log_open(PROGRAM, LOG_MAIL, LOG_NOTICE, LOG_INFO);
	opterr = 0;
	while ((option = getopt_long(argc, argv, SHORTS, options, NULL)) != -1) {
		switch (option) {
		case 'h':
			usage(stdout);
			return cli_finish(EX_OK);
		case 'V':
			cli_version(PROGRAM);
			return cli_finish(EX_OK);
		default:
			return cli_refused(PROGRAM, option, argv, SHORTS);
		}
	}
	if (argc - optind > 1 || (argc - optind == 1 && argv[optind][0] == '\0')) {
		log_say(LOG_ERR, "expected the path of one list, or none");
		return cli_misused(PROGRAM);
	}
	if (optind < argc)
		return make_map(argv[optind]);
	if (home == NULL || home[0] == '\0') {
		log_say(LOG_ERR, "HOME is not set, so there is no ~/etc/spammers: name the list");
		return EX_USAGE;
	}
	if ((size_t)snprintf(path, sizeof path, "%s/etc/spammers", home) >= sizeof path) {
		log_say(LOG_ERR, "HOME is too long");
		return EX_USAGE;
	}
	return make_map(path);
}
