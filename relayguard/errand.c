/* SPDX-License-Identifier: BSD-2-Clause
 *
 * errand.c - one piece of work beside the loop, see errand.h
 */
#include "errand.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "thread.h"

#define STACK_SIZE (256 * 1024)

struct errand {
	errand_run *run;
	void *arg;
	int error; /* the thread's until DONE */
	atomic_bool done;
	bool busy;
	bool threaded;
	pthread_t thread;
};

struct errand *errand_new(void)
{
	struct errand *errand = calloc(1, sizeof *errand);

	if (errand != NULL)
		atomic_init(&errand->done, false);
	return errand;
}

void errand_free(struct errand *errand)
{
	int error;

	if (errand == NULL)
		return;
	errand_ended(errand, true, &error);
	free(errand);
}

static void *do_it(void *arg)
{
	struct errand *errand = arg;

	errand->error = errand->run(errand->arg);
	atomic_store(&errand->done, true);
	return NULL;
}

void errand_begin(struct errand *errand, errand_run *run, void *arg)
{
	errand->run = run;
	errand->arg = arg;
	errand->busy = true;
	atomic_store(&errand->done, false);
	errand->threaded = thread_start(&errand->thread, STACK_SIZE, do_it, errand) == 0;
	if (!errand->threaded)
		do_it(errand);
}

bool errand_busy(const struct errand *errand)
{
	return errand->busy;
}

bool errand_ended(struct errand *errand, bool wait, int *error)
{
	if (!errand->busy || (!wait && !atomic_load(&errand->done)))
		return false;
	if (errand->threaded)
		pthread_join(errand->thread, NULL);
	errand->busy = false;
	*error = errand->error;
	return true;
}
