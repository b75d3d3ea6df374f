/* SPDX-License-Identifier: BSD-2-Clause
 *
 * year.c - where in a log a year has passed, see year.h
 */
#include "year.h"

#include <string.h>

/* Most lines have the day of the line before, and need no reading. */
static void remember_day(struct year_turns *turns, const struct header *header, const char *line)
{
	static const size_t sizes[] = {
		[STAMP_BSD] = sizeof "Nov 20" - 1, [STAMP_ISO] = sizeof "2026-11-20" - 1
	};
	size_t size =
	    header->kind == STAMP_BSD || header->kind == STAMP_ISO ? sizes[header->kind] : 0;

	turns->size = 0;
	if (size == 0 || (size_t)(header->stamp.text - line) + size > sizeof turns->date)
		return;
	turns->size = (size_t)(header->stamp.text - line) + size;
	memcpy(turns->date, line, turns->size);
}

bool year_turned(
    struct year_turns *turns, unsigned formats, const char *line, size_t size, int64_t clock)
{
	struct header header;
	int64_t when, before = turns->when;

	if (turns->size > 0 && size >= turns->size && memcmp(line, turns->date, turns->size) == 0)
		return false;
	if (!layout_parse(formats, line, size, &header) ||
	    !stamp_time(&header, clock, &turns->memo, &when))
		return false;
	remember_day(turns, &header, line);
	turns->when = when;
	return before != 0 && when < before - YEAR_TURN;
}
