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
#include "once.h"
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
	{ "session=<%{session}>", "session=<%{session}>", "session=<%{session}>",
	    "session=<(?<session>[A-Za-z0-9+/=]*)>", "session=<", false, false },
	{ "%c", "%{secured}", "%{secured}", SECURED, NULL, true, false },
	{ "%k", "%{ssl_security}", "%{ssl_security}", CIPHER, NULL, true, false },
	{ "%s", "%{service}", "%{protocol}", "[a-z0-9]+", NULL, false, false },
	{ "%p", "%{pid}", "%{pid}", "[0-9]+", NULL, false, false },
	/* of the proxy before it, which login_trusted_networks or HAProxy's
	 * protocol made the client's in rip */
	{ "%{real_rip}", "%{real_remote_ip}", "%{real_remote_ip}", "[0-9A-Fa-f:.]+", NULL, true,
	    false },
	{ "%{real_lip}", "%{real_local_ip}", "%{real_local_ip}", "[0-9A-Fa-f:.]+", NULL, true,
	    false },
	{ "%{real_rport}", "%{real_remote_port}", "%{real_remote_port}", "[0-9]+", NULL, false,
	    false },
	{ "%{real_lport}", "%{real_local_port}", "%{real_local_port}", "[0-9]+", NULL, false,
	    false },
	/* what a client says with TLS: a name of the DNS, or no login */
	{ "%{local_name}", "%{local_name}", "%{local_name}", "[-A-Za-z0-9._]+", NULL, true, false },
	/* a hash of how a client begins TLS */
	{ "%{ssl_ja3_hash}", "%{ssl_ja3_hash}", "%{ssl_ja3_hash}", "[0-9a-f]{32}", NULL, true,
	    false },
	{ "%{listener}", "%{listener}", "%{listener}", "[-A-Za-z0-9._]+", NULL, true, false },
};

#define KNOWN (sizeof known / sizeof *known)
#define USER (&known[0])
#define ADDRESS (&known[2])

/* NAME=<%{VARIABLE}>, any variable at all: what clients choose, too, since
 * nothing is taken between the brackets that could end them.  It begins with
 * the word, up to "<". */
static const struct element bracketed = { NULL, NULL, NULL, "[^<>]*>", NULL, true, false };

/* An element and what a site has written around its variable, as in
 * tls="%k". */
struct found {
	const struct element *element;
	struct span before, behind;
};

/* The size of a name of the site's own and the "=" behind it, with which WORD
 * begins; 0 if with none.  Names of letters: none of them is special in an
 * expression. */
static size_t name_size(const char *word)
{
	static const char name[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t size = strspn(word, name);

	return size > 0 && word[size] == '=' ? size + 1 : 0;
}

/* Is the SIZE bytes long NAME of an element the server's own, as "rip=" is?
 * With another variable it would stand twice in a line. */
static bool is_taken(const char *name, size_t size)
{
	for (size_t i = 0; i < KNOWN; i++) {
		if (known[i].once != NULL && strncmp(known[i].once, name, size) == 0)
			return true;
	}
	return false;
}

/* Is WORD VARIABLE with a name of the site's own before it, perhaps in
 * quotes? */
static bool is_named(const char *word, const char *variable, struct found *found)
{
	size_t size = name_size(word), begin = size + (word[size] == '"');

	if (size == 0 || is_taken(word, size) ||
	    strncmp(word + begin, variable, strlen(variable)) != 0)
		return false;
	found->before = (struct span){ word, begin };
	found->behind = span_of(word + begin + strlen(variable));
	return span_equals(found->behind, begin > size ? "\"" : "");
}

/* Does WORD have a variable between < and >, behind the SIZE bytes of a
 * name? */
static bool is_bracketed(const char *word, size_t size)
{
	const char *inner = word + size + 1;

	return size > 0 && word[size] == '<' && strchr(inner, '%') != NULL &&
	       strcmp(inner + strcspn(inner, "<>"), ">") == 0;
}

/* Is WORD one of the forms of E?  The variables that stand alone may have a
 * name.  The user may be of any form: <%Lu>, <%n@%d>, <%{auth_user}>. */
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
	return e == USER && strncmp(word, "user=<", 6) == 0 && is_bracketed(word, 5);
}

static bool find_element(const char *word, struct found *found)
{
	size_t size = name_size(word);

	for (size_t i = 0; i < KNOWN; i++) {
		if (is_element(word, &known[i], found))
			return true;
	}
	if (!is_bracketed(word, size) || is_taken(word, size))
		return false;
	*found = (struct found){ &bracketed, { word, size + 1 }, { "", 0 } };
	return true;
}

/* What is being built. */
struct expression_text {
	char *out;
	size_t size; /* EXPRESSION_MAX or more: it did not fit */
	bool any; /* of the elements */
	bool seen[KNOWN];
	char **once;
};

/* The word that the server writes in FOUND, which WORD is; "" if there is none.
 * The blank before it is one that the server writes, too: so real_rip= is not
 * also a second rip=. */
static void once_word(char out[EXPRESSION_MAX], const struct found *found)
{
	if (found->element == &bracketed)
		snprintf(out, EXPRESSION_MAX, " %.*s", (int)found->before.size, found->before.text);
	else if (found->element->once != NULL)
		snprintf(out, EXPRESSION_MAX, " %s", found->element->once);
	else
		*out = '\0';
}

/* May FOUND come behind what there is? */
static bool fits(const struct expression_text *text, const struct found *found, const char *word)
{
	const struct element *e = found->element;

	if (*word != '\0' && list_has(text->once, word, strlen(word)))
		return false;
	if (e != &bracketed && text->seen[e - known])
		return false;
	return (e != ADDRESS || text->seen[USER - known]) && (!e->may_lack || text->any);
}

static bool append(struct expression_text *text, const struct found *found, const char *word)
{
	const struct element *e = found->element;
	size_t left = text->size < EXPRESSION_MAX ? EXPRESSION_MAX - text->size : 0;

	text->size += (size_t)snprintf(left > 0 ? text->out + text->size : NULL, left,
	    "%s%s%.*s%s%.*s%s", e->may_lack ? "(?:" : "", text->any ? ", " : "",
	    (int)found->before.size, found->before.text, e->expression, (int)found->behind.size,
	    found->behind.text, e->may_lack ? ")?" : "");
	text->any = true;
	return *word == '\0' || list_add(&text->once, word);
}

/* The elements of WORDS, in their order, one after the other behind HEAD. */
static bool build(struct expression_text *text, const char *head, char *const *words, bool proxied,
    char *error, size_t error_size)
{
	char once[EXPRESSION_MAX];
	struct found found;

	text->size = (size_t)snprintf(text->out, EXPRESSION_MAX, "%s ", head);
	for (; *words != NULL; words++) {
		if (!find_element(*words, &found)) {
			snprintf(error, error_size,
			    "unknown element '%s', expected user=<%%u> and others of Dovecot's "
			    "default, a variable that popwatch.conf(5) names, or "
			    "NAME=<%%{VARIABLE}>",
			    *words);
			return false;
		}
		once_word(once, &found);
		if (!fits(text, &found, once)) {
			snprintf(error, error_size,
			    "'%s', expected each element once, user=<%%u> before rip=%%r, and "
			    "those that may be missing (%%c, %%k) behind others",
			    *words);
			return false;
		}
		if (found.element != &bracketed)
			text->seen[found.element - known] = true;
		if (proxied && found.element->not_proxied)
			continue;
		if (!append(text, &found, once)) {
			snprintf(error, error_size, "out of memory");
			return false;
		}
	}
	if (!text->seen[USER - known] || !text->seen[ADDRESS - known]) {
		snprintf(error, error_size, "expected user=<%%u> and rip=%%r among them");
		return false;
	}
	if (text->size + sizeof END > EXPRESSION_MAX || list_size(text->once) > ONCE_MAX) {
		snprintf(error, error_size, "too many");
		return false;
	}
	memcpy(text->out + text->size, END, sizeof END);
	return true;
}

/* The words of ELEMENTS, which may stand in quotes as a whole.  A blank within
 * %{user | lower} (2.4.3) is of its word, without it. */
static char **split(const char *elements)
{
	size_t size = strlen(elements);
	bool quoted = size >= 2 && *elements == '"' && elements[size - 1] == '"', inner = false;
	char *text = strndup(elements + quoted, size - 2 * (size_t)quoted), **words, *out = text;

	if (text == NULL)
		return NULL;
	for (const char *p = text; *p != '\0'; p++) {
		inner = *p == '{' || (inner && *p != '}');
		if (!inner || strchr(" \t", *p) == NULL)
			*out++ = *p;
	}
	*out = '\0';
	words = list_split(text, " \t");
	free(text);
	return words;
}

char *elements_expression(const char *head, const char *elements, bool proxied, char ***once,
    char *error, size_t error_size)
{
	struct expression_text text = { .out = malloc(EXPRESSION_MAX) };
	char **words = split(elements);

	*once = NULL;
	if (words == NULL || text.out == NULL)
		snprintf(error, error_size, "out of memory");
	else if (build(&text, head, words, proxied, error, error_size)) {
		list_free(words);
		*once = text.once;
		return text.out;
	}
	list_free(words);
	list_free(text.once);
	free(text.out);
	return NULL;
}
