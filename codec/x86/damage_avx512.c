/* Comparing tiles, 16 pixels to a vector, with the columns as masks. */
#include "codec/x86/words.h"

#include "codec/damage.h"
#include "codec/x86/x86.h"

#define OR_DIFFERENCE 0xf6	// of vpternlog: a | (b ^ c)

/* The compiler cannot load again what vector was made of. */
#define ONCE(vector)                                                                               \
	({                                                                                         \
		__m512i once_ = (vector);                                                          \
		__asm__("" : "+v"(once_));                                                         \
		once_;                                                                             \
	})

INLINE __m512i colours(void)
{
	return _mm512_set1_epi32(0x00ffffff);
}

INLINE __mmask16 tail(uint32_t count)
{
	return count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1);
}

/* A row of a tile. Each pixel is loaded once, into a register that is both compared and stored; a mirror that has them is
 * not written. What differs is added to columns. */
INLINE bool row(const uint8_t *from, const uint8_t *mirror, uint8_t *to, int vectors, __mmask16 last, __m512i columns[4])
{
	const __m512i opaque = _mm512_set1_epi32((int)0xff000000);
	__m512i pixels[4], old[4], differs = _mm512_setzero_si512();

	UNROLLED
	for (int i = 0; i < vectors; i++) {
		__mmask16 mask = i == vectors - 1 ? last : 0xffff;

		pixels[i] = _mm512_maskz_loadu_epi32(mask, from + 64 * i);
		old[i] = _mm512_maskz_loadu_epi32(mask, mirror + 64 * i);
		if (to)
			pixels[i] = ONCE(_mm512_mask_or_epi32(pixels[i], mask, pixels[i], opaque));
		differs = _mm512_ternarylogic_epi32(differs, pixels[i], old[i], OR_DIFFERENCE);
	}
	if (to ? !_mm512_test_epi32_mask(differs, differs) : !_mm512_test_epi32_mask(differs, colours()))
		return false;
	UNROLLED
	for (int i = 0; i < vectors; i++) {
		columns[i] = _mm512_ternarylogic_epi32(columns[i], pixels[i], old[i], OR_DIFFERENCE);
		if (to)
			_mm512_mask_storeu_epi32(to + 64 * i, i == vectors - 1 ? last : 0xffff, pixels[i]);
	}
	return _mm512_test_epi32_mask(differs, colours()) != 0;
}

INLINE void compare(const uint8_t *from, size_t stride, const uint8_t *mirror, uint8_t *to, size_t mirror_stride,
		    int vectors, __mmask16 last, uint32_t height, struct kg_damage *damage)
{
	__m512i columns[4] = { 0 };
	uint64_t rows = 0, bits = 0;

	for (uint32_t y = 0; y < height; y++) {
		rows |= (uint64_t)row(from, mirror, to, vectors, last, columns) << y;
		from += stride;
		mirror += mirror_stride;
		if (to)
			to += mirror_stride;
	}
	UNROLLED
	for (int i = 0; i < 4; i++)
		bits |= (uint64_t)_mm512_test_epi32_mask(columns[i], colours()) << 16 * i;
	*damage = (struct kg_damage){ rows, bits };
}

/* Whole tiles are what nearly all are. */
INLINE void compare_any(const uint8_t *from, size_t stride, const uint8_t *mirror, uint8_t *to, size_t mirror_stride,
			uint32_t width, uint32_t height, struct kg_damage *damage)
{
	int vectors = (int)(width + 15) / 16;
	__mmask16 last = tail(width - (uint32_t)(vectors - 1) * 16);

	if (width == 64)
		compare(from, stride, mirror, to, mirror_stride, 4, 0xffff, height, damage);
	else if (vectors == 4)
		compare(from, stride, mirror, to, mirror_stride, 4, last, height, damage);
	else if (vectors == 3)
		compare(from, stride, mirror, to, mirror_stride, 3, last, height, damage);
	else if (vectors == 2)
		compare(from, stride, mirror, to, mirror_stride, 2, last, height, damage);
	else
		compare(from, stride, mirror, to, mirror_stride, 1, last, height, damage);
}

KG_TILE_UPDATE_FN(kg_tile_update_avx512)
{
	compare_any(from, stride, mirror, mirror, mirror_stride, width, height, damage);
}

KG_TILE_COMPARE_FN(kg_tile_compare_avx512)
{
	compare_any(from, stride, mirror, NULL, mirror_stride, width, height, damage);
}
