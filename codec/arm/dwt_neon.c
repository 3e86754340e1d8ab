/*
 * Stage 1 of RemoteFX with NEON, see codec/rfx.h: the C twin's steps, eight values at a time. What widths of 33, 31, 17 and 9
 * leave over is computed along and overwritten, or done by itself.
 */
#include "codec/arm/arm.h"
#include "codec/arm/neon.h"
#include "codec/dwt.h"

#define N KG_RFX_TILE
#define ROW 80			// elements from row to row: room for 65, and whole vectors at the odd widths

struct work {
	int16_t plane[3][N + 1][ROW];
	int16_t low[33][ROW], high[32][ROW];	// after the columns
	int16_t values[3 * KG_RFX_VALUES];
};
_Static_assert(sizeof(struct work) <= KG_RFX_SCRATCH, "the work of a tile fits the scratch memory");

INLINE int16x8_t high_of(int16x8_t before, int16x8_t x, int16x8_t after)
{
	return vshrq_n_s16(vsubq_s16(x, vshrq_n_s16(vaddq_s16(before, after), 1)), 1);
}

INLINE int16x8_t low_of(int16x8_t x, int16x8_t before, int16x8_t after)
{
	return vsraq_n_s16(x, vaddq_s16(before, after), 1);
}

/* ---- colour ---- */

/* Eight pixels. (c * weight) >> 8 is the upper half of twice (c << 7) * weight. */
INLINE void colour8(uint8x8_t blue, uint8x8_t green, uint8x8_t red, int16_t *y, int16_t *cb, int16_t *cr)
{
	int16x8_t b = vreinterpretq_s16_u16(vshll_n_u8(blue, 7)), g = vreinterpretq_s16_u16(vshll_n_u8(green, 7));
	int16x8_t r = vreinterpretq_s16_u16(vshll_n_u8(red, 7)), luma;

	luma = vaddq_s16(vaddq_s16(vqdmulhq_n_s16(r, 1225), vqdmulhq_n_s16(g, 2404)),
			 vaddq_s16(vqdmulhq_n_s16(b, 467), vdupq_n_s16(1)));
	vst1q_s16(y, vsubq_s16(luma, vdupq_n_s16(KG_RFX_LEVEL)));
	vst1q_s16(cb, vqrdmulhq_n_s16(vsubq_s16(vshrq_n_s16(b, 3), luma), 18513));
	vst1q_s16(cr, vqrdmulhq_n_s16(vsubq_s16(vshrq_n_s16(r, 3), luma), 23364));
}

static void colour(const uint8_t *pixels, size_t stride, uint32_t rows, struct work *w)
{
	for (uint32_t row = 0; row < N; row++) {
		const uint8_t *at = pixels + KG_MIN(row, rows - 1) * stride;
		int16_t *y = w->plane[0][row], *cb = w->plane[1][row], *cr = w->plane[2][row];

		for (int x = 0; x < N; x += 16) {
			uint8x16x4_t p = vld4q_u8(at + 4 * x);

			colour8(vget_low_u8(p.val[0]), vget_low_u8(p.val[1]), vget_low_u8(p.val[2]), y + x, cb + x, cr + x);
			colour8(vget_high_u8(p.val[0]), vget_high_u8(p.val[1]), vget_high_u8(p.val[2]), y + x + 8, cb + x + 8,
				cr + x + 8);
		}
	}
}

/* ---- quantisation ---- */

struct rule {
	int16x8_t multiplier, threshold, less;
};

INLINE int16x8_t quantise(int16x8_t c, const struct rule *rule)
{
	int16x8_t sign = vshrq_n_s16(c, 15);
	/* c + less for c < 0, else c - less: (less ^ ~sign) - ~sign is less with the sign that c lacks. */
	int16x8_t less = vsubq_s16(veorq_s16(rule->less, sign), sign);
	int16x8_t value = vqrdmulhq_s16(vsubq_s16(c, less), rule->multiplier);
	uint16x8_t small = vandq_u16(vcltq_s16(c, rule->threshold), vcgtq_s16(c, vnegq_s16(rule->threshold)));

	return vbicq_s16(value, vreinterpretq_s16_u16(small));
}

/* ---- wavelet ---- */

/* Where the bands of a level go. */
struct bands {
	int16_t *hl, *lh, *hh;
	struct rule rule[3];
};

/* Columns: n rows of plane into low and high rows. The last low row of an extrapolated level 1 is x[64] itself. */
INLINE void columns(int16_t (*plane)[ROW], struct work *w, int n, bool extrapolate)
{
	int half = n / 2;

	for (int x = 0; x < n; x += 8) {
		int16x8_t even = vld1q_s16(plane[0] + x), before = vdupq_n_s16(0), high = before, next = before;

		for (int i = 0; i < half; i++) {
			int16x8_t odd = vld1q_s16(plane[2 * i + 1] + x);

			if (i < half - 1 || n % 2)
				next = vld1q_s16(plane[2 * i + 2] + x);
			else
				next = extrapolate ? vsubq_s16(vaddq_s16(odd, odd), even) : even;
			high = high_of(even, odd, next);
			if (i == 0)
				before = high;
			vst1q_s16(w->high[i] + x, high);
			vst1q_s16(w->low[i] + x, low_of(even, before, high));
			before = high;
			even = next;
		}
		if (n % 2 || extrapolate)
			vst1q_s16(w->low[half] + x, vaddq_s16(next, high));
	}
}

/*
 * A row of n. Its high values are quantised into to, its low ones go to low; both are written in whole vectors, low with one
 * more where there is one.
 */
INLINE void row(int16_t *x, int16_t *low, int16_t *to, const struct rule *rule, int n, bool extrapolate)
{
	int16x8_t before = vdupq_n_s16(0), high = before;
	int16x8x2_t now, next;
	int half = n / 2;

	if (n % 2 == 0)
		x[n] = extrapolate ? (int16_t)(2 * x[n - 1] - x[n - 2]) : x[n - 2];
	now = vld2q_s16(x);
	for (int i = 0; i < half; i += 8) {
		next = vld2q_s16(x + 2 * i + 16);
		high = high_of(now.val[0], now.val[1], vextq_s16(now.val[0], next.val[0], 1));
		if (i == 0)
			before = vdupq_laneq_s16(high, 0);
		vst1q_s16(low + i, low_of(now.val[0], vextq_s16(before, high, 7), high));
		vst1q_s16(to + i, quantise(high, rule));
		before = high;
		now = next;
	}
	if (n % 2 || extrapolate)
		low[half] = (int16_t)(x[2 * half] + vgetq_lane_s16(high, 7));
}

/* Exactly count values. */
INLINE void quantise_row(int16_t *to, const int16_t *from, int count, const struct rule *rule)
{
	for (int i = 0; i + 8 <= count; i += 8)
		vst1q_s16(to + i, quantise(vld1q_s16(from + i), rule));
	if (count % 8)
		to[count - 1] = vgetq_lane_s16(quantise(vdupq_n_s16(from[count - 1]), rule), 0);
}

/*
 * A level: the n x n samples of plane become its three bands, and low_count x low_count samples of plane. A row of 31 high
 * values writes 32: the last is overwritten by the next row, and behind the last row by the band that follows, since those
 * are written in order (but LH, whose rows are exact: HH is written at the same time).
 */
INLINE bool level(int16_t (*plane)[ROW], struct work *w, const struct bands *to, int n, int low_count, int high_count,
		       bool extrapolate)
{
	int16_t low[ROW];
	bool clamped = false;

	columns(plane, w, n, extrapolate);
	for (int y = 0; y < low_count; y++)
		row(w->low[y], plane[y], to->hl + y * high_count, &to->rule[0], n, extrapolate);
	if (n % 2 == 0 && extrapolate)
		clamped = clamp_corner(&plane[low_count - 1][low_count - 1]);
	for (int y = 0; y < high_count; y++) {
		row(w->high[y], low, to->hh + y * high_count, &to->rule[2], n, extrapolate);
		quantise_row(to->lh + y * low_count, low, low_count, &to->rule[1]);
	}
	return clamped;
}

INLINE int16x8_t lowest(int16x8_t c, const struct kg_rfx_scale *scale)
{
	int16x8_t value = vqrdmulhq_n_s16(vsubq_s16(c, vdupq_n_s16(scale->less[KG_LL3])), scale->multiplier[KG_LL3]);

	return vmaxq_s16(vminq_s16(value, vdupq_n_s16(scale->high)), vdupq_n_s16(scale->low));
}

/* A component, quantised, LL3 without differences. */
INLINE bool component(int16_t (*plane)[ROW], struct work *w, const struct kg_rfx_scale *scale, int16_t *values,
			   bool extrapolate)
{
	const uint16_t *start = kg_rfx_start[extrapolate];
	struct bands bands[3];
	int side = extrapolate ? 9 : 8;
	bool clamped;

	for (int i = 0; i < 3; i++) {
		bands[i].hl = values + start[3 * i];
		bands[i].lh = values + start[3 * i + 1];
		bands[i].hh = values + start[3 * i + 2];
		for (int k = 0; k < 3; k++)
			bands[i].rule[k] = (struct rule){ vdupq_n_s16(scale->multiplier[3 * i + k]),
							  vdupq_n_s16(scale->threshold[3 * i + k]),
							  vdupq_n_s16(scale->less[3 * i + k]) };
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
	for (int y = 0; y < side; y++) {
		int16_t *to = values + start[KG_LL3] + y * side;

		vst1q_s16(to, lowest(vld1q_s16(plane[y]), scale));
		if (extrapolate)
			to[8] = vgetq_lane_s16(lowest(vdupq_n_s16(plane[y][8]), scale), 0);
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

/* For each set of four lanes: where their bytes come from when they move to the front. */
#define LANE(i) 2 * (i), 2 * (i) + 1
static const uint8_t moves[16][8] = {
	{ 0 },			{ LANE(0) },		     { LANE(1) },		  { LANE(0), LANE(1) },
	{ LANE(2) },		{ LANE(0), LANE(2) },	     { LANE(1), LANE(2) },	  { LANE(0), LANE(1), LANE(2) },
	{ LANE(3) },		{ LANE(0), LANE(3) },	     { LANE(1), LANE(3) },	  { LANE(0), LANE(1), LANE(3) },
	{ LANE(2), LANE(3) },	{ LANE(0), LANE(2), LANE(3) }, { LANE(1), LANE(2), LANE(3) }, { LANE(0), LANE(1), LANE(2), LANE(3) },
};

/* Appends those of four values that are not 0: set has a bit for each. */
INLINE uint32_t append4(struct kg_rfx_list *list, uint32_t count, int16x4_t values, uint16_t position, unsigned set)
{
	static const uint16_t steps[4] = { 0, 1, 2, 3 };
	uint8x8_t move = vld1_u8(moves[set]);
	uint16x4_t positions = vadd_u16(vdup_n_u16(position), vld1_u16(steps));

	vst1_u16(list->position + count, vreinterpret_u16_u8(vtbl1_u8(vreinterpret_u8_u16(positions), move)));
	vst1_s16(list->value + count, vreinterpret_s16_u8(vtbl1_u8(vreinterpret_u8_s16(values), move)));
	return count + (uint32_t)__builtin_popcount(set);
}

/* Appends those of size values (a multiple of 8) that are not 0. Most eights of a picture are. */
INLINE uint32_t append(struct kg_rfx_list *list, uint32_t count, const int16_t *values, uint32_t size, uint32_t position)
{
	static const uint8_t bit[8] = { 1, 2, 4, 8, 16, 32, 64, 128 };

	for (uint32_t i = 0; i < size; i += 8) {
		int16x8_t v = vld1q_s16(values + i);
		uint8x8_t there = vmovn_u16(vtstq_s16(v, v));
		unsigned set = vaddv_u8(vand_u8(there, vld1_u8(bit)));

		if (!set)
			continue;
		count = append4(list, count, vget_low_s16(v), (uint16_t)(position + i), set & 15);
		count = append4(list, count, vget_high_s16(v), (uint16_t)(position + i + 4), set >> 4);
	}
	return count;
}

KG_RFX_PACK_FN(kg_rfx_pack_neon)
{
	uint32_t whole = ll3 / 8 * 8, count = append(list, 0, values, whole, 0);
	int16_t last[88];		// from whole on, LL3 as differences

	for (uint32_t i = whole; i < ll3; i++)
		last[i - whole] = values[i];
	last[ll3 - whole] = values[ll3];
	for (uint32_t i = ll3 + 1; i < KG_RFX_VALUES; i++)
		last[i - whole] = (int16_t)(values[i] - values[i - 1]);
	list->count = append(list, count, last, KG_RFX_VALUES - whole, whole);
	list->position[-1] = 0xffff;
}

KG_DWT_FUNCTIONS(symmetric, false, neon)
KG_DWT_FUNCTIONS(extrapolate, true, neon)
