/* SPDX-License-Identifier: BSD-2-Clause
 *
 * relaydb.h - the store of POP-before-SMTP logins: which client address may
 * relay, since when
 *
 * Owns the whole public face of librelaydb.  Behind it is a map that sendmail,
 * Postfix and Exim look up: key = client address in text, value = seconds since
 * the epoch in decimal text, neither with a trailing NUL.  Format, locks and
 * commit are described in relaydb(5), these functions in relaydb(3).
 *
 * The library lives inside login processes: it never prints, logs, exits,
 * forks, sets a signal handler or keeps global state.  A function returns a
 * code; relaydb_error() has the sentence that belongs to it.  Handles are
 * independent of each other and may be used in different threads; one handle
 * (with its batches) belongs to one thread at a time.  pthread_cancel(3) of a
 * thread waits until the call that it is in has returned.
 *
 * Units: stamps and clocks are whole seconds since the epoch (1970-01-01 00:00
 * UTC), deadlines are milliseconds.
 */
#ifndef RELAYDB_H
#define RELAYDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library itself is compiled with everything hidden */

enum relaydb_code {
	RELAYDB_OK = 0,
	RELAYDB_NOTFOUND, /* no row for this address */
	RELAYDB_BADADDR, /* the text is not an IP address in a form that a client can have */
	RELAYDB_BADSTAMP, /* the text or number is not a stamp (0 to RELAYDB_STAMP_MAX) */
	RELAYDB_NOFILE, /* the database, or the directory it should be in, does not exist */
	/* there, but not a relay database: foreign, damaged, or planted;
	 * nothing was changed */
	RELAYDB_NOTDB,
	/* somebody held a lock until the deadline had passed; nothing was
	 * changed */
	RELAYDB_LOCKED,
	/* the system, or the rules on owners in relaydb(5), do not allow it;
	 * nothing was changed */
	RELAYDB_PERM,
	RELAYDB_IO, /* a system call failed, a full disk among them; nothing was changed */
	RELAYDB_NOMEM, /* out of memory; nothing was changed */
	/* the change is recorded, but not fully written: the next commit or
	 * check of anyone finishes it */
	RELAYDB_UNCERTAIN,
	/* a row for this address, but no entry: its value is no stamp, such as
	 * OK, and it never ages */
	RELAYDB_NOENTRY
};

#define RELAYDB_ADDRSTRLEN 46 /* the longest address text and its NUL, as INET6_ADDRSTRLEN */
/* 9999-12-31 23:59:59 UTC: the last with a year of four digits */
#define RELAYDB_STAMP_MAX INT64_C(253402300799)
/* "stamp" of a row whose value is no number, such as OK: it never ages */
#define RELAYDB_PERMANENT INT64_MAX
#define RELAYDB_TIMEOUT_MS 10000 /* the default deadline */

struct relaydb; /* a database: a path, how long to wait for it, and the last error */
struct relaydb_batch; /* changes that are committed at once */

/* ---- addresses, stamps, paths: pure, no handle needed ---- */

/* Brings TEXT into the one form the store uses and writes it to OUT,
 * NUL-terminated: IPv4 as a dotted quad, IPv6 as in RFC 5952, an IPv4-mapped
 * IPv6 address as IPv4.  Refused: port, prefix length, zone id, brackets, host
 * names, blanks, and the short and octal forms of inet_aton(3).
 * Returns RELAYDB_OK or RELAYDB_BADADDR (OUT is then ""). */
int relaydb_address(const char *text, char out[RELAYDB_ADDRSTRLEN]);

/* Reads a stamp: at most 128 decimal digits alone, 0 to RELAYDB_STAMP_MAX.  No
 * sign, no blank, no exponent.  Returns RELAYDB_OK, or RELAYDB_BADSTAMP and
 * leaves *stamp alone. */
int relaydb_stamp(const char *text, int64_t *stamp);

/* The path that every program of the suite means: GIVEN if it is not NULL, else
 * $RELAYERS_DB, else ~/etc/relayers.db if that exists (~ is $HOME), else the
 * built-in /var/lib/relayers/relayers.db.  Empty variables count as unset, and
 * in a set-user-id program both are ignored.
 * Writes at most SIZE bytes to BUF.  Returns RELAYDB_OK, or RELAYDB_NOFILE if
 * the path does not fit. */
int relaydb_path(const char *given, char *buf, size_t size);

/* The code as a few words ("locked").  Static text. */
const char *relaydb_strcode(int code);

/* ---- handles ---- */

struct relaydb_options {
	const char *path; /* NULL: relaydb_path(NULL, ...) */
	/* how long one call may wait for locks; 0: RELAYDB_TIMEOUT_MS, below 0:
	 * not at all */
	int timeout_ms;
	size_t size_max; /* bytes: a larger database is refused unread (RELAYDB_NOMEM); 0: 1 GiB */
	/* a commit returns when mail servers see it, which can be a second or
	 * two later; see relaydb_commit() */
	bool in_force;
};

/* Makes a handle.  OPTIONS may be NULL; strings are copied.  No file is opened:
 * what is wrong with the path shows at the first use.
 * Returns RELAYDB_OK and sets *db (free it with relaydb_close), or
 * RELAYDB_NOFILE, RELAYDB_NOMEM with *db set to NULL. */
int relaydb_open(struct relaydb **db, const struct relaydb_options *options);

/* Frees *db and sets it to NULL; a NULL is fine.  Batches of the handle must be
 * freed before. */
void relaydb_close(struct relaydb **db);

/* What the last call on this handle said when it did not return RELAYDB_OK: the
 * thing, the act, the cause, in one sentence without a full stop or newline.
 * Belongs to the handle, valid until the next call on it. */
const char *relaydb_error(const struct relaydb *db);

/* What the last call on this handle has to say though it succeeded, or "":
 * that a commit somebody was cut off in was finished, that a stale redo was
 * removed.  Same ownership as relaydb_error(). */
const char *relaydb_notice(const struct relaydb *db);

/* The path of the handle as it was chosen.  Belongs to the handle. */
const char *relaydb_filename(const struct relaydb *db);

/* Some forms of the database may be changed by the owner of its directory
 * alone; everybody else, root too, gets RELAYDB_PERM (relaydb(5)).  Root
 * becomes that user first.
 * Returns RELAYDB_OK with the user and the directory's group; RELAYDB_NOTFOUND
 * for a form without that rule; or what is wrong with the path: NOFILE, NOTDB,
 * PERM, IO. */
int relaydb_owner(struct relaydb *db, uid_t *uid, gid_t *gid);

/* ---- reading: one consistent state, also while others commit; no file is
 * RELAYDB_NOFILE, an empty one has no rows ---- */

struct relaydb_row {
	/* as it stands in the map, an address in the store's form; not
	 * terminated, any byte possible */
	const char *key;
	size_t key_size;
	const char *value; /* the same */
	size_t value_size;
	bool entry; /* the row is an address and a stamp; if not, the two below mean nothing */
	int64_t stamp;
	char address[RELAYDB_ADDRSTRLEN]; /* the key in the store's form */
};

/* The stamp of one address (any text that relaydb_address() takes).  Whether it
 * still counts is the caller's question to its clock.
 * Returns RELAYDB_OK for an entry; RELAYDB_NOENTRY for a row whose value is no
 * stamp (*stamp is then RELAYDB_PERMANENT: it is the administrator's, and what
 * it means the MTA decides); RELAYDB_NOTFOUND, RELAYDB_BADADDR; or what reading
 * can meet: NOFILE, NOTDB, LOCKED, PERM, IO, NOMEM. */
int relaydb_get(struct relaydb *db, const char *address, int64_t *stamp);

/* Reads every row, gives the lock back, then calls EACH for the entries (oldest
 * first, of the same stamp by address, IPv4 before IPv6) and after them for the
 * rows that are no entry (by key).  An address that is there in several
 * spellings comes once, as a commit would leave it.  The row belongs to the
 * library and ends with the call.  EACH returns 0 to go on; anything else ends
 * the walk and is returned as it is (choose negative numbers).
 * Returns RELAYDB_OK, what EACH returned, or NOFILE, NOTDB, LOCKED, PERM, IO,
 * NOMEM. */
int relaydb_each(
    struct relaydb *db, int (*each)(const struct relaydb_row *row, void *arg), void *arg);

/* The same for entries alone, and only those with a stamp of SINCE or later:
 * what others have to know of.  The rest costs no memory. */
int relaydb_entries(struct relaydb *db, int64_t since,
    int (*each)(const struct relaydb_row *row, void *arg), void *arg);

/* ---- changing: gather, then commit at once ---- */

/* Makes an empty batch for DB.  Returns RELAYDB_OK or RELAYDB_NOMEM (*batch is
 * then NULL). */
int relaydb_batch_new(struct relaydb *db, struct relaydb_batch **batch);

/* Frees *batch and sets it to NULL; a NULL is fine. */
void relaydb_batch_free(struct relaydb_batch **batch);

/* Forgets what the batch holds, so that it can be filled again. */
void relaydb_batch_clear(struct relaydb_batch *batch);

/* How many changes the batch holds; of several for one address only the outcome
 * is kept. */
size_t relaydb_batch_count(const struct relaydb_batch *batch);

/* The changes.  Those of one address apply in the order of the calls; expire
 * applies to the outcome of all of them.
 *   record  a login was seen at STAMP: the row becomes max(what is there,
 *           STAMP); a permanent row stays as it is
 *   refresh a login of before goes on: as record, if there is a row; if it was
 *           deleted, it stays so
 *   put     the row becomes STAMP, whatever is there (an administrator's word)
 *   delete  the row goes, whatever its value; absence shows in the result
 *   delete_until
 *           the row goes if it is an entry with a stamp of UNTIL or earlier; a
 *           later login, which the caller does not know of yet, and a permanent
 *           row stay; absence is no matter
 *   expire  every entry with stamp < BEFORE goes (called again: the highest
 *           BEFORE counts); rows that are no entry stay; BEFORE may be 0 to
 *           RELAYDB_STAMP_MAX + 1
 * Each returns RELAYDB_OK, RELAYDB_BADADDR, RELAYDB_BADSTAMP or RELAYDB_NOMEM;
 * after an error the batch is as before. */
int relaydb_batch_record(struct relaydb_batch *batch, const char *address, int64_t stamp);
int relaydb_batch_refresh(struct relaydb_batch *batch, const char *address, int64_t stamp);
int relaydb_batch_put(struct relaydb_batch *batch, const char *address, int64_t stamp);
int relaydb_batch_delete(struct relaydb_batch *batch, const char *address);
int relaydb_batch_delete_until(struct relaydb_batch *batch, const char *address, int64_t until);
int relaydb_batch_expire(struct relaydb_batch *batch, int64_t before);

struct relaydb_result {
	/* something was changed; false when everything was already as the batch
	 * wants it */
	bool committed;
	/* recorded, and seen by readers of this library; mail servers see it
	 * within two seconds */
	bool pending;
	bool rewritten; /* all of it was written again, not only what changed */
	size_t rows; /* in the database now, of every kind */
	size_t added; /* rows that were not there before */
	size_t changed; /* rows whose value changed */
	size_t deleted; /* rows that delete or delete_until removed */
	size_t absent; /* addresses to delete that had no row; relaydb_batch_absent() names them */
	size_t expired; /* rows that expire removed */
	size_t permanent; /* rows of a load that are no address with a time: they never expire */
	size_t permanent_line; /* of the dump: the first of them */
};

/* Commits the batch: all of it or nothing, safe against a crash at any instant,
 * and seen by MTAs that have the map open (relaydb(5)).  Finishes a cut-off
 * commit of another process first.  A missing file is made if there is
 * something to record or put, a missing directory never.
 * NOW is the caller's clock, 0 to RELAYDB_STAMP_MAX, else RELAYDB_BADSTAMP;
 * mail servers are shown when it was changed by it; it never decides which
 * entries count.  RESULT may be NULL; it is set in any case.
 * Mail servers notice one change a second.  Changes that come faster are
 * recorded, safe on the disk, and come into force together in the next second.
 * The first that has to wait for it does so, one or two seconds, with no lock
 * held, and commits for all; the others return with RESULT->pending set.  With
 * options.in_force each call waits for its own.  With a timeout below 0 none
 * does, and the next commit, relaydb_settle() or popwatch takes what is
 * pending.
 * The batch keeps its changes, so that a failed commit can be tried again;
 * clear it after a success.
 * Returns RELAYDB_OK; or NOFILE, NOTDB, LOCKED, PERM, IO, NOMEM: nothing was
 * changed; or UNCERTAIN. */
int relaydb_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result);

/* After a commit: the I-th address (0 to result.absent - 1) that delete did not
 * find, in the order given; NULL beyond.  Belongs to the batch, until it is
 * changed. */
const char *relaydb_batch_absent(const struct relaydb_batch *batch, size_t i);

/* Replaces the whole database by a dump read from FD up to its end, a line for
 * each row: key, blanks, value; lines that are empty or start with # are
 * skipped.  All or nothing, in one commit.  Keys that are addresses are brought
 * into the store's form; other rows are kept as they stand.  Refused with the
 * line's number: a line without a value (RELAYDB_BADSTAMP), one that starts
 * with a blank or has a NUL byte, a key that came before (RELAYDB_BADADDR).
 * Rows that are no address with a time are taken, since a network or an "OK"
 * may be meant; result.permanent counts them.  A database that has these rows
 * already, as this library writes them, is left alone.
 * PROGRESS (may be NULL) is called now and then with how many rows of TOTAL are
 * stored in the new database; TOTAL is 0 and DONE counts lines while FD is
 * still read.  It may return nonzero to stop the load, which is then returned
 * (choose a negative number) and changes nothing.
 * A load is never pending: it waits until it can be in force.
 * Returns as relaydb_commit(), or the two codes above, RELAYDB_IO when FD
 * cannot be read, what PROGRESS returned. */
int relaydb_load(struct relaydb *db, int fd, int64_t now,
    int (*progress)(size_t done, size_t total, void *arg), void *arg,
    struct relaydb_result *result);

/* ---- check ---- */

enum relaydb_severity {
	RELAYDB_FINE, /* for information: what was found in order or was put in order */
	RELAYDB_WARNING, /* works today, but is probably not what is wanted */
	RELAYDB_FAULT /* somebody is refused, or somebody is let in, because of it */
};

/* What fixes a finding.  How that is said, and with which command it is done,
 * is the program's. */
enum relaydb_fix {
	RELAYDB_FIX_NONE, /* there is nothing to fix */
	RELAYDB_FIX_COMMIT, /* the next commit that changes a row does */
	RELAYDB_FIX_ROOT, /* the next call of this library by root does */
	RELAYDB_FIX_OWNER, /* give PATH the owner, group and mode below */
	RELAYDB_FIX_MODE, /* give PATH the mode below */
	RELAYDB_FIX_CLOSE, /* take the right to write PATH from group and others */
	RELAYDB_FIX_ENTER, /* let its group enter the directory PATH */
	RELAYDB_FIX_DIRECTORY, /* make the directory, for the recorder's user */
	RELAYDB_FIX_PLACE, /* keep the database in another directory */
	RELAYDB_FIX_REMOVE, /* remove PATH */
	RELAYDB_FIX_SUFFIX, /* rename PATH, so that it ends in .db */
	RELAYDB_FIX_LOAD, /* until then replace PATH by relaydb_load() alone */
	RELAYDB_FIX_EMPTY, /* load an empty dump into PATH */
	RELAYDB_FIX_DAMAGED, /* put PATH aside, load a dump */
	/* put PATH aside, load what the system that made it dumps of it */
	RELAYDB_FIX_FOREIGN,
	RELAYDB_FIX_ROWS, /* dump PATH, edit the dump, load it */
	RELAYDB_FIX_DELETE, /* delete the address, if it is not meant */
	RELAYDB_FIX_AGAIN_OWNER, /* check PATH again, as root or the directory's owner */
	RELAYDB_FIX_AGAIN_SYSTEM /* the same once the disk has room, and is sound */
};

struct relaydb_finding {
	enum relaydb_severity severity;
	const char *what; /* one sentence: what is the matter with which file */
	enum relaydb_fix fix;
	const char *path; /* the file or directory that FIX is about; NULL: none */
	uid_t uid; /* for FIX_OWNER, with the next */
	gid_t gid;
	mode_t mode; /* for FIX_OWNER and FIX_MODE */
};

/* Looks at everything sendmail, Postfix, Exim and this library demand of the
 * database: the file, its directory, their owners and modes, what lies beside
 * them, style and rows, times against NOW.  Finishes a cut-off commit, and says
 * so; changes nothing else.  Calls EACH for every finding; texts end with the
 * call.
 * Returns RELAYDB_OK when the look was complete, whatever it found (a missing
 * or damaged database is a finding), else LOCKED, PERM, IO, NOMEM. */
int relaydb_check(struct relaydb *db, int64_t now,
    void (*each)(const struct relaydb_finding *finding, void *arg), void *arg);

/* Finishes a commit that was cut off and commits what is pending, if there is
 * any; relaydb_notice() then says what was done.  Every commit does this by
 * itself: this is for a start script that runs before the MTAs, and for a
 * daemon.
 * Returns RELAYDB_OK (even if there was nothing to do or no database), or
 * BADSTAMP, NOTDB, LOCKED, PERM, IO, NOMEM, UNCERTAIN. */
int relaydb_settle(struct relaydb *db, int64_t now);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
