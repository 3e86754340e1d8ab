/* For tests of views: a session that is played, the loop, and a desktop to show. */
#pragma once

#include "base/frame.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/pool.h"
#include "base/ring.h"
#include "input/keymap.h"
#include "input/memory.h"
#include "server/control/channel.h"
#include "server/control/view-messages.h"
#include "base/cursor.h"
#include "server/desktop/kind.h"
#include "server/desktop/show.h"
#include "server/desktop/source_impl.h"
#include "tests/gfx-decode.h"
#include "tests/tap.h"

#include <linux/input-event-codes.h>

#define DEADLINE_MS 10000
#define QUIET_US 50000		// nothing happens for so long: it is quiet

static struct kg_loop *loop;
static struct kg_pool *pool;

/* ---- a session ---- */

struct session {
	struct kg_channel *channel;
	struct kg_ring ring;
	struct gfx_decoder client;
	bool lazy;			// gives no credit
	bool silent;			// acknowledges nothing
	uint64_t read;			// end of the last piece
	uint32_t width, height;		// told
	uint32_t sizes, slices, messages, cursors, frames;
	uint32_t last_frame;
	uint32_t reset;			// number of the last GRAPHICS
	struct kg_view_cursor cursor;
	uint32_t cursor_pixel;		// the first of the last new shape
	struct kg_view_warp warp;
	uint32_t locks;
	uint8_t *slice;			// a copy of the last one, of bitmaps
	uint32_t slice_size;
	int end;			// reason, -1: none
	bool closed;
	char wrong[128];
};

static inline void give_credit(struct session *session)
{
	struct kg_view_credit credit = { session->read };

	kg_channel_send(session->channel, KG_VIEW_CREDIT, &credit, sizeof(credit));
}

static inline void acknowledge(struct session *session, uint32_t frame, uint32_t depth)
{
	struct kg_view_acknowledged acknowledged = { frame, depth, frame };

	kg_channel_send(session->channel, KG_VIEW_ACKNOWLEDGED, &acknowledged, sizeof(acknowledged));
}

static inline void note_wrong(struct session *session, const char *what)
{
	if (!*session->wrong)
		snprintf(session->wrong, sizeof(session->wrong), "%s", what);
}

static inline void on_slice(struct session *session, const struct kg_view_slice *slice)
{
	const uint8_t *piece = kg_ring_piece(&session->ring, slice->position, slice->length);
	bool old = slice->kind == KG_SLICE_GRAPHICS && slice->reset != session->reset;
	const char *wrong = NULL;

	session->slices++;
	if (!piece || slice->position < session->read || slice->length > KG_SLICE_SIZE_MAX)
		return note_wrong(session, "a slice that is not in the ring");
	if (slice->kind == KG_SLICE_GRAPHICS) {
		wrong = old ? NULL : gfx_decode(&session->client, piece, slice->length);
	} else {
		free(session->slice);
		session->slice = memcpy(malloc(slice->length), piece, slice->length);
		session->slice_size = slice->length;
	}
	if (wrong)
		note_wrong(session, wrong);
	session->read = slice->position + slice->length;
	if (slice->last && !old) {
		session->frames++;
		session->last_frame = slice->frame;
	}
	if (!session->lazy)
		give_credit(session);
	if (!session->silent && slice->last)
		acknowledge(session, slice->frame, 0);
}

static inline void on_cursor(struct session *session, const struct kg_view_cursor *cursor)
{
	size_t size = (size_t)cursor->width * cursor->height * 4;
	const uint8_t *piece;

	session->cursors++;
	session->cursor = *cursor;
	if (cursor->what != KG_CURSOR_NEW)
		return;
	piece = kg_ring_piece(&session->ring, cursor->position, size);
	if (!piece || cursor->position < session->read || cursor->hot_x >= cursor->width || cursor->hot_y >= cursor->height)
		return note_wrong(session, "a pointer that is not in the ring");
	memcpy(&session->cursor_pixel, piece, 4);
	session->read = cursor->position + size;
	if (!session->lazy)
		give_credit(session);
}

static inline int on_message(void *data, struct kg_message *message)
{
	struct session *session = data;
	struct kg_view_size size;
	struct kg_view_slice slice;
	struct kg_view_cursor cursor;
	struct kg_view_end end;

	session->messages++;
	switch (message->id) {
	case KG_VIEW_RING:
		if (kg_ring_init_reader(&session->ring, message->fd) < 0)
			note_wrong(session, "not a ring");
		message->fd = -1;
		kg_channel_set_phase(session->channel, KG_VIEW_RUN);
		break;
	case KG_VIEW_SIZE:
		memcpy(&size, message->body, sizeof(size));
		session->width = size.width;
		session->height = size.height;
		session->sizes++;
		break;
	case KG_VIEW_SLICE:
		memcpy(&slice, message->body, sizeof(slice));
		on_slice(session, &slice);
		break;
	case KG_VIEW_CURSOR:
		memcpy(&cursor, message->body, sizeof(cursor));
		on_cursor(session, &cursor);
		break;
	case KG_VIEW_WARP:
		memcpy(&session->warp, message->body, sizeof(session->warp));
		break;
	case KG_VIEW_LEDS:
		memcpy(&session->locks, message->body, sizeof(session->locks));
		break;
	case KG_VIEW_END:
		memcpy(&end, message->body, sizeof(end));
		session->end = (int)end.reason;
		break;
	}
	return 0;
}

static inline void on_ended(void *data, int error)
{
	struct session *session = data;

	session->closed = true;
}

static const struct kg_channel_events channel_events = { .message = on_message, .ended = on_ended };

static struct kg_loop *sessions_loop;	// where sessions are played; NULL: on the desktop's

/* The desktop's end of the channel. */
static inline int session_make(struct session *session)
{
	int pair[2], r;

	*session = (struct session){ .end = -1 };
	if (kg_channel_pair(pair) < 0 || gfx_decoder_init(&session->client) < 0)
		abort();
	r = kg_channel_new(&session->channel, &kg_view_messages, KG_SIDE_A, pair[0], "desktop", 0);
	if (r < 0 || kg_channel_attach(session->channel, sessions_loop ? sessions_loop : loop, &channel_events, session) < 0)
		abort();
	kg_channel_set_phase(session->channel, KG_VIEW_OPENING);
	return pair[1];
}

static inline int session_join(struct session *session, struct kg_show *show)
{
	int fd = session_make(session);
	struct kg_id id;

	if (kg_id_random(&id) < 0)
		abort();
	return kg_show_add_view(show, fd, &id);
}

static inline void session_done(struct session *session)
{
	kg_channel_free(session->channel);
	kg_ring_done(&session->ring);
	gfx_decoder_done(&session->client);
	free(session->slice);
}

static const struct kg_view_open usual = {
	.width = 300,
	.height = 200,
	.scale = 100,
	.path = KG_PATH_GRAPHICS,
	.keyboard = KG_KEYBOARD_PC,
	.cursor_size = 96,
	.cursor_slots = 20,
	.bitmap_size_max = 65535,
};

static inline void session_open(struct session *session, struct kg_view_open open)
{
	kg_channel_send(session->channel, KG_VIEW_OPEN, &open, sizeof(open));
}

static inline void session_graphics(struct session *session, uint32_t version)
{
	struct kg_view_graphics graphics = { .version = version, .flags = 0x22, .reset = ++session->reset };

	session->client.asked = 0;	// answers to earlier ones that are still to come are dropped as old, see on_slice()
	gfx_decoder_advertise(&session->client, version, 0x22);
	kg_channel_send(session->channel, KG_VIEW_GRAPHICS, &graphics, sizeof(graphics));
}

/* ---- turning the loop ---- */

#define turn_until(condition)                                                                                          \
	({                                                                                                             \
		double deadline_ = tap_now() + DEADLINE_MS / 1000.0;                                                   \
		while (!(condition) && tap_now() < deadline_)                                                          \
			kg_loop_turn(loop, 100000);                                                                    \
		(condition);                                                                                           \
	})

/* Turns until nothing happens any more: that it comes to that is part of every test. */
static inline void settle(void)
{
	double deadline = tap_now() + TAP_SLOW * DEADLINE_MS / 1000.0;

	while (kg_loop_turn(loop, QUIET_US) > 0) {
		if (tap_now() < deadline)
			continue;
		printf("Bail out! the loop is still woken after %d s in which nothing was asked of it\n", TAP_SLOW * DEADLINE_MS / 1000);
		exit(EXIT_FAILURE);
	}
}

/* ---- a desktop ---- */

static int lost_error;

static inline void on_lost(void *data, int error, const char *why)
{
	lost_error = error;
}

static const struct kg_show_events show_events = { .lost = on_lost };

static inline struct kg_show *show_new(struct kg_source *source, struct kg_input_sink *input)
{
	struct kg_desktop_bundle bundle = { source, input };
	struct kg_show *show;
	uint32_t width, height;

	if (kg_show_new(&show, loop, pool, &bundle) < 0 || kg_show_start(show, &show_events, NULL, &width, &height) < 0)
		abort();
	return show;
}

static inline struct kg_show *still_show(void)
{
	struct kg_desktop_open how = { .loop = loop, .where = "#102030", .fd = -1 };
	struct kg_desktop_bundle bundle;

	if (kg_desktop_kind_still.open(&bundle, &how) < 0)
		abort();
	return show_new(bundle.source, bundle.input);
}

static inline uint32_t pixel(const struct session *session, uint32_t x, uint32_t y)
{
	uint32_t value = 0;

	if (x < session->client.width && y < session->client.height)
		memcpy(&value, session->client.output + ((size_t)y * session->client.width + x) * 4, 4);
	return value & 0xffffff;
}

static inline void click(struct session *session, int32_t x, int32_t y)
{
	struct kg_view_motion motion = { .x = x, .y = y };
	struct kg_view_button button = { .evdev = BTN_LEFT, .down = 1 };

	kg_channel_send(session->channel, KG_VIEW_MOTION, &motion, sizeof(motion));
	kg_channel_send(session->channel, KG_VIEW_BUTTON, &button, sizeof(button));
	button.down = 0;
	kg_channel_send(session->channel, KG_VIEW_BUTTON, &button, sizeof(button));
}
