/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mtahost.c - the mail servers of this host: where they are, what they say of
 * themselves, and whether Exim's user can open the database.  See mta.h
 */
#include "mta.h"

#include "files.h"
#include "postconf.h"
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const exim_places[] = { "/usr/sbin/exim4", "/usr/sbin/exim",
	"/usr/exim/bin/exim", "/usr/local/sbin/exim", NULL };
/* where it is under a name that no other mail server has */
static const char *const sendmail_places[] = { "/usr/libexec/sendmail/sendmail",
	"/usr/lib/sm.bin/sendmail", "/usr/sbin/sendmail.sendmail", NULL };

/* Can this user open FILE?  0, or an errno. */
static int try_as(const struct passwd *user, const char *file)
{
	int status, fd;
	pid_t pid = fork();

	if (pid == 0) {
		if (initgroups(user->pw_name, user->pw_gid) != 0 ||
		    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
		    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0)
			_exit(0);
		fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		_exit(fd < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 0;
	return WEXITSTATUS(status);
}

/* exim_user = NAME or number */
static const struct passwd *exim_user(const char *text)
{
	const char *equals = strchr(text, '=');
	char name[64];

	if (equals == NULL || sscanf(equals + 1, " %63s", name) != 1)
		return NULL;
	return name[strspn(name, "0123456789")] == '\0' ? getpwuid((uid_t)strtoul(name, NULL, 10))
							: getpwnam(name);
}

/* Whether Exim's user can open FILE; a finding for EACH if not. */
static void try_exim(const struct mta_facts *facts, const char *file,
    void (*each)(const struct finding *finding, void *arg), void *arg)
{
	const struct passwd *user = exim_user(facts->exim_user);
	const struct group *group;
	char what[2500], fix[512];
	struct stat st;
	int error;

	if (user == NULL || stat(file, &st) != 0)
		return;
	error = try_as(user, file);
	if (error == 0)
		return;
	snprintf(what, sizeof what, "Exim runs as %.64s, who cannot open %.1000s: %s",
	    user->pw_name, file, strerror(error));
	group = getgrgid(st.st_gid);
	if (st.st_gid != 0 && (st.st_mode & S_IRGRP) != 0)
		snprintf(fix, sizeof fix, "usermod -a -G %.128s %.64s, then restart Exim",
		    group != NULL ? group->gr_name : "its-group", user->pw_name);
	else
		strcpy(fix, "give the file to the group relayers, mode 0640");
	each(&(struct finding){ RELAYDB_FAULT, what, fix }, arg);
}

void mta_gather(struct mta_facts *facts)
{
	const char *exim = program_find(exim_places), *sendmail = program_find(sendmail_places);
	const char *complaint;

	*facts = (struct mta_facts){ .exim = exim, .sendmail = sendmail };
	facts->postfix_types = postconf_types();
	if (facts->postfix_types != NULL)
		facts->postfix_settings = postconf_text(&complaint);
	if (exim != NULL) {
		facts->exim_version = program_output(exim, (const char *[]){ "exim", "-bV", NULL });
		facts->exim_settings =
		    program_output(exim, (const char *[]){ "exim", "-bP", "config", NULL });
		facts->exim_user =
		    program_output(exim, (const char *[]){ "exim", "-bP", "exim_user", NULL });
	}
	if (sendmail != NULL) {
		facts->sendmail_version =
		    program_output(sendmail, (const char *[]){ "sendmail", "-d0.1", "-bt", NULL });
		facts->sendmail_settings = files_read("/etc/mail/sendmail.cf");
	}
}

void mta_free(struct mta_facts *facts)
{
	free(facts->postfix_types);
	free(facts->postfix_settings);
	free(facts->exim_version);
	free(facts->exim_settings);
	free(facts->exim_user);
	free(facts->sendmail_version);
	free(facts->sendmail_settings);
	*facts = (struct mta_facts){ 0 };
}

void mta_check_facts(const struct mta_facts *facts, const char *file,
    void (*each)(const struct finding *finding, void *arg), void *arg)
{
	char *whole = file[0] != '/' ? realpath(file, NULL) : NULL; /* as configurations name it */

	if (whole != NULL)
		file = whole;
	mta_judge(facts, file, each, arg);
	if (geteuid() == 0 && facts->exim_user != NULL &&
	    (mta_naming(facts, file) & 1U << MTA_EXIM) != 0)
		try_exim(facts, file, each, arg);
	free(whole);
}

void mta_check(const char *file, void (*each)(const struct finding *finding, void *arg), void *arg)
{
	struct mta_facts facts;

	mta_gather(&facts);
	mta_check_facts(&facts, file, each, arg);
	mta_free(&facts);
}
