/* SPDX-License-Identifier: BSD-2-Clause
 *
 * findings.h - what `vsmtprelay check' finds, in words: librelaydb says what is
 * the matter and what kind of act fixes it, this has the command for it
 */
#ifndef VSMTPRELAY_FINDINGS_H
#define VSMTPRELAY_FINDINGS_H

#include "relaydb.h"

struct finding {
	enum relaydb_severity severity;
	const char *what; /* one sentence: what is the matter with which file */
	const char *fix; /* the command or act that fixes it, or "" */
};

/* relaydb_check(), each of whose findings comes to EACH with its fix in words;
 * it ends with the call.  Returns what relaydb_check() does. */
int findings_check(struct relaydb *db, int64_t now,
    void (*each)(const struct finding *finding, void *arg), void *arg);

#endif
