/* SPDX-License-Identifier: BSD-2-Clause
 *
 * loop.h - one thread that waits for descriptors, timers and signals
 *
 * Home of <event2/event.h>, with listener.c, which reads and writes by
 * libevent's buffers; adapters of libraries that want the event base itself
 * (libunbound, hiredis) get it from loop_base().
 * Owns: waiting, and the order in which handlers run: one at a time, never
 * inside another.  Leaves to the caller: the descriptors, which it neither
 * makes non-blocking nor closes. A handler may free what it is the handler of,
 * and make and free others.
 */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_fd;
struct loop_timer;
struct event_base;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/* READY are the bits that can be done without waiting; an error or the other
 * side's end counts as both, so that a read or write finds it. */
typedef void loop_fd_fn(int fd, unsigned ready, void *arg);
typedef void loop_timer_fn(void *arg);
typedef void loop_signal_fn(int number, void *arg);

/* Makes a loop, after service_detach() and before sandbox_enter().  ANY_FILE:
 * it can wait for regular files and devices too (they are always ready), at the
 * price of poll(2) instead of epoll(7).
 * Returns NULL after logging why not. */
struct loop *loop_new(bool any_file);

/* Frees it with its signals; descriptors and timers must be freed before.  NULL
 * is fine. */
void loop_free(struct loop *loop);

/* Handles what happens until loop_stop().  Returns false after logging that it
 * cannot go on. */
bool loop_run(struct loop *loop);

/* For a daemon that works in rounds: waits until something happens, MS
 * milliseconds at most (0: does not wait), and handles all of it.
 * Returns as loop_run(). */
bool loop_wait(struct loop *loop, int64_t ms);

/* Makes loop_run() return when the handler that calls this has. */
void loop_stop(struct loop *loop);

/* Watches FD, which must stay open until loop_fd_free(), for nothing yet.
 * Returns NULL without memory. */
struct loop_fd *loop_fd_new(struct loop *loop, int fd, loop_fd_fn *handler, void *arg);

/* Calls the handler whenever one of the bits WHAT can be done; 0: never.
 * Returns false, and never calls it, if FD cannot be waited for. */
bool loop_fd_want(struct loop_fd *watched, unsigned what);

/* Stops watching; NULL is fine. */
void loop_fd_free(struct loop_fd *watched);

/* Returns NULL without memory. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_fn *handler, void *arg);

/* Calls the handler once, in MS milliseconds, instead of when it was set
 * for. */
void loop_timer_set(struct loop_timer *timer, int64_t ms);
void loop_timer_stop(struct loop_timer *timer);

/* NULL is fine. */
void loop_timer_free(struct loop_timer *timer);

/* Calls HANDLER, from the loop, for each signal NUMBER from now on.  Threads
 * that are started must have it blocked.  Returns false after logging why
 * not. */
bool loop_signal(struct loop *loop, int number, loop_signal_fn *handler, void *arg);

/* The event base, for adapters. */
struct event_base *loop_base(struct loop *loop);

#endif
