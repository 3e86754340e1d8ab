/* The first stage of a tile's hash: a row of 64 pixels is three vectors of words, multiplied in four rounds. */
#include "codec/x86/words.h"

#include "codec/hash.h"
#include "codec/x86/x86.h"

#define SELECT 0xca	// of vpternlog: b where a has ones, else c
#define VECTORS (KG_HASH_ROW / 16)

/* The products of a vector and a round have a register of their own: one that took all of a round would be waited for. */
struct part {
	__m512i products[VECTORS][KG_HASH_ROUNDS];
};

INLINE void add(const __m512i words[VECTORS], const uint32_t *key, struct part *part)
{
	__m512i keys[VECTORS + KG_HASH_ROUNDS - 1];

	_Static_assert(KG_HASH_SHIFT == 16, "a round's keys are the ones before from the next vector on");
	UNROLLED
	for (int i = 0; i < VECTORS + KG_HASH_ROUNDS - 1; i++)
		keys[i] = load(key + 16 * i);
	UNROLLED
	for (int i = 0; i < VECTORS; i++) {
		UNROLLED
		for (int round = 0; round < KG_HASH_ROUNDS; round++)
			part->products[i][round] = _mm512_dpwssd_epi32(part->products[i][round], words[i], keys[i + round]);
	}
}

INLINE void add_row(const uint8_t *pixels, uint32_t width, const uint32_t *key, __m512i folded[VECTORS], struct part *part)
{
	const __m512i colours = _mm512_set1_epi32(0x00ffffff);
	uint64_t here = ~0ull >> (64 - width);
	__m512i row[4], words[VECTORS];

	UNROLLED
	for (int i = 0; i < 4; i++) {
		__mmask16 mask = (__mmask16)(here >> 16 * i);

		row[i] = width == 64 ? load(pixels + 64 * i)
		       : mask	     ? _mm512_maskz_loadu_epi32(mask, pixels + 64 * i)
				     : _mm512_setzero_si512();
	}
	words[0] = _mm512_ternarylogic_epi32(colours, row[0], _mm512_slli_epi32(row[3], 24), SELECT);
	words[1] = _mm512_ternarylogic_epi32(colours, row[1], _mm512_slli_epi32(row[3], 16), SELECT);
	words[2] = _mm512_ternarylogic_epi32(colours, row[2], _mm512_slli_epi32(row[3], 8), SELECT);
	UNROLLED
	for (int i = 0; i < VECTORS; i++)
		folded[i] = _mm512_xor_si512(folded[i], words[i]);
	add(words, key, part);
}

/* Of two vectors: sums of neighbouring lanes, of the one in even places and of the other one in odd places. */
INLINE __m512i pairs32(__m512i a, __m512i b)
{
	return _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
}

/* The sums of a part, for each round, as 64 bits. */
INLINE __m256i sums_of(const struct part *part)
{
	__m512i a[KG_HASH_ROUNDS], low, high;
	__m256i half;

	UNROLLED
	for (int round = 0; round < KG_HASH_ROUNDS; round++)
		a[round] = _mm512_add_epi32(_mm512_add_epi32(part->products[0][round], part->products[1][round]),
					    part->products[2][round]);
	low = pairs32(a[0], a[1]);
	high = pairs32(a[2], a[3]);
	low = _mm512_add_epi32(_mm512_unpacklo_epi64(low, high), _mm512_unpackhi_epi64(low, high));
	half = _mm256_add_epi32(_mm512_castsi512_si256(low), _mm512_extracti64x4_epi64(low, 1));
	return _mm256_cvtepu32_epi64(_mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1)));
}

KG_TILE_HASH_FN(kg_tile_hash_avx512)
{
	__m512i folded[KG_HASH_ROWS][VECTORS] = { 0 };
	__m256i sum = _mm256_setzero_si256(), weighted = sum;

	for (uint32_t p = 0; p < KG_HASH_PARTS; p++, key += KG_HASH_PART_KEY) {
		struct part part = { 0 };

		if (p < KG_HASH_PARTS - 1) {
			uint32_t rows = height > p * KG_HASH_ROWS ? KG_MIN(height - p * KG_HASH_ROWS, KG_HASH_ROWS + 0u) : 0;

			for (uint32_t y = 0; y < rows; y++, pixels += stride)
				add_row(pixels, width, key + y * KG_HASH_ROW, folded[y], &part);
		} else {
			for (int y = 0; y < KG_HASH_ROWS; y++)
				add(folded[y], key + y * KG_HASH_ROW, &part);
		}
		sum = _mm256_add_epi64(sum, sums_of(&part));
		weighted = _mm256_add_epi64(weighted, sum);
	}
	_mm256_storeu_si256((__m256i *)sums, sum);
	_mm256_storeu_si256((__m256i *)(sums + KG_HASH_ROUNDS), weighted);
}
