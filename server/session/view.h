/*
 * The session's end of a view of a desktop (server/control/view-messages.h): asks kagamid for one, opens it, passes on what the
 * desktop sends as fast as the client takes it, and tells the desktop when it may send more.
 *
 *	NONE ── kg_view_attach() ──► ATTACHING ── VIEW ──► CONNECTED ── the client is active: OPEN ──► OPENED ── RING ──► RUNNING
 *	any ── the desktop is lost without a word ──► ATTACHING again, with a deadline
 *
 * The desktop is hostile: every position is checked against the ring, and what it may have waiting here is bounded.
 */
#pragma once

#include "base/ring.h"
#include "server/control/view-messages.h"

struct kg_channel;
struct kg_message;
struct kg_session;
struct kg_watch;

#define KG_VIEW_PENDING_MAX 64

enum kg_view_state { KG_VIEW_IS_NONE, KG_VIEW_IS_ATTACHING, KG_VIEW_IS_CONNECTED, KG_VIEW_IS_OPENED, KG_VIEW_IS_RUNNING };

/* What waits for the client, in order: slices, and the sizes between them. */
struct kg_view_pending {
	bool is_size;
	union {
		struct kg_view_slice slice;
		struct kg_view_size size;
	};
};

struct kg_view {
	struct kg_session *session;
	struct kg_channel *channel;
	struct kg_watch *deadline;		// of ATTACHING again; made before the lock, for it needs a system call
	struct kg_ring ring;
	enum kg_view_state state;
	enum kg_view_path path;
	bool lost;				// to be dealt with at the end of the turn
	unsigned losses;			// since the last frame was acknowledged

	uint16_t width, height;			// of the desktop as the client sees it, 0: not known yet
	struct kg_view_pending pending[KG_VIEW_PENDING_MAX];
	unsigned first, count;			// of pending
	uint64_t read_to;			// end of the last piece that came in a message
	uint64_t credited;			// as told to the desktop
	uint32_t reset;				// graphics path: number of the last GRAPHICS
	uint32_t written_frame;			// bitmap path: to be acknowledged when it is out, 0: none
	uint32_t written_total;
	struct kg_view_locks leds;
	bool leds_changed;
	bool seen;				// the client has a frame of this view
	bool suppressed;			// the client's window is not seen
};

int kg_view_init(struct kg_view *view, struct kg_session *session);
void kg_view_done(struct kg_view *view);

/* Asks kagamid for the desktop. */
int kg_view_attach(struct kg_view *view);

/* kagamid answered with our end of the view's channel. Takes fd. -EPROTO when nobody asked. */
int kg_view_connect(struct kg_view *view, int fd);

/* The client is active, for the first time or again after a new size. */
int kg_view_activate(struct kg_view *view);

/* The client has chosen its graphics version, or resets its pipeline. */
int kg_view_graphics(struct kg_view *view);
int kg_view_acknowledged(struct kg_view *view, uint32_t frame, uint32_t queue_depth, uint32_t total);
int kg_view_offer(struct kg_view *view);	// of what the client's cache holds

/* The path was changed (a graphics channel that was refused): a new view. */
int kg_view_change_path(struct kg_view *view);

/* The end of each turn of the loop: passes on what the transport takes, and gives credit. A negative errno ends the session. */
int kg_view_turn(struct kg_view *view, bool blocked);

/* Input and wishes of the client. Dropped while there is no view. */
void kg_view_send(struct kg_view *view, uint16_t id, const void *body, size_t size);
void kg_view_suppress(struct kg_view *view, bool on);
void kg_view_refresh(struct kg_view *view, uint16_t left, uint16_t top, uint16_t right, uint16_t bottom);
