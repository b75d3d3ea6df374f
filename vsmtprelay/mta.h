/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mta.h - can the mail servers of this host read this form of the database?
 * Part of `vsmtprelay check`.
 */
#ifndef VSMTPRELAY_MTA_H
#define VSMTPRELAY_MTA_H

#include "findings.h"

enum mta { MTA_POSTFIX, MTA_EXIM, MTA_SENDMAIL, MTAS };

/* What the mail servers of a host say of themselves; NULL: it is not there,
 * or does not say. */
struct mta_facts {
	char *postfix_types; /* postconf -m */
	char *postfix_settings; /* see postconf.h */
	char *exim_version; /* exim -bV */
	char *exim_settings; /* exim -bP config */
	char *exim_user; /* exim -bP exim_user */
	char *sendmail_version; /* sendmail -d0.1 -bt */
	char *sendmail_settings; /* sendmail.cf */
	const char *exim, *sendmail; /* the programs; NULL: not there */
};

/* Asks the mail servers of this host, and calls EACH, with ARG, for what
 * keeps them from reading FILE: a FAULT with its remedy.  A server whose
 * configuration does not name the database is asked only if no other's does.
 * As root, whether Exim's user may read FILE is tried by a child that has
 * become that user.  A finding is good for the time of the call. */
void mta_check(const char *file, void (*each)(const struct finding *finding, void *arg), void *arg);

/* Asks the mail servers of this host, each with a time limit (program.h). */
void mta_gather(struct mta_facts *facts);

void mta_free(struct mta_facts *facts);

/* Those whose configuration names FILE, or the same name in another form: a
 * bit 1 << enum mta for each. */
unsigned mta_naming(const struct mta_facts *facts, const char *file);

/* The same with what mta_gather() has found. */
void mta_check_facts(const struct mta_facts *facts, const char *file,
    void (*each)(const struct finding *finding, void *arg), void *arg);

/* mta_check() with FACTS, and without trying the user. */
void mta_judge(const struct mta_facts *facts, const char *file,
    void (*each)(const struct finding *finding, void *arg), void *arg);

#endif
