/* Pointer shapes of a view: through the client's cache; pixels of new ones through the ring, in order with slices. */
#include "server/desktop/view-impl.h"

#include "base/limits.h"
#include "server/control/channel.h"
#include "server/display/cursor-fit.h"

static void send(struct kg_view *view, const struct kg_view_cursor *message)
{
	view->cursor_due = false;
	(void)kg_channel_send(view->channel, KG_VIEW_CURSOR, message, sizeof(*message));
}

void kg_view_send_cursor(struct kg_view *view)
{
	const struct kg_cursor *cursor = &view->parts->cursor;
	struct kg_ring *ring = &view->output.ring;
	struct kg_view_cursor message = { .what = KG_CURSOR_HIDDEN };
	struct kg_cursor_fit fit;
	uint8_t *room;
	uint16_t slot;
	bool cached;

	/* A session that is behind gets the shape that is current when it has caught up, not all in between. */
	if (!view->cursor_due || ring->freed != ring->written)
		return;
	if (!cursor->width || !cursor->height) {
		send(view, &message);
		return;
	}
	fit = kg_cursor_fit(cursor->pixels, cursor->width, cursor->height, cursor->hot_x, cursor->hot_y,
			    view->open.cursor_size);
	cached = kg_cursor_cache_choose(&view->cursors, view->parts->cursor_key, &slot);
	message.what = KG_CURSOR_CACHED;
	message.slot = slot;
	if (!cached) {
		size_t size = (size_t)fit.width * fit.height * 4;

		room = kg_ring_room(ring, size);	// cannot fail: all is read, and the largest shape fits
		if (!room)
			return;
		kg_cursor_fit_write(&fit, cursor->pixels, (size_t)cursor->width * 4, room);
		message.what = KG_CURSOR_NEW;
		message.width = fit.width;
		message.height = fit.height;
		message.hot_x = fit.hot_x;
		message.hot_y = fit.hot_y;
		message.position = kg_ring_commit(ring, size);
	}
	send(view, &message);
}
