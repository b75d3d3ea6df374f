/* SPDX-License-Identifier: BSD-2-Clause
 *
 * local.c - the local database: what it has, what it is told, see mirror.h
 */
#include "mirror_int.h"

void mirror_scan_begin(struct mirror *mirror)
{
	mirror->scan++;
}

void mirror_scan_end(struct mirror *mirror)
{
	for (struct ledger_row *row = mirror->ledger->table; row != NULL; row = row->hh.next) {
		if (row->scan == mirror->scan || row->absent)
			continue;
		row->absent = true;
		if (row->todo == TODO_DELETE)
			ledger_set_todo(mirror->ledger, row, TODO_NOTHING, 0);
		else if (row->todo == TODO_REPLACE)
			ledger_set_todo(mirror->ledger, row, TODO_RECORD, row->planned);
		ledger_touch(mirror->ledger, row);
	}
	mirror->remembers = true;
}

/* Is STAMP, which the database has, what ROW says of it already? */
static bool is_same(const struct ledger_row *row, int64_t stamp)
{
	return stamp >= row->local && stamp - row->local <= SAME_MAX;
}

/* Is something to be recorded? */
static bool is_planned(const struct ledger_row *row)
{
	return row->todo == TODO_RECORD || row->todo == TODO_REPLACE;
}

/* Is it, by the engine's clock ENGINE, a login that the engine was not told?  A
 * stamp below the one that was written shows that the row was removed and made
 * again. */
static bool is_newer(const struct ledger_row *row, int64_t stamp, int64_t engine)
{
	if (engine <= row->engine)
		return false;
	return stamp > row->local + SAME_MAX ||
	       (stamp < row->local && engine > row->engine + SAME_MAX);
}

/* Once a row was deleted here, what is recorded after it, however soon, is
 * another login. */
static bool is_after_deleted(
    const struct mirror *mirror, const struct ledger_row *row, int64_t stamp)
{
	return (row->absent || row->todo == TODO_DELETE) && stamp > row->local &&
	       orders_cover(mirror->orders, row->address, row->engine);
}

/* The row of ADDRESS, which was seen now; NULL if there is no room. */
static struct ledger_row *seen_row(
    struct mirror *mirror, struct ledger_row *row, const char *address)
{
	if (row == NULL)
		row = ledger_add(mirror->ledger, address);
	if (row == NULL)
		mirror->tally.local_full++;
	else
		row->scan = mirror->scan;
	return row;
}

/* What the database has was deleted, and will be gone; a later login, which was
 * not deleted, may be about to take its place. */
static void delete_local(struct mirror *mirror, struct ledger_row *row, int64_t stamp)
{
	bool replace = is_planned(row) && !orders_cover(mirror->orders, row->address, row->engine);

	row->local = stamp;
	row->absent = false;
	row->own = false;
	ledger_set_unsent(mirror->ledger, row, false);
	if (replace)
		ledger_set_todo(mirror->ledger, row, TODO_REPLACE, row->planned);
	else
		ledger_set_todo(mirror->ledger, row, TODO_DELETE, 0);
	ledger_touch(mirror->ledger, row);
}

/* A login at this host.  Without a state a row from before the start may have
 * come from the engine: it is known, but not sent. */
static void take_login(struct mirror *mirror, struct ledger_row *row, int64_t stamp, int64_t engine,
    const struct moment *now)
{
	bool own = mirror->remembers || !mirror->settings.subscribe || stamp >= mirror->started;
	bool send = own && mirror->settings.publish && !mirror_is_old(mirror, engine, now);

	row->engine = engine;
	row->local = stamp;
	row->own = own;
	row->absent = false;
	row->refused = false;
	mirror->tally.local_new += send;
	ledger_set_todo(mirror->ledger, row, TODO_NOTHING, 0);
	ledger_set_unsent(mirror->ledger, row, send);
	ledger_touch(mirror->ledger, row);
}

/* It is no new login: ROW says what the database has. */
static void note_stamp(struct mirror *mirror, struct ledger_row *row, int64_t stamp)
{
	if (!row->absent && is_same(row, stamp))
		return;
	if (!is_same(row, stamp))
		row->local = stamp;
	row->absent = false;
	ledger_touch(mirror->ledger, row);
}

/* It is noted, so that it does not count when the time has come. */
static void refuse_future(struct mirror *mirror, struct ledger_row *row, int64_t stamp)
{
	mirror->tally.local_future++;
	row->local = stamp;
	row->absent = false;
	row->own = false;
	row->refused = true;
	ledger_set_unsent(mirror->ledger, row, false);
	ledger_touch(mirror->ledger, row);
}

/* What was planned is there: a crash came between the commit and its record. */
static void settle(struct mirror *mirror, struct ledger_row *row, int64_t stamp)
{
	if (!is_planned(row) || stamp < row->planned || stamp - row->planned > SAME_MAX)
		return;
	row->local = stamp;
	row->absent = false;
	ledger_set_todo(mirror->ledger, row, TODO_NOTHING, 0);
}

void mirror_local(
    struct mirror *mirror, const char *address, int64_t stamp, const struct moment *now)
{
	struct ledger_row *row = ledger_find(mirror->ledger, address);
	bool new = row == NULL, other, same, known;
	int64_t engine;

	/* an old one is noted too: if the clock is put right, its stamp could
	 * look new */
	row = seen_row(mirror, row, address);
	if (row == NULL || mirror_ignores(mirror, address))
		return;
	settle(mirror, row, stamp);
	other = new || is_after_deleted(mirror, row, stamp);
	same = !other && is_same(row, stamp);
	engine = same && !row->refused ? row->engine : moment_to_engine(now, stamp);
	known = same && row->todo != TODO_DELETE;
	if (!(same && is_planned(row)) && orders_cover(mirror->orders, address, engine))
		delete_local(mirror, row, stamp);
	else if (!known && engine > now->engine + AHEAD_MAX)
		refuse_future(mirror, row, stamp);
	else if (!known && (other || row->todo == TODO_DELETE || is_newer(row, stamp, engine)))
		take_login(mirror, row, stamp, engine, now);
	else
		note_stamp(mirror, row, stamp);
}

size_t mirror_changes(
    struct mirror *mirror, size_t most, const struct moment *now, mirror_change_fn *each, void *arg)
{
	struct ledger *ledger = mirror->ledger;
	struct ledger_row *row, *next;
	size_t count = 0;

	for (row = TAILQ_FIRST(&ledger->todo); row != NULL && count < most; row = next) {
		next = TAILQ_NEXT(row, todo_link);
		if (is_planned(row) && mirror_is_old(mirror, row->engine, now)) {
			/* the commit is late */
			mirror_give_up(mirror, row);
			continue;
		}
		if (row->todo != TODO_RECORD)
			each(row->address, true, row->local, arg);
		if (is_planned(row))
			each(row->address, false, row->planned, arg);
		count++;
	}
	return count;
}

void mirror_committed(struct mirror *mirror, size_t count)
{
	struct ledger *ledger = mirror->ledger;
	struct ledger_row *row;

	for (; count > 0 && !TAILQ_EMPTY(&ledger->todo); count--) {
		row = TAILQ_FIRST(&ledger->todo);
		if (row->todo == TODO_REPLACE || (is_planned(row) && row->absent) ||
		    row->planned > row->local)
			row->local = row->planned;
		row->absent = row->todo == TODO_DELETE;
		ledger_set_todo(ledger, row, TODO_NOTHING, 0);
	}
}
