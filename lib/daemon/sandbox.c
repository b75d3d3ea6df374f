/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sandbox.c - giving up rights before the first byte of a stranger is read, see
 * sandbox.h
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "list.h"
#include "log.h"
#include "path.h"
#include "syscalls.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* of later kernels than our headers know; linux/landlock.h has the same
 * values */
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

	/* Landlock goes by the real place; what cannot be looked at cannot be
	 * opened either */
	real = path_resolve(path);
	if (real != NULL)
		path = real;
	else if (strstr(path, "/../") != NULL)
		return false;
	allowed =
	    is_below(sandbox->writable, path) || (!write && is_below(sandbox->readable, path));
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

/* What is needed beside what is configured: the time zone, the holder of a
 * lock, names of hosts. */
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

	return syscall(SYS_landlock_add_rule, rules, RULE_NET_PORT, &rule, 0) == 0 ||
	       refuse("port");
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
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
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

bool sandbox_enter(const struct sandbox *sandbox)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		log_say(LOG_ERR, "cannot set no_new_privs: %s", strerror(errno));
		return false;
	}
	return enter_landlock(sandbox) && syscalls_allow(sandbox->can);
}
