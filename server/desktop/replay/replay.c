/*
 * The kind replay: shows a workload or a recording, for measuring. WHERE is "NAME" or "FILE", with ",fps=N" or
 * ",fps=max" (as fast as the pictures are taken), ",once" (then it stands still), ",seed=N", ",first=N" (the frame to
 * begin with) and
 * ",plain" (without the codes in the corner, bench/workload/timecode.h).
 *
 * A picture is drawn when one is wanted and its frame is due; frames that nobody wanted in time are left out. What the
 * code in it calls late is this player's own doing: from when the frame was both due and wanted until it was drawn. A
 * key is shown at once, in its own code, by a picture that differs in nothing else.
 */
#define KG_TOPIC "replay"
#include "base/cursor.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/sandbox.h"
#include "bench/workload/pace.h"
#include "bench/workload/timecode.h"
#include "input/sink_impl.h"
#include "server/desktop/kind.h"
#include "server/desktop/replay/film.h"
#include "server/desktop/replay/options.h"
#include "server/desktop/source_impl.h"

#define OWN_WIDTH 1920
#define OWN_HEIGHT 1080
#define UNCHANGED_US 1000		// as fast as taken, what shows nothing new takes so long

/* Pixels that all frames share: they may change once the next is wanted. Of a size that is no more, as long as held. */
struct canvas {
	uint32_t refs;
	uint32_t width, height;
	uint8_t pixels[];
};

struct picture {		// a frame given away
	struct kg_frame frame;
	struct canvas *canvas;
};

struct replay {
	struct kg_source source;
	struct kg_input_sink sink;
	struct kg_watch *timer;
	struct kg_film *film;
	struct canvas *canvas;
	struct kg_pace pace;
	struct kg_timecode code;	// in the canvas, as is the key but for key_due
	struct kg_keycode key;
	struct kg_cursor cursor;
	uint8_t *below;			// what the film has where the codes are; NULL: there are no codes
	bool plain;			// there shall be none
	bool below_saved;
	int64_t shown;			// frame in the canvas; before the first it is the one before
	uint64_t wanted_us;
	uint64_t sequence;
	bool begun;
	bool redraw;			// the canvas is new
	bool wanted;
	bool key_due;			// the last key was not shown yet
	bool cursor_due;		// nor told the pointer's shape
	bool lost;
};

static struct replay *replay_of(struct kg_source *source)
{
	return kg_container_of(source, struct replay, source);
}

static struct replay *replay_of_sink(struct kg_input_sink *sink)
{
	return kg_container_of(sink, struct replay, sink);
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

static size_t stride_of(const struct canvas *canvas)
{
	return (size_t)canvas->width * 4;
}

/* Pixels of another size, for the film to draw into. When that fails, all is as it was. */
static int take_size(struct replay *replay, uint32_t width, uint32_t height)
{
	bool codes = !replay->plain && width >= KG_CODE_WIDTH && height >= KG_CODE_HEIGHT;
	struct canvas *canvas = malloc(sizeof(*canvas) + (size_t)width * height * 4);
	uint8_t *below = codes ? malloc((size_t)KG_CODE_WIDTH * KG_CODE_HEIGHT * 4) : NULL;
	int r = -ENOMEM;

	if (!canvas || (codes && !below))
		goto fail;
	r = replay->film->impl->set_pixels(replay->film, canvas->pixels, width, height, (size_t)width * 4);
	if (r < 0)
		goto fail;
	canvas->refs = 1;
	canvas->width = width;
	canvas->height = height;
	canvas_unref(replay->canvas);
	free(replay->below);
	replay->canvas = canvas;
	replay->below = below;
	replay->below_saved = false;
	replay->redraw = true;
	replay->source.width = width;
	replay->source.height = height;
	return 0;

fail:
	free(canvas);
	free(below);
	return r;
}

static void lose(struct replay *replay, int error, const char *why)
{
	replay->lost = true;
	(void)kg_watch_arm(replay->timer, UINT64_MAX);
	replay->source.events->lost(replay->source.data, error, why);
}

/* ---- codes ---- */

static void copy_below(struct replay *replay, bool save)
{
	struct canvas *canvas = replay->canvas;

	for (size_t y = 0; y < KG_CODE_HEIGHT; y++) {
		uint8_t *at = canvas->pixels + y * stride_of(canvas), *below = replay->below + y * KG_CODE_WIDTH * 4;

		memcpy(save ? below : at, save ? at : below, KG_CODE_WIDTH * 4);
	}
}

static void put_codes(struct replay *replay)
{
	copy_below(replay, true);
	replay->below_saved = true;
	kg_timecode_draw(replay->canvas->pixels, stride_of(replay->canvas), &replay->code);
	kg_keycode_draw(replay->canvas->pixels, stride_of(replay->canvas), &replay->key);
}

/* ---- showing ---- */

/* When there will be something to do: at once, when the next frame is due, or by what is told from outside. */
static void schedule(struct replay *replay)
{
	uint64_t now_us = kg_now_us(), due_us = UINT64_MAX;

	if (replay->lost)
		due_us = UINT64_MAX;
	else if (replay->cursor_due || (replay->wanted && (replay->redraw || replay->key_due)))
		due_us = 0;
	else if (replay->wanted)
		due_us = kg_pace_due_us(&replay->pace, (uint64_t)(replay->shown + 1));
	(void)kg_watch_arm(replay->timer, due_us == UINT64_MAX ? UINT64_MAX : due_us > now_us ? due_us - now_us : 0);
}

/* Gives the canvas as it is. */
static void deliver(struct replay *replay, const struct kg_region *damage)
{
	struct canvas *canvas = replay->canvas;
	struct picture *picture = calloc(1, sizeof(*picture));
	int r = -ENOMEM;

	if (picture)
		r = kg_frame_init(&picture->frame, canvas->width, canvas->height, canvas->width * 4, canvas->pixels,
				  picture_release, picture);
	if (r < 0) {
		free(picture);
		return lose(replay, r, "no memory for a picture");
	}
	canvas->refs++;
	picture->canvas = canvas;
	picture->frame.damage = *damage;
	picture->frame.sequence = ++replay->sequence;
	picture->frame.captured_us = kg_now_us();
	replay->wanted = false;
	replay->key_due = false;
	schedule(replay);
	replay->source.events->frame(replay->source.data, &picture->frame);	// may free the source
	kg_frame_unref(&picture->frame);
}

static void show_key(struct replay *replay)
{
	struct kg_region damage = { 0 };

	kg_keycode_draw(replay->canvas->pixels, stride_of(replay->canvas), &replay->key);
	kg_region_add(&damage, kg_keycode_rect());
	deliver(replay, &damage);
}

/* Draws a frame and gives it where it differs from the one before. */
static void show(struct replay *replay, uint32_t number)
{
	uint64_t could_us = KG_MAX(kg_pace_due_us(&replay->pace, number), replay->wanted_us);
	struct kg_region damage;
	const char *why;
	bool changed;
	int r;

	if (replay->below_saved)
		copy_below(replay, false);
	r = replay->film->impl->draw(replay->film, number, &damage, &why);
	if (r < 0)
		return lose(replay, r, why);
	replay->redraw = false;
	replay->shown = number;
	replay->cursor_due |= replay->film->impl->cursor(replay->film, &replay->cursor);
	changed = !kg_region_empty(&damage);
	if (changed) {
		replay->code = (struct kg_timecode){ .number = number, .drawn_us = kg_now_us() };
		replay->code.late_us = (uint32_t)KG_MIN(replay->code.drawn_us - could_us, (uint64_t)UINT32_MAX);
	}
	if (replay->below) {
		put_codes(replay);
		kg_region_add(&damage, changed ? kg_timecode_rect() : (struct kg_rect){ 0 });
		kg_region_add(&damage, changed || replay->key_due ? kg_keycode_rect() : (struct kg_rect){ 0 });
	}
	if (!kg_region_empty(&damage))
		deliver(replay, &damage);
	else if (replay->pace.taken)
		(void)kg_watch_arm(replay->timer, UNCHANGED_US);
	else
		schedule(replay);
}

static void on_timer(void *data)
{
	struct replay *replay = data;
	uint64_t now_us = kg_now_us();
	uint32_t number;

	if (replay->lost)
		return;
	if (replay->cursor_due) {
		replay->cursor_due = false;
		schedule(replay);
		replay->source.events->cursor(replay->source.data, &replay->cursor);	// may free the source
		return;
	}
	if (!replay->wanted)
		return;
	if (!replay->begun) {
		replay->begun = true;
		replay->pace.begun_us = now_us - kg_pace_due_us(&replay->pace, (uint64_t)(replay->shown + 1));
	}
	number = kg_pace_number(&replay->pace, replay->shown, now_us);
	if (replay->redraw || number != replay->shown)
		show(replay, number);
	else if (replay->key_due)
		show_key(replay);
	else
		schedule(replay);
}

/* The pointer's shape comes with the first picture. */
static int replay_start(struct kg_source *source)
{
	return 0;
}

static void replay_want(struct kg_source *source)
{
	struct replay *replay = replay_of(source);

	if (replay->wanted)
		return;
	replay->wanted = true;
	replay->wanted_us = kg_now_us();
	schedule(replay);
}

/* The film goes on where it is: the frame that is due is drawn again, in the new size. */
static int replay_resize(struct kg_source *source, uint32_t width, uint32_t height)
{
	struct replay *replay = replay_of(source);
	int r;

	if (replay->film->width)
		return -ENOTSUP;
	r = take_size(replay, width, height);
	schedule(replay);
	return r;
}

static void replay_free(struct kg_source *source)
{
	struct replay *replay = replay_of(source);

	kg_watch_free(replay->timer);
	kg_film_free(replay->film);
	canvas_unref(replay->canvas);
	free(replay->below);
	free(replay);
}

static const struct kg_source_impl replay_impl = {
	.name = "replay",
	.start = replay_start,
	.want = replay_want,
	.resize = replay_resize,
	.free = replay_free,
};

/* ---- input: keys are shown, the rest is taken ---- */

static int pressed(struct replay *replay, uint16_t key)
{
	replay->key = (struct kg_keycode){ (uint16_t)(replay->key.count + 1), key, kg_now_us() };
	replay->key_due = replay->below;
	if (replay->wanted && replay->key_due)
		schedule(replay);
	return replay->lost ? -ENODEV : 0;
}

static int sink_key(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	return down ? pressed(replay_of_sink(sink), evdev) : 0;
}

static int sink_text(struct kg_input_sink *sink, uint32_t codepoint)
{
	return pressed(replay_of_sink(sink), 0);
}

static int sink_motion(struct kg_input_sink *sink, int32_t x, int32_t y)
{
	return 0;
}

static int sink_button(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	return 0;
}

static int sink_wheel(struct kg_input_sink *sink, bool horizontal, int32_t units)
{
	return 0;
}

static int sink_locks(struct kg_input_sink *sink)
{
	return 0;
}

static void sink_free(struct kg_input_sink *sink)
{
	/* Part of struct replay, which goes with the source. */
}

static const struct kg_input_sink_impl sink_impl = {
	.name = "replay",
	.key = sink_key,
	.text = sink_text,
	.motion = sink_motion,
	.motion_relative = sink_motion,
	.button = sink_button,
	.wheel = sink_wheel,
	.locks = sink_locks,
	.free = sink_free,
};

/* ---- opening ---- */

static int open_film(struct replay *replay, const struct kg_desktop_open *how)
{
	struct kg_replay_options options;
	const char *why;
	int r = kg_replay_options_parse(&options, how->where);

	if (r < 0)
		return kg_err(r, "\"%s\" is no workload or file with the options that there are", how->where);
	r = kg_film_new(&replay->film, &options, &why);
	if (r < 0) {
		(void)kg_err(r, "%s: %s", options.what, why);
	} else {
		replay->plain = options.plain;
		replay->pace = (struct kg_pace){
			.fps = options.fps ? options.fps : replay->film->fps,
			.times_us = replay->film->times_us,
			.pass_us = replay->film->pass_us,
			.frames = replay->film->frames,
			.once = options.once,
			.taken = options.taken,
		};
		replay->shown =
			(int64_t)(options.once ? KG_MIN(options.first, replay->pace.frames - 1) : options.first) - 1;
	}
	kg_replay_options_done(&options);
	return r;
}

static int replay_open(struct kg_desktop_bundle *ret, const struct kg_desktop_open *how)
{
	struct replay *replay;
	int r;

	kg_close(how->fd);
	replay = calloc(1, sizeof(*replay));
	if (!replay)
		return -ENOMEM;
	replay->source.impl = &replay_impl;
	replay->sink.impl = &sink_impl;
	r = open_film(replay, how);
	if (r < 0)
		goto fail;
	if (replay->film->width)
		r = take_size(replay, replay->film->width, replay->film->height);
	else
		r = take_size(replay, how->width ? how->width : OWN_WIDTH, how->height ? how->height : OWN_HEIGHT);
	if (r < 0)
		goto fail;
	r = kg_loop_timer(how->loop, &replay->timer, UINT64_MAX, on_timer, replay);
	if (r < 0)
		goto fail;
	*ret = (struct kg_desktop_bundle){ .source = &replay->source, .input = &replay->sink };
	return 0;

fail:
	replay_free(&replay->source);
	return r;
}

/* A recording is read from where it is open. */
static const struct kg_rule replay_rules[] = {
	KG_ALLOW("pread64"),
	{ .action = KG_RULE_END },
};

const struct kg_desktop_kind kg_desktop_kind_replay = {
	.name = "replay",
	.help = "a workload or a recording, for measuring; WHERE is NAME or "
		"FILE[,fps=N|max][,once][,plain][,seed=N][,first=N]",
	.check = "a workload, such as terrain, or a file",
	.open = replay_open,
	.rules = replay_rules,
};
