/* SPDX-License-Identifier: BSD-2-Clause
 *
 * setup.c - see setup.h
 *
 * The blocks of lines are those of the documents, which the build turns into
 * blocks.h.  Which servers and logs there are is popwatch's to say: popwatch
 * -n. Limits: looks for mail servers where distributions put them.
 */
#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "blocks.h"
#include "expiry.h"
#include "files.h"
#include "host.h"
#include "log.h"
#include "mtaask.h"
#include "postfix.h"
#include "program.h"
#include "sysinit.h"

#define USER "relayers"
#define DOCUMENTED "/var/lib/relayers" /* the directory that the documents name */
#define CONFIG RELAYERS_SYSCONFDIR "/popwatch.conf"

static const char *const popwatch_places[] = { "/usr/sbin/popwatch", "/usr/local/sbin/popwatch",
	NULL };

struct setup {
	bool write;
	const char *file; /* the database */
	struct mta_facts facts;
	unsigned naming; /* as mta_naming() */
	int step;
	bool missing; /* something is left to do */
};

/* TEXT of a document, for the directories of this installation. */
static void print_block(const char *text)
{
	for (const char *at = text; *at != '\0';) {
		if (strncmp(at, DOCUMENTED, strlen(DOCUMENTED)) == 0) {
			fputs(RELAYERS_STATEDIR, stdout);
			at += strlen(DOCUMENTED);
		} else
			putchar(*at++);
	}
}

/* Begins a step.  Returns DONE. */
static bool __attribute__((format(printf, 3, 4)))
step(struct setup *setup, bool done, const char *format, ...)
{
	va_list values;

	printf("\n[%s] %d. ", done ? "done" : "TO DO", ++setup->step);
	va_start(values, format);
	vprintf(format, values);
	va_end(values);
	putchar('\n');
	setup->missing |= !done;
	return done;
}

/* LINES of a document, or of ours, to be run; MORE follows, and may be "". */
static void run(const char *lines, const char *more)
{
	puts("--- run:");
	print_block(lines);
	print_block(more);
	puts("---");
}

static void __attribute__((format(printf, 2, 3))) into(const char *block, const char *format, ...)
{
	va_list values;

	fputs("--- into ", stdout);
	va_start(values, format);
	vprintf(format, values);
	va_end(values);
	puts(":");
	print_block(block);
	puts("---");
}

/* The directory, for USER; where that is missing nothing is made. */
static bool make_directory(void)
{
	const struct passwd *user = getpwnam(USER);

	if (user == NULL || geteuid() != 0)
		return false;
	if (mkdir(RELAYERS_STATEDIR, 0755) != 0)
		return errno == EEXIST;
	if (lchown(RELAYERS_STATEDIR, user->pw_uid, user->pw_gid) != 0) {
		log_say(LOG_ERR, "setup: cannot give %s to %s: %s", RELAYERS_STATEDIR, USER,
		    strerror(errno));
		rmdir(RELAYERS_STATEDIR);
		return false;
	}
	printf("wrote %s\n", RELAYERS_STATEDIR);
	return true;
}

static void directory_step(struct setup *setup)
{
	const char *slash = strrchr(setup->file, '/');
	char directory[4096];
	struct stat st;
	bool there;

	snprintf(directory, sizeof directory, "%.*s",
	    slash != NULL ? (int)(slash - setup->file) : 1, slash != NULL ? setup->file : ".");
	there = stat(directory, &st) == 0 && S_ISDIR(st.st_mode);
	if (!there && setup->write && strcmp(directory, RELAYERS_STATEDIR) == 0)
		there = make_directory();
	if (step(setup, getpwnam(USER) != NULL && there, "user %s and the directory %s", USER,
		directory))
		return;
	if (sysinit_systemd())
		run("systemd-sysusers relayers.conf\nsystemd-tmpfiles --create relayers.conf\n",
		    "");
	else
		run("useradd -r -U -M -d /var/lib/relayers -s /usr/sbin/nologin -G adm relayers\n"
		    "install -d -o relayers -g relayers -m 755 /var/lib/relayers\n",
		    "");
}

static void database_step(struct setup *setup)
{
	if (step(setup, access(setup->file, F_OK) == 0, "the database %s", setup->file))
		return;
	if (strcmp(setup->file, RELAYERS_STATEDIR "/relayers.db") == 0)
		run("vsmtprelay load /dev/null\n", "");
	else
		printf("--- run:\nvsmtprelay -f %s load /dev/null\n---\n", setup->file);
}

/* popwatch.conf with what the sample says. */
static bool write_config(void)
{
	static const char text[] =
	    "log = auto\nservers = auto\nsocket = /run/relayers/popwatch.sock\n";
	int fd;
	bool written;

	if (mkdir(RELAYERS_SYSCONFDIR, 0755) != 0 && errno != EEXIST)
		return false;
	fd = open(CONFIG, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (close(fd) != 0 || !written) {
		log_say(LOG_ERR, "setup: cannot write %s: %s", CONFIG, strerror(errno));
		unlink(CONFIG);
		return false;
	}
	printf("wrote %s\n", CONFIG);
	return true;
}

/* What popwatch says of this host. */
static void print_report(const char *report)
{
	char shown[LOG_ESCAPE_SIZE];

	for (const char *at = report; *at != '\0'; at++)
		fputs(*at == '\n' ? "\n" : log_escape((unsigned char)*at, shown), stdout);
}

static bool has_containers(void)
{
	return files_exist("/var/lib/docker/containers/*") ||
	       files_exist("/var/lib/containers/storage/overlay-containers/*") ||
	       files_exist("/var/lib/lxc/*/config") || files_exist("/var/lib/machines/*");
}

static void config_step(struct setup *setup)
{
	const char *popwatch = program_find(popwatch_places);
	bool there = access(CONFIG, F_OK) == 0;
	char *report = NULL;
	int status = PROGRAM_FAILED;

	if (!there && setup->write)
		there = write_config();
	if (popwatch != NULL && there)
		status = program_run(
		    popwatch, (const char *[]){ "popwatch", "-n", NULL }, "", true, &report);
	step(setup, status == 0,
	    "popwatch finds logs and servers, and may read and write what it needs");
	if (!there)
		into("log = auto\nservers = auto\nsocket = /run/relayers/popwatch.sock\n",
		    "%s (or: vsmtprelay setup --write)", CONFIG);
	else if (popwatch == NULL)
		puts("popwatch is not installed: see docs/INSTALL.md; pam_relaydb(8) records "
		     "logins without it");
	if (report != NULL)
		print_report(report);
	if (has_containers()) {
		puts("Containers are on this host: name the servers that run in them, for example");
		into(blocks_install_popwatch_conf, "%s", CONFIG);
	}
	free(report);
}

static void expiry_step(struct setup *setup)
{
	struct expiry expiry;

	expiry_find(&expiry);
	if (step(setup, expiry.by != EXPIRY_NONE || expiry.unsure, "old entries are removed%s%s",
		expiry.by != EXPIRY_NONE ? ", by "
		: expiry.unsure          ? ", by "
					 : "",
		expiry.by != EXPIRY_NONE ? expiry_name(expiry.by)
		: expiry.unsure          ? "a crontab that this user may not read"
					 : ""))
		return;
	if (sysinit_systemd() && (expiry.no_daemon || !files_exist("/usr/sbin/cron*")))
		run(blocks_install_timer, "systemctl enable --now vsmtprelay-expire.timer\n");
	else if (expiry.no_daemon)
		run("apt install --no-install-recommends cron\n", "");
	else
		into("*/15 * * * *  relayers  /usr/sbin/vsmtprelay expire 60\n",
		    "/etc/cron.d/vsmtprelay");
}

static void recorder_step(struct setup *setup)
{
	char start[SYSINIT_MAX];

	if (step(setup, host_records(), "logins are recorded"))
		return;
	if (sysinit_systemd())
		run("systemctl enable --now relayers-settle popwatch\n", "");
	else
		run(sysinit_command(start, SYSINIT_START, "popwatch"), "\n");
}

/* ---- the mail server ---- */

static void count_finding(const struct finding *finding, void *arg)
{
	size_t *faults = arg;

	if (finding->severity != RELAYDB_FAULT)
		return;
	if ((*faults)++ == 0)
		puts("--- first, what vsmtprelay check finds:");
	print_report(finding->what);
	fputs("\n\tfix: ", stdout);
	print_report(finding->fix);
	putchar('\n');
}

static void postfix_lines(const struct setup *setup)
{
	bool lmdb = strstr(setup->file, ".lmdb") != NULL;

	into(lmdb ? blocks_postfix_map_lmdb : blocks_postfix_map, "/etc/postfix/main.cf");
	into(
	    blocks_postfix_relay, "/etc/postfix/main.cf, in place of its smtpd_relay_restrictions");
	run("postfix check && postfix reload\n", "");
}

static void exim_lines(const struct setup *setup)
{
	bool split =
	    files_say("/etc/exim4/update-exim4.conf.conf", "dc_use_split_config", "true", NULL, 0);
	bool debian = files_exist("/etc/exim4/update-exim4.conf.conf");
	bool sqlite = strstr(setup->file, ".sqlite") != NULL;
	char user[64];

	into(sqlite ? blocks_exim_acl_sqlite : blocks_exim_acl, "%s",
	    split    ? "/etc/exim4/conf.d/acl/20_local-relayers"
	    : debian ? "/etc/exim4/exim4.conf.template, below `begin acl'"
		     : "Exim's configuration, below `begin acl'");
	into(blocks_exim_rcpt, "%s, before its `require message = relay not permitted'",
	    split    ? "/etc/exim4/conf.d/acl/30_exim4-config_check_rcpt"
	    : debian ? "/etc/exim4/exim4.conf.template, acl_check_rcpt"
		     : "the ACL for RCPT");
	if (setup->facts.exim_user != NULL &&
	    sscanf(setup->facts.exim_user, "exim_user = %63[-A-Za-z0-9_]", user) == 1)
		printf("--- run:\nusermod -a -G relayers %s\n---\n", user);
	if (debian)
		run("update-exim4.conf\n",
		    sysinit_systemd() ? "systemctl restart exim4\n" : "service exim4 restart\n");
	else
		puts("Then restart Exim.");
}

static void sendmail_lines(void)
{
	into(blocks_readme_mc, "/etc/mail/sendmail.mc, before its MAILER lines");
	run("cd /etc/mail && cp -p sendmail.cf sendmail.cf.orig\n"
	    "m4 sendmail.mc >sendmail.cf.new && mv sendmail.cf.new sendmail.cf\n",
	    sysinit_systemd() ? "systemctl reload sendmail\n" : "service sendmail reload\n");
}

static void server_steps(struct setup *setup)
{
	size_t faults = 0;
	int there = 0;

	for (enum mta server = MTA_POSTFIX; server < MTAS; server++) {
		bool named = (setup->naming & 1U << server) != 0;

		if (!mta_is_there(&setup->facts, server))
			continue;
		there++;
		if (step(setup, named, "%s asks the database; clients relay from here on",
			mta_title(server)))
			continue;
		if (setup->naming == 0)
			mta_check_facts(&setup->facts, setup->file, count_finding, &faults);
		if (server == MTA_POSTFIX)
			postfix_lines(setup);
		else if (server == MTA_EXIM)
			exim_lines(setup);
		else
			sendmail_lines();
	}
	if (there == 0) {
		step(setup, false,
		    "a mail server asks the database: none is installed on this host");
		puts("Its page: docs/postfix.md, docs/exim.md, sendmail-cf/README.md");
	}
	if (setup->naming != 0) {
		mta_check_facts(&setup->facts, setup->file, count_finding, &faults);
		postfix_check(setup->file, count_finding, &faults);
	}
	setup->missing |= faults > 0;
}

int cmd_setup(struct relaydb *db, const struct call *call)
{
	struct setup setup = { .write = (call->options & OPTION_WRITE) != 0,
		.file = relaydb_filename(db) };

	mta_gather(&setup.facts);
	setup.naming = mta_naming(&setup.facts, setup.file);
	puts("What this host needs, in this order; the mail server comes last, so that the relay "
	     "is\n"
	     "never open. Nothing of the mail server is changed by this command.");
	directory_step(&setup);
	database_step(&setup);
	config_step(&setup);
	expiry_step(&setup);
	recorder_step(&setup);
	server_steps(&setup);
	mta_free(&setup.facts);
	printf("\n%s\n", setup.missing
			     ? "Then run vsmtprelay setup again: it says what is still missing."
			     : "Nothing is missing. vsmtprelay status shows the host, vsmtprelay "
			       "why ADDRESS a client.");
	return setup.missing ? EXIT_PARTLY : EX_OK;
}
