/* SPDX-License-Identifier: BSD-2-Clause
 *
 * errand.h - one piece of work beside the loop, such as a file that must reach
 * the disk
 *
 * Owns: the thread that does it.  Limits: one at a time; the loop asks whether
 * it has ended, it is not called.
 */
#ifndef RELAYGUARD_ERRAND_H
#define RELAYGUARD_ERRAND_H

#include <stdbool.h>

struct errand;

/* Does the work with ARG, which becomes its own, away from the loop.  Returns
 * 0, or a number of errno(3). */
typedef int errand_run(void *arg);

/* Returns NULL without memory. */
struct errand *errand_new(void);

/* Waits until nothing is on its way, and frees it.  NULL is fine. */
void errand_free(struct errand *errand);

/* Begins RUN.  Where no thread can be had it is done here and now.  Must not be
 * called while errand_busy(). */
void errand_begin(struct errand *errand, errand_run *run, void *arg);

/* Was it begun, and its result not fetched yet? */
bool errand_busy(const struct errand *errand);

/* Fetches the result of RUN into *ERROR, once.  Returns false while it is on
 * its way, unless WAIT, and if nothing was begun. */
bool errand_ended(struct errand *errand, bool wait, int *error);

#endif
