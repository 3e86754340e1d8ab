/* Looking for tiles of one colour, 4 pixels to a vector. */
#include "codec/arm/arm.h"
#include "codec/arm/neon.h"

KG_TILE_FLAT_FN(kg_tile_flat_neon)
{
	uint32x4_t first;
	uint32_t pixel;

	memcpy(&pixel, pixels, sizeof(pixel));
	first = vdupq_n_u32(pixel);
	for (uint32_t y = 0; y < height; y++, pixels += stride) {
		uint32x4_t differs = vdupq_n_u32(0);
		uint32_t x = 0;

		for (; width - x >= 16; x += 16)
			UNROLLED
			for (uint32_t i = 0; i < 16; i += 4)
				differs = vorrq_u32(differs, veorq_u32(first, load4(pixels + (x + i) * 4)));
		for (; width - x >= 4; x += 4)
			differs = vorrq_u32(differs, veorq_u32(first, load4(pixels + x * 4)));
		for (; x < width; x++) {
			memcpy(&pixel, pixels + x * 4, sizeof(pixel));
			differs = vorrq_u32(differs, veorq_u32(first, vdupq_n_u32(pixel)));
		}
		if (vmaxvq_u32(vandq_u32(differs, colours())))
			return false;
	}
	return true;
}
