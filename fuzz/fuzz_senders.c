/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_senders.c - any bytes as vnewspammers' list: refused lines by their
 * numbers, or senders in order and in lower case that are taken again as they
 * are written
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "senders.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct refused {
	size_t last; /* line */
	size_t lines; /* of the list */
	int count;
};

static void refuse(size_t line, const char *entry, const char *why, void *arg)
{
	struct refused *refused = arg;

	if (line <= refused->last || line > refused->lines || *why == '\0' ||
	    strchr(entry, '\n') != NULL)
		abort();
	refused->last = line;
	refused->count++;
}

/* The list in a piece of memory of its own, with the NUL that senders_parse()
 * demands. */
static char *list_of(const void *data, size_t size, struct refused *refused)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	*refused = (struct refused){ .lines = 1 };
	for (size_t i = 0; i < size; i++)
		refused->lines += text[i] == '\n';
	return text;
}

static void check_order(const struct senders *senders)
{
	for (size_t i = 0; i < senders->count; i++) {
		if (i > 0 && strcmp(senders->sender[i - 1], senders->sender[i]) >= 0)
			abort();
		for (const char *p = senders->sender[i]; *p != '\0'; p++) {
			if (!isgraph((unsigned char)*p) || isupper((unsigned char)*p))
				abort();
		}
	}
}

/* One sender a line, without what senders_print() puts behind them for
 * makemap. */
static char *written(const struct senders *senders, size_t *size)
{
	char *text;
	FILE *out = open_memstream(&text, size);

	if (out == NULL)
		abort();
	for (size_t i = 0; i < senders->count; i++)
		fprintf(out, "%s\n", senders->sender[i]);
	if (fclose(out) != 0)
		abort();
	return text;
}

static void take_again(const struct senders *senders)
{
	struct senders again;
	struct refused refused;
	size_t size;
	char *text = written(senders, &size), *copy = list_of(text, size, &refused);

	if (senders_parse(copy, size, &again, refuse, &refused) != 0 ||
	    again.count != senders->count)
		abort();
	for (size_t i = 0; i < again.count; i++) {
		if (strcmp(again.sender[i], senders->sender[i]) != 0)
			abort();
	}
	senders_free(&again);
	free(copy);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct senders senders;
	struct refused refused;
	char *text = list_of(data, size, &refused);

	if (senders_parse(text, size, &senders, refuse, &refused) != refused.count)
		abort();
	if (refused.count == 0) {
		check_order(&senders);
		take_again(&senders);
		senders_free(&senders);
	}
	free(text);
	return 0;
}
