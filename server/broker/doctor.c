/* Looks at a running kagamid and its machine; one line for each thing, and a cure where it needs one. */
#include "server/broker/doctor.h"

#include "server/broker/config.h"
#include "server/broker/control-client.h"

#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#define CONNECT_MS 2000
#define CERTIFICATE_DAYS 30

enum finding { FINE, WORSE, BROKEN };

static int problems;

/* cure: NULL when nothing is to be done. */
static void KG_PRINTF(4, 5) say(enum finding finding, const char *what, const char *cure, const char *format, ...)
{
	static const char *const words[] = { "ok", "warning", "problem" };
	va_list ap;

	problems += finding == BROKEN;
	printf("%-8s %-12s ", words[finding], what);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	if (finding != FINE && cure)
		printf("%-8s cure: %s\n", "", cure);
}

/* A listener on all addresses is reached over loopback. */
static void make_reachable(struct kg_config_listen *where)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&where->address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&where->address;

	if (where->address.ss_family == AF_INET && in->sin_addr.s_addr == htonl(INADDR_ANY))
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (where->address.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
		in6->sin6_addr = in6addr_loopback;
}

static int try_connect(const struct kg_config_listen *where)
{
	int fd = KG_SYS(socket(where->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), error = 0, r;
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(error);

	if (fd < 0)
		return fd;
	r = KG_SYS(connect(fd, (const struct sockaddr *)&where->address, where->size));
	if (r == -EINPROGRESS) {
		r = poll(&wait, 1, CONNECT_MS) == 1 ? 0 : -ETIMEDOUT;
		if (r == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0)
			r = -error;
	}
	close(fd);
	return r;
}

static void check_port(const char *text)
{
	struct kg_config_listen where;
	int r = kg_config_listen_parse(text, &where);

	if (r == 0) {
		make_reachable(&where);
		r = try_connect(&where);
	}
	if (r == 0)
		say(FINE, "port", NULL, "%s accepts connections", text);
	else
		say(BROKEN, "port", "look for a firewall rule on this host (nft list ruleset), and at kagamid's log",
		    "%s: %s", text, strerror(-r));
}

static void check_certificate(const char *status)
{
	char *text = kg_control_value(status, "certificate-days", NULL);
	int days = text ? atoi(text) : 0;

	free(text);
	if (days >= CERTIFICATE_DAYS)
		say(FINE, "certificate", NULL, "valid for %d days", days);
	else
		say(days < 0 ? BROKEN : WORSE, "certificate",
		    "replace it; one that kagamid made is made anew when server.crt and server.key are removed from its state "
		    "directory and it is started again", days < 0 ? "has ended" : "ends in %d days", days);
}

static void check_private(const char *what, const char *path, bool optional)
{
	char cure[512];
	struct stat status;

	if (!path)
		return;
	snprintf(cure, sizeof(cure), "chmod 600 %s", path);
	if (stat(path, &status) < 0) {
		if (!optional || errno != ENOENT)
			say(WORSE, what, "run kagamictl as the user that kagamid runs as, or as root", "%s: %s", path,
			    strerror(errno));
	} else if (status.st_mode & 077) {
		say(BROKEN, what, cure, "%s can be read by others (mode %03o)", path, status.st_mode & 0777);
	} else {
		say(FINE, what, NULL, "%s is private", path);
	}
}

static void check_accounts(const char *status)
{
	char *security = kg_control_value(status, "security", NULL), *accounts = kg_control_value(status, "accounts", NULL);

	if (security && !strcmp(security, "tls"))
		say(WORSE, "accounts", "use security = nla unless a client cannot",
		    "PAM: the password passes through the session");
	else if (accounts && atoi(accounts) > 0)
		say(FINE, "accounts", NULL, "%s", accounts);
	else
		say(BROKEN, "accounts", "kagamictl passwd USER", "nobody can log in");
	free(security);
	free(accounts);
}

static void check_freerdp(const char *status)
{
	char *text = kg_control_value(status, "freerdp", NULL);
	unsigned major = 0, minor = 0;

	if (!text || sscanf(text, "%u.%u", &major, &minor) != 2)
		say(BROKEN, "FreeRDP", "see kagamid's log: its sessions do not get ready", "version unknown");
	else if ((major << 16 | minor << 8) >= KG_FREERDP_SAFE)
		say(FINE, "FreeRDP", NULL, "%s", text);
	else
		say(WORSE, "FreeRDP", "upgrade FreeRDP to 3.30 or later, or listen on loopback only, behind ssh or a VPN",
		    "%s has known holes that open before the log-in", text);
	free(text);
}

static void check_layers(const char *status, const char *key, const char *what)
{
	char *text = kg_control_value(status, key, NULL), name[64], missing[64];
	int lacking = 0;

	for (int layer = KG_LAYER_LIMITS; layer <= KG_LAYER_SECCOMP; layer <<= 1) {
		if (!text || !strstr(text, kg_sandbox_layers_text(layer, name)))
			lacking |= layer;
	}
	if (!text)
		say(BROKEN, what, "see kagamid's log", "unknown");
	else if (!lacking)
		say(FINE, what, NULL, "%s", text);
	else
		say(WORSE, what, "user: run kagamid as root, so that it can give it away; landlock: a kernel from 5.13 on, with "
				 "landlock in its lsm= list", "without %s", kg_sandbox_layers_text(lacking, missing));
	free(text);
}

static void check_congestion(const char *status)
{
	char *text = kg_control_value(status, "congestion", NULL);

	if (text && !strcmp(text, "bbr"))
		say(FINE, "congestion", NULL, "bbr");
	else
		say(WORSE, "congestion",
		    "modprobe tcp_bbr; as another user than root also: sysctl net.ipv4.tcp_allowed_congestion_control='reno "
		    "cubic bbr'", "%s: losses on the way slow pictures down", text ? text : "unknown");
	free(text);
}

static void check_gpu(void)
{
	glob_t found = { 0 };
	bool usable = false;

	if (glob("/dev/dri/renderD*", 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			usable |= access(found.gl_pathv[i], R_OK | W_OK) == 0;
		if (usable)
			say(FINE, "GPU", NULL, "%s", found.gl_pathv[0]);
		else
			say(WORSE, "GPU", "add the user of the desktop to the group render", "%s may not be opened",
			    found.gl_pathv[0]);
	} else {
		say(WORSE, "GPU", "install the kernel's driver for it; in a virtual machine pass one through",
		    "there is no /dev/dri/renderD*: pictures are drawn by the processor");
	}
	globfree(&found);
}

static void check_desktops(const char *status)
{
	char *line, name[64], kind[64], state[64];

	while ((line = kg_control_value(status, "desktop", &status))) {
		if (sscanf(line, "%63s %63s %63s", name, kind, state) == 3 &&
		    (!strcmp(state, "waiting") || !strcmp(state, "restarting")))
			say(BROKEN, "desktop", "see kagamid's log for why it does not start", "%s (%s) does not run", name, kind);
		else
			say(FINE, "desktop", NULL, "%s (%s) is %s", name, kind, state);
		free(line);
	}
}

/* Nobody answers: is the port taken by somebody else? */
static void check_without(const char *control, int r)
{
	struct kg_config_listen where;

	say(BROKEN, "kagamid", r == -EACCES || r == -EPERM ? "run kagamictl as root or as the user that kagamid runs as"
							   : "start it: systemctl start kagami, or kagamid --desktop demo; give "
							     "--control PATH when it uses another socket",
	    "does not answer at %s: %s", control, strerror(-r));
	if (kg_config_listen_parse("127.0.0.1:3389", &where) == 0 && try_connect(&where) == 0)
		say(WORSE, "port", "see who it is: ss -ltnp 'sport = :3389'", "somebody listens on port 3389 all the same");
}

int kg_doctor(const char *control)
{
	char *status = NULL, *text;
	const char *at;
	int r = kg_control_ask(control, "status", &status);

	problems = 0;
	if (r < 0) {
		check_without(control, r);
		check_gpu();
		free(status);
		return problems;
	}
	text = kg_control_value(status, "pid", NULL);
	say(FINE, "kagamid", NULL, "runs, pid %s", text ? text : "?");
	free(text);
	at = status;
	while ((text = kg_control_value(at, "listen", &at))) {
		check_port(text);
		free(text);
	}
	check_certificate(status);
	text = kg_control_value(status, "key", NULL);
	check_private("key", text, false);
	free(text);
	text = kg_control_value(status, "hashes", NULL);
	check_private("hash file", text, true);
	free(text);
	check_accounts(status);
	check_freerdp(status);
	check_layers(status, "session-sandbox", "sessions");
	text = kg_control_value(status, "security", NULL);
	if (text && !strcmp(text, "nla"))	// PAM's works as root and unlocked
		check_layers(status, "auth-sandbox", "auth");
	free(text);
	check_congestion(status);
	check_gpu();
	check_desktops(status);
	free(status);
	return problems;
}
