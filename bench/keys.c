/* Keys and their pictures. */
#include "bench/keys.h"

#define INTERVAL_US 250000		// between keys, and as much again by chance
#define PATIENCE_US 2000000

static uint64_t chance(struct kg_keys *keys, uint64_t below)
{
	keys->seed = keys->seed * 6364136223846793005u + 1442695040888963407u;
	return (keys->seed >> 33) % below;
}

void kg_keys_done(struct kg_keys *keys)
{
	kg_samples_done(&keys->photon_ms);
	kg_samples_done(&keys->arrive_ms);
}

bool kg_keys_due(struct kg_keys *keys, uint64_t now_us)
{
	if (!keys->seen || now_us < keys->next_us)
		return false;
	keys->lost += keys->waiting;
	keys->presses++;
	keys->waiting = true;
	keys->pressed_us = now_us;
	keys->next_us = now_us + PATIENCE_US;
	return true;
}

int kg_keys_shown(struct kg_keys *keys, const struct kg_keycode *code, uint64_t at_us)
{
	bool new = keys->seen && code->count != keys->count;
	int r = 0;

	keys->seen = true;
	keys->count = code->count;
	if (!new || !keys->waiting)
		return 0;
	keys->waiting = false;
	keys->next_us = at_us + INTERVAL_US + chance(keys, INTERVAL_US);
	r = kg_samples_add(&keys->photon_ms, ((double)at_us - (double)keys->pressed_us) / 1000);
	if (r < 0)
		return r;
	return kg_samples_add(&keys->arrive_ms, ((double)code->pressed_us - (double)keys->pressed_us) / 1000);
}
