/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reply.c - the form of a refusal, see reply.h
 */
#include "reply.h"

bool reply_refuses(const char *text)
{
	return (text[0] == '4' || text[0] == '5') && text[1] >= '0' && text[1] <= '5' &&
	       text[2] >= '0' && text[2] <= '9' && text[3] == ' ';
}

char reply_byte(char byte)
{
	return byte >= ' ' && byte <= '~' ? byte : '?';
}
