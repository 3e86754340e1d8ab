/* Rows of pixels as colour planes: a load that takes them apart is an instruction here. */
#include "codec/arm/arm.h"
#include "codec/arm/neon.h"

#define BLOCK 64		// pixels whose masks make a word

KG_PLANAR_SPLIT_FN(kg_planar_split_neon)
{
	uint32_t x = 0;

	for (; width - x >= 16; x += 16) {
		uint8x16x4_t pixels = vld4q_u8(row + x * 4);

		vst1q_u8(planes[0] + x, pixels.val[2]);
		vst1q_u8(planes[1] + x, pixels.val[1]);
		vst1q_u8(planes[2] + x, pixels.val[0]);
	}
	for (; x < width; x++)
		for (uint32_t i = 0; i < 3; i++)
			planes[i][x] = row[x * 4 + 2 - i];
}

/* 2v for v >= 0, -2v - 1 for v < 0. */
INLINE uint8x16_t fold(uint8x16_t v)
{
	return veorq_u8(vaddq_u8(v, v), vreinterpretq_u8_s8(vshrq_n_s8(vreinterpretq_s8_u8(v), 7)));
}

/* A block: stores the values, returns in same a bit for each that equals the one before it. */
INLINE void delta(const uint8_t *row, const uint8_t *above, uint8_t *const planes[3], uint32_t x,
		       uint8x16_t before[3], uint64_t same[3])
{
	uint8x16_t equal[3][4];

	UNROLLED
	for (uint32_t part = 0; part < 4; part++) {
		uint8x16x4_t here = vld4q_u8(row + part * 64), up;

		if (above)
			up = vld4q_u8(above + part * 64);
		UNROLLED
		for (uint32_t i = 0; i < 3; i++) {
			uint8x16_t v = here.val[2 - i];

			if (above)
				v = fold(vsubq_u8(v, up.val[2 - i]));
			equal[i][part] = vceqq_u8(v, vextq_u8(before[i], v, 15));
			vst1q_u8(planes[i] + x + part * 16, v);
			before[i] = v;
		}
	}
	UNROLLED
	for (int i = 0; i < 3; i++)
		same[i] = bits_of(equal[i][0], equal[i][1], equal[i][2], equal[i][3]);
}

INLINE void delta_row(const uint8_t *row, const uint8_t *above, uint32_t width, uint8_t *const planes[3],
			   uint64_t *const same[3])
{
	uint8x16_t before[3] = { vdupq_n_u8(0), vdupq_n_u8(0), vdupq_n_u8(0) };
	uint8_t last[2][BLOCK * 4] = { { 0 } };
	uint64_t words[3];
	uint32_t x = 0;

	for (; width - x >= BLOCK; x += BLOCK) {
		delta(row + x * 4, above ? above + x * 4 : NULL, planes, x, before, words);
		for (int i = 0; i < 3; i++)
			same[i][x / 64] = words[i];
	}
	if (x == width)
		return;
	memcpy(last[0], row + x * 4, (width - x) * 4);
	if (above)
		memcpy(last[1], above + x * 4, (width - x) * 4);
	delta(last[0], above ? last[1] : NULL, planes, x, before, words);
	for (int i = 0; i < 3; i++)
		same[i][x / 64] = words[i] & first_bits(width - x);
}

KG_PLANAR_DELTA_FN(kg_planar_delta_neon)
{
	if (above)
		delta_row(row, above, width, planes, same);
	else
		delta_row(row, NULL, width, planes, same);
}
