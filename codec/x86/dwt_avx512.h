/*
 * Stage 1 of RemoteFX with AVX-512, what its two parts share. Columns and rows are lifted in registers; even and odd columns are
 * apart from the start. In the extrapolated wavelet the one column more of each low band goes its own way.
 */
#pragma once

#include "codec/x86/dwt.h"

#if defined(__AVX512VBMI2__)
/* Which are not below the threshold. */
INLINE __mmask32 beyond(__m512i c, const struct quantiser *q)
{
	return _mm512_cmpgt_epi16_mask(_mm512_abs_epi16(c), load(q->below));
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
