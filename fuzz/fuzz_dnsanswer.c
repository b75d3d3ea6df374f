/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_dnsanswer.c - any bytes as a DNS reply: records only when it says so,
 * names that end, and no blocklist takes it for a hit before its tests were
 * passed
 *
 * Input: a byte that chooses the type, then the packet.
 */
#include "blocklist.h"
#include "dnsanswer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct dnsanswer *answer)
{
	static const struct rules_zone all = { .name = "bl.test" };
	static const enum blocklist_outcome outcomes[] = { BLOCKLIST_ADDRESSES, BLOCKLIST_NODATA,
		BLOCKLIST_NXDOMAIN, BLOCKLIST_FAILED };
	uint32_t addresses[DNSANSWER_MAX];
	struct blocklist list = { .notest = false };
	struct blocklist_reply reply = { outcomes[answer->outcome], addresses, answer->count };

	for (size_t i = 0; i < answer->count; i++) {
		memcpy(&addresses[i], answer->address[i].address, 4);
		addresses[i] = ntohl(addresses[i]);
	}
	if (blocklist_judge(&list, &all, &reply, 0) == RULES_YES)
		abort();
	/* this reply to both test points: it cannot be well */
	blocklist_due(&list, 0);
	blocklist_tested(&list, BLOCKLIST_MUST_BE_LISTED, &reply, 0);
	blocklist_tested(&list, BLOCKLIST_MUST_NOT, &reply, 0);
	if (list.state == BLOCKLIST_GOOD || blocklist_judge(&list, &all, &reply, 0) == RULES_YES)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dnsanswer *answer = malloc(sizeof *answer);
	enum rules_type type;

	if (size == 0 || answer == NULL) {
		free(answer);
		return 0;
	}
	type = (enum rules_type)(data[0] % 4);
	dnsanswer_read(answer, data + 1, size - 1, type);
	if (answer->count > DNSANSWER_MAX ||
	    (answer->count > 0) != (answer->outcome == DNSANSWER_RECORDS))
		abort();
	for (size_t i = 0; i < answer->count; i++) {
		if (type == RULES_TYPE_NS || type == RULES_TYPE_MX) {
			if (memchr(answer->name[i], '\0', DNSANSWER_NAME_SIZE) == NULL ||
			    answer->name[i][0] == '\0')
				abort();
		} else if (answer->address[i].family != AF_INET &&
			   answer->address[i].family != AF_INET6) {
			abort();
		}
	}
	if (type == RULES_TYPE_A)
		judge(answer);
	free(answer);
	return 0;
}
