/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrorhost.h - the parts of a running relaymirror
 */
#ifndef RELAYMIRROR_MIRRORHOST_H
#define RELAYMIRROR_MIRRORHOST_H

#include "engineclock.h"
#include "localdb.h"
#include "mirror.h"
#include "mirrorconf.h"
#include "mirrorstate.h"
#include "orderdesk.h"
#include "publisher.h"
#include "reader.h"

struct mirrorhost {
	struct loop *loop;
	struct mirrorconf *conf;
	struct engineclock clock;
	struct mirror *mirror;
	struct mirrorstate *state;
	struct localdb *local;
	struct reader *reader;
	struct publisher *publisher; /* NULL: this host does not publish */
	struct orderdesk *desk;
};

#endif
