/* SPDX-License-Identifier: BSD-2-Clause
 *
 * milterout.c - what the filter sends to the MTA: answers and changes, see
 * milter.h
 */
#include "milter_int.h"

#include "reply.h"

#include <arpa/inet.h>
#include <string.h>

#define REPLY_MAX 900 /* sendmail takes 980 */

void milter_put(struct milter *milter, const void *data, size_t size)
{
	if (!bytes_add(&milter->out, data, size))
		milter->no_memory = true;
}

void milter_put_number(struct milter *milter, uint32_t number)
{
	uint32_t wire = htonl(number);

	milter_put(milter, &wire, sizeof wire);
}

void milter_put_head(struct milter *milter, char command, size_t size)
{
	milter_put_number(milter, (uint32_t)size + 1);
	milter_put(milter, &command, 1);
}

void milter_continue(struct milter *milter)
{
	if (!milter->waits)
		return;
	milter->waits = false;
	milter_put_head(milter, REPLY_CONTINUE, 0);
}

void milter_reply(struct milter *milter, const char *reply)
{
	char text[REPLY_MAX + 3];
	size_t size = 0;

	if (!milter->waits)
		return;
	milter->waits = false;
	if (!reply_refuses(reply))
		reply = "451 4.3.0 the filter has no reply to give";
	for (; *reply != '\0' && size < REPLY_MAX; reply++) {
		text[size++] = reply_byte(*reply);
		/* sendmail drops the whole text at a single % */
		if (*reply == '%')
			text[size++] = '%';
	}
	text[size++] = '\0';
	milter_put_head(milter, REPLY_TEXT, size);
	milter_put(milter, text, size);
}

void milter_insert(struct milter *milter, const char *name, const char *value)
{
	size_t name_size = strlen(name) + 1, value_size = strlen(value) + 1;

	if (!milter->waits || !milter_changes(milter))
		return;
	milter_put_head(milter, REPLY_INSERT, 4 + name_size + value_size);
	milter_put_number(milter, 0);
	milter_put(milter, name, name_size);
	milter_put(milter, value, value_size);
}

void milter_remove(struct milter *milter, const char *name, uint32_t n)
{
	size_t name_size = strlen(name) + 1;

	if (!milter->waits || !milter_changes(milter))
		return;
	milter_put_head(milter, REPLY_CHANGE, 4 + name_size + 1);
	milter_put_number(milter, n);
	milter_put(milter, name, name_size);
	milter_put(milter, "", 1);
}

const char *milter_output(const struct milter *milter, size_t *size)
{
	*size = milter->out.size;
	return milter->out.data;
}

void milter_sent(struct milter *milter, size_t size)
{
	bytes_take(&milter->out, size);
}

bool milter_changes(const struct milter *milter)
{
	const uint32_t both = ACTION_ADD_HEADERS | ACTION_CHANGE_HEADERS;

	return (milter->actions & both) == both;
}
