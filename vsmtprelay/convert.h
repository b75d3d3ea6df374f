/* SPDX-License-Identifier: BSD-2-Clause
 *
 * convert.h - a database becomes one of another form
 */
#ifndef VSMTPRELAY_CONVERT_H
#define VSMTPRELAY_CONVERT_H

#include "command.h"

/* The command: every row of the first database replaces what is in the
 * second, all or nothing.  The suffix of each decides its form.  Each is
 * opened as its owner (owner.h).  The database of the command line, NONE, is
 * not used. */
int cmd_convert(struct relaydb *none, const struct call *call);

#endif
