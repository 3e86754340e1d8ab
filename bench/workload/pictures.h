/*
 * Pictures to measure codecs with, drawn by integer arithmetic from a seed: the same bytes on every processor and with
 * every compiler. As hard for a codec as what they stand for (doc/codec.md has the figures).
 */
#pragma once

#include "base/base.h"

#define KG_PICTURE_MAX 8192		// pixels, each side

struct kg_canvas;

struct kg_picture {
	const char *name;
	const char *what;		// in words, with what its frame number does
	bool sequence;			// it is there for what changes from frame to frame; as a picture it adds nothing
	uint32_t step;			// by how much the frame number rises in a tenth of a second
	int (*draw)(struct kg_canvas *canvas, uint32_t seed, uint32_t frame);
};

extern const struct kg_picture kg_pictures[];
extern const size_t kg_pictures_count;

/* NULL when there is none of that name. */
const struct kg_picture *kg_picture_find(const char *name);

/*
 * Draws frame number frame of a picture: width x height pixels as B, G, R, 0xff bytes in rows that are stride bytes apart.
 * A frame does not depend on others having been drawn. -EINVAL for a size of 0 or above KG_PICTURE_MAX, -ENOMEM.
 */
int kg_picture_draw(const struct kg_picture *picture, uint32_t seed, uint32_t frame, uint8_t *pixels, uint32_t width,
		    uint32_t height, size_t stride);
