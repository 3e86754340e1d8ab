/* Looking for tiles of one colour, 8 pixels to a vector, a row of 64 at a time. */
#include <immintrin.h>

#include "codec/x86/avx2.h"
#include "codec/x86/x86.h"

static inline __m256i load(const uint8_t *at)
{
	return _mm256_loadu_si256((const __m256i *)at);
}

/* The bits in which vectors differ from first. */
static inline __attribute__((always_inline)) __m256i differing(const uint8_t *pixels, __m256i first, int vectors)
{
	__m256i differs = _mm256_setzero_si256();

	UNROLLED
	for (int i = 0; i < vectors; i++)
		differs = _mm256_or_si256(differs, _mm256_xor_si256(first, load(pixels + 32 * i)));
	return differs;
}

KG_TILE_FLAT_FN(kg_tile_flat_avx2)
{
	const __m256i colours = _mm256_set1_epi32(0x00ffffff), mask = tail_mask(width % 8);
	__m256i first;
	uint32_t pixel;

	memcpy(&pixel, pixels, sizeof(pixel));
	first = _mm256_set1_epi32((int)pixel);
	for (uint32_t y = 0; y < height; y++, pixels += stride) {
		__m256i differs = _mm256_setzero_si256(), tail;
		uint32_t x = 0;

		for (; width - x >= 64; x += 64)
			differs = _mm256_or_si256(differs, differing(pixels + x * 4, first, 8));
		for (; width - x >= 8; x += 8)
			differs = _mm256_or_si256(differs, differing(pixels + x * 4, first, 1));
		if (x < width) {
			tail = _mm256_xor_si256(first, tail_load(pixels + x * 4, mask));
			differs = _mm256_or_si256(differs, _mm256_and_si256(tail, mask));
		}
		if (!_mm256_testz_si256(differs, colours))
			return false;
	}
	return true;
}
