/* What variants of stage 1 of RemoteFX share, see codec/rfx.h. */
#pragma once

#include "codec/rfx.h"

/* Clamps the corner of LL1, the extrapolated one. Returns whether that changed it, see KG_RFX_LISTS_FN. */
static inline bool clamp_corner(int16_t *corner)
{
	int16_t inside = KG_MAX(KG_MIN(*corner, KG_RFX_CORNER_MAX), -KG_RFX_CORNER_MAX);
	bool clamped = inside != *corner;

	*corner = inside;
	return clamped;
}

/* The inner functions, for variants that make lists of all values. Such a variant has a tile() and a struct work with values. */
#define KG_DWT_FUNCTIONS(wavelet, extrapolate, variant)                                                                \
	KG_RFX_LISTS_FN(kg_rfx_lists_##wavelet##_##variant)                                                            \
	{                                                                                                              \
		struct work *w = scratch;                                                                              \
		bool clamped = tile(pixels, stride, rows, scale, w->values, w, extrapolate);                           \
                                                                                                                       \
		for (int i = 0; i < 3; i++)                                                                            \
			kg_rfx_pack_##variant(w->values + i * KG_RFX_VALUES, kg_rfx_start[extrapolate][KG_LL3], &lists[i]); \
		return clamped;                                                                                        \
	}                                                                                                              \
	KG_RFX_VALUES_FN(kg_rfx_values_##wavelet##_##variant)                                                          \
	{                                                                                                              \
		return tile(pixels, stride, rows, scale, values, scratch, extrapolate);                                \
	}
