/* SPDX-License-Identifier: BSD-2-Clause
 *
 * memory.c - what a handle remembers of a hash, see memory.h
 */
#include "memory.h"
#include "collect.h"
#include "handle.h"
#include "image.h"
#include "io.h"
#include "known.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK ((size_t)4096)

/* A descriptor that is kept.  The program may have closed it and opened another
 * of that number. */
struct kept {
	int fd; /* -1: none */
	dev_t dev;
	ino_t ino;
};

struct memory {
	bool valid;
	pid_t pid; /* whose it is */
	uid_t user; /* for whom the file was opened */
	struct image image;
	struct image_info info;
	struct stat st;
	bool settled; /* a later change would show in ST */
	bool quiet; /* there was neither record nor queue, and one would show in DIRECTORY */
	struct stat directory;
	struct kept opened; /* DIRECTORY, kept open: no name is looked up, and /proc not needed */
	struct rows rows; /* see memory_rows() */
	bool indexed;
	struct kept file; /* IMAGE is a private mapping of it */
	struct kept made; /* what was made last, and where it is mapped */
	const unsigned char *made_at;
	bool editing;
	const unsigned char *view; /* FILE as a commit has changed it; NULL: it has not */
	size_t view_size;
	uint64_t *touched; /* blocks */
	size_t touched_count, touched_room;
};

static const struct kept no_file = { .fd = -1 };

static bool file_is(const struct kept *file)
{
	struct stat st;

	return file->fd >= 0 && fstat(file->fd, &st) == 0 && st.st_dev == file->dev &&
	       st.st_ino == file->ino;
}

static void file_close(struct kept *file)
{
	if (file_is(file))
		close(file->fd);
	*file = no_file;
}

static struct memory *mine(const struct relaydb *db)
{
	struct memory *memory = db->memory;

	return memory != NULL && memory->valid && memory->pid == getpid() &&
		       memory->user == geteuid()
		   ? memory
		   : NULL;
}

void memory_doubt(struct relaydb *db)
{
	struct memory *memory = db->memory;

	if (memory != NULL)
		memory->valid = false;
}

static void memory_free(struct memory *memory)
{
	if (memory == NULL)
		return;
	rows_free(&memory->rows);
	image_free(&memory->image);
	file_close(&memory->file);
	file_close(&memory->made);
	file_close(&memory->opened);
	free(memory->touched);
	free(memory);
}

struct memory *memory_take(struct relaydb *db)
{
	struct memory *memory = db->memory;

	db->memory = NULL;
	return memory;
}

void memory_return(struct relaydb *db, struct memory *taken)
{
	if (db->memory == NULL)
		db->memory = taken;
	else
		memory_free(taken);
}

void memory_forget(struct relaydb *db)
{
	memory_free(memory_take(db));
}

/* An empty memory, or NULL. */
static struct memory *renew(struct relaydb *db)
{
	struct memory *memory;

	memory_forget(db);
	memory = calloc(1, sizeof *memory);
	if (memory == NULL)
		return NULL;
	memory->file = memory->made = memory->opened = no_file;
	memory->pid = getpid();
	memory->user = geteuid();
	db->memory = memory;
	return memory;
}

/* ---- is it still what was proved? ---- */

bool memory_unchanged(
    const struct relaydb *db, const struct image **image, const struct image_info **info)
{
	const struct memory *memory = mine(db);
	struct stat st;

	if (memory == NULL || !memory->settled || !memory->quiet)
		return false;
	if (stat(db->path, &st) != 0 || !known_same(&st, &memory->st))
		return false;
	if (fstat(memory->opened.fd, &st) != 0 || !known_same(&st, &memory->directory))
		return false;
	*image = &memory->image;
	*info = &memory->info;
	return true;
}

bool memory_recall(struct relaydb *db, bool writing, struct snapshot *snapshot)
{
	const struct memory *memory = mine(db);

	if (memory == NULL || (!memory->settled && !writing) ||
	    !known_same(&snapshot->st, &memory->st))
		return false;
	snapshot->image = memory->image;
	snapshot->info = memory->info;
	snapshot->borrowed = true;
	snapshot->settled = memory->settled;
	return true;
}

bool memory_has(const struct relaydb *db, const struct image *image, struct image_info *info)
{
	const struct memory *memory = mine(db);

	if (memory == NULL || image->size == 0 || memory->image.size != image->size ||
	    memcmp(memory->image.data, image->data, image->size) != 0)
		return false;
	*info = memory->info;
	return true;
}

void memory_keep(struct relaydb *db, struct snapshot *snapshot)
{
	struct memory *memory = renew(db);

	if (memory == NULL)
		return;
	memory->image = snapshot->image;
	memory->info = snapshot->info;
	memory->st = snapshot->st;
	memory->settled = snapshot->settled;
	memory->valid = true;
	snapshot->borrowed = true;
}

void memory_confirm(struct relaydb *db, struct snapshot *snapshot)
{
	struct memory *memory = db->memory;

	image_free(&snapshot->image);
	memory->st = snapshot->st;
	memory->settled = snapshot->settled;
	snapshot->image = memory->image;
	snapshot->borrowed = true;
}

void memory_note_directory(
    struct relaydb *db, const struct location *location, const struct stat *directory, bool quiet)
{
	struct memory *memory = mine(db);
	struct stat st;

	if (memory == NULL)
		return;
	memory->quiet = false;
	if (!quiet)
		return;
	if (!file_is(&memory->opened) || memory->opened.dev != directory->st_dev ||
	    memory->opened.ino != directory->st_ino) {
		file_close(&memory->opened);
		memory->opened =
		    (struct kept){ openat(location->dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC),
			    directory->st_dev, directory->st_ino };
	}
	memory->directory = *directory;
	memory->quiet = fstat(memory->opened.fd, &st) == 0 && known_same(&st, directory);
}

const struct rows *memory_rows(struct relaydb *db, const struct image *image)
{
	struct memory *memory = mine(db);

	if (memory == NULL || memory->image.data != image->data)
		return NULL;
	if (!memory->indexed) {
		memory->indexed =
		    collect_rows(db, &memory->image, EVERY_ROW, &memory->rows) == RELAYDB_OK;
		if (!memory->indexed)
			rows_free(&memory->rows);
		rows_merge(&memory->rows);
	}
	return memory->indexed ? &memory->rows : NULL;
}

/* ---- changed in place ---- */

void memory_edit(struct relaydb *db)
{
	struct memory *memory = mine(db);

	if (memory != NULL)
		memory->editing = true;
}

int memory_file(const struct relaydb *db, const struct image *image)
{
	const struct memory *memory = mine(db);

	if (memory == NULL || !memory->editing || image->data == NULL || !file_is(&memory->file))
		return -1;
	return image->data == (memory->view != NULL ? memory->view : memory->image.data)
		   ? memory->file.fd
		   : -1;
}

bool memory_touch(struct relaydb *db, size_t offset, size_t size)
{
	struct memory *memory = db->memory;

	for (size_t block = offset / BLOCK;
	     block * BLOCK < offset + size && block * BLOCK < memory->image.size; block++) {
		volatile unsigned char *at = &memory->image.data[block * BLOCK];
		unsigned char same = *at;

		if (memory->touched_count == memory->touched_room) {
			size_t room = memory->touched_room * 2 + 64;
			uint64_t *grown = reallocarray(memory->touched, room, sizeof *grown);

			if (grown == NULL)
				return false;
			memory->touched = grown;
			memory->touched_room = room;
		}
		memory->touched[memory->touched_count++] = block;
		*at = same; /* a page of its own now, with these bytes */
	}
	return true;
}

void memory_changed(struct relaydb *db, const struct image *view)
{
	struct memory *memory = db->memory;

	memory->view = view->data;
	memory->view_size = view->size;
}

void memory_made(struct relaydb *db, int fd, const struct image *image)
{
	struct memory *memory = mine(db);
	struct stat st;

	if (memory == NULL || !memory->editing || fstat(fd, &st) != 0) {
		close(fd);
		return;
	}
	file_close(&memory->made);
	memory->made = (struct kept){ fd, st.st_dev, st.st_ino };
	memory->made_at = image->data;
}

static int compare_blocks(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

const uint64_t *memory_blocks(struct relaydb *db, const struct image *new, size_t *count)
{
	struct memory *memory = db->memory;
	size_t left = 0;

	if (memory == NULL || memory->view == NULL || new->data != memory->view)
		return NULL;
	qsort(memory->touched, memory->touched_count, sizeof *memory->touched, compare_blocks);
	for (size_t i = 0; i < memory->touched_count; i++)
		if (left == 0 || memory->touched[left - 1] != memory->touched[i])
			memory->touched[left++] = memory->touched[i];
	*count = memory->touched_count = left;
	return memory->touched;
}

/* The private pages show the file again. */
static bool refresh(const struct memory *memory)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < memory->touched_count; i++) {
		size_t begin = memory->touched[i] * BLOCK / page * page;

		if (madvise(memory->image.data + begin, page, MADV_DONTNEED) != 0)
			return false;
	}
	return true;
}

static bool advance_in_place(struct memory *memory)
{
	void *data = memory->image.data;

	if (memory->view_size < memory->image.size || !refresh(memory))
		return false;
	if (memory->view_size > memory->image.size)
		data = mremap(data, memory->image.size, memory->view_size, MREMAP_MAYMOVE);
	if (data == MAP_FAILED)
		return false;
	memory->image.data = data;
	memory->image.size = memory->view_size;
	return true;
}

static void advance_to(struct memory *memory, struct image *new)
{
	image_free(&memory->image);
	file_close(&memory->file);
	memory->image = *new;
	*new = (struct image){ NULL, 0, false };
	memory->file = memory->made;
	memory->made = no_file;
}

void memory_advance(
    struct relaydb *db, struct image *new, const struct image_info *info, const struct stat *st)
{
	struct memory *memory = mine(db);

	if (memory == NULL)
		return;
	if (memory->view != NULL && new->data == memory->view)
		memory->valid = advance_in_place(memory);
	else if (memory->made.fd >= 0 && new->data == memory->made_at && memory->view == NULL)
		advance_to(memory, new);
	else
		memory->valid = false;
	memory->editing = false;
	memory->view = NULL;
	memory->touched_count = 0;
	rows_free(&memory->rows);
	memory->indexed = memory->settled = memory->quiet = false;
	memory->info = *info;
	memory->st = *st;
}

/* The file in memory has the old bytes again, and IMAGE shows it. */
static bool write_back(const struct memory *memory)
{
	bool undone = (memory->view == NULL || memory->view_size >= memory->image.size) &&
		      file_is(&memory->file);

	for (size_t i = 0; undone && i < memory->touched_count; i++) {
		size_t begin = memory->touched[i] * BLOCK, size = memory->image.size - begin;

		undone = io_write(memory->file.fd, memory->image.data + begin,
			     size < BLOCK ? size : BLOCK, (off_t)begin) == 0;
	}
	return undone && ftruncate(memory->file.fd, (off_t)memory->image.size) == 0 &&
	       refresh(memory);
}

void memory_undo(struct relaydb *db)
{
	struct memory *memory = db->memory;

	if (memory == NULL)
		return;
	if (memory->valid && memory->touched_count > 0)
		memory->valid = write_back(memory);
	memory->editing = false;
	file_close(&memory->made);
	memory->made_at = NULL;
	memory->view = NULL;
	memory->touched_count = 0;
}
