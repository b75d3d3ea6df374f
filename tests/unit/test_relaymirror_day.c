/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaymirror_day.c - a site of 100 POP and 100 SMTP hosts for 24 hours
 * (mirror.h)
 *
 * limit: 1800
 *
 * The hosts are mirrors, the engine and the databases are tables, the clock is
 * a number; what is between them does what reader.h, whole.h and publisher.h
 * say.  Users come and go as the hours of a day have it, from two addresses
 * each, and log in every ten minutes at whatever POP host.  In the course of
 * the day the engine loses everything, comes back with what it knew ten
 * minutes before, is down for half an hour; twenty hosts are cut off; hosts
 * start again; a clock is wrong; an administrator deletes addresses.  Every
 * five minutes, at each host that the engine reaches:
 *	no stranger	whom a database has has logged in within the window, or
 *			was let in until the databases were expired
 *	no lost login	who has logged in within the window is let in
 *	no resurrection	whose address was deleted, and who has not come back,
 *			is not
 * In the end it tells what the engine had to keep and to say, which is where
 * the figures of docs/cluster.md are from.
 *
 * long: 2,000 users instead of 200
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

#define HALF 100 /* POP hosts, and as many SMTP hosts behind them */
#define HOSTS (2 * HALF)
#define ADMIN (HALF + 1) /* the host from which addresses are deleted; it is never cut off */
#define START INT64_C(1795132800) /* midnight */
#define TICK 10
#define HOUR 3600
#define WINDOW HOUR
#define POLL 600 /* a user looks for mail so often */
#define KEPT_LOG HOUR
#define KEPT_LOGINS (25 * HOUR)
#define EXPIRE 600 /* every ten minutes the databases are expired, and read */
#define CHECK 300
#define SLACK 10 /* AHEAD_MAX, SAME_MAX, and rounding */
#define SETTLED 60 /* so soon after a fault everybody must have caught up */
#define NEVER INT64_C(0)

struct entry {
	struct streamid id;
	size_t address;
	int64_t stamp;
	enum order_kind kind;
};

struct stream {
	struct entry *entries;
	size_t first, count, room; /* those before FIRST are trimmed */
	struct streamid last;
};

struct engine {
	int64_t *logins; /* of each address, NEVER: none */
	struct stream log, orders;
	int epoch, run;
};

struct host {
	struct mirror *mirror;
	struct mirror_settings settings;
	int64_t offset;
	int64_t *db;
	bool cut;
};

struct user {
	size_t address; /* of two */
	int64_t next, until; /* the next login; the end of a session, NEVER: none */
};

static struct host hosts[HOSTS];
static struct engine engine;
static struct user *users;
static int64_t *dump, *login, *deleted;
static int64_t *heard; /* the last login at a host that is not cut off */
static size_t user_count, address_count;
static int64_t now, fault_over;
static bool down;
static struct netset no_nets;
static struct {
	uint64_t logins, sent, given, wholes, whole_rows, written, checked, log_most, rows_most,
	    ledger_most;
} tally;

static uint64_t draw(uint64_t below)
{
	static uint64_t random = 20261129;
	/* splitmix64, https://prng.di.unimi.it/splitmix64.c */
	uint64_t z = (random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % below;
}

static const char *address_text(size_t address)
{
	static char text[32];

	snprintf(
	    text, sizeof text, "10.%zu.%zu.%zu", address >> 16, address >> 8 & 255, address & 255);
	return text;
}

static size_t address_index(const char *text)
{
	unsigned a, b, c;

	assert_int_equal(sscanf(text, "10.%u.%u.%u", &a, &b, &c), 3);
	return (size_t)a << 16 | b << 8 | c;
}

static void *table(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	assert_non_null(memory);
	return memory;
}

/* ---- the engine ---- */

static void append(struct stream *stream, size_t address, int64_t stamp, enum order_kind kind)
{
	const uint64_t ms = (uint64_t)now * 1000;

	if (stream->count == stream->room) {
		stream->room = stream->room * 2 + 1024;
		stream->entries = realloc(stream->entries, stream->room * sizeof *stream->entries);
		assert_non_null(stream->entries);
	}
	if (ms > stream->last.ms)
		stream->last = (struct streamid){ ms, 0 };
	else
		stream->last.sequence++;
	stream->entries[stream->count++] = (struct entry){ stream->last, address, stamp, kind };
}

static void trim(struct stream *stream, int64_t kept)
{
	while (stream->first < stream->count &&
	       stream->entries[stream->first].id.ms < (uint64_t)(now - kept) * 1000)
		stream->first++;
}

static void clear(struct stream *stream)
{
	stream->first = stream->count;
	stream->last = (struct streamid){ 0, 0 };
}

static struct stream_facts facts_of(const struct stream *stream)
{
	struct stream_facts facts = { .last = stream->last };

	if (stream->first < stream->count)
		facts.first = stream->entries[stream->first].id;
	return facts;
}

/* The first entry behind ID, which is most often among the last. */
static size_t behind(const struct stream *stream, const struct streamid *id)
{
	size_t at = stream->count;

	while (at > stream->first && streamid_compare(&stream->entries[at - 1].id, id) > 0)
		at--;
	return at;
}

static void know(size_t address, int64_t stamp)
{
	if (stamp > engine.logins[address])
		engine.logins[address] = stamp;
}

/* ---- a host ---- */

static struct moment moment_of(const struct host *host)
{
	/* rounded anew each time */
	return (struct moment){ .local = now + host->offset, .engine = now - (int64_t)draw(2) };
}

static void look_up(struct host *host, size_t address)
{
	const struct moment moment = moment_of(host);

	if (host->db[address] != NEVER)
		mirror_local(host->mirror, address_text(address), host->db[address], &moment);
}

static void change(const char *text, bool delete, int64_t stamp, void *arg)
{
	struct host *host = arg;
	int64_t *row = &host->db[address_index(text)];

	tally.written++;
	if (!delete &&stamp > *row)
		*row = stamp;
	else if (delete &&stamp >= *row)
		*row = NEVER;
}

static void commit(struct host *host)
{
	const struct moment moment = moment_of(host);
	size_t count;

	do {
		count = mirror_changes(host->mirror, 1000, &moment, change, host);
		mirror_committed(host->mirror, count);
	} while (count > 0);
}

static void send(const char *text, int64_t stamp, void *arg)
{
	struct host *host = arg;

	know(address_index(text), stamp);
	append(&engine.log, address_index(text), stamp, ORDER_ADD);
	tally.sent++;
	mirror_sent(host->mirror, text, stamp);
}

/* mirror_sent() takes the row out of the list that is gone through: as the
 * publisher does, only when all are gathered. */
struct sent {
	size_t count;
	struct {
		char text[32];
		int64_t stamp;
	} each[500];
};

static void gather(const char *text, int64_t stamp, void *arg)
{
	struct sent *sent = arg;

	snprintf(sent->each[sent->count].text, sizeof sent->each[0].text, "%s", text);
	sent->each[sent->count++].stamp = stamp;
}

static void publish(struct host *host)
{
	const struct moment moment = moment_of(host);
	const struct order *order;
	static struct sent sent;

	for (order = mirror_unsent_order(host->mirror); order != NULL;
	     order = mirror_unsent_order(host->mirror)) {
		struct order copy = *order;

		engine.logins[address_index(copy.address)] = NEVER;
		append(&engine.orders, address_index(copy.address), copy.stamp, copy.kind);
		mirror_order_sent(host->mirror, &copy, &engine.orders.last);
	}
	do {
		sent.count = 0;
		mirror_unsent(host->mirror, 500, &moment, gather, &sent);
		for (size_t i = 0; i < sent.count; i++)
			send(sent.each[i].text, sent.each[i].stamp, host);
	} while (sent.count > 0);
}

static void take_orders(struct host *host, size_t at)
{
	const struct moment moment = moment_of(host);

	for (; at < engine.orders.count; at++) {
		const struct entry *entry = &engine.orders.entries[at];
		struct order order = {
			.kind = entry->kind, .stamp = entry->stamp, .id = entry->id
		};

		snprintf(order.address, sizeof order.address, "%s", address_text(entry->address));
		if (mirror_order(host->mirror, &order, &moment))
			look_up(host, entry->address);
	}
}

static void take_whole(struct host *host)
{
	const struct moment moment = moment_of(host);

	take_orders(host, engine.orders.first);
	if (!host->settings.subscribe)
		return;
	tally.wholes++;
	for (size_t a = 0; a < address_count; a++) {
		if (engine.logins[a] == NEVER)
			continue;
		tally.whole_rows++;
		mirror_remote(host->mirror, address_text(a), engine.logins[a], now, &moment);
	}
}

static void take_news(struct host *host)
{
	const struct position *position = mirror_position(host->mirror);
	const struct moment moment = moment_of(host);

	take_orders(host, behind(&engine.orders, &position->orders));
	if (!host->settings.subscribe)
		return;
	for (size_t at = behind(&engine.log, &position->log); at < engine.log.count; at++) {
		const struct entry *entry = &engine.log.entries[at];

		tally.given++;
		mirror_remote(host->mirror, address_text(entry->address), entry->stamp,
		    (int64_t)(entry->id.ms / 1000), &moment);
	}
}

static void read_engine(struct host *host)
{
	struct engine_facts facts = { .orders = facts_of(&engine.orders) };

	/* nobody else asks */
	if (host->settings.subscribe)
		facts.log = facts_of(&engine.log);

	snprintf(facts.identity, sizeof facts.identity, "%d %d", engine.epoch, engine.run);
	if (mirror_meet(host->mirror, &facts) == CONTINUITY_KEPT)
		take_news(host);
	else
		take_whole(host);
	mirror_position(host->mirror)->log = facts.log.last;
	mirror_position(host->mirror)->orders = facts.orders.last;
}

/* As cron does, and then the daemon sees what is gone. */
static void expire(struct host *host)
{
	const struct moment moment = moment_of(host);

	mirror_scan_begin(host->mirror);
	for (size_t a = 0; a < address_count; a++) {
		if (host->db[a] < moment.local - WINDOW)
			host->db[a] = NEVER;
		look_up(host, a);
	}
	mirror_scan_end(host->mirror);
	mirror_forget(host->mirror, &moment);
	if (mirror_rows(host->mirror) > tally.ledger_most)
		tally.ledger_most = mirror_rows(host->mirror);
}

static void start_again(struct host *host)
{
	char *text = NULL, *rest, *line;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	mirror_save(host->mirror, true, out);
	assert_int_equal(fclose(out), 0);
	mirror_free(host->mirror);
	host->mirror = mirror_new(&host->settings, now + host->offset);
	assert_non_null(host->mirror);
	rest = text;
	for (line = strsep(&rest, "\n"); rest != NULL; line = strsep(&rest, "\n"))
		assert_true(mirror_load(host->mirror, line));
	free(text);
}

/* ---- what happens ---- */

/* How many of a hundred users sit down in an hour of the day. */
static uint64_t share(uint64_t second)
{
	static const uint8_t of_hour[24] = { 4, 2, 1, 1, 1, 3, 8, 15, 25, 30, 30, 28, 25, 27, 28,
		27, 24, 20, 18, 20, 22, 20, 14, 8 };

	return of_hour[second / HOUR % 24];
}

static void log_in(struct user *user)
{
	struct host *host = &hosts[draw(HALF)];
	const size_t a = user->address;
	const int64_t stamp = now + host->offset;

	if (stamp > host->db[a])
		host->db[a] = stamp;
	login[a] = now;
	if (!host->cut)
		heard[a] = now;
	tally.logins++;
	look_up(host, a);
}

static void live(struct user *user, size_t index)
{
	if (user->until == NEVER && draw(100 * HOUR / TICK) < share((uint64_t)(now - START))) {
		user->address = index * 2 + draw(2);
		user->next = now;
		user->until = now + 600 + (int64_t)draw(5 * HOUR);
	}
	if (user->until == NEVER || now < user->next)
		return;
	if (now > user->until) {
		user->until = NEVER;
		return;
	}
	log_in(user);
	user->next += POLL;
}

static void delete_one(size_t address)
{
	const struct moment moment = moment_of(&hosts[ADMIN]);

	hosts[ADMIN].db[address] = NEVER;
	assert_true(
	    mirror_give_order(hosts[ADMIN].mirror, address_text(address), ORDER_DELETE, &moment));
	deleted[address] = now;
}

/* A few, and those whose login a host that is cut off will send. */
static void delete_some(void)
{
	for (size_t n = 0; n < user_count / 10; n++)
		delete_one((size_t)draw(address_count));
	for (size_t a = 0; a < address_count; a++) {
		if (login[a] > heard[a])
			delete_one(a);
	}
}

/* By the second of the day; whatever is broken is mended within the hour. */
static bool break_something(int64_t second)
{
	const size_t size = address_count * sizeof *dump;

	switch (second) {
	case 1 * HOUR: /* FLUSHALL */
		memset(engine.logins, 0, size);
		clear(&engine.log);
		clear(&engine.orders);
		engine.epoch++;
		return true;
	case 10 * HOUR:
	case 10 * HOUR + 2700:
		for (size_t h = 0; h < HOSTS; h += 10)
			hosts[h].cut = !hosts[h].cut;
		memcpy(heard, login, second == 10 * HOUR ? 0 : size);
		return true;
	case 9 * HOUR - 600:
		memcpy(dump, engine.logins, size);
		return false;
	case 9 * HOUR: /* a replica takes over that was behind */
		memcpy(engine.logins, dump, size);
		engine.run++;
		return true;
	case 15 * HOUR:
	case 15 * HOUR + 1800:
		down = !down;
		return true;
	case 18 * HOUR:
		hosts[7].offset += 600;
		return true;
	default:
		return false;
	}
}

static void have_faults(int64_t second)
{
	if (break_something(second))
		fault_over = now;
	if (second % HOUR == 1800)
		start_again(&hosts[draw(HOSTS)]);
	/* also while some hosts are cut off, which have logins to send */
	if (second % (4 * HOUR) == 2 * HOUR + 2000)
		delete_some();
}

/* ---- what must hold ---- */

static void check_host(const struct host *host)
{
	const bool caught_up = !host->cut && !down && now > fault_over + SETTLED;

	for (size_t a = 0; a < address_count; a++) {
		const bool fresh = host->db[a] >= now + host->offset - WINDOW;
		const bool dead = deleted[a] != NEVER && login[a] <= deleted[a] + AHEAD_MAX;
		/* a login since then may still be at a host that is cut off */
		const bool unheard = deleted[a] != NEVER && heard[a] <= deleted[a] + AHEAD_MAX;

		tally.checked++;
		if (host->db[a] != NEVER && login[a] < now - WINDOW - EXPIRE - SLACK)
			fail_msg("%lld: stranger: %s at host %td", (long long)(now - START),
			    address_text(a), host - hosts);
		if (caught_up && !fresh && !unheard && heard[a] > now - WINDOW + SLACK &&
		    heard[a] < now - TICK)
			fail_msg("%lld: lost login: %s at host %td", (long long)(now - START),
			    address_text(a), host - hosts);
		if (caught_up && fresh && dead && login[a] <= deleted[a] && now > deleted[a] + TICK)
			fail_msg("%lld: resurrection: %s at host %td", (long long)(now - START),
			    address_text(a), host - hosts);
	}
}

static void count_engine(void)
{
	uint64_t rows = 0;

	for (size_t a = 0; a < address_count; a++) {
		rows += engine.logins[a] != NEVER;
		if (engine.logins[a] > login[a] + SLACK)
			fail_msg("ratchet: %s", address_text(a));
	}
	if (rows > tally.rows_most)
		tally.rows_most = rows;
	if (engine.log.count - engine.log.first > tally.log_most)
		tally.log_most = engine.log.count - engine.log.first;
}

/* ---- the day ---- */

static void set_up(void)
{
	static const int64_t offsets[] = { 0, 0, 1, -1, 3, -3, 0, 0, 600, -600, 3000 };

	users = table(user_count, sizeof *users);
	login = table(address_count, sizeof *login);
	heard = table(address_count, sizeof *heard);
	deleted = table(address_count, sizeof *deleted);
	dump = table(address_count, sizeof *dump);
	engine.logins = table(address_count, sizeof *engine.logins);
	now = START;
	for (size_t h = 0; h < HOSTS; h++) {
		struct host *host = &hosts[h];

		host->settings = (struct mirror_settings){ h < HALF, h >= HALF, WINDOW, &no_nets };
		host->offset = offsets[h % (sizeof offsets / sizeof *offsets)];
		host->db = table(address_count, sizeof *host->db);
		host->mirror = mirror_new(&host->settings, now + host->offset);
		assert_non_null(host->mirror);
	}
}

static void tick(void)
{
	const int64_t second = now - START;

	have_faults(second);
	for (size_t u = 0; u < user_count; u++)
		live(&users[u], u);
	for (size_t h = 0; h < HOSTS && !down; h++) {
		if (!hosts[h].cut)
			publish(&hosts[h]);
	}
	for (size_t h = 0; h < HOSTS; h++) {
		if (!down && !hosts[h].cut)
			read_engine(&hosts[h]);
		commit(&hosts[h]);
		if (second % EXPIRE == (int64_t)h % 6 * 100)
			expire(&hosts[h]);
	}
	/* those who were told of a new engine send again what they have */
	for (size_t h = 0; h < HALF && !down; h++) {
		if (!hosts[h].cut)
			publish(&hosts[h]);
	}
	trim(&engine.log, KEPT_LOG);
	count_engine();
	if (second % CHECK != 0)
		return;
	for (size_t h = HALF; h < HOSTS; h++)
		check_host(&hosts[h]);
}

static void tell(void)
{
	printf("# %zu users, %llu logins in 24 hours, %.1f each; %llu sent; the engine had %llu "
	       "rows, and %llu in the log of an hour, at most; a host knew %llu addresses\n",
	    user_count, (unsigned long long)tally.logins, (double)tally.logins / (double)user_count,
	    (unsigned long long)tally.sent, (unsigned long long)tally.rows_most,
	    (unsigned long long)tally.log_most, (unsigned long long)tally.ledger_most);
	printf("# %llu entries read by %d hosts, %llu times the whole with %llu rows; %llu "
	       "changes of databases, %llu rows looked at\n",
	    (unsigned long long)tally.given, HALF, (unsigned long long)tally.wholes,
	    (unsigned long long)tally.whole_rows, (unsigned long long)tally.written,
	    (unsigned long long)tally.checked);
}

static void day(void **state)
{
	const char *const at_length = getenv("LONG"), *const wanted = getenv("USERS");

	(void)state;
	user_count = at_length != NULL && *at_length != '\0' ? 2000 : 200;
	if (wanted != NULL)
		user_count = strtoul(wanted, NULL, 10);
	address_count = user_count * 2;
	set_up();
	for (; now <= START + 24 * HOUR; now += TICK)
		tick();
	tell();
	/* the site was busy, and all of it was looked at */
	assert_true(tally.logins > user_count * 20);
	assert_true(tally.sent >= tally.logins);
	/* and none of them remembers for ever */
	assert_true(tally.ledger_most < tally.rows_most * 3 / 4);
	assert_true(tally.given > tally.logins * HALF * 9 / 10);
	assert_int_equal(tally.checked, (24 * HOUR / CHECK + 1) * HALF * address_count);
	for (size_t h = 0; h < HOSTS; h++) {
		mirror_free(hosts[h].mirror);
		free(hosts[h].db);
	}
	free(users);
	free(login);
	free(heard);
	free(deleted);
	free(dump);
	free(engine.logins);
	free(engine.log.entries);
	free(engine.orders.entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(day) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
