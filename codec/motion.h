/*
 * Scrolls and moves: which parts of a new picture lie somewhere else in what the client has, so that the client copies
 * them itself (SURFACE_TO_SURFACE) and only the rest is encoded.
 *
 * kg_motion_find() makes a list of copies, before anything is encoded. The caller applies them, in this order, to mirror and
 * client, and then compares (kg_damage_update): a copy need not be right everywhere (a caret blinks in the page that
 * scrolls), but it makes more pixels right than wrong, by KG_MOTION_GAIN at least. The image may change meanwhile: a copy is
 * then less good, never harmful.
 *
 * Nobody needs to compare before: with all bits set in the damage of tiles that the source names, and 0 in that of others,
 * what really differs is found out as far as needed. A change without a motion then costs a look at a part of the pixels.
 */
#pragma once

#include "base/rect.h"
#include "codec/damage.h"
#include "codec/image.h"

struct kg_dsp;

#define KG_MOTION_COPIES 8
#define KG_MOTION_GAIN 2048	// pixels that must become right, those of one colour all around not counted
#define KG_MOTION_SIZE_MAX 32767	// pixels, of a screen in each direction

/*
 * The pixels of from are copied to where it lies when moved by dx and dy, as memmove() does: the places may overlap, which
 * FreeRDP handles for every direction when a message has one point. Both lie on the screen.
 */
struct kg_copy {
	struct kg_rect from;
	int32_t dx, dy;
};

struct kg_motion {
	const struct kg_dsp *dsp;
	struct kg_image image;			// what is to be shown
	const uint8_t *mirror;			// what the client has, of the same size
	size_t mirror_stride;
	const struct kg_damage *damage;		// for each tile, row by row: what may differ, see above
	const uint8_t *known;			// for each tile: 0 when the mirror does not say what the client has
};

/* Bytes of scratch for a screen of this size; 0 when it is larger than KG_MOTION_SIZE_MAX or empty. */
size_t kg_motion_scratch(uint32_t width, uint32_t height);

/* scratch: kg_motion_scratch() bytes, aligned to 8. Returns how many copies are worth making, often 0. */
uint32_t kg_motion_find(const struct kg_motion *motion, void *scratch, struct kg_copy copies[KG_MOTION_COPIES]);

/* Where the copied pixels come to lie. */
static inline struct kg_rect kg_copy_to(const struct kg_copy *copy)
{
	return kg_rect_moved(copy->from, copy->dx, copy->dy);
}
