/* The kind x11 on an X server that lies about the lengths of its answers: a true Xvfb with answers falsified on their way. */
#include "base/frame.h"
#include "base/loop.h"
#include "input/sink.h"
#include "base/cursor.h"
#include "server/desktop/kind.h"
#include "server/desktop/source.h"
#include "tests/x_server.h"

#include <xcb/randr.h>
#include <xcb/xcb.h>
#include <xcb/xcbext.h>
#include <xcb/xfixes.h>
#define explicit explicit_	// a C++ word in xcb/xkb.h
#include <xcb/xkb.h>
#undef explicit

enum lie { NONE, VENDOR, DEPTHS, KEYCODES, LAMPS, MODES_AT_START, MODES, OUTPUT, CURSOR };

static enum lie lie;
static unsigned lies;			// told so far
static unsigned cursor_request, modes_request, output_request;

/* ---- answers that libxcb hands out ---- */

const xcb_setup_t *__real_xcb_get_setup(xcb_connection_t *c);
const xcb_setup_t *__wrap_xcb_get_setup(xcb_connection_t *c);
const xcb_setup_t *__wrap_xcb_get_setup(xcb_connection_t *c)
{
	static union {
		xcb_setup_t setup;
		uint8_t bytes[8 + 4 * UINT16_MAX];
	} copy;
	const xcb_setup_t *setup = __real_xcb_get_setup(c);

	if (!setup || (lie != VENDOR && lie != DEPTHS && lie != KEYCODES))
		return setup;
	lies++;
	memcpy(copy.bytes, setup, 8 + 4 * (size_t)setup->length);
	if (lie == VENDOR)
		copy.setup.vendor_len = UINT16_MAX;
	else if (lie == KEYCODES)
		copy.setup.min_keycode = 0;
	else
		xcb_setup_roots_iterator(&copy.setup).data->allowed_depths_len = UINT8_MAX;
	return &copy.setup;
}

xcb_xkb_get_names_reply_t *__real_xcb_xkb_get_names_reply(xcb_connection_t *c, xcb_xkb_get_names_cookie_t cookie,
							  xcb_generic_error_t **error);
xcb_xkb_get_names_reply_t *__wrap_xcb_xkb_get_names_reply(xcb_connection_t *c, xcb_xkb_get_names_cookie_t cookie,
							  xcb_generic_error_t **error);
xcb_xkb_get_names_reply_t *__wrap_xcb_xkb_get_names_reply(xcb_connection_t *c, xcb_xkb_get_names_cookie_t cookie,
							  xcb_generic_error_t **error)
{
	xcb_xkb_get_names_reply_t *reply = __real_xcb_xkb_get_names_reply(c, cookie, error);

	if (reply && lie == LAMPS) {
		lies++;
		reply->indicators = UINT32_MAX;
	}
	return reply;
}

xcb_randr_get_screen_resources_current_reply_t *__real_xcb_randr_get_screen_resources_current_reply(
	xcb_connection_t *c, xcb_randr_get_screen_resources_current_cookie_t cookie, xcb_generic_error_t **error);
xcb_randr_get_screen_resources_current_reply_t *__wrap_xcb_randr_get_screen_resources_current_reply(
	xcb_connection_t *c, xcb_randr_get_screen_resources_current_cookie_t cookie, xcb_generic_error_t **error);
xcb_randr_get_screen_resources_current_reply_t *__wrap_xcb_randr_get_screen_resources_current_reply(
	xcb_connection_t *c, xcb_randr_get_screen_resources_current_cookie_t cookie, xcb_generic_error_t **error)
{
	xcb_randr_get_screen_resources_current_reply_t *reply =
		__real_xcb_randr_get_screen_resources_current_reply(c, cookie, error);

	if (reply && lie == MODES_AT_START) {
		lies++;
		reply->num_modes = UINT16_MAX;
	}
	return reply;
}

xcb_xfixes_get_cursor_image_cookie_t __real_xcb_xfixes_get_cursor_image(xcb_connection_t *c);
xcb_xfixes_get_cursor_image_cookie_t __wrap_xcb_xfixes_get_cursor_image(xcb_connection_t *c);
xcb_xfixes_get_cursor_image_cookie_t __wrap_xcb_xfixes_get_cursor_image(xcb_connection_t *c)
{
	xcb_xfixes_get_cursor_image_cookie_t cookie = __real_xcb_xfixes_get_cursor_image(c);

	cursor_request = cookie.sequence;
	return cookie;
}

xcb_randr_get_screen_resources_current_cookie_t __real_xcb_randr_get_screen_resources_current(xcb_connection_t *c,
											     xcb_window_t window);
xcb_randr_get_screen_resources_current_cookie_t __wrap_xcb_randr_get_screen_resources_current(xcb_connection_t *c,
											     xcb_window_t window);
xcb_randr_get_screen_resources_current_cookie_t __wrap_xcb_randr_get_screen_resources_current(xcb_connection_t *c,
											     xcb_window_t window)
{
	xcb_randr_get_screen_resources_current_cookie_t cookie = __real_xcb_randr_get_screen_resources_current(c, window);

	modes_request = cookie.sequence;
	return cookie;
}

xcb_randr_get_output_info_cookie_t __real_xcb_randr_get_output_info(xcb_connection_t *c, xcb_randr_output_t output,
								    xcb_timestamp_t at);
xcb_randr_get_output_info_cookie_t __wrap_xcb_randr_get_output_info(xcb_connection_t *c, xcb_randr_output_t output,
								    xcb_timestamp_t at);
xcb_randr_get_output_info_cookie_t __wrap_xcb_randr_get_output_info(xcb_connection_t *c, xcb_randr_output_t output,
								    xcb_timestamp_t at)
{
	xcb_randr_get_output_info_cookie_t cookie = __real_xcb_randr_get_output_info(c, output, at);

	output_request = cookie.sequence;
	return cookie;
}

int __real_xcb_poll_for_reply(xcb_connection_t *c, unsigned request, void **reply, xcb_generic_error_t **error);
int __wrap_xcb_poll_for_reply(xcb_connection_t *c, unsigned request, void **reply, xcb_generic_error_t **error);
int __wrap_xcb_poll_for_reply(xcb_connection_t *c, unsigned request, void **reply, xcb_generic_error_t **error)
{
	int r = __real_xcb_poll_for_reply(c, request, reply, error);
	unsigned wanted = lie == CURSOR ? cursor_request : lie == MODES ? modes_request : lie == OUTPUT ? output_request : 0;

	if (!r || !*reply || !wanted || request != wanted)
		return r;
	lies++;
	if (lie == CURSOR) {
		xcb_xfixes_get_cursor_image_reply_t *image = *reply;

		image->width = image->height = 384;
	} else if (lie == MODES) {
		((xcb_randr_get_screen_resources_current_reply_t *)*reply)->num_modes = UINT16_MAX;
	} else {
		((xcb_randr_get_output_info_reply_t *)*reply)->num_modes = UINT16_MAX;
	}
	return r;
}

/* ---- who looks at it ---- */

struct viewer {
	struct kg_loop *loop;
	struct kg_desktop_bundle bundle;
	unsigned frames, cursors;
};

static void on_frame(void *data, struct kg_frame *frame)
{
	((struct viewer *)data)->frames++;
}

static void on_cursor(void *data, const struct kg_cursor *cursor)
{
	((struct viewer *)data)->cursors++;
}

static void on_number(void *data, unsigned number)
{
}

static void on_warp(void *data, int32_t x, int32_t y)
{
}

static void on_lost(void *data, int error, const char *why)
{
	note("lost: %s", why);
}

static const struct kg_source_events events = { on_frame, on_cursor, on_warp, on_number, on_lost };

static int viewer_open(struct viewer *v, const char *display, enum lie which)
{
	struct kg_desktop_open how = { .where = display, .fd = -1 };
	int r;

	*v = (struct viewer){ 0 };
	lie = which;
	lies = 0;
	if (kg_loop_new(&v->loop) < 0)
		abort();
	how.loop = v->loop;
	r = kg_desktop_kind_x11.open(&v->bundle, &how);
	if (r < 0)
		return r;
	r = kg_source_start(v->bundle.source, &events, v);
	kg_source_want(v->bundle.source);
	return r;
}

static void viewer_close(struct viewer *v)
{
	kg_input_free(v->bundle.input);
	kg_source_free(v->bundle.source);
	kg_loop_free(v->loop);
	lie = NONE;
}

#define run_until(v, condition)                                                                    \
	({                                                                                         \
		double run_deadline_ = tap_now() + 5;                                              \
		bool run_true_;                                                                    \
		while (!(run_true_ = (condition)) && tap_now() < run_deadline_)                    \
			kg_loop_turn((v)->loop, 2000);                                             \
		run_true_;                                                                         \
	})

static void refused(const char *display, enum lie which, const char *what)
{
	struct viewer v;

	ok(viewer_open(&v, display, which) == -EPROTO && lies, "%s: the server is refused", what);
	viewer_close(&v);
}

/* A lie that costs the server a feature, not the desktop. */
static void does_without(const char *display, enum lie which, const char *what)
{
	struct viewer v;
	int r = viewer_open(&v, display, which);

	ok(r == 0 && run_until(&v, v.frames == 1), "%s: the desktop is shown", what);
	r = r == 0 ? kg_source_resize(v.bundle.source, 200, 100) : r;
	if (which == MODES_AT_START)
		ok(r == -ENOTSUP && lies, "and its size stays as it is");
	else
		ok(r == 0 && run_until(&v, lies && (which == MODES || kg_source_resize(v.bundle.source, 210, 110) == -ENOTSUP)),
		   "and nothing is read that was not sent");
	viewer_close(&v);
}

int main(void)
{
	struct x_server server;
	struct viewer v;

	alarm(120);
	tap_seed_init();
	ok(x_server_xvfb(&server, 320, 200), "an Xvfb starts");
	setenv("XAUTHORITY", server.authority, 1);

	refused(server.display, VENDOR, "a longer name than was sent");
	refused(server.display, DEPTHS, "more depths than were sent");
	refused(server.display, KEYCODES, "key codes from 0");
	does_without(server.display, MODES_AT_START, "more modes than were sent");
	does_without(server.display, MODES, "more modes than were sent, later");
	does_without(server.display, OUTPUT, "more modes of an output than were sent");

	ok(viewer_open(&v, server.display, LAMPS) == 0 && lies && run_until(&v, v.frames == 1),
	   "more names of lamps than were sent: the desktop is shown");
	viewer_close(&v);
	ok(viewer_open(&v, server.display, CURSOR) == 0 && run_until(&v, lies && v.frames == 1) && v.cursors == 0,
	   "a pointer larger than what was sent is not shown");
	viewer_close(&v);
	ok(viewer_open(&v, server.display, NONE) == 0 && run_until(&v, v.cursors == 1), "a true one is");
	viewer_close(&v);
	x_server_stop(&server);
	return tap_end();
}
