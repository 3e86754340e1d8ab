/* RLGR and SRL with AVX-512: all 32 lanes in a vector, 16 bits each. See rlgr-lanes.h. */
#include "codec/rlgr-lanes.h"
#include "codec/x86/words.h"
#include "codec/x86/x86.h"

/* The state of all lanes, in registers as far as they go. */
struct lanes {
	__m512i kp, krp;
	__m512i left;			// events
	__m512i before;			// position of the last event
	__m512i acc[4], count[4];	// bits, and how many of them (0 to 7) wait
	__mmask32 taken;		// RLGR3: the value behind the last event went with it
	__m512i used;			// RLGR3_PAIRS: events of the chunk that are coded
	const uint16_t (*vectors)[32];	// VECTORS
};

INLINE __m512i number_of(const struct lanes *s, int number)
{
	return load(s->vectors[number]);
}

/* Vectors of one number, loaded through a pointer that the compiler knows nothing of: gcc would make them anew each time, with
 * a move and a broadcast, since there are more of them than registers. */
enum number {
	N1, N2, N3, N6, N10, N16, N18, N_CODE, N63, N2047, N_RUN, N_MAX, N_FREE, N_TOO_LONG, N_INDEX, NUMBERS = N_INDEX + CHUNK
};
#define SPLAT4(x) x, x, x, x
#define SPLAT(x) { SPLAT4(x), SPLAT4(x), SPLAT4(x), SPLAT4(x), SPLAT4(x), SPLAT4(x), SPLAT4(x), SPLAT4(x) }
static const uint16_t VECTORS[NUMBERS][32] __attribute__((aligned(64))) = {
	[N1] = SPLAT(1), [N2] = SPLAT(2), [N3] = SPLAT(3), [N6] = SPLAT(6), [N10] = SPLAT(10), [N16] = SPLAT(16),
	[N18] = SPLAT(18), [N_CODE] = SPLAT(CODE_MAX), [N63] = SPLAT(63), [N2047] = SPLAT(2047), [N_RUN] = SPLAT(KP_RUN - 1),
	[N_MAX] = SPLAT(KG_KP_MAX), [N_FREE] = SPLAT(0x8070), [N_TOO_LONG] = SPLAT(TOO_LONG),
	[N_INDEX] = SPLAT(0), [N_INDEX + 1] = SPLAT(1), [N_INDEX + 2] = SPLAT(2), [N_INDEX + 3] = SPLAT(3),
	[N_INDEX + 4] = SPLAT(4), [N_INDEX + 5] = SPLAT(5), [N_INDEX + 6] = SPLAT(6), [N_INDEX + 7] = SPLAT(7),
};

/* The base of runs, see kg_put_run(), by kp / 4. */
static const uint16_t BASE[32] __attribute__((aligned(64))) = {
	2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048,
};
/* For i = 2 j + (u >> j) - 2: ((u >> j) - 1) << j. */
static const uint16_t REST[32] __attribute__((aligned(64))) = {
	1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64, 128, 128, 256, 256, 512, 512, 1024, 1024, 2048, 3072, 4096, 5120, 6144,
};
/* For the same i: i + j + 2, the bits of a run that began with kp = 0 and of its sign. */
static const uint16_t RUN_LENGTH[32] __attribute__((aligned(64))) = {
	2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21, 23, 24, 26, 27, 29, 30, 32, 33, 34, 35, 36, 37,
};
/* 2 j + (u >> j) - 2 for u below 64. */
static const uint8_t LOG[64] __attribute__((aligned(64))) = {
	0, 0, 0, 1, 2, 2, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7,
	8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
};
/* Zeros that are coded as numbers below KP_RUN: how many by kp, and bits of so many by krp / 2. */
static const uint8_t FREE1[16] = { 3, 3, 2, 2, 2, 1, 1, 1 };
static const uint8_t FREE3[16] = { 2, 2, 1, 1, 1, 1, 1, 1 };	// pairs
static const uint8_t FREE_LENGTH[3][64] __attribute__((aligned(64))) = {
	{ 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9,
	  10, 10, 10, 10, 11 },
	{ 2, 2, 2, 2, 3, 4, 4, 4, 5, 6, 6, 6, 7, 8, 8, 8, 9, 10, 10, 10, 11, 12, 12, 12, 13, 14, 14, 14, 15, 16, 16, 16,
	  17, 18, 18, 18, 19, 20, 20, 20, 21 },
	{ 3, 3, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12, 12, 13, 14, 15, 15, 16, 17, 18, 18, 19, 20, 21, 21, 22, 23, 24,
	  24, 25, 26, 27, 27, 28, 29, 30, 30, 31 },
};

/* ---- events ---- */

/* 8 words of each list to 8 vectors with a word of each. */
INLINE void load_words(const uint16_t *const from[LANES], __m512i v[CHUNK])
{
	UNROLLED_LONG
	for (int i = 0; i < 8; i++) {
		__m512i words = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)from[i]));

		words = _mm512_inserti32x4(words, _mm_loadu_si128((const __m128i *)from[i + 8]), 1);
		words = _mm512_inserti32x4(words, _mm_loadu_si128((const __m128i *)from[i + 16]), 2);
		v[i] = _mm512_inserti32x4(words, _mm_loadu_si128((const __m128i *)from[i + 24]), 3);
	}
	transpose(v);
}

/* The next events of all lanes. */
INLINE void load_events(struct work *w, struct lanes *s, enum coder coder)
{
	__m512i v[CHUNK];

	load_words((const uint16_t *const *)w->values, v);
	UNROLLED_LONG
	for (int i = 0; i < CHUNK; i++)
		store(w->value[i], of_rlgr3(coder) ? fold16(v[i]) : v[i]);
	load_words(w->position, v);
	UNROLLED_LONG
	for (int i = 0; i < CHUNK; i++) {
		__m512i before = i ? v[i - 1] : s->before;

		store(w->zeros[i], sub16(sub16(v[i], before), number_of(s, N1)));
	}
	if (coder != RLGR3_PAIRS)
		s->before = v[steps_of(coder, 0) + steps_of(coder, 1) - 1];
}

/* An event of each lane and the one behind it: which lanes have them. */
struct event {
	__m512i zeros, value, next_zeros, next;
	__mmask32 active, follows;
};

INLINE struct event event_of(const struct work *w, const struct lanes *s, int k)
{
	return (struct event){
		.zeros = load(w->zeros[k]),
		.value = load(w->value[k]),
		.next_zeros = load(w->zeros[k + 1]),
		.next = load(w->value[k + 1]),
		.active = _mm512_cmpgt_epu16_mask(s->left, number_of(s, N_INDEX + k)),
		.follows = _mm512_cmpgt_epu16_mask(s->left, number_of(s, N_INDEX + k + 1)),
	};
}

/* Of step k of RLGR3_PAIRS: of those that work, each lane has used k to 2 * k events. */
INLINE struct event event_by_lane(const struct work *w, const struct lanes *s, int k)
{
	struct event event = event_of(w, s, k);

	UNROLLED_LONG
	for (int i = k + 1; i <= 2 * k; i++) {
		__mmask32 later = _mm512_cmpgt_epu16_mask(s->used, number_of(s, N_INDEX + i - 1));

		event.zeros = _mm512_mask_loadu_epi16(event.zeros, later, w->zeros[i]);
		event.value = _mm512_mask_loadu_epi16(event.value, later, w->value[i]);
		event.next_zeros = _mm512_mask_loadu_epi16(event.next_zeros, later, w->zeros[i + 1]);
		event.next = _mm512_mask_loadu_epi16(event.next, later, w->value[i + 1]);
	}
	event.active = _mm512_cmpgt_epu16_mask(s->left, s->used);
	event.follows = _mm512_cmpgt_epu16_mask(s->left, add16(s->used, number_of(s, N1)));
	return event;
}

/* ---- the state machine ---- */

/*
 * An event of each lane in bits: rest, then length ones, from which inverse is taken to make a Golomb-Rice code of them: ~inverse
 * is 1 where the code's zero is and where its low bits are 0. So ones need no more lanes than their count does.
 */
struct code {
	__m512i rest, ones, inverse;
	__m512i first_bits, first;	// RLGR3: behind that, the first value of a pair
	__m512i length;			// of all, with the zeros in front
};

/* zeros below KP_RUN: takes those that are coded as numbers out of zeros and returns the bits that they take. */
INLINE __m512i free_zeros(struct lanes *s, __m512i *zeros, __m512i *kp, __m512i *krp, bool three)
{
	const __m512i table = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(three ? FREE3 : FREE1)));
	__m512i limit = _mm512_shuffle_epi8(table, _mm512_adds_epu8(s->kp, number_of(s, N_FREE)));
	__m512i n = _mm512_min_epu16(three ? _mm512_srli_epi16(*zeros, 1) : *zeros, limit), n2 = add16(n, n);
	__m512i index = _mm512_srli_epi16(s->krp, 1);
	__m512i length = _mm512_maskz_permutexvar_epi8(_mm512_test_epi8_mask(n, n), index, load(FREE_LENGTH[0]));

	length = _mm512_mask_permutexvar_epi8(length, _mm512_cmpgt_epu8_mask(n, number_of(s, N1)), index, load(FREE_LENGTH[1]));
	if (!three) {
		length = _mm512_mask_permutexvar_epi8(length, _mm512_cmpgt_epu8_mask(n, number_of(s, N2)), index, load(FREE_LENGTH[2]));
		*kp = add16(s->kp, add16(n, n2));
		*zeros = sub16(*zeros, n);
	} else {
		*kp = add16(s->kp, add16(n2, _mm512_slli_epi16(n, 2)));
		*zeros = sub16(*zeros, n2);
	}
	*krp = _mm512_subs_epu16(s->krp, n2);
	return length;
}

/* 2 floor(log2 u) + (the bit below the first) - 2, the floor at most 11: where a run ends. */
INLINE __m512i run_end(const struct lanes *s, __m512i u)
{
	__mmask32 big = _mm512_cmpgt_epu16_mask(u, number_of(s, N63)), huge = _mm512_cmpgt_epu16_mask(u, number_of(s, N2047));
	__m512i end = _mm512_permutexvar_epi8(_mm512_mask_srli_epi16(u, big, u, 5), load(LOG));

	end = _mm512_mask_add_epi16(end, big, end, number_of(s, N10));
	return _mm512_mask_add_epi16(end, huge, _mm512_srli_epi16(u, 10), number_of(s, N18));
}

/* kp after a run, before it falls for the value: kp + 4 (end - begin), at most KG_KP_MAX. */
INLINE __m512i kp_after(const struct lanes *s, __m512i kp, __mmask32 run, __m512i end)
{
	__m512i all = _mm512_ternarylogic_epi32(_mm512_slli_epi16(end, 2), kp, number_of(s, N3), 0xf8);		// | (kp & 3)

	return _mm512_mask_min_epu16(kp, run, all, number_of(s, N_MAX));
}

/* A Golomb-Rice code for number, of active lanes; what it does to krp. unary is the number of its ones. */
INLINE void code_number(struct lanes *s, struct code *code, __m512i number, __m512i krp, __mmask32 active)
{
	__m512i kr = _mm512_srli_epi16(krp, 3), unary = _mm512_srlv_epi16(number, kr);
	__m512i low = _mm512_sllv_epi16(add16(unary, number_of(s, N2)), kr);

	code->ones = _mm512_maskz_add_epi16(active, add16(unary, kr), number_of(s, N1));
	code->inverse = _mm512_mask_sub_epi16(all16(-1), active, number, low);
	krp = _mm512_subs_epu16(add16(krp, unary), _mm512_subs_epu16(number_of(s, N2), unary));
	s->krp = _mm512_mask_min_epu16(s->krp, active, krp, number_of(s, N_MAX));
}

INLINE struct code step1(struct lanes *s, const struct event *event)
{
	const __m512i one = number_of(s, N1);
	struct code code;
	__mmask32 active = event->active;
	__m512i zeros = event->zeros, kp, krp, length = free_zeros(s, &zeros, &kp, &krp, false);
	__mmask32 run = _mm512_mask_cmpgt_epu16_mask(active, kp, number_of(s, N_RUN));
	__m512i begin = _mm512_srli_epi16(kp, 2), u = add16(zeros, _mm512_permutexvar_epi16(begin, load(BASE)));
	__m512i end = run_end(s, u), rest = sub16(u, _mm512_permutexvar_epi16(end, load(REST)));
	__m512i run_length = sub16(_mm512_permutexvar_epi16(end, load(RUN_LENGTH)), begin);
	__m512i sign = _mm512_srli_epi16(event->value, 15), magnitude = _mm512_abs_epi16(event->value);
	__m512i number = _mm512_mask_sub_epi16(sub16(add16(magnitude, magnitude), sign), run, magnitude, one), all, used;

	code_number(s, &code, number, krp, active);
	s->kp = _mm512_mask_subs_epu16(s->kp, active, kp_after(s, kp, run, end),
				       _mm512_mask_mov_epi16(number_of(s, N3), run, number_of(s, N6)));
	code.rest = _mm512_maskz_add_epi16(run, add16(rest, rest), sign);
	all = _mm512_mask_add_epi16(code.ones, run, code.ones, run_length);
	used = _mm512_mask_add_epi16(code.ones, run, code.ones, _mm512_srli_epi16(end, 1));	// 2 bits less, without the zeros
	all = _mm512_mask_add_epi16(all, _mm512_cmpgt_epu16_mask(used, number_of(s, N_CODE)), all, number_of(s, N_TOO_LONG));
	code.length = _mm512_maskz_add_epi16(active, all, length);
	return code;
}

INLINE struct code step3(struct lanes *s, const struct event *event, enum coder coder)
{
	const __m512i one = number_of(s, N1);
	struct code code;
	__mmask32 active = event->active, less = _mm512_test_epi16_mask(event->zeros, event->zeros);
	__mmask32 coded = active & (less | ~s->taken), run, first, second, too_long;
	__m512i zeros = _mm512_mask_sub_epi16(event->zeros, s->taken & less, event->zeros, one), folded = event->value;
	__m512i kp, krp, length = free_zeros(s, &zeros, &kp, &krp, true), begin = _mm512_srli_epi16(kp, 2);
	__m512i number, u, end, rest, run_length, exponent, bits, all;

	run = _mm512_mask_cmpgt_epu16_mask(coded, kp, number_of(s, N_RUN));
	/* Not a run: 0 with this value, or this value with what follows it. */
	first = _mm512_mask_testn_epi16_mask(coded & ~run, zeros, zeros);
	second = _mm512_mask_testn_epi16_mask(first & event->follows, event->next_zeros, event->next_zeros);
	number = _mm512_mask_add_epi16(folded, second, folded, event->next);
	/* Of a sum and of what a run begins with, the logarithm is wanted. */
	u = _mm512_mask_add_epi16(number, run, zeros, _mm512_permutexvar_epi16(begin, load(BASE)));
	end = run_end(s, u);
	rest = sub16(u, _mm512_permutexvar_epi16(end, load(REST)));
	run_length = sub16(_mm512_permutexvar_epi16(end, load(RUN_LENGTH)), begin);
	exponent = _mm512_srli_epi16(end, 1);
	bits = _mm512_min_epu16(add16(exponent, number_of(s, N2)), u);		// u: 1 has one
	number = _mm512_mask_srli_epi16(number, run, sub16(folded, one), 1);	// magnitude - 1

	code_number(s, &code, number, krp, coded);
	kp = kp_after(s, kp, run, end);
	s->kp = _mm512_mask_mov_epi16(s->kp, coded, _mm512_mask_subs_epu16(kp, run | second, kp, number_of(s, N6)));
	if (coder == RLGR3_PAIRS) {
		s->taken = (first & ~second) | (s->taken & ~active);
		s->before = _mm512_mask_add_epi16(s->before, active, s->before, event->zeros);
		s->used = _mm512_mask_add_epi16(s->used, active, s->used, one);
		s->used = _mm512_mask_add_epi16(s->used, second, s->used, one);
	} else {
		s->taken = first | (s->taken & ~active);
	}
	code.rest = _mm512_maskz_add_epi16(run, add16(rest, rest), _mm512_and_si512(folded, one));
	code.first_bits = _mm512_maskz_mov_epi16(coded & ~run, bits);
	code.first = _mm512_maskz_mov_epi16(first, folded);
	all = add16(code.ones, _mm512_mask_mov_epi16(bits, run, run_length));
	too_long = _mm512_cmpgt_epu16_mask(add16(code.ones, exponent), number_of(s, N_CODE));	// 2 bits less, without the zeros
	too_long |= _mm512_mask_cmpgt_epu16_mask(~run, u, number_of(s, N2047));
	all = _mm512_mask_add_epi16(all, too_long, all, number_of(s, N_TOO_LONG));
	code.length = _mm512_maskz_add_epi16(coded, all, length);
	return code;
}

/* All zeros are runs, and the magnitude is unary: see codec/srl.h. */
INLINE struct code step_srl(struct lanes *s, const struct event *event)
{
	const __m512i one = number_of(s, N1);
	__mmask32 active = event->active;
	__m512i begin = _mm512_srli_epi16(s->kp, 2), u = add16(event->zeros, _mm512_permutexvar_epi16(begin, load(BASE)));
	__m512i end = run_end(s, u), rest = sub16(u, _mm512_permutexvar_epi16(end, load(REST)));
	__m512i run_length = sub16(_mm512_permutexvar_epi16(end, load(RUN_LENGTH)), begin);
	__m512i value = _mm512_maskz_mov_epi16(active, event->value), sign = _mm512_srli_epi16(value, 15);
	__m512i ended = _mm512_and_si512(_mm512_srli_epi16(value, KG_SRL_ENDED_SHIFT), one);
	__m512i length = _mm512_and_si512(value, number_of(s, N63));
	struct code code = { .ones = length };

	code.rest = _mm512_maskz_add_epi16(active, add16(rest, rest), sign);
	/* All ones but the last are to be 0, and that too if it does not end: without an event, inverse is -1. */
	code.inverse = sub16(ended, _mm512_sllv_epi16(one, length));
	length = _mm512_mask_add_epi16(length, _mm512_cmpgt_epu16_mask(length, number_of(s, N16)), length, number_of(s, N_TOO_LONG));
	code.length = _mm512_maskz_add_epi16(active, length, run_length);
	s->kp = _mm512_mask_subs_epu16(s->kp, active, kp_after(s, s->kp, active, end), number_of(s, N6));
	return code;
}

/* ---- bits ---- */

/* The lengths of 32 lanes, for the lanes of a slot as 64-bit numbers. */
INLINE __m512i of_slot(__m512i length, int slot)
{
	switch (slot) {
	case 0:
		return _mm512_and_si512(length, _mm512_set1_epi64(0xffff));
	case 1:
		return _mm512_and_si512(_mm512_srli_epi64(length, 32), _mm512_set1_epi64(0xffff));
	case 2:
		return _mm512_and_si512(_mm512_srli_epi64(length, 16), _mm512_set1_epi64(0xffff));
	default:
		return _mm512_srli_epi64(length, 48);
	}
}

/* Appends a code to each lane. Of the counts of shldv only the low 5 and 6 bits matter. */
INLINE void append(__m512i acc[4], const struct code *code, bool three)
{
	const __m512i zero = _mm512_setzero_si512(), ones = _mm512_set1_epi64(-1);
	const __m512i low16 = _mm512_set1_epi32(0xffff), low32 = _mm512_set1_epi64(0xffffffff);
	__m512i even = _mm512_shldv_epi32(_mm512_and_si512(code->rest, low16), ones, code->ones);
	__m512i odd = _mm512_shldv_epi32(_mm512_srli_epi32(code->rest, 16), ones, _mm512_srli_epi32(code->ones, 16));
	__m512i length = code->length;

	even = _mm512_ternarylogic_epi32(even, code->inverse, low16, 0xd2);	// even ^ (~inverse & low16)
	odd = _mm512_ternarylogic_epi32(odd, _mm512_srli_epi32(code->inverse, 16), low16, 0xd2);
	if (three) {
		even = _mm512_shldv_epi32(even, zero, code->first_bits);
		even = _mm512_ternarylogic_epi32(even, code->first, low16, 0xf8);	// even | (first & low16)
		odd = _mm512_shldv_epi32(odd, zero, _mm512_srli_epi32(code->first_bits, 16));
		odd = _mm512_or_si512(odd, _mm512_srli_epi32(code->first, 16));
	}
	acc[0] = _mm512_shldv_epi64(acc[0], zero, length);
	acc[0] = _mm512_ternarylogic_epi64(acc[0], even, low32, 0xf8);
	acc[2] = _mm512_shldv_epi64(acc[2], zero, _mm512_srli_epi64(length, 16));
	acc[2] = _mm512_ternarylogic_epi64(acc[2], odd, low32, 0xf8);
	acc[1] = _mm512_shldv_epi64(acc[1], zero, _mm512_srli_epi64(length, 32));
	acc[1] = _mm512_or_si512(acc[1], _mm512_srli_epi64(even, 32));
	acc[3] = _mm512_shldv_epi64(acc[3], zero, _mm512_srli_epi64(length, 48));
	acc[3] = _mm512_or_si512(acc[3], _mm512_srli_epi64(odd, 32));
}

/* Aligns the strings of a group and splits off what is whole. */
INLINE void cut(struct lanes *s, struct strings *to, __m512i length)
{
	const __m512i swap = _mm512_broadcast_i32x4(_mm_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8));

	UNROLLED_LONG
	for (int slot = 0; slot < 4; slot++) {
		__m512i count = _mm512_add_epi64(s->count[slot], of_slot(length, slot));
		__m512i bits = _mm512_sllv_epi64(s->acc[slot], _mm512_sub_epi64(_mm512_set1_epi64(64), count));

		store(to->bytes[slot], _mm512_shuffle_epi8(bits, swap));
		store(to->whole[slot], _mm512_srli_epi64(count, 3));
		s->count[slot] = _mm512_and_si512(count, _mm512_set1_epi64(7));
	}
}

/* State to memory and back, for what is done by single lanes. */
static void spill_bits(struct work *w, const struct lanes *s)
{
	for (int slot = 0; slot < 4; slot++) {
		store(w->acc[slot], s->acc[slot]);
		store(w->count[slot], s->count[slot]);
	}
	store(w->left, s->left);
}

static void reload_bits(const struct work *w, struct lanes *s)
{
	for (int slot = 0; slot < 4; slot++) {
		s->acc[slot] = load(w->acc[slot]);
		s->count[slot] = load(w->count[slot]);
	}
}

/* Lanes whose string does not fit. */
static __attribute__((noinline)) void long_strings(struct work *w, struct lanes *s, struct strings *strings, __mmask32 lanes,
						   int first, int steps, enum coder coder)
{
	bool changed = false;

	spill_bits(w, s);
	for (; lanes; lanes &= lanes - 1)
		changed |= code_long(w, strings, __builtin_ctz(lanes), first, steps, coder);
	if (changed)
		reload_bits(w, s);
}

INLINE struct code code_event(struct lanes *s, const struct event *event, enum coder coder)
{
	if (coder == SRL)
		return step_srl(s, event);
	if (coder == RLGR1)
		return step1(s, event);
	return step3(s, event, coder);
}

/* Codes a group and meanwhile stores the strings of the one before, which are independent work for other ports. */
INLINE void code_group(struct work *w, struct lanes *s, const struct strings *from, struct strings *to, int first, int steps,
		       enum coder coder)
{
	__m512i length = _mm512_setzero_si512();
	__mmask32 too_long;

	store(to->kp, s->kp);
	store(to->krp, s->krp);
	if (of_rlgr3(coder))
		store(to->taken, _mm512_maskz_mov_epi16(s->taken, number_of(s, N1)));
	if (coder == RLGR3_PAIRS)
		store(to->used, s->used);
	UNROLLED_LONG
	for (int slot = 0; slot < 4; slot++)
		store(to->begin[slot], s->acc[slot]);
	UNROLLED_LONG
	for (int i = 0; i < steps; i++) {
		struct event event = coder == RLGR3_PAIRS ? event_by_lane(w, s, first + i) : event_of(w, s, first + i);
		struct code code = code_event(s, &event, coder);

		append(s->acc, &code, of_rlgr3(coder));
		length = add16(length, code.length);
		if (i == (steps - 1) / 2) {
			UNROLLED_LONG
			for (int slot = 0; slot < 4; slot++)
				store(to->half[slot], s->acc[slot]);
			store(to->half_length, length);
		}
		store_strings(w, from, LANES * i / steps, LANES * (i + 1) / steps);
	}
	store(to->length, length);
	cut(s, to, length);
	too_long = _mm512_cmpgt_epu16_mask(length, all16(STRING_MAX));
	if (__builtin_expect(too_long != 0, 0))
		long_strings(w, s, to, too_long, first, steps, coder);
}

INLINE void advance(struct work *w)
{
	UNROLLED_LONG
	for (int i = 0; i < LANES; i += 8) {
		__m512i bytes = load(w->advance + i);

		store(w->position + i, _mm512_add_epi64(load(w->position + i), bytes));
		store(w->values + i, _mm512_add_epi64(load(w->values + i), bytes));
	}
}

/* The same where each lane has used as many events as it could. */
INLINE void advance_by_lane(struct work *w, const struct lanes *s)
{
	__m512i size = add16(s->used, s->used);

	store(w->used, size);
	UNROLLED_LONG
	for (int i = 0; i < LANES; i += 8) {
		__m512i bytes = _mm512_cvtepu16_epi64(_mm_loadu_si128((const __m128i *)(w->used + i)));

		store(w->position + i, _mm512_add_epi64(load(w->position + i), bytes));
		store(w->values + i, _mm512_add_epi64(load(w->values + i), bytes));
	}
}

/* Returns the lanes whose list has ended. */
INLINE __mmask32 code_chunk(struct work *w, struct lanes *s, enum coder coder)
{
	const int first = steps_of(coder, 0), second = steps_of(coder, 1);
	__mmask32 some = _mm512_test_epi16_mask(s->left, s->left);

	s->used = coder == RLGR3_PAIRS ? _mm512_setzero_si512() : all16(first + second);
	load_events(w, s, coder);
	code_group(w, s, &w->strings[1], &w->strings[0], 0, first, coder);
	code_group(w, s, &w->strings[0], &w->strings[1], first, second, coder);
	if (coder == RLGR3_PAIRS) {
		s->before = add16(s->before, s->used);
		advance_by_lane(w, s);
	} else {
		advance(w);
	}
	s->left = _mm512_subs_epu16(s->left, s->used);
	return _mm512_mask_testn_epi16_mask(some, s->left, s->left);
}

/* ---- components ---- */

static void reload(const struct work *w, struct lanes *s)
{
	s->kp = load(w->kp);
	s->krp = load(w->krp);
	s->left = load(w->left);
	s->before = load(w->before);
	reload_bits(w, s);
}

static __attribute__((noinline)) void change_lists(struct work *w, struct lanes *s, __mmask32 done, enum coder coder)
{
	store(w->kp, s->kp);
	store(w->krp, s->krp);
	store(w->before, s->before);
	store(w->taken, _mm512_maskz_mov_epi16(s->taken, number_of(s, N1)));
	spill_bits(w, s);
	lanes_change(w, done, coder);
	s->taken &= ~done;
	reload(w, s);
}

INLINE void code_lists(struct kg_rfx_list *const *lists, uint32_t count, struct work *w, enum coder coder)
{
	struct lanes s = { .vectors = VECTORS };

	__asm__("" : "+r"(s.vectors));
	lanes_begin(w, lists, count, coder);
	reload(w, &s);
	while (w->busy) {
		__mmask32 pairs = _mm512_cmple_epu16_mask(s.kp, number_of(&s, N_RUN)), done;

		if (coder == RLGR3 && 2 * (uint32_t)_mm_popcnt_u32(pairs) > w->busy)
			done = code_chunk(w, &s, RLGR3_PAIRS);
		else
			done = code_chunk(w, &s, coder);
		if (done)
			change_lists(w, &s, done, coder);
	}
}

KG_RFX_RLGR_FN(kg_rfx_rlgr1_avx512)
{
	code_lists(lists, count, scratch, RLGR1);
}

KG_RFX_RLGR_FN(kg_rfx_rlgr3_avx512)
{
	code_lists(lists, count, scratch, RLGR3);
}

KG_UPGRADE_SRL_FN(kg_upgrade_srl_avx512)
{
	code_lists(lists, count, scratch, SRL);
}
