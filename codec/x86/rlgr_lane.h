/*
 * What the variants of RLGR share: the state of a component between two chunks of events, and the way of events whose
 * codes do not fit the lanes, one bit string at a time ([MS-RDPRFX] 3.1.8.1.7.3).
 *
 * An event is "zeros zeros, then value". The loop over runs has a closed form: with i = kp / 4, base(i) = (2 + i % 2) << i / 2,
 * u = zeros + base(i) and j = min(floor(log2 u) - 1, 10), the run is n = 2 j + (u >> j) - 2 - i full steps (a zero bit each),
 * then the terminator and the remainder, which together are the j + 1 low bits of u - (((u >> j) - 1) << j).
 */
#pragma once

#include "base/base.h"

enum {
	KP_MAX = 80,
	KP_RUN = 8,		// from here on zeros are counted in runs
	LANE_START = 8,		// kp and krp at first
};

/* Bits on their way to memory: the low count (0 to 7) of acc are not yet whole bytes. At each put 8 bytes are written. */
struct lane_bits {
	uint64_t acc;
	uint32_t count;
	uint8_t *at;
};

struct lane_state {
	uint32_t kp, krp;
	uint32_t taken;		// RLGR3: the coefficient after the last event went with it
};

/* n <= 56; bits above n in value are 0. */
static inline __attribute__((always_inline)) void lane_put(struct lane_bits *bits, uint64_t value, uint32_t n)
{
	uint64_t out;

	bits->acc = bits->acc << n | value;
	bits->count += n;
	out = __builtin_bswap64(bits->acc << (-bits->count & 63));
	memcpy(bits->at, &out, sizeof(out));
	bits->at += bits->count >> 3;
	bits->count &= 7;
}

static inline uint32_t lane_step(uint32_t krp, uint32_t unary)
{
	if (!unary)
		return krp > 2 ? krp - 2 : 0;
	return unary == 1 ? krp : KG_MIN(krp + unary, KP_MAX + 0u);
}

static inline void lane_golomb(struct lane_bits *bits, struct lane_state *state, uint32_t code)
{
	uint32_t kr = state->krp >> 3, unary = code >> kr, left = unary;

	for (; left >= 30; left -= 30)
		lane_put(bits, (1u << 30) - 1, 30);
	lane_put(bits, ((2ull << left) - 2) << kr | (code & ((1u << kr) - 1)), left + 1 + kr);
	state->krp = lane_step(state->krp, unary);
}

/* A run of zeros and the value that ends it; kp >= KP_RUN. */
static inline void lane_run(struct lane_bits *bits, struct lane_state *state, uint32_t zeros, int value)
{
	uint32_t i = state->kp >> 2, u = zeros + ((2 + (i & 1)) << (i >> 1));
	uint32_t j = KG_MIN(30u - (uint32_t)__builtin_clz(u), 10u), n = 2 * j + (u >> j) - 2 - i;

	lane_put(bits, (uint64_t)(u - (((u >> j) - 1) << j)) << 1 | (value < 0), n + j + 2);
	lane_golomb(bits, state, (uint32_t)(value < 0 ? -value : value) - 1);
	state->kp = KG_MIN(state->kp + 4 * n, KP_MAX + 0u) - 6;
}

static inline uint32_t lane_fold(int value)
{
	return value < 0 ? (uint32_t)-value * 2 - 1 : (uint32_t)value * 2;
}

static inline void lane_event1(struct lane_bits *bits, struct lane_state *state, uint32_t zeros, int value)
{
	for (; state->kp < KP_RUN && zeros; zeros--, state->kp += 3)
		lane_golomb(bits, state, 0);
	if (state->kp >= KP_RUN)
		return lane_run(bits, state, zeros, value);
	lane_golomb(bits, state, lane_fold(value));
	state->kp = state->kp > 3 ? state->kp - 3 : 0;
}

static inline void lane_pair(struct lane_bits *bits, struct lane_state *state, uint32_t first, uint32_t second)
{
	uint32_t sum = first + second;

	lane_golomb(bits, state, sum);
	if (sum)
		lane_put(bits, first, 32u - (uint32_t)__builtin_clz(sum));
	if (!sum)
		state->kp += 6;
	else if (first && second)
		state->kp = state->kp > 6 ? state->kp - 6 : 0;
}

/* next: the value right behind this one, 0 when that is a zero or nothing. */
static inline void lane_event3(struct lane_bits *bits, struct lane_state *state, uint32_t zeros, int value, int next)
{
	if (state->taken) {
		state->taken = 0;
		if (!zeros)
			return;
		zeros--;
	}
	for (; state->kp < KP_RUN && zeros >= 2; zeros -= 2)
		lane_pair(bits, state, 0, 0);
	if (state->kp >= KP_RUN)
		return lane_run(bits, state, zeros, value);
	if (zeros)
		return lane_pair(bits, state, 0, lane_fold(value));
	lane_pair(bits, state, lane_fold(value), lane_fold(next));
	state->taken = 1;
}

/* The zeros behind the last value. They end as if a 1 followed. */
static inline void lane_end(struct lane_bits *bits, struct lane_state *state, uint32_t zeros, bool three)
{
	if (three && state->taken && zeros)
		zeros--;
	if (!three)
		for (; state->kp < KP_RUN && zeros; zeros--, state->kp += 3)
			lane_golomb(bits, state, 0);
	else
		for (; state->kp < KP_RUN && zeros; zeros -= KG_MIN(zeros, 2u))
			lane_pair(bits, state, 0, 0);
	if (zeros)
		lane_run(bits, state, zeros, 1);
	if (bits->count)
		bits->at++;
}
