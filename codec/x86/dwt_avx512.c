/*
 * Stage 1 of RemoteFX with AVX-512, see dwt_avx512.h and codec/rfx.h: colour and level 1, 64 pixels of a row at a time, and
 * what becomes of the values. Lists are made in registers: of a vector of values those that are not 0 are moved together
 * and stored, so that the 4096 values of a component, mostly 0, never go through memory.
 */
#include "codec/x86/dwt_avx512.h"
#include "codec/x86/x86.h"

/* ---- colour ---- */

/* From two vectors of 16 pixels the bytes of a colour, in the upper halves of 16 bits. */
#define PAIRS8(x) 0, x, 0, x + 4, 0, x + 8, 0, x + 12, 0, x + 16, 0, x + 20, 0, x + 24, 0, x + 28
#define COLOUR(x) { PAIRS8(x), PAIRS8(x + 32), PAIRS8(x + 64), PAIRS8(x + 96) }
static const uint8_t BLUE[64] __attribute__((aligned(64))) = COLOUR(0);
static const uint8_t GREEN[64] __attribute__((aligned(64))) = COLOUR(1);
static const uint8_t RED[64] __attribute__((aligned(64))) = COLOUR(2);
static const uint32_t EVEN[16] __attribute__((aligned(64))) = { 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30 };
static const uint32_t ODD[16] __attribute__((aligned(64))) = { 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31 };

/* 32 pixels to Y, Cb, Cr. */
INLINE void colour(__m512i a, __m512i b, __m512i out[3])
{
	const __mmask64 upper = 0xaaaaaaaaaaaaaaaa;
	__m512i blue = _mm512_maskz_permutex2var_epi8(upper, a, load(BLUE), b);
	__m512i green = _mm512_maskz_permutex2var_epi8(upper, a, load(GREEN), b);
	__m512i red = _mm512_maskz_permutex2var_epi8(upper, a, load(RED), b);
	__m512i luma = add16(_mm512_mulhi_epu16(red, all16(1225)), _mm512_mulhi_epu16(green, all16(2404)));

	luma = add16(luma, add16(_mm512_mulhi_epu16(blue, all16(467)), all16(1)));
	out[0] = sub16(luma, all16(KG_RFX_LEVEL));
	out[1] = _mm512_mulhrs_epi16(sub16(_mm512_srli_epi16(blue, 4), luma), all16(18513));
	out[2] = _mm512_mulhrs_epi16(sub16(_mm512_srli_epi16(red, 4), luma), all16(23364));
}

/* A row of 64 pixels: even and odd columns of the three planes. The same row of the tile to the right is asked for, since it
 * is likely to be next: rows lie too far apart for the processor to see it coming, and half of the time was waiting. */
struct row {
	__m512i even[3], odd[3];
};

INLINE struct row load_row(const uint8_t *at)
{
	__m512i a = load(at), b = load(at + 64), c = load(at + 128), d = load(at + 192);
	struct row row;

	UNROLLED_LONG
	for (int i = 256; i < 512; i += 64)
		_mm_prefetch((const char *)at + i, _MM_HINT_T1);
	colour(_mm512_permutex2var_epi32(a, load(EVEN), b), _mm512_permutex2var_epi32(c, load(EVEN), d), row.even);
	colour(_mm512_permutex2var_epi32(a, load(ODD), b), _mm512_permutex2var_epi32(c, load(ODD), d), row.odd);
	return row;
}

/* ---- lists and values ---- */

static const uint16_t IOTA[32] __attribute__((aligned(64))) = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
};

/* Appends those of values that are not 0. Storing straight from the compression would cost 100 cycles on Zen 4. */
INLINE void append(struct sink *to, __m512i values, __mmask32 which, __m512i positions)
{
	store(to->value + to->count, _mm512_maskz_compress_epi16(which, values));
	store(to->position + to->count, _mm512_maskz_compress_epi16(which, positions));
	to->count += (uint32_t)__builtin_popcount(which);
}

INLINE __mmask32 not_zero(__m512i values)
{
	return _mm512_test_epi16_mask(values, values);
}

/* ---- level 1 ---- */

static const uint16_t AFTER[32] __attribute__((aligned(64))) = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 31,
};
static const uint16_t BEFORE[32] __attribute__((aligned(64))) = {
	0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
};
static const uint16_t APART[32] __attribute__((aligned(64))) = {
	0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
};
#define LAST 0x80000000u	// the lane of the last of 32 columns

/* A row's low and high values; low[32] in the last lane of end. */
struct lifted {
	__m512i low, high, end;
};

INLINE struct lifted lift_row(__m512i even, __m512i odd, bool extrapolate)
{
	struct lifted l;
	__m512i after;

	l.end = sub16(add16(odd, odd), even);
	if (extrapolate)
		after = _mm512_mask_permutexvar_epi16(l.end, ~LAST, load(AFTER), even);
	else
		after = _mm512_permutexvar_epi16(load(AFTER), even);
	l.high = high_of(even, odd, after);
	l.low = low_of(even, _mm512_permutexvar_epi16(load(BEFORE), l.high), l.high);
	return l;
}

/* Low row y of component c: LL1 to the next level, HL1 returned. */
INLINE __m512i low_row(struct work *w, int c, int y, __m512i even, __m512i odd, struct kind kind)
{
	struct lifted l = lift_row(even, odd, kind.extrapolate);

	store(w->low.rows[c][y], _mm512_permutexvar_epi16(load(APART), l.low));
	if (kind.extrapolate)
		w->low.last[c][y] = (int16_t)_mm_extract_epi16(_mm512_extracti32x4_epi32(l.end, 3), 7);
	return l.high;
}

/* Values as they are, 32 or 31 of them. */
INLINE void put(struct sink *to, __m512i values, bool fewer)
{
	_mm512_mask_storeu_epi16(to->value, fewer ? ~LAST : ~0u, values);
	to->value += fewer ? 31 : 32;
}

/* The values of coefficients, and which of them are not 0. */
INLINE __m512i values_and_which(__m512i c, const struct quantiser *q, __mmask32 *which, bool plain)
{
	__m512i values = scaled(c, q, plain);

	if (!plain)
		*which &= not_zero(values);
	return values;
}

INLINE void put_low(struct sink *sink, __m512i hl, const struct quantiser *q, __m512i position, struct kind kind)
{
	__mmask32 which = beyond(hl, q);
	__m512i values;

	if (!kind.lists) {
		put(sink, quantise(hl, q, kind.plain), kind.extrapolate);
	} else if (which) {
		values = values_and_which(hl, q, &which, kind.plain);
		append(sink, values, which, position);
	}
}

/* Rows y of the three bands. One branch for all: most often either all are 0 or none. */
INLINE void put_rows(struct sink sink[3], __m512i hl, const struct lifted *high, const struct quantiser *q, const __m512i position[3],
		     struct kind kind)
{
	/* HH1 is 0 in its last lane, so LH1's last column can be there. */
	__m512i lh = high->low, hh = kind.extrapolate ? _mm512_mask_mov_epi16(high->high, LAST, high->end) : high->high;
	__mmask32 hl_which, lh_which, hh_which;

	if (!kind.lists) {
		hh = quantise(hh, &q[2], kind.plain);
		put(&sink[0], quantise(hl, &q[0], kind.plain), kind.extrapolate);
		put(&sink[1], quantise(lh, &q[1], kind.plain), false);
		if (kind.extrapolate)
			_mm512_mask_storeu_epi16(sink[1].value++ - 31, LAST, hh);
		put(&sink[2], hh, kind.extrapolate);
		return;
	}
	hl_which = beyond(hl, &q[0]);
	lh_which = beyond(lh, &q[1]);
	hh_which = beyond(hh, &q[2]);
	if (!(hl_which | lh_which | hh_which))
		return;
	hl = values_and_which(hl, &q[0], &hl_which, kind.plain);
	lh = values_and_which(lh, &q[1], &lh_which, kind.plain);
	hh = values_and_which(hh, &q[2], &hh_which, kind.plain);
	append(&sink[0], hl, hl_which, position[0]);
	append(&sink[1], lh, lh_which, position[1]);
	if (kind.extrapolate) {
		append(&sink[1], hh, hh_which & LAST, add16(position[1], all16(1)));
		hh_which &= ~LAST;
	}
	append(&sink[2], hh, hh_which, position[2]);
}

INLINE void level1(const uint8_t *pixels, size_t stride, uint32_t rows, struct work *w, struct sink sinks[3][3], struct kind kind)
{
	const int high_width = kind.extrapolate ? 31 : 32, low_width = kind.extrapolate ? 33 : 32;
	const uint16_t *start = kg_rfx_start[kind.extrapolate];
	__m512i position[3], before_even[3], before_odd[3];
	struct row row = load_row(pixels), odd_row, next;

	for (int band = 0; band < 3; band++)
		position[band] = add16(load(IOTA), all16(start[band]));
	for (uint32_t y = 0; y < 31; y++) {
		odd_row = load_row(pixels + KG_MIN(2 * y + 1, rows - 1) * stride);
		next = load_row(pixels + KG_MIN(2 * y + 2, rows - 1) * stride);
		UNROLLED_LONG
		for (int c = 0; c < 3; c++) {
			__m512i even = high_of(row.even[c], odd_row.even[c], next.even[c]);
			__m512i odd = high_of(row.odd[c], odd_row.odd[c], next.odd[c]);
			struct lifted high = lift_row(even, odd, kind.extrapolate);
			__m512i hl;

			if (y == 0) {
				before_even[c] = even;
				before_odd[c] = odd;
			}
			hl = low_row(w, c, (int)y, low_of(row.even[c], before_even[c], even), low_of(row.odd[c], before_odd[c], odd), kind);
			before_even[c] = even;
			before_odd[c] = odd;
			put_rows(sinks[c], hl, &high, w->quantiser[c], position, kind);
		}
		row = next;
		position[0] = add16(position[0], all16(high_width));
		position[1] = add16(position[1], all16(low_width));
		position[2] = add16(position[2], all16(high_width));
	}
	odd_row = load_row(pixels + KG_MIN(63u, rows - 1) * stride);
	UNROLLED_LONG
	for (int c = 0; c < 3; c++) {
		if (kind.extrapolate) {		// the last high row is 0: there are 31
			__m512i hl = low_row(w, c, 31, add16(row.even[c], half16(before_even[c])),
					     add16(row.odd[c], half16(before_odd[c])), kind);

			put_low(&sinks[c][0], hl, &w->quantiser[c][0], position[0], kind);
			hl = low_row(w, c, 32, sub16(add16(odd_row.even[c], odd_row.even[c]), row.even[c]),
				     sub16(add16(odd_row.odd[c], odd_row.odd[c]), row.odd[c]), kind);
			put_low(&sinks[c][0], hl, &w->quantiser[c][0], add16(position[0], all16(31)), kind);
		} else {
			__m512i even = high_of(row.even[c], odd_row.even[c], row.even[c]);
			__m512i odd = high_of(row.odd[c], odd_row.odd[c], row.odd[c]);
			struct lifted high = lift_row(even, odd, false);
			__m512i hl = low_row(w, c, 31, low_of(row.even[c], before_even[c], even),
					     low_of(row.odd[c], before_odd[c], odd), kind);

			put_rows(sinks[c], hl, &high, w->quantiser[c], position, kind);
		}
	}
}

/* ---- what level 1 leaves ---- */

/* The bands behind HH1. */
INLINE void append_low(struct sink *to, struct dwt_low *low, int c, bool extrapolate)
{
	const int start = kg_rfx_start[extrapolate][KG_HL2], ll3 = kg_rfx_start[extrapolate][KG_LL3] - start;
	int16_t *values = low->values[c];
	__m512i position = add16(load(IOTA), all16(start));

	for (int i = 0; i < (extrapolate ? 96 : 64); i += 32)
		store(values + ll3 + i, sub16(load(low->zero[c] + 1 + i), load(low->zero[c] + i)));
	for (int i = 0; i < 1024; i += 64) {
		__m512i a = load(values + i), b = load(values + i + 32), any = _mm512_or_si512(a, b);

		if (_mm512_test_epi32_mask(any, any)) {
			append(to, a, not_zero(a), position);
			append(to, b, not_zero(b), add16(position, all16(32)));
		}
		position = add16(position, all16(64));
	}
	if (extrapolate) {
		__m512i a = load(values + 1024), b = load(values + 1056);

		append(to, a, not_zero(a), position);
		append(to, b, not_zero(b), add16(position, all16(32)));
		to->position[to->count] = KG_RFX_VALUES - 1;
		to->value[to->count] = values[1088];
		to->count += values[1088] != 0;
	}
}

/* ll3 is at least 32. */
KG_RFX_PACK_FN(kg_rfx_pack_avx512)
{
	struct sink to = { list->position, list->value, 0 };
	__m512i position = load(IOTA);

	for (uint32_t i = 0; i < KG_RFX_VALUES; i += 32) {
		__m512i v = load(values + i);
		__mmask32 which;

		if (i + 32 > ll3)
			v = _mm512_mask_sub_epi16(v, _mm512_cmpgt_epu16_mask(position, all16((int)ll3)), v, load(values + i - 1));
		which = not_zero(v);
		if (which)
			append(&to, v, which, position);
		position = add16(position, all16(32));
	}
	list->position[-1] = 0xffff;
	list->count = to.count;
}

#define DWT_SET avx512
#include "codec/x86/dwt-functions.h"
