/* SPDX-License-Identifier: BSD-2-Clause
 *
 * entrylist.c - what XREAD returned, see entrylist.h
 */
#include "entrylist.h"

#include <string.h>

#include "answer.h"
#include "keys.h"

void entrylist_clear(
    struct entrylist *list, const struct streamid *after_login, const struct streamid *after_order)
{
	list->count = 0;
	list->last_login = *after_login;
	list->last_order = *after_order;
}

/* The fields of an entry: o, a and s.  Others are of later versions. */
static bool read_fields(const struct redisReply *fields, struct entry *entry)
{
	const char *kind = answer_text(answer_value(fields, "o"));
	const char *address = answer_text(answer_value(fields, "a"));

	entry->address[0] = '\0';
	if (address != NULL && strlen(address) < sizeof entry->address)
		memcpy(entry->address, address, strlen(address) + 1);
	if (!answer_number(answer_value(fields, "s"), &entry->stamp) ||
	    entry->stamp > RELAYDB_STAMP_MAX)
		entry->stamp = -1;
	if (kind == NULL)
		return false;
	if (entry->order && strcmp(kind, "d") == 0)
		entry->kind = ORDER_DELETE;
	else if (strcmp(kind, entry->order ? "a" : "r") == 0)
		entry->kind = ORDER_ADD;
	else
		return false;
	return !entry->order || entry->stamp >= 0;
}

/* The entries of one stream, whose names must grow from *LAST on. */
static bool read_stream(
    struct entrylist *list, const struct redisReply *entries, bool order, struct streamid *last)
{
	for (size_t i = 0; i < answer_count(entries); i++) {
		const struct redisReply *one = answer_at(entries, i);
		const char *id = answer_text(answer_at(one, 0));
		struct entry *entry;

		if (list->count == ENTRYLIST_MAX)
			return false;
		entry = &list->entries[list->count];
		if (id == NULL || !streamid_parse(id, strlen(id), &entry->id) ||
		    streamid_compare(&entry->id, last) <= 0)
			return false;
		*last = entry->id;
		entry->order = order;
		/* what is of no known kind is passed by */
		if (read_fields(answer_at(one, 1), entry))
			list->count++;
	}
	return true;
}

bool entrylist_read(struct entrylist *list, const struct redisReply *answer,
    const struct streamid *after_login, const struct streamid *after_order)
{
	entrylist_clear(list, after_login, after_order);
	if (answer_is_nil(answer))
		return true;
	if (answer_count(answer) == 0 || answer_count(answer) > 2)
		return false;
	for (size_t i = 0; i < answer_count(answer); i++) {
		const struct redisReply *stream = answer_at(answer, i);
		const char *key = answer_text(answer_at(stream, 0));
		const struct redisReply *entries = answer_at(stream, 1);
		bool good = false;

		if (key != NULL && strcmp(key, KEY_ORDERS) == 0)
			good = read_stream(list, entries, true, &list->last_order);
		else if (key != NULL && strcmp(key, KEY_LOG) == 0)
			good = read_stream(list, entries, false, &list->last_login);
		if (!good)
			return false;
	}
	return true;
}
