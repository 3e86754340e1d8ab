/*
 * Vectors of 16-bit words, as wide as the set that a file is compiled for: what AVX2 and AVX-512 variants say alike. Empty without
 * the flags of either, so that it stands alone everywhere.
 */
#pragma once

#if defined(__AVX2__)
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "codec/unrolled.h"

#if defined(__AVX512VBMI2__)
typedef __m512i vector;
#define WIDE(name) _mm512_##name
#else
typedef __m256i vector;
#define WIDE(name) _mm256_##name
#endif

INLINE vector load(const void *at)
{
	vector v;

	memcpy(&v, at, sizeof(v));
	return v;
}

INLINE void store(void *at, vector v)
{
	memcpy(at, &v, sizeof(v));
}

INLINE vector all16(int value)
{
	return WIDE(set1_epi16)((short)value);
}

INLINE vector add16(vector a, vector b)
{
	return WIDE(add_epi16)(a, b);
}

INLINE vector sub16(vector a, vector b)
{
	return WIDE(sub_epi16)(a, b);
}

/* 2 v for v >= 0, -2 v - 1 for v < 0 */
INLINE vector fold16(vector v)
{
	return WIDE(add_epi16)(v, v) ^ WIDE(srai_epi16)(v, 15);
}

/* From v[i] with 8 words of lists i, 8 + i and so on, in lanes of 128 bits, to vectors with a word of each list. */
INLINE void transpose(vector v[8])
{
	vector a[8], b[8];

	UNROLLED_LONG
	for (int i = 0; i < 8; i += 2) {
		a[i] = WIDE(unpacklo_epi16)(v[i], v[i + 1]);
		a[i + 1] = WIDE(unpackhi_epi16)(v[i], v[i + 1]);
	}
	UNROLLED_LONG
	for (int i = 0; i < 8; i += 4) {
		b[i] = WIDE(unpacklo_epi32)(a[i], a[i + 2]);
		b[i + 1] = WIDE(unpackhi_epi32)(a[i], a[i + 2]);
		b[i + 2] = WIDE(unpacklo_epi32)(a[i + 1], a[i + 3]);
		b[i + 3] = WIDE(unpackhi_epi32)(a[i + 1], a[i + 3]);
	}
	UNROLLED_LONG
	for (int i = 0; i < 4; i++) {
		v[2 * i] = WIDE(unpacklo_epi64)(b[i], b[i + 4]);
		v[2 * i + 1] = WIDE(unpackhi_epi64)(b[i], b[i + 4]);
	}
}
#endif
