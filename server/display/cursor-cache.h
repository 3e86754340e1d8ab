/* Which pointer shapes the client's cache holds, and which slot a new one gets: the one not shown for longest. Pure. */
#pragma once

#include "base/base.h"

#define KG_CURSOR_SLOTS_MAX 64	// more are not worth looking through

struct kg_cursor_cache {
	uint32_t slots;				// that may be used
	uint64_t clock;				// counts choices
	struct {
		uint64_t key;			// of the shape, see kg_cursor_key()
		uint64_t shown;			// the clock then, 0: empty
	} slot[KG_CURSOR_SLOTS_MAX];
};

void kg_cursor_cache_init(struct kg_cursor_cache *cache, uint32_t slots);	// slots > 0; those beyond the maximum stay unused
void kg_cursor_cache_forget(struct kg_cursor_cache *cache);

/* Chooses the slot for a shape that is shown now. True when the client has it there already. */
bool kg_cursor_cache_choose(struct kg_cursor_cache *cache, uint64_t key, uint16_t *ret_slot);

/* A number for a shape, from its bytes, size and hot spot. */
uint64_t kg_cursor_key(const uint8_t *pixels, uint16_t width, uint16_t height, uint16_t hot_x, uint16_t hot_y);
