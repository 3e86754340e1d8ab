/* Puts kagamid together, shows what a newcomer needs, and takes it down in order. */
#define KG_TOPIC NULL
#include "server/broker/broker.h"

#include "base/loop.h"
#include "server/broker/desktops.h"
#include "server/broker/hashes.h"
#include "server/broker/keys.h"
#include "server/broker/listen.h"
#include "server/broker/sessions.h"
#include "server/broker/spawn.h"
#include "server/broker/state.h"
#include "server/broker/status.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#define END_US 1500000			// from SIGTERM to SIGKILL of what is left
#define DEFAULT_USER "kagami"
#define PASSWORD_LINE_MAX 256

/* ---- the end ---- */

static void on_empty(void *data)
{
	struct kg_broker *broker = data;

	if (broker->ending)
		kg_loop_quit(broker->loop, broker->result);
}

static void on_end_deadline(void *data)
{
	struct kg_broker *broker = data;

	kg_spawner_kill_all(broker->spawner);
}

/* Clients are told, everything is ended; on_empty() quits with the result. */
static void end(struct kg_broker *broker, int result)
{
	broker->ending = true;
	broker->result = result;
	(void)sd_notify(0, "STOPPING=1");
	kg_listeners_stop(broker->listeners);
	kg_sessions_end(broker->sessions);
	kg_desktops_end(broker->desktops);
	kg_watch_arm(broker->deadline, END_US);
	if (!kg_spawner_count(broker->spawner))
		kg_loop_quit(broker->loop, result);
}

static void on_signal(void *data, int signal_number)
{
	struct kg_broker *broker = data;

	if (broker->ending) {
		kg_spawner_kill_all(broker->spawner);
		return;
	}
	kg_info("%s: ending", strsignal(signal_number));
	end(broker, 0);
}

/* ---- start ---- */

/* Half-open connections cost a descriptor each. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = KG_MIN(limit.rlim_max, (rlim_t)65536);
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* 60 bits in letters and digits that nobody takes for each other. */
static int make_password(char **ret)
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
	const size_t count = sizeof(letters) - 1;
	char text[16];
	size_t size = 0;
	uint8_t byte;

	while (size < 14) {
		if (size == 4 || size == 9) {
			text[size++] = '-';
			continue;
		}
		if (getrandom(&byte, 1, 0) != 1)
			return -EIO;
		if (byte < 256 / count * count)
			text[size++] = letters[byte % count];
	}
	text[size] = 0;
	*ret = strdup(text);
	explicit_bzero(text, sizeof(text));
	return *ret ? 0 : -ENOMEM;
}

static int read_password(const char *path, char line[PASSWORD_LINE_MAX + 2])
{
	struct stat status;
	int fd = KG_SYS(open(path, O_RDONLY | O_CLOEXEC));
	ssize_t size;

	if (fd < 0)
		return kg_err(fd, "cannot open the password file %s", path);
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077))
		(void)kg_warn(0, "others may read the password file %s: chmod 600 it", path);
	size = read(fd, line, PASSWORD_LINE_MAX + 1);
	close(fd);
	if (size < 0)
		return kg_err(-errno, "cannot read the password file %s", path);
	line[size] = 0;
	line[strcspn(line, "\r\n")] = 0;
	if (!line[0] || strlen(line) > PASSWORD_LINE_MAX)
		return kg_err(-EINVAL, "the first line of %s must be a password of at most %d bytes", path, PASSWORD_LINE_MAX);
	return 0;
}

/* Who may log in by NLA: the hash file, and the one user of the flags. */
static int load_accounts(struct kg_broker *broker)
{
	struct kg_config *config = broker->config;
	char line[PASSWORD_LINE_MAX + 2];
	const char *user = config->user ? config->user : DEFAULT_USER;
	int r = kg_hashes_load(&broker->hashes, config->hashes);

	if (r < 0 || config->security != KG_SECURITY_NLA)
		return r;
	if (config->password_file) {
		r = read_password(config->password_file, line);
		if (r == 0)
			r = kg_hashes_add_password(broker->hashes, user, line);
		explicit_bzero(line, sizeof(line));
		return r;
	}
	if (kg_hashes_count(broker->hashes) || config->from_file) {
		if (!kg_hashes_count(broker->hashes))
			(void)kg_warn(0, "nobody can log in: make an account with kagamictl passwd USER");
		return 0;
	}
	r = make_password(&broker->password);
	if (r == 0)
		r = kg_hashes_add_password(broker->hashes, user, broker->password);
	return r;
}

static int open_listeners(struct kg_broker *broker)
{
	int r = kg_listeners_adopt(broker->listeners);

	for (size_t i = 0; r == 0 && i < broker->config->listen_count; i++) {
		int error = kg_listeners_open(broker->listeners, &broker->config->listens[i]);

		if (error < 0)
			return error;
	}
	return r < 0 ? r : 0;
}

static void on_connection(void *data, int fd, const struct kg_peer *peer)
{
	struct kg_broker *broker = data;

	kg_sessions_connect(broker->sessions, fd, peer);
}

static void on_desktop_lost(void *data, struct kg_desktop *desktop)
{
	struct kg_broker *broker = data;

	kg_sessions_end_desktop(broker->sessions, desktop, KG_END_DESKTOP_LOST);
}

/* What somebody who has just started it wants to know, on standard output. */
static void show_access(struct kg_broker *broker)
{
	static char buffer[2048];	// standard output's, so that the password can be wiped from it
	const struct kg_config *config = broker->config;
	const char *address = kg_listeners_address(broker->listeners, 0);
	char fingerprint[KG_FINGERPRINT_TEXT_SIZE], here[32];

	if (!broker->password)
		return;
	(void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	kg_tls_keys_fingerprint(broker->keys, fingerprint);
	if (!strncmp(address, "0.0.0.0:", 8) || !strncmp(address, "[::]:", 5)) {
		snprintf(here, sizeof(here), "127.0.0.1:%u", (unsigned)kg_listeners_port(broker->listeners, 0));
		address = here;
	}
	printf("address      %s\n"
	       "user         %s\n"
	       "password     %s (for this run)\n"
	       "certificate  SHA-256 %s\n"
	       "connect      xfreerdp3 /v:%s /u:%s /p:%s /cert:fingerprint:sha256:%s\n",
	       address, config->user ? config->user : DEFAULT_USER, broker->password, fingerprint, address,
	       config->user ? config->user : DEFAULT_USER, broker->password, fingerprint);
	fflush(stdout);
	explicit_bzero(buffer, sizeof(buffer));
	explicit_bzero(broker->password, strlen(broker->password));
	free(broker->password);
	broker->password = NULL;
}

/* The first spare: from now on a client is served. */
static void on_first_spare(void *data, struct kg_session *spare)
{
	struct kg_broker *broker = data;
	char session_layers[64], auth_layers[64];

	if (!spare) {
		(void)kg_err(0, "no session gets ready to serve anybody: ending");
		return end(broker, -ECHILD);
	}
	if (spare->freerdp && spare->freerdp < KG_FREERDP_SAFE && !kg_listeners_local(broker->listeners))
		(void)kg_warn(0, "FreeRDP %u.%u.%u has known holes that open before the log-in: use 3.30 or later, or listen on "
				 "loopback only", spare->freerdp >> 16, spare->freerdp >> 8 & 255, spare->freerdp & 255);
	kg_info("sandbox of sessions: %s; of auth: %s", kg_sandbox_layers_text(spare->layers, session_layers),
		kg_sandbox_layers_text(spare->auth_layers, auth_layers));
	show_access(broker);
	for (size_t i = 0; i < kg_listeners_count(broker->listeners); i++)
		printf("ready %s\n", kg_listeners_address(broker->listeners, i));
	fflush(stdout);
	(void)sd_notify(0, "READY=1");
}

static int init_parts(struct kg_broker *broker)
{
	static const struct kg_listeners_events listeners_events = { on_connection };
	static const struct kg_desktops_events desktops_events = { on_desktop_lost };
	struct kg_config *config = broker->config;
	struct kg_session_context parts = { .loop = broker->loop, .config = config };
	uint64_t seed;
	int r;

	r = getrandom(&seed, sizeof(seed), 0) == sizeof(seed) ? 0 : -EIO;
	if (r == 0)
		r = kg_limits_new(&broker->limits, &config->limits, seed);
	if (r == 0)
		r = kg_spawner_new(&broker->spawner, broker->loop, config->programs);
	if (r == 0)
		r = kg_desktops_new(&broker->desktops, broker->loop, config, broker->spawner);
	if (r < 0)
		return r;
	kg_spawner_on_empty(broker->spawner, on_empty, broker);
	kg_desktops_listen(broker->desktops, &desktops_events, broker);
	parts.spawner = broker->spawner;
	parts.limits = broker->limits;
	parts.keys = broker->keys;
	parts.hashes = broker->hashes;
	parts.desktops = broker->desktops;
	r = kg_sessions_new(&broker->sessions, &parts);
	if (r == 0)
		r = kg_listeners_new(&broker->listeners, broker->loop, broker->limits, config->handshake_s, &listeners_events,
				     broker);
	if (r == 0)
		r = open_listeners(broker);
	return r;
}

static int init_signals(struct kg_broker *broker)
{
	int r = kg_loop_signal(broker->loop, &broker->terminate, SIGTERM, on_signal, broker);

	signal(SIGPIPE, SIG_IGN);
	if (r == 0)
		r = kg_loop_signal(broker->loop, &broker->interrupt, SIGINT, on_signal, broker);
	if (r == 0)
		r = kg_loop_signal(broker->loop, &broker->hangup, SIGHUP, on_signal, broker);
	if (r == 0)
		r = kg_loop_timer(broker->loop, &broker->deadline, UINT64_MAX, on_end_deadline, broker);
	return r;
}

int kg_broker_init(struct kg_broker *broker, struct kg_loop *loop, struct kg_config *config)
{
	char host[256] = "kagami";
	int r;

	*broker = (struct kg_broker){ .loop = loop, .config = config, .started_us = kg_now_us() };
	(void)gethostname(host, sizeof(host) - 1);
	raise_file_limit();
	if (config->security == KG_SECURITY_TLS && geteuid() != 0)
		return kg_err(-EPERM, "security tls asks PAM, which only root can: run kagamid as root or use nla");
	r = kg_state_make(config->state);
	if (r == 0)
		r = kg_tls_keys_load(&broker->keys, config->certificate, config->key, config->state, host);
	if (r == 0)
		r = load_accounts(broker);
	if (r == 0)
		r = init_signals(broker);
	if (r == 0)
		r = init_parts(broker);
	if (r == 0)
		r = kg_listeners_start(broker->listeners);
	if (r < 0)
		return r;
	kg_info("listening with TCP congestion control %s", kg_listeners_congestion(broker->listeners));
	(void)kg_status_new(&broker->status, broker);	// works without it
	kg_desktops_start(broker->desktops);
	kg_sessions_start(broker->sessions, on_first_spare, broker);
	return 0;
}

void kg_broker_done(struct kg_broker *broker)
{
	kg_status_free(broker->status);
	kg_listeners_free(broker->listeners);
	kg_sessions_free(broker->sessions);
	kg_desktops_free(broker->desktops);
	if (broker->spawner)
		kg_spawner_kill_all(broker->spawner);
	kg_spawner_free(broker->spawner);
	kg_limits_free(broker->limits);
	kg_hashes_free(broker->hashes);
	kg_tls_keys_free(broker->keys);
	kg_watch_free(broker->terminate);
	kg_watch_free(broker->interrupt);
	kg_watch_free(broker->hangup);
	kg_watch_free(broker->deadline);
	if (broker->password)
		explicit_bzero(broker->password, strlen(broker->password));
	free(broker->password);
}
