/* SPDX-License-Identifier: BSD-2-Clause
 *
 * catalogue.c - the POP and IMAP servers we know, see catalogue.h
 */
#include "catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "proof.h"
#include "table.h"
#include "tag.h"

struct tag {
	char *name;
	struct server *servers[CATALOGUE_SHARED + 1];
	UT_hash_handle hh;
};

#define FOUND 64
#define FOUND_TAG_MAX 24 /* longer ones are looked for each time */

/* What was found for a tag, or that nothing was: a log has the same few again
 * and again. */
struct found {
	char tag[FOUND_TAG_MAX];
	size_t size; /* 0: of no tag yet */
	struct server *const *servers;
};

struct catalogue {
	struct server *servers;
	struct tag *tags;
	char **left_out;
	struct found *found; /* FOUND of them; what may be anywhere, each in one place */
};

static void forget_found(struct catalogue *catalogue)
{
	memset(catalogue->found, 0, FOUND * sizeof *catalogue->found);
}

struct catalogue *catalogue_new(void)
{
	struct catalogue *catalogue = calloc(1, sizeof *catalogue);

	if (catalogue != NULL)
		catalogue->found = calloc(FOUND, sizeof *catalogue->found);
	if (catalogue != NULL && catalogue->found != NULL)
		return catalogue;
	free(catalogue);
	return NULL;
}

static void tag_free(struct tag *tag)
{
	free(tag->name);
	free(tag);
}

/* Returns NULL without memory. */
static struct tag *new_tag(struct catalogue *catalogue, const char *name)
{
	struct tag *tag = calloc(1, sizeof *tag);

	if (tag == NULL)
		return NULL;
	tag->name = strdup(name);
	if (tag->name != NULL) {
		HASH_ADD_KEYPTR(hh, catalogue->tags, tag->name, strlen(tag->name), tag);
		if (TABLE_HAS(tag))
			return tag;
	}
	tag_free(tag);
	return NULL;
}

static bool add_tag(struct catalogue *catalogue, const char *name, struct server *server)
{
	struct tag *tag;

	forget_found(catalogue);
	HASH_FIND_STR(catalogue->tags, name, tag);
	if (tag == NULL)
		tag = new_tag(catalogue, name);
	for (size_t i = 0; tag != NULL && i < CATALOGUE_SHARED; i++) {
		if (tag->servers[i] == NULL || tag->servers[i] == server) {
			tag->servers[i] = server;
			return true;
		}
	}
	return false;
}

/* Takes the server in, whatever comes of it. */
static bool add_server(struct catalogue *catalogue, struct server *server)
{
	struct server **at = &catalogue->servers;
	char *const *tag;

	while (*at != NULL && strcmp((*at)->name, server->name) < 0)
		at = &(*at)->next;
	server->next = *at;
	*at = server;
	for (tag = server->tags; tag != NULL && *tag != NULL; tag++) {
		if (!add_tag(catalogue, *tag, server))
			return false;
	}
	return true;
}

static struct server *const *find_tag(const struct catalogue *catalogue, struct span tag)
{
	struct tag *found;
	char family[TAG_MAX];
	size_t size;

	HASH_FIND(hh, catalogue->tags, tag.text, tag.size, found);
	if (found == NULL) {
		size = tag_family(tag, family);
		HASH_FIND(hh, catalogue->tags, family, size, found);
	}
	return found != NULL ? found->servers : NULL;
}

struct server *const *catalogue_find(const struct catalogue *catalogue, struct span tag)
{
	struct found *found;
	size_t sum;

	if (tag.size == 0 || tag.size > FOUND_TAG_MAX)
		return find_tag(catalogue, tag);
	sum = tag.size + (unsigned char)tag.text[0] + (unsigned char)tag.text[tag.size / 2] +
	      (unsigned char)tag.text[tag.size - 1];
	found = &catalogue->found[sum % FOUND];
	if (found->size != tag.size || memcmp(found->tag, tag.text, tag.size) != 0) {
		memcpy(found->tag, tag.text, tag.size);
		found->size = tag.size;
		found->servers = find_tag(catalogue, tag);
	}
	return found->servers;
}

struct server *catalogue_servers(const struct catalogue *catalogue)
{
	return catalogue->servers;
}

bool catalogue_has_journal(const struct catalogue *catalogue)
{
	for (const struct server *server = catalogue_servers(catalogue); server != NULL;
	     server = server->next) {
		if (server->journal != NULL && *server->journal != NULL)
			return true;
	}
	return false;
}

char *const *catalogue_left_out(const struct catalogue *catalogue)
{
	return catalogue->left_out;
}

void catalogue_free(struct catalogue *catalogue)
{
	struct tag *tag, *next_tag;
	struct server *server, *next;

	if (catalogue == NULL)
		return;
	HASH_ITER(hh, catalogue->tags, tag, next_tag)
	{
		HASH_DEL(catalogue->tags, tag);
		tag_free(tag);
	}
	for (server = catalogue->servers; server != NULL; server = next) {
		next = server->next;
		server_free(server);
	}
	list_free(catalogue->left_out);
	free(catalogue->found);
	free(catalogue);
}

bool catalogue_take(struct catalogue *catalogue, struct definition_draft *draft, bool named,
    size_t before, struct conf_errors *errors)
{
	const struct conf_place place = { draft->file, 0, errors };
	struct server *server = draft->server;

	draft->server = NULL;
	definition_check(server, &place);
	if (errors->count == before) {
		draft->server = server;
		proof_run(draft, errors);
	}
	definition_end(draft);
	if (draft->failed || (server->by_name_only && !named)) {
		draft->failed |= !list_add(&catalogue->left_out, server->name);
		server_free(server);
		return !draft->failed;
	}
	return add_server(catalogue, server);
}

static struct server *find_server(const struct catalogue *catalogue, const char *name)
{
	struct server *server = catalogue->servers;

	while (server != NULL && strcmp(server->name, name) != 0)
		server = server->next;
	return server;
}

bool catalogue_add_tag(
    struct catalogue *catalogue, const char *name, const char *tag, const struct conf_place *place)
{
	struct server *server = find_server(catalogue, name);

	if (server == NULL)
		return false;
	if (!tag_is(tag))
		conf_error(
		    place, "tags: '%s', expected the name of a program, */NAME or NAME-*", tag);
	else if (!list_has(server->tags, tag, strlen(tag)) &&
		 (!list_add(&server->tags, tag) || !add_tag(catalogue, tag, server)))
		conf_error(
		    place, "tags: out of memory, or too many servers with the tag '%s'", tag);
	return true;
}

bool catalogue_set_elements(
    struct catalogue *catalogue, const char *elements, const struct conf_place *place)
{
	bool any = false;

	for (struct server *server = catalogue->servers; server != NULL; server = server->next) {
		if (server->elements == NULL)
			continue;
		any = true;
		server_set_elements(server, elements, place);
	}
	return any;
}

static void remove_server(struct catalogue *catalogue, struct server *server)
{
	struct server **at = &catalogue->servers;
	struct tag *tag, *next;
	size_t i, n;

	forget_found(catalogue);
	HASH_ITER(hh, catalogue->tags, tag, next)
	{
		for (i = n = 0; i < CATALOGUE_SHARED; i++) {
			if (tag->servers[i] != server)
				tag->servers[n++] = tag->servers[i];
		}
		while (n < CATALOGUE_SHARED)
			tag->servers[n++] = NULL;
		if (tag->servers[0] == NULL) {
			HASH_DEL(catalogue->tags, tag);
			tag_free(tag);
		}
	}
	while (*at != server)
		at = &(*at)->next;
	*at = server->next;
	server_free(server);
}

void catalogue_remove(struct catalogue *catalogue, const char *name)
{
	struct server *server = find_server(catalogue, name);

	if (server != NULL)
		remove_server(catalogue, server);
}

/* A definition that takes the place of another one reads the same lines with
 * less care: both would believe what the careful one does not.  So the two
 * cannot both be of NAMES, and beside one that is, or beside the careful one,
 * the other is left out. */
bool catalogue_settle(
    struct catalogue *catalogue, char *const *names, const struct conf_place *place)
{
	struct server *server = catalogue->servers, *other, *out;
	bool named, other_named;

	while (server != NULL) {
		other =
		    server->instead_of != NULL ? find_server(catalogue, server->instead_of) : NULL;
		out = NULL;
		if (other != NULL && other != server) {
			named = list_has(names, server->name, strlen(server->name));
			other_named = list_has(names, other->name, strlen(other->name));
			if (named && other_named)
				conf_error(place,
				    "servers: '%s' takes the place of '%s', expected one of them",
				    server->name, other->name);
			out = named ? other : server;
			if (!list_add(&catalogue->left_out, out->name))
				return false;
		}
		server = server->next == out && out != NULL ? out->next : server->next;
		if (out != NULL)
			remove_server(catalogue, out);
	}
	return true;
}

struct catalogue *catalogue_load_text(
    const char *file, const char *text, struct conf_errors *errors)
{
	struct catalogue *catalogue = catalogue_new();
	struct definition_draft draft;
	size_t before = errors->count;

	if (catalogue != NULL && definition_begin(&draft, file, file)) {
		conf_read_text(file, text, errors, definition_entry, &draft);
		if (catalogue_take(catalogue, &draft, true, before, errors) &&
		    errors->count == before)
			return catalogue;
	}
	catalogue_free(catalogue);
	return NULL;
}
