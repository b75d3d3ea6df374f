/* SPDX-License-Identifier: BSD-2-Clause
 *
 * continuity.c - does what is read next follow on what was read last, see
 * continuity.h
 */
#include "continuity.h"

#include <string.h>

static enum continuity check_stream(const struct streamid *at, const struct stream_facts *facts)
{
	static const struct streamid none = { 0, 0 };

	if (streamid_compare(at, &facts->last) == 0)
		return CONTINUITY_KEPT;
	if (streamid_compare(at, &facts->last) > 0)
		return CONTINUITY_NEW_ENGINE;
	/* something is new; is it all that came since? It is if the entry read
	 * last, or one before it, is still there. From the very beginning there
	 * is nothing to hold on to. */
	if (streamid_compare(&facts->first, &none) == 0 || streamid_compare(&facts->first, at) > 0)
		return CONTINUITY_GAP;
	return CONTINUITY_KEPT;
}

enum continuity continuity_check(const struct position *position, const struct engine_facts *facts)
{
	enum continuity log, orders;

	if (strcmp(position->identity, facts->identity) != 0)
		return CONTINUITY_NEW_ENGINE;
	log = check_stream(&position->log, &facts->log);
	orders = check_stream(&position->orders, &facts->orders);
	return log > orders ? log : orders;
}
