/* SPDX-License-Identifier: BSD-2-Clause
 *
 * inotify.c - wakes the main loop when something happens in a directory, see
 * inotify.h
 */
#include "inotify.h"

#include <errno.h>
#include <inotifytools/inotify.h>
#include <inotifytools/inotifytools.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENTS                                                                                     \
	(IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE |        \
	    IN_DELETE_SELF | IN_MOVE_SELF)
/* after so many seconds without an event the thread looks whether the
 * directories are still the same */
#define WAIT 1

struct directory {
	char *path;
	char *prefix;
	dev_t device; /* of the directory that is watched; inode 0: none */
	ino_t inode;
	struct directory *next;
};

static struct {
	pthread_mutex_t lock; /* of the list */
	struct directory *directories;
	pthread_t thread;
	atomic_bool stop;
	int fd; /* an eventfd: thread to main loop */
} watch = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

static void wake(void)
{
	uint64_t one = 1;

	/* it cannot fail but by being readable already */
	if (write(watch.fd, &one, sizeof one) < 0)
		return;
}

/* Watches the directories that are new, or that are not the ones any more which
 * were watched under their names.  Lock held. */
static void renew(void)
{
	struct stat st;

	for (struct directory *directory = watch.directories; directory != NULL;
	     directory = directory->next) {
		if (stat(directory->path, &st) != 0 ||
		    (st.st_dev == directory->device && st.st_ino == directory->inode))
			continue;
		if (directory->inode != 0)
			inotifytools_remove_watch_by_filename(directory->path);
		directory->inode = 0;
		if (inotifytools_watch_file(directory->path, EVENTS) == 0)
			continue; /* the look once a second does it alone */
		directory->device = st.st_dev;
		directory->inode = st.st_ino;
		wake();
	}
}

/* Does it concern one of our files?  Events of the directory itself have no
 * name. */
static bool concerns_us(const struct inotify_event *event)
{
	bool ours = event->len == 0;

	pthread_mutex_lock(&watch.lock);
	for (const struct directory *directory = watch.directories; directory != NULL && !ours;
	     directory = directory->next)
		ours = strncmp(event->name, directory->prefix, strlen(directory->prefix)) == 0;
	pthread_mutex_unlock(&watch.lock);
	return ours;
}

static void *run(void *arg)
{
	const struct inotify_event *event;

	while (!atomic_load(&watch.stop)) {
		pthread_mutex_lock(&watch.lock);
		renew();
		pthread_mutex_unlock(&watch.lock);
		event = inotifytools_next_event(WAIT);
		while (event != NULL && !atomic_load(&watch.stop)) {
			if (concerns_us(event))
				wake();
			event = inotifytools_next_event(0);
		}
	}
	return arg;
}

/* Only there to interrupt the thread's waiting. */
static void interrupted(int number)
{
	(void)number;
}

int watch_start(void)
{
	struct sigaction action = { .sa_handler = interrupted };
	sigset_t all, before;
	int error;

	if (!inotifytools_initialize()) {
		errno = inotifytools_error();
		return -1;
	}
	watch.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (watch.fd < 0)
		return -1;
	atomic_store(&watch.stop, false);
	/* signals are the main loop's, except the one that ends the waiting */
	sigaction(SIGUSR2, &action, NULL);
	sigfillset(&all);
	sigdelset(&all, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&watch.thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		close(watch.fd);
		watch.fd = -1;
		errno = error;
	}
	return watch.fd;
}

void watch_add(const char *path, const char *prefix)
{
	struct directory *directory = calloc(1, sizeof *directory);

	if (directory == NULL)
		return;
	directory->path = strdup(path);
	directory->prefix = strdup(prefix);
	if (directory->path == NULL || directory->prefix == NULL) {
		free(directory->path);
		free(directory->prefix);
		free(directory);
		return;
	}
	pthread_mutex_lock(&watch.lock);
	directory->next = watch.directories;
	watch.directories = directory;
	pthread_mutex_unlock(&watch.lock);
}

void watch_clear(void)
{
	struct directory *directory;

	pthread_mutex_lock(&watch.lock);
	while ((directory = watch.directories) != NULL) {
		watch.directories = directory->next;
		free(directory->path);
		free(directory->prefix);
		free(directory);
	}
	pthread_mutex_unlock(&watch.lock);
}

void watch_drain(void)
{
	uint64_t count;

	if (watch.fd >= 0 && read(watch.fd, &count, sizeof count) < 0)
		return;
}

void watch_stop(void)
{
	if (watch.fd < 0)
		return;
	atomic_store(&watch.stop, true);
	/* should it come just before the thread waits, that is for WAIT at
	 * most */
	pthread_kill(watch.thread, SIGUSR2);
	pthread_join(watch.thread, NULL);
	inotifytools_cleanup();
	close(watch.fd);
	watch.fd = -1;
	watch_clear();
}
