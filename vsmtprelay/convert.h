/* SPDX-License-Identifier: BSD-2-Clause
 *
 * convert.h - a database becomes one of another form
 */
#ifndef VSMTPRELAY_CONVERT_H
#define VSMTPRELAY_CONVERT_H

#include "relaydb.h"

/* The command: every row of the database ARG[0] replaces what is in ARG[1], all
 * or nothing.  The suffix of each decides its form.  Each is opened as its
 * owner (owner.h).  The database of the command line, NONE, is not used. */
int cmd_convert(struct relaydb *none, int n, char **arg);

#endif
