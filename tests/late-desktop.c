/*
 * In the place of kagami-desktop: a desktop whose delay is known. Every 20 ms it sends a picture whose time code says
 * that it was drawn WHERE ("late:MS") ago, to the microsecond, and so long after a key has come it shows that in the
 * key code. What a client measures beyond that is the way to it, and the client. One view, no lock.
 */
#include "base/limits.h"
#include "base/loop.h"
#include "base/ring.h"
#include "bench/workload/timecode.h"
#include "server/control/host-messages.h"
#include "server/control/view-messages.h"
#include "server/display/gfx-writer.h"
#include "tests/hostile/wire.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#define UNCOMPRESSED ((enum kg_gfx_codec)0)	// [MS-RDPEGFX] 2.2.2.1; no server of ours sends it
#define INTERVAL_US 20000
#define CODE_BYTES (KG_CODE_WIDTH * KG_CODE_HEIGHT * 4)
#define MESSAGES_MAX (CODE_BYTES + 1024)
#define RING_SIZE (1 << 20)

struct late {
	int view;
	struct kg_ring ring;
	uint64_t delay_us;
	uint64_t next_us;		// the next picture
	uint32_t reset;			// of the last GRAPHICS, while has_graphics
	bool has_graphics;
	struct kg_timecode time;
	struct kg_keycode key;
	uint64_t key_us;		// when the last key is to be shown, 0: it was
};

static uint8_t packet[WIRE_PACKET_MAX], picture[CODE_BYTES], messages[MESSAGES_MAX];

/* ---- graphics ---- */

static void send_slice(struct late *late, const struct kg_writer *writer, uint32_t frame)
{
	struct {
		struct kg_message_head head;
		struct kg_view_slice body;
	} KG_WIRE slice = { .head.id = KG_VIEW_SLICE,
			   .body = { .kind = KG_SLICE_GRAPHICS, .frame = frame, .reset = late->reset } };
	size_t payload = kg_writer_size(writer);
	struct kg_gfx_envelope envelope;
	uint8_t *room = kg_ring_room(&late->ring, kg_gfx_envelope_room(payload));

	if (!room || !kg_writer_ok(writer))
		return;			// the session has not read yet: this picture is left out
	kg_gfx_envelope_begin(&envelope, NULL, room, payload);
	kg_gfx_envelope_add(&envelope, messages, payload);
	slice.body.length = (uint32_t)kg_gfx_envelope_end(&envelope);
	slice.body.position = kg_ring_commit(&late->ring, slice.body.length);
	if (wire_send(late->view, &slice, sizeof(slice), -1, 0) < 0)
		exit(EXIT_FAILURE);
}

static void begin_graphics(struct late *late, const struct kg_view_graphics *graphics)
{
	struct kg_writer writer = kg_writer_of(messages, sizeof(messages));

	late->reset = graphics->reset;
	late->has_graphics = true;
	late->next_us = kg_now_us();
	kg_gfx_caps_confirm(&writer, graphics->version, graphics->flags);
	kg_gfx_reset_graphics(&writer, KG_CODE_WIDTH, KG_CODE_HEIGHT);
	kg_gfx_create_surface(&writer, 1, KG_CODE_WIDTH, KG_CODE_HEIGHT);
	kg_gfx_map_surface(&writer, 1);
	send_slice(late, &writer, 0);
}

static void send_picture(struct late *late)
{
	struct kg_writer writer = kg_writer_of(messages, sizeof(messages));
	const struct kg_rect all = kg_rect_of_size(KG_CODE_WIDTH, KG_CODE_HEIGHT);

	late->time.number++;
	kg_keycode_draw(picture, KG_CODE_WIDTH * 4, &late->key);
	kg_gfx_start_frame(&writer, late->time.number, 0);
	kg_gfx_picture(&writer, 1, UNCOMPRESSED, all, CODE_BYTES);
	late->time.drawn_us = kg_now_us() - late->delay_us;
	kg_timecode_draw(picture, KG_CODE_WIDTH * 4, &late->time);
	kg_write_bytes(&writer, picture, CODE_BYTES);
	kg_gfx_end_frame(&writer, late->time.number);
	send_slice(late, &writer, late->time.number);
}

/* ---- channels ---- */

static void on_host(struct late *late)
{
	int fd;
	ssize_t size = wire_receive(KG_HOST_CONTROL_FD, packet, sizeof(packet), &fd, 0);

	if (size <= 0 || packet[0] == KG_HOST_END)
		exit(size < 0);
	if (packet[0] == KG_HOST_VIEW)
		late->view = fd;
	if (packet[0] == KG_HOST_PING) {
		packet[0] = KG_HOST_PONG;
		(void)wire_send(KG_HOST_CONTROL_FD, packet, (size_t)size, -1, 0);
	}
}

static void on_open(struct late *late)
{
	const struct kg_message_head ring = { .id = KG_VIEW_RING };
	const struct {
		struct kg_message_head head;
		struct kg_view_size body;
	} KG_WIRE size = { { .id = KG_VIEW_SIZE }, { KG_CODE_WIDTH, KG_CODE_HEIGHT } };

	if (kg_ring_init(&late->ring, RING_SIZE) < 0 ||
	    wire_send(late->view, &ring, sizeof(ring), late->ring.fd, 1) < 0 ||
	    wire_send(late->view, &size, sizeof(size), -1, 0) < 0)
		exit(EXIT_FAILURE);
}

static void on_key(struct late *late, const struct kg_view_key *key)
{
	if (!key->down)
		return;
	late->key.count++;
	late->key.key = key->scancode;
	late->key.pressed_us = kg_now_us();
	late->key_us = late->key.pressed_us + late->delay_us;
}

static void on_view(struct late *late)
{
	int fd;
	ssize_t size = wire_receive(late->view, packet, sizeof(packet), &fd, 0);
	const void *body = packet + sizeof(struct kg_message_head);

	if (size <= 0)
		exit(EXIT_SUCCESS);
	if (packet[0] == KG_VIEW_OPEN)
		on_open(late);
	else if (packet[0] == KG_VIEW_GRAPHICS)
		begin_graphics(late, body);
	else if (packet[0] == KG_VIEW_CREDIT)
		(void)kg_ring_release(&late->ring, ((const struct kg_view_credit *)body)->position);
	else if (packet[0] == KG_VIEW_KEY)
		on_key(late, body);
}

/* Pictures go out at their time and when a key is due; the count of a key that is not due yet is not shown. */
static uint64_t send_what_is_due(struct late *late, uint64_t now)
{
	bool key_due = late->key_us && late->key_us <= now;

	if (!late->has_graphics)
		return UINT64_MAX;
	if (key_due)
		late->key_us = 0;
	if (key_due || (late->next_us <= now && !late->key_us)) {
		send_picture(late);
		late->next_us = now + INTERVAL_US;
	}
	return late->key_us ? late->key_us : late->next_us;
}

static void serve(struct late *late)
{
	for (;;) {
		uint64_t now = kg_now_us(), due = send_what_is_due(late, now), in = due > now ? due - now : 0;
		struct timespec wait = { (time_t)(in / 1000000), (long)(in % 1000000) * 1000 };
		struct pollfd fds[] = { { KG_HOST_CONTROL_FD, POLLIN, 0 }, { late->view, POLLIN, 0 } };

		if (ppoll(fds, 2, due == UINT64_MAX ? NULL : &wait, NULL) <= 0)
			continue;
		if (fds[0].revents)
			on_host(late);
		if (fds[1].revents)
			on_view(late);
	}
}

int main(void)
{
	struct {
		struct kg_message_head head;
		struct kg_host_ready body;
	} KG_WIRE ready = { .head.id = KG_HOST_READY, .body = { 0, KG_CODE_WIDTH, KG_CODE_HEIGHT } };
	static struct late late = { .view = -1, .ring = { .fd = -1 } };
	struct kg_host_setup setup;
	unsigned delay_ms;
	int fd;
	ssize_t size = wire_receive(KG_HOST_CONTROL_FD, packet, sizeof(packet) - 1, &fd, 10000);

	if (size < (ssize_t)(sizeof(struct kg_message_head) + sizeof(setup)))
		return EXIT_FAILURE;
	packet[size] = 0;
	memcpy(&setup, packet + sizeof(struct kg_message_head), sizeof(setup));
	if (sscanf((char *)packet + sizeof(struct kg_message_head) + sizeof(setup) + setup.kind, "%u", &delay_ms) != 1)
		return EXIT_FAILURE;
	late.delay_us = delay_ms * UINT64_C(1000);
	signal(SIGPIPE, SIG_IGN);
	if (wire_send(KG_HOST_CONTROL_FD, &ready, sizeof(ready), -1, 0) < 0)
		return EXIT_FAILURE;
	serve(&late);
}
