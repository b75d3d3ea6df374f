/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guardconf.c - relayguard.conf(5): the settings and their defaults, see
 * guardconf.h
 */
#include "guardconf.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ipnet.h"
#include "list.h"
#include "listener.h"
#include "relaydb.h"
#include "settings.h"

#define AT(member) offsetof(struct guardconf, member)
#define DAY 86400
#define DNS_PORT 53

static setting_take take_milter, take_policy, take_policy_relay, take_resolver, take_tag_header,
    take_throttle, take_throttle_recipients, take_throttle_pop, take_throttle_pop_recipients,
    take_throttle_auth, take_throttle_auth_recipients;

static const char *const defaults[] = { "allow", "deny", NULL };
static const char *const on_failure[] = { "pass", "defer", NULL };

/* clang-format off: a line each */
static const struct setting settings[] = {
	{ .name = "milter", .kind = SETTING_LIST, .take = take_milter },
	{ .name = "policy", .kind = SETTING_LIST, .take = take_policy },
	{ .name = "policy-relay", .kind = SETTING_LIST, .take = take_policy_relay },
	{ .name = "socket-owner",
	    .kind = SETTING_TEXT,
	    .offset = AT(socket_owner),
	    .fixed = true,
	    .value = "" },
	{ .name = "socket-group",
	    .kind = SETTING_TEXT,
	    .offset = AT(socket_group),
	    .fixed = true,
	    .value = "" },
	{ .name = "socket-mode",
	    .kind = SETTING_MODE,
	    .offset = AT(socket_mode),
	    .fixed = true,
	    .value = "0666" },
	{ .name = "rules",
	    .kind = SETTING_PATH_OR_NONE,
	    .offset = AT(rules),
	    .value = RELAYERS_SYSCONFDIR "/rules" },
	{ .name = "database", .kind = SETTING_PATH, .offset = AT(database), .fixed = true },
	{ .name = "window",
	    .kind = SETTING_DURATION,
	    .offset = AT(window),
	    .value = "60m",
	    .min = 1,
	    .max = 366 * DAY },
	{ .name = "default",
	    .kind = SETTING_CHOICE,
	    .offset = AT(refuse),
	    .value = "allow",
	    .choices = defaults },
	{ .name = "delay",
	    .kind = SETTING_DURATION,
	    .offset = AT(delay),
	    .value = "5s",
	    .min = 0,
	    .max = 600 },
	{ .name = "answer-within",
	    .kind = SETTING_DURATION,
	    .offset = AT(answer_within),
	    .value = "8s",
	    .min = 1,
	    .max = 600 },
	{ .name = "on-dns-failure",
	    .kind = SETTING_CHOICE,
	    .offset = AT(defer),
	    .value = "pass",
	    .choices = on_failure },
	{ .name = "resolver", .kind = SETTING_OWN, .take = take_resolver, .value = "" },
	{ .name = "dns-timeout",
	    .kind = SETTING_DURATION,
	    .offset = AT(dns_timeout),
	    .value = "4s",
	    .min = 1,
	    .max = 60 },
	{ .name = "tarpit-after",
	    .kind = SETTING_NUMBER,
	    .offset = AT(tarpit_after),
	    .value = "0",
	    .min = 0,
	    .max = 100000 },
	{ .name = "tarpit",
	    .kind = SETTING_DURATION,
	    .offset = AT(tarpit),
	    .value = "2s",
	    .min = 0,
	    .max = 600 },
	{ .name = "pauses",
	    .kind = SETTING_NUMBER,
	    .offset = AT(pauses),
	    .value = "200",
	    .min = 0,
	    .max = 100000 },
	{ .name = "throttle", .kind = SETTING_OWN, .take = take_throttle, .value = "no" },
	{ .name = "throttle-recipients",
	    .kind = SETTING_OWN,
	    .take = take_throttle_recipients,
	    .value = "no" },
	{ .name = "throttle-pop", .kind = SETTING_OWN, .take = take_throttle_pop, .value = "no" },
	{ .name = "throttle-pop-recipients",
	    .kind = SETTING_OWN,
	    .take = take_throttle_pop_recipients,
	    .value = "no" },
	{ .name = "throttle-auth", .kind = SETTING_OWN, .take = take_throttle_auth, .value = "no" },
	{ .name = "throttle-auth-recipients",
	    .kind = SETTING_OWN,
	    .take = take_throttle_auth_recipients,
	    .value = "no" },
	{ .name = "log-attempts",
	    .kind = SETTING_YES_NO,
	    .offset = AT(log_attempts),
	    .value = "yes" },
	{ .name = "tag-header",
	    .kind = SETTING_OWN,
	    .take = take_tag_header,
	    .value = "X-Spam-Warning" },
	{ .name = "user",
	    .kind = SETTING_TEXT,
	    .offset = AT(user),
	    .fixed = true,
	    .value = "relayguard" },
	{ .name = "pid-file",
	    .kind = SETTING_PATH_OR_NONE,
	    .offset = AT(pid_file),
	    .fixed = true,
	    .value = "" },
	{ .name = "stats-file",
	    .kind = SETTING_PATH_OR_NONE,
	    .offset = AT(stats_file),
	    .value = "" },
	{ .name = "state",
	    .kind = SETTING_PATH,
	    .offset = AT(state),
	    .fixed = true,
	    .value = RELAYERS_GUARDDIR "/state" },
};
/* clang-format on */

#define SETTINGS (sizeof settings / sizeof *settings)

/* ---- settings of their own kind ---- */

static void take_socket(
    char ***list, const char *name, const char *value, const struct conf_place *place)
{
	if (!listener_understands(value))
		conf_error(place,
		    "%s = '%s', expected unix:/PATH, inet:PORT@ADDRESS, inet6:PORT@ADDRESS or "
		    "systemd:NAME",
		    name, value);
	else if (list_has(*list, value, strlen(value)))
		conf_error(place, "%s = '%s' is listed twice", name, value);
	else if (!list_add(list, value))
		conf_error(place, "out of memory");
}

static void take_milter(void *arg, const char *value, const struct conf_place *place)
{
	struct guardconf *conf = arg;

	take_socket(&conf->milter, "milter", value, place);
}

static void take_policy(void *arg, const char *value, const struct conf_place *place)
{
	struct guardconf *conf = arg;

	take_socket(&conf->policy, "policy", value, place);
}

static void take_policy_relay(void *arg, const char *value, const struct conf_place *place)
{
	struct guardconf *conf = arg;

	take_socket(&conf->policy_relay, "policy-relay", value, place);
}

/* ADDRESS@PORT; 0: something else. */
static uint16_t resolver_port(const char *value)
{
	const char *at = strchr(value, '@'), *p;
	char address[64];
	size_t size = at != NULL ? (size_t)(at - value) : strlen(value);
	struct ipnet net;
	uint32_t port = DNS_PORT;

	if (size >= sizeof address)
		return 0;
	memcpy(address, value, size);
	address[size] = '\0';
	if (strchr(address, '/') != NULL || !ipnet_parse(address, &net))
		return 0;
	if (at != NULL) {
		port = 0;
		for (p = at + 1; *p >= '0' && *p <= '9' && p - at <= 5; p++)
			port = port * 10 + (uint32_t)(*p - '0');
		if (*p != '\0' || port > UINT16_MAX)
			return 0;
	}
	return (uint16_t)port;
}

static void take_resolver(void *arg, const char *value, const struct conf_place *place)
{
	struct guardconf *conf = arg;

	if (*value != '\0' && resolver_port(value) == 0)
		conf_error(place, "resolver = '%s', expected an address, or ADDRESS@PORT", value);
	else
		settings_set_text(&conf->resolver, value, place);
}

uint16_t guardconf_dns_port(const struct guardconf *conf)
{
	return *conf->resolver != '\0' ? resolver_port(conf->resolver) : DNS_PORT;
}

/* The name of a field, RFC 5322, 3.6.8. */
static void take_tag_header(void *arg, const char *value, const struct conf_place *place)
{
	struct guardconf *conf = arg;
	const char *p = value;

	while (*p > ' ' && *p <= '~' && *p != ':')
		p++;
	if (*value == '\0' || *p != '\0' || p - value > 60)
		conf_error(place,
		    "tag-header = '%s', expected the name of a header field, such as "
		    "X-Spam-Warning",
		    value);
	else
		settings_set_text(&conf->tag_header, value, place);
}

static void take_limit(struct throttle_limit *limit, const char *name, const char *value,
    const struct conf_place *place)
{
	if (!throttle_parse(value, limit))
		conf_error(place, "%s = '%s', expected no, or a number and a time such as 100/1h",
		    name, value);
}

#define TAKE_LIMIT(function, name, class, what)                                                    \
	static void function(void *arg, const char *value, const struct conf_place *place)         \
	{                                                                                          \
		struct guardconf *conf = arg;                                                      \
                                                                                                   \
		take_limit(&conf->limit[class][what], name, value, place);                         \
	}

TAKE_LIMIT(take_throttle, "throttle", THROTTLE_STRANGER, THROTTLE_MESSAGES)
TAKE_LIMIT(take_throttle_recipients, "throttle-recipients", THROTTLE_STRANGER, THROTTLE_RECIPIENTS)
TAKE_LIMIT(take_throttle_pop, "throttle-pop", THROTTLE_POP, THROTTLE_MESSAGES)
TAKE_LIMIT(
    take_throttle_pop_recipients, "throttle-pop-recipients", THROTTLE_POP, THROTTLE_RECIPIENTS)
TAKE_LIMIT(take_throttle_auth, "throttle-auth", THROTTLE_AUTH, THROTTLE_MESSAGES)
TAKE_LIMIT(
    take_throttle_auth_recipients, "throttle-auth-recipients", THROTTLE_AUTH, THROTTLE_RECIPIENTS)

bool guardconf_throttles(const struct guardconf *conf)
{
	for (size_t class = 0; class < THROTTLE_CLASSES; class ++) {
		for (size_t what = 0; what < THROTTLE_WHATS; what++) {
			if (conf->limit[class][what].count > 0)
				return true;
		}
	}
	return false;
}

/* ---- the whole ---- */

/* A socket that answers both can say OK cannot be: the protocols differ. */
static void check_sockets(const struct guardconf *conf, const struct conf_place *place)
{
	char **const lists[] = { conf->milter, conf->policy, conf->policy_relay };

	for (size_t i = 0; i < 3; i++) {
		for (size_t j = i + 1; j < 3; j++) {
			for (char **p = lists[i]; p != NULL && *p != NULL; p++) {
				if (list_has(lists[j], *p, strlen(*p)))
					conf_error(place,
					    "%s is given to two listeners, expected one of "
					    "milter, policy and policy-relay",
					    *p);
			}
		}
	}
	if (conf->milter == NULL && conf->policy == NULL && conf->policy_relay == NULL)
		conf_error(place, "nothing to listen at, expected milter, policy or policy-relay");
}

/* What can only be said when everything was read. */
static void finish(
    struct guardconf *conf, const struct settings *all, const struct conf_place *file)
{
	struct conf_place place = *file;
	char path[PATH_MAX];

	check_sockets(conf, &place);
	place.line = settings_seen(all, "dns-timeout")->line;
	if (conf->dns_timeout >= conf->answer_within)
		conf_error(&place,
		    "dns-timeout is %lld seconds, expected less than answer-within, which is %lld",
		    (long long)conf->dns_timeout, (long long)conf->answer_within);
	place.line = settings_seen(all, "database")->line;
	if (relaydb_path(conf->database, path, sizeof path) != RELAYDB_OK)
		conf_error(&place, "the path of the database is too long");
	else
		settings_set_text(&conf->database, path, &place);
}

static struct guardconf *load(const char *file, const char *text, struct conf_errors *errors)
{
	struct conf_place place = { file, 0, errors };
	struct setting_seen seen[SETTINGS] = { { 0 } };
	struct guardconf *conf = calloc(1, sizeof *conf);
	const struct settings all = { settings, SETTINGS, conf, conf, seen };
	size_t before = errors->count;

	if (conf != NULL)
		conf->file = strdup(file);
	if (conf == NULL || conf->file == NULL) {
		conf_error(&place, "out of memory");
		free(conf);
		return NULL;
	}
	settings_defaults(&all, &place);
	if (text != NULL)
		settings_read_text(&all, file, text, errors);
	else
		settings_read(&all, file, errors);
	if (errors->count == before)
		finish(conf, &all, &place);
	if (errors->count == before)
		return conf;
	guardconf_free(conf);
	return NULL;
}

struct guardconf *guardconf_load(const char *file, struct conf_errors *errors)
{
	return load(file, NULL, errors);
}

struct guardconf *guardconf_load_text(const char *text, struct conf_errors *errors)
{
	return load("text", text != NULL ? text : "", errors);
}

void guardconf_free(struct guardconf *conf)
{
	if (conf == NULL)
		return;
	list_free(conf->milter);
	list_free(conf->policy);
	list_free(conf->policy_relay);
	settings_free(settings, SETTINGS, conf);
	free(conf->resolver);
	free(conf->tag_header);
	free(conf->file);
	free(conf);
}

static bool same(char *const *a, char *const *b)
{
	if (list_size(a) != list_size(b))
		return false;
	for (; a != NULL && *a != NULL; a++, b++) {
		if (strcmp(*a, *b) != 0)
			return false;
	}
	return true;
}

const char *guardconf_restart(const struct guardconf *old, const struct guardconf *new)
{
	if (!same(old->milter, new->milter))
		return "milter";
	if (!same(old->policy, new->policy))
		return "policy";
	if (!same(old->policy_relay, new->policy_relay))
		return "policy-relay";
	if (strcmp(old->resolver, new->resolver) != 0)
		return "resolver";
	return settings_restart(settings, SETTINGS, old, new);
}
