/* SPDX-License-Identifier: BSD-2-Clause
 *
 * seam.h - is a message two, one written behind the torn beginning of another?
 *
 * A syslog daemon whose disk fills up leaves the beginning of a line without
 * its end, and writes the next line behind it when there is room again; so does
 * a power cut.  An expression that finds the address in one and the success in
 * the other would let in who has failed.  Pure.
 */
#ifndef POPWATCH_SEAM_H
#define POPWATCH_SEAM_H

#include <stdbool.h>

#include "span.h"

/* Does MESSAGE hold a stamp as a line begins with, of any layout of layout.h?
 * No server writes one into the lines of its clients; a client who names
 * himself so doubts his own. */
bool seam_in(struct span message);

#endif
