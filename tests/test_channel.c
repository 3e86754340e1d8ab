/* Channels: what the table forbids ends them, what a peer does not read is bounded, questions find their answers. */
#include "tests/tap.h"

#include "base/log.h"
#include "base/loop.h"
#include "server/control/auth-messages.h"
#include "server/control/channel.h"
#include "server/control/host-messages.h"
#include "server/control/login-messages.h"
#include "server/control/session-messages.h"
#include "server/control/view-messages.h"

#include <fcntl.h>
#include <sys/socket.h>

enum { HELLO = 1, HELLO_BACK, FILE_HERE, LATE };
enum { EARLY_PHASE = 1, LATE_PHASE = 2 };

struct number {
	uint32_t value;
} KG_WIRE;

static const struct kg_message_type types[] = {
	KG_MESSAGE_TAIL(HELLO, KG_SIDE_A, EARLY_PHASE | LATE_PHASE, struct number, 1000),
	KG_MESSAGE(HELLO_BACK, KG_SIDE_B, EARLY_PHASE | LATE_PHASE, struct number),
	KG_MESSAGE_EMPTY_FD(FILE_HERE, KG_SIDE_A, EARLY_PHASE | LATE_PHASE),
	KG_MESSAGE(LATE, KG_SIDE_A, LATE_PHASE, struct number),
};
static const struct kg_message_set set = { "test", types, KG_ARRAY_SIZE(types) };

/* The receiving end in a test: what came, and how it ended. */
struct end {
	struct kg_loop *loop;
	struct kg_channel *channel;
	int raw;		// the other end of the socket, driven by hand
	int messages;
	uint32_t value;
	size_t size;
	int fd;
	bool ended;
	int error;
	int answer;		// what the handler returns
	bool free_inside;
};

static int on_message(void *data, struct kg_message *message)
{
	struct end *end = data;

	end->messages++;
	end->size = message->size;
	if (message->size >= sizeof(end->value))
		memcpy(&end->value, message->body, sizeof(end->value));
	if (message->fd >= 0) {
		end->fd = message->fd;
		message->fd = -1;
	}
	if (end->free_inside) {
		kg_channel_free(end->channel);
		end->channel = NULL;
	}
	return end->answer;
}

static void on_ended(void *data, int error)
{
	struct end *end = data;

	end->ended = true;
	end->error = error;
}

static const struct kg_channel_events events = { on_message, on_ended };

static void begin(struct end *end, enum kg_side side, size_t quota)
{
	int fds[2];

	*end = (struct end){ .fd = -1 };
	if (kg_loop_new(&end->loop) < 0 || kg_channel_pair(fds) < 0 ||
	    kg_channel_new(&end->channel, &set, side, fds[0], "the peer", quota) < 0 ||
	    kg_channel_attach(end->channel, end->loop, &events, end) < 0)
		abort();
	end->raw = fds[1];
}

static void finish(struct end *end)
{
	kg_channel_free(end->channel);
	kg_loop_free(end->loop);
	kg_close(end->raw);
	kg_close(end->fd);
}

static void turns(struct end *end)
{
	while (kg_loop_turn(end->loop, 0) > 0)
		;
}

/* Sends raw bytes as the peer, with count descriptors. */
static void raw_send(struct end *end, const void *bytes, size_t size, int count)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 8)];
		struct cmsghdr header;
	} control = { 0 };
	struct iovec part = { (void *)bytes, size };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	if (count) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
		control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
						   .cmsg_type = SCM_RIGHTS,
						   .cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count) };
		for (int i = 0; i < count; i++)
			memcpy(CMSG_DATA(&control.header) + sizeof(int) * (size_t)i, &(int){ 0 }, sizeof(int));
	}
	(void)!sendmsg(end->raw, &header, MSG_NOSIGNAL);
}

static void raw_message(struct end *end, uint16_t id, uint16_t zero, size_t body, int fds)
{
	uint8_t bytes[70000] = { 0 };

	memcpy(bytes, &id, 2);
	memcpy(bytes + 2, &zero, 2);
	raw_send(end, bytes, 4 + body, fds);
}

static int open_fds(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void check_violation(const char *name, uint16_t id, uint16_t zero, size_t body, int fds, size_t short_by)
{
	struct end end;
	int before;

	begin(&end, KG_SIDE_B, 0);
	kg_channel_set_phase(end.channel, EARLY_PHASE);
	before = open_fds();
	if (short_by)
		raw_send(&end, &id, 4 - short_by, fds);
	else
		raw_message(&end, id, zero, body, fds);
	turns(&end);
	ok(end.ended && end.error == -EPROTO && !end.messages, "%s ends the channel", name);
	ok(open_fds() == before, "%s leaves no descriptor behind", name);
	finish(&end);
}

static void check_violations(void)
{
	check_violation("an unknown id", 77, 0, 4, 0, 0);
	check_violation("a head that is not zero", HELLO, 1, 4, 0, 0);
	check_violation("the wrong direction", HELLO_BACK, 0, 4, 0, 0);
	check_violation("a message of a later phase", LATE, 0, 4, 0, 0);
	check_violation("a body that is too short", HELLO, 0, 3, 0, 0);
	check_violation("a body that is too long", HELLO, 0, 1005, 0, 0);
	check_violation("a body beyond every message", HELLO, 0, 60000, 0, 0);
	check_violation("half a head", HELLO, 0, 0, 0, 2);
	check_violation("a descriptor where none belongs", HELLO, 0, 4, 1, 0);
	check_violation("two descriptors for one", FILE_HERE, 0, 0, 2, 0);
	check_violation("eight descriptors for one", FILE_HERE, 0, 0, 8, 0);
	check_violation("no descriptor where one belongs", FILE_HERE, 0, 0, 0, 0);
}

static void check_delivery(void)
{
	struct end end;

	begin(&end, KG_SIDE_B, 0);
	raw_message(&end, HELLO, 0, 1004, 0);
	raw_message(&end, FILE_HERE, 0, 0, 1);
	turns(&end);
	ok(end.messages == 2 && !end.ended && end.fd >= 0, "good messages arrive, with their descriptor");
	end.answer = -EINVAL;
	raw_message(&end, HELLO, 0, 4, 0);
	turns(&end);
	ok(end.ended && end.error == -EPROTO, "values that the handler refuses end the channel");
	finish(&end);

	begin(&end, KG_SIDE_B, 0);
	end.free_inside = true;
	raw_message(&end, HELLO, 0, 4, 0);
	raw_message(&end, HELLO, 0, 4, 0);
	turns(&end);
	ok(end.messages == 1 && !end.ended, "a handler may free the channel");
	finish(&end);

	begin(&end, KG_SIDE_B, 0);
	end.raw = kg_close(end.raw);
	turns(&end);
	ok(end.ended && end.error == 0, "a peer that closes ends the channel without an error");
	finish(&end);
}

static void check_sending(void)
{
	struct end end;
	struct number number = { 7 };
	uint8_t tail[1000] = { 1 }, got[2000];
	int sent = 0, r, arrived = 0;

	begin(&end, KG_SIDE_A, 50000);
	ok(kg_channel_send(end.channel, HELLO_BACK, &number, sizeof(number)) == -EINVAL, "the wrong direction is refused");
	ok(kg_channel_send(end.channel, HELLO, &number, 2) == -EINVAL, "the wrong size is refused");
	ok(kg_channel_send_fd(end.channel, HELLO, &number, sizeof(number), 0) == -EINVAL, "a stray descriptor is refused");
	while ((r = kg_channel_send_tail(end.channel, HELLO, &number, sizeof(number), tail, sizeof(tail))) == 0)
		sent++;
	ok(r == -ENOBUFS && sent > 50, "a peer that does not read fills the queue, then it is an error (%d sent)", sent);
	turns(&end);
	ok(end.ended && end.error == -ENOBUFS, "and ends the channel");
	finish(&end);

	begin(&end, KG_SIDE_A, 1 << 20);
	for (sent = 0; sent < 600; sent++) {
		number.value = (uint32_t)sent;
		r = kg_channel_send_tail(end.channel, HELLO, &number, sizeof(number), tail, sizeof(tail));
		if (r < 0)
			break;
	}
	while (arrived < sent && kg_loop_turn(end.loop, 0) >= 0) {
		while (recv(end.raw, got, sizeof(got), MSG_DONTWAIT) == 4 + 4 + 1000) {
			memcpy(&number.value, got + 4, 4);
			if (number.value != (uint32_t)arrived)
				break;
			arrived++;
		}
	}
	ok(sent == 600 && arrived == sent, "what waits in the queue arrives in order");
	finish(&end);
}

static void check_asking(void)
{
	struct end end;
	struct number number = { 5 }, answer = { 0 };
	size_t size = sizeof(answer);
	uint8_t body[8] = { HELLO_BACK, 0, 0, 0, 42 };
	int r;

	begin(&end, KG_SIDE_A, 0);
	raw_send(&end, body, 8, 0);
	r = kg_channel_ask(end.channel, HELLO, &number, sizeof(number), NULL, 0, HELLO_BACK, &answer, &size, NULL, 1000);
	ok(r == 0 && answer.value == 42 && size == 4, "a question finds its answer");
	size = sizeof(answer);
	r = kg_channel_ask(end.channel, HELLO, &number, sizeof(number), NULL, 0, HELLO_BACK, &answer, &size, NULL, 20);
	ok(r == -ETIMEDOUT, "a question without an answer ends at its deadline");
	size = 1;
	raw_send(&end, body, 8, 0);
	r = kg_channel_ask(end.channel, HELLO, &number, sizeof(number), NULL, 0, HELLO_BACK, &answer, &size, NULL, 1000);
	ok(r == -EMSGSIZE, "an answer that is too long is refused");
	end.raw = kg_close(end.raw);
	size = sizeof(answer);
	r = kg_channel_ask(end.channel, HELLO, &number, sizeof(number), NULL, 0, HELLO_BACK, &answer, &size, NULL, 1000);
	ok(r == -EPIPE, "a question to nobody fails at once (%d)", r);
	finish(&end);

	begin(&end, KG_SIDE_B, 0);
	raw_message(&end, FILE_HERE, 0, 0, 1);
	raw_message(&end, FILE_HERE, 0, 0, 1);
	body[0] = HELLO;
	raw_send(&end, body, 8, 0);
	size = sizeof(answer);
	r = kg_channel_ask(end.channel, HELLO_BACK, &number, sizeof(number), NULL, 0, HELLO, &answer, &size, NULL, 1000);
	ok(r == 0 && answer.value == 42 && end.messages == 0, "messages before the answer are kept");
	turns(&end);
	ok(end.messages == 2 && end.fd >= 0, "and handled by the loop afterwards");
	for (int i = 0; i < 100; i++)
		raw_message(&end, HELLO, 0, 4, 0);
	kg_close(end.fd);
	end.fd = -1;
	r = kg_channel_ask(end.channel, HELLO_BACK, &number, sizeof(number), NULL, 0, FILE_HERE, NULL, NULL, NULL, 1000);
	ok(r == -EPROTO, "but not without end");
	finish(&end);

	begin(&end, KG_SIDE_B, 0);
	raw_send(&end, body, 8, 0);
	size = sizeof(answer);
	ok(kg_channel_wait(end.channel, &answer, &size, NULL, 1000) == HELLO && size == 4 && answer.value == 42,
	   "a program can wait for its first message");
	finish(&end);
}

/* Every table of the project: ids are unique and every message fits the limit. */
static void check_tables(void)
{
	const struct kg_message_set *const sets[] = { &kg_session_messages, &kg_auth_messages, &kg_login_messages,
						      &kg_host_messages, &kg_view_messages };

	for (size_t s = 0; s < KG_ARRAY_SIZE(sets); s++) {
		bool good = true;

		for (size_t i = 0; i < sets[s]->count; i++) {
			const struct kg_message_type *type = &sets[s]->types[i];

			good = good && type->id && type->max >= type->min && type->max <= 32768 && type->phases &&
			       (type->from == KG_SIDE_A || type->from == KG_SIDE_B);
			for (size_t j = 0; j < i; j++)
				good = good && sets[s]->types[j].id != type->id;
		}
		ok(good, "the table of %s messages is sound", sets[s]->name);
	}
}

int main(void)
{
	kg_log_init("test_channel", KG_LOG_ERR);
	check_violations();
	check_delivery();
	check_sending();
	check_asking();
	check_tables();
	return tap_end();
}
