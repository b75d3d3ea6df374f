/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrortry.h - relaymirror -n: can the engine be used?
 */
#ifndef RELAYMIRROR_MIRRORTRY_H
#define RELAYMIRROR_MIRRORTRY_H

#include "mirrorconf.h"

/* Reaches the engine, and logs what is wrong with its policy, version, users
 * and clock.  Changes nothing there.  Returns a status of sysexits(3):
 * EX_UNAVAILABLE if it cannot be reached, EX_CONFIG if something is wrong. */
int mirrortry_run(const struct mirrorconf *conf);

#endif
