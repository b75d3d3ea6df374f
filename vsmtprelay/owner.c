/* SPDX-License-Identifier: BSD-2-Clause
 *
 * owner.c - see owner.h
 */
#include "owner.h"

#include "cli.h"
#include "log.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static bool changed;
static uid_t before;

uid_t owner_caller(void)
{
	return changed ? before : getuid();
}

/* No way back: real, effective and saved ids, and no group but the
 * directory's. */
static bool become(uid_t uid, gid_t gid)
{
	before = getuid();
	changed = true;
	if (setgroups(1, &gid) == 0 && setresgid(gid, gid, gid) == 0 &&
	    setresuid(uid, uid, uid) == 0 && setuid(0) != 0 && geteuid() == uid)
		return true;
	log_say(LOG_ERR, "cannot become uid %ld: %s", (long)uid, strerror(errno));
	return false;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) {
			log_say(LOG_ERR, "cannot wait for a child: %s", strerror(errno));
			return EX_OSERR;
		}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	log_say(LOG_ERR, "the child that worked as the owner of the database ended by signal %d",
	    WTERMSIG(status));
	return EX_SOFTWARE;
}

int owner_run(struct relaydb *db, int (*work)(struct relaydb *db, void *arg), void *arg)
{
	uid_t uid;
	gid_t gid;
	pid_t pid;

	if (geteuid() != 0 || relaydb_owner(db, &uid, &gid) != RELAYDB_OK || uid == 0)
		return work(db, arg);
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		log_say(LOG_ERR, "cannot fork: %s", strerror(errno));
		return EX_OSERR;
	}
	if (pid == 0)
		_exit(become(uid, gid) ? cli_finish(work(db, arg)) : EX_OSERR);
	return wait_for(pid);
}
