/* Fractal noise, for what looks like nature: hills, clouds, water. */
#pragma once

#include "base/base.h"

/*
 * A square of fractal noise that can be repeated without a seam: octaves, the coarsest first, each `gain` / 256 times as
 * strong as the one before. The standard deviation is 256.
 */
struct kg_field {
	int16_t *values;
	uint32_t bits;			// the side is 1 << bits values, at most 12
};

int kg_field_init(struct kg_field *field, uint32_t bits, uint32_t gain, uint32_t seed);
void kg_field_done(struct kg_field *field);

/* Between the four values around; u and v have 8 fraction bits and wrap. */
static inline int32_t kg_field_at(const struct kg_field *field, int32_t u, int32_t v)
{
	uint32_t mask = (1u << field->bits) - 1;
	uint32_t x0 = (uint32_t)(u >> 8) & mask, y0 = (uint32_t)(v >> 8) & mask;
	const int16_t *row0 = field->values + ((size_t)y0 << field->bits);
	const int16_t *row1 = field->values + ((size_t)((y0 + 1) & mask) << field->bits);
	int32_t fx = u & 255, fy = v & 255, x1 = (int32_t)((x0 + 1) & mask);
	int32_t upper = row0[x0] * (256 - fx) + row0[x1] * fx, lower = row1[x0] * (256 - fx) + row1[x1] * fx;

	return (upper * (256 - fy) + lower * fy) >> 16;		// 16 bits, 8 and 8: just fits, with the deviation of 256
}
