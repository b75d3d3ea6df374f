/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tcprules.c - see tcprules.h; the only file that knows <cdb.h>
 *
 * A key of the cdb is an address, its value what struct tcprule has.  Of two
 * records of one key tcpserver sees the first.
 */
#include "tcprules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <cdb.h>

#include "tcprule.h"

#define POLL_MS 20

struct tcprules {
	const char *path;
	char *temporary;
	int directory, fd; /* fd: of the temporary, locked */
	const char *name, *temporary_name; /* in the directory */
	mode_t mode;
	struct cdb_make make;
	bool making;
	int error; /* the first errno */
	struct tcprule_table rules;
	char (*relaying)[16];
	size_t relaying_count, relaying_room;
};

static void say(char why[TCPRULES_WHY], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(char why[TCPRULES_WHY], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, TCPRULES_WHY, format, args);
	va_end(args);
}

static void *grow(void *old, size_t count, size_t *room, size_t size)
{
	void *grown;

	if (count < *room)
		return old;
	grown = reallocarray(old, *room * 2 + 64, size);
	if (grown != NULL)
		*room = *room * 2 + 64;
	return grown;
}

/* ---- the file ---- */

static void free_all(struct tcprules *t)
{
	tcprule_free(&t->rules);
	free(t->relaying);
	if (t->making)
		cdb_make_finish(&t->make); /* frees; what it writes goes */
	if (t->fd >= 0) {
		flock(t->fd, LOCK_UN);
		close(t->fd);
	}
	if (t->directory >= 0)
		close(t->directory);
	free(t->temporary);
	free(t);
}

void tcprules_drop(struct tcprules **tcprules)
{
	struct tcprules *t = *tcprules;

	*tcprules = NULL;
	if (t == NULL)
		return;
	if (t->making) /* locked, and so ours */
		unlinkat(t->directory, t->temporary_name, 0);
	free_all(t);
}

/* Is it ours, and still of that name? */
static bool is_ours(const struct tcprules *t)
{
	struct stat by_name, by_fd;

	return fstat(t->fd, &by_fd) == 0 && S_ISREG(by_fd.st_mode) && by_fd.st_nlink == 1 &&
	       by_fd.st_uid == geteuid() &&
	       fstatat(t->directory, t->temporary_name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
	       by_name.st_ino == by_fd.st_ino && by_name.st_dev == by_fd.st_dev;
}

/* Opens and locks the temporary.  Returns 1, 0: again, or -1 with errno. */
static int try_lock(struct tcprules *t)
{
	t->fd = openat(t->directory, t->temporary_name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (t->fd >= 0 && flock(t->fd, LOCK_EX | LOCK_NB) != 0) {
		int error = errno;

		close(t->fd);
		t->fd = -1;
		errno = error == EWOULDBLOCK ? EBUSY : error;
		return -1;
	}
	if (t->fd >= 0 && is_ours(t))
		return 1;
	/* left there by another user, or renamed while we opened it */
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	return unlinkat(t->directory, t->temporary_name, 0) == 0 || errno == ENOENT ? 0 : -1;
}

static enum tcprules_code lock(struct tcprules *t, int wait_ms, char why[TCPRULES_WHY])
{
	const struct timespec step = { 0, POLL_MS * 1000000 };
	int tries = 0, got;

	for (;;) {
		got = try_lock(t);
		if (got > 0)
			return TCPRULES_OK;
		if (got < 0 && errno != EBUSY) {
			say(why, "cannot write %.256s: %s", t->temporary, strerror(errno));
			return TCPRULES_FAILED;
		}
		if (tries++ * POLL_MS >= wait_ms) {
			say(why, "another process is writing %.256s", t->path);
			return TCPRULES_BUSY;
		}
		nanosleep(&step, NULL);
	}
}

/* The directory, and what its names are.  Returns false with errno. */
static bool find_place(struct tcprules *t, const char *cdb)
{
	const char *slash = strrchr(cdb, '/');
	char *directory = slash == NULL  ? strdup(".")
			  : slash == cdb ? strdup("/")
					 : strndup(cdb, (size_t)(slash - cdb));
	struct stat st;

	t->path = cdb;
	if (directory == NULL || asprintf(&t->temporary, "%s.tmp", cdb) < 0) {
		t->temporary = NULL;
		free(directory);
		errno = ENOMEM;
		return false;
	}
	t->name = slash == NULL ? cdb : slash + 1;
	t->temporary_name = slash == NULL ? t->temporary : t->temporary + (slash + 1 - cdb);
	t->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(directory);
	if (t->directory < 0)
		return false;
	t->mode = 0644; /* tcpserver reads it as the user whom -u names */
	if (fstatat(t->directory, t->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT && *t->name != '\0';
	if (S_ISREG(st.st_mode))
		t->mode = st.st_mode & 0755;
	errno = EISDIR;
	return !S_ISDIR(st.st_mode);
}

static void keep_error(struct tcprules *t, int result)
{
	if (result < 0 && t->error == 0)
		t->error = errno != 0 ? errno : EIO;
}

static void put(struct tcprules *t, const char *key, size_t key_size, const char *data, size_t size)
{
	keep_error(t, cdb_make_add(&t->make, key, (unsigned)key_size, data, (unsigned)size));
}

enum tcprules_code tcprules_begin(
    struct tcprules **out, const char *rules, const char *cdb, int wait_ms, char why[TCPRULES_WHY])
{
	struct tcprules *t = calloc(1, sizeof *t);
	enum tcprules_code code = TCPRULES_FAILED;

	*out = NULL;
	if (t == NULL) {
		say(why, "out of memory");
		return code;
	}
	t->directory = t->fd = -1;
	if (!find_place(t, cdb))
		say(why, "cannot write %.256s: %s", cdb, strerror(errno));
	else
		code = *rules != '\0' ? tcprule_read(&t->rules, rules, why) : TCPRULES_OK;
	if (code == TCPRULES_OK)
		code = lock(t, wait_ms, why);
	if (code != TCPRULES_OK) {
		free_all(t);
		return code;
	}
	keep_error(t, ftruncate(t->fd, 0));
	keep_error(t, cdb_make_start(&t->make, t->fd));
	t->making = true;
	for (size_t i = 0; i < t->rules.count; i++)
		put(t, t->rules.rule[i].key, t->rules.rule[i].key_size, t->rules.rule[i].data,
		    t->rules.rule[i].data_size);
	*out = t;
	return TCPRULES_OK;
}

/* What the key ADDRESS stands for; *SIZE of it in malloc's memory. */
static char *relaying_data(const struct tcprules *t, const char *address, size_t *size)
{
	const struct tcprule *rule = tcprule_of(&t->rules, address);
	size_t before = rule != NULL ? rule->data_size : 0;
	char *data = malloc(before + sizeof TCPRULE_RELAY);

	if (data == NULL)
		return NULL;
	if (rule != NULL)
		memcpy(data, rule->data, before);
	memcpy(data + before, TCPRULE_RELAY, sizeof TCPRULE_RELAY);
	*size = before + sizeof TCPRULE_RELAY;
	return data;
}

void tcprules_relay(struct tcprules *t, const char *address)
{
	const struct tcprule *rule;
	char(*grown)[16], *data;
	size_t size = 0;

	if (strchr(address, ':') != NULL || strlen(address) >= sizeof *grown)
		return;
	rule = tcprule_of(&t->rules, address);
	if (rule != NULL && (rule->key_size == strlen(address) || tcprule_decides(rule)))
		return;
	grown = grow(t->relaying, t->relaying_count, &t->relaying_room, sizeof *grown);
	data = relaying_data(t, address, &size);
	if (grown == NULL || data == NULL) {
		errno = ENOMEM;
		keep_error(t, -1);
	} else {
		strcpy(grown[t->relaying_count++], address);
		put(t, address, strlen(address), data, size);
	}
	if (grown != NULL)
		t->relaying = grown;
	free(data);
}

/* ---- read back ---- */

static bool has(struct cdb *cdb, const char *key, size_t key_size, const char *data, size_t size)
{
	const void *found;

	if (cdb_find(cdb, key, (unsigned)key_size) <= 0 || cdb_datalen(cdb) != size)
		return false;
	found = cdb_getdata(cdb);
	return found != NULL && memcmp(found, data, size) == 0;
}

static bool has_all(const struct tcprules *t, struct cdb *cdb)
{
	bool good = true;

	for (size_t i = 0; good && i < t->rules.count; i++) {
		const struct tcprule *first =
		    tcprule_first(&t->rules, t->rules.rule[i].key, t->rules.rule[i].key_size);

		good = has(cdb, first->key, first->key_size, first->data, first->data_size);
	}
	for (size_t i = 0; good && i < t->relaying_count; i++) {
		size_t size = 0;
		char *data = relaying_data(t, t->relaying[i], &size);

		good = data != NULL && has(cdb, t->relaying[i], strlen(t->relaying[i]), data, size);
		free(data);
	}
	return good;
}

static bool reads_back(const struct tcprules *t)
{
	struct cdb cdb;
	bool good;

	if (cdb_init(&cdb, t->fd) != 0)
		return false;
	good = has_all(t, &cdb);
	cdb_free(&cdb);
	return good;
}

enum tcprules_code tcprules_finish(
    struct tcprules **tcprules, size_t *relaying, char why[TCPRULES_WHY])
{
	struct tcprules *t = *tcprules;
	bool failed;

	*tcprules = NULL;
	keep_error(t, cdb_make_finish(&t->make));
	t->making = false;
	if (t->error == 0)
		keep_error(t, fchmod(t->fd, t->mode));
	if (t->error == 0)
		keep_error(t, fsync(t->fd));
	if (t->error == 0 && !reads_back(t)) {
		errno = EIO;
		keep_error(t, -1);
	}
	if (t->error == 0)
		keep_error(t, renameat(t->directory, t->temporary_name, t->directory, t->name));
	if (t->error != 0)
		unlinkat(t->directory, t->temporary_name, 0);
	else
		keep_error(t, fsync(t->directory));
	if (t->error != 0)
		say(why, "cannot write %.256s: %s", t->path, strerror(t->error));
	if (relaying != NULL)
		*relaying = t->relaying_count;
	failed = t->error != 0;
	free_all(t);
	return failed ? TCPRULES_FAILED : TCPRULES_OK;
}
