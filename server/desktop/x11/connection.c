/* The connection to an X server: expected answers, events, deadline. */
#define KG_TOPIC "x11"
#include "server/desktop/x11/connection.h"

#include "base/log.h"
#include "base/loop.h"
#include "base/reader.h"
#include "server/desktop/x11/connect.h"

#include <assert.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <xcb/damage.h>
#include <xcb/shm.h>
#include <xcb/xfixes.h>
#include <xcb/xcbext.h>
#include <xcb/xtest.h>

#define SETTLE_MS 200

static void turn(struct kg_x11 *x);

static int unanswered(struct kg_x11 *x)
{
	return kg_err(-ETIMEDOUT, "X server %s does not answer", x->display);
}

/* All lists of what the server said at first lie within it: xcb follows their lengths without a look. */
static bool setup_fits(const xcb_setup_t *setup)
{
	struct kg_reader reader = kg_reader_of(setup, 8 + 4 * (size_t)setup->length);

	kg_read_skip(&reader, sizeof(*setup) + (setup->vendor_len + 3u) / 4 * 4);
	kg_read_skip(&reader, setup->pixmap_formats_len * sizeof(xcb_format_t));
	for (unsigned i = 0; i < setup->roots_len; i++) {
		const uint8_t *bytes = kg_read_bytes(&reader, sizeof(xcb_screen_t));
		unsigned depths = bytes ? ((const xcb_screen_t *)bytes)->allowed_depths_len : 0;

		for (; depths; depths--) {
			bytes = kg_read_bytes(&reader, sizeof(xcb_depth_t));
			if (bytes)
				kg_read_skip(&reader, ((const xcb_depth_t *)bytes)->visuals_len * sizeof(xcb_visualtype_t));
		}
	}
	return kg_reader_ok(&reader);
}

/* What a frame of ours is: B, G, R, X bytes. */
static int check_format(struct kg_x11 *x)
{
	const xcb_setup_t *setup = xcb_get_setup(x->c);
	const xcb_format_t *formats = xcb_setup_pixmap_formats(setup);
	unsigned depth = x->screen->root_depth, bits = 0;
	xcb_depth_iterator_t d = xcb_screen_allowed_depths_iterator(x->screen);
	bool bgrx = false;

	for (int i = 0; i < xcb_setup_pixmap_formats_length(setup); i++)
		if (formats[i].depth == depth)
			bits = formats[i].bits_per_pixel;
	for (; d.rem; xcb_depth_next(&d)) {
		const xcb_visualtype_t *v = xcb_depth_visuals(d.data);

		for (int i = 0; i < xcb_depth_visuals_length(d.data); i++)
			if (v[i].visual_id == x->screen->root_visual)
				bgrx = v[i].red_mask == 0xff0000 && v[i].green_mask == 0xff00 &&
				       v[i].blue_mask == 0xff;
	}
	if ((depth != 24 && depth != 32) || bits != 32 || !bgrx || setup->image_byte_order != XCB_IMAGE_ORDER_LSB_FIRST)
		return kg_err(-ENOTSUP, "X server %s has a screen of depth %u with %u bits a pixel; only true colour of "
			      "depth 24 with 32 bits is supported", x->display, depth, bits);
	return 0;
}

static bool present(struct kg_x11 *x, xcb_extension_t *extension)
{
	const xcb_query_extension_reply_t *reply = xcb_get_extension_data(x->c, extension);

	return reply && reply->present;
}

/* The versions must be told before the extensions are used. */
static int check_extensions(struct kg_x11 *x)
{
	static struct {
		xcb_extension_t *extension;
		const char *name;
	} const needed[] = {
		{ &xcb_damage_id, "DAMAGE" }, { &xcb_shm_id, "MIT-SHM" }, { &xcb_xfixes_id, "XFIXES" },
		{ &xcb_test_id, "XTEST" },
	};
	xcb_damage_query_version_reply_t *damage;
	xcb_xfixes_query_version_reply_t *xfixes;
	xcb_shm_query_version_reply_t *shm;
	bool good;

	for (size_t i = 0; i < KG_ARRAY_SIZE(needed); i++)
		xcb_prefetch_extension_data(x->c, needed[i].extension);
	for (size_t i = 0; i < KG_ARRAY_SIZE(needed); i++)
		if (!present(x, needed[i].extension))
			return xcb_connection_has_error(x->c) ? unanswered(x) :
			       kg_err(-ENOTSUP, "X server %s has no extension %s", x->display, needed[i].name);

	damage = xcb_damage_query_version_reply(x->c, xcb_damage_query_version(x->c, 1, 1), NULL);
	xfixes = xcb_xfixes_query_version_reply(x->c, xcb_xfixes_query_version(x->c, 4, 0), NULL);
	shm = xcb_shm_query_version_reply(x->c, xcb_shm_query_version(x->c), NULL);
	good = damage && xfixes && xfixes->major_version >= 2 && shm &&
	       (shm->major_version > 1 || (shm->major_version == 1 && shm->minor_version >= 2));
	free(damage);
	free(xfixes);
	free(shm);
	if (xcb_connection_has_error(x->c))
		return unanswered(x);
	if (!good)
		return kg_err(-ENOTSUP, "X server %s is too old: it needs XFIXES 2 and MIT-SHM 1.2 (shared memory by "
			      "descriptor)", x->display);
	return 0;
}

/* ---- The turn: everything that has arrived is dispatched, then what that caused is sent. ---- */

static void expire(void *data)
{
	struct kg_x11 *x = data;

	x->deadline_armed = false;
	x->deadline_over = true;
	turn(x);
}

static void keep_deadline(struct kg_x11 *x)
{
	unsigned head = x->count ? x->expected[x->first].sequence : 0;

	if (x->error || !x->count) {
		if (x->deadline_armed)
			kg_watch_arm(x->deadline, UINT64_MAX);
		x->deadline_armed = false;
	} else if (!x->deadline_armed || x->deadline_for != head) {
		kg_watch_arm(x->deadline, KG_X11_DEADLINE_US);
		x->deadline_armed = true;
		x->deadline_for = head;
	}
}

static void on_soon(void *data)
{
	struct kg_x11 *x = data;

	kg_watch_free(x->soon);
	x->soon = NULL;
	turn(x);
}

/* libxcb may have read events while it sent requests: epoll does not tell of those, so a turn of ours must follow. */
static void wake(struct kg_x11 *x)
{
	int r;

	if (x->soon)
		return;
	r = kg_loop_defer(x->loop, &x->soon, on_soon, x);
	if (r < 0)
		(void)kg_err(r, "the event loop");
}

static void on_io(void *data, int fd, uint32_t events)
{
	turn(data);
}

/* True when something was dispatched. *gone is set when a handler freed x. */
static bool dispatch_event(struct kg_x11 *x, const bool *gone)
{
	xcb_generic_event_t *event = xcb_poll_for_event(x->c);

	if (!event)
		return false;
	if (event->response_type == 0) {
		const xcb_generic_error_t *error = (const xcb_generic_error_t *)event;

		kg_debug("X server %s: error %u of request %u.%u", x->display, error->error_code, error->major_code,
			 error->minor_code);
	}
	for (size_t i = 0; !*gone && !x->error && i < KG_X11_LISTENERS_MAX; i++)
		if (x->listeners[i].fn)
			x->listeners[i].fn(x->listeners[i].data, event);
	free(event);
	return true;
}

static bool dispatch_reply(struct kg_x11 *x)
{
	struct kg_x11_expected next;
	xcb_generic_error_t *error = NULL;
	void *reply = NULL;

	if (!x->count || !xcb_poll_for_reply(x->c, x->expected[x->first].sequence, &reply, &error))
		return false;
	/* On a broken connection every answer is "nothing": that is told once, below. */
	if (xcb_connection_has_error(x->c)) {
		free(reply);
		free(error);
		return false;
	}
	if (error)
		kg_debug("X server %s: error %u in answer to request %u.%u", x->display, error->error_code,
			 error->major_code, error->minor_code);
	free(error);
	next = x->expected[x->first];
	x->first = (x->first + 1) % KG_X11_EXPECTED_MAX;
	x->count--;
	if (next.fn)
		next.fn(next.data, reply, next.tag);
	free(reply);
	return true;
}

static void tell_lost(struct kg_x11 *x)
{
	if (!x->error || x->told || !x->lost)
		return;
	x->told = true;
	x->lost(x->lost_data, x->error, x->why);
}

static void turn(struct kg_x11 *x)
{
	bool gone = false;

	x->gone = &gone;
	while (!x->error) {
		bool more = dispatch_event(x, &gone);

		/* Events that came before an answer are known before it is. */
		if (!gone && !more && !x->error)
			more = dispatch_reply(x);
		if (gone)
			return;
		if (more)
			continue;
		if (!x->unsent)
			break;
		x->unsent = false;
		xcb_flush(x->c);
	}
	if (!x->error && xcb_connection_has_error(x->c))
		kg_x11_fail(x, -ECONNRESET, "X server %s has gone", x->display);
	/* Only now: it may be we who were stopped, with the answer waiting. */
	if (!x->error && x->deadline_over && x->count && x->expected[x->first].sequence == x->deadline_for)
		kg_x11_fail(x, -ETIMEDOUT, "X server %s does not answer", x->display);
	x->deadline_over = false;
	keep_deadline(x);
	tell_lost(x);
	if (!gone)
		x->gone = NULL;
}

/* ---- For the other modules ---- */

void kg_x11_expect(struct kg_x11 *x, unsigned sequence, kg_x11_reply_fn fn, void *data, uint32_t tag)
{
	assert(x->count < KG_X11_EXPECTED_MAX);
	x->expected[(x->first + x->count++) % KG_X11_EXPECTED_MAX] =
		(struct kg_x11_expected){ .sequence = sequence, .tag = tag, .fn = fn, .data = data };
	kg_x11_send(x);
}

void kg_x11_send(struct kg_x11 *x)
{
	x->unsent = true;
	wake(x);
}

int kg_x11_listen(struct kg_x11 *x, kg_x11_event_fn fn, void *data)
{
	for (size_t i = 0; i < KG_X11_LISTENERS_MAX; i++)
		if (!x->listeners[i].fn) {
			x->listeners[i] = (struct kg_x11_listener){ fn, data };
			return 0;
		}
	return -ENOSPC;
}

void kg_x11_forget(struct kg_x11 *x, void *data)
{
	for (size_t i = 0; i < KG_X11_LISTENERS_MAX; i++)
		if (x->listeners[i].data == data)
			x->listeners[i] = (struct kg_x11_listener){ 0 };
	for (uint32_t i = 0; i < x->count; i++) {
		struct kg_x11_expected *e = &x->expected[(x->first + i) % KG_X11_EXPECTED_MAX];

		if (e->data == data)
			e->fn = NULL;
	}
}

void kg_x11_fail(struct kg_x11 *x, int error, const char *format, ...)
{
	va_list ap;

	if (x->error)
		return;
	x->error = error;
	va_start(ap, format);
	vsnprintf(x->why, sizeof(x->why), format, ap);
	va_end(ap);
	/* A closed socket would wake the loop without end. */
	kg_watch_free(x->io);
	x->io = NULL;
	wake(x);
}

void kg_x11_on_lost(struct kg_x11 *x, kg_x11_lost_fn fn, void *data)
{
	x->lost = fn;
	x->lost_data = data;
	if (x->error && fn)
		wake(x);
}

int kg_x11_new(struct kg_x11 **ret, struct kg_loop *loop, const char *display)
{
	struct kg_x11 *x = calloc(1, sizeof(*x));
	xcb_screen_iterator_t screens;
	unsigned number;
	int screen, fd, r;

	if (!x)
		return kg_err(-ENOMEM, "X server");
	x->loop = loop;
	r = kg_x11_display_parse(display, &number, &screen);
	if (r < 0) {
		r = kg_err(r, "\"%s\" is not a display of this machine, such as :0", display);
		goto fail;
	}
	snprintf(x->display, sizeof(x->display), ":%u", number);

	r = fd = kg_x11_socket(number);
	if (r < 0) {
		r = r == -EAGAIN ? unanswered(x) : kg_err(r, "there is no X server at display %s", x->display);
		goto fail;
	}
	r = kg_x11_watchdog_new(&x->watchdog, fd, KG_X11_DEADLINE_US / 1000);
	if (r < 0) {
		close(fd);
		r = kg_err(r, "X server %s", x->display);
		goto fail;
	}
	x->c = kg_x11_greet(fd, number);
	if (xcb_connection_has_error(x->c)) {
		bool hung = kg_x11_watchdog_free(x->watchdog);

		x->watchdog = NULL;
		r = hung ? unanswered(x) :
			   kg_err(-EACCES, "cannot open display %s (is XAUTHORITY set?)", x->display);
		goto fail;
	}
	if (!setup_fits(xcb_get_setup(x->c))) {
		r = kg_err(-EPROTO, "X server %s greets with nonsense", x->display);
		goto fail;
	}
	screens = xcb_setup_roots_iterator(xcb_get_setup(x->c));
	while (screen-- > 0 && screens.rem > 0)
		xcb_screen_next(&screens);
	if (!screens.rem) {
		r = kg_err(-ENOENT, "X server %s has no screen of that number", x->display);
		goto fail;
	}
	x->screen = screens.data;
	r = check_format(x);
	if (r < 0)
		goto fail;
	r = check_extensions(x);
	if (r < 0)
		goto fail;
	r = kg_loop_timer(loop, &x->deadline, UINT64_MAX, expire, x);
	if (r >= 0)
		r = kg_loop_fd(loop, &x->io, xcb_get_file_descriptor(x->c), EPOLLIN, on_io, x);
	if (r < 0) {
		r = kg_err(r, "the event loop");
		goto fail;
	}
	*ret = x;
	return 0;

fail:
	kg_x11_free(x);
	return r;
}

int kg_x11_opened(struct kg_x11 *x)
{
	bool hung;

	xcb_flush(x->c);
	hung = kg_x11_watchdog_free(x->watchdog);
	x->watchdog = NULL;
	if (hung)
		return unanswered(x);
	if (xcb_connection_has_error(x->c))
		return kg_err(-ECONNRESET, "X server %s has gone", x->display);
	wake(x);
	return 0;
}

/* A server drops what a client that has closed its connection still had in the queue. */
static void settle(struct kg_x11 *x)
{
	unsigned sequence = xcb_get_input_focus(x->c).sequence;
	struct pollfd p = { .fd = xcb_get_file_descriptor(x->c), .events = POLLIN };
	uint64_t end = kg_now_us() + SETTLE_MS * 1000;
	xcb_generic_error_t *error = NULL;
	void *reply = NULL;

	xcb_flush(x->c);
	while (!xcb_poll_for_reply(x->c, sequence, &reply, &error) && !xcb_connection_has_error(x->c)) {
		uint64_t now = kg_now_us();

		if (now >= end || poll(&p, 1, (int)((end - now) / 1000) + 1) <= 0)
			break;
	}
	free(reply);
	free(error);
}

void kg_x11_free(struct kg_x11 *x)
{
	if (!x)
		return;
	if (x->gone)
		*x->gone = true;
	kg_x11_watchdog_free(x->watchdog);
	kg_watch_free(x->io);
	kg_watch_free(x->soon);
	kg_watch_free(x->deadline);
	if (x->c) {
		if (x->settle && !x->error && !xcb_connection_has_error(x->c))
			settle(x);
		xcb_disconnect(x->c);
	}
	free(x);
}
