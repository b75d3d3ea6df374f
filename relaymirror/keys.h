/* SPDX-License-Identifier: BSD-2-Clause
 *
 * keys.h - what the engine keeps of ours
 *
 * The braces keep all of it in one slot of a cluster.
 */
#ifndef RELAYMIRROR_KEYS_H
#define RELAYMIRROR_KEYS_H

#define KEY_EPOCH "{relayers}:epoch" /* a random word, of this past */
#define KEY_LOGINS "{relayers}:z" /* a sorted set: address, and when it last logged in */
#define KEY_LOG "{relayers}:log" /* a stream: the same, as it happens */
#define KEY_ORDERS "{relayers}:gonelog" /* a stream: what administrators deleted and added */

/* Seconds that the streams go back.  A reader who is further behind takes the
 * sorted set; orders outlive the longest window. */
#define KEPT_LOG 3600
#define KEPT_ORDERS (26 * 3600)

#endif
