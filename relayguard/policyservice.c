/* SPDX-License-Identifier: BSD-2-Clause
 *
 * policyservice.c - the policy protocol of Postfix, see policyservice.h
 */
#include "policyservice.h"

#include "bytes.h"
#include "ipnet.h"
#include "reply.h"

#include <stdlib.h>
#include <string.h>

#define REPLY_MAX 900

/* What every Postfix since 2.1 sends with each request. */
static const char *const required[] = { "request", "protocol_state", "protocol_name", "helo_name",
	"queue_id", "sender", "recipient", "client_address", "client_name" };

struct attribute {
	const char *name, *value;
};

struct policyservice {
	struct bytes in, out;
	size_t scanned; /* bytes of IN without the end of a request */
	size_t request; /* bytes of the request that waits for its answer; 0: none */
	struct attribute attribute[POLICY_ATTRIBUTES_MAX];
	size_t attributes;
	const char *unreadable, *odd;
	bool control; /* there is a control character in it */
	bool no_memory;
};

struct policyservice *policyservice_new(void)
{
	return calloc(1, sizeof(struct policyservice));
}

void policyservice_free(struct policyservice *service)
{
	if (service == NULL)
		return;
	bytes_free(&service->in);
	bytes_free(&service->out);
	free(service);
}

size_t policyservice_input(struct policyservice *service, const void *data, size_t size)
{
	size_t room = POLICY_REQUEST_MAX - service->in.size;

	if (service->request > 0)
		return 0;
	if (size > room)
		size = room;
	if (!bytes_add(&service->in, data, size))
		service->no_memory = true;
	return size;
}

/* The bytes up to and with the empty line; 0: it is not there yet. */
static size_t request_size(struct policyservice *service)
{
	const char *data = service->in.data;
	size_t i = service->scanned;

	for (; i < service->in.size; i++) {
		if (data[i] == '\n' && (i == 0 || data[i - 1] == '\n'))
			return i + 1;
	}
	service->scanned = i;
	return 0;
}

static bool is_name(const char *name)
{
	const char *p = name;

	for (; (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_';)
		p++;
	return p > name && *p == '\0';
}

static bool has_control(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return true;
	}
	return false;
}

const char *policyservice_get(const struct policyservice *service, const char *name)
{
	for (size_t i = 0; i < service->attributes; i++) {
		if (strcmp(service->attribute[i].name, name) == 0)
			return service->attribute[i].value;
	}
	return NULL;
}

/* One line of SIZE bytes, whose newline has become a NUL. */
static const char *take_line(struct policyservice *service, char *line, size_t size)
{
	char *equals = memchr(line, '=', size);

	service->control |= has_control(line, size);
	if (memchr(line, '\0', size) != NULL)
		return "a NUL";
	if (equals == NULL)
		return "a line without =";
	*equals = '\0';
	if (!is_name(line))
		return "an attribute whose name is none";
	if (policyservice_get(service, line) != NULL)
		return "an attribute that came twice";
	if (service->attributes == POLICY_ATTRIBUTES_MAX)
		return "too many attributes";
	service->attribute[service->attributes].name = line;
	service->attribute[service->attributes].value = equals + 1;
	service->attributes++;
	return NULL;
}

static const char *missing(const struct policyservice *service)
{
	const char *request = policyservice_get(service, "request");

	for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
		if (policyservice_get(service, required[i]) == NULL)
			return "an attribute is missing that every Postfix sends";
	}
	return strcmp(request, "smtpd_access_policy") == 0 ? NULL : "a request of another kind";
}

/* Takes the request apart where it lies. */
static void parse(struct policyservice *service)
{
	char *line = service->in.data, *end = line + service->request - 1;

	service->attributes = 0;
	service->unreadable = NULL;
	service->control = false;
	while (line < end) {
		char *stop = memchr(line, '\n', (size_t)(end - line + 1));
		const char *why;

		*stop = '\0';
		why = take_line(service, line, (size_t)(stop - line));
		if (service->unreadable == NULL)
			service->unreadable = why;
		line = stop + 1;
	}
	if (service->unreadable == NULL)
		service->unreadable = missing(service);
	service->odd = service->unreadable;
	if (service->odd == NULL && service->control)
		service->odd = "a control character";
}

enum policy_status policyservice_next(struct policyservice *service)
{
	if (service->no_memory)
		return POLICY_BROKEN;
	if (service->request > 0)
		return POLICY_REQUEST;
	service->request = request_size(service);
	if (service->request == 0)
		return service->in.size < POLICY_REQUEST_MAX ? POLICY_NOTHING : POLICY_BROKEN;
	parse(service);
	return POLICY_REQUEST;
}

const char *policyservice_unreadable(const struct policyservice *service)
{
	return service->unreadable;
}

const char *policyservice_odd(const struct policyservice *service)
{
	return service->odd;
}

/* Does the local part need quotes that are not there? */
static bool lacks_quotes(const char *text, const char *at)
{
	bool bare = true;

	if (at - text >= 2 && *text == '"' && at[-1] == '"') {
		const char *p = text + 1;

		for (; p < at - 1 && *p != '"'; p++)
			p += *p == '\\' && p < at - 2;
		return p < at - 1;
	}
	for (const char *p = text; p < at; p++)
		bare = bare && (unsigned char)*p > ' ' && strchr("\"\\()<>\x7f", *p) == NULL;
	return !bare;
}

/* Behind the route at the beginning of TEXT, @a,@b:user@c: Postfix puts no
 * quotes around it, and removes it later. */
static const char *route_end(const char *text, const char *at)
{
	while (*text == '@') {
		const char *colon = memchr(text, ':', (size_t)(at - text));

		if (colon == NULL)
			return text;
		text = colon + 1;
	}
	return text;
}

char *policyservice_path(const struct policyservice *service, const char *name)
{
	const char *value = policyservice_get(service, name), *text = value != NULL ? value : "";
	const char *at = strrchr(text, '@');
	const char *local = at != NULL ? route_end(text, at) : text;
	bool quote = at != NULL && lacks_quotes(local, at);
	char *path = malloc(2 * strlen(text) + sizeof "<\"\">"), *end = path;

	if (path == NULL)
		return NULL;
	*end++ = '<';
	if (quote) {
		end = mempcpy(end, text, (size_t)(local - text));
		text = local;
		*end++ = '"';
		for (; text < at; text++) {
			if (*text == '"' || *text == '\\')
				*end++ = '\\';
			*end++ = *text;
		}
		*end++ = '"';
	}
	end = stpcpy(end, text);
	strcpy(end, ">");
	return path;
}

/* ---- answers ---- */

static void put(struct policyservice *service, const char *text)
{
	if (!bytes_add(&service->out, text, strlen(text)))
		service->no_memory = true;
}

/* Text of ours or of a client, in one line of printable ASCII. */
static void put_clean(struct policyservice *service, const char *text)
{
	char clean[REPLY_MAX + 1];
	size_t size = 0;

	for (; size < REPLY_MAX && text[size] != '\0'; size++)
		clean[size] = reply_byte(text[size]);
	clean[size] = '\0';
	put(service, clean);
}

/* The request was answered: on to the next. */
static void finish(struct policyservice *service)
{
	put(service, "\n\n");
	bytes_take(&service->in, service->request);
	service->request = service->scanned = service->attributes = 0;
	service->unreadable = service->odd = NULL;
}

void policyservice_pass(struct policyservice *service)
{
	if (service->request == 0)
		return;
	put(service, "action=DUNNO");
	finish(service);
}

void policyservice_refuse(struct policyservice *service, const char *reply, bool close)
{
	if (service->request == 0)
		return;
	if (!reply_refuses(reply))
		reply = "451 4.3.0 the policy service has no reply to give";
	put(service, "action=");
	if (close) {
		put(service, reply[0] == '4' ? "421" : "521");
		reply += 3;
	}
	put_clean(service, reply);
	finish(service);
}

void policyservice_prepend(struct policyservice *service, const char *name, const char *value)
{
	if (service->request == 0)
		return;
	put(service, "action=PREPEND ");
	put_clean(service, name);
	put(service, ": ");
	put_clean(service, value);
	finish(service);
}

/* An address alone: no network, no name. */
static bool is_address(const char *text)
{
	struct ipnet net;

	return strchr(text, '/') == NULL && ipnet_parse(text, &net);
}

static bool may_relay(const struct policyservice *service, policy_entry *entry, void *arg)
{
	if (service->odd != NULL)
		return false;
	if (strcmp(policyservice_get(service, "protocol_state"), "RCPT") != 0)
		return false;
	if (!is_address(policyservice_get(service, "client_address")))
		return false;
	return entry(policyservice_get(service, "client_address"), arg) == RULES_YES;
}

bool policyservice_relay(struct policyservice *service, policy_entry *entry, void *arg)
{
	bool good;

	if (service->request == 0)
		return false;
	good = may_relay(service, entry, arg);
	put(service, good ? "action=OK" : "action=DUNNO");
	finish(service);
	return good;
}

const char *policyservice_output(const struct policyservice *service, size_t *size)
{
	*size = service->out.size;
	return service->out.data;
}

void policyservice_sent(struct policyservice *service, size_t size)
{
	bytes_take(&service->out, size);
}
