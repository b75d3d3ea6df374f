/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tarpit.c - how long an answer is kept back, see tarpit.h
 */
#include "tarpit.h"

int64_t tarpit_ms(const struct tarpit *tarpit, uint32_t number, int64_t base_ms, int64_t most_ms)
{
	int64_t beyond = (int64_t)number - tarpit->after;

	if (base_ms >= most_ms)
		return most_ms;
	if (tarpit->after == 0 || tarpit->step_ms <= 0 || beyond <= 0)
		return base_ms;
	if (beyond >= (most_ms - base_ms) / tarpit->step_ms + 1)
		return most_ms;
	return base_ms + beyond * tarpit->step_ms;
}

bool pauses_begin(struct pauses *pauses)
{
	if (pauses->now >= pauses->most) {
		pauses->skipped++;
		return false;
	}
	pauses->now++;
	pauses->begun++;
	return true;
}

void pauses_end(struct pauses *pauses)
{
	if (pauses->now > 0)
		pauses->now--;
}
