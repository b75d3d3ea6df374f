/* SPDX-License-Identifier: BSD-2-Clause
 *
 * thread.h - a thread beside the loop, which leaves the signals to it
 */
#ifndef RELAYGUARD_THREAD_H
#define RELAYGUARD_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* Starts RUN(ARG) with a stack of STACK bytes; no signal of the process comes
 * to it.  Join *THREAD with pthread_join(3).  Returns 0, or a number of
 * errno(3). */
int thread_start(pthread_t *thread, size_t stack, void *(*run)(void *arg), void *arg);

#endif
