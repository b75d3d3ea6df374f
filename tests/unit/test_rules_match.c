/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_rules_match.c - patterns, lists and decisions
 */
#include "rules_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const facts[] = {
	"pop 192.0.2.7 yes",
	"pop 192.0.2.8 fail",
	"pop 192.0.2.9 wait",
	"listed bl.test 192.0.2.66 127.0.0.2",
	"listed bl.test 192.0.2.67 127.0.0.9",
	"listed bl.test 192.0.2.7 127.0.0.2",
	"listed bl.test 192.0.2.8 127.0.0.2",
	"listed bl.test 2001:db8::66 127.0.0.2",
	"listed bl.test 198.51.100.66 127.0.0.2",
	"fail down.test",
	"wait slow.test",
	"off dead.test",
	"mx example.com mx.example.com",
	"a mx.example.com 198.51.100.1",
	"ns example.com ns.hoster.test",
	"a ns.hoster.test 198.51.100.66",
	"a onlya.test 192.0.2.1",
	"a mx.onlya.test 2001:db8:1::1",
	"mx six.test mx.onlya.test",
	"mx nomail.test .",
	"fail broken.test",
	"ns half.test ns.hoster.test",
	"fail mx.half.test",
	"mx lame.test broken.test",
	"wait later.test",
};

static struct world world;

static void tell(
    enum rules_severity severity, size_t line, size_t column, const char *sentence, void *arg)
{
	(void)arg;
	if (severity == RULES_ERROR)
		fail_msg("%zu:%zu %s", line, column, sentence);
}

static struct rules *parse(const char *text)
{
	return rules_parse(text, strlen(text), tell, NULL);
}

static int make_world(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(facts); i++) {
		if (!world_add(&world, facts[i]))
			return -1;
	}
	return 0;
}

static enum rules_answer answer_of(const char *rule, const struct rules_envelope *envelope)
{
	struct rules *rules = parse(rule);
	struct rules_asker asker = world_asker(&world, envelope->address);
	enum rules_answer answer = rules_match(rules, 1, envelope, &asker, NULL);

	rules_free(rules);
	return answer;
}

static const struct rules_envelope stranger = { .address = "192.0.2.1",
	.name = "Mail.Example.ORG.",
	.name_state = RULES_NAME_CONFIRMED,
	.sender = "a@example.com",
	.recipient = "b@example.net" };

static const struct {
	const char *list, *address, *name;
	enum rules_name name_state;
	enum rules_answer answer;
	const char *auth;
} client_cases[] = {
	{ "192.0.2.1", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "192.0.2.1", "::ffff:192.0.2.1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "[::ffff:192.0.2.0/120]", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "192.0.2.0/31", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "192.0.2.2/31", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "0.0.0.0/0", "255.255.255.255", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "0.0.0.0/0", "2001:db8::1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "[::/0]", "2001:db8::1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "[2001:db8::/33]", "2001:db8:8000::1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "ALL", NULL, NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "0.0.0.0/0 [::/0]", NULL, NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "0.0.0.0/0 [::/0] 192*", "192.0.2.1/8", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "192.0.*", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "192.0.*", "192.1.2.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "2001*", "2001:0DB8:0:0::1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "*.example.com", "192.0.2.1", "MX.Example.Com", RULES_NAME_CONFIRMED, RULES_YES, NULL },
	{ "*.example.com", "192.0.2.1", "mx.example.com.", RULES_NAME_CONFIRMED, RULES_YES, NULL },
	{ "*.example.com", "192.0.2.1", "mx.example.com", RULES_NAME_FORGED, RULES_NO, NULL },
	{ "*.example.com", "192.0.2.1", "mx.example.com", RULES_NAME_UNKNOWN, RULES_UNKNOWN, NULL },
	{ "/^mx[0-9]*\\./", "192.0.2.1", "MX1.example.com", RULES_NAME_CONFIRMED, RULES_YES, NULL },
	{ "/^192\\.0\\.2\\./", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "KNOWN", "192.0.2.1", "a.test", RULES_NAME_CONFIRMED, RULES_YES, NULL },
	{ "KNOWN", "192.0.2.1", "a.test", RULES_NAME_FORGED, RULES_NO, NULL },
	{ "KNOWN", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "KNOWN", "192.0.2.1", NULL, RULES_NAME_UNKNOWN, RULES_UNKNOWN, NULL },
	{ "UNKNOWN", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "UNKNOWN", "192.0.2.1", NULL, RULES_NAME_FORGED, RULES_YES, NULL },
	{ "UNKNOWN", "192.0.2.1", NULL, RULES_NAME_UNKNOWN, RULES_UNKNOWN, NULL },
	{ "FORGED", "192.0.2.1", "a.test", RULES_NAME_FORGED, RULES_YES, NULL },
	{ "FORGED", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	/* a mail server may call a name forged that it could not look up */
	{ "FORGED", "192.0.2.1", "broken.test", RULES_NAME_FORGED, RULES_UNKNOWN, NULL },
	{ "UNKNOWN", "192.0.2.1", "broken.test", RULES_NAME_FORGED, RULES_UNKNOWN, NULL },
	{ "KNOWN", "192.0.2.1", "broken.test", RULES_NAME_FORGED, RULES_UNKNOWN, NULL },
	{ "*.test", "192.0.2.1", "broken.test", RULES_NAME_FORGED, RULES_UNKNOWN, NULL },
	{ "NS=KNOWN", "192.0.2.1", "broken.test", RULES_NAME_FORGED, RULES_UNKNOWN, NULL },
	{ "FORGED", "192.0.2.1", "later.test", RULES_NAME_FORGED, RULES_PENDING, NULL },
	{ "FORGED", "192.0.2.1", "onlya.test", RULES_NAME_FORGED, RULES_UNKNOWN, NULL },
	{ "FORGED", "192.0.2.2", "onlya.test", RULES_NAME_FORGED, RULES_YES, NULL },
	{ "FORGED", "2001:db8:1::1", "mx.onlya.test", RULES_NAME_FORGED, RULES_UNKNOWN, NULL },
	{ "FORGED", "192.0.2.1", "not_a-name..", RULES_NAME_FORGED, RULES_YES, NULL },
	/* a name that looks like an address is none */
	{ "10.9.9.9 10.*", "192.0.2.1", "10.9.9.9", RULES_NAME_CONFIRMED, RULES_NO, NULL },
	{ "KNOWN", "192.0.2.1", "10.9.9.9", RULES_NAME_CONFIRMED, RULES_NO, NULL },
	{ "KNOWN", "192.0.2.1", "[192.0.2.1]", RULES_NAME_CONFIRMED, RULES_NO, NULL },
	{ "LOCAL", "127.0.0.1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "LOCAL", "::1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "LOCAL", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "AUTH", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_YES, "alice" },
	{ "AUTH", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_NO, "" },
	{ "ali*@192.0.2.1", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_YES, "Alice" },
	{ "ALL@192.0.2.1", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "*@192.0.2.1", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "KNOWN@192.0.2.1", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "POP", "192.0.2.7", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "POP", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "POP", "192.0.2.8", NULL, RULES_NAME_NONE, RULES_UNKNOWN, NULL },
	{ "POP", "192.0.2.9", NULL, RULES_NAME_NONE, RULES_PENDING, NULL },
	{ "POP", NULL, NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "RBL.bl.test", "192.0.2.66", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "RBL.BL.Test.", "2001:db8::66", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "RBL.bl.test", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "RBL.bl.test=127.0.0.3-8,127.0.0.10", "192.0.2.67", NULL, RULES_NAME_NONE, RULES_NO,
	    NULL },
	{ "RBL.bl.test=127.0.0.3,127.0.0.9-10", "192.0.2.67", NULL, RULES_NAME_NONE, RULES_YES,
	    NULL },
	{ "RBL.bl.test", "192.0.2.66", NULL, RULES_NAME_NONE, RULES_NO, "alice" },
	{ "RBL.bl.test", "192.0.2.7", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "RBL.bl.test", "192.0.2.8", NULL, RULES_NAME_NONE, RULES_UNKNOWN, NULL },
	{ "RBL.down.test", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_UNKNOWN, NULL },
	{ "RBL.down.test", "127.0.0.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "RBL.dead.test", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_OFF, NULL },
	{ "RBL.slow.test", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_PENDING, NULL },
	/* Kleene's logic in a list and through EXCEPT */
	{ "RBL.down.test 192.0.2.1", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_YES, NULL },
	{ "RBL.dead.test RBL.down.test", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_UNKNOWN, NULL },
	{ "RBL.down.test RBL.slow.test", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_PENDING, NULL },
	{ "ALL EXCEPT RBL.down.test", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_UNKNOWN, NULL },
	{ "RBL.down.test except ALL", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "10.0.0.0/8 EXCEPT RBL.down.test", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "192.0.* EXCEPT 192.0.2.0/24 EXCEPT 192.0.2.1", "192.0.2.1", NULL, RULES_NAME_NONE,
	    RULES_YES, NULL },
	{ "192.0.* EXCEPT 192.0.2.0/24 EXCEPT 192.0.2.1", "192.0.2.2", NULL, RULES_NAME_NONE,
	    RULES_NO, NULL },
	{ "NS=ns.hoster.test", "192.0.2.1", "www.a.example.com", RULES_NAME_CONFIRMED, RULES_YES,
	    NULL },
	{ "NS=RBL.bl.test", "192.0.2.1", "www.example.com", RULES_NAME_CONFIRMED, RULES_YES, NULL },
	{ "NS=RBL.bl.test", "192.0.2.7", "www.example.com", RULES_NAME_CONFIRMED, RULES_NO, NULL },
	{ "NS=ALL", "192.0.2.1", NULL, RULES_NAME_NONE, RULES_NO, NULL },
	{ "NS=ALL", "192.0.2.1", NULL, RULES_NAME_UNKNOWN, RULES_UNKNOWN, NULL },
};

static void clients(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(client_cases); i++) {
		struct rules_envelope envelope = { .address = client_cases[i].address,
			.name = client_cases[i].name,
			.name_state = client_cases[i].name_state,
			.auth = client_cases[i].auth,
			.sender = "" };
		char rule[200];
		enum rules_answer answer;

		snprintf(rule, sizeof rule, "allow:%s:ALL:ALL", client_cases[i].list);
		answer = answer_of(rule, &envelope);
		if (answer != client_cases[i].answer)
			fail_msg("%zu %s for %s %s: %s", i, client_cases[i].list,
			    client_cases[i].address, client_cases[i].name,
			    rules_answer_name(answer));
	}
}

static const struct {
	const char *list, *address;
	enum rules_answer answer;
} address_cases[] = {
	{ "ALL", "", RULES_YES },
	{ "*", "", RULES_YES },
	{ "/^$/", "", RULES_YES },
	{ "/x*/", "", RULES_YES },
	{ "/./ *@* ALL@ALL NS=UNKNOWN NS=ALL", "", RULES_NO },
	{ "postmaster", "Postmaster", RULES_YES },
	{ "ALL@ALL NS=ALL", "postmaster", RULES_NO },
	{ "a@example.com", "A@EXAMPLE.com", RULES_YES },
	{ "a@example.com", "a@example.com.", RULES_YES },
	{ "*@example.com", "a@b@example.com", RULES_YES },
	{ "*@*@*", "a@b@example.com", RULES_YES },
	{ "*@*@*", "a@example.com", RULES_NO },
	{ "*%*@*", "a%b@example.com", RULES_YES },
	{ "*!*@*", "a@b!c", RULES_NO },
	{ "*!*@*", "b!c@d", RULES_YES },
	{ "*example.com", "a@evilexample.com", RULES_YES },
	{ "*@*.example.com", "a@x.example.com", RULES_YES },
	{ "*@*.example.com", "a@example.com", RULES_NO },
	{ "a*b*c@ALL", "aXbbYbc@d", RULES_YES },
	{ "a*b*c@ALL", "aXbbYb@d", RULES_NO },
	{ "/^(a|b)@c/", "B@C", RULES_YES },
	{ "/^a$/@/^c$/", "a@c", RULES_YES },
	{ "/^a$/@/^c$/", "a@cc", RULES_NO },
	{ "/a@c/", "xa@cx", RULES_YES },
	{ "/a:b/", "a:b", RULES_YES },
	{ "*@[192.0.2.1]", "a@[192.0.2.1]", RULES_YES },
	{ "*@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]", RULES_YES },
	{ "USER@example.com", "alice@example.com", RULES_YES },
	{ "USER@example.com", "bob@example.com", RULES_NO },
	{ "\xc3\xbc@*", "\xc3\xbc@example.com", RULES_YES },
	/* does the domain exist for mail? */
	{ "NS=KNOWN", "a@example.com", RULES_YES },
	{ "NS=KNOWN", "a@onlya.test", RULES_YES },
	{ "NS=KNOWN", "a@nomail.test", RULES_YES },
	{ "NS=UNKNOWN", "a@nx.example.com", RULES_YES },
	{ "NS=UNKNOWN", "a@onlya.test", RULES_NO },
	{ "NS=UNKNOWN", "a@broken.test", RULES_UNKNOWN },
	{ "NS=UNKNOWN", "a@later.test", RULES_PENDING },
	{ "NS=UNKNOWN", "a@no..name", RULES_YES },
	{ "NS=UNKNOWN", "a@no name", RULES_YES },
	{ "NS=UNKNOWN", "a@", RULES_YES },
	{ "NS=UNKNOWN NS=KNOWN", "a@[192.0.2.1]", RULES_NO },
	{ "NS=UNKNOWN",
	    "a@b\xc3\xbc"
	    "cher.test",
	    RULES_UNKNOWN },
	/* its servers */
	{ "NS=mx.example.com", "a@example.com", RULES_YES },
	{ "NS=*.hoster.test", "a@EXAMPLE.com", RULES_YES },
	{ "*@NS=*.hoster.test", "a@sub.example.com", RULES_YES },
	{ "NS=/^ns\\./", "a@sub.example.com", RULES_YES },
	{ "NS=198.51.100.0/24", "a@example.com", RULES_YES },
	{ "NS=198.51.100.2", "a@example.com", RULES_NO },
	{ "NS=198.51.100.*", "a@example.com", RULES_YES },
	{ "NS=[2001:db8:1::/48]", "a@six.test", RULES_YES },
	{ "NS=RBL.bl.test", "a@example.com", RULES_YES },
	{ "NS=RBL.bl.test", "a@six.test", RULES_NO },
	{ "NS=RBL.down.test", "a@example.com", RULES_UNKNOWN },
	{ "NS=*", "a@nx.test", RULES_NO },
	{ "NS=*", "a@com", RULES_NO },
	{ "NS=*", "a@nomail.test", RULES_NO },
	{ "NS=x", "a@broken.test", RULES_UNKNOWN },
	{ "NS=192.0.2.1", "a@lame.test", RULES_UNKNOWN },
	{ "NS=x.test", "a@lame.test", RULES_NO },
	{ "x@NS=x", "a@broken.test", RULES_NO },
	/* a match that would take for ever is stopped, and that is said */
	{ "/^(a+)+$/", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", RULES_UNKNOWN },
};

/* Ways to write bob@example.com: a real sendmail or Postfix takes them and
 * delivers there, tests/relayguard/ has them too. */
static const char *const proper[] = {
	"bob@example.com",
	"BOB@EXAMPLE.COM",
	"bob@example.com.",
	"bob@example.com..",
	"\"bob\"@example.com",
	"\"b\\ob\"@example.com",
	"\"bob@example.com\"",
};

/* The same, by what is no address of RFC 5321. */
static const char *const odd[] = {
	"b\\ob@example.com",
	"b\"o\"b@example.com",
	"bob@\"example.com\"",
	"\"bob\"@\"example.com\t\"",
	"bob@exam\\ple.com",
	"bob\\@example.com",
	"bob(x)@example.com",
	"(x)bob@example.com",
	"(a(b)c\\)d)bob@example.com",
	"bob@example.com(x)",
	"bob@example.com(@x)",
	"bob@example(x).com",
	"bob(>)@example.com",
	" bob@example.com ",
	"bob @ example.com",
	"bob@example. com",
	"(a b)<bob@example.com>",
	"x@evil.example<bob@example.com>",
	"<bob@example.com",
	"@a.example,@b.example:bob@example.com",
	"@a.example:@b.example:bob@example.com",
	"x:bob@example.com;",
	":bob@example.com",
	"::bob@example.com",
	"bob@example.com;",
	"example.com!bob",
	"example.com !bob",
	"example.com.!bob",
	"bob%example.com",
	"@example.com,bob@example.com",
	",bob@example.com",
	"(x),bob@example.com",
	"><bob@example.com",
	">@example.com:bob@example.com",
	"[<bob@example.com>(x@example.com)",
};

/* These may be bob@example.com, or somebody else. */
static const char *const either[] = {
	"bob@example.com><x@example.com",
	"x@example.com><bob@example.com",
	"bob@example.com>,<x@example.com",
	"bob@example.com,x@example.com",
	"bob@example.com<x@example.org>",
	"bob@example.com:x@example.org",
	"bob@example.com:",
	"bob@example.com>x",
	"\"bob@example.com> SIZE=9",
	"(bob@example.com",
	"bob@example.com(",
	"bob@example.com(x(x@example.com)>",
	"x:bob@example.com",
	"\"x\"@a.example,\"bob\"@example.com",
	"a@x,b@x,c@x,d@x,e@x,f@x,g@x,h@x,bob@example.com",
};

static const char *const other_boxes[] = {
	"bob@example.org",
	"bob",
	"alice@example.com",
	"bob@example.com@example.org",
	"bob@example.com(x)@example.org",
	"(bob@example.com)x@example.org",
	"\"bob@example.com\"@example.org",
	"\"\\\"bob\\\"\"@example.com",
	"\"<bob@example.com>\"@example.org",
	"\"x,bob@example.com\"@example.org",
	"bob%example.com@example.org",
	"bo b@example.com",
	"bo(x)b@example.com",
	"bob@[example.com]",
	"bob@[IPv6:bob@example.com]",
	"example.com!x!bob",
	"bob!example.com",
	"",
	":",
	"<>",
};

/* Whether a rule that refuses ADDRESS as sender or recipient, one that allows
 * it, and an exception from a refusal match bob@example.com. */
static void is_bob(const char *address, bool refused, bool allowed)
{
	struct rules_envelope envelope = stranger;

	envelope.sender = envelope.recipient = address;
	if (answer_of("noto:ALL:bob@example.com:ALL", &envelope) != (enum rules_answer)refused ||
	    answer_of("deny:ALL:ALL:x bob@example.com", &envelope) != (enum rules_answer)refused ||
	    answer_of("allow:ALL:ALL EXCEPT bob@example.com:ALL EXCEPT x@y bob@example.com",
		&envelope) == (enum rules_answer)refused)
		fail_msg("refusing %s", address);
	if (answer_of("allow:ALL:bob@example.com:bob@example.com", &envelope) !=
		(enum rules_answer)allowed ||
	    answer_of("tag:ALL:ALL:x bob@example.com:x", &envelope) != (enum rules_answer)allowed ||
	    answer_of("noto:ALL:ALL:ALL EXCEPT /^bob@example\\.com$/", &envelope) ==
		(enum rules_answer)allowed)
		fail_msg("allowing %s", address);
}

/* No rule that refuses is dodged by another way to write an address, and nobody
 * gets in by one as somebody else. */
static void spelled(void **state)
{
	struct rules_envelope envelope = stranger;

	(void)state;
	for (size_t i = 0; i < COUNT(proper); i++)
		is_bob(proper[i], true, true);
	for (size_t i = 0; i < COUNT(odd); i++)
		is_bob(odd[i], true, false);
	for (size_t i = 0; i < COUNT(either); i++)
		is_bob(either[i], true, false);
	for (size_t i = 0; i < COUNT(other_boxes); i++)
		is_bob(other_boxes[i], false, false);
	for (size_t i = 0; i < COUNT(proper) + COUNT(odd); i++) {
		envelope.sender = envelope.recipient =
		    i < COUNT(proper) ? proper[i] : odd[i - COUNT(proper)];
		if (answer_of("noto:ALL:ALL:*@NS=mx.example.com", &envelope) != RULES_YES ||
		    (i < COUNT(proper) &&
			answer_of("noto:ALL:NS=UNKNOWN:ALL", &envelope) != RULES_NO))
			fail_msg("NS= for %s", envelope.sender);
	}
}

/* What is written counts as well: relay probes are about that. */
static void as_written(void **state)
{
	struct rules_envelope envelope = stranger;

	(void)state;
	envelope.recipient = "@a.example:bob@example.com";
	assert_int_equal(answer_of("noto:ALL:ALL:*@*@*", &envelope), RULES_YES);
	envelope.recipient = "\"a%b\"@example.com";
	assert_int_equal(answer_of("noto:ALL:ALL:*%*@*", &envelope), RULES_YES);
	envelope.recipient = "bob%example.com";
	assert_int_equal(answer_of("noto:ALL:ALL:*%*", &envelope), RULES_YES);
}

/* Whatever is put before an address, its end is seen. */
static void long_ones(void **state)
{
	static char text[4000];
	struct rules_envelope envelope = stranger;

	(void)state;
	snprintf(text, sizeof text, "(%3000s)bob@example.com", "x");
	envelope.recipient = text;
	assert_int_equal(answer_of("noto:ALL:ALL:bob@example.com", &envelope), RULES_YES);
	snprintf(text, sizeof text, "%3000s:bob@example.com", "x");
	assert_int_equal(answer_of("noto:ALL:ALL:bob@example.com", &envelope), RULES_YES);
	memset(text, 'x', 3000);
	snprintf(text + 3000, sizeof text - 3000, "@example.com");
	assert_int_equal(answer_of("noto:ALL:ALL:*@example.com", &envelope), RULES_YES);
}

static void addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(address_cases); i++) {
		char sender[200], recipient[200];
		struct rules_envelope envelope = { .address = "192.0.2.1",
			.auth = "alice",
			.sender = address_cases[i].address,
			.recipient = address_cases[i].address };
		enum rules_answer answer;

		snprintf(sender, sizeof sender, "noto:ALL:%s:ALL", address_cases[i].list);
		snprintf(recipient, sizeof recipient, "noto:ALL:ALL:%s", address_cases[i].list);
		answer = answer_of(sender, &envelope);
		if (answer != address_cases[i].answer || answer_of(recipient, &envelope) != answer)
			fail_msg("%zu %s for %s: %s", i, address_cases[i].list,
			    address_cases[i].address, rules_answer_name(answer));
	}
}

/* What one expression may cost: a sender cannot dodge one by a long address,
 * nor keep the process busy with it. */
static void long_expressions(void **state)
{
	static const char *const fine[] = { "/^([a-z]|[.])*bad@/", "/^(x|y|xy)*bad@/",
		"/^(([a-z])+)+@/" };
	static const char costly[] = "noto:ALL:ALL:/(xx?x?x?){5}=b/";
	static char text[2100];
	struct rules_envelope envelope = stranger;
	char rule[100];

	(void)state;
	envelope.recipient = text;
	memset(text, 'x', 2000);
	snprintf(text + 2000, sizeof text - 2000, "bad@example.com");
	for (size_t i = 0; i < COUNT(fine); i++) {
		snprintf(rule, sizeof rule, "noto:ALL:ALL:%s", fine[i]);
		if (answer_of(rule, &envelope) != RULES_YES)
			fail_msg("%s", fine[i]);
	}
	/* 4^5 ways from each byte */
	snprintf(text + 20, sizeof text - 20, "@b=c.example");
	assert_int_equal(answer_of(costly, &envelope), RULES_NO);
	memset(text, 'x', 1000);
	snprintf(text + 1000, sizeof text - 1000, "@b=c.example");
	assert_int_equal(answer_of(costly, &envelope), RULES_UNKNOWN);
	assert_int_equal(answer_of("noto:ALL:ALL:/(x+)+$/", &envelope), RULES_UNKNOWN);
}

/* USER with a name that has a domain: alice of one is not alice of another. */
static void user_with_domain(void **state)
{
	struct rules_envelope envelope = stranger;

	(void)state;
	envelope.auth = "Alice@example.com";
	envelope.sender = "alice@EXAMPLE.com";
	assert_int_equal(answer_of("allow:ALL:USER@ALL:ALL", &envelope), RULES_YES);
	envelope.sender = "alice@example.net";
	assert_int_equal(answer_of("allow:ALL:USER@ALL:ALL", &envelope), RULES_NO);
	envelope.auth = NULL;
	assert_int_equal(answer_of("allow:ALL:USER@ALL:ALL", &envelope), RULES_NO);
}

static void what_is_asked(void **state)
{
	struct rules_envelope envelope = stranger;

	(void)state;
	/* nothing for a later list when an earlier one fails, nor behind a
	 * "yes" */
	answer_of("noto:10.0.0.0/8:NS=UNKNOWN:NS=UNKNOWN", &envelope);
	assert_string_equal(world.asked, "");
	answer_of("noto:192.0.2.1 RBL.bl.test:x NS=UNKNOWN:NS=UNKNOWN", &envelope);
	assert_string_equal(world.asked, "mx example.com\n");
	/* side by side, where the first answer is on its way */
	answer_of("noto:RBL.slow.test RBL.bl.test:NS=UNKNOWN:ALL", &envelope);
	assert_string_equal(
	    world.asked, "pop 192.0.2.1\nslow.test 192.0.2.1\npop 192.0.2.1\nbl.test 192.0.2.1\n");
	/* a wildcard that no address can match needs no address */
	answer_of("noto:ALL:NS=nobody.test:ALL", &envelope);
	assert_string_equal(world.asked, "mx example.com\nns example.com\n");
	/* a sender does not choose how much is asked */
	envelope.sender = "a@1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.nx.test";
	answer_of("noto:ALL:NS=x:ALL", &envelope);
	assert_non_null(strstr(world.asked, "mx 17.18.19.20.nx.test\n"));
	assert_null(strstr(world.asked, "mx 16.17.18.19.20.nx.test\n"));
	assert_null(strstr(world.asked, "mx test\n"));
}

static void decisions(void **state)
{
	static const struct {
		const char *rules;
		bool refuse, defer;
		enum rules_action action;
		size_t rule;
		const char *reply; /* how it begins; NULL: pending */
	} cases[] = {
		{ "noto:10.0.0.0/8:ALL:ALL", false, false, RULES_ALLOW, 0, "" },
		{ "noto:10.0.0.0/8:ALL:ALL", true, false, RULES_NOTO, 0,
		    "550 5.7.1 mail from Mail.Example.ORG. [192.0.2.1] to <b@example.net> is" },
		{ "allow:ALL:ALL:ALL\nnoto:ALL:ALL:ALL", false, false, RULES_ALLOW, 1, "" },
		{ "noto:ALL:ALL:ALL:553 no\nallow:ALL:ALL:ALL", false, false, RULES_NOTO, 1,
		    "553 no" },
		{ "deny_delay:ALL:ALL:ALL:421 4.7.0 bye", false, false, RULES_DENY, 1,
		    "421 4.7.0 bye" },
		{ "tag:ALL:ALL:ALL:listed%C %I", false, false, RULES_TAG, 1, "listed: 192.0.2.1" },
		{ "debug:ALL:ALL:ALL\nnoto:ALL:ALL:ALL:550 %F%T%H%I%U%C%%", false, false,
		    RULES_NOTO, 2,
		    "550 <a@example.com><b@example.net>Mail.Example.ORG.192.0.2.1UNKNOWN:%" },
		/* what is unknown */
		{ "noto:RBL.down.test:ALL:ALL", false, false, RULES_ALLOW, 0, "" },
		{ "noto:RBL.down.test:ALL:ALL", false, true, RULES_NOTO, 1, "451 4.4.3 " },
		{ "noto:RBL.dead.test:ALL:ALL", false, true, RULES_ALLOW, 0, "" },
		{ "allow:RBL.down.test:ALL:ALL\nnoto:ALL:ALL:ALL", false, false, RULES_NOTO, 2,
		    "451 4.4.3 " },
		{ "allow:RBL.dead.test:ALL:ALL\ndeny:ALL:ALL:ALL", false, false, RULES_NOTO, 2,
		    "451 4.4.3 " },
		{ "tag:RBL.down.test:ALL:ALL\nnoto:ALL:ALL:ALL", false, false, RULES_NOTO, 2,
		    "451 4.4.3 " },
		{ "allow:RBL.down.test:ALL:ALL", true, false, RULES_NOTO, 0, "451 4.4.3 " },
		{ "allow:RBL.down.test:ALL:ALL\nnoto:ALL:ALL:ALL:450 later", false, false,
		    RULES_NOTO, 2, "450 later" },
		{ "noto:RBL.down.test:ALL:ALL:450 later\nnoto:ALL:ALL:ALL:550 no", false, false,
		    RULES_NOTO, 2, "451 4.4.3 " },
		{ "noto:RBL.down.test:ALL:ALL:550 listed\nnoto:ALL:ALL:ALL:550 no", false, false,
		    RULES_NOTO, 2, "550 no" },
		{ "debug:RBL.down.test:ALL:ALL\nnoto:ALL:ALL:ALL:550 no", false, false, RULES_NOTO,
		    2, "550 no" },
		{ "allow:RBL.down.test:nobody:ALL\nnoto:ALL:ALL:ALL:550 no", false, false,
		    RULES_NOTO, 2, "550 no" },
		{ "allow:RBL.down.test:ALL:ALL\nallow:ALL:ALL:ALL", false, false, RULES_ALLOW, 2,
		    "" },
		{ "noto:RBL.slow.test:ALL:ALL", false, false, RULES_ALLOW, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rules *rules = parse(cases[i].rules);
		struct rules_asker asker = world_asker(&world, stranger.address);
		struct rules_options options = { cases[i].refuse, cases[i].defer };
		struct rules_decision d;
		bool done = rules_decide(rules, &stranger, &asker, &options, NULL, NULL, &d);
		const char *reply = cases[i].reply;

		if (done != (reply != NULL) ||
		    (done && (d.action != cases[i].action || d.rule != cases[i].rule ||
				 strncmp(d.reply, reply, strlen(reply)) != 0 ||
				 (*reply == '\0' && d.reply[0] != '\0'))))
			fail_msg("%s: %s by rule %zu: %s", cases[i].rules,
			    rules_action_name(d.action), d.rule, d.reply);
		rules_free(rules);
	}
}

/* Whatever a client calls itself, the reply is one line of printable ASCII. */
static void replies(void **state)
{
	struct rules *rules = parse("noto:ALL:ALL:ALL:550 %F %T %U %H");
	struct rules_asker asker = world_asker(&world, "192.0.2.1");
	struct rules_options options = { false, false };
	struct rules_decision d;
	char longest[2000];
	struct rules_envelope envelope = { .address = "192.0.2.1",
		.name = "evil",
		.name_state = RULES_NAME_FORGED,
		.sender = "a\r\n250 ok\x80%s%n@b",
		.recipient = longest };

	(void)state;
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_true(rules_decide(rules, &envelope, &asker, &options, NULL, NULL, &d));
	assert_int_equal(strncmp(d.reply, "550 <a??250 ok?%s%n@b> <xxx", 26), 0);
	assert_int_equal(strlen(d.reply), RULES_REPLY_SIZE - 1);
	envelope.recipient = "";
	assert_true(rules_decide(rules, &envelope, &asker, &options, NULL, NULL, &d));
	assert_string_equal(d.reply, "550 <a??250 ok?%s%n@b> <> UNKNOWN UNKNOWN");
	rules_free(rules);
}

static void note_step(size_t n, enum rules_answer answer, int failed, void *arg)
{
	char *out = arg;
	size_t used = strlen(out);

	snprintf(out + used, 200 - used, "%zu %s %d;", n, rules_answer_name(answer), failed);
}

static void steps(void **state)
{
	struct rules *rules =
	    parse("allow:10.1.1.1:ALL:ALL\ndebug:ALL:ALL:ALL\n"
		  "noto:RBL.down.test:ALL:x\nnoto:RBL.down.test:ALL:ALL\nnoto:ALL:ALL:*@*:550 x");
	struct rules_asker asker = world_asker(&world, "192.0.2.1");
	struct rules_options options = { false, false };
	struct rules_decision d;
	char out[200] = "";

	(void)state;
	assert_true(rules_decide(rules, &stranger, &asker, &options, note_step, out, &d));
	assert_string_equal(out, "1 no 0;2 yes -1;3 no 2;4 cannot tell 0;5 yes -1;");
	assert_int_equal(d.debug_count, 1);
	assert_int_equal(d.debug[0], 2);
	asker = world_asker(&world, "192.0.2.1");
	rules_foresee(rules, &stranger, &asker);
	assert_string_equal(world.asked,
	    "pop 192.0.2.1\ndown.test 192.0.2.1\npop 192.0.2.1\ndown.test 192.0.2.1\n");
	rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients),
		cmocka_unit_test(addresses),
		cmocka_unit_test(spelled),
		cmocka_unit_test(as_written),
		cmocka_unit_test(long_ones),
		cmocka_unit_test(long_expressions),
		cmocka_unit_test(user_with_domain),
		cmocka_unit_test(what_is_asked),
		cmocka_unit_test(decisions),
		cmocka_unit_test(replies),
		cmocka_unit_test(steps),
	};

	return cmocka_run_group_tests(tests, make_world, NULL);
}
