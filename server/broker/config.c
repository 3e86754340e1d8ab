/* The settings: one table for the file and the flags, a pure parser through libinih. */
#define KG_TOPIC "config"
#include "server/broker/config.h"

#include "base/limits.h"
#include "server/broker/files.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ini.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

/* libinih cuts longer sections and lines: they are refused before it sees them. */
#define SECTION_MAX 49
#define LINE_MAX_BYTES 198

enum type { TYPE_TEXT, TYPE_PATH, TYPE_NUMBER, TYPE_SECURITY, TYPE_SANDBOX, TYPE_LEVEL, TYPE_LISTEN };

struct setting {
	const char *section, *key;
	enum type type;
	size_t offset;		// in struct kg_config
	uint32_t min, max;	// numbers
};

#define AT(member) offsetof(struct kg_config, member)

static const struct setting settings[] = {
	{ "server", "listen", TYPE_LISTEN, 0 },
	{ "server", "security", TYPE_SECURITY, AT(security) },
	{ "server", "certificate", TYPE_PATH, AT(certificate) },
	{ "server", "key", TYPE_PATH, AT(key) },
	{ "server", "state", TYPE_PATH, AT(state) },
	{ "server", "hashes", TYPE_PATH, AT(hashes) },
	{ "server", "control", TYPE_PATH, AT(control) },
	{ "server", "sandbox", TYPE_SANDBOX, AT(sandbox) },
	{ "server", "log-level", TYPE_LEVEL, AT(log_level) },
	{ "server", "session-user", TYPE_TEXT, AT(session_user) },
	{ "server", "pam-service", TYPE_TEXT, AT(pam_service) },
	{ "limits", "half-open", TYPE_NUMBER, AT(limits.half_open), 1, 100000 },
	{ "limits", "half-open-per-address", TYPE_NUMBER, AT(limits.half_open_per_address), 1, 100000 },
	{ "limits", "handshakes", TYPE_NUMBER, AT(limits.handshakes), 1, 10000 },
	{ "limits", "handshakes-per-address", TYPE_NUMBER, AT(limits.handshakes_per_address), 1, 10000 },
	{ "limits", "early-drop", TYPE_NUMBER, AT(limits.early_drop), 1, 10000 },
	{ "limits", "sessions", TYPE_NUMBER, AT(limits.sessions), 1, 10000 },
	{ "limits", "connections-per-second", TYPE_NUMBER, AT(limits.connections_per_second), 1, 10000 },
	{ "limits", "failures", TYPE_NUMBER, AT(limits.failures), 0, 1000000 },
	{ "limits", "slow-max", TYPE_NUMBER, AT(limits.slow_max_s), 1, 3600 },
	{ "limits", "handshake", TYPE_NUMBER, AT(handshake_s), 1, 600 },
	{ "limits", "heartbeat", TYPE_NUMBER, AT(heartbeat_ms), 100, 60000 },
};

static int KG_PRINTF(2, 3) wrong(struct kg_config_error *error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error->text, sizeof(error->text), format, ap);
	va_end(ap);
	return -EINVAL;
}

static int replace(char **text, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

static bool parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	char *end;
	unsigned long value;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return false;
	*ret = (uint32_t)value;
	return true;
}

int kg_config_listen_parse(const char *text, struct kg_config_listen *ret)
{
	struct kg_config_listen listen = { .size = 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&listen.address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&listen.address;
	const char *colon = strrchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;
	char host[64];
	uint32_t port;

	if (!length || strlen(text) >= sizeof(listen.text) || !parse_number(colon + 1, 0, 65535, &port))
		return -EINVAL;
	memcpy(host, text, length);
	host[length] = 0;
	strcpy(listen.text, text);
	if (host[0] == '[' && length > 2 && host[length - 1] == ']') {
		host[length - 1] = 0;
		if (inet_pton(AF_INET6, host + 1, &in6->sin6_addr) != 1)
			return -EINVAL;
		in6->sin6_family = AF_INET6;
	} else if (!strcmp(host, "*")) {
		in6->sin6_family = AF_INET6;	// IPv4 too: the listener clears IPV6_V6ONLY for it
	} else {
		if (inet_pton(AF_INET, strcmp(host, "localhost") ? host : "127.0.0.1", &in->sin_addr) != 1)
			return -EINVAL;
		in->sin_family = AF_INET;
	}
	if (listen.address.ss_family == AF_INET6) {
		in6->sin6_port = htons((uint16_t)port);
		listen.size = sizeof(*in6);
	} else {
		in->sin_port = htons((uint16_t)port);
		listen.size = sizeof(*in);
	}
	*ret = listen;
	return 0;
}

static int set_word(uint32_t *number, enum type type, const char *value, struct kg_config_error *error)
{
	enum kg_sandbox_mode mode;
	enum kg_log_level level;

	if (type == TYPE_SECURITY && (!strcmp(value, "nla") || !strcmp(value, "tls")))
		*number = *value == 'n' ? KG_SECURITY_NLA : KG_SECURITY_TLS;
	else if (type == TYPE_SANDBOX && kg_sandbox_mode_parse(value, &mode))
		*number = mode;
	else if (type == TYPE_LEVEL && kg_log_level_parse(value, &level))
		*number = level;
	else
		return wrong(error, "must be %s",
			     type == TYPE_SECURITY ? "nla or tls"
			     : type == TYPE_SANDBOX ? "require, best or off"
						    : "error, warning, info or debug");
	return 0;
}

static int set(struct kg_config *config, const struct setting *setting, const char *value, struct kg_config_error *error)
{
	void *at = (char *)config + setting->offset;

	switch (setting->type) {
	case TYPE_TEXT:
	case TYPE_PATH:
		if (!*value || strlen(value) > KG_NAME_MAX)
			return wrong(error, "must be 1 to %d bytes long", KG_NAME_MAX);
		if (setting->type == TYPE_PATH && config->from_file && *value != '/')
			return wrong(error, "must be an absolute path");
		return replace(at, value);
	case TYPE_NUMBER:
		if (!parse_number(value, setting->min, setting->max, at))
			return wrong(error, "must be a number from %u to %u", setting->min, setting->max);
		return 0;
	case TYPE_LISTEN:
		if (config->listen_count == KG_LISTENS_MAX)
			return wrong(error, "at most %d times", KG_LISTENS_MAX);
		if (kg_config_listen_parse(value, &config->listens[config->listen_count]) < 0)
			return wrong(error, "must be ADDRESS:PORT with a numeric address, such as 0.0.0.0:3389 or [::]:3389");
		config->listen_count++;
		return 0;
	default:
		return set_word(at, setting->type, value, error);
	}
}

static const struct setting *find_setting(const char *section, const char *key)
{
	for (size_t i = 0; i < KG_ARRAY_SIZE(settings); i++) {
		if (!strcmp(settings[i].section, section) && !strcmp(settings[i].key, key))
			return &settings[i];
	}
	return NULL;
}

/* Puts the name of the key in front of what is wrong with its value. */
static int blame(struct kg_config_error *error, const char *key, int r)
{
	char text[sizeof(error->text)];

	if (r != -EINVAL)
		return r;
	memcpy(text, error->text, sizeof(text));
	return wrong(error, "%.40s: %.150s", key, text);
}

int kg_config_set(struct kg_config *config, const char *key, const char *value, struct kg_config_error *error)
{
	const struct setting *setting = find_setting("server", key);

	error->line = 0;
	if (!setting)
		return wrong(error, "unknown key %.40s", key);
	return blame(error, key, set(config, setting, value, error));
}

/* ---- desktops ---- */

static bool name_is_plain(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
			return false;
	}
	return true;
}

static struct kg_config_desktop *find_desktop(struct kg_config *config, const char *name)
{
	struct kg_config_desktop *desktop = config->desktops;

	while (desktop && strcmp(desktop->name, name))
		desktop = desktop->next;
	return desktop;
}

static int add_desktop(struct kg_config *config, const char *name, unsigned line, struct kg_config_error *error)
{
	struct kg_config_desktop *desktop, **last = &config->desktops;

	if (!name_is_plain(name))
		return wrong(error, "the name of a desktop is made of letters, digits, '-', '_' and '.'");
	if (find_desktop(config, name))
		return wrong(error, "a second section [desktop %s]", name);
	desktop = calloc(1, sizeof(*desktop));
	if (!desktop)
		return -ENOMEM;
	desktop->name = strdup(name);
	if (!desktop->name) {
		free(desktop);
		return -ENOMEM;
	}
	desktop->line = line;
	while (*last)
		last = &(*last)->next;
	*last = desktop;
	return 0;
}

static int set_once(char **text, const char *value, size_t max, struct kg_config_error *error)
{
	if (*text)
		return wrong(error, "given twice");
	if (!*value || strlen(value) > max)
		return wrong(error, "must be 1 to %zu bytes long", max);
	return replace(text, value);
}

/* Several lines of users add up. Everything that separates becomes one space. */
static int add_users(char **users, const char *value, struct kg_config_error *error)
{
	char *joined, *to;

	if (asprintf(&joined, "%s %s", *users ? *users : "", value) < 0)
		return -ENOMEM;
	to = joined;
	for (const char *from = joined; *from; from++) {
		bool gap = *from == ' ' || *from == ',' || *from == '\t';

		if (!gap)
			*to++ = *from;
		else if (to != joined && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to != joined && to[-1] == ' ')
		to--;
	*to = 0;
	if (!*joined) {
		free(joined);
		return wrong(error, "must name users, or * for everybody");
	}
	free(*users);
	*users = joined;
	return 0;
}

static int set_size(struct kg_config_desktop *desktop, const char *value, struct kg_config_error *error)
{
	char width[8];
	const char *x = strchr(value, 'x');
	uint32_t w, h;

	if (x && x - value < (int)sizeof(width)) {
		memcpy(width, value, (size_t)(x - value));
		width[x - value] = 0;
		if (parse_number(width, KG_DESKTOP_SIZE_MIN, KG_DESKTOP_SIZE_MAX, &w) &&
		    parse_number(x + 1, KG_DESKTOP_SIZE_MIN, KG_DESKTOP_SIZE_MAX, &h)) {
			desktop->width = (uint16_t)w;
			desktop->height = (uint16_t)h;
			return 0;
		}
	}
	return wrong(error, "must be WIDTHxHEIGHT, each from %d to %d", KG_DESKTOP_SIZE_MIN, KG_DESKTOP_SIZE_MAX);
}

int kg_config_set_desktop(struct kg_config_desktop *desktop, const char *key, const char *value,
			  struct kg_config_error *error)
{
	if (!strcmp(key, "kind"))
		return name_is_plain(value) ? set_once(&desktop->kind, value, 32, error)
					    : wrong(error, "must be the name of a kind, such as x11");
	if (!strcmp(key, "where"))
		return set_once(&desktop->where, value, KG_NAME_MAX, error);
	if (!strcmp(key, "users"))
		return add_users(&desktop->users, value, error);
	if (!strcmp(key, "run-as"))
		return set_once(&desktop->run_as, value, KG_NAME_MAX, error);
	if (!strcmp(key, "size"))
		return set_size(desktop, value, error);
	if (!strcmp(key, "threads"))
		return parse_number(value, 0, 64, &desktop->threads) ? 0 : wrong(error, "must be a number from 0 to 64");
	if (!strcmp(key, "start")) {
		if (strcmp(value, "always") && strcmp(value, "on-demand"))
			return wrong(error, "must be always or on-demand");
		desktop->always = *value == 'a';
		return 0;
	}
	return wrong(error, "unknown key in a [desktop ...]");
}

int kg_config_add_desktop(struct kg_config *config, const char *text, struct kg_config_error *error)
{
	struct kg_config_desktop *desktop;
	const char *colon = strchr(text, ':');
	char kind[33] = "";
	int r;

	error->line = 0;
	if (config->desktops)
		return wrong(error, "a second desktop: several are for a configuration file");
	snprintf(kind, sizeof(kind), "%.*s", colon ? (int)(colon - text) : (int)strlen(text), text);
	r = add_desktop(config, kind, 0, error);	// it needs no other name
	if (r < 0)
		return r;
	desktop = config->desktops;
	desktop->always = true;
	r = kg_config_set_desktop(desktop, "kind", kind, error);
	if (r == 0 && colon && colon[1])
		r = set_once(&desktop->where, colon + 1, KG_NAME_MAX, error);
	if (r == 0)
		r = add_users(&desktop->users, "*", error);
	return r;
}

/* ---- the file ---- */

struct text {
	struct kg_config *config;
	struct kg_config_error *error;
	const char *at, *end;
	unsigned line;
	uint64_t seen;		// bits of settings
	int r;			// the first error stays
};

_Static_assert(KG_ARRAY_SIZE(settings) <= 64, "a bit for each setting");

static void fail(struct text *text, int r)
{
	if (text->r == 0 && r < 0) {
		text->r = r;
		text->error->line = text->line;
	}
}

/* A section is looked at when its line is read: libinih says nothing of one without keys. */
static int open_section(struct text *text, const char *line)
{
	const char *end = strchr(line, ']');
	char name[SECTION_MAX + 1];

	if (!end || end - line - 1 > SECTION_MAX)
		return wrong(text->error, "a section is [NAME], of at most %d bytes", SECTION_MAX);
	snprintf(name, sizeof(name), "%.*s", (int)(end - line - 1), line + 1);
	if (!strcmp(name, "server") || !strcmp(name, "limits"))
		return 0;
	if (strncmp(name, "desktop ", 8))
		return wrong(text->error, "unknown section [%s]", name);
	return add_desktop(text->config, name + 8, text->line, text->error);
}

/* fgets() for libinih, which counts the lines and refuses what libinih would cut. */
static char *read_line(char *to, int size, void *data)
{
	struct text *text = data;
	const char *newline;
	size_t length;

	if (text->r < 0 || text->at == text->end)
		return NULL;
	text->line++;
	newline = memchr(text->at, '\n', (size_t)(text->end - text->at));
	length = (size_t)((newline ? newline : text->end) - text->at);
	if (length > LINE_MAX_BYTES || length + 2 > (size_t)size)
		fail(text, wrong(text->error, "a line of more than %d bytes", LINE_MAX_BYTES));
	else if (memchr(text->at, 0, length))
		fail(text, wrong(text->error, "a zero byte"));
	if (text->r < 0)
		return NULL;
	memcpy(to, text->at, length);
	to[length] = '\n';
	to[length + 1] = 0;
	text->at += length + (newline ? 1 : 0);
	if (*to == '[')
		fail(text, open_section(text, to));
	return text->r < 0 ? NULL : to;
}

static int on_value(void *data, const char *section, const char *key, const char *value)
{
	struct text *text = data;
	const struct setting *setting;
	struct kg_config_desktop *desktop;

	if (text->r < 0)
		return 0;
	if (!strncmp(section, "desktop ", 8)) {
		desktop = find_desktop(text->config, section + 8);
		if (desktop)
			fail(text, blame(text->error, key, kg_config_set_desktop(desktop, key, value, text->error)));
		else	// a section line that was indented
			fail(text, wrong(text->error, "a section begins at the start of its line"));
	} else {
		setting = find_setting(section, key);
		if (setting && setting->type != TYPE_LISTEN && text->seen & 1ull << (setting - settings))
			fail(text, wrong(text->error, "%.40s: given twice", key));
		else if (setting)
			fail(text, blame(text->error, key, set(text->config, setting, value, text->error)));
		else if (*section)
			fail(text, wrong(text->error, "unknown key %.40s in [%.40s]", key, section));
		else
			fail(text, wrong(text->error, "%.40s is in no section", key));
		if (setting)
			text->seen |= 1ull << (setting - settings);
	}
	return text->r == 0;
}

int kg_config_parse(struct kg_config *config, const char *bytes, size_t size, struct kg_config_error *error)
{
	struct text text = { .config = config, .error = error, .at = bytes, .end = bytes + size };
	int line;

	config->from_file = true;
	line = ini_parse_stream(read_line, &text, on_value, &text);
	if (text.r < 0)
		return text.r;
	if (line < 0)
		return -ENOMEM;
	if (line > 0) {
		error->line = (unsigned)line;
		return wrong(error, "neither [section] nor key = value");
	}
	return 0;
}

int kg_config_load(struct kg_config *config, const char *path)
{
	struct kg_config_error error = { 0 };
	struct stat status;
	char *text;
	size_t size;
	int r = kg_file_read(path, KG_CONFIG_SIZE_MAX, &text, &size, &status);

	if (r < 0)
		return kg_err(r, "cannot read %s", path);
	r = kg_config_parse(config, text, size, &error);
	free(text);
	if (r == -EINVAL)
		(void)kg_err(0, "%s:%u: %s", path, error.line, error.text);
	else if (r < 0)
		(void)kg_err(r, "cannot read %s", path);
	return r;
}

/* ---- the whole ---- */

void kg_config_init(struct kg_config *config)
{
	*config = (struct kg_config){
		.security = KG_SECURITY_NLA,
		.sandbox = KG_SANDBOX_BEST,
		.log_level = KG_LOG_INFO,
		.limits = kg_limits_defaults,
		.handshake_s = 15,
		.heartbeat_ms = 1000,
	};
}

void kg_config_done(struct kg_config *config)
{
	struct kg_config_desktop *desktop;

	while ((desktop = config->desktops)) {
		config->desktops = desktop->next;
		free(desktop->name);
		free(desktop->kind);
		free(desktop->where);
		free(desktop->users);
		free(desktop->run_as);
		free(desktop);
	}
	free(config->certificate);
	free(config->key);
	free(config->state);
	free(config->hashes);
	free(config->control);
	free(config->session_user);
	free(config->pam_service);
	free(config->user);
	free(config->password_file);
	free(config->programs);
	*config = (struct kg_config){ 0 };
}

/* root's state lies where the system's does, a user's in the home directory. */
static int default_state(char **state)
{
	const char *home = getenv("HOME");

	if (geteuid() == 0)
		return replace(state, "/var/lib/kagami");
	if (asprintf(state, "%s/.local/state/kagami", home && *home ? home : "/nonexistent") >= 0)
		return 0;
	*state = NULL;
	return -ENOMEM;
}

int kg_config_check(struct kg_config *config, struct kg_config_error *error)
{
	int r = 0;

	error->line = 0;
	if (!config->desktops)
		return wrong(error, config->from_file ? "no [desktop NAME]" : "no desktop: give --desktop KIND:WHERE");
	for (struct kg_config_desktop *desktop = config->desktops; desktop; desktop = desktop->next) {
		error->line = desktop->line;
		if (!desktop->kind)
			return wrong(error, "[desktop %s] has no kind", desktop->name);
		if (!desktop->users)
			return wrong(error, "[desktop %s] has no users", desktop->name);
	}
	error->line = 0;
	if (!config->certificate != !config->key)
		return wrong(error, "certificate and key belong together");
	if (config->limits.early_drop > config->limits.handshakes)
		config->limits.early_drop = config->limits.handshakes;
	if (!config->listen_count)
		r = kg_config_listen_parse("127.0.0.1:3389", &config->listens[config->listen_count++]);
	if (r == 0 && !config->session_user)
		r = replace(&config->session_user, "nobody");
	if (r == 0 && !config->pam_service)
		r = replace(&config->pam_service, "kagami");
	if (r == 0 && !config->state)
		r = default_state(&config->state);
	if (r == 0 && !config->hashes && asprintf(&config->hashes, "%s/hashes", config->state) < 0) {
		config->hashes = NULL;
		r = -ENOMEM;
	}
	return r;
}
