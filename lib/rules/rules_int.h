/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rules_int.h - what the files of lib/rules share and nobody else sees
 *
 *   memory.c    one allocation pool for all that a rule file becomes
 *   line.c      lines joined at backslashes; where a byte of them stood
 *   lexer.c     patterns and fields of a line
 *   parse.c     a line becomes a rule
 *   part.c      a pattern's text becomes a pattern
 *   zone.c      RBL.zone=answers;notest
 *   message.c   the reply: its form, its codes
 *   regex.c     expressions; sole home of <pcre2.h> in this room
 *   warn.c      rules that cannot be reached, wildcards without their dot
 *   domain.c    names of the DNS
 *   mailbox.c   what mail servers make of an address
 *   match.c     patterns and lists against an envelope
 *   records.c   NS=
 *   decide.c    the first rule that matches
 */
#ifndef RULES_INT_H
#define RULES_INT_H

#include "rules.h"

#include <arpa/inet.h>
#include <stdarg.h>

/* ---- memory.c ---- */

struct pool_block;

struct pool {
	struct pool_block *first;
	bool failed; /* an allocation did; nothing made from then on is complete */
};

/* SIZE zeroed bytes that live as long as the pool; NULL sets pool->failed. */
void *pool_get(struct pool *pool, size_t size);
/* A copy of SIZE bytes of TEXT and a NUL. */
char *pool_copy(struct pool *pool, const char *text, size_t size);
void pool_free(struct pool *pool);

/* ---- patterns ---- */

enum kind {
	KIND_ALL,
	KIND_KNOWN,
	KIND_UNKNOWN,
	KIND_FORGED,
	KIND_POP,
	KIND_AUTH,
	KIND_LOCAL,
	KIND_USER,
	KIND_NETWORK,
	KIND_ZONE,
	KIND_WILDCARD,
	KIND_REGEX,
	KIND_NS, /* right */
	KIND_PARTS /* left @ right */
};

struct pattern {
	enum kind kind;
	size_t line, column;
	const char *text; /* as written; a wildcard is matched from here */
	struct ipnet net;
	struct rules_zone *zone;
	struct regex *regex;
	struct pattern *left, *right;
	struct pattern *next; /* in its list */
};

struct list {
	struct pattern *first;
	struct list *except;
};

struct rule {
	struct rules_rule face;
	struct list list[3];
	const char *message; /* NULL: none */
	struct rule *next;
};

struct rules {
	struct pool pool;
	struct rule *first;
	struct rule **by_number; /* rule N is at N - 1 */
	size_t count;
	struct rules_zone **zones; /* one of each name, by index */
	size_t zone_count;
	struct regex *regexes; /* all of them, to free */
};

/* ---- the parser's state ---- */

#define LINE_PIECES_MAX 512

/* A rule with its continuation lines joined. */
struct line {
	char text[RULES_LINE_MAX + 1];
	size_t size;
	struct {
		size_t at; /* from this byte of TEXT on */
		size_t line, column; /* it stood here */
	} piece[LINE_PIECES_MAX];
	size_t pieces;
};

struct parser {
	struct rules *rules;
	const char *rest, *end; /* of the file */
	size_t number; /* of the file's next line */
	struct line line;
	rules_tell *tell;
	void *arg;
	size_t errors;
};

/* Reports an error at byte AT of the joined line. */
void parser_error(struct parser *parser, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same at a place of the file. */
void parser_report(struct parser *parser, enum rules_severity severity, size_t line, size_t column,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* ---- line.c ---- */

/* Reads the next rule's text into parser->line, past comments and empty lines.
 * A line with an error is reported and passed by.  False: the end. */
bool line_next(struct parser *parser);
/* Where byte AT of the joined line stood. */
void line_place(const struct line *line, size_t at, size_t *number, size_t *column);

/* ---- lexer.c ---- */

/* A pattern's place in the joined line. */
struct token {
	size_t at, size;
	size_t split; /* offset in it of the last @ outside an expression; SIZE: none */
};

/* The pattern that begins at AT.  Returns false after reporting an error, with
 * TOKEN reaching to where reading can go on. */
bool lexer_token(struct parser *parser, size_t at, struct token *token);
/* The first byte from AT on that is no separator of patterns. */
size_t lexer_skip(const struct line *line, size_t at);
/* The end of the field that begins at AT: its colon, or the end of the line. */
size_t lexer_field_end(const struct line *line, size_t at);

/* ---- part.c, zone.c ---- */

enum role {
	ROLE_CLIENT = 1, /* a host pattern of the first list */
	ROLE_USER = 2, /* before its @ */
	ROLE_ADDRESS = 4, /* a whole sender or recipient */
	ROLE_LEFT = 8,
	ROLE_RIGHT = 16,
	ROLE_SERVER = 32 /* behind NS= */
};

/* The pattern of TOKEN for list FIELD (0 to 2); NULL after reporting why
 * not. */
struct pattern *part_parse(struct parser *parser, const struct token *token, int field);

/* RBL.zone at byte AT; NULL after reporting why not. */
struct rules_zone *zone_parse(struct parser *parser, size_t at, size_t size);

/* ---- message.c ---- */

/* Reports what is wrong with the SIZE bytes at AT as a message for ACTION. */
void message_check(struct parser *parser, size_t at, size_t size, enum rules_action action);
/* Writes MESSAGE with its codes replaced; NULL: the sentence for no message. */
void message_write(char *out, size_t size, const char *message, const struct rule *rule,
    const struct rules_envelope *envelope);

/* ---- regex.c ---- */

struct regex;

/* Compiles SIZE bytes; adds it to the list that regex_free_all() frees.  NULL
 * with *WHY (static text or in BUFFER) and *AT, the byte of the fault. */
struct regex *regex_new(
    struct regex **all, const char *text, size_t size, char *why, size_t why_size, size_t *at);
void regex_free_all(struct regex *all);
/* UNKNOWN when the match limit was reached. */
enum rules_answer regex_match(const struct regex *regex, const char *text, size_t size);

/* ---- warn.c ---- */

void warn_pattern(struct parser *parser, const struct pattern *pattern, enum role role);
void warn_unreachable(struct parser *parser);

/* ---- domain.c ---- */

enum domain {
	DOMAIN_NAME, /* can stand in the DNS */
	DOMAIN_LITERAL, /* [192.0.2.1] */
	DOMAIN_FOREIGN, /* has bytes beyond ASCII */
	DOMAIN_IMPOSSIBLE /* no name that the DNS can have */
};

#define DOMAIN_SIZE 254

/* What TEXT is; a name is written to OUT in lower case without a last dot. */
enum domain domain_read(const char *text, size_t size, char out[DOMAIN_SIZE]);
/* Does it look like an address, not a name? */
bool domain_is_address(const char *name);

/* ---- mailbox.c ---- */

/* Longer than any that mail servers take: RFC 5321, 4.5.3.1. */
#define MAILBOX_SIZE 1024

#define MAILBOX_READINGS_MAX 8

/* A sender or recipient, and what mail servers see in it. */
struct mailbox {
	const char *written;
	bool odd; /* no address of RFC 5321: which reading holds is the server's choice */
	bool overfull; /* there are more readings */
	size_t count; /* at least one */
	const char *reading[MAILBOX_READINGS_MAX]; /* in TEXT, or WRITTEN */
	char text[MAILBOX_SIZE];
};

/* Reads what the client wrote, which must outlive MAILBOX. */
void mailbox_read(struct mailbox *mailbox, const char *written);

/* ---- match.c, records.c ---- */

/* An envelope with what is needed again and again worked out once. */
struct view {
	const struct rules_envelope *envelope;
	const struct rules_asker *asker;
	bool has_net;
	struct ipnet net; /* the client */
	char address[INET6_ADDRSTRLEN]; /* its one form as text; "": none */
	char name[DOMAIN_SIZE]; /* confirmed; "": none */
	enum rules_name name_state;
	bool local, auth;
	struct mailbox mailbox[2]; /* sender, recipient */
};

void view_make(
    struct view *view, const struct rules_envelope *envelope, const struct rules_asker *asker);
/* STRICT: of an address every reading must match, not any. */
enum rules_answer list_match(
    const struct list *list, int field, const struct view *view, bool strict);
/* A wildcard or an expression against a text. */
enum rules_answer text_match(const struct pattern *pattern, const char *text, size_t size);
enum rules_answer ask_listed(
    const struct view *view, const struct rules_zone *zone, const struct ipnet *net);
/* AND NOT (POP OR AUTH OR LOCAL): who has a right to send is not looked up. */
enum rules_answer exempt_match(const struct view *view);
/* NS=PATTERN for the domain of SIZE bytes. */
enum rules_answer records_match(
    const struct pattern *pattern, const char *domain, size_t size, const struct view *view);

#endif
