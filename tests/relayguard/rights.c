/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rights.c - to be preloaded into relayguard: tries, in its sandbox, what it
 * must not be able to do
 *
 * relayguard starts its thread when it has given up its rights; what stands
 * here in front of pthread_create(3) prints "ACT: result" for each act on
 * $RIGHTS_DB.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell(const char *act, int result)
{
	dprintf(STDERR_FILENO, "%s: %s\n", act, result >= 0 ? "done" : strerrorname_np(errno));
}

static void try_files(const char *db)
{
	char path[PATH_MAX];

	tell("open to write", open(db, O_RDWR | O_CLOEXEC));
	tell("truncate", truncate(db, 0));
	tell("utimes", utimensat(AT_FDCWD, db, NULL, 0));
	snprintf(path, sizeof path, "%s.queue", db);
	tell("create", open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	tell("rename", rename(db, path));
	tell("unlink", unlink(db));
	tell("chmod", chmod(db, 0666));
	tell("read passwd", open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static void try_locks(const char *db)
{
	int fd = open(db, O_RDONLY | O_CLOEXEC);

	tell("open to read", fd);
	tell("LOCK_EX", flock(fd, LOCK_EX | LOCK_NB));
	tell("waiting LOCK_EX", flock(fd, LOCK_EX));
	tell("LOCK_SH", flock(fd, LOCK_SH | LOCK_NB));
	tell("LOCK_UN", flock(fd, LOCK_UN));
	close(fd);
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	const char *db = getenv("RIGHTS_DB");
	void *symbol = dlsym(RTLD_NEXT, "pthread_create");

	memcpy(&real, &symbol, sizeof real);
	if (db != NULL) {
		try_files(db);
		try_locks(db);
		tell("fork", fork());
		tell("exec", execl("/bin/true", "true", (char *)NULL));
	}
	return real(thread, attr, run, arg);
}
