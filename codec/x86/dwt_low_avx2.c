/*
 * Levels 2 and 3 of stage 1, see dwt_avx2.h. A step takes two rows, and from the columns on their low row lies in the lower
 * and their high row in the upper lane of each vector.
 */
#include "codec/x86/dwt_avx2.h"

/* The quantisers of bands for lanes that belong to one each. */
static void two_bands(struct quantiser *q, const struct kg_rfx_scale *scale, int low, int high)
{
#define TWO(field, from, less_by)                                                                                      \
	store(q->field, _mm256_setr_m128i(_mm_set1_epi16((short)(scale->from[low] - (less_by))),                       \
					  _mm_set1_epi16((short)(scale->from[high] - (less_by)))))
	TWO(multiplier, multiplier, 0);
	TWO(below, threshold, 1);
	TWO(less, less, 0);
#undef TWO
}

INLINE __m256i eights(const int16_t *a, const int16_t *b)
{
	return _mm256_setr_m128i(_mm_loadu_si128((const __m128i *)a), _mm_loadu_si128((const __m128i *)b));
}

/* The column more of each low band in the extrapolated wavelet is lifted like a row of 32, or of 16 at level 3. pairs: 8 low
 * words beside 8 high ones. Returns the high words, whose last the last low one takes. */
INLINE __m256i lift_column(const int16_t *column, __m256i pairs[2])
{
	__m256i even, odd, after, ignored, high, low;

	split(eights(column, column + 16), eights(column + 8, column + 24), &even, &odd);
	split(eights(column + 2, column + 18), eights(column + 10, column + 26), &after, &ignored);
	high = high_of(even, odd, after);
	low = low_of(even, shift_back(lowers(first_last(high), high), high), high);
	pairs[0] = lowers(low, high);
	pairs[1] = uppers(low, high);
	return high;
}

/* In each lane: what comes before, the first word being its own. */
INLINE __m256i before8(__m256i v)
{
	return _mm256_shuffle_epi8(v, _mm256_setr_epi8(0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
						       0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13));
}

/* ---- level 2 ---- */

struct level2 {
	int16_t *hl, *lh, *hh;
	struct quantiser high, low;	// HL and HH; LH in the upper lane
};

/* Rows y of the bands of component c: columns 0 to 7 and 8 to 15. last: column 16 of LL1's even ones, in the first words. */
INLINE void rows_of_level2(struct dwt_low *w, const struct level2 *to, int c, int y, const __m256i even[2], const __m256i odd[2],
			   __m256i last, bool only_low, bool extrapolate, bool plain)
{
	__m256i high[2], low[2], end, evens, odds;
	int16_t *lh = to->lh + (extrapolate ? 17 : 16) * y;

	high[0] = high_of(even[0], odd[0], shift_in(even[0], even[1]));
	high[1] = high_of(even[1], odd[1], shift_in(even[1], extrapolate ? last : last_first(even[1])));
	low[0] = low_of(even[0], before8(high[0]), high[0]);
	low[1] = low_of(even[1], shift_back(high[0], high[1]), high[1]);
	split(low[0], low[1], &evens, &odds);
	store(w->rows2[y] + 16 * c, lowers(evens, odds));
	UNROLLED_LONG
	for (int i = 0; i < 2; i++) {
		__m256i values = quantise(high[i], &to->high, 0, plain);

		store_lower(to->hl + 16 * y + 8 * i, values);
		if (only_low)
			continue;
		store_upper(to->hh + 16 * y + 8 * i, values);
		store_upper(lh + 8 * i, quantise(low[i], &to->low, 0, plain));
	}
	if (extrapolate) {
		end = add16(last, last_first(high[1]));		// low[16]
		w->last2[c][y] = (int16_t)_mm256_extract_epi16(end, 0);
		if (!only_low)
			lh[16] = (int16_t)_mm256_extract_epi16(quantise(end, &to->low, 0, plain), 8);
	}
}

INLINE void level2(struct dwt_low *w, const struct kg_rfx_scale *scale, int c, bool extrapolate, bool plain)
{
	int16_t (*rows)[32] = w->rows[c], *values = w->values[c];
	int low_size = extrapolate ? 17 * 16 : 16 * 16, end = 0;
	struct level2 to = { .hl = values, .lh = values + low_size, .hh = values + 2 * low_size };
	__m256i row[2] = { load(rows[0]), load(rows[0] + 16) }, before[2] = { row[0], row[1] }, low[2], high[2], last[2];

	two_bands(&to.high, scale, KG_HL2, KG_HH2);
	two_bands(&to.low, scale, KG_LH2, KG_LH2);
	last[0] = last[1] = _mm256_setzero_si256();
	if (extrapolate)
		end = w->last[c][32] + (int16_t)_mm256_extract_epi16(lift_column(w->last[c], last), 15);
	for (int y = 0; y < 16; y++) {
		__m256i even[2], odd[2];

		UNROLLED_LONG
		for (int i = 0; i < 2; i++) {
			__m256i x = load(rows[2 * y + 1] + 16 * i);
			__m256i after = extrapolate || y < 15 ? load(rows[2 * y + 2] + 16 * i) : row[i];

			high[i] = high_of(row[i], x, after);
			low[i] = low_of(row[i], y ? before[i] : high[i], high[i]);
			before[i] = high[i];
			row[i] = after;
		}
		even[0] = lowers(low[0], high[0]);
		even[1] = uppers(low[0], high[0]);
		odd[0] = lowers(low[1], high[1]);
		odd[1] = uppers(low[1], high[1]);
		rows_of_level2(w, &to, c, y, even, odd, last[0], false, extrapolate, plain);
		last[0] = y == 7 ? last[1] : _mm256_bsrli_epi128(last[0], 2);
	}
	if (extrapolate) {
		__m256i even[2], odd[2];

		low[0] = add16(row[0], before[0]);
		low[1] = add16(row[1], before[1]);
		even[0] = lowers(low[0], low[0]);
		even[1] = uppers(low[0], low[0]);
		odd[0] = lowers(low[1], low[1]);
		odd[1] = uppers(low[1], low[1]);
		rows_of_level2(w, &to, c, 16, even, odd, all16(end), true, true, plain);
	}
}

/* ---- level 3 ---- */

struct level3 {
	struct quantiser high, low;	// HL and HH; LL and LH
	__m256i least, most;		// of LL, nothing for LH
};

/* LL3 has no threshold (0), and its less is the same for both signs. */
INLINE __m256i quantise_low(const struct level3 *l, __m256i c, bool plain)
{
	__m256i which = beyond(c, &l->low, 0);

	if (!plain) {
		__m256i less = load(l->low.less);

		c = sub16(c, _mm256_blend_epi32(less, _mm256_sign_epi16(less, c), 0xf0));
	}
	c = _mm256_and_si256(_mm256_mulhrs_epi16(c, load(l->low.multiplier)), which);
	return _mm256_min_epi16(_mm256_max_epi16(c, l->least), l->most);
}

INLINE void rows_of_level3(struct dwt_low *w, const struct level3 *l, int c, int y, __m256i even, __m256i odd, __m256i last,
			   bool only_low, bool extrapolate, bool plain)
{
	const int start = extrapolate ? 2 * 17 * 16 + 256 : 3 * 256, width = extrapolate ? 9 : 8;
	int16_t *hl = w->values[c] + start, *lh = hl + 8 * width, *hh = lh + 8 * width, *ll = w->zero[c] + 1;
	__m256i high = high_of(even, odd, shift_in(even, extrapolate ? last : last_first(even)));
	__m256i low = quantise_low(l, low_of(even, before8(high), high), plain);
	__m256i end = add16(last, last_first(high)), values = quantise(high, &l->high, 0, plain);

	store_lower(hl + 8 * y, values);
	store_lower(ll + width * y, low);
	if (!only_low) {
		store_upper(hh + 8 * y, values);
		store_upper(lh + width * y, low);
	}
	if (extrapolate) {
		end = quantise_low(l, end, plain);
		ll[width * y + 8] = (int16_t)_mm256_extract_epi16(end, 0);
		if (!only_low)
			lh[width * y + 8] = (int16_t)_mm256_extract_epi16(end, 8);
	}
}

INLINE void level3(struct dwt_low *w, const struct kg_rfx_scale *scale, int c, bool extrapolate, bool plain)
{
	int16_t (*rows)[64] = w->rows2;
	const int at = 16 * c;
	__m256i row = load(rows[0] + at), before = row, low, high, last[2];
	struct level3 l;
	int end = 0;

	two_bands(&l.high, scale, KG_HL3, KG_HH3);
	two_bands(&l.low, scale, KG_LL3, KG_LH3);
	l.least = _mm256_setr_m128i(_mm_set1_epi16(scale->low), _mm_set1_epi16(INT16_MIN));
	l.most = _mm256_setr_m128i(_mm_set1_epi16(scale->high), _mm_set1_epi16(INT16_MAX));
	store_lower(l.low.below, _mm256_set1_epi16(-1));
	last[0] = _mm256_setzero_si256();
	if (extrapolate)
		end = w->last2[c][16] + (int16_t)_mm256_extract_epi16(lift_column(w->last2[c], last), 7);
	for (int y = 0; y < 8; y++) {
		__m256i x = load(rows[2 * y + 1] + at), after = extrapolate || y < 7 ? load(rows[2 * y + 2] + at) : row;

		high = high_of(row, x, after);
		low = low_of(row, y ? before : high, high);
		rows_of_level3(w, &l, c, y, lowers(low, high), uppers(low, high), last[0], false, extrapolate, plain);
		last[0] = _mm256_bsrli_epi128(last[0], 2);
		before = high;
		row = after;
	}
	if (extrapolate) {
		low = add16(row, before);
		rows_of_level3(w, &l, c, 8, lowers(low, low), uppers(low, low), all16(end), true, true, plain);
	}
	w->zero[c][0] = 0;
}

INLINE void levels(struct dwt_low *w, const struct kg_rfx_scale *scale, bool extrapolate, bool plain)
{
	for (int c = 0; c < 3; c++)
		level2(w, &scale[c], c, extrapolate, plain);
	for (int c = 0; c < 3; c++)
		level3(w, &scale[c], c, extrapolate, plain);
}

DWT_LOW_FUNCTION(kg_dwt_low_avx2, levels)
