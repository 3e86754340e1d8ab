/* Comparing and copying tiles of 64x64 pixels: the inner functions of the way of a frame. */
#pragma once

#include "codec/image.h"

struct kg_dsp;

#define KG_TILE 64	// pixels

/*
 * Takes a snapshot of image into the rows at mirror (stride bytes apart), the X bytes as 0xff. from may change meanwhile:
 * each pixel is read once. Returns false when the mirror held these pixels already (X ignored).
 */
bool kg_tile_update(const struct kg_dsp *dsp, const struct kg_image *from, uint8_t *mirror, size_t mirror_stride);

/* True when all pixels of image are equal (X ignored). */
bool kg_tile_flat(const struct kg_dsp *dsp, const struct kg_image *image);
