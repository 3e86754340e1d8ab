/* Views of a desktop, with a session played at the other end of the channel, on one loop. */
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
#include "tests/noise-desktop.h"
#include "tests/tap.h"
#include "tests/view-session.h"

#include <linux/input-event-codes.h>

/* ---- tests ---- */

static void graphics(void)
{
	struct kg_show *show = still_show();
	struct session s;
	struct kg_view_suppress suppress = { 1 };
	struct kg_view_rect rect = { 70, 70, 71, 71 };
	uint32_t messages, pictures;

	session_join(&s, show);
	session_open(&s, usual);
	ok(turn_until(s.width == 300 && s.height == 200) && s.ring.memory, "OPEN is answered with the ring and the new size");
	settle();
	ok(s.slices == 0, "nothing is shown before the client's graphics are there");
	session_graphics(&s, 0x000a0701);
	ok(turn_until(s.client.frames == 1), "then the first picture comes");
	ok(s.client.width == 300 && s.client.height == 200 && pixel(&s, 10, 10) == 0x102030 && pixel(&s, 0, 0) == 0xffffff &&
		   pixel(&s, 299, 199) == 0xffffff,
	   "it is the desktop's");
	ok(turn_until(s.cursors == 1) && s.cursor.what == KG_CURSOR_NEW && s.cursor.width == 12 && s.cursor_pixel == 0xff000000,
	   "the pointer's shape comes through the ring");

	settle();
	messages = s.messages;
	ok(kg_loop_turn(loop, 300000) == 0 && s.messages == messages, "an idle desktop sends nothing and wakes nobody");

	click(&s, 100, 70);
	ok(turn_until(s.client.frames == 2) && pixel(&s, 100, 70) == 0xff4000 && pixel(&s, 99, 70) == 0x102030 &&
		   pixel(&s, 115, 85) == 0xff4000,
	   "a click is seen at its pixel");

	kg_channel_send(s.channel, KG_VIEW_SUPPRESS, &suppress, sizeof(suppress));
	click(&s, 10, 10);
	settle();
	ok(s.client.frames == 2, "a client that does not look is sent nothing");
	suppress.on = 0;
	kg_channel_send(s.channel, KG_VIEW_SUPPRESS, &suppress, sizeof(suppress));
	ok(turn_until(s.client.frames == 3) && pixel(&s, 10, 10) == 0xff4000, "until it looks again");

	pictures = s.client.pictures + s.client.fills + s.client.hits;
	kg_channel_send(s.channel, KG_VIEW_REFRESH, &rect, sizeof(rect));
	ok(turn_until(s.client.frames == 4) && s.client.pictures + s.client.fills + s.client.hits == pictures + 1,
	   "REFRESH sends the tile again");

	kg_channel_send(s.channel, KG_VIEW_OFFER, NULL, 0);
	ok(turn_until(s.client.imports == 1), "OFFER is answered, although nothing changes");
	session_graphics(&s, 0x000a0100);
	ok(turn_until(s.client.frames == 5) && s.client.confirms == 2 && s.client.resets == 2 && pixel(&s, 100, 70) == 0xff4000,
	   "GRAPHICS again begins anew, with the whole picture");
	ok(!*s.wrong, "all of it was right: %s", s.wrong);
	kg_show_free(show);
	session_done(&s);
}

static void unacknowledged(void)
{
	struct kg_show *show = still_show();
	struct session s;

	session_join(&s, show);
	s.silent = true;
	session_open(&s, usual);
	session_graphics(&s, 0x00080004);
	turn_until(s.client.frames == 1);
	for (int i = 0; i < 4; i++) {
		click(&s, 20 * i, 100);
		turn_until(s.client.frames == 2);
		settle();
	}
	ok(s.client.frames == 2, "two frames are unacknowledged at most (%u)", s.client.frames);
	acknowledge(&s, s.last_frame, 0);
	ok(turn_until(s.client.frames == 3) && pixel(&s, 60, 100) == 0xff4000 && pixel(&s, 20, 100) == 0xff4000,
	   "the next has all that happened meanwhile");
	acknowledge(&s, s.last_frame, 0xffffffff);
	for (uint32_t i = 0; i < 4; i++) {
		click(&s, (int32_t)(20 * i), 150);
		turn_until(s.client.frames == 4 + i);
	}
	ok(s.client.frames == 7, "a client that stops acknowledging gets every frame (%u)", s.client.frames);
	s.lazy = true;
	click(&s, 0, 0);
	ok(turn_until(s.client.frames == 8), "one more goes into the ring");
	click(&s, 20, 0);
	settle();
	ok(s.client.frames == 8, "none when what was sent is not read");
	give_credit(&s);
	ok(turn_until(s.client.frames == 9), "until it is");
	ok(!*s.wrong, "all of it was right: %s", s.wrong);
	session_done(&s);
	settle();
	ok(kg_show_views(show) == 0, "a session that goes takes its view along");
	kg_show_free(show);
}

static void two_views(void)
{
	struct kg_show *show = still_show();
	struct kg_view_open other = usual;
	struct session a, b, more[KG_VIEWS_MAX];
	int r = 0;

	session_join(&a, show);
	session_open(&a, usual);
	session_graphics(&a, 0x000a0400);
	turn_until(a.client.frames == 1);
	click(&a, 50, 50);
	turn_until(a.client.frames == 2);

	session_join(&b, show);
	session_open(&b, usual);
	session_graphics(&b, 0x000a0400);
	ok(turn_until(b.client.frames == 1) && pixel(&b, 50, 50) == 0xff4000 && pixel(&b, 10, 10) == 0x102030,
	   "a second view is served from the frame that is there");
	settle();
	ok(a.client.frames == 2, "the first notices nothing");
	session_done(&b);

	other.width = 129;
	other.height = 65;
	other.path = KG_PATH_BITMAP;
	session_join(&b, show);
	session_open(&b, other);
	ok(turn_until(b.frames == 1 && a.client.width == 129 && a.client.frames == 3) && a.width == 129 && a.height == 65 &&
		   a.client.height == 65 && a.sizes == 2 && pixel(&a, 128, 64) == 0xffffff,
	   "a view with another size changes the desktop's, and the first is told");
	ok(b.slice_size && !b.client.envelopes && b.last_frame == 1, "a client without the pipeline gets bitmaps");
	settle();
	ok(b.frames == 1, "once");
	ok(!*a.wrong && !*b.wrong, "all of it was right: %s%s", a.wrong, b.wrong);

	for (int i = 0; i < KG_VIEWS_MAX - 2; i++)
		r = KG_MIN(r, session_join(&more[i], show));
	ok(r == 0 && session_join(&more[KG_VIEWS_MAX - 2], show) == -EBUSY, "there are %d views at most", KG_VIEWS_MAX);

	kg_show_end(show, KG_END_TAKEN_OVER, "by a test");
	ok(turn_until(a.end == KG_END_TAKEN_OVER && b.end == KG_END_TAKEN_OVER && more[0].end == KG_END_TAKEN_OVER),
	   "every view is told why it ends");
	click(&a, 1, 1);
	settle();
	ok(a.client.frames == 3 && kg_show_views(show) == KG_VIEWS_MAX, "and shows nothing any more");
	kg_show_free(show);
	session_done(&a);
	session_done(&b);
	for (int i = 0; i < KG_VIEWS_MAX - 1; i++)
		session_done(&more[i]);
}

/* ---- wrong values ---- */

#define WRONG(i, type, ...) { i, #i " " #__VA_ARGS__, &(struct type){ __VA_ARGS__ }, sizeof(struct type) }

static const struct wrong {
	uint16_t id;
	const char *text;
	const void *body;
	size_t size;
} wrongs[] = {
	WRONG(KG_VIEW_OPEN, kg_view_open, .width = 1),
	WRONG(KG_VIEW_GRAPHICS, kg_view_graphics, .version = 0x000a0702),
	WRONG(KG_VIEW_SUPPRESS, kg_view_suppress, .on = 2),
	WRONG(KG_VIEW_REFRESH, kg_view_rect, .left = 2, .right = 1),
	WRONG(KG_VIEW_CREDIT, kg_view_credit, .position = 1ull << 40),
	WRONG(KG_VIEW_CREDIT, kg_view_credit, .position = 0),
	WRONG(KG_VIEW_ACKNOWLEDGED, kg_view_acknowledged, .frame = 1000),
	WRONG(KG_VIEW_KEY, kg_view_key, .flags = 4),
	WRONG(KG_VIEW_KEY, kg_view_key, .down = 2),
	WRONG(KG_VIEW_TEXT, kg_view_text, .down = 2),
	WRONG(KG_VIEW_MOTION, kg_view_motion, .x = -1),
	WRONG(KG_VIEW_MOTION, kg_view_motion, .y = 65536),
	WRONG(KG_VIEW_MOTION, kg_view_motion, .x = 32768, .relative = 1),
	WRONG(KG_VIEW_MOTION, kg_view_motion, .relative = 2),
	WRONG(KG_VIEW_BUTTON, kg_view_button, .evdev = BTN_LEFT - 1),
	WRONG(KG_VIEW_BUTTON, kg_view_button, .evdev = BTN_EXTRA + 1),
	WRONG(KG_VIEW_BUTTON, kg_view_button, .evdev = BTN_LEFT, .down = 2),
	WRONG(KG_VIEW_WHEEL, kg_view_wheel, .units = 257),
	WRONG(KG_VIEW_WHEEL, kg_view_wheel, .units = -257),
	WRONG(KG_VIEW_WHEEL, kg_view_wheel, .horizontal = 2),
	WRONG(KG_VIEW_LOCKS, kg_view_locks, .locks = 16),
};

#define OPEN(...)                                                                                                      \
	{                                                                                                              \
		.width = 300, .height = 200, .path = KG_PATH_BITMAP, .keyboard = 4, .cursor_size = 32,                 \
		.cursor_slots = 1, .bitmap_size_max = 16384, __VA_ARGS__                                               \
	}

#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Winitializer-overrides"
static const struct kg_view_open wrong_opens[] = {
	OPEN(.width = 0), OPEN(.height = 0), OPEN(.scale = 99), OPEN(.scale = 501), OPEN(.path = 0), OPEN(.path = 3),
	OPEN(.keyboard = 5), OPEN(.cursor_size = 33), OPEN(.cursor_slots = 0), OPEN(.bitmap_size_max = 16383),
	OPEN(.remotefx = 2), OPEN(.remotefx = 4), OPEN(.remotefx_video = 2),
};

static void wrong_values(void)
{
	struct kg_show *show = still_show();
	struct session good, s;
	struct kg_view_graphics graphics_message = { .version = 0x000a0701 };
	struct kg_view_open open = OPEN(.scale = 0);
	bool refused = true;

	session_join(&good, show);
	session_open(&good, usual);
	session_graphics(&good, 0x000a0701);
	turn_until(good.client.frames == 1);

	for (size_t i = 0; i < KG_ARRAY_SIZE(wrong_opens); i++) {
		session_join(&s, show);
		session_open(&s, wrong_opens[i]);
		refused = turn_until(s.closed) && s.end == KG_END_VIOLATION && refused;
		session_done(&s);
	}
	ok(refused, "OPEN with a wrong value ends the view, %zu times", KG_ARRAY_SIZE(wrong_opens));

	for (size_t i = 0; i < KG_ARRAY_SIZE(wrongs); i++) {
		session_join(&s, show);
		session_open(&s, usual);
		session_graphics(&s, 0x000a0701);
		turn_until(s.client.frames == 1 && s.cursors == 1);
		settle();
		kg_channel_send(s.channel, wrongs[i].id, wrongs[i].body, wrongs[i].size);
		ok(turn_until(s.closed) && (s.end == KG_END_VIOLATION || wrongs[i].id == KG_VIEW_OPEN), "%s ends the view",
		   wrongs[i].text);
		session_done(&s);
	}

	session_join(&s, show);
	session_open(&s, open);
	kg_channel_send(s.channel, KG_VIEW_GRAPHICS, &graphics_message, sizeof(graphics_message));
	ok(turn_until(s.closed) && s.end == KG_END_VIOLATION, "GRAPHICS on the bitmap path ends the view");
	session_done(&s);

	session_join(&s, show);
	click(&s, 1, 1);
	ok(turn_until(s.closed), "input before OPEN ends the view");
	session_done(&s);

	session_open(&good, usual);
	ok(turn_until(good.closed) && kg_show_views(show) == 0, "the others lived on until they did wrong");
	session_done(&good);
	kg_show_free(show);
}

static void input(void)
{
	struct noise *noise = noise_new(300, 200);
	struct kg_input_memory memory;
	struct kg_show *show;
	struct session s;
	struct kg_view_key key = { .scancode = 0x1e, .down = 1 };
	struct kg_view_wheel wheel = { .units = -120 };
	struct kg_view_motion motion = { .x = -5, .y = 7, .relative = 1 };
	const struct kg_input_event *event;

	kg_input_memory_init(&memory);
	show = show_new(&noise->source, &memory.sink);
	session_join(&s, show);
	session_open(&s, usual);
	kg_channel_send(s.channel, KG_VIEW_KEY, &key, sizeof(key));
	kg_channel_send(s.channel, KG_VIEW_WHEEL, &wheel, sizeof(wheel));
	kg_channel_send(s.channel, KG_VIEW_MOTION, &motion, sizeof(motion));
	ok(turn_until(memory.count == 3), "keys, wheel and motion arrive");
	event = kg_input_memory_event(&memory, 0);
	ok(event && event->type == KG_INPUT_KEY && event->code == KEY_A && event->x == 1, "the key as it was pressed");
	noise->source.events->warp(noise->source.data, 1000, 50);
	noise->source.events->locks(noise->source.data, KG_LOCK_CAPS);
	ok(turn_until(s.locks == KG_LOCK_CAPS) && s.warp.x == 299 && s.warp.y == 50, "warps and lock lights come back");
	session_done(&s);
	settle();
	event = kg_input_memory_event(&memory, 3);
	ok(event && event->type == KG_INPUT_KEY && event->code == KEY_A && event->x == 0,
	   "a key that is held is released when the session goes");
	kg_show_free(show);
}

static void cursors(void)
{
	struct noise *noise = noise_new(300, 200);
	struct kg_show *show = show_new(&noise->source, NULL);
	uint32_t *shape = calloc(64 * 64, 4);
	struct kg_cursor cursor = { .width = 64, .height = 64, .pixels = (const uint8_t *)shape };
	struct kg_view_open open = usual;
	struct session s;

	open.cursor_size = 32;
	open.cursor_slots = 2;
	session_join(&s, show);
	session_open(&s, open);
	session_graphics(&s, 0x000a0701);
	turn_until(s.client.frames == 1);
	for (int i = 0; i < 64 * 64; i++)
		shape[i] = 0xff00ff00;
	noise->source.events->cursor(noise->source.data, &cursor);
	ok(turn_until(s.cursors == 1) && s.cursor.what == KG_CURSOR_NEW && s.cursor.width == 32 && s.cursor_pixel == 0xff00ff00,
	   "a shape too large for the client is made smaller");
	settle();
	noise->source.events->cursor(noise->source.data, &(struct kg_cursor){ 0 });
	ok(turn_until(s.cursors == 2) && s.cursor.what == KG_CURSOR_HIDDEN, "no shape hides the pointer");
	noise->source.events->cursor(noise->source.data, &cursor);
	ok(turn_until(s.cursors == 3) && s.cursor.what == KG_CURSOR_CACHED && s.cursor.slot == 0,
	   "a known shape is not sent again");
	s.lazy = true;
	for (uint32_t i = 0; i < 100; i++) {
		shape[0] = 0xff000000 | i;
		noise->source.events->cursor(noise->source.data, &cursor);
	}
	settle();
	ok(s.cursors == 4, "a session that does not read is not flooded (%u)", s.cursors);
	s.lazy = false;
	give_credit(&s);
	ok(turn_until(s.cursors == 5) && s.cursor.what == KG_CURSOR_NEW, "and then gets the last one");
	cursor.hot_x = 64;
	noise->source.events->cursor(noise->source.data, &cursor);
	settle();
	ok(s.cursors == 5 && !*s.wrong, "a hot spot outside is not passed on: %s", s.wrong);
	kg_show_free(show);
	session_done(&s);
	free(shape);
}

int main(void)
{
	tap_seed_init();
	kg_log_init("test_view", KG_LOG_ERR);
	if (kg_loop_new(&loop) < 0 || kg_pool_new(&pool, loop, 2) < 0)
		return EXIT_FAILURE;
	graphics();
	unacknowledged();
	two_views();
	wrong_values();
	input();
	cursors();
	kg_pool_free(pool);
	kg_loop_free(loop);
	return tap_end();
}
