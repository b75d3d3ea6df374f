/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrortry.c - relaymirror -n, see mirrortry.h
 *
 * Two connections, as the daemon has them: one that reads, and one with the
 * rights for orders where this host may give them.  What may be written is
 * found out without writing: XX adds no member, and an entry 1-1 is never after
 * those that are there, nor does it make a stream (NOMKSTREAM).  That it is
 * refused so is the answer we want: rights are asked for first.
 */
#include "mirrortry.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "answer.h"
#include "engine.h"
#include "engineclock.h"
#include "facts.h"
#include "keys.h"
#include "log.h"
#include "loop.h"
#include "mirrorwarn.h"
#include "remedy.h"
#include "tls.h"

#define DEADLINE_MS 10000
#define VERSION_MIN 7

struct trial {
	const struct mirrorconf *conf;
	struct loop *loop;
	struct engine_options options, admin_options;
	struct engine *engine, *admin;
	struct loop_timer *deadline;
	struct facts facts;
	int64_t asked_ms;
	int waiting; /* for so many answers */
	bool reached, wrong;
};

static void complain(struct trial *trial, const char *what, const char *why)
{
	char text[256];

	log_say(LOG_ERR, "%s: %s", what, remedy_text(why, text, sizeof text));
	trial->wrong = true;
}

static void done(struct trial *trial)
{
	if (--trial->waiting == 0)
		loop_stop(trial->loop);
}

static void ask(struct trial *trial, struct engine *engine, engine_answer_fn *answer,
    const char *const word[], size_t count)
{
	trial->waiting++;
	engine_ask(engine, answer, ENGINE_WAIT_MS, word, count);
}

/* ---- answers ---- */

static void on_read(const struct redisReply *answer, void *arg)
{
	const char *error = answer_error(answer);

	if (error != NULL && strncmp(error, "ERR no such key", 15) != 0)
		complain(arg, "cannot read what this host needs", error);
	done(arg);
}

/* Of ours it is "ERR ...", of the engine's state or rights another word. */
static bool is_refusal(const struct redisReply *answer)
{
	const char *error = answer_error(answer);

	return error != NULL && strncmp(error, "ERR ", 4) != 0;
}

static void on_add(const struct redisReply *answer, void *arg)
{
	if (is_refusal(answer))
		complain(arg, "cannot publish logins", answer_error(answer));
	done(arg);
}

static void on_order(const struct redisReply *answer, void *arg)
{
	if (is_refusal(answer))
		complain(arg, "cannot send orders", answer_error(answer));
	done(arg);
}

static void judge_version(struct trial *trial)
{
	const char *version = trial->facts.version;

	if (atoi(version) < VERSION_MIN)
		log_say(LOG_WARNING,
		    "the engine is version %s, expected 7 or later: older ones cannot hold users "
		    "to "
		    "what they need",
		    version);
	if (strcmp(trial->facts.policy, "noeviction") != 0)
		complain(trial,
		    "maxmemory-policy is not noeviction: logins and orders may be forgotten",
		    trial->facts.policy[0] != '\0' ? trial->facts.policy : "it does not say");
	if (trial->facts.replica && trial->conf->publish)
		complain(trial, "cannot publish logins", "READONLY: it is a replica");
}

static void on_info(const struct redisReply *answer, void *arg)
{
	struct trial *trial = arg;

	if (answer_error(answer) != NULL) {
		complain(trial, "cannot ask INFO", answer_error(answer));
	} else {
		facts_info(&trial->facts, answer);
		judge_version(trial);
	}
	done(trial);
}

static void on_clock(const struct redisReply *answer, void *arg)
{
	struct trial *trial = arg;
	struct engineclock clock = { .known = false };
	struct moment now;

	facts_time(&trial->facts, answer);
	if (answer_error(answer) != NULL || trial->facts.time_ms == 0) {
		complain(trial, "cannot ask TIME",
		    answer_error(answer) != NULL ? answer_error(answer) : "no time came");
	} else {
		engineclock_set(
		    &clock, trial->facts.time_ms, trial->asked_ms, clock_monotonic_ms());
		if (engineclock_now(&clock, &now) && llabs(moment_offset(&now)) >= OFFSET_WARN) {
			log_say(LOG_ERR, "this host's clock is %lld seconds %s the engine's",
			    (long long)llabs(moment_offset(&now)),
			    moment_offset(&now) > 0 ? "ahead of" : "behind");
			trial->wrong = true;
		}
	}
	done(trial);
}

/* ---- questions ---- */

static void on_up(void *arg)
{
	static const char *const info[] = { "INFO" }, *const clock[] = { "TIME" };
	static const char *const epoch[] = { "GET", KEY_EPOCH };
	static const char *const logins[] = { "ZSCAN", KEY_LOGINS, "0", "COUNT", "1" };
	static const char *const log[] = { "XREAD", "COUNT", "1", "STREAMS", KEY_LOG, "$" };
	static const char *const orders[] = { "XREAD", "COUNT", "1", "STREAMS", KEY_ORDERS, "$" };
	static const char *const facts[] = { "XINFO", "STREAM", KEY_ORDERS };
	/* XX: a member that is not there stays so */
	static const char *const add[] = { "ZADD", KEY_LOGINS, "XX", "GT", "0", "0.0.0.0" };
	static const char *const tell[] = { "XADD", KEY_LOG, "NOMKSTREAM", "1-1", "o", "-" };
	struct trial *trial = arg;

	trial->reached = true;
	trial->waiting--;
	ask(trial, trial->engine, on_info, info, 1);
	ask(trial, trial->engine, on_read, epoch, 2);
	ask(trial, trial->engine, on_read, orders, 6);
	ask(trial, trial->engine, on_read, facts, 3);
	if (trial->conf->subscribe) {
		ask(trial, trial->engine, on_read, logins, 5);
		ask(trial, trial->engine, on_read, log, 6);
	}
	if (trial->conf->publish) {
		ask(trial, trial->engine, on_add, add, 6);
		ask(trial, trial->engine, on_add, tell, 6);
	}
	trial->asked_ms = clock_monotonic_ms();
	ask(trial, trial->engine, on_clock, clock, 1);
}

static void on_admin_up(void *arg)
{
	static const char *const remove[] = { "ZREM", KEY_LOGINS, "0.0.0.0" };
	static const char *const expire[] = { "ZREMRANGEBYSCORE", KEY_LOGINS, "-inf", "(0" };
	static const char *const tell[] = { "XADD", KEY_ORDERS, "NOMKSTREAM", "1-1", "o", "-" };
	struct trial *trial = arg;

	trial->waiting--;
	ask(trial, trial->admin, on_order, remove, 3);
	ask(trial, trial->admin, on_order, tell, 6);
	ask(trial, trial->admin, on_order, expire, 4);
}

/* The engine has logged why. */
static void on_down(void *arg)
{
	struct trial *trial = arg;

	trial->wrong = true;
	loop_stop(trial->loop);
}

/* The same, of a connection that could not be made; what the other one is asked
 * is still answered. */
static void on_failed(void *arg)
{
	struct trial *trial = arg;

	trial->wrong = true;
	engine_stop(trial->engine);
	done(trial);
}

static void on_admin_failed(void *arg)
{
	struct trial *trial = arg;

	trial->wrong = true;
	engine_stop(trial->admin);
	done(trial);
}

static void on_deadline(void *arg)
{
	struct trial *trial = arg;

	loop_stop(trial->loop);
}

static const struct engine_handler handler = { on_up, on_down, on_failed };
static const struct engine_handler admin_handler = { on_admin_up, on_down, on_admin_failed };

/* ---- the whole ---- */

static bool make(struct trial *trial)
{
	trial->loop = loop_new(false);
	if (trial->loop == NULL)
		return false;
	trial->deadline = loop_timer_new(trial->loop, on_deadline, trial);
	trial->engine = engine_new(trial->loop, &trial->options, &handler, trial);
	trial->waiting = 1;
	if (mirrorconf_orders(trial->conf)) {
		trial->admin =
		    engine_new(trial->loop, &trial->admin_options, &admin_handler, trial);
		trial->waiting++;
		if (trial->admin == NULL)
			return false;
	}
	return trial->deadline != NULL && trial->engine != NULL;
}

static void try(struct trial *trial)
{
	loop_timer_set(trial->deadline, DEADLINE_MS);
	engine_start(trial->engine);
	if (trial->admin != NULL)
		engine_start(trial->admin);
	if (trial->waiting > 0)
		loop_run(trial->loop);
	if (trial->waiting > 0 && !trial->wrong)
		log_say(LOG_ERR, "the engine at %s has not answered all within ten seconds",
		    engine_place(trial->engine));
}

int mirrortry_run(const struct mirrorconf *conf)
{
	struct trial trial = { .conf = conf };
	struct tls *tls = NULL;
	bool made;

	if (conf->url.tls) {
		tls = tls_new(conf->tls_ca, conf->tls_certificate, conf->tls_key);
		if (tls == NULL)
			return EX_CONFIG;
	}
	trial.options = mirrorconf_engine(conf, tls, "use the engine at", false);
	trial.admin_options = mirrorconf_engine(conf, tls, "send orders to the engine at", true);
	made = make(&trial);
	if (made)
		try(&trial);
	engine_free(trial.engine);
	engine_free(trial.admin);
	loop_timer_free(trial.deadline);
	loop_free(trial.loop);
	tls_free(tls);
	if (!made)
		return EX_OSERR;
	if (!trial.reached)
		return EX_UNAVAILABLE;
	return trial.wrong || trial.waiting > 0 ? EX_CONFIG : EX_OK;
}
