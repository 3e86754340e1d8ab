/*
 * The kind replay: it shows the frames that are due, by number, with a code that says which, when and how late; keys
 * are shown at once; nothing wakes while nothing is wanted; it follows a new size.
 */
#include "base/cursor.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/loop.h"
#include "bench/workload/kgw.h"
#include "bench/workload/timecode.h"
#include "bench/workload/workload.h"
#include "input/sink.h"
#include "server/desktop/kind.h"
#include "server/desktop/replay/options.h"
#include "server/desktop/source.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <linux/input-event-codes.h>

#define WIDTH 640
#define HEIGHT 360
#define DEADLINE_MS 20000

struct desktop {
	struct kg_loop *loop;
	struct kg_desktop_bundle bundle;
	struct kg_frame *frame;		// the last one, held
	struct kg_timecode time;	// in it
	struct kg_keycode key;
	bool read;			// both were there
	unsigned frames, cursors, lost;
};

static void on_frame(void *data, struct kg_frame *frame)
{
	struct desktop *d = data;

	kg_frame_unref(d->frame);
	d->frame = kg_frame_ref(frame);
	d->frames++;
	d->read = frame->width >= KG_CODE_WIDTH && frame->height >= KG_CODE_HEIGHT &&
		  kg_timecode_read(frame->pixels, frame->stride, &d->time) &&
		  kg_keycode_read(frame->pixels, frame->stride, &d->key);
}

static void on_cursor(void *data, const struct kg_cursor *cursor)
{
	struct desktop *d = data;

	d->cursors += cursor->width > 0 && cursor->hot_x < cursor->width;
}

static void on_lost(void *data, int error, const char *why)
{
	struct desktop *d = data;

	d->lost++;
	note("lost: %d %s", error, why);
}

static const struct kg_source_events events = { .frame = on_frame, .cursor = on_cursor, .lost = on_lost };

static void desktop_close(struct desktop *d)
{
	kg_frame_unref(d->frame);
	kg_input_free(d->bundle.input);
	kg_source_free(d->bundle.source);
	kg_loop_free(d->loop);
	*d = (struct desktop){ 0 };
}

static int desktop_open(struct desktop *d, const char *where)
{
	struct kg_desktop_open how = { .where = where, .fd = -1, .width = WIDTH, .height = HEIGHT };
	int r;

	*d = (struct desktop){ 0 };
	if (kg_loop_new(&d->loop) < 0)
		return -ENOMEM;
	how.loop = d->loop;
	r = kg_desktop_kind_replay.open(&d->bundle, &how);
	if (r >= 0)
		r = kg_source_start(d->bundle.source, &events, d);
	if (r < 0)
		desktop_close(d);
	return r;
}

static bool turn(struct desktop *d)	// for wait_until
{
	return kg_loop_turn(d->loop, 1000) >= 0;
}

static bool next_frame(struct desktop *d)
{
	unsigned before = d->frames;

	kg_source_want(d->bundle.source);
	return wait_until(turn(d) && (d->frames != before || d->lost), DEADLINE_MS) && !d->lost;
}

/* The last frame is the workload's of the number that it says, but for the codes, which lie over it. */
static bool true_picture(const struct desktop *d, const char *name)
{
	uint32_t width = d->frame->width, height = d->frame->height;
	size_t stride = (size_t)width * 4;
	uint8_t *pixels = malloc(stride * height);
	struct kg_workload *workload = NULL;
	struct kg_region damage;
	bool same = pixels && !kg_workload_new(&workload, kg_workload_find(name), pixels, width, height, stride,
					       KG_WORKLOAD_SEED);

	if (same) {
		kg_workload_draw(workload, d->time.number, &damage);
		kg_timecode_draw(pixels, stride, &d->time);
		kg_keycode_draw(pixels, stride, &d->key);
		same = !memcmp(pixels, d->frame->pixels, stride * height);
	}
	kg_workload_free(workload);
	free(pixels);
	return same;
}

static bool is_rect(const struct kg_region *region, struct kg_rect rect)
{
	return region->count == 1 && !memcmp(&region->rects[0], &rect, sizeof(rect));
}

static void check_options(void)
{
	static const char *const bad[] = {
		"", ",", ",once", "x,", "x,fps=", "x,fps=0", "x,fps=1001", "x,fps=5x", "x,fps=-1", "x,once=1",
		"x,onc", "x,seed=", "x,seed=4294967296", "x,seed=99999999999999999999", "x,first=2147483648",
		"x, once", "x,fps=MAX",
	};
	struct kg_replay_options o = { 0 };
	bool right = true;

	for (size_t i = 0; i < KG_ARRAY_SIZE(bad); i++)
		if (kg_replay_options_parse(&o, bad[i]) != -EINVAL || o.what) {
			note("accepted: %s", bad[i]);
			right = false;
		}
	ok(right, "%zu bad WHEREs are refused", KG_ARRAY_SIZE(bad));
	ok(!kg_replay_options_parse(&o, "terrain") && !strcmp(o.what, "terrain") && !o.fps && !o.taken && !o.once &&
		   !o.plain && o.seed == KG_WORKLOAD_SEED && !o.first && !kg_replay_is_file(&o),
	   "a name alone is a workload at its own speed");
	kg_replay_options_done(&o);
	ok(!kg_replay_options_parse(&o, "/a b/film.kgw,fps=60,once,plain,seed=7,first=12") &&
		   !strcmp(o.what, "/a b/film.kgw") && o.fps == 60 && o.once && o.plain && o.seed == 7 &&
		   o.first == 12 && kg_replay_is_file(&o),
	   "a file and every option are understood");
	kg_replay_options_done(&o);
	ok(!kg_replay_options_parse(&o, "x,fps=max") && o.taken, "fps=max too");
	kg_replay_options_done(&o);
}

static void check_taken(void)
{
	struct desktop d;
	bool right = true;

	if (!ok(desktop_open(&d, "text-scroll,fps=max") == 0, "a workload is opened"))
		return;
	ok(kg_loop_turn(d.loop, 20000) == 0 && !d.frames, "nothing wakes and no frame comes before one is wanted");
	for (uint32_t n = 0; right && n < 20; n++)
		right = next_frame(&d) && d.read && d.time.number == n && true_picture(&d, "text-scroll");
	ok(right, "as fast as taken, each frame follows the one before, and is the workload's with its codes");
	ok(wait_until(turn(&d) && d.cursors == 1, DEADLINE_MS), "the pointer's shape was told, once");
	desktop_close(&d);
}

static void check_rate(void)
{
	struct desktop d;
	uint64_t begun = kg_now_us(), before = 0;
	uint32_t last = 0, backwards = 0, wrong_time = 0, rounds = 0;

	if (!ok(desktop_open(&d, "text-scroll,fps=200") == 0, "a rate is taken"))
		return;
	for (; rounds < 30 && next_frame(&d) && d.read; rounds++) {
		backwards += rounds && d.time.number <= last;
		wrong_time += d.time.drawn_us < begun || d.time.drawn_us > kg_now_us() || d.time.drawn_us < before ||
			      d.time.late_us > d.time.drawn_us - begun;
		last = d.time.number;
		before = d.time.drawn_us;
	}
	ok(rounds == 30 && !backwards, "at a rate, the numbers rise");
	ok(!wrong_time, "and the times are true");
	ok((before - begun) * 200 / 1000000 + 1 >= last, "no frame comes before it is due (%u in %.0f ms)", last,
	   (double)(before - begun) / 1e3);
	ok(true_picture(&d, "text-scroll"), "and what is left out leaves no trace");
	desktop_close(&d);
}

/* Between two frames of one a second. */
static void check_key(void)
{
	struct desktop d;
	struct kg_timecode time;
	uint64_t pressed;

	if (!ok(desktop_open(&d, "text-scroll,fps=1") == 0 && next_frame(&d) && d.key.count == 0,
		"no key was pressed yet"))
		return;
	time = d.time;
	kg_source_want(d.bundle.source);
	pressed = kg_now_us();
	kg_input_key(d.bundle.input, KEY_A, true);
	kg_input_key(d.bundle.input, KEY_A, false);
	ok(d.frames == 1, "a key is not shown from within the call");
	ok(wait_until(turn(&d) && d.frames == 2, DEADLINE_MS) && d.read && d.key.count == 1 && d.key.key == KEY_A &&
		   d.key.pressed_us >= pressed && d.key.pressed_us <= kg_now_us(),
	   "a key is shown, once, with the time it came");
	ok(d.time.number == time.number
		   ? d.time.drawn_us == time.drawn_us && is_rect(&d.frame->damage, kg_keycode_rect())
		   : d.time.number == time.number + 1,
	   "in a picture of its own that differs in nothing else");
	kg_input_key(d.bundle.input, KEY_B, true);
	ok(kg_loop_turn(d.loop, 20000) == 0 && d.frames == 2, "a key that comes while nothing is wanted waits");
	ok(next_frame(&d) && d.key.count == 2 && d.key.key == KEY_B && true_picture(&d, "text-scroll"),
	   "and is shown then");
	desktop_close(&d);
}

static void check_once(void)
{
	struct desktop d;
	const struct kg_workload_kind *kind = kg_workload_find("text-scroll");
	char where[64];

	snprintf(where, sizeof(where), "text-scroll,fps=max,once,first=%u", kind->frames - 50);
	if (!ok(desktop_open(&d, where) == 0 && next_frame(&d) && d.time.number == kind->frames - 50,
		"it begins where it shall"))
		return;
	kg_source_want(d.bundle.source);
	while (kg_loop_turn(d.loop, 100000) == 1)
		kg_source_want(d.bundle.source);
	ok(d.time.number < kind->frames && d.time.number + 40 > kind->frames && true_picture(&d, "text-scroll"),
	   "once ends with the pass (frame %u of %u, the last that differed), and nothing wakes any more",
	   d.time.number, kind->frames);
	desktop_close(&d);
}

static void check_size(void)
{
	struct desktop d;
	struct kg_frame *old;

	if (!ok(desktop_open(&d, "text-scroll,fps=max") == 0 && next_frame(&d), "a frame of one size comes"))
		return;
	old = kg_frame_ref(d.frame);
	ok(kg_source_resize(d.bundle.source, 500, 300) == 0 && next_frame(&d) && d.frame->width == 500 &&
		   d.frame->height == 300 && kg_region_bounds(&d.frame->damage).right == 500 &&
		   kg_region_bounds(&d.frame->damage).bottom == 300 && d.read && true_picture(&d, "text-scroll"),
	   "the next one has the size that was asked for, all of it new");
	ok(old->width == WIDTH && kg_timecode_read(old->pixels, old->stride, &d.time),
	   "what is still held of the old size is still there");
	kg_frame_unref(old);
	ok(kg_source_resize(d.bundle.source, 100, 80) == 0 && next_frame(&d) && d.frame->width == 100 && !d.read &&
		   next_frame(&d),
	   "a picture too small for the codes has none");
	desktop_close(&d);
	ok(desktop_open(&d, "text-scroll,plain") == 0 && next_frame(&d) && !d.read, "nor has a plain one");
	desktop_close(&d);
}

#if HAVE_ZSTD
enum { FRAMES = 5, STEP_US = 40000 };

/* Frames 0, 10, 20... of text-scroll, with a pointer in the third. */
static bool record(const char *path)
{
	static const uint8_t pointer[4 * 4] = { 0 };
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), r = fd < 0 ? -errno : 0;
	uint8_t *pixels = malloc(WIDTH * HEIGHT * 4);
	struct kg_kgw_writer *writer = NULL;
	struct kg_workload *workload = NULL;

	if (r == 0)
		r = pixels ? kg_workload_new(&workload, kg_workload_find("text-scroll"), pixels, WIDTH, HEIGHT,
					     WIDTH * 4, 1)
			   : -ENOMEM;
	if (r == 0)
		r = kg_kgw_writer_new(&writer, fd, WIDTH, HEIGHT);
	for (uint32_t i = 0; r == 0 && i < FRAMES; i++) {
		struct kg_region damage;

		kg_workload_draw(workload, i * 10, &damage);
		r = kg_kgw_write(writer, pixels, WIDTH * 4, &damage, i * STEP_US,
				 i == 2 ? &(struct kg_cursor){ 2, 2, 0, 0, pointer } : NULL);
	}
	if (r == 0)
		r = kg_kgw_finish(writer, FRAMES * STEP_US);
	kg_kgw_writer_free(writer);
	kg_workload_free(workload);
	free(pixels);
	close(fd);
	return r == 0;
}

/* The frame is the recorded one of the number that its code says. */
static bool recorded_picture(struct desktop *d)
{
	uint32_t number = d->time.number;
	bool same;

	d->time.number = number % FRAMES * 10;
	kg_timecode_draw((uint8_t *)d->frame->pixels, d->frame->stride, &d->time);
	same = true_picture(d, "text-scroll");
	d->time.number = number;
	kg_timecode_draw((uint8_t *)d->frame->pixels, d->frame->stride, &d->time);
	return same;
}

static void check_recording(void)
{
	char directory[] = "/tmp/test_replay-XXXXXX", path[64], where[96];
	struct desktop d;
	uint64_t begun = kg_now_us();
	bool right = true;

	if (!mkdtemp(directory))
		return (void)ok(false, "a folder for a recording");
	snprintf(path, sizeof(path), "%s/film.kgw", directory);
	snprintf(where, sizeof(where), "%s,fps=max", path);
	if (ok(record(path) && desktop_open(&d, where) == 0, "a recording is opened")) {
		for (uint32_t n = 0; right && n < 2 * FRAMES; n++)
			right = next_frame(&d) && d.read && d.time.number == n && recorded_picture(&d);
		ok(right, "its frames come as they were recorded, again and again");
		ok(wait_until(turn(&d) && d.cursors >= 2, DEADLINE_MS), "with their pointers");
		ok(kg_source_resize(d.bundle.source, 500, 300) == -ENOTSUP, "it keeps its size");
		desktop_close(&d);
	}
	snprintf(where, sizeof(where), "%s,once", path);
	begun = kg_now_us();
	if (ok(desktop_open(&d, where) == 0, "it is opened again")) {
		while (right && (!d.read || d.time.number != FRAMES - 1))
			right = next_frame(&d) && recorded_picture(&d);
		ok(right && kg_now_us() - begun >= (FRAMES - 1) * STEP_US,
		   "at its own speed it takes as long as it took");
		kg_source_want(d.bundle.source);
		ok(kg_loop_turn(d.loop, 100000) == 0, "and once ends with its last frame");
		desktop_close(&d);
	}
	ok(truncate(path, 5000) == 0 && desktop_open(&d, path) == -EBADMSG, "one that is cut off is refused");
	unlink(path);
	ok(desktop_open(&d, path) == -ENOENT, "and so is one that is not there");
	rmdir(directory);
}
#endif

static void check_refusals(void)
{
	struct desktop d;

	ok(desktop_open(&d, "nothing") == -ENOENT, "a workload that is none is refused");
	ok(desktop_open(&d, "text-scroll,fps=nine") == -EINVAL, "and so is an option");
}

int main(void)
{
	kg_log_init("test_replay", KG_LOG_NOTHING);
	check_options();
	check_taken();
	check_rate();
	check_key();
	check_once();
	check_size();
#if HAVE_ZSTD
	check_recording();
#endif
	check_refusals();
	return tap_end();
}
