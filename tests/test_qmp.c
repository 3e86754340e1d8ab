/* QMP: the lines, and the whole conversation with a QEMU that the test plays itself. */
#include "base/loop.h"
#include "server/broker/qmp-lines.h"
#include "server/broker/qmp.h"
#include "tests/tap.h"

#include <sys/socket.h>
#include <sys/un.h>

#define GREETING "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 2}}, \"capabilities\": [\"oob\"]}}\r\n"
#define RETURN "{\"return\": {}}\r\n"
#define EVENT "{\"timestamp\": {\"seconds\": 1}, \"event\": \"RESUME\"}\r\n"

struct peer {		// the QEMU that is played
	struct kg_loop *loop;
	char folder[64], path[96];
	int listener, fd;
	int got;		// the descriptor that came with getfd
	char text[4096];
	size_t size;
};

struct result {
	bool called;
	int fd;
	char why[300];
	struct kg_qmp **free_in_there;
};

static void on_done(void *data, int fd, const char *why)
{
	struct result *result = data;

	result->called = true;
	result->fd = fd;
	snprintf(result->why, sizeof(result->why), "%s", why);
	if (result->free_in_there) {
		kg_qmp_free(*result->free_in_there);
		*result->free_in_there = NULL;
	}
}

static enum kg_qmp_answer answer(const char *line)
{
	char reason[KG_QMP_REASON_SIZE];

	return kg_qmp_answer_of(line, strlen(line), reason);
}

static void test_answers(void)
{
	char reason[KG_QMP_REASON_SIZE], deep[200] = "{\"return\": ";
	const char *error = "{\"error\": {\"class\": \"G\", \"desc\": \"no\\u0020p2p \xc3\xa4\", \"data\": {\"desc\": 1}},"
			    " \"id\": 7}";

	ok(answer("{\"return\": {}}") == KG_QMP_RETURN &&
		   answer(" { \"return\" :[1,-2.5e3,null,{\"a\":[]}] } \r") == KG_QMP_RETURN,
	   "an answer is known by its outermost member");
	ok(answer("{\"event\": \"X\", \"data\": {\"return\": 1, \"error\": {}}}") == KG_QMP_EVENT,
	   "names further in do not count");
	ok(answer("{\"QMP\": {}}") == KG_QMP_GREETING, "the greeting is known");
	ok(kg_qmp_answer_of(error, strlen(error), reason) == KG_QMP_ERROR && !strcmp(reason, "no\\u0020p2p ??"),
	   "an error's text is kept in printable ASCII (%s)", reason);
	ok(answer("") == KG_QMP_BAD && answer("{}") == KG_QMP_BAD && answer("[1]") == KG_QMP_BAD &&
		   answer("HTTP/1.1 400 Bad Request") == KG_QMP_BAD && answer("{\"id\": 1}") == KG_QMP_BAD,
	   "what is no answer is bad");
	ok(answer("{\"return\": {}} x") == KG_QMP_BAD && answer("{\"return\": {}") == KG_QMP_BAD &&
		   answer("{\"return\": {]}") == KG_QMP_BAD && answer("{\"return\" {}}") == KG_QMP_BAD &&
		   answer("{\"return\": \"x}") == KG_QMP_BAD && answer("{\"return\": }") == KG_QMP_BAD &&
		   answer("{\"return\": 1 \"a\": 2}") == KG_QMP_BAD && answer("{\"return\": \"\\\"}") == KG_QMP_BAD,
	   "broken objects are bad");
	ok(answer("{\"return\": {}, \"event\": \"X\"}") == KG_QMP_BAD, "two answers in one are bad");
	for (int i = 0; i < KG_QMP_DEPTH_MAX; i++)
		strcat(deep, "[");
	for (int i = 0; i < KG_QMP_DEPTH_MAX; i++)
		strcat(deep, "]");
	strcat(deep, "}");
	ok(answer(deep) == KG_QMP_RETURN, "values may be nested %d deep", KG_QMP_DEPTH_MAX);
	memmove(strchr(deep, '[') + 1, strchr(deep, '['), strlen(strchr(deep, '[')) + 1);
	strcpy(strrchr(deep, '}'), "]}");
	ok(answer(deep) == KG_QMP_BAD, "and not deeper");
}

static void test_lines(void)
{
	static struct kg_qmp_lines lines;
	char reason[KG_QMP_REASON_SIZE];
	const char *text = "\r\n" GREETING "\n" RETURN;
	int greetings = 0, returns = 0, others = 0;
	size_t space;

	kg_qmp_lines_init(&lines);
	for (; *text; text++) {
		enum kg_qmp_answer a;

		*kg_qmp_lines_space(&lines, &space) = *text;
		kg_qmp_lines_added(&lines, 1);
		a = kg_qmp_lines_next(&lines, reason);
		greetings += a == KG_QMP_GREETING;
		returns += a == KG_QMP_RETURN;
		others += a != KG_QMP_GREETING && a != KG_QMP_RETURN && a != KG_QMP_NOTHING;
	}
	ok(greetings == 1 && returns == 1 && others == 0, "lines are found in bytes that come one by one");
	memset(kg_qmp_lines_space(&lines, &space), ' ', KG_QMP_LINE_MAX);
	kg_qmp_lines_added(&lines, space);
	ok(kg_qmp_lines_next(&lines, reason) == KG_QMP_BAD, "a line that is too long is bad");
}

static void peer_open(struct peer *peer, struct kg_loop *loop)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*peer = (struct peer){ .loop = loop, .fd = -1, .got = -1, .folder = "/tmp/kagami-qmp-XXXXXX" };
	if (!mkdtemp(peer->folder))
		abort();
	snprintf(peer->path, sizeof(peer->path), "%s/qmp", peer->folder);
	strcpy(address.sun_path, peer->path);
	peer->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(peer->listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(peer->listener, 1) < 0)
		abort();
}

static void peer_close(struct peer *peer)
{
	peer->fd = kg_close(peer->fd);
	peer->got = kg_close(peer->got);
	kg_close(peer->listener);
	unlink(peer->path);
	rmdir(peer->folder);
}

static bool turns(struct peer *peer, bool (*until)(struct peer *peer, const void *data), const void *data, int ms)
{
	double deadline = tap_now() + ms / 1000.0;

	while (!until(peer, data)) {
		if (tap_now() > deadline)
			return false;
		kg_loop_turn(peer->loop, 5000);
	}
	return true;
}

static bool has_connected(struct peer *peer, const void *data)
{
	if (peer->fd < 0)
		peer->fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return peer->fd >= 0;
}

static bool has_said(struct peer *peer, const void *data)
{
	char control[CMSG_SPACE(4 * sizeof(int))];
	struct iovec part = { peer->text + peer->size, sizeof(peer->text) - 1 - peer->size };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	ssize_t n = recvmsg(peer->fd, &message, MSG_CMSG_CLOEXEC);

	if (n > 0) {
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);

		peer->size += (size_t)n;
		if (c && c->cmsg_type == SCM_RIGHTS) {
			kg_close(peer->got);
			memcpy(&peer->got, CMSG_DATA(c), sizeof(int));
		}
	}
	peer->text[peer->size] = '\0';
	return strstr(peer->text, data) && strchr(strstr(peer->text, data), '\n');
}

static bool is_done(struct peer *peer, const void *data)
{
	return ((const struct result *)data)->called;
}

static void say(struct peer *peer, const char *text)
{
	if (send(peer->fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		note("send: %s", strerror(errno));
}

/* Opens, and takes the connection. */
static struct kg_qmp *begin(struct peer *peer, struct result *result)
{
	struct kg_qmp *qmp = NULL;

	*result = (struct result){ .fd = -1, .free_in_there = result->free_in_there };
	ok(kg_qmp_open(&qmp, peer->loop, peer->path, on_done, result) == 0 && !result->called, "a conversation begins");
	turns(peer, has_connected, NULL, 2000);
	return qmp;
}

static void test_conversation(struct kg_loop *loop)
{
	struct peer peer;
	struct kg_qmp *qmp = NULL;
	struct result result = { .free_in_there = &qmp };
	char byte = 0;

	peer_open(&peer, loop);
	qmp = begin(&peer, &result);
	say(&peer, GREETING);
	ok(turns(&peer, has_said, "qmp_capabilities", 2000), "after the greeting come the capabilities");
	say(&peer, EVENT RETURN);
	ok(turns(&peer, has_said, "getfd", 2000) && peer.got >= 0, "then getfd, with a descriptor");
	say(&peer, RETURN EVENT);
	ok(turns(&peer, has_said, "@dbus-display", 2000), "then add_client for the D-Bus display");
	ok(!result.called, "nothing is told before QEMU has agreed");
	say(&peer, RETURN);
	ok(turns(&peer, is_done, &result, 2000) && result.fd >= 0, "then the connection is handed out");
	ok(!qmp, "the conversation may be freed in there");
	ok(send(peer.got, "x", 1, 0) == 1 && recv(result.fd, &byte, 1, MSG_DONTWAIT) == 1 && byte == 'x',
	   "it is the other end of what QEMU got");
	ok(recv(peer.fd, &byte, 1, 0) == 0, "the QMP connection is closed: others can have it");
	kg_close(result.fd);
	peer_close(&peer);
}

static void test_refusals(struct kg_loop *loop)
{
	struct peer peer;
	struct result result = { 0 };
	struct kg_qmp *qmp;
	int before = dup(0), after;

	kg_close(before);
	ok(kg_qmp_open(&qmp, loop, "/nonexistent/qmp", on_done, &result) == -ENOENT, "no socket there is an error at once");

	peer_open(&peer, loop);
	qmp = begin(&peer, &result);
	say(&peer, GREETING);
	turns(&peer, has_said, "qmp_capabilities", 2000);
	say(&peer, RETURN "{\"error\": {\"class\": \"GenericError\", \"desc\": \"D-Bus display is not in p2p mode\"}}\r\n");
	ok(turns(&peer, is_done, &result, 2000) && result.fd == -EOPNOTSUPP &&
		   !strcmp(result.why, "QEMU refuses: D-Bus display is not in p2p mode"),
	   "a refusal is told with QEMU's words (%s)", result.why);
	kg_qmp_free(qmp);
	peer_close(&peer);

	peer_open(&peer, loop);
	qmp = begin(&peer, &result);
	say(&peer, "SSH-2.0-OpenSSH_9.2\r\n");
	ok(turns(&peer, is_done, &result, 2000) && result.fd == -EPROTO, "another protocol is refused (%s)", result.why);
	kg_qmp_free(qmp);
	peer_close(&peer);

	peer_open(&peer, loop);
	qmp = begin(&peer, &result);
	say(&peer, RETURN);
	ok(turns(&peer, is_done, &result, 2000) && result.fd == -EPROTO, "an answer out of turn is refused");
	kg_qmp_free(qmp);
	peer_close(&peer);

	peer_open(&peer, loop);
	qmp = begin(&peer, &result);
	say(&peer, GREETING);
	turns(&peer, has_said, "qmp_capabilities", 2000);
	peer.fd = kg_close(peer.fd);
	ok(turns(&peer, is_done, &result, 2000) && result.fd == -ECONNRESET, "the end of QEMU is told (%s)", result.why);
	kg_qmp_free(qmp);
	peer_close(&peer);

	peer_open(&peer, loop);
	qmp = begin(&peer, &result);
	kg_qmp_free(qmp);
	ok(!result.called, "a conversation that is given up tells nothing");
	qmp = begin(&peer, &result);
	ok(turns(&peer, is_done, &result, 7000) && result.fd == -ETIMEDOUT,
	   "a QEMU that says nothing ends by the deadline (%s)", result.why);
	kg_qmp_free(qmp);
	peer_close(&peer);

	kg_close(after = dup(0));
	ok(before == after, "no descriptor is left behind");
}

/* The queue of a listener that takes nobody is full after a few: connect says EAGAIN. */
static void test_busy(struct kg_loop *loop)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct result result = { .fd = -1 };
	struct kg_qmp *qmp = NULL;
	struct peer peer;
	int fds[8];

	peer_open(&peer, loop);
	strcpy(address.sun_path, peer.path);
	for (int i = 0; i < 8; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(fds[i], (struct sockaddr *)&address, sizeof(address));
	}
	ok(kg_qmp_open(&qmp, loop, peer.path, on_done, &result) == 0, "a socket whose queue is full is tried again");
	for (int i = 0; i < 8; i++)
		kg_close(fds[i]);
	while (turns(&peer, has_connected, NULL, 1000) && recv(peer.fd, &(char){ 0 }, 1, 0) == 0)
		peer.fd = kg_close(peer.fd);	// those that went away
	say(&peer, GREETING);
	ok(turns(&peer, has_said, "qmp_capabilities", 2000), "until it is its turn");
	kg_qmp_free(qmp);
	peer_close(&peer);
}

int main(void)
{
	struct kg_loop *loop;

	test_answers();
	test_lines();
	if (kg_loop_new(&loop) < 0)
		return EXIT_FAILURE;
	test_conversation(loop);
	test_refusals(loop);
	test_busy(loop);
	kg_loop_free(loop);
	return tap_end();
}
