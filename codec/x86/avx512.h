/*
 * What the AVX-512 files share: short names for vectors of 16-bit lanes, and loops over registers.
 * Empty without the flags of that set, so that it stands alone everywhere.
 */
#pragma once

#if defined(__AVX512VBMI2__)
#include <immintrin.h>
#include <stdint.h>

#include "codec/unrolled.h"

#define INLINE static inline __attribute__((always_inline))

INLINE __m512i load(const void *at)
{
	return _mm512_loadu_si512(at);
}

INLINE void store(void *at, __m512i v)
{
	_mm512_storeu_si512(at, v);
}

INLINE __m512i all16(int value)
{
	return _mm512_set1_epi16((short)value);
}

INLINE __m512i add16(__m512i a, __m512i b)
{
	return _mm512_add_epi16(a, b);
}

INLINE __m512i sub16(__m512i a, __m512i b)
{
	return _mm512_sub_epi16(a, b);
}
#endif
