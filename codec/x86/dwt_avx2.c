/*
 * Stage 1 of RemoteFX with AVX2, see dwt_avx2.h and codec/rfx.h: colour and level 1, 64 pixels of a row at a time, and what
 * becomes of the values. Lists are made in registers, 8 words at a time, by a table of shuffles.
 */
#include "codec/x86/dwt_avx2.h"
#include "codec/x86/pack_words.h"
#include "codec/x86/x86.h"

/* 32 even or odd columns: the first vector has 0 to 7 and 16 to 23, the second the others. */
struct columns {
	__m256i v[2];
};

/* ---- colour ---- */

/* 16 pixels to Y, Cb, Cr. bg: blue and green, rx: red and nothing. */
INLINE void colour(__m256i bg, __m256i rx, __m256i *y, __m256i *cb, __m256i *cr)
{
	__m256i blue = _mm256_slli_epi16(bg, 8), red = _mm256_slli_epi16(rx, 8);
	__m256i green = _mm256_and_si256(bg, all16((int16_t)0xff00));
	__m256i luma = add16(_mm256_mulhi_epu16(red, all16(1225)), _mm256_mulhi_epu16(green, all16(2404)));

	luma = add16(luma, add16(_mm256_mulhi_epu16(blue, all16(467)), all16(1)));
	*y = sub16(luma, all16(KG_RFX_LEVEL));
	*cb = _mm256_mulhrs_epi16(sub16(_mm256_srli_epi16(blue, 4), luma), all16(18513));
	*cr = _mm256_mulhrs_epi16(sub16(_mm256_srli_epi16(red, 4), luma), all16(23364));
}

INLINE __m256i four_and_four(const uint8_t *at)
{
	return _mm256_setr_m128i(_mm_loadu_si128((const __m128i *)at), _mm_loadu_si128((const __m128i *)(at + 128)));
}

/* Dwords 0 and 2, or 1 and 3, of each lane of a and b, their bytes 0 and 1 in front. */
#define PICK(a, b, which)                                                                                              \
	_mm256_shuffle_epi8(_mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), which)), words)

/* A row of 64 pixels: even and odd columns of the three planes. The same row of the tile to the right is asked for, since it
 * is likely to be next: rows lie too far apart for the processor to see it coming. */
struct row {
	struct columns even[3], odd[3];
};

INLINE void load_row(struct row *row, const uint8_t *at)
{
	const __m256i words = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15,
					       0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);

	UNROLLED_LONG
	for (int i = 256; i < 512; i += 64)
		_mm_prefetch((const char *)at + i, _MM_HINT_T1);
	UNROLLED_LONG
	for (int i = 0; i < 2; i++) {
		__m256i a = four_and_four(at + 64 * i), b = four_and_four(at + 64 * i + 16);
		__m256i c = four_and_four(at + 64 * i + 32), d = four_and_four(at + 64 * i + 48);
		__m256i e0 = PICK(a, b, 0x88), e1 = PICK(c, d, 0x88), o0 = PICK(a, b, 0xdd), o1 = PICK(c, d, 0xdd);

		colour(_mm256_unpacklo_epi64(e0, e1), _mm256_unpackhi_epi64(e0, e1), &row->even[0].v[i], &row->even[1].v[i],
		       &row->even[2].v[i]);
		colour(_mm256_unpacklo_epi64(o0, o1), _mm256_unpackhi_epi64(o0, o1), &row->odd[0].v[i], &row->odd[1].v[i],
		       &row->odd[2].v[i]);
	}
}

/* ---- lists ---- */

/* 8 words, those whose bit is set. first: the position of the first of them in all words. */
INLINE void append8(struct sink *to, __m128i values, uint32_t which, __m128i first)
{
	const __m128i iota = _mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7);
	__m128i shuffle = _mm_load_si128((const __m128i *)PACK_WORDS[which]);

	_mm_storeu_si128((__m128i *)(to->value + to->count), _mm_shuffle_epi8(values, shuffle));
	_mm_storeu_si128((__m128i *)(to->position + to->count), _mm_shuffle_epi8(_mm_add_epi16(first, iota), shuffle));
	to->count += (uint32_t)__builtin_popcount(which);
}

/* 32 words in the order of columns, those whose bit is set. */
INLINE void append(struct sink *to, const struct columns *values, uint32_t which, int first)
{
	const __m128i eight = _mm_set1_epi16(8);
	__m128i at = _mm_set1_epi16((short)first);

	append8(to, _mm256_castsi256_si128(values->v[0]), which & 255, at);
	at = _mm_add_epi16(at, eight);
	append8(to, _mm256_castsi256_si128(values->v[1]), which >> 8 & 255, at);
	at = _mm_add_epi16(at, eight);
	append8(to, _mm256_extracti128_si256(values->v[0], 1), which >> 16 & 255, at);
	at = _mm_add_epi16(at, eight);
	append8(to, _mm256_extracti128_si256(values->v[1], 1), which >> 24, at);
}

/* A bit for each column whose mask is all ones. */
INLINE uint32_t column_bits(__m256i a, __m256i b)
{
	return (uint32_t)_mm256_movemask_epi8(_mm256_packs_epi16(a, b));
}

/* ---- level 1 ---- */

#define LAST 0x80000000u	// the bit of column 31

/* A row's low and high values; low[32] in the last word of end. */
struct lifted {
	struct columns low, high;
	__m256i end;
};

INLINE struct lifted lift_row(const struct columns *even, const struct columns *odd, bool extrapolate)
{
	struct lifted l;
	__m256i after, before;

	l.end = sub16(add16(odd->v[1], odd->v[1]), even->v[1]);
	after = uppers(even->v[0], last_first(extrapolate ? l.end : even->v[1]));	// columns 16 and 32, each first in its lane
	l.high.v[0] = high_of(even->v[0], odd->v[0], shift_in(even->v[0], even->v[1]));
	l.high.v[1] = high_of(even->v[1], odd->v[1], shift_in(even->v[1], after));
	before = lowers(first_last(l.high.v[0]), l.high.v[1]);				// columns 0 and 15, each last
	l.low.v[0] = low_of(even->v[0], shift_back(before, l.high.v[0]), l.high.v[0]);
	l.low.v[1] = low_of(even->v[1], shift_back(l.high.v[0], l.high.v[1]), l.high.v[1]);
	return l;
}

/* Low row y of component c: LL1 to the next level, HL1 returned. */
INLINE struct columns low_row(struct work *w, int c, int y, const struct columns *even, const struct columns *odd, struct kind kind)
{
	struct lifted l = lift_row(even, odd, kind.extrapolate);
	__m256i evens, odds;

	split(l.low.v[0], l.low.v[1], &evens, &odds);
	store(w->low.rows[c][y], evens);
	store(w->low.rows[c][y] + 16, odds);
	if (kind.extrapolate)
		w->low.last[c][y] = (int16_t)_mm256_extract_epi16(l.end, 15);
	return l.high;
}

INLINE struct columns quantise_columns(const struct columns *c, const struct quantiser *q, bool plain)
{
	return (struct columns){ { quantise(c->v[0], q, 0, plain), quantise(c->v[1], q, 16, plain) } };
}

INLINE struct columns scaled_columns(const struct columns *c, const struct quantiser *q, bool plain)
{
	return (struct columns){ { scaled(c->v[0], q, 0, plain), scaled(c->v[1], q, 16, plain) } };
}

INLINE uint32_t which_beyond(const struct columns *c, const struct quantiser *q)
{
	return column_bits(beyond(c->v[0], q, 0), beyond(c->v[1], q, 16));
}

INLINE uint32_t which_not_zero(const struct columns *c)
{
	const __m256i zero = _mm256_setzero_si256();

	return ~column_bits(_mm256_cmpeq_epi16(c->v[0], zero), _mm256_cmpeq_epi16(c->v[1], zero));
}

/* Values as they are, 32 or 31 of them. */
INLINE void put(struct sink *to, const struct columns *values, bool fewer)
{
	store_lower(to->value, values->v[0]);
	store_lower(to->value + 8, values->v[1]);
	store_upper(to->value + 16, values->v[0]);
	if (!fewer) {
		store_upper(to->value + 24, values->v[1]);
		to->value += 32;
	} else {
		__m128i end = _mm256_extracti128_si256(values->v[1], 1);

		_mm_storel_epi64((__m128i *)(to->value + 24), end);	// 7 words
		_mm_storel_epi64((__m128i *)(to->value + 27), _mm_bsrli_si128(end, 6));
		to->value += 31;
	}
}

/* Coefficients that are beyond the threshold to the list, first being their position. */
INLINE void put_list(struct sink *to, const struct columns *c, const struct quantiser *q, uint32_t which, int first, bool plain)
{
	struct columns values = scaled_columns(c, q, plain);

	if (!plain)
		which &= which_not_zero(&values);
	append(to, &values, which, first);
}

INLINE void put_low(struct sink *sink, const struct columns *hl, const struct quantiser *q, int first, struct kind kind)
{
	if (!kind.lists) {
		struct columns values = quantise_columns(hl, q, kind.plain);

		put(sink, &values, kind.extrapolate);
	} else {
		uint32_t which = which_beyond(hl, q);

		if (which)
			put_list(sink, hl, q, which, first, kind.plain);
	}
}

/* Rows of the three bands, which begin at first[]. One branch for all: most often either all are 0 or none. */
INLINE void put_rows(struct sink sink[3], const struct columns *hl, const struct lifted *high, const struct quantiser *q,
		     const int first[3], struct kind kind)
{
	const __m256i last_word = _mm256_setr_epi16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1);
	struct columns hh = high->high;
	uint32_t hl_which, lh_which, hh_which;

	if (kind.extrapolate)	// HH1 is 0 in its last column, so LH1's last column can be there
		hh.v[1] = _mm256_or_si256(hh.v[1], _mm256_and_si256(high->end, last_word));
	if (!kind.lists) {
		struct columns values = quantise_columns(hl, &q[0], kind.plain);

		put(&sink[0], &values, kind.extrapolate);
		values = quantise_columns(&high->low, &q[1], kind.plain);
		put(&sink[1], &values, false);
		values = quantise_columns(&hh, &q[2], kind.plain);
		put(&sink[2], &values, kind.extrapolate);
		if (kind.extrapolate)
			*sink[1].value++ = (int16_t)_mm256_extract_epi16(values.v[1], 15);
		return;
	}
	hl_which = which_beyond(hl, &q[0]);
	lh_which = which_beyond(&high->low, &q[1]);
	hh_which = which_beyond(&hh, &q[2]);
	if (!(hl_which | lh_which | hh_which))
		return;
	put_list(&sink[0], hl, &q[0], hl_which, first[0], kind.plain);
	put_list(&sink[1], &high->low, &q[1], lh_which, first[1], kind.plain);
	if (kind.extrapolate) {
		__m256i end = scaled(hh.v[1], &q[2], 16, kind.plain);
		int16_t value = (int16_t)_mm256_extract_epi16(end, 15);

		sink[1].value[sink[1].count] = value;
		sink[1].position[sink[1].count] = (uint16_t)(first[1] + 32);
		sink[1].count += hh_which >> 31 && value;
		hh_which &= ~LAST;
	}
	put_list(&sink[2], &hh, &q[2], hh_which, first[2], kind.plain);
}

INLINE void high_columns(struct columns *to, const struct columns *before, const struct columns *x, const struct columns *after)
{
	to->v[0] = high_of(before->v[0], x->v[0], after->v[0]);
	to->v[1] = high_of(before->v[1], x->v[1], after->v[1]);
}

INLINE void low_columns(struct columns *to, const struct columns *x, const struct columns *before, const struct columns *after)
{
	to->v[0] = low_of(x->v[0], before->v[0], after->v[0]);
	to->v[1] = low_of(x->v[1], before->v[1], after->v[1]);
}

/* x[64] of columns */
INLINE struct columns beyond_last(const struct columns *last, const struct columns *before)
{
	return (struct columns){ { sub16(add16(last->v[0], last->v[0]), before->v[0]),
				   sub16(add16(last->v[1], last->v[1]), before->v[1]) } };
}

INLINE void level1(const uint8_t *pixels, size_t stride, uint32_t rows, struct work *w, struct sink sinks[3][3], struct kind kind)
{
	const int high_width = kind.extrapolate ? 31 : 32, low_width = kind.extrapolate ? 33 : 32;
	const uint16_t *start = kg_rfx_start[kind.extrapolate];
	int first[3] = { start[KG_HL1], start[KG_LH1], start[KG_HH1] };
	struct columns before_even[3], before_odd[3], even, odd;
	struct row row[2], odd_row;

	load_row(&row[0], pixels);
	for (uint32_t y = 0; y < 32; y++) {
		struct row *now = &row[y % 2], *next = &row[1 - y % 2];
		bool end = y == 31;

		load_row(&odd_row, pixels + KG_MIN(2 * y + 1, rows - 1) * stride);
		if (!end)
			load_row(next, pixels + KG_MIN(2 * y + 2, rows - 1) * stride);
		else if (!kind.extrapolate)
			*next = *now;
		else
			for (int c = 0; c < 3; c++) {
				next->even[c] = beyond_last(&odd_row.even[c], &now->even[c]);
				next->odd[c] = beyond_last(&odd_row.odd[c], &now->odd[c]);
			}
		for (int c = 0; c < 3; c++) {
			struct columns high_even, high_odd, hl;

			high_columns(&high_even, &now->even[c], &odd_row.even[c], &next->even[c]);
			high_columns(&high_odd, &now->odd[c], &odd_row.odd[c], &next->odd[c]);
			low_columns(&even, &now->even[c], y ? &before_even[c] : &high_even, &high_even);
			low_columns(&odd, &now->odd[c], y ? &before_odd[c] : &high_odd, &high_odd);
			before_even[c] = high_even;
			before_odd[c] = high_odd;
			hl = low_row(w, c, (int)y, &even, &odd, kind);
			if (kind.extrapolate && end) {		// the last high row is 0: there are 31
				put_low(&sinks[c][0], &hl, &w->quantiser[c][0], first[0], kind);
				hl = low_row(w, c, 32, &next->even[c], &next->odd[c], kind);
				put_low(&sinks[c][0], &hl, &w->quantiser[c][0], first[0] + high_width, kind);
			} else {
				struct lifted high = lift_row(&high_even, &high_odd, kind.extrapolate);

				put_rows(sinks[c], &hl, &high, w->quantiser[c], first, kind);
			}
		}
		first[0] += high_width;
		first[1] += low_width;
		first[2] += high_width;
	}
}

/* ---- what level 1 leaves ---- */

/* Words in their order, which are the columns of one vector after the other's lanes. */
INLINE void append_words(struct sink *to, __m256i a, __m256i b, int first)
{
	struct columns words = { { lowers(a, b), uppers(a, b) } };
	uint32_t which = which_not_zero(&words);

	if (which)
		append(to, &words, which, first);
}

/* The bands behind HH1. */
INLINE void append_low(struct sink *to, struct dwt_low *low, int c, bool extrapolate)
{
	const int start = kg_rfx_start[extrapolate][KG_HL2], ll3 = kg_rfx_start[extrapolate][KG_LL3] - start;
	int16_t *values = low->values[c];

	for (int i = 0; i < (extrapolate ? 96 : 64); i += 16)
		store(values + ll3 + i, sub16(load(low->zero[c] + 1 + i), load(low->zero[c] + i)));
	for (int i = 0; i < (extrapolate ? 1088 : 1024); i += 32)
		append_words(to, load(values + i), load(values + i + 16), start + i);
	if (extrapolate) {
		to->position[to->count] = KG_RFX_VALUES - 1;
		to->value[to->count] = values[1088];
		to->count += values[1088] != 0;
	}
}

/* What is behind first becomes the difference to the one before. */
INLINE __m256i difference(const int16_t *values, uint32_t i, uint32_t first)
{
	const __m256i iota = _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	__m256i behind = _mm256_cmpgt_epi16(add16(iota, all16((int)i)), all16((int)first));

	return sub16(load(values + i), _mm256_and_si256(load(values + i - 1), behind));
}

/* ll3 is at least 32. */
KG_RFX_PACK_FN(kg_rfx_pack_avx2)
{
	struct sink to = { list->position, list->value, 0 };
	uint32_t i = 0;

	for (; i + 32 <= ll3; i += 32)
		append_words(&to, load(values + i), load(values + i + 16), (int)i);
	for (; i < KG_RFX_VALUES; i += 32)
		append_words(&to, difference(values, i, ll3), difference(values, i + 16, ll3), (int)i);
	list->position[-1] = 0xffff;
	list->count = to.count;
}

#define DWT_SET avx2
#include "codec/x86/dwt-functions.h"
