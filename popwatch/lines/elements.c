/* SPDX-License-Identifier: BSD-2-Clause
 *
 * elements.c - Dovecot's login_log_format_elements as an expression, see
 * elements.h
 */
#include "elements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "span.h"

#define EXPRESSION_MAX 4000

/* %c and %k; "SSL" is of Dovecot 1.x */
#define SECURED "(?:TLS|SSL|secured)"
#define CIPHER                                                                                     \
	"(?:\\(proxied\\)|[A-Za-z0-9.]+ with cipher [-A-Za-z0-9_]+ \\([0-9]+/[0-9]+ bits\\)(?: "   \
	"[-A-Za-z0-9_]+)?)"

/* 2.4 leaves the comma behind where the last element is not written */
#define END "(?:, ?)?$"

/* What the elements are: https://doc.dovecot.org, login_log_format_elements.
 * An element whose variable is empty is not written. */
static const struct element {
	const char *text; /* of Dovecot 2.0 to 2.3 */
	const char *longer; /* the same, as a long name */
	const char *later; /* of 2.4 */
	const char *expression;
	const char *once; /* the word that the server writes; NULL: none */
	bool may_lack;
	bool not_proxied;
} known[] = {
	{ "user=<%u>", "user=<%{user}>", "user=<%{user}>", "user=<(?<user>[^<>]*)>", "user=<",
	    false, false },
	{ "method=%m", "method=%{mech}", "method=%{mechanism}",
	    "method=(?!ANONYMOUS(?:,|$))[-A-Z0-9]*", "method=", false, false },
	{ "rip=%r", "rip=%{rip}", "rip=%{remote_ip}", "rip={ip}", "rip=", false, false },
	{ "rport=%b", "rport=%{rport}", "rport=%{remote_port}", "rport=[0-9]+", "rport=", false,
	    false },
	{ "lip=%l", "lip=%{lip}", "lip=%{local_ip}", "lip=[0-9A-Fa-f:.]+", "lip=", false, false },
	{ "lport=%a", "lport=%{lport}", "lport=%{local_port}", "lport=[0-9]+", "lport=", false,
	    false },
	{ "mpid=%e", "mpid=%{mail_pid}", "mpid=%{mail_pid}", "mpid=(?<proof>[0-9]+)",
	    "mpid=", false, true },
	{ "%c", "%{secured}", "%{secured}", SECURED, NULL, true, false },
	{ "%k", "%{ssl_security}", "%{ssl_security}", CIPHER, NULL, true, false },
	{ "%s", "%{service}", "%{protocol}", "[a-z0-9]+", NULL, false, false },
	{ "%p", "%{pid}", "%{pid}", "[0-9]+", NULL, false, false },
	/* what a client says with TLS: a name of the DNS, or no login */
	{ "%{local_name}", "%{local_name}", "%{local_name}", "[-A-Za-z0-9._]+", NULL, true, false },
	{ "session=<%{session}>", "session=<%{session}>", "session=<%{session}>",
	    "session=<(?<session>[A-Za-z0-9+/=]*)>", "session=<", false, false },
};

#define KNOWN (sizeof known / sizeof *known)
#define USER (&known[0])
#define ADDRESS (&known[2])

/* An element and what a site has written around its variable, as in
 * tls="%k". */
struct found {
	const struct element *element;
	struct span before, behind;
};

/* Is WORD VARIABLE with a name of the site's own before it, perhaps in quotes?
 * Names of letters: none of them is special in an expression. */
static bool is_named(const char *word, const char *variable, struct found *found)
{
	static const char name[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t size = strspn(word, name), begin;

	if (size == 0 || word[size] != '=')
		return false;
	begin = size + 1 + (word[size + 1] == '"');
	if (strncmp(word + begin, variable, strlen(variable)) != 0)
		return false;
	found->before = (struct span){ word, begin };
	found->behind = span_of(word + begin + strlen(variable));
	return span_equals(found->behind, begin > size + 1 ? "\"" : "");
}

/* Is WORD the user in any form: <%Lu>, <%n@%d>, <%{auth_user}>?  All are what a
 * client said, and the expression takes nothing but them between < and >. */
static bool is_user(const char *word)
{
	size_t size = strlen(word);

	return size > 7 && strncmp(word, "user=<", 6) == 0 && strchr(word, '%') != NULL &&
	       strcspn(word + 6, "<>") == size - 7 && word[size - 1] == '>';
}

/* Is WORD one of the forms of E?  The variables that stand alone may have a
 * name. */
static bool is_element(const char *word, const struct element *e, struct found *found)
{
	const char *const forms[] = { e->text, e->longer, e->later };

	*found = (struct found){ e, { "", 0 }, { "", 0 } };
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (strcmp(word, forms[i]) == 0)
			return true;
		if (e->once == NULL && is_named(word, forms[i], found))
			return true;
	}
	return e == USER && is_user(word);
}

static bool find_element(const char *word, struct found *found)
{
	for (size_t i = 0; i < KNOWN; i++) {
		if (is_element(word, &known[i], found))
			return true;
	}
	return false;
}

/* The elements of WORDS, in their order, one after the other behind HEAD. */
static bool build(char *out, const char *head, char *const *words, bool proxied, char ***once,
    char *error, size_t error_size)
{
	size_t size = (size_t)snprintf(out, EXPRESSION_MAX, "%s ", head);
	bool seen[KNOWN] = { false }, any = false;
	const struct element *e;
	struct found found;

	for (; *words != NULL; words++) {
		if (!find_element(*words, &found)) {
			snprintf(error, error_size,
			    "unknown element '%s', expected user=<%%u> and others of Dovecot's "
			    "default, %%k, rport=%%b, lport=%%a, %%s, %%p or %%{local_name}",
			    *words);
			return false;
		}
		e = found.element;
		if (seen[e - known] || (e == ADDRESS && !seen[USER - known]) ||
		    (e->may_lack && !any)) {
			snprintf(error, error_size,
			    "'%s', expected each element once, user=<%%u> before rip=%%r, and %%c, "
			    "%%k and %%{local_name} behind others",
			    *words);
			return false;
		}
		seen[e - known] = true;
		if (proxied && e->not_proxied)
			continue;
		if (size < EXPRESSION_MAX)
			size += (size_t)snprintf(out + size, EXPRESSION_MAX - size,
			    "%s%s%.*s%s%.*s%s", e->may_lack ? "(?:" : "", any ? ", " : "",
			    (int)found.before.size, found.before.text, e->expression,
			    (int)found.behind.size, found.behind.text, e->may_lack ? ")?" : "");
		any = true;
		if (e->once != NULL && !list_add(once, e->once)) {
			snprintf(error, error_size, "out of memory");
			return false;
		}
	}
	if (!seen[USER - known] || !seen[ADDRESS - known] || size + sizeof END > EXPRESSION_MAX) {
		snprintf(error, error_size, "expected user=<%%u> and rip=%%r among them");
		return false;
	}
	memcpy(out + size, END, sizeof END);
	return true;
}

/* The words of ELEMENTS, which may stand in quotes as a whole. */
static char **split(const char *elements)
{
	size_t size = strlen(elements);
	bool quoted = size >= 2 && *elements == '"' && elements[size - 1] == '"';
	char *text = strndup(elements + quoted, size - 2 * (size_t)quoted), **words;

	words = text != NULL ? list_split(text, " \t") : NULL;
	free(text);
	return words;
}

char *elements_expression(const char *head, const char *elements, bool proxied, char ***once,
    char *error, size_t error_size)
{
	char **words = split(elements), *out = malloc(EXPRESSION_MAX);

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
