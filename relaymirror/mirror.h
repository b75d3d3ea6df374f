/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirror.h - which logins go to the engine, and which come from there
 *
 * Owns: every decision between the local database and the engine: publish,
 * write, delete, refuse; and what a restart must know of them. Pure: no files,
 * no network; both clocks are an argument.
 *
 * The local database is the spool: what it has and the engine was not told is
 * sent. No echo: a row that came from the engine is sent only when its local
 * stamp is later than the one that was written.  No ratchet: a login's stamp by
 * the engine's clock is fixed when it is first seen, and is what is sent again.
 * What vanished from the local database is not put back until there is a later
 * login.
 */
#ifndef RELAYMIRROR_MIRROR_H
#define RELAYMIRROR_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "continuity.h"
#include "ipnet.h"
#include "moment.h"
#include "orders.h"

/* Stamps that differ by so little are the same login, rounded by two clocks. */
#define SAME_MAX 2

/* A host whose clock differs by this much publishes nothing. */
#define OFFSET_MAX 3600

struct mirror_settings {
	bool publish;
	bool subscribe;
	int64_t window; /* seconds; what is older is neither sent nor written */
	const struct netset *ignore; /* neither sent nor written; must outlive it */
};

/* What became of an entry of the engine's. */
enum verdict_remote {
	REMOTE_WRITTEN, /* the local database is to have it */
	REMOTE_KNOWN, /* it has it, or a later one, or lost it on purpose */
	REMOTE_BAD, /* no address */
	REMOTE_IGNORED,
	REMOTE_FUTURE, /* more than AHEAD_MAX ahead of the engine */
	REMOTE_OLD, /* older than the window */
	REMOTE_DELETED, /* by an order */
	REMOTE_FULL, /* no memory, or too many rows */
	REMOTE_VERDICTS
};

struct mirror_tally {
	uint64_t remote[REMOTE_VERDICTS];
	uint64_t local_new; /* logins of this host that are to be sent */
	uint64_t local_future; /* refused: more than AHEAD_MAX ahead of the engine */
	uint64_t local_full;
	uint64_t sent;
	uint64_t orders;
};

struct mirror;

/* SETTINGS are copied.  STARTED is the local time: without a state, a host that
 * subscribes sends nothing older.  Returns NULL without memory. */
struct mirror *mirror_new(const struct mirror_settings *settings, int64_t started);

/* NULL is fine. */
void mirror_free(struct mirror *mirror);

/* Other settings, from now on. */
void mirror_configure(struct mirror *mirror, const struct mirror_settings *settings);

const struct mirror_tally *mirror_tally(const struct mirror *mirror);
size_t mirror_rows(const struct mirror *mirror);
size_t mirror_orders(const struct mirror *mirror);

/* Does another address not fit? */
bool mirror_is_full(const struct mirror *mirror);

/* What is known of an address. */
struct mirror_known {
	bool ignored; /* neither sent nor written, whatever else is known */
	bool deleted; /* an order deletes what is known, or what there was */
	bool own; /* the login was at this host */
	bool unsent; /* the engine is still to be told */
	int64_t login; /* by the engine's clock; 0: none */
};

/* ADDRESS is in the store's form. */
void mirror_look_up(const struct mirror *mirror, const char *address, struct mirror_known *known);

/* ---- the local database ---- */

/* A look at all of it: begin, then mirror_local() for each entry, then end,
 * with nothing else between.  What was not there has vanished. */
void mirror_scan_begin(struct mirror *mirror);
void mirror_scan_end(struct mirror *mirror);

/* The database has ADDRESS, in the store's form, with STAMP; also for a row
 * alone that was looked up. */
void mirror_local(
    struct mirror *mirror, const char *address, int64_t stamp, const struct moment *now);

/* Calls EACH with what the database is to be told of at most MOST addresses: to
 * delete the row if it has STAMP or an earlier one (a later login came after
 * the look at the database), to record STAMP, or first the one and then the
 * other.  Returns of how many.  When that is committed, and nothing else was
 * called in between, mirror_committed() takes it as done. */
typedef void mirror_change_fn(const char *address, bool delete, int64_t stamp, void *arg);
size_t mirror_changes(struct mirror *mirror, size_t most, const struct moment *now,
    mirror_change_fn *each, void *arg);
void mirror_committed(struct mirror *mirror, size_t count);

/* ---- to the engine ---- */

/* Calls EACH with at most MOST logins to send; what has become too old is given
 * up. Returns how many. */
typedef void mirror_send_fn(const char *address, int64_t stamp, void *arg);
size_t mirror_unsent(
    struct mirror *mirror, size_t most, const struct moment *now, mirror_send_fn *each, void *arg);

/* How many are to be sent. */
size_t mirror_backlog(const struct mirror *mirror);

/* The engine has this one. */
void mirror_sent(struct mirror *mirror, const char *address, int64_t stamp);

/* An order of this host, which is to be sent; an address that is added is
 * written here, too.  Returns false without memory. */
bool mirror_give_order(
    struct mirror *mirror, const char *address, enum order_kind kind, const struct moment *now);

/* The first that is to be sent, or NULL; and a copy of it is in the stream, as
 * ID.  Returns false if a later one on its address is still to be sent. */
const struct order *mirror_unsent_order(const struct mirror *mirror);
bool mirror_order_sent(struct mirror *mirror, const struct order *sent, const struct streamid *id);

/* ---- from the engine ---- */

/* The engine says that ADDRESS, any text, logged in at STAMP; it was told so at
 * the time TOLD of its clock (as late as now, if that is not known). */
enum verdict_remote mirror_remote(struct mirror *mirror, const char *address, int64_t stamp,
    int64_t told, const struct moment *now);

/* It says that an administrator gave ORDER, whose address is in the store's
 * form. Returns true if the local row of the address must be looked up and
 * given to mirror_local(), which decides whether it goes. */
bool mirror_order(struct mirror *mirror, const struct order *order, const struct moment *now);

/* What was read so far; the caller moves it on. */
struct position *mirror_position(struct mirror *mirror);

/* Compares it with FACTS.  At a new engine all logins and deletes of this host
 * are to be sent again, once: the identity is taken over. */
enum continuity mirror_meet(struct mirror *mirror, const struct engine_facts *facts);

/* Forgets rows and orders that cannot matter any more. */
void mirror_forget(struct mirror *mirror, const struct moment *now);

/* ---- the state ---- */

/* Writes lines: ALL, or what changed since the last call. Before a commit, so
 * that a crash in it leaves no row that looks like a login of this host. */
void mirror_save(struct mirror *mirror, bool all, FILE *out);

/* Takes a line of it, without its newline; later ones replace earlier ones.
 * Returns false if it is no such line, or without memory. */
bool mirror_load(struct mirror *mirror, const char *line);

#endif
