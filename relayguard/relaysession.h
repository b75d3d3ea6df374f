/* SPDX-License-Identifier: BSD-2-Clause
 *
 * relaysession.h - connections that ask whether a client may relay:
 * policy-relay
 *
 * The one listener that can open a relay.  It runs no rule and asks the
 * database alone; what it says is policyservice_relay()'s.
 */
#ifndef RELAYGUARD_RELAYSESSION_H
#define RELAYGUARD_RELAYSESSION_H

#include "listener.h"

/* For listener_new(), with a struct guard as ARG. */
extern const struct stream_handler relaysession_handler;

#endif
