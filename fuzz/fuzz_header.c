/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_header.c - any bytes as a log line: the spans stay inside it, the time
 * is never later than now
 */
#include <stdint.h>
#include <stdlib.h>

#include "layout.h"
#include "stamp.h"

#define NOW INT64_C(1795175258)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const char *line, size_t size, struct span span)
{
	/* the tag of some layouts is text of our own */
	if (span.text >= line && span.text <= line + size &&
	    span.size > (size_t)(line + size - span.text))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned formats[] = { FORMAT_SYSLOG, FORMAT_NOHOST, FORMAT_DOVECOT,
		FORMAT_COURIER, FORMAT_ZIMBRA, FORMAT_ANY };
	const char *line = (const char *)data;
	struct stamp_memo memo = { .size = 0 }, fresh;
	struct header h;
	int64_t when, again;

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (!layout_parse(formats[i], line, size, &h))
			continue;
		inside(line, size, h.stamp);
		inside(line, size, h.host);
		inside(line, size, h.tag);
		inside(line, size, h.pid);
		inside(line, size, h.message);
		fresh = (struct stamp_memo){ .size = 0 };
		if (!stamp_time(&h, NOW, &memo, &when))
			continue;
		/* and what is remembered changes nothing */
		if (when > NOW || !stamp_time(&h, NOW, &fresh, &again) || again != when)
			abort();
	}
	layout_parse_tag(line, size, &h);
	return 0;
}
