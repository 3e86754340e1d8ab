/* Listening sockets, and connections that have not said anything yet. */
#define KG_TOPIC "listen"
#include "server/broker/listen.h"

#include "base/loop.h"
#include "server/broker/audit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <systemd/sd-daemon.h>

#define ACCEPTS_PER_TURN 64
#define PAUSE_US 100000			// when there is no descriptor left
#define REQUEST_MIN 11			// bytes of the shortest X.224 connection request ([MS-RDPBCGR] 2.2.1.1)

struct connection {
	TAILQ_ENTRY(connection) link;
	struct kg_listeners *listeners;
	struct kg_watch *watch;
	struct kg_watch *slow;		// armed while the connection is slowed down
	bool slowed;
	int fd;
	struct kg_peer peer;
	uint64_t since_us;
};

TAILQ_HEAD(connection_list, connection);

struct listener {
	struct kg_listeners *listeners;
	struct kg_watch *watch;
	int fd;
	char text[64];
	struct sockaddr_storage address;
};

struct kg_listeners {
	struct kg_loop *loop;
	struct kg_limits *limits;
	uint64_t deadline_us;
	const struct kg_listeners_events *events;
	void *data;
	struct listener listeners[KG_LISTENS_MAX];
	size_t count;
	char congestion[16];
	struct connection_list waiting;		// oldest first
	struct connection_list slowed;
	struct kg_watch *deadline;		// of the oldest that waits
	struct kg_watch *pause;
};

static void on_deadline(void *data);
static void on_pause(void *data);
static void on_bytes(void *data, int fd, uint32_t events);

int kg_listeners_new(struct kg_listeners **ret, struct kg_loop *loop, struct kg_limits *limits, uint32_t deadline_s,
		     const struct kg_listeners_events *events, void *data)
{
	struct kg_listeners *listeners = calloc(1, sizeof(*listeners));
	int r;

	if (!listeners)
		return -ENOMEM;
	listeners->loop = loop;
	listeners->limits = limits;
	listeners->deadline_us = deadline_s * 1000000ull;
	listeners->events = events;
	listeners->data = data;
	strcpy(listeners->congestion, "unknown");
	TAILQ_INIT(&listeners->waiting);
	TAILQ_INIT(&listeners->slowed);
	r = kg_loop_timer(loop, &listeners->deadline, UINT64_MAX, on_deadline, listeners);
	if (r == 0)
		r = kg_loop_timer(loop, &listeners->pause, UINT64_MAX, on_pause, listeners);
	if (r < 0) {
		kg_listeners_free(listeners);
		return r;
	}
	*ret = listeners;
	return 0;
}

void kg_listeners_free(struct kg_listeners *listeners)
{
	if (!listeners)
		return;
	kg_listeners_stop(listeners);
	kg_watch_free(listeners->deadline);
	kg_watch_free(listeners->pause);
	free(listeners);
}

/* ---- sockets ---- */

/* Takes a socket that listens. */
static int add_listener(struct kg_listeners *listeners, int fd)
{
	struct listener *listener = &listeners->listeners[listeners->count];
	socklen_t size = sizeof(listener->address);
	char host[KG_HOST_SIZE];
	int r;

	if (listeners->count == KG_LISTENS_MAX) {
		kg_close(fd);
		return -E2BIG;
	}
	*listener = (struct listener){ .listeners = listeners, .fd = fd };
	r = KG_SYS(getsockname(fd, (struct sockaddr *)&listener->address, &size));
	if (r == 0)
		r = KG_SYS(fcntl(fd, F_SETFL, O_NONBLOCK));
	if (r < 0) {
		kg_close(fd);
		return r;
	}
	kg_socket_host(&listener->address, host);
	snprintf(listener->text, sizeof(listener->text), strchr(host, ':') ? "[%s]:%u" : "%s:%u", host,
		 (unsigned)kg_socket_port(&listener->address));
	/* Connections inherit it. Where BBR is not allowed, the system's own choice stays. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "bbr", 3);
	size = sizeof(listeners->congestion) - 1;
	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, listeners->congestion, &size) == 0)
		listeners->congestion[size] = 0;
	listeners->count++;
	return 0;
}

int kg_listeners_open(struct kg_listeners *listeners, const struct kg_config_listen *where)
{
	int fd = kg_socket_listen(where), r;

	if (fd < 0)
		return kg_err(fd, "cannot listen on %s", where->text);
	r = add_listener(listeners, fd);
	return r < 0 ? kg_err(r, "cannot listen on %s", where->text) : 0;
}

int kg_listeners_adopt(struct kg_listeners *listeners)
{
	int count = sd_listen_fds(1), adopted = 0, r;

	for (int i = 0; i < count; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
			(void)kg_warn(0, "descriptor %d of systemd is no listening stream socket", fd);
			close(fd);
			continue;
		}
		r = add_listener(listeners, fd);
		if (r < 0)
			return kg_err(r, "cannot use descriptor %d of systemd", fd);
		adopted++;
	}
	return count < 0 ? count : adopted;
}

size_t kg_listeners_count(const struct kg_listeners *listeners)
{
	return listeners->count;
}

const char *kg_listeners_address(const struct kg_listeners *listeners, size_t i)
{
	return listeners->listeners[i].text;
}

uint16_t kg_listeners_port(const struct kg_listeners *listeners, size_t i)
{
	return kg_socket_port(&listeners->listeners[i].address);
}

bool kg_listeners_local(const struct kg_listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		if (!kg_socket_is_local(&listeners->listeners[i].address))
			return false;
	}
	return true;
}

const char *kg_listeners_congestion(const struct kg_listeners *listeners)
{
	return listeners->congestion;
}

/* ---- connections ---- */

static void arm_deadline(struct kg_listeners *listeners)
{
	struct connection *oldest = TAILQ_FIRST(&listeners->waiting);
	uint64_t now = kg_now_us(), at;

	if (!oldest) {
		kg_watch_arm(listeners->deadline, UINT64_MAX);
		return;
	}
	at = oldest->since_us + listeners->deadline_us;
	kg_watch_arm(listeners->deadline, at > now ? at - now : 0);
}

/* Takes it off the lists and gives back its descriptor. */
static int connection_take(struct connection *connection)
{
	struct kg_listeners *listeners = connection->listeners;
	bool oldest = connection == TAILQ_FIRST(&listeners->waiting);
	int fd = connection->fd;

	if (connection->slowed)
		TAILQ_REMOVE(&listeners->slowed, connection, link);
	else
		TAILQ_REMOVE(&listeners->waiting, connection, link);
	kg_watch_free(connection->watch);
	kg_watch_free(connection->slow);
	free(connection);
	if (oldest)
		arm_deadline(listeners);
	return fd;
}

static void connection_close(struct connection *connection)
{
	kg_limits_closed(connection->listeners->limits, &connection->peer.address);
	close(connection_take(connection));
}

static void on_deadline(void *data)
{
	struct kg_listeners *listeners = data;
	struct connection *oldest;

	while ((oldest = TAILQ_FIRST(&listeners->waiting)) &&
	       oldest->since_us + listeners->deadline_us <= kg_now_us()) {
		kg_audit_handshake_ended(&oldest->peer, "deadline");
		connection_close(oldest);
	}
	arm_deadline(listeners);
}

static struct connection *find_oldest(struct connection_list *list, const struct kg_address *address)
{
	struct connection *connection = TAILQ_FIRST(list);

	while (connection && address && memcmp(&connection->peer.address, address, sizeof(*address)))
		connection = TAILQ_NEXT(connection, link);
	return connection;
}

/* Closes the oldest connection, of one address or of all. False when there is none. */
static bool evict(struct kg_listeners *listeners, const struct kg_address *address)
{
	struct connection *oldest = find_oldest(&listeners->waiting, address);

	if (!oldest)
		oldest = find_oldest(&listeners->slowed, address);
	if (!oldest)
		return false;
	connection_close(oldest);
	return true;
}

static void on_slow_end(void *data)
{
	struct connection *connection = data;
	struct kg_listeners *listeners = connection->listeners;

	TAILQ_REMOVE(&listeners->slowed, connection, link);
	connection->slowed = false;
	connection->since_us = kg_now_us();
	TAILQ_INSERT_TAIL(&listeners->waiting, connection, link);
	arm_deadline(listeners);
	if (kg_watch_set_events(connection->watch, EPOLLIN | EPOLLRDHUP) < 0)
		connection_close(connection);
}

static void slow_down(struct connection *connection, uint64_t wait_us)
{
	struct kg_listeners *listeners = connection->listeners;
	int r;

	r = connection->slow ? kg_watch_arm(connection->slow, wait_us)
			     : kg_loop_timer(listeners->loop, &connection->slow, wait_us, on_slow_end, connection);
	if (r == 0)
		r = kg_watch_set_events(connection->watch, 0);
	if (r < 0) {
		connection_close(connection);
		return;
	}
	TAILQ_REMOVE(&listeners->waiting, connection, link);
	connection->slowed = true;
	TAILQ_INSERT_TAIL(&listeners->slowed, connection, link);
	arm_deadline(listeners);
}

static void hand_over(struct connection *connection)
{
	struct kg_listeners *listeners = connection->listeners;
	struct kg_peer peer = connection->peer;
	int fd = connection_take(connection), one = 1, flags;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
	flags = fcntl(fd, F_GETFL);
	(void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	listeners->events->connection(listeners->data, fd, &peer);
}

static void on_bytes(void *data, int fd, uint32_t events)
{
	struct connection *connection = data;
	struct kg_listeners *listeners = connection->listeners;
	char bytes[REQUEST_MIN];
	ssize_t size = recv(fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	enum kg_verdict verdict;
	uint64_t wait_us = 0;
	uint32_t chance = 0;

	if (size < (ssize_t)sizeof(bytes)) {
		bool over = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);

		if (size == 0 || over || (size < 0 && errno != EAGAIN && errno != EINTR))
			connection_close(connection);
		return;
	}
	if (connection->slowed) {	// only its end is an event now
		connection_close(connection);
		return;
	}
	(void)!getrandom(&chance, sizeof(chance), 0);
	verdict = kg_limits_handshake(listeners->limits, &connection->peer.address, kg_now_us(), chance, &wait_us);
	switch (verdict) {
	case KG_ADMIT:
		hand_over(connection);
		break;
	case KG_SLOW:
		slow_down(connection, wait_us);
		break;
	default:
		kg_audit_refused(&connection->peer, kg_verdict_text(verdict));
		connection_close(connection);
	}
}

/* Takes fd. */
static void admit(struct kg_listeners *listeners, int fd, const struct sockaddr_storage *address)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	enum kg_verdict verdict;

	if (!connection || kg_socket_prepare(fd, REQUEST_MIN) < 0 ||
	    kg_loop_fd(listeners->loop, &connection->watch, fd, EPOLLIN | EPOLLRDHUP, on_bytes, connection) < 0) {
		free(connection);
		close(fd);
		return;
	}
	connection->listeners = listeners;
	connection->fd = fd;
	connection->since_us = kg_now_us();
	connection->peer.address = kg_address_of((const struct sockaddr *)address);
	kg_socket_host(address, connection->peer.host);

	verdict = kg_limits_accept(listeners->limits, &connection->peer.address, connection->since_us);
	if (verdict == KG_EVICT_ADDRESS)
		evict(listeners, &connection->peer.address);
	else if (verdict == KG_EVICT_ANY)
		evict(listeners, NULL);
	TAILQ_INSERT_TAIL(&listeners->waiting, connection, link);
	if (connection == TAILQ_FIRST(&listeners->waiting))
		arm_deadline(listeners);
}

static void set_accepting(struct kg_listeners *listeners, bool on)
{
	for (size_t i = 0; i < listeners->count; i++) {
		if (listeners->listeners[i].watch)
			kg_watch_set_events(listeners->listeners[i].watch, on ? EPOLLIN : 0);
	}
}

static void on_pause(void *data)
{
	set_accepting(data, true);
}

static void on_client(void *data, int fd, uint32_t events)
{
	struct listener *listener = data;
	struct kg_listeners *listeners = listener->listeners;

	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct sockaddr_storage address = { 0 };
		socklen_t size = sizeof(address);
		int client = KG_SYS(accept4(fd, (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));

		if (client >= 0) {
			admit(listeners, client, &address);
			continue;
		}
		/* Out of descriptors or memory: make room, or leave the others in the backlog for a while. */
		if (client == -EMFILE || client == -ENFILE || client == -ENOBUFS || client == -ENOMEM) {
			if (evict(listeners, NULL))
				continue;
			set_accepting(listeners, false);
			kg_watch_arm(listeners->pause, PAUSE_US);
		}
		return;
	}
}

int kg_listeners_start(struct kg_listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *listener = &listeners->listeners[i];
		int r = kg_loop_fd(listeners->loop, &listener->watch, listener->fd, EPOLLIN, on_client, listener);

		if (r < 0)
			return r;
	}
	return 0;
}

void kg_listeners_stop(struct kg_listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		kg_watch_free(listeners->listeners[i].watch);
		kg_close(listeners->listeners[i].fd);
	}
	listeners->count = 0;
	while (evict(listeners, NULL))
		;
	kg_watch_arm(listeners->pause, UINT64_MAX);
}
