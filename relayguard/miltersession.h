/* SPDX-License-Identifier: BSD-2-Clause
 *
 * miltersession.h - connections of mail servers that speak the milter protocol
 */
#ifndef RELAYGUARD_MILTERSESSION_H
#define RELAYGUARD_MILTERSESSION_H

#include "listener.h"

/* For listener_new(), with a struct guard as ARG. */
extern const struct stream_handler miltersession_handler;

#endif
