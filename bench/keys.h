/*
 * From a key to its picture: presses a key now and then and waits for the key code (bench/workload/timecode.h) to count
 * one more. Moments are spread by chance, so that they meet every part of a frame's interval. Pure but for the key
 * itself.
 */
#pragma once

#include "bench/stats.h"
#include "bench/workload/timecode.h"

struct kg_keys {
	uint64_t seed;			// of the moments
	bool seen;			// a key code, at all
	uint16_t count;			// the last one seen
	bool waiting;
	uint64_t pressed_us;		// the key that is waited for
	uint64_t next_us;		// when to press the next, or to give this one up
	uint32_t presses, lost;
	struct kg_samples photon_ms;	// pressed to shown
	struct kg_samples arrive_ms;	// pressed to received by the desktop
};

void kg_keys_done(struct kg_keys *keys);

/* To be called now and then, and at next_us at the latest. True: press the key now. */
bool kg_keys_due(struct kg_keys *keys, uint64_t now_us);

/* A key code was shown. Returns 0 or -ENOMEM. */
int kg_keys_shown(struct kg_keys *keys, const struct kg_keycode *code, uint64_t at_us);
