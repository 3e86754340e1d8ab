/*
 * What the AVX2 files share: the last pixels of a row, where a vector of 8 has fewer, and loops over registers.
 * Empty without the flags of that set, so that it stands alone everywhere.
 */
#pragma once

#if defined(__AVX2__)
#include <immintrin.h>
#include <stdint.h>

#include "codec/unrolled.h"

/* For masked loads and stores: the first count of 8 pixels. Those that are masked out are not touched and load as 0. */
static inline __m256i tail_mask(uint32_t count)
{
	return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline __m256i tail_load(const uint8_t *pixels, __m256i mask)
{
	return _mm256_maskload_epi32((const int *)pixels, mask);
}
#endif
