/*
 * Stage 1 of RemoteFX in C: colour, wavelet, quantisation and lists, see codec/rfx.h. Loops have constant bounds and work
 * on int16_t without aliases, so that compilers make vectors of them.
 */
#include "codec/c.h"

#define N KG_RFX_TILE
#define ROW 72			// elements from row to row: room for 65, and rows begin in different sets of the cache
#define INLINE static inline __attribute__((always_inline))

/* Everything a tile passes through. The levels overwrite each other's inputs, never their own. */
struct work {
	int16_t plane[3][N + 1][ROW];
	int16_t low[33][ROW], high[32][ROW];	// after the columns
	int16_t even[ROW], odd[ROW];		// a row, split
	int16_t values[3 * KG_RFX_VALUES];
};
_Static_assert(sizeof(struct work) <= KG_RFX_SCRATCH, "the work of a tile fits the scratch memory");

INLINE int16_t mulhrs(int16_t a, int16_t b)
{
	return (int16_t)((a * b + 0x4000) >> 15);
}

INLINE int16_t high_of(int16_t before, int16_t x, int16_t after)
{
	int16_t sum = (int16_t)(before + after), difference = (int16_t)(x - (sum >> 1));

	return difference >> 1;
}

INLINE int16_t low_of(int16_t x, int16_t before, int16_t after)
{
	int16_t sum = (int16_t)(before + after);

	return (int16_t)(x + (sum >> 1));
}

/* What makes values of the coefficients of a band. */
struct rule {
	int16_t multiplier, threshold, less;
};

INLINE int16_t quantise(int16_t c, struct rule rule)
{
	int16_t value = mulhrs((int16_t)(c < 0 ? c + rule.less : c - rule.less), rule.multiplier);

	return c < rule.threshold && c > -rule.threshold ? 0 : value;
}

/* ---- colour ---- */

static void colour(const uint8_t *pixels, size_t stride, uint32_t rows, struct work *w)
{
	for (uint32_t row = 0; row < N; row++) {
		const uint8_t *at = pixels + KG_MIN(row, rows - 1) * stride;
		int16_t *restrict y = w->plane[0][row], *restrict cb = w->plane[1][row], *restrict cr = w->plane[2][row];

		for (int x = 0; x < N; x++) {
			uint32_t b = at[4 * x], g = at[4 * x + 1], r = at[4 * x + 2];
			int16_t luma = (int16_t)((r * 1225 >> 8) + (g * 2404 >> 8) + (b * 467 >> 8) + 1);

			y[x] = luma - KG_RFX_LEVEL;
			cb[x] = mulhrs((int16_t)((b << 4) - luma), 18513);
			cr[x] = mulhrs((int16_t)((r << 4) - luma), 23364);
		}
	}
}

/* ---- wavelet ---- */

/* Where the bands of a level go. */
struct bands {
	int16_t *hl, *lh, *hh;
	struct rule rule[3];
};

/* What lies beyond the last sample of a row or column of n: the sample that makes the last high value, with even n. */
INLINE int16_t beyond(const int16_t *even, const int16_t *odd, int half, bool extrapolate)
{
	return extrapolate ? (int16_t)(2 * odd[half - 1] - even[half - 1]) : even[half - 1];
}

/* Columns: n rows of plane into low and high rows. The last low row of an extrapolated level 1 is x[64] itself. */
INLINE void columns(int16_t (*restrict plane)[ROW], struct work *restrict w, int n, bool extrapolate)
{
	int half = n / 2;

	if (n % 2 == 0)
		for (int x = 0; x < n; x++)
			plane[n][x] = extrapolate ? (int16_t)(2 * plane[n - 1][x] - plane[n - 2][x]) : plane[n - 2][x];
	for (int i = 0; i < half; i++) {
		const int16_t *restrict a = plane[2 * i], *restrict b = plane[2 * i + 1], *restrict c = plane[2 * i + 2];
		const int16_t *before = w->high[i ? i - 1 : 0];
		int16_t *high = w->high[i], *restrict low = w->low[i];

		for (int x = 0; x < n; x++)
			high[x] = high_of(a[x], b[x], c[x]);
		for (int x = 0; x < n; x++)
			low[x] = low_of(a[x], before[x], high[x]);
	}
	if (n % 2 || extrapolate)
		for (int x = 0; x < n; x++)
			w->low[half][x] = (int16_t)(plane[2 * half][x] + w->high[half - 1][x]);
}

/* A row of n into its low and high values: low_count of the former, at least as many of the latter as are wanted. */
INLINE void row(const int16_t *restrict x, struct work *restrict w, int16_t *restrict low, int16_t *restrict high, int n,
		bool extrapolate)
{
	int16_t *restrict even = w->even, *restrict odd = w->odd;
	int half = n / 2;

	for (int i = 0; i < half; i++) {
		even[i] = x[2 * i];
		odd[i] = x[2 * i + 1];
	}
	even[half] = n % 2 ? x[n - 1] : beyond(even, odd, half, extrapolate);
	for (int i = 0; i < half; i++)
		high[i] = high_of(even[i], odd[i], even[i + 1]);
	low[0] = (int16_t)(even[0] + high[0]);
	for (int i = 1; i < half; i++)
		low[i] = low_of(even[i], high[i - 1], high[i]);
	if (n % 2 || extrapolate)
		low[half] = (int16_t)(even[half] + high[half - 1]);
}

INLINE void quantise_row(int16_t *restrict to, const int16_t *restrict from, int count, struct rule rule)
{
	for (int i = 0; i < count; i++)
		to[i] = quantise(from[i], rule);
}

/* A level: the n x n samples of plane become its three bands, and low_count x low_count samples of plane. */
INLINE bool level(int16_t (*restrict plane)[ROW], struct work *restrict w, const struct bands *to, int n, int low_count,
		  int high_count, bool extrapolate)
{
	int16_t low[ROW], high[ROW];
	bool clamped = false;

	columns(plane, w, n, extrapolate);
	for (int y = 0; y < low_count; y++) {
		row(w->low[y], w, plane[y], high, n, extrapolate);
		quantise_row(to->hl + y * high_count, high, high_count, to->rule[0]);
	}
	if (n % 2 == 0 && extrapolate) {
		int16_t *corner = &plane[low_count - 1][low_count - 1];
		int16_t inside = KG_MAX(KG_MIN(*corner, KG_RFX_CORNER_MAX), -KG_RFX_CORNER_MAX);

		clamped = inside != *corner;
		*corner = inside;
	}
	for (int y = 0; y < high_count; y++) {
		row(w->high[y], w, low, high, n, extrapolate);
		quantise_row(to->lh + y * low_count, low, low_count, to->rule[1]);
		quantise_row(to->hh + y * high_count, high, high_count, to->rule[2]);
	}
	return clamped;
}

/* A component, quantised, LL3 without differences. */
INLINE bool component(int16_t (*restrict plane)[ROW], struct work *restrict w, const struct kg_rfx_scale *scale,
		      int16_t *values, bool extrapolate)
{
	static const uint16_t start[2][3] = { { 0, 3072, 3840 }, { 0, 3007, 3807 } };
	struct bands bands[3];
	int16_t *ll3 = values + (extrapolate ? 4015 : 4032);
	int side = extrapolate ? 9 : 8;
	bool clamped;

	for (int i = 0; i < 3; i++) {
		int low = kg_rfx_low[extrapolate][i], high = kg_rfx_high[extrapolate][i];

		bands[i].hl = values + start[extrapolate][i];
		bands[i].lh = bands[i].hl + low * high;
		bands[i].hh = bands[i].lh + low * high;
		for (int k = 0; k < 3; k++)
			bands[i].rule[k] = (struct rule){ scale->multiplier[3 * i + k], scale->threshold[3 * i + k],
							  scale->less[3 * i + k] };
	}
	if (extrapolate) {
		clamped = level(plane, w, &bands[0], 64, 33, 31, true);
		level(plane, w, &bands[1], 33, 17, 16, true);
		level(plane, w, &bands[2], 17, 9, 8, true);
	} else {
		clamped = level(plane, w, &bands[0], 64, 32, 32, false);
		level(plane, w, &bands[1], 32, 16, 16, false);
		level(plane, w, &bands[2], 16, 8, 8, false);
	}
	for (int y = 0; y < side; y++)
		for (int x = 0; x < side; x++) {
			int16_t c = (int16_t)(plane[y][x] - scale->less[KG_LL3]);
			int16_t value = mulhrs(c, scale->multiplier[KG_LL3]);

			ll3[y * side + x] = KG_MAX(KG_MIN(value, scale->high), scale->low);
		}
	return clamped;
}

INLINE bool tile(const uint8_t *pixels, size_t stride, uint32_t rows, const struct kg_rfx_scale *scale, int16_t *values,
		 struct work *w, bool extrapolate)
{
	bool clamped = false;

	colour(pixels, stride, rows, w);
	for (int i = 0; i < 3; i++)
		clamped |= component(w->plane[i], w, &scale[i], values + i * KG_RFX_VALUES, extrapolate);
	return clamped;
}

/* ---- lists ---- */

/* Four at a time: most fours of a picture are 0. */
KG_RFX_PACK_FN(kg_rfx_pack_c)
{
	uint32_t count = 0;
	int16_t before = 0;

	for (uint32_t i = 0; i < ll3 / 4 * 4; i += 4) {
		uint64_t four;

		memcpy(&four, values + i, sizeof(four));
		if (!four)
			continue;
		for (uint32_t k = i; k < i + 4; k++) {
			list->position[count] = (uint16_t)k;
			list->value[count] = values[k];
			count += values[k] != 0;
		}
	}
	for (uint32_t i = ll3 / 4 * 4; i < KG_RFX_VALUES; i++) {
		int16_t value = (int16_t)(values[i] - before);

		if (i >= ll3)
			before = values[i];
		list->position[count] = (uint16_t)i;
		list->value[count] = value;
		count += value != 0;
	}
	list->position[-1] = 0xffff;
	list->count = count;
}

static void lists_of(struct work *w, struct kg_rfx_list *lists, uint32_t ll3)
{
	for (int i = 0; i < 3; i++)
		kg_rfx_pack_c(w->values + i * KG_RFX_VALUES, ll3, &lists[i]);
}

KG_RFX_LISTS_FN(kg_rfx_lists_symmetric_c)
{
	struct work *w = scratch;
	bool clamped = tile(pixels, stride, rows, scale, w->values, w, false);

	lists_of(w, lists, kg_rfx_start[KG_RFX_SYMMETRIC][KG_LL3]);
	return clamped;
}

KG_RFX_LISTS_FN(kg_rfx_lists_extrapolate_c)
{
	struct work *w = scratch;
	bool clamped = tile(pixels, stride, rows, scale, w->values, w, true);

	lists_of(w, lists, kg_rfx_start[KG_RFX_EXTRAPOLATE][KG_LL3]);
	return clamped;
}

KG_RFX_VALUES_FN(kg_rfx_values_symmetric_c)
{
	return tile(pixels, stride, rows, scale, values, scratch, false);
}

KG_RFX_VALUES_FN(kg_rfx_values_extrapolate_c)
{
	return tile(pixels, stride, rows, scale, values, scratch, true);
}
