/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ignore.h - the setting `ignore': addresses that the suite leaves alone
 *
 * Owns: what the list means, the same in each program's configuration, and its
 * default.  Leaves to the caller: where the list is kept, and what ignoring is.
 */
#ifndef RELAYERS_IGNORE_H
#define RELAYERS_IGNORE_H

#include "conf.h"
#include "ipnet.h"

/* Behind a webmail or a proxy on the host itself they stand for everybody. */
#define IGNORE_DEFAULT "127.0.0.0/8 ::1"

/* Adds the addresses and networks of VALUE, with blanks or commas between them,
 * to SET.  The word "none" as the first of them empties SET before; anywhere
 * else it is an error, since it would drop what its author has just named.
 * Each error is logged with PLACE, and what is right is taken. */
void ignore_take(struct netset *set, const char *value, const struct conf_place *place);

#endif
