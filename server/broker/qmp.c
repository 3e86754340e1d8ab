/* One conversation with a QEMU on its QMP socket, up to the display's connection. */
#include "server/broker/qmp.h"

#include "base/loop.h"
#include "server/broker/qmp-lines.h"
#include "server/control/packet.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#define RETRY_US 50000		// another program has just connected and QEMU has not taken it yet
#define FD_NAME "kagami-display"

/*
 *	CONNECT ──► GREETING ──► CAPABILITIES ──► GETFD ──► ADD_CLIENT ──► done
 *
 * Each step waits for one answer; events are passed over. Anything else, the end of the connection or the deadline ends it.
 */
enum step { CONNECT, GREETING, CAPABILITIES, GETFD, ADD_CLIENT };

static const char *const step_waits_for[] = {
	[CONNECT] = "QEMU takes no connection: its QMP socket is in use",
	[GREETING] = "QEMU does not greet: another program holds its QMP socket, or it hangs",
	[CAPABILITIES] = "QEMU does not answer qmp_capabilities",
	[GETFD] = "QEMU does not answer getfd",
	[ADD_CLIENT] = "QEMU does not answer add_client",
};

struct kg_qmp {
	struct kg_loop *loop;
	struct kg_watch *watch;		// of the QMP connection
	struct kg_watch *retry;		// of connect
	struct kg_watch *deadline;
	struct sockaddr_un address;
	int fd;				// the QMP connection
	int ours, theirs;		// the pair; theirs until QEMU has it
	enum step step;
	kg_qmp_fn done;			// NULL: was called
	void *data;
	struct kg_qmp_lines lines;
};

static void on_answer(void *data, int fd, uint32_t events);

static void close_all(struct kg_qmp *qmp)
{
	kg_watch_free(qmp->watch);
	kg_watch_free(qmp->retry);
	kg_watch_free(qmp->deadline);
	qmp->watch = qmp->retry = qmp->deadline = NULL;
	qmp->fd = kg_close(qmp->fd);
	qmp->theirs = kg_close(qmp->theirs);
}

void kg_qmp_free(struct kg_qmp *qmp)
{
	if (!qmp)
		return;
	close_all(qmp);
	kg_close(qmp->ours);
	free(qmp);
}

/* Ends it: result 0 hands the display's connection out. qmp may be gone afterwards. */
static void finish(struct kg_qmp *qmp, int result, const char *why)
{
	kg_qmp_fn done = qmp->done;
	int fd = qmp->ours;

	close_all(qmp);
	qmp->ours = -1;
	qmp->done = NULL;
	if (result < 0)
		kg_close(fd);
	done(qmp->data, result < 0 ? result : fd, why);
}

static int send_command(struct kg_qmp *qmp, const char *command, int fd)
{
	size_t size = strlen(command);
	int r = kg_packet_send(qmp->fd, command, size, fd);

	if (r < 0)
		return r;
	/* A hundred bytes into an empty socket: less than all of it means that the peer plays games. */
	return (size_t)r == size ? 0 : -EPROTO;
}

/* The step that was waited for is done: the next command. Returns 1 at the end, or a negative errno. */
static int advance(struct kg_qmp *qmp)
{
	int r;

	switch (qmp->step) {
	case GREETING:
		r = send_command(qmp, "{\"execute\":\"qmp_capabilities\"}\r\n", -1);
		break;
	case CAPABILITIES:
		r = send_command(qmp, "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"" FD_NAME "\"}}\r\n", qmp->theirs);
		qmp->theirs = kg_close(qmp->theirs);
		break;
	case GETFD:
		r = send_command(qmp, "{\"execute\":\"add_client\",\"arguments\":"
				      "{\"protocol\":\"@dbus-display\",\"fdname\":\"" FD_NAME "\"}}\r\n", -1);
		break;
	default:
		return 1;
	}
	qmp->step++;
	return r;
}

/* All lines that are there. Returns 1 at the end of the conversation, 0 when more must come, or a negative errno. */
static int take_answers(struct kg_qmp *qmp, char why[2 * KG_QMP_REASON_SIZE])
{
	char reason[KG_QMP_REASON_SIZE];
	int r = 0;

	while (r == 0) {
		enum kg_qmp_answer answer = kg_qmp_lines_next(&qmp->lines, reason);

		if (answer == KG_QMP_NOTHING)
			return 0;
		if (answer == KG_QMP_EVENT)
			continue;
		if (answer == KG_QMP_ERROR) {
			snprintf(why, 2 * KG_QMP_REASON_SIZE, "QEMU refuses: %s", reason);
			return -EOPNOTSUPP;
		}
		if (answer != (qmp->step == GREETING ? KG_QMP_GREETING : KG_QMP_RETURN)) {
			snprintf(why, 2 * KG_QMP_REASON_SIZE, "this is no QMP socket");
			return -EPROTO;
		}
		r = advance(qmp);
		if (r < 0)
			snprintf(why, 2 * KG_QMP_REASON_SIZE, "cannot send to QEMU");
	}
	return r;
}

static void on_answer(void *data, int fd, uint32_t events)
{
	struct kg_qmp *qmp = data;
	char why[2 * KG_QMP_REASON_SIZE] = "";
	size_t space;
	char *to = kg_qmp_lines_space(&qmp->lines, &space);
	int r = KG_SYS(recv(fd, to, space, MSG_DONTWAIT));

	if (r == -EAGAIN || r == -EINTR)
		return;
	if (r <= 0)
		return finish(qmp, r < 0 ? r : -ECONNRESET, "QEMU closed its QMP connection");
	kg_qmp_lines_added(&qmp->lines, (size_t)r);
	r = take_answers(qmp, why);
	if (r < 0)
		finish(qmp, r, why);
	else if (r > 0)
		finish(qmp, 0, "");
}

static void on_deadline(void *data)
{
	struct kg_qmp *qmp = data;

	finish(qmp, -ETIMEDOUT, step_waits_for[qmp->step]);
}

/* A Unix socket connects at once or not: EAGAIN means that as many wait as QEMU lets wait. */
static int try_connect(struct kg_qmp *qmp)
{
	int r = KG_SYS(connect(qmp->fd, (const struct sockaddr *)&qmp->address, sizeof(qmp->address)));

	if (r == -EAGAIN)
		return kg_watch_arm(qmp->retry, RETRY_US);
	if (r < 0)
		return r;
	qmp->step = GREETING;
	return kg_loop_fd(qmp->loop, &qmp->watch, qmp->fd, EPOLLIN, on_answer, qmp);
}

static void on_retry(void *data)
{
	struct kg_qmp *qmp = data;
	int r = try_connect(qmp);

	if (r < 0)
		finish(qmp, r, "cannot connect to QEMU's QMP socket");
}

int kg_qmp_open(struct kg_qmp **ret, struct kg_loop *loop, const char *path, kg_qmp_fn done, void *data)
{
	struct kg_qmp *qmp;
	int pair[2], r;

	if (strlen(path) >= sizeof(qmp->address.sun_path))
		return -ENAMETOOLONG;
	qmp = calloc(1, sizeof(*qmp));
	if (!qmp)
		return -ENOMEM;
	qmp->loop = loop;
	qmp->fd = qmp->ours = qmp->theirs = -1;
	qmp->done = done;
	qmp->data = data;
	qmp->address.sun_family = AF_UNIX;
	memcpy(qmp->address.sun_path, path, strlen(path) + 1);
	kg_qmp_lines_init(&qmp->lines);

	r = KG_SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	if (r < 0)
		goto fail;
	qmp->ours = pair[0];
	qmp->theirs = pair[1];
	r = qmp->fd = KG_SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (r < 0)
		goto fail;
	r = kg_loop_timer(loop, &qmp->retry, UINT64_MAX, on_retry, qmp);
	if (r < 0)
		goto fail;
	r = kg_loop_timer(loop, &qmp->deadline, KG_QMP_DEADLINE_US, on_deadline, qmp);
	if (r < 0)
		goto fail;
	r = try_connect(qmp);
	if (r < 0)
		goto fail;
	*ret = qmp;
	return 0;

fail:
	kg_qmp_free(qmp);
	return r;
}
