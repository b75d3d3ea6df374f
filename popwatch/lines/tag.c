/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tag.c - the program's name in a line, and families of such names, see tag.h
 */
#include "tag.h"

#include <string.h>

#include "list.h"

size_t tag_family(struct span tag, char family[TAG_MAX])
{
	const char *slash, *hyphen;
	size_t size;

	if (tag.size == 0 || tag.size > TAG_MAX - 2)
		return 0;
	slash = memrchr(tag.text, '/', tag.size);
	if (slash != NULL) {
		size = tag.size - (size_t)(slash - tag.text);
		family[0] = '*';
		memcpy(family + 1, slash, size);
		return size + 1;
	}
	hyphen = memchr(tag.text, '-', tag.size);
	if (hyphen == NULL)
		return 0;
	size = (size_t)(hyphen - tag.text) + 1;
	memcpy(family, tag.text, size);
	family[size] = '*';
	return size + 1;
}

bool tag_listed(char *const *tags, struct span tag)
{
	char family[TAG_MAX];
	size_t size = tag_family(tag, family);

	return list_has(tags, tag.text, tag.size) || (size > 0 && list_has(tags, family, size));
}

bool tag_is(const char *text)
{
	const char *star = strchr(text, '*');

	if (*text == '\0' || strlen(text) > TAG_MAX - 2 || strpbrk(text, ":[ ") != NULL)
		return false;
	if (star == NULL)
		return true;
	if (star == text)
		return text[1] == '/' && text[2] != '\0' && strpbrk(text + 2, "*/") == NULL;
	return star[1] == '\0' && star > text + 1 && star - 1 == strchr(text, '-') &&
	       strchr(text, '/') == NULL;
}
