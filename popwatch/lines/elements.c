/* SPDX-License-Identifier: BSD-2-Clause
 *
 * elements.c - Dovecot's login_log_format_elements as an expression, see elements.h
 */
#include "elements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

#define EXPRESSION_MAX 4000

/* %c and %k; "SSL" is of Dovecot 1.x */
#define SECURED "(?:TLS|SSL|secured)"
#define CIPHER "(?:\\(proxied\\)|[A-Za-z0-9.]+ with cipher [-A-Za-z0-9_]+ \\([0-9]+/[0-9]+ bits\\)(?: [-A-Za-z0-9_]+)?)"

/* What the elements are: https://doc.dovecot.org, login_log_format_elements.  An
 * element whose variable is empty is not written. */
static const struct element {
	const char *text; /* of Dovecot 2.0 to 2.3 */
	const char *later; /* of 2.4 */
	const char *expression;
	const char *once; /* the word that the server writes; NULL: none */
	bool may_lack;
	bool not_proxied;
} known[] = {
	{ "user=<%u>", "user=<%{user}>", "user=<(?<user>[^<>]*)>", "user=<", false, false },
	{ "method=%m", "method=%{mechanism}", "method=(?!ANONYMOUS(?:,|$))[-A-Z0-9]*", "method=", false, false },
	{ "rip=%r", "rip=%{remote_ip}", "rip={ip}", "rip=", false, false },
	{ "rport=%b", "rport=%{remote_port}", "rport=[0-9]+", "rport=", false, false },
	{ "lip=%l", "lip=%{local_ip}", "lip=[0-9A-Fa-f:.]+", "lip=", false, false },
	{ "lport=%a", "lport=%{local_port}", "lport=[0-9]+", "lport=", false, false },
	{ "mpid=%e", "mpid=%{mail_pid}", "mpid=(?<proof>[0-9]+)", "mpid=", false, true },
	{ "%c", "%{secured}", SECURED, NULL, true, false },
	{ "%k", "%{ssl_security}", CIPHER, NULL, true, false },
	{ "session=<%{session}>", "session=<%{session}>", "session=<(?<session>[A-Za-z0-9+/=]*)>", "session=<", false, false },
};

#define KNOWN (sizeof known / sizeof *known)
#define USER (&known[0])
#define ADDRESS (&known[2])

static const struct element *find_element(const char *word)
{
	for (size_t i = 0; i < KNOWN; i++) {
		if (strcmp(word, known[i].text) == 0 || strcmp(word, known[i].later) == 0)
			return &known[i];
	}
	return NULL;
}

/* The elements of WORDS, in their order, one after the other behind HEAD. */
static bool build(char *out, const char *head, char *const *words, bool proxied, char ***once, char *error, size_t error_size)
{
	size_t size = (size_t)snprintf(out, EXPRESSION_MAX, "%s ", head);
	bool seen[KNOWN] = { false }, any = false;
	const struct element *e;

	for (; *words != NULL; words++) {
		e = find_element(*words);
		if (e == NULL) {
			snprintf(error, error_size,
			    "unknown element '%s', expected user=<%%u> and others of Dovecot's default, %%k, rport=%%b or "
			    "lport=%%a",
			    *words);
			return false;
		}
		if (seen[e - known] || (e == ADDRESS && !seen[USER - known]) || (e->may_lack && !any)) {
			snprintf(error, error_size,
			    "'%s', expected each element once, user=<%%u> before rip=%%r, and %%c and %%k behind others",
			    *words);
			return false;
		}
		seen[e - known] = true;
		if (proxied && e->not_proxied)
			continue;
		if (size < EXPRESSION_MAX)
			size += (size_t)snprintf(out + size, EXPRESSION_MAX - size, "%s%s%s%s", e->may_lack ? "(?:" : "",
			    any ? ", " : "", e->expression, e->may_lack ? ")?" : "");
		any = true;
		if (e->once != NULL && !list_add(once, e->once)) {
			snprintf(error, error_size, "out of memory");
			return false;
		}
	}
	if (!seen[USER - known] || !seen[ADDRESS - known] || size + 2 > EXPRESSION_MAX) {
		snprintf(error, error_size, "expected user=<%%u> and rip=%%r among them");
		return false;
	}
	memcpy(out + size, "$", sizeof "$");
	return true;
}

char *elements_expression(const char *head, const char *elements, bool proxied, char ***once, char *error, size_t error_size)
{
	char **words = list_split(elements, " \t\""), *out = malloc(EXPRESSION_MAX);

	*once = NULL;
	if (words == NULL || out == NULL)
		snprintf(error, error_size, "out of memory");
	else if (build(out, head, words, proxied, once, error, error_size)) {
		list_free(words);
		return out;
	}
	list_free(words);
	list_free(*once);
	*once = NULL;
	free(out);
	return NULL;
}
