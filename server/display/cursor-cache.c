/* The client's cache of pointer shapes. */
#include "server/display/cursor-cache.h"

#include <assert.h>

void kg_cursor_cache_init(struct kg_cursor_cache *cache, uint32_t slots)
{
	assert(slots > 0);
	*cache = (struct kg_cursor_cache){ .slots = KG_MIN(slots, (uint32_t)KG_CURSOR_SLOTS_MAX) };
}

void kg_cursor_cache_forget(struct kg_cursor_cache *cache)
{
	memset(cache->slot, 0, sizeof(cache->slot));
}

bool kg_cursor_cache_choose(struct kg_cursor_cache *cache, uint64_t key, uint16_t *ret_slot)
{
	uint32_t oldest = 0;
	bool found = false;

	for (uint32_t i = 0; i < cache->slots; i++) {
		if (cache->slot[i].shown && cache->slot[i].key == key) {
			oldest = i;
			found = true;
			break;
		}
		if (cache->slot[i].shown < cache->slot[oldest].shown)
			oldest = i;
	}
	cache->slot[oldest].key = key;
	cache->slot[oldest].shown = ++cache->clock;
	*ret_slot = (uint16_t)oldest;
	return found;
}

/* FNV-1a over 64 bits. A guest that makes two shapes collide gets a wrong pointer on its own desktop, nothing else. */
static uint64_t hash(uint64_t h, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++)
		h = (h ^ at[i]) * 0x100000001b3u;
	return h;
}

uint64_t kg_cursor_key(const uint8_t *pixels, uint16_t width, uint16_t height, uint16_t hot_x, uint16_t hot_y)
{
	const uint16_t numbers[] = { width, height, hot_x, hot_y };

	return hash(hash(0xcbf29ce484222325u, numbers, sizeof(numbers)), pixels, (size_t)width * height * 4);
}
