/* What the analysis of tiles and rows looks at: hashes, texture, anchors of motion. */
#include "codec/arm/arm.h"
#include "codec/arm/neon.h"
#include "codec/classify.h"
#include "codec/hash.h"
#include "codec/tile.h"

/* ---- hash ---- */

/* Four rounds of four words: halves of 16 bits with those of the key. */
INLINE void add(int32x4_t part[KG_HASH_ROUNDS], uint32x4_t words, const uint32_t *key)
{
	int16x8_t w = vreinterpretq_s16_u32(words);

	UNROLLED
	for (int round = 0; round < KG_HASH_ROUNDS; round++) {
		int16x8_t k = vreinterpretq_s16_u32(vld1q_u32(key + round * KG_HASH_SHIFT));

		part[round] = vmlal_s16(part[round], vget_low_s16(w), vget_low_s16(k));
		part[round] = vmlal_high_s16(part[round], w, k);
	}
}

/* The last 16 pixels lie in what would be the X bytes of the others. */
INLINE void add_row(int32x4_t part[KG_HASH_ROUNDS], const uint8_t *row, const uint32_t *key, uint32_t *folded)
{
	for (int i = 0; i < 16; i += 4) {
		const uint8_t *at = row + i * 4;
		uint32x4_t last = load4(at + 192), words[3];

		words[0] = vsliq_n_u32(load4(at), last, 24);
		words[1] = vsliq_n_u32(load4(at + 64), vshrq_n_u32(last, 8), 24);
		words[2] = vsliq_n_u32(load4(at + 128), vshrq_n_u32(last, 16), 24);
		UNROLLED
		for (int k = 0; k < 3; k++) {
			uint32_t *fold = folded + 16 * k + i;

			vst1q_u32(fold, veorq_u32(vld1q_u32(fold), words[k]));
			add(part, words[k], key + 16 * k + i);
		}
	}
}

KG_TILE_HASH_FN(kg_tile_hash_neon)
{
	uint32_t folded[KG_HASH_ROWS][KG_HASH_ROW] = { 0 }, all[KG_HASH_ROUNDS];
	uint8_t padded[KG_TILE * 4] = { 0 };

	memset(sums, 0, KG_HASH_SUMS * sizeof(*sums));
	for (uint32_t p = 0; p < KG_HASH_PARTS; p++, key += KG_HASH_PART_KEY) {
		int32x4_t part[KG_HASH_ROUNDS] = { vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0) };

		for (uint32_t i = 0; i < KG_HASH_ROWS; i++) {
			uint32_t y = p * KG_HASH_ROWS + i;
			const uint8_t *row = pixels + y * stride;

			if (p == KG_HASH_PARTS - 1) {
				for (int x = 0; x < KG_HASH_ROW; x += 4)
					add(part, vld1q_u32(folded[i] + x), key + i * KG_HASH_ROW + x);
			} else if (y < height) {
				if (width < KG_TILE)
					row = memcpy(padded, row, width * 4);
				add_row(part, row, key + i * KG_HASH_ROW, folded[i]);
			}
		}
		vst1q_u32(all, vreinterpretq_u32_s32(vpaddq_s32(vpaddq_s32(part[0], part[1]), vpaddq_s32(part[2], part[3]))));
		for (int round = 0; round < KG_HASH_ROUNDS; round++) {
			sums[round] += all[round];
			sums[KG_HASH_ROUNDS + round] += sums[round];
		}
	}
}

/* ---- texture ---- */

struct counts {
	uint32x4_t fresh, strong;
};

INLINE void look(struct counts *counts, uint32x4_t here, uint32x4_t left, uint32x4_t above)
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
INLINE uint32x4_t twos(uint32x4_t here, uint32x4_t next)
{
	return vaddq_u32(here, vshlq_n_u32(vextq_u32(here, next, 1), 1));
}

INLINE uint32x4_t fours(uint32x4_t here, uint32x4_t next)
{
	return vaddq_u32(here, vshlq_n_u32(vextq_u32(here, next, 2), 2));
}

/* 71 pixels, whatever lies in those that lack. */
INLINE uint64_t anchors64(const uint8_t *row, uint32_t mask)
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
