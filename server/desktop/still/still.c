/*
 * The trivial kind of desktop, for tests and to copy: a picture of one colour with a grid and a frame, that changes only
 * where somebody clicks. WHERE is "" or "#RRGGBB".
 */
#include "base/frame.h"
#include "base/limits.h"
#include "base/loop.h"
#include "input/sink_impl.h"
#include "base/cursor.h"
#include "server/desktop/kind.h"
#include "server/desktop/source_impl.h"

#include <assert.h>
#include <linux/input-event-codes.h>
#include <stdio.h>

#define GRID 64			// pixels from line to line
#define MARK 16			// size of the square that a click leaves
#define OWN_WIDTH 1024
#define OWN_HEIGHT 768

struct still {
	struct kg_source source;
	struct kg_input_sink sink;
	struct kg_watch *soon;		// events are told from the loop, never from within a call
	struct kg_frame *frame;		// the last one made
	struct kg_region damage;	// since then
	uint32_t colour;		// 0xffRRGGBB, as a little-endian pixel
	bool wanted;
	bool cursor_told;
	uint64_t sequence;
	int32_t x, y;			// where the pointer is
	uint32_t mark_colour;
	struct kg_region marks;		// squares that the next frame gets
};

struct picture {		// one frame and its pixels: frames that were given away never change
	struct kg_frame frame;
	uint32_t pixels[];
};

static struct still *still_of(struct kg_source *source)
{
	return kg_container_of(source, struct still, source);
}

static struct still *still_of_sink(struct kg_input_sink *sink)
{
	return kg_container_of(sink, struct still, sink);
}

static void fill(struct picture *picture, struct kg_rect rect, uint32_t colour)
{
	rect = kg_rect_intersect(rect, kg_rect_of_size(picture->frame.width, picture->frame.height));
	for (int32_t y = rect.top; y < rect.bottom; y++) {
		for (int32_t x = rect.left; x < rect.right; x++)
			picture->pixels[(size_t)y * picture->frame.width + (size_t)x] = colour;
	}
}

static void draw_background(struct picture *picture, uint32_t colour)
{
	int32_t width = (int32_t)picture->frame.width, height = (int32_t)picture->frame.height;
	uint32_t line = colour ^ 0x00303030;

	fill(picture, kg_rect_of_size(picture->frame.width, picture->frame.height), 0xffffffff);
	fill(picture, (struct kg_rect){ 2, 2, width - 2, height - 2 }, colour);
	for (int32_t x = GRID; x < width - 2; x += GRID)
		fill(picture, (struct kg_rect){ x, 2, x + 1, height - 2 }, line);
	for (int32_t y = GRID; y < height - 2; y += GRID)
		fill(picture, (struct kg_rect){ 2, y, width - 2, y + 1 }, line);
}

static void picture_release(struct kg_frame *frame)
{
	free(frame->owner);
}

/* Makes the frame that shows what is now: the last one, or a fresh background after a new size, and the marks. */
static int draw(struct still *still)
{
	uint32_t width = still->source.width, height = still->source.height;
	struct picture *picture = calloc(1, sizeof(*picture) + (size_t)width * height * 4);
	const struct kg_frame *before = still->frame;
	int r;

	if (!picture)
		return -ENOMEM;
	r = kg_frame_init(&picture->frame, width, height, width * 4, (const uint8_t *)picture->pixels, picture_release,
			  picture);
	if (r < 0) {
		free(picture);
		return r;
	}
	if (before && before->width == width && before->height == height)
		memcpy(picture->pixels, before->pixels, (size_t)width * height * 4);
	else
		draw_background(picture, still->colour);
	for (uint32_t i = 0; i < still->marks.count; i++)
		fill(picture, still->marks.rects[i], still->mark_colour);
	kg_region_clear(&still->marks);

	picture->frame.damage = still->damage;
	picture->frame.sequence = ++still->sequence;
	picture->frame.captured_us = kg_now_us();
	kg_region_clear(&still->damage);
	kg_frame_unref(still->frame);
	still->frame = &picture->frame;
	return 0;
}

/* A small arrow: white with a black border, hot spot at its tip. */
static void tell_cursor(struct still *still)
{
	enum { SIZE = 12 };
	uint32_t pixels[SIZE * SIZE];

	for (int y = 0; y < SIZE; y++) {
		for (int x = 0; x < SIZE; x++) {
			bool border = x == 0 || x == y || y == SIZE - 1;

			pixels[y * SIZE + x] = x > y ? 0 : border ? 0xff000000 : 0xffffffff;
		}
	}
	still->cursor_told = true;
	still->source.events->cursor(still->source.data, &(struct kg_cursor){ .width = SIZE,
									      .height = SIZE,
									      .pixels = (const uint8_t *)pixels });
}

static void on_soon(void *data)
{
	struct still *still = data;
	int r;

	if (!still->cursor_told)
		tell_cursor(still);
	if (!still->wanted || kg_region_empty(&still->damage))
		return;
	still->wanted = false;
	r = draw(still);
	if (r < 0)
		still->source.events->lost(still->source.data, r, "no memory for a picture");
	else
		still->source.events->frame(still->source.data, still->frame);
}

static void damage_all(struct still *still)
{
	kg_region_clear(&still->damage);
	kg_region_add(&still->damage, kg_rect_of_size(still->source.width, still->source.height));
}

static int still_start(struct kg_source *source)
{
	return kg_watch_arm(still_of(source)->soon, 0);
}

static void still_want(struct kg_source *source)
{
	struct still *still = still_of(source);

	still->wanted = true;
	if (!kg_region_empty(&still->damage))
		(void)kg_watch_arm(still->soon, 0);
}

static int still_resize(struct kg_source *source, uint32_t width, uint32_t height)
{
	struct still *still = still_of(source);

	source->width = width;
	source->height = height;
	kg_region_clear(&still->marks);
	damage_all(still);
	return still->wanted ? kg_watch_arm(still->soon, 0) : 0;
}

static void still_free(struct kg_source *source)
{
	struct still *still = still_of(source);

	kg_watch_free(still->soon);
	kg_frame_unref(still->frame);
	free(still);
}

static const struct kg_source_impl still_impl = {
	.name = "still",
	.start = still_start,
	.want = still_want,
	.resize = still_resize,
	.free = still_free,
};

static int sink_ignore_key(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	return 0;
}

static int sink_ignore_text(struct kg_input_sink *sink, uint32_t codepoint)
{
	return 0;
}

static int sink_ignore_wheel(struct kg_input_sink *sink, bool horizontal, int32_t units)
{
	return 0;
}

static int sink_motion(struct kg_input_sink *sink, int32_t x, int32_t y)
{
	struct still *still = still_of_sink(sink);

	still->x = KG_MAX(0, KG_MIN(x, (int32_t)still->source.width - 1));
	still->y = KG_MAX(0, KG_MIN(y, (int32_t)still->source.height - 1));
	return 0;
}

static int sink_motion_relative(struct kg_input_sink *sink, int32_t dx, int32_t dy)
{
	struct still *still = still_of_sink(sink);
	struct kg_rect to = kg_rect_from((int64_t)still->x + dx, (int64_t)still->y + dy, 0, 0);

	return sink_motion(sink, to.left, to.top);
}

/* A press leaves a square whose top left pixel is the one that was clicked; each button has a colour of its own. */
static int sink_button(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	struct still *still = still_of_sink(sink);
	struct kg_rect mark = kg_rect_from(still->x, still->y, MARK, MARK);

	if (!down)
		return 0;
	still->mark_colour = evdev == BTN_LEFT ? 0xffff4000 : evdev == BTN_RIGHT ? 0xff00c000 : 0xff0060ff;
	kg_region_add(&still->marks, mark);
	mark = kg_rect_intersect(mark, kg_rect_of_size(still->source.width, still->source.height));
	kg_region_add(&still->damage, mark);
	return still->wanted ? kg_watch_arm(still->soon, 0) : 0;
}

static int sink_locks(struct kg_input_sink *sink)
{
	return 0;
}

static void sink_free(struct kg_input_sink *sink)
{
	/* Part of struct still, which goes with the source. */
}

static const struct kg_input_sink_impl sink_impl = {
	.name = "still",
	.key = sink_ignore_key,
	.text = sink_ignore_text,
	.motion = sink_motion,
	.motion_relative = sink_motion_relative,
	.button = sink_button,
	.wheel = sink_ignore_wheel,
	.locks = sink_locks,
	.free = sink_free,
};

static int parse_colour(const char *where, uint32_t *ret)
{
	unsigned colour;
	char rest;

	if (!*where)
		return 0;
	if (strspn(where + 1, "0123456789abcdefABCDEF") != 6 || sscanf(where, "#%6x%c", &colour, &rest) != 1)
		return -EINVAL;
	*ret = 0xff000000 | colour;
	return 0;
}

static int still_open(struct kg_desktop_bundle *ret, const struct kg_desktop_open *how)
{
	struct still *still;
	int r;

	kg_close(how->fd);
	still = calloc(1, sizeof(*still));
	if (!still)
		return -ENOMEM;
	still->source.impl = &still_impl;
	still->source.width = how->width ? how->width : OWN_WIDTH;
	still->source.height = how->height ? how->height : OWN_HEIGHT;
	still->sink.impl = &sink_impl;
	still->colour = 0xff204060;
	r = parse_colour(how->where, &still->colour);
	if (r < 0)
		goto fail;
	r = kg_loop_timer(how->loop, &still->soon, UINT64_MAX, on_soon, still);
	if (r < 0)
		goto fail;
	damage_all(still);
	*ret = (struct kg_desktop_bundle){ .source = &still->source, .input = &still->sink };
	return 0;

fail:
	still_free(&still->source);
	return r;
}

const struct kg_desktop_kind kg_desktop_kind_still = {
	.name = "still",
	.help = "one colour with a grid, for tests; WHERE is nothing or #RRGGBB",
	.open = still_open,
};
