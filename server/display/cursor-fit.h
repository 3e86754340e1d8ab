/*
 * Makes a pointer's shape fit the client ([MS-RDPBCGR] takes 32, 96 or 384 pixels): rows and columns that are transparent
 * are cut off as long as the hot spot stays inside; a shape that is then still too large is scaled down by the smallest
 * whole number. Most shapes of 48 or 64 pixels are mostly air and so arrive pixel for pixel. Pure.
 */
#pragma once

#include "base/rect.h"

struct kg_cursor_fit {
	struct kg_rect part;		// of the shape that is kept
	uint32_t divisor;		// 1: as it is
	uint16_t width, height;		// of the result
	uint16_t hot_x, hot_y;
};

/* size: largest width and height of the result. The shape is not empty, its hot spot inside. */
struct kg_cursor_fit kg_cursor_fit(const uint8_t *pixels, uint16_t width, uint16_t height, uint16_t hot_x, uint16_t hot_y,
				   uint16_t size);

/* Writes the result, width * height * 4 bytes. stride: of pixels, in bytes. */
void kg_cursor_fit_write(const struct kg_cursor_fit *fit, const uint8_t *pixels, size_t stride, uint8_t *to);
