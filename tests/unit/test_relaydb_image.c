/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_image.c - the bytes of a database: read as Berkeley DB reads
 * them, and proved before it gets them
 *
 * The proof that image.c exists for: thousands of damaged databases, from a
 * generator that makes the same ones each time.  What image_check() accepts,
 * Berkeley DB survives; and of what it rejects Berkeley DB does crash or hang
 * on some, so the test would notice a check that lets everything through.
 */
#include "relaydb_scratch.h"

#include <db.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#define VARIANTS 5000
#ifdef __SANITIZE_ADDRESS__
#define CONTROL false /* that other heap hides crashes, and a fork costs much more */
#else
#define CONTROL true
#endif

/* ---- sound databases of every kind ---- */

static void db_check(int error)
{
	if (error != 0)
		fail_msg("Berkeley DB: %s", db_strerror(error));
}

static DB *db_open(uint32_t flags, uint32_t page_size)
{
	DB *db;

	db_check(db_create(&db, NULL, 0));
	if (page_size != 0)
		db_check(db->set_pagesize(db, page_size));
	db_check(db->open(db, NULL, path, NULL, DB_HASH, flags, 0600));
	return db;
}

static void db_put(DB *db, const void *key, size_t key_size, const void *value, size_t value_size)
{
	DBT k = { .data = (void *)(uintptr_t)key, .size = (u_int32_t)key_size };
	DBT v = { .data = (void *)(uintptr_t)value, .size = (u_int32_t)value_size };

	db_check(db->put(db, NULL, &k, &v, 0));
}

/* As makemap makes one, with rows of every kind: short, empty, binary, and too
 * long for a page. */
static struct image made_by_db(unsigned rows, unsigned removed, uint32_t page_size)
{
	static const size_t sizes[] = { 0, 1, 100, 4000, 4096, 4097, 5000, 20000, 100000 };
	DB *db = db_open(DB_CREATE | DB_TRUNCATE, page_size);
	unsigned char *long_text = malloc(100000);
	struct image image;

	for (size_t i = 0; i < 100000; i++)
		long_text[i] = (unsigned char)(i * 7);
	for (unsigned n = 0; n < rows; n++)
		db_put(db, nth(n), strlen(nth(n)), "906502527", 9);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		char key[32];
		int size = snprintf(key, sizeof key, "long%zu", sizes[i]);

		db_put(db, key, (size_t)size, long_text, sizes[i]);
		/* binary keys, long ones among them */
		db_put(db, long_text + i + 1, sizes[i] / 4 + 1, "x", 1);
	}
	db_put(db, "2001:db8::1", 11, "1", 1);
	db_put(db, "a\0b", 3, "\0\0", 2);
	for (unsigned n = 0; n < removed; n++) {
		DBT key = { .data = (void *)(uintptr_t)nth(n), .size = (u_int32_t)strlen(nth(n)) };

		db_check(db->del(db, NULL, &key, 0));
	}
	if (removed > 0) { /* its pages go into the list of free ones */
		DBT key = { .data = (void *)(uintptr_t) "long20000", .size = 9 };

		db_check(db->del(db, NULL, &key, 0));
	}
	db_check(db->close(db, 0));
	free(long_text);
	image = read_file();
	unlink(path);
	return image;
}

/* As we make one. */
static struct image made_by_us(unsigned rows)
{
	struct change *changes = calloc(rows + 4, sizeof *changes);
	char(*keys)[32] = calloc(rows + 1, sizeof *keys);
	static char value[9000];
	struct relaydb *db = database();
	struct image image;

	memset(value, 'v', sizeof value);
	for (unsigned n = 0; n < rows; n++) {
		strcpy(keys[n], nth(n));
		changes[n] = (struct change){ { keys[n], strlen(keys[n]) }, { "1", 1 }, false };
	}
	changes[rows] = (struct change){ { "long", 4 }, { value, sizeof value }, false };
	changes[rows + 1] = (struct change){ { value, 5000 }, { "long key", 8 }, false };
	changes[rows + 2] = (struct change){ { "", 0 }, { "", 0 }, false };
	changes[rows + 3] = (struct change){ { "\0\xff", 2 }, { "", 0 }, false };
	assert_code(db, bdb_build(db, changes, rows + 4, NULL, &image), RELAYDB_OK);
	relaydb_close(&db);
	free(changes);
	free(keys);
	return image;
}

#define KINDS 7
static struct image sound(unsigned kind)
{
	switch (kind) {
	case 0:
		return made_by_us(0);
	case 1:
		return made_by_us(300);
	case 2:
		return made_by_us(5000);
	case 3:
		return made_by_db(200, 0, 0);
	case 4:
		return made_by_db(2500, 500, 0);
	case 5:
		return made_by_db(300, 290, 512);
	default:
		return made_by_db(100, 20, 32768);
	}
}

/* ---- read as Berkeley DB reads ---- */

struct pair {
	unsigned char *data; /* key, then value */
	size_t key_size, size;
};

struct pairs {
	struct pair pair[8192];
	size_t count;
};

static void pairs_add(
    struct pairs *pairs, const void *key, size_t key_size, const void *value, size_t value_size)
{
	struct pair *pair = &pairs->pair[pairs->count++];

	assert_true(pairs->count <= COUNT(pairs->pair));
	*pair = (struct pair){ malloc(key_size + value_size + 1), key_size, key_size + value_size };
	if (key_size > 0)
		memcpy(pair->data, key, key_size);
	if (value_size > 0)
		memcpy(pair->data + key_size, value, value_size);
}

static void pairs_free(struct pairs *pairs)
{
	while (pairs->count > 0)
		free(pairs->pair[--pairs->count].data);
}

static int pair_order(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;
	int order;

	if (a->key_size != b->key_size)
		return a->key_size < b->key_size ? -1 : 1;
	order = memcmp(a->data, b->data, a->key_size);
	return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static int pairs_row(struct bytes key, struct bytes value, void *arg)
{
	pairs_add(arg, key.data, key.size, value.data, value.size);
	return 0;
}

static void pairs_by_cursor(struct pairs *pairs)
{
	DB *db = db_open(DB_RDONLY, 0);
	DBT key = { .size = 0 }, value = { .size = 0 };
	DBC *cursor;
	int error;

	db_check(db->cursor(db, NULL, &cursor, 0));
	while ((error = cursor->get(cursor, &key, &value, DB_NEXT)) == 0)
		pairs_add(pairs, key.data, key.size, value.data, value.size);
	assert_int_equal(error, DB_NOTFOUND);
	db_check(cursor->close(cursor));
	db_check(db->close(db, 0));
}

static void find_each(const struct image *image, const struct pairs *pairs)
{
	static unsigned char value[200000];
	size_t size;

	for (size_t i = 0; i < pairs->count; i++) {
		const struct pair *pair = &pairs->pair[i];
		struct bytes key = { pair->data, pair->key_size };

		size = 0;
		assert_int_equal(image_find(image, key, value, sizeof value, &size), RELAYDB_OK);
		assert_int_equal(size, pair->size - pair->key_size);
		assert_memory_equal(value, pair->data + pair->key_size, size);
		/* no more than asked for is written, and the true size told */
		memset(value, 'x', 4);
		assert_int_equal(image_find(image, key, value, 2, &size), RELAYDB_OK);
		assert_int_equal(size, pair->size - pair->key_size);
		assert_memory_equal(value + 2, "xx", 2);
	}
	assert_int_equal(
	    image_find(image, (struct bytes){ "absent", 6 }, value, sizeof value, &size),
	    RELAYDB_NOTFOUND);
}

static void read_as_berkeley_db_does(void **state)
{
	static struct pairs theirs, ours;

	(void)state;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct image image = sound(kind);
		struct image_info info;
		char why[128] = "";

		write_file("", image.data, image.size);
		pairs_by_cursor(&theirs);
		if (!image_check(&image, &info, why, sizeof why))
			fail_msg("kind %u is refused: %s", kind, why);
		assert_int_equal(info.rows, theirs.count);
		assert_int_equal(image_walk(&image, pairs_row, &ours), 0);
		assert_int_equal(ours.count, theirs.count);
		qsort(theirs.pair, theirs.count, sizeof *theirs.pair, pair_order);
		qsort(ours.pair, ours.count, sizeof *ours.pair, pair_order);
		for (size_t i = 0; i < ours.count; i++) {
			assert_int_equal(ours.pair[i].key_size, theirs.pair[i].key_size);
			assert_int_equal(ours.pair[i].size, theirs.pair[i].size);
			assert_memory_equal(
			    ours.pair[i].data, theirs.pair[i].data, ours.pair[i].size);
		}
		find_each(&image, &theirs);
		pairs_free(&theirs);
		pairs_free(&ours);
		image_free(&image);
	}
}

static int stop_at_third(struct bytes key, struct bytes value, void *arg)
{
	(void)key;
	(void)value;
	return ++*(int *)arg == 3 ? -7 : 0;
}

static void walk_can_be_stopped(void **state)
{
	struct image image = sound(1), none = { NULL, 0, false };
	int calls = 0;

	(void)state;
	assert_int_equal(image_walk(&image, stop_at_third, &calls), -7);
	assert_int_equal(calls, 3);
	assert_int_equal(image_walk(&none, stop_at_third, &calls), 0);
	assert_int_equal(calls, 3);
	image_free(&image);
}

/* Every size that a database has on its way from nothing, with and without a
 * fill factor. */
static void sound_at_every_size(void **state)
{
	struct relaydb *db = database();
	struct image image, grown;
	struct image_info info;
	char why[128];

	(void)state;
	for (int ours = 0; ours < 2; ours++) {
		image = ours ? made_by_us(0) : made_by_db(1, 0, 512);
		for (unsigned n = 100; n < 6000; n += 40) {
			struct change changes[40];
			char keys[40][32];

			for (unsigned i = 0; i < 40; i++) {
				strcpy(keys[i], nth(n + i));
				changes[i] = (struct change){ { keys[i], strlen(keys[i]) },
					{ "906502527", 9 }, false };
			}
			assert_code(db, bdb_apply(db, &image, changes, 40, &grown), RELAYDB_OK);
			if (!image_check(&grown, &info, why, sizeof why))
				fail_msg("refused after %u rows: %s", n, why);
			image_free(&image);
			image = grown;
		}
		image_free(&image);
	}
	relaydb_close(&db);
}

/* ---- refused, with the reason ---- */

static void set16(struct image *image, size_t offset, unsigned n)
{
	uint16_t value = (uint16_t)n;

	memcpy(image->data + offset, &value, sizeof value);
}

static void set32(struct image *image, size_t offset, uint32_t n)
{
	memcpy(image->data + offset, &n, sizeof n);
}

static uint32_t get32(const struct image *image, size_t offset)
{
	uint32_t n;

	memcpy(&n, image->data + offset, sizeof n);
	return n;
}

/* A copy on the heap, so that a sanitizer sees each byte that is read
 * beyond. */
static struct image copy_of(const struct image *image, size_t size)
{
	struct image copy = { malloc(size > 0 ? size : 1), size, false };

	memcpy(copy.data, image->data, size < image->size ? size : image->size);
	return copy;
}

static void refused_with_reason(void **state)
{
	static const struct {
		size_t offset;
		uint32_t value;
		const char *why;
	} cases[] = {
		{ 12, 0x61150600, "other byte order" },
		{ 12, 0x053162, "not a Berkeley DB hash" }, /* a btree */
		{ 16, 10, "version 10" },
		{ 16, 7, "version 7" },
		{ 20, 0, "page size" },
		{ 20, 256, "page size" },
		{ 20, 65536, "page size" },
		{ 20, 4095, "page size" },
		{ 24, 0x0100 * 8 | 1, "encrypted" },
		{ 48, 1, "duplicate keys" },
		{ 48, 2, "duplicate keys" },
		{ 92, 1, "foreign hash function" },
		{ 32, 100000, "expected 100001" },
		{ 72, 100000, "buckets makes no sense" },
		{ 76, 0xffffffff, "buckets makes no sense" },
		{ 76, 30, "buckets makes no sense" },
		{ 80, 31, "buckets makes no sense" },
		{ 96, 0, "refers to page 0" },
		{ 96, 0xfffffffe, "refers to page" },
		{ 96 + 4 * 5, 0xffffffff, "refers to page" },
		{ 96 + 4 * 20, 1, "buckets makes no sense" },
		{ 28, 1, "in the list of free pages" },
		{ 28, 0xffffffff, "refers to page" },
		{ 4096 + 8, 2, "says it is page 2" },
		{ 4096 + 12, 2, "does not point back" },
		{ 4096 + 16, 1, "used twice" },
		{ 4096 + 16, 0xffffffff, "refers to page" },
		{ 4096 + 20, 0x10000003, "impossible number of items" },
		{ 4096 + 24, 0x0500, "not a page of a hash" },
		{ 4096 + 26, 0, "lies outside" },
	};
	struct image image = made_by_us(300);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct image copy = copy_of(&image, image.size);
		struct image_info info;
		char why[128] = "";

		set32(&copy, cases[i].offset, cases[i].value);
		if (image_check(&copy, &info, why, sizeof why) || strstr(why, cases[i].why) == NULL)
			fail_msg("offset %zu, value %#x: expected \"%s\", got \"%s\"",
			    cases[i].offset, cases[i].value, cases[i].why, why);
		image_free(&copy);
	}
	for (size_t size = 1; size < image.size; size += 511) {
		struct image copy = copy_of(&image, size);
		struct image_info info;
		char why[128];

		assert_false(image_check(&copy, &info, why, sizeof why));
		image_free(&copy);
	}
	image_free(&image);
}

/* Where pair N of a page of IPv4 rows has its key; NULL if there is none. */
static unsigned char *key_on_page(struct image *image, size_t page, unsigned n, size_t *size)
{
	unsigned char *p = image->data + page * 4096;
	uint16_t items, begin, end = 4096;

	memcpy(&items, p + 20, sizeof items);
	if (p[25] != 13 || 2 * n >= items)
		return NULL;
	memcpy(&begin, p + 26 + (size_t)4 * n, sizeof begin);
	if (n > 0)
		memcpy(&end, p + 26 + (size_t)4 * n - 2, sizeof end);
	*size = (size_t)(end - begin - 1);
	return p + begin + 1;
}

/* Rows that Berkeley DB would survive, but no MTA would find: in a bucket that
 * is not theirs, in another order than it looks. */
static void rows_that_nobody_would_find(void **state)
{
	struct image image = made_by_us(1000);
	unsigned moved = 0, disordered = 0;
	struct image_info info;
	char why[128];

	(void)state;
	for (size_t page = 1; page < image.size / 4096; page++)
		for (unsigned n = 0; n < 40; n++) {
			struct image copy = copy_of(&image, image.size);
			size_t size, next_size;
			unsigned char *key = key_on_page(&copy, page, n, &size),
				      *next = key_on_page(&copy, page, n + 1, &next_size);
			unsigned char kept[64];

			if (key != NULL && next != NULL && size == next_size &&
			    size < sizeof kept) {
				memcpy(kept, key, size);
				memcpy(key, next, size);
				memcpy(next, kept, size);
				assert_false(image_check(&copy, &info, why, sizeof why));
				assert_non_null(strstr(why, "out of order"));
				disordered++;
				memcpy(next, key, size); /* the same key twice */
				assert_false(image_check(&copy, &info, why, sizeof why));
			}
			if (key != NULL && size > 0 && size < sizeof kept) {
				memset(key, 'x', size);
				moved += !image_check(&copy, &info, why, sizeof why) &&
					 strstr(why, "wrong bucket") != NULL;
			}
			image_free(&copy);
		}
	assert_true(disordered > 100);
	/* of 1,000: one in 32 stays in its bucket, where it may be in order */
	assert_true(moved > 800);
	image_free(&image);
}

/* A hash of N rows has room for as many more before Berkeley DB splits a
 * bucket, which an open map would not see. */
static void made_with_room(void **state)
{
	static const unsigned sizes[] = { 0, 1, 100, 2000, 2048, 4000, 5000, 20000 };

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct image image = made_by_us(sizes[i]);
		struct image_info info;
		char why[128];

		assert_true(image_check(&image, &info, why, sizeof why));
		assert_true(info.plain);
		assert_int_equal(info.rows, sizes[i] + 4);
		assert_true(info.fill > 0);
		assert_true(info.room + 1 >= info.rows);
		assert_true(info.room + info.rows >= 4095);
		image_free(&image);
	}
}

/* ---- damaged ---- */

/* Places that steer Berkeley DB: fields of the meta page, heads of pages, the
 * tables of offsets behind them. */
static size_t field_of_page(const struct image *image)
{
	static const unsigned char head[] = { 8, 12, 16, 20, 22, 24, 25 };
	uint32_t page_size = get32(image, 20);
	size_t page = random_below((uint32_t)(image->size / page_size)) * (size_t)page_size;

	if (page == 0)
		return 8 + random_below(220);
	return page +
	       (random_below(3) == 0 ? 26 + 2 * random_below(40) : head[random_below(sizeof head)]);
}

static void set_field(struct image *image)
{
	static const uint32_t values[] = { 0, 1, 2, 3, 13, 26, 28, 4095, 4096, 4097, 0x7fff, 0x8000,
		0xffff, 0x7fffffff, 0x80000000, 0xffffffff };
	size_t offset = field_of_page(image);
	uint32_t value =
	    random_below(2) == 0 ? values[random_below(COUNT(values))] : random_below(200);

	switch (random_below(3)) {
	case 0:
		image->data[offset] = (unsigned char)value;
		break;
	case 1:
		set16(image, offset & ~(size_t)1, value);
		break;
	default:
		set32(image, offset & ~(size_t)3, value);
	}
}

static void flip(struct image *image, size_t below)
{
	image->data[random_below((uint32_t)below)] ^= (unsigned char)(1u << random_below(8));
}

/* An item of a page gets another type, place or size. */
static void bend_item(struct image *image)
{
	uint32_t page_size = get32(image, 20), pages = (uint32_t)(image->size / page_size);
	size_t page = (size_t)random_below(pages) * page_size;
	uint16_t items, offset;

	memcpy(&items, image->data + page + 20, sizeof items);
	if (page == 0 || items == 0 || 26u + 2u * items > page_size)
		return;
	memcpy(&offset, image->data + page + 26 + 2 * random_below(items), sizeof offset);
	if (offset + 12u > page_size)
		return;
	switch (random_below(3)) {
	case 0:
		image->data[page + offset] = (unsigned char)random_below(8);
		break;
	case 1:
		set32(image, page + offset + 4, random_below(pages + 2));
		break;
	default:
		set32(image, page + offset + 8, random_below(50000));
	}
}

static void move_page(struct image *image)
{
	uint32_t page_size = get32(image, 20), pages = (uint32_t)(image->size / page_size);
	unsigned char *from = image->data + (size_t)random_below(pages) * page_size;
	unsigned char *to = image->data + (size_t)random_below(pages) * page_size;
	unsigned char *kept = malloc(page_size);

	memcpy(kept, to, page_size);
	memmove(to, from, page_size);
	if (random_below(2) == 0)
		memcpy(from, kept, page_size); /* swapped, else doubled */
	if (random_below(2) == 0) { /* and it even says the right number */
		set32(image, (size_t)(to - image->data) + 8,
		    (uint32_t)((size_t)(to - image->data) / page_size));
		set32(image, (size_t)(from - image->data) + 8,
		    (uint32_t)((size_t)(from - image->data) / page_size));
	}
	free(kept);
}

/* A page that is not in use is what Berkeley DB takes next. */
static void bend_free_page(struct image *image)
{
	uint32_t page_size = get32(image, 20), pages = (uint32_t)(image->size / page_size);

	for (int tries = 0; tries < 50; tries++) {
		size_t page = (size_t)(1 + random_below(pages - 1)) * page_size;
		uint16_t items;

		memcpy(&items, image->data + page + 20, sizeof items);
		if (items != 0)
			continue;
		set32(image, page + 8, (uint32_t)(page / page_size) * (random_below(4) != 0));
		set16(image, page + 22, random_below(65536));
		image->data[page + 25] = (unsigned char)(random_below(3) == 0 ? 13 : 0);
		return;
	}
}

/* The same variant for the same number, whatever was made before. */
static struct image variant(const struct image sounds[KINDS], unsigned number)
{
	const struct image *from = &sounds[number % KINDS];
	struct image image;
	size_t size = from->size;

	chance = UINT64_C(0x9e3779b97f4a7c15) * (number + 1);
	random_below(2);
	if (random_below(12) == 0)
		size = random_below((uint32_t)from->size + 1);
	image = copy_of(from, size);
	if (size < 4096 || size % get32(from, 20) != 0)
		return image;
	for (unsigned changes = 1 + random_below(3); changes > 0; changes--) {
		if (get32(&image, 20) != get32(from, 20))
			break; /* that one is enough */
		switch (random_below(7)) {
		case 0:
			flip(&image, image.size);
			break;
		case 1:
			flip(&image, 224);
			break;
		case 2:
			bend_item(&image);
			break;
		case 3:
			move_page(&image);
			break;
		case 4:
			bend_free_page(&image);
			break;
		default:
			set_field(&image);
		}
	}
	return image;
}

/* In a child: an end that comes by a signal is to be seen as one, whatever a
 * sanitizer would do. */
static void child_begin(unsigned seconds)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL };
	const struct rlimit no_core = { 0, 0 };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (size_t i = 0; i < COUNT(signals); i++)
		signal(signals[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &no_core);
	dup2(null, STDERR_FILENO);
	dup2(null, STDOUT_FILENO);
	alarm(seconds);
}

/* Changes of every kind on rows old and new. */
static size_t make_changes(struct change changes[64], char keys[64][32])
{
	static char value[6000];
	size_t count = 0;

	memset(value, 'n', sizeof value);
	for (unsigned n = 0; n < 40; n++, count++) {
		strcpy(keys[count], nth(n < 20 ? 70000 + n : n * 11));
		changes[count] = (struct change){ { keys[count], strlen(keys[count]) },
			{ "1234567890", 10 }, n >= 30 };
	}
	changes[count++] = (struct change){ { "long", 4 }, { value, sizeof value }, false };
	changes[count++] = (struct change){ { "long5000", 8 }, { NULL, 0 }, true };
	changes[count++] = (struct change){ { "new", 3 }, { value, sizeof value }, false };
	changes[count++] = (struct change){ { "a\0b", 3 }, { NULL, 0 }, true };
	return count;
}

/* What becomes of a child that lets Berkeley DB change an accepted image: the
 * code, 100 if the new image is not sound.  Every change must succeed: what
 * Berkeley DB gives up on it does not free. */
static _Noreturn void child_apply(const struct image *image)
{
	struct relaydb *db = database();
	struct change changes[64];
	struct image_info info;
	struct image out;
	char keys[64][32], why[128];
	size_t count;
	int code;

	child_begin(60);
	count = make_changes(changes, keys);
	code = bdb_apply(db, image, changes, count, &out);
	if (code == RELAYDB_OK && !image_check(&out, &info, why, sizeof why))
		code = 100;
	image_free(&out);
	relaydb_close(&db);
	_exit(code);
}

static void quiet(const DB_ENV *env, const char *prefix, const char *text)
{
	(void)env;
	(void)prefix;
	(void)text;
}

/* What anybody does with a map: open, read all, put, delete, close. */
static _Noreturn void child_plain(const struct image *image)
{
	DBT key = { .size = 0 }, value = { .size = 0 };
	struct change changes[64];
	char keys[64][32];
	DBC *cursor;
	DB *db;

	child_begin(1);
	write_file("", image->data, image->size);
	if (db_create(&db, NULL, 0) != 0)
		_exit(0);
	db->set_errcall(db, quiet);
	if (db->open(db, NULL, path, NULL, DB_HASH, 0, 0) != 0)
		_exit(0);
	if (db->cursor(db, NULL, &cursor, 0) == 0) {
		while (cursor->get(cursor, &key, &value, DB_NEXT) == 0)
			;
		cursor->close(cursor);
	}
	for (size_t i = make_changes(changes, keys); i-- > 0;) {
		key = (DBT){ .data = (void *)(uintptr_t)changes[i].key.data,
			.size = (u_int32_t)changes[i].key.size };
		value = (DBT){ .data = (void *)(uintptr_t)changes[i].value.data,
			.size = (u_int32_t)changes[i].value.size };
		if ((changes[i].remove ? db->del(db, NULL, &key, 0)
				       : db->put(db, NULL, &key, &value, 0)) == DB_RUNRECOVERY)
			break;
	}
	db->close(db, 0);
	_exit(0);
}

static int in_child(void (*act)(const struct image *), const struct image *image)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		act(image);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static int walked(struct bytes key, struct bytes value, void *arg)
{
	unsigned *sum = arg;

	for (size_t i = 0; i < key.size; i++)
		*sum += ((const unsigned char *)key.data)[i];
	for (size_t i = 0; i < value.size; i++)
		*sum += ((const unsigned char *)value.data)[i];
	return 0;
}

static void damaged_is_refused_or_harmless(void **state)
{
	/* all of them under valgrind take minutes */
	const char *valgrind = getenv("VALGRIND"), *asked = getenv("VARIANTS");
	unsigned variants = asked != NULL      ? (unsigned)atoi(asked)
			    : valgrind != NULL ? VARIANTS / 50
					       : VARIANTS;
	bool control = CONTROL && valgrind == NULL;
	unsigned accepted = 0, refused = 0, tried = 0, crashed = 0, sum = 0;
	struct image sounds[KINDS];

	(void)state;
	for (unsigned kind = 0; kind < KINDS; kind++)
		sounds[kind] = sound(kind);
	for (unsigned number = 0; number < variants; number++) {
		struct image image = variant(sounds, number);
		struct image_info info;
		char why[128], value[8];
		size_t size;
		int status;

		if (image_check(&image, &info, why, sizeof why)) {
			accepted++;
			assert_int_equal(image_walk(&image, walked, &sum), 0);
			image_find(
			    &image, (struct bytes){ "10.0.0.1", 8 }, value, sizeof value, &size);
			status = in_child(child_apply, &image);
			if (status != 0)
				fail_msg("variant %u is accepted, and Berkeley DB ends with signal "
					 "%d, status %d",
				    number, WIFSIGNALED(status) ? WTERMSIG(status) : 0,
				    WIFEXITED(status) ? WEXITSTATUS(status) : 0);
		} else if (refused++ % 2 == 0 && control) {
			tried++;
			crashed += WIFSIGNALED(in_child(child_plain, &image));
		}
		image_free(&image);
	}
	print_message("# %u damaged databases: %u accepted and harmless, %u refused, plain "
		      "Berkeley DB crashes or hangs on %u of %u of these\n",
	    variants, accepted, refused, crashed, tried);
	assert_true(accepted > 0);
	assert_true(crashed > 0 || !control);
	for (unsigned kind = 0; kind < KINDS; kind++)
		image_free(&sounds[kind]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(read_as_berkeley_db_does),
		SCRATCH_TEST(walk_can_be_stopped),
		SCRATCH_TEST(sound_at_every_size),
		SCRATCH_TEST(refused_with_reason),
		SCRATCH_TEST(rows_that_nobody_would_find),
		SCRATCH_TEST(made_with_room),
		SCRATCH_TEST(damaged_is_refused_or_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
