/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrorcounts.c - how it goes, see mirrorcounts.h
 */
#include "mirrorcounts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "metrics.h"
#include "mirrorhost.h"

#define SINGLES_MAX 40

struct single {
	const char *name, *help;
	enum metric_type type;
	uint64_t value;
};

static void add(struct single *all, size_t *count, enum metric_type type, const char *name,
    const char *help, uint64_t value)
{
	all[(*count)++] = (struct single){ name, help, type, value };
}

static size_t of_engine(const struct mirrorhost *host, struct single *all, size_t n)
{
	const struct reader_state *state = reader_state(host->reader);
	struct moment now;
	uint64_t offset = 0;

	if (engineclock_now(&host->clock, &now))
		offset = (uint64_t)llabs(moment_offset(&now));
	add(all, &n, METRIC_GAUGE, "engine_reached", "Whether the engine answers.", state->reached);
	add(all, &n, METRIC_GAUGE, "complete", "Whether all that it has was read.",
	    state->complete);
	add(all, &n, METRIC_GAUGE, "lag_milliseconds", "Age of the last login when it came.",
	    state->lag_ms > 0 ? (uint64_t)state->lag_ms : 0);
	add(all, &n, METRIC_GAUGE, "clock_offset_seconds", "Between this clock and the engine's.",
	    offset);
	add(all, &n, METRIC_COUNTER, "snapshots_total", "Times that all was read.",
	    (uint64_t)state->snapshots);
	return n;
}

static size_t of_logins(const struct mirrorhost *host, struct single *all, size_t n)
{
	const struct mirror_tally *tally = mirror_tally(host->mirror);
	const uint64_t *remote = tally->remote;

	add(all, &n, METRIC_GAUGE, "backlog", "Logins still to be sent.",
	    mirror_backlog(host->mirror));
	add(all, &n, METRIC_GAUGE, "rows", "Addresses that are known.", mirror_rows(host->mirror));
	add(all, &n, METRIC_GAUGE, "full", "Whether no more addresses fit.",
	    mirror_is_full(host->mirror));
	add(all, &n, METRIC_GAUGE, "orders", "Orders that are remembered.",
	    mirror_orders(host->mirror));
	add(all, &n, METRIC_COUNTER, "logins_total", "Logins at this host.", tally->local_new);
	add(all, &n, METRIC_COUNTER, "sent_total", "Logins that the engine took.", tally->sent);
	add(all, &n, METRIC_COUNTER, "future_here_total",
	    "Logins of this host refused, since they are in the future.", tally->local_future);
	add(all, &n, METRIC_COUNTER, "full_here_total", "Logins for which there was no room.",
	    tally->local_full);
	add(all, &n, METRIC_COUNTER, "orders_total", "Orders of administrators that came.",
	    tally->orders);
	add(all, &n, METRIC_COUNTER, "received_total", "Logins that came and were new.",
	    remote[REMOTE_WRITTEN]);
	add(all, &n, METRIC_COUNTER, "received_known_total", "Logins that came and were known.",
	    remote[REMOTE_KNOWN]);
	add(all, &n, METRIC_COUNTER, "received_bad_total", "Entries that came and were none.",
	    remote[REMOTE_BAD]);
	add(all, &n, METRIC_COUNTER, "received_ignored_total", "Logins that came and are ignored.",
	    remote[REMOTE_IGNORED]);
	add(all, &n, METRIC_COUNTER, "received_future_total",
	    "Logins that came and are in the future.", remote[REMOTE_FUTURE]);
	add(all, &n, METRIC_COUNTER, "received_old_total", "Logins that came and were too old.",
	    remote[REMOTE_OLD]);
	add(all, &n, METRIC_COUNTER, "received_deleted_total",
	    "Logins that came and had been deleted.", remote[REMOTE_DELETED]);
	add(all, &n, METRIC_COUNTER, "received_full_total", "Logins that came and found no room.",
	    remote[REMOTE_FULL]);
	return n;
}

static size_t singles(const struct mirrorhost *host, struct single *all)
{
	const struct localdb_tally *local = localdb_tally(host->local);
	size_t n = of_logins(host, all, of_engine(host, all, 0));

	add(all, &n, METRIC_COUNTER, "reads_total", "Times that the database was read.",
	    local->reads);
	add(all, &n, METRIC_COUNTER, "commits_total", "Commits to the database.", local->commits);
	add(all, &n, METRIC_COUNTER, "written_total", "Rows written.", local->written);
	add(all, &n, METRIC_COUNTER, "deleted_total", "Rows deleted by an order.", local->deleted);
	add(all, &n, METRIC_COUNTER, "failures_total", "Reads and commits that failed.",
	    local->failures);
	return n;
}

int mirrorcounts_write(const struct mirrorhost *host, const char *path)
{
	struct single all[SINGLES_MAX];
	const size_t count = singles(host, all);
	struct metrics *metrics = metrics_new("relaymirror");

	for (size_t i = 0; metrics != NULL && i < count; i++)
		metrics_single(metrics, all[i].name, all[i].type, all[i].help, all[i].value);
	return metrics_write(metrics, path);
}

void mirrorcounts_log(const struct mirrorhost *host)
{
	struct single all[SINGLES_MAX];
	const size_t count = singles(host, all);

	for (size_t i = 0; i < count; i++) {
		if (all[i].value > 0)
			log_say(LOG_INFO, "stats: %s=%" PRIu64, all[i].name, all[i].value);
	}
}

/* Printable ASCII alone: it may be an engine's words. */
static void add_word(FILE *out, const char *name, const char *text)
{
	fprintf(out, "%s ", name);
	for (; *text != '\0'; text++)
		fputc(*text >= ' ' && *text <= '~' ? *text : '?', out);
	fputc('\n', out);
}

const char *mirrorcounts_status(const struct mirrorhost *host, char *text, size_t size)
{
	struct single all[SINGLES_MAX];
	const size_t count = singles(host, all);
	const struct reader_state *state = reader_state(host->reader);
	FILE *out = fmemopen(text, size, "w");

	text[0] = '\0';
	if (out == NULL)
		return text;
	add_word(out, "engine", reader_place(host->reader));
	add_word(out, "trouble", reader_trouble(host->reader));
	add_word(out, "publish-trouble", publisher_trouble(host->publisher));
	add_word(out, "order-trouble", orderdesk_trouble(host->desk));
	add_word(out, "version", state->facts.version);
	add_word(out, "policy", state->facts.policy);
	fprintf(out, "window %" PRId64 "\n", host->conf->window);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s %" PRIu64 "\n", all[i].name, all[i].value);
	fputs("end\n", out);
	fclose(out);
	return text;
}
