/*
 * Stage 1 of RemoteFX with AVX2, what its two parts share. Vectors are filled so that rows are lifted without crossing their
 * 128-bit lanes: the lanes of one vector are far apart, and what follows a lane is the same lane of the next vector.
 */
#pragma once

#include "codec/x86/dwt.h"

#if defined(__AVX2__)
INLINE void store_lower(int16_t *at, __m256i v)
{
	_mm_storeu_si128((__m128i *)at, _mm256_castsi256_si128(v));
}

INLINE void store_upper(int16_t *at, __m256i v)
{
	_mm_storeu_si128((__m128i *)at, _mm256_extracti128_si256(v, 1));
}

/* In each lane: the words one further or one back, the next vector's first or the last vector's last among them. */
INLINE __m256i shift_in(__m256i v, __m256i next)
{
	return _mm256_alignr_epi8(next, v, 2);
}

INLINE __m256i shift_back(__m256i before, __m256i v)
{
	return _mm256_alignr_epi8(v, before, 14);
}

/* In each lane: the last word first, and the first word last. */
INLINE __m256i last_first(__m256i v)
{
	return _mm256_bsrli_epi128(v, 14);
}

INLINE __m256i first_last(__m256i v)
{
	return _mm256_bslli_epi128(v, 14);
}

/* Lanes in the order of their names. */
INLINE __m256i lowers(__m256i a, __m256i b)
{
	return _mm256_permute2x128_si256(a, b, 0x20);
}

INLINE __m256i uppers(__m256i a, __m256i b)
{
	return _mm256_permute2x128_si256(a, b, 0x31);
}

/* Even words of each lane of a and b, lane by lane, and odd ones. */
INLINE void split(__m256i a, __m256i b, __m256i *even, __m256i *odd)
{
	const __m256i apart = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15,
					       0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);

	a = _mm256_shuffle_epi8(a, apart);
	b = _mm256_shuffle_epi8(b, apart);
	*even = _mm256_unpacklo_epi64(a, b);
	*odd = _mm256_unpackhi_epi64(a, b);
}

/* All ones where not below the threshold. at: 0 or 16, the half of the quantiser. */
INLINE __m256i beyond(__m256i c, const struct quantiser *q, int at)
{
	return _mm256_cmpgt_epi16(_mm256_abs_epi16(c), load(q->below + at));
}

/* Values without regard of the threshold. If not plain, those beyond may be 0. */
INLINE __m256i scaled(__m256i c, const struct quantiser *q, int at, bool plain)
{
	if (!plain)
		c = sub16(c, _mm256_sign_epi16(load(q->less + at), c));
	return _mm256_mulhrs_epi16(c, load(q->multiplier + at));
}

INLINE __m256i quantise(__m256i c, const struct quantiser *q, int at, bool plain)
{
	return _mm256_and_si256(scaled(c, q, at, plain), beyond(c, q, at));
}
#endif
