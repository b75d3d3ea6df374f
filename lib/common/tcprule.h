/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tcprule.h - the administrator's rules in the language of tcprules(1)
 *
 * Owns what a line means and which rule an address falls under.
 */
#ifndef RELAYERS_TCPRULE_H
#define RELAYERS_TCPRULE_H

#include <stdbool.h>
#include <stddef.h>

enum tcprules_code {
	TCPRULES_OK,
	TCPRULES_NORULES, /* the file of rules cannot be read */
	TCPRULES_BADRULES, /* a line is no rule */
	TCPRULES_BUSY, /* another process is writing the cdb */
	TCPRULES_FAILED /* a system call failed, or memory is short */
};

#define TCPRULES_WHY 512

/* As tcpserver has it: an address, and what it does: "D" for deny,
 * "+NAME=VALUE" for each variable, each with a NUL behind it. */
struct tcprule {
	char *key, *data;
	size_t key_size, data_size;
	size_t order;
};

#define TCPRULE_RELAY "+RELAYCLIENT="

/* By key, of equal ones in the order of the file. */
struct tcprule_table {
	struct tcprule *rule;
	size_t count, room;
};

/* Reads the file PATH into an empty table, which tcprule_free() frees in any
 * case.  Returns TCPRULES_OK, or NORULES, BADRULES with a sentence in WHY. */
enum tcprules_code tcprule_read(
    struct tcprule_table *table, const char *path, char why[TCPRULES_WHY]);
void tcprule_free(struct tcprule_table *table);

/* The rule of KEY that tcpserver finds, or NULL. */
const struct tcprule *tcprule_first(
    const struct tcprule_table *table, const char *key, size_t size);

/* The rule that it finds for an IPv4 address of unknown name: that of
 * "1.2.3.4", "1.2.3.", "1.2.", "1.", or "". */
const struct tcprule *tcprule_of(const struct tcprule_table *table, const char *address);

/* Does it deny, or let relay by itself? */
bool tcprule_decides(const struct tcprule *rule);

#endif
