/* NH of a tile: a row of 64 pixels is three vectors of words, and four rounds of products. */
#include "codec/x86/avx512.h"

#include "codec/hash.h"
#include "codec/x86/x86.h"

#define SELECT 0xca	// of vpternlog: b where a has ones, else c

/* (w[i] + k[i]) * (w[i + 1] + k[i + 1]) of the 8 pairs. */
INLINE __m512i products(__m512i words, __m512i key)
{
	__m512i sums = _mm512_add_epi32(words, key);

	return _mm512_mul_epu32(sums, _mm512_shuffle_epi32(sums, 0xf5));
}

INLINE void add_row(const __m512i pixels[4], const uint32_t *key, __m512i sums[4])
{
	const __m512i colours = _mm512_set1_epi32(0x00ffffff);
	__m512i words[3], keys[6];

	words[0] = _mm512_ternarylogic_epi32(colours, pixels[0], _mm512_slli_epi32(pixels[3], 24), SELECT);
	words[1] = _mm512_ternarylogic_epi32(colours, pixels[1], _mm512_slli_epi32(pixels[3], 16), SELECT);
	words[2] = _mm512_ternarylogic_epi32(colours, pixels[2], _mm512_slli_epi32(pixels[3], 8), SELECT);
	UNROLLED
	for (int i = 0; i < 6; i++)
		keys[i] = load(key + 16 * i);
	UNROLLED
	for (int i = 0; i < 12; i++)
		sums[i % 4] = _mm512_add_epi64(sums[i % 4], products(words[i / 4], keys[i / 4 + i % 4]));
}

/* gcc 12's _mm512_reduce_add_epi64() adds the halves as signed numbers, which overflow. */
INLINE uint64_t sum_of(__m512i v)
{
	__m256i four = _mm256_add_epi64(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
	__m128i two = _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));

	return (uint64_t)_mm_cvtsi128_si64(two) + (uint64_t)_mm_extract_epi64(two, 1);
}

KG_TILE_HASH_FN(kg_tile_hash_avx512)
{
	__m512i total[4] = { 0 };
	uint64_t here = ~0ull >> (64 - width);

	for (uint32_t y = 0; y < height; y++, pixels += stride, key += KG_HASH_ROW) {
		__m512i row[4];

		UNROLLED
		for (int i = 0; i < 4; i++) {
			__mmask16 mask = (__mmask16)(here >> 16 * i);

			row[i] = width == 64 ? load(pixels + 64 * i)
			       : mask	     ? _mm512_maskz_loadu_epi32(mask, pixels + 64 * i)
					     : _mm512_setzero_si512();
		}
		add_row(row, key, total);
	}
	for (int i = 0; i < 4; i++)
		sums[i] = sum_of(total[i]);
}
