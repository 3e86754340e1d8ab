/*
 * Planar: lossless 32-bit bitmaps as colour planes, each raw or with delta rows and run lengths ([MS-RDPEGDI] 2.2.2.5.1,
 * 3.1.9). Encoding only. Colours are sent as they are (no YCoCg).
 */
#pragma once

#include "codec/image.h"

struct kg_dsp;

enum kg_planar_flags {
	KG_PLANAR_ALPHA = 1,		// with an alpha plane of 0xff and run lengths always: all that rdesktop's decoder takes
	KG_PLANAR_BOTTOM_UP = 2,	// rows in reverse: bitmap updates
};

/* The most bytes that kg_planar_encode() can write for width x height, 0 when that is no legal size (1 to 8192 each). */
size_t kg_planar_bound(uint32_t width, uint32_t height, unsigned flags);

/*
 * Encodes image into to, with run lengths where they make it smaller. Returns the size, or 0 when size is less than
 * kg_planar_bound(). scratch: kg_planar_scratch() bytes that the call may overwrite.
 */
size_t kg_planar_encode(const struct kg_dsp *dsp, const struct kg_image *image, unsigned flags, uint8_t *to, size_t size,
			void *scratch);
size_t kg_planar_scratch(uint32_t width, uint32_t height);
