/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guarddaemon.c - the running relayguard, see guarddaemon.h
 *
 * The start, in the order of rights: read everything and bind the sockets;
 * become the user; enter the sandbox; then the thread that copies the database.
 */
#include "guarddaemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "clock.h"
#include "database.h"
#include "dns.h"
#include "dnsbl.h"
#include "guard.h"
#include "guardfiles.h"
#include "guardstate.h"
#include "list.h"
#include "log.h"
#include "loop.h"
#include "miltersession.h"
#include "notify.h"
#include "pasts.h"
#include "policysession.h"
#include "relaysession.h"
#include "rulefile.h"
#include "sandbox.h"
#include "service.h"
#include "user.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define CONNECTIONS_MAX 10000 /* of mail servers, to each socket */
#define DESCRIPTORS_WANTED 16384
#define IDLE_MS INT64_C(7500000) /* longer than sendmail waits for a command: an hour, twice */
#define INPUT_MAX 131072
#define OUTPUT_MAX 262144
#define TICK_MS 1000
#define STATUS_MS 15000

#define RELAYGUARD_CAN (CAN_REPLACE_FILES | CAN_START_THREADS | CAN_ACCEPT | CAN_ASK_DNS)

struct guarddaemon {
	struct guard guard;
	const struct daemon_arguments *arguments;
	struct sandbox sandbox;
	struct listener **listeners; /* NULL at the end */
	struct loop_timer *tick;
	struct guardfiles *files;
	int64_t status_ms; /* when the service manager last got it */
};

struct guardcounts_view guard_view(const struct guard *guard)
{
	return (struct guardcounts_view){ &guard->counts, guard->rules, guard->sources.lists,
		guard->sources.database, &guard->sources, &guard->pauses, guard->throttle };
}

/* ---- what goes on beside the sessions ---- */

/* The rules and settings in force become those of CONF and RULES; the old rules
 * and configuration are freed.  Returns false without memory: nothing has
 * changed. */
static bool apply(struct guarddaemon *d, struct guardconf *conf, struct rules *rules)
{
	struct guard *guard = &d->guard;
	struct throttle *throttle = guard->throttle;
	struct rules *old = guard->rules;
	bool limits = guardconf_throttles(conf);

	if (limits && throttle == NULL) {
		throttle = throttle_new(
		    (const struct throttle_limit(*)[THROTTLE_WHATS])conf->limit, THROTTLE_PLACES);
		if (throttle == NULL)
			return false;
	}
	if (!guardcounts_rules(&guard->counts, old, rules) ||
	    !dnsbl_configure(guard->sources.lists, rules, conf->dns_timeout * 1000)) {
		if (throttle != guard->throttle)
			throttle_free(throttle);
		return false;
	}
	if (throttle != NULL)
		throttle_configure(
		    throttle, (const struct throttle_limit(*)[THROTTLE_WHATS])conf->limit);
	guard->throttle = throttle;
	guard->rules = rules;
	guard->sources.rules++;
	guard->by_milter = (struct smtpsession_policy){
		.rules = rules,
		.options = { .refuse = conf->refuse != 0, .defer = conf->defer != 0 },
		.tarpit = { (uint32_t)conf->tarpit_after, conf->tarpit * 1000 },
		.throttle = limits ? throttle : NULL,
		.delay_ms = conf->delay * 1000,
		.within_ms = conf->answer_within * 1000,
	};
	guard->by_policy = guard->by_milter;
	if (conf->milter != NULL)
		guard->by_policy.throttle = NULL;
	guard->pauses.most = (uint32_t)conf->pauses;
	guard->sources.timeout_ms = conf->dns_timeout * 1000;
	if (guard->sources.database != NULL)
		database_configure(guard->sources.database, conf->window);
	rules_free(old);
	guardconf_free(guard->conf);
	guard->conf = conf;
	return true;
}

/* What cannot be changed without a restart, or NULL. */
static const char *obstacle(const struct guarddaemon *d, const struct guardconf *new)
{
	const char *fixed = guardconf_restart(d->guard.conf, new);

	if (fixed != NULL)
		return fixed;
	if (*new->rules != '\0' && !sandbox_allows(&d->sandbox, new->rules, false))
		return "rules";
	if (*new->stats_file != '\0' && !sandbox_allows(&d->sandbox, new->stats_file, true))
		return "stats-file";
	return NULL;
}

/* Everything new is read first; only when all of it is right does anything
 * change. */
static void reload(struct guarddaemon *d)
{
	struct conf_errors errors = { .tell = log_sentence };
	struct guardconf *conf = guardconf_load(d->arguments->config_file, &errors);
	const char *fixed = conf != NULL ? obstacle(d, conf) : NULL;
	struct rules *rules = NULL;
	bool good = conf != NULL && fixed == NULL;

	if (fixed != NULL)
		log_say(LOG_ERR, "restart needed for the new value of '%s'", fixed);
	if (good && *conf->rules != '\0') {
		rules = rulefile_read(conf->rules);
		good = rules != NULL;
	}
	if (good && apply(d, conf, rules)) {
		log_say(LOG_NOTICE, "using the new configuration, with %zu rules",
		    rules != NULL ? rules_count(rules) : 0);
		/* who waits is decided by the new rules */
		waiting_news(d->guard.waiting, NULL);
		return;
	}
	rules_free(rules);
	guardconf_free(conf);
	log_say(LOG_ERR, "keeping the old configuration and rules");
}

static void on_tick(void *arg)
{
	struct guarddaemon *d = arg;
	const struct guardcounts_view view = guard_view(&d->guard);
	int64_t clock = clock_monotonic_ms();

	notify_alive(clock);
	if (clock - d->status_ms >= STATUS_MS) {
		d->status_ms = clock;
		notify_send("STATUS=%llu recipients accepted, %llu refused",
		    (unsigned long long)view.counts->accepted,
		    (unsigned long long)view.counts->refused);
	}
	guardfiles_tick(d->files, &d->guard, clock);
	loop_timer_set(d->tick, TICK_MS);
}

static void on_request(enum service_request request, void *arg)
{
	struct guarddaemon *d = arg;
	const struct guardcounts_view view = guard_view(&d->guard);

	switch (request) {
	case SERVICE_STOP:
		loop_stop(d->guard.loop);
		return;
	case SERVICE_RELOAD:
		notify_send("RELOADING=1");
		reload(d);
		notify_send("READY=1");
		return;
	case SERVICE_REPORT:
		guardcounts_log(&view);
		return;
	}
}

/* There is a copy of the database, or an answer about a blocklist. */
static void on_news(void *arg)
{
	struct guarddaemon *d = arg;

	waiting_news(d->guard.waiting, NULL);
}

/* ---- the start ---- */

/* Returns false after logging why not. */
static bool listen_at(struct guarddaemon *d, char *const *addresses,
    const struct stream_handler *handler, size_t *count)
{
	const struct guardconf *conf = d->guard.conf;
	struct listener_options options = {
		.owner = conf->socket_owner,
		.group = conf->socket_group,
		.mode = (mode_t)conf->socket_mode,
		.connections_max = CONNECTIONS_MAX,
		.idle_ms = IDLE_MS,
		.input_max = INPUT_MAX,
		.output_max = OUTPUT_MAX,
	};

	for (; addresses != NULL && *addresses != NULL; addresses++) {
		options.address = *addresses;
		d->listeners[*count] = listener_new(d->guard.loop, &options, handler, &d->guard);
		if (d->listeners[*count] == NULL)
			return false;
		++*count;
	}
	return true;
}

static bool bind_sockets(struct guarddaemon *d)
{
	const struct guardconf *conf = d->guard.conf;
	size_t most =
	    list_size(conf->milter) + list_size(conf->policy) + list_size(conf->policy_relay);
	size_t count = 0;

	d->listeners = calloc(most + 1, sizeof(struct listener *));
	if (d->listeners == NULL) {
		log_say(LOG_ERR, "out of memory");
		return false;
	}
	return listen_at(d, conf->milter, &miltersession_handler, &count) &&
	       listen_at(d, conf->policy, &policysession_handler, &count) &&
	       listen_at(d, conf->policy_relay, &relaysession_handler, &count);
}

/* A descriptor for each connection. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Reads the rules.  Returns a status of sysexits(3). */
static int load_rules(const struct guardconf *conf, struct rules **rules)
{
	*rules = NULL;
	if (*conf->rules == '\0')
		return EX_OK;
	*rules = rulefile_read(conf->rules);
	return *rules != NULL ? EX_OK : EX_CONFIG;
}

static bool make_parts(struct guarddaemon *d, struct guardconf *conf, struct rules *rules)
{
	struct guard *guard = &d->guard;
	bool done;

	guard->waiting = waiting_new(guard->loop);
	guard->pasts = pasts_new();
	guard->sources.dns =
	    dns_new(guard->loop, *conf->resolver != '\0' ? conf->resolver : NULL, RESOLV_CONF);
	if (guard->sources.dns == NULL)
		return false;
	guard->sources.lists = dnsbl_new(guard->loop, guard->sources.dns, on_news, d);
	guard->sources.database =
	    database_new(guard->loop, conf->database, conf->window, on_news, d);
	d->tick = loop_timer_new(guard->loop, on_tick, d);
	d->files = guardfiles_new(clock_monotonic_ms());
	done = guard->waiting != NULL && guard->pasts != NULL && guard->sources.lists != NULL &&
	       guard->sources.database != NULL && d->tick != NULL && d->files != NULL &&
	       apply(d, conf, rules);
	if (!done)
		log_say(LOG_ERR, "out of memory");
	return done;
}

static bool give_up_rights(struct guarddaemon *d)
{
	const struct guardconf *conf = d->guard.conf;
	struct sandbox *sandbox = &d->sandbox;
	bool done;

	sandbox->can = RELAYGUARD_CAN;
	done = sandbox_add_directory_of(sandbox, d->arguments->config_file, false) &&
	       sandbox_add_directory_of(sandbox, conf->database, false) &&
	       sandbox_add_directory_of(sandbox, conf->state, true) &&
	       (*conf->rules == '\0' || sandbox_add_directory_of(sandbox, conf->rules, false)) &&
	       (*conf->stats_file == '\0' ||
		   sandbox_add_directory_of(sandbox, conf->stats_file, true)) &&
	       sandbox_connect(sandbox, guardconf_dns_port(conf));
	if (!done) {
		log_say(LOG_ERR, "out of memory");
		return false;
	}
	return user_become(conf->user) && sandbox_enter(sandbox);
}

/* What there may be only once.  Returns a status of sysexits(3). */
static int claim_names(const struct guarddaemon *d)
{
	const struct guardconf *conf = d->guard.conf;
	const char *pid_file =
	    d->arguments->pid_file != NULL ? d->arguments->pid_file : conf->pid_file;

	return service_claim(conf->state, pid_file, conf->user);
}

/* Takes CONF over in any case.  Returns a status of sysexits(3). */
static int start(struct guarddaemon *d, struct guardconf *conf)
{
	struct rules *rules = NULL;
	int status = load_rules(conf, &rules);

	notify_open();
	if (status == EX_OK && d->arguments->detach && !service_detach())
		status = EX_OSERR;
	if (status == EX_OK) {
		d->guard.loop = loop_new(false);
		if (d->guard.loop == NULL || !service_signals(d->guard.loop, on_request, d))
			status = EX_OSERR;
	}
	if (status == EX_OK && !make_parts(d, conf, rules))
		status = EX_CONFIG;
	if (d->guard.conf != conf) {
		rules_free(rules);
		guardconf_free(conf);
	}
	if (status == EX_OK)
		status = claim_names(d);
	if (status != EX_OK)
		return status;
	raise_limit();
	if (!bind_sockets(d))
		return EX_CONFIG;
	if (!give_up_rights(d) || !database_start(d->guard.sources.database))
		return EX_OSERR;
	if (d->guard.throttle != NULL)
		guardstate_load(d->guard.conf->state, d->guard.throttle);
	on_tick(d);
	service_ready();
	notify_send("READY=1\nSTATUS=guarding");
	log_say(LOG_NOTICE, "guarding with %zu rules",
	    d->guard.rules != NULL ? rules_count(d->guard.rules) : 0);
	return EX_OK;
}

static void unmake(struct guarddaemon *d)
{
	struct guard *guard = &d->guard;

	for (size_t i = 0; d->listeners != NULL && d->listeners[i] != NULL; i++)
		listener_free(d->listeners[i]);
	free(d->listeners);
	loop_timer_free(d->tick);
	guardfiles_free(d->files);
	database_free(guard->sources.database);
	dnsbl_free(guard->sources.lists);
	dns_free(guard->sources.dns);
	waiting_free(guard->waiting);
	pasts_free(guard->pasts);
	throttle_free(guard->throttle);
	rules_free(guard->rules);
	free(guard->counts.rule);
	guardconf_free(guard->conf);
	loop_free(guard->loop);
	sandbox_clear(&d->sandbox);
	notify_close();
}

int guarddaemon_run(struct guardconf *conf, const struct daemon_arguments *arguments)
{
	struct guarddaemon d = { .arguments = arguments };
	int status = start(&d, conf);

	if (status == EX_OK) {
		if (!loop_run(d.guard.loop))
			status = EX_OSERR;
		notify_send("STOPPING=1");
		guardfiles_end(d.files, &d.guard);
	}
	unmake(&d);
	return status;
}
