/* A pointer's shape as a desktop shows it: plain data. */
#pragma once

#include "base/base.h"

/* B, G, R, A bytes, alpha not premultiplied; rows from the top, width * 4 bytes each. 0 x 0: hidden. */
struct kg_cursor {
	uint16_t width, height;		// at most KG_CURSOR_SIZE_MAX
	uint16_t hot_x, hot_y;		// inside
	const uint8_t *pixels;		// valid during the call
};
