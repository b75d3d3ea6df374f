/* SPDX-License-Identifier: BSD-2-Clause
 *
 * user.c - becoming another user, see user.h
 */
#include "user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

static bool can_become_root(void)
{
	return setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0;
}

bool user_become(const char *name)
{
	const struct passwd *user;

	if (*name == '\0' || geteuid() != 0)
		return true;
	errno = 0;
	user = getpwnam(name);
	if (user == NULL) {
		log_say(LOG_ERR, "user = '%s': there is no such user%s%s", name,
		    errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
		return false;
	}
	if (user->pw_uid == 0)
		return true;
	if (initgroups(user->pw_name, user->pw_gid) != 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0) {
		log_say(LOG_ERR, "cannot become user %s: %s", name, strerror(errno));
		return false;
	}
	if (can_become_root()) {
		log_say(LOG_CRIT, "became user %s, but could become root again", name);
		return false;
	}
	/* a change of user forbids core dumps and tracing; the user's own tools
	 * may trace */
	return true;
}

void user_give_file(int fd, const char *name)
{
	const struct passwd *user;

	if (*name == '\0' || geteuid() != 0)
		return;
	user = getpwnam(name);
	if (user != NULL && fchown(fd, user->pw_uid, user->pw_gid) != 0)
		log_say(LOG_WARNING, "cannot give a file to user %s: %s", name, strerror(errno));
}

/* getpwnam(3) has many ways to say that there is none. */
static bool means_none(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

bool user_is_missing(const char *name)
{
	errno = 0;
	return *name != '\0' && getpwnam(name) == NULL && means_none(errno);
}

/* A number that fits in a uid_t or gid_t; the largest one means "nobody". */
static bool parse_id(const char *word, unsigned long *id)
{
	char *end;

	if (*word < '0' || *word > '9')
		return false;
	errno = 0;
	*id = strtoul(word, &end, 10);
	return errno == 0 && *end == '\0' && *id < UINT32_MAX;
}

bool user_parse_uid(const char *word, uid_t *uid)
{
	unsigned long id;

	if (!parse_id(word, &id))
		return false;
	*uid = (uid_t)id;
	return true;
}

bool user_find(const char *word, uid_t *uid)
{
	const struct passwd *user;

	if (*word >= '0' && *word <= '9')
		return user_parse_uid(word, uid);
	user = getpwnam(word);
	if (user == NULL)
		return false;
	*uid = user->pw_uid;
	return true;
}

bool user_find_group(const char *word, gid_t *gid)
{
	const struct group *group;
	unsigned long id;

	if (*word >= '0' && *word <= '9') {
		if (!parse_id(word, &id))
			return false;
		*gid = (gid_t)id;
		return true;
	}
	group = getgrnam(word);
	if (group == NULL)
		return false;
	*gid = group->gr_gid;
	return true;
}
