/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_mailbox.c - any bytes as a sender or recipient: there are readings, each
 * ends within its place, no two are the same, and one that is written behind
 * anything that ends a piece is among them, or there are too many
 *
 * Input: a string, that ends at a NUL or with the input.
 */
#include "rules_int.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has(const struct mailbox *mailbox, const char *reading)
{
	for (size_t i = 0; i < mailbox->count; i++) {
		if (strcmp(mailbox->reading[i], reading) == 0)
			return true;
	}
	return false;
}

static void check(const struct mailbox *mailbox)
{
	const char *end = mailbox->text + sizeof mailbox->text;

	if (mailbox->count == 0 || mailbox->count > MAILBOX_READINGS_MAX)
		abort();
	if (!mailbox->odd && (mailbox->count != 1 || mailbox->overfull))
		abort();
	for (size_t i = 0; i < mailbox->count; i++) {
		const char *reading = mailbox->reading[i];

		if (reading >= mailbox->text && reading < end &&
		    memchr(reading, '\0', (size_t)(end - reading)) == NULL)
			abort();
		for (size_t j = 0; j < i; j++) {
			if (strcmp(mailbox->reading[j], reading) == 0)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char tail[] = "<bob@example.com>";
	struct mailbox *mailbox = malloc(sizeof *mailbox);
	char *text = malloc(size + sizeof tail);

	if (mailbox == NULL || text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	mailbox_read(mailbox, text);
	check(mailbox);
	/* nothing is open in which this would be hidden */
	if (strpbrk(text, "()[]\"\\") == NULL) {
		strcat(text, tail);
		mailbox_read(mailbox, text);
		check(mailbox);
		if (!has(mailbox, "bob@example.com") && !mailbox->overfull)
			abort();
	}
	free(text);
	free(mailbox);
	return 0;
}
