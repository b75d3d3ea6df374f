/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_beginning.c - what a message cannot match by how it begins
 * (beginning.h): never anything that it does match
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue.h"
#include "definitions.h"

#define DIRECTORY "popwatch/servers.d"
#define CHANGED 40 /* times that a message is tried with something changed */
#define TEXT_MAX 4096

static uint64_t state = UINT64_C(88172645463325252);

/* xorshift64: the same in each run */
static unsigned below(unsigned limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 32) % limit);
}

static void complain(const char *sentence, void *arg)
{
	(void)arg;
	print_error("%s\n", sentence);
}

/* Whatever MESSAGE matches it may match, and what DEFINITION reads is what the
 * first expression says. */
static void try_message(struct definition *definition, struct span message)
{
	uint64_t may = definition_may_match(definition, message);
	enum role role = ROLE_NONE, read;
	struct captures captures;

	for (size_t i = 0; i < definition->count; i++) {
		if (pattern_match(definition->expressions[i].pattern, message, &captures) ==
		    PATTERN_NO)
			continue;
		if (i < BEGINNING_BITS && (may >> i & 1) == 0)
			fail_msg("%s: %.*s", definition->name, (int)message.size, message.text);
		if (role == ROLE_NONE)
			role = definition->expressions[i].role;
	}
	read = definition_read(definition, message, &captures);
	if (read != role && !(role == ROLE_LOGIN && read == ROLE_NONE))
		fail_msg("%s, %s for %s: %.*s", definition->name, role_name(read), role_name(role),
		    (int)message.size, message.text);
}

/* Changes a byte, most often one of the first, or leaves out what is before it
 * or behind it. */
static struct span change(char *text, size_t size)
{
	static const char bytes[] = "abipLD01 :-([<>=,\t\x80";
	size_t at = below(4) != 0 && size > 12 ? below(12) : below((unsigned)size);

	switch (below(8)) {
	case 0:
		return (struct span){ text, at };
	case 1:
		return (struct span){ text + at, size - at };
	default:
		text[at] = bytes[below(sizeof bytes - 1)];
		return (struct span){ text, size };
	}
}

/* Every line of a definition has something of a message in it, from where it
 * begins or behind one or two ": ". */
static void try_line(struct definition *definitions, const char *line)
{
	char text[TEXT_MAX];
	const char *from = line;

	for (int part = 0; from != NULL && part < 3; part++) {
		size_t size = strlen(from);

		for (struct definition *definition = definitions; definition != NULL && size > 0;
		     definition = definition->next) {
			try_message(definition, (struct span){ from, size });
			for (int i = 0; i < CHANGED; i++) {
				memcpy(text, from, size + 1);
				try_message(definition, change(text, size));
			}
		}
		from = strstr(from, ": ");
		from = from != NULL ? from + 2 : NULL;
	}
}

static void nothing_that_matches_is_left_out(void **unused)
{
	static const char *const directories[] = { DIRECTORY, NULL };
	char all[] = "all", *names[] = { all, NULL }, line[TEXT_MAX], path[200];
	struct conf_errors errors = { .tell = complain };
	const struct conf_place place = { "test", 1, &errors };
	struct catalogue *catalogue = definitions_load(directories, names, true, &place);
	FILE *in;

	(void)unused;
	assert_non_null(catalogue);
	for (const struct definition *definition = catalogue_first(catalogue); definition != NULL;
	     definition = definition->next) {
		snprintf(path, sizeof path, DIRECTORY "/%s.conf", definition->name);
		in = fopen(path, "re");
		assert_non_null(in);
		while (fgets(line, sizeof line, in) != NULL) {
			line[strcspn(line, "\n")] = '\0';
			if (strstr(line, ": ") != NULL)
				try_line(catalogue_first(catalogue), line);
		}
		fclose(in);
	}
	catalogue_free(catalogue);
}

static uint64_t ask(struct span beginning, const void *pattern)
{
	return pattern_may_begin(pattern, beginning);
}

/* Every message of up to nine bytes of A and B, against expressions of each
 * kind. */
static void all_short_messages(void **unused)
{
	static const char *const expressions[] = { "^a$", "^$", "^a*$", "^aaaaaa$", "^aaaaaaa$",
		"^a{5}b$", "^a{5}b?$", "^(?:a|bb)*a$", "^a*+b$", "^a|b$", "^a.*|ba$",
		"^(?=.*b)a.*$", "^(?!.*bb).*$", "^.*(?<=ab)$", "^.{6}(?<!ab).*$", "^(?i)A.*B$",
		"^(a)(b)\\1.*$", "^(?>a*)a$", "^a.*?b$", "^(?:a(*COMMIT)b|aab).*$",
		"^aab(*ACCEPT)b$", "^a\\Kb.*$", "^(?|(a)|(b))\\1*$", "^(a(?1)?b)$",
		"^a{2,4}(?:b{2}$|bab.*$)$" };
	struct captures captures;
	struct pattern *one;
	char error[200], text[9];
	uint64_t may;

	(void)unused;
	for (size_t n = 0; n < sizeof expressions / sizeof *expressions; n++) {
		struct beginnings beginnings = { 0 };

		one = pattern_new(expressions[n], error, sizeof error);
		if (one == NULL)
			fail_msg("%s: %s", expressions[n], error);
		for (unsigned size = 0; size <= sizeof text; size++) {
			for (unsigned bits = 0; bits < 1u << size; bits++) {
				const struct span message = { text, size };

				for (unsigned i = 0; i < size; i++)
					text[i] = (bits >> i & 1) != 0 ? 'b' : 'a';
				may = beginnings_may(&beginnings, message, ask, one);
				if ((may & 1) == 0 &&
				    pattern_match(one, message, &captures) != PATTERN_NO)
					fail_msg("%s: %.*s", expressions[n], (int)size, text);
			}
		}
		pattern_free(one);
	}
}

/* It does leave out something. */
static void what_begins_otherwise_is_left_out(void **unused)
{
	struct conf_errors errors = { .tell = complain };
	struct catalogue *catalogue = catalogue_load_text("F",
	    "[server]\ntags = x\n[lines]\nlogin = ^Login: user=[a-z]+, {ip}$\nlogout = ^Logout: "
	    "user=[a-z]+$\nfail = "
	    "^.*no.*$\n",
	    &errors);
	struct definition *definition;
	const struct span login = span_of("Login: user=a, 192.0.2.1"),
			  logout = span_of("Logout: user=a"), other = span_of("other x");

	(void)unused;
	assert_non_null(catalogue);
	definition = catalogue_first(catalogue);
	assert_int_equal(definition_may_match(definition, login) & 7, 5);
	assert_int_equal(definition_may_match(definition, logout) & 7, 6);
	assert_int_equal(definition_may_match(definition, other) & 7, 4);
	assert_int_equal(definition_may_match(definition, login) & 7, 5);
	catalogue_free(catalogue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_matches_is_left_out),
		cmocka_unit_test(all_short_messages),
		cmocka_unit_test(what_begins_otherwise_is_left_out),
	};

	return cmocka_run_group_tests_name("beginning", tests, NULL, NULL);
}
