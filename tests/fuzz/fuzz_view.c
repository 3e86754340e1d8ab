/*
 * Target: what a view does with the messages of a session. Steps of one byte: 0 to 127 is a message of so many bytes, head
 * included, which follow; 128 to 159 gives credit for all that was sent, 160 to 191 acknowledges the last frame, 192 to
 * 223 opens the view as a client of bitmaps or of the graphics pipeline does, the rest turns the loop.
 */
#include "tests/fuzz/fuzz.h"

#include "base/id.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/pool.h"
#include "base/reader.h"
#include "server/control/channel.h"
#include "server/control/view-messages.h"
#include "server/desktop/kind.h"
#include "server/desktop/show.h"

#include <sys/socket.h>

#define AREA_MAX 50000		// larger desktops, and longer stories, only cost time
#define STEPS_MAX 256

static void on_lost(void *data, int error, const char *why)
{
	abort();
}

/* What the desktop sent: the position to be credited and the frame to be acknowledged. */
static void drain(int fd, struct kg_view_credit *credit, struct kg_view_acknowledged *acknowledged)
{
	uint8_t packet[1024];
	struct kg_message_head head;
	struct kg_view_slice slice;
	ssize_t size;

	while ((size = recv(fd, packet, sizeof(packet), MSG_DONTWAIT)) > 0) {
		memcpy(&head, packet, sizeof(head));
		if (head.id != KG_VIEW_SLICE)
			continue;
		if ((size_t)size != sizeof(head) + sizeof(slice))
			abort();
		memcpy(&slice, packet + sizeof(head), sizeof(slice));
		credit->position = slice.position + slice.length;
		acknowledged->frame = slice.last ? slice.frame : acknowledged->frame;
	}
}

static void send_message(int fd, uint16_t id, const void *body, size_t size)
{
	uint8_t packet[256];
	struct kg_message_head head = { .id = id };

	memcpy(packet, &head, sizeof(head));
	memcpy(packet + sizeof(head), body, size);
	(void)!send(fd, packet, sizeof(head) + size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void send_open(int fd, uint8_t how)
{
	const struct kg_view_open open = {
		.width = (uint16_t)(100 + how),
		.height = 100,
		.path = how & 1 ? KG_PATH_BITMAP : KG_PATH_GRAPHICS,
		.keyboard = 4,
		.cursor_size = 32,
		.cursor_slots = 4,
		.bitmap_size_max = 16384,
	};
	const struct kg_view_graphics graphics = { .version = 0x000a0701 };

	if (how & 2)
		send_message(fd, KG_VIEW_GRAPHICS, &graphics, sizeof(graphics));
	else
		send_message(fd, KG_VIEW_OPEN, &open, sizeof(open));
}

/* A packet as it is, unless it asks for a desktop that is only large. */
static void send_packet(int fd, struct kg_reader *reader, uint8_t size)
{
	const uint8_t *packet = kg_read_bytes(reader, size);
	struct kg_view_open open;

	if (!packet || size < sizeof(struct kg_message_head))
		return;
	if (size == sizeof(struct kg_message_head) + sizeof(open) && packet[0] == KG_VIEW_OPEN) {
		memcpy(&open, packet + sizeof(struct kg_message_head), sizeof(open));
		if ((uint32_t)open.width * open.height > AREA_MAX || open.width > 8192 || open.height > 8192)
			return;
	}
	(void)!send(fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct kg_show_events events = { .lost = on_lost };
	static struct kg_loop *loop;
	static struct kg_pool *pool;
	struct kg_reader reader = kg_reader_of(bytes, size);
	struct kg_desktop_open how = { .where = "", .fd = -1, .width = 200, .height = 100 };
	struct kg_desktop_bundle bundle;
	struct kg_view_credit credit = { 0 };
	struct kg_view_acknowledged acknowledged = { 0 };
	struct kg_show *show;
	uint32_t width, height;
	int fds[2];

	kg_log_init("fuzz", KG_LOG_NOTHING);
	if (!loop && (kg_loop_new(&loop) < 0 || kg_pool_new(&pool, loop, 1) < 0))
		abort();
	how.loop = loop;
	if (kg_desktop_kind_still.open(&bundle, &how) < 0 || kg_show_new(&show, loop, pool, &bundle) < 0 ||
	    kg_show_start(show, &events, NULL, &width, &height) < 0 || kg_channel_pair(fds) < 0 ||
	    kg_show_add_view(show, fds[1], &(struct kg_id){ { 0 } }) < 0)
		abort();
	for (int n = 0; n < STEPS_MAX && kg_reader_left(&reader); n++) {
		uint8_t step = kg_read_u8(&reader);

		drain(fds[0], &credit, &acknowledged);
		if (step < 128)
			send_packet(fds[0], &reader, step);
		else if (step < 160)
			send_message(fds[0], KG_VIEW_CREDIT, &credit, sizeof(credit));
		else if (step < 192)
			send_message(fds[0], KG_VIEW_ACKNOWLEDGED, &acknowledged, sizeof(acknowledged));
		else if (step < 224)
			send_open(fds[0], step);
		for (int i = 0; i < 3; i++)
			(void)kg_loop_turn(loop, 0);
	}
	drain(fds[0], &credit, &acknowledged);
	close(fds[0]);
	(void)kg_loop_turn(loop, 0);
	kg_show_free(show);
	return 0;
}
