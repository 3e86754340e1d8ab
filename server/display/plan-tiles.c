/* What has become of each tile, and which way it is sent. */
#include "server/display/plan-impl.h"

/* ---- looking: any thread, a row of tiles each ---- */

static void look_at(struct kg_plan *plan, uint32_t column, uint32_t row)
{
	struct kg_mirror *mirror = plan->mirror;
	size_t i = (size_t)row * mirror->columns + column;
	struct kg_plan_tile *tile = &plan->tiles[i];
	struct kg_rect rect = kg_mirror_tile(mirror, column, row);
	const struct kg_image image = {
		.pixels = kg_image_at(&plan->image, (uint32_t)rect.left, (uint32_t)rect.top),
		.width = kg_rect_width(rect),
		.height = kg_rect_height(rect),
		.stride = plan->image.stride,
	};
	const struct kg_image snapshot = kg_mirror_image(mirror, rect);
	struct kg_damage damage;

	tile->changed = kg_damage_update(plan->dsp, &image, kg_mirror_at(mirror, rect), mirror->stride, &damage);
	if (!tile->changed && mirror->states[i] != KG_TILE_UNKNOWN && !plan->due[i])
		return;
	tile->rect = rect;
	if (!tile->changed) {	// its class may be that of what lay here before something moved
		tile->class = kg_tile_flat(plan->dsp, &snapshot) ? (uint8_t)KG_CLASS_FLAT
								 : KG_MAX(plan->classes[i].class, (uint8_t)KG_CLASS_TEXT);
	} else {
		tile->class = kg_classify(plan->dsp, &plan->classes[i], &snapshot, damage, (uint32_t)plan->now_ms);
		/* A tile that the client has exactly is sent where it changed, any other one whole. */
		if (mirror->states[i] == KG_TILE_EXACT)
			tile->rect = kg_rect_moved(kg_damage_rect(damage), rect.left, rect.top);
	}
	if (plan->cache && tile->class != KG_CLASS_FLAT)
		tile->hash = kg_hash_tile(plan->dsp, plan->hash_key, &snapshot);
	tile->way = KG_WAY_PLANAR;	// to be chosen
}

void kg_plan_look(struct kg_plan *plan, uint32_t row)
{
	for (uint32_t column = 0; column < plan->mirror->columns; column++) {
		size_t i = (size_t)row * plan->mirror->columns + column;

		plan->tiles[i].way = KG_WAY_KEEP;
		if (plan->touched[i])
			look_at(plan, column, row);
	}
}

/* ---- choosing: one thread ---- */

/* A change so small, of a tile that the client has exactly, is sent exactly at once. Pixels. */
#define SMALL_CHANGE 256

/* The one rule. state: of the tile in the mirror; slot: of the cache, that has the tile, or 0. */
static enum kg_way way_of(const struct kg_plan *plan, const struct kg_plan_tile *tile, enum kg_tile_state state, uint16_t slot)
{
	uint32_t area = kg_rect_width(tile->rect) * kg_rect_height(tile->rect);
	bool text = tile->class == KG_CLASS_FLAT || tile->class == KG_CLASS_TEXT;
	bool refined = state == KG_TILE_LOSSY && !tile->changed;
	bool small = state == KG_TILE_EXACT && area <= SMALL_CHANGE;

	if (plan->graphics && tile->class == KG_CLASS_FLAT)
		return KG_WAY_FILL;
	if (slot)
		return KG_WAY_CACHED;
	if (plan->clear && (text || small))
		return KG_WAY_CLEAR;
	if (text || small || refined || plan->lossy == KG_LOSSY_NONE)
		return KG_WAY_PLANAR;
	return KG_WAY_LOSSY;
}

/* What is sent exactly now can be drawn from the client's cache when it comes again. */
static void store(struct kg_plan *plan, struct kg_plan_ends *ends, struct kg_plan_tile *tile, struct kg_rect whole)
{
	uint32_t width = kg_rect_width(whole), height = kg_rect_height(whole);
	uint16_t slot;

	if (!kg_cache_may_hold(plan->cache, width, height))
		return;
	while ((slot = kg_cache_evict_for(plan->cache, width, height)))
		kg_plan_put_eviction(ends, slot);
	slot = kg_cache_add(plan->cache, &tile->hash, width, height);
	kg_plan_put_store(plan, ends, slot, whole);
}

static void choose(struct kg_plan *plan, struct kg_plan_ends *ends, size_t i)
{
	struct kg_mirror *mirror = plan->mirror;
	struct kg_plan_tile *tile = &plan->tiles[i];
	struct kg_rect whole = kg_mirror_tile(mirror, (uint32_t)(i % mirror->columns), (uint32_t)(i / mirror->columns));
	bool cacheable = plan->cache && tile->class != KG_CLASS_FLAT, fresh = false;
	uint16_t slot = 0;

	if (cacheable)
		slot = kg_cache_find(plan->cache, &tile->hash, kg_rect_width(whole), kg_rect_height(whole), &fresh);
	tile->way = (uint8_t)way_of(plan, tile, mirror->states[i], slot);
	switch (tile->way) {
	case KG_WAY_FILL:
		kg_plan_put_fill(plan, ends, whole);
		break;
	case KG_WAY_CACHED:
		kg_plan_put_hit(plan, ends, slot, whole, fresh);
		break;
	case KG_WAY_LOSSY:
		break;
	default:
		if (cacheable)
			store(plan, ends, tile, whole);
	}
	/* From here on the client counts as having it: pieces are never dropped while it shows them. */
	kg_mirror_sent(mirror, i, tile->way == KG_WAY_LOSSY ? KG_TILE_LOSSY : KG_TILE_EXACT, plan->now_ms);
}

void kg_plan_choose(struct kg_plan *plan, struct kg_plan_ends *ends)
{
	kg_plan_put_copies(plan, ends);
	if (plan->cache)
		kg_cache_begin_frame(plan->cache);
	for (size_t i = 0; i < plan->tile_count; i++) {
		if (!plan->touched[i])
			plan->tiles[i].way = KG_WAY_KEEP;
		else if (plan->tiles[i].way != KG_WAY_KEEP)
			choose(plan, ends, i);
	}
	kg_plan_flush_fill(plan, ends);
}
