/* What the pictures are drawn with: rows of pixels, a hash in place of random numbers, and integer functions. */
#pragma once

#include "base/base.h"

#include <endian.h>

struct kg_canvas {
	uint8_t *pixels;		// B, G, R, X
	size_t stride;			// bytes
	int32_t width, height;
	int32_t left, top, right, bottom;	// nothing is drawn outside; right and bottom are the first outside
};

static inline uint8_t *kg_canvas_at(const struct kg_canvas *canvas, int32_t x, int32_t y)
{
	return canvas->pixels + (size_t)y * canvas->stride + (size_t)x * 4;
}

static inline int32_t kg_clamp(int32_t value, int32_t low, int32_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* Writes a pixel whose colours may lie outside of 0 to 255. x and y lie inside. */
static inline void kg_canvas_put(const struct kg_canvas *canvas, int32_t x, int32_t y, int32_t red, int32_t green,
				 int32_t blue)
{
	uint8_t *at = kg_canvas_at(canvas, x, y);

	at[0] = (uint8_t)kg_clamp(blue, 0, 255);
	at[1] = (uint8_t)kg_clamp(green, 0, 255);
	at[2] = (uint8_t)kg_clamp(red, 0, 255);
	at[3] = 0xff;
}

/* colour is 0xRRGGBB. */
static inline void kg_canvas_fill(const struct kg_canvas *canvas, int32_t x, int32_t y, int32_t width, int32_t height,
				  uint32_t colour)
{
	const uint8_t pixel[4] = { colour & 0xff, colour >> 8 & 0xff, colour >> 16 & 0xff, 0xff };
	int32_t right = KG_MIN(x + width, canvas->right), bottom = KG_MIN(y + height, canvas->bottom);

	for (int32_t row = KG_MAX(y, canvas->top); row < bottom; row++)
		for (int32_t column = KG_MAX(x, canvas->left); column < right; column++)
			memcpy(kg_canvas_at(canvas, column, row), pixel, sizeof(pixel));
}

/* A pixel as a number. Written at once, where many are: 0xffRRGGBB on a little-endian machine. */
static inline uint32_t kg_canvas_pixel(uint32_t colour)
{
	return htole32(0xff000000 | colour);
}

/* Copies a picture of width x height to x, y. */
static inline void kg_canvas_blit(const struct kg_canvas *canvas, int32_t x, int32_t y, const uint8_t *pixels, size_t stride,
				  int32_t width, int32_t height)
{
	int32_t left = KG_MAX(x, canvas->left), right = KG_MIN(x + width, canvas->right);
	int32_t bottom = KG_MIN(y + height, canvas->bottom);

	for (int32_t row = KG_MAX(y, canvas->top); left < right && row < bottom; row++)
		memcpy(kg_canvas_at(canvas, left, row), pixels + (size_t)(row - y) * stride + (size_t)(left - x) * 4,
		       (size_t)(right - left) * 4);
}

/* What lies inside moves up by `by` rows, or down where by is negative; the rows that this uncovers stay as they are. */
static inline void kg_canvas_scroll(const struct kg_canvas *canvas, int32_t by)
{
	size_t bytes = (size_t)KG_MAX(canvas->right - canvas->left, 0) * 4;

	for (int32_t i = 0; i < canvas->bottom - canvas->top - abs(by); i++) {
		int32_t y = by > 0 ? canvas->top + i : canvas->bottom - 1 - i;

		memcpy(kg_canvas_at(canvas, canvas->left, y), kg_canvas_at(canvas, canvas->left, y + by), bytes);
	}
}

/* 32 bits that look random, from two numbers and a seed. */
static inline uint32_t kg_hash(uint32_t seed, uint32_t a, uint32_t b)
{
	uint32_t h = seed * 0x9e3779b1u ^ a * 0x85ebca6bu ^ (b + 0x7f4a7c15u) * 0xc2b2ae35u;

	h = (h ^ h >> 15) * 0x2c1b3c6du;
	h = (h ^ h >> 12) * 0x297a2d39u;
	return h ^ h >> 15;
}

/* A number from low to high, by the hash. */
static inline int32_t kg_hash_range(uint32_t seed, uint32_t a, uint32_t b, int32_t low, int32_t high)
{
	return low + (int32_t)(kg_hash(seed, a, b) % (uint32_t)(high - low + 1));
}

/* The whole part of the root. */
static inline uint32_t kg_root(uint64_t value)
{
	uint64_t root = 0, bit = UINT64_C(1) << 62;

	while (bit > value)
		bit >>= 2;
	for (; bit; bit >>= 2)
		if (value >= root + bit) {
			value -= root + bit;
			root = (root >> 1) + bit;
		} else
			root >>= 1;
	return (uint32_t)root;
}

/* The sine of angle / 1024 of a turn, times 4096; Bhaskara's formula, off by 0.2 % at most. */
static inline int32_t kg_sine(int32_t angle)
{
	int32_t half = angle & 511, product = half * (512 - half);	// up to 65536
	int32_t value = (int32_t)((int64_t)16 * product * 4096 / (5 * 512 * 512 - 4 * product));

	return angle & 512 ? -value : value;
}
