/* NH of a tile: a row of 64 pixels is six vectors of words, and four rounds of products. */
#include <immintrin.h>

#include "codec/hash.h"
#include "codec/x86/avx2.h"
#include "codec/x86/x86.h"

/* (w[i] + k[i]) * (w[i + 1] + k[i + 1]) of the 4 pairs. */
static inline __m256i products(__m256i words, const uint32_t *key)
{
	__m256i sums = _mm256_add_epi32(words, _mm256_loadu_si256((const __m256i *)key));

	return _mm256_mul_epu32(sums, _mm256_srli_epi64(sums, 32));
}

/* The colours of pixels, with byte number colour of last in place of X. */
static inline __m256i words_of(__m256i pixels, __m256i last, int colour)
{
	const __m256i byte = _mm256_set1_epi32((int)(0x00808080u | (uint32_t)colour << 24));
	const __m256i of_pixel = _mm256_set_epi32(0x0c000000, 0x08000000, 0x04000000, 0, 0x0c000000, 0x08000000, 0x04000000, 0);

	last = _mm256_shuffle_epi8(last, _mm256_add_epi8(byte, of_pixel));
	return _mm256_or_si256(_mm256_and_si256(pixels, _mm256_set1_epi32(0x00ffffff)), last);
}

static inline __attribute__((always_inline)) void add_row(const __m256i pixels[8], const uint32_t *key, __m256i sums[4])
{
	UNROLLED
	for (int i = 0; i < 6; i++) {
		__m256i words = words_of(pixels[i], pixels[6 + i % 2], i / 2);

		UNROLLED
		for (int round = 0; round < KG_HASH_ROUNDS; round++)
			sums[round] = _mm256_add_epi64(sums[round], products(words, key + 8 * i + KG_HASH_SHIFT * round));
	}
}

KG_TILE_HASH_FN(kg_tile_hash_avx2)
{
	__m256i total[4] = { 0 };
	uint64_t lanes[4];

	for (uint32_t y = 0; y < height; y++, pixels += stride, key += KG_HASH_ROW) {
		__m256i row[8];

		if (width == 64) {
			UNROLLED
			for (int i = 0; i < 8; i++)
				row[i] = _mm256_loadu_si256((const __m256i *)(pixels + 32 * i));
		} else {
			for (uint32_t i = 0; i < 8; i++)
				row[i] = i * 8 < width ? tail_load(pixels + 32 * i, tail_mask(width - i * 8))
						       : _mm256_setzero_si256();
		}
		add_row(row, key, total);
	}
	for (int i = 0; i < 4; i++) {
		_mm256_storeu_si256((__m256i *)lanes, total[i]);
		sums[i] = lanes[0] + lanes[1] + lanes[2] + lanes[3];
	}
}
