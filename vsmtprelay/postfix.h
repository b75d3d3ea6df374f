/* SPDX-License-Identifier: BSD-2-Clause
 *
 * postfix.h - what Postfix's configuration gets wrong about the map; part of
 * `vsmtprelay check`
 */
#ifndef VSMTPRELAY_POSTFIX_H
#define VSMTPRELAY_POSTFIX_H

#include "findings.h"

/* Looks at the configuration of the Postfix of this host, if there is one, for
 * the database FILE, and calls EACH with every finding, good for the time of
 * the call.  What is in order is not mentioned. */
void postfix_check(
    const char *file, void (*each)(const struct finding *finding, void *arg), void *arg);

/* The same for settings in the form of postconf_text(). */
void postfix_judge(const char *settings, const char *file,
    void (*each)(const struct finding *finding, void *arg), void *arg);

/* Of these faults only a restriction of main.cf that refuses mail to other
 * domains before FILE is asked. */
void postfix_order(const char *settings, const char *file,
    void (*each)(const struct finding *finding, void *arg), void *arg);

#endif
