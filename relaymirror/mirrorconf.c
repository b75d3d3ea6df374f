/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrorconf.c - relaymirror.conf(5): the settings and their defaults, see
 * mirrorconf.h
 */
#include "mirrorconf.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ignore.h"
#include "relaydb.h"
#include "secretfile.h"
#include "settings.h"
#include "tls.h"

#define AT(member) offsetof(struct mirrorconf, member)
#define HOUR 3600
#define DAY 86400
#define WHY_SIZE 120

static setting_take take_engine, take_port, take_ignore;

/* clang-format off: a line each */
static const struct setting settings[] = {
	{ .name = "engine", .kind = SETTING_OWN, .take = take_engine },
	{ .name = "engine-port", .kind = SETTING_LIST, .take = take_port },
	{ .name = "user", .kind = SETTING_TEXT, .offset = AT(user), .fixed = true, .value = "" },
	{ .name = "password-file",
	    .kind = SETTING_PATH_OR_NONE,
	    .offset = AT(password_file),
	    .fixed = true,
	    .value = "" },
	{ .name = "admin-user",
	    .kind = SETTING_TEXT,
	    .offset = AT(admin_user),
	    .fixed = true,
	    .value = "" },
	{ .name = "admin-password-file",
	    .kind = SETTING_PATH_OR_NONE,
	    .offset = AT(admin_password_file),
	    .fixed = true,
	    .value = "" },
	{ .name = "sentinel-user",
	    .kind = SETTING_TEXT,
	    .offset = AT(sentinel_user),
	    .fixed = true,
	    .value = "" },
	{ .name = "sentinel-password-file",
	    .kind = SETTING_PATH_OR_NONE,
	    .offset = AT(sentinel_password_file),
	    .fixed = true,
	    .value = "" },
	{ .name = "tls-ca",
	    .kind = SETTING_PATH_OR_NONE,
	    .offset = AT(tls_ca),
	    .fixed = true,
	    .value = "" },
	{ .name = "tls-certificate",
	    .kind = SETTING_PATH_OR_NONE,
	    .offset = AT(tls_certificate),
	    .fixed = true,
	    .value = "" },
	{ .name = "tls-key",
	    .kind = SETTING_PATH_OR_NONE,
	    .offset = AT(tls_key),
	    .fixed = true,
	    .value = "" },
	{ .name = "publish",
	    .kind = SETTING_YES_NO,
	    .offset = AT(publish),
	    .fixed = true,
	    .value = "no" },
	{ .name = "subscribe",
	    .kind = SETTING_YES_NO,
	    .offset = AT(subscribe),
	    .fixed = true,
	    .value = "no" },
	{ .name = "window",
	    .kind = SETTING_DURATION,
	    .offset = AT(window),
	    .value = "60m",
	    .min = 1,
	    .max = DAY },
	{ .name = "engine-keeps",
	    .kind = SETTING_DURATION,
	    .offset = AT(engine_keeps),
	    .fixed = true,
	    .value = "25h",
	    .min = HOUR,
	    .max = 366 * DAY },
	{ .name = "ignore", .kind = SETTING_LIST, .take = take_ignore },
	{ .name = "database", .kind = SETTING_PATH, .offset = AT(database), .fixed = true },
	{ .name = "control",
	    .kind = SETTING_PATH_OR_NONE,
	    .offset = AT(control),
	    .fixed = true,
	    .value = RELAYERS_MIRROR_SOCKET },
	{ .name = "state",
	    .kind = SETTING_PATH,
	    .offset = AT(state),
	    .fixed = true,
	    .value = RELAYERS_STATEDIR "/relaymirror.state" },
	{ .name = "run-as",
	    .kind = SETTING_TEXT,
	    .offset = AT(run_as),
	    .fixed = true,
	    .value = "relayers" },
	{ .name = "pid-file",
	    .kind = SETTING_PATH_OR_NONE,
	    .offset = AT(pid_file),
	    .fixed = true,
	    .value = "" },
	{ .name = "stats-file",
	    .kind = SETTING_PATH_OR_NONE,
	    .offset = AT(stats_file),
	    .value = "" },
};
/* clang-format on */

#define SETTINGS (sizeof settings / sizeof *settings)

/* ---- settings of their own kind ---- */

static void take_engine(void *arg, const char *value, const struct conf_place *place)
{
	struct mirrorconf *conf = arg;
	const char *wrong = engineurl_parse(value, &conf->url);

	/* a password in it stays out of the log */
	if (wrong != NULL && strchr(value, '@') != NULL)
		conf_error(place, "engine: %s", wrong);
	else if (wrong != NULL)
		conf_error(place, "engine = '%s': %s", value, wrong);
	else if (conf->url.tls && !tls_is_built())
		conf_error(place,
		    "engine = '%s': TLS is not built in, since hiredis had none (it has from 1.0 "
		    "on)",
		    value);
	else
		settings_set_text(&conf->engine, value, place);
}

static void take_port(void *arg, const char *value, const struct conf_place *place)
{
	struct mirrorconf *conf = arg;
	uint16_t port = engineurl_port(value);

	if (port == 0)
		conf_error(place, "engine-port = '%s', expected 1 to 65535", value);
	else if (conf->port_count == MIRRORCONF_PORTS)
		conf_error(place, "more than %d times engine-port", MIRRORCONF_PORTS);
	else
		conf->ports[conf->port_count++] = port;
}

static void take_ignore(void *arg, const char *value, const struct conf_place *place)
{
	struct mirrorconf *conf = arg;

	ignore_take(&conf->ignore, value, place);
}

/* ---- passwords and the key ---- */

static void forget(char *password)
{
	if (password != NULL)
		explicit_bzero(password, strlen(password));
	free(password);
}

/* The first line of FILE; without a FILE there is none. */
static void read_password(
    char **password, const char *name, const char *file, const struct conf_place *place)
{
	char why[WHY_SIZE];

	*password = *file == '\0' ? strdup("") : secretfile_read(file, why, sizeof why);
	if (*password == NULL)
		conf_error(
		    place, "%s = '%s': %s", name, file, *file == '\0' ? "out of memory" : why);
}

static void read_secrets(struct mirrorconf *conf, const struct conf_place *place)
{
	char why[WHY_SIZE];

	read_password(&conf->password, "password-file", conf->password_file, place);
	read_password(
	    &conf->admin_password, "admin-password-file", conf->admin_password_file, place);
	read_password(&conf->sentinel_password, "sentinel-password-file",
	    conf->sentinel_password_file, place);
	/* the key itself is read by hiredis */
	if (*conf->tls_key != '\0' && !secretfile_is_private(conf->tls_key, why, sizeof why))
		conf_error(place, "tls-key = '%s': %s", conf->tls_key, why);
}

/* ---- the whole ---- */

static void expect(bool good, const char *sentence, const struct conf_place *place)
{
	if (!good)
		conf_error(place, "%s", sentence);
}

/* What can only be said when everything was read. */
static void finish(struct mirrorconf *conf, const struct conf_place *place)
{
	char path[PATH_MAX];

	expect(
	    conf->engine != NULL, "no engine, expected such as engine = redis://192.0.2.1", place);
	expect(conf->publish || conf->subscribe,
	    "nothing to do, expected publish = yes where logins are recorded, subscribe = yes "
	    "where mail is sent, or both",
	    place);
	expect(*conf->user == '\0' || *conf->password_file != '\0', "user without password-file",
	    place);
	expect(*conf->admin_user == '\0' || *conf->admin_password_file != '\0',
	    "admin-user without admin-password-file", place);
	expect(*conf->sentinel_user == '\0' || *conf->sentinel_password_file != '\0',
	    "sentinel-user without sentinel-password-file", place);
	expect(!conf->url.tls || *conf->tls_ca != '\0',
	    "an engine with TLS needs tls-ca, the file of the authority that signed it", place);
	expect(conf->engine_keeps >= conf->window + HOUR,
	    "engine-keeps must be an hour longer than window, or more", place);
	if (conf->port_count == 0)
		conf->ports[conf->port_count++] = ENGINE_PORT;
	if (relaydb_path(conf->database, path, sizeof path) != RELAYDB_OK)
		conf_error(place, "the path of the database is too long");
	else
		settings_set_text(&conf->database, path, place);
}

static struct mirrorconf *load(
    const char *file, const char *text, bool secrets, struct conf_errors *errors)
{
	struct conf_place place = { file, 0, errors };
	struct setting_seen seen[SETTINGS] = { { 0 } };
	struct mirrorconf *conf = calloc(1, sizeof *conf);
	const struct settings all = { settings, SETTINGS, conf, conf, seen };
	size_t before = errors->count;

	if (conf == NULL) {
		conf_error(&place, "out of memory");
		return NULL;
	}
	settings_defaults(&all, &place);
	take_ignore(conf, IGNORE_DEFAULT, &place);
	if (text != NULL)
		settings_read_text(&all, file, text, errors);
	else
		settings_read(&all, file, errors);
	if (errors->count == before)
		finish(conf, &place);
	if (errors->count == before && secrets)
		read_secrets(conf, &place);
	if (errors->count == before)
		return conf;
	mirrorconf_free(conf);
	return NULL;
}

struct mirrorconf *mirrorconf_load(const char *file, struct conf_errors *errors)
{
	return load(file, NULL, true, errors);
}

struct mirrorconf *mirrorconf_reload(const char *file, struct conf_errors *errors)
{
	return load(file, NULL, false, errors);
}

struct mirrorconf *mirrorconf_load_text(const char *text, struct conf_errors *errors)
{
	return load("text", text, true, errors);
}

void mirrorconf_free(struct mirrorconf *conf)
{
	if (conf == NULL)
		return;
	settings_free(settings, SETTINGS, conf);
	free(conf->engine);
	forget(conf->password);
	forget(conf->admin_password);
	forget(conf->sentinel_password);
	netset_clear(&conf->ignore);
	free(conf);
}

const char *mirrorconf_restart(const struct mirrorconf *old, const struct mirrorconf *new)
{
	if (strcmp(old->engine, new->engine) != 0)
		return "engine";
	if (old->port_count != new->port_count ||
	    memcmp(old->ports, new->ports, sizeof old->ports) != 0)
		return "engine-port";
	return settings_restart(settings, SETTINGS, old, new);
}

void mirrorconf_swap(struct mirrorconf *conf, struct mirrorconf *new)
{
	const struct mirrorconf old = *conf;

	conf->window = new->window;
	conf->ignore = new->ignore;
	conf->stats_file = new->stats_file;
	new->ignore = old.ignore;
	new->stats_file = old.stats_file;
}

bool mirrorconf_orders(const struct mirrorconf *conf)
{
	return *conf->admin_user != '\0' || *conf->user == '\0';
}

struct engine_options mirrorconf_engine(
    const struct mirrorconf *conf, struct tls *tls, const char *purpose, bool orders)
{
	const bool admin = orders && *conf->admin_user != '\0';

	return (struct engine_options){ .purpose = purpose,
		.url = &conf->url,
		.user = admin ? conf->admin_user : conf->user,
		.password = admin ? conf->admin_password : conf->password,
		.sentinel_user = conf->sentinel_user,
		.sentinel_password = conf->sentinel_password,
		.ports = conf->ports,
		.port_count = conf->port_count,
		.tls = tls };
}
