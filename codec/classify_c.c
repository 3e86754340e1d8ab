/* Counting what tells text from pictures: the function that defines the result. */
#include "codec/c.h"
#include "codec/classify.h"

/* Of the 64 pixels behind a first one; those that lack equal their neighbours. Compilers make vectors of loops of 64. */
static void count_row(const uint32_t here[65], const uint32_t above[65], struct kg_texture *texture)
{
	uint8_t a[256], b[256], step[256];
	uint32_t steps[64], fresh = 0, strong = 0;

	memcpy(a, here + 1, sizeof(a));
	memcpy(b, here, sizeof(b));
	for (unsigned i = 0; i < 256; i++)
		step[i] = (uint8_t)(KG_MAX(a[i], b[i]) - KG_MIN(a[i], b[i]));
	memcpy(steps, step, sizeof(steps));
	for (unsigned x = 0; x < 64; x++) {
		uint32_t new = ((steps[x] & 0x00ffffff) != 0) & (((here[x + 1] ^ above[x + 1]) & 0x00ffffff) != 0);

		fresh += new;
		strong += new & ((steps[x] & 0x00e0e0e0) != 0);		// 32 or more
	}
	texture->fresh += fresh;
	texture->strong += strong;
}

KG_TILE_TEXTURE_FN(kg_tile_texture_c)
{
	uint32_t here[65], above[65] = { 0 };

	*texture = (struct kg_texture){ 0 };
	for (uint32_t y = 1; y < height; y += 4) {
		const uint8_t *row = pixels + y * stride;

		memcpy(here, row, width * 4);
		memcpy(above, row - stride, width * 4);
		for (uint32_t x = width; x < 65; x++)
			here[x] = here[width - 1];
		texture->looked_at += width - 1;
		count_row(here, above, texture);
	}
}
