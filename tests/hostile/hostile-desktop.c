/*
 * In the place of kagami-desktop: locked by its very code as the kind "still" is, then it does what a script says. WHERE is
 * "hostile:NAME", for scripts/NAME beside the program; any other WHERE makes it the true program, real/kagami-desktop.
 *
 * A script is steps, one a line. Those before the line "ready" are done before READY, those behind it after. Behind the
 * first line "views" are those for the first view, once its session has sent OPEN, behind the next those for the second one,
 * and so on; the last ones are for all that come later.
 *	call NAME		a system call (calls.c), "call NAME ERROR" in the log
 *	say TEXT		a line of the log
 *	host COUNT FDS HEX	a packet to kagamid, COUNT times, with FDS descriptors
 *	view COUNT FDS HEX	a packet to the session
 *	ring			RING as it should be
 *	fd WHAT			RING with another descriptor: unsealed, shrinkable, size3, huge, empty, pipe, null, socket
 *	shrink			tries to change the ring that the session has
 *	put POSITION HEX	bytes into the ring
 *	wait MS			answers heartbeats meanwhile; a new view ends it
 *	until ID		waits for this message of the session, 2 s at most
 *	close			the view
 *	deaf			reads neither heartbeats nor views any more
 *	pong NUMBER		answers heartbeats with NUMBER more than was asked
 *	eat MIB			so much memory
 *	exit STATUS
 */
#include "base/limits.h"
#include "base/log.h"
#include "base/ring.h"
#include "server/control/host-messages.h"
#include "server/control/view-messages.h"
#include "server/desktop/kind.h"
#include "server/desktop/sandbox.h"
#include "tests/hostile/calls.h"
#include "tests/hostile/wire.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#define PREFIX "hostile:"
#define SCRIPT_SIZE 200000
#define READY "ready\n"
#define VIEWS "views\n"

struct desktop {
	struct calls_target target;
	struct kg_ring ring;
	int view;
	unsigned views, played;		// that came, and that the script was done for
	bool deaf;
	uint64_t pong;
	char script[SCRIPT_SIZE];
};

static uint8_t packet[WIRE_PACKET_MAX];

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- kagamid ---- */

static void pong(struct desktop *desktop)
{
	struct {
		struct kg_message_head head;
		struct kg_host_beat body;
	} KG_WIRE message;

	memcpy(&message, packet, sizeof(message));
	message.head.id = KG_HOST_PONG;
	message.body.number += desktop->pong;
	(void)wire_send(KG_HOST_CONTROL_FD, &message, sizeof(message), -1, 0);
}

/* Reads one message of kagamid. Ends with it. */
static void on_host(struct desktop *desktop)
{
	int fd;
	ssize_t size = wire_receive(KG_HOST_CONTROL_FD, packet, sizeof(packet), &fd, 0);

	if (size <= 0)
		exit(size < 0);
	if (packet[0] == KG_HOST_PING)
		pong(desktop);
	if (packet[0] == KG_HOST_END)
		exit(0);
	if (packet[0] == KG_HOST_VIEW && fd >= 0) {
		kg_close(desktop->view);
		desktop->view = fd;
		desktop->views++;
	}
}

/* Until the session has sent id (0: whatever it sends), has asked for another view, or the time is over. */
static void serve(struct desktop *desktop, uint16_t id, int ms)
{
	int64_t end = now_ms() + ms;

	while (desktop->views == desktop->played && (ms < 0 || now_ms() < end)) {
		struct pollfd fds[2] = { { .fd = KG_HOST_CONTROL_FD, .events = POLLIN },
					 { .fd = id ? desktop->view : -1, .events = POLLIN } };

		if (desktop->deaf) {
			poll(NULL, 0, 100);
			continue;
		}
		if (poll(fds, 2, ms < 0 ? 1000 : (int)KG_MAX(0, end - now_ms())) <= 0)
			continue;
		if (fds[0].revents)
			on_host(desktop);
		if (fds[1].revents) {
			int fd;
			ssize_t size = wire_receive(desktop->view, packet, sizeof(packet), &fd, 0);

			kg_close(fd);
			if (size <= 0 || packet[0] == id)
				return;
		}
	}
}

/* ---- steps ---- */

static void send_to(int fd, const char *arguments)
{
	unsigned count = 0, fds = 0, sent = 0;
	int at = 0, r = 0;
	size_t size;

	if (sscanf(arguments, "%u %u %n", &count, &fds, &at) < 2)
		return;
	size = wire_unhex(arguments + at, packet, sizeof(packet));
	while (sent < count && (r = wire_send(fd, packet, size, STDERR_FILENO, fds)) == 0)
		sent++;
	if (r < 0)
		kg_debug("hostile: sent %u of %u: %s", sent, count, strerror(-r));
}

static void send_ring(struct desktop *desktop, int fd)
{
	const struct kg_message_head head = { .id = KG_VIEW_RING };
	int r = wire_send(desktop->view, &head, sizeof(head), fd, 1);

	if (r < 0)
		kg_info("hostile: no ring sent: %s", strerror(-r));
}

static void step_ring(struct desktop *desktop)
{
	kg_ring_done(&desktop->ring);
	if (kg_ring_init(&desktop->ring, 1u << 16) < 0)
		exit(9);
	send_ring(desktop, desktop->ring.fd);
}

static void step_fd(struct desktop *desktop, const char *what)
{
	const int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
	int fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING), pair[2];
	off_t size = !strcmp(what, "size3") ? 3 : !strcmp(what, "huge") ? 1ll << 40 : !strcmp(what, "empty") ? 0 : 1 << 16;

	if (!strcmp(what, "pipe") || !strcmp(what, "null") || !strcmp(what, "socket")) {
		/* no new ones can be made here: standard error is a pipe, standard input is /dev/null */
		close(fd);
		pair[0] = !strcmp(what, "pipe") ? STDERR_FILENO : !strcmp(what, "null") ? STDIN_FILENO : KG_HOST_CONTROL_FD;
		send_ring(desktop, pair[0]);
		return;
	}
	if (ftruncate(fd, size) < 0)
		kg_info("hostile: ftruncate: %s", strerror(errno));
	if (!strcmp(what, "shrinkable"))
		(void)fcntl(fd, F_ADD_SEALS, all & ~F_SEAL_SHRINK);
	else if (strcmp(what, "unsealed"))
		(void)fcntl(fd, F_ADD_SEALS, all);
	send_ring(desktop, fd);
	if (ftruncate(fd, 0) == 0)	// under the session's feet, if it took it
		kg_info("hostile: the file is empty now");
	close(fd);
}

static void step_shrink(struct desktop *desktop)
{
	int shrunk = ftruncate(desktop->ring.fd, 0) < 0 ? errno : 0;
	int grown = ftruncate(desktop->ring.fd, 1 << 20) < 0 ? errno : 0;

	kg_info("hostile: shrink %s, grow %s", strerrorname_np(shrunk), strerrorname_np(grown));
}

static void step_put(struct desktop *desktop, const char *arguments)
{
	unsigned position = 0;
	int at = 0;

	if (sscanf(arguments, "%u %n", &position, &at) < 1 || position >= desktop->ring.size)
		return;
	(void)wire_unhex(arguments + at, desktop->ring.memory + position, desktop->ring.size - position);
}

static void step_eat(unsigned mib)
{
	for (unsigned i = 0; i < mib; i++) {
		void *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory != MAP_FAILED)
			memset(memory, 1, 1 << 20);
	}
}

static void step_call(struct desktop *desktop, const char *name)
{
	int error = 0;

	desktop->target.socket = desktop->view >= 0 ? desktop->view : KG_HOST_CONTROL_FD;
	desktop->target.ring = desktop->ring.fd;
	desktop->target.ring_size = desktop->ring.size;
	if (calls_make(name, &desktop->target, &error) < 0)
		kg_info("hostile: unknown call %s", name);
	else
		kg_info("hostile: call %s %s", name, error ? strerrorname_np(error) : "0");
}

static void step(struct desktop *desktop, char *text)
{
	char name[16] = "";
	int at = 0;

	if (sscanf(text, " %15s %n", name, &at) < 1)
		return;
	text += at;
	if (!strcmp(name, "call"))
		step_call(desktop, text);
	else if (!strcmp(name, "say"))
		kg_info("hostile: %s", text);
	else if (!strcmp(name, "host"))
		send_to(KG_HOST_CONTROL_FD, text);
	else if (!strcmp(name, "view"))
		send_to(desktop->view, text);
	else if (!strcmp(name, "ring"))
		step_ring(desktop);
	else if (!strcmp(name, "fd"))
		step_fd(desktop, text);
	else if (!strcmp(name, "shrink"))
		step_shrink(desktop);
	else if (!strcmp(name, "put"))
		step_put(desktop, text);
	else if (!strcmp(name, "wait"))
		serve(desktop, 0, atoi(text));
	else if (!strcmp(name, "until"))
		serve(desktop, (uint16_t)atoi(text), 2000);
	else if (!strcmp(name, "close"))
		desktop->view = kg_close(desktop->view);
	else if (!strcmp(name, "deaf"))
		desktop->deaf = true;
	else if (!strcmp(name, "pong"))
		desktop->pong = strtoull(text, NULL, 0);
	else if (!strcmp(name, "eat"))
		step_eat((unsigned)atoi(text));
	else if (!strcmp(name, "exit"))
		exit(atoi(text));
	else
		kg_info("hostile: unknown step %s", name);
}

static void run(struct desktop *desktop, const char *steps)
{
	static char copy[SCRIPT_SIZE];
	char *at, *save;

	snprintf(copy, sizeof(copy), "%s", steps);
	for (at = strtok_r(copy, "\n", &save); at; at = strtok_r(NULL, "\n", &save))
		step(desktop, at);
}

/* ---- the same beginning as the true one ---- */

/* A file beside the program, as text; empty when there is none. */
static void read_text(const char *directory, const char *name, char *text, size_t size)
{
	char path[PATH_MAX];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, text, size - 1);
	text[KG_MAX(n, 0)] = 0;
	kg_close(fd);
}

static int sibling_of(const char *directory)
{
	char text[16];

	read_text(directory, "sibling", text, sizeof(text));
	return *text ? atoi(text) : -1;
}

/* The first message, SETUP, stays in the channel: the true program wants to read it. Gives WHERE. */
static int peek_setup(struct kg_host_setup *setup, char where[KG_NAME_MAX + 1])
{
	size_t head = sizeof(struct kg_message_head) + sizeof(*setup);
	struct pollfd wait = { .fd = KG_HOST_CONTROL_FD, .events = POLLIN };
	ssize_t size = poll(&wait, 1, 10000) == 1 ? recv(KG_HOST_CONTROL_FD, packet, sizeof(packet) - 1, MSG_PEEK) : -1;

	if (size < (ssize_t)head)
		return -EPROTO;
	memcpy(setup, packet + sizeof(struct kg_message_head), sizeof(*setup));
	packet[size] = 0;
	snprintf(where, KG_NAME_MAX + 1, "%s", (char *)packet + head + setup->kind);
	return 0;
}

static int lock(const struct kg_host_setup *setup)
{
	enum kg_sandbox_mode mode = (enum kg_sandbox_mode)setup->sandbox;
	int layers = kg_desktop_lock(&kg_desktop_kind_still, mode, setup->uid, setup->gid), r;

	if (layers < 0)
		return layers;
	r = kg_desktop_filter(&kg_desktop_kind_still, mode);
	return r < 0 ? r : layers | r;
}

static int say_ready(int layers)
{
	struct {
		struct kg_message_head head;
		struct kg_host_ready body;
	} KG_WIRE ready = { .head.id = KG_HOST_READY, .body = { (uint32_t)layers, 640, 480 } };

	return wire_send(KG_HOST_CONTROL_FD, &ready, sizeof(ready), -1, 0);
}

/* Ends text before the first line that is mark; gives what is behind it, "" when there is none. */
static char *cut(char *text, const char *mark)
{
	char *at = strstr(text, mark);

	if (!at)
		return text + strlen(text);
	*at = 0;
	return at + strlen(mark);
}

static int play(struct desktop *desktop, const struct kg_host_setup *setup)
{
	char *ready, *views, *next;
	int fd, layers;

	if (wire_receive(KG_HOST_CONTROL_FD, packet, sizeof(packet), &fd, 0) <= 0)
		return -EPROTO;
	views = cut(desktop->script, VIEWS);
	ready = cut(desktop->script, READY);
	layers = lock(setup);
	if (layers < 0)
		return layers;
	run(desktop, desktop->script);
	if (say_ready(layers) < 0)
		return -EPIPE;
	run(desktop, ready);
	for (;;) {
		serve(desktop, 0, -1);		// until a view comes
		desktop->played = desktop->views;
		serve(desktop, KG_VIEW_OPEN, 5000);
		next = cut(views, VIEWS);
		run(desktop, views);
		if (*next)
			views = next;
	}
}

int main(int argc, char **argv)
{
	static struct desktop desktop = { .view = -1, .ring = { .fd = -1 } };
	struct kg_host_setup setup;
	char path[PATH_MAX], name[PATH_MAX], where[KG_NAME_MAX + 1];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
	const char *directory;

	(void)argc;
	kg_log_init("kagami-desktop", KG_LOG_INFO);
	if (size < 0 || peek_setup(&setup, where) < 0)
		return EXIT_FAILURE;
	path[size] = 0;
	directory = dirname(path);
	if (strncmp(where, PREFIX, strlen(PREFIX))) {
		snprintf(name, sizeof(name), "%s/real/kagami-desktop", directory);
		execv(name, argv);
		return EXIT_FAILURE;
	}
	snprintf(name, sizeof(name), "scripts/%s", where + strlen(PREFIX));
	read_text(directory, name, desktop.script, sizeof(desktop.script));
	desktop.target = (struct calls_target){ .sibling = sibling_of(directory), .parent = getppid(),
						.channel = KG_HOST_CONTROL_FD, .ring = -1 };
	signal(SIGPIPE, SIG_IGN);
	return play(&desktop, &setup) < 0;
}
