/* SPDX-License-Identifier: BSD-2-Clause
 *
 * facts.c - what an engine says of itself, see facts.h
 */
#include "facts.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "relaydb.h"

static bool is_letter(char c, const char *others)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(others, c) != NULL);
}

/* The letters, digits and OTHERS at the beginning of TEXT. */
static void take_word(char word[FACTS_WORD], const char *text, const char *others)
{
	size_t size = 0;

	for (; size < FACTS_WORD - 1 && is_letter(text[size], others); size++)
		word[size] = text[size];
	word[size] = '\0';
}

/* The line "NAME:" of TEXT, behind the colon; NULL if there is none. */
static const char *find_line(const char *text, const char *name)
{
	size_t size = strlen(name);

	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, size) == 0 && line[size] == ':')
			return line + size + 1;
	}
	return NULL;
}

static void take_line(char word[FACTS_WORD], const char *text, const char *name, const char *others)
{
	const char *value = find_line(text, name);

	if (value != NULL)
		take_word(word, value, others);
}

void facts_info(struct facts *facts, const struct redisReply *answer)
{
	const char *text = answer_text(answer), *role;

	if (text == NULL)
		return;
	take_line(facts->run_id, text, "run_id", "");
	take_line(facts->replid, text, "master_replid", "");
	take_line(facts->version, text, "redis_version", ".");
	/* Valkey says the version of Redis that it is compatible with, too */
	take_line(facts->version, text, "valkey_version", ".");
	take_line(facts->policy, text, "maxmemory_policy", "-");
	role = find_line(text, "role");
	if (role != NULL)
		facts->replica = strncmp(role, "master", 6) != 0;
}

void facts_epoch(struct facts *facts, const struct redisReply *answer)
{
	const char *text = answer_text(answer);

	facts->epoch[0] = '\0';
	if (text != NULL)
		take_word(facts->epoch, text, "");
}

static void take_id(struct streamid *id, const struct redisReply *answer)
{
	const char *text = answer_text(answer);

	if (text == NULL || !streamid_parse(text, strlen(text), id))
		*id = (struct streamid){ 0, 0 };
}

void facts_stream(struct stream_facts *stream, const struct redisReply *answer)
{
	take_id(&stream->last, answer_value(answer, "last-generated-id"));
	take_id(&stream->first, answer_at(answer_value(answer, "first-entry"), 0));
}

void facts_time(struct facts *facts, const struct redisReply *answer)
{
	int64_t seconds, micros;

	facts->time_ms = 0;
	if (answer_number(answer_at(answer, 0), &seconds) && seconds <= RELAYDB_STAMP_MAX &&
	    answer_number(answer_at(answer, 1), &micros) && micros < 1000000)
		facts->time_ms = seconds * 1000 + micros / 1000;
}

struct engine_facts facts_engine(const struct facts *facts)
{
	struct engine_facts engine = { .log = facts->log, .orders = facts->orders };

	snprintf(engine.identity, sizeof engine.identity, "%s-%s-%s", facts->epoch, facts->run_id,
	    facts->replid);
	return engine;
}
