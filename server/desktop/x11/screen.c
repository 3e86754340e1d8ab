/* The source of the kind x11: damage, capture, the size of the screen. */
#define KG_TOPIC "x11"
#include "server/desktop/x11/screen.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"

#include <assert.h>

#define FETCHED_MAX 256		// rectangles looked at one by one; of more only the bounds count

static const struct kg_source_impl x11_impl;

static void capture(struct kg_x11_screen *screen);

static struct kg_x11_screen *screen_of(struct kg_source *source)
{
	assert(source->impl == &x11_impl);
	return kg_container_of(source, struct kg_x11_screen, source);
}

/* More than frames can show is cut off at the right and at the bottom. */
static uint32_t shown(uint32_t size)
{
	return KG_MIN(size, (uint32_t)KG_DESKTOP_SIZE_MAX);
}

static bool size_changed(const struct kg_x11_screen *screen)
{
	return !screen->segment || screen->segment->width != shown(screen->x->root_width) ||
	       screen->segment->height != shown(screen->x->root_height);
}

/* Memory for the size that the screen has now. The server forgets the old one; frames that show it keep their part. */
static int follow_size(struct kg_x11_screen *screen)
{
	uint32_t width = shown(screen->x->root_width), height = shown(screen->x->root_height);
	struct kg_x11_segment *segment;
	int r = kg_x11_segment_new(&segment, screen->x->c, width, height);

	if (r < 0)
		return r;
	if (screen->segment) {
		xcb_shm_detach(screen->x->c, screen->segment->id);
		kg_x11_segment_unref(screen->segment);
	}
	screen->segment = segment;
	screen->source.width = width;
	screen->source.height = height;
	screen->whole = true;
	return 0;
}

static void deliver(struct kg_x11_screen *screen)
{
	struct kg_frame *frame;
	int r = kg_x11_segment_frame(screen->segment, &frame);

	if (r < 0)
		return kg_x11_fail(screen->x, r, "no memory for a picture");
	for (uint32_t i = 0; i < screen->packed_count; i++)
		kg_x11_segment_unpack(screen->segment, screen->packed[i].offset, screen->packed[i].rect);
	frame->damage = screen->taken;
	frame->sequence = ++screen->sequence;
	frame->captured_us = kg_now_us();
	kg_region_clear(&screen->taken);
	screen->wanted = false;
	screen->settled = false;
	screen->source.events->frame(screen->source.data, frame);
	kg_frame_unref(frame);
}

/* After a picture could not be had: right when the screen just became smaller, whose event may be still to come. */
static void on_geometry(void *data, void *reply, uint32_t tag)
{
	struct kg_x11_screen *screen = data;
	const xcb_get_geometry_reply_t *geometry = reply;

	screen->capture = KG_X11_IDLE;
	if (geometry) {
		screen->x->root_width = geometry->width;
		screen->x->root_height = geometry->height;
	}
	if (!geometry || (screen->settled && !size_changed(screen)))
		return kg_x11_fail(screen->x, -EIO, "X server %s does not show its screen", screen->x->display);
	screen->settled = true;
	capture(screen);
}

static void on_picture(void *data, void *reply, uint32_t tag)
{
	struct kg_x11_screen *screen = data;
	const xcb_shm_get_image_reply_t *picture = reply;

	if (!picture || picture->size != tag)
		screen->misread = true;
	if (--screen->pictures)
		return;
	if (screen->misread) {
		screen->whole = true;
		kg_x11_expect(screen->x, xcb_get_geometry(screen->x->c, screen->x->screen->root).sequence, on_geometry,
			      screen, 0);
		return;
	}
	screen->capture = KG_X11_IDLE;
	if (size_changed(screen)) {
		screen->whole = true;
		return capture(screen);
	}
	deliver(screen);
}

static void get_picture(struct kg_x11_screen *screen, struct kg_rect rect, size_t offset)
{
	struct kg_x11 *x = screen->x;
	uint32_t width = kg_rect_width(rect), height = kg_rect_height(rect);
	unsigned sequence = xcb_shm_get_image(x->c, x->screen->root, (int16_t)rect.left, (int16_t)rect.top,
					      (uint16_t)width, (uint16_t)height, UINT32_MAX, XCB_IMAGE_FORMAT_Z_PIXMAP,
					      screen->segment->id, (uint32_t)offset).sequence;

	screen->pictures++;
	kg_x11_expect(x, sequence, on_picture, screen, width * 4 * height);
}

/* Full-width rows go straight to their place, since a picture comes tightly packed; others are copied there. */
static void get_rows(struct kg_x11_screen *screen, int32_t top, int32_t bottom)
{
	struct kg_rect rows = { 0, top, (int32_t)screen->segment->width, bottom };

	get_picture(screen, rows, (size_t)top * screen->segment->width * 4);
}

static void get_pictures(struct kg_x11_screen *screen)
{
	struct kg_x11_segment *segment = screen->segment;
	struct kg_rect bounds = kg_region_bounds(&screen->taken);
	uint64_t area = 0;

	screen->capture = KG_X11_GETTING;
	screen->pictures = 0;
	screen->packed_count = 0;
	screen->misread = false;
	segment->packed_used = 0;
	for (uint32_t i = 0; i < screen->taken.count; i++)
		area += (uint64_t)kg_rect_width(screen->taken.rects[i]) * kg_rect_height(screen->taken.rects[i]);
	/* Many rectangles that fill most of their rows cost more one by one. They may overlap, too. */
	if (area * 4 >= (uint64_t)segment->width * kg_rect_height(bounds) * 3)
		return get_rows(screen, bounds.top, bounds.bottom);
	for (uint32_t i = 0; i < screen->taken.count; i++) {
		struct kg_rect rect = screen->taken.rects[i];
		size_t offset = 0;

		if ((uint64_t)kg_rect_width(rect) * 4 < (uint64_t)segment->width * 3)
			offset = kg_x11_segment_pack(segment, kg_rect_width(rect), kg_rect_height(rect));
		if (!offset) {
			get_rows(screen, rect.top, rect.bottom);
			continue;
		}
		screen->packed[screen->packed_count].rect = rect;
		screen->packed[screen->packed_count++].offset = offset;
		get_picture(screen, rect, offset);
	}
}

static void take(struct kg_x11_screen *screen, xcb_rectangle_t r)
{
	kg_region_add(&screen->taken, kg_rect_intersect(kg_rect_from(r.x, r.y, r.width, r.height),
							kg_rect_of_size(screen->segment->width,
									screen->segment->height)));
}

static void on_region(void *data, void *reply, uint32_t tag)
{
	struct kg_x11_screen *screen = data;
	const xcb_xfixes_fetch_region_reply_t *region = reply;
	const xcb_rectangle_t *rects;
	int count;

	screen->capture = KG_X11_IDLE;
	if (!region)
		return kg_x11_fail(screen->x, -EIO, "X server %s does not tell what changed", screen->x->display);
	if (size_changed(screen)) {
		screen->whole = true;
		return capture(screen);
	}
	rects = xcb_xfixes_fetch_region_rectangles(region);
	count = xcb_xfixes_fetch_region_rectangles_length(region);
	if (count > FETCHED_MAX)
		take(screen, region->extents);
	else
		for (int i = 0; i < count; i++)
			take(screen, rects[i]);
	if (!kg_region_empty(&screen->taken))
		get_pictures(screen);
	else
		capture(screen);	// the report was of damage that an earlier frame has already
}

/* If one is wanted and there is something to show. */
static void capture(struct kg_x11_screen *screen)
{
	struct kg_x11 *x = screen->x;

	if (!screen->started || !screen->wanted || screen->capture != KG_X11_IDLE || screen->resize.running || x->error)
		return;
	if (size_changed(screen)) {
		int r = follow_size(screen);

		if (r < 0)
			return kg_x11_fail(x, r, "no memory for a screen of %ux%u", screen->x->root_width,
					   screen->x->root_height);
	}
	if (!screen->whole && !screen->reported)
		return;
	screen->reported = false;
	if (screen->whole) {
		screen->whole = false;
		xcb_damage_subtract(x->c, screen->damage, XCB_NONE, XCB_NONE);
		kg_region_clear(&screen->taken);
		kg_region_add(&screen->taken, kg_rect_of_size(screen->segment->width, screen->segment->height));
		return get_pictures(screen);
	}
	screen->capture = KG_X11_FETCHING;
	xcb_damage_subtract(x->c, screen->damage, XCB_NONE, screen->parts);
	kg_x11_expect(x, xcb_xfixes_fetch_region(x->c, screen->parts).sequence, on_region, screen, 0);
}

static void on_event(void *data, xcb_generic_event_t *event)
{
	struct kg_x11_screen *screen = data;
	uint8_t type = event->response_type & 0x7f;

	if (type == screen->damage_event + XCB_DAMAGE_NOTIFY) {
		screen->reported = true;
		capture(screen);
	} else if (type == screen->cursor_event + XCB_XFIXES_CURSOR_NOTIFY) {
		kg_x11_cursor_ask(screen);
	} else if (type == XCB_CONFIGURE_NOTIFY) {
		const xcb_configure_notify_event_t *configured = (const xcb_configure_notify_event_t *)event;

		if (configured->window != screen->x->screen->root)
			return;
		screen->x->root_width = configured->width;
		screen->x->root_height = configured->height;
		capture(screen);
	}
}

/* The owner waits for a frame of the new size: it gets one also when the server could not have it. */
static void on_resized(void *data)
{
	struct kg_x11_screen *screen = data;

	screen->whole = true;
	capture(screen);
}

static void on_lost(void *data, int error, const char *why)
{
	struct kg_x11_screen *screen = data;

	screen->source.events->lost(screen->source.data, error, why);
}

static int x11_start(struct kg_source *source)
{
	struct kg_x11_screen *screen = screen_of(source);

	screen->started = true;
	kg_x11_on_lost(screen->x, on_lost, screen);
	kg_x11_cursor_ask(screen);
	return 0;
}

static void x11_want(struct kg_source *source)
{
	struct kg_x11_screen *screen = screen_of(source);

	screen->wanted = true;
	capture(screen);
}

static int x11_resize(struct kg_source *source, uint32_t width, uint32_t height)
{
	return kg_x11_resize_to(&screen_of(source)->resize, width, height);
}

static void x11_free(struct kg_source *source)
{
	struct kg_x11_screen *screen = screen_of(source);

	kg_x11_resize_done(&screen->resize);
	kg_x11_free(screen->x);
	kg_x11_segment_unref(screen->segment);
	free(screen);
}

static const struct kg_source_impl x11_impl = {
	.name = "x11",
	.start = x11_start,
	.want = x11_want,
	.resize = x11_resize,
	.free = x11_free,
};

int kg_x11_screen_new(struct kg_x11_screen **ret, struct kg_x11 *x)
{
	struct kg_x11_screen *screen = calloc(1, sizeof(*screen));
	uint32_t root_events = XCB_EVENT_MASK_STRUCTURE_NOTIFY;
	xcb_get_geometry_reply_t *geometry;
	xcb_window_t root = x->screen->root;
	int r;

	if (!screen) {
		kg_x11_free(x);
		return kg_err(-ENOMEM, "X server");
	}
	screen->source.impl = &x11_impl;
	screen->x = x;
	screen->whole = true;
	screen->damage_event = xcb_get_extension_data(x->c, &xcb_damage_id)->first_event;
	screen->cursor_event = xcb_get_extension_data(x->c, &xcb_xfixes_id)->first_event;
	r = kg_x11_listen(x, on_event, screen);
	if (r < 0)
		goto fail;

	/* Events are asked for before the size is, so that no change is missed. */
	xcb_change_window_attributes(x->c, root, XCB_CW_EVENT_MASK, &root_events);
	screen->damage = xcb_generate_id(x->c);
	xcb_damage_create(x->c, screen->damage, root, XCB_DAMAGE_REPORT_LEVEL_NON_EMPTY);
	screen->parts = xcb_generate_id(x->c);
	xcb_xfixes_create_region(x->c, screen->parts, 0, NULL);
	xcb_xfixes_select_cursor_input(x->c, root, XCB_XFIXES_CURSOR_NOTIFY_MASK_DISPLAY_CURSOR);
	geometry = xcb_get_geometry_reply(x->c, xcb_get_geometry(x->c, root), NULL);
	if (!geometry) {
		r = kg_err(-EIO, "X server %s does not tell the size of its screen", x->display);
		goto fail;
	}
	screen->x->root_width = geometry->width;
	screen->x->root_height = geometry->height;
	free(geometry);
	r = follow_size(screen);
	if (r < 0) {
		r = kg_err(r, "no memory for a screen of %ux%u", screen->x->root_width, screen->x->root_height);
		goto fail;
	}
	kg_x11_resize_init(&screen->resize, x, on_resized, screen);
	*ret = screen;
	return 0;

fail:
	x11_free(&screen->source);
	return r;
}
