/*
 * A workload in an X window. The workload draws into memory of its own; what changed is copied into a segment that the
 * server shares, the codes are drawn over it, and the server is told which rectangles to take. The segment is not
 * touched again before it says that it has taken them all.
 *
 *	idle -- frame due, or key pressed --> taken by the server -- completion event --> idle
 */
#include "bench/x11-player.h"

#include "base/loop.h"
#include "bench/workload/pace.h"
#include "bench/workload/timecode.h"
#include "bench/workload/workload.h"

#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>

#define X_KEY_OFFSET 8			// of X's keycodes over those of the kernel

struct player {
	const struct kg_x11_player_options *options;
	xcb_connection_t *connection;
	xcb_screen_t *screen;
	xcb_window_t window;
	xcb_gcontext_t gc;
	xcb_shm_seg_t segment;
	uint8_t completion;		// the number of its event
	uint32_t width, height;
	size_t stride, size;
	uint8_t *frame;			// the workload's
	uint8_t *shared;		// what the server shows
	struct kg_workload *workload;
	struct kg_pace pace;
	int64_t shown;			// number, -1: none yet
	bool busy;			// the server has not taken the last rectangles yet
	uint64_t wanted_us;		// since when it has
	struct kg_timecode time;
	struct kg_keycode key;
	bool key_due, redraw;		// a key is to be shown; the window lost what it showed
};

static int fail(int error, const char *what)
{
	fprintf(stderr, "kagami-bench: %s\n", what);
	return error;
}

/* ---- set up ---- */

static int make_segment(struct player *player)
{
	const xcb_query_extension_reply_t *extension = xcb_get_extension_data(player->connection, &xcb_shm_id);
	xcb_generic_error_t *error;
	int fd;

	if (!extension || !extension->present)
		return fail(-ENOTSUP, "the X server has no shared memory (MIT-SHM)");
	player->completion = extension->first_event + XCB_SHM_COMPLETION;
	fd = memfd_create("kagami-bench", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)player->size) < 0) {
		kg_close(fd);
		return fail(-ENOMEM, "no shared memory");
	}
	player->shared = mmap(NULL, player->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (player->shared == MAP_FAILED) {
		player->shared = NULL;
		close(fd);
		return fail(-ENOMEM, "no shared memory");
	}
	player->segment = xcb_generate_id(player->connection);
	error = xcb_request_check(player->connection,
				  xcb_shm_attach_fd_checked(player->connection, player->segment, fd, 1));
	free(error);
	return error ? fail(-ENOTSUP,
			    "the X server takes no shared memory by descriptor: is it on another machine?") : 0;
}

/* Over everything, without a window manager's doing. */
static void make_window(struct player *player)
{
	xcb_connection_t *c = player->connection;
	const uint32_t values[] = { player->screen->black_pixel, 1,
				   XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_EXPOSURE };

	player->window = xcb_generate_id(c);
	player->gc = xcb_generate_id(c);
	xcb_create_window(c, XCB_COPY_FROM_PARENT, player->window, player->screen->root, 0, 0, (uint16_t)player->width,
			  (uint16_t)player->height, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
			  XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, values);
	xcb_create_gc(c, player->gc, player->window, XCB_GC_GRAPHICS_EXPOSURES, (const uint32_t[]){ 0 });
	xcb_map_window(c, player->window);
	xcb_set_input_focus(c, XCB_INPUT_FOCUS_POINTER_ROOT, player->window, XCB_CURRENT_TIME);
	xcb_flush(c);
}

static int set_up(struct player *player)
{
	const struct kg_x11_player_options *o = player->options;
	int r;

	player->connection = xcb_connect(NULL, NULL);
	if (xcb_connection_has_error(player->connection))
		return fail(-ECONNREFUSED, "cannot open the display; is DISPLAY set?");
	player->screen = xcb_setup_roots_iterator(xcb_get_setup(player->connection)).data;
	player->width = player->screen->width_in_pixels;
	player->height = player->screen->height_in_pixels;
	if (player->screen->root_depth < 24 || player->width < KG_CODE_WIDTH || player->height < KG_CODE_HEIGHT)
		return fail(-ENOTSUP, "the screen is too small, or has less than 24 bits a pixel");
	player->stride = (size_t)player->width * 4;
	player->size = player->stride * player->height;
	player->frame = malloc(player->size);
	if (!player->frame)
		return fail(-ENOMEM, "no memory");
	r = kg_workload_new(&player->workload, o->kind, player->frame, player->width, player->height, player->stride,
			    o->seed);
	if (r < 0)
		return fail(r, "the workload cannot be of the screen's size");
	r = make_segment(player);
	if (r < 0)
		return r;
	make_window(player);
	player->pace = (struct kg_pace){
		.fps = o->fps ? o->fps : o->kind->fps,
		.frames = o->kind->frames,
		.once = o->once,
		.taken = o->taken,
		.begun_us = kg_now_us(),
	};
	player->shown = -1;
	player->wanted_us = player->pace.begun_us;
	return 0;
}

static void take_down(struct player *player)
{
	if (player->shared)
		munmap(player->shared, player->size);
	kg_workload_free(player->workload);
	free(player->frame);
	xcb_disconnect(player->connection);
}

/* ---- frames ---- */

static void copy_rect(struct player *player, struct kg_rect rect)
{
	size_t at = (size_t)rect.top * player->stride + (size_t)rect.left * 4, row = (size_t)kg_rect_width(rect) * 4;

	for (int32_t y = rect.top; y < rect.bottom; y++, at += player->stride)
		memcpy(player->shared + at, player->frame + at, row);
}

static void put_rect(struct player *player, struct kg_rect rect, bool last)
{
	const uint16_t left = (uint16_t)rect.left, top = (uint16_t)rect.top;

	xcb_shm_put_image(player->connection, player->window, player->gc, (uint16_t)player->width,
			  (uint16_t)player->height, left, top, (uint16_t)kg_rect_width(rect),
			  (uint16_t)kg_rect_height(rect), (int16_t)left, (int16_t)top, player->screen->root_depth,
			  XCB_IMAGE_FORMAT_Z_PIXMAP, last, player->segment, 0);
}

static void show(struct player *player, struct kg_region *region)
{
	const struct kg_rect codes = { 0, 0, KG_CODE_WIDTH, KG_CODE_HEIGHT };

	for (uint32_t i = 0; i < region->count; i++)
		copy_rect(player, region->rects[i]);
	kg_timecode_draw(player->shared, player->stride, &player->time);
	kg_keycode_draw(player->shared, player->stride, &player->key);
	/* Whoever looks at the screen shall find all of a frame or nothing of it. */
	xcb_grab_server(player->connection);
	for (uint32_t i = 0; i < region->count; i++)
		put_rect(player, region->rects[i], false);
	put_rect(player, codes, true);
	xcb_ungrab_server(player->connection);
	xcb_flush(player->connection);
	player->busy = true;
	player->key_due = player->redraw = false;
}

static void show_frame(struct player *player, uint32_t number, uint64_t due_us)
{
	struct kg_region damage;

	kg_workload_draw(player->workload, number, &damage);
	if (player->redraw)
		kg_region_add(&damage, kg_rect_of_size(player->width, player->height));
	player->shown = number;
	player->time.number = number;
	player->time.drawn_us = kg_now_us();
	player->time.late_us = (uint32_t)(player->time.drawn_us - KG_MAX(due_us, player->wanted_us));
	show(player, &damage);
}

/* What there is to be shown now. Returns when to look again, UINT64_MAX: when something has come. */
static uint64_t advance(struct player *player)
{
	uint64_t now = kg_now_us(), due;
	uint32_t number = kg_pace_number(&player->pace, player->shown, now);
	struct kg_region region = { 0 };

	if (player->busy)
		return UINT64_MAX;
	if (number > player->shown) {
		show_frame(player, number, kg_pace_due_us(&player->pace, number));
		return UINT64_MAX;
	}
	if (player->key_due || player->redraw) {
		if (player->redraw)
			kg_region_add(&region, kg_rect_of_size(player->width, player->height));
		show(player, &region);
		return UINT64_MAX;
	}
	due = kg_pace_due_us(&player->pace, (uint64_t)(player->shown + 1));
	return due;
}

static void on_event(struct player *player, const xcb_generic_event_t *event)
{
	uint8_t kind = event->response_type & 0x7f;

	if (kind == player->completion) {
		player->busy = false;
		player->wanted_us = kg_now_us();
	} else if (kind == XCB_KEY_PRESS) {
		player->key.count++;
		player->key.key = (uint16_t)(((const xcb_key_press_event_t *)event)->detail - X_KEY_OFFSET);
		player->key.pressed_us = kg_now_us();
		player->key_due = true;
	} else if (kind == XCB_EXPOSE) {
		player->redraw = player->shown >= 0;
	}
}

static int play(struct player *player)
{
	for (;;) {
		uint64_t again = advance(player), now = kg_now_us(), in = again > now ? again - now : 0;
		struct timespec wait = { (time_t)(in / 1000000), (long)(in % 1000000) * 1000 };
		struct pollfd fd = { .fd = xcb_get_file_descriptor(player->connection), .events = POLLIN };
		xcb_generic_event_t *event = xcb_poll_for_event(player->connection);

		if (!event && !xcb_connection_has_error(player->connection)) {
			if (ppoll(&fd, 1, again == UINT64_MAX ? NULL : &wait, NULL) < 0 && errno != EINTR)
				return -errno;
			event = xcb_poll_for_event(player->connection);
		}
		for (; event; event = xcb_poll_for_event(player->connection)) {
			on_event(player, event);
			free(event);
		}
		if (xcb_connection_has_error(player->connection))
			return fail(-ECONNRESET, "the display has gone");
	}
}

int kg_x11_play(const struct kg_x11_player_options *options)
{
	struct player player = { .options = options };
	int r = set_up(&player);

	if (r >= 0)
		r = play(&player);
	take_down(&player);
	return r;
}
