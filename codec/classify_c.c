/* Counting what tells text from pictures: the function that defines the result. */
#include "codec/c.h"
#include "codec/classify.h"

static bool strong(uint32_t a, uint32_t b)
{
	for (unsigned shift = 0; shift < 24; shift += 8)
		if (abs((int)(a >> shift & 0xff) - (int)(b >> shift & 0xff)) >= 32)
			return true;
	return false;
}

KG_TILE_TEXTURE_FN(kg_tile_texture_c)
{
	*texture = (struct kg_texture){ 0 };
	for (uint32_t y = 1; y < height; y += 4) {
		const uint8_t *row = pixels + y * stride;
		uint32_t here[64], above[64];

		memcpy(here, row, width * 4);
		memcpy(above, row - stride, width * 4);
		texture->looked_at += width - 1;
		for (uint32_t x = 1; x < width; x++) {
			bool fresh = ((here[x] ^ here[x - 1]) & 0xffffff) && ((here[x] ^ above[x]) & 0xffffff);

			texture->fresh += fresh;
			texture->strong += fresh && strong(here[x], here[x - 1]);
		}
	}
}
