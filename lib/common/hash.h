/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hash.h - FNV-1a with 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/)
 *
 * For telling short texts apart, and for spreading them over slots.  It has no
 * key: anyone who chooses the text can choose its hash, so nothing that matters
 * may depend on two texts having different ones.
 */
#ifndef RELAYERS_HASH_H
#define RELAYERS_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The hash of SIZE bytes. */
static inline uint64_t hash_fnv1a(const void *bytes, size_t size)
{
	const unsigned char *p = bytes;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
