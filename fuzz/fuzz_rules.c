/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_rules.c - any bytes as a rule file, then as an envelope: every refusal
 * has a place in the file, a decision repeats, a reply is one line of printable
 * ASCII, and no 5xx comes of what is unknown
 *
 * Input: the rule file, NUL, then strings that end with a NUL: name state and
 * options, address, name, SMTP AUTH name, sender, recipient.
 */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	size_t lines, errors;
};

static void tell(
    enum rules_severity severity, size_t line, size_t column, const char *sentence, void *arg)
{
	struct seen *seen = arg;

	seen->errors += severity == RULES_ERROR;
	if (line > seen->lines || (line > 0 && column == 0) || *sentence == '\0' ||
	    strchr(sentence, '\n') != NULL)
		abort();
}

/* What the world says of a question depends on its bytes alone. */
static unsigned hash(const void *bytes, size_t size, unsigned sum)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < size; i++)
		sum = sum * 31 + p[i];
	return sum % 1021;
}

static enum rules_answer pop(void *arg)
{
	const unsigned *salt = arg;

	return (enum rules_answer)(*salt % 4);
}

static enum rules_answer listed(
    const struct rules_zone *zone, const struct ipnet *address, void *arg)
{
	const unsigned *salt = arg;

	return (enum rules_answer)(
	    hash(address->address, 16, hash(zone->name, strlen(zone->name), *salt)) % 5);
}

static enum rules_answer records(
    const char *name, enum rules_type type, struct rules_records *found, void *arg)
{
	static const char *const names[] = { "ns.example.com", "a.b", ".", "", "\xff", "x" };
	static struct ipnet nets[2];
	const unsigned *salt = arg;
	unsigned sum = hash(name, strlen(name), *salt + (unsigned)type);

	if (strlen(name) > 253 || *name == '\0')
		abort();
	ipnet_parse("192.0.2.1", &nets[0]);
	ipnet_parse("2001:db8::1", &nets[1]);
	*found = (struct rules_records){
		.count = sum % 2 + 1, .addresses = nets, .names = names + sum % 5
	};
	return (enum rules_answer)(sum % 5);
}

static char *next_string(const char **p, const char *end)
{
	const char *stop = memchr(*p, '\0', (size_t)(end - *p));
	size_t size = (size_t)((stop != NULL ? stop : end) - *p);
	char *copy = malloc(size + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, *p, size);
	copy[size] = '\0';
	*p = stop != NULL ? stop + 1 : end;
	return copy;
}

static void check(const struct rules *rules, const struct rules_decision *d)
{
	if (d->rule > rules_count(rules) || d->debug_count > RULES_DEBUGS_MAX)
		abort();
	for (const char *c = d->reply; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~')
			abort();
	}
	if ((d->action == RULES_NOTO || d->action == RULES_DENY) && d->reply[0] != '4' &&
	    d->reply[0] != '5')
		abort();
	if (d->deferred && strncmp(d->reply, "451 4.4.3 ", 10) != 0)
		abort();
}

static void decide(const struct rules *rules, const char *p, const char *end)
{
	char *text[6];
	struct rules_decision one, two;
	unsigned salt;

	for (size_t i = 0; i < 6; i++)
		text[i] = next_string(&p, end);
	salt = (unsigned char)text[0][0];
	struct rules_envelope envelope = { .name_state = (enum rules_name)(salt % 4),
		.address = text[1],
		.name = text[2],
		.auth = text[3],
		.sender = text[4],
		.recipient = text[5] };
	struct rules_asker asker = { pop, listed, records, &salt };
	struct rules_options options = { salt & 16, salt & 32 };

	rules_foresee(rules, &envelope, &asker);
	if (rules_decide(rules, &envelope, &asker, &options, NULL, NULL, &one)) {
		check(rules, &one);
		if (!rules_decide(rules, &envelope, &asker, &options, NULL, NULL, &two) ||
		    one.action != two.action || one.rule != two.rule ||
		    one.deferred != two.deferred || one.debug_count != two.debug_count ||
		    strcmp(one.reply, two.reply) != 0)
			abort();
	}
	for (size_t n = 1; n <= rules_count(rules); n++)
		rules_match(rules, n, &envelope, &asker, NULL);
	for (size_t i = 0; i < 6; i++)
		free(text[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *stop = memchr(text, '\0', size);
	size_t used = stop != NULL ? (size_t)(stop - text) : size;
	struct seen seen = { .lines = 1 };
	struct rules *rules;
	char *copy = malloc(used + 1); /* so that a read beyond it is seen */

	if (copy == NULL)
		abort();
	memcpy(copy, text, used);
	for (size_t i = 0; i < used; i++)
		seen.lines += text[i] == '\n';
	rules = rules_parse(copy, used, tell, &seen);
	if ((rules == NULL) != (seen.errors > 0))
		abort();
	free(copy);
	if (rules != NULL && stop != NULL)
		decide(rules, stop + 1, text + size);
	rules_free(rules);
	return 0;
}
