/*
 * A frame: what a desktop shows, with what changed since the frame before it. Reference counted; references are taken and
 * dropped on the loop thread only.
 *
 * The pixels may be memory that a guest or an X server goes on writing: whoever reads them takes a snapshot of each
 * pixel once and uses nothing but the snapshot. What changes later comes as damage of a later frame.
 */
#pragma once

#include "base/region.h"

struct kg_frame {
	uint32_t width, height;		// pixels, 1 to KG_DESKTOP_SIZE_MAX
	uint32_t stride;		// bytes from row to row, >= width * 4
	const uint8_t *pixels;		// B, G, R, X bytes; X is undefined. Row 0 is the top
	struct kg_region damage;	// since the frame before; all of it in a source's first frame and after a new size
	uint64_t sequence;		// counts a source's frames from 1
	uint64_t captured_us;		// kg_now_us() when the pixels were taken

	void (*release)(struct kg_frame *frame);	// called with the last reference; frees the frame
	void *owner;					// for release
	uint32_t refs;
};

/* Gives the frame its first reference. width, height and stride are checked: -EINVAL when out of their limits. */
int kg_frame_init(struct kg_frame *frame, uint32_t width, uint32_t height, uint32_t stride, const uint8_t *pixels,
		  void (*release)(struct kg_frame *frame), void *owner);

struct kg_frame *kg_frame_ref(struct kg_frame *frame);
void kg_frame_unref(struct kg_frame *frame);	// NULL is fine
