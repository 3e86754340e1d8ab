/*
 * A view: one client that sees the desktop, at the other end of a view channel. It has a mirror of that client's screen, a
 * ring of encoded bytes, and the keys that the client holds. All calls happen on the loop thread.
 */
#pragma once

#include "base/base.h"
#include "server/control/reasons.h"
#include "base/cursor.h"

struct kg_dsp;
struct kg_frame;
struct kg_hash_key;
struct kg_id;
struct kg_input_sink;
struct kg_loop;
struct kg_pool;
struct kg_progressive_ladder;
struct kg_source;
struct kg_view;

/* What all views of a desktop share. The owner keeps it constant and alive, but for the cursor. */
struct kg_view_parts {
	struct kg_loop *loop;
	struct kg_pool *pool;
	const struct kg_dsp *dsp;
	const struct kg_hash_key *hash_key;	// of tiles
	const uint8_t *clear_key;	// 16 bytes, of columns and glyphs
	const struct kg_progressive_ladder *ladder;
	uint8_t *scratch;		// scratch_size bytes for each pool thread, and as many for the loop thread behind them
	size_t scratch_size;
	struct kg_source *source;	// started
	struct kg_input_sink *input;	// or NULL
	struct kg_cursor cursor;	// that the desktop shows now; its pixels are the owner's copy
	uint64_t cursor_key;		// kg_cursor_key() of it
	bool cursor_known;		// the desktop has said it

	void (*gone)(void *data, struct kg_view *view);	// its channel has ended: the view is to be freed, in there or later
	void *data;
};

/* fd: the desktop's end of the channel; taken, also on failure. */
int kg_view_new(struct kg_view **ret, const struct kg_view_parts *parts, int fd, const struct kg_id *session);

/* Releases the client's keys. Does not say END. NULL is fine. */
void kg_view_free(struct kg_view *view);

/* The desktop's latest frame: damage counts from the frame before, which every view has been given. */
void kg_view_frame(struct kg_view *view, struct kg_frame *frame);

void kg_view_cursor(struct kg_view *view);		// parts->cursor has changed
void kg_view_warp(struct kg_view *view, int32_t x, int32_t y);
void kg_view_locks(struct kg_view *view, unsigned locks);

/* Tells the session why the view ends, and shows nothing any more. The channel stays until the session closes it. */
void kg_view_end(struct kg_view *view, enum kg_end_reason reason, const char *text);
