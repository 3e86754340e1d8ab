/* A session of the measuring client. */
#include "bench/client/session.h"

#include "base/loop.h"
#include "bench/client/decoding.h"
#include "bench/client/graphics.h"

#include <freerdp/channels/rdpgfx.h>
#include <freerdp/codec/zgfx.h>
#include <freerdp/gdi/gdi.h>
#include <freerdp/input.h>
#include <freerdp/settings.h>

#include <stdio.h>

static struct kg_session *session_of(struct kg_connection *connection)
{
	return kg_container_of(connection, struct kg_session, connection);
}

static void end(struct kg_session *session, const char *why)
{
	if (session->over)
		return;
	session->over = true;
	session->events->ended(session->data, session, why);
}

/* ---- without decoding ---- */

static void send_acknowledgement(struct kg_session *session, uint32_t frame)
{
	session->acknowledged++;
	if (!kg_graphics_acknowledge(&session->connection, frame, KG_GRAPHICS_DEPTH_UNKNOWN, session->acknowledged))
		end(session, "the graphics channel cannot be written");
}

static void arm(struct kg_session *session)
{
	uint64_t now = kg_now_us(), due;

	if (!session->ack_count)
		return;
	due = session->waiting[session->ack_first].due_us;
	(void)kg_watch_arm(session->ack_timer, due > now ? due - now : 0);
}

static void on_ack_timer(void *data)
{
	struct kg_session *session = data;
	uint64_t now = kg_now_us();

	while (session->ack_count && session->waiting[session->ack_first].due_us <= now) {
		send_acknowledgement(session, session->waiting[session->ack_first].frame);
		session->ack_first = (session->ack_first + 1) % KG_ARRAY_SIZE(session->waiting);
		session->ack_count--;
	}
	arm(session);
}

static void on_frame(void *data, uint32_t number)
{
	struct kg_session *session = data;
	struct kg_shown shown = { .at_us = kg_now_us(), .channel_bytes = session->channel_bytes };

	if (!session->first_us)
		session->first_us = shown.at_us;
	if (!session->how->ack_delay_ms) {
		send_acknowledgement(session, number);
	} else if (session->ack_count == KG_ARRAY_SIZE(session->waiting)) {
		end(session, "more frames wait to be acknowledged than can be");
	} else {
		uint32_t at = (session->ack_first + session->ack_count++) % KG_ARRAY_SIZE(session->waiting);

		session->waiting[at].frame = number;
		session->waiting[at].due_us = shown.at_us + session->how->ack_delay_ms * UINT64_C(1000);
		if (session->ack_count == 1)
			arm(session);
	}
	session->events->shown(session->data, session, &shown);
}

/* What FreeRDP's own client asks for where it has no H.264. */
static void graphics_open(struct kg_connection *connection)
{
	static const struct kg_graphics_version versions[] = {
		{ RDPGFX_CAPVERSION_8, 0 },
		{ RDPGFX_CAPVERSION_107, RDPGFX_CAPS_FLAG_AVC_DISABLED },
	};

	zgfx_context_reset(session_of(connection)->zgfx, FALSE);
	if (!kg_graphics_advertise(connection, versions, KG_ARRAY_SIZE(versions)))
		end(session_of(connection), "the graphics channel cannot be written");
}

static bool graphics_data(struct kg_connection *connection, const uint8_t *bytes, size_t size)
{
	struct kg_session *session = session_of(connection);
	BYTE *messages = NULL;
	UINT32 messages_size = 0;
	bool right;

	session->channel_bytes += size;
	right = size <= UINT32_MAX && zgfx_decompress(session->zgfx, bytes, (UINT32)size, &messages, &messages_size,
						      0) >= 0 &&
		kg_tally_messages(&session->tally, messages, messages_size, on_frame, session);
	free(messages);
	if (!right)
		end(session, "the graphics channel carries no messages");
	return right;
}

static void graphics_closed(struct kg_connection *connection)
{
	struct kg_session *session = session_of(connection);

	session->ack_count = session->acknowledged = 0;
}

/* ---- decoded ---- */

static void on_shown(struct kg_session *session)
{
	struct kg_shown shown = { .at_us = kg_now_us(), .channel_bytes = session->channel_bytes };
	struct kg_image picture;

	kg_decoding_pause(session);
	shown.decode_us = (uint32_t)(session->decode_us - session->frame_decode_us);
	session->frame_decode_us = session->decode_us;
	if (!session->first_us)
		session->first_us = shown.at_us;
	if (kg_session_picture(session, &picture) && picture.width >= KG_CODE_WIDTH &&
	    picture.height >= KG_CODE_HEIGHT) {
		shown.has_time = kg_timecode_read(picture.pixels, picture.stride, &shown.time);
		shown.has_key = kg_keycode_read(picture.pixels, picture.stride, &shown.key);
	}
	session->events->shown(session->data, session, &shown);
	kg_decoding_resume(session);
}

static bool connected(struct kg_connection *connection)
{
	struct kg_session *session = session_of(connection);

	session->connected_us = kg_now_us();
	if (session->how->decode)
		kg_decoding_watch(session, on_shown);
	return true;
}

static const struct kg_connection_events connection_events = {
	.connected = connected,
	.graphics_open = graphics_open,
	.graphics_data = graphics_data,
	.graphics_closed = graphics_closed,
	.pipeline = kg_decoding_pipeline,
	.decoding = kg_decoding_begin,
	.decoded = kg_decoding_end,
};

/* ---- life ---- */

static bool set_up(struct kg_session *session)
{
	struct kg_connection *connection = &session->connection;
	rdpSettings *s = connection->context.settings;
	const struct kg_session_how *how = session->how;

	connection->stock = how->decode;
	connection->blind = !how->decode;
	return kg_connection_set_server(connection, how->server) && kg_connection_set_size(connection, how->size) &&
	       freerdp_settings_set_string(s, FreeRDP_Username, how->user) &&
	       freerdp_settings_set_string(s, FreeRDP_Password, how->password) &&
	       freerdp_settings_set_bool(s, FreeRDP_SupportGraphicsPipeline, !how->legacy) &&
	       freerdp_settings_set_bool(s, FreeRDP_RemoteFxCodec, how->legacy) &&
	       freerdp_settings_set_uint32(s, FreeRDP_ThreadingFlags,
					   how->threads ? 0 : THREADING_FLAGS_DISABLE_THREADS);
}

int kg_session_new(struct kg_session **ret, struct kg_loop *loop, const struct kg_session_how *how,
		   const struct kg_session_events *events, void *data)
{
	struct kg_connection *connection;
	struct kg_session *session;
	int r = kg_connection_new(&connection, sizeof(*session), &connection_events);

	if (r < 0)
		return r;
	session = session_of(connection);
	session->how = how;
	session->events = events;
	session->data = data;
	session->loop = loop;
	r = set_up(session) ? kg_loop_timer(loop, &session->ack_timer, UINT64_MAX, on_ack_timer, session) : -EINVAL;
	if (r >= 0 && !how->decode) {
		session->zgfx = zgfx_context_new(FALSE);
		r = session->zgfx ? 0 : -ENOMEM;
	}
	if (r < 0) {
		kg_session_free(session);
		return r;
	}
	*ret = session;
	return 0;
}

static void forget_watches(struct kg_session *session)
{
	while (session->watch_count)
		kg_watch_free(session->watches[--session->watch_count]);
}

void kg_session_free(struct kg_session *session)
{
	if (!session)
		return;
	forget_watches(session);
	kg_watch_free(session->ack_timer);
	zgfx_context_free(session->zgfx);
	kg_connection_free(&session->connection);
}

static void on_ready(void *data, int fd, uint32_t events)
{
	struct kg_session *session = data;

	if (!kg_connection_handle(&session->connection)) {
		uint32_t code;

		forget_watches(session);
		end(session, kg_connection_error(&session->connection, &code));
	}
}

int kg_session_open(struct kg_session *session)
{
	struct pollfd fds[KG_ARRAY_SIZE(session->watches)];
	size_t count;
	int r;

	if (!kg_connection_open(&session->connection))
		return -ECONNREFUSED;
	count = kg_connection_wait_for(&session->connection, fds, KG_ARRAY_SIZE(fds));
	if (!count)
		return -ECONNRESET;
	for (size_t i = 0; i < count; i++) {
		r = kg_loop_fd(session->loop, &session->watches[session->watch_count], fds[i].fd, EPOLLIN, on_ready,
			       session);
		if (r < 0)
			return r;
		session->watch_count++;
	}
	return 0;
}

void kg_session_close(struct kg_session *session)
{
	session->over = true;
	forget_watches(session);
	kg_connection_close(&session->connection);
}

bool kg_session_picture(const struct kg_session *session, struct kg_image *ret)
{
	const rdpGdi *gdi = session->connection.context.gdi;

	if (!gdi || !gdi->primary_buffer || gdi->width <= 0 || gdi->height <= 0)
		return false;
	*ret = (struct kg_image){ gdi->primary_buffer, (uint32_t)gdi->width, (uint32_t)gdi->height, gdi->stride };
	return true;
}

bool kg_session_press(struct kg_session *session, uint8_t scancode)
{
	rdpInput *input = session->connection.context.input;

	return freerdp_input_send_keyboard_event(input, KBD_FLAGS_DOWN, scancode) &&
	       freerdp_input_send_keyboard_event(input, KBD_FLAGS_RELEASE, scancode);
}
