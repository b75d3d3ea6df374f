/* SPDX-License-Identifier: BSD-2-Clause
 *
 * policysession.h - connections of mail servers that ask the rules by the
 * policy protocol
 */
#ifndef RELAYGUARD_POLICYSESSION_H
#define RELAYGUARD_POLICYSESSION_H

#include "listener.h"

/* For listener_new(), with a struct guard as ARG. */
extern const struct stream_handler policysession_handler;

#endif
