/*
 * Stage 1 of RemoteFX in C: colour, wavelet, quantisation and lists, see codec/rfx.h. Everything is done on eight values of
 * 16 bits at a time, in vectors as gcc and clang have them for any processor.
 */
#include "codec/c.h"
#include "codec/dwt.h"
#include "codec/vector.h"

#define N KG_RFX_TILE
#define ROW 72			// elements from row to row
#define EVEN 32			// where the even samples of a row begin that has been split, up to 33; before them are the odd ones

/* Everything a tile passes through. Rows and columns beyond those that count hold whatever the vectors leave there. */
struct work {
	int16_t plane[3][N + 1][ROW];		// split
	int16_t low[33][ROW], high[33][ROW];	// after the columns of a level
	int16_t next[33 + 1][ROW];		// the samples of levels 2 and 3
	int16_t values[3 * KG_RFX_VALUES];
};
_Static_assert(sizeof(struct work) <= KG_RFX_SCRATCH, "the work of a tile fits the scratch memory");

/* Of unsigned words, since elements that do not count may be anything. */
INLINE vector sum(vector a, vector b)
{
	return (vector)((words)a + (words)b);
}

INLINE vector difference(vector a, vector b)
{
	return (vector)((words)a - (words)b);
}

/* The two steps of the wavelet. */
INLINE vector high_of(vector before, vector x, vector after)
{
	return difference(x, sum(before, after) >> 1) >> 1;
}

INLINE vector low_of(vector x, vector before, vector after)
{
	return sum(x, sum(before, after) >> 1);
}

/* ---- colour ---- */

/* The colours of a row, in the high byte of each. */
struct colours {
	uint16_t b[N], g[N], r[N];
};

/* Eight pixels into eight elements from at on: those of p into the even ones, those of q into the odd ones. */
INLINE void part8(pixels4 p, pixels4 q, struct colours *to, int at)
{
	pixels4 b = (p << 8 & 0xff00) | q << 24, g = (p & 0xff00) | (q & 0xff00) << 16;
	pixels4 r = (p >> 8 & 0xff00) | (q << 8 & 0xff000000);

	memcpy(to->b + at, &b, sizeof(b));
	memcpy(to->g + at, &g, sizeof(g));
	memcpy(to->r + at, &r, sizeof(r));
}

/* A row of pixels, the odd columns first. */
INLINE void part(const uint8_t *at, struct colours *to)
{
	UNROLLED
	for (int x = 0; x < N; x += 16) {
		pixels4 a, b, c, d, ab, cd, ab_high, cd_high;

		memcpy(&a, at + 4 * x, 16);
		memcpy(&b, at + 4 * x + 16, 16);
		memcpy(&c, at + 4 * x + 32, 16);
		memcpy(&d, at + 4 * x + 48, 16);
		ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);		// 0 4 1 5
		cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);		// 8 12 9 13
		ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);	// 2 6 3 7
		cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
		part8(__builtin_shufflevector(ab, cd, 0, 1, 4, 5), __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), to,
		      EVEN + x / 2);
		part8(__builtin_shufflevector(ab, cd, 2, 3, 6, 7), __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7), to,
		      x / 2);
	}
}

/* The high half of a product, which compilers know as one instruction where it stands in a loop over arrays. */
INLINE uint16_t high_half(uint16_t a, uint16_t b)
{
	return (uint16_t)((uint32_t)a * b >> 16);
}

/* mulhrs(a, b) of an eighth of eights: its last three bits are 0. */
INLINE int16_t part_of(int16_t eights, int16_t b)
{
	int16_t quarters = (int16_t)(eights * b >> 16);

	return (int16_t)(quarters + 2) >> 2;
}

/* Rows of planes, split into odd and even columns. */
static void colour(const uint8_t *pixels, size_t stride, uint32_t rows, struct work *w)
{
	for (uint32_t row = 0; row < N; row++) {
		const uint8_t *at = pixels + KG_MIN(row, rows - 1) * stride;
		int16_t *restrict y = w->plane[0][row], *restrict cb = w->plane[1][row], *restrict cr = w->plane[2][row];
		struct colours colours;
		const uint16_t *restrict b = colours.b, *restrict g = colours.g, *restrict r = colours.r;

		for (int x = 0; x < N * 4; x += 64)
			__builtin_prefetch(at + N * 4 + x);	// most often the next tile is the one to the right
		part(at, &colours);
		for (int x = 0; x < N; x++) {
			int16_t luma = (int16_t)(high_half(r[x], 1225) + high_half(g[x], 2404) + high_half(b[x], 467) + 1);

			y[x] = luma - KG_RFX_LEVEL;
			cb[x] = part_of((int16_t)((b[x] >> 1) - 8 * luma), 18513);
			cr[x] = part_of((int16_t)((r[x] >> 1) - 8 * luma), 23364);
		}
	}
}

/* ---- quantisation ---- */

/* What makes values of the coefficients of a band, see struct kg_rfx_scale. */
struct rule {
	int16_t inside, less, half;	// inside: threshold - 1
	int shift;
};

static struct rule rule_of(const struct kg_rfx_scale *scale, enum kg_rfx_band band)
{
	int multiplier = scale->multiplier[band], shift = multiplier ? 15 - __builtin_ctz((unsigned)multiplier) : 15;

	return (struct rule){
		.inside = (int16_t)(scale->threshold[band] - 1),
		.less = scale->less[band],
		.half = (int16_t)(1 << (shift - 1)),
		.shift = shift,
	};
}

INLINE vector quantise(vector c, struct rule rule, bool plain)
{
	vector negative = c < 0, less = (rule.less ^ negative) - negative;
	vector inside = (words)c + (uint16_t)rule.inside <= (uint16_t)(2 * rule.inside);

	return (vector)((words)(plain ? c : difference(c, less)) + (uint16_t)rule.half) >> rule.shift & ~inside;
}

INLINE int16_t quantise_one(int16_t c, struct rule rule, bool plain)
{
	return quantise((vector){ c }, rule, plain)[0];
}

/* ---- wavelet ---- */

/* A level: n samples each way become low low ones and high high ones. */
struct level {
	int n, low, high;
	bool extrapolate;	// n is 64, and a 65th sample continues the line of the last two
};

/* The columns of eight elements of n rows. A row n is made where n is even: what lies beyond. */
INLINE void columns(int16_t (*plane)[ROW], struct work *w, struct level level, int left)
{
	int half = level.n / 2;
	vector even = load(plane[0] + left), before = high_of(even, load(plane[1] + left), load(plane[2] + left));

	if (level.n % 2 == 0) {
		vector last = load(plane[level.n - 1] + left), even_last = load(plane[level.n - 2] + left);

		store(plane[level.n] + left, level.extrapolate ? difference(sum(last, last), even_last) : even_last);
	}
	for (int i = 0; i < half; i++) {
		vector after = load(plane[2 * i + 2] + left), high = high_of(even, load(plane[2 * i + 1] + left), after);

		store(w->high[i] + left, high);
		store(w->low[i] + left, low_of(even, before, high));
		before = high;
		even = after;
	}
	if (level.low > half)
		store(w->low[half] + left, sum(even, before));
}

/* A row of n samples, in place, into its odd samples and from EVEN on its even ones. */
INLINE void split(int16_t *x, int n)
{
	vector even[2], odd[2];
	int16_t last = x[n % 2 ? n - 1 : n - 2];

	UNROLLED
	for (int i = 0; i < n / 16; i++) {
		vector a = load(x + 16 * i), b = load(x + 16 * i + 8);

		even[i] = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
		odd[i] = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
	}
	UNROLLED
	for (int i = 0; i < n / 16; i++) {
		store(x + 8 * i, odd[i]);
		store(x + EVEN + 8 * i, even[i]);
	}
	x[EVEN + n / 2] = last;
}

/* Rows of level 1 are split already and lack what lies beyond. */
INLINE void extend(int16_t *x, bool extrapolate)
{
	int16_t odd = x[N / 2 - 1], even = x[EVEN + N / 2 - 1];

	x[EVEN + N / 2] = extrapolate ? (int16_t)(2 * odd - even) : even;
}

/* The high samples of a split row from i on, and their neighbours on the left. */
INLINE vector highs(const int16_t *x, int i, vector *before)
{
	vector high = high_of(load(x + EVEN + i), load(x + i), load(x + EVEN + i + 1));
	halves first = (halves)high << 48;

	*before = back_by_one(i ? *before : (vector)__builtin_shufflevector(first, first, 1, 0), high);
	return high;
}

/* A row of the low rows: what goes on to the next level, and HL. Vectors go beyond the row, where the next one will be. */
INLINE void low_row(const int16_t *x, int16_t *next, int16_t *hl, struct level level, struct rule rule, bool plain)
{
	vector last = { 0 };

	UNROLLED
	for (int i = 0; i < level.n / 2; i += 8) {
		vector before = last, high = highs(x, i, &before);

		store(hl + i, quantise(high, rule, plain));
		store(next + i, low_of(load(x + EVEN + i), before, high));
		last = high;
	}
	next[level.n / 2] = (int16_t)(x[EVEN + level.n / 2] + last[7]);
}

/* A row of the high rows: LH and HH. */
INLINE void high_row(const int16_t *x, int16_t *lh, int16_t *hh, struct level level, const struct rule *rules, bool plain)
{
	vector last = { 0 };

	UNROLLED
	for (int i = 0; i < level.n / 2; i += 8) {
		vector before = last, high = highs(x, i, &before);

		store(lh + i, quantise(low_of(load(x + EVEN + i), before, high), rules[1], plain));
		store(hh + i, quantise(high, rules[2], plain));
		last = high;
	}
	if (level.low > level.n / 2)
		lh[level.n / 2] = quantise_one((int16_t)(x[EVEN + level.n / 2] + last[7]), rules[1], plain);
}

/* The rows of a level, after the columns: its three bands, and the samples of the next level. Returns what comes behind. */
INLINE int16_t *rows_of(struct work *w, struct level level, int16_t *values, const struct rule *rules, bool plain)
{
	int16_t *hl = values, *lh = hl + level.low * level.high, *hh = lh + level.low * level.high;

	for (int y = 0; y < level.low; y++)
		level.n == N ? extend(w->low[y], level.extrapolate) : split(w->low[y], level.n);
	for (int y = 0; y < level.high; y++)
		level.n == N ? extend(w->high[y], level.extrapolate) : split(w->high[y], level.n);
	for (int y = 0; y < level.low; y++)
		low_row(w->low[y], w->next[y], hl + y * level.high, level, rules[0], plain);
	for (int y = 0; y < level.high; y++)
		high_row(w->high[y], lh + y * level.low, hh + y * level.high, level, rules, plain);
	return hh + level.high * level.high;
}

/* The last level's low samples. */
INLINE void quantise_ll3(int16_t (*from)[ROW], int side, int16_t *ll3, const struct kg_rfx_scale *scale)
{
	struct rule rule = rule_of(scale, KG_LL3);

	for (int y = 0; y < side; y++)
		for (int x = 0; x < side; x += 8) {
			vector value = clamp((vector)((words)load(from[y] + x) - (uint16_t)rule.less + (uint16_t)rule.half) >> rule.shift,
					     scale->low, scale->high);

			memcpy(ll3 + y * side + x, &value, (size_t)KG_MIN(side - x, 8) * sizeof(*ll3));
		}
}

/* A component: values, LL3 without differences. */
INLINE bool component(int16_t (*plane)[ROW], struct work *w, const struct kg_rfx_scale *scale, int16_t *values,
		      bool extrapolate, bool plain)
{
	const struct level first = extrapolate ? (struct level){ 64, 33, 31, true } : (struct level){ 64, 32, 32, false };
	const struct level second = extrapolate ? (struct level){ 33, 17, 16, false } : (struct level){ 32, 16, 16, false };
	const struct level third = extrapolate ? (struct level){ 17, 9, 8, false } : (struct level){ 16, 8, 8, false };
	struct rule rules[KG_LL3];
	bool clamped = false;

	for (enum kg_rfx_band band = 0; band < KG_LL3; band++)
		rules[band] = rule_of(scale, band);
	for (int left = 0; left < first.n; left += 8)
		columns(plane, w, first, left);
	values = rows_of(w, first, values, rules, plain);
	if (extrapolate)
		clamped = clamp_corner(&w->next[32][32]);
	for (int left = 0; left < second.n; left += 8)
		columns(w->next, w, second, left);
	values = rows_of(w, second, values, rules + 3, plain);
	for (int left = 0; left < third.n; left += 8)
		columns(w->next, w, third, left);
	values = rows_of(w, third, values, rules + 6, plain);
	quantise_ll3(w->next, third.low, values, scale);
	return clamped;
}

INLINE bool tile(const uint8_t *pixels, size_t stride, uint32_t rows, const struct kg_rfx_scale *scale, int16_t *values,
		 struct work *w, bool extrapolate)
{
	bool clamped = false;

	colour(pixels, stride, rows, w);
	for (int i = 0; i < 3; i++)
		clamped |= scale[i].plain
			? component(w->plane[i], w, &scale[i], values + i * KG_RFX_VALUES, extrapolate, true)
			: component(w->plane[i], w, &scale[i], values + i * KG_RFX_VALUES, extrapolate, false);
	return clamped;
}

/* ---- the inner functions ---- */

KG_DWT_FUNCTIONS(symmetric, false, c)
KG_DWT_FUNCTIONS(extrapolate, true, c)
