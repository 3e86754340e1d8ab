/* Counting what tells text from pictures, 16 pixels at a time. */
#include "codec/x86/words.h"

#include "codec/classify.h"
#include "codec/x86/x86.h"

struct counts {
	uint32_t fresh, strong;
};

INLINE void add(struct counts *counts, const uint8_t *row, const uint8_t *above, __mmask16 mask)
{
	const __m512i colours = _mm512_set1_epi32(0x00ffffff), hard = _mm512_set1_epi32(0x00e0e0e0);	// of 32 or more
	__m512i here = _mm512_maskz_loadu_epi32(mask, row), left = _mm512_maskz_loadu_epi32(mask, row - 4);
	__m512i up = _mm512_maskz_loadu_epi32(mask, above), step;
	__mmask16 new;

	new = _mm512_test_epi32_mask(_mm512_xor_si512(here, left), colours);
	new = _mm512_mask_test_epi32_mask(new, _mm512_xor_si512(here, up), colours);
	step = _mm512_or_si512(_mm512_subs_epu8(here, left), _mm512_subs_epu8(left, here));
	counts->fresh += (uint32_t)_mm_popcnt_u32(new);
	counts->strong += (uint32_t)_mm_popcnt_u32(_mm512_mask_test_epi32_mask(new, step, hard));
}

KG_TILE_TEXTURE_FN(kg_tile_texture_avx512)
{
	uint32_t vectors = (width - 1) / 16;
	__mmask16 last = (__mmask16)((1u << (width - 1) % 16) - 1);
	struct counts counts = { 0 };

	for (uint32_t y = 1; y < height; y += 4) {
		const uint8_t *row = pixels + y * stride + 4, *above = row - stride;

		if (width == 64) {
			UNROLLED
			for (int i = 0; i < 4; i++)
				add(&counts, row + 64 * i, above + 64 * i, i < 3 ? 0xffff : 0x7fff);
			continue;
		}
		for (uint32_t i = 0; i < vectors; i++)
			add(&counts, row + 64 * i, above + 64 * i, 0xffff);
		if (last)
			add(&counts, row + 64 * vectors, above + 64 * vectors, last);
	}
	*texture = (struct kg_texture){ (height + 2) / 4 * (width - 1), counts.fresh, counts.strong };
}
