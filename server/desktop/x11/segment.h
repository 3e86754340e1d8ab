/*
 * Memory that the X server writes pictures into: a memfd passed by descriptor, sealed so that the server cannot take it
 * away again. In front the screen as frames show it, behind it room for rectangles as they come, tightly packed.
 */
#pragma once

#include "base/frame.h"

#include <xcb/shm.h>

struct kg_x11_segment {
	uint32_t refs;			// the screen's, and one for each frame that shows it
	xcb_shm_seg_t id;
	uint32_t width, height;
	uint8_t *memory;
	size_t screen_size;		// width * 4 * height; the packed part begins there
	size_t packed_size;
	size_t packed_used;
};

/* The request that gives it to the server is made but not sent. */
int kg_x11_segment_new(struct kg_x11_segment **ret, xcb_connection_t *c, uint32_t width, uint32_t height);
void kg_x11_segment_unref(struct kg_x11_segment *segment);	// NULL is fine

/* Room for a packed picture: its offset in the segment, or 0 when there is none. */
size_t kg_x11_segment_pack(struct kg_x11_segment *segment, uint32_t width, uint32_t height);

/* Copies the picture packed at offset to its place on the screen. rect lies in the screen. */
void kg_x11_segment_unpack(struct kg_x11_segment *segment, size_t offset, struct kg_rect rect);

/* A frame of the whole screen that keeps the segment; damage, sequence and time are the caller's to fill in. */
int kg_x11_segment_frame(struct kg_x11_segment *segment, struct kg_frame **ret);
