/* SPDX-License-Identifier: BSD-2-Clause
 *
 * elements.h - Dovecot's login_log_format_elements as an expression
 *
 * One host has one order of elements: its own.  An expression that took any
 * order would believe what a client without a password writes, see
 * dovecot.conf.  So the user comes before the address, each element is spelled
 * out, and the words that the server writes stand once in a line.  Pure.
 */
#ifndef POPWATCH_ELEMENTS_H
#define POPWATCH_ELEMENTS_H

#include <stdbool.h>
#include <stddef.h>

/* Builds the expression of a login from HEAD, which is what stands before the
 * elements, begins with ^ and ends before a blank, and from ELEMENTS as
 * `doveconf -h login_log_format_elements` prints them, of Dovecot 2.0 to 2.4.
 * With PROXIED those that a proxied login lacks are left out.
 * Returns the expression (free() it), and in *ONCE the words that the server
 * writes once (list_free() it); NULL with a sentence in ERROR. */
char *elements_expression(const char *head, const char *elements, bool proxied, char ***once,
    char *error, size_t error_size);

#endif
