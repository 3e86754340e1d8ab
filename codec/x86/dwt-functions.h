/*
 * The inner functions of stage 1 from what AVX2 and AVX-512 each have of their own: level1(), append_low() and kg_dwt_low_SET().
 * For the end of dwt_SET.c, which defines DWT_SET; empty without, so that it stands alone everywhere.
 */
#pragma once

#include "codec/x86/dwt.h"

#if defined(DWT_SET)
#define WORDS ((int)(sizeof(vector) / sizeof(int16_t)))
#define WITH_SET_(name, set) name##_##set
#define WITH_SET(name, set) WITH_SET_(name, set)

/* with_lh: the last column is LH1's. */
static void quantiser_init(struct quantiser *q, const struct kg_rfx_scale *scale, int band, bool with_lh)
{
	for (int i = 0; i < 32; i += WORDS) {
		store(q->multiplier + i, all16(scale->multiplier[band]));
		store(q->below + i, all16(scale->threshold[band] - 1));
		store(q->less + i, all16(scale->less[band]));
	}
	if (with_lh) {
		q->multiplier[31] = scale->multiplier[KG_LH1];
		q->below[31] = scale->threshold[KG_LH1] - 1;
		q->less[31] = scale->less[KG_LH1];
	}
}

INLINE bool tile(const uint8_t *pixels, size_t stride, uint32_t rows, const struct kg_rfx_scale *scale, struct work *w,
		 struct sink sinks[3][3], struct kind kind)
{
	bool clamped = false;

	for (int c = 0; c < 3; c++)
		for (int band = 0; band < 3; band++)
			quantiser_init(&w->quantiser[c][band], &scale[c], band, kind.extrapolate && band == KG_HH1);
	level1(pixels, stride, rows, w, sinks, kind);
	if (kind.extrapolate)
		for (int c = 0; c < 3; c++)
			clamped |= clamp_corner(&w->low.last[c][32]);
	WITH_SET(kg_dwt_low, DWT_SET)(&w->low, scale, kind.extrapolate, kind.plain);
	return clamped;
}

static void append_part(struct sink *to, const struct part *from, uint32_t count)
{
	for (uint32_t i = 0; i < count; i += WORDS) {
		store(to->value + to->count + i, load(from->value + i));
		store(to->position + to->count + i, load(from->position + i));
	}
	to->count += count;
}

INLINE bool lists_of(const uint8_t *pixels, size_t stride, uint32_t rows, const struct kg_rfx_scale *scale,
		     struct kg_rfx_list *lists, struct work *w, struct kind kind)
{
	struct sink sinks[3][3];
	bool clamped;

	for (int c = 0; c < 3; c++) {
		sinks[c][0] = (struct sink){ lists[c].position, lists[c].value, 0 };
		for (int i = 0; i < 2; i++)
			sinks[c][1 + i] = (struct sink){ w->parts[c][i].position, w->parts[c][i].value, 0 };
	}
	clamped = tile(pixels, stride, rows, scale, w, sinks, kind);
	for (int c = 0; c < 3; c++) {
		append_part(&sinks[c][0], &w->parts[c][0], sinks[c][1].count);
		append_part(&sinks[c][0], &w->parts[c][1], sinks[c][2].count);
		append_low(&sinks[c][0], &w->low, c, kind.extrapolate);
		lists[c].position[-1] = 0xffff;
		lists[c].count = sinks[c][0].count;
	}
	return clamped;
}

INLINE bool values_of(const uint8_t *pixels, size_t stride, uint32_t rows, const struct kg_rfx_scale *scale, int16_t *values,
		      struct work *w, struct kind kind)
{
	const uint16_t *start = kg_rfx_start[kind.extrapolate];
	const int low = start[KG_HL2], ll3 = start[KG_LL3];
	struct sink sinks[3][3];
	bool clamped;

	for (int c = 0; c < 3; c++)
		for (int band = 0; band < 3; band++)
			sinks[c][band] = (struct sink){ .value = values + c * KG_RFX_VALUES + start[band] };
	clamped = tile(pixels, stride, rows, scale, w, sinks, kind);
	for (int c = 0; c < 3; c++) {
		int16_t *to = values + c * KG_RFX_VALUES;

		memcpy(to + low, w->low.values[c], (size_t)(ll3 - low) * sizeof(*to));
		memcpy(to + ll3, w->low.zero[c] + 1, (size_t)(KG_RFX_VALUES - ll3) * sizeof(*to));
	}
	return clamped;
}

static bool all_plain(const struct kg_rfx_scale *scale)
{
	return scale[0].plain && scale[1].plain && scale[2].plain;
}

#define DWT_FUNCTIONS(wavelet, extrapolate)                                                                            \
	KG_RFX_LISTS_FN(WITH_SET(kg_rfx_lists_##wavelet, DWT_SET))                                                     \
	{                                                                                                              \
		if (all_plain(scale))                                                                                  \
			return lists_of(pixels, stride, rows, scale, lists, scratch, (struct kind){ extrapolate, true, true }); \
		return lists_of(pixels, stride, rows, scale, lists, scratch, (struct kind){ extrapolate, false, true }); \
	}                                                                                                              \
	KG_RFX_VALUES_FN(WITH_SET(kg_rfx_values_##wavelet, DWT_SET))                                                   \
	{                                                                                                              \
		if (all_plain(scale))                                                                                  \
			return values_of(pixels, stride, rows, scale, values, scratch, (struct kind){ extrapolate, true, false }); \
		return values_of(pixels, stride, rows, scale, values, scratch, (struct kind){ extrapolate, false, false }); \
	}
DWT_FUNCTIONS(symmetric, false)
DWT_FUNCTIONS(extrapolate, true)
#endif
