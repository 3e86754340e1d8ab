/* Tiles of 64x64 pixels, the unit of a frame's way. What differs between tiles: codec/damage.h. */
#pragma once

#include "codec/image.h"

struct kg_dsp;

#define KG_TILE 64	// pixels

/* True when all pixels of image are equal (X ignored). */
bool kg_tile_flat(const struct kg_dsp *dsp, const struct kg_image *image);
