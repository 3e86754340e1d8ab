/*
 * Stage 1 of RemoteFX with AVX2, what its two parts share: level 1, from pixels to lists or values (dwt_avx2.c), and the two
 * levels below (dwt_low_avx2.c). Vectors are filled so that rows are lifted without crossing their 128-bit lanes: the lanes
 * of one vector are far apart, and what follows a lane is the same lane of the next vector.
 */
#pragma once

#include "codec/rfx.h"
#include "codec/x86/avx2.h"

/* What makes values of the coefficients of 32 columns, see struct kg_rfx_scale. */
struct quantiser {
	int16_t multiplier[32], below[32], less[32];	// below: the threshold less 1
};

/* What the lower levels take and give, of three components. */
struct dwt_low {
	/* LL1, a row of 32 being its even columns and then its odd ones, and LL1's column 32 */
	int16_t rows[3][33][32];
	int16_t last[3][64];
	/* LL2, a row of 16 in the same manner, and its column 16 */
	int16_t rows2[3][17][16];
	int16_t last2[3][64];
	/* The bands from HL2 to HH3, one behind the other, with LL3 as differences and room to write a vector too far */
	int16_t values[3][1024 + 96];
	/* Behind a 0: LL3 without differences. */
	int16_t zero[3][128];
} __attribute__((aligned(64)));

void kg_dwt_low_avx2(struct dwt_low *low, const struct kg_rfx_scale *scale, bool extrapolate, bool plain);

#if defined(__AVX2__)
#define INLINE static inline __attribute__((always_inline))

INLINE __m256i load(const void *at)
{
	return _mm256_loadu_si256((const __m256i *)at);
}

INLINE void store(void *at, __m256i v)
{
	_mm256_storeu_si256((__m256i *)at, v);
}

INLINE __m256i all16(int value)
{
	return _mm256_set1_epi16((short)value);
}

INLINE __m256i add16(__m256i a, __m256i b)
{
	return _mm256_add_epi16(a, b);
}

INLINE __m256i sub16(__m256i a, __m256i b)
{
	return _mm256_sub_epi16(a, b);
}

INLINE __m256i half16(__m256i v)
{
	return _mm256_srai_epi16(v, 1);
}

INLINE __m256i high_of(__m256i before, __m256i x, __m256i after)
{
	return half16(sub16(x, half16(add16(before, after))));
}

INLINE __m256i low_of(__m256i x, __m256i before, __m256i after)
{
	return add16(x, half16(add16(before, after)));
}

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
