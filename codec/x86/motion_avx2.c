/* Anchors of motion, 8 pixels at a time. */
#include <immintrin.h>

#include "codec/x86/avx2.h"
#include "codec/x86/x86.h"

/* The 8 pixels from number i of row on; beyond count + 7 none is read. */
static inline __attribute__((always_inline)) __m256i load(const uint8_t *row, int i, bool whole, __m256i mask)
{
	return whole ? _mm256_loadu_si256((const __m256i *)(row + 4 * i)) : tail_load(row + 4 * i, mask);
}

static inline __attribute__((always_inline)) uint32_t anchors_of(const uint8_t *row, bool whole, __m256i here, __m256i bits)
{
	const __m256i zero = _mm256_setzero_si256(), factor = _mm256_set1_epi32((int)KG_ANCHOR_FACTOR);
	__m256i sum = load(row, 7, whole, here), first = load(row, 0, whole, here), next = load(row, 1, whole, here), edge;

	UNROLLED
	for (int i = 6; i > 1; i--)
		sum = _mm256_add_epi32(_mm256_add_epi32(sum, sum), load(row, i, whole, here));
	sum = _mm256_add_epi32(_mm256_add_epi32(sum, sum), next);
	sum = _mm256_add_epi32(_mm256_add_epi32(sum, sum), first);
	sum = _mm256_mullo_epi32(_mm256_slli_epi32(sum, 8), factor);
	sum = _mm256_cmpeq_epi32(_mm256_and_si256(sum, bits), zero);
	edge = _mm256_cmpeq_epi32(_mm256_slli_epi32(_mm256_xor_si256(first, next), 8), zero);
	return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_andnot_si256(edge, sum)));
}

KG_ROW_ANCHORS_FN(kg_row_anchors_avx2)
{
	const __m256i bits = _mm256_set1_epi32((int)mask);
	uint64_t anchors = 0;
	uint32_t x = 0;

	for (; count - x >= 8; x += 8, row += 32)
		anchors |= (uint64_t)anchors_of(row, true, bits, bits) << x;
	if (x < count)	// what is masked out is no edge
		anchors |= (uint64_t)anchors_of(row, false, tail_mask(count - x), bits) << x;
	return anchors;
}
