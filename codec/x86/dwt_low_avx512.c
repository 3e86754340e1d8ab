/*
 * Levels 2 and 3 of stage 1, see dwt_avx512.h. A step takes two rows: their low and high row stand side by side in a vector
 * for the columns, so that all 32 lanes have work, and so do two components at level 3.
 */
#include "codec/x86/dwt_avx512.h"

/* For a vector of two rows of 16: what comes after and before a column, the last and the first being their own. */
static const uint16_t AFTER16[32] __attribute__((aligned(64))) = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 31,
};
static const uint16_t BEFORE16[32] __attribute__((aligned(64))) = {
	0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
};
/* The even lanes of 32, then the odd ones, and even ones from the second on. */
static const uint16_t APART[32] __attribute__((aligned(64))) = {
	0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
};
/* The same of the first 16 lanes. */
static const uint16_t APART8[32] __attribute__((aligned(64))) = { 0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15 };
/* In lanes 15 and 31: where row 0 of low[0..15] high[0..15] is. */
static const uint16_t LAST16[32] __attribute__((aligned(64))) = { [15] = 0, [31] = 16 };
#define ENDS16 0x80008000u

static inline __m512i join(__m256i a, __m256i b)
{
	return _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
}

INLINE __m256i lower(__m512i v)
{
	return _mm512_castsi512_si256(v);
}

INLINE __m256i upper(__m512i v)
{
	return _mm512_extracti64x4_epi64(v, 1);
}

INLINE void store256(int16_t *at, __m256i v)
{
	_mm256_storeu_si256((__m256i *)at, v);
}

/* Quantisers of two bands, for vectors whose halves belong to one each. */
static struct quantiser two_bands(const struct kg_rfx_scale *scale, int low, int high)
{
	struct quantiser q;

#define TWO(field) join(_mm256_set1_epi16(scale->field[low]), _mm256_set1_epi16(scale->field[high]))
	store(q.multiplier, TWO(multiplier));
	store(q.below, sub16(TWO(threshold), all16(1)));
	store(q.less, TWO(less));
#undef TWO
	return q;
}

/* ---- level 2 ---- */

/* Column 32 of LL1 is lifted like a row: low[0..15] and high[0..15]; low[16] in last. */
INLINE __m512i last_column(const int16_t *column, int16_t *last)
{
	__m512i apart = _mm512_permutexvar_epi16(load(APART), load(column));
	__m512i even = apart, odd = join(upper(apart), upper(apart));
	__m512i after = _mm512_permutexvar_epi16(load(APART), load(column + 2));
	__m512i high = high_of(even, odd, after), low = low_of(even, _mm512_permutexvar_epi16(load(BEFORE16), high), high);

	*last = (int16_t)(column[32] + _mm256_extract_epi16(lower(high), 15));
	return join(lower(low), lower(high));
}

/* Where the bands of level 2 go. low_width: 17 or 16, of LL2 and LH2. */
struct level2 {
	int16_t *hl, *lh, *hh;
	struct quantiser high, low;	// HL and HH; in the upper half LH
};

/* Rows, low in the lower and high in the upper half: row y of the bands of component c. */
INLINE void rows_of_level2(struct dwt_low *w, const struct level2 *to, int c, int y, __m512i even, __m512i odd, __m512i last,
			   bool only_low, bool extrapolate, bool plain)
{
	__m512i after = _mm512_permutexvar_epi16(load(AFTER16), even), high, low, high_q, low_q;
	int width = extrapolate ? 17 : 16;

	if (extrapolate)	// what is behind column 30 is column 32
		after = _mm512_mask_permutexvar_epi16(after, ENDS16, add16(load(LAST16), all16(y)), last);
	high = high_of(even, odd, after);
	low = low_of(even, _mm512_permutexvar_epi16(load(BEFORE16), high), high);
	high_q = quantise(high, &to->high, plain);
	low_q = quantise(low, &to->low, plain);
	store256(to->hl + 16 * y, lower(high_q));
	store256(w->rows2[y] + 16 * c, lower(_mm512_permutexvar_epi16(load(APART8), low)));
	if (!only_low) {
		store256(to->hh + 16 * y, upper(high_q));
		store256(to->lh + width * y, upper(low_q));
	}
	if (extrapolate) {
		__m512i end = add16(after, high);	// low[16], in the last lane

		_mm512_mask_storeu_epi16(&w->last2[c][y] - 15, 1u << 15, end);
		if (!only_low)
			_mm512_mask_storeu_epi16(to->lh + width * y + 16 - 31, 1u << 31, quantise(end, &to->low, plain));
	}
}

INLINE void level2(struct dwt_low *w, const struct kg_rfx_scale *scale, int c, bool extrapolate, bool plain)
{
	int16_t (*rows)[32] = w->rows[c], *values = w->values[c], end = 0;
	int low_size = extrapolate ? 17 * 16 : 16 * 16;
	struct level2 to = { values, values + low_size, values + 2 * low_size, two_bands(scale, KG_HL2, KG_HH2),
			     two_bands(scale, KG_LH2, KG_LH2) };
	__m512i even = load(rows[0]), before = even, last = extrapolate ? last_column(w->last[c], &end) : even;

	for (int y = 0; y < 16; y++) {
		__m512i odd = load(rows[2 * y + 1]), after = extrapolate || y < 15 ? load(rows[2 * y + 2]) : even;
		__m512i high = high_of(even, odd, after), low;

		if (y == 0)
			before = high;
		low = low_of(even, before, high);
		rows_of_level2(w, &to, c, y, join(lower(low), lower(high)), _mm512_shuffle_i64x2(low, high, 0xee), last, false,
			       extrapolate, plain);
		before = high;
		even = after;
	}
	if (extrapolate) {
		__m512i low = add16(even, before);

		rows_of_level2(w, &to, c, 16, low, join(upper(low), upper(low)), _mm512_set1_epi16(end), true, true, plain);
	}
}

/* ---- level 3 ---- */

/* Two components, in lanes of 128 bits: low rows of both, then high rows of both. */
struct level3 {
	struct quantiser high, low;	// HL and HH; LL and LH
	int16_t least[32], most[32];	// of LL, nothing for LH
};

static inline __m512i four(int a, int b, int c, int d)
{
	return join(_mm256_setr_m128i(_mm_set1_epi16((short)a), _mm_set1_epi16((short)b)),
		    _mm256_setr_m128i(_mm_set1_epi16((short)c), _mm_set1_epi16((short)d)));
}

static void level3_init(struct level3 *l, const struct kg_rfx_scale *a, const struct kg_rfx_scale *b)
{
#define FOUR(field, x, y) four(a->field[x], b->field[x], a->field[y], b->field[y])
	store(l->high.multiplier, FOUR(multiplier, KG_HL3, KG_HH3));
	store(l->high.below, sub16(FOUR(threshold, KG_HL3, KG_HH3), all16(1)));
	store(l->high.less, FOUR(less, KG_HL3, KG_HH3));
	store(l->low.multiplier, FOUR(multiplier, KG_LL3, KG_LH3));
	store(l->low.below, sub16(FOUR(threshold, KG_LL3, KG_LH3), all16(1)));
	store(l->low.less, FOUR(less, KG_LL3, KG_LH3));
	store(l->least, four(a->low, b->low, INT16_MIN, INT16_MIN));
	store(l->most, four(a->high, b->high, INT16_MAX, INT16_MAX));
#undef FOUR
}

/* LL3 has no threshold (0), and its less is the same for both signs. */
INLINE __m512i quantise_low(const struct level3 *l, __m512i c, bool plain)
{
	const __mmask32 lh = 0xffff0000;
	__mmask32 which = beyond(c, &l->low);

	if (!plain) {
		__m512i less = load(l->low.less);

		c = _mm512_mask_add_epi16(sub16(c, less), _mm512_movepi16_mask(c) & lh, c, less);
	}
	c = _mm512_maskz_mulhrs_epi16(which, c, load(l->low.multiplier));
	return _mm512_min_epi16(_mm512_max_epi16(c, load(l->least)), load(l->most));
}

INLINE void store_lane(int16_t *at, __m512i v, int lane)
{
	__m128i *to = (__m128i *)at;

	switch (lane) {		// a constant, but it must look like one
	case 0:
		_mm_storeu_si128(to, _mm512_castsi512_si128(v));
		break;
	case 1:
		_mm_storeu_si128(to, _mm512_extracti32x4_epi32(v, 1));
		break;
	case 2:
		_mm_storeu_si128(to, _mm512_extracti32x4_epi32(v, 2));
		break;
	default:
		_mm_storeu_si128(to, _mm512_extracti32x4_epi32(v, 3));
	}
}

INLINE void store_first(int16_t *at, __m512i v, int lane)
{
	_mm512_mask_storeu_epi16(at - 8 * lane, 1u << 8 * lane, v);
}

/* Row y of the bands of components first and, with both, first + 1. last: column 16 of LL2 in the first word of each lane. */
INLINE void rows_of_level3(struct dwt_low *w, const struct level3 *l, int first, bool both, int y, __m512i even, __m512i odd,
			   __m512i last, bool only_low, bool extrapolate, bool plain)
{
	const __m512i before8 = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13));
	const __m512i after8 = _mm512_broadcast_i32x4(_mm_setr_epi8(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 14, 15));
	__m512i after = extrapolate ? _mm512_alignr_epi8(last, even, 2) : _mm512_shuffle_epi8(even, after8);
	__m512i high = high_of(even, odd, after), low = low_of(even, _mm512_shuffle_epi8(high, before8), high);
	__m512i end = add16(last, _mm512_bsrli_epi128(high, 14));	// low[8]
	int start = extrapolate ? 544 + 256 : 768, width = extrapolate ? 9 : 8, hh = start + 8 * width * 2;

	high = quantise(high, &l->high, plain);
	low = quantise_low(l, low, plain);
	if (extrapolate)
		end = quantise_low(l, end, plain);
	UNROLLED_LONG
	for (int i = 0; i <= both; i++) {
		int16_t *values = w->values[first + i], *ll = w->zero[first + i] + 1 + width * y;
		int16_t *hl = values + start + 8 * y, *lh = values + start + 8 * width + width * y;

		store_lane(hl, high, i);
		store_lane(ll, low, i);
		if (extrapolate)
			store_first(ll + 8, end, i);
		if (only_low)
			continue;
		store_lane(values + hh + 8 * y, high, 2 + i);
		store_lane(lh, low, 2 + i);
		if (extrapolate)
			store_first(lh + 8, end, 2 + i);
	}
}

/* Column 16 of LL2, lifted like a row. */
INLINE __m128i last_column8(const int16_t *column, __m128i *high_ret, int16_t *last)
{
	const __m128i evens = _mm_loadu_si128((const __m128i *)APART8), odds = _mm_loadu_si128((const __m128i *)(APART8 + 8));
	__m128i a = _mm_loadu_si128((const __m128i *)column), b = _mm_loadu_si128((const __m128i *)(column + 8));
	__m128i c = _mm_loadu_si128((const __m128i *)(column + 2)), d = _mm_loadu_si128((const __m128i *)(column + 10));
	__m128i even = _mm_permutex2var_epi16(a, evens, b), odd = _mm_permutex2var_epi16(a, odds, b);
	__m128i after = _mm_permutex2var_epi16(c, evens, d), high, before;

	high = _mm_srai_epi16(_mm_sub_epi16(odd, _mm_srai_epi16(_mm_add_epi16(even, after), 1)), 1);
	before = _mm_shuffle_epi8(high, _mm_setr_epi8(0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13));
	*high_ret = high;
	*last = (int16_t)(column[16] + _mm_extract_epi16(high, 7));
	return _mm_add_epi16(even, _mm_srai_epi16(_mm_add_epi16(before, high), 1));
}

INLINE void level3(struct dwt_low *w, const struct level3 *l, int first, bool both, bool extrapolate, bool plain)
{
	int16_t (*rows)[64] = w->rows2, end[2] = { 0, 0 };
	const int at = 16 * first;
	__m512i even = load(rows[0] + at), before = even, last = even;

	if (extrapolate) {
		__m128i high[2] = { _mm_setzero_si128(), _mm_setzero_si128() }, low[2] = { high[0], high[0] };

		for (int i = 0; i <= both; i++)
			low[i] = last_column8(w->last2[first + i], &high[i], &end[i]);
		last = join(_mm256_setr_m128i(low[0], low[1]), _mm256_setr_m128i(high[0], high[1]));
	}
	for (int y = 0; y < 8; y++) {
		__m512i odd = load(rows[2 * y + 1] + at), after = extrapolate || y < 7 ? load(rows[2 * y + 2] + at) : even;
		__m512i high = high_of(even, odd, after), low;

		if (y == 0)
			before = high;
		low = low_of(even, before, high);
		rows_of_level3(w, l, first, both, y, _mm512_shuffle_i32x4(low, high, 0x88), _mm512_shuffle_i32x4(low, high, 0xdd),
			       last, false, extrapolate, plain);
		last = _mm512_bsrli_epi128(last, 2);
		before = high;
		even = after;
	}
	if (extrapolate) {
		__m512i low = add16(even, before);

		last = join(_mm256_setr_m128i(_mm_cvtsi32_si128(end[0]), _mm_cvtsi32_si128(end[1])), _mm256_setzero_si256());
		rows_of_level3(w, l, first, both, 8, _mm512_shuffle_i32x4(low, low, 0x88), _mm512_shuffle_i32x4(low, low, 0xdd), last,
			       true, true, plain);
	}
}

INLINE void levels(struct dwt_low *w, const struct kg_rfx_scale *scale, bool extrapolate, bool plain)
{
	struct level3 l;

	for (int c = 0; c < 3; c++)
		level2(w, &scale[c], c, extrapolate, plain);
	level3_init(&l, &scale[0], &scale[1]);
	level3(w, &l, 0, true, extrapolate, plain);
	level3_init(&l, &scale[2], &scale[2]);
	level3(w, &l, 2, false, extrapolate, plain);
	for (int c = 0; c < 3; c++)
		w->zero[c][0] = 0;
}

DWT_LOW_FUNCTION(kg_dwt_low_avx512, levels)
