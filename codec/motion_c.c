/* Anchors of motion: the function that defines them. */
#include "codec/c.h"

KG_ROW_ANCHORS_FN(kg_row_anchors_c)
{
	uint64_t anchors = 0;
	uint32_t pixels[64 + 7];

	memcpy(pixels, row, (count + 7) * 4);
	for (uint32_t x = 0; x < count; x++) {
		uint32_t sum = 0;

		for (unsigned i = 0; i < 8; i++)
			sum += pixels[x + i] << i;
		if ((pixels[x] ^ pixels[x + 1]) << 8 && !((sum << 8) * KG_ANCHOR_FACTOR & mask))
			anchors |= 1ull << x;
	}
	return anchors;
}
