/*
 * RLGR and SRL in 32 lanes, what their variants share ([MS-RDPRFX] 3.1.8.1.7.3; codec/upgrade.h; codec/bits.h has the closed
 * form of runs). Each lane codes another component and takes the next one when it is done, at the end of a chunk of 8
 * events; an event is "zeros, then a value". Four events of a lane become one string of at most 57 bits, behind the up to 7
 * that wait for it, in a 64-bit lane of one of four vectors: lane l is element l / 4 of vector SLOT(l). Which bytes of it are
 * whole is known in the lanes too, so that all that is left to do for each lane alone is to store 8 bytes and to step on.
 * That is done while the next group is coded.
 * Outside of runs RLGR3 codes two values as one number, so that an event is looked at together with the one behind it. Where
 * most lanes do that, a chunk is coded in steps of their own (RLGR3_PAIRS): a lane whose step took two events has the third
 * next, and so each lane has its own place in the chunk.
 * Here is also what is done by single lanes: strings that are too long, and the change from a component to the next.
 */
#pragma once

#include "codec/srl.h"
#include "codec/unrolled.h"

enum {
	LANES = 32,
	CHUNK = 8,		// events that are loaded at once
	GROUP = 4,		// events of a string
	STRING_MAX = 57,	// bits of a string, so that with 7 that wait they fit 64
	CODE_MAX = 29,		// bits of an event, less 2, zeros in front not counted
	TOO_LONG = 1024,	// added to a length when the code does not fit; a multiple of 8
	KP_RUN = 8,		// from here on zeros are counted in runs
};

/* What the lanes code, and how a chunk of it; constant in each of the functions below. */
enum coder {
	RLGR1,		// two groups of four events
	RLGR3,		// the same, but the last event is only looked at; the second of a pair is passed over
	RLGR3_PAIRS,	// two groups of two steps, of one event or two
	SRL,		// as RLGR1
};

static inline bool of_rlgr3(enum coder coder)
{
	return coder == RLGR3 || coder == RLGR3_PAIRS;
}

INLINE int steps_of(enum coder coder, int group)
{
	if (coder == RLGR3_PAIRS)
		return 2;
	return coder == RLGR3 && group ? GROUP - 1 : GROUP;
}

/* The order in which 64-bit codes come out of 16-bit lanes. */
#define SLOT(lane) ((((lane) & 1) << 1) | ((lane) >> 1 & 1))

/* Strings at the end of a group, by slot. */
struct strings {
	uint64_t bytes[4][8];			// left-aligned, first byte lowest
	uint64_t whole[4][8];			// how many of them are complete
	uint64_t begin[4][8], half[4][8];	// what was shifted together before the group and after half of it
	uint16_t half_length[LANES], length[LANES];
	uint16_t kp[LANES], krp[LANES];		// before the group
	uint16_t taken[LANES];			// the same, RLGR3: the coefficient behind the last event went with it
	uint16_t used[LANES];			// the same, RLGR3_PAIRS: events of the chunk
};

/* All of it but what is in registers. */
struct work {
	struct strings strings[2];
	uint16_t zeros[CHUNK][LANES];
	uint16_t value[CHUNK][LANES];			// RLGR3: folded
	uint64_t acc[4][8], count[4][8];		// spilled, for what is done by single lanes
	uint16_t kp[LANES], krp[LANES], left[LANES], before[LANES], taken[LANES];
	uint8_t *at[LANES];
	const uint16_t *position[LANES];		// of the next event
	const int16_t *values[LANES];
	uint64_t advance[LANES];			// bytes that both step on by, 0 for idle lanes; not RLGR3_PAIRS
	uint16_t used[LANES];				// events of the chunk that RLGR3_PAIRS has coded
	struct kg_rfx_list *list[LANES];		// NULL: the lane is idle
	struct kg_rfx_list *const *lists;		// those that wait
	uint32_t waiting, busy;				// how many wait, and lanes that work
	uint8_t sink[64];				// of idle lanes
	uint16_t nothing[KG_RFX_LIST_SLACK];		// events of idle lanes
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct work) <= KG_RFX_SCRATCH, "the work of the lanes fits the scratch memory");

/* ---- one event of one lane ---- */

struct lane_state {
	uint32_t kp, krp;
	bool taken;
};

static inline void lane_number(struct kg_bits *bits, struct lane_state *state, uint32_t number)
{
	uint32_t kr = state->krp >> 3, ones = number >> kr;

	kg_put_same(bits, true, ones);
	kg_put(bits, number & ((1u << kr) - 1), kr + 1);
	if (!ones)
		state->krp = state->krp > 2 ? state->krp - 2 : 0;
	else if (ones > 1)
		state->krp = KG_MIN(state->krp + ones, KG_KP_MAX + 0u);
}

static inline uint32_t lane_fold(int value)
{
	return value < 0 ? (uint32_t)-value * 2 - 1 : (uint32_t)value * 2;
}

static inline int lane_unfold(uint32_t folded)
{
	return folded & 1 ? -(int)(folded / 2) - 1 : (int)(folded / 2);
}

/* A run of zeros and the value that ends it; kp >= KP_RUN. */
static inline void lane_run(struct kg_bits *bits, struct lane_state *state, uint32_t zeros, int value)
{
	state->kp = kg_put_run(bits, state->kp, zeros, value < 0);
	lane_number(bits, state, (uint32_t)(value < 0 ? -value : value) - 1);
}

static inline void lane_event1(struct kg_bits *bits, struct lane_state *state, uint32_t zeros, int value)
{
	for (; state->kp < KP_RUN && zeros; zeros--, state->kp += 3)
		lane_number(bits, state, 0);
	if (state->kp >= KP_RUN) {
		lane_run(bits, state, zeros, value);
	} else {
		lane_number(bits, state, lane_fold(value));
		state->kp = state->kp > 3 ? state->kp - 3 : 0;
	}
}

static inline void lane_pair(struct kg_bits *bits, struct lane_state *state, uint32_t first, uint32_t second)
{
	uint32_t sum = first + second;

	lane_number(bits, state, sum);
	if (!sum)
		state->kp += 6;
	else
		kg_put(bits, first, kg_floor_log2(sum) + 1);
	if (first && second)
		state->kp = state->kp > 6 ? state->kp - 6 : 0;
}

/* next: the value right behind this one, 0 when that is a zero or nothing. */
static inline void lane_event3(struct kg_bits *bits, struct lane_state *state, uint32_t zeros, int value, int next)
{
	if (state->taken) {
		state->taken = false;
		if (!zeros)
			return;
		zeros--;
	}
	for (; state->kp < KP_RUN && zeros >= 2; zeros -= 2)
		lane_pair(bits, state, 0, 0);
	if (state->kp >= KP_RUN) {
		lane_run(bits, state, zeros, value);
	} else if (zeros) {
		lane_pair(bits, state, 0, lane_fold(value));
	} else {
		lane_pair(bits, state, lane_fold(value), lane_fold(next));
		state->taken = true;
	}
}

static inline void lane_event_srl(struct kg_bits *bits, struct lane_state *state, uint32_t zeros, int value)
{
	state->kp = kg_put_run(bits, state->kp, zeros, value < 0);
	kg_put_unary(bits, value);
}

/* The zeros behind the last value, as if a 1 followed. */
static inline void lane_end(struct kg_bits *bits, struct lane_state *state, uint32_t zeros, enum coder coder)
{
	if (coder == RLGR1) {
		for (; state->kp < KP_RUN && zeros; zeros--, state->kp += 3)
			lane_number(bits, state, 0);
	} else {
		zeros -= state->taken && zeros;
		for (; state->kp < KP_RUN && zeros; zeros -= KG_MIN(zeros, 2u))
			lane_pair(bits, state, 0, 0);
	}
	if (zeros)
		lane_run(bits, state, zeros, 1);
}

/* ---- strings ---- */

/* What lanes first to end - 1 have for memory. */
INLINE void store_strings(struct work *w, const struct strings *strings, int first, int end)
{
	UNROLLED_LONG
	for (int lane = first; lane < end; lane++) {
		memcpy(w->at[lane], &strings->bytes[SLOT(lane)][lane / 4], 8);
		w->at[lane] += strings->whole[SLOT(lane)][lane / 4];
	}
}

/* A group whose string does not fit, but each half of it does: the first half goes to memory at once. */
static inline void code_halves(struct work *w, struct strings *strings, int lane)
{
	int slot = SLOT(lane), i = lane / 4;
	uint32_t length = strings->length[lane], half = strings->half_length[lane];
	uint32_t count = ((uint32_t)(w->count[slot][i] - length) & 7) + half;
	uint64_t bytes = __builtin_bswap64(strings->half[slot][i] << (-count & 63));

	memcpy(w->at[lane], &bytes, sizeof(bytes));
	w->at[lane] += count / 8;
	count = count % 8 + length - half;
	strings->bytes[slot][i] = __builtin_bswap64(w->acc[slot][i] << (-count & 63));
	strings->whole[slot][i] = count / 8;
}

/* One that has a code which does not fit either, by the scalar coder. k: its first event. */
static inline void code_events(struct work *w, struct strings *strings, int lane, int k, int steps, enum coder coder)
{
	int slot = SLOT(lane), i = lane / 4;
	uint32_t count = (uint32_t)(w->count[slot][i] - strings->length[lane]) & 7;
	struct kg_bits bits = { strings->begin[slot][i], count, w->at[lane] };
	struct lane_state state = { strings->kp[lane], strings->krp[lane], strings->taken[lane] };

	for (; steps && k < w->left[lane]; steps--, k++) {
		bool next = k + 1 < w->left[lane] && !w->zeros[k + 1][lane];
		uint32_t zeros = w->zeros[k][lane], value = w->value[k][lane];

		if (coder == SRL) {
			lane_event_srl(&bits, &state, zeros, (int16_t)value);
		} else if (coder == RLGR1) {
			lane_event1(&bits, &state, zeros, (int16_t)value);
		} else {
			lane_event3(&bits, &state, zeros, lane_unfold(value), next ? lane_unfold(w->value[k + 1][lane]) : 0);
			if (coder == RLGR3_PAIRS && next && state.taken) {
				state.taken = false;
				k++;
			}
		}
	}
	w->at[lane] = bits.at;
	w->acc[slot][i] = bits.bits;
	w->count[slot][i] = bits.waiting;
	strings->bytes[slot][i] = bits.bits << (8 - bits.waiting) & 0xff;
	strings->whole[slot][i] = 0;
}

/* The string of a lane that does not fit; all strings before have been stored, and acc, count and left are in memory.
 * Returns true when acc and count have changed. */
static inline bool code_long(struct work *w, struct strings *strings, int lane, int first, int steps, enum coder coder)
{
	uint32_t half = strings->half_length[lane];

	if (half <= STRING_MAX && strings->length[lane] - half <= STRING_MAX) {
		code_halves(w, strings, lane);
		return false;
	}
	code_events(w, strings, lane, coder == RLGR3_PAIRS ? strings->used[lane] : first, steps, coder);
	return true;
}

/* ---- components ---- */

/* What is behind the last event of a list. */
static inline void list_end(struct kg_rfx_list *list, struct kg_bits *bits, struct lane_state *state, enum coder coder)
{
	uint32_t next = list->count ? list->position[list->count - 1] + 1u : 0;

	if (coder == SRL) {
		list->size = kg_srl_end(bits, state->kp, list->position[list->count] - next, list->bytes);
	} else {
		lane_end(bits, state, KG_RFX_VALUES - next, coder);
		list->size = kg_bits_size(bits, list->bytes);
	}
}

/* A lane begins with the next list, or becomes idle. Lists without values are done here. */
static inline void lane_begin(struct work *w, int lane, enum coder coder)
{
	struct kg_rfx_list *list = NULL;

	while (w->waiting && !list) {
		list = *w->lists++;
		w->waiting--;
		if (!list->count) {
			struct kg_bits bits = { .at = list->bytes };

			list_end(list, &bits, &(struct lane_state){ KG_KP_START, KG_KP_START, false }, coder);
			list = NULL;
		}
	}
	w->list[lane] = list;
	w->at[lane] = list ? list->bytes : w->sink;
	w->position[lane] = list ? list->position : w->nothing;
	w->values[lane] = list ? list->value : (int16_t *)w->nothing;
	w->advance[lane] = list ? (coder == RLGR3 ? CHUNK - 1 : CHUNK) * sizeof(uint16_t) : 0;
	w->left[lane] = list ? (uint16_t)list->count : 0;
	w->kp[lane] = w->krp[lane] = KG_KP_START;
	w->before[lane] = 0xffff;
	w->taken[lane] = 0;
	w->count[SLOT(lane)][lane / 4] = 0;
	w->busy += list != NULL;
}

/* The list of a lane has no more events: its state and bits are in memory. */
static inline void lane_finish(struct work *w, int lane, enum coder coder)
{
	int slot = SLOT(lane), i = lane / 4;
	struct kg_rfx_list *list = w->list[lane];
	struct kg_bits bits = { w->acc[slot][i], (uint32_t)w->count[slot][i], w->at[lane] };
	struct lane_state state = { w->kp[lane], w->krp[lane], w->taken[lane] };

	list_end(list, &bits, &state, coder);
	w->busy--;
}

/* All lanes begin. */
static inline void lanes_begin(struct work *w, struct kg_rfx_list *const *lists, uint32_t count, enum coder coder)
{
	w->lists = lists;
	w->waiting = count;
	w->busy = 0;
	memset(w->nothing, 0, sizeof(w->nothing));
	memset(w->strings[1].whole, 0, sizeof(w->strings[1].whole));	// nothing to store yet
	memset(w->acc, 0, sizeof(w->acc));
	for (int lane = 0; lane < LANES; lane++)
		lane_begin(w, lane, coder);
}

/* Lanes whose list has ended take the next one; all states are in memory. done: a bit for each lane. */
static inline void lanes_change(struct work *w, uint32_t done, enum coder coder)
{
	struct strings *last = &w->strings[1];

	store_strings(w, last, 0, LANES);
	memset(last->whole, 0, sizeof(last->whole));
	for (; done; done &= done - 1) {
		int lane = __builtin_ctz(done);

		lane_finish(w, lane, coder);
		lane_begin(w, lane, coder);
	}
}
