/* What the files of a view share. */
#pragma once

#include "base/frame.h"
#include "base/id.h"
#include "base/ring.h"
#include "input/keys.h"
#include "server/control/view-messages.h"
#include "server/desktop/view.h"
#include "server/display/cursor-cache.h"
#include "server/display/flow.h"
#include "server/display/gfx-writer.h"
#include "server/display/slice.h"

struct kg_channel;
struct kg_pool_set;
struct kg_watch;

/*
 *	OPENING ──OPEN──► WAITING ──GRAPHICS──► SHOWING ◄─┐
 *	   └──OPEN, bitmap path──────────────────►└GRAPHICS┘		from each: kg_view_end() ──► ENDED
 */
enum kg_view_state { KG_VIEW_STATE_OPENING, KG_VIEW_STATE_WAITING, KG_VIEW_STATE_SHOWING, KG_VIEW_STATE_ENDED };

/* IDLE ──plan──► ENCODING (jobs run) ──► SENDING (pieces wait for the ring) ◄──► WRITING (a job writes a slice); SENDING ──► IDLE */
enum kg_output_state { KG_OUTPUT_IDLE, KG_OUTPUT_ENCODING, KG_OUTPUT_SENDING, KG_OUTPUT_WRITING };

/* How a client's screen is filled (view-output.c, view-send.c). */
struct kg_view_output {
	enum kg_output_state state;
	struct kg_ring ring;
	uint64_t sliced;		// end of the last slice in it
	struct kg_mirror mirror;
	struct kg_cache cache;		// graphics: of the client
	struct kg_clear *clear;		// graphics: of the client
	struct kg_zgfx *zgfx;		// graphics: what was sent since the last reset, or NULL: nothing is compressed
	struct kg_flow flow;
	struct kg_plan plan;
	struct kg_slicer slicer;
	uint8_t *slice;			// where in the ring the slice is written that was measured last
	size_t slice_length;		// once it is written
	bool slice_last;		// of the frame
	struct kg_pool_set *set;	// while ENCODING or WRITING
	struct kg_frame *encoding;	// the frame whose pixels the jobs read
	struct kg_watch *refine;	// when lossy tiles are due, armed only while there are some

	struct kg_frame *latest;	// or NULL: the desktop has shown nothing yet
	struct kg_region damage;	// of latest against the frame that was planned last
	struct kg_region refresh;	// what the client wants again

	uint8_t setup[KG_GFX_SETUP_MAX];	// graphics: messages that go before the next frame
	size_t setup_size;
	bool offered;			// an answer to the client's offer is among them
	uint32_t reset;			// graphics: number of the last GRAPHICS
	uint16_t surface;		// graphics: number of the last surface, that pieces go to
	bool has_surface;		// the client has it
};

struct kg_view {
	const struct kg_view_parts *parts;
	struct kg_channel *channel;
	char name[KG_ID_TEXT_SIZE];	// the session's, for logs
	enum kg_view_state state;
	struct kg_view_open open;	// what the client is, checked
	struct kg_keys keys;
	uint32_t told_width, told_height;	// with SIZE

	struct kg_view_output output;

	struct kg_cursor_cache cursors;
	bool cursor_due;		// parts->cursor is not yet told
};

/* Sends what can be sent now; asks the source for a frame when there is nothing. To be called whenever something changed. */
void kg_view_pump(struct kg_view *view);

/* view-send.c: messages that go before the next frame are gathered; a surface of the mirror's size, in place of the one before. */
struct kg_writer kg_view_setup_writer(struct kg_view_output *output);
void kg_view_setup_written(struct kg_view_output *output, const struct kg_writer *writer);
void kg_view_set_up_surface(struct kg_view_output *output);

/* What has been sent is read, but for pointers. */
bool kg_view_slices_are_read(const struct kg_view_output *output);

/*
 * Messages that were gathered go once that is so: clients can ask for any number of them. Of the plan all goes that the ring
 * takes. False: something waits, or is being written.
 */
bool kg_view_send_setup(struct kg_view *view);
bool kg_view_send_pieces(struct kg_view *view);

int kg_view_output_init(struct kg_view *view);

/* The client has (re)set its graphics channel: begins anew with its capabilities. */
void kg_view_output_reset(struct kg_view *view, const struct kg_view_graphics *graphics);
void kg_view_output_offer(struct kg_view *view);	// the client wants an answer to what it offers of its cache
void kg_view_output_refresh(struct kg_view *view, struct kg_rect rect);
void kg_view_output_stop(struct kg_view *view);		// drops what runs and waits
void kg_view_output_done(struct kg_view *view);

void kg_view_tell_size(struct kg_view *view, uint32_t width, uint32_t height);	// if it is news

/* Sends the pointer's shape if that is due and everything sent before is read (view-cursor.c). */
void kg_view_send_cursor(struct kg_view *view);
