/* SPDX-License-Identifier: BSD-2-Clause
 *
 * journal.c - entries of the systemd journal, see journal.h
 */
#include "journal.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "list.h"
#include "log.h"
#include "tag.h"

#define CURSOR_MAX 512

struct source_journal {
	sd_journal *journal;
	int64_t since;
	bool only; /* nothing else is followed */
	int complained; /* the error of reading that was complained about; 0: none */
	int failed; /* why a field of the current entry cannot be read; 0: all can */
	int reported; /* such an error that was reported; 0: none */
	char cursor[CURSOR_MAX]; /* of the last entry that was handed on; "": none */
};

/* One rule "_FIELD=VALUE _FIELD=VALUE": all of these.  Rules are
 * alternatives. */
static int add_rule(sd_journal *journal, const char *rule)
{
	char **fields = list_split(rule, " ");
	int result = fields == NULL ? -1 : 0;

	for (char **field = fields; result >= 0 && field != NULL && *field != NULL; field++)
		result = sd_journal_add_match(journal, *field, 0);
	list_free(fields);
	return result >= 0 ? sd_journal_add_disjunction(journal) : result;
}

static int add_rules(sd_journal *journal, const struct catalogue *catalogue)
{
	int result = 0;

	for (const struct definition *definition = catalogue_first(catalogue); definition != NULL;
	     definition = definition->next) {
		for (char *const *rule = definition->journal;
		     result >= 0 && rule != NULL && *rule != NULL; rule++)
			result = add_rule(journal, *rule);
	}
	return result;
}

/* What has a tag of the servers, from any program: a server that a definition
 * looks for elsewhere must not be passed over in silence. */
static int add_tags(sd_journal *journal, const struct catalogue *catalogue)
{
	static const char name[] = "SYSLOG_IDENTIFIER=";
	char match[sizeof name + TAG_MAX];
	int result = 0;

	for (const struct definition *definition = catalogue_first(catalogue); definition != NULL;
	     definition = definition->next) {
		for (char *const *tag = definition->tags; result >= 0 && *tag != NULL; tag++) {
			if (strchr(*tag, '*') != NULL)
				continue; /* a family: the journal has no patterns */
			snprintf(match, sizeof match, "%s%s", name, *tag);
			result = sd_journal_add_match(journal, match, 0);
			if (result >= 0)
				result = sd_journal_add_disjunction(journal);
		}
	}
	return result;
}

/* Without rules everything would match, so one that nothing matches is
 * added. */
static int add_rules_or_none(sd_journal *journal, const struct catalogue *catalogue)
{
	int result;

	if (catalogue_has_journal(catalogue)) {
		result = add_tags(journal, catalogue);
		return result >= 0 ? add_rules(journal, catalogue) : result;
	}
	log_say(LOG_WARNING, "nothing is read from the journal: none of the enabled servers' "
			     "definitions has a journal setting");
	result = sd_journal_add_match(journal, "_UID=none", 0);
	return result >= 0 ? sd_journal_add_disjunction(journal) : result;
}

/* The journal compresses long fields.  Since systemd 256 libsystemd loads what
 * it needs for that at the first such field, when the sandbox no longer lets it
 * open a file: what is loaded already it finds. */
static void load_decompressors(void)
{
	static const char *const names[] = { "libzstd.so.1", "liblz4.so.1", "liblzma.so.5" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		dlopen(names[i], RTLD_NOW | RTLD_NODELETE);
}

struct source_journal *source_journal_new(const char *directory, const struct catalogue *catalogue,
    const struct catalogue *others, int64_t since, bool only)
{
	struct source_journal *source = calloc(1, sizeof *source);
	int result;

	if (source == NULL) {
		log_say(LOG_ERR, "out of memory");
		return NULL;
	}
	source->since = since;
	source->only = only;
	load_decompressors();
	if (directory != NULL)
		result = sd_journal_open_directory(&source->journal, directory, 0);
	else
		result =
		    sd_journal_open(&source->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
	if (result < 0)
		log_say(LOG_ERR, "cannot read the journal%s%s: %s", directory != NULL ? " in " : "",
		    directory != NULL ? directory : "", strerror(-result));
	else if (source_journal_configure(source, catalogue, others))
		return source;
	source_journal_free(source);
	return NULL;
}

/* Goes behind the last entry that was handed on, or to the first of SINCE.
 * Returns a negative errno if it cannot. */
static int seek(struct source_journal *source)
{
	int result;

	if (*source->cursor == '\0')
		return sd_journal_seek_realtime_usec(
		    source->journal, (uint64_t)source->since * 1000000);
	/* the entry itself, if it is still there, was handed on; else the first
	 * one behind it comes next */
	result = sd_journal_seek_cursor(source->journal, source->cursor);
	if (result < 0)
		return result;
	if (sd_journal_next(source->journal) > 0 &&
	    sd_journal_test_cursor(source->journal, source->cursor) <= 0)
		result = sd_journal_seek_cursor(source->journal, source->cursor);
	return result;
}

bool source_journal_configure(struct source_journal *source, const struct catalogue *catalogue,
    const struct catalogue *others)
{
	int result;

	if (source->only && !catalogue_has_journal(catalogue)) {
		log_say(LOG_ERR, "cannot read the journal: none of the enabled servers' "
				 "definitions has a journal setting");
		return false;
	}
	sd_journal_flush_matches(source->journal);
	result = add_rules_or_none(source->journal, catalogue);
	if (result >= 0 && others != NULL)
		result = add_rules(source->journal, others);
	if (result >= 0)
		result = seek(source);
	if (result < 0)
		log_say(LOG_ERR, "cannot choose the servers' entries in the journal: %s",
		    strerror(-result));
	return result >= 0;
}

void source_journal_free(struct source_journal *source)
{
	if (source == NULL)
		return;
	if (source->journal != NULL)
		sd_journal_close(source->journal);
	free(source);
}

int source_journal_fd(const struct source_journal *source)
{
	return sd_journal_get_fd(source->journal);
}

/* The value of FIELD of the current entry; empty if it has none, or if it
 * cannot be read: then the entry has failed. */
static struct span field(struct source_journal *source, const char *name)
{
	const void *data;
	size_t size, skip = strlen(name) + 1;
	int result = sd_journal_get_data(source->journal, name, &data, &size);

	if (result < 0 && result != -ENOENT)
		source->failed = result;
	if (result < 0 || size < skip)
		return (struct span){ "", 0 };
	return (struct span){ (const char *)data + skip, size - skip };
}

/* The value in a buffer of ours: the library's is good until the next one is
 * asked for. */
static struct span copied(
    struct source_journal *source, const char *name, char *buffer, size_t size)
{
	struct span value = field(source, name);

	if (value.size > size)
		value.size = size;
	memcpy(buffer, value.text, value.size);
	return (struct span){ buffer, value.size };
}

/* What a program writes to standard output or error is cut into entries at line
 * ends, and a client's name can have those: such an entry need not be a
 * message.  So only a RULE that names the transport admits it. */
static bool is_piece(struct source_journal *source, const char *rule)
{
	static const char name[] = "_TRANSPORT", stream[] = "stdout";
	struct span transport = field(source, name);

	return transport.size == sizeof stream - 1 &&
	       memcmp(transport.text, stream, transport.size) == 0 && strstr(rule, name) == NULL;
}

bool source_journal_admits(const struct definition *definition, void *arg)
{
	struct source_journal *source = arg;
	bool admitted = false;

	for (char *const *rule = definition->journal; rule != NULL && *rule != NULL && !admitted;
	     rule++) {
		char **fields = list_split(*rule, " "), *equals;

		admitted = fields != NULL && *fields != NULL && !is_piece(source, *rule);
		for (char **f = fields; admitted && *f != NULL; f++) {
			equals = strchr(*f, '=');
			*equals++ = '\0';
			struct span value = field(source, *f);
			admitted = value.size == strlen(equals) &&
				   memcmp(value.text, equals, value.size) == 0;
		}
		list_free(fields);
	}
	return admitted;
}

void source_journal_writer(struct source_journal *source, char *text, size_t size)
{
	static const char *const names[] = { "_TRANSPORT", "_UID", "_EXE", "_SYSTEMD_UNIT" };
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < sizeof names / sizeof *names && used < size; i++) {
		struct span value = field(source, names[i]);

		if (value.size > 0)
			used += (size_t)snprintf(text + used, size - used, "%s%s=%.*s",
			    used > 0 ? " " : "", names[i],
			    (int)(value.size < size ? value.size : size), value.text);
	}
}

static void keep_cursor(struct source_journal *source)
{
	char *cursor = NULL;

	if (sd_journal_get_cursor(source->journal, &cursor) >= 0 &&
	    strlen(cursor) < sizeof source->cursor)
		memcpy(source->cursor, cursor, strlen(cursor) + 1);
	free(cursor);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What RAW, a message as it came, has of MESSAGE and behind it.  One line end,
 * or NUL byte, is how some senders end a message. */
static struct span unstripped(struct span raw, struct span message)
{
	size_t end;

	if (raw.size > 0 && raw.text[raw.size - 1] == '\0')
		raw.size--;
	if (raw.size > 0 && raw.text[raw.size - 1] == '\n')
		raw.size--;
	for (end = raw.size; end > 0 && is_blank(raw.text[end - 1]); end--)
		;
	if (end < message.size ||
	    memcmp(raw.text + end - message.size, message.text, message.size) != 0)
		return raw;
	return (struct span){ raw.text + end - message.size, raw.size - end + message.size };
}

/* The message in memory of the caller's; its text is NULL without any.
 *
 * The journal drops the blanks at a message's end, and what follows a NUL
 * byte.  A client whose name is blanks up to where its server cuts a message
 * would so make a short message of a cut one, and a login of a failure: what
 * was dropped has to be counted.  Since version 240 the journal keeps such a
 * message as it came: systemd.journal-fields(7), SYSLOG_RAW. */
static struct span copy_message(struct source_journal *source)
{
	struct span message = field(source, "MESSAGE"), raw;
	char *stripped = malloc(message.size + 1), *text;

	if (stripped == NULL)
		return (struct span){ NULL, 0 };
	memcpy(stripped, message.text, message.size);
	stripped[message.size] = '\0';
	message.text = stripped;
	raw = field(source, "SYSLOG_RAW");
	if (raw.size == 0)
		return message;
	raw = unstripped(raw, message);
	text = malloc(raw.size + 1);
	if (text != NULL) {
		memcpy(text, raw.text, raw.size);
		text[raw.size] = '\0';
	}
	free(stripped);
	return (struct span){ text, text != NULL ? raw.size : 0 };
}

/* A login that is not seen is a user who cannot send: once for each cause. */
static void report_failed(struct source_journal *source)
{
	if (source->failed == source->reported)
		return;
	log_say(LOG_ERR,
	    "an entry of the journal cannot be read, and a login in it is not recorded: %s",
	    strerror(-source->failed));
	source->reported = source->failed;
}

/* Hands the current entry on, unless a part of it cannot be read: it might be
 * the part that shows a forged message.  Returns the size of its message. */
static size_t take_entry(struct source_journal *source, int64_t now,
    void (*take)(const struct header *header, int64_t when, void *arg), void *arg)
{
	char host[256], tag[128], pid[32];
	struct header header = { .kind = STAMP_ISO, .stamp = { "", 0 } };
	uint64_t usec;
	int64_t when;

	source->failed = 0;
	header.message = copy_message(source);
	if (header.message.text == NULL ||
	    sd_journal_get_realtime_usec(source->journal, &usec) < 0) {
		free((char *)header.message.text);
		return header.message.size;
	}
	header.host = copied(source, "_HOSTNAME", host, sizeof host);
	header.tag = copied(source, "SYSLOG_IDENTIFIER", tag, sizeof tag);
	header.pid = copied(source, "SYSLOG_PID", pid, sizeof pid);
	if (header.pid.size == 0)
		header.pid = copied(source, "_PID", pid, sizeof pid);
	when = (int64_t)(usec / 1000000);
	if (source->failed == 0 && when <= now + STAMP_AHEAD_MAX)
		take(&header, when > now ? now : when, arg);
	if (source->failed != 0)
		report_failed(source);
	free((char *)header.message.text);
	return header.message.size;
}

/* Once for each cause. */
static void complain(struct source_journal *source, int error)
{
	if (error == source->complained)
		return;
	if (error != 0)
		log_say(
		    LOG_ERR, "cannot read on in the journal, will try again: %s", strerror(-error));
	else
		log_say(LOG_NOTICE, "the journal can be read again");
	source->complained = error;
}

bool source_journal_read(struct source_journal *source, size_t budget, int64_t now,
    void (*take)(const struct header *header, int64_t when, void *arg), void *arg)
{
	size_t sum = 0;
	int result;

	/* says nothing we need, but makes the descriptor wait again, and the
	 * library look for new files */
	sd_journal_process(source->journal);
	while (sum < budget) {
		result = sd_journal_next(source->journal);
		complain(source, result < 0 ? result : 0);
		if (result <= 0)
			return false;
		sum += 64 + take_entry(source, now, take, arg);
		keep_cursor(source);
	}
	return true;
}

void source_journal_save(const struct source_journal *source, FILE *out)
{
	if (*source->cursor != '\0')
		fprintf(out, "journal %s\n", source->cursor);
}

bool source_journal_restore(struct source_journal *source, const char *cursor)
{
	if (*cursor == '\0' || strlen(cursor) >= sizeof source->cursor)
		return false;
	memcpy(source->cursor, cursor, strlen(cursor) + 1);
	if (seek(source) >= 0)
		return true;
	*source->cursor = '\0';
	seek(source);
	return false;
}
