/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pipeline.c - from a line to what it means, see pipeline.h
 */
#include "pipeline.h"
#include "nearmiss.h"
#include "seam.h"

#include <string.h>

/* How a server takes a message. */
enum reading {
	READ_FULLY,
	READ_IF_CONNECTED, /* TRUNCATION_LATER: a login needs its connection in the log */
	READ_IF_PROVED, /* TRUNCATION_REST: a login needs what no rest can have */
	READ_DOUBTED /* it may end a session, and gives nothing */
};

/* A message, with what is known of its line. */
struct message {
	const char *source;
	const struct header *header;
	int64_t when;
};

static struct event event_of(
    const struct message *message, struct definition *definition, const struct captures *captures)
{
	return (struct event){ .definition = definition,
		.source = message->source,
		.header = message->header,
		.captures = captures,
		.when = message->when };
}

static void suspect(struct pipeline *pipeline, const char *what, const struct header *header)
{
	if (pipeline->suspect != NULL)
		pipeline->suspect(what, header, pipeline->arg);
}

static void report_stopped(struct pipeline *pipeline, const struct definition *definition,
    uint64_t stopped, const struct header *header)
{
	if (definition->tally.stopped != stopped)
		suspect(pipeline, "an expression reached the match limit at a line", header);
}

/* One server's reading of a message.  Returns true if it knows what the message
 * means, and nobody else needs to. */
static bool read_message(
    struct pipeline *pipeline, struct definition *definition, const struct message *message)
{
	const struct header *header = message->header;
	struct captures captures = { .ip = { NULL, 0 } };
	uint64_t stopped = definition->tally.stopped, doubted = definition->tally.doubted;
	struct event event = event_of(message, definition, &captures);

	event.role = definition_read(definition, header->message, &captures);
	report_stopped(pipeline, definition, stopped, header);
	if (definition->tally.doubted != doubted)
		suspect(pipeline,
		    "a login with a word twice that the server writes once is not believed",
		    header);
	if (event.role == ROLE_NONE)
		return false;
	sessions_take(pipeline->sessions, &event);
	pipeline->take(&event, pipeline->arg);
	/* a start ends the connections of every definition that shares it */
	return event.role != ROLE_START;
}

/* Is a login believed although its message may be a piece? */
static bool is_believed(struct pipeline *pipeline, struct event *event, enum reading reading)
{
	if (reading == READ_IF_PROVED)
		return event->captures->proof.text != NULL;
	return reading == READ_IF_CONNECTED && sessions_connected(pipeline->sessions, event);
}

/* The same for a message that may be a piece of another one.  Returns true if
 * it is believed all the same. */
static bool read_doubted(struct pipeline *pipeline, struct definition *definition,
    const struct message *message, enum reading reading)
{
	const struct header *header = message->header;
	struct captures captures = { .ip = { NULL, 0 } };
	uint64_t stopped = definition->tally.stopped;
	struct event event = event_of(message, definition, &captures);

	event.role = definition_read_doubted(definition, header->message, &captures);
	report_stopped(pipeline, definition, stopped, header);
	if (event.role == ROLE_NONE)
		return false;
	if (event.role == ROLE_CONNECT && definition->shared_logger) {
		/* it gives no address, only leave to doubt the login behind it
		 * less; and a client gets as much by connecting */
		sessions_take(pipeline->sessions, &event);
		return false;
	}
	if (event.role != ROLE_LOGIN || !is_believed(pipeline, &event, reading)) {
		sessions_take_doubted(pipeline->sessions, &event);
		return false;
	}
	/* definition_read_doubted() has counted it as doubted */
	definition->tally.doubted--;
	definition->tally.role[event.role]++;
	sessions_take(pipeline->sessions, &event);
	pipeline->take(&event, pipeline->arg);
	return true;
}

/* None of DEFINITIONS knows what the message means.  If it looks like a login,
 * that is a near miss of each of them. */
static void report_miss(
    struct pipeline *pipeline, struct definition *const *definitions, const struct header *header)
{
	size_t shown = header->message.size < MISSED_MAX ? header->message.size : MISSED_MAX - 1;

	if (!near_miss(header->message))
		return;
	for (; *definitions != NULL; definitions++) {
		if (header->message.size > (*definitions)->longest)
			continue;
		(*definitions)->tally.misses++;
		memcpy((*definitions)->missed, header->message.text, shown);
		(*definitions)->missed[shown] = '\0';
		if (pipeline->miss != NULL)
			pipeline->miss(*definitions, header, pipeline->arg);
	}
}

/* Who wrote this entry is not known to be one of the servers of DEFINITIONS. */
static void report_unproved(struct pipeline *pipeline, struct definition *const *definitions,
    const struct header *header, bool broken)
{
	if (pipeline->unproved == NULL || broken)
		return;
	for (; *definitions != NULL; definitions++) {
		if (header->message.size <= (*definitions)->longest &&
		    definition_read_unproved(*definitions, header->message))
			pipeline->unproved(*definitions, pipeline->arg);
	}
}

static bool admits(const struct definition *definition,
    bool (*admit)(const struct definition *definition, void *arg), void *arg)
{
	return admit == NULL || admit(definition, arg);
}

/* Does a line of a FILE have a process id, though its server writes none?  In
 * the journal every entry has one. */
static bool is_strange(const struct definition *definition, const struct header *header, bool file)
{
	return file && definition->no_pid && header->pid.size > 0;
}

/* The worst that a message may be to any of DEFINITIONS that READS it: a client
 * that chooses a piece chooses for which of them, too. */
static enum truncation_verdict weigh(struct pipeline *pipeline,
    struct definition *const *definitions, const bool *reads, const struct message *message)
{
	enum truncation_verdict verdict = TRUNCATION_NONE, one;

	for (size_t i = 0; definitions[i] != NULL; i++) {
		one = reads[i] ? truncations_take(pipeline->truncations, definitions[i],
				     message->source, message->header, message->when)
			       : TRUNCATION_NONE;
		if (one > verdict)
			verdict = one;
	}
	return verdict;
}

static enum reading choose_reading(const struct definition *definition, const struct header *header,
    bool broken, enum truncation_verdict verdict)
{
	if (broken || header->message.size > definition->longest)
		return READ_DOUBTED;
	if (verdict == TRUNCATION_REST)
		return READ_IF_PROVED;
	return verdict == TRUNCATION_LATER ? READ_IF_CONNECTED : READ_FULLY;
}

/* What a message means to the DEFINITIONS of its tag: the first one that knows
 * has it.  Of a BROKEN one nothing is believed.  ADMIT says of a journal entry
 * which of them may believe it; it is NULL for a line of a file. */
static void take_message(struct pipeline *pipeline, struct definition *const *definitions,
    const struct message *message, bool broken,
    bool (*admit)(const struct definition *definition, void *arg), void *arg)
{
	const struct header *header = message->header;
	bool reads[CATALOGUE_SHARED] = { false }, known = false, any = false;
	enum truncation_verdict verdict;
	enum reading reading;

	for (size_t i = 0; definitions[i] != NULL; i++) {
		reads[i] = admits(definitions[i], admit, arg) &&
			   !is_strange(definitions[i], header, admit == NULL);
		/* definition_read() counts the lines that are read */
		if (!reads[i] && admit == NULL)
			definitions[i]->tally.lines++;
		any |= reads[i];
	}
	if (admit != NULL && !any) {
		report_unproved(pipeline, definitions, header, broken);
		return;
	}
	if (admit != NULL && pipeline->seen != NULL)
		pipeline->seen(NULL, header, pipeline->arg);
	verdict = weigh(pipeline, definitions, reads, message);
	for (size_t i = 0; definitions[i] != NULL && !known; i++) {
		reading = choose_reading(definitions[i], header, broken, verdict);
		if (!reads[i])
			continue;
		known = reading == READ_FULLY
			    ? read_message(pipeline, definitions[i], message)
			    : read_doubted(pipeline, definitions[i], message, reading);
	}
	if (known || broken)
		return;
	if (verdict == TRUNCATION_NONE) {
		report_miss(pipeline, definitions, header);
		return;
	}
	pipeline->tally.doubted++;
	suspect(pipeline, "a line that follows a cut one is not believed", header);
}

/* The definitions of a line's tag, or NULL. */
static struct definition *const *find_definitions(
    struct pipeline *pipeline, const struct line *line, const struct header *header)
{
	struct definition *const *definitions = catalogue_find(pipeline->catalogue, header->tag);

	if (definitions == NULL) {
		pipeline->tally.stranger++;
		if (pipeline->stranger != NULL)
			pipeline->stranger(header, pipeline->arg);
	} else if (line != NULL && pipeline->seen != NULL)
		pipeline->seen(line, header, pipeline->arg);
	return definitions;
}

void pipeline_entry(struct pipeline *pipeline, const char *source, const struct header *header,
    int64_t when, bool (*admit)(const struct definition *definition, void *arg), void *arg)
{
	const struct message message = { source, header, when };
	struct definition *const *definitions = find_definitions(pipeline, NULL, header);
	bool broken = memchr(header->message.text, '\n', header->message.size) != NULL ||
		      memchr(header->message.text, '\0', header->message.size) != NULL;

	pipeline->tally.lines++;
	if (definitions == NULL)
		return;
	pipeline->tally.broken += broken;
	take_message(pipeline, definitions, &message, broken, admit, arg);
}

/* The time of a line; false if its stamp is none.  A stamp without a year takes
 * the year that brings it nearest to NOW; to LATEST, where the source knows
 * that the line was written before then. */
static bool line_time(struct pipeline *pipeline, const struct line *line,
    const struct header *header, int64_t now, int64_t *when)
{
	if (line->zone != pipeline->memo.zone)
		pipeline->memo = (struct stamp_memo){ .zone = line->zone };
	if (header->kind == STAMP_BSD && line->latest != 0 && line->latest < now)
		now = line->latest;
	return stamp_time(header, now, &pipeline->memo, when);
}

/* A line without its end: it gives nothing, but what follows it may be its
 * rest. */
static void take_broken(struct pipeline *pipeline, const struct line *line, int64_t now)
{
	struct header header;
	struct definition *const *definitions;
	int64_t when;

	pipeline->tally.broken++;
	if (!layout_parse(line->formats, line->text, line->size, &header))
		return;
	definitions = catalogue_find(pipeline->catalogue, header.tag);
	if (definitions == NULL)
		return;
	if (!line_time(pipeline, line, &header, now, &when))
		when = now;
	take_message(pipeline, definitions, &(struct message){ line->source, &header, when }, true,
	    NULL, NULL);
}

void pipeline_line(struct pipeline *pipeline, const struct line *line, int64_t now)
{
	struct definition *const *definitions;
	struct header header;
	int64_t when;

	pipeline->tally.lines++;
	if (line->cut) {
		take_broken(pipeline, line, now);
		return;
	}
	if (!layout_parse(line->formats, line->text, line->size, &header)) {
		pipeline->tally.headless++;
		return;
	}
	definitions = find_definitions(pipeline, line, &header);
	if (definitions == NULL)
		return;
	if (memchr(line->text, '\0', line->size) != NULL) {
		take_broken(pipeline, line, now);
		return;
	}
	if (seam_in(header.message)) {
		suspect(pipeline,
		    "a line that was written behind a torn one is not believed, nor is that",
		    &header);
		take_broken(pipeline, line, now);
		return;
	}
	if (!line_time(pipeline, line, &header, now, &when)) {
		pipeline->tally.timeless++;
		if (!pipeline->any_time)
			return;
		when = 0;
	}
	take_message(pipeline, definitions, &(struct message){ line->source, &header, when }, false,
	    NULL, NULL);
}
