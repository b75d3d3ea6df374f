/* SPDX-License-Identifier: BSD-2-Clause
 *
 * policystream.c - a connection of the policy protocol, see policystream.h
 */
#include "policystream.h"

#include <time.h>

#include "guard.h"
#include "listener.h"
#include "log.h"
#include "policyservice.h"

#define COMPLAIN_S 60

static struct log_limit odd_limit[GUARD_LISTENERS], broken_limit[GUARD_LISTENERS];

void policystream_flush(struct stream *stream, struct policyservice *service)
{
	size_t size;
	const char *bytes = policyservice_output(service, &size);

	if (size == 0)
		return;
	stream_send(stream, bytes, size);
	policyservice_sent(service, size);
}

void policystream_odd(struct guard *guard, enum guardcounts_listener listener,
    const struct stream *stream, const char *outcome, const char *odd)
{
	unsigned long kept;

	guard->counts.odd++;
	if (log_due(&odd_limit[listener], (int64_t)time(NULL), COMPLAIN_S, &kept))
		log_say(LOG_WARNING, "%s request of %s %s: %s (%lu like it before)",
		    guardcounts_listener_name(listener), stream_peer(stream), outcome, odd, kept);
}

void policystream_give_up(
    struct guard *guard, enum guardcounts_listener listener, struct stream *stream)
{
	unsigned long kept;

	guard->counts.odd++;
	if (log_due(&broken_limit[listener], (int64_t)time(NULL), COMPLAIN_S, &kept))
		log_say(LOG_WARNING,
		    "%s connection of %s closed: no end of a request in 64 KiB, or no memory (%lu "
		    "like it before)",
		    guardcounts_listener_name(listener), stream_peer(stream), kept);
	stream_close(stream);
}
