/*
 * A source is a desktop seen as a stream of frames.
 * All calls and all events happen on the loop thread. A source belongs to whoever opened it.
 */
#pragma once

#include "base/base.h"

struct kg_cursor;
struct kg_frame;
struct kg_source;

/* What the owner is told. No event comes before kg_source_start() or after kg_source_free(). */
struct kg_source_events {
	void (*frame)(void *data, struct kg_frame *frame);		// ref it to keep it
	void (*cursor)(void *data, const struct kg_cursor *cursor);
	void (*warp)(void *data, int32_t x, int32_t y);			// the desktop moved the pointer by itself
	void (*locks)(void *data, unsigned locks);			// bits of kg_lock changed on the desktop
	void (*lost)(void *data, int error, const char *why);		// the last event; why is one line for the user
};

/* Tells the current cursor (where known) soon. Frames come only after kg_source_want(). */
int kg_source_start(struct kg_source *source, const struct kg_source_events *events, void *data);

/*
 * The owner can take one frame: the source gives it as soon as something has changed since the frame before (at once for
 * the first). Damage of what nobody wanted is united until then. Idempotent; each frame needs a want of its own.
 * From this call on the pixels of earlier frames may change.
 */
void kg_source_want(struct kg_source *source);

/* Asks for another size, in pixels. The next frame has it, or the nearest that the desktop can do. -ENOTSUP: it never can. */
int kg_source_resize(struct kg_source *source, uint32_t width, uint32_t height);

void kg_source_size(struct kg_source *source, uint32_t *width, uint32_t *height);	// now
void kg_source_free(struct kg_source *source);			// NULL is fine
