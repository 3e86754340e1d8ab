/* A view: the channel to its session, whose messages are checked here value by value. */
#define KG_TOPIC "view"
#include "server/desktop/view-impl.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/pool.h"
#include "server/control/channel.h"
#include "server/control/gfx-version.h"
#include "server/desktop/source.h"

#include <linux/input-event-codes.h>

#define BITMAP_SIZE_LEAST 16384		// holds the largest record, KG_BITMAP_DATA_MAX, and all headers
#define WHEEL_UNITS_MAX 256		// the protocol's field has nine bits
#define LOCKS_ALL (KG_LOCK_SCROLL | KG_LOCK_NUM | KG_LOCK_CAPS | KG_LOCK_KANA)

/* Ends the view because of what the session sent. The channel logs which message it was, the session's log gets why. */
static int refuse(struct kg_view *view, const char *why)
{
	kg_view_end(view, KG_END_VIOLATION, why);
	return -EPROTO;
}

/* An error of the sink means that the desktop cannot do it, or is gone, which its source tells. */
static int ignore(int r)
{
	if (r < 0 && r != -ENOTSUP)
		kg_debug("input: %s", strerror(-r));
	return 0;
}

static const char *wrong_open(const struct kg_view_open *open)
{
	if (open->width < 1 || open->height < 1)
		return "an empty screen";
	if (open->scale && (open->scale < 100 || open->scale > 500))
		return "a scale out of its range";
	if (open->path != KG_PATH_GRAPHICS && open->path != KG_PATH_BITMAP)
		return "an unknown path";
	if (open->keyboard != KG_KEYBOARD_PC && open->keyboard != KG_KEYBOARD_JAPANESE &&
	    open->keyboard != KG_KEYBOARD_KOREAN)
		return "an unknown keyboard";
	if (open->cursor_size != 32 && open->cursor_size != 96 && open->cursor_size != KG_CURSOR_SIZE_MAX)
		return "an unknown pointer size";
	if (open->cursor_slots < 1)
		return "a pointer cache without slots";
	if (open->path == KG_PATH_BITMAP && open->bitmap_size_max < BITMAP_SIZE_LEAST)
		return "bitmaps smaller than every client takes";
	if (open->remotefx != KG_REMOTEFX_NONE && open->remotefx != KG_REMOTEFX_RLGR1 && open->remotefx != KG_REMOTEFX_RLGR3)
		return "an unknown coder of RemoteFX";
	if (open->remotefx_video > 1)
		return "an unknown mode of RemoteFX";
	return NULL;
}

/* On the bitmap path; in the graphics pipeline RLGR1 and image mode are what every client decodes. */
static void set_remotefx(struct kg_plan *plan, const struct kg_view_open *open)
{
	if (open->remotefx == KG_REMOTEFX_NONE || open->bitmap_size_max < KG_PLAN_MESSAGE_LEAST + KG_VIEW_SURFACE_HEAD)
		return;
	plan->lossy = KG_LOSSY_CLASSIC;
	plan->coder = open->remotefx == KG_REMOTEFX_RLGR3 ? KG_RFX_RLGR3 : KG_RFX_RLGR1;
	plan->video_mode = open->remotefx_video;
	plan->message_max = open->bitmap_size_max - KG_VIEW_SURFACE_HEAD;
}

static int on_open(struct kg_view *view, const void *body)
{
	const struct kg_view_parts *parts = view->parts;
	struct kg_view_output *output = &view->output;
	const char *wrong;
	uint32_t width, height;
	int r;

	memcpy(&view->open, body, sizeof(view->open));
	wrong = wrong_open(&view->open);
	if (wrong)
		return refuse(view, wrong);
	kg_keys_init(&view->keys, parts->input, view->open.keyboard);
	kg_cursor_cache_init(&view->cursors, view->open.cursor_slots);
	view->cursor_due = parts->cursor_known;
	output->plan.dsp = parts->dsp;
	output->plan.threads = kg_pool_threads(parts->pool);
	output->plan.mirror = &output->mirror;
	output->plan.hash_key = parts->hash_key;
	output->plan.ladder = parts->ladder;
	output->plan.graphics = view->open.path == KG_PATH_GRAPHICS;
	if (!output->plan.graphics)
		set_remotefx(&output->plan, &view->open);

	r = kg_ring_init(&output->ring, KG_RING_SIZE);
	if (r < 0) {
		(void)kg_err(r, "cannot make a ring for session %s", view->name);
		kg_view_end(view, KG_END_DESKTOP_LOST, "no memory for the ring");
		return 0;
	}
	kg_channel_set_phase(view->channel, KG_VIEW_RUN);
	/* A send that fails ends the channel, here and below. */
	(void)kg_channel_send_fd(view->channel, KG_VIEW_RING, NULL, 0, output->ring.fd);
	(void)kg_source_resize(parts->source, KG_MIN((uint32_t)view->open.width, (uint32_t)KG_DESKTOP_SIZE_MAX),
			       KG_MIN((uint32_t)view->open.height, (uint32_t)KG_DESKTOP_SIZE_MAX));
	kg_source_size(parts->source, &width, &height);
	if (output->latest && (output->latest->width != width || output->latest->height != height)) {
		/* From before the new size: to show it would change the client's screen twice. */
		kg_frame_unref(output->latest);
		output->latest = NULL;
	}
	kg_view_tell_size(view, width, height);
	view->state = view->open.path == KG_PATH_GRAPHICS ? KG_VIEW_STATE_WAITING : KG_VIEW_STATE_SHOWING;
	kg_info("session %s has a screen of %u x %u, %s", view->name, view->open.width, view->open.height,
		output->plan.graphics			? "with the graphics pipeline"
		: output->plan.lossy != KG_LOSSY_NONE	? "with RemoteFX and bitmap updates"
							: "with bitmap updates");
	kg_view_pump(view);
	return 0;
}

static int on_graphics(struct kg_view *view, const void *body)
{
	struct kg_view_graphics graphics;

	memcpy(&graphics, body, sizeof(graphics));
	if (view->open.path != KG_PATH_GRAPHICS)
		return refuse(view, "graphics on the bitmap path");
	if (!kg_gfx_version_is_known(graphics.version))
		return refuse(view, "an unknown version of the graphics pipeline");
	view->state = KG_VIEW_STATE_SHOWING;
	kg_view_output_reset(view, &graphics);
	kg_view_pump(view);
	return 0;
}

static int on_offer(struct kg_view *view, const void *body)
{
	if (view->open.path != KG_PATH_GRAPHICS || view->state != KG_VIEW_STATE_SHOWING)
		return refuse(view, "an offer before graphics");
	kg_view_output_offer(view);
	kg_view_pump(view);
	return 0;
}

static int on_suppress(struct kg_view *view, const void *body)
{
	struct kg_view_suppress suppress;

	memcpy(&suppress, body, sizeof(suppress));
	if (suppress.on > 1)
		return refuse(view, "a suppression that is neither on nor off");
	kg_flow_suppress(&view->output.flow, suppress.on);
	kg_view_pump(view);
	return 0;
}

static int on_refresh(struct kg_view *view, const void *body)
{
	struct kg_view_rect rect;

	memcpy(&rect, body, sizeof(rect));
	if (rect.right < rect.left || rect.bottom < rect.top)
		return refuse(view, "a rectangle that is inside out");
	kg_view_output_refresh(view, (struct kg_rect){ rect.left, rect.top, rect.right, rect.bottom });
	kg_view_pump(view);
	return 0;
}

static int on_credit(struct kg_view *view, const void *body)
{
	struct kg_view_credit credit;

	memcpy(&credit, body, sizeof(credit));
	if (kg_ring_release(&view->output.ring, credit.position) < 0)
		return refuse(view, "credit for what was not sent");
	kg_view_pump(view);
	return 0;
}

static int on_acknowledged(struct kg_view *view, const void *body)
{
	struct kg_view_acknowledged acknowledged;

	memcpy(&acknowledged, body, sizeof(acknowledged));
	if (kg_flow_acknowledged(&view->output.flow, acknowledged.frame, acknowledged.queue_depth) < 0)
		return refuse(view, "an acknowledgement of what was not sent");
	kg_view_pump(view);
	return 0;
}

static int on_key(struct kg_view *view, const void *body)
{
	struct kg_view_key key;

	memcpy(&key, body, sizeof(key));
	if (key.flags & ~(KG_SCANCODE_E0 | KG_SCANCODE_E1) || key.down > 1)
		return refuse(view, "a key with unknown flags");
	return ignore(kg_keys_scancode(&view->keys, key.scancode, key.flags, key.down));
}

static int on_text(struct kg_view *view, const void *body)
{
	struct kg_view_text text;

	memcpy(&text, body, sizeof(text));
	if (text.down > 1)
		return refuse(view, "a character that is neither pressed nor released");
	return ignore(kg_keys_unicode(&view->keys, text.unit, text.down));
}

static int on_motion(struct kg_view *view, const void *body)
{
	struct kg_view_motion motion;

	memcpy(&motion, body, sizeof(motion));
	if (motion.relative > 1)
		return refuse(view, "a motion of an unknown kind");
	if (motion.relative ? motion.x < INT16_MIN || motion.x > INT16_MAX || motion.y < INT16_MIN || motion.y > INT16_MAX
			    : motion.x < 0 || motion.x > UINT16_MAX || motion.y < 0 || motion.y > UINT16_MAX)
		return refuse(view, "a motion out of its range");
	if (!view->parts->input)
		return 0;
	return ignore(motion.relative ? kg_input_motion_relative(view->parts->input, motion.x, motion.y)
				      : kg_input_motion(view->parts->input, motion.x, motion.y));
}

static int on_button(struct kg_view *view, const void *body)
{
	struct kg_view_button button;

	memcpy(&button, body, sizeof(button));
	if (button.evdev < BTN_LEFT || button.evdev > BTN_EXTRA || button.down > 1)
		return refuse(view, "an unknown button");
	return ignore(kg_keys_button(&view->keys, button.evdev, button.down));
}

static int on_wheel(struct kg_view *view, const void *body)
{
	struct kg_view_wheel wheel;

	memcpy(&wheel, body, sizeof(wheel));
	if (wheel.units < -WHEEL_UNITS_MAX || wheel.units > WHEEL_UNITS_MAX || wheel.horizontal > 1)
		return refuse(view, "a turn of the wheel out of its range");
	if (!view->parts->input)
		return 0;
	return ignore(kg_input_wheel(view->parts->input, wheel.horizontal, wheel.units));
}

static int on_locks(struct kg_view *view, const void *body)
{
	struct kg_view_locks locks;

	memcpy(&locks, body, sizeof(locks));
	if (locks.locks & ~(uint32_t)LOCKS_ALL)
		return refuse(view, "unknown locks");
	return ignore(kg_keys_sync_locks(&view->keys, locks.locks));
}

static int on_message(void *data, struct kg_message *message)
{
	static int (*const handlers[])(struct kg_view *view, const void *body) = {
		[KG_VIEW_OPEN] = on_open,
		[KG_VIEW_GRAPHICS] = on_graphics,
		[KG_VIEW_SUPPRESS] = on_suppress,
		[KG_VIEW_REFRESH] = on_refresh,
		[KG_VIEW_CREDIT] = on_credit,
		[KG_VIEW_ACKNOWLEDGED] = on_acknowledged,
		[KG_VIEW_KEY] = on_key,
		[KG_VIEW_TEXT] = on_text,
		[KG_VIEW_MOTION] = on_motion,
		[KG_VIEW_BUTTON] = on_button,
		[KG_VIEW_WHEEL] = on_wheel,
		[KG_VIEW_LOCKS] = on_locks,
		[KG_VIEW_OFFER] = on_offer,
	};
	struct kg_view *view = data;

	if (view->state == KG_VIEW_STATE_ENDED)
		return 0;	// what was on its way when we said END
	/* The table lets nothing else through. */
	return handlers[message->id](view, message->body);
}

static void on_ended(void *data, int error)
{
	struct kg_view *view = data;

	/* The channel has logged violations. */
	if (error && error != -EPROTO)
		(void)kg_warn(error, "the channel of session %s", view->name);
	else if (!error)
		kg_info("session %s has closed its view", view->name);
	view->parts->gone(view->parts->data, view);
}

static const struct kg_channel_events channel_events = { .message = on_message, .ended = on_ended };

int kg_view_new(struct kg_view **ret, const struct kg_view_parts *parts, int fd, const struct kg_id *session)
{
	struct kg_view *view = calloc(1, sizeof(*view));
	int r;

	if (!view) {
		kg_close(fd);
		return -ENOMEM;
	}
	view->parts = parts;
	kg_id_format(session, view->name);
	r = kg_channel_new(&view->channel, &kg_view_messages, KG_SIDE_B, fd, view->name, 0);
	if (r < 0)
		goto fail;
	kg_channel_set_phase(view->channel, KG_VIEW_OPENING);
	r = kg_view_output_init(view);
	if (r < 0)
		goto fail;
	r = kg_channel_attach(view->channel, parts->loop, &channel_events, view);
	if (r < 0)
		goto fail;
	*ret = view;
	return 0;

fail:
	kg_view_free(view);
	return r;
}

void kg_view_free(struct kg_view *view)
{
	if (!view)
		return;
	(void)kg_keys_release_all(&view->keys);
	kg_view_output_done(view);
	kg_channel_free(view->channel);
	free(view);
}

void kg_view_cursor(struct kg_view *view)
{
	view->cursor_due = true;
	kg_view_pump(view);
}

static bool is_open(const struct kg_view *view)
{
	return view->state == KG_VIEW_STATE_WAITING || view->state == KG_VIEW_STATE_SHOWING;
}

void kg_view_warp(struct kg_view *view, int32_t x, int32_t y)
{
	struct kg_view_warp warp = {
		.x = (uint16_t)KG_MAX(0, KG_MIN(x, (int32_t)view->told_width - 1)),
		.y = (uint16_t)KG_MAX(0, KG_MIN(y, (int32_t)view->told_height - 1)),
	};

	if (is_open(view))
		(void)kg_channel_send(view->channel, KG_VIEW_WARP, &warp, sizeof(warp));
}

void kg_view_locks(struct kg_view *view, unsigned locks)
{
	struct kg_view_locks message = { locks & LOCKS_ALL };

	if (is_open(view))
		(void)kg_channel_send(view->channel, KG_VIEW_LEDS, &message, sizeof(message));
}

void kg_view_end(struct kg_view *view, enum kg_end_reason reason, const char *text)
{
	struct kg_view_end end = { .reason = reason };

	if (view->state == KG_VIEW_STATE_ENDED)
		return;
	view->state = KG_VIEW_STATE_ENDED;
	kg_view_output_stop(view);
	kg_frame_unref(view->output.latest);
	view->output.latest = NULL;
	(void)kg_keys_release_all(&view->keys);
	(void)kg_channel_send_tail(view->channel, KG_VIEW_END, &end, sizeof(end), text,
				   KG_MIN(strlen(text), (size_t)KG_VIEW_TEXT_MAX));
}
