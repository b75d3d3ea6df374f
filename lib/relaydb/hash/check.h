/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check.h - everything that makes an MTA refuse, ignore or misread the hash
 */
#ifndef RELAYDB_CHECK_H
#define RELAYDB_CHECK_H

#include "handle.h"

/* As relaydb_check(). */
int hash_check(struct relaydb *db, int64_t now,
    void (*each)(const struct relaydb_finding *finding, void *arg), void *arg);

#endif
