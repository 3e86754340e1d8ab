/* Anchors of motion: the function that defines them. */
#include "codec/c.h"

/* Eight bytes of 0 or 1 as bits, the first one lowest. */
static uint64_t bits_of(const uint8_t *flags)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < 8; i++)
		bytes |= (uint64_t)flags[i] << 8 * i;
	return bytes * 0x0102040810204080 >> 56;
}

/* Always of 64 pixels, whatever lies in those that lack: compilers make vectors of loops whose end they know. */
KG_ROW_ANCHORS_FN(kg_row_anchors_c)
{
	uint32_t pixels[64 + 7] = { 0 }, sums[64];
	uint8_t flags[64];
	uint64_t anchors = 0;

	memcpy(pixels, row, (count + 7) * 4);
	for (unsigned x = 0; x < 64; x++)
		sums[x] = pixels[x] + (pixels[x + 1] << 1) + (pixels[x + 2] << 2) + (pixels[x + 3] << 3) +
			  (pixels[x + 4] << 4) + (pixels[x + 5] << 5) + (pixels[x + 6] << 6) + (pixels[x + 7] << 7);
	for (unsigned x = 0; x < 64; x++)
		sums[x] = (sums[x] << 8) * KG_ANCHOR_FACTOR & mask;
	for (unsigned x = 0; x < 64; x++)
		flags[x] = (uint8_t)((sums[x] == 0) & ((pixels[x] ^ pixels[x + 1]) << 8 != 0));
	for (unsigned x = 0; x < 64; x += 8)
		anchors |= bits_of(flags + x) << x;
	return anchors & ~0ull >> (64 - count);
}
