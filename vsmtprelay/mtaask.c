/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mtaask.c - see mtaask.h
 *
 * Limits: Postfix is asked for the map, since it has no test mode, and its
 * lists of restrictions are read: that a table or a policy service in front of
 * the map decides otherwise is not seen.  What sendmail and Exim answer is
 * theirs, whatever the reason: a client may also relay because of its network.
 */
#include "mtaask.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "postfix.h"
#include "program.h"

static const char *const postmap_places[] = { "/usr/sbin/postmap", "/usr/local/sbin/postmap",
	NULL };

const char *mta_title(enum mta server)
{
	static const char *const titles[] = {
		[MTA_POSTFIX] = "Postfix", [MTA_EXIM] = "Exim", [MTA_SENDMAIL] = "sendmail"
	};

	return titles[server];
}

bool mta_is_there(const struct mta_facts *facts, enum mta server)
{
	switch (server) {
	case MTA_POSTFIX:
		return facts->postfix_types != NULL;
	case MTA_EXIM:
		return facts->exim_version != NULL;
	default:
		return facts->sendmail_version != NULL;
	}
}

/* LINE up to its end, printable, as much as has room. */
static void show_line(const char *line, char *out, size_t size)
{
	log_escape_text(line, strcspn(line, "\r\n"), out, size);
}

/* "hash:/var/lib/relayers/relayers" for the file of that name. */
static bool postfix_map(const char *file, char *map, size_t size)
{
	const char *dot = strrchr(file, '.');

	if (dot == NULL || strcmp(dot, ".sqlite") == 0)
		return false;
	return snprintf(map, size, "%s:%.*s", strcmp(dot, ".lmdb") == 0 ? "lmdb" : "hash",
		   (int)(dot - file), file) < (int)size;
}

/* access(5): a number or OK lets it relay. */
static bool permits(const char *value)
{
	return strncmp(value, "OK", 2) == 0 || value[strspn(value, "0123456789\n")] == '\0';
}

static void take_fault(const struct finding *finding, void *arg)
{
	char *text = arg;

	if (*text == '\0')
		snprintf(text, MTAASK_TEXT, "refuses it: %s", finding->what);
}

/* Takes out what postmap says of main.cf and of the type of map at every use: a
 * warning comes beside the row. */
static void drop_warnings(char *output)
{
	static const char warning[] = "postmap: warning: ";
	char *line = output;

	while (*line != '\0') {
		size_t size = strcspn(line, "\n");

		size += line[size] == '\n';
		if (strncmp(line, warning, strlen(warning)) == 0)
			memmove(line, line + size, strlen(line + size) + 1);
		else
			line += size;
	}
}

static enum answer ask_postfix(
    const struct mta_facts *facts, const char *file, const char *address, char text[MTAASK_TEXT])
{
	const char *postmap = program_find(postmap_places);
	char map[1100], shown[128], *output;
	enum answer answer = ANSWER_UNKNOWN;
	int status;

	if (postmap == NULL || !postfix_map(file, map, sizeof map)) {
		snprintf(text, MTAASK_TEXT, "cannot be asked about this form of the database");
		return answer;
	}
	*text = '\0';
	if (facts->postfix_settings != NULL)
		postfix_order(facts->postfix_settings, file, take_fault, text);
	if (*text != '\0') /* whatever the map has */
		return ANSWER_NO;
	status = program_run(
	    postmap, (const char *[]){ "postmap", "-q", address, map, NULL }, "", true, &output);
	if (output != NULL)
		drop_warnings(output);
	show_line(output != NULL ? output : "no answer in time", shown, sizeof shown);
	if (status == 0 && output != NULL && permits(output)) {
		answer = ANSWER_YES;
		snprintf(text, MTAASK_TEXT, "finds it: postmap -q %s %.200s prints %s", address,
		    map, shown);
	} else if (status == 0) {
		answer = ANSWER_NO;
		snprintf(text, MTAASK_TEXT,
		    "finds a value that does not let it relay: postmap -q %s %.200s prints %s",
		    address, map, shown);
	} else if (status == 1 && output != NULL && *output == '\0') {
		answer = ANSWER_NO;
		snprintf(text, MTAASK_TEXT, "does not find it: postmap -q %s %.200s prints nothing",
		    address, map);
	} else
		snprintf(text, MTAASK_TEXT, "cannot be asked: postmap -q %s %.200s: %s", address,
		    map, shown);
	free(output);
	return answer;
}

/* ADDRESS as sendmail has it in ${client_addr}. */
static void sendmail_spelling(const char *address, char *out, size_t size)
{
	unsigned char bytes[16];
	int at;

	if (inet_pton(AF_INET6, address, bytes) != 1) {
		snprintf(out, size, "%s", address);
		return;
	}
	at = snprintf(out, size, "IPv6");
	for (int i = 0; i < 16; i += 2)
		at += snprintf(
		    out + at, size - (size_t)at, ":%x", (unsigned)bytes[i] << 8 | bytes[i + 1]);
}

/* The last answer of check_rcpt in what the test mode prints. */
static const char *last_return(const char *output)
{
	const char *last = NULL, *at = output;

	while ((at = strstr(at, "\ncheck_rcpt ")) != NULL) {
		const char *returns = at + 12 + strspn(at + 12, " ");

		at++;
		if (strncmp(returns, "returns: ", 9) == 0)
			last = returns + 9;
	}
	return last;
}

static enum answer ask_sendmail(
    const struct mta_facts *facts, const char *address, char text[MTAASK_TEXT])
{
	char input[512], spelling[64], shown[200], *output = NULL;
	const char *answered;
	enum answer answer = ANSWER_UNKNOWN;

	sendmail_spelling(address, spelling, sizeof spelling);
	/* a literal as the recipient's host, so that no name is looked up */
	snprintf(input, sizeof input,
	    ".D{client_addr}%s\n.D{client_name}[%s]\n.D{client_resolve}FAIL\n.D{mail_addr}<>\n"
	    "check_rcpt <relay-test@[192.0.2.1]>\n",
	    spelling, spelling);
	program_run(
	    facts->sendmail, (const char *[]){ "sendmail", "-bt", NULL }, input, false, &output);
	answered = output != NULL ? last_return(output) : NULL;
	if (answered == NULL) {
		snprintf(text, MTAASK_TEXT,
		    "cannot be asked: sendmail -bt gives no answer for check_rcpt");
		free(output);
		return answer;
	}
	show_line(answered, shown, sizeof shown);
	answer = strncmp(answered, "$# error", 8) == 0 || strncmp(answered, "$# discard", 10) == 0
		     ? ANSWER_NO
		     : ANSWER_YES;
	snprintf(text, MTAASK_TEXT, "%s: check_rcpt in sendmail -bt returns %s",
	    answer == ANSWER_YES ? "lets it relay" : "refuses it", shown);
	free(output);
	return answer;
}

/* The Nth reply of an SMTP dialogue, from 1. */
static const char *reply(const char *output, int n)
{
	for (const char *line = output; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n');

		if (line[0] >= '2' && line[0] <= '5' && strspn(line, "0123456789") == 3 &&
		    line[3] == ' ' && --n == 0)
			return line;
		line = end != NULL ? end + 1 : NULL;
	}
	return NULL;
}

/* exim -bh looks an IPv6 address up with all its zeros, which no client's has:
 * the ACL of docs/exim.md is asked instead. */
static enum answer ask_exim_acl(
    const struct mta_facts *facts, const char *address, char text[MTAASK_TEXT])
{
	static const char expression[] = "${if acl{{relayers}}{yes}{no}}";
	char *output = program_output(
	    facts->exim, (const char *[]){ "exim", "-be", "-oMa", address, expression, NULL });
	enum answer answer = ANSWER_UNKNOWN;

	if (output != NULL && strcmp(output, "yes\n") == 0) {
		answer = ANSWER_YES;
		snprintf(text, MTAASK_TEXT,
		    "lets it relay: its ACL relayers accepts (exim -be -oMa %s '%s')", address,
		    expression);
	} else if (output != NULL && strcmp(output, "no\n") == 0) {
		answer = ANSWER_NO;
		snprintf(text, MTAASK_TEXT,
		    "refuses it: its ACL relayers does not accept (exim -be -oMa %s '%s')", address,
		    expression);
	} else
		snprintf(text, MTAASK_TEXT,
		    "cannot be asked about IPv6: exim -be -oMa %s '%s' gives no answer; is there "
		    "the ACL of "
		    "docs/exim.md?",
		    address, expression);
	free(output);
	return answer;
}

static enum answer ask_exim(
    const struct mta_facts *facts, const char *address, char text[MTAASK_TEXT])
{
	static const char dialogue[] = "HELO relay-test.invalid\r\nMAIL FROM:<>\r\n"
				       "RCPT TO:<relay-test@example.net>\r\nQUIT\r\n";
	char shown[200], *output = NULL;
	const char *answered;
	enum answer answer = ANSWER_UNKNOWN;

	program_run(facts->exim, (const char *[]){ "exim", "-bh", address, NULL }, dialogue, false,
	    &output);
	/* greeting, HELO, MAIL, RCPT */
	answered = output != NULL ? reply(output, 4) : NULL;
	if (answered == NULL) {
		snprintf(text, MTAASK_TEXT, "cannot be asked: exim -bh %s gives no answer to RCPT",
		    address);
	} else {
		show_line(answered, shown, sizeof shown);
		answer = answered[0] == '2'   ? ANSWER_YES
			 : answered[0] == '5' ? ANSWER_NO
					      : ANSWER_UNKNOWN;
		snprintf(text, MTAASK_TEXT, "%s: exim -bh %s answers RCPT with %s",
		    answer == ANSWER_YES  ? "lets it relay"
		    : answer == ANSWER_NO ? "refuses it"
					  : "puts it off",
		    address, shown);
	}
	free(output);
	return answer;
}

enum answer mta_ask(const struct mta_facts *facts, enum mta server, const char *file,
    const char *address, char text[MTAASK_TEXT])
{
	switch (server) {
	case MTA_POSTFIX:
		return ask_postfix(facts, file, address, text);
	case MTA_EXIM:
		return strchr(address, ':') != NULL ? ask_exim_acl(facts, address, text)
						    : ask_exim(facts, address, text);
	default:
		return ask_sendmail(facts, address, text);
	}
}

int64_t mta_window(const struct mta_facts *facts, enum mta server)
{
	const char *text = server == MTA_SENDMAIL ? facts->sendmail_settings
			   : server == MTA_EXIM   ? facts->exim_settings
						  : NULL;
	const char *mark = server == MTA_SENDMAIL ? "\nD{RelayersWindow}" : "$tod_epoch-";
	const char *at = text != NULL ? strstr(text, mark) : NULL;

	return at != NULL ? strtoll(at + strlen(mark), NULL, 10) : 0;
}
