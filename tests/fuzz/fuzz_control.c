/*
 * Target: what a channel lets through. Byte 0 picks the message set and our side, byte 1 the phase; then packets, each a 16-bit
 * size, 1 byte with the number of descriptors, and its bytes. Whatever is delivered must be what the table says.
 */
#include "tests/fuzz/fuzz.h"

#include "base/log.h"
#include "base/loop.h"
#include "base/reader.h"
#include "server/control/auth-messages.h"
#include "server/control/channel.h"
#include "server/control/host-messages.h"
#include "server/control/login-messages.h"
#include "server/control/session-messages.h"
#include "server/control/view-messages.h"

#include <sys/socket.h>

static const struct kg_message_set *const sets[] = { &kg_session_messages, &kg_auth_messages, &kg_login_messages,
						     &kg_host_messages, &kg_view_messages };

struct state {
	enum kg_side side;
	unsigned phase;
	bool ended;
};

static int on_message(void *data, struct kg_message *message)
{
	struct state *state = data;
	const struct kg_message_type *type = message->type;
	unsigned sum = 0;

	if (message->size < type->min || message->size > type->max || type->from == state->side ||
	    !(type->phases & state->phase) || type->fd != (message->fd >= 0) || type->id != message->id)
		abort();
	for (size_t i = 0; i < message->size; i++)
		sum += ((const uint8_t *)message->body)[i];
	return sum == 0x7777 ? -EINVAL : 0;
}

static void on_ended(void *data, int error)
{
	(void)error;
	((struct state *)data)->ended = true;
}

static void send_packet(int fd, const uint8_t *bytes, size_t size, unsigned fds)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 8)];
		struct cmsghdr header;
	} control = { 0 };
	struct iovec part = { (void *)bytes, size };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fds) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * fds);
		control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
						   .cmsg_len = CMSG_LEN(sizeof(int) * fds) };
		for (unsigned i = 0; i < fds; i++)
			memcpy(CMSG_DATA(&control.header) + sizeof(int) * i, &fd, sizeof(int));
	}
	(void)!sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct kg_channel_events events = { on_message, on_ended };
	static struct kg_loop *loop;
	struct kg_reader reader = kg_reader_of(bytes, size);
	uint8_t pick = kg_read_u8(&reader);
	struct state state = { .side = pick & 1 ? KG_SIDE_A : KG_SIDE_B, .phase = kg_read_u8(&reader) };
	struct kg_channel *channel;
	int fds[2];

	kg_log_init("fuzz", KG_LOG_NOTHING);
	if (!loop && kg_loop_new(&loop) < 0)
		abort();
	if (kg_channel_pair(fds) < 0 || kg_channel_new(&channel, sets[(pick >> 1) % KG_ARRAY_SIZE(sets)], state.side, fds[0],
						       "the peer", 0) < 0)
		abort();
	kg_channel_set_phase(channel, state.phase);
	if (kg_channel_attach(channel, loop, &events, &state) < 0)
		abort();
	while (kg_reader_left(&reader) && !state.ended) {
		uint16_t length = kg_read_u16(&reader);
		uint8_t count = kg_read_u8(&reader) & 7;
		struct kg_reader part = kg_read_part(&reader, KG_MIN((size_t)length, kg_reader_left(&reader)));

		send_packet(fds[1], part.at, kg_reader_left(&part), count);
		while (kg_loop_turn(loop, 0) > 0)
			;
	}
	kg_channel_free(channel);
	kg_close(fds[1]);
	return 0;
}
