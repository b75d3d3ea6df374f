/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_policyservice.c - any bytes from a policy client: an answer is one of
 * the few there are, OK only to a request that is not odd, and for the one
 * address that has an entry
 *
 * Input: a byte that chooses the size of the pieces, then the bytes.
 */
#include "policyservice.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum rules_answer entry(const char *address, void *arg)
{
	(void)arg;
	return strcmp(address, "192.0.2.7") == 0 ? RULES_YES : RULES_UNKNOWN;
}

static bool starts(const char *text, size_t size, const char *prefix)
{
	return size >= strlen(prefix) && memcmp(text, prefix, strlen(prefix)) == 0;
}

/* One answer: printable, with one empty line, at its end. */
static void check(struct policyservice *service, bool ok)
{
	size_t size;
	const char *text = policyservice_output(service, &size);

	if (size < 9 || memcmp(text + size - 2, "\n\n", 2) != 0 || !starts(text, size, "action="))
		abort();
	for (size_t i = 0; i < size - 2; i++) {
		if (text[i] < ' ' || text[i] > '~')
			abort();
	}
	if (starts(text, size, "action=OK") != ok)
		abort();
	policyservice_sent(service, size);
}

static void relay(struct policyservice *service)
{
	const char *address = policyservice_get(service, "client_address");
	const char *state = policyservice_get(service, "protocol_state");
	bool may = policyservice_odd(service) == NULL && strcmp(address, "192.0.2.7") == 0 &&
		   strcmp(state, "RCPT") == 0;
	bool ok = policyservice_relay(service, entry, NULL);

	if (ok != may)
		abort();
	check(service, ok);
}

static void answer(struct policyservice *service, size_t number)
{
	const char *text = policyservice_get(service, "recipient");

	if (text == NULL)
		text = "OK";
	switch (number % 4) {
	case 0:
		policyservice_refuse(service, text, number % 8 == 0);
		break;
	case 1:
		policyservice_prepend(service, text, text);
		break;
	case 2:
		policyservice_pass(service);
		break;
	default:
		relay(service);
		return;
	}
	check(service, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policyservice *service;
	enum policy_status status = POLICY_NOTHING;
	size_t at = 1, number = 0;

	if (size == 0)
		return 0;
	service = policyservice_new();
	if (service == NULL)
		abort();
	number = data[0];
	while (at < size && status != POLICY_BROKEN) {
		size_t piece = size - at < (size_t)data[0] + 1 ? size - at : (size_t)data[0] + 1;

		at += policyservice_input(service, data + at, piece);
		for (;;) {
			status = policyservice_next(service);
			if (status != POLICY_REQUEST)
				break;
			answer(service, number++);
		}
	}
	policyservice_free(service);
	return 0;
}
