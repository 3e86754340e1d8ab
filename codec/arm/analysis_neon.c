/* What the analysis of tiles and rows looks at: hashes, texture, anchors of motion. */
#include "codec/arm/arm.h"
#include "codec/arm/neon.h"
#include "codec/classify.h"
#include "codec/hash.h"
#include "codec/tile.h"

/* ---- hash ---- */

/* Four rounds of eight words: those of even places times those of odd ones. */
NEON_INLINE void hash8(uint64x2_t sums[KG_HASH_ROUNDS], uint32x4_t low, uint32x4_t high, const uint32_t *key)
{
	UNROLLED
	for (int round = 0; round < KG_HASH_ROUNDS; round++) {
		uint32x4_t a = vaddq_u32(low, vld1q_u32(key + round * KG_HASH_SHIFT));
		uint32x4_t b = vaddq_u32(high, vld1q_u32(key + round * KG_HASH_SHIFT + 4));
		uint32x4_t even = vuzp1q_u32(a, b), odd = vuzp2q_u32(a, b);

		sums[round] = vmlal_u32(sums[round], vget_low_u32(even), vget_low_u32(odd));
		sums[round] = vmlal_high_u32(sums[round], even, odd);
	}
}

/* The last 16 pixels lie in what would be the X bytes of the others. */
NEON_INLINE void hash_row(uint64x2_t sums[KG_HASH_ROUNDS], const uint8_t *row, const uint32_t *key)
{
	for (int i = 0; i < 16; i += 8) {
		const uint8_t *at = row + i * 4;
		uint32x4_t last[2] = { load4(at + 192), load4(at + 208) }, v[3][2];

		UNROLLED
		for (int k = 0; k < 2; k++) {
			v[0][k] = vsliq_n_u32(load4(at + 16 * k), last[k], 24);
			v[1][k] = vsliq_n_u32(load4(at + 64 + 16 * k), vshrq_n_u32(last[k], 8), 24);
			v[2][k] = vsliq_n_u32(load4(at + 128 + 16 * k), vshrq_n_u32(last[k], 16), 24);
		}
		UNROLLED
		for (int k = 0; k < 3; k++)
			hash8(sums, v[k][0], v[k][1], key + 16 * k + i);
	}
}

KG_TILE_HASH_FN(kg_tile_hash_neon)
{
	uint64x2_t all[KG_HASH_ROUNDS];
	uint8_t padded[KG_TILE * 4] = { 0 };

	for (int i = 0; i < KG_HASH_ROUNDS; i++)
		all[i] = vdupq_n_u64(0);
	for (uint32_t y = 0; y < height; y++, key += KG_HASH_ROW) {
		const uint8_t *row = pixels + y * stride;

		if (width < KG_TILE)
			row = memcpy(padded, row, width * 4);
		hash_row(all, row, key);
	}
	for (int i = 0; i < KG_HASH_ROUNDS; i++)
		sums[i] = vaddvq_u64(all[i]);
}

/* ---- texture ---- */

struct counts {
	uint32x4_t fresh, strong;
};

NEON_INLINE void look(struct counts *counts, uint32x4_t here, uint32x4_t left, uint32x4_t above)
{
	uint32x4_t fresh = vandq_u32(vtstq_u32(veorq_u32(here, left), colours()),
				     vtstq_u32(veorq_u32(here, above), colours()));
	uint8x16_t far = vcgeq_u8(vabdq_u8(vreinterpretq_u8_u32(here), vreinterpretq_u8_u32(left)), vdupq_n_u8(32));

	counts->fresh = vsubq_u32(counts->fresh, fresh);
	counts->strong = vsubq_u32(counts->strong, vandq_u32(fresh, vtstq_u32(vreinterpretq_u32_u8(far), colours())));
}

KG_TILE_TEXTURE_FN(kg_tile_texture_neon)
{
	struct counts counts = { vdupq_n_u32(0), vdupq_n_u32(0) };

	*texture = (struct kg_texture){ 0 };
	for (uint32_t y = 1; y < height; y += 4) {
		const uint8_t *row = pixels + y * stride, *above = row - stride;
		uint32_t x = 1;

		texture->looked_at += width - 1;
		for (; width - x >= 4; x += 4)
			look(&counts, load4(row + x * 4), load4(row + x * 4 - 4), load4(above + x * 4));
		/* What lacks is 0 in all three, and thus not fresh. */
		if (x < width)
			look(&counts, load_tail(row + x * 4, width - x), load_tail(row + x * 4 - 4, width - x),
			     load_tail(above + x * 4, width - x));
	}
	texture->fresh = vaddvq_u32(counts.fresh);
	texture->strong = vaddvq_u32(counts.strong);
}

/* ---- anchors ---- */

/* Sums of two, four and eight pixels, each pixel shifted by its place in the sum. */
NEON_INLINE uint32x4_t twos(uint32x4_t here, uint32x4_t next)
{
	return vaddq_u32(here, vshlq_n_u32(vextq_u32(here, next, 1), 1));
}

NEON_INLINE uint32x4_t fours(uint32x4_t here, uint32x4_t next)
{
	return vaddq_u32(here, vshlq_n_u32(vextq_u32(here, next, 2), 2));
}

/* 71 pixels, whatever lies in those that lack. */
NEON_INLINE uint64_t anchors64(const uint8_t *row, uint32_t mask)
{
	uint32x4_t pixels[3], two[2], four[2], found[16];
	uint8x16_t bytes[4];

	pixels[0] = load4(row);
	pixels[1] = load4(row + 16);
	pixels[2] = load4(row + 32);
	two[0] = twos(pixels[0], pixels[1]);
	two[1] = twos(pixels[1], pixels[2]);
	four[0] = fours(two[0], two[1]);
	for (int i = 0; i < 16; i++) {
		uint32x4_t next = i < 15 ? load4(row + 16 * i + 48) : load_tail(row + 16 * i + 48, 0), hash, edge;
		uint32x4_t after = twos(pixels[2], next);

		four[1] = fours(two[1], after);
		hash = vaddq_u32(four[0], vshlq_n_u32(four[1], 4));
		hash = vmulq_u32(vshlq_n_u32(hash, 8), vdupq_n_u32(KG_ANCHOR_FACTOR));
		edge = vtstq_u32(veorq_u32(pixels[0], vextq_u32(pixels[0], pixels[1], 1)), colours());
		found[i] = vbicq_u32(edge, vtstq_u32(hash, vdupq_n_u32(mask)));
		four[0] = four[1];
		two[1] = after;
		pixels[0] = pixels[1];
		pixels[1] = pixels[2];
		pixels[2] = next;
	}
	for (int i = 0; i < 4; i++)
		bytes[i] = narrow(found[4 * i], found[4 * i + 1], found[4 * i + 2], found[4 * i + 3]);
	return bits_of(bytes[0], bytes[1], bytes[2], bytes[3]);
}

KG_ROW_ANCHORS_FN(kg_row_anchors_neon)
{
	uint8_t padded[72 * 4] = { 0 };

	if (!count)
		return 0;
	memcpy(padded, row, (count + 7) * 4);
	return anchors64(padded, mask) & first_bits(count);
}
