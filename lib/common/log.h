/* SPDX-License-Identifier: BSD-2-Clause
 *
 * log.h - how the programs speak: to the person at stderr, to the record in
 * syslog
 *
 * Owns: the way of a message from a format to both places, with every byte that
 * is not printable ASCII written as \ooo (what is logged may come from a
 * stranger: a log line, a file name, a damaged database), and the quieting of
 * what repeats itself.
 * Leaves to the caller: what to say, and to whom.  Programs only: the library
 * and the PAM module never include it.
 * Limits: one message has at most LOG_MESSAGE_MAX bytes, a longer one ends in
 * "..."; one process-wide setting; not for signal handlers.
 */
#ifndef RELAYERS_LOG_H
#define RELAYERS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

#define LOG_MESSAGE_MAX 1024
#define LOG_ESCAPE_SIZE 5 /* \ooo and a NUL */
#define LOG_NOWHERE (-1) /* as a threshold: not there at all */

/* Says where messages go from now on: those of priority STDERR_UPTO (LOG_ERR
 * ... LOG_DEBUG) and graver to stderr, as "PROGRAM: message", those of
 * SYSLOG_UPTO and graver to syslog with FACILITY, as PROGRAM[pid].  May be
 * called again, to change the thresholds.  Before the first call everything up
 * to LOG_NOTICE goes to stderr. PROGRAM is kept, not copied. */
void log_open(const char *program, int facility, int stderr_upto, int syslog_upto);

/* Tells one message, without a newline, of a PRIORITY of syslog(3) without
 * facility.  errno is as before afterwards. */
void log_say(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Tells SENTENCE as an error: a callback for those that report by one.  UNUSED
 * is not looked at. */
void log_sentence(const char *sentence, void *unused);

/* One byte as it may be shown: itself if printable ASCII, else \ooo.  Returns
 * OUT. */
const char *log_escape(unsigned char byte, char out[LOG_ESCAPE_SIZE]);

/* The SIZE bytes of TEXT so, as many as have room in the ROOM bytes of OUT. */
void log_escape_text(const char *text, size_t size, char *out, size_t room);

/* A kind of message that is logged once and then at most every INTERVAL: one
 * static struct for each kind, zero at first. */
struct log_limit {
	int64_t next; /* clock from which it may be logged again */
	unsigned long kept; /* how many were kept back since it was logged */
};

/* May this kind be logged now?  NOW and INTERVAL have any one unit; a clock
 * that was set back by more than INTERVAL does not silence the message.
 * Returns true, with *KEPT the number of messages kept back since the last time
 * (0 at first), or false and counts one. */
bool log_due(struct log_limit *limit, int64_t now, int64_t interval, unsigned long *kept);

/* A complaint that may repeat itself as long as its cause lasts: one for each
 * thing that can fail, zero at first. */
struct log_once {
	int cause; /* what was complained about last; 0: nothing */
	int64_t since; /* when */
	unsigned long failures; /* since the first complaint */
};

/* Is the failure for CAUSE (an errno or a code, not 0) to be logged?  A new
 * cause is, and one that lasts again every INTERVAL (0: never again); NOW and
 * INTERVAL have any one unit.  A clock that was set back does not silence
 * it. */
bool log_once(struct log_once *once, int cause, int64_t now, int64_t interval);

/* It went well this time.  Returns true if a complaint was logged before, so
 * that its end may be logged too, with the number of *FAILURES (NULL: not
 * wanted). */
bool log_over(struct log_once *once, unsigned long *failures);

/* PATH was written with RESULT, 0 or -1 with errno set: logs a failure once,
 * until it has gone well again. */
void log_written(struct log_once *once, const char *path, int result);

/* The name that log_open() was given, for messages that name the program; a
 * word for any program before that. */
const char *log_program(void);

/* Opens /dev/null on those of the descriptors 0, 1 and 2 that are closed, in a
 * direction that makes their use an error.  Call it first in main: a file
 * opened later could otherwise become "standard output" and be written to.
 * Returns false with errno set if that is not possible; the program should
 * leave with EX_OSERR. */
bool log_keep_descriptors(void);

#endif
