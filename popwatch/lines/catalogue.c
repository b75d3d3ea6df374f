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
	struct definition *definitions[CATALOGUE_SHARED + 1];
	UT_hash_handle hh;
};

#define FOUND 64
#define FOUND_TAG_MAX 24 /* longer ones are looked for each time */

/* What was found for a tag, or that nothing was: a log has the same few again
 * and again. */
struct found {
	char tag[FOUND_TAG_MAX];
	size_t size; /* 0: of no tag yet */
	struct definition *const *definitions;
};

struct catalogue {
	struct definition *definitions;
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

static bool add_tag(struct catalogue *catalogue, const char *name, struct definition *definition)
{
	struct tag *tag;

	forget_found(catalogue);
	HASH_FIND_STR(catalogue->tags, name, tag);
	if (tag == NULL)
		tag = new_tag(catalogue, name);
	for (size_t i = 0; tag != NULL && i < CATALOGUE_SHARED; i++) {
		if (tag->definitions[i] == NULL || tag->definitions[i] == definition) {
			tag->definitions[i] = definition;
			return true;
		}
	}
	return false;
}

/* Takes the server in, whatever comes of it. */
static bool add_definition(struct catalogue *catalogue, struct definition *definition)
{
	struct definition **at = &catalogue->definitions;
	char *const *tag;

	while (*at != NULL && strcmp((*at)->name, definition->name) < 0)
		at = &(*at)->next;
	definition->next = *at;
	*at = definition;
	for (tag = definition->tags; tag != NULL && *tag != NULL; tag++) {
		if (!add_tag(catalogue, *tag, definition))
			return false;
	}
	return true;
}

static struct definition *const *find_tag(const struct catalogue *catalogue, struct span tag)
{
	struct tag *found;
	char family[TAG_MAX];
	size_t size;

	HASH_FIND(hh, catalogue->tags, tag.text, tag.size, found);
	if (found == NULL) {
		size = tag_family(tag, family);
		HASH_FIND(hh, catalogue->tags, family, size, found);
	}
	return found != NULL ? found->definitions : NULL;
}

struct definition *const *catalogue_find(const struct catalogue *catalogue, struct span tag)
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
		found->definitions = find_tag(catalogue, tag);
	}
	return found->definitions;
}

struct definition *catalogue_first(const struct catalogue *catalogue)
{
	return catalogue->definitions;
}

bool catalogue_has_journal(const struct catalogue *catalogue)
{
	for (const struct definition *definition = catalogue_first(catalogue); definition != NULL;
	     definition = definition->next) {
		if (definition->journal != NULL && *definition->journal != NULL)
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
	struct definition *definition, *next;

	if (catalogue == NULL)
		return;
	HASH_ITER(hh, catalogue->tags, tag, next_tag)
	{
		HASH_DEL(catalogue->tags, tag);
		tag_free(tag);
	}
	for (definition = catalogue->definitions; definition != NULL; definition = next) {
		next = definition->next;
		definition_free(definition);
	}
	list_free(catalogue->left_out);
	free(catalogue->found);
	free(catalogue);
}

bool catalogue_take(struct catalogue *catalogue, struct definition_draft *draft, bool named,
    size_t before, struct conf_errors *errors)
{
	const struct conf_place place = { draft->file, 0, errors };
	struct definition *definition = draft->definition;

	draft->definition = NULL;
	draft_check(definition, &place);
	if (errors->count == before) {
		draft->definition = definition;
		proof_run(draft, errors);
	}
	draft_end(draft);
	if (draft->failed || (definition->by_name_only && !named)) {
		draft->failed |= !list_add(&catalogue->left_out, definition->name);
		definition_free(definition);
		return !draft->failed;
	}
	return add_definition(catalogue, definition);
}

static struct definition *find_definition(const struct catalogue *catalogue, const char *name)
{
	struct definition *definition = catalogue->definitions;

	while (definition != NULL && strcmp(definition->name, name) != 0)
		definition = definition->next;
	return definition;
}

bool catalogue_add_tag(
    struct catalogue *catalogue, const char *name, const char *tag, const struct conf_place *place)
{
	struct definition *definition = find_definition(catalogue, name);

	if (definition == NULL)
		return false;
	if (!tag_is(tag))
		conf_error(
		    place, "tags: '%s', expected the name of a program, */NAME or NAME-*", tag);
	else if (!list_has(definition->tags, tag, strlen(tag)) &&
		 (!list_add(&definition->tags, tag) || !add_tag(catalogue, tag, definition)))
		conf_error(
		    place, "tags: out of memory, or too many servers with the tag '%s'", tag);
	return true;
}

bool catalogue_set_elements(
    struct catalogue *catalogue, const char *elements, const struct conf_place *place)
{
	bool any = false;

	for (struct definition *definition = catalogue->definitions; definition != NULL;
	     definition = definition->next) {
		if (definition->elements == NULL)
			continue;
		any = true;
		definition_set_elements(definition, elements, place);
	}
	return any;
}

static void remove_definition(struct catalogue *catalogue, struct definition *definition)
{
	struct definition **at = &catalogue->definitions;
	struct tag *tag, *next;
	size_t i, n;

	forget_found(catalogue);
	HASH_ITER(hh, catalogue->tags, tag, next)
	{
		for (i = n = 0; i < CATALOGUE_SHARED; i++) {
			if (tag->definitions[i] != definition)
				tag->definitions[n++] = tag->definitions[i];
		}
		while (n < CATALOGUE_SHARED)
			tag->definitions[n++] = NULL;
		if (tag->definitions[0] == NULL) {
			HASH_DEL(catalogue->tags, tag);
			tag_free(tag);
		}
	}
	while (*at != definition)
		at = &(*at)->next;
	*at = definition->next;
	definition_free(definition);
}

void catalogue_remove(struct catalogue *catalogue, const char *name)
{
	struct definition *definition = find_definition(catalogue, name);

	if (definition != NULL)
		remove_definition(catalogue, definition);
}

/* A definition that takes the place of another one reads the same lines with
 * less care: both would believe what the careful one does not.  So the two
 * cannot both be of NAMES, and beside one that is, or beside the careful one,
 * the other is left out. */
bool catalogue_settle(
    struct catalogue *catalogue, char *const *names, const struct conf_place *place)
{
	struct definition *definition = catalogue->definitions, *other, *out;
	bool named, other_named;

	while (definition != NULL) {
		other = definition->instead_of != NULL
			    ? find_definition(catalogue, definition->instead_of)
			    : NULL;
		out = NULL;
		if (other != NULL && other != definition) {
			named = list_has(names, definition->name, strlen(definition->name));
			other_named = list_has(names, other->name, strlen(other->name));
			if (named && other_named)
				conf_error(place,
				    "servers: '%s' takes the place of '%s', expected one of them",
				    definition->name, other->name);
			out = named ? other : definition;
			if (!list_add(&catalogue->left_out, out->name))
				return false;
		}
		definition = definition->next == out && out != NULL ? out->next : definition->next;
		if (out != NULL)
			remove_definition(catalogue, out);
	}
	return true;
}

struct catalogue *catalogue_load_text(
    const char *file, const char *text, struct conf_errors *errors)
{
	struct catalogue *catalogue = catalogue_new();
	struct definition_draft draft;
	size_t before = errors->count;

	if (catalogue != NULL && draft_begin(&draft, file, file)) {
		conf_read_text(file, text, errors, draft_entry, &draft);
		if (catalogue_take(catalogue, &draft, true, before, errors) &&
		    errors->count == before)
			return catalogue;
	}
	catalogue_free(catalogue);
	return NULL;
}
