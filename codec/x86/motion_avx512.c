/* Anchors of motion, 16 pixels at a time. */
#include "codec/x86/words.h"

#include "codec/x86/x86.h"

INLINE uint32_t anchors_of(const uint8_t *row, __mmask16 here, __m512i bits)
{
	const __m512i colours = _mm512_set1_epi32(0x00ffffff), factor = _mm512_set1_epi32((int)KG_ANCHOR_FACTOR);
	__m512i first = _mm512_maskz_loadu_epi32(here, row), next = _mm512_maskz_loadu_epi32(here, row + 4), sum;

	sum = _mm512_maskz_loadu_epi32(here, row + 28);
	UNROLLED
	for (int i = 6; i > 1; i--)
		sum = _mm512_add_epi32(_mm512_add_epi32(sum, sum), _mm512_maskz_loadu_epi32(here, row + 4 * i));
	sum = _mm512_add_epi32(_mm512_add_epi32(sum, sum), next);
	sum = _mm512_add_epi32(_mm512_add_epi32(sum, sum), first);
	sum = _mm512_mullo_epi32(_mm512_slli_epi32(sum, 8), factor);
	here = _mm512_mask_testn_epi32_mask(here, sum, bits);
	return _mm512_mask_test_epi32_mask(here, _mm512_xor_si512(first, next), colours);
}

/* Sums of two, four and eight pixels: the second half of each is the sum of as many that begins where the first one ends. */
INLINE uint64_t anchors_of_64(const uint8_t *row, __m512i bits)
{
	const __m512i colours = _mm512_set1_epi32(0x00ffffff), factor = _mm512_set1_epi32((int)KG_ANCHOR_FACTOR);
	__m512i pixels[6], two[6], four[5];
	__mmask16 edge[5];
	uint64_t anchors = 0;

	UNROLLED
	for (int i = 0; i < 4; i++)
		pixels[i] = load(row + 64 * i);
	pixels[4] = _mm512_maskz_loadu_epi32(0x7f, row + 256);
	pixels[5] = two[5] = _mm512_setzero_si512();
	UNROLLED
	for (int i = 0; i < 5; i++) {
		__m512i next = _mm512_alignr_epi32(pixels[i + 1], pixels[i], 1);

		two[i] = _mm512_add_epi32(pixels[i], _mm512_add_epi32(next, next));
		edge[i] = _mm512_test_epi32_mask(_mm512_xor_si512(pixels[i], next), colours);
	}
	UNROLLED
	for (int i = 0; i < 5; i++)
		four[i] = _mm512_add_epi32(two[i], _mm512_slli_epi32(_mm512_alignr_epi32(two[i + 1], two[i], 2), 2));
	UNROLLED
	for (int i = 0; i < 4; i++) {
		__m512i next = _mm512_slli_epi32(_mm512_alignr_epi32(four[i + 1], four[i], 4), 4);
		__m512i hash = _mm512_mullo_epi32(_mm512_slli_epi32(_mm512_add_epi32(four[i], next), 8), factor);

		anchors |= (uint64_t)_mm512_mask_testn_epi32_mask(edge[i], hash, bits) << 16 * i;
	}
	return anchors;
}

KG_ROW_ANCHORS_FN(kg_row_anchors_avx512)
{
	const __m512i bits = _mm512_set1_epi32((int)mask);
	uint64_t anchors = 0;
	uint32_t x = 0;

	if (count == 64)
		return anchors_of_64(row, bits);
	for (; count - x >= 16; x += 16, row += 64)
		anchors |= (uint64_t)anchors_of(row, 0xffff, bits) << x;
	if (x < count)
		anchors |= (uint64_t)anchors_of(row, (__mmask16)((1u << (count - x)) - 1), bits) << x;
	return anchors;
}
