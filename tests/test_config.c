/* The configuration: what is right is taken, what is wrong is an error with its line. */
#include "base/base.h"
#include "server/broker/config.h"
#include "server/broker/directory.h"
#include "tests/tap.h"

#include <netinet/in.h>

static struct kg_config config;
static struct kg_config_error error;

static int parse(const char *text)
{
	kg_config_done(&config);
	kg_config_init(&config);
	error = (struct kg_config_error){ 0 };
	return kg_config_parse(&config, text, strlen(text), &error);
}

static const char whole[] =
	"# a comment\n"
	"[server]\n"
	"listen = 0.0.0.0:3389\n"
	"listen = [::1]:3390\r\n"
	"listen = *:3391\n"
	"security = tls\n"
	"certificate = /etc/kagami/server.crt\n"
	"key = /etc/kagami/server.key\n"
	"state = /var/lib/kagami\n"
	"sandbox = require\n"
	"log-level = debug\n"
	"session-user = kagami-session\n"
	"pam-service = login\n"
	"\n"
	"[limits]\n"
	"half-open = 10\n"
	"sessions = 3\n"
	"handshake = 20\n"
	"failures = 0\n"
	"[desktop first]\n"
	"kind = x11\n"
	"where = :0\n"
	"users = anna, bert\n"
	"users = carl\n"
	"run-as = anna\n"
	"size = 1920x1080\n"
	"threads = 4\n"
	"start = always\n"
	"[desktop guest]\n"
	"kind = demo\n"
	"users = *   ; everybody else\n"
	"[desktop late]\n"
	"kind = still\n"
	"users = dora\n";

static void test_whole(void)
{
	struct kg_config_desktop *d;

	ok(parse(whole) == 0 && kg_config_check(&config, &error) == 0, "a whole file is right (%u: %s)", error.line, error.text);
	ok(config.listen_count == 3 && config.listens[0].address.ss_family == AF_INET &&
	   config.listens[1].address.ss_family == AF_INET6 &&
	   ntohs(((struct sockaddr_in6 *)&config.listens[1].address)->sin6_port) == 3390, "several addresses to listen on");
	ok(config.security == KG_SECURITY_TLS && config.sandbox == KG_SANDBOX_REQUIRE && config.log_level == KG_LOG_DEBUG,
	   "words");
	ok(config.limits.half_open == 10 && config.limits.sessions == 3 && config.handshake_s == 20 &&
	   config.limits.failures == 0 && config.limits.handshakes == kg_limits_defaults.handshakes,
	   "numbers, and defaults for the rest");
	ok(!strcmp(config.hashes, "/var/lib/kagami/hashes"), "the hash file lies in the state directory");
	d = config.desktops;
	ok(d && !strcmp(d->name, "first") && !strcmp(d->kind, "x11") && !strcmp(d->where, ":0") &&
	   !strcmp(d->users, "anna bert carl") && !strcmp(d->run_as, "anna") && d->width == 1920 && d->height == 1080 &&
	   d->threads == 4 && d->always && d->line == 20, "a desktop with everything");
	ok(d && d->next && !strcmp(d->next->users, "*") && !d->next->always && !d->next->where, "a desktop with defaults");
}

static void test_directory(void)
{
	const struct kg_config_desktop *d;

	(void)parse(whole);
	d = kg_directory_find(&config, "bert");
	ok(d && !strcmp(d->name, "first"), "a user has the desktop that names him");
	d = kg_directory_find(&config, "dora");
	ok(d && !strcmp(d->name, "late"), "even when one for everybody stands before it");
	d = kg_directory_find(&config, "ber");
	ok(d && !strcmp(d->name, "guest"), "others have the one for everybody");
	d = kg_directory_find(&config, "bert carl");
	ok(d && !strcmp(d->name, "guest"), "a name with a space is not two");
	(void)parse("[desktop a]\nkind = still\nusers = anna\n");
	ok(!kg_directory_find(&config, "bert") && !kg_directory_find(&config, "*") && !kg_directory_find(&config, ""),
	   "who is not named has none");
}

static void wrong(const char *text, unsigned line, const char *part)
{
	int r = parse(text);

	if (r == 0)
		r = kg_config_check(&config, &error);
	ok(r == -EINVAL && error.line == line && strstr(error.text, part), "line %u: %s", error.line, error.text);
}

static void test_errors(void)
{
	char text[400];

	wrong("[server]\nlisten = 1.2.3.4:3389\nport = 3389\n", 3, "unknown key port");
	wrong("[sever]\n", 1, "unknown section [sever]");
	wrong("\n\n[desktop]\n", 3, "unknown section");
	wrong("[desktop a]\nkind = still\nusers = *\ncolour = red\n", 4, "colour: unknown key");
	wrong("security = nla\n", 1, "in no section");
	wrong("[server]\nsecurity = rdp\n", 2, "security: must be nla or tls");
	wrong("[server]\nsandbox = maybe\n", 2, "sandbox: must be");
	wrong("[server]\nlog-level = loud\n", 2, "log-level: must be");
	wrong("[server]\nlisten = example.com:3389\n", 2, "listen: must be ADDRESS:PORT");
	wrong("[server]\nlisten = 1.2.3.4\n", 2, "listen: must be");
	wrong("[server]\nlisten = 1.2.3.4:65536\n", 2, "listen: must be");
	wrong("[server]\nlisten = 1.2.3.4:-1\n", 2, "listen: must be");
	wrong("[server]\nlisten = [::1:3389\n", 2, "listen: must be");
	wrong("[server]\nstate = here\n", 2, "state: must be an absolute path");
	wrong("[server]\nsecurity = nla\nsecurity = tls\n", 3, "security: given twice");
	wrong("[server]\nnonsense\n", 2, "neither");
	wrong("[limits]\nsessions = 0\n", 2, "sessions: must be a number from 1");
	wrong("[limits]\nsessions = 12 \nhandshakes = 1e3\n", 3, "handshakes: must be a number");
	wrong("[limits]\nsessions = 99999999999999999999\n", 2, "sessions: must be");
	wrong("[desktop a b]\n", 1, "name of a desktop");
	wrong("[desktop a]\nkind = still\nusers = *\n[desktop a]\n", 4, "a second section");
	wrong("[desktop a]\nkind = st ill\n", 2, "kind: must be");
	wrong("[desktop a]\nkind = still\nkind = x11\n", 3, "kind: given twice");
	wrong("[desktop a]\nsize = 1920\n", 2, "size: must be");
	wrong("[desktop a]\nsize = 0x10\n", 2, "size: must be");
	wrong("[desktop a]\nsize = 100000x10\n", 2, "size: must be");
	wrong("[desktop a]\nthreads = 65\n", 2, "threads: must be");
	wrong("[desktop a]\nusers = ,\n", 2, "users: must name");
	wrong("[desktop a]\nstart = never\n", 2, "start: must be");
	wrong("\n[desktop a]\nusers = anna\n", 2, "has no kind");
	wrong("\n[desktop a]\nkind = still\n", 2, "has no users");
	wrong("[server]\n", 0, "no [desktop NAME]");
	wrong("[server]\ncertificate = /c\n[desktop a]\nkind = still\nusers = *\n", 0, "belong together");
	memset(text, 'x', sizeof(text));
	memcpy(text, "[desktop a]\nwhere = ", 20);
	text[399] = 0;
	wrong(text, 2, "a line of more than");
	memset(text, 'x', sizeof(text));
	memcpy(text, "[desktop ", 9);
	text[120] = 0;
	wrong(text, 1, "a section is [NAME]");
	ok(kg_config_parse(&config, "[server]\nlisten\0 = 1", 20, &error) == -EINVAL && error.line == 2, "a zero byte");
}

static void test_flags(void)
{
	kg_config_done(&config);
	kg_config_init(&config);
	ok(kg_config_add_desktop(&config, "x11::0.0", &error) == 0 && !strcmp(config.desktops->kind, "x11") &&
	   !strcmp(config.desktops->where, ":0.0") && config.desktops->always, "x11::0.0 is kind x11 at :0.0");
	ok(kg_config_add_desktop(&config, "demo", &error) == -EINVAL, "flags make one desktop");
	ok(kg_config_set(&config, "listen", "localhost:0", &error) == 0 && config.listen_count == 1, "localhost is an address");
	ok(kg_config_set(&config, "hash", "x", &error) == -EINVAL && strstr(error.text, "unknown key"), "an unknown setting");
	ok(kg_config_check(&config, &error) == 0 && !strcmp(config.session_user, "nobody"), "the rest has defaults");
	kg_config_done(&config);
	kg_config_init(&config);
	ok(kg_config_check(&config, &error) == -EINVAL && strstr(error.text, "--desktop"), "no desktop at all is an error");
}

int main(void)
{
	kg_config_init(&config);
	test_whole();
	test_directory();
	test_errors();
	test_flags();
	kg_config_done(&config);
	return tap_end();
}
