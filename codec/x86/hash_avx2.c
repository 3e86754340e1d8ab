/* The first stage of a tile's hash: a row of 64 pixels is six vectors of words, multiplied in four rounds. */
#include <immintrin.h>

#include "codec/hash.h"
#include "codec/x86/avx2.h"
#include "codec/x86/x86.h"

#define INLINE static inline __attribute__((always_inline))
#define VECTORS (KG_HASH_ROW / 8)

/* The colours of pixels, with byte number colour of last in place of X. */
INLINE __m256i words_of(__m256i pixels, __m256i last, int colour)
{
	const __m256i byte = _mm256_set1_epi32((int)(0x00808080u | (uint32_t)colour << 24));
	const __m256i of_pixel = _mm256_set_epi32(0x0c000000, 0x08000000, 0x04000000, 0, 0x0c000000, 0x08000000, 0x04000000, 0);

	last = _mm256_shuffle_epi8(last, _mm256_add_epi8(byte, of_pixel));
	return _mm256_or_si256(_mm256_and_si256(pixels, _mm256_set1_epi32(0x00ffffff)), last);
}

INLINE void add(__m256i words, const uint32_t *key, __m256i part[KG_HASH_ROUNDS])
{
	UNROLLED
	for (int round = 0; round < KG_HASH_ROUNDS; round++) {
		__m256i k = _mm256_loadu_si256((const __m256i *)(key + KG_HASH_SHIFT * round));

		part[round] = _mm256_add_epi32(part[round], _mm256_madd_epi16(words, k));
	}
}

INLINE void add_row(const uint8_t *pixels, uint32_t width, const uint32_t *key, __m256i folded[VECTORS],
		    __m256i part[KG_HASH_ROUNDS])
{
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
	UNROLLED
	for (int i = 0; i < VECTORS; i++) {
		__m256i words = words_of(row[i], row[6 + i % 2], i / 2);

		folded[i] = _mm256_xor_si256(folded[i], words);
		add(words, key + 8 * i, part);
	}
}

/* The sums of the lanes of a part, for each round, as 64 bits. */
INLINE __m256i sums_of(const __m256i part[KG_HASH_ROUNDS])
{
	__m256i all = _mm256_hadd_epi32(_mm256_hadd_epi32(part[0], part[1]), _mm256_hadd_epi32(part[2], part[3]));

	return _mm256_cvtepu32_epi64(_mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1)));
}

KG_TILE_HASH_FN(kg_tile_hash_avx2)
{
	__m256i folded[KG_HASH_ROWS][VECTORS] = { 0 }, sum = _mm256_setzero_si256(), weighted = sum;

	for (uint32_t p = 0; p < KG_HASH_PARTS; p++, key += KG_HASH_PART_KEY) {
		__m256i part[KG_HASH_ROUNDS] = { 0 };

		if (p < KG_HASH_PARTS - 1) {
			uint32_t rows = height > p * KG_HASH_ROWS ? KG_MIN(height - p * KG_HASH_ROWS, KG_HASH_ROWS + 0u) : 0;

			for (uint32_t y = 0; y < rows; y++, pixels += stride)
				add_row(pixels, width, key + y * KG_HASH_ROW, folded[y], part);
		} else {
			for (int y = 0; y < KG_HASH_ROWS; y++)
				for (int i = 0; i < VECTORS; i++)
					add(folded[y][i], key + y * KG_HASH_ROW + 8 * i, part);
		}
		sum = _mm256_add_epi64(sum, sums_of(part));
		weighted = _mm256_add_epi64(weighted, sum);
	}
	_mm256_storeu_si256((__m256i *)sums, sum);
	_mm256_storeu_si256((__m256i *)(sums + KG_HASH_ROUNDS), weighted);
}
