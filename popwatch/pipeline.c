/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pipeline.c - from a line to what it means, see pipeline.h
 */
#include <string.h>

#include "pipeline.h"

/* Does the logger of one of the servers cut a message of this size? */
static bool is_cut(struct server *const *servers, size_t size)
{
	for (; *servers != NULL; servers++) {
		if ((*servers)->cut != 0 && size >= (*servers)->cut)
			return true;
	}
	return false;
}

/* One server's reading of a message.  Returns true if it knows what the message means, and nobody else needs to. */
static bool read_message(struct pipeline *pipeline, struct server *server, const struct header *header, int64_t when)
{
	struct captures captures;
	uint64_t stopped = server->tally.stopped, doubted = server->tally.doubted;
	struct event event = { .server = server, .header = header, .captures = &captures, .when = when };

	event.role = server_read(server, header->message, &captures);
	if (server->tally.stopped != stopped && pipeline->suspect != NULL)
		pipeline->suspect("an expression reached the match limit at a line", header, pipeline->arg);
	if (server->tally.doubted != doubted && pipeline->suspect != NULL)
		pipeline->suspect("a login with a word twice that the server writes once is not believed", header, pipeline->arg);
	if (event.role == ROLE_NONE)
		return false;
	sessions_take(pipeline->sessions, &event);
	pipeline->take(&event, pipeline->arg);
	/* a start ends the connections of every definition that shares it */
	return event.role != ROLE_START;
}

/* None of the SERVERS knows what the message means. */
static void tell_miss(struct pipeline *pipeline, struct server *const *servers, const struct header *header)
{
	for (; pipeline->miss != NULL && *servers != NULL; servers++) {
		if (header->message.size <= (*servers)->longest)
			pipeline->miss(*servers, header, pipeline->arg);
	}
}

/* What a message means to the SERVERS of its tag: the first one that knows has it. */
static void take_message(struct pipeline *pipeline, struct server *const *servers, const char *source,
    const struct header *header, int64_t when, bool (*admit)(const struct server *server, void *arg), void *arg)
{
	struct server *const *all = servers;
	bool doubted = doubts_take(pipeline->doubts, source, header, when, is_cut(servers, header->message.size));

	if (doubted) {
		pipeline->tally.doubted++;
		if (pipeline->suspect != NULL)
			pipeline->suspect("a line that follows a cut one is not believed", header, pipeline->arg);
	}
	for (; *servers != NULL; servers++) {
		if (admit != NULL && !admit(*servers, arg))
			continue;
		if (doubted || header->message.size > (*servers)->longest) {
			(*servers)->tally.lines++;
			(*servers)->tally.doubted++;
		} else if (read_message(pipeline, *servers, header, when))
			return;
	}
	if (!doubted)
		tell_miss(pipeline, all, header);
}

void pipeline_entry(struct pipeline *pipeline, const char *source, const struct header *header, int64_t when,
    bool (*admit)(const struct server *server, void *arg), void *arg)
{
	struct server *const *servers = catalogue_find(pipeline->catalogue, header->tag);

	pipeline->tally.lines++;
	if (servers == NULL)
		pipeline->tally.stranger++;
	else
		take_message(pipeline, servers, source, header, when, admit, arg);
}

/* The time of a line; false if its stamp is none. */
static bool line_time(
    struct pipeline *pipeline, const struct line *line, const struct header *header, int64_t now, int64_t *when)
{
	if (header->kind == STAMP_BSD && line->latest != 0 && line->latest < now)
		now = line->latest;
	return header_time(header, now, &pipeline->memo, when);
}

/* A line without its end: nothing in it counts, but what follows it may be its rest. */
static void take_broken(struct pipeline *pipeline, const struct line *line, int64_t now)
{
	struct header header;
	struct server *const *servers;
	int64_t when;

	pipeline->tally.broken++;
	if (!header_parse(line->formats, line->text, line->size, &header))
		return;
	if ((servers = catalogue_find(pipeline->catalogue, header.tag)) == NULL)
		return;
	if (!line_time(pipeline, line, &header, now, &when))
		when = now;
	doubts_take(pipeline->doubts, line->source, &header, when, is_cut(servers, header.message.size));
}

void pipeline_line(struct pipeline *pipeline, const struct line *line, int64_t now)
{
	struct server *const *servers;
	struct header header;
	int64_t when;

	pipeline->tally.lines++;
	if (line->cut) {
		take_broken(pipeline, line, now);
		return;
	}
	if (!header_parse(line->formats, line->text, line->size, &header)) {
		pipeline->tally.headless++;
		return;
	}
	if ((servers = catalogue_find(pipeline->catalogue, header.tag)) == NULL) {
		pipeline->tally.stranger++;
		return;
	}
	if (memchr(line->text, '\0', line->size) != NULL) {
		take_broken(pipeline, line, now);
		return;
	}
	if (!line_time(pipeline, line, &header, now, &when)) {
		pipeline->tally.timeless++;
		if (!pipeline->any_time)
			return;
		when = 0;
	}
	take_message(pipeline, servers, line->source, &header, when, NULL, NULL);
}
