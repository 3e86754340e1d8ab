/* The session's end of a view of a desktop. */
#define KG_TOPIC "view"
#include "server/session/view.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "server/control/channel.h"
#include "server/session/input.h"
#include "server/session/session.h"

#define ATTACH_DEADLINE_US 10000000	// for a desktop that was lost: a heavy one takes some seconds to start on a busy host
#define LOSSES_MAX 3			// a desktop that is lost again before it showed anything is not asked for for ever

/* ---- asking for it ---- */

static uint16_t limit_size(uint32_t size)
{
	return (uint16_t)KG_MAX(1u, KG_MIN(size, (uint32_t)KG_DESKTOP_SIZE_MAX));
}

static void fill_cookie(struct kg_view *view, struct kg_session_attach *attach)
{
	const ARC_CS_PRIVATE_PACKET *cookie =
		freerdp_settings_get_pointer(kg_session_settings(view->session), FreeRDP_ClientAutoReconnectCookie);

	/* Length and version as [MS-RDPBCGR] 2.2.4.3 has them; whether it is right is for kagamid to say. */
	if (!cookie || cookie->cbLen != 28 || cookie->version != 1)
		return;
	attach->has_cookie = 1;
	attach->logon_id = cookie->logonId;
	memcpy(attach->verifier, cookie->securityVerifier, sizeof(attach->verifier));
}

int kg_view_attach(struct kg_view *view)
{
	const rdpSettings *settings = kg_session_settings(view->session);
	const char *name = freerdp_settings_get_string(settings, FreeRDP_ClientHostname);
	struct kg_session_attach attach = {
		.width = limit_size(freerdp_settings_get_uint32(settings, FreeRDP_DesktopWidth)),
		.height = limit_size(freerdp_settings_get_uint32(settings, FreeRDP_DesktopHeight)),
	};
	int r;

	fill_cookie(view, &attach);
	if (name)
		memcpy(attach.client, name, strnlen(name, sizeof(attach.client) - 1));
	r = kg_channel_send(view->session->control, KG_SESSION_ATTACH, &attach, sizeof(attach));
	if (r >= 0)
		view->state = KG_VIEW_IS_ATTACHING;
	return r;
}

static void on_deadline(void *data)
{
	struct kg_view *view = data;

	kg_warn(-ETIMEDOUT, "the desktop did not come back");
	kg_session_end(view->session, KG_END_DESKTOP_LOST);
}

/* The number of the view's descriptor is known to the sandbox, and must never be anything else: a placeholder has it
 * between views. */
static int put_placeholder(void)
{
	return KG_SYS(dup2(KG_SESSION_CONTROL_FD, KG_SESSION_VIEW_FD));
}

/* Back to ATTACHING, or to NONE when nothing comes any more. The client keeps its picture. */
static void view_close(struct kg_view *view)
{
	if (view->channel) {
		kg_channel_free(view->channel);
		put_placeholder();
	}
	view->channel = NULL;
	kg_ring_done(&view->ring);
	kg_pointer_forget(&view->session->pointer);
	view->first = view->count = 0;
	view->read_to = view->credited = 0;
	view->written_frame = 0;
	view->reset = 0;
	view->seen = view->leds_changed = false;
	view->lost = false;
	view->state = KG_VIEW_IS_NONE;
}

static int view_again(struct kg_view *view)
{
	int r;

	view_close(view);
	if (view->path == KG_PATH_GRAPHICS)
		kg_gfx_reopen(&view->session->gfx);
	r = kg_view_attach(view);
	if (r >= 0)
		r = kg_watch_arm(view->deadline, ATTACH_DEADLINE_US);
	return r;
}

int kg_view_change_path(struct kg_view *view)
{
	view->path = KG_PATH_BITMAP;
	if (view->state == KG_VIEW_IS_NONE || view->state == KG_VIEW_IS_ATTACHING || view->state == KG_VIEW_IS_CONNECTED)
		return 0;
	return view_again(view);
}

/* ---- opening it ---- */

static int view_open(struct kg_view *view)
{
	struct kg_session *session = view->session;
	const rdpSettings *settings = kg_session_settings(session);
	uint32_t scale = freerdp_settings_get_uint32(settings, FreeRDP_DesktopScaleFactor);
	uint32_t keyboard = freerdp_settings_get_uint32(settings, FreeRDP_KeyboardType);
	struct kg_view_open open = {
		.width = limit_size(freerdp_settings_get_uint32(settings, FreeRDP_DesktopWidth)),
		.height = limit_size(freerdp_settings_get_uint32(settings, FreeRDP_DesktopHeight)),
		.scale = scale >= 100 && scale <= 500 ? (uint16_t)scale : 100,
		.path = (uint8_t)view->path,
		.keyboard = keyboard == 7 || keyboard == 8 ? (uint8_t)keyboard : 4,
	};
	uint16_t cursor_size, cursor_slots;
	int r;

	kg_pointer_open(&session->pointer, view->path, &cursor_size, &cursor_slots);
	open.cursor_size = cursor_size;
	open.cursor_slots = cursor_slots;
	kg_legacy_open(&session->legacy, &open);
	r = kg_channel_send(view->channel, KG_VIEW_OPEN, &open, sizeof(open));
	if (r < 0)
		return r;
	view->state = KG_VIEW_IS_OPENED;
	return view->path == KG_PATH_GRAPHICS ? kg_view_graphics(view) : 0;
}

int kg_view_activate(struct kg_view *view)
{
	if (view->state == KG_VIEW_IS_CONNECTED && view_open(view) < 0)
		view->lost = true;
	else if (view->state == KG_VIEW_IS_RUNNING)
		kg_view_refresh(view, 0, 0, view->width, view->height);
	return 0;
}

/* ---- what the desktop sends ---- */

static int on_ring(struct kg_view *view, struct kg_message *message)
{
	int fd = message->fd, r;

	message->fd = -1;
	if (view->state != KG_VIEW_IS_OPENED) {
		kg_close(fd);
		return -EPROTO;
	}
	r = kg_ring_init_reader(&view->ring, fd);
	if (r < 0)
		return kg_err(r, "cannot use the desktop's ring");
	kg_channel_set_phase(view->channel, KG_VIEW_RUN);
	view->state = KG_VIEW_IS_RUNNING;
	return kg_watch_arm(view->deadline, UINT64_MAX);
}

static int put_pending(struct kg_view *view, const struct kg_view_pending *item)
{
	if (view->count == KG_VIEW_PENDING_MAX)
		return kg_err(-EPROTO, "the desktop sent more than it had credit for");
	view->pending[(view->first + view->count++) % KG_VIEW_PENDING_MAX] = *item;
	return 0;
}

static int on_size(struct kg_view *view, const struct kg_view_size *size)
{
	if (size->width < KG_DESKTOP_SIZE_MIN || size->width > KG_DESKTOP_SIZE_MAX ||
	    size->height < KG_DESKTOP_SIZE_MIN || size->height > KG_DESKTOP_SIZE_MAX)
		return -EPROTO;
	return put_pending(view, &(struct kg_view_pending){ .is_size = true, .size = *size });
}

/* Pieces come one after the other as they lie in the ring: at the end of the one before or, past the ring's end, at its start. */
static const uint8_t *take_piece(struct kg_view *view, uint64_t position, size_t length)
{
	const uint8_t *piece = kg_ring_piece(&view->ring, position, length);
	uint64_t skipped = position - view->read_to;	// wraps to a large number where it goes back

	if (!piece || (skipped != 0 && (skipped >= view->ring.size || position % view->ring.size != 0)))
		return NULL;
	view->read_to = position + length;
	return piece;
}

static int on_slice(struct kg_view *view, const struct kg_view_slice *slice)
{
	bool wanted = view->path == KG_PATH_GRAPHICS ? slice->kind == KG_SLICE_GRAPHICS
						     : slice->kind == KG_SLICE_BITMAPS ||
							       (slice->kind == KG_SLICE_SURFACES &&
								kg_legacy_has_remotefx(&view->session->legacy));

	if (!wanted || slice->last > 1 || !take_piece(view, slice->position, slice->length))
		return -EPROTO;
	return put_pending(view, &(struct kg_view_pending){ .slice = *slice });
}

static int on_cursor(struct kg_view *view, const struct kg_view_cursor *cursor)
{
	const uint8_t *pixels = NULL;

	if (cursor->what == KG_CURSOR_NEW) {
		pixels = take_piece(view, cursor->position, (size_t)cursor->width * cursor->height * 4);
		if (!pixels)
			return -EPROTO;
	}
	return kg_pointer_set(&view->session->pointer, cursor, pixels);
}

/* The last state counts: it waits for the transport as all else does. */
static int on_leds(struct kg_view *view, const struct kg_view_locks *locks)
{
	view->leds = *locks;
	view->leds_changed = true;
	return 0;
}

/* The last message: the desktop's own reason. The text is for the log. */
static int on_end(struct kg_view *view, const struct kg_message *message)
{
	const struct kg_view_end *end = message->body;
	int size = (int)(message->size - sizeof(*end));

	kg_info("the desktop ends the view: %s: %.*s", kg_end_reason_text(end->reason), size, (const char *)(end + 1));
	kg_session_end(view->session, end->reason < KG_END_REASONS ? (enum kg_end_reason)end->reason : KG_END_DESKTOP_LOST);
	return 0;
}

/* The fixed structs have the size that they must: the table was asked. */
static int on_message(void *data, struct kg_message *message)
{
	struct kg_view *view = data;

	switch (message->id) {
	case KG_VIEW_RING:
		return on_ring(view, message);
	case KG_VIEW_SIZE:
		return on_size(view, message->body);
	case KG_VIEW_SLICE:
		return on_slice(view, message->body);
	case KG_VIEW_CURSOR:
		return on_cursor(view, message->body);
	case KG_VIEW_WARP:
		return kg_pointer_warp(&view->session->pointer, message->body);
	case KG_VIEW_LEDS:
		return on_leds(view, message->body);
	case KG_VIEW_END:
		return on_end(view, message);
	default:
		return -EPROTO;
	}
}

static void on_ended(void *data, int error)
{
	struct kg_view *view = data;

	view->lost = true;
}

int kg_view_connect(struct kg_view *view, int fd)
{
	static const struct kg_channel_events events = { .message = on_message, .ended = on_ended };
	int r;

	if (view->state != KG_VIEW_IS_ATTACHING) {
		kg_close(fd);
		return -EPROTO;
	}
	r = KG_SYS(dup2(fd, KG_SESSION_VIEW_FD));
	kg_close(fd);
	if (r < 0)
		return kg_err(r, "cannot place the view's channel");
	r = kg_channel_new(&view->channel, &kg_view_messages, KG_SIDE_A, KG_SESSION_VIEW_FD, "the desktop", 0);
	if (r >= 0) {
		kg_channel_set_phase(view->channel, KG_VIEW_OPENING);
		r = kg_channel_attach(view->channel, view->session->loop, &events, view);
	}
	if (r < 0)
		return kg_err(r, "cannot use the view's channel");
	view->state = KG_VIEW_IS_CONNECTED;
	if (view->session->state == KG_SESSION_IS_ACTIVE)
		return kg_view_activate(view);
	return 0;
}

/* ---- what the client says ---- */

void kg_view_send(struct kg_view *view, uint16_t id, const void *body, size_t size)
{
	if (view->state >= KG_VIEW_IS_OPENED && !view->lost && kg_channel_send(view->channel, id, body, size) < 0)
		view->lost = true;
}

int kg_view_graphics(struct kg_view *view)
{
	const struct kg_gfx *gfx = &view->session->gfx;
	struct kg_view_graphics graphics = { .version = gfx->version, .flags = gfx->flags };

	if (view->state < KG_VIEW_IS_OPENED || view->path != KG_PATH_GRAPHICS || !gfx->has_capabilities)
		return 0;
	graphics.reset = ++view->reset;
	kg_view_send(view, KG_VIEW_GRAPHICS, &graphics, sizeof(graphics));
	return 0;
}

int kg_view_offer(struct kg_view *view)
{
	/* As above: where GRAPHICS was sent. A view that comes later begins anew, and so does the client with its offer. */
	if (view->state >= KG_VIEW_IS_OPENED && view->path == KG_PATH_GRAPHICS && view->session->gfx.has_capabilities)
		kg_view_send(view, KG_VIEW_OFFER, NULL, 0);
	return 0;
}

/* Suppression is passed on only after a first frame: mstsc sends one while it connects. */
static void frame_is_seen(struct kg_view *view)
{
	view->losses = 0;
	if (view->seen)
		return;
	view->seen = true;
	if (view->suppressed)
		kg_view_send(view, KG_VIEW_SUPPRESS, &(struct kg_view_suppress){ .on = 1 }, sizeof(struct kg_view_suppress));
}

int kg_view_acknowledged(struct kg_view *view, uint32_t frame, uint32_t queue_depth, uint32_t total)
{
	struct kg_view_acknowledged acknowledged = { .frame = frame, .queue_depth = queue_depth, .total = total };

	kg_view_send(view, KG_VIEW_ACKNOWLEDGED, &acknowledged, sizeof(acknowledged));
	frame_is_seen(view);
	return 0;
}

void kg_view_suppress(struct kg_view *view, bool on)
{
	struct kg_view_suppress suppress = { .on = on };

	if (!view->seen || view->suppressed == on)
		return;
	view->suppressed = on;
	kg_view_send(view, KG_VIEW_SUPPRESS, &suppress, sizeof(suppress));
}

void kg_view_refresh(struct kg_view *view, uint16_t left, uint16_t top, uint16_t right, uint16_t bottom)
{
	struct kg_view_rect rect = {
		.left = left,
		.top = top,
		.right = KG_MIN(right, view->width),
		.bottom = KG_MIN(bottom, view->height),
	};

	if (rect.left < rect.right && rect.top < rect.bottom)
		kg_view_send(view, KG_VIEW_REFRESH, &rect, sizeof(rect));
}

/* ---- passing it on ---- */

static int pass_size(struct kg_view *view, const struct kg_view_size *size)
{
	view->width = size->width;
	view->height = size->height;
	/* On the graphics path the desktop tells the client itself, by ResetGraphics. */
	return view->path == KG_PATH_BITMAP ? kg_legacy_resize(&view->session->legacy, size->width, size->height) : 0;
}

static int pass_slice(struct kg_view *view, const struct kg_view_slice *slice)
{
	const uint8_t *piece = kg_ring_piece(&view->ring, slice->position, slice->length);
	int r;

	/* What was made before a reset is nothing that the client knows what to do with. */
	if (slice->kind == KG_SLICE_GRAPHICS && slice->reset != view->reset)
		return 0;
	if (slice->kind == KG_SLICE_GRAPHICS)
		return kg_gfx_write(&view->session->gfx, piece, slice->length);
	r = slice->kind == KG_SLICE_SURFACES ? kg_legacy_write_surfaces(&view->session->legacy, piece, slice->length)
					     : kg_legacy_write(&view->session->legacy, piece, slice->length);
	if (r >= 0 && slice->last)
		view->written_frame = slice->frame;
	return r;
}

/* Everything below is read: the first piece that waits, or the end of the last one that came. */
static uint64_t position_read(const struct kg_view *view)
{
	uint64_t position = kg_pointer_position(&view->session->pointer, view->read_to);

	for (unsigned i = 0; i < view->count; i++) {
		const struct kg_view_pending *item = &view->pending[(view->first + i) % KG_VIEW_PENDING_MAX];

		if (!item->is_size)
			return KG_MIN(position, item->slice.position);
	}
	return position;
}

/* Credit and acknowledgements wait while the transport is blocked: a frame shall be encoded when it can be sent. */
static void give_credit(struct kg_view *view)
{
	struct kg_view_credit credit = { .position = position_read(view) };

	if (credit.position > view->credited) {
		view->credited = credit.position;
		kg_view_send(view, KG_VIEW_CREDIT, &credit, sizeof(credit));
	}
	if (view->written_frame) {
		uint32_t frame = view->written_frame;

		view->written_frame = 0;
		kg_view_acknowledged(view, frame, 0, ++view->written_total);
	}
}

/* -EPROTO is the desktop's fault and costs it the view; anything else is the client's. */
static int pass_pending(struct kg_view *view)
{
	struct kg_session *session = view->session;

	while (view->count > 0 && session->state == KG_SESSION_IS_ACTIVE && !session->peer->IsWriteBlocked(session->peer)) {
		struct kg_view_pending item = view->pending[view->first];
		int r;

		if (!item.is_size && item.slice.kind == KG_SLICE_GRAPHICS && !session->gfx.has_capabilities)
			break;
		view->first = (view->first + 1) % KG_VIEW_PENDING_MAX;
		view->count--;
		r = item.is_size ? pass_size(view, &item.size) : pass_slice(view, &item.slice);
		if (r == -EPROTO) {
			view->lost = true;
			return 0;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int pass_leds(struct kg_view *view)
{
	if (!view->leds_changed)
		return 0;
	view->leds_changed = false;
	return kg_session_input_leds(view->session, view->leds.locks);
}

static int view_lost(struct kg_view *view)
{
	if (view->session->ending)
		return 0;
	if (++view->losses > LOSSES_MAX) {
		kg_warn(0, "the desktop was lost %u times before it showed anything", view->losses);
		kg_session_end(view->session, KG_END_DESKTOP_LOST);
		return 0;
	}
	kg_warn(0, "the desktop is lost: asking for it again");
	return view_again(view);
}

int kg_view_turn(struct kg_view *view, bool blocked)
{
	int r = 0;

	if (view->state == KG_VIEW_IS_RUNNING && !view->lost && !blocked) {
		r = pass_pending(view);
		if (r >= 0 && view->session->state == KG_SESSION_IS_ACTIVE)
			r = kg_pointer_flush(&view->session->pointer);
		if (r >= 0 && view->session->state == KG_SESSION_IS_ACTIVE)
			r = pass_leds(view);
		if (r >= 0)
			r = kg_transport_flush(&view->session->transport);
		if (r >= 0 && !view->lost && !view->session->peer->IsWriteBlocked(view->session->peer))
			give_credit(view);
	}
	if (r >= 0 && view->lost)
		r = view_lost(view);
	return r;
}

/* ---- the object ---- */

int kg_view_init(struct kg_view *view, struct kg_session *session)
{
	*view = (struct kg_view){ .session = session, .ring = { .fd = -1 }, .path = KG_PATH_BITMAP };
	return kg_loop_timer(session->loop, &view->deadline, UINT64_MAX, on_deadline, view);
}

void kg_view_done(struct kg_view *view)
{
	if (!view->session)
		return;
	kg_channel_free(view->channel);
	view->channel = NULL;
	kg_ring_done(&view->ring);
	kg_watch_free(view->deadline);
	view->deadline = NULL;
}
