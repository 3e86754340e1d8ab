/*
 * Which frame a player shows when: at a fixed rate, at the times of a recording, or one after the other as fast as they are
 * taken; once or again and again. Pure: the time is an argument.
 */
#pragma once

#include "base/base.h"

struct kg_pace {
	uint32_t fps;			// 0: times_us
	const uint64_t *times_us;	// when each frame of a pass is due, from the pass's begin, rising; the first is 0
	uint64_t pass_us;		// with times_us: how long a pass takes, more than the last time
	uint32_t frames;		// of a pass, at least 1
	bool once;			// stands still at the end of the first pass, else the numbers go on and passes follow
	bool taken;			// the next as soon as it is wanted; of the rest only frames and once matter
	uint64_t begun_us;		// when number 0 is due, or would have been: modulo 2^64
};

/* The frame that is due at now_us. shown: the last that was shown, or -1; what is due is never before it. */
uint32_t kg_pace_number(const struct kg_pace *pace, int64_t shown, uint64_t now_us);

/* When a frame is due, which may be a wrapped time before 0; UINT64_MAX: never. As fast as taken: 0. */
uint64_t kg_pace_due_us(const struct kg_pace *pace, uint64_t number);
