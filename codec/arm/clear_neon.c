/* What ClearCodec looks for: changes along a row, and hashes of columns. */
#include "codec/arm/arm.h"
#include "codec/arm/neon.h"
#include "codec/c.h"

/* Sixteen pixels, 0xff for each that differs from the one before it. before: its last is the pixel in front. */
INLINE uint8x16_t changed(const uint8_t *pixels, uint32x4_t *before)
{
	uint32x4_t differs[4];

	UNROLLED
	for (int i = 0; i < 4; i++) {
		uint32x4_t here = load4(pixels + 16 * i);

		differs[i] = vtstq_u32(veorq_u32(here, vextq_u32(*before, here, 3)), colours());
		*before = here;
	}
	return narrow(differs[0], differs[1], differs[2], differs[3]);
}

INLINE uint64_t changed64(const uint8_t *pixels, uint32x4_t *before)
{
	uint8x16_t v[4];

	UNROLLED
	for (int i = 0; i < 4; i++)
		v[i] = changed(pixels + 64 * i, before);
	return bits_of(v[0], v[1], v[2], v[3]);
}

KG_CLEAR_CHANGES_FN(kg_clear_changes_neon)
{
	uint32_t x = 0, first;
	uint32x4_t before;

	memcpy(&first, row, sizeof(first));
	before = vdupq_n_u32(first);
	for (; width - x >= 64; x += 64)
		changes[x / 64] = changed64(row + x * 4, &before);
	if (x < width) {
		uint8_t last[64 * 4] = { 0 };

		memcpy(last, row + x * 4, (width - x) * 4);
		changes[x / 64] = changed64(last, &before) & first_bits(width - x);
	}
}

/* The products of four columns' pixels and keys, added to sum[0] (the first two columns) and sum[1]. */
INLINE void add(uint64x2_t sum[2], uint32x4_t first, uint32x4_t second, const uint32_t *key)
{
	first = vaddq_u32(first, vdupq_n_u32(key[0]));
	second = vaddq_u32(second, vdupq_n_u32(key[1]));
	sum[0] = vmlal_u32(sum[0], vget_low_u32(first), vget_low_u32(second));
	sum[1] = vmlal_high_u32(sum[1], first, second);
}

KG_CLEAR_COLUMNS_FN(kg_clear_columns_neon)
{
	uint32_t x = 0;

	for (; width - x >= 4; x += 4) {
		uint64x2_t a[2] = { vdupq_n_u64(0), vdupq_n_u64(0) }, b[2] = { vdupq_n_u64(0), vdupq_n_u64(0) };
		const uint8_t *at = pixels + x * 4;

		for (uint32_t y = 0; y < height; y += 2, at += 2 * stride) {
			uint32x4_t first = vandq_u32(load4(at), colours()), second = vdupq_n_u32(0);

			if (y + 1 < height)
				second = vandq_u32(load4(at + stride), colours());
			add(a, first, second, key + y);
			add(b, first, second, key + y + 2);
		}
		vst2q_u64((uint64_t *)(to + x), ((uint64x2x2_t){ { a[0], b[0] } }));
		vst2q_u64((uint64_t *)(to + x + 2), ((uint64x2x2_t){ { a[1], b[1] } }));
	}
	if (x < width)
		kg_clear_columns_c(pixels + x * 4, stride, width - x, height, key, to + x);
}
