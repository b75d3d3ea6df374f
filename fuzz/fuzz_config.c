/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_config.c - any text as popwatch.conf and as a definition: every refusal
 * is told, nothing refused comes out
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tell(const char *sentence, void *arg)
{
	(void)arg;
	if (strchr(sentence, ':') == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_errors errors = { .tell = tell };
	char *text = malloc(size + 1);
	struct catalogue *catalogue;
	struct config *config;

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	config = config_load_text(text, &errors);
	if ((config == NULL) != (errors.count > 0))
		abort();
	config_free(config);
	errors.count = 0;
	catalogue = catalogue_load_text("fuzz", text, &errors);
	if ((catalogue == NULL) != (errors.count > 0))
		abort();
	catalogue_free(catalogue);
	free(text);
	return 0;
}
