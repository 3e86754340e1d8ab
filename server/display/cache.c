/* The model of a client's bitmap cache. */
#include "server/display/cache.h"

#include "server/control/gfx-version.h"

#include <assert.h>

struct kg_cache_entry {
	struct kg_hash key;
	uint16_t width, height;		// 0: vacant
	uint16_t newer, older;		// neighbours in the list by use; older: the next vacant one
	uint16_t next;			// in its bucket
	uint32_t used, added;		// in which frame
};

/* Version 10.1 has no flags and a large cache, 10.3 no flag for it and a small one (2.2.3.6). */
static bool is_small(uint32_t version, uint32_t flags)
{
	if (version == KG_GFX_VERSION_101)
		return false;
	return version == KG_GFX_VERSION_103 || (flags & (KG_GFX_THIN_CLIENT | KG_GFX_SMALL_CACHE));
}

int kg_cache_init(struct kg_cache *cache, uint32_t version, uint32_t flags)
{
	bool small = is_small(version, flags);

	*cache = (struct kg_cache){
		.slots_max = small ? KG_CACHE_SLOTS_SMALL : KG_CACHE_SLOTS,
		.bytes_max = small ? KG_CACHE_BYTES_SMALL : KG_CACHE_BYTES,
	};
	cache->entries = calloc(cache->slots_max + 1, sizeof(*cache->entries));
	cache->buckets = calloc(cache->slots_max, sizeof(*cache->buckets));
	if (cache->entries && cache->buckets)
		return 0;
	kg_cache_done(cache);
	return -ENOMEM;
}

void kg_cache_done(struct kg_cache *cache)
{
	free(cache->entries);
	free(cache->buckets);
	*cache = (struct kg_cache){ 0 };
}

void kg_cache_begin_frame(struct kg_cache *cache)
{
	cache->frame++;
}

static uint32_t size_of(uint32_t width, uint32_t height)
{
	return width * height * 4;
}

static uint16_t *bucket_of(struct kg_cache *cache, const struct kg_hash *key)
{
	return &cache->buckets[key->half[0] % cache->slots_max];
}

/* ---- the list by use ---- */

static void take_out(struct kg_cache *cache, uint16_t slot)
{
	struct kg_cache_entry *entry = &cache->entries[slot];

	*(entry->newer ? &cache->entries[entry->newer].older : &cache->newest) = entry->older;
	*(entry->older ? &cache->entries[entry->older].newer : &cache->oldest) = entry->newer;
}

static void use(struct kg_cache *cache, uint16_t slot)
{
	struct kg_cache_entry *entry = &cache->entries[slot];

	entry->newer = 0;
	entry->older = cache->newest;
	*(cache->newest ? &cache->entries[cache->newest].newer : &cache->oldest) = slot;
	cache->newest = slot;
	entry->used = cache->frame;
}

/* ---- finding, evicting, adding ---- */

uint16_t kg_cache_find(struct kg_cache *cache, const struct kg_hash *key, uint32_t width, uint32_t height,
		       bool *ret_new)
{
	if (!cache->slots_max)
		return 0;
	for (uint16_t slot = *bucket_of(cache, key); slot; slot = cache->entries[slot].next) {
		const struct kg_cache_entry *entry = &cache->entries[slot];

		if (!kg_hash_equal(entry->key, *key) || entry->width != width ||
		    entry->height != height)
			continue;
		take_out(cache, slot);
		use(cache, slot);
		*ret_new = entry->added == cache->frame;
		return slot;
	}
	return 0;
}

static bool has_room(const struct kg_cache *cache, uint32_t size)
{
	return size <= cache->bytes_max - cache->bytes && (cache->vacant || cache->slots < cache->slots_max);
}

bool kg_cache_may_hold(const struct kg_cache *cache, uint32_t width, uint32_t height)
{
	uint32_t size = size_of(width, height), bytes = cache->bytes;

	if (!cache->slots_max || size > cache->bytes_max)
		return false;
	if (has_room(cache, size))
		return true;
	/* At the most as many go as fit into one tile: the list is walked for a few steps only. */
	for (uint16_t slot = cache->oldest; slot && cache->entries[slot].used != cache->frame;
	     slot = cache->entries[slot].newer) {
		bytes -= size_of(cache->entries[slot].width, cache->entries[slot].height);
		if (size <= cache->bytes_max - bytes)
			return true;
	}
	return false;
}

uint16_t kg_cache_evict_for(struct kg_cache *cache, uint32_t width, uint32_t height)
{
	uint16_t slot = cache->oldest, *link;
	struct kg_cache_entry *entry = &cache->entries[slot];

	if (has_room(cache, size_of(width, height)))
		return 0;
	assert(slot && entry->used != cache->frame);
	link = bucket_of(cache, &entry->key);
	while (*link != slot)
		link = &cache->entries[*link].next;
	*link = entry->next;
	take_out(cache, slot);
	cache->bytes -= size_of(entry->width, entry->height);
	cache->count--;
	*entry = (struct kg_cache_entry){ .older = cache->vacant };
	cache->vacant = slot;
	return slot;
}

uint16_t kg_cache_add(struct kg_cache *cache, const struct kg_hash *key, uint32_t width, uint32_t height)
{
	struct kg_cache_entry *entry;
	uint16_t slot = cache->vacant;

	assert(has_room(cache, size_of(width, height)));
	if (slot)
		cache->vacant = cache->entries[slot].older;
	else
		slot = (uint16_t)++cache->slots;
	entry = &cache->entries[slot];
	*entry = (struct kg_cache_entry){
		.key = *key,
		.width = (uint16_t)width,
		.height = (uint16_t)height,
		.next = *bucket_of(cache, key),
		.added = cache->frame,
	};
	*bucket_of(cache, key) = slot;
	use(cache, slot);
	cache->bytes += size_of(width, height);
	cache->count++;
	cache->added++;
	return slot;
}
