/* SPDX-License-Identifier: BSD-2-Clause
 *
 * catalogue.h - the POP and IMAP servers we know
 *
 * Owns: the definitions that count, and the way from a tag to those that have
 * it.  Pure: files are read by definitions.h.  Leaves to others: what to do
 * about a line.
 */
#ifndef POPWATCH_CATALOGUE_H
#define POPWATCH_CATALOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "draft.h"

struct catalogue;

/* An empty one.  Returns NULL without memory. */
struct catalogue *catalogue_new(void);

/* Checks and proves the definition of DRAFT, which was read when ERRORS had
 * counted BEFORE, and takes it in.  One that counts by its name alone is left
 * out unless it was NAMED.  The draft is used up.  Returns false without
 * memory, or with too many definitions of one tag; ERRORS says whether the
 * definition is right. */
bool catalogue_take(struct catalogue *catalogue, struct definition_draft *draft, bool named,
    size_t before, struct conf_errors *errors);

/* Leaves out what another definition takes the place of, see instead-of in
 * relayers-servers(5); two of NAMES that cannot both be are complained about at
 * PLACE.  Returns false without memory. */
bool catalogue_settle(
    struct catalogue *catalogue, char *const *names, const struct conf_place *place);

/* Lines with TAG, or with one of that family, are NAME's too.  Errors are
 * reported to PLACE's.  Returns false if there is no definition NAME. */
bool catalogue_add_tag(
    struct catalogue *catalogue, const char *name, const char *tag, const struct conf_place *place);

/* Every definition that has elements has ELEMENTS, see elements.h.  Errors are
 * reported to PLACE's.  Returns false if none has them. */
bool catalogue_set_elements(
    struct catalogue *catalogue, const char *elements, const struct conf_place *place);

/* Takes the definition NAME out, if there is one. */
void catalogue_remove(struct catalogue *catalogue, const char *name);

/* Frees it with its definitions; a NULL is fine. */
void catalogue_free(struct catalogue *catalogue);

/* The first definition, in the order of names; the others are behind its NEXT.
 * NULL for an empty catalogue. */
struct definition *catalogue_first(const struct catalogue *catalogue);

/* Has one of its definitions a rule for the journal? */
bool catalogue_has_journal(const struct catalogue *catalogue);

/* The names of the definitions that "all" has left out: a list, see list.h. */
char *const *catalogue_left_out(const struct catalogue *catalogue);

/* The definitions that have TAG, at most CATALOGUE_SHARED, NULL after the last.
 * Returns NULL if there is none. */
#define CATALOGUE_SHARED 8
struct definition *const *catalogue_find(const struct catalogue *catalogue, struct span tag);

/* A catalogue of one definition, given as TEXT instead of a file; FILE is its
 * name.  For tests.  Returns NULL after complaints. */
struct catalogue *catalogue_load_text(
    const char *file, const char *text, struct conf_errors *errors);

#endif
