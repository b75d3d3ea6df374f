/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrordaemon.c - the running relaymirror, see mirrordaemon.h
 *
 * The start, in the order of rights: read everything, passwords too, and bind
 * the control socket; become the user of the database; enter the sandbox; then
 * the first byte of the engine.
 */
#include "mirrordaemon.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "control.h"
#include "log.h"
#include "loop.h"
#include "mirrorcounts.h"
#include "mirrorhost.h"
#include "mirrorwarn.h"
#include "notify.h"
#include "sandbox.h"
#include "service.h"
#include "tls.h"
#include "user.h"

#define TICK_MS 1000
#define STATS_MS 15000
#define FORGET_MS 60000
#define HOST_SIZE 65

#define RELAYMIRROR_CAN                                                                            \
	(CAN_REPLACE_FILES | CAN_SET_TIMES | CAN_LOCK_FILES | CAN_WATCH_FILES | CAN_ACCEPT)

struct mirrordaemon {
	struct mirrorhost host;
	const struct daemon_arguments *arguments;
	struct engine_options reading, publishing, ordering;
	struct tls *tls;
	struct control *control;
	struct sandbox sandbox;
	struct loop_timer *tick;
	int64_t stats_ms, forget_ms; /* when each was last done */
	struct log_once stats_broken;
	struct mirrorwarn warnings;
	char name[HOST_SIZE]; /* this host's */
};

/* ---- what the parts tell each other ---- */

static void on_look_up(const char *address, void *arg)
{
	struct mirrordaemon *d = arg;

	localdb_look_up(d->host.local, address);
}

static void on_changed(void *arg)
{
	struct mirrordaemon *d = arg;

	localdb_kick(d->host.local);
}

static void on_found(void *arg)
{
	struct mirrordaemon *d = arg;

	log_say(LOG_INFO, "the engine at %s is reached", reader_place(d->host.reader));
	mirrorwarn_policy(&d->warnings, &reader_state(d->host.reader)->facts);
	localdb_start(d->host.local);
	publisher_restart(d->host.publisher);
	orderdesk_restart(d->host.desk);
}

static void on_lost(void *arg)
{
	struct mirrordaemon *d = arg;

	publisher_stop(d->host.publisher);
	orderdesk_stop(d->host.desk);
}

static void on_renewed(bool first, void *arg)
{
	struct mirrordaemon *d = arg;

	if (!first)
		log_say(
		    LOG_NOTICE, "the engine is new, or has lost what it knew: telling it again");
	publisher_restart(d->host.publisher);
	orderdesk_restart(d->host.desk);
}

static const struct reader_handler reader_handler = { on_look_up, on_changed, on_renewed, on_found,
	on_lost };

static bool on_save(void *arg)
{
	struct mirrordaemon *d = arg;

	return mirrorstate_save(d->host.state);
}

static void on_read(void *arg)
{
	struct mirrordaemon *d = arg;

	publisher_kick(d->host.publisher);
}

static const struct localdb_handler local_handler = { on_save, on_read };

static void on_sent(void *arg)
{
	struct mirrordaemon *d = arg;

	mirrorstate_save(d->host.state);
}

static void on_order_sent(const char *address, void *arg)
{
	struct mirrordaemon *d = arg;

	mirrorstate_save(d->host.state);
	control_sent(d->control, address);
}

/* ---- what goes on beside ---- */

static void write_stats(struct mirrordaemon *d)
{
	const char *path = d->host.conf->stats_file;

	d->stats_ms = clock_monotonic_ms();
	if (*path != '\0')
		log_written(&d->stats_broken, path, mirrorcounts_write(&d->host, path));
}

static void on_tick(void *arg)
{
	struct mirrordaemon *d = arg;
	const int64_t clock = clock_monotonic_ms();
	struct moment now;

	notify_alive(clock);
	mirrorwarn_clock(&d->warnings, &d->host.clock);
	mirrorwarn_room(&d->warnings, d->host.mirror);
	if (clock - d->stats_ms >= STATS_MS) {
		write_stats(d);
		notify_send("STATUS=engine %s, %zu logins to send",
		    reader_state(d->host.reader)->reached ? "reached" : "not reached",
		    mirror_backlog(d->host.mirror));
	}
	if (clock - d->forget_ms >= FORGET_MS && engineclock_now(&d->host.clock, &now)) {
		mirror_forget(d->host.mirror, &now);
		d->forget_ms = clock;
	}
	loop_timer_set(d->tick, TICK_MS);
}

static struct mirror_settings settings_of(const struct mirrorconf *conf)
{
	return (
	    struct mirror_settings){ conf->publish, conf->subscribe, conf->window, &conf->ignore };
}

/* What cannot be changed without a restart, or NULL. */
static const char *obstacle(const struct mirrordaemon *d, const struct mirrorconf *new)
{
	const char *fixed = mirrorconf_restart(d->host.conf, new);

	if (fixed != NULL)
		return fixed;
	if (*new->stats_file != '\0' && !sandbox_allows(&d->sandbox, new->stats_file, true))
		return "stats-file";
	return NULL;
}

/* Window, ignore and stats-file; the rest is said to need a restart.  The parts
 * point into the old configuration: its passwords and URL stay. */
static void reload(struct mirrordaemon *d)
{
	struct conf_errors errors = { .tell = log_sentence };
	struct mirrorconf *new = mirrorconf_reload(d->arguments->config_file, &errors);
	const char *fixed = new != NULL ? obstacle(d, new) : NULL;
	struct mirrorconf *old = d->host.conf;
	struct mirror_settings settings;

	if (fixed != NULL)
		log_say(LOG_ERR, "restart needed for the new value of '%s'", fixed);
	if (new == NULL || fixed != NULL) {
		mirrorconf_free(new);
		log_say(LOG_ERR, "keeping the old configuration");
		return;
	}
	mirrorconf_swap(old, new);
	settings = settings_of(old);
	mirror_configure(d->host.mirror, &settings);
	mirrorconf_free(new);
	localdb_kick(d->host.local);
	log_say(LOG_NOTICE, "using the new configuration");
}

static void on_request(enum service_request request, void *arg)
{
	struct mirrordaemon *d = arg;

	switch (request) {
	case SERVICE_STOP:
		loop_stop(d->host.loop);
		return;
	case SERVICE_RELOAD:
		notify_send("RELOADING=1");
		reload(d);
		notify_send("READY=1");
		return;
	case SERVICE_REPORT:
		mirrorcounts_log(&d->host);
		return;
	}
}

/* ---- the start ---- */

static bool make_parts(struct mirrordaemon *d)
{
	struct mirrorhost *h = &d->host;
	const struct mirrorconf *conf = h->conf;
	const struct mirror_settings settings = settings_of(conf);

	h->mirror = mirror_new(&settings, (int64_t)time(NULL));
	d->tick = loop_timer_new(h->loop, on_tick, d);
	if (h->mirror == NULL || d->tick == NULL)
		return false;
	h->local = localdb_new(h->loop, conf->database, h->mirror, &h->clock, &local_handler, d);
	if (h->local == NULL)
		return false;
	h->reader = reader_new(h->loop, &d->reading, h->mirror, &h->clock, conf->publish,
	    conf->subscribe, &reader_handler, d);
	if (h->reader == NULL)
		return false;
	if (conf->publish)
		h->publisher = publisher_new(h->loop, &d->publishing, h->mirror, &h->clock,
		    reader_state(h->reader), d->name, on_sent, d);
	h->desk =
	    orderdesk_new(h->loop, &d->ordering, h->mirror, &h->clock, reader_state(h->reader),
		mirrorconf_orders(conf) ? conf->engine_keeps : 0, on_order_sent, d);
	return h->desk != NULL && (!conf->publish || h->publisher != NULL);
}

static void name_host(struct mirrordaemon *d)
{
	if (gethostname(d->name, sizeof d->name) != 0)
		d->name[0] = '\0';
	d->name[sizeof d->name - 1] = '\0';
	for (char *p = d->name; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~')
			*p = '?';
	}
}

static bool allow_engine(struct sandbox *sandbox, const struct mirrorconf *conf)
{
	bool done = true;

	if (conf->url.places[0].port == 0) {
		sandbox->can |= CAN_CONNECT_UNIX;
		return true;
	}
	sandbox->can |= CAN_CONNECT_TCP;
	for (size_t i = 0; i < conf->url.count; i++)
		done = done && sandbox_connect(sandbox, conf->url.places[i].port);
	for (size_t i = 0; conf->url.sentinel && i < conf->port_count; i++)
		done = done && sandbox_connect(sandbox, conf->ports[i]);
	return done;
}

static bool give_up_rights(struct mirrordaemon *d)
{
	const struct mirrorconf *conf = d->host.conf;
	struct sandbox *sandbox = &d->sandbox;
	bool done;

	sandbox->can = RELAYMIRROR_CAN;
	done = sandbox_add_directory_of(sandbox, d->arguments->config_file, false) &&
	       sandbox_add_directory_of(sandbox, conf->database, true) &&
	       sandbox_add_directory_of(sandbox, conf->state, true) &&
	       (*conf->stats_file == '\0' ||
		   sandbox_add_directory_of(sandbox, conf->stats_file, true)) &&
	       allow_engine(sandbox, conf);
	if (!done) {
		log_say(LOG_ERR, "out of memory");
		return false;
	}
	/* popwatch is the same user: it must not get at our passwords */
	return user_become(conf->run_as) && prctl(PR_SET_DUMPABLE, 0) == 0 &&
	       sandbox_enter(sandbox);
}

/* What there may be only once.  Returns a status of sysexits(3). */
static int claim_names(const struct mirrordaemon *d)
{
	const struct mirrorconf *conf = d->host.conf;
	const char *pid_file =
	    d->arguments->pid_file != NULL ? d->arguments->pid_file : conf->pid_file;

	return service_claim(conf->state, pid_file, conf->run_as);
}

/* All that needs rights.  Returns a status of sysexits(3). */
static int prepare(struct mirrordaemon *d)
{
	struct mirrorhost *h = &d->host;
	const struct mirrorconf *conf = h->conf;
	int status;

	if (conf->url.tls) {
		d->tls = tls_new(conf->tls_ca, conf->tls_certificate, conf->tls_key);
		if (d->tls == NULL)
			return EX_CONFIG;
	}
	if (d->arguments->detach && !service_detach())
		return EX_OSERR;
	h->loop = loop_new(false);
	if (h->loop == NULL || !service_signals(h->loop, on_request, d))
		return EX_OSERR;
	name_host(d);
	d->reading = mirrorconf_engine(conf, d->tls, "follow the engine at", false);
	d->publishing = mirrorconf_engine(conf, d->tls, "send logins to the engine at", false);
	d->ordering = mirrorconf_engine(conf, d->tls, "send orders to the engine at", true);
	if (!make_parts(d))
		return EX_CONFIG;
	status = claim_names(d);
	if (status != EX_OK || *conf->control == '\0')
		return status;
	d->control = control_new(h);
	return d->control != NULL ? EX_OK : EX_CONFIG;
}

static int start(struct mirrordaemon *d)
{
	int status;

	notify_open();
	status = prepare(d);
	if (status != EX_OK)
		return status;
	if (!give_up_rights(d))
		return EX_OSERR;
	d->host.state = mirrorstate_open(d->host.conf->state, d->host.mirror);
	if (d->host.state == NULL)
		return EX_CANTCREAT;
	d->forget_ms = clock_monotonic_ms();
	on_tick(d);
	reader_start(d->host.reader);
	service_ready();
	notify_send("READY=1\nSTATUS=mirroring");
	log_say(LOG_NOTICE, "mirroring %s by way of %s%s%s", d->host.conf->database,
	    d->host.conf->engine, d->host.conf->publish ? ", publishing" : "",
	    d->host.conf->subscribe ? ", subscribed" : "");
	return EX_OK;
}

static void unmake(struct mirrordaemon *d)
{
	struct mirrorhost *h = &d->host;

	control_free(d->control);
	orderdesk_free(h->desk);
	publisher_free(h->publisher);
	reader_free(h->reader);
	localdb_free(h->local);
	loop_timer_free(d->tick);
	mirrorstate_close(h->state);
	mirror_free(h->mirror);
	tls_free(d->tls);
	mirrorconf_free(h->conf);
	loop_free(h->loop);
	sandbox_clear(&d->sandbox);
	notify_close();
}

int mirrordaemon_run(struct mirrorconf *conf, const struct daemon_arguments *arguments)
{
	struct mirrordaemon d = { .host.conf = conf, .arguments = arguments };
	int status = start(&d);

	if (status == EX_OK) {
		if (!loop_run(d.host.loop))
			status = EX_OSERR;
		notify_send("STOPPING=1");
		localdb_finish(d.host.local);
		mirrorstate_save(d.host.state);
		write_stats(&d);
	}
	unmake(&d);
	return status;
}
