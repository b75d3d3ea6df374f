/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mtaask.h - what a mail server of this host itself answers for a client
 *
 * Each is asked with the host's own configuration, and nothing is sent: Postfix
 * by postmap -q, sendmail by the rule set check_rcpt in its test mode, Exim by
 * exim -bh, or for IPv6 by its ACL.  The recipient is one elsewhere.
 */
#ifndef VSMTPRELAY_MTAASK_H
#define VSMTPRELAY_MTAASK_H

#include <stdbool.h>
#include <stdint.h>

#include "mta.h"

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN };

#define MTAASK_TEXT 512

/* Asks SERVER, which is in FACTS, about ADDRESS, in the store's form, for whom
 * FILE may have a row.  TEXT is a sentence, printable: what was asked, and what
 * came back. */
enum answer mta_ask(const struct mta_facts *facts, enum mta server, const char *file,
    const char *address, char text[MTAASK_TEXT]);

/* How long a login counts for SERVER, in seconds, as the blocks of docs/ have
 * it; 0: as long as it has a row. */
int64_t mta_window(const struct mta_facts *facts, enum mta server);

const char *mta_title(enum mta server);

/* Is SERVER on this host? */
bool mta_is_there(const struct mta_facts *facts, enum mta server);

#endif
