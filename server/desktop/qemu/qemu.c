/* The kind "qemu": opens a virtual machine's D-Bus display on the connection that kagamid made by QMP. */
#include "server/desktop/qemu/qemu.h"

#include "base/frame.h"
#include "base/loop.h"
#include "base/sandbox.h"
#include "base/cursor.h"
#include "server/desktop/kind.h"

#include <poll.h>

#define KG_TOPIC "qemu"
#include "base/log.h"

#define FIRST_PICTURE_US 5000000	// QEMU shows one at once, if only "no output"
#define COMPLAINTS_MAX 8

/* The pixels of frames: shared by all of one size, and written only between want and the frame. */
struct kg_qemu_picture {
	uint32_t refs;
	uint32_t width, height;
	uint8_t pixels[];
};

static struct kg_qemu *qemu_of(struct kg_source *source)
{
	return kg_container_of(source, struct kg_qemu, source);
}

void kg_qemu_soon(struct kg_qemu *qemu)
{
	bool something = qemu->lost < 0 || qemu->cursor.changed || qemu->locks_changed ||
			 (qemu->wanted && !kg_region_empty(&qemu->damage));

	if (something && qemu->source.events && !qemu->told)
		(void)kg_watch_arm(qemu->soon, 0);
}

void kg_qemu_lose(struct kg_qemu *qemu, int error, const char *why)
{
	if (qemu->lost < 0)
		return;
	qemu->lost = error;
	qemu->why = why;
	kg_qemu_soon(qemu);
}

int kg_qemu_answered(struct kg_qemu *qemu, sd_bus_message *answer)
{
	const sd_bus_error *error = sd_bus_message_get_error(answer);

	if (!error)
		return 0;
	/* sd-bus ends the calls of a closed connection in the same way; then the end itself is what counts. */
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) && sd_bus_is_open(sd_bus_message_get_bus(answer)) > 0)
		kg_qemu_lose(qemu, -ETIMEDOUT,
			     "the virtual machine does not answer any more");
	return -sd_bus_error_get_errno(error);
}

/* A guest can bring QEMU to send nonsense as often as it likes: the log gets the first few. */
void kg_qemu_complain(struct kg_qemu *qemu, int error, const char *what)
{
	if (qemu->complaints < COMPLAINTS_MAX)
		(void)kg_warn(error, "the virtual machine's %s", what);
	if (++qemu->complaints == COMPLAINTS_MAX)
		(void)kg_warn(0, "further complaints about this virtual machine are not logged");
}

static void on_closed(void *data, int error)
{
	kg_qemu_lose(data, error, "the virtual machine has ended, or another program took its display");
}

/* Runs both connections, before the loop does, until QEMU has shown something. */
static int wait_for_picture(struct kg_qemu *qemu)
{
	uint64_t end = kg_now_us() + FIRST_PICTURE_US;

	for (;;) {
		struct pollfd fds[2] = { { .fd = -1 }, { .fd = -1 } };
		struct kg_qemu_bus *buses[2] = { &qemu->display, &qemu->listener };
		uint64_t now = kg_now_us();

		for (int i = 0; i < 2; i++) {
			kg_qemu_bus_turn(buses[i]);
			if (qemu->lost < 0)
				return qemu->lost;
			fds[i].fd = sd_bus_get_fd(buses[i]->bus);
			fds[i].events = (short)sd_bus_get_events(buses[i]->bus);
		}
		if (!kg_region_empty(&qemu->damage))
			return 0;
		if (now >= end) {
			qemu->why = "the virtual machine shows no picture";
			return -ETIMEDOUT;
		}
		if (qemu->display.more || qemu->listener.more)
			continue;
		if (poll(fds, 2, (int)((end - now) / 1000 + 1)) < 0 && errno != EINTR)
			return -errno;
	}
}

static void picture_unref(struct kg_qemu_picture *picture)
{
	if (picture && --picture->refs == 0)
		free(picture);
}

static void frame_release(struct kg_frame *frame)
{
	picture_unref(frame->owner);
	free(frame);
}

/* Black, of the surface's size. A frame of the size before may live on with its own. */
static int new_picture(struct kg_qemu *qemu)
{
	uint32_t width = qemu->source.width, height = qemu->source.height;
	struct kg_qemu_picture *picture = calloc(1, sizeof(*picture) + (size_t)width * height * 4);

	if (!picture)
		return -ENOMEM;
	picture->refs = 1;
	picture->width = width;
	picture->height = height;
	picture_unref(qemu->picture);
	qemu->picture = picture;
	kg_region_clear(&qemu->damage);
	kg_region_add(&qemu->damage, kg_rect_of_size(width, height));
	return 0;
}

/* Brings the picture to what the surface shows. Where there is none, or it cannot be read any more, it is black. */
static void copy_damage(struct kg_qemu *qemu)
{
	struct kg_qemu_picture *picture = qemu->picture;
	size_t stride = (size_t)picture->width * 4;
	int r = 0;

	for (uint32_t i = 0; i < qemu->damage.count && qemu->surface.width && r >= 0; i++)
		r = kg_qemu_surface_copy(&qemu->surface, qemu->damage.rects[i], picture->pixels, stride);
	if (r < 0) {
		kg_qemu_complain(qemu, r, "picture cannot be read");
		kg_qemu_surface_done(&qemu->surface);
	}
	if (!qemu->surface.width) {
		memset(picture->pixels, 0, stride * picture->height);
		kg_region_add(&qemu->damage, kg_rect_of_size(picture->width, picture->height));
	}
}

static int make_frame(struct kg_qemu *qemu, struct kg_frame **ret)
{
	struct kg_qemu_picture *picture = qemu->picture;
	struct kg_frame *frame;
	int r = 0;

	if (!picture || picture->width != qemu->source.width || picture->height != qemu->source.height)
		r = new_picture(qemu);
	if (r < 0)
		return r;
	picture = qemu->picture;
	frame = calloc(1, sizeof(*frame));
	if (!frame)
		return -ENOMEM;
	r = kg_frame_init(frame, picture->width, picture->height, picture->width * 4, picture->pixels, frame_release,
			  picture);
	if (r < 0) {
		free(frame);
		return r;
	}
	picture->refs++;
	frame->captured_us = kg_now_us();
	copy_damage(qemu);
	frame->damage = qemu->damage;
	frame->sequence = ++qemu->sequence;
	kg_region_clear(&qemu->damage);
	*ret = frame;
	return 0;
}

static void tell_frame(struct kg_qemu *qemu)
{
	struct kg_frame *frame;
	int r = make_frame(qemu, &frame);

	if (r < 0)
		return kg_qemu_lose(qemu, r, "no memory for a picture");
	qemu->wanted = false;
	qemu->source.events->frame(qemu->source.data, frame);
	kg_frame_unref(frame);
}

static void tell_lost(struct kg_qemu *qemu)
{
	qemu->told = true;
	/* Closed before anything else: QEMU stands still as long as it waits for an answer here. */
	kg_qemu_bus_done(&qemu->listener);
	kg_qemu_bus_done(&qemu->display);
	qemu->source.events->lost(qemu->source.data, qemu->lost, qemu->why);
}

/* One event at a time: whoever is told may free the desktop in there. */
static void on_soon(void *data)
{
	struct kg_qemu *qemu = data;
	const struct kg_source_events *events = qemu->source.events;
	struct kg_qemu_cursor *cursor = &qemu->cursor;

	if (qemu->lost < 0)
		return tell_lost(qemu);
	if (cursor->changed) {
		cursor->changed = false;
		kg_qemu_soon(qemu);
		if (cursor->hidden)
			return events->cursor(qemu->source.data, &(struct kg_cursor){ .width = 0 });
		return events->cursor(qemu->source.data, &(struct kg_cursor){ .width = cursor->width,
									      .height = cursor->height,
									      .hot_x = cursor->hot_x,
									      .hot_y = cursor->hot_y,
									      .pixels = cursor->pixels });
	}
	if (qemu->locks_changed) {
		qemu->locks_changed = false;
		kg_qemu_soon(qemu);
		return events->locks(qemu->source.data, (unsigned)qemu->input.locks);
	}
	if (qemu->wanted && !kg_region_empty(&qemu->damage))
		tell_frame(qemu);
}

static int qemu_start(struct kg_source *source)
{
	kg_qemu_soon(qemu_of(source));
	return 0;
}

static void qemu_want(struct kg_source *source)
{
	struct kg_qemu *qemu = qemu_of(source);

	qemu->wanted = true;
	kg_qemu_soon(qemu);
}

static int on_resize_answer(sd_bus_message *answer, void *data, sd_bus_error *error)
{
	struct kg_qemu *qemu = data;

	if (kg_qemu_answered(qemu, answer) < 0 && qemu->lost == 0) {
		kg_debug("the virtual machine's display keeps its size");
		qemu->cannot_resize = true;
	}
	return 0;
}

/* The guest follows if it likes; then a new scan-out comes. */
static int qemu_resize(struct kg_source *source, uint32_t width, uint32_t height)
{
	struct kg_qemu *qemu = qemu_of(source);

	if (qemu->cannot_resize)
		return -ENOTSUP;
	return kg_qemu_bus_call(&qemu->display, on_resize_answer, qemu, "org.qemu.Display1.Console", "SetUIInfo", "qqiiuu",
				0, 0, 0, 0, width, height);
}

static void qemu_free(struct kg_source *source)
{
	struct kg_qemu *qemu = qemu_of(source);

	kg_watch_free(qemu->soon);
	kg_watch_free(qemu->input.keys.pace);
	kg_qemu_bus_done(&qemu->listener);
	kg_qemu_bus_done(&qemu->display);
	kg_qemu_surface_done(&qemu->surface);
	picture_unref(qemu->picture);
	free(qemu->cursor.pixels);
	free(qemu);
}

static const struct kg_source_impl source_impl = {
	.name = "qemu",
	.start = qemu_start,
	.want = qemu_want,
	.resize = qemu_resize,
	.free = qemu_free,
};

static int qemu_open(struct kg_desktop_bundle *ret, const struct kg_desktop_open *how)
{
	struct kg_qemu *qemu;
	int r;

	if (how->fd < 0)
		return kg_err(-EBADF, "no connection to a virtual machine was given");
	qemu = calloc(1, sizeof(*qemu));
	if (!qemu) {
		kg_close(how->fd);
		return -ENOMEM;
	}
	qemu->source.impl = &source_impl;
	qemu->sink.impl = &kg_qemu_sink_impl;
	qemu->loop = how->loop;
	qemu->why = "cannot speak to the virtual machine";
	kg_qemu_surface_init(&qemu->surface);

	r = kg_qemu_bus_init(&qemu->display, how->loop, how->fd, on_closed, qemu);
	if (r < 0)
		goto fail;
	r = kg_loop_timer(how->loop, &qemu->soon, UINT64_MAX, on_soon, qemu);
	if (r < 0)
		goto fail;
	r = kg_qemu_bus_start(&qemu->display);
	if (r < 0)
		goto fail;
	r = kg_qemu_input_open(qemu);
	if (r < 0)
		goto fail;
	r = kg_qemu_console_open(qemu, on_closed);
	if (r < 0)
		goto fail;
	if (how->width && how->height) {
		r = qemu_resize(&qemu->source, how->width, how->height);
		if (r < 0)
			goto fail;
	}
	r = wait_for_picture(qemu);
	if (r < 0)
		goto fail;
	*ret = (struct kg_desktop_bundle){ .source = &qemu->source, .input = &qemu->sink };
	return 0;

fail:
	(void)kg_err(r, "%s", qemu->why);
	qemu_free(&qemu->source);
	return r;
}

/* How a scan-out's file is read. */
static const struct kg_rule rules[] = {
	KG_ALLOW("pread64"),
	{ .action = KG_RULE_END },
};

const struct kg_desktop_kind kg_desktop_kind_qemu = {
	.name = "qemu",
	.help = "a virtual machine; WHERE is the QMP socket of a QEMU that runs with -display dbus,p2p=yes",
	.check = "a QMP socket, such as /run/vm.qmp",
	.open = qemu_open,
	.rules = rules,
};
