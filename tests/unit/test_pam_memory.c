/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_pam_memory.c - every single allocation of the PAM module fails once, and
 * the login goes on
 *
 * This program has a malloc of its own, which fails at a chosen call that comes
 * from the module, librelaydb within it included; those of libc, libpam and
 * Berkeley DB succeed.  Not under AddressSanitizer or valgrind, whose malloc is
 * in the way.
 * valgrind: no
 */
#include <relaydb.h>

#include <errno.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include <cmocka.h>

static char directory[64], db_path[128];

static uintptr_t module_begin, module_end; /* where its code is */
static unsigned long calls, fail_at;
static bool failed;

#ifndef __SANITIZE_ADDRESS__

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static bool refuse(const void *caller)
{
	uintptr_t from = (uintptr_t)caller;

	if (from < module_begin || from >= module_end || ++calls != fail_at)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return refuse(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
	return refuse(__builtin_return_address(0)) ? NULL : __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
	return refuse(__builtin_return_address(0)) ? NULL : __libc_realloc(ptr, size);
}

#endif

static int find_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	if (strstr(info->dlpi_name, "/pam_relaydb.so") == NULL)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
			module_begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			module_end = module_begin + info->dlpi_phdr[i].p_memsz;
		}
	return 1;
}

static void service(void)
{
	const char *build = getenv("BUILD");
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/test", directory);
	f = fopen(path, "we");
	assert_non_null(f);
	for (size_t i = 0; i < 2; i++) {
		const char *type = i == 0 ? "auth" : "account";

		fprintf(f, "%s optional %s/pam_relaydb/pam_relaydb.so db=%s socket=%s/sock\n", type,
		    build != NULL ? build : "build", db_path, directory);
		fprintf(f, "%s required pam_permit.so\n", type);
	}
	assert_int_equal(fclose(f), 0);
}

static void remove_database(void)
{
	static const char *const suffixes[] = { "", ".lock", ".new", ".redo" };
	char path[256];

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		snprintf(path, sizeof path, "%s%s", db_path, suffixes[i]);
		unlink(path);
	}
}

static bool recorded(const char *address)
{
	const struct relaydb_options options = { .path = db_path };
	struct relaydb *db;
	int64_t stamp;
	int code;

	assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
	code = relaydb_get(db, address, &stamp);
	relaydb_close(&db);
	return code == RELAYDB_OK;
}

static int converse(
    int count, const struct pam_message **messages, struct pam_response **responses, void *arg)
{
	(void)count;
	(void)messages;
	(void)responses;
	(void)arg;
	return PAM_CONV_ERR;
}

/* A login in which the allocation number N of the module fails.  Returns
 * whether there was one. */
static bool login(unsigned long n)
{
	const struct pam_conv conversation = { converse, NULL };
	pam_handle_t *pam;

	assert_int_equal(
	    pam_start_confdir("test", "alice", &conversation, directory, &pam), PAM_SUCCESS);
	assert_int_equal(pam_set_item(pam, PAM_RHOST, "192.0.2.1"), PAM_SUCCESS);
	assert_int_equal(pam_authenticate(pam, 0), PAM_SUCCESS); /* this loads the module */
	dl_iterate_phdr(find_module, NULL);
	calls = 0;
	failed = false;
	fail_at = n;
	assert_int_equal(pam_acct_mgmt(pam, 0), PAM_SUCCESS);
	assert_int_equal(pam_end(pam, PAM_SUCCESS), PAM_SUCCESS);
	module_begin = module_end = 0;
	return failed;
}

static void each_allocation_fails_once(void **state)
{
	unsigned long n;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip();
#endif
	strcpy(directory, "/tmp/pam-memory.XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(db_path, sizeof db_path, "%s/relayers.db", directory);
	service();
	for (n = 1; login(n); n++) {
		/* those that remember the login */
		assert_true(n <= 2 ? !recorded("192.0.2.1") : true);
		remove_database();
	}
	assert_true(n > 3);
	assert_true(recorded("192.0.2.1"));
	remove_database();
	snprintf(db_path, sizeof db_path, "%s/test", directory);
	unlink(db_path);
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
