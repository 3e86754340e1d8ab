/*
 * The built-in desktop: scenes drawn by GL, for newcomers and for tests. WHERE is "" or "terrain" or "text", with
 * ",frame=N" (stands still at frame N) and ",fps=N" (draws at most so many a second).
 *
 * A picture is drawn when one is wanted and there is something new to show:
 *	idle -- wanted, and dirty or another frame number, and its time has come --> drawing -- driver says ready --> idle
 * Drawing is asynchronous: the timer looks every millisecond whether the driver is done. While nothing is wanted, or
 * nothing moves, the timer is off: no wake-up.
 */
#define KG_TOPIC "demo"
#include "base/frame.h"
#include "base/log.h"
#include "base/loop.h"
#include "input/sink_impl.h"
#include "base/cursor.h"
#include "server/desktop/demo/controls.h"
#include "server/desktop/demo/overlay.h"
#include "server/desktop/demo/stage.h"
#include "server/desktop/kind.h"
#include "server/desktop/source_impl.h"

#define OWN_WIDTH 1280
#define OWN_HEIGHT 720
#define POLL_US 1000

/* Pixels of a frame. The source has two and writes them in turn; frames that somebody still holds keep theirs alive. */
struct canvas {
	uint32_t refs;
	uint32_t width, height;
	uint8_t pixels[];
};

struct picture {		// a frame given away
	struct kg_frame frame;
	struct canvas *canvas;
};

struct demo {
	struct kg_source source;
	struct kg_input_sink sink;
	struct kg_watch *timer;
	struct kg_stage *stage;
	struct kg_controls controls;
	struct kg_overlay overlay;
	bool with_overlay;
	struct canvas *canvases[2];
	uint64_t interval_us;		// at least, from picture to picture
	uint64_t begun_us;		// when the last picture was begun, or should have been
	uint64_t frame;			// its number
	uint64_t sequence;
	uint32_t width, height;		// of the last picture begun
	bool wanted;
	bool dirty;			// something other than the frame number changed since the last picture was begun
	bool drawing;
	bool cursor_told;
	bool lost;
};

static struct demo *demo_of(struct kg_source *source)
{
	return kg_container_of(source, struct demo, source);
}

static struct demo *demo_of_sink(struct kg_input_sink *sink)
{
	return kg_container_of(sink, struct demo, sink);
}

static void canvas_unref(struct canvas *canvas)
{
	if (canvas && !--canvas->refs)
		free(canvas);
}

static void picture_release(struct kg_frame *frame)
{
	struct picture *picture = frame->owner;

	canvas_unref(picture->canvas);
	free(picture);
}

/* The canvas whose turn it is, of the right size. NULL: no memory. */
static struct canvas *next_canvas(struct demo *demo)
{
	struct canvas **slot = &demo->canvases[demo->sequence % 2];
	struct canvas *canvas = *slot;

	if (canvas && canvas->width == demo->width && canvas->height == demo->height)
		return canvas;
	canvas = malloc(sizeof(*canvas) + (size_t)demo->width * demo->height * 4);
	if (!canvas)
		return NULL;
	canvas->refs = 1;
	canvas->width = demo->width;
	canvas->height = demo->height;
	canvas_unref(*slot);
	*slot = canvas;
	return canvas;
}

static void schedule(struct demo *demo)
{
	uint64_t now = kg_now_us(), due, in = UINT64_MAX;

	if (demo->lost) {
		in = UINT64_MAX;
	} else if (!demo->cursor_told) {
		in = 0;
	} else if (demo->drawing) {
		in = POLL_US;
	} else if (demo->wanted && (demo->dirty || demo->controls.playing)) {
		due = demo->begun_us + demo->interval_us;
		if (!demo->dirty && kg_controls_frame(&demo->controls, now) == demo->frame)
			due = KG_MAX(due, kg_controls_next_us(&demo->controls, now));
		in = due > now ? due - now : 0;
	}
	(void)kg_watch_arm(demo->timer, in);
}

static void lose(struct demo *demo, int error, const char *why)
{
	demo->lost = true;
	(void)kg_watch_arm(demo->timer, UINT64_MAX);
	demo->source.events->lost(demo->source.data, error, why);
}

static void begin(struct demo *demo)
{
	uint64_t now = kg_now_us(), due = demo->begun_us + demo->interval_us;
	const char *why;
	int r;

	demo->width = demo->source.width;
	demo->height = demo->source.height;
	demo->frame = kg_controls_frame(&demo->controls, now);
	/* A timer that fired a little late does not delay all that follow. */
	demo->begun_us = now - due < demo->interval_us / 2 ? due : now;
	demo->dirty = false;
	r = kg_stage_begin(demo->stage, &demo->controls, demo->frame, demo->width, demo->height,
			   demo->with_overlay ? &demo->overlay : NULL, now, &why);
	if (r < 0)
		return lose(demo, r, why);
	demo->drawing = true;
	schedule(demo);
}

/* Gives the picture that was drawn. */
static void deliver(struct demo *demo)
{
	struct picture *picture = calloc(1, sizeof(*picture));
	struct canvas *canvas = next_canvas(demo);
	const char *why = "no memory for a picture";
	int r = -ENOMEM;

	if (!picture || !canvas)
		goto fail;
	r = kg_stage_read(demo->stage, canvas->pixels, &why);
	if (r < 0)
		goto fail;
	r = kg_frame_init(&picture->frame, canvas->width, canvas->height, canvas->width * 4, canvas->pixels, picture_release,
			  picture);
	why = "a picture of a size that cannot be";
	if (r < 0)
		goto fail;
	canvas->refs++;
	picture->canvas = canvas;
	kg_region_add(&picture->frame.damage, kg_rect_of_size(canvas->width, canvas->height));
	picture->frame.sequence = ++demo->sequence;
	picture->frame.captured_us = kg_now_us();
	kg_overlay_shown(&demo->overlay, picture->frame.captured_us);
	demo->drawing = false;
	demo->wanted = false;
	schedule(demo);
	demo->source.events->frame(demo->source.data, &picture->frame);	// may free the source
	kg_frame_unref(&picture->frame);
	return;

fail:
	free(picture);
	lose(demo, r, why);
}

static void poll_drawing(struct demo *demo)
{
	const char *why;
	int r = kg_stage_ready(demo->stage, &why);

	if (r < 0)
		return lose(demo, r, why);
	if (r && demo->width == demo->source.width && demo->height == demo->source.height)
		return deliver(demo);
	if (r)
		demo->drawing = false;		// the size is another by now: again
	schedule(demo);
}

/* An arrow as everybody has it: X black, . white. */
static void tell_cursor(struct demo *demo)
{
	static const char *const rows[] = {
		"X           ", "XX          ", "X.X         ", "X..X        ", "X...X       ", "X....X      ", "X.....X     ",
		"X......X    ", "X.......X   ", "X........X  ", "X.........X ", "X......XXXXX", "X...X..X    ", "X..XX..X    ",
		"X.X  X..X   ", "XX   X..X   ", "X     X..X  ", "      X..X  ", "       XX   ",
	};
	enum { WIDTH = 12, HEIGHT = KG_ARRAY_SIZE(rows) };
	uint32_t pixels[HEIGHT][WIDTH];

	for (size_t y = 0; y < HEIGHT; y++)
		for (size_t x = 0; x < WIDTH; x++)
			pixels[y][x] = rows[y][x] == 'X' ? 0xff000000 : rows[y][x] == '.' ? 0xffffffff : 0;
	demo->cursor_told = true;
	schedule(demo);
	demo->source.events->cursor(demo->source.data,
				    &(struct kg_cursor){ .width = WIDTH, .height = HEIGHT, .pixels = (uint8_t *)pixels });
}

static void on_timer(void *data)
{
	struct demo *demo = data;

	if (demo->lost)
		return;
	if (!demo->cursor_told)
		tell_cursor(demo);
	else if (demo->drawing)
		poll_drawing(demo);
	else if (demo->wanted && (demo->dirty || kg_controls_frame(&demo->controls, kg_now_us()) != demo->frame))
		begin(demo);
	else
		schedule(demo);
}

static int demo_start(struct kg_source *source)
{
	return kg_watch_arm(demo_of(source)->timer, 0);
}

static void demo_want(struct kg_source *source)
{
	struct demo *demo = demo_of(source);

	if (demo->wanted)
		return;
	demo->wanted = true;
	schedule(demo);
}

static void touched(struct demo *demo)
{
	demo->dirty = true;
	if (demo->wanted)
		schedule(demo);
}

static int demo_resize(struct kg_source *source, uint32_t width, uint32_t height)
{
	struct demo *demo = demo_of(source);

	source->width = demo->controls.width = width;
	source->height = demo->controls.height = height;
	touched(demo);
	return 0;
}

static void demo_free(struct kg_source *source)
{
	struct demo *demo = demo_of(source);

	kg_watch_free(demo->timer);
	kg_stage_free(demo->stage);
	canvas_unref(demo->canvases[0]);
	canvas_unref(demo->canvases[1]);
	free(demo);
}

static const struct kg_source_impl demo_impl = {
	.name = "demo",
	.start = demo_start,
	.want = demo_want,
	.resize = demo_resize,
	.free = demo_free,
};

/* Input: whatever changes the picture makes it due. An error means that the desktop is gone. */
static int took(struct demo *demo, bool changed)
{
	if (demo->lost)
		return -ENODEV;
	if (changed)
		touched(demo);
	return 0;
}

static int sink_key(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	struct demo *demo = demo_of_sink(sink);

	return took(demo, kg_controls_key(&demo->controls, evdev, down, kg_now_us()));
}

static int sink_text(struct kg_input_sink *sink, uint32_t codepoint)
{
	struct demo *demo = demo_of_sink(sink);

	return took(demo, kg_controls_text(&demo->controls, codepoint, kg_now_us()));
}

static int sink_motion(struct kg_input_sink *sink, int32_t x, int32_t y)
{
	struct demo *demo = demo_of_sink(sink);

	return took(demo, kg_controls_motion(&demo->controls, x, y));
}

static int sink_motion_relative(struct kg_input_sink *sink, int32_t dx, int32_t dy)
{
	struct demo *demo = demo_of_sink(sink);
	struct kg_rect to = kg_rect_from((int64_t)demo->controls.x + dx, (int64_t)demo->controls.y + dy, 0, 0);

	return took(demo, kg_controls_motion(&demo->controls, to.left, to.top));
}

static int sink_button(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	struct demo *demo = demo_of_sink(sink);

	return took(demo, kg_controls_button(&demo->controls, evdev, down));
}

static int sink_wheel(struct kg_input_sink *sink, bool horizontal, int32_t units)
{
	struct demo *demo = demo_of_sink(sink);

	return took(demo, kg_controls_wheel(&demo->controls, horizontal, units));
}

static void sink_free(struct kg_input_sink *sink)
{
	/* Part of struct demo, which goes with the source. */
}

static const struct kg_input_sink_impl sink_impl = {
	.name = "demo",
	.key = sink_key,
	.text = sink_text,
	.motion = sink_motion,
	.motion_relative = sink_motion_relative,
	.button = sink_button,
	.wheel = sink_wheel,
	.free = sink_free,
};

static int demo_open(struct kg_desktop_bundle *ret, const struct kg_desktop_open *how)
{
	const char *overlay = getenv("KG_DEMO_OVERLAY"), *why = "";
	struct demo *demo;
	uint32_t fps;
	int r;

	kg_close(how->fd);
	demo = calloc(1, sizeof(*demo));
	if (!demo)
		return -ENOMEM;
	demo->source.impl = &demo_impl;
	demo->sink.impl = &sink_impl;
	demo->with_overlay = !overlay || strcmp(overlay, "0");
	r = kg_controls_parse(&demo->controls, how->where, &fps, kg_now_us());
	if (r < 0) {
		kg_err(r, "\"%s\" is not \"terrain\" or \"text\", with \",frame=N\" or \",fps=N\"", how->where);
		goto fail;
	}
	demo->interval_us = 1000000 / fps;
	demo->source.width = demo->controls.width = how->width ? how->width : OWN_WIDTH;
	demo->source.height = demo->controls.height = how->height ? how->height : OWN_HEIGHT;
	r = kg_stage_new(&demo->stage, demo->source.width, demo->source.height, &why);
	if (r < 0) {
		kg_err(r, "%s", why);
		goto fail;
	}
	r = kg_loop_timer(how->loop, &demo->timer, UINT64_MAX, on_timer, demo);
	if (r < 0)
		goto fail;
	demo->dirty = true;
	demo->controls.since_us = kg_now_us();
	*ret = (struct kg_desktop_bundle){ .source = &demo->source, .input = &demo->sink };
	return 0;

fail:
	demo_free(&demo->source);
	return r;
}

const struct kg_desktop_kind kg_desktop_kind_demo = {
	.name = "demo",
	.help = "a flight over mountains, or a page of text; WHERE is nothing, terrain or text[,frame=N][,fps=N]",
	.drivers = true,
	.open = demo_open,
};
