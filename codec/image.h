/* Pixels as plain data: no ownership. */
#pragma once

#include "base/base.h"

/* B, G, R, X bytes, X ignored. stride: bytes from row to row; row 0 is the top. */
struct kg_image {
	const uint8_t *pixels;
	uint32_t width, height;
	size_t stride;
};

static inline const uint8_t *kg_image_at(const struct kg_image *image, uint32_t x, uint32_t y)
{
	return image->pixels + (size_t)y * image->stride + (size_t)x * 4;
}
