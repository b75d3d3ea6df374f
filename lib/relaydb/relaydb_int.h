/* SPDX-License-Identifier: BSD-2-Clause
 *
 * relaydb_int.h - what the files of lib/relaydb share with each other and with nobody else
 *
 * The rooms: address.c and stamp.c read text; hash/location.c knows folders, names and owners; lock.c waits; image.c reads and
 * proves the bytes of a database; bdb.c makes new bytes with Berkeley DB; redo.c turns old and new bytes into a record;
 * commit.c puts a record into force; batch.c, dump.c and snapshot.c are what callers see, check.c looks at it all.
 */
#ifndef RELAYDB_INT_H
#define RELAYDB_INT_H

#include "relaydb.h"

#include <sys/stat.h>
#include <time.h>

struct relaydb {
	char *path;
	int timeout_ms;
	bool in_force; /* a commit waits until MTAs see it */
	int64_t deadline; /* of the call under way, CLOCK_MONOTONIC, ms */
	int system_error; /* the errno behind ERROR, 0 if none is */
	char error[5120]; /* a path and a sentence */
	char notice[5120];
};

/* ---- relaydb.c ---- */

/* Starts a public call: forgets the last error, sets the deadline. */
void db_begin(struct relaydb *db);

/* The whole timeout again, from now on. */
void db_deadline(struct relaydb *db);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t db_clock_ms(void);

/* Keeps the sentence and returns CODE.  errno is left alone; %m works. */
int db_fail(struct relaydb *db, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for a system call that left ERRNO: "cannot ACT PATH.SUFFIX: cause", with the code that errno stands for. */
int db_fail_errno(struct relaydb *db, const char *act, const char *suffix, int error);

/* Adds to the sentence of db_fail(). */
void db_fail_more(struct relaydb *db, const char *text);

/* Keeps a sentence for relaydb_notice(). */
void db_notice(struct relaydb *db, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- address.c, stamp.c ---- */

struct address {
	unsigned char family; /* 4 or 6, so that memcmp over the struct orders IPv4 before IPv6 */
	unsigned char bytes[16];
};

/* Reads SIZE bytes of TEXT as relaydb_address() does.  OUT gets the store's form.  False if it is no address. */
bool address_read(const char *text, size_t size, struct address *address, char out[RELAYDB_ADDRSTRLEN]);

/* Is a key spelled as the store does?  One that is no address is; one with the NUL of postmap is not. */
bool address_plain(const char *key, size_t size);

/* Reads a value from the file.  More lenient than relaydb_stamp(): an edited dump leaves blanks or a CR behind the digits.
 * What is longer than STAMP_SIZE is none: that much of a value is read where a stamp is looked for. */
#define STAMP_SIZE 128
bool stamp_read(const char *value, size_t size, int64_t *stamp);

/* ---- location.c: the folder, the names in it, and who may own them ---- */

struct place {
	int dir; /* descriptor of the folder; O_PATH when only reading */
	struct stat folder;
	char name[256]; /* the database in it, symbolic links followed */
};

#define LOCK_SUFFIX ".lock"
#define NEW_SUFFIX ".new"
#define REDO_SUFFIX ".redo"

/* Finds the real folder and name of DB's path.  A link within the folder is followed; one that leads out of it only if
 * the folder that holds the link belongs to root or the caller, since its owner chooses where the link leads.
 * Returns RELAYDB_OK (free with place_close), NOFILE, NOTDB, PERM, IO. */
int place_open(struct relaydb *db, struct place *place, bool writing);
void place_close(struct place *place);

/* Opens the database.  CREATE makes an empty one if it is missing (writing only): the caller's, by root root's, since sendmail
 * ignores a map that only another user and group may read; group of the folder, mode 0660.
 * Refuses what is no regular file, and to root a file that the folder's owner may have planted.
 * Returns RELAYDB_OK with *fd and *st, RELAYDB_NOFILE, NOTDB, PERM, IO. */
int place_open_map(struct relaydb *db, const struct place *place, bool writing, bool create, int *fd, struct stat *st);

/* Opens or makes PATH.SUFFIX, as WANT says.  New ones get mode 0660, and from root the folder's owner.
 * Refuses everything but a regular file with one link that root, the folder's owner or the caller owns.
 * Returns RELAYDB_OK with *fd, RELAYDB_NOTFOUND (with READ and UPDATE: there is none; else: somebody removes it all the time),
 * NOFILE (the name is too long), NOTDB (a folder, a device), PERM, IO, NOMEM. */
enum place_want {
	PLACE_READ, /* one that is there, to be read or locked */
	PLACE_UPDATE, /* one that is there, to be written too */
	PLACE_KEEP, /* one that is there or a new one, to be locked */
	PLACE_APPEND, /* one that is there or a new one, to be written too */
	PLACE_NEW, /* a new one; a leftover is removed */
};
int place_companion(struct relaydb *db, const struct place *place, const char *suffix, enum place_want want, int *fd);

/* PATH.SUFFIX is gone and the folder knows it.  Returns RELAYDB_OK or the code of what failed. */
int place_remove(struct relaydb *db, const struct place *place, const char *suffix);

/* Is anything under that name? */
bool place_has(const struct place *place, const char *suffix);

/* The name of a companion.  False if it is too long for a file name. */
bool place_name(const struct place *place, const char *suffix, char out[256]);

/* Is the database somebody's who is neither root nor the folder's owner?  (makemap run by root gives it to its trusted user.) */
bool place_foreign(const struct place *place, const struct stat *st);

/* If so, and the caller is root: it becomes root's, mode 0660, and the folder's group writes it.  Returns RELAYDB_OK or PERM, IO. */
int place_give_back(struct relaydb *db, const struct place *place, int fd, const struct stat *st);

/* ---- lock.c ---- */

/* Locks FD with flock(2), OPERATION LOCK_SH or LOCK_EX, before the deadline of the call.  SUFFIX names the file, "" is the
 * database: whoever of us waits for it with LOCK_EX is let in before readers of ours that come later.
 * Returns RELAYDB_OK, RELAYDB_LOCKED (the sentence names the holder) or RELAYDB_IO. */
int lock_wait(struct relaydb *db, int fd, int operation, const char *suffix);
void lock_release(int fd);

/* Closes *FD, if there is one, and gives up its lock first.  A flock belongs to the open file, not to the descriptor: a child
 * that another thread has forked meanwhile has a copy, and closing ours would leave the lock with the child for its life. */
void lock_close(int *fd);

/* ---- image.c: the bytes of a database ---- */

#define IMAGE_MAX ((size_t)1 << 30) /* 1 GiB: a larger file is neither made nor read into memory */
#define BUCKETS_MAX (1u << 17) /* a quarter of that, with room for 16 million rows; more rows make longer chains */

struct image {
	unsigned char *data; /* from malloc, or MAPPED; NULL if SIZE is 0 */
	size_t size; /* 0: a fresh database */
	bool mapped;
};

struct image_info {
	size_t rows;
	uint32_t fill; /* rows a bucket is meant for; 0: made by makemap */
	uint64_t room; /* how many rows can be added before Berkeley DB splits a bucket; 0 if fill is */
	uint64_t buckets;
	bool plain; /* all keys are in the store's form, each once: no NUL style, no odd spelling of an address */
};

/* Proves that Berkeley DB may be trusted with IMAGE: every page, item, chain and free list in bounds and used once, every key
 * in its bucket and in order.  An empty image is fine.  WHY gets what is wrong otherwise. */
bool image_check(const struct image *image, struct image_info *info, char *why, size_t why_size);

/* The same with a sentence for DB.  Returns RELAYDB_OK, NOTDB or NOMEM. */
int image_prove(struct relaydb *db, const struct image *image, struct image_info *info);

struct bytes {
	const void *data;
	size_t size;
};

/* Calls EACH for every row of a checked image; pointers end with the call.  EACH returns 0 to go on.
 * Returns 0, what EACH returned, or RELAYDB_NOMEM. */
int image_walk(const struct image *image, int (*each)(struct bytes key, struct bytes value, void *arg), void *arg);

/* Looks one key up in a checked image, as an MTA would.  Returns RELAYDB_OK with a copy of at most SIZE bytes of the value
 * in OUT and its true size in *value_size, RELAYDB_NOTFOUND or RELAYDB_NOMEM. */
int image_find(const struct image *image, struct bytes key, void *out, size_t size, size_t *value_size);

void image_free(struct image *image);

/* What a row says to us. */
struct row {
	bool entry;
	bool address_ok; /* the key is an address, however it is spelled */
	bool plain; /* it is spelled in the store's form and without a NUL */
	bool nul; /* key and value end with the NUL that postmap writes; not counted in the sizes below */
	struct address address;
	char text[RELAYDB_ADDRSTRLEN];
	struct bytes key, value;
	int64_t stamp;
};
void row_parse(struct bytes key, struct bytes value, struct row *row);

/* ---- work that takes long ---- */

/* Called now and then; anything but 0 stops the work and is returned. */
struct progress {
	int (*call)(size_t done, size_t total, void *arg);
	void *arg;
};
#define PROGRESS_EVERY 16384

/* ---- bdb.c: sole home of <db.h> ---- */

struct change {
	struct bytes key;
	struct bytes value;
	bool remove;
};

/* Applies CHANGES to a checked image, which stays as it is; *out gets the new bytes.
 * Returns RELAYDB_OK, NOMEM or IO. */
int bdb_apply(struct relaydb *db, const struct image *image, const struct change *changes, size_t count, struct image *out);

/* Makes a database of the rows, sized for twice as many.  Of equal keys the last wins.  PROGRESS may be NULL.
 * Returns as bdb_apply(), or what PROGRESS returned. */
int bdb_build(struct relaydb *db, const struct change *rows, size_t count, const struct progress *progress, struct image *out);

/* ---- rows.c: every row of an image at once ---- */

struct stored {
	struct bytes key, value; /* without the NULs of postmap */
	int64_t stamp;
	struct address address;
	bool entry;
};

struct rows {
	struct stored *row;
	size_t count, room;
	struct kept *kept; /* what does not live in the image */
};

/* Collects the rows of IMAGE, which must stay as long as ROWS.  PLAIN: keys that are addresses get the store's form.
 * Returns RELAYDB_OK or NOMEM; free with rows_free in both cases. */
int rows_collect(struct relaydb *db, const struct image *image, bool plain, struct rows *rows);
/* Oldest entry first, of one stamp by address, then what is no entry by key. */
void rows_sort_by_stamp(struct rows *rows);
void rows_sort_by_key(struct rows *rows);
int rows_key_compare(const struct stored *a, const struct stored *b);
/* By key; of equal keys one is left: a permanent row if there is one, else the highest stamp. */
void rows_merge(struct rows *rows);
/* The row with this key among rows in the order of keys, NULL if there is none. */
struct stored *rows_find(const struct rows *rows, struct bytes key);
/* Carries the changes out, which must name a key once; the rows are in no order afterwards.  Returns RELAYDB_OK or NOMEM. */
int rows_change(struct relaydb *db, struct rows *rows, const struct change *changes, size_t count);
/* Adds a row of the caller's, copied.  Returns RELAYDB_OK or NOMEM. */
int rows_add(struct relaydb *db, struct rows *rows, const struct row *row);
void rows_free(struct rows *rows);
/* A database of these rows.  Returns as bdb_build(). */
int rows_build(struct relaydb *db, const struct rows *rows, const struct progress *progress, struct image *out);

/* ---- redo.c: old bytes + new bytes = a record that can be applied again and again ---- */

struct snapshot {
	int fd; /* the database, open and not locked any more; -1 when there is none */
	struct stat st;
	struct image image;
	struct image_info info;
	struct image queue; /* the bytes of PATH.queue, which are not in IMAGE */
	bool redone; /* a cut-off commit was read with it */
};

struct redo {
	struct image record;
};

/* From what was copied BEFORE, file and queue, to NEW.  Returns RELAYDB_OK or NOMEM. */
int redo_make(struct relaydb *db, const struct snapshot *before, const struct image *new, struct redo *redo);

/* Reads a record from a file; every number in it is proved.  Returns RELAYDB_OK, NOTDB, IO, NOMEM. */
int redo_read(struct relaydb *db, int fd, struct redo *redo);

/* Is the file with these bytes on its way from the record's old to its new state?  If not, somebody has rewritten it since. */
bool redo_fits(const struct redo *redo, const struct image *image);

/* Changes IMAGE into what the record makes of it.  Returns RELAYDB_OK or NOMEM. */
int redo_overlay(struct relaydb *db, const struct redo *redo, struct image *image);

/* Writes the blocks into FD, the first block of the file last, and cuts it to size.  Returns 0 or an errno. */
int redo_apply(const struct redo *redo, int fd);

size_t redo_new_size(const struct redo *redo);
/* That of the file before it was written, in seconds. */
int64_t redo_mtime(const struct redo *redo);

/* How much of the queue is in it, and the sum of that. */
size_t redo_queue_size(const struct redo *redo);
uint64_t redo_queue_sum(const struct redo *redo);
void redo_free(struct redo *redo);

/* ---- io.c ---- */

/* Reads all of FD, whose state ST is.  What it is may be hostile: it is not read if it is larger than a database can be, or large
 * and hardly any of it is on the disk.  Returns RELAYDB_OK, NOTDB (refused), IO (cut short), NOMEM. */
int io_read(struct relaydb *db, int fd, const char *suffix, const struct stat *st, struct image *image);

/* Writes all of DATA.  Returns 0 or an errno. */
int io_write(int fd, const void *data, size_t size, off_t offset);

/* ---- snapshot.c ---- */

/* Reads the whole database under LOCK_SH, a pending redo over it, and the queue beside it, and proves the database.
 * Returns RELAYDB_OK (free with snapshot_free), NOFILE, NOTDB, LOCKED, PERM, IO, NOMEM. */
int snapshot_take(struct relaydb *db, const struct place *place, bool writing, struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/* For readers: what lies in the queue is brought into the image.  Returns RELAYDB_OK, IO, NOMEM. */
int snapshot_add_queue(struct relaydb *db, struct snapshot *snapshot);

/* ---- commit.c ---- */

/* What a commit does to the bytes: OLD (checked) to NEW.  Leaves NEW empty (data NULL) when nothing is to be changed. */
typedef int transform(struct relaydb *db, const struct image *old, const struct image_info *info, void *arg, struct image *new,
    struct relaydb_result *result);

#ifdef RELAYDB_TEST_STEPS
/* The steps of a commit, for tests that stop it dead between two of them; nothing of it is in an ordinary build. */
extern void (*relaydb_test_step)(const char *name);
#define STEP(name)                                                                                                             \
	do {                                                                                                                   \
		if (relaydb_test_step)                                                                                         \
			relaydb_test_step(name);                                                                               \
	} while (0)
#else
#define STEP(name) ((void)0)
#endif

#endif
