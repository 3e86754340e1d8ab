/*
 * The kind demo: its pictures are the same whenever frame, size and offsets are; a want gives one frame; nothing moves
 * and nothing wakes while it stands; input changes what it should. Without a driver for GL only what is pure is tested.
 */
#include "base/frame.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "input/sink.h"
#include "base/cursor.h"
#include "server/desktop/demo/controls.h"
#include "server/desktop/kind.h"
#include "server/desktop/source.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <linux/input-event-codes.h>

#define WIDTH 640
#define HEIGHT 360
#define DEADLINE_MS 30000		// a picture takes 50 ms, and much longer under a sanitizer on a busy machine

struct desktop {
	struct kg_loop *loop;
	struct kg_desktop_bundle bundle;
	struct kg_frame *frame;		// the last one, held
	unsigned frames, cursors, lost;
};

static void on_frame(void *data, struct kg_frame *frame)
{
	struct desktop *d = data;

	kg_frame_unref(d->frame);
	d->frame = kg_frame_ref(frame);
	d->frames++;
}

static void on_cursor(void *data, const struct kg_cursor *cursor)
{
	struct desktop *d = data;

	d->cursors += cursor->width > 0 && cursor->width <= KG_CURSOR_SIZE_MAX && cursor->hot_x < cursor->width;
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

static bool desktop_open(struct desktop *d, const char *where, uint32_t width, uint32_t height)
{
	struct kg_desktop_open how = { .where = where, .fd = -1, .width = width, .height = height };

	*d = (struct desktop){ 0 };
	if (kg_loop_new(&d->loop) < 0)
		return false;
	how.loop = d->loop;
	if (kg_desktop_kind_demo.open(&d->bundle, &how) < 0 || kg_source_start(d->bundle.source, &events, d) < 0) {
		desktop_close(d);
		return false;
	}
	return true;
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

/* No event for so long: neither a frame nor a wake-up. */
static bool sleeps(struct desktop *d, uint64_t us)
{
	unsigned before = d->frames;
	int r = kg_loop_turn(d->loop, us);

	return r == 0 && d->frames == before;
}

/* The visible bytes of the last frame, to be freed. */
static uint8_t *pixels_of(const struct desktop *d)
{
	size_t count = (size_t)d->frame->width * d->frame->height;
	uint8_t *ret = malloc(count * 3);

	for (size_t i = 0; ret && i < count; i++)
		memcpy(ret + i * 3, d->frame->pixels + i / d->frame->width * d->frame->stride + i % d->frame->width * 4, 3);
	return ret;
}

static uint8_t *picture(const char *where, uint32_t width, uint32_t height)
{
	struct desktop d;
	uint8_t *ret = NULL;

	if (desktop_open(&d, where, width, height) && next_frame(&d) && d.frame->width == width && d.frame->height == height)
		ret = pixels_of(&d);
	desktop_close(&d);
	return ret;
}

static bool same(const uint8_t *a, const uint8_t *b, uint32_t width, uint32_t height)
{
	return a && b && !memcmp(a, b, (size_t)width * height * 3);
}

static unsigned different(const uint8_t *a, const uint8_t *b, uint32_t width, uint32_t height)	// pixels
{
	unsigned n = 0;

	for (size_t i = 0; a && b && i < (size_t)width * height; i++)
		n += memcmp(a + i * 3, b + i * 3, 3) != 0;
	return n;
}

/* For a look: DUMP=directory keeps pictures as PPM. */
static void dump(const char *name, const uint8_t *pixels, uint32_t width, uint32_t height)
{
	const char *directory = getenv("DUMP");
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.ppm", directory ? directory : "", name);
	file = directory && pixels ? fopen(path, "wb") : NULL;
	if (!file)
		return;
	fprintf(file, "P6 %u %u 255\n", width, height);
	for (size_t i = 0; i < (size_t)width * height; i++)
		fwrite((uint8_t[]){ pixels[i * 3 + 2], pixels[i * 3 + 1], pixels[i * 3] }, 1, 3, file);
	fclose(file);
}

static void check_parse(void)
{
	static const char *const bad[] = {
		"x", "terrainx", "texts", ",", "terrain,", "text,frame=", "text,frame=-1", "text,fps=0", "text,fps=61",
		"text,frame=1000000000001", "text,frame=99999999999999999999", "text,fps=5x", "terrain, fps=5",
	};
	struct kg_controls c = { .frame = 77 };
	uint32_t fps = 0;
	bool all = true;

	ok(!kg_controls_parse(&c, "", &fps, 5) && c.scene == KG_DEMO_TERRAIN && c.playing && fps == 60, "WHERE \"\" flies");
	ok(!kg_controls_parse(&c, "text,frame=900,fps=7", &fps, 5) && c.scene == KG_DEMO_TEXT && !c.playing && c.frame == 900 &&
	   fps == 7, "WHERE with frame and fps stands still at that frame");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (kg_controls_parse(&c, bad[i], &fps, 5) != -EINVAL || c.frame != 900 || fps != 7) {
			note("accepted: %s", bad[i]);
			all = false;
		}
	}
	ok(all, "%zu bad WHEREs are refused and change nothing", sizeof(bad) / sizeof(*bad));
}

static void check_time(void)
{
	struct kg_controls c = { 0 };
	uint32_t fps;
	bool each = true;

	kg_controls_parse(&c, "", &fps, 1000);
	for (uint64_t now = 1000, n = 0; n < 600; n++) {
		uint64_t next = kg_controls_next_us(&c, now);

		each = each && kg_controls_frame(&c, now) == n && kg_controls_frame(&c, next) == n + 1 &&
		       kg_controls_frame(&c, next - 1) == n;
		now = next;
	}
	ok(each, "the time of the next frame is its first microsecond, 600 times");
	ok(kg_controls_frame(&c, 1000 + 3600 * 1000000ull) == 216000, "an hour has 216000 frames");
	kg_controls_key(&c, KEY_SPACE, true, 1000 + 500000);
	ok(kg_controls_frame(&c, 99000000) == 30, "Space stops the count");
	kg_controls_key(&c, KEY_SPACE, true, 99000000);
	ok(kg_controls_frame(&c, 99500000) == 60, "and Space goes on from there");
}

static void check_input(void)
{
	struct kg_controls c = { .width = 800, .height = 600 };

	ok(!kg_controls_motion(&c, 100, 100) && !kg_controls_motion(&c, 300, 200) && c.look.yaw == 0,
	   "motion alone turns nothing");
	kg_controls_button(&c, BTN_LEFT, true);
	ok(kg_controls_motion(&c, 400, 150) && c.look.yaw < 0 && c.look.pitch < 0, "a drag turns the other way");
	kg_controls_button(&c, BTN_LEFT, false);
	ok(!kg_controls_motion(&c, 500, 100), "after the button, motion is motion");
	ok(kg_controls_wheel(&c, false, 120) && c.look.zoom > 0 && !kg_controls_wheel(&c, true, 120), "the wheel zooms");
	for (int i = 0; i < 200; i++)
		kg_controls_wheel(&c, false, INT32_MAX);
	ok(!kg_controls_wheel(&c, false, 120) && c.look.zoom <= 4, "and zoom ends somewhere");
	ok(!kg_controls_key(&c, KEY_2, false, 0) && !kg_controls_key(&c, KEY_A, true, 0) && c.scene == KG_DEMO_TERRAIN,
	   "releases and other keys do nothing");
	ok(kg_controls_text(&c, '2', 0) && c.scene == KG_DEMO_TEXT, "a typed 2 is the key 2");
	ok(kg_controls_wheel(&c, false, -240) && c.scroll_px == 96, "in the text the wheel scrolls");
	ok(kg_controls_key(&c, KEY_0, true, 0) && c.look.yaw == 0 && c.look.zoom == 0 && c.scroll_px == 0, "0 puts all back");
	kg_controls_motion(&c, INT32_MAX, INT32_MIN);
	ok(c.x == 799 && c.y == 0, "the pointer stays inside");
}

static void check_pictures(const char *scene)
{
	char here[64], next[64];
	uint8_t *a, *b, *c;

	snprintf(here, sizeof(here), "%s,frame=1234", scene);
	snprintf(next, sizeof(next), "%s,frame=1235", scene);
	a = picture(here, WIDTH, HEIGHT);
	b = picture(here, WIDTH, HEIGHT);
	c = picture(next, WIDTH, HEIGHT);
	dump(scene, a, WIDTH, HEIGHT);
	ok(same(a, b, WIDTH, HEIGHT), "%s: a frame drawn twice, in two contexts, is the same", scene);
	ok(different(a, c, WIDTH, HEIGHT) > WIDTH * HEIGHT / 100, "%s: the frame after it is not", scene);
	free(a);
	free(b);
	free(c);
}

static void check_rows(void)
{
	uint8_t *a = picture("terrain,frame=0", WIDTH, HEIGHT);
	uint8_t *b = picture("text,frame=0", WIDTH, HEIGHT), *c = picture("text,frame=1", WIDTH, HEIGHT);
	unsigned long top = 0, bottom = 0;
	unsigned moved = 0;
	const size_t row = WIDTH * 3;

	for (size_t i = 0; a && i < 20 * row; i += 3) {
		top += a[i];				// blue
		bottom += a[(HEIGHT - 20) * row + i];
	}
	ok(a && top > bottom * 3 / 2, "the sky is at the top (%lu, %lu)", top, bottom);
	for (size_t y = 0; b && c && y < 60; y++)	// where the window never is
		moved += !memcmp(c + y * row, b + (y + 2) * row, row - 36);
	ok(moved == 60, "the page moves by two whole pixels a frame: %u of 60 rows", moved);
	free(a);
	free(b);
	free(c);
}

static void check_overlay(void)
{
	uint8_t *a = picture("text,frame=50", WIDTH, HEIGHT), *b;
	unsigned inside = 0, outside = 0;

	setenv("KG_DEMO_OVERLAY", "1", 1);
	b = picture("text,frame=50", WIDTH, HEIGHT);
	setenv("KG_DEMO_OVERLAY", "0", 1);
	for (size_t i = 0; a && b && i < (size_t)WIDTH * HEIGHT; i++) {
		bool differs = memcmp(a + i * 3, b + i * 3, 3) != 0;

		if (i % WIDTH < 440 && i / WIDTH < 80)
			inside += differs;
		else
			outside += differs;
	}
	ok(inside > 10000 && !outside, "the overlay is at the top left, and nowhere else (%u, %u)", inside, outside);
	free(a);
	free(b);
}

/* Presses key, and says whether it gave one frame, and whether that is the picture expected. */
static bool key_gives(struct desktop *d, uint16_t key, const uint8_t *expected)
{
	unsigned before = d->frames;
	uint8_t *now;
	bool right;

	if (kg_input_key(d->bundle.input, key, true) < 0 || kg_input_key(d->bundle.input, key, false) < 0 ||
	    !wait_until(turn(d) && d->frames != before, DEADLINE_MS))
		return false;
	now = pixels_of(d);
	right = same(now, expected, WIDTH, HEIGHT);
	free(now);
	kg_source_want(d->bundle.source);
	return right && d->frames == before + 1;
}

static void check_standing(void)
{
	struct desktop d;
	uint8_t *first, *text = picture("text,frame=600", WIDTH, HEIGHT), *turned = NULL;

	if (!ok(desktop_open(&d, "terrain,frame=600", WIDTH, HEIGHT), "terrain opens"))
		return desktop_close(&d);
	ok(wait_until(turn(&d) && d.cursors, DEADLINE_MS) && d.cursors == 1 && !d.frames,
	   "the cursor comes, and no frame before a want");
	ok(next_frame(&d) && d.frames == 1 && d.frame->sequence == 1, "the first want gives a frame at once");
	ok(d.frame->damage.count == 1 && kg_rect_width(kg_region_bounds(&d.frame->damage)) == WIDTH &&
	   kg_rect_height(kg_region_bounds(&d.frame->damage)) == HEIGHT, "all of it is damage");
	ok(sleeps(&d, 50000), "without a want there is no other");
	kg_source_want(d.bundle.source);
	ok(sleeps(&d, 200000), "a want while it stands wakes nothing");
	first = pixels_of(&d);
	ok(key_gives(&d, KEY_2, text), "key 2 shows the text, that frame of it");
	ok(key_gives(&d, KEY_1, first), "key 1 shows the same flight again");

	kg_input_motion(d.bundle.input, 300, 200);
	ok(sleeps(&d, 50000), "motion alone changes nothing");
	kg_input_button(d.bundle.input, BTN_LEFT, true);
	kg_input_motion_relative(d.bundle.input, 40, 10);
	kg_input_button(d.bundle.input, BTN_LEFT, false);
	ok(next_frame(&d) && (turned = pixels_of(&d)) && different(turned, first, WIDTH, HEIGHT) > 10000,
	   "a drag turns the view");
	free(turned);
	kg_input_wheel(d.bundle.input, false, 120);
	ok(next_frame(&d), "the wheel gives another picture");
	kg_source_want(d.bundle.source);
	ok(key_gives(&d, KEY_0, first), "and 0 leads back to the first, exactly");
	ok(kg_input_locks(d.bundle.input) == -ENOTSUP, "it has no locks");
	desktop_close(&d);
	free(first);
	free(text);
}

static void check_sizes(void)
{
	static const struct { uint32_t width, height; } sizes[] = { { 801, 607 }, { 1, 1 }, { 3, 700 }, { 1366, 768 } };
	uint8_t *fresh = picture("text,frame=9", sizes[0].width, sizes[0].height);
	struct desktop d;

	if (!ok(fresh && desktop_open(&d, "text,frame=9", WIDTH, HEIGHT) && next_frame(&d), "text opens"))
		return desktop_close(&d);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint32_t w = sizes[i].width, h = sizes[i].height, width, height;
		uint8_t *now;
		bool right;

		kg_source_want(d.bundle.source);
		right = kg_source_resize(d.bundle.source, w, h) == 0 && next_frame(&d) && d.frame->width == w &&
			d.frame->height == h && d.frame->stride >= w * 4;
		kg_source_size(d.bundle.source, &width, &height);
		now = right ? pixels_of(&d) : NULL;
		ok(right && width == w && height == h && (i || same(now, fresh, w, h)), "resized to %u x %u", w, h);
		free(now);
	}
	free(fresh);
	ok(kg_source_resize(d.bundle.source, 0, 5) == -EINVAL && kg_source_resize(d.bundle.source, 5, 8193) == -EINVAL,
	   "sizes that cannot be are refused");
	desktop_close(&d);
}

static void check_playing(void)
{
	struct desktop d;
	struct kg_frame *held = NULL;
	uint8_t *before = NULL, *after = NULL;
	unsigned frames;
	double from;

	if (!ok(desktop_open(&d, "text,fps=20", WIDTH, HEIGHT) && next_frame(&d), "a page that moves"))
		return desktop_close(&d);
	from = tap_now();
	held = kg_frame_ref(d.frame);
	before = pixels_of(&d);
	ok(next_frame(&d) && d.frame->pixels != held->pixels && d.frame->sequence == 2,
	   "the next frame has pixels of its own");
	after = pixels_of(&d);
	ok(different(before, after, WIDTH, HEIGHT) > 1000, "and shows something else");
	free(after);
	after = malloc((size_t)WIDTH * HEIGHT * 3);
	for (size_t i = 0; after && i < (size_t)WIDTH * HEIGHT; i++)
		memcpy(after + i * 3, held->pixels + i * 4, 3);
	ok(same(before, after, WIDTH, HEIGHT), "while the one before stays as it was");
	for (frames = 1; frames < 6 && next_frame(&d); frames++)
		continue;
	ok(frames == 6 && tap_now() - from >= 0.2,
	   "fps=20 gives no more than 20 a second (6 took %.0f ms)", (tap_now() - from) * 1e3);

	kg_input_key(d.bundle.input, KEY_SPACE, true);
	kg_input_key(d.bundle.input, KEY_SPACE, false);
	ok(next_frame(&d), "Space gives the frame it stopped at");
	kg_source_want(d.bundle.source);
	ok(sleeps(&d, 200000), "and then nothing wakes");
	kg_input_key(d.bundle.input, KEY_SPACE, true);
	frames = d.frames;
	ok(wait_until(turn(&d) && d.frames != frames, DEADLINE_MS), "Space again: it moves");
	ok(!d.lost, "nothing was lost on the way");
	desktop_close(&d);
	memset(before, held->pixels[0], 1);	// pixels outlive their source
	kg_frame_unref(held);
	free(before);
	free(after);
}

int main(void)
{
	struct desktop d;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	kg_log_init("test_demo", KG_LOG_ERR);
	setenv("KG_DEMO_OVERLAY", "0", 1);
	check_parse();
	check_time();
	check_input();
	ok(kg_desktop_kind_demo.open(&(struct kg_desktop_bundle){ 0 },
				     &(struct kg_desktop_open){ .where = "nonsense", .fd = fd }) == -EINVAL &&
	   fcntl(fd, F_GETFD) < 0, "a bad WHERE is refused before anything is opened, and takes the descriptor along");
	if (!desktop_open(&d, "", WIDTH, HEIGHT)) {
		skip("no driver for OpenGL ES 3 here");
		return tap_end();
	}
	desktop_close(&d);
	check_pictures("terrain");
	check_pictures("text");
	check_rows();
	check_overlay();
	check_standing();
	check_sizes();
	check_playing();
	return tap_end();
}
