/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mdbstate.h - what tells two states of an LMDB file apart
 */
#ifndef RELAYDB_MDBSTATE_H
#define RELAYDB_MDBSTATE_H

#define PAGES_META_SIZE 256 /* what of a meta page says anything, and more */

/* What tells two states of a file apart for those who keep LMDB's rules: both
 * meta pages, with their transaction numbers. */
struct pages_state {
	unsigned char meta[2][PAGES_META_SIZE];
};

#endif
