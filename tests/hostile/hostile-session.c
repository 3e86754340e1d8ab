/*
 * In the place of kagami-session: locked by its very code, then it does what its TCP client, the test, tells it to.
 *
 * Beside it, as files of its own directory, lie "real", the true program, and "hostile" when this process is to be one that
 * misbehaves ("unlocked" in it: as if the lock had been broken). Without that file it becomes the true one.
 *
 * Commands are lines, each answered by one line:
 *	call NAME		a system call (calls.c): "call NAME ERROR", 0 for one that succeeded
 *	send CHANNEL COUNT FDS HEX	a packet, COUNT times, with FDS descriptors: "sent COUNT" or "error NAME"
 *	receive CHANNEL MS	"received HEX", "end", "timeout". A view's channel and a ring are put in their place
 *	close CHANNEL		"closed"
 *	narrow			the second filter
 *	pid			"pid NUMBER"
 *
 * "hostile-session --tables" prints what the tables of messages allow.
 */
#include "base/log.h"
#include "server/control/host-messages.h"
#include "server/control/login-messages.h"
#include "server/control/session-messages.h"
#include "server/control/view-messages.h"
#include "server/session/sandbox.h"
#include "tests/hostile/calls.h"
#include "tests/hostile/wire.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define LINE_SIZE 200000
#define SETUP_MS 10000

static struct calls_target target = { .sibling = -1, .socket = KG_SESSION_TCP_FD, .channel = KG_SESSION_CONTROL_FD, .ring = -1 };
static uint8_t packet[WIRE_PACKET_MAX];
static char line[LINE_SIZE], answer[LINE_SIZE];

/* Reads DIRECTORY/hostile: 0 when this is to be the true program, 'l'ocked or 'u'nlocked. */
static char read_role(const char *directory)
{
	char path[PATH_MAX], role = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/hostile", directory);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, &role, 1) != 1)
		role = 0;
	kg_close(fd);
	return role;
}

static int become_true(const char *directory, char **argv)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/real/kagami-session", directory);
	execv(path, argv);
	return kg_err(-errno, "cannot start %s", path);
}

/* ---- the same beginning as the true one ---- */

static int make_placeholders(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 || dup2(pair[0], KG_SESSION_TCP_FD) < 0 ||
	    dup2(pair[1], KG_SESSION_VIEW_FD) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		if (pair[i] != KG_SESSION_TCP_FD && pair[i] != KG_SESSION_VIEW_FD)
			close(pair[i]);
	}
	return 0;
}

static int expect(uint16_t id, int *fd)
{
	ssize_t size = wire_receive(KG_SESSION_CONTROL_FD, packet, sizeof(packet), fd, id == KG_SESSION_SETUP ? SETUP_MS : -1);

	if (size < (ssize_t)sizeof(struct kg_message_head))
		return size < 0 ? (int)size : -EPIPE;
	return packet[0] == id ? 0 : -EPROTO;
}

static int begin(bool locked)
{
	struct {
		struct kg_message_head head;
		struct kg_session_ready body;
	} KG_WIRE ready = { .head.id = KG_SESSION_READY };
	struct kg_session_setup setup;
	int fd, r = make_placeholders();

	if (r == 0)
		r = expect(KG_SESSION_SETUP, &fd);
	if (r < 0)
		return r;
	memcpy(&setup, packet + sizeof(ready.head), sizeof(setup));
	if (!locked)
		setup.sandbox = KG_SANDBOX_OFF;
	r = kg_session_lock(&setup);
	if (r < 0)
		return r;
	ready.body.layers = (uint32_t)r;
	ready.body.freerdp = 3u << 16 | 10 << 8;
	r = wire_send(KG_SESSION_CONTROL_FD, &ready, sizeof(ready), -1, 0);
	if (r == 0)
		r = expect(KG_SESSION_CONNECT, &fd);
	if (r == 0)
		r = KG_SYS(dup2(fd, KG_SESSION_TCP_FD));
	return KG_MIN(r, 0);
}

/* ---- commands ---- */

static int channel_of(const char *name)
{
	return !strcmp(name, "control") ? KG_SESSION_CONTROL_FD : !strcmp(name, "login") ? KG_SESSION_LOGIN_FD
								 : KG_SESSION_VIEW_FD;
}

static void command_call(const char *name, int sibling)
{
	int error = 0;

	target.sibling = sibling;
	if (calls_make(name, &target, &error) < 0)
		snprintf(answer, sizeof(answer), "unknown call %s", name);
	else
		snprintf(answer, sizeof(answer), "call %s %s", name, error ? strerrorname_np(error) : "0");
}

static void command_send(int fd, unsigned count, unsigned fds, const char *hex)
{
	size_t size = wire_unhex(hex, packet, sizeof(packet));
	unsigned sent = 0;
	int r = 0;

	while (sent < count && (r = wire_send(fd, packet, size, STDERR_FILENO, fds)) == 0)
		sent++;
	snprintf(answer, sizeof(answer), "sent %u %s", sent, r < 0 ? strerrorname_np(-r) : "");
}

static void keep(int fd, int passed)
{
	if (passed < 0)
		return;
	if (fd == KG_SESSION_CONTROL_FD) {
		(void)dup2(passed, KG_SESSION_VIEW_FD);
		close(passed);
		return;
	}
	target.ring = passed;
	target.ring_size = (size_t)lseek(passed, 0, SEEK_END);
}

static void command_receive(int fd, int timeout_ms)
{
	int passed;
	ssize_t size = wire_receive(fd, packet, sizeof(packet), &passed, timeout_ms);
	size_t at;

	keep(fd, passed);
	if (size <= 0) {
		snprintf(answer, sizeof(answer), "%s", !size ? "end" : size == -ETIMEDOUT ? "timeout" : strerrorname_np((int)-size));
		return;
	}
	at = (size_t)snprintf(answer, sizeof(answer), "received ");
	for (ssize_t i = 0; i < size && at + 3 < sizeof(answer); i++)
		at += (size_t)snprintf(answer + at, 3, "%02x", packet[i]);
}

static void command(void)
{
	char name[32] = "", channel[16] = "";
	unsigned a = 0, b = 0;
	int at = 0;

	snprintf(answer, sizeof(answer), "unknown command");
	if (sscanf(line, "call %31s %u", name, &a) >= 1)
		command_call(name, (int)a);
	else if (sscanf(line, "send %15s %u %u %n", channel, &a, &b, &at) == 3)
		command_send(channel_of(channel), a, b, line + at);
	else if (sscanf(line, "receive %15s %u", channel, &a) == 2)
		command_receive(channel_of(channel), (int)a);
	else if (sscanf(line, "close %15s", channel) == 1)
		snprintf(answer, sizeof(answer), "%s", close(channel_of(channel)) < 0 ? "error" : "closed");
	else if (!strcmp(line, "narrow"))
		snprintf(answer, sizeof(answer), "narrow %d", kg_session_lock_more());
	else if (!strcmp(line, "pid"))
		snprintf(answer, sizeof(answer), "pid %d", (int)getpid());
}

/* Reads lines from the client until it goes. The first one only made the connection readable. */
static void obey(void)
{
	size_t filled = 0;
	bool first = true;
	char *end;

	for (;;) {
		ssize_t n = read(KG_SESSION_TCP_FD, line + filled, sizeof(line) - 1 - filled);

		if (n <= 0)
			return;
		filled += (size_t)n;
		line[filled] = 0;
		while ((end = strchr(line, '\n'))) {
			size_t used = (size_t)(end - line) + 1;

			*end = 0;
			if (!first) {
				command();
				strcat(answer, "\n");
				if (write(KG_SESSION_TCP_FD, answer, strlen(answer)) < 0)
					return;
			}
			first = false;
			filled -= used;
			memmove(line, line + used, filled + 1);
		}
	}
}

/* "SET ID NAME FROM PHASES MIN MAX FD" for each message there is, so that the test attacks new ones too. */
static int print_tables(void)
{
	static const struct kg_message_set *const sets[] = { &kg_session_messages, &kg_login_messages, &kg_host_messages,
							     &kg_view_messages };

	for (size_t i = 0; i < KG_ARRAY_SIZE(sets); i++) {
		for (size_t j = 0; j < sets[i]->count; j++) {
			const struct kg_message_type *type = &sets[i]->types[j];

			printf("%s %u %s %c %u %u %u %d\n", sets[i]->name, type->id, type->name,
			       type->from == KG_SIDE_A ? 'A' : 'B', type->phases, type->min, type->max, type->fd);
		}
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
	const char *directory;
	char role;
	int r;

	if (argc == 2 && !strcmp(argv[1], "--tables"))
		return print_tables();
	kg_log_init("kagami-session", KG_LOG_INFO);
	if (size < 0)
		return EXIT_FAILURE;
	path[size] = 0;
	directory = dirname(path);
	role = read_role(directory);
	if (!role)
		return become_true(directory, argv) < 0;
	target.parent = getppid();
	signal(SIGPIPE, SIG_IGN);
	r = begin(role != 'u');
	if (r == 0)
		obey();
	return r < 0;
}
