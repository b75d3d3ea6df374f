/* SPDX-License-Identifier: BSD-2-Clause
 *
 * syscalls.c - which system calls a daemon may make, see syscalls.h
 */
#include "syscalls.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "rights.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

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
	/* datagrams to syslog and the service manager; socket(2) itself is
	 * looked at below */
	SCMP_SYS(connect), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg),
	SCMP_SYS(recvfrom), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname),
	SCMP_SYS(shutdown),
	/* memory, locks between threads, time, signals, ourselves */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect),
	SCMP_SYS(madvise), SCMP_SYS(msync), SCMP_SYS(futex), SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(set_tid_address), SCMP_SYS(gettid), SCMP_SYS(getpid),
	SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(getresuid), SCMP_SYS(getresgid), SCMP_SYS(getgroups), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(sigaltstack), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom), SCMP_SYS(uname),
	SCMP_SYS(sysinfo), SCMP_SYS(getrusage), SCMP_SYS(getrlimit) };

static const int replace_calls[] = { SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(fchmod), SCMP_SYS(fchmodat),
	SCMP_SYS(fchown), SCMP_SYS(fchownat), SCMP_SYS(copy_file_range), SCMP_SYS(sendfile),
	SCMP_SYS(sync_file_range) };

static const int time_calls[] = { SCMP_SYS(utimensat) };

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
	{ CAN_SET_TIMES, time_calls, COUNT(time_calls) },
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

/* What a C library and a sanitizer do with prctl(2): names of threads and
 * memory. */
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

/* A thread shares memory (CLONE_VM) and signal handlers (CLONE_THREAD): 0x100
 * and 0x10000 of sched.h.  The flags of clone3 lie in memory, where a filter
 * cannot look: told that there is no such call, the C library falls back on
 * clone. */
static int allow_threads(scmp_filter_ctx filter, unsigned can)
{
	int result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (result == 0 && (can & CAN_START_THREADS) != 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, 0x10100, 0x10100));
	return result;
}

/* Signals to ourselves alone: abort(3), the end of a thread.  Our own limits
 * may be read, not set, and nobody else's. */
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

bool syscalls_allow(unsigned can)
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
