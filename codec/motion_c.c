/* Anchors of motion: the function that defines them. */
#include "codec/c.h"

KG_ROW_ANCHORS_FN(kg_row_anchors_c)
{
	uint64_t anchors = 0;
	uint32_t pixels[66];

	memcpy(pixels, row, (count + 2) * 4);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t a = pixels[i] << 8, b = pixels[i + 1] << 8, c = pixels[i + 2] << 8;
		uint32_t hash = (a + (b >> 3) + (c >> 6)) * KG_ANCHOR_FACTOR;

		anchors |= (uint64_t)(a != b && !(hash & mask)) << i;
	}
	return anchors;
}
