/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sandbox.c - giving up rights before the first byte of a stranger is read, see
 * sandbox.h
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "list.h"
#include "log.h"
#include "path.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* of later kernels than our headers know; linux/landlock.h has the same values */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#define NET_BIND_TCP (1ULL << 0)
#define NET_CONNECT_TCP (1ULL << 1)
#define RULE_NET_PORT ((enum landlock_rule_type)2)
#define ABI_NET 4 /* Linux 6.7 */

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

#define FILE_READ LANDLOCK_ACCESS_FS_READ_FILE
#define DIRECTORY_READ (FILE_READ | LANDLOCK_ACCESS_FS_READ_DIR)
#define DIRECTORY_WRITE                                                                            \
	(DIRECTORY_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |            \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)
#define FILE_WRITE (FILE_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)
#define VERSION_1_ALL ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/* ---- the list ---- */

static bool add(char ***list, const char *path)
{
	return list_has(*list, path, strlen(path)) || list_add(list, path);
}

/* The real place too: by that what is asked for later is judged, when the link
 * may lead elsewhere. */
bool sandbox_add(struct sandbox *sandbox, const char *path, bool write)
{
	char ***list = write ? &sandbox->writable : &sandbox->readable;
	char *real = path_resolve(path);
	bool done = add(list, path) && (real == NULL || add(list, real));

	free(real);
	return done;
}

bool sandbox_add_directory_of(struct sandbox *sandbox, const char *path, bool write)
{
	char directory[PATH_MAX], *target;
	bool done;

	path_directory(path, directory);
	done = sandbox_add(sandbox, directory, write);
	target = realpath(path, NULL);
	if (done && target != NULL) {
		path_directory(target, directory);
		done = sandbox_add(sandbox, directory, write);
	}
	free(target);
	return done;
}

bool sandbox_connect(struct sandbox *sandbox, uint16_t port)
{
	if (sandbox_allows_port(sandbox, port))
		return true;
	if (sandbox->port_count == SANDBOX_PORTS)
		return false;
	sandbox->ports[sandbox->port_count++] = port;
	return true;
}

bool sandbox_allows_port(const struct sandbox *sandbox, uint16_t port)
{
	for (size_t i = 0; i < sandbox->port_count; i++) {
		if (sandbox->ports[i] == port)
			return true;
	}
	return false;
}

/* Is PATH one of the DIRECTORIES, or below one of them? */
static bool is_below(char *const *directories, const char *path)
{
	for (; directories != NULL && *directories != NULL; directories++) {
		size_t size = strlen(*directories);

		if (strncmp(path, *directories, size) != 0)
			continue;
		if (path[size] == '/' || path[size] == '\0' || (*directories)[size - 1] == '/')
			return true;
	}
	return false;
}

bool sandbox_allows(const struct sandbox *sandbox, const char *path, bool write)
{
	char *real;
	bool allowed;

	if (strstr(path, "/../") != NULL)
		return false;
	/* Landlock goes by the real place; what cannot be looked at cannot be opened either */
	real = path_resolve(path);
	if (real != NULL)
		path = real;
	allowed = is_below(sandbox->writable, path) || (!write && is_below(sandbox->readable, path));
	free(real);
	return allowed;
}

void sandbox_clear(struct sandbox *sandbox)
{
	list_free(sandbox->readable);
	list_free(sandbox->writable);
	sandbox->readable = sandbox->writable = NULL;
	sandbox->port_count = 0;
}

/* ---- Landlock ---- */

/* struct landlock_ruleset_attr of Linux 6.7 */
struct ruleset {
	uint64_t fs;
	uint64_t net;
};

/* struct landlock_net_port_attr */
struct port_rule {
	uint64_t access;
	uint64_t port;
};

static bool refuse(const char *what)
{
	log_say(LOG_ERR, "Landlock: %s: %s", what, strerror(errno));
	return false;
}

static bool allow_below(int rules, const char *path, bool write, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = { .parent_fd = open(path, O_PATH | O_CLOEXEC) };
	bool done;

	if (rule.parent_fd < 0)
		return true;
	if (faccessat(rule.parent_fd, ".", F_OK, 0) == 0)
		rule.allowed_access = write ? DIRECTORY_WRITE : DIRECTORY_READ;
	else
		rule.allowed_access = write ? FILE_WRITE : FILE_READ;
	rule.allowed_access &= handled;
	done = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 ||
	       refuse(path);
	close(rule.parent_fd);
	return done;
}

static bool allow_all(int rules, char *const *paths, bool write, uint64_t handled)
{
	for (; paths != NULL && *paths != NULL; paths++) {
		if (!allow_below(rules, *paths, write, handled))
			return false;
	}
	return true;
}

/* What is needed beside what is configured: the time zone, the holder of a lock,
 * names of hosts. */
static bool allow_system(int rules, unsigned can, uint64_t handled)
{
	static const struct {
		const char *path;
		unsigned can; /* 0: always */
	} system[] = {
		{ "/etc/localtime", 0 },
		{ "/usr/share/zoneinfo", 0 },
		{ "/proc", CAN_LOCK_FILES },
		{ "/etc/machine-id", CAN_WATCH_FILES },
		{ "/etc/resolv.conf", CAN_ASK_DNS },
		{ "/etc/hosts", CAN_ASK_DNS },
	};

	for (size_t i = 0; i < COUNT(system); i++) {
		if (system[i].can != 0 && (can & system[i].can) == 0)
			continue;
		if (!allow_below(rules, system[i].path, false, handled))
			return false;
	}
	return true;
}

static bool allow_port(int rules, uint64_t access, uint16_t port)
{
	const struct port_rule rule = { access, port };

	return syscall(SYS_landlock_add_rule, rules, RULE_NET_PORT, &rule, 0) == 0 || refuse("port");
}

/* A resolver lets the kernel choose its own port: that is port 0. */
static bool allow_ports(int rules, const struct sandbox *sandbox)
{
	if ((sandbox->can & CAN_ASK_DNS) != 0 && !allow_port(rules, NET_BIND_TCP, 0))
		return false;
	for (size_t i = 0; i < sandbox->port_count; i++) {
		if (!allow_port(rules, NET_CONNECT_TCP, sandbox->ports[i]))
			return false;
	}
	return true;
}

static bool enter_landlock(const struct sandbox *sandbox)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset handled = { VERSION_1_ALL, NET_BIND_TCP | NET_CONNECT_TCP };
	size_t size = version >= ABI_NET ? sizeof handled : sizeof handled.fs;
	bool done;
	int rules;

	if (version < 1) {
		log_say(LOG_NOTICE,
		    "this kernel has no Landlock: files are protected only by their modes");
		return true;
	}
	if (version >= 2)
		handled.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		handled.fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
	rules = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
	if (rules < 0)
		return refuse("rules");
	done = allow_system(rules, sandbox->can, handled.fs) &&
	       allow_all(rules, sandbox->readable, false, handled.fs) &&
	       allow_all(rules, sandbox->writable, true, handled.fs) &&
	       (version < ABI_NET || allow_ports(rules, sandbox));
	if (done && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		done = refuse("restrict");
	close(rules);
	return done;
}

/* ---- seccomp ---- */

/* What the loop, the log, libevent and the C library do in any daemon. */
static const int base_calls[] = { SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(readv),
	SCMP_SYS(preadv), SCMP_SYS(write), SCMP_SYS(pwrite64), SCMP_SYS(writev), SCMP_SYS(close),
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstat),
	SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(lseek),
	SCMP_SYS(getdents64), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
	SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(umask),
	SCMP_SYS(memfd_create), SCMP_SYS(fgetxattr), SCMP_SYS(getxattr),
	/* waiting */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6),
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2), SCMP_SYS(eventfd2), SCMP_SYS(signalfd4), SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(restart_syscall), SCMP_SYS(pause),
	/* datagrams to syslog and the service manager; socket(2) itself is looked at below */
	SCMP_SYS(connect), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg),
	SCMP_SYS(recvfrom), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname),
	SCMP_SYS(shutdown),
	/* memory, locks between threads, time, signals, ourselves */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect),
	SCMP_SYS(madvise), SCMP_SYS(msync), SCMP_SYS(futex), SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(set_tid_address), SCMP_SYS(gettid), SCMP_SYS(getpid),
	SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getegid), SCMP_SYS(getresuid), SCMP_SYS(getresgid), SCMP_SYS(getgroups),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sigaltstack), SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom),
	SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrusage), SCMP_SYS(getrlimit) };

static const int replace_calls[] = { SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(fchmod), SCMP_SYS(fchmodat),
	SCMP_SYS(fchown), SCMP_SYS(fchownat), SCMP_SYS(utimensat), SCMP_SYS(copy_file_range),
	SCMP_SYS(sendfile), SCMP_SYS(sync_file_range) };

static const int watch_calls[] = { SCMP_SYS(inotify_init), SCMP_SYS(inotify_init1),
	SCMP_SYS(inotify_add_watch), SCMP_SYS(inotify_rm_watch), SCMP_SYS(name_to_handle_at) };

static const int accept_calls[] = { SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getpeername) };

static const int dns_calls[] = { SCMP_SYS(bind), SCMP_SYS(getpeername), SCMP_SYS(sendmmsg),
	SCMP_SYS(recvmmsg) };

static const int connect_calls[] = { SCMP_SYS(getpeername) };

/* What goes with each bit. */
static const struct {
	unsigned can; /* 0: always */
	const int *calls;
	size_t count;
} call_sets[] = {
	{ 0, base_calls, COUNT(base_calls) },
	{ CAN_REPLACE_FILES, replace_calls, COUNT(replace_calls) },
	{ CAN_WATCH_FILES, watch_calls, COUNT(watch_calls) },
	{ CAN_ACCEPT, accept_calls, COUNT(accept_calls) },
	{ CAN_ASK_DNS, dns_calls, COUNT(dns_calls) },
	{ CAN_CONNECT_TCP | CAN_CONNECT_UNIX, connect_calls, COUNT(connect_calls) },
};

static const struct {
	unsigned can; /* any of these; 0: always */
	int family;
	int type;
} sockets[] = {
	{ 0, AF_UNIX, SOCK_DGRAM },
	{ CAN_CONNECT_UNIX, AF_UNIX, SOCK_STREAM },
	{ CAN_ASK_DNS, AF_INET, SOCK_DGRAM },
	{ CAN_ASK_DNS, AF_INET6, SOCK_DGRAM },
	{ CAN_ASK_DNS | CAN_CONNECT_TCP, AF_INET, SOCK_STREAM },
	{ CAN_ASK_DNS | CAN_CONNECT_TCP, AF_INET6, SOCK_STREAM },
};

/* Those who may only read the database must not keep others from writing it. */
static const struct {
	unsigned can;
	int operation;
} locks[] = {
	{ 0, LOCK_SH },
	{ 0, LOCK_SH | LOCK_NB },
	{ 0, LOCK_UN },
	{ 0, LOCK_UN | LOCK_NB },
	{ CAN_LOCK_FILES, LOCK_EX },
	{ CAN_LOCK_FILES, LOCK_EX | LOCK_NB },
};

/* What a C library and a sanitizer do with prctl(2): names of threads and memory. */
static const int prctl_options[] = { PR_SET_NAME, PR_GET_NAME, PR_SET_VMA };

/* What libinotifytools and isatty(3) ask of a descriptor.  Nothing that writes:
 * TIOCSTI types into the terminal we were started from. */
static const int ioctl_requests[] = { FIONREAD, TCGETS };

static bool is_in(unsigned can, unsigned wanted)
{
	return wanted == 0 || (can & wanted) != 0;
}

static int allow_calls(scmp_filter_ctx filter, unsigned can)
{
	int result = 0;

	for (size_t i = 0; i < COUNT(call_sets) && result == 0; i++) {
		if (!is_in(can, call_sets[i].can))
			continue;
		for (size_t j = 0; j < call_sets[i].count && result == 0; j++)
			result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call_sets[i].calls[j], 0);
	}
	return result;
}

/* Calls that both do and do not what is needed, by their arguments. */
static int allow_some(scmp_filter_ctx filter, unsigned can)
{
	int result = 0;

	for (size_t i = 0; i < COUNT(sockets) && result == 0; i++) {
		if (is_in(can, sockets[i].can))
			result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
			    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)sockets[i].family),
			    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, (scmp_datum_t)sockets[i].type));
	}
	for (size_t i = 0; i < COUNT(locks) && result == 0; i++) {
		if (is_in(can, locks[i].can))
			result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(flock), 1,
			    SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)locks[i].operation));
	}
	for (size_t i = 0; i < COUNT(prctl_options) && result == 0; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)prctl_options[i]));
	for (size_t i = 0; i < COUNT(ioctl_requests) && result == 0; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
		    SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)ioctl_requests[i]));
	return result;
}

/* A thread shares memory (CLONE_VM) and signal handlers (CLONE_THREAD): 0x100 and
 * 0x10000 of sched.h.  The flags of clone3 lie in memory, where a filter cannot
 * look: told that there is no such call, the C library falls back on clone. */
static int allow_threads(scmp_filter_ctx filter, unsigned can)
{
	int result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (result == 0 && (can & CAN_START_THREADS) != 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, 0x10100, 0x10100));
	return result;
}

/* Signals to ourselves alone: abort(3), the end of a thread.  Our own limits may
 * be read, not set, and nobody else's. */
static int allow_ourselves(scmp_filter_ctx filter)
{
	const scmp_datum_t self = (scmp_datum_t)getpid();
	int result =
	    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, SCMP_A0(SCMP_CMP_EQ, self));

	if (result == 0)
		result = seccomp_rule_add(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, self));
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, 0), SCMP_A2(SCMP_CMP_EQ, 0));
	return result;
}

static int fill_filter(scmp_filter_ctx filter, unsigned can)
{
	int result = allow_calls(filter, can);

	if (result == 0)
		result = allow_some(filter, can);
	if (result == 0)
		result = allow_threads(filter, can);
	return result == 0 ? allow_ourselves(filter) : result;
}

static bool enter_seccomp(unsigned can)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int result = filter == NULL ? -ENOMEM : fill_filter(filter, can);

	if (result == 0)
		result = seccomp_load(filter);
	if (filter != NULL)
		seccomp_release(filter);
	if (result == -EINVAL || result == -ENOSYS) {
		log_say(LOG_NOTICE,
		    "this kernel has no seccomp filters: all system calls stay allowed");
		return true;
	}
	if (result != 0)
		log_say(LOG_ERR, "seccomp: %s", strerror(-result));
	return result == 0;
}

bool sandbox_enter(const struct sandbox *sandbox)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		log_say(LOG_ERR, "cannot set no_new_privs: %s", strerror(errno));
		return false;
	}
	return enter_landlock(sandbox) && enter_seccomp(sandbox->can);
}
