/* Whether a tile has one colour: the function that defines it. */
#include "codec/c.h"

static inline uint32_t pixel(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
}

KG_TILE_FLAT_FN(kg_tile_flat_c)
{
	uint32_t first = pixel(pixels);

	for (uint32_t y = 0; y < height; y++, pixels += stride)
		for (uint32_t x = 0; x < width; x++)
			if (pixel(pixels + x * 4) != first)
				return false;
	return true;
}
