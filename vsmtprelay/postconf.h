/* SPDX-License-Identifier: BSD-2-Clause
 *
 * postconf.h - Postfix's settings as one text
 *
 * Asks postconf(1), which knows where they are and how to read them; where
 * there is none, or it fails, main.cf is read.  Heeds $MAIL_CONFIG, as Postfix
 * does.
 */
#ifndef VSMTPRELAY_POSTCONF_H
#define VSMTPRELAY_POSTCONF_H

#include <stdbool.h>

/* The settings that are not Postfix's defaults, a line each, NAME = VALUE:
 * those of main.cf, then those that master.cf has for a service, whose NAME is
 * SERVICE/TYPE/NAME.  For free(3).  NULL if there is no Postfix on this host.
 * *COMPLAINT is NULL, or a sentence about what could not be read; the text, if
 * any, has the rest. */
char *postconf_text(const char **complaint);

/* The types of maps that this Postfix has, a line each.  For free(3).  NULL
 * if there is no postconf(1), or it fails. */
char *postconf_types(void);

/* TEXT, the contents of a main.cf, in the form of postconf_text(): without
 * comments and empty lines, and continuation lines joined.  In place. */
void postconf_fold(char *text);

#endif
