/* The kind x11 on X servers of its own: pictures, damage, pointer, input, size, and servers that hang or die. */
#include "base/frame.h"
#include "base/loop.h"
#include "input/sink.h"
#include "base/cursor.h"
#include "server/desktop/kind.h"
#include "server/desktop/source.h"
#include "tests/x_server.h"

#include <linux/input-event-codes.h>
#include <sys/resource.h>
#include <xcb/xcb.h>
#include <xcb/xfixes.h>

/* ---- What a client of the source sees: only damaged pixels are taken over ---- */

struct viewer {
	struct kg_loop *loop;
	struct kg_desktop_bundle bundle;
	uint32_t width, height;
	uint32_t *picture;
	unsigned frames, cursors;
	uint64_t sequence;
	bool first_is_whole, in_order, keep_wanting;
	struct kg_cursor cursor;
	uint32_t cursor_pixels[384 * 384];
	unsigned locks;
	int lost;
	char why[128];
};

static void on_frame(void *data, struct kg_frame *frame)
{
	struct viewer *v = data;

	if (frame->width != v->width || frame->height != v->height) {
		struct kg_rect all = kg_region_bounds(&frame->damage);

		free(v->picture);
		v->width = frame->width;
		v->height = frame->height;
		v->picture = calloc(1, (size_t)v->width * v->height * 4);
		v->first_is_whole = kg_rect_width(all) == v->width && kg_rect_height(all) == v->height;
	}
	for (uint32_t i = 0; i < frame->damage.count; i++) {
		struct kg_rect r = frame->damage.rects[i];

		for (int32_t y = r.top; y < r.bottom; y++)
			memcpy(v->picture + (size_t)y * v->width + r.left,
			       frame->pixels + (size_t)y * frame->stride + (size_t)r.left * 4, kg_rect_width(r) * 4);
	}
	v->in_order &= frame->sequence == v->sequence + 1;
	v->sequence = frame->sequence;
	v->frames++;
	if (v->keep_wanting)
		kg_source_want(v->bundle.source);
}

static void on_cursor(void *data, const struct kg_cursor *cursor)
{
	struct viewer *v = data;

	v->cursor = *cursor;
	memcpy(v->cursor_pixels, cursor->pixels, (size_t)cursor->width * cursor->height * 4);
	v->cursors++;
}

static void on_warp(void *data, int32_t x, int32_t y)
{
}

static void on_locks(void *data, unsigned locks)
{
	struct viewer *v = data;

	v->locks = locks;
}

static void on_lost(void *data, int error, const char *why)
{
	struct viewer *v = data;

	v->lost = error;
	snprintf(v->why, sizeof(v->why), "%s", why);
}

static const struct kg_source_events events = { on_frame, on_cursor, on_warp, on_locks, on_lost };

static int viewer_open(struct viewer *v, const char *display, uint32_t width, uint32_t height)
{
	struct kg_desktop_open how = { .where = display, .fd = -1, .width = width, .height = height };
	int r;

	memset(v, 0, sizeof(*v));
	v->in_order = v->keep_wanting = true;
	r = kg_loop_new(&v->loop);
	if (r < 0)
		return r;
	how.loop = v->loop;
	r = kg_desktop_kind_x11.open(&v->bundle, &how);
	if (r < 0)
		return r;
	return kg_source_start(v->bundle.source, &events, v);
}

static void viewer_close(struct viewer *v)
{
	kg_input_free(v->bundle.input);
	kg_source_free(v->bundle.source);
	kg_loop_free(v->loop);
	free(v->picture);
}

#define run_until(v, condition, ms)                                                                \
	({                                                                                         \
		double run_deadline_ = tap_now() + TAP_SLOW * (ms) / 1000.0;                       \
		bool run_true_;                                                                    \
		while (!(run_true_ = (condition)) && tap_now() < run_deadline_)                    \
			kg_loop_turn((v)->loop, 2000);                                             \
		run_true_;                                                                         \
	})

/* ---- What happens on the display: a client of the test's own ---- */

struct painter {
	xcb_connection_t *c;
	xcb_screen_t *screen;
	xcb_window_t window;
	xcb_gcontext_t gc;
};

static bool painter_open(struct painter *p, const char *display, uint16_t width, uint16_t height)
{
	uint32_t values[] = { 0x204060, 1,
			      XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_KEY_RELEASE | XCB_EVENT_MASK_BUTTON_PRESS |
				      XCB_EVENT_MASK_BUTTON_RELEASE | XCB_EVENT_MASK_POINTER_MOTION };
	xcb_void_cookie_t mapped;
	xcb_generic_error_t *error;

	memset(p, 0, sizeof(*p));
	p->c = xcb_connect(display, NULL);
	if (xcb_connection_has_error(p->c))
		return false;
	p->screen = xcb_setup_roots_iterator(xcb_get_setup(p->c)).data;
	p->window = xcb_generate_id(p->c);
	xcb_create_window(p->c, XCB_COPY_FROM_PARENT, p->window, p->screen->root, 0, 0, width, height, 0,
			  XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
			  XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, values);
	mapped = xcb_map_window_checked(p->c, p->window);
	xcb_set_input_focus(p->c, XCB_INPUT_FOCUS_POINTER_ROOT, p->window, XCB_CURRENT_TIME);
	p->gc = xcb_generate_id(p->c);
	xcb_create_gc(p->c, p->gc, p->window, 0, NULL);
	error = xcb_request_check(p->c, mapped);
	free(error);
	return !error;
}

static void paint(struct painter *p, uint32_t colour, int16_t x, int16_t y, uint16_t width, uint16_t height)
{
	xcb_rectangle_t r = { x, y, width, height };

	xcb_change_gc(p->c, p->gc, XCB_GC_FOREGROUND, &colour);
	xcb_poly_fill_rectangle(p->c, p->window, p->gc, 1, &r);
}

static void painted(struct painter *p)
{
	free(xcb_get_input_focus_reply(p->c, xcb_get_input_focus(p->c), NULL));
}

/* The first pixel that the viewer and the display show differently, -1 when there is none. */
static long difference(struct painter *p, const struct viewer *v)
{
	xcb_get_image_reply_t *image = xcb_get_image_reply(
		p->c, xcb_get_image(p->c, XCB_IMAGE_FORMAT_Z_PIXMAP, p->screen->root, 0, 0, (uint16_t)v->width,
				    (uint16_t)v->height, UINT32_MAX), NULL);
	const uint32_t *pixels = image ? (const uint32_t *)xcb_get_image_data(image) : NULL;
	long at = pixels ? -1 : 0;

	for (size_t i = 0; pixels && at < 0 && i < (size_t)v->width * v->height; i++)
		if ((pixels[i] ^ v->picture[i]) & 0xffffff)
			at = (long)i;
	free(image);
	return at;
}

/* The next event of one of two types, or NULL. */
static xcb_generic_event_t *next_event(struct viewer *v, struct painter *p, uint8_t a, uint8_t b)
{
	xcb_generic_event_t *event = NULL;

	run_until(v, ({
		free(event);
		event = xcb_poll_for_event(p->c);
		event && ((event->response_type & 0x7f) == a || (event->response_type & 0x7f) == b);
	}), 3000);
	return event;
}

/* ---- The tests ---- */

static void test_pictures(struct viewer *v, struct painter *p)
{
	unsigned frames;
	struct rusage before, after;
	double idle;

	kg_source_want(v->bundle.source);
	ok(run_until(v, v->frames == 1, 3000) && v->width == 801 && v->height == 603 && v->first_is_whole,
	   "the first frame is the whole screen, 801x603");
	ok(difference(p, v) < 0, "the first frame is what the display shows");
	paint(p, 0xff8001, 17, 23, 31, 7);
	painted(p);
	ok(run_until(v, v->frames == 2, 3000) && difference(p, v) < 0, "a small rectangle arrives exactly");
	paint(p, 0x0180ff, 0, 100, 801, 3);
	paint(p, 0x0180ff, 800, 602, 1, 1);
	painted(p);
	ok(run_until(v, difference(p, v) < 0, 3000), "full rows and the last pixel arrive exactly");

	frames = v->frames;
	run_until(v, false, 100);
	idle = tap_now();
	getrusage(RUSAGE_THREAD, &before);
	kg_loop_turn(v->loop, 1500000);
	getrusage(RUSAGE_THREAD, &after);
	ok(v->frames == frames && tap_now() - idle >= 1.5 && after.ru_nvcsw - before.ru_nvcsw <= 1,
	   "an idle display wakes nobody");

	v->keep_wanting = false;
	paint(p, 1, 1, 1, 1, 1);
	painted(p);
	ok(run_until(v, v->frames == frames + 1, 3000), "what was wanted comes");
	for (int i = 0; i < 20; i++) {
		paint(p, rnd() & 0xffffff, (int16_t)(rnd() % 780), (int16_t)(rnd() % 580), 15, 15);
		painted(p);
		kg_loop_turn(v->loop, 1000);
	}
	ok(v->frames == frames + 1, "nothing comes that nobody wants");
	v->keep_wanting = true;
	kg_source_want(v->bundle.source);
	ok(run_until(v, v->frames == frames + 2, 3000) && difference(p, v) < 0,
	   "damage is united until somebody wants a frame");
}

static void test_hammering(struct viewer *v, struct painter *p)
{
	unsigned before = v->frames;
	double end = tap_now() + 3;
	unsigned drawn = 0;
	bool good = true;

	for (int round = 0; good && tap_now() < end; round++) {
		int burst = 1 + (int)(rnd() % 300);

		for (int i = 0; i < burst; i++, drawn++) {
			bool large = rnd() % 50 == 0;
			uint16_t width = (uint16_t)(1 + rnd() % (large ? 801 : 60));
			uint16_t height = (uint16_t)(1 + rnd() % (large ? 603 : 40));

			paint(p, rnd() & 0xffffff, (int16_t)(rnd() % (802 - width)), (int16_t)(rnd() % (604 - height)),
			      width, height);
			if (rnd() % 4 == 0) {
				xcb_flush(p->c);
				kg_loop_turn(v->loop, 0);
			}
		}
		painted(p);
		good = run_until(v, difference(p, v) < 0, 3000);
	}
	ok(good, "after %u random rectangles drawn while %u frames were taken nothing is missing", drawn,
	   v->frames - before);
	ok(v->in_order, "frames are numbered without a gap");
}

static void test_cursor(struct viewer *v, struct painter *p)
{
	static uint8_t bits[2] = { 0x03, 0x01 }, full[2] = { 0x03, 0x03 }, none[2];
	xcb_pixmap_t source = xcb_generate_id(p->c), mask = xcb_generate_id(p->c), empty = xcb_generate_id(p->c);
	xcb_gcontext_t gc = xcb_generate_id(p->c);
	xcb_cursor_t cursor = xcb_generate_id(p->c), hidden = xcb_generate_id(p->c);
	uint8_t lines[8] = { 0 };

	ok(run_until(v, v->cursors > 0, 3000), "the pointer's shape is told at the start");
	xcb_create_pixmap(p->c, 1, source, p->screen->root, 2, 2);
	xcb_create_pixmap(p->c, 1, mask, p->screen->root, 2, 2);
	xcb_create_pixmap(p->c, 1, empty, p->screen->root, 2, 2);
	xcb_create_gc(p->c, gc, source, 0, NULL);
	lines[0] = bits[0], lines[4] = bits[1];
	xcb_put_image(p->c, XCB_IMAGE_FORMAT_XY_PIXMAP, source, gc, 2, 2, 0, 0, 0, 1, 8, lines);
	lines[0] = full[0], lines[4] = full[1];
	xcb_put_image(p->c, XCB_IMAGE_FORMAT_XY_PIXMAP, mask, gc, 2, 2, 0, 0, 0, 1, 8, lines);
	lines[0] = none[0], lines[4] = none[1];
	xcb_put_image(p->c, XCB_IMAGE_FORMAT_XY_PIXMAP, empty, gc, 2, 2, 0, 0, 0, 1, 8, lines);
	xcb_create_cursor(p->c, cursor, source, mask, 0xffff, 0, 0, 0, 0xffff, 0, 1, 1);
	xcb_create_cursor(p->c, hidden, empty, empty, 0, 0, 0, 0, 0, 0, 0, 0);
	xcb_warp_pointer(p->c, XCB_NONE, p->screen->root, 0, 0, 0, 0, 300, 300);
	xcb_change_window_attributes(p->c, p->window, XCB_CW_CURSOR, &cursor);
	painted(p);
	ok(run_until(v, v->cursor.width == 2 && v->cursor.height == 2 && v->cursor.hot_x == 1 && v->cursor.hot_y == 1 &&
			v->cursor_pixels[0] == 0xffff0000 && v->cursor_pixels[1] == 0xffff0000 &&
			v->cursor_pixels[2] == 0xffff0000 && v->cursor_pixels[3] == 0xff00ff00, 3000),
	   "a new shape comes with its colours and hot spot");
	xcb_change_window_attributes(p->c, p->window, XCB_CW_CURSOR, &hidden);
	painted(p);
	ok(run_until(v, v->cursor.width == 0 && v->cursor.height == 0, 3000), "a transparent pointer is hidden");
}

/* Until the window gets nothing more. */
static void drain(struct viewer *v, struct painter *p)
{
	xcb_generic_event_t *event = NULL;

	do
		free(event);
	while (run_until(v, (event = xcb_poll_for_event(p->c)), 50));
}

static bool expect_key(struct viewer *v, struct painter *p, uint8_t type, uint8_t keycode)
{
	xcb_generic_event_t *event = next_event(v, p, XCB_KEY_PRESS, XCB_KEY_RELEASE);
	const xcb_key_press_event_t *key = (const xcb_key_press_event_t *)event;
	bool right = event && (event->response_type & 0x7f) == type && key->detail == keycode;

	if (event && !right)
		note("got event %u of key code %u", event->response_type & 0x7f, key->detail);
	free(event);
	return right;
}

static void test_keys(struct viewer *v, struct painter *p)
{
	struct kg_input_sink *sink = v->bundle.input;

	kg_input_key(sink, KEY_A, true);
	kg_input_key(sink, KEY_A, false);
	ok(expect_key(v, p, XCB_KEY_PRESS, KEY_A + 8) && expect_key(v, p, XCB_KEY_RELEASE, KEY_A + 8),
	   "a key arrives as press and release");
	kg_input_key(sink, KEY_RIGHTCTRL, true);
	kg_input_key(sink, KEY_RIGHTCTRL, true);
	kg_input_key(sink, KEY_RIGHTCTRL, false);
	ok(expect_key(v, p, XCB_KEY_PRESS, 105) && expect_key(v, p, XCB_KEY_RELEASE, 105),
	   "a repetition of the client's is left to the server");
	ok(kg_input_key(sink, 700, true) == -ENOTSUP, "a key that X has no code for is refused");
	kg_input_key(sink, KEY_CAPSLOCK, true);
	kg_input_key(sink, KEY_CAPSLOCK, false);
	ok(run_until(v, v->locks == KG_LOCK_CAPS && kg_input_locks(sink) == KG_LOCK_CAPS, 3000),
	   "Caps Lock is told when it changes");
}

/* The character that a client with the current core keymap makes of a key press. */
static xcb_keysym_t lookup(struct painter *p, const xcb_key_press_event_t *key)
{
	xcb_get_keyboard_mapping_reply_t *reply =
		xcb_get_keyboard_mapping_reply(p->c, xcb_get_keyboard_mapping(p->c, key->detail, 1), NULL);
	xcb_keysym_t keysym = 0;

	if (reply && reply->keysyms_per_keycode >= 2)
		keysym = xcb_get_keyboard_mapping_keysyms(reply)[key->state & XCB_MOD_MASK_SHIFT ? 1 : 0];
	free(reply);
	if (key->state & XCB_MOD_MASK_LOCK && keysym < 0x100)
		keysym = 0xdead;
	return keysym;
}

static bool expect_text(struct viewer *v, struct painter *p, xcb_keysym_t keysym)
{
	xcb_generic_event_t *event;
	xcb_keysym_t got = 0;

	do {
		event = next_event(v, p, XCB_KEY_PRESS, XCB_KEY_PRESS);
		if (event)
			got = lookup(p, (xcb_key_press_event_t *)event);
		free(event);
	} while (event && got >= 0xff00 && got <= 0xffff);	// Shift, Caps Lock
	if (got != keysym)
		note("got keysym %#x instead of %#x", got, keysym);
	return got == keysym;
}

static void test_text(struct viewer *v, struct painter *p)
{
	static const uint32_t texts[] = { 'k', 'G', '%', '~', 0xe9, 0x20ac, 0x4e2d, 0x1f600 };
	struct kg_input_sink *sink = v->bundle.input;
	bool good = true;

	run_until(v, false, 50);		// the lock's echo: Caps Lock is on from the test before
	for (size_t i = 0; i < KG_ARRAY_SIZE(texts); i++) {
		xcb_keysym_t keysym = texts[i] < 0x100 ? texts[i] : 0x01000000 | texts[i];

		kg_input_text(sink, texts[i]);
		good &= expect_text(v, p, keysym);
	}
	ok(good, "text arrives exactly: with Caps Lock on, with Shift, and what is in no layout");
	ok(run_until(v, kg_input_locks(sink) == KG_LOCK_CAPS, 3000), "Caps Lock is on as before");
	kg_input_key(sink, KEY_CAPSLOCK, true);
	kg_input_key(sink, KEY_CAPSLOCK, false);
	run_until(v, kg_input_locks(sink) == 0, 3000);
	kg_input_key(sink, KEY_LEFTSHIFT, true);
	kg_input_text(sink, 'x');
	kg_input_key(sink, KEY_LEFTSHIFT, false);
	ok(expect_text(v, p, 'x'), "a character comes out as it is while Shift is held");

	/* More than there are spare keys, so that some are bound anew. */
	good = true;
	for (uint32_t c = 0x4e00; good && c < 0x4e00 + 100; c++)
		good = kg_input_text(sink, c) == 0;
	for (uint32_t c = 0x4e00; good && c < 0x4e00 + 100; c++)
		good = expect_text(v, p, 0x01000000 | c);
	ok(good, "a hundred characters in a row that no layout has arrive in order");
	ok(kg_input_text(sink, 0x110000) < 0 && kg_input_text(sink, 3) < 0, "what is no character is refused");
	drain(v, p);
}

static bool expect_button(struct viewer *v, struct painter *p, uint8_t button, int16_t x, int16_t y)
{
	xcb_generic_event_t *event = next_event(v, p, XCB_BUTTON_PRESS, XCB_BUTTON_PRESS);
	const xcb_button_press_event_t *press = (const xcb_button_press_event_t *)event;
	bool right = event && press->detail == button && press->root_x == x && press->root_y == y;

	if (event && !right)
		note("got button %u at %d,%d", press->detail, press->root_x, press->root_y);
	free(event);
	return right;
}

static void test_pointer(struct viewer *v, struct painter *p)
{
	static const struct {
		uint16_t evdev;
		uint8_t button;
	} buttons[] = { { BTN_LEFT, 1 }, { BTN_MIDDLE, 2 }, { BTN_RIGHT, 3 }, { BTN_SIDE, 8 }, { BTN_EXTRA, 9 } };
	struct kg_input_sink *sink = v->bundle.input;
	bool good = true;

	kg_input_motion(sink, 123, 77);
	for (size_t i = 0; i < KG_ARRAY_SIZE(buttons); i++) {
		kg_input_button(sink, buttons[i].evdev, true);
		kg_input_button(sink, buttons[i].evdev, false);
		good &= expect_button(v, p, buttons[i].button, 123, 77);
	}
	ok(good, "five buttons arrive at the pixel that the pointer was put on");
	kg_input_motion_relative(sink, -3, 4);
	kg_input_button(sink, BTN_LEFT, true);
	kg_input_button(sink, BTN_LEFT, false);
	ok(expect_button(v, p, 1, 120, 81), "a relative motion moves by so many pixels");
	kg_input_motion(sink, 100000, -5);
	kg_input_button(sink, BTN_LEFT, true);
	kg_input_button(sink, BTN_LEFT, false);
	ok(expect_button(v, p, 1, 800, 0), "a position outside is clamped");
	kg_input_motion(sink, 5, 5);
	kg_input_wheel(sink, false, 60);
	kg_input_wheel(sink, false, 60);
	kg_input_wheel(sink, false, -240);
	kg_input_wheel(sink, true, 120);
	kg_input_wheel(sink, true, -120);
	ok(expect_button(v, p, 4, 5, 5) && expect_button(v, p, 5, 5, 5) && expect_button(v, p, 5, 5, 5) &&
	   expect_button(v, p, 7, 5, 5) && expect_button(v, p, 6, 5, 5), "the wheel counts notches of 120 units");
}

static unsigned bound_keys(struct painter *p)
{
	const xcb_setup_t *setup = xcb_get_setup(p->c);
	xcb_get_keyboard_mapping_reply_t *reply = xcb_get_keyboard_mapping_reply(
		p->c, xcb_get_keyboard_mapping(p->c, setup->min_keycode,
					       (uint8_t)(setup->max_keycode - setup->min_keycode + 1)), NULL);
	unsigned bound = 0;

	for (int i = 0; reply && i < xcb_get_keyboard_mapping_keysyms_length(reply); i++)
		bound += xcb_get_keyboard_mapping_keysyms(reply)[i] >> 24 == 1;	// Unicode
	free(reply);
	return bound;
}

/* A process that is killed leaves its keys and buttons pressed. */
static void test_leftovers(struct viewer *v, struct painter *p, const char *display)
{
	xcb_query_keymap_reply_t *keys;
	xcb_query_pointer_reply_t *pointer;
	bool held = true;

	kg_input_key(v->bundle.input, KEY_LEFTSHIFT, true);
	kg_input_button(v->bundle.input, BTN_LEFT, true);
	free(next_event(v, p, XCB_BUTTON_PRESS, XCB_BUTTON_PRESS));
	viewer_close(v);
	ok(viewer_open(v, display, 0, 0) == 0, "the display is opened again while a key and a button are pressed");
	run_until(v, false, 20);
	keys = xcb_query_keymap_reply(p->c, xcb_query_keymap(p->c), NULL);
	pointer = xcb_query_pointer_reply(p->c, xcb_query_pointer(p->c, p->screen->root), NULL);
	if (keys && pointer)
		held = keys->keys[(KEY_LEFTSHIFT + 8) / 8] || pointer->mask;
	ok(!held, "what was held is released");
	free(keys);
	free(pointer);
	drain(v, p);
}

static void test_xvfb(void)
{
	static struct viewer v;
	struct x_server server;
	struct painter p;
	bool lost;
	int r;

	if (!ok(x_server_xvfb(&server, 801, 603), "an Xvfb starts"))
		return x_server_stop(&server);
	setenv("XAUTHORITY", "/nonexistent", 1);
	r = viewer_open(&v, server.display, 0, 0);
	ok(r == -EACCES, "without the cookie the display cannot be opened (%d)", r);
	viewer_close(&v);
	setenv("XAUTHORITY", server.authority, 1);
	r = viewer_open(&v, server.display, 0, 0);
	ok(r == 0 && painter_open(&p, server.display, 801, 603), "the display is opened with the cookie of XAUTHORITY");
	test_pictures(&v, &p);
	test_hammering(&v, &p);
	test_cursor(&v, &p);
	test_keys(&v, &p);
	test_text(&v, &p);
	test_pointer(&v, &p);
	test_leftovers(&v, &p, server.display);
	kg_input_text(v.bundle.input, 0x4e2d);
	expect_text(&v, &p, 0x01004e2d);
	kg_source_want(v.bundle.source);
	run_until(&v, v.frames == 1, 3000);
	r = kg_source_resize(v.bundle.source, 641, 479);
	ok(r == 0 && run_until(&v, v.width == 641 && v.height == 479, 3000) && difference(&p, &v) < 0,
	   "an Xvfb becomes smaller");
	kg_source_resize(v.bundle.source, 1000, 1000);
	ok(run_until(&v, v.width == 801 && v.height == 603, 3000) && difference(&p, &v) < 0,
	   "and not larger than it was started");
	kg_source_resize(v.bundle.source, 640, 480);
	ok(bound_keys(&p) > 0, "some keys are bound to characters");
	viewer_close(&v);
	ok(bound_keys(&p) == 0, "after the end no key is bound to a character that it did not have");

	ok(viewer_open(&v, server.display, 0, 0) == 0, "the display is opened again");
	ok(run_until(&v, v.width == 801 || (kg_source_want(v.bundle.source), false), 3000), "with its first size");
	kg_source_want(v.bundle.source);
	run_until(&v, v.frames == 1, 3000);
	kill(server.pid, SIGSTOP);
	{
		double start = tap_now();

		for (int i = 0; i < 3000 && !v.lost; i++) {	// more than a socket holds
			kg_input_motion(v.bundle.input, i % 800, i % 600);
			kg_input_key(v.bundle.input, KEY_B, i % 2 == 0);
			kg_loop_turn(v.loop, 0);
		}
		ok(tap_now() - start < 1, "input for a server that hangs does not block");
		lost = run_until(&v, v.lost, 6000);
		ok(lost && v.lost == -ETIMEDOUT && tap_now() - start < 4.5 && strstr(v.why, "does not answer"),
		   "a server that hangs is lost after %.1f s: %s", tap_now() - start, v.why);
	}
	viewer_close(&v);
	{
		double start = tap_now();

		r = viewer_open(&v, server.display, 0, 0);
		ok(r == -ETIMEDOUT && tap_now() - start < 4.5, "a server that hangs is not opened, after %.1f s",
		   tap_now() - start);
		viewer_close(&v);
	}
	kill(server.pid, SIGCONT);
	ok(viewer_open(&v, server.display, 0, 0) == 0, "once it runs on it is");
	xcb_disconnect(p.c);
	kg_source_want(v.bundle.source);
	run_until(&v, v.frames == 1, 3000);
	kill(server.pid, SIGKILL);
	ok(run_until(&v, v.lost, 3000) && strstr(v.why, "has gone"), "a server that dies is lost at once: %s", v.why);
	ok(kg_input_key(v.bundle.input, KEY_A, true) < 0, "input goes nowhere then, without harm");
	viewer_close(&v);
	x_server_stop(&server);
	ok(viewer_open(&v, server.display, 0, 0) < 0, "a display that is not there is refused");
	viewer_close(&v);
	ok(viewer_open(&v, "host:0", 0, 0) == -EINVAL, "a display of another machine is refused");
	viewer_close(&v);
}

static void test_fixed(void)
{
	static struct viewer v;
	struct x_server server;

	ok(x_server_start(&server, (const char *const[]){ "Xvfb", "-screen", "0", "320x200x24", "-extension", "RANDR",
							  NULL }), "an Xvfb without RandR starts");
	setenv("XAUTHORITY", server.authority, 1);
	ok(viewer_open(&v, server.display, 640, 480) == 0 &&
	   kg_source_resize(v.bundle.source, 300, 200) == -ENOTSUP, "a server that cannot change its size says so");
	kg_source_want(v.bundle.source);
	ok(run_until(&v, v.frames == 1, 3000) && v.width == 320 && v.height == 200, "and is shown as it is");
	viewer_close(&v);
	x_server_stop(&server);
	ok(x_server_start(&server, (const char *const[]){ "Xvfb", "-screen", "0", "320x200x16", NULL }),
	   "an Xvfb with 16 bits a pixel starts");
	setenv("XAUTHORITY", server.authority, 1);
	ok(viewer_open(&v, server.display, 0, 0) == -ENOTSUP, "and is refused");
	viewer_close(&v);
	x_server_stop(&server);
}

static bool has_size(struct viewer *v, uint32_t width, uint32_t height)
{
	return v->width == width && v->height == height;
}

static void test_xorg(void)
{
	static struct viewer v;
	struct x_server server;
	struct painter p;

	if (!ok(x_server_xorg(&server), "an Xorg with the dummy driver starts"))
		return x_server_stop(&server);
	setenv("XAUTHORITY", server.authority, 1);
	ok(viewer_open(&v, server.display, 1280, 720) == 0 && painter_open(&p, server.display, 4000, 3000),
	   "the display is opened with a size that is wanted");
	kg_source_want(v.bundle.source);
	ok(run_until(&v, has_size(&v, 1280, 720), 3000) && difference(&p, &v) < 0, "the first frames have it");
	ok(kg_source_resize(v.bundle.source, 1501, 907) == 0, "a size that no mode has is asked for");
	ok(run_until(&v, has_size(&v, 1501, 907), 3000) && v.first_is_whole && difference(&p, &v) < 0,
	   "1501x907 is shown, whole");
	paint(&p, 0x123456, 1490, 900, 11, 7);
	painted(&p);
	ok(run_until(&v, difference(&p, &v) < 0, 3000), "drawing goes on at that size");
	kg_source_resize(v.bundle.source, 900, 1700);
	kg_source_resize(v.bundle.source, 1333, 901);
	kg_source_resize(v.bundle.source, 3001, 2003);
	ok(run_until(&v, has_size(&v, 3001, 2003), 3000) && difference(&p, &v) < 0, "of many sizes the last one stays");
	for (int i = 0; i < 6; i++) {
		kg_source_resize(v.bundle.source, 801 + (rnd() % 800), 601 + (rnd() % 600));
		for (int j = 0; j < 100; j++) {
			paint(&p, rnd() & 0xffffff, (int16_t)(rnd() % 1600), (int16_t)(rnd() % 1200), 100, 50);
			xcb_flush(p.c);
			kg_loop_turn(v.loop, 500);
		}
	}
	kg_source_resize(v.bundle.source, 1024, 768);
	ok(run_until(&v, has_size(&v, 1024, 768), 3000) && run_until(&v, difference(&p, &v) < 0, 3000) && !v.lost,
	   "drawing while the size changes loses nothing");
	kg_source_resize(v.bundle.source, 1501, 907);
	run_until(&v, has_size(&v, 1501, 907), 3000);
	viewer_close(&v);
	{
		xcb_get_geometry_reply_t *g = xcb_get_geometry_reply(p.c, xcb_get_geometry(p.c, p.screen->root), NULL);
		char command[160];

		ok(g && g->width == 1024 && g->height == 768, "at the end the display has its first size again");
		free(g);
		snprintf(command, sizeof(command), "DISPLAY=%s xrandr | grep -q kagami", server.display);
		ok(system(command) != 0, "no mode of ours is left");
	}
	xcb_disconnect(p.c);
	x_server_stop(&server);
}

int main(void)
{
	alarm(120);
	tap_seed_init();
	test_xvfb();
	test_fixed();
	test_xorg();
	return tap_end();
}
