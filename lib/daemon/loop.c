/* SPDX-License-Identifier: BSD-2-Clause
 *
 * loop.c - one thread that waits for descriptors, timers and signals, see
 * loop.h
 */
#include "loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

struct signal_watch {
	struct event event;
	loop_signal_fn *handler;
	void *arg;
	struct signal_watch *next;
};

struct loop {
	struct event_base *base;
	struct event wake; /* ends a loop_wait() in which nothing happens */
	struct signal_watch *signals;
};

struct loop_fd {
	struct event event;
	struct event_base *base;
	loop_fd_fn *handler;
	void *arg;
};

struct loop_timer {
	struct event event;
	loop_timer_fn *handler;
	void *arg;
};

/* libevent's own words, such as "epoll_ctl: ...". */
static void on_message(int severity, const char *message)
{
	log_say(severity >= EVENT_LOG_WARN ? LOG_WARNING : LOG_DEBUG, "%s", message);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

struct loop *loop_new(bool any_file)
{
	struct loop *loop = calloc(1, sizeof *loop);
	struct event_config *config = event_config_new();

	event_set_log_callback(on_message);
	if (loop != NULL && config != NULL &&
	    (!any_file || event_config_require_features(config, EV_FEATURE_FDS) == 0) &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV) == 0)
		loop->base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	if (loop != NULL && loop->base != NULL) {
		event_assign(&loop->wake, loop->base, -1, 0, on_wake, NULL);
		return loop;
	}
	log_say(LOG_ERR, "cannot make an event loop");
	free(loop);
	return NULL;
}

void loop_free(struct loop *loop)
{
	struct signal_watch *watch;

	if (loop == NULL)
		return;
	while (loop->signals != NULL) {
		watch = loop->signals;
		loop->signals = watch->next;
		event_del(&watch->event);
		free(watch);
	}
	event_base_free(loop->base);
	free(loop);
}

static bool go(struct loop *loop, int flags)
{
	if (event_base_loop(loop->base, flags) >= 0)
		return true;
	log_say(LOG_CRIT, "the event loop cannot go on");
	return false;
}

bool loop_run(struct loop *loop)
{
	return go(loop, EVLOOP_NO_EXIT_ON_EMPTY);
}

bool loop_wait(struct loop *loop, int64_t ms)
{
	const struct timeval most = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	bool done;

	if (ms <= 0)
		return go(loop, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	event_add(&loop->wake, &most);
	done = go(loop, EVLOOP_ONCE);
	event_del(&loop->wake);
	return done;
}

void loop_stop(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

/* ---- descriptors ---- */

static void on_fd(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *watched = arg;
	unsigned ready = 0;

	if ((what & EV_READ) != 0)
		ready |= LOOP_READ;
	if ((what & EV_WRITE) != 0)
		ready |= LOOP_WRITE;
	watched->handler(fd, ready, watched->arg);
}

struct loop_fd *loop_fd_new(struct loop *loop, int fd, loop_fd_fn *handler, void *arg)
{
	struct loop_fd *watched = calloc(1, sizeof *watched);

	if (watched == NULL)
		return NULL;
	watched->base = loop->base;
	watched->handler = handler;
	watched->arg = arg;
	event_assign(&watched->event, loop->base, fd, EV_READ | EV_PERSIST, on_fd, watched);
	return watched;
}

bool loop_fd_want(struct loop_fd *watched, unsigned what)
{
	evutil_socket_t fd = event_get_fd(&watched->event);
	short events = EV_PERSIST;

	if ((what & LOOP_READ) != 0)
		events |= EV_READ;
	if ((what & LOOP_WRITE) != 0)
		events |= EV_WRITE;
	if (event_pending(&watched->event, EV_READ | EV_WRITE, NULL) != 0) {
		if (event_get_events(&watched->event) == events)
			return true;
		event_del(&watched->event);
	}
	if (what == 0)
		return true;
	event_assign(&watched->event, watched->base, fd, events, on_fd, watched);
	return event_add(&watched->event, NULL) == 0;
}

void loop_fd_free(struct loop_fd *watched)
{
	if (watched == NULL)
		return;
	event_del(&watched->event);
	free(watched);
}

/* ---- timers ---- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;

	(void)fd, (void)what;
	timer->handler(timer->arg);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_fn *handler, void *arg)
{
	struct loop_timer *timer = calloc(1, sizeof *timer);

	if (timer == NULL)
		return NULL;
	timer->handler = handler;
	timer->arg = arg;
	event_assign(&timer->event, loop->base, -1, 0, on_timer, timer);
	return timer;
}

void loop_timer_set(struct loop_timer *timer, int64_t ms)
{
	const struct timeval delay = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	event_add(&timer->event, &delay);
}

void loop_timer_stop(struct loop_timer *timer)
{
	event_del(&timer->event);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	event_del(&timer->event);
	free(timer);
}

/* ---- signals ---- */

static void on_event_signal(evutil_socket_t number, short what, void *arg)
{
	struct signal_watch *watch = arg;

	(void)what;
	watch->handler(number, watch->arg);
}

bool loop_signal(struct loop *loop, int number, loop_signal_fn *handler, void *arg)
{
	struct signal_watch *watch = calloc(1, sizeof *watch);

	if (watch != NULL) {
		watch->handler = handler;
		watch->arg = arg;
		event_assign(&watch->event, loop->base, number, EV_SIGNAL | EV_PERSIST,
		    on_event_signal, watch);
		if (event_add(&watch->event, NULL) == 0) {
			watch->next = loop->signals;
			loop->signals = watch;
			return true;
		}
	}
	free(watch);
	log_say(LOG_ERR, "cannot take signal %d (%s)", number, strsignal(number));
	return false;
}
