/* The control socket's side of kagamid: answers kagamictl. */
#define KG_TOPIC "control"
#include "server/broker/status.h"

#include "base/log.h"
#include "base/loop.h"
#include "server/broker/audit.h"
#include "server/broker/broker.h"
#include "server/broker/desktops.h"
#include "server/broker/hashes.h"
#include "server/broker/keys.h"
#include "server/broker/listen.h"
#include "server/broker/sessions.h"

#include <stdio.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define CLIENTS_MAX 8

struct client {
	TAILQ_ENTRY(client) link;
	struct kg_status *status;
	struct kg_watch *watch;
	int fd;
};

TAILQ_HEAD(client_list, client);

struct kg_status {
	struct kg_broker *broker;
	struct kg_watch *watch;
	int fd;
	struct sockaddr_un address;
	struct client_list clients;
	size_t count;
};

/* ---- answers ---- */

static void answer_sandbox(FILE *out, struct kg_broker *broker)
{
	struct kg_session *session = kg_sessions_next(broker->sessions, NULL);
	char text[64];

	while (session && session->state == KG_SESSION_STARTING)
		session = kg_sessions_next(broker->sessions, session);
	if (!session)
		return;
	fprintf(out, "session-sandbox %s\n", kg_sandbox_layers_text(session->layers, text));
	fprintf(out, "auth-sandbox %s\n", kg_sandbox_layers_text(session->auth_layers, text));
}

static void answer_status(FILE *out, struct kg_broker *broker)
{
	struct kg_limits_counts counts = kg_limits_counts(broker->limits);
	uint32_t freerdp = kg_sessions_freerdp(broker->sessions);
	char fingerprint[KG_FINGERPRINT_TEXT_SIZE], text[64];

	kg_tls_keys_fingerprint(broker->keys, fingerprint);
	fprintf(out, "version %s\npid %d\nuptime %llu\n", PACKAGE_VERSION, (int)getpid(),
		(unsigned long long)((kg_now_us() - broker->started_us) / 1000000));
	for (size_t i = 0; i < kg_listeners_count(broker->listeners); i++)
		fprintf(out, "listen %s\n", kg_listeners_address(broker->listeners, i));
	fprintf(out, "congestion %s\n", kg_listeners_congestion(broker->listeners));
	fprintf(out, "security %s\n", broker->config->security == KG_SECURITY_NLA ? "nla" : "tls");
	fprintf(out, "sandbox %s\n", kg_sandbox_mode_text((enum kg_sandbox_mode)broker->config->sandbox));
	answer_sandbox(out, broker);
	if (freerdp)
		fprintf(out, "freerdp %u.%u.%u\n", freerdp >> 16, freerdp >> 8 & 255, freerdp & 255);
	fprintf(out, "fingerprint %s\ncertificate-days %d\n", fingerprint, kg_tls_keys_days_left(broker->keys));
	if (broker->config->key)
		fprintf(out, "key %s\n", broker->config->key);
	else
		fprintf(out, "key %s/server.key\n", broker->config->state);
	fprintf(out, "hashes %s\naccounts %zu\n", broker->config->hashes, kg_hashes_count(broker->hashes));
	fprintf(out, "half-open %u\nhandshakes %u\nsessions %u\nspares %zu\n", counts.half_open, counts.handshakes,
		counts.sessions, kg_sessions_spares(broker->sessions));
	for (struct kg_desktop *d = kg_desktops_next(broker->desktops, NULL); d; d = kg_desktops_next(broker->desktops, d))
		fprintf(out, "desktop %s %s %s pid %d sandbox %s\n", kg_desktop_name(d), kg_desktop_kind(d),
			kg_desktop_state(d), kg_desktop_pid(d), kg_sandbox_layers_text(kg_desktop_layers(d), text));
}

static void answer_sessions(FILE *out, struct kg_broker *broker)
{
	struct kg_session *s = NULL;
	char id[KG_ID_TEXT_SIZE], user[KG_AUDIT_NAME_SIZE], client[KG_AUDIT_NAME_SIZE];

	while ((s = kg_sessions_next(broker->sessions, s))) {
		if (!s->connected_us)
			continue;
		kg_id_format(&s->id, id);
		fprintf(out, "%s\t%s\t%s\t%s\t%s\t%llu\t%ux%u\t%s\n", id, kg_session_state_text(s->state),
			s->logged_in_us ? kg_audit_name(s->user, user) : "-", s->peer.host,
			s->desktop ? kg_desktop_name(s->desktop) : "-",
			(unsigned long long)((kg_now_us() - s->connected_us) / 1000000), s->width, s->height,
			s->client[0] ? kg_audit_name(s->client, client) : "-");
	}
}

static void answer(FILE *out, struct kg_broker *broker, const char *request)
{
	struct kg_id id;

	if (!strcmp(request, "status")) {
		fputs("ok\n", out);
		answer_status(out, broker);
	} else if (!strcmp(request, "sessions")) {
		fputs("ok\n", out);
		answer_sessions(out, broker);
	} else if (!strncmp(request, "kick ", 5)) {
		if (!kg_id_parse(request + 5, &id))
			fputs("error: this is no session's id\n", out);
		else
			fputs(kg_sessions_kick(broker->sessions, &id) ? "ok\n" : "error: there is no such session\n", out);
	} else {
		fputs("error: unknown request\n", out);
	}
}

/* ---- clients ---- */

static void client_free(struct client *client)
{
	TAILQ_REMOVE(&client->status->clients, client, link);
	client->status->count--;
	kg_watch_free(client->watch);
	close(client->fd);
	free(client);
}

static void on_request(void *data, int fd, uint32_t events)
{
	struct client *client = data;
	char request[KG_STATUS_REQUEST_MAX + 1], *text = NULL;
	ssize_t length = recv(fd, request, sizeof(request) - 1, MSG_DONTWAIT);
	size_t size = 0;
	FILE *out;

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	out = length > 0 ? open_memstream(&text, &size) : NULL;
	if (out) {
		request[length] = 0;
		answer(out, client->status->broker, request);
		if (fclose(out) == 0)
			(void)!send(fd, text, KG_MIN(size, (size_t)KG_STATUS_ANSWER_MAX), MSG_DONTWAIT | MSG_NOSIGNAL);
		free(text);
	}
	client_free(client);
}

static bool may_ask(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

static void on_client(void *data, int fd, uint32_t events)
{
	struct kg_status *status = data;
	struct client *client;
	int buffer = KG_STATUS_ANSWER_MAX * 2;
	int accepted = KG_SYS(accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));

	if (accepted < 0)
		return;
	client = may_ask(accepted) ? calloc(1, sizeof(*client)) : NULL;
	if (!client || kg_loop_fd(status->broker->loop, &client->watch, accepted, EPOLLIN, on_request, client) < 0) {
		free(client);
		close(accepted);
		return;
	}
	(void)setsockopt(accepted, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	client->status = status;
	client->fd = accepted;
	if (status->count == CLIENTS_MAX)
		client_free(TAILQ_FIRST(&status->clients));
	TAILQ_INSERT_TAIL(&status->clients, client, link);
	status->count++;
}

/* ---- the socket ---- */

/* True when somebody answers there. */
static bool is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* EAGAIN: somebody listens, and has more callers than it has taken. */
	bool alive = fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN);

	kg_close(fd);
	return alive;
}

/* The directory above the socket, where it is one that kagami has made for itself. */
static void make_parent(const char *path)
{
	char parent[sizeof(((struct sockaddr_un *)0)->sun_path)], *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (slash && slash != parent) {
		*slash = 0;
		(void)!mkdir(parent, 0700);
	}
}

static int open_socket(struct kg_status *status, const char *path)
{
	struct stat old;
	mode_t mask;
	int fd, r;

	if (strlen(path) >= sizeof(status->address.sun_path))
		return -ENAMETOOLONG;
	status->address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strcpy(status->address.sun_path, path);
	if (is_alive(&status->address)) {
		status->address.sun_path[0] = 0;
		return -EADDRINUSE;
	}
	make_parent(path);
	if (lstat(path, &old) == 0 && S_ISSOCK(old.st_mode))	// left by one that was killed
		(void)unlink(path);
	r = fd = KG_SYS(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (r < 0)
		return r;
	mask = umask(0177);
	r = KG_SYS(bind(fd, (struct sockaddr *)&status->address, sizeof(status->address)));
	umask(mask);
	if (r < 0)
		status->address.sun_path[0] = 0;
	else
		r = KG_SYS(listen(fd, CLIENTS_MAX));
	status->fd = fd;
	return r;
}

int kg_status_new(struct kg_status **ret, struct kg_broker *broker)
{
	struct kg_status *status = calloc(1, sizeof(*status));
	char found[sizeof(status->address.sun_path) + 32];
	const char *path = broker->config->control ? broker->config->control : kg_control_path(found, sizeof(found));
	int r;

	if (!status)
		return -ENOMEM;
	status->broker = broker;
	status->fd = -1;
	TAILQ_INIT(&status->clients);
	r = open_socket(status, path);
	if (r == 0)
		r = kg_loop_fd(broker->loop, &status->watch, status->fd, EPOLLIN, on_client, status);
	if (r < 0) {
		kg_status_free(status);
		return kg_warn(r, "kagamictl does not reach this kagamid: cannot open the socket %s", path);
	}
	*ret = status;
	return 0;
}

void kg_status_free(struct kg_status *status)
{
	if (!status)
		return;
	while (!TAILQ_EMPTY(&status->clients))
		client_free(TAILQ_FIRST(&status->clients));
	kg_watch_free(status->watch);
	kg_close(status->fd);
	if (status->address.sun_path[0])
		(void)unlink(status->address.sun_path);
	free(status);
}
