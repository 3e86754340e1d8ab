/* Pixels as plain data: no ownership, no behaviour. */
#pragma once

#include "base/base.h"

/* B, G, R, X bytes, X ignored. stride: bytes from row to row; row 0 is the top. */
struct kg_image {
	const uint8_t *pixels;
	uint32_t width, height;
	size_t stride;
};
