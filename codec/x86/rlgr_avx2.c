/*
 * RLGR and SRL with AVX2: 32 lanes in two vectors of 16, 16 bits each, so that each has the other's waiting time for its work.
 * See rlgr-lanes.h. Shifts by lane are multiplications by powers of two, which a shuffle of bytes looks up; the logarithm comes
 * out of a conversion to float.
 */
#include "codec/rlgr-lanes.h"
#include "codec/x86/words.h"
#include "codec/x86/x86.h"

/* Half of the lanes. */
struct lanes {
	__m256i kp, krp;
	__m256i left;			// events
	__m256i before;			// position of the last event
	__m256i acc[4], count[4];	// bits, and how many of them (0 to 7) wait
	__m256i taken;			// RLGR3: all ones where the value behind the last event went with it
	__m256i used;			// RLGR3_PAIRS: events of the chunk that are coded
};

INLINE __m256i all32(int value)
{
	return _mm256_set1_epi32(value);
}

INLINE __m256i and(__m256i a, __m256i b)
{
	return _mm256_and_si256(a, b);
}

INLINE __m256i or(__m256i a, __m256i b)
{
	return _mm256_or_si256(a, b);
}

INLINE __m256i choose(__m256i a, __m256i b, __m256i mask)
{
	return _mm256_blendv_epi8(a, b, mask);
}

#define TABLE(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))

/* ---- events ---- */

/* 8 words of each of 16 lists to 8 vectors with a word of each. */
INLINE void load_words(const uint16_t *const *from, __m256i v[CHUNK])
{
	UNROLLED_LONG
	for (int i = 0; i < 8; i++)
		v[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)from[i])),
					       _mm_loadu_si128((const __m128i *)from[i + 8]), 1);
	transpose(v);
}

/* The next events of half of the lanes. */
INLINE void load_events(struct work *w, struct lanes *s, int half, enum coder coder)
{
	__m256i v[CHUNK];

	load_words((const uint16_t *const *)w->values + 16 * half, v);
	UNROLLED_LONG
	for (int i = 0; i < CHUNK; i++)
		store(w->value[i] + 16 * half, of_rlgr3(coder) ? fold16(v[i]) : v[i]);
	load_words(w->position + 16 * half, v);
	UNROLLED_LONG
	for (int i = 0; i < CHUNK; i++)
		store(w->zeros[i] + 16 * half, sub16(sub16(v[i], i ? v[i - 1] : s->before), all16(1)));
	if (coder != RLGR3_PAIRS)
		s->before = v[steps_of(coder, 0) + steps_of(coder, 1) - 1];
}

/* An event of each lane and the one behind it: which lanes have them. */
struct event {
	__m256i zeros, value, next_zeros, next;
	__m256i active, follows;
};

INLINE struct event event_of(const struct work *w, const struct lanes *s, int half, int k)
{
	return (struct event){
		.zeros = load(w->zeros[k] + 16 * half),
		.value = load(w->value[k] + 16 * half),
		.next_zeros = load(w->zeros[k + 1] + 16 * half),
		.next = load(w->value[k + 1] + 16 * half),
		.active = _mm256_cmpgt_epi16(s->left, all16(k)),
		.follows = _mm256_cmpgt_epi16(s->left, all16(k + 1)),
	};
}

/* Of step k of RLGR3_PAIRS: of those that work, each lane has used k to 2 * k events. */
INLINE struct event event_by_lane(const struct work *w, const struct lanes *s, int half, int k)
{
	struct event event = event_of(w, s, half, k);

	UNROLLED_LONG
	for (int i = k + 1; i <= 2 * k; i++) {
		__m256i later = _mm256_cmpgt_epi16(s->used, all16(i - 1));

		event.zeros = choose(event.zeros, load(w->zeros[i] + 16 * half), later);
		event.value = choose(event.value, load(w->value[i] + 16 * half), later);
		event.next_zeros = choose(event.next_zeros, load(w->zeros[i + 1] + 16 * half), later);
		event.next = choose(event.next, load(w->value[i + 1] + 16 * half), later);
	}
	event.active = _mm256_cmpgt_epi16(s->left, s->used);
	event.follows = _mm256_cmpgt_epi16(s->left, add16(s->used, all16(1)));
	return event;
}

/* ---- the state machine ---- */

#define POWER_MAX 10

/* For shuffles that look up powers of two up to 2^POWER_MAX: the exponent in the low byte, with bit 3 changed in the high one. */
INLINE __m256i exponent_index(__m256i exponent)
{
	return _mm256_xor_si256(_mm256_mullo_epi16(exponent, all16(0x0101)), all16(0x0800));
}

INLINE __m256i power(__m256i index)
{
	return _mm256_shuffle_epi8(TABLE(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0), index);
}

/* x >> exponent, for x below 2^15 */
INLINE __m256i shift_right(__m256i x, __m256i index)
{
	const __m256i powers = TABLE(0, 0, 0, 0, 0, 0, 0, 0, -128, 64, 32, 16, 8, 4, 2, 1);

	return _mm256_mulhi_epu16(add16(x, x), _mm256_shuffle_epi8(powers, index));
}

/* The event of each lane in bits: rest_1 << length of the number, less inverse, then RLGR3's first value of a pair. */
struct code {
	__m256i rest_1;			// the end of a run and the sign, plus 1
	__m256i number_length;
	__m256i inverse;
	__m256i first_bits, first;
	__m256i length;			// of all, with the zeros in front
};

/* zeros below KP_RUN: takes those that are coded as numbers out of zeros and returns the bits that they take. */
INLINE __m256i free_zeros(const struct lanes *s, __m256i *zeros, __m256i *kp, __m256i *krp, bool three)
{
	const __m256i free1 = TABLE(3, 3, 2, 2, 2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
	const __m256i free3 = TABLE(2, 2, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
	/* By 4 * n + krp / 2 % 4: how many of n zeros have a kr less than the first. */
	const __m256i less = TABLE(0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 0);
	__m256i limit = _mm256_shuffle_epi8(three ? free3 : free1, _mm256_adds_epu8(s->kp, all16(0x8070)));
	__m256i n = _mm256_min_epu16(three ? _mm256_srli_epi16(*zeros, 1) : *zeros, limit), n2 = add16(n, n), n4 = add16(n2, n2);
	__m256i all = _mm256_mullo_epi16(n, _mm256_srli_epi16(s->krp, 3));
	__m256i index = or(n4, and(_mm256_srli_epi16(s->krp, 1), all16(3)));

	*krp = _mm256_subs_epu16(s->krp, n2);
	*kp = add16(s->kp, three ? add16(n4, n2) : add16(n2, n));
	*zeros = sub16(*zeros, three ? n2 : n);
	return add16(_mm256_subs_epu16(all, _mm256_shuffle_epi8(less, index)), n);	// with kr 0 there is no less
}

/* The bits of floats of u: shifted by 22 they are 2 floor(log2 u) + (the bit below the first) + 254. */
INLINE __m256i logarithm(__m256i u)
{
	__m256i even = and(u, all32(0xffff)), odd = _mm256_srli_epi32(u, 16);

	even = _mm256_srli_epi32(_mm256_castps_si256(_mm256_cvtepi32_ps(even)), 22);
	odd = _mm256_srli_epi32(_mm256_castps_si256(_mm256_cvtepi32_ps(odd)), 22 - 16);
	return _mm256_blend_epi16(even, odd, 0xaa);
}

/* What a run and its sign are in bits. log as above, at least 2^1. */
struct run {
	__m256i rest, length;	// 1 and what remains of the zeros; all bits with the sign
	__m256i kp;		// after it
	__m256i bits;		// of rest, less 1
};

INLINE struct run code_run(__m256i u, __m256i log, __m256i kp)
{
	struct run run;
	__m256i exponent = _mm256_min_epi16(_mm256_srli_epi16(log, 1), all16(128 + 10));	// of what remains, plus 128
	__m256i one, steps;

	run.bits = sub16(exponent, all16(128));
	one = power(exponent_index(run.bits));
	run.rest = or(and(u, sub16(one, all16(1))), one);
	steps = sub16(log, add16(_mm256_srli_epi16(kp, 2), all16(256)));
	run.length = add16(add16(steps, run.bits), all16(2));
	run.kp = _mm256_min_epi16(add16(kp, _mm256_slli_epi16(steps, 2)), all16(KG_KP_MAX));
	return run;
}

/* (2 + kp / 4 % 2) << kp / 8 */
INLINE __m256i base_of(__m256i kp)
{
	__m256i factor = or(and(_mm256_srli_epi16(kp, 2), all16(1)), all16(2));

	return _mm256_mullo_epi16(power(exponent_index(_mm256_srli_epi16(kp, 3))), factor);
}

/* A Golomb-Rice code for number; what it does to krp. */
INLINE __m256i code_number(struct code *code, __m256i number, __m256i krp, __m256i active)
{
	__m256i kr = _mm256_srli_epi16(krp, 3), index = exponent_index(kr), ones = shift_right(number, index);

	code->number_length = and(add16(add16(ones, kr), all16(1)), active);
	code->inverse = and(sub16(_mm256_mullo_epi16(add16(ones, all16(2)), power(index)), number), active);
	krp = _mm256_subs_epu16(add16(krp, ones), _mm256_subs_epu16(all16(2), ones));
	return _mm256_min_epu16(krp, all16(KG_KP_MAX));
}

INLINE __m256i mark_long(__m256i length, __m256i used)
{
	return or(length, and(_mm256_cmpgt_epi16(used, all16(CODE_MAX)), all16(TOO_LONG)));
}

INLINE struct code step1(struct lanes *s, __m256i zeros, __m256i value, __m256i active)
{
	struct code code;
	__m256i kp, krp, free_length = free_zeros(s, &zeros, &kp, &krp, false);
	__m256i in_run = _mm256_cmpgt_epi16(kp, all16(KP_RUN - 1)), u = add16(zeros, base_of(kp));
	struct run run = code_run(u, logarithm(u), kp);
	__m256i sign = _mm256_srli_epi16(value, 15), magnitude = _mm256_abs_epi16(value), length, less;
	__m256i number = add16(magnitude, or(sub16(magnitude, sign), in_run));	// less 1, or folded

	krp = code_number(&code, number, krp, active);
	code.rest_1 = and(add16(and(or(add16(run.rest, run.rest), sign), in_run), all16(1)), active);
	length = add16(code.number_length, and(run.length, in_run));
	length = mark_long(length, add16(code.number_length, and(run.bits, in_run)));
	code.length = and(add16(length, free_length), active);
	less = add16(all16(3), and(in_run, all16(3)));
	s->kp = choose(s->kp, _mm256_subs_epu16(choose(kp, run.kp, in_run), less), active);
	s->krp = choose(s->krp, krp, active);
	return code;
}

INLINE struct code step3(struct lanes *s, const struct event *event, enum coder coder)
{
	const __m256i zero = _mm256_setzero_si256(), one = all16(1);
	__m256i none = _mm256_cmpeq_epi16(event->zeros, zero), folded = event->value;
	__m256i coded = _mm256_andnot_si256(and(none, s->taken), event->active);
	__m256i zeros = add16(event->zeros, _mm256_andnot_si256(none, s->taken));
	__m256i kp, krp, free_length = free_zeros(s, &zeros, &kp, &krp, true), in_run = _mm256_cmpgt_epi16(kp, all16(KP_RUN - 1));
	/* Not a run: 0 with this value, or this value with what follows it. */
	__m256i first = and(_mm256_andnot_si256(in_run, coded), _mm256_cmpeq_epi16(zeros, zero));
	__m256i second = and(and(first, event->follows), _mm256_cmpeq_epi16(event->next_zeros, zero));
	__m256i number = add16(folded, and(second, event->next));
	__m256i u = choose(number, add16(zeros, base_of(kp)), in_run);		// of either, the logarithm is wanted
	__m256i log = logarithm(u), bits = sub16(_mm256_srli_epi16(log, 1), all16(128 - 2)), length;
	struct run run = code_run(u, log, kp);
	struct code code;

	number = choose(number, _mm256_srli_epi16(sub16(folded, one), 1), in_run);	// magnitude - 1
	krp = code_number(&code, number, krp, coded);
	code.rest_1 = and(add16(and(or(add16(run.rest, run.rest), and(folded, one)), in_run), one), coded);
	code.first_bits = and(_mm256_andnot_si256(in_run, bits), coded);
	code.first = and(folded, first);
	length = add16(code.number_length, choose(bits, run.length, in_run));
	length = mark_long(length, add16(code.number_length, choose(bits, run.bits, in_run)));
	code.length = and(add16(length, free_length), coded);
	kp = _mm256_subs_epu16(choose(kp, run.kp, in_run), and(or(in_run, second), all16(6)));
	s->kp = choose(s->kp, kp, coded);
	s->krp = choose(s->krp, krp, coded);
	s->taken = _mm256_andnot_si256(event->active, s->taken);
	if (coder == RLGR3_PAIRS) {
		s->taken = or(s->taken, _mm256_andnot_si256(second, first));
		s->before = add16(s->before, and(event->zeros, event->active));
		s->used = sub16(s->used, add16(event->active, second));
	} else {
		s->taken = or(s->taken, first);
	}
	return code;
}

/* All zeros are runs, and the magnitude is unary: see codec/srl.h. */
INLINE struct code step_srl(struct lanes *s, __m256i zeros, __m256i value, __m256i active)
{
	__m256i u = add16(zeros, base_of(s->kp)), sign = _mm256_srli_epi16(value, 15);
	__m256i length = and(value, all16(KG_SRL_LENGTH)), ended = and(_mm256_srli_epi16(value, KG_SRL_ENDED_SHIFT), all16(1));
	struct run run = code_run(u, logarithm(u), s->kp);
	struct code code;

	code.rest_1 = and(add16(or(add16(run.rest, run.rest), sign), all16(1)), active);
	code.number_length = and(length, active);
	code.inverse = and(sub16(power(exponent_index(length)), ended), active);
	length = or(length, and(_mm256_cmpgt_epi16(length, all16(POWER_MAX)), all16(TOO_LONG)));
	code.length = and(add16(run.length, length), active);
	s->kp = choose(s->kp, _mm256_subs_epu16(run.kp, all16(6)), active);
	return code;
}

/* ---- bits ---- */

/* The lengths of 16 lanes, for the lanes of a slot as 64-bit numbers. */
INLINE __m256i of_slot(__m256i length, int slot)
{
	const __m256i mask = _mm256_set1_epi64x(0xffff);

	switch (slot) {
	case 0:
		return and(length, mask);
	case 1:
		return and(_mm256_srli_epi64(length, 32), mask);
	case 2:
		return and(_mm256_srli_epi64(length, 16), mask);
	default:
		return _mm256_srli_epi64(length, 48);
	}
}

/* Appends a code to each lane. */
INLINE void append(__m256i acc[4], const struct code *code, bool three)
{
	const __m256i low16 = all32(0xffff), low32 = _mm256_set1_epi64x(0xffffffff);
	__m256i even = _mm256_sllv_epi32(and(code->rest_1, low16), and(code->number_length, low16));
	__m256i odd = _mm256_sllv_epi32(_mm256_srli_epi32(code->rest_1, 16), _mm256_srli_epi32(code->number_length, 16));

	even = _mm256_sub_epi32(even, and(code->inverse, low16));
	odd = _mm256_sub_epi32(odd, _mm256_srli_epi32(code->inverse, 16));
	if (three) {
		even = or(_mm256_sllv_epi32(even, and(code->first_bits, low16)), and(code->first, low16));
		odd = or(_mm256_sllv_epi32(odd, _mm256_srli_epi32(code->first_bits, 16)), _mm256_srli_epi32(code->first, 16));
	}
	acc[0] = or(_mm256_sllv_epi64(acc[0], of_slot(code->length, 0)), and(even, low32));
	acc[1] = or(_mm256_sllv_epi64(acc[1], of_slot(code->length, 1)), _mm256_srli_epi64(even, 32));
	acc[2] = or(_mm256_sllv_epi64(acc[2], of_slot(code->length, 2)), and(odd, low32));
	acc[3] = or(_mm256_sllv_epi64(acc[3], of_slot(code->length, 3)), _mm256_srli_epi64(odd, 32));
}

/* Aligns the strings of a group and splits off what is whole. */
INLINE void cut(struct lanes *s, struct strings *to, int half, __m256i length)
{
	const __m256i swap = TABLE(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);

	UNROLLED_LONG
	for (int slot = 0; slot < 4; slot++) {
		__m256i count = _mm256_add_epi64(s->count[slot], of_slot(length, slot));
		__m256i bits = _mm256_sllv_epi64(s->acc[slot], _mm256_sub_epi64(_mm256_set1_epi64x(64), count));

		store(to->bytes[slot] + 4 * half, _mm256_shuffle_epi8(bits, swap));
		store(to->whole[slot] + 4 * half, _mm256_srli_epi64(count, 3));
		s->count[slot] = and(count, _mm256_set1_epi64x(7));
	}
}

/* State to memory and back, for what is done by single lanes. */
static void spill_bits(struct work *w, const struct lanes *s, int half)
{
	for (int slot = 0; slot < 4; slot++) {
		store(w->acc[slot] + 4 * half, s->acc[slot]);
		store(w->count[slot] + 4 * half, s->count[slot]);
	}
	store(w->left + 16 * half, s->left);
}

static void reload_bits(const struct work *w, struct lanes *s, int half)
{
	for (int slot = 0; slot < 4; slot++) {
		s->acc[slot] = load(w->acc[slot] + 4 * half);
		s->count[slot] = load(w->count[slot] + 4 * half);
	}
}

/* A bit for each of 16 lanes whose 16 bits of a mask are all ones. */
INLINE uint32_t lane_bits(__m256i mask)
{
	return _pext_u32((uint32_t)_mm256_movemask_epi8(mask), 0x55555555);
}

static __attribute__((noinline)) void long_strings(struct work *w, struct lanes *s, struct strings *strings, int half,
						   uint32_t lanes, int first, int steps, enum coder coder)
{
	bool changed = false;

	spill_bits(w, s, half);
	for (; lanes; lanes &= lanes - 1)
		changed |= code_long(w, strings, 16 * half + __builtin_ctz(lanes), first, steps, coder);
	if (changed)
		reload_bits(w, s, half);
}

INLINE struct code code_event(struct lanes *s, const struct event *event, enum coder coder)
{
	if (coder == SRL)
		return step_srl(s, event->zeros, event->value, event->active);
	if (coder == RLGR1)
		return step1(s, event->zeros, event->value, event->active);
	return step3(s, event, coder);
}

/* Codes a group and meanwhile stores the strings of the one before, which are independent work for other ports. */
INLINE void code_group(struct work *w, struct lanes halves[2], const struct strings *from, struct strings *to, int first, int steps,
		       enum coder coder)
{
	__m256i length[2];

	UNROLLED_LONG
	for (int half = 0; half < 2; half++) {
		struct lanes *s = &halves[half];

		store(to->kp + 16 * half, s->kp);
		store(to->krp + 16 * half, s->krp);
		if (of_rlgr3(coder))
			store(to->taken + 16 * half, s->taken);
		if (coder == RLGR3_PAIRS)
			store(to->used + 16 * half, s->used);
		UNROLLED_LONG
		for (int slot = 0; slot < 4; slot++)
			store(to->begin[slot] + 4 * half, s->acc[slot]);
		length[half] = _mm256_setzero_si256();
	}
	UNROLLED_LONG
	for (int i = 0; i < steps; i++) {
		UNROLLED_LONG
		for (int half = 0; half < 2; half++) {
			struct lanes *s = &halves[half];
			int k = first + i;
			struct event event = coder == RLGR3_PAIRS ? event_by_lane(w, s, half, k) : event_of(w, s, half, k);
			struct code code = code_event(s, &event, coder);

			append(s->acc, &code, of_rlgr3(coder));
			length[half] = add16(length[half], code.length);
			if (i == (steps - 1) / 2) {
				UNROLLED_LONG
				for (int slot = 0; slot < 4; slot++)
					store(to->half[slot] + 4 * half, s->acc[slot]);
				store(to->half_length + 16 * half, length[half]);
			}
		}
		store_strings(w, from, LANES * i / steps, LANES * (i + 1) / steps);
	}
	UNROLLED_LONG
	for (int half = 0; half < 2; half++) {
		uint32_t too_long = lane_bits(_mm256_cmpgt_epi16(length[half], all16(STRING_MAX)));

		store(to->length + 16 * half, length[half]);
		cut(&halves[half], to, half, length[half]);
		if (__builtin_expect(too_long != 0, 0))
			long_strings(w, &halves[half], to, half, too_long, first, steps, coder);
	}
}

INLINE void advance(struct work *w)
{
	UNROLLED_LONG
	for (int i = 0; i < LANES; i += 4) {
		__m256i bytes = load(w->advance + i);

		store(w->position + i, _mm256_add_epi64(load(w->position + i), bytes));
		store(w->values + i, _mm256_add_epi64(load(w->values + i), bytes));
	}
}

/* The same where each lane has used as many events as it could. */
INLINE void advance_by_lane(struct work *w, const struct lanes halves[2])
{
	UNROLLED_LONG
	for (int half = 0; half < 2; half++)
		store(w->used + 16 * half, add16(halves[half].used, halves[half].used));
	UNROLLED_LONG
	for (int i = 0; i < LANES; i += 4) {
		__m256i bytes = _mm256_cvtepu16_epi64(_mm_loadl_epi64((const __m128i *)(w->used + i)));

		store(w->position + i, _mm256_add_epi64(load(w->position + i), bytes));
		store(w->values + i, _mm256_add_epi64(load(w->values + i), bytes));
	}
}

/* Returns the lanes whose list has ended. */
INLINE uint32_t code_chunk(struct work *w, struct lanes halves[2], enum coder coder)
{
	const int first = steps_of(coder, 0), second = steps_of(coder, 1);
	uint32_t done = 0;

	UNROLLED_LONG
	for (int half = 0; half < 2; half++) {
		halves[half].used = coder == RLGR3_PAIRS ? _mm256_setzero_si256() : all16(first + second);
		load_events(w, &halves[half], half, coder);
	}
	code_group(w, halves, &w->strings[1], &w->strings[0], 0, first, coder);
	code_group(w, halves, &w->strings[0], &w->strings[1], first, second, coder);
	if (coder == RLGR3_PAIRS)
		advance_by_lane(w, halves);
	else
		advance(w);
	UNROLLED_LONG
	for (int half = 0; half < 2; half++) {
		struct lanes *s = &halves[half];
		__m256i some = _mm256_cmpgt_epi16(s->left, _mm256_setzero_si256());

		if (coder == RLGR3_PAIRS)
			s->before = add16(s->before, s->used);
		done |= lane_bits(_mm256_andnot_si256(_mm256_cmpgt_epi16(s->left, s->used), some)) << (16 * half);
		s->left = _mm256_subs_epu16(s->left, s->used);
	}
	return done;
}

/* How many lanes do not code runs. */
INLINE uint32_t count_pairs(const struct lanes halves[2])
{
	const __m256i limit = all16(KP_RUN);
	__m256i low = _mm256_cmpgt_epi16(limit, halves[0].kp), high = _mm256_cmpgt_epi16(limit, halves[1].kp);

	return (uint32_t)_mm_popcnt_u32((uint32_t)_mm256_movemask_epi8(_mm256_packs_epi16(low, high)));
}

/* ---- components ---- */

static void reload(const struct work *w, struct lanes *s, int half)
{
	s->kp = load(w->kp + 16 * half);
	s->krp = load(w->krp + 16 * half);
	s->left = load(w->left + 16 * half);
	s->before = load(w->before + 16 * half);
	s->taken = load(w->taken + 16 * half);
	reload_bits(w, s, half);
}

static __attribute__((noinline)) void change_lists(struct work *w, struct lanes halves[2], uint32_t done, enum coder coder)
{
	for (int half = 0; half < 2; half++) {
		store(w->kp + 16 * half, halves[half].kp);
		store(w->krp + 16 * half, halves[half].krp);
		store(w->before + 16 * half, halves[half].before);
		store(w->taken + 16 * half, halves[half].taken);
		spill_bits(w, &halves[half], half);
	}
	lanes_change(w, done, coder);
	for (int half = 0; half < 2; half++)
		reload(w, &halves[half], half);
}

INLINE void code_lists(struct kg_rfx_list *const *lists, uint32_t count, struct work *w, enum coder coder)
{
	struct lanes halves[2];

	lanes_begin(w, lists, count, coder);
	reload(w, &halves[0], 0);
	reload(w, &halves[1], 1);
	while (w->busy) {
		uint32_t done;

		if (coder == RLGR3 && 2 * count_pairs(halves) > w->busy)
			done = code_chunk(w, halves, RLGR3_PAIRS);
		else
			done = code_chunk(w, halves, coder);
		if (done)
			change_lists(w, halves, done, coder);
	}
}

KG_RFX_RLGR_FN(kg_rfx_rlgr1_avx2)
{
	code_lists(lists, count, scratch, RLGR1);
}

KG_RFX_RLGR_FN(kg_rfx_rlgr3_avx2)
{
	code_lists(lists, count, scratch, RLGR3);
}

KG_UPGRADE_SRL_FN(kg_upgrade_srl_avx2)
{
	code_lists(lists, count, scratch, SRL);
}
