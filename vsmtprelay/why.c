/* SPDX-License-Identifier: BSD-2-Clause
 *
 * why.c - see why.h
 *
 * The answer is the mail server's: of those whose configuration names the
 * database one that lets the client relay.  Where no mail server is installed,
 * the row decides.
 */
#include "why.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "daemons.h"
#include "everyhost.h"
#include "expiry.h"
#include "files.h"
#include "glance.h"
#include "human.h"
#include "log.h"
#include "mtaask.h"
#include "program.h"
#include "trace.h"
#include "watchask.h"

struct why {
	char address[RELAYDB_ADDRSTRLEN];
	const char *file;
	int64_t now;
	struct glance survey;
	struct expiry expiry;
	struct watchconf watch;
	struct watchask asked; /* popwatch */
	bool ignored; /* by popwatch */
	bool counts; /* the row lets it relay, as far as rows do */
	enum answer answer;
	const char *by; /* whose answer that is */
	FILE *to; /* the details, printed after the answer */
};

static const char *const relayguard_places[] = { "/usr/sbin/relayguard",
	"/usr/local/sbin/relayguard", NULL };

static void __attribute__((format(printf, 3, 4)))
detail(const struct why *why, const char *title, const char *format, ...)
{
	va_list values;

	fprintf(why->to, "  %-12s ", title);
	va_start(values, format);
	vfprintf(why->to, format, values);
	va_end(values);
	fputc('\n', why->to);
}

/* The row, and what is left of it. */
static void look_at_row(struct why *why)
{
	const struct glance *survey = &why->survey;
	char age[HUMAN_AGE], left[HUMAN_AGE], date[HUMAN_TIME];

	if (!survey->found) {
		detail(why, "database", "%.256s has no row for it", why->file);
		return;
	}
	if (!survey->entry) {
		why->counts = strncmp(survey->value, "OK", 2) == 0 || survey->value[0] == '\0';
		detail(why, "database", "%.256s has a permanent row, \"%s\": it never expires",
		    why->file, survey->value);
		return;
	}
	why->counts = true;
	if (survey->stamp > why->now) {
		detail(why, "database",
		    "%.256s has an entry of the future, %s: it does not expire before then",
		    why->file, human_time(survey->stamp, date));
		return;
	}
	detail(why, "database", "%.256s has a login of %s, %s ago", why->file,
	    human_time(survey->stamp, date), human_age(why->now - survey->stamp, age));
	if (why->expiry.by == EXPIRY_NONE)
		detail(why, "expiry", "%s",
		    why->expiry.unsure ? "what removes its row is not known"
				       : "nothing removes its row: see vsmtprelay check");
	else if (why->expiry.after == EXPIRY_ALL)
		detail(why, "expiry", "its row is removed at the next run of %s",
		    expiry_name(why->expiry.by));
	else if (survey->stamp + why->expiry.after <= why->now)
		detail(why, "expiry", "%s removes its row at its next run",
		    expiry_name(why->expiry.by));
	else
		detail(why, "expiry", "%s left, until %s removes the row",
		    human_left(&why->expiry, why->now, survey->stamp, left),
		    expiry_name(why->expiry.by));
}

/* What popwatch was told, and what logs say. */
static void look_at_records(struct why *why)
{
	struct trace *trace = trace_new();
	const char *who = trace_of(trace, why->address);
	char *lines = trace_lines(why->address, why->watch.logs), line[LOG_MESSAGE_MAX];
	struct ipnet net;

	if (who != NULL)
		detail(why, "recorded by", "%s", who);
	why->ignored = ipnet_parse(why->address, &net) && netset_holds(&why->watch.ignore, &net);
	if (why->ignored)
		detail(why, "popwatch", "does not record it: it is in `ignore' (loopback, or %s)",
		    RELAYERS_SYSCONFDIR "/popwatch.conf");
	if (lines != NULL) {
		trace_last(lines, line, sizeof line);
		detail(why, "last line", "%s", line);
	} else
		detail(why, "last line", "%s",
		    trace_place(trace) != NULL
			? "no line of the log has it"
			: "no log or journal that this user may read has it");
	watch_ask(&why->asked, why->address, lines);
	if (*why->asked.warning != '\0' && !why->ignored)
		detail(why, "warning", "%s", why->asked.warning);
	if (!why->survey.found && !why->ignored && *why->asked.says != '\0')
		detail(why, "popwatch", "%s", why->asked.says);
	free(lines);
	trace_free(trace);
}

/* What is left of SERVER's own window. */
static void look_at_window(const struct why *why, enum mta server, int64_t window)
{
	char left[HUMAN_AGE];

	if (!why->survey.found || !why->survey.entry || why->survey.stamp > why->now)
		return;
	if (why->survey.stamp + window > why->now)
		detail(why, "window", "%s left of that of %s",
		    human_age(why->survey.stamp + window - why->now, left), mta_title(server));
	else
		detail(why, "window", "that of %s, %s, is over: the user has to fetch mail again",
		    mta_title(server), human_age(window, left));
}

static void look_at_server(
    struct why *why, const struct mta_facts *facts, enum mta server, bool named)
{
	char text[MTAASK_TEXT];
	enum answer answer;
	int64_t window = mta_window(facts, server);

	if (!named && server == MTA_POSTFIX) {
		detail(why, mta_title(server),
		    "its configuration does not name %.256s, see docs/postfix.md", why->file);
		answer = ANSWER_NO;
	} else {
		answer = mta_ask(facts, server, why->file, why->address, text);
		detail(why, mta_title(server), "%s", text);
		if (!named)
			detail(why, mta_title(server),
			    "its configuration does not name %.256s, see %s", why->file,
			    server == MTA_EXIM ? "docs/exim.md" : "sendmail-cf/README.md");
	}
	if (named && window > 0)
		look_at_window(why, server, window);
	if (answer == ANSWER_YES || (answer == ANSWER_NO && why->answer == ANSWER_UNKNOWN)) {
		why->answer = answer;
		why->by = mta_title(server);
	}
}

static void look_at_servers(struct why *why)
{
	struct mta_facts facts;
	unsigned naming;
	int there = 0;

	mta_gather(&facts);
	naming = mta_naming(&facts, why->file);
	for (enum mta server = MTA_POSTFIX; server < MTAS; server++) {
		if (!mta_is_there(&facts, server))
			continue;
		there++;
		look_at_server(why, &facts, server, (naming & 1U << server) != 0);
	}
	if (there == 0) {
		detail(why, "mail server", "none is installed here: the answer is that of the row");
		why->answer = why->counts ? ANSWER_YES : ANSWER_NO;
		why->by = "the database";
	}
	mta_free(&facts);
}

/* The other hosts, where relaymirror runs. */
static void look_at_mirror(struct why *why)
{
	char text[EVERYHOST_TEXT];

	if (everyhost_ask(why->file, why->address, why->now, text))
		detail(why, "relaymirror", "%s", text);
}

/* The rules, where relayguard runs. */
static void look_at_guard(struct why *why)
{
	const char *guard = program_find(relayguard_places);
	char client[RELAYDB_ADDRSTRLEN + 16], shown[LOG_ESCAPE_SIZE], *output;

	if (guard == NULL || !files_running("relayguard"))
		return;
	snprintf(client, sizeof client, "client=%s", why->address);
	program_run(guard,
	    (const char *[]){ "relayguard", "-t", client, "to=relay-test@example.net", NULL }, "",
	    true, &output);
	fprintf(why->to, "  %-12s ", "relayguard");
	for (const char *at = output != NULL ? output : "gives no answer"; *at != '\0'; at++)
		fputs(*at == '\n' ? (at[1] != '\0' ? "\n              " : "\n")
				  : log_escape((unsigned char)*at, shown),
		    why->to);
	if (output == NULL)
		fputc('\n', why->to);
	free(output);
}

/* What to do about a no. */
static const char *advice(const struct why *why)
{
	if (why->ignored && !why->survey.found)
		return "popwatch ignores this address: let its network relay in the mail server's "
		       "configuration, "
		       "or take it out of `ignore'";
	if (!why->survey.found && *why->asked.fix != '\0')
		return why->asked.fix;
	if (!why->survey.found)
		return "no login from it is recorded: have the user fetch mail, then ask again; if "
		       "that does not help, "
		       "see \"Nothing is recorded\" in docs/TROUBLESHOOTING.md";
	if (why->counts)
		return "it is recorded, but the mail server refuses it: run vsmtprelay check, then "
		       "see \"Recorded, but "
		       "refused\" in docs/TROUBLESHOOTING.md";
	return "its row has a value that lets nobody relay: vsmtprelay delete it";
}

static void print_answer(const struct why *why, const char *details)
{
	static const char *const words[] = { [ANSWER_NO] = "no, it may not relay now",
		[ANSWER_YES] = "yes, it may relay now",
		[ANSWER_UNKNOWN] = "unknown" };

	printf("%s: %s%s%s%s\n%s", why->address, words[why->answer], why->by != NULL ? " (" : "",
	    why->by != NULL ? why->by : "", why->by != NULL ? ")" : "", details);
	if (why->answer == ANSWER_NO)
		printf("  %-12s %s\n", "what to do", advice(why));
	else if (why->answer == ANSWER_YES)
		printf("  %-12s %s\n", "if refused",
		    "ask for the address that the mail server's log has for the client; then see "
		    "\"Recorded, but refused\" in docs/TROUBLESHOOTING.md");
}

static bool take_client(const char *text, char address[RELAYDB_ADDRSTRLEN])
{
	if (relaydb_address(text, address) == RELAYDB_OK)
		return true;
	if (strpbrk(text, ":/%[") == NULL && text[strspn(text, "0123456789.")] != '\0')
		log_say(LOG_ERR,
		    "why: \"%.64s\" is a name; a login counts for an address, and a name may have "
		    "many: expected the "
		    "address that the mail server's log has for the client",
		    text);
	else
		take_address("why", text, address);
	return false;
}

int cmd_why(struct relaydb *db, const struct call *call)
{
	struct why why = {
		.file = relaydb_filename(db), .now = (int64_t)time(NULL), .answer = ANSWER_UNKNOWN
	};
	char *details = NULL;
	size_t size;

	if (!take_client(call->arg[0], why.address))
		return EX_USAGE;
	why.to = open_memstream(&details, &size);
	if (why.to == NULL) {
		log_say(LOG_ERR, "why: out of memory");
		return EX_OSERR;
	}
	glance_take(db, why.address, why.now, &why.survey);
	expiry_find(&why.expiry);
	watchconf_read(&why.watch);
	if (why.survey.code == RELAYDB_OK)
		look_at_row(&why);
	else
		detail(&why, "database", "%s", why.survey.error);
	look_at_records(&why);
	look_at_mirror(&why);
	look_at_servers(&why);
	look_at_guard(&why);
	watchconf_clear(&why.watch);
	if (fclose(why.to) == 0)
		print_answer(&why, details);
	free(details);
	if (why.survey.code != RELAYDB_OK && why.answer != ANSWER_YES)
		return exit_status(why.survey.code);
	return why.answer == ANSWER_YES  ? EX_OK
	       : why.answer == ANSWER_NO ? EXIT_PARTLY
					 : EX_TEMPFAIL;
}
