/* Comparing and copying tiles, 8 pixels to a vector, a row of 64 at a time. */
#include <immintrin.h>

#include "codec/x86/avx2.h"
#include "codec/x86/x86.h"

static inline __m256i load(const uint8_t *at)
{
	return _mm256_loadu_si256((const __m256i *)at);
}

static inline void store(uint8_t *at, __m256i vector)
{
	_mm256_storeu_si256((__m256i *)at, vector);
}

/* Each pixel is loaded once, into a register that is both compared and stored. A mirror that has them is not written:
 * most tiles do not change, and their cache lines stay clean. Returns the bits that differ. */
static inline __attribute__((always_inline)) __m256i update(const uint8_t *from, uint8_t *mirror, int vectors)
{
	const __m256i opaque = _mm256_set1_epi32((int)0xff000000);
	__m256i pixels[8], differs = _mm256_setzero_si256();

	UNROLLED
	for (int i = 0; i < vectors; i++) {
		pixels[i] = _mm256_or_si256(load(from + 32 * i), opaque);
		differs = _mm256_or_si256(differs, _mm256_xor_si256(pixels[i], load(mirror + 32 * i)));
	}
	if (!_mm256_testz_si256(differs, differs)) {
		UNROLLED
		for (int i = 0; i < vectors; i++)
			store(mirror + 32 * i, pixels[i]);
	}
	return differs;
}

static __m256i update_tail(const uint8_t *from, uint8_t *mirror, __m256i mask)
{
	__m256i opaque = _mm256_and_si256(mask, _mm256_set1_epi32((int)0xff000000));
	__m256i pixels = _mm256_or_si256(tail_load(from, mask), opaque);
	__m256i differs = _mm256_xor_si256(pixels, tail_load(mirror, mask));

	if (!_mm256_testz_si256(differs, differs))
		_mm256_maskstore_epi32((int *)mirror, mask, pixels);
	return differs;
}

KG_TILE_UPDATE_FN(kg_tile_update_avx2)
{
	__m256i differs = _mm256_setzero_si256(), mask = tail_mask(width % 8);

	for (uint32_t y = 0; y < height; y++) {
		uint32_t x = 0;

		for (; width - x >= 64; x += 64)
			differs = _mm256_or_si256(differs, update(from + x * 4, mirror + x * 4, 8));
		for (; width - x >= 8; x += 8)
			differs = _mm256_or_si256(differs, update(from + x * 4, mirror + x * 4, 1));
		if (x < width)
			differs = _mm256_or_si256(differs, update_tail(from + x * 4, mirror + x * 4, mask));
		from += stride;
		mirror += mirror_stride;
	}
	return !_mm256_testz_si256(differs, _mm256_set1_epi32(0x00ffffff));
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
