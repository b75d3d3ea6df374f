/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaymirror_model.c - four hosts, an engine, administrators and faults
 * in any order (mirror.h)
 *
 * limit: 1200
 *
 * Each history is made of one number: which hosts publish and subscribe, whose
 * clock is off, which faults can happen, and then a row of events.  What really
 * happened is kept beside it, by the engine's clock.  After every event:
 *	no stranger	whom a database lets in has logged in within the window
 *	no ratchet	the engine has no stamp later than the last login
 * and at a host that knows of it, no deleted address.  In the end every fault
 * is over, and besides that:
 *	no lost login	every subscriber has the logins of every publisher
 *	no resurrection	nobody has a deleted address
 * LONG=1 in the environment: ten times as many.  HISTORIES=N tries N of them,
 * HISTORY=N the one of that number, and shows what happens in it.
 */
#include "mirror.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HISTORIES 10000
#define HISTORIES_LONG 100000
#define HOSTS 4
#define ADDRESSES 3
#define WINDOW 3600
#define EVENTS 48
#define START INT64_C(1795175258)
#define NONE INT64_C(-1)
#define LOG_SIZE 512
#define SLACK 9 /* AHEAD_MAX, SAME_MAX, and rounding */
#define YEAR (366 * 86400)

static const char *const addresses[ADDRESSES] = { "192.0.2.7", "198.51.100.9", "2001:db8::7" };

/* ---- the engine ---- */

struct entry {
	struct streamid id;
	char address[64];
	int64_t stamp;
	enum order_kind kind; /* in the stream of orders */
};

struct stream {
	struct entry entries[LOG_SIZE];
	size_t count;
	struct streamid last;
};

struct engine {
	int64_t z[ADDRESSES];
	struct stream log, orders;
	int epoch, run;
};

/* ---- the world ---- */

enum fault {
	FAULT_NETWORK = 1,
	FAULT_CRASH = 2,
	FAULT_ENGINE = 4,
	FAULT_CLOCK = 8,
	FAULT_STATE = 16,
	FAULT_LOCAL = 32,
	FAULT_HOSTILE = 64,
	FAULT_ORDERS = 128
};

struct host {
	struct mirror *mirror;
	struct mirror_settings settings;
	int64_t offset; /* of its clock */
	int64_t error; /* in what it takes for the engine's time */
	int64_t db[ADDRESSES];
	bool connected;
	bool knows; /* the engine's time */
	bool far; /* its clock is, or was, too far off to publish */
	bool righted; /* what it had written before has stamps of the wrong clock */
	bool deleted[ADDRESSES]; /* it knows of the delete that is the last word */
	char *disk;
};

struct world {
	struct engine engine, dump;
	bool has_dump;
	struct host hosts[HOSTS];
	int64_t now;
	int64_t login[ADDRESSES]; /* the last one anywhere, or add */
	int64_t published[ADDRESSES]; /* the last one at a host that publishes */
	int64_t delete[ADDRESSES]; /* the last order, if it is one */
	int64_t ordered[ADDRESSES]; /* the last order of any kind */
	bool tied[ADDRESSES]; /* with another one */
	bool unsure[ADDRESSES]; /* who must have it cannot be told any more */
	bool orders_lost; /* the engine or a host may have lost one */
	int64_t slack;
	unsigned faults;
	uint64_t random;
	bool shown;
};

static struct netset no_nets;

static uint64_t draw(struct world *w, uint64_t below)
{
	/* splitmix64, https://prng.di.unimi.it/splitmix64.c */
	uint64_t z = (w->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % below;
}

__attribute__((format(printf, 2, 3))) static void show(
    const struct world *w, const char *format, ...)
{
	va_list args;

	if (!w->shown)
		return;
	va_start(args, format);
	printf("# %5lld ", (long long)(w->now - START));
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

static size_t index_of(const char *address)
{
	for (size_t a = 0; a < ADDRESSES; a++) {
		if (strcmp(addresses[a], address) == 0)
			return a;
	}
	fail_msg("nobody has ever logged in from %s", address);
	return 0;
}

static void append(struct world *w, struct stream *stream, const char *address, int64_t stamp,
    enum order_kind kind)
{
	struct entry *entry;
	uint64_t ms = (uint64_t)w->now * 1000;

	if (stream->count == LOG_SIZE) {
		stream->count = LOG_SIZE / 2;
		memmove(stream->entries, stream->entries + LOG_SIZE / 2,
		    stream->count * sizeof *stream->entries);
	}
	if (ms > stream->last.ms)
		stream->last = (struct streamid){ ms, 0 };
	else
		stream->last.sequence++;
	entry = &stream->entries[stream->count++];
	*entry = (struct entry){ .id = stream->last, .stamp = stamp, .kind = kind };
	snprintf(entry->address, sizeof entry->address, "%s", address);
}

static struct engine_facts facts_of(const struct engine *engine)
{
	struct engine_facts facts = { .log.last = engine->log.last,
		.orders.last = engine->orders.last };

	snprintf(facts.identity, sizeof facts.identity, "%d %d", engine->epoch, engine->run);
	if (engine->log.count > 0)
		facts.log.first = engine->log.entries[0].id;
	if (engine->orders.count > 0)
		facts.orders.first = engine->orders.entries[0].id;
	return facts;
}

static void empty_engine(struct engine *engine, int epoch, int run)
{
	*engine = (struct engine){ .epoch = epoch, .run = run };
	for (size_t a = 0; a < ADDRESSES; a++)
		engine->z[a] = NONE;
}

/* ---- a host ---- */

static struct moment moment_of(const struct world *w, const struct host *host)
{
	return (struct moment){ .local = w->now + host->offset, .engine = w->now + host->error };
}

/* What a start has: the state file. */
static void start_host(struct world *w, struct host *host)
{
	char *copy = strdup(host->disk), *rest = copy, *line;

	assert_non_null(copy);
	mirror_free(host->mirror);
	host->mirror = mirror_new(&host->settings, w->now + host->offset);
	assert_non_null(host->mirror);
	for (line = strsep(&rest, "\n"); rest != NULL; line = strsep(&rest, "\n"))
		assert_true(mirror_load(host->mirror, line));
	free(copy);
	host->knows = false;
}

static void save_host(struct host *host)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fputs(host->disk, out);
	mirror_save(host->mirror, false, out);
	fclose(out);
	free(host->disk);
	host->disk = text;
	if (size < 8192)
		return;
	out = open_memstream(&text, &size);
	mirror_save(host->mirror, true, out);
	fclose(out);
	free(host->disk);
	host->disk = text;
}

static void look_up(const struct world *w, struct host *host, size_t a)
{
	struct moment now = moment_of(w, host);

	if (host->db[a] != NONE)
		mirror_local(host->mirror, addresses[a], host->db[a], &now);
}

static void scan_host(const struct world *w, struct host *host)
{
	mirror_scan_begin(host->mirror);
	for (size_t a = 0; a < ADDRESSES; a++)
		look_up(w, host, a);
	mirror_scan_end(host->mirror);
}

static void read_orders(struct world *w, struct host *host, const struct streamid *after)
{
	const struct stream *stream = &w->engine.orders;
	struct moment now = moment_of(w, host);

	for (size_t i = 0; i < stream->count; i++) {
		const struct entry *entry = &stream->entries[i];
		struct order order = {
			.kind = entry->kind, .stamp = entry->stamp, .id = entry->id
		};

		if (streamid_compare(&entry->id, after) <= 0)
			continue;
		memcpy(order.address, entry->address, sizeof order.address);
		if (!mirror_order(host->mirror, &order, &now))
			continue;
		if (order.kind == ORDER_DELETE && order.stamp == w->delete[index_of(order.address)])
			host->deleted[index_of(order.address)] = true;
		look_up(w, host, index_of(order.address));
	}
}

static void read_log(struct world *w, struct host *host, const struct streamid *after)
{
	const struct stream *stream = &w->engine.log;
	struct moment now = moment_of(w, host);

	for (size_t i = 0; i < stream->count; i++) {
		if (streamid_compare(&stream->entries[i].id, after) > 0)
			mirror_remote(host->mirror, stream->entries[i].address,
			    stream->entries[i].stamp, (int64_t)(stream->entries[i].id.ms / 1000),
			    &now);
	}
}

/* Reads what is new, or all; CUT: the network fails before the end. */
static void read_engine(struct world *w, struct host *host, bool cut)
{
	static const struct streamid beginning = { 0, 0 };
	struct engine_facts facts = facts_of(&w->engine);
	struct position *position = mirror_position(host->mirror);
	struct moment now = moment_of(w, host);
	bool all = mirror_meet(host->mirror, &facts) != CONTINUITY_KEPT;

	read_orders(w, host, all ? &beginning : &position->orders);
	if (cut)
		return;
	if (host->settings.subscribe && !all)
		read_log(w, host, &position->log);
	for (size_t a = 0; host->settings.subscribe && all && a < ADDRESSES; a++) {
		if (w->engine.z[a] != NONE)
			mirror_remote(host->mirror, addresses[a], w->engine.z[a], w->now, &now);
	}
	position->log = facts.log.last;
	position->orders = facts.orders.last;
}

struct outgoing {
	size_t count;
	char address[ADDRESSES][RELAYDB_ADDRSTRLEN];
	int64_t stamp[ADDRESSES];
};

static void gather(const char *address, int64_t stamp, void *arg)
{
	struct outgoing *out = arg;

	strcpy(out->address[out->count], address);
	out->stamp[out->count++] = stamp;
}

/* LOST: the answer does not arrive. */
static void send_orders(struct world *w, struct host *host, bool lost)
{
	const struct order *order = mirror_unsent_order(host->mirror);
	struct order copy;
	size_t a;

	for (; order != NULL; order = mirror_unsent_order(host->mirror)) {
		copy = *order;
		a = index_of(copy.address);
		append(w, &w->engine.orders, copy.address, copy.stamp, copy.kind);
		if (copy.kind == ORDER_ADD && copy.stamp > w->engine.z[a])
			w->engine.z[a] = copy.stamp;
		if (lost)
			return;
		mirror_order_sent(host->mirror, &copy, &w->engine.orders.last);
	}
}

static void send_logins(struct world *w, struct host *host, bool lost)
{
	struct moment now = moment_of(w, host);
	struct outgoing out = { .count = 0 };

	mirror_unsent(host->mirror, ADDRESSES, &now, gather, &out);
	for (size_t i = 0; i < out.count; i++) {
		size_t a = index_of(out.address[i]);

		show(w, "  host %td sends %s %lld", host - w->hosts, out.address[i],
		    (long long)(out.stamp[i] - START));
		if (out.stamp[i] > w->engine.z[a])
			w->engine.z[a] = out.stamp[i];
		append(w, &w->engine.log, out.address[i], out.stamp[i], ORDER_ADD);
		if (!lost)
			mirror_sent(host->mirror, out.address[i], out.stamp[i]);
	}
}

static void change(const char *address, bool delete, int64_t stamp, void *arg)
{
	int64_t *db = arg;
	size_t a = index_of(address);

	if (!delete &&stamp > db[a])
		db[a] = stamp;
	else if (delete &&stamp >= db[a])
		db[a] = NONE;
}

static void log_in(struct world *w, struct host *host, size_t a)
{
	int64_t stamp = w->now + host->offset;

	show(w, "login %zu at host %td", a, host - w->hosts);
	if (stamp > host->db[a])
		host->db[a] = stamp;
	w->login[a] = w->now;
	if (!host->settings.publish)
		return;
	/* the database keeps the later stamp, whatever the clock does */
	if (host->far || host->db[a] != stamp)
		w->unsure[a] = true;
	else
		w->published[a] = w->now;
}

/* One round of a daemon, which may be killed at any of its steps.  Returns true
 * if it came to its end. */
static bool run_host(struct world *w, struct host *host, bool faultless)
{
	bool crash = !faultless && (w->faults & FAULT_CRASH) != 0 && draw(w, 4) == 0;
	bool cut = !faultless && (w->faults & FAULT_NETWORK) != 0 && draw(w, 8) == 0;
	bool lost = !faultless && (w->faults & FAULT_NETWORK) != 0 && draw(w, 8) == 0;
	bool beside = !faultless && draw(w, 8) == 0;
	uint64_t step = crash ? draw(w, 3) : 3;
	struct moment now = moment_of(w, host);
	size_t count;

	host->knows |= host->connected;
	if (host->connected)
		host->error = (int64_t)draw(w, 4) - 1;
	if (!host->knows)
		return false;
	scan_host(w, host);
	if (host->connected) {
		read_engine(w, host, cut);
		send_orders(w, host, lost);
		send_logins(w, host, lost);
	}
	if (step == 0)
		return false;
	save_host(host);
	if (step == 1)
		return false;
	/* between the look at the database and the commit; then there is
	 * another look */
	if (beside)
		log_in(w, host, draw(w, ADDRESSES));
	count = mirror_changes(host->mirror, ADDRESSES, &now, change, host->db);
	if (step == 2)
		return false;
	mirror_committed(host->mirror, count);
	mirror_forget(host->mirror, &now);
	save_host(host);
	return !beside || run_host(w, host, true);
}

/* ---- what must hold ---- */

static bool is_fresh(const struct world *w, const struct host *host, size_t a)
{
	return host->db[a] != NONE && host->db[a] >= w->now + host->offset - WINDOW;
}

static void check_always(const struct world *w, uint64_t history)
{
	for (size_t a = 0; a < ADDRESSES; a++) {
		if (w->engine.z[a] > w->login[a] + w->slack && w->engine.z[a] < START + YEAR / 2)
			fail_msg("history %llu: ratchet: %s has %lld, its last login is %lld",
			    (unsigned long long)history, addresses[a],
			    (long long)(w->engine.z[a] - START), (long long)(w->login[a] - START));
		for (size_t h = 0; h < HOSTS; h++) {
			const struct host *host = &w->hosts[h];

			/* what its own clock did to its own file is its own
			 * affair */
			if (host->far || !is_fresh(w, host, a) ||
			    w->login[a] >= w->now - WINDOW - w->slack)
				continue;
			fail_msg(
			    "history %llu: stranger: %s at host %zu, last login %lld, now %lld",
			    (unsigned long long)history, addresses[a], h,
			    (long long)(w->login[a] - START), (long long)(w->now - START));
		}
	}
}

static void check_deleted(const struct world *w, const struct host *host, uint64_t history)
{
	for (size_t a = 0; a < ADDRESSES; a++) {
		if (w->delete[a] == NONE || w->login[a] > w->delete[a] || !host->deleted[a] ||
		    w->tied[a])
			continue;
		if (is_fresh(w, host, a) && !host->far)
			fail_msg(
			    "history %llu: resurrection: %s at host %td, deleted %lld, now %lld",
			    (unsigned long long)history, addresses[a], host - w->hosts,
			    (long long)(w->delete[a] - START), (long long)(w->now - START));
	}
}

static void check_end(struct world *w, uint64_t history)
{
	for (size_t a = 0; a < ADDRESSES; a++) {
		bool deleted = w->delete[a] != NONE && w->login[a] <= w->delete[a];
		bool fresh = w->published[a] != NONE &&
			     w->published[a] >= w->now - WINDOW + w->slack &&
			     (w->delete[a] == NONE || w->published[a] > w->delete[a] + w->slack);

		for (size_t h = 0; h < HOSTS; h++) {
			const struct host *host = &w->hosts[h];

			if (deleted && !w->tied[a] && !w->orders_lost && !host->far &&
			    is_fresh(w, host, a))
				fail_msg("history %llu: at last: %s is back at host %zu",
				    (unsigned long long)history, addresses[a], h);
			if (fresh && !w->unsure[a] && host->settings.subscribe && !host->righted &&
			    !is_fresh(w, host, a))
				fail_msg("history %llu: lost login: %s at host %zu",
				    (unsigned long long)history, addresses[a], h);
		}
	}
}

/* ---- what happens ---- */

static void give_order(struct world *w, struct host *host, size_t a)
{
	struct moment now = moment_of(w, host);
	enum order_kind kind = draw(w, 3) == 0 ? ORDER_ADD : ORDER_DELETE;

	if (!host->knows)
		return;
	show(w, "%s %zu at host %td", kind == ORDER_ADD ? "add" : "delete", a, host - w->hosts);
	assert_true(mirror_give_order(host->mirror, addresses[a], kind, &now));
	save_host(host);
	/* of two at the same time the one that is sent later wins */
	if (w->ordered[a] >= w->now - 3)
		w->tied[a] = w->unsure[a] = true;
	else
		w->tied[a] = false;
	w->ordered[a] = w->now;
	/* what others do not hear of counts as not given */
	for (size_t h = 0; h < HOSTS; h++)
		w->hosts[h].deleted[a] = false;
	if (kind == ORDER_DELETE) {
		host->db[a] = NONE;
		host->deleted[a] = true;
		w->delete[a] = w->now;
	} else {
		if (now.local > host->db[a])
			host->db[a] = now.local;
		w->login[a] = w->now;
		w->delete[a] = NONE;
		w->published[a] = NONE;
		w->unsure[a] = true;
	}
}

static void forget_orders(struct world *w)
{
	w->orders_lost = true;
}

static void break_engine(struct world *w)
{
	int epoch = (int)draw(w, 1u << 30), run = (int)draw(w, 1u << 30);
	struct stream *log = &w->engine.log;
	size_t cut;

	switch (draw(w, 5)) {
	case 0:
		show(w, "FLUSHALL");
		empty_engine(&w->engine, epoch, w->engine.run);
		break;
	case 1:
		show(w, "dump");
		w->dump = w->engine;
		w->has_dump = true;
		break;
	case 2:
		if (!w->has_dump)
			break;
		show(w, "an old dump, or a replica that was behind");
		w->engine = w->dump;
		w->engine.run = run;
		break;
	case 3:
		show(w, "restart");
		w->engine.run = run;
		break;
	default:
		show(w, "the log is trimmed");
		cut = log->count / 2;
		log->count -= cut;
		memmove(log->entries, log->entries + cut, log->count * sizeof *log->entries);
		break;
	}
}

static void step_clock(struct world *w, struct host *host)
{
	int64_t step = (int64_t)draw(w, 121) - 60;

	/* the daemon sees each login when it is written; what it has not seen
	 * cannot be told from a login at that time */
	if (!host->knows)
		return;
	scan_host(w, host);
	save_host(host);
	if (host->far) {
		show(w, "the clock of host %td is put right", host - w->hosts);
		host->offset = 0;
		host->righted = true;
		return;
	}
	show(w, "the clock of host %td is set by %lld", host - w->hosts, (long long)step);
	host->offset += step;
	w->slack += llabs(step);
}

/* Out of range, or no address at all. */
static void be_hostile(struct world *w)
{
	static const char *const texts[] = { "", "192.0.2.0/24", "example.org", "0x7f000001",
		"192.0.2.300", "2001:db8::7%eth0" };
	int64_t stamp = w->now + AHEAD_MAX + 1 + (int64_t)draw(w, YEAR);
	size_t a = draw(w, ADDRESSES);

	show(w, "the engine is hostile");
	append(w, &w->engine.log, addresses[a], stamp, ORDER_ADD);
	append(w, &w->engine.log, addresses[a], w->now - WINDOW - 1 - (int64_t)draw(w, YEAR),
	    ORDER_ADD);
	append(w, &w->engine.log, texts[draw(w, sizeof texts / sizeof *texts)], w->now, ORDER_ADD);
	append(w, &w->engine.orders, addresses[a], stamp, ORDER_ADD);
}

static bool has_fault(const struct world *w, enum fault fault)
{
	return (w->faults & fault) != 0;
}

static void lose_locally(struct world *w, struct host *host, size_t a)
{
	if (draw(w, 2) == 0 || w->hosts[0].far) {
		show(w, "%zu is deleted at host %td alone", a, host - w->hosts);
		host->db[a] = NONE;
		w->unsure[a] = true;
		return;
	}
	show(w, "host %td expires", host - w->hosts);
	for (size_t i = 0; i < ADDRESSES; i++) {
		if (!is_fresh(w, host, i))
			host->db[i] = NONE;
	}
}

static void lose_state(struct world *w, struct host *host)
{
	/* together with a clock that is set the past cannot be known */
	if (has_fault(w, FAULT_CLOCK))
		return;
	show(w, "host %td loses its state", host - w->hosts);
	free(host->disk);
	host->disk = strdup("");
	for (size_t a = 0; a < ADDRESSES; a++) {
		host->deleted[a] = false;
		w->unsure[a] = true;
	}
	forget_orders(w);
	start_host(w, host);
}

static void let_time_pass(struct world *w)
{
	static const int64_t spans[] = { 2, 10, 60, 600, 600, 2000 };

	w->now += 1 + (int64_t)draw(w, (uint64_t)spans[draw(w, 6)]);
}

static void happen(struct world *w, uint64_t history)
{
	struct host *host = &w->hosts[draw(w, HOSTS)];
	size_t a = draw(w, ADDRESSES);
	uint64_t what = draw(w, 32);

	if (what < 8) {
		let_time_pass(w);
	} else if (what < 13) {
		log_in(w, host, a);
	} else if (what < 21) {
		show(w, "round of host %td", host - w->hosts);
		if (run_host(w, host, false)) {
			check_deleted(w, host, history);
		} else if (has_fault(w, FAULT_CRASH)) {
			show(w, "  host %td starts again", host - w->hosts);
			start_host(w, host);
			/* what it had not saved it will read again */
			memset(host->deleted, 0, sizeof host->deleted);
		}
	} else if (what < 23 && has_fault(w, FAULT_ORDERS)) {
		give_order(w, host, a);
	} else if (what < 25 && has_fault(w, FAULT_NETWORK)) {
		host->connected = !host->connected;
	} else if (what < 27 && has_fault(w, FAULT_ENGINE)) {
		break_engine(w);
	} else if (what == 27 && has_fault(w, FAULT_CLOCK)) {
		step_clock(w, host);
	} else if (what == 28 && has_fault(w, FAULT_STATE)) {
		lose_state(w, host);
	} else if (what == 29 && has_fault(w, FAULT_LOCAL)) {
		lose_locally(w, host, a);
	} else if (what == 30 && has_fault(w, FAULT_HOSTILE)) {
		be_hostile(w);
	}
}

static void set_up(struct world *w, uint64_t history)
{
	static const int64_t offsets[] = { 0, 0, 0, 3, -3, 600, -600, 2000, -2000, 3600, -3600,
		YEAR, -YEAR };

	w->random = history;
	w->faults = (unsigned)draw(w, 256);
	w->now = START;
	w->slack = SLACK;
	empty_engine(&w->engine, 1, 1);
	for (size_t a = 0; a < ADDRESSES; a++)
		w->login[a] = w->published[a] = w->delete[a] = w->ordered[a] = NONE;
	for (size_t h = 0; h < HOSTS; h++) {
		struct host *host = &w->hosts[h];

		*host = (struct host){ .connected = true, .disk = strdup("") };
		host->settings = (struct mirror_settings){ .publish = h < 2 || draw(w, 4) == 0,
			.subscribe = h >= 2 || draw(w, 4) == 0,
			.window = WINDOW,
			.ignore = &no_nets };
		if (has_fault(w, FAULT_CLOCK))
			host->offset = offsets[draw(w, sizeof offsets / sizeof *offsets)];
		host->far = llabs(host->offset) >= OFFSET_MAX;
		for (size_t a = 0; a < ADDRESSES; a++)
			host->db[a] = NONE;
		show(w, "host %zu: %s%soffset %lld", h, host->settings.publish ? "publishes, " : "",
		    host->settings.subscribe ? "subscribes, " : "", (long long)host->offset);
		start_host(w, host);
		run_host(w, host, true);
	}
}

static void live(uint64_t history, bool shown)
{
	static struct world w;

	memset(&w, 0, sizeof w);
	w.shown = shown;
	set_up(&w, history);
	for (int i = 0; i < EVENTS; i++) {
		happen(&w, history);
		check_always(&w, history);
	}
	/* every fault is over */
	for (int round = 0; round < 3; round++) {
		for (size_t h = 0; h < HOSTS; h++) {
			w.hosts[h].connected = true;
			run_host(&w, &w.hosts[h], true);
			check_always(&w, history);
			check_deleted(&w, &w.hosts[h], history);
		}
	}
	check_end(&w, history);
	for (size_t h = 0; h < HOSTS; h++) {
		mirror_free(w.hosts[h].mirror);
		free(w.hosts[h].disk);
	}
}

static bool at_length(void)
{
	const char *text = getenv("LONG");

	return text != NULL && *text != '\0' && strcmp(text, "0") != 0;
}

static void histories(void **state)
{
	const char *count = getenv("HISTORIES"), *one = getenv("HISTORY");
	uint64_t most = at_length() ? HISTORIES_LONG : HISTORIES;

	(void)state;
	if (count != NULL)
		most = strtoull(count, NULL, 10);
	if (one != NULL) {
		live(strtoull(one, NULL, 10), true);
		return;
	}
	for (uint64_t history = 0; history < most; history++)
		live(history, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(histories) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
