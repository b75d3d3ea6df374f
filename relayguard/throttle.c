/* SPDX-License-Identifier: BSD-2-Clause
 *
 * throttle.c - how many messages and recipients a client may send, see
 * throttle.h
 */
#include "throttle.h"

#include "duration.h"
#include "ipnet.h"
#include "table.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 16 /* of a window; one more holds its beginning */
#define RING (SLOTS + 1)
#define CUSTOMER_BYTES 8 /* of an IPv6 address: a /64 */

struct count {
	int64_t newest; /* number of the newest slot: its time by the slot's length */
	uint32_t slot[RING]; /* slot number N is at N % RING */
};

/* Compared as bytes, so without padding that is not zeroed. */
struct key {
	unsigned char address[16];
	int family;
	int class;
};

struct client {
	struct key key;
	struct count count[THROTTLE_WHATS];
	UT_hash_handle hh;
};

struct throttle {
	struct throttle_limit limit[THROTTLE_CLASSES][THROTTLE_WHATS];
	struct client *clients; /* in the order of their last use */
	size_t places;
};

/* What is saved: the clients without the table that they are found in. */
struct throttle_copy {
	struct throttle_limit limit[THROTTLE_CLASSES][THROTTLE_WHATS];
	size_t size;
	struct kept {
		struct key key;
		struct count count[THROTTLE_WHATS];
	} kept[];
};

static const char *const class_names[] = { "stranger", "pop", "auth" };
static const char *const what_names[] = { "messages", "recipients" };

bool throttle_parse(const char *text, struct throttle_limit *limit)
{
	const char *p = text;
	uint32_t count = 0;
	int64_t seconds;

	if (strcmp(text, "no") == 0) {
		*limit = (struct throttle_limit){ .count = 0 };
		return true;
	}
	for (; *p >= '0' && *p <= '9'; p++) {
		if (p - text == 9)
			return false;
		count = count * 10 + (uint32_t)(*p - '0');
	}
	if (count == 0 || *p != '/' || !duration_parse(p + 1, &seconds) || seconds < 1)
		return false;
	*limit = (struct throttle_limit){ count, seconds };
	return true;
}

struct throttle *throttle_new(
    const struct throttle_limit limits[THROTTLE_CLASSES][THROTTLE_WHATS], size_t places)
{
	struct throttle *throttle = calloc(1, sizeof *throttle);

	if (throttle == NULL)
		return NULL;
	memcpy(throttle->limit, limits, sizeof throttle->limit);
	throttle->places = places;
	return throttle;
}

static void remove_client(struct throttle *throttle, struct client *client)
{
	HASH_DEL(throttle->clients, client);
	free(client);
}

void throttle_free(struct throttle *throttle)
{
	if (throttle == NULL)
		return;
	while (throttle->clients != NULL)
		remove_client(throttle, throttle->clients);
	free(throttle);
}

void throttle_configure(
    struct throttle *throttle, const struct throttle_limit limits[THROTTLE_CLASSES][THROTTLE_WHATS])
{
	for (struct client *client = throttle->clients; client != NULL; client = client->hh.next) {
		for (size_t what = 0; what < THROTTLE_WHATS; what++) {
			if (throttle->limit[client->key.class][what].seconds !=
			    limits[client->key.class][what].seconds)
				client->count[what] = (struct count){ .newest = 0 };
		}
	}
	memcpy(throttle->limit, limits, sizeof throttle->limit);
}

static bool make_key(const char *address, enum throttle_class class, struct key *key)
{
	struct ipnet net;

	memset(key, 0, sizeof *key);
	if (strchr(address, '/') != NULL || !ipnet_parse(address, &net))
		return false;
	memcpy(key->address, net.address, net.family == AF_INET ? 4 : CUSTOMER_BYTES);
	key->family = net.family;
	key->class = (int)class;
	return true;
}

static int64_t slot_seconds(const struct throttle_limit *limit)
{
	return (limit->seconds + SLOTS - 1) / SLOTS;
}

/* Empties the slots that have passed since COUNT was used last; all of them
 * when the clock was set back by more than a window, so that nobody waits for
 * it. */
static void advance(struct count *count, int64_t slot)
{
	if (slot - count->newest >= RING || count->newest - slot >= RING) {
		memset(count->slot, 0, sizeof count->slot);
		count->newest = slot;
	}
	for (; count->newest < slot; count->newest++)
		count->slot[(count->newest + 1) % RING] = 0;
}

/* All that may lie within the window that ends now. */
static uint64_t sum(const struct count *count, const struct throttle_limit *limit)
{
	int64_t length = slot_seconds(limit), slots = (limit->seconds + length - 1) / length;
	uint64_t all = 0;

	for (int64_t n = count->newest - slots; n <= count->newest; n++) {
		if (n >= 0)
			all += count->slot[n % RING];
	}
	return all;
}

static struct client *find(struct throttle *throttle, const struct key *key)
{
	struct client *client;

	HASH_FIND(hh, throttle->clients, key, sizeof *key, client);
	return client;
}

bool throttle_allows(struct throttle *throttle, const char *address, enum throttle_class class,
    enum throttle_what what, int64_t now)
{
	const struct throttle_limit *limit = &throttle->limit[class][what];
	struct client *client;
	struct key key;

	if (limit->count == 0 || now < 0 || !make_key(address, class, &key))
		return true;
	client = find(throttle, &key);
	if (client == NULL)
		return true;
	advance(&client->count[what], now / slot_seconds(limit));
	return sum(&client->count[what], limit) < limit->count;
}

/* The client of KEY, as the one that was used last; NULL without memory. */
static struct client *use(struct throttle *throttle, const struct key *key)
{
	struct client *client = find(throttle, key);

	if (client != NULL) {
		HASH_DEL(throttle->clients, client);
	} else {
		if (HASH_COUNT(throttle->clients) >= throttle->places && throttle->clients != NULL)
			remove_client(throttle, throttle->clients);
		client = calloc(1, sizeof *client);
		if (client == NULL)
			return NULL;
		client->key = *key;
	}
	HASH_ADD(hh, throttle->clients, key, sizeof client->key, client);
	if (TABLE_HAS(client))
		return client;
	free(client);
	return NULL;
}

void throttle_count(struct throttle *throttle, const char *address, enum throttle_class class,
    enum throttle_what what, int64_t now)
{
	const struct throttle_limit *limit = &throttle->limit[class][what];
	struct client *client;
	struct count *count;
	struct key key;

	if (limit->count == 0 || now < 0 || !make_key(address, class, &key))
		return;
	client = use(throttle, &key);
	if (client == NULL)
		return;
	count = &client->count[what];
	advance(count, now / slot_seconds(limit));
	if (count->slot[count->newest % RING] < UINT32_MAX)
		count->slot[count->newest % RING]++;
}

size_t throttle_clients(const struct throttle *throttle)
{
	return HASH_COUNT(throttle->clients);
}

/* ---- text ---- */

struct throttle_copy *throttle_copy(const struct throttle *throttle)
{
	size_t most = HASH_COUNT(throttle->clients);
	struct throttle_copy *copy = malloc(sizeof *copy + most * sizeof *copy->kept);

	if (copy == NULL)
		return NULL;
	memcpy(copy->limit, throttle->limit, sizeof copy->limit);
	copy->size = 0;
	for (const struct client *client = throttle->clients; client != NULL;
	     client = client->hh.next) {
		struct kept *kept = &copy->kept[copy->size++];

		kept->key = client->key;
		memcpy(kept->count, client->count, sizeof kept->count);
	}
	return copy;
}

static void save_count(
    const struct key *key, size_t what, int64_t seconds, const struct count *count, FILE *out)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(key->family, key->address, address, sizeof address);
	fprintf(out, "throttle %s %s %s %" PRId64 " %" PRId64, address, class_names[key->class],
	    what_names[what], seconds, count->newest);
	for (size_t i = 0; i < RING; i++)
		fprintf(out, " %" PRIu32, count->slot[i]);
	fputc('\n', out);
}

void throttle_save(const struct throttle_copy *copy, FILE *out)
{
	for (size_t i = 0; i < copy->size; i++) {
		const struct kept *kept = &copy->kept[i];

		for (size_t what = 0; what < THROTTLE_WHATS; what++) {
			int64_t seconds = copy->limit[kept->key.class][what].seconds;

			if (seconds != 0 && kept->count[what].newest != 0)
				save_count(&kept->key, what, seconds, &kept->count[what], out);
		}
	}
}

/* The word at *P, which moves behind it and one blank, as an index into NAMES.
 * */
static bool take_name(const char **p, const char *const names[], size_t count, size_t *index)
{
	size_t size = strcspn(*p, " ");

	for (*index = 0; *index < count; ++*index) {
		if (strlen(names[*index]) == size && memcmp(*p, names[*index], size) == 0) {
			*p += size;
			if (**p == ' ')
				++*p;
			return true;
		}
	}
	return false;
}

/* Decimal digits alone. */
static bool take_number(const char **p, int64_t most, int64_t *number)
{
	const char *start = *p;

	for (*number = 0; **p >= '0' && **p <= '9'; ++*p) {
		if (*number > (most - (**p - '0')) / 10)
			return false;
		*number = *number * 10 + (**p - '0');
	}
	if (*p == start || (**p != ' ' && **p != '\0'))
		return false;
	if (**p == ' ')
		++*p;
	return true;
}

bool throttle_load(struct throttle *throttle, const char *line)
{
	const int64_t most = INT64_C(1) << 53;
	const char *p = line;
	char address[INET6_ADDRSTRLEN];
	size_t size, class, what;
	struct client *client;
	int64_t seconds, number;
	struct count count;
	struct key key;

	if (strncmp(p, "throttle ", 9) != 0)
		return false;
	p += 9;
	size = strcspn(p, " ");
	if (size >= sizeof address || p[size] != ' ')
		return false;
	memcpy(address, p, size);
	address[size] = '\0';
	p += size + 1;
	if (!take_name(&p, class_names, THROTTLE_CLASSES, &class) ||
	    !take_name(&p, what_names, THROTTLE_WHATS, &what) || !take_number(&p, most, &seconds) ||
	    !take_number(&p, most, &count.newest) ||
	    !make_key(address, (enum throttle_class) class, &key))
		return false;
	for (size_t i = 0; i < RING; i++) {
		if (!take_number(&p, UINT32_MAX, &number))
			return false;
		count.slot[i] = (uint32_t)number;
	}
	if (*p != '\0' || seconds != throttle->limit[class][what].seconds || seconds == 0)
		return *p == '\0';
	client = use(throttle, &key);
	if (client != NULL)
		client->count[what] = count;
	return true;
}
