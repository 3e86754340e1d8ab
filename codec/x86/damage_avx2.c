/* Comparing tiles, 8 pixels to a vector, a row of 64 at a time. */
#include <immintrin.h>

#include "codec/damage.h"
#include "codec/x86/avx2.h"
#include "codec/x86/x86.h"

#define INLINE static inline __attribute__((always_inline))

/* The compiler cannot load again what vector was made of. */
#define ONCE(vector)                                                                               \
	({                                                                                         \
		__m256i once_ = (vector);                                                          \
		__asm__("" : "+x"(once_));                                                         \
		once_;                                                                             \
	})

INLINE __m256i load(const uint8_t *at)
{
	return _mm256_loadu_si256((const __m256i *)at);
}

INLINE __m256i colours(void)
{
	return _mm256_set1_epi32(0x00ffffff);
}

/*
 * Each pixel is loaded once, into a register that is both compared and stored. A mirror that has them is not written:
 * most tiles do not change, and their cache lines stay clean. What differs is added to columns only then, too.
 */
INLINE bool row_of_64(const uint8_t *from, const uint8_t *mirror, uint8_t *store, __m256i columns[8])
{
	const __m256i opaque = _mm256_set1_epi32((int)0xff000000);
	__m256i pixels[8], differs = _mm256_setzero_si256();

	UNROLLED
	for (int i = 0; i < 8; i++) {
		pixels[i] = load(from + 32 * i);
		if (store)
			pixels[i] = ONCE(_mm256_or_si256(pixels[i], opaque));
		differs = _mm256_or_si256(differs, _mm256_xor_si256(pixels[i], load(mirror + 32 * i)));
	}
	if (store ? _mm256_testz_si256(differs, differs) : _mm256_testz_si256(differs, colours()))
		return false;
	UNROLLED
	for (int i = 0; i < 8; i++) {
		columns[i] = _mm256_or_si256(columns[i], _mm256_xor_si256(pixels[i], load(mirror + 32 * i)));
		if (store)
			_mm256_storeu_si256((__m256i *)(store + 32 * i), pixels[i]);
	}
	return !_mm256_testz_si256(differs, colours());
}

/* Fewer than 64 pixels, vector by vector; mask is for the last ones. */
INLINE bool short_row(const uint8_t *from, const uint8_t *mirror, uint8_t *store, uint32_t width, __m256i mask,
		      __m256i columns[8])
{
	const __m256i opaque = _mm256_set1_epi32((int)0xff000000);
	__m256i all = _mm256_setzero_si256();

	for (uint32_t x = 0; x < width; x += 8) {
		__m256i here = width - x >= 8 ? _mm256_set1_epi32(-1) : mask, pixels, differs;

		pixels = tail_load(from + x * 4, here);
		if (store)
			pixels = ONCE(_mm256_or_si256(pixels, _mm256_and_si256(here, opaque)));
		differs = _mm256_xor_si256(pixels, tail_load(mirror + x * 4, here));
		columns[x / 8] = _mm256_or_si256(columns[x / 8], differs);
		all = _mm256_or_si256(all, differs);
		if (store && !_mm256_testz_si256(differs, differs))
			_mm256_maskstore_epi32((int *)(store + x * 4), here, pixels);
	}
	return !_mm256_testz_si256(all, colours());
}

INLINE void compare(const uint8_t *from, size_t stride, const uint8_t *mirror, uint8_t *store, size_t mirror_stride,
		    uint32_t width, uint32_t height, struct kg_damage *damage)
{
	__m256i columns[8] = { 0 }, mask = tail_mask(width % 8);
	uint64_t rows = 0;

	for (uint32_t y = 0; y < height; y++) {
		bool changed = width == 64 ? row_of_64(from, mirror, store, columns)
					   : short_row(from, mirror, store, width, mask, columns);

		rows |= (uint64_t)changed << y;
		from += stride;
		mirror += mirror_stride;
		if (store)
			store += mirror_stride;
	}
	*damage = (struct kg_damage){ .rows = rows };
	if (!rows)
		return;
	for (int i = 0; i < 8; i++) {
		__m256i same = _mm256_cmpeq_epi32(_mm256_and_si256(columns[i], colours()), _mm256_setzero_si256());

		damage->columns |= (uint64_t)(~_mm256_movemask_ps(_mm256_castsi256_ps(same)) & 0xff) << 8 * i;
	}
}

KG_TILE_UPDATE_FN(kg_tile_update_avx2)
{
	compare(from, stride, mirror, mirror, mirror_stride, width, height, damage);
}

KG_TILE_COMPARE_FN(kg_tile_compare_avx2)
{
	compare(from, stride, mirror, NULL, mirror_stride, width, height, damage);
}
