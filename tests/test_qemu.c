/*
 * The kind "qemu" against a QEMU that the test plays, in a thread of its own: it registers the listener in QEMU's order, and
 * then says what no honest QEMU says. Each of its calls must be answered within a second, or it fails.
 */
#include "base/frame.h"
#include "base/limits.h"
#include "base/loop.h"
#include "input/sink.h"
#include "base/cursor.h"
#include "server/desktop/kind.h"
#include "server/desktop/qemu/bus.h"
#include "server/desktop/source.h"
#include "tests/tap.h"
#include "tests/qemu-player.h"

#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

/* ---- our side ---- */

static void on_frame(void *data, struct kg_frame *frame)
{
	struct seen *seen = data;

	kg_frame_unref(seen->frame);
	seen->frame = kg_frame_ref(frame);
	seen->frames++;
}

static void on_cursor(void *data, const struct kg_cursor *cursor)
{
	struct seen *seen = data;

	seen->cursor = *cursor;
	if (cursor->width)
		memcpy(seen->cursor_pixels, cursor->pixels, KG_MIN(sizeof(seen->cursor_pixels),
								   (size_t)cursor->width * cursor->height * 4));
	seen->cursors++;
}

static void on_warp(void *data, int32_t x, int32_t y)
{
}

static void on_locks(void *data, unsigned locks)
{
	((struct seen *)data)->locks = locks;
}

static void on_lost(void *data, int error, const char *why)
{
	struct seen *seen = data;

	seen->lost++;
	seen->lost_error = error;
	note("lost: %s", why);
}

static const struct kg_source_events events = {
	.frame = on_frame, .cursor = on_cursor, .warp = on_warp, .locks = on_locks, .lost = on_lost
};

#define turn_until(seen, condition, ms)                                                            \
	({                                                                                         \
		double turn_deadline_ = tap_now() + TAP_SLOW * (ms) / 1000.0;                      \
		while (!(condition) && tap_now() < turn_deadline_)                                 \
			kg_loop_turn((seen)->loop, 2000);                                          \
		(condition);                                                                       \
	})

/* Lets the peer do something while our loop runs. */
static bool run_job(struct seen *seen, struct peer *peer, job_fn job)
{
	peer->job = job;
	(void)!write(peer->wake, &(uint64_t){ 1 }, 8);
	return turn_until(seen, !peer->job, 5000);
}

/* The next frame: there must be one, or (wanted false) must not. */
static bool next_frame(struct seen *seen)
{
	unsigned before = seen->frames;

	kg_source_want(seen->desktop.source);
	return turn_until(seen, seen->frames > before, 1000);
}

static bool shows(const struct kg_frame *frame, uint32_t width, uint32_t height, uint32_t salt)
{
	if (!frame || frame->width != width || frame->height != height)
		return false;
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++) {
			uint32_t pixel;

			memcpy(&pixel, frame->pixels + (size_t)y * frame->stride + x * 4, 4);
			if ((pixel & 0xffffff) != pixel_at(x, y, salt)) {
				note("pixel %u,%u is %06x, not %06x", x, y, pixel & 0xffffff, pixel_at(x, y, salt));
				return false;
			}
		}
	}
	return true;
}

static bool is_black(const struct kg_frame *frame, uint32_t width, uint32_t height)
{
	if (!frame || frame->width != width || frame->height != height)
		return false;
	for (size_t i = 0; i < (size_t)width * height * 4; i++) {
		if (frame->pixels[i])
			return false;
	}
	return true;
}

static int begin(struct seen *seen, struct peer *peer, uint32_t width, uint32_t height)
{
	int pair[2];
	int r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	peer->fd = pair[1];
	peer->file = -1;
	peer->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (kg_loop_new(&seen->loop) < 0 || pthread_create(&peer->thread, NULL, peer_run, peer) != 0)
		abort();
	r = kg_desktop_kind_qemu.open(&seen->desktop, &(struct kg_desktop_open){ .loop = seen->loop,
										 .where = "test",
										 .fd = pair[0],
										 .width = width,
										 .height = height });
	return r < 0 ? r : kg_source_start(seen->desktop.source, &events, seen);
}

static void end(struct seen *seen, struct peer *peer)
{
	kg_input_free(seen->desktop.input);
	kg_source_free(seen->desktop.source);
	kg_frame_unref(seen->frame);	// a frame may outlive its source
	kg_loop_free(seen->loop);
	peer->stop = true;
	(void)!write(peer->wake, &(uint64_t){ 1 }, 8);
	pthread_join(peer->thread, NULL);
	kg_close(peer->wake);
	kg_close(peer->file);
}

/* ---- pictures ---- */

static void job_change_corner(struct peer *peer)
{
	if (pwrite(peer->file, "\x01\x02\x03", 3, 4096) != 3)
		abort();
	call(peer, LISTENER_MAP, "UpdateMap", "iiii", -100, -100, 101, 101);
}

static void job_outside(struct peer *peer)
{
	call(peer, LISTENER_MAP, "UpdateMap", "iiii", 0, 400, 640, 80);
	call(peer, LISTENER_MAP, "UpdateMap", "iiii", INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX);
	call(peer, LISTENER_MAP, "UpdateMap", "iiii", INT32_MIN, 0, -1, INT32_MIN);
}

static void job_shrink(struct peer *peer)
{
	if (ftruncate(peer->file, 8192) < 0)
		abort();
	call(peer, LISTENER_MAP, "UpdateMap", "iiii", 0, 0, WIDTH, HEIGHT);
}

static void job_rgb(struct peer *peer)
{
	new_file(peer, 33, 17, 33 * 4, 0, 7);
	call(peer, LISTENER_MAP, "ScanoutMap", "huuuuu", peer->file, 0, 33, 17, 33 * 4, X8B8G8R8);
}

static void job_message(struct peer *peer)
{
	static uint32_t pixels[HEIGHT][WIDTH + 3];

	for (uint32_t y = 0; y < HEIGHT; y++) {
		for (uint32_t x = 0; x < WIDTH; x++)
			pixels[y][x] = pixel_at(x, y, 3);
	}
	scanout(peer, WIDTH, HEIGHT, (WIDTH + 3) * 4, X8R8G8B8, pixels, sizeof(pixels) - 12);
}

/* The same picture with another salt, as updates: in the middle, and over each edge. */
static void job_updates(struct peer *peer)
{
	static uint32_t pixels[HEIGHT][WIDTH];
	const int32_t half = WIDTH / 2;

	for (int32_t part = 0; part < 2 && peer->r >= 0; part++) {
		for (uint32_t y = 0; y < HEIGHT; y++) {
			for (uint32_t x = 0; x < WIDTH; x++)
				pixels[y][x] = pixel_at(x + (uint32_t)(part ? half : -half), y, 4);
		}
		update(peer, part ? half : -half, 0, WIDTH, HEIGHT, WIDTH * 4, pixels, sizeof(pixels));
	}
}

static void job_disable(struct peer *peer)
{
	call(peer, LISTENER, "Disable", "");
}

static void test_pictures(struct seen *seen, struct peer *peer)
{
	struct kg_frame *old;

	ok(next_frame(seen) && shows(seen->frame, WIDTH, HEIGHT, 0), "a scan-out in a file is shown exactly");
	ok(seen->frame->damage.count == 1 && seen->frame->damage.rects[0].right == WIDTH, "all of it is damage");
	ok(!next_frame(seen), "nothing changes: no frame");

	ok(run_job(seen, peer, job_change_corner) && peer->r == 0 &&
		   turn_until(seen, seen->frames == 2, 1000) && seen->frame->damage.count == 1 &&
		   seen->frame->damage.rects[0].right == 1 && seen->frame->damage.rects[0].bottom == 1 &&
		   seen->frame->pixels[0] == 1 && seen->frame->pixels[2] == 3,
	   "an update over the edge is cut to what lies inside");
	ok(run_job(seen, peer, job_outside) && peer->r == 0 && !next_frame(seen), "one outside changes nothing");

	old = kg_frame_ref(seen->frame);
	ok(run_job(seen, peer, job_rgb) && peer->r == 0 && turn_until(seen, seen->frames == 3, 1000) &&
		   seen->frame->width == 33 && seen->frame->pixels[0] == ((pixel_at(0, 0, 7) >> 16) & 255) &&
		   seen->frame->pixels[4 + 2] == (pixel_at(1, 0, 7) & 255),
	   "another size and order of colours is followed in the middle");
	ok(old->width == WIDTH && old->pixels[0] == 1 && old->pixels[(size_t)HEIGHT * old->stride - 3] ==
						      ((pixel_at(WIDTH - 1, HEIGHT - 1, 0) >> 8) & 255),
	   "a frame of the size before keeps its pixels");
	kg_frame_unref(old);

	ok(run_job(seen, peer, job_message) && peer->r == 0 && next_frame(seen) && shows(seen->frame, WIDTH, HEIGHT, 3),
	   "a scan-out in a message with a longer stride is shown exactly");
	ok(run_job(seen, peer, job_updates) && peer->r == 0 && next_frame(seen) && shows(seen->frame, WIDTH, HEIGHT, 4),
	   "updates in messages over the left and right edge too");
	ok(run_job(seen, peer, job_disable) && peer->r == 0 && next_frame(seen) && is_black(seen->frame, WIDTH, HEIGHT),
	   "a display that is switched off is black, of the last size");

	run_job(seen, peer, job_first);
	ok(next_frame(seen) && shows(seen->frame, WIDTH, HEIGHT, 0), "and is shown again when it is on");
	ok(run_job(seen, peer, job_shrink) && peer->r == 0 && next_frame(seen) && is_black(seen->frame, WIDTH, HEIGHT),
	   "a file that has shrunk is black, and kills nobody");
}

/* ---- nonsense ---- */

static const struct {
	const char *what;
	uint32_t offset, width, height, stride, format;
} bad_maps[] = {
	{ "no width", 0, 0, HEIGHT, 256, X8R8G8B8 },
	{ "no height", 0, WIDTH, 0, 256, X8R8G8B8 },
	{ "a stride below the width", 0, WIDTH, HEIGHT, WIDTH * 4 - 1, X8R8G8B8 },
	{ "a stride of 0", 0, WIDTH, HEIGHT, 0, X8R8G8B8 },
	{ "a width whose bytes overflow", 0, 0x40000001, HEIGHT, 4, X8R8G8B8 },
	{ "more than the largest desktop", 0, KG_DESKTOP_SIZE_MAX + 1, 1, (KG_DESKTOP_SIZE_MAX + 1) * 4, X8R8G8B8 },
	{ "the largest stride", 0, WIDTH, HEIGHT, UINT32_MAX, X8R8G8B8 },
	{ "the largest offset", UINT32_MAX, WIDTH, HEIGHT, WIDTH * 4, X8R8G8B8 },
	{ "an offset one byte too far", 65, WIDTH, HEIGHT, WIDTH * 4, X8R8G8B8 },
	{ "a format with 16 bits", 0, WIDTH, HEIGHT, WIDTH * 4, 0x10020565 },
	{ "no format", 0, WIDTH, HEIGHT, WIDTH * 4, 0 },
};
static size_t bad_map;

static void job_bad_map(struct peer *peer)
{
	new_file(peer, WIDTH, HEIGHT, WIDTH * 4, 0, 0);
	if (ftruncate(peer->file, WIDTH * HEIGHT * 4 + 64) < 0)
		abort();
	call(peer, LISTENER_MAP, "ScanoutMap", "huuuuu", peer->file, bad_maps[bad_map].offset, bad_maps[bad_map].width,
	     bad_maps[bad_map].height, bad_maps[bad_map].stride, bad_maps[bad_map].format);
}

static void job_pipe(struct peer *peer)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		abort();
	call(peer, LISTENER_MAP, "ScanoutMap", "huuuuu", ends[0], 0, WIDTH, HEIGHT, WIDTH * 4, X8R8G8B8);
	kg_close(ends[0]);
	kg_close(ends[1]);
}

static void job_short_message(struct peer *peer)
{
	static uint8_t pixels[WIDTH * HEIGHT * 4];

	scanout(peer, WIDTH, HEIGHT, WIDTH * 4, X8R8G8B8, pixels, sizeof(pixels) - 1);
}

static void job_bad_updates(struct peer *peer)
{
	static uint8_t pixels[WIDTH * HEIGHT * 4];
	int good = 0;

	scanout(peer, WIDTH, HEIGHT, WIDTH * 4, X8R8G8B8, pixels, sizeof(pixels));
	update(peer, 0, 0, -1, 1, 4, pixels, sizeof(pixels));
	good += peer->r == 0;
	update(peer, 0, 0, INT32_MAX, INT32_MAX, UINT32_MAX, pixels, sizeof(pixels));
	good += peer->r == 0;
	update(peer, INT32_MAX, INT32_MIN, WIDTH, HEIGHT, WIDTH * 4, pixels, sizeof(pixels) - 1);
	good += peer->r == 0;
	update(peer, 0, 0, WIDTH, HEIGHT, WIDTH * 4 - 4, pixels, sizeof(pixels));
	good += peer->r == 0;
	peer->r = good;
}

static void job_dmabuf(struct peer *peer)
{
	int r;

	call(peer, LISTENER, "ScanoutDMABUF", "huuuutb", peer->file, WIDTH, HEIGHT, WIDTH * 4, 0x34325258, (uint64_t)0, 1);
	r = peer->r;
	call(peer, LISTENER, "UpdateDMABUF", "iiii", 0, 0, 1, 1);
	peer->r = r < 0 ? peer->r : 1;
}

static void job_wrong_types(struct peer *peer)
{
	call(peer, LISTENER, "Scanout", "s", "hello");
}

static void test_nonsense(struct seen *seen, struct peer *peer)
{
	for (bad_map = 0; bad_map < KG_ARRAY_SIZE(bad_maps); bad_map++) {
		run_job(seen, peer, job_first);
		ok(run_job(seen, peer, job_bad_map) && peer->r < 0 && peer->r != -ETIMEDOUT && next_frame(seen) &&
			   is_black(seen->frame, WIDTH, HEIGHT),
		   "a scan-out with %s is refused, and black", bad_maps[bad_map].what);
	}
	ok(run_job(seen, peer, job_pipe) && peer->r < 0 && peer->r != -ETIMEDOUT, "a scan-out in a pipe is refused");
	ok(run_job(seen, peer, job_short_message) && peer->r < 0, "a scan-out with too few bytes is refused");
	ok(run_job(seen, peer, job_bad_updates) && peer->r == 0, "so are updates that do not fit their bytes");
	ok(run_job(seen, peer, job_wrong_types) && peer->r < 0, "and calls with wrong types");
	ok(run_job(seen, peer, job_dmabuf) && peer->r == 0, "a GPU's memory is refused, its updates answered");
	ok(seen->lost == 0, "the desktop outlives all that");
}

/* ---- pointer and input ---- */

static void job_cursor(struct peer *peer)
{
	const uint8_t pixels[] = { 64, 32, 0, 128, 255, 255, 255, 255 };
	const int32_t numbers[] = { 2, 1, 7, -7 };

	call_pixels(peer, "CursorDefine", "iiii", numbers, 4, pixels, sizeof(pixels));
}

static void job_bad_cursor(struct peer *peer)
{
	static uint8_t pixels[4];
	const int32_t numbers[3][4] = { { 2, 1, 0, 0 }, { INT32_MAX, INT32_MAX, 0, 0 }, { -1, -1, 0, 0 } };
	int good = 0;

	for (int i = 0; i < 3; i++) {
		call_pixels(peer, "CursorDefine", "iiii", numbers[i], 4, pixels, sizeof(pixels));
		good += peer->r == 0;
	}
	peer->r = good;
}

static void job_hide(struct peer *peer)
{
	call(peer, LISTENER, "MouseSet", "iii", 5, 5, 0);
}

static void job_locks(struct peer *peer)
{
	sd_bus_message *message = NULL;

	if (sd_bus_message_new_signal(peer->display, &message, CONSOLE, "org.freedesktop.DBus.Properties",
				      "PropertiesChanged") < 0 ||
	    sd_bus_message_append(message, "sa{sv}as", "org.qemu.Display1.Keyboard", 2, "Interfaces", "as", 0, "Modifiers",
				  "u", 0xfffffff4, 0) < 0 ||
	    sd_bus_send(peer->display, message, NULL) < 0)
		abort();
	sd_bus_message_unref(message);
}

static void job_relative(struct peer *peer)
{
	sd_bus_message *message = NULL;

	if (sd_bus_message_new_signal(peer->display, &message, CONSOLE, "org.freedesktop.DBus.Properties",
				      "PropertiesChanged") < 0 ||
	    sd_bus_message_append(message, "sa{sv}as", "org.qemu.Display1.Mouse", 1, "IsAbsolute", "b", 0, 0) < 0 ||
	    sd_bus_send(peer->display, message, NULL) < 0)
		abort();
	sd_bus_message_unref(message);
}

static void job_nothing(struct peer *peer)
{
}

static void job_forget(struct peer *peer)
{
	peer->log[0] = '\0';
}

/* The calls that QEMU got since the last time, when it has count of them. */
static bool got(struct seen *seen, struct peer *peer, unsigned count, const char *log)
{
	bool right;

	turn_until(seen, peer->calls >= count, 2000);
	run_job(seen, peer, job_nothing);	// what came too much is seen too
	right = !strcmp(peer->log, log);
	if (!right)
		note("got: %s", peer->log);
	run_job(seen, peer, job_forget);
	peer->calls = 0;
	return right;
}

static void test_input(struct seen *seen, struct peer *peer)
{
	struct kg_input_sink *input = seen->desktop.input;

	ok(run_job(seen, peer, job_cursor) && peer->r == 0 && turn_until(seen, seen->cursors == 1, 1000) &&
		   seen->cursor.width == 2 && seen->cursor.hot_x == 1 && seen->cursor.hot_y == 0,
	   "the pointer's shape comes, its hot spot inside");
	ok(seen->cursor_pixels[0] == 128 && seen->cursor_pixels[1] == 64 && seen->cursor_pixels[3] == 128 &&
		   seen->cursor_pixels[4] == 255,
	   "alpha is divided out of its colours");
	ok(run_job(seen, peer, job_bad_cursor) && peer->r == 0 && seen->cursors == 1, "impossible shapes are refused");
	ok(run_job(seen, peer, job_hide) && peer->r == 0 && turn_until(seen, seen->cursors == 2, 1000) &&
		   seen->cursor.width == 0,
	   "it is hidden when the guest hides it");

	ok(kg_input_locks(input) == KG_LOCK_NUM && seen->locks == KG_LOCK_NUM, "the guest's locks are told at first");
	ok(run_job(seen, peer, job_locks) && turn_until(seen, seen->locks == KG_LOCK_CAPS, 1000) &&
		   kg_input_locks(input) == KG_LOCK_CAPS,
	   "and when they change, without bits that are none");

	got(seen, peer, 0, "");
	kg_input_key(input, KEY_A, true);
	kg_input_key(input, KEY_A, false);
	kg_input_key(input, KEY_RIGHT, true);
	kg_input_key(input, KEY_RIGHT, false);
	ok(got(seen, peer, 4, "Press 30\nRelease 30\nPress 205\nRelease 205\n"), "keys go by QEMU's numbers");
	ok(kg_input_text(input, 0x20ac) == -ENOTSUP, "a character that the US layout lacks is refused");
	kg_input_text(input, 'a');	// Caps Lock is on
	ok(got(seen, peer, 4, "Press 42\nPress 30\nRelease 30\nRelease 42\n"), "text is typed with Shift against Caps Lock");
	kg_input_key(input, KEY_RIGHTSHIFT, true);
	kg_input_text(input, '1');
	kg_input_key(input, KEY_RIGHTSHIFT, false);
	ok(got(seen, peer, 6, "Press 54\nRelease 54\nPress 2\nRelease 2\nPress 54\nRelease 54\n"),
	   "and without a Shift that is held");

	kg_input_motion(input, 10, 20);
	kg_input_motion(input, 11, 21);
	kg_input_motion(input, 1000, -5);
	kg_input_button(input, BTN_LEFT, true);
	kg_input_button(input, BTN_LEFT, false);
	ok(got(seen, peer, 4, "SetAbsPosition 10 20\nSetAbsPosition 63 0\nPress 0\nRelease 0\n"),
	   "motions on the way overtake each other, stay inside, and come before the click");
	kg_input_wheel(input, false, 240);
	kg_input_wheel(input, true, -60);
	kg_input_wheel(input, true, -60);
	kg_input_button(input, BTN_EXTRA, true);
	kg_input_button(input, BTN_RIGHT, true);
	ok(got(seen, peer, 8, "Press 3\nRelease 3\nPress 3\nRelease 3\nPress 7\nRelease 7\nPress 6\nPress 2\n"),
	   "wheels are buttons, parts of a notch are summed up");
	run_job(seen, peer, job_relative);
	kg_loop_turn(seen->loop, 100000);
	kg_input_motion(input, 60, 4);
	ok(got(seen, peer, 1, "RelMotion -3 4\n"), "a mouse that takes steps gets steps");
	ok(kg_source_resize(seen->desktop.source, 800, 600) == 0 && got(seen, peer, 1, "SetUIInfo 0 0 800 600\n"),
	   "a new size is asked for");
	ok(kg_source_resize(seen->desktop.source, 0, 600) == -EINVAL &&
		   kg_source_resize(seen->desktop.source, 800, KG_DESKTOP_SIZE_MAX + 1) == -EINVAL,
	   "an impossible one is not");
}

/* ---- the connection alone ---- */

static size_t put_field(uint8_t *at, size_t used, uint8_t code, char type, const char *text)
{
	uint32_t length = (uint32_t)strlen(text);

	used = (used + 7) / 8 * 8;
	memcpy(at + used, (uint8_t[]){ code, 1, (uint8_t)type, 0 }, 4);
	memcpy(at + used + 4, &length, 4);
	memcpy(at + used + 8, text, length + 1);
	return used + 8 + length + 1;
}

struct text {
	char bytes[1024];
	size_t size;
};

/* Reads what is there. True once all that was read has what in it. */
static bool has_read(int fd, struct text *text, const char *what, size_t size)
{
	ssize_t n = recv(fd, text->bytes + text->size, sizeof(text->bytes) - text->size, MSG_DONTWAIT);

	text->size += n > 0 ? (size_t)n : 0;
	return memmem(text->bytes, text->size, what, size) != NULL;
}

static void on_closed(void *data, int error)
{
	*(int *)data = error;
}

/*
 * The end of the authentication and QEMU's first call in one piece: sd-bus reads both and poll sees nothing more. The call
 * must be answered all the same, or the whole machine stands still.
 */
static void test_first_call(void)
{
	uint8_t bytes[512] = "DATA\r\nOK 0123456789abcdef0123456789abcdef\r\nAGREE_UNIX_FD\r\n", message[256] = { 'l', 1, 0, 1 };
	size_t size = strlen((char *)bytes), used = 16;
	struct text text = { .size = 0 };
	struct kg_qemu_bus bus;
	struct seen seen = { 0 };
	int pair[2], closed = 0;

	used = put_field(message, used, 1, 'o', "/org/qemu/Display1/Listener");
	used = put_field(message, used, 2, 's', "org.freedesktop.DBus.Peer");
	used = put_field(message, used, 3, 's', "Ping");
	memcpy(message + 8, &(uint32_t){ 1 }, 4);
	memcpy(message + 12, &(uint32_t){ (uint32_t)used - 16 }, 4);
	used = (used + 7) / 8 * 8;
	memcpy(bytes + size, message, used);

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0 || kg_loop_new(&seen.loop) < 0)
		abort();
	ok(kg_qemu_bus_init(&bus, seen.loop, pair[0], on_closed, &closed) == 0 && kg_qemu_bus_start(&bus) == 0,
	   "a connection begins");
	ok(turn_until(&seen, has_read(pair[1], &text, "BEGIN\r\n", 7), 1000), "the authentication begins");
	if (send(pair[1], bytes, size + used, 0) < 0)
		abort();
	text.size = 0;
	ok(turn_until(&seen, has_read(pair[1], &text, "l\2", 2), 1000),
	   "a call that comes together with the authentication is answered");
	kg_close(pair[1]);
	ok(turn_until(&seen, closed < 0, 1000), "the end of the connection is told");
	kg_qemu_bus_done(&bus);
	kg_loop_free(seen.loop);
}

/* ---- ends ---- */

static void test_desktop(void)
{
	struct seen seen = { 0 };
	struct peer peer = { 0 };

	if (!ok(begin(&seen, &peer, 0, 0) == 0, "a desktop opens"))
		return;
	ok(peer.has_map, "its listener offers memory that is shared");
	ok(turn_until(&seen, seen.locks == KG_LOCK_NUM, 1000) && seen.frames == 0, "no frame comes that is not wanted");
	test_pictures(&seen, &peer);
	test_nonsense(&seen, &peer);
	test_input(&seen, &peer);
	end(&seen, &peer);
}

static void job_close(struct peer *peer)
{
	sd_bus_close(peer->listener);
}

static void test_ends(void)
{
	struct seen seen = { 0 };
	struct peer peer = { 0 };
	double began;

	ok(begin(&seen, &peer, 800, 600) == 0, "a desktop opens with a size");
	ok(got(&seen, &peer, 1, "SetUIInfo 0 0 800 600\n"), "which is asked for");
	run_job(&seen, &peer, job_close);
	ok(turn_until(&seen, seen.lost == 1, 1000), "the end of the listener's connection ends the desktop");
	ok(kg_input_key(seen.desktop.input, KEY_A, true) < 0, "its input then says so");
	end(&seen, &peer);

	seen = (struct seen){ 0 };
	peer = (struct peer){ .mute = true };
	began = tap_now();
	ok(begin(&seen, &peer, 0, 0) == -ETIMEDOUT && tap_now() - began < 8, "a machine without a picture does not open");
	end(&seen, &peer);
}

static void test_deadline(void)
{
	struct seen seen = { 0 };
	struct peer peer = { 0 };
	double began, after;

	ok(begin(&seen, &peer, 0, 0) == 0, "a desktop opens");
	peer.mute = true;
	began = tap_now();
	kg_input_key(seen.desktop.input, KEY_A, true);
	turn_until(&seen, seen.lost == 1, 15000);
	after = tap_now() - began;
	ok(seen.lost == 1 && seen.lost_error == -ETIMEDOUT && after > 9, "a machine that does not answer is lost after %.1f s",
	   after);
	end(&seen, &peer);
}

int main(void)
{
	int before = dup(0), after;

	kg_close(before);
	test_first_call();
	test_desktop();
	test_ends();
	test_deadline();
	kg_close(after = dup(0));
	ok(before == after, "no descriptor is left behind");
	return tap_end();
}
