/*
 * The model of a client's bitmap cache ([MS-RDPEGFX] 3.2.1.1, 3.3.1.4): which tiles it holds in which slot, by a keyed hash
 * of their pixels (codec/hash.h); the pixels are the client's alone. Its limits are those of the capabilities that were confirmed. The tile
 * not used for longest goes; never one that the frame in work has used, so that what a frame draws from the cache may come
 * before what it puts there. Pure; the caller owns the struct.
 */
#pragma once

#include "codec/hash.h"

/* 100 and 16 MB: a thousand thousands, which keeps the limit however a client reads it. */
#define KG_CACHE_BYTES 100000000u
#define KG_CACHE_BYTES_SMALL 16000000u
#define KG_CACHE_SLOTS 25600u
#define KG_CACHE_SLOTS_SMALL 4096u

struct kg_cache_entry;

struct kg_cache {
	uint32_t slots_max, bytes_max;	// 0: the client has none
	uint32_t slots;			// that were ever used: 1 to this
	uint32_t bytes;			// of what it holds
	uint32_t count;			// slots that hold something
	uint32_t frame;
	uint64_t added;			// tiles so far
	uint16_t newest, oldest;	// ends of the list by use; 0: empty
	uint16_t vacant;		// first of those that are free again
	struct kg_cache_entry *entries;	// by slot, slots_max + 1
	uint16_t *buckets;		// by key: first slot
};

/* What the confirmed version of the pipeline and its flags allow. -ENOMEM: there is none, and nothing is ever found. */
int kg_cache_init(struct kg_cache *cache, uint32_t version, uint32_t flags);
void kg_cache_done(struct kg_cache *cache);		// a zeroed one is fine

void kg_cache_begin_frame(struct kg_cache *cache);

/* The slot that holds this tile, which is then used by this frame, or 0. *ret_new: it was put there in this frame. */
uint16_t kg_cache_find(struct kg_cache *cache, const struct kg_hash *key, uint32_t width, uint32_t height,
		       bool *ret_new);

/*
 * To put a tile in: evict, each time the client is told, until there is room; then add. Where kg_cache_may_hold() is false
 * all that the cache holds is in use by this frame.
 */
bool kg_cache_may_hold(const struct kg_cache *cache, uint32_t width, uint32_t height);
uint16_t kg_cache_evict_for(struct kg_cache *cache, uint32_t width, uint32_t height);	// 0: there is room
uint16_t kg_cache_add(struct kg_cache *cache, const struct kg_hash *key, uint32_t width, uint32_t height);
