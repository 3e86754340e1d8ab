/*
 * RLGR and SRL with NEON: 32 lanes in four vectors of 8, 16 bits each, so that each has the waiting time of the others for its
 * work. See rlgr-lanes.h.
 */
#include "codec/arm/arm.h"
#include "codec/arm/neon.h"
#include "codec/rlgr-lanes.h"

enum { QUARTERS = 4, OF_QUARTER = LANES / QUARTERS };

/* A quarter of the lanes. Masks have all ones in the lanes that they mean. */
struct lanes {
	uint16x8_t kp, krp;
	uint16x8_t left;		// events
	uint16x8_t before;		// position of the last event
	uint64x2_t acc[4], count[4];	// bits, and how many of them (0 to 7) wait
	uint16x8_t taken;		// RLGR3: a mask, the value behind the last event went with it
	uint16x8_t used;		// RLGR3_PAIRS: events of the chunk that are coded
};

INLINE uint16x8_t all16(int value)
{
	return vdupq_n_u16((uint16_t)value);
}

INLINE uint16x8_t shift_left(uint16x8_t v, uint16x8_t by)
{
	return vshlq_u16(v, vreinterpretq_s16_u16(by));
}

INLINE uint16x8_t shift_right(uint16x8_t v, uint16x8_t by)
{
	return vshlq_u16(v, vnegq_s16(vreinterpretq_s16_u16(by)));
}

INLINE uint32x4_t shift_left32(uint32x4_t v, uint32x4_t by)
{
	return vshlq_u32(v, vreinterpretq_s32_u32(by));
}

INLINE uint64x2_t shift_left64(uint64x2_t v, uint64x2_t by)
{
	return vshlq_u64(v, vreinterpretq_s64_u64(by));
}

/* A byte of table for each lane, 0 beyond its end. */
INLINE uint16x8_t look_up(const uint8_t table[16], uint16x8_t index)
{
	index = vorrq_u16(index, all16(0xff00));
	return vreinterpretq_u16_u8(vqtbl1q_u8(vld1q_u8(table), vreinterpretq_u8_u16(index)));
}

/* A bit for each lane of a mask. */
INLINE uint32_t lane_bits(uint16x8_t mask)
{
	return vaddv_u8(vand_u8(vmovn_u16(mask), vcreate_u8(UINT64_C(0x8040201008040201))));
}

/* ---- events ---- */

/* 8 words of 8 lists to 8 vectors with a word of each list. */
INLINE void transpose(uint16x8_t v[CHUNK])
{
	uint32x4_t a[8], b[8];

	UNROLLED
	for (int i = 0; i < 8; i += 2) {
		a[i] = vreinterpretq_u32_u16(vtrn1q_u16(v[i], v[i + 1]));
		a[i + 1] = vreinterpretq_u32_u16(vtrn2q_u16(v[i], v[i + 1]));
	}
	UNROLLED
	for (int i = 0; i < 8; i += 4) {
		b[i] = vtrn1q_u32(a[i], a[i + 2]);
		b[i + 1] = vtrn1q_u32(a[i + 1], a[i + 3]);
		b[i + 2] = vtrn2q_u32(a[i], a[i + 2]);
		b[i + 3] = vtrn2q_u32(a[i + 1], a[i + 3]);
	}
	UNROLLED
	for (int i = 0; i < 4; i++) {
		uint64x2_t first = vreinterpretq_u64_u32(b[i]), second = vreinterpretq_u64_u32(b[i + 4]);

		v[i] = vreinterpretq_u16_u64(vtrn1q_u64(first, second));
		v[i + 4] = vreinterpretq_u16_u64(vtrn2q_u64(first, second));
	}
}

/* 2 v for v >= 0, -2 v - 1 for v < 0 */
INLINE uint16x8_t fold(uint16x8_t v)
{
	return veorq_u16(vaddq_u16(v, v), vreinterpretq_u16_s16(vshrq_n_s16(vreinterpretq_s16_u16(v), 15)));
}

/* The next events of a quarter of the lanes, the first of which is lane. */
INLINE void load_events(struct work *w, struct lanes *s, int lane, enum coder coder)
{
	uint16x8_t v[CHUNK];

	UNROLLED
	for (int i = 0; i < CHUNK; i++)
		v[i] = vld1q_u16((const uint16_t *)w->values[lane + i]);
	transpose(v);
	UNROLLED
	for (int i = 0; i < CHUNK; i++)
		vst1q_u16(w->value[i] + lane, of_rlgr3(coder) ? fold(v[i]) : v[i]);
	UNROLLED
	for (int i = 0; i < CHUNK; i++)
		v[i] = vld1q_u16(w->position[lane + i]);
	transpose(v);
	UNROLLED
	for (int i = 0; i < CHUNK; i++)
		vst1q_u16(w->zeros[i] + lane, vsubq_u16(vsubq_u16(v[i], i ? v[i - 1] : s->before), all16(1)));
	if (coder != RLGR3_PAIRS)
		s->before = v[steps_of(coder, 0) + steps_of(coder, 1) - 1];
}

/* An event of each lane and the one behind it: which lanes have them. */
struct event {
	uint16x8_t zeros, value, next_zeros, next;
	uint16x8_t active, follows;
};

INLINE struct event event_of(const struct work *w, const struct lanes *s, int lane, int k)
{
	return (struct event){
		.zeros = vld1q_u16(w->zeros[k] + lane),
		.value = vld1q_u16(w->value[k] + lane),
		.next_zeros = vld1q_u16(w->zeros[k + 1] + lane),
		.next = vld1q_u16(w->value[k + 1] + lane),
		.active = vcgtq_u16(s->left, all16(k)),
		.follows = vcgtq_u16(s->left, all16(k + 1)),
	};
}

/* Of step k of RLGR3_PAIRS: of those that work, each lane has used k to 2 * k events. */
INLINE struct event event_by_lane(const struct work *w, const struct lanes *s, int lane, int k)
{
	struct event event = event_of(w, s, lane, k);

	UNROLLED
	for (int i = k + 1; i <= 2 * k; i++) {
		uint16x8_t later = vcgtq_u16(s->used, all16(i - 1));

		event.zeros = vbslq_u16(later, vld1q_u16(w->zeros[i] + lane), event.zeros);
		event.value = vbslq_u16(later, vld1q_u16(w->value[i] + lane), event.value);
		event.next_zeros = vbslq_u16(later, vld1q_u16(w->zeros[i + 1] + lane), event.next_zeros);
		event.next = vbslq_u16(later, vld1q_u16(w->value[i + 1] + lane), event.next);
	}
	event.active = vcgtq_u16(s->left, s->used);
	event.follows = vcgtq_u16(s->left, vaddq_u16(s->used, all16(1)));
	return event;
}

/* ---- the state machine ---- */

/* The event of each lane in bits: rest_1 << length of the number, less inverse, then RLGR3's first value of a pair. */
struct code {
	uint16x8_t rest_1;		// the end of a run and the sign, plus 1
	uint16x8_t number_length;
	uint16x8_t inverse;
	uint16x8_t first_bits, first;
	uint16x8_t length;		// of all, with the zeros in front
};

/* zeros below KP_RUN: takes those that are coded as numbers out of zeros and returns the bits that they take. */
INLINE uint16x8_t free_zeros(const struct lanes *s, uint16x8_t *zeros, uint16x8_t *kp, uint16x8_t *krp, bool three)
{
	static const uint8_t free1[16] = { 3, 3, 2, 2, 2, 1, 1, 1 }, free3[16] = { 2, 2, 1, 1, 1, 1, 1, 1 };
	/* By 4 * n + krp / 2 % 4: how many of n zeros have a kr less than the first. */
	static const uint8_t less[16] = { [8] = 1, [12] = 2, [13] = 1 };
	uint16x8_t n = vminq_u16(three ? vshrq_n_u16(*zeros, 1) : *zeros, look_up(three ? free3 : free1, s->kp));
	uint16x8_t all = vmulq_u16(n, vshrq_n_u16(s->krp, 3));
	uint16x8_t index = vorrq_u16(vshlq_n_u16(n, 2), vandq_u16(vshrq_n_u16(s->krp, 1), all16(3)));

	*krp = vqsubq_u16(s->krp, vaddq_u16(n, n));
	*kp = vmlaq_n_u16(s->kp, n, three ? 6 : 3);
	*zeros = vsubq_u16(*zeros, three ? vaddq_u16(n, n) : n);
	return vaddq_u16(vqsubq_u16(all, look_up(less, index)), n);	// with kr 0 there is no less
}

/* What a run and its sign are in bits. */
struct run {
	uint16x8_t rest, length;	// 1 and what remains of the zeros; all bits with the sign
	uint16x8_t kp;			// after it
	uint16x8_t bits;		// of rest, less 1
};

/* u: see kg_put_run(), with its logarithm. */
INLINE struct run code_run(uint16x8_t u, uint16x8_t log, uint16x8_t kp)
{
	struct run run;
	uint16x8_t whole, steps;

	run.bits = vminq_u16(vsubq_u16(log, all16(1)), all16(10));
	whole = shift_right(u, run.bits);
	run.rest = vsubq_u16(u, shift_left(vsubq_u16(whole, all16(1)), run.bits));
	steps = vsubq_u16(vaddq_u16(vaddq_u16(run.bits, run.bits), whole), vaddq_u16(vshrq_n_u16(kp, 2), all16(2)));
	run.length = vaddq_u16(vaddq_u16(steps, run.bits), all16(2));
	run.kp = vminq_u16(vaddq_u16(kp, vshlq_n_u16(steps, 2)), all16(KG_KP_MAX));
	return run;
}

/* (2 + kp / 4 % 2) << kp / 8 */
INLINE uint16x8_t base_of(uint16x8_t kp)
{
	return shift_left(vorrq_u16(vandq_u16(vshrq_n_u16(kp, 2), all16(1)), all16(2)), vshrq_n_u16(kp, 3));
}

INLINE uint16x8_t logarithm(uint16x8_t v)
{
	return vsubq_u16(all16(15), vclzq_u16(v));
}

/* A Golomb-Rice code for number; what it does to krp. */
INLINE uint16x8_t code_number(struct code *code, uint16x8_t number, uint16x8_t krp, uint16x8_t active)
{
	uint16x8_t kr = vshrq_n_u16(krp, 3), ones = shift_right(number, kr);

	code->number_length = vandq_u16(vaddq_u16(vaddq_u16(ones, kr), all16(1)), active);
	code->inverse = vandq_u16(vsubq_u16(shift_left(vaddq_u16(ones, all16(2)), kr), number), active);
	krp = vqsubq_u16(vaddq_u16(krp, ones), vqsubq_u16(all16(2), ones));
	return vminq_u16(krp, all16(KG_KP_MAX));
}

INLINE uint16x8_t mark_long(uint16x8_t length, uint16x8_t used)
{
	return vorrq_u16(length, vandq_u16(vcgtq_u16(used, all16(CODE_MAX)), all16(TOO_LONG)));
}

/* The end of a run, the sign behind it and 1; 1 alone where there is no run. */
INLINE uint16x8_t rest_of(const struct run *run, uint16x8_t sign, uint16x8_t in_run)
{
	return vaddq_u16(vandq_u16(vorrq_u16(vaddq_u16(run->rest, run->rest), sign), in_run), all16(1));
}

INLINE struct code step1(struct lanes *s, const struct event *event)
{
	struct code code;
	uint16x8_t active = event->active, zeros = event->zeros, value = event->value, kp, krp;
	uint16x8_t free_length = free_zeros(s, &zeros, &kp, &krp, false), in_run = vcgtq_u16(kp, all16(KP_RUN - 1));
	uint16x8_t u = vaddq_u16(zeros, base_of(kp)), length;
	struct run run = code_run(u, logarithm(u), kp);
	uint16x8_t sign = vshrq_n_u16(value, 15), magnitude = vreinterpretq_u16_s16(vabsq_s16(vreinterpretq_s16_u16(value)));
	uint16x8_t number = vaddq_u16(magnitude, vorrq_u16(vsubq_u16(magnitude, sign), in_run));	// less 1, or folded

	krp = code_number(&code, number, krp, active);
	code.rest_1 = vandq_u16(rest_of(&run, sign, in_run), active);
	length = vaddq_u16(code.number_length, vandq_u16(run.length, in_run));
	length = mark_long(length, vaddq_u16(code.number_length, vandq_u16(run.bits, in_run)));
	code.length = vandq_u16(vaddq_u16(length, free_length), active);
	kp = vqsubq_u16(vbslq_u16(in_run, run.kp, kp), vbslq_u16(in_run, all16(6), all16(3)));
	s->kp = vbslq_u16(active, kp, s->kp);
	s->krp = vbslq_u16(active, krp, s->krp);
	return code;
}

INLINE struct code step3(struct lanes *s, const struct event *event, enum coder coder)
{
	struct code code;
	uint16x8_t none = vceqzq_u16(event->zeros), folded = event->value, kp, krp;
	uint16x8_t coded = vbicq_u16(event->active, vandq_u16(none, s->taken));
	uint16x8_t zeros = vaddq_u16(event->zeros, vbicq_u16(s->taken, none));
	uint16x8_t free_length = free_zeros(s, &zeros, &kp, &krp, true), in_run = vcgtq_u16(kp, all16(KP_RUN - 1));
	/* Not a run: 0 with this value, or this value with what follows it. */
	uint16x8_t first = vandq_u16(vbicq_u16(coded, in_run), vceqzq_u16(zeros));
	uint16x8_t second = vandq_u16(vandq_u16(first, event->follows), vceqzq_u16(event->next_zeros));
	uint16x8_t number = vaddq_u16(folded, vandq_u16(second, event->next));
	uint16x8_t u = vbslq_u16(in_run, vaddq_u16(zeros, base_of(kp)), number);	// of either, the logarithm is wanted
	uint16x8_t log = logarithm(u), bits = vaddq_u16(log, all16(1)), length;
	struct run run = code_run(u, log, kp);

	number = vbslq_u16(in_run, vshrq_n_u16(vsubq_u16(folded, all16(1)), 1), number);	// magnitude - 1
	krp = code_number(&code, number, krp, coded);
	code.rest_1 = vandq_u16(rest_of(&run, vandq_u16(folded, all16(1)), in_run), coded);
	code.first_bits = vandq_u16(vbicq_u16(bits, in_run), coded);
	code.first = vandq_u16(folded, first);
	length = vaddq_u16(code.number_length, vbslq_u16(in_run, run.length, bits));
	length = mark_long(length, vaddq_u16(code.number_length, vbslq_u16(in_run, run.bits, bits)));
	code.length = vandq_u16(vaddq_u16(length, free_length), coded);
	kp = vqsubq_u16(vbslq_u16(in_run, run.kp, kp), vandq_u16(vorrq_u16(in_run, second), all16(6)));
	s->kp = vbslq_u16(coded, kp, s->kp);
	s->krp = vbslq_u16(coded, krp, s->krp);
	s->taken = vbicq_u16(s->taken, event->active);
	if (coder == RLGR3_PAIRS) {
		s->taken = vorrq_u16(s->taken, vbicq_u16(first, second));
		s->before = vaddq_u16(s->before, vandq_u16(event->zeros, event->active));
		s->used = vsubq_u16(s->used, vaddq_u16(event->active, second));
	} else {
		s->taken = vorrq_u16(s->taken, first);
	}
	return code;
}

#define POWER_MAX 15		// of two in a lane

/* All zeros are runs, and the magnitude is unary: see codec/srl.h. */
INLINE struct code step_srl(struct lanes *s, const struct event *event)
{
	struct code code;
	uint16x8_t active = event->active, u = vaddq_u16(event->zeros, base_of(s->kp)), value = event->value;
	uint16x8_t length = vandq_u16(value, all16(KG_SRL_LENGTH)), one = all16(1);
	uint16x8_t ended = vandq_u16(vshrq_n_u16(value, KG_SRL_ENDED_SHIFT), one);
	struct run run = code_run(u, logarithm(u), s->kp);

	code.rest_1 = vandq_u16(rest_of(&run, vshrq_n_u16(value, 15), active), active);
	code.number_length = vandq_u16(length, active);
	code.inverse = vandq_u16(vsubq_u16(shift_left(one, length), ended), active);
	length = vorrq_u16(length, vandq_u16(vcgtq_u16(length, all16(POWER_MAX)), all16(TOO_LONG)));
	code.length = vandq_u16(vaddq_u16(run.length, length), active);
	s->kp = vbslq_u16(active, vqsubq_u16(run.kp, all16(6)), s->kp);
	return code;
}

/* ---- bits ---- */

/* The lengths of 8 lanes, for the lanes of a slot as 64-bit numbers. */
INLINE uint64x2_t of_slot(uint16x8_t length, int slot)
{
	const uint64x2_t mask = vdupq_n_u64(0xffff);
	uint64x2_t v = vreinterpretq_u64_u16(length);

	switch (slot) {
	case 0:
		return vandq_u64(v, mask);
	case 1:
		return vandq_u64(vshrq_n_u64(v, 32), mask);
	case 2:
		return vandq_u64(vshrq_n_u64(v, 16), mask);
	default:
		return vshrq_n_u64(v, 48);
	}
}

/* Lanes 0, 2, 4 and 6 as double words, and lanes 1, 3, 5 and 7. */
INLINE uint32x4_t evens(uint16x8_t v)
{
	return vandq_u32(vreinterpretq_u32_u16(v), vdupq_n_u32(0xffff));
}

INLINE uint32x4_t odds(uint16x8_t v)
{
	return vshrq_n_u32(vreinterpretq_u32_u16(v), 16);
}

/* Appends a code to each lane. */
INLINE void append(uint64x2_t acc[4], const struct code *code, bool three)
{
	uint32x4_t even = shift_left32(evens(code->rest_1), evens(code->number_length));
	uint32x4_t odd = shift_left32(odds(code->rest_1), odds(code->number_length));
	uint64x2_t codes[4];

	even = vsubq_u32(even, evens(code->inverse));
	odd = vsubq_u32(odd, odds(code->inverse));
	if (three) {
		even = vorrq_u32(shift_left32(even, evens(code->first_bits)), evens(code->first));
		odd = vorrq_u32(shift_left32(odd, odds(code->first_bits)), odds(code->first));
	}
	codes[0] = vandq_u64(vreinterpretq_u64_u32(even), vdupq_n_u64(0xffffffff));
	codes[1] = vshrq_n_u64(vreinterpretq_u64_u32(even), 32);
	codes[2] = vandq_u64(vreinterpretq_u64_u32(odd), vdupq_n_u64(0xffffffff));
	codes[3] = vshrq_n_u64(vreinterpretq_u64_u32(odd), 32);
	UNROLLED
	for (int slot = 0; slot < 4; slot++)
		acc[slot] = vorrq_u64(shift_left64(acc[slot], of_slot(code->length, slot)), codes[slot]);
}

/* Aligns the strings of a group and splits off what is whole. at: of the quarter in arrays of slots. */
INLINE void cut(struct lanes *s, struct strings *to, int at, uint16x8_t length)
{
	UNROLLED
	for (int slot = 0; slot < 4; slot++) {
		uint64x2_t count = vaddq_u64(s->count[slot], of_slot(length, slot));
		uint64x2_t bits = shift_left64(s->acc[slot], vsubq_u64(vdupq_n_u64(64), count));

		vst1q_u64(to->bytes[slot] + at, vreinterpretq_u64_u8(vrev64q_u8(vreinterpretq_u8_u64(bits))));
		vst1q_u64(to->whole[slot] + at, vshrq_n_u64(count, 3));
		s->count[slot] = vandq_u64(count, vdupq_n_u64(7));
	}
}

/* State to memory and back, for what is done by single lanes. */
static void spill_bits(struct work *w, const struct lanes *s, int quarter)
{
	for (int slot = 0; slot < 4; slot++) {
		vst1q_u64(w->acc[slot] + 2 * quarter, s->acc[slot]);
		vst1q_u64(w->count[slot] + 2 * quarter, s->count[slot]);
	}
	vst1q_u16(w->left + OF_QUARTER * quarter, s->left);
}

static void reload_bits(const struct work *w, struct lanes *s, int quarter)
{
	for (int slot = 0; slot < 4; slot++) {
		s->acc[slot] = vld1q_u64(w->acc[slot] + 2 * quarter);
		s->count[slot] = vld1q_u64(w->count[slot] + 2 * quarter);
	}
}

/* Lanes whose string does not fit. */
static __attribute__((noinline)) void long_strings(struct work *w, struct lanes *s, struct strings *strings, int quarter,
						   uint32_t lanes, int first, int steps, enum coder coder)
{
	bool changed = false;

	spill_bits(w, s, quarter);
	for (; lanes; lanes &= lanes - 1)
		changed |= code_long(w, strings, OF_QUARTER * quarter + __builtin_ctz(lanes), first, steps, coder);
	if (changed)
		reload_bits(w, s, quarter);
}

/* What is stored of a group before it, and after half of it. */
INLINE void keep_begin(struct strings *to, const struct lanes *s, int quarter, enum coder coder)
{
	int lane = OF_QUARTER * quarter;

	vst1q_u16(to->kp + lane, s->kp);
	vst1q_u16(to->krp + lane, s->krp);
	if (of_rlgr3(coder))
		vst1q_u16(to->taken + lane, s->taken);
	if (coder == RLGR3_PAIRS)
		vst1q_u16(to->used + lane, s->used);
	UNROLLED
	for (int slot = 0; slot < 4; slot++)
		vst1q_u64(to->begin[slot] + 2 * quarter, s->acc[slot]);
}

INLINE void keep_half(struct strings *to, const struct lanes *s, int quarter, uint16x8_t length)
{
	vst1q_u16(to->half_length + OF_QUARTER * quarter, length);
	UNROLLED
	for (int slot = 0; slot < 4; slot++)
		vst1q_u64(to->half[slot] + 2 * quarter, s->acc[slot]);
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
INLINE void code_group(struct work *w, struct lanes quarters[QUARTERS], const struct strings *from, struct strings *to, int first,
			    int steps, enum coder coder)
{
	uint16x8_t length[QUARTERS];

	for (int i = 0; i < QUARTERS; i++) {
		keep_begin(to, &quarters[i], i, coder);
		length[i] = all16(0);
	}
	UNROLLED_LONG
	for (int step = 0; step < steps; step++) {
		for (int i = 0; i < QUARTERS; i++) {
			struct lanes *s = &quarters[i];
			int lane = OF_QUARTER * i, k = first + step;
			struct event event = coder == RLGR3_PAIRS ? event_by_lane(w, s, lane, k) : event_of(w, s, lane, k);
			struct code code = code_event(s, &event, coder);

			append(s->acc, &code, of_rlgr3(coder));
			length[i] = vaddq_u16(length[i], code.length);
			if (step == (steps - 1) / 2)
				keep_half(to, s, i, length[i]);
		}
		store_strings(w, from, LANES * step / steps, LANES * (step + 1) / steps);
	}
	for (int i = 0; i < QUARTERS; i++) {
		uint32_t too_long = lane_bits(vcgtq_u16(length[i], all16(STRING_MAX)));

		vst1q_u16(to->length + OF_QUARTER * i, length[i]);
		cut(&quarters[i], to, 2 * i, length[i]);
		if (__builtin_expect(too_long != 0, 0))
			long_strings(w, &quarters[i], to, i, too_long, first, steps, coder);
	}
}

static void advance(struct work *w)
{
	for (int lane = 0; lane < LANES; lane++) {
		w->position[lane] += w->advance[lane] / sizeof(uint16_t);
		w->values[lane] += w->advance[lane] / sizeof(uint16_t);
	}
}

/* The same where each lane has used as many events as it could. */
static void advance_by_lane(struct work *w, const struct lanes quarters[QUARTERS])
{
	for (int i = 0; i < QUARTERS; i++)
		vst1q_u16(w->used + OF_QUARTER * i, quarters[i].used);
	for (int lane = 0; lane < LANES; lane++) {
		w->position[lane] += w->used[lane];
		w->values[lane] += w->used[lane];
	}
}

/* Returns the lanes whose list has ended. */
INLINE uint32_t code_chunk(struct work *w, struct lanes quarters[QUARTERS], enum coder coder)
{
	const int first = steps_of(coder, 0), second = steps_of(coder, 1);
	uint32_t done = 0;

	for (int i = 0; i < QUARTERS; i++) {
		quarters[i].used = all16(coder == RLGR3_PAIRS ? 0 : first + second);
		load_events(w, &quarters[i], OF_QUARTER * i, coder);
	}
	code_group(w, quarters, &w->strings[1], &w->strings[0], 0, first, coder);
	code_group(w, quarters, &w->strings[0], &w->strings[1], first, second, coder);
	if (coder == RLGR3_PAIRS)
		advance_by_lane(w, quarters);
	else
		advance(w);
	for (int i = 0; i < QUARTERS; i++) {
		struct lanes *s = &quarters[i];
		uint16x8_t left = vqsubq_u16(s->left, s->used);

		if (coder == RLGR3_PAIRS)
			s->before = vaddq_u16(s->before, s->used);
		done |= lane_bits(vbicq_u16(vceqzq_u16(left), vceqzq_u16(s->left))) << (OF_QUARTER * i);
		s->left = left;
	}
	return done;
}

/* ---- components ---- */

static void reload(const struct work *w, struct lanes *s, int quarter)
{
	int lane = OF_QUARTER * quarter;

	s->kp = vld1q_u16(w->kp + lane);
	s->krp = vld1q_u16(w->krp + lane);
	s->left = vld1q_u16(w->left + lane);
	s->before = vld1q_u16(w->before + lane);
	s->taken = vld1q_u16(w->taken + lane);
	reload_bits(w, s, quarter);
}

static __attribute__((noinline)) void change_lists(struct work *w, struct lanes quarters[QUARTERS], uint32_t done, enum coder coder)
{
	for (int i = 0; i < QUARTERS; i++) {
		const struct lanes *s = &quarters[i];
		int lane = OF_QUARTER * i;

		vst1q_u16(w->kp + lane, s->kp);
		vst1q_u16(w->krp + lane, s->krp);
		vst1q_u16(w->before + lane, s->before);
		vst1q_u16(w->taken + lane, s->taken);
		spill_bits(w, s, i);
	}
	lanes_change(w, done, coder);
	for (int i = 0; i < QUARTERS; i++)
		reload(w, &quarters[i], i);
}

/* How many lanes do not code runs. */
INLINE uint32_t count_pairs(const struct lanes quarters[QUARTERS])
{
	uint16x8_t sum = all16(0);

	UNROLLED
	for (int i = 0; i < QUARTERS; i++)
		sum = vsubq_u16(sum, vcltq_u16(quarters[i].kp, all16(KP_RUN)));
	return vaddvq_u16(sum);
}

INLINE void code_lists(struct kg_rfx_list *const *lists, uint32_t count, struct work *w, enum coder coder)
{
	struct lanes quarters[QUARTERS];

	lanes_begin(w, lists, count, coder);
	for (int i = 0; i < QUARTERS; i++)
		reload(w, &quarters[i], i);
	while (w->busy) {
		uint32_t done;

		if (coder == RLGR3 && 2 * count_pairs(quarters) > w->busy)
			done = code_chunk(w, quarters, RLGR3_PAIRS);
		else
			done = code_chunk(w, quarters, coder);
		if (done)
			change_lists(w, quarters, done, coder);
	}
}

KG_RFX_RLGR_FN(kg_rfx_rlgr1_neon)
{
	code_lists(lists, count, scratch, RLGR1);
}

KG_RFX_RLGR_FN(kg_rfx_rlgr3_neon)
{
	code_lists(lists, count, scratch, RLGR3);
}

KG_UPGRADE_SRL_FN(kg_upgrade_srl_neon)
{
	code_lists(lists, count, scratch, SRL);
}
