/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file.c - follows a log file by name, see file.h
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "year.h"
#include "log.h"
#include "file.h"

#define BUFFER_SIZE (128 * 1024)
#define LEAP (1024 * 1024)
#define TAIL (32 * LEAP)
#define PEEK 1024 /* a line's end, and then the stamp of the next */
#define HASH_BYTES 256 /* of the first line */
#define KEEP_OPEN 8 /* files beside the current one that stay open though they do not grow */
#define KNOWN_MAX 4096 /* files that are remembered */
#define SETTLE 1 /* a folder's mtime of this many seconds ago does not yet prove that nothing changed since */
#define RESCAN_MS 60000 /* look at all neighbours this often, whatever the folder says */
#define GONE_MS 60000 /* a file without a name that has not grown for so long is let go: it holds its blocks on the disk */

#define DAY 86400

/* When the lines that a file had when it was opened were written at the latest.  Its mtime says so, unless some other program has touched
 * it, and within it each turn of the year. */
struct survey {
	off_t at; /* up to here it was looked through */
	off_t end; /* of what it had */
	bool inside; /* of a line that is longer than the buffer */
	int64_t clock; /* no line is later; a day more than that, for clocks that differ */
	int64_t latest; /* the same as a bound, 0 if it is none */
	off_t turn; /* where the year turned last, */
	int64_t before; /* and when: the bound of what comes before it */
	struct year_turns turns;
};

/* A file that is or was the log. */
struct log_file {
	dev_t device;
	ino_t inode;
	uint64_t hash; /* of its first line; 0: that is not complete yet */
	off_t offset; /* up to here whole lines were handed on */
	off_t skip; /* in a line that is too long: up to here it has no end; else 0 */
	off_t size; /* and mtime, when we last looked */
	struct timespec written;
	struct timespec changed; /* its ctime when we last made sure that it is the file we know; 0: never */
	int64_t dead_ms; /* since when it has no name and does not grow; -1: it is not so */
	int fd; /* -1: closed */
	bool here; /* found in the last scan */
	struct survey survey;
	struct log_file *next; /* younger */
};

/* Where files of this log may be: FOLDER/NAME, FOLDER/NAME.1 ... */
struct place {
	char *folder;
	char *name;
	struct timespec changed; /* the folder's mtime at the last scan */
};

struct source_file {
	char *path;
	unsigned formats;
	int64_t since;
	struct place places[2]; /* that of the path, and of its target if it is a link */
	struct log_file *files; /* oldest first */
	struct log_file *current; /* the one that has the name */
	size_t copied; /* offset of what was truncated last, to find its copy by */
	uint64_t copied_hash;
	int64_t now; /* of this round, as the next one */
	int64_t clock_ms;
	int64_t latest; /* of the line that is handed on */
	int64_t scanned_ms;
	int complained; /* errno of the last complaint about PATH */
	char *buffer;
};

/* ---- making ---- */

static void place_clear(struct place *place)
{
	free(place->folder);
	free(place->name);
	memset(place, 0, sizeof *place);
}

static bool place_set(struct place *place, const char *path)
{
	const char *slash = strrchr(path, '/');

	place_clear(place);
	if (slash == NULL)
		place->folder = strdup(".");
	else
		place->folder = slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
	place->name = strdup(slash == NULL ? path : slash + 1);
	return place->folder != NULL && place->name != NULL;
}

/* The second place, if PATH is a link to somewhere else.  A link that leads nowhere for now keeps its old place. */
static void find_target(struct source_file *source)
{
	char *target = realpath(source->path, NULL);
	const struct place *place = &source->places[1];
	char old[PATH_MAX];

	if (target == NULL)
		return;
	if (place->folder != NULL && snprintf(old, sizeof old, "%s/%s", place->folder, place->name) > 0 &&
	    strcmp(old, target) == 0) {
		free(target);
		return;
	}
	if (strcmp(target, source->path) == 0 || !place_set(&source->places[1], target))
		place_clear(&source->places[1]);
	free(target);
}

struct source_file *source_file_new(const char *path, unsigned formats, int64_t since)
{
	struct source_file *source = calloc(1, sizeof *source);

	if (source == NULL)
		return NULL;
	source->formats = formats;
	source->since = since;
	source->scanned_ms = -RESCAN_MS;
	source->path = strdup(path);
	source->buffer = malloc(BUFFER_SIZE);
	if (source->path == NULL || source->buffer == NULL || !place_set(&source->places[0], path)) {
		source_file_free(source);
		return NULL;
	}
	find_target(source);
	return source;
}

static void file_free(struct log_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file);
}

void source_file_free(struct source_file *source)
{
	struct log_file *file, *next;

	if (source == NULL)
		return;
	for (file = source->files; file != NULL; file = next) {
		next = file->next;
		file_free(file);
	}
	place_clear(&source->places[0]);
	place_clear(&source->places[1]);
	free(source->path);
	free(source->buffer);
	free(source);
}

const char *source_file_path(const struct source_file *source)
{
	return source->path;
}

unsigned source_file_formats(const struct source_file *source)
{
	return source->formats;
}

void source_file_set_formats(struct source_file *source, unsigned formats)
{
	source->formats = formats;
}

void source_file_folders(
    const struct source_file *source, void (*each)(const char *folder, const char *prefix, void *arg), void *arg)
{
	size_t i;

	for (i = 0; i < 2 && source->places[i].folder != NULL; i++)
		each(source->places[i].folder, source->places[i].name, arg);
}

int64_t source_file_latest(const struct source_file *source)
{
	return source->latest;
}

size_t source_file_open(const struct source_file *source)
{
	const struct log_file *file;
	size_t n = 0;

	for (file = source->files; file != NULL; file = file->next)
		n += file->fd >= 0;
	return n;
}

/* ---- of which year is it? ---- */

/* From the offset on, in the file as ST has it. */
static void survey_begin(const struct source_file *source, struct log_file *file, const struct stat *st)
{
	int64_t clock = st->st_mtim.tv_sec + DAY;

	if (clock > source->now + DAY)
		clock = source->now + DAY;
	file->survey = (struct survey){ .at = file->offset, .end = st->st_size, .clock = clock };
	if (clock < source->now)
		file->survey.latest = clock;
}

static void survey_line(const struct source_file *source, struct survey *survey, off_t at, const char *line, size_t size)
{
	if (!year_turned(&survey->turns, source->formats, line, size, survey->clock))
		return;
	survey->turn = at;
	survey->before = survey->turns.when;
}

/* Looks through the lines of one piece.  Returns the bytes read; 0 where there is no whole line any more. */
static size_t survey_piece(const struct source_file *source, struct log_file *file)
{
	struct survey *survey = &file->survey;
	ssize_t size = pread(file->fd, source->buffer, BUFFER_SIZE, survey->at);
	const char *p = source->buffer, *end = p + (size > 0 ? size : 0), *newline;

	while (p < end && (newline = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (!survey->inside)
			survey_line(source, survey, survey->at + (p - source->buffer), p, (size_t)(newline - p));
		survey->inside = false;
		p = newline + 1;
	}
	if (p == source->buffer && size == BUFFER_SIZE) {
		survey->inside = true;
		p = end;
	}
	survey->at += p - source->buffer;
	return (size_t)(p - source->buffer);
}

/* Where the day is still the same LEAP bytes further on, no year has turned in between, and nothing there need be read: not in a log
 * that is as large as this one.  The last TAIL bytes of it are looked through line by line, it may have grown slowly of late.
 * Returns the bytes read; 0 if it cannot be said. */
static size_t survey_leap(const struct source_file *source, struct log_file *file)
{
	struct survey *survey = &file->survey;
	off_t at = survey->at + LEAP;
	const char *line = source->buffer, *newline;
	ssize_t size;

	if (survey->inside || survey->turns.size == 0 || at + TAIL > survey->end)
		return 0;
	size = pread(file->fd, source->buffer, PEEK, at);
	if (size < PEEK || (newline = memchr(line, '\n', PEEK / 2)) == NULL)
		return 0;
	line = newline + 1;
	if (memcmp(line, survey->turns.date, survey->turns.size) != 0)
		return 0;
	survey->at = at + (line - source->buffer);
	return PEEK;
}

/* Looks through what the file had when it was opened, until about BUDGET is used up.  Returns the bytes read. */
static size_t survey(const struct source_file *source, struct log_file *file, size_t budget)
{
	size_t sum = 0, n;

	while (file->survey.at < file->survey.end && sum < budget) {
		if ((n = survey_leap(source, file)) == 0 && (n = survey_piece(source, file)) == 0)
			file->survey.at = file->survey.end;
		sum += n;
	}
	return sum;
}

/* The bound of the line that begins at AT. */
static int64_t latest_at(const struct survey *survey, off_t at)
{
	if (at < survey->turn)
		return survey->before;
	return at < survey->end ? survey->latest : 0;
}

/* ---- which file is it? ---- */

/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) of the first line, of its first HASH_BYTES at most.  0: not complete. */
static uint64_t hash_first_line(int fd)
{
	unsigned char line[HASH_BYTES];
	ssize_t size = pread(fd, line, sizeof line, 0);
	const unsigned char *end;
	uint64_t hash = UINT64_C(14695981039346656037);
	ssize_t i;

	if (size <= 0)
		return 0;
	end = memchr(line, '\n', (size_t)size);
	if (end == NULL && size < (ssize_t)sizeof line)
		return 0;
	for (i = 0; i < (end != NULL ? end - line : size); i++)
		hash = (hash ^ line[i]) * UINT64_C(1099511628211);
	return hash != 0 ? hash : 1;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static struct log_file *find_file(const struct source_file *source, dev_t device, ino_t inode)
{
	struct log_file *file;

	for (file = source->files; file != NULL; file = file->next) {
		if (file->device == device && file->inode == inode)
			return file;
	}
	return NULL;
}

static struct log_file *add_file(struct source_file *source, dev_t device, ino_t inode)
{
	struct log_file *file = calloc(1, sizeof *file), **last = &source->files;

	if (file == NULL)
		return NULL;
	file->device = device;
	file->inode = inode;
	file->fd = -1;
	while (*last != NULL)
		last = &(*last)->next;
	*last = file;
	return file;
}

static void remove_file(struct source_file *source, struct log_file *file)
{
	struct log_file **at = &source->files;

	while (*at != NULL && *at != file)
		at = &(*at)->next;
	*at = file->next;
	if (source->current == file)
		source->current = NULL;
	file_free(file);
}

/* The newest file comes last: that is the order of reading. */
static void move_to_end(struct source_file *source, struct log_file *file)
{
	struct log_file **at = &source->files;

	if (file->next == NULL)
		return;
	while (*at != NULL && *at != file)
		at = &(*at)->next;
	*at = file->next;
	file->next = NULL;
	while (*at != NULL)
		at = &(*at)->next;
	*at = file;
}

/* Is the file behind FD the one we know under this number, as far as we have read it? */
static bool is_known(const struct log_file *file, int fd, off_t size)
{
	char before;

	if (file->offset == 0)
		return true;
	if (size < file->offset || hash_first_line(fd) != file->hash)
		return false;
	return pread(fd, &before, 1, file->offset - 1) == 1 && before == '\n';
}

/* The file was emptied: begin again, but remember how far we were, for a copy of it. */
static void begin_again(struct source_file *source, struct log_file *file)
{
	if (file->hash != 0) {
		source->copied = (size_t)file->offset;
		source->copied_hash = file->hash;
	}
	file->offset = file->skip = 0;
	file->hash = 0;
}

/* A file that we have not met: where to begin.  The copy of a truncated file, or of the current one, begins where that was. */
static off_t begin_at(const struct source_file *source, const struct log_file *file, uint64_t hash, off_t size)
{
	const struct log_file *original = source->current;
	off_t offset = 0;

	if (hash != 0 && hash == source->copied_hash)
		offset = (off_t)source->copied;
	else if (hash != 0 && original != NULL && original != file && original->hash == hash)
		offset = original->offset;
	return offset <= size ? offset : 0;
}

/* ---- scanning ---- */

/* One candidate, with what a scan must know to order them. */
struct candidate {
	char *path;
	struct stat st;
	bool current;
};

struct candidates {
	struct candidate *list;
	size_t count;
};

static bool is_compressed(const char *name)
{
	static const char *const suffixes[] = { ".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzo", ".Z", ".zip", ".tmp", ".swp" };
	size_t size = strlen(name), i, n;

	for (i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		n = strlen(suffixes[i]);
		if (size > n && strcmp(name + size - n, suffixes[i]) == 0)
			return true;
	}
	return false;
}

/* mail.log.1, mail.log-20261120, mail.log.old: what rotation makes of mail.log.  Not mail.info, which is another log beside mail. */
static bool is_neighbour(const char *name, const char *log)
{
	size_t size = strlen(log);
	const char *end = name + size;

	if (strncmp(name, log, size) != 0 || is_compressed(name))
		return false;
	return strcmp(end, ".old") == 0 || ((*end == '.' || *end == '-') && end[1] >= '0' && end[1] <= '9');
}

static void add_candidate(struct candidates *candidates, const char *path, const struct stat *st, bool current)
{
	struct candidate *more = realloc(candidates->list, (candidates->count + 1) * sizeof *more);

	if (more == NULL)
		return;
	candidates->list = more;
	more[candidates->count] = (struct candidate){ strdup(path), *st, current };
	if (more[candidates->count].path != NULL)
		candidates->count++;
}

static int by_age(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->current != y->current)
		return x->current ? 1 : -1;
	if (x->st.st_mtim.tv_sec != y->st.st_mtim.tv_sec)
		return x->st.st_mtim.tv_sec < y->st.st_mtim.tv_sec ? -1 : 1;
	if (x->st.st_mtim.tv_nsec != y->st.st_mtim.tv_nsec)
		return x->st.st_mtim.tv_nsec < y->st.st_mtim.tv_nsec ? -1 : 1;
	return strcmp(y->path, x->path); /* of the same instant: the higher number is older */
}

static void collect(const struct place *place, struct candidates *candidates)
{
	DIR *dir = opendir(place->folder);
	const struct dirent *entry;
	char path[PATH_MAX];
	struct stat st;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (!is_neighbour(entry->d_name, place->name) ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (S_ISREG(st.st_mode) &&
		    snprintf(path, sizeof path, "%s/%s", place->folder, entry->d_name) < (int)sizeof path)
			add_candidate(candidates, path, &st, false);
	}
	closedir(dir);
}

static void complain(struct source_file *source, int error)
{
	if (error == source->complained)
		return;
	source->complained = error;
	/* in the middle of a rotation there is no file of that name either: nothing to talk about */
	if (error == ENOENT && source->files == NULL)
		log_say(LOG_NOTICE, "%s does not exist yet, waiting for it", source->path);
	else if (error != 0 && error != ENOENT)
		log_say(LOG_ERR, "cannot read %s: %s", source->path, error == EINVAL ? "it is not a file" : strerror(error));
}

/* Opens the candidate and makes sure which file it is.  Returns the file, or NULL if there is nothing to read there. */
static struct log_file *open_candidate(struct source_file *source, const struct candidate *candidate)
{
	int fd = open(candidate->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | (candidate->current ? 0 : O_NOFOLLOW));
	struct log_file *file;
	struct stat st;
	uint64_t hash;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		if (candidate->current)
			complain(source, fd < 0 ? errno : EINVAL);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	file = find_file(source, st.st_dev, st.st_ino);
	if (file != NULL && file->fd >= 0) { /* renamed while we looked */
		close(fd);
		return file;
	}
	if (file != NULL && !is_known(file, fd, st.st_size)) { /* its number came back */
		remove_file(source, file);
		file = NULL;
	}
	if (file == NULL && (candidate->current || st.st_mtim.tv_sec >= source->since)) {
		if ((file = add_file(source, st.st_dev, st.st_ino)) != NULL) {
			hash = hash_first_line(fd);
			file->offset = begin_at(source, file, hash, st.st_size);
			file->hash = file->offset > 0 ? hash : 0;
		}
	}
	if (file == NULL) {
		close(fd);
		return NULL;
	}
	file->changed = st.st_ctim;
	file->fd = fd;
	file->size = -1;
	survey_begin(source, file, &st);
	return file;
}

/* Do we have to open it to know what is in it? */
static bool must_open(const struct log_file *file, const struct candidate *candidate, int64_t since)
{
	const struct stat *st = &candidate->st;

	if (file == NULL)
		return candidate->current || st->st_mtim.tv_sec >= since;
	if (file->fd >= 0)
		return false;
	return candidate->current || st->st_size != file->size || !same_time(&st->st_ctim, &file->changed);
}

static void look_at(struct source_file *source, const struct candidate *candidate)
{
	struct log_file *file = find_file(source, candidate->st.st_dev, candidate->st.st_ino);

	if (must_open(file, candidate, source->since))
		file = open_candidate(source, candidate);
	if (file == NULL)
		return;
	file->here = true;
	if (!candidate->current)
		return;
	complain(source, 0);
	if (source->current != file) {
		source->current = file;
		move_to_end(source, file);
	}
}

/* Those that are gone are forgotten once they are closed; the oldest also when there are too many. */
static void forget(struct source_file *source)
{
	struct log_file *file, *next;
	size_t count = 0;

	for (file = source->files; file != NULL; file = file->next)
		count++;
	for (file = source->files; file != NULL; file = next) {
		next = file->next;
		if (file->fd < 0 && (!file->here || count > KNOWN_MAX)) {
			remove_file(source, file);
			count--;
		}
	}
}

static void scan(struct source_file *source)
{
	struct candidates candidates = { NULL, 0 };
	struct log_file *file;
	struct stat st;
	size_t i;

	find_target(source);
	for (file = source->files; file != NULL; file = file->next)
		file->here = false;
	for (i = 0; i < 2 && source->places[i].folder != NULL; i++)
		collect(&source->places[i], &candidates);
	if (stat(source->path, &st) == 0)
		add_candidate(&candidates, source->path, &st, true);
	else {
		complain(source, errno);
		source->current = NULL;
	}
	if (candidates.count > 0)
		qsort(candidates.list, candidates.count, sizeof *candidates.list, by_age);
	for (i = 0; i < candidates.count; i++) {
		look_at(source, &candidates.list[i]);
		free(candidates.list[i].path);
	}
	free(candidates.list);
	forget(source);
}

/* Did anything happen to a folder since the last scan?  Its mtime is too coarse to say no when it is young. */
static bool folder_changed(struct place *place)
{
	struct timespec now;
	struct stat st;
	bool changed;

	if (place->folder == NULL || stat(place->folder, &st) != 0)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	changed = !same_time(&st.st_mtim, &place->changed);
	place->changed = st.st_mtim;
	if (now.tv_sec - st.st_mtim.tv_sec <= SETTLE)
		place->changed.tv_nsec = -1; /* look again next time */
	return changed;
}

static bool must_scan(struct source_file *source, int64_t clock_ms)
{
	struct stat st;
	bool changed = folder_changed(&source->places[0]);

	changed |= folder_changed(&source->places[1]);
	if (changed || clock_ms - source->scanned_ms >= RESCAN_MS || source->complained != 0)
		return true;
	if (stat(source->path, &st) != 0)
		return source->current != NULL;
	return source->current == NULL || source->current->device != st.st_dev || source->current->inode != st.st_ino;
}

/* ---- reading ---- */

/* Hands on the whole lines of a piece of the file.  Returns how many bytes of it are done with. */
static size_t take_lines(struct source_file *source, const struct log_file *file, size_t size,
    void (*take)(const char *text, size_t size, bool cut, void *arg), void *arg)
{
	const char *piece = source->buffer, *p = piece, *end = piece + size, *newline;

	while (p < end && (newline = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		source->latest = latest_at(&file->survey, file->offset + (p - piece));
		if (newline - p > SOURCE_LINE_MAX)
			take(p, SOURCE_LINE_MAX, true, arg);
		else
			take(p, (size_t)(newline - p), false, arg);
		p = newline + 1;
	}
	return (size_t)(p - piece);
}

/* The rest of a line that is too long: up to its end, which may not be written yet. */
static void skip_rest(struct log_file *file, const char *piece, size_t size)
{
	const char *newline = memchr(piece, '\n', size);

	if (newline == NULL)
		file->skip += (off_t)size;
	else {
		file->offset = file->skip + (newline - piece) + 1;
		file->skip = 0;
	}
}

/* Reads one piece.  Returns the bytes read, 0 at the end of what there is. */
static size_t read_piece(struct source_file *source, struct log_file *file,
    void (*take)(const char *text, size_t size, bool cut, void *arg), void *arg)
{
	ssize_t size = pread(file->fd, source->buffer, BUFFER_SIZE, file->skip > 0 ? file->skip : file->offset);
	size_t done;

	if (size <= 0)
		return 0;
	if (file->skip > 0) {
		skip_rest(file, source->buffer, (size_t)size);
		return (size_t)size;
	}
	done = take_lines(source, file, (size_t)size, take, arg);
	file->offset += (off_t)done;
	if (done == 0 && size > SOURCE_LINE_MAX) {
		source->latest = latest_at(&file->survey, file->offset);
		take(source->buffer, SOURCE_LINE_MAX, true, arg);
		file->skip = file->offset + size;
		return (size_t)size;
	}
	if (file->hash == 0 && file->offset > 0)
		file->hash = hash_first_line(file->fd);
	return done;
}

/* Reads a file to its end, or until BUDGET is used up.  Returns the bytes read. */
static size_t read_file(struct source_file *source, struct log_file *file, size_t budget,
    void (*take)(const char *text, size_t size, bool cut, void *arg), void *arg)
{
	size_t sum, n;
	struct stat st;
	bool changed;

	if (fstat(file->fd, &st) != 0)
		return 0;
	changed = st.st_size != file->size || !same_time(&st.st_mtim, &file->written);
	if (changed || st.st_nlink > 0)
		file->dead_ms = -1;
	else if (file->dead_ms < 0)
		file->dead_ms = source->clock_ms;
	if (!changed)
		return 0;
	/* shorter than what we read, or grown over it since: truncated */
	if (st.st_size < file->offset || (file->hash != 0 && hash_first_line(file->fd) != file->hash)) {
		begin_again(source, file);
		survey_begin(source, file, &st);
	}
	sum = survey(source, file, budget);
	while (sum < budget && (n = read_piece(source, file, take, arg)) > 0)
		sum += n;
	file->size = sum < budget ? st.st_size : -1;
	file->written = st.st_mtim;
	return sum;
}

/* Of the files that lost the name, and that were read to their end, the youngest KEEP_OPEN stay open; those that have no other
 * name for GONE_MS after they grew last. */
static void close_old(struct source_file *source)
{
	struct log_file *file;
	size_t open = source_file_open(source);
	struct stat st;
	bool dead;

	for (file = source->files; file != NULL; file = file->next) {
		if (file->fd < 0 || file == source->current)
			continue;
		dead = file->dead_ms >= 0 && source->clock_ms - file->dead_ms >= GONE_MS;
		if (open <= KEEP_OPEN + 1 && !dead)
			continue;
		if (fstat(file->fd, &st) == 0) {
			file->changed = st.st_ctim;
			file->size = st.st_size;
		}
		close(file->fd);
		file->fd = -1;
		open--;
	}
}

bool source_file_read(struct source_file *source, size_t budget, int64_t now, int64_t clock_ms,
    void (*take)(const char *text, size_t size, bool cut, void *arg), void *arg)
{
	struct log_file *file;
	size_t sum = 0;

	source->now = now;
	source->clock_ms = clock_ms;
	if (must_scan(source, clock_ms)) {
		scan(source);
		source->scanned_ms = clock_ms;
	}
	for (file = source->files; file != NULL && sum < budget; file = file->next) {
		if (file->fd >= 0)
			sum += read_file(source, file, budget - sum, take, arg);
	}
	if (sum >= budget)
		return true;
	close_old(source);
	return false;
}

/* ---- positions ---- */

void source_file_save(const struct source_file *source, FILE *out)
{
	const struct log_file *file;

	for (file = source->files; file != NULL; file = file->next) {
		if (file->offset > 0 && file->hash != 0)
			fprintf(out, "file %" PRIu64 " %" PRIu64 " %016" PRIx64 " %" PRIu64 " %s\n", (uint64_t)file->device,
			    (uint64_t)file->inode, file->hash, (uint64_t)file->offset, source->path);
	}
}

bool source_file_parse(const char *line, struct file_position *position)
{
	int at = 0;

	if (sscanf(line, "%" SCNu64 " %" SCNu64 " %16" SCNx64 " %" SCNu64 " %n", &position->device, &position->inode,
		&position->hash, &position->offset, &at) != 4 ||
	    at == 0)
		return false;
	position->path = line + at;
	return *position->path != '\0' && position->hash != 0 && position->offset > 0 && position->offset <= INT64_MAX;
}

void source_file_known(struct source_file *source, const struct file_position *position)
{
	struct log_file *file = find_file(source, (dev_t)position->device, (ino_t)position->inode);

	if (file == NULL && (file = add_file(source, (dev_t)position->device, (ino_t)position->inode)) == NULL)
		return;
	file->hash = position->hash;
	file->offset = (off_t)position->offset;
	file->here = true;
}
