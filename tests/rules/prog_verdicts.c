/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_verdicts.c - verdicts RULES WORLD <ENVELOPES: what lib/rules says of
 * each
 *
 * WORLD is as ../unit/rules_world.h has it.  An envelope is a line of six
 * fields with | between them: address, name, state of the name (none,
 * confirmed, forged or unknown), SMTP AUTH name, sender, recipient; "-" is
 * none.  Prints for each envelope a letter for each rule (n: no, y: yes, o:
 * off, u: cannot tell, p: pending), then the action, the rule and the reply.
 * Errors and warnings of RULES go to standard error as LINE:COLUMN: SENTENCE,
 * and errors end it with status 1.
 */
#include "../unit/rules_world.h"

#include <stdlib.h>

static struct world world;

static void tell(
    enum rules_severity severity, size_t line, size_t column, const char *sentence, void *arg)
{
	(void)arg;
	fprintf(stderr, "%zu:%zu: %s%s\n", line, column,
	    severity == RULES_ERROR ? "" : "warning: ", sentence);
}

static struct rules *read_rules(const char *path)
{
	static char text[RULES_FILE_MAX + 1];
	FILE *file = fopen(path, "re");
	size_t size;

	if (file == NULL) {
		perror(path);
		return NULL;
	}
	size = fread(text, 1, sizeof text, file);
	fclose(file);
	return rules_parse(text, size, tell, NULL);
}

static bool read_world(const char *path)
{
	char line[1024];
	FILE *file = fopen(path, "re");
	bool good = file != NULL;

	if (file == NULL)
		return false;
	while (good && fgets(line, sizeof line, file) != NULL)
		good = line[0] == '\n' || world_add(&world, line);
	fclose(file);
	return good;
}

static bool read_envelope(char *line, struct rules_envelope *envelope)
{
	static const char *const states[] = { "none", "confirmed", "forged", "unknown" };
	char *field[6];

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < 6; i++) {
		field[i] = strsep(&line, "|");
		if (field[i] == NULL)
			return false;
		if (strcmp(field[i], "-") == 0)
			field[i] = NULL;
	}
	*envelope = (struct rules_envelope){ .address = field[0],
		.local = field[0] == NULL,
		.name = field[1],
		.auth = field[3],
		.sender = field[4],
		.recipient = field[5] };
	for (unsigned i = 0; i < 4; i++) {
		if (field[2] != NULL && strcmp(field[2], states[i]) == 0) {
			envelope->name_state = (enum rules_name)i;
			return true;
		}
	}
	return false;
}

static void print(const struct rules *rules, const struct rules_envelope *envelope)
{
	const struct rules_options options = { .refuse = false, .defer = false };
	struct rules_asker asker;
	struct rules_decision decision;

	for (size_t n = 1; n <= rules_count(rules); n++) {
		asker = world_asker(&world, envelope->address);
		putchar("nyoup"[rules_match(rules, n, envelope, &asker, NULL)]);
	}
	asker = world_asker(&world, envelope->address);
	if (rules_decide(rules, envelope, &asker, &options, NULL, NULL, &decision))
		printf(" %s %zu %s\n", rules_action_name(decision.action), decision.rule,
		    decision.reply);
	else
		printf(" pending\n");
}

int main(int argc, char *argv[])
{
	struct rules *rules = argc == 3 ? read_rules(argv[1]) : NULL;
	struct rules_envelope envelope;
	char line[8192];

	if (rules == NULL || !read_world(argv[2])) {
		fprintf(stderr, "verdicts: bad rules or world\n");
		rules_free(rules);
		return 1;
	}
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (!read_envelope(line, &envelope)) {
			fprintf(stderr, "verdicts: bad envelope: %s\n", line);
			break;
		}
		print(rules, &envelope);
	}
	rules_free(rules);
	return feof(stdin) ? 0 : 1;
}
