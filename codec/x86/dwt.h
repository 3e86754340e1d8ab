/*
 * Stage 1 of RemoteFX with AVX2 and AVX-512, see codec/rfx.h: what the variants and their two parts share. dwt_SET.c is level 1,
 * from pixels to lists or values, dwt_low_SET.c the two levels below.
 */
#pragma once

#include "codec/dwt.h"
#include "codec/x86/words.h"

/* What to do, constant in each copy of a function. */
struct kind {
	bool extrapolate, plain, lists;		// plain: of all scales
};

/* What makes values of the coefficients of 32 columns, see struct kg_rfx_scale. */
struct quantiser {
	int16_t multiplier[32], below[32], less[32];	// below: the threshold less 1
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

void kg_dwt_low_avx2(struct dwt_low *low, const struct kg_rfx_scale *scale, bool extrapolate, bool plain);
void kg_dwt_low_avx512(struct dwt_low *low, const struct kg_rfx_scale *scale, bool extrapolate, bool plain);

/* Such a function from one that is inlined and whose last two arguments are to be constant. */
#define DWT_LOW_FUNCTION(name, levels)                                                                                 \
	void name(struct dwt_low *low, const struct kg_rfx_scale *scale, bool extrapolate, bool plain)                 \
	{                                                                                                              \
		if (extrapolate)                                                                                       \
			plain ? levels(low, scale, true, true) : levels(low, scale, true, false);                      \
		else                                                                                                   \
			plain ? levels(low, scale, false, true) : levels(low, scale, false, false);                    \
	}

/* Lists of LH1 and HH1 until it is known where HL1 ends. */
struct part {
	int16_t value[1024 + 64];
	uint16_t position[1024 + 64];
	uint8_t away[320];		// other sets of the cache for the next one
};

struct work {
	struct dwt_low low;
	struct quantiser quantiser[3][3];	// HL1, LH1, and HH1 with LH1's last column
	struct part parts[3][2];		// LH1, HH1
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct work) <= KG_RFX_SCRATCH, "the work of a tile fits the scratch memory");

/* Where values go: a list that grows, or all of them. */
struct sink {
	uint16_t *position;
	int16_t *value;
	uint32_t count;
};

#if defined(__AVX2__)
/* The two steps of the wavelet. */
INLINE vector half16(vector v)
{
	return WIDE(srai_epi16)(v, 1);
}

INLINE vector high_of(vector before, vector x, vector after)
{
	return half16(sub16(x, half16(add16(before, after))));
}

INLINE vector low_of(vector x, vector before, vector after)
{
	return add16(x, half16(add16(before, after)));
}
#endif
