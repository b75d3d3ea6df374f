/* SPDX-License-Identifier: BSD-2-Clause
 *
 * log.c - the programs' voice, see log.h
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
	const char *program;
	int stderr_upto;
	int syslog_upto;
} voice = { NULL, LOG_NOTICE, LOG_NOWHERE };

void log_open(const char *program, int facility, int stderr_upto, int syslog_upto)
{
	if (voice.syslog_upto != LOG_NOWHERE)
		closelog();
	voice.program = program;
	voice.stderr_upto = stderr_upto;
	voice.syslog_upto = syslog_upto;
	if (syslog_upto != LOG_NOWHERE)
		openlog(program, LOG_PID, facility);
}

const char *log_escape(unsigned char byte, char out[LOG_ESCAPE_SIZE])
{
	if (byte >= 0x20 && byte < 0x7f) {
		out[0] = (char)byte;
		out[1] = '\0';
	} else
		snprintf(out, LOG_ESCAPE_SIZE, "\\%03o", byte);
	return out;
}

void log_escape_text(const char *text, size_t size, char *out, size_t room)
{
	char shown[LOG_ESCAPE_SIZE];

	*out = '\0';
	for (size_t i = 0; i < size && strlen(out) + LOG_ESCAPE_SIZE < room; i++)
		strcat(out, log_escape((unsigned char)text[i], shown));
}

/* FROM as printable ASCII in TO, cut with "..." where it does not fit. */
static void escape(const char *from, char *to, size_t size)
{
	static const char cut[] = "...";
	char shown[LOG_ESCAPE_SIZE];
	size_t n = 0;

	for (; *from != '\0'; from++) {
		size_t more;

		if (*from >= 0x20 && *from < 0x7f &&
		    n + 1 + sizeof cut <= size) { /* nearly all bytes */
			to[n++] = *from;
			continue;
		}
		more = strlen(log_escape((unsigned char)*from, shown));
		if (n + more + sizeof cut > size) {
			memcpy(to + n, cut, sizeof cut);
			return;
		}
		memcpy(to + n, shown, more);
		n += more;
	}
	to[n] = '\0';
}

void log_say(int priority, const char *format, ...)
{
	int saved = errno;
	char raw[LOG_MESSAGE_MAX], message[LOG_MESSAGE_MAX];
	va_list args;

	if (priority > voice.stderr_upto && priority > voice.syslog_upto)
		return;
	va_start(args, format);
	errno = saved; /* for %m */
	/* what is cut off here is seen in escape(), which cannot show a full
	 * buffer without a cut of its own */
	if (vsnprintf(raw, sizeof raw, format, args) < 0)
		snprintf(raw, sizeof raw, "(a message that cannot be formatted: %s)", format);
	va_end(args);
	escape(raw, message, sizeof message);
	if (priority <= voice.stderr_upto)
		fprintf(stderr, "%s%s%s\n", voice.program != NULL ? voice.program : "",
		    voice.program != NULL ? ": " : "", message);
	if (priority <= voice.syslog_upto)
		syslog(priority, "%s", message);
	errno = saved;
}

void log_sentence(const char *sentence, void *unused)
{
	(void)unused;
	log_say(LOG_ERR, "%s", sentence);
}

bool log_due(struct log_limit *limit, int64_t now, int64_t interval, unsigned long *kept)
{
	if (now < limit->next && limit->next - now <= interval) {
		limit->kept++;
		return false;
	}
	*kept = limit->kept;
	limit->kept = 0;
	limit->next = now + interval;
	return true;
}

bool log_once(struct log_once *once, int cause, int64_t now, int64_t interval)
{
	bool again = interval > 0 && (now < once->since || now - once->since >= interval);

	once->failures++;
	if (cause == once->cause && !again)
		return false;
	once->cause = cause;
	once->since = now;
	return true;
}

bool log_over(struct log_once *once, unsigned long *failures)
{
	bool told = once->cause != 0;

	if (failures != NULL)
		*failures = once->failures;
	*once = (struct log_once){ 0, 0, 0 };
	return told;
}

void log_written(struct log_once *once, const char *path, int result)
{
	if (result == 0)
		log_over(once, NULL);
	else if (log_once(once, EIO, 0, 0))
		log_say(LOG_ERR, "cannot write %s: %s", path, strerror(errno));
}

const char *log_program(void)
{
	return voice.program != NULL ? voice.program : "program";
}

bool log_keep_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		/* the lowest free number is the one that is missing, for those
		 * below it are there */
		if (errno != EBADF ||
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	}
	return true;
}
