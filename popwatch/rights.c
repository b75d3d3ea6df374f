/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rights.c - giving up rights before the first line is read, see rights.h
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "list.h"
#include "log.h"
#include "rights.h"

/* of later kernels than our headers know */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

#define FILE_READ LANDLOCK_ACCESS_FS_READ_FILE
#define FOLDER_READ (FILE_READ | LANDLOCK_ACCESS_FS_READ_DIR)
#define FOLDER_WRITE                                                                                                           \
	(FOLDER_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |          \
	    LANDLOCK_ACCESS_FS_TRUNCATE)
#define FILE_WRITE (FILE_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)
#define VERSION_1_ALL ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/* ---- the list ---- */

static void folder_of(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t size = slash == NULL ? 0 : (size_t)(slash - path);

	if (size >= PATH_MAX)
		size = 0;
	memcpy(folder, path, size);
	folder[size] = '\0';
	if (size == 0)
		memcpy(folder, slash != NULL ? "/" : ".", 2);
}

#define LINKS_MAX 40 /* as the kernel */

static char *resolve(const char *path, int links);

/* Where PATH, which does not exist, would lead: its folder's place, or, of a link that leads nowhere, the place it names. */
static char *resolve_missing(const char *path, int links)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX], target[PATH_MAX], *joined = NULL, *found = NULL;
	ssize_t size = readlink(path, target, sizeof target - 1);

	folder_of(path, folder);
	if (size > 0) {
		target[size] = '\0';
		if (*target == '/')
			return resolve(target, links - 1);
		if (asprintf(&joined, "%s/%s", folder, target) > 0)
			found = resolve(joined, links - 1);
		free(joined);
		return found;
	}
	if ((joined = resolve(folder, links - 1)) != NULL &&
	    asprintf(&found, "%s/%s", joined, slash != NULL ? slash + 1 : path) < 0)
		found = NULL;
	free(joined);
	return found;
}

/* Where PATH really leads, which need not exist.  The caller frees it; NULL if that cannot be told. */
static char *resolve(const char *path, int links)
{
	char *found = links > 0 ? realpath(path, NULL) : NULL;

	return found != NULL || links == 0 || errno != ENOENT ? found : resolve_missing(path, links);
}

static bool add(char ***list, const char *path)
{
	return list_has(*list, path, strlen(path)) || list_add(list, path);
}

/* The real place too: by that what is asked for later is judged, when the link may lead elsewhere. */
bool rights_add(struct rights *rights, const char *path, bool write)
{
	char ***list = write ? &rights->writable : &rights->readable, *real = resolve(path, LINKS_MAX);
	bool done = add(list, path) && (real == NULL || add(list, real));

	free(real);
	return done;
}

bool rights_add_folder_of(struct rights *rights, const char *path, bool write)
{
	char folder[PATH_MAX], *target;
	bool done;

	folder_of(path, folder);
	done = rights_add(rights, folder, write);
	/* of a symbolic link that of its target too */
	if (done && (target = realpath(path, NULL)) != NULL) {
		folder_of(target, folder);
		done = rights_add(rights, folder, write);
		free(target);
	}
	return done;
}

/* Is PATH below one of the folders? */
static bool is_below(char *const *folders, const char *path)
{
	size_t size;

	for (; folders != NULL && *folders != NULL; folders++) {
		size = strlen(*folders);
		if (strncmp(path, *folders, size) == 0 &&
		    (path[size] == '/' || path[size] == '\0' || (*folders)[size - 1] == '/'))
			return true;
	}
	return false;
}

bool rights_allow(const struct rights *rights, const char *path, bool write)
{
	char *real;
	bool allowed;

	if (strstr(path, "/../") != NULL)
		return false;
	/* Landlock goes by the real place; what cannot be looked at cannot be opened either */
	if ((real = resolve(path, LINKS_MAX)) != NULL)
		path = real;
	allowed = is_below(rights->writable, path) || (!write && is_below(rights->readable, path));
	free(real);
	return allowed;
}

void rights_clear(struct rights *rights)
{
	list_free(rights->readable);
	list_free(rights->writable);
	rights->readable = rights->writable = NULL;
}

/* ---- the user ---- */

bool rights_drop(const char *name)
{
	const struct passwd *user;

	if (*name == '\0' || geteuid() != 0)
		return true;
	errno = 0;
	if ((user = getpwnam(name)) == NULL) {
		log_say(LOG_ERR, "user = '%s': there is no such user%s%s", name, errno != 0 ? ": " : "",
		    errno != 0 ? strerror(errno) : "");
		return false;
	}
	if (user->pw_uid == 0)
		return true;
	if (initgroups(user->pw_name, user->pw_gid) != 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0) {
		log_say(LOG_ERR, "cannot become user %s: %s", name, strerror(errno));
		return false;
	}
	if (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0) {
		log_say(LOG_CRIT, "became user %s, but could become root again", name);
		return false;
	}
	/* a change of user forbids core dumps and looking in; the user's own tools may look */
	return true;
}

void rights_give(int fd, const char *name)
{
	const struct passwd *user;

	if (*name == '\0' || geteuid() != 0 || (user = getpwnam(name)) == NULL)
		return;
	if (fchown(fd, user->pw_uid, user->pw_gid) != 0)
		log_say(LOG_WARNING, "cannot give a file to user %s: %s", name, strerror(errno));
}

/* ---- Landlock ---- */

static bool allow_below(int ruleset, const char *path, bool write, __u64 handled)
{
	struct landlock_path_beneath_attr rule = { .parent_fd = open(path, O_PATH | O_CLOEXEC) };
	bool folder, done;

	if (rule.parent_fd < 0)
		return true;
	folder = faccessat(rule.parent_fd, ".", F_OK, 0) == 0;
	if (folder)
		rule.allowed_access = write ? FOLDER_WRITE : FOLDER_READ;
	else
		rule.allowed_access = write ? FILE_WRITE : FILE_READ;
	rule.allowed_access &= handled;
	done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	close(rule.parent_fd);
	if (!done)
		log_say(LOG_ERR, "Landlock: %s: %s", path, strerror(errno));
	return done;
}

/* What we need beside what is configured: the time zone, and who holds a lock. */
static const char *const always[] = { "/etc/localtime", "/usr/share/zoneinfo", "/proc", "/etc/machine-id" };

static bool landlock(const struct rights *rights)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr = { .handled_access_fs = VERSION_1_ALL };
	char *const *path;
	bool done = true;
	size_t i;
	int ruleset;

	if (version < 1) {
		log_say(LOG_NOTICE, "this kernel has no Landlock: files are guarded by their modes alone");
		return true;
	}
	if (version >= 2)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if ((ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0)) < 0) {
		log_say(LOG_ERR, "Landlock: %s", strerror(errno));
		return false;
	}
	for (i = 0; i < sizeof always / sizeof *always; i++)
		done = done && allow_below(ruleset, always[i], false, attr.handled_access_fs);
	for (path = rights->readable; done && path != NULL && *path != NULL; path++)
		done = allow_below(ruleset, *path, false, attr.handled_access_fs);
	for (path = rights->writable; done && path != NULL && *path != NULL; path++)
		done = allow_below(ruleset, *path, true, attr.handled_access_fs);
	if (done && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
		log_say(LOG_ERR, "Landlock: %s", strerror(errno));
		done = false;
	}
	close(ruleset);
	return done;
}

/* ---- seccomp ---- */

/* What the loop, the store, the log, libsystemd, inotify and the C library do once everything is set up.  What is not here
 * fails with EPERM: exec, ptrace, mounts, other users, other kinds of sockets, new processes. */
static const int calls[] = { SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(readv), SCMP_SYS(preadv), SCMP_SYS(write),
	SCMP_SYS(pwrite64), SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat),
	SCMP_SYS(lstat), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(lseek), SCMP_SYS(getdents64), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(fcntl), SCMP_SYS(flock), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
	SCMP_SYS(umask),
	/* replacing files, committing */
	SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(fchown),
	SCMP_SYS(fchownat), SCMP_SYS(utimensat), SCMP_SYS(memfd_create), SCMP_SYS(copy_file_range), SCMP_SYS(sendfile),
	SCMP_SYS(sync_file_range), SCMP_SYS(fgetxattr), SCMP_SYS(getxattr),
	/* waiting */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(eventfd2), SCMP_SYS(signalfd4), SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(restart_syscall), SCMP_SYS(pause),
	/* inotify and the journal */
	SCMP_SYS(inotify_init), SCMP_SYS(inotify_init1), SCMP_SYS(inotify_add_watch), SCMP_SYS(inotify_rm_watch),
	SCMP_SYS(name_to_handle_at),
	/* datagrams to syslog and to systemd, and to us; the kind of socket is looked at below */
	SCMP_SYS(connect), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg), SCMP_SYS(recvfrom), SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(shutdown),
	/* memory, threads, time, signals, ourselves */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
	SCMP_SYS(msync), SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(set_tid_address), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
	SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getresuid), SCMP_SYS(getresgid), SCMP_SYS(getgroups),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(sigaltstack), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(getrandom), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrusage), SCMP_SYS(getrlimit) };

/* What a C library and a sanitizer do with prctl(2): names of threads and of memory. */
static const int prctl_options[] = { PR_SET_NAME, PR_GET_NAME, PR_SET_VMA };

/* What libinotifytools and isatty(3) ask of a descriptor.  Nothing that writes: TIOCSTI types into the terminal we were started from. */
static const int ioctl_requests[] = { FIONREAD, TCGETS };

/* Calls that do both what we need and what we do not: our own limits may be read, not set, and nobody else's. */
static int fill_special(scmp_filter_ctx filter)
{
	int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, 0), SCMP_A2(SCMP_CMP_EQ, 0));
	size_t i;

	for (i = 0; i < sizeof prctl_options / sizeof *prctl_options && result == 0; i++)
		result = seccomp_rule_add(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)prctl_options[i]));
	for (i = 0; i < sizeof ioctl_requests / sizeof *ioctl_requests && result == 0; i++)
		result = seccomp_rule_add(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)ioctl_requests[i]));
	return result;
}

/* Everything in the list; sockets of AF_UNIX and SOCK_DGRAM alone; threads, but no processes. */
static int fill_filter(scmp_filter_ctx filter)
{
	int result = 0;
	size_t i;

	for (i = 0; i < sizeof calls / sizeof *calls && result == 0; i++) {
		if (calls[i] == SCMP_SYS(clone)) {
			/* a thread shares memory (CLONE_VM) and signal handlers (CLONE_THREAD): 0x100 and 0x10000 of sched.h */
			result = seccomp_rule_add(
			    filter, SCMP_ACT_ALLOW, calls[i], 1, SCMP_A0(SCMP_CMP_MASKED_EQ, 0x10100, 0x10100));
		} else if (calls[i] == SCMP_SYS(clone3)) {
			/* its flags lie in memory, where a filter cannot look: the C library falls back on clone */
			result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), calls[i], 0);
		} else
			result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	}
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, AF_UNIX),
		    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_DGRAM));
	if (result == 0)
		result = fill_special(filter);
	/* signals to ourselves alone: abort(3), the end of a thread */
	if (result == 0)
		result =
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	if (result == 0)
		result =
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	return result;
}

static bool seccomp(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int result = filter == NULL ? -ENOMEM : fill_filter(filter);

	if (result == 0)
		result = seccomp_load(filter);
	if (filter != NULL)
		seccomp_release(filter);
	if (result == -EINVAL || result == -ENOSYS) {
		log_say(LOG_NOTICE, "this kernel has no seccomp filters: all system calls stay allowed");
		return true;
	}
	if (result != 0)
		log_say(LOG_ERR, "seccomp: %s", strerror(-result));
	return result == 0;
}

bool rights_confine(const struct rights *rights)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		log_say(LOG_ERR, "cannot renounce new privileges: %s", strerror(errno));
		return false;
	}
	return landlock(rights) && seccomp();
}
