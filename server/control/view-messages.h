/*
 * The view channel: a kagami-session (side A) and a kagami-desktop (side B). One per client that sees the desktop. Small
 * messages; encoded bytes lie in a ring (base/ring.h) that only the desktop can write.
 *
 * OPEN comes first. The desktop answers with RING and SIZE. On the bitmap path it then sends slices; on the graphics path
 * ([MS-RDPEGFX]) after GRAPHICS, which comes again whenever the client resets its graphics channel: everything that was sent
 * before is then forgotten. Credit: a frame is encoded only when the ring is read to the end and at most
 * KG_FRAMES_UNACKNOWLEDGED_MAX frames are not acknowledged.
 */
#pragma once

#include "server/control/table.h"

enum kg_view_phase { KG_VIEW_OPENING = 1, KG_VIEW_RUN = 2, KG_VIEW_ANY = 3 };

enum kg_view_message_id {
	/* session to desktop */
	KG_VIEW_OPEN = 1,
	KG_VIEW_GRAPHICS,
	KG_VIEW_SUPPRESS,
	KG_VIEW_REFRESH,
	KG_VIEW_CREDIT,
	KG_VIEW_ACKNOWLEDGED,
	KG_VIEW_KEY,
	KG_VIEW_TEXT,
	KG_VIEW_MOTION,
	KG_VIEW_BUTTON,
	KG_VIEW_WHEEL,
	KG_VIEW_LOCKS,
	KG_VIEW_OFFER,
	/* desktop to session */
	KG_VIEW_RING = 64,
	KG_VIEW_SIZE,
	KG_VIEW_SLICE,
	KG_VIEW_CURSOR,
	KG_VIEW_WARP,
	KG_VIEW_LEDS,
	KG_VIEW_END,
};

enum kg_view_path { KG_PATH_GRAPHICS = 1, KG_PATH_BITMAP = 2 };

struct kg_view_open {
	uint16_t width, height;		// of the client's screen
	uint16_t scale;			// percent
	uint8_t path;			// enum kg_view_path
	uint8_t keyboard;		// enum kg_keyboard
	uint16_t cursor_size;		// largest pointer the client takes: 32, 96 or 384
	uint16_t cursor_slots;		// of its pointer cache, at least 1
	uint32_t bitmap_size_max;	// bitmap path: bytes of one update, at least 16384
	uint8_t remotefx;		// bitmap path: enum kg_view_remotefx, how the client codes what it decodes of RemoteFX
	uint8_t remotefx_video;		// in video mode, not in image mode ([MS-RDPRFX] 2.2.1.1.1.1.1)
} KG_WIRE;

enum kg_view_remotefx { KG_REMOTEFX_NONE = 0, KG_REMOTEFX_RLGR1 = 1, KG_REMOTEFX_RLGR3 = 3 };

struct kg_view_graphics {
	uint32_t version;		// the chosen one of gfx-version.h
	uint32_t flags;			// of that capability set
	uint32_t reset;			// a number of its own for each of these
} KG_WIRE;

struct kg_view_suppress {
	uint32_t on;			// the client's window is not seen
} KG_WIRE;

struct kg_view_rect {			// REFRESH: send again. left and top inclusive, right and bottom exclusive
	uint16_t left, top, right, bottom;
} KG_WIRE;

struct kg_view_credit {
	uint64_t position;		// of the ring: everything below is read
} KG_WIRE;

struct kg_view_acknowledged {		// [MS-RDPEGFX] 2.2.2.13; on the bitmap path made by the session
	uint32_t frame, queue_depth, total;
} KG_WIRE;

struct kg_view_key {
	uint8_t scancode, flags, down;	// enum kg_scancode_flags
} KG_WIRE;

struct kg_view_text {
	uint16_t unit;			// UTF-16
	uint8_t down;
} KG_WIRE;

struct kg_view_motion {
	int32_t x, y;
	uint8_t relative;
} KG_WIRE;

struct kg_view_button {
	uint16_t evdev;			// BTN_LEFT to BTN_EXTRA
	uint8_t down;
} KG_WIRE;

struct kg_view_wheel {
	int16_t units;			// 120 is a notch
	uint8_t horizontal;
} KG_WIRE;

struct kg_view_locks {			// LOCKS and LEDS: bits of enum kg_lock
	uint32_t locks;
} KG_WIRE;

/* OFFER is empty: the client offers what its cache holds, and wants an answer ([MS-RDPEGFX] 2.2.2.16). The answer is a slice, for all
 * that a client gets on its graphics channel counts for what is compressed behind it. */

/* RING comes with the memfd. */

struct kg_view_size {
	uint16_t width, height;
} KG_WIRE;

enum kg_slice_kind {
	KG_SLICE_GRAPHICS = 1,		// one RDP_SEGMENTED_DATA ([MS-RDPEGFX] 2.2.5.1)
	KG_SLICE_BITMAPS = 2,		// records of struct kg_view_bitmap, each followed by its data
	KG_SLICE_SURFACES = 3,		// records of struct kg_view_surface, likewise; only for a client of RemoteFX
};

struct kg_view_slice {
	uint64_t position;
	uint32_t length;		// at most KG_SLICE_SIZE_MAX
	uint8_t kind;			// enum kg_slice_kind
	uint8_t last;			// bitmap path: the frame's last slice, to be acknowledged
	uint32_t frame;			// number of the frame it belongs to, 0: none
	uint32_t reset;			// of the last GRAPHICS when it was made: what was on its way during a reset is dropped
} KG_WIRE;

struct kg_view_bitmap {
	uint16_t left, top;
	uint16_t width, height;		// of the area that is seen
	uint16_t data_width;		// of the rows in data: width rounded up to 4
	uint8_t compressed;		// planar with alpha plane, else raw BGRX; rows from the bottom
	uint8_t zero;
	uint32_t length;		// bytes of data
} KG_WIRE;

struct kg_view_surface {		// of the screen, that a RemoteFX message ([MS-RDPRFX] 2.2.2) draws on
	uint16_t left, top, width, height;
	uint32_t length;		// bytes of the message; at most KG_VIEW_SURFACE_HEAD less than bitmap_size_max
} KG_WIRE;
#define KG_VIEW_SURFACE_HEAD 64		// what the session writes before it

enum kg_cursor_what { KG_CURSOR_HIDDEN, KG_CURSOR_CACHED, KG_CURSOR_NEW };

struct kg_view_cursor {			// [MS-RDPBCGR] 2.2.9.1.1.4
	uint8_t what;
	uint8_t zero;
	uint16_t slot;			// of the client's cache: to be shown, or to be filled and shown
	uint16_t width, height, hot_x, hot_y;
	uint64_t position;		// NEW: width * height * 4 bytes B, G, R, A, rows from the top, in the ring
} KG_WIRE;

struct kg_view_warp {
	uint16_t x, y;
} KG_WIRE;

struct kg_view_end {
	uint32_t reason;		// enum kg_end_reason
} KG_WIRE;				// tail: one line for the log
#define KG_VIEW_TEXT_MAX 256

extern const struct kg_message_set kg_view_messages;
