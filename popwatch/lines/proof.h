/* SPDX-License-Identifier: BSD-2-Clause
 *
 * proof.h - a definition must read its own samples as it says
 *
 * An expression decides who may relay.  So each definition comes with lines
 * that must match and lines that must not, and is refused like an error of
 * syntax if one of them means something else.
 */
#ifndef POPWATCH_PROOF_H
#define POPWATCH_PROOF_H

#include "conf.h"
#include "draft.h"

/* Reads the samples of DRAFT, whose definition was checked, in their order, and
 * complains about each that fails.  Counters are zero afterwards.  Sets
 * DRAFT->failed without memory. */
void proof_run(struct definition_draft *draft, struct conf_errors *errors);

#endif
