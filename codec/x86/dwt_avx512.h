/*
 * Stage 1 of RemoteFX with AVX-512, what its two parts share: level 1, from pixels to lists or values (dwt_avx512.c), and
 * the two levels below (dwt_low_avx512.c). Columns and rows are lifted in registers; even and odd columns are apart from
 * the start. In the extrapolated wavelet the one column more of each low band goes its own way.
 */
#pragma once

#include "codec/rfx.h"
#include "codec/x86/avx512.h"

/* What makes values of coefficients, see struct kg_rfx_scale. */
struct quantiser {
	int16_t multiplier[32], threshold[32], less[32];
};

/* What the lower levels take and give, of three components. */
struct dwt_low {
	/* LL1, a row of 32 being its even columns and then its odd ones, and LL1's column 32 */
	int16_t rows[3][33][32];
	int16_t last[3][64];
	/* LL2, the components side by side in the same manner, 16 columns each, and their columns 16 */
	int16_t rows2[17][64];
	int16_t last2[3][64];
	/* The bands from HL2 to HH3, one behind the other, with LL3 as differences and room to write a vector too far */
	int16_t values[3][1024 + 96];
	/* Behind a 0: LL3 without differences. */
	int16_t zero[3][128];
} __attribute__((aligned(64)));

void kg_dwt_low_avx512(struct dwt_low *low, const struct kg_rfx_scale *scale, bool extrapolate, bool plain);

#if defined(__AVX512VBMI2__)
INLINE __m512i half16(__m512i v)
{
	return _mm512_srai_epi16(v, 1);
}

INLINE __m512i high_of(__m512i before, __m512i x, __m512i after)
{
	return half16(sub16(x, half16(add16(before, after))));
}

INLINE __m512i low_of(__m512i x, __m512i before, __m512i after)
{
	return add16(x, half16(add16(before, after)));
}

/* Which are not below the threshold. */
INLINE __mmask32 beyond(__m512i c, const struct quantiser *q)
{
	return _mm512_cmpge_epu16_mask(_mm512_abs_epi16(c), load(q->threshold));
}

/* Values without regard of the threshold. If not plain, those beyond may be 0. */
INLINE __m512i scaled(__m512i c, const struct quantiser *q, bool plain)
{
	if (!plain) {
		__m512i less = load(q->less);

		c = _mm512_mask_add_epi16(sub16(c, less), _mm512_movepi16_mask(c), c, less);
	}
	return _mm512_mulhrs_epi16(c, load(q->multiplier));
}

INLINE __m512i quantise(__m512i c, const struct quantiser *q, bool plain)
{
	return _mm512_maskz_mov_epi16(beyond(c, q), scaled(c, q, plain));
}
#endif
