/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_log.c - lib/common/log.c: where a message goes, how foreign bytes
 * look, what repeats itself
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

/* What the program told syslog last; these take the place of the C
 * library's. */
static char told[LOG_MESSAGE_MAX + 1];
static int told_priority;

static void tell(int priority, const char *format, va_list args)
{
	told_priority = priority;
	vsnprintf(told, sizeof told, format, args);
	errno = EBADF; /* a bad guest: log_say() has to keep errno */
}

/* the second is what _FORTIFY_SOURCE makes of the first */
void fake_syslog(int priority, const char *format, ...) __asm__("syslog");
void fake_syslog_chk(int priority, int flag, const char *format, ...) __asm__("__syslog_chk");

void fake_syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(priority, format, args);
	va_end(args);
}

void fake_syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	tell(priority, format, args);
	va_end(args);
}

/* What went to stderr since stderr_begin(). */
static int stderr_kept, stderr_file;

static void stderr_begin(void)
{
	char name[] = "/tmp/test_common_log.XXXXXX";

	*told = '\0';
	told_priority = -1;
	stderr_file = mkstemp(name);
	assert_true(stderr_file >= 0);
	unlink(name);
	fflush(stderr);
	stderr_kept = dup(STDERR_FILENO);
	assert_int_equal(dup2(stderr_file, STDERR_FILENO), STDERR_FILENO);
}

static const char *stderr_end(void)
{
	static char text[4 * LOG_MESSAGE_MAX];
	ssize_t size;

	fflush(stderr);
	dup2(stderr_kept, STDERR_FILENO);
	close(stderr_kept);
	size = pread(stderr_file, text, sizeof text - 1, 0);
	close(stderr_file);
	assert_true(size >= 0);
	text[size] = '\0';
	return text;
}

static void before_it_is_opened(void **state)
{
	(void)state;
	stderr_begin();
	log_say(LOG_INFO, "not worth a word");
	log_say(LOG_ERR, "trouble");
	assert_string_equal(stderr_end(), "trouble\n");
	assert_string_equal(told, "");
}

static void thresholds(void **state)
{
	static const struct {
		int priority;
		bool on_stderr, in_syslog;
	} cases[] = {
		{ LOG_ERR, true, true },
		{ LOG_NOTICE, true, true },
		{ LOG_INFO, false, true },
		{ LOG_DEBUG, false, false },
	};

	(void)state;
	log_open("prog", LOG_MAIL, LOG_NOTICE, LOG_INFO);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		stderr_begin();
		log_say(cases[i].priority, "%d apples", 3);
		assert_string_equal(stderr_end(), cases[i].on_stderr ? "prog: 3 apples\n" : "");
		assert_string_equal(told, cases[i].in_syslog ? "3 apples" : "");
		assert_int_equal(told_priority, cases[i].in_syslog ? cases[i].priority : -1);
	}
	log_open("prog", LOG_MAIL, LOG_NOWHERE, LOG_NOWHERE);
	stderr_begin();
	log_say(LOG_EMERG, "unheard");
	assert_string_equal(stderr_end(), "");
	assert_string_equal(told, "");
}

static void foreign_bytes(void **state)
{
	(void)state;
	log_open("prog", LOG_MAIL, LOG_ERR, LOG_ERR);
	stderr_begin();
	log_say(LOG_ERR, "user \"%s\"", "a\nb\x1b[2J\xc3\xa4\x7f%s~");
	assert_string_equal(stderr_end(), "prog: user \"a\\012b\\033[2J\\303\\244\\177%s~\"\n");
	assert_string_equal(told, "user \"a\\012b\\033[2J\\303\\244\\177%s~\"");
}

static void long_messages(void **state)
{
	char text[3 * LOG_MESSAGE_MAX];

	(void)state;
	log_open("prog", LOG_MAIL, LOG_NOWHERE, LOG_ERR);
	for (size_t size = LOG_MESSAGE_MAX - 8; size < LOG_MESSAGE_MAX + 8; size++) {
		memset(text, 'x', size);
		text[size] = '\0';
		log_say(LOG_ERR, "%s", text);
		assert_true(strlen(told) < LOG_MESSAGE_MAX);
		if (size <= LOG_MESSAGE_MAX - 4)
			assert_string_equal(told, text);
		else
			assert_string_equal(told + strlen(told) - 4, "x...");
	}
	/* a cut never goes through the middle of an escape */
	memset(text, '\n', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	log_say(LOG_ERR, "%s", text);
	assert_string_equal(told + strlen(told) - 7, "\\012...");
	assert_int_equal((strlen(told) - 3) % 4, 0);
}

static void errno_is_kept(void **state)
{
	(void)state;
	log_open("prog", LOG_MAIL, LOG_NOWHERE, LOG_ERR);
	errno = ENOSPC;
	log_say(LOG_ERR, "write: %m");
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(told, "write: No space left on device");
}

static void repeated_messages(void **state)
{
	struct log_limit limit = { 0, 0 };
	unsigned long kept = 99;

	(void)state;
	assert_true(log_due(&limit, 1000, 60, &kept));
	assert_int_equal(kept, 0);
	assert_false(log_due(&limit, 1000, 60, &kept));
	assert_false(log_due(&limit, 1059, 60, &kept));
	assert_true(log_due(&limit, 1060, 60, &kept));
	assert_int_equal(kept, 2);
	assert_true(log_due(&limit, 1120, 60, &kept));
	assert_int_equal(kept, 0);
	/* the clock goes back by a day */
	assert_true(log_due(&limit, 1120 - 86400, 60, &kept));
	assert_false(log_due(&limit, 1120 - 86400, 60, &kept));
}

static void complaints(void **state)
{
	struct log_once once = { 0 };
	unsigned long failures = 99;

	(void)state;
	assert_false(log_over(&once, &failures));
	assert_int_equal(failures, 0);
	assert_true(log_once(&once, EIO, 1000, 60));
	assert_false(log_once(&once, EIO, 1059, 60));
	assert_true(log_once(&once, ENOSPC, 1059, 60));
	assert_false(log_once(&once, ENOSPC, 1118, 60));
	assert_true(log_once(&once, ENOSPC, 1119, 60));
	/* the clock goes back */
	assert_true(log_once(&once, ENOSPC, 1000, 60));
	assert_true(log_over(&once, &failures));
	assert_int_equal(failures, 6);
	assert_false(log_over(&once, NULL));
	/* never again, until it is over */
	assert_true(log_once(&once, EIO, 1000, 0));
	assert_false(log_once(&once, EIO, 999999, 0));
}

/* In a child without descriptors 0, 1 and 2: a file that is opened next must
 * not become one of them. */
static void closed_descriptors(void **state)
{
	int status;
	pid_t child;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(0);
		close(1);
		close(2);
		if (!log_keep_descriptors())
			_exit(1);
		if (open("/dev/null", O_RDWR) <= 2)
			_exit(2);
		if (write(1, "x", 1) != -1 || errno != EBADF || read(0, &status, 1) != -1 ||
		    errno != EBADF)
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_it_is_opened),
		cmocka_unit_test(thresholds),
		cmocka_unit_test(foreign_bytes),
		cmocka_unit_test(long_messages),
		cmocka_unit_test(errno_is_kept),
		cmocka_unit_test(repeated_messages),
		cmocka_unit_test(complaints),
		cmocka_unit_test(closed_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
