/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_milter.c - any bytes from an MTA: no event before the last one was
 * answered, strings end, and what is sent back are whole packets
 *
 * Input: a byte that chooses headers and the size of the pieces, then the
 * bytes.
 */
#include "milter.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct milter *milter, const struct milter_event *event)
{
	size_t sum = event->text != NULL ? strlen(event->text) : 0;

	sum += event->value != NULL ? strlen(event->value) : 0;
	if (event->answer != milter_waits(milter))
		abort();
	if (!event->answer)
		return;
	if (milter_next(milter).kind != MILTER_NOTHING)
		abort();
	if (event->kind == MILTER_MESSAGE) {
		milter_remove(milter, "X", 1);
		milter_insert(milter, "X", "y");
	}
	if (sum % 2 == 0)
		milter_continue(milter);
	else
		milter_reply(milter, event->text != NULL ? event->text : "550 %");
	if (milter_waits(milter))
		abort();
}

static void check_output(struct milter *milter)
{
	size_t size;
	const char *data = milter_output(milter, &size);

	while (size > 0) {
		uint32_t length;

		if (size < 5)
			abort();
		memcpy(&length, data, 4);
		length = ntohl(length);
		if (length == 0 || length > size - 4 || strchr("Ocyim", data[4]) == NULL)
			abort();
		milter_sent(milter, length + 4);
		data = milter_output(milter, &size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct milter *milter;
	size_t step, at = 1;
	struct milter_event event = { .kind = MILTER_NOTHING };

	if (size == 0)
		return 0;
	milter = milter_new(data[0] & 1);
	if (milter == NULL)
		abort();
	step = (size_t)(data[0] >> 1) + 1;
	while (at < size && event.kind != MILTER_BROKEN) {
		size_t piece = size - at < step ? size - at : step;
		size_t taken = milter_input(milter, data + at, piece);

		at += taken;
		do {
			event = milter_next(milter);
			answer(milter, &event);
		} while (event.kind != MILTER_NOTHING && event.kind != MILTER_BROKEN);
		check_output(milter);
		if (taken == 0 && event.kind != MILTER_BROKEN)
			abort();
	}
	if (event.kind == MILTER_BROKEN && milter_error(milter) == NULL)
		abort();
	milter_macro(milter, "i");
	milter_free(milter);
	return 0;
}
