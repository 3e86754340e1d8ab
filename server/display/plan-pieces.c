/* The pieces of a plan. */
#include "server/display/bitmap-writer.h"
#include "server/display/gfx-writer.h"
#include "server/display/plan-impl.h"

#include <assert.h>

/* ---- head and tail ---- */

_Static_assert(KG_PLAN_END_SIZE >= KG_GFX_FILL_SIZE && KG_PLAN_END_SIZE >= KG_GFX_TO_CACHE_SIZE &&
		       KG_PLAN_END_SIZE >= KG_GFX_FROM_CACHE_SIZE,
	       "one of these is what a tile adds to an end");

void kg_plan_put_copies(const struct kg_plan *plan, struct kg_plan_ends *ends)
{
	for (uint32_t i = 0; i < plan->copy_count; i++) {
		struct kg_rect to = kg_copy_to(&plan->copies[i]);

		kg_gfx_copy(&ends->head, plan->surface, plan->copies[i].from, to.left, to.top);
	}
}

void kg_plan_flush_fill(const struct kg_plan *plan, struct kg_plan_ends *ends)
{
	if (!kg_rect_empty(ends->fill))
		kg_gfx_solid_fill(&ends->head, plan->surface, ends->fill_colour, ends->fill);
	ends->fill = (struct kg_rect){ 0 };
}

/* Tiles of one colour side by side in a row become one fill. */
void kg_plan_put_fill(const struct kg_plan *plan, struct kg_plan_ends *ends, struct kg_rect rect)
{
	uint32_t colour;

	memcpy(&colour, kg_mirror_at(plan->mirror, rect), sizeof(colour));
	colour |= 0xff000000;
	if (!kg_rect_empty(ends->fill) && ends->fill_colour == colour && ends->fill.right == rect.left &&
	    ends->fill.top == rect.top) {
		ends->fill.right = rect.right;
		return;
	}
	kg_plan_flush_fill(plan, ends);
	ends->fill = rect;
	ends->fill_colour = colour;
}

/* fresh: the tile went into the cache in this frame, behind all pictures. */
void kg_plan_put_hit(const struct kg_plan *plan, struct kg_plan_ends *ends, uint16_t slot, struct kg_rect rect, bool fresh)
{
	kg_gfx_from_cache(fresh ? &ends->tail : &ends->head, plan->surface, slot, rect.left, rect.top);
}

void kg_plan_put_eviction(struct kg_plan_ends *ends, uint16_t slot)
{
	kg_gfx_evict(&ends->tail, slot);
}

/* The hash stays here (see codec/hash.h): clients are told a number that nothing else had. */
void kg_plan_put_store(const struct kg_plan *plan, struct kg_plan_ends *ends, uint16_t slot, struct kg_rect rect)
{
	kg_gfx_to_cache(&ends->tail, plan->surface, plan->cache->added, slot, rect);
}

/* ---- planar: a row of tiles ---- */

void kg_plan_put_planar(const struct kg_plan *plan, struct kg_writer *writer, struct kg_rect rect, void *scratch)
{
	const struct kg_image image = kg_mirror_image(plan->mirror, rect);
	struct kg_writer head = *writer;
	size_t size;

	kg_write_space(writer, KG_GFX_PICTURE_SIZE);
	size = kg_planar_encode(plan->dsp, &image, 0, writer->at, kg_writer_room(writer), scratch);
	assert(size);
	kg_write_space(writer, size);
	kg_gfx_picture(&head, plan->surface, KG_GFX_PLANAR, rect, (uint32_t)size);
}

size_t kg_plan_planar_bound(const struct kg_plan *plan)
{
	return plan->graphics ? KG_GFX_PICTURE_SIZE + kg_planar_bound(KG_TILE, KG_TILE, 0) : kg_bitmap_bound();
}

void kg_plan_fail(struct kg_plan *plan)
{
	__atomic_store_n(&plan->failed, true, __ATOMIC_RELAXED);
}

bool kg_plan_provide(struct kg_plan *plan, struct kg_plan_part *part, size_t room)
{
	/* Room for the worst case; what no piece is written to never becomes memory. */
	part->bytes = malloc(room);
	part->room = room;
	if (!part->bytes)
		kg_plan_fail(plan);
	return part->bytes;
}

void kg_plan_write_planar(struct kg_plan *plan, const struct kg_plan_work *work, struct kg_plan_part *part, void *scratch)
{
	const struct kg_mirror *mirror = plan->mirror;
	struct kg_writer writer;

	if (!kg_plan_provide(plan, part, work->tiles * kg_plan_planar_bound(plan)))
		return;
	writer = kg_writer_of(part->bytes, part->room);
	for (uint32_t column = 0; column < mirror->columns; column++) {
		const struct kg_plan_tile *tile = &plan->tiles[(size_t)work->first * mirror->columns + column];
		struct kg_rect whole = kg_mirror_tile(mirror, column, work->first);

		if (tile->way != KG_WAY_PLANAR)
			continue;
		if (plan->graphics)
			kg_plan_put_planar(plan, &writer, tile->rect, scratch);
		else
			kg_bitmap_write(&writer, plan->dsp, kg_mirror_at(mirror, whole), mirror->stride, whole, scratch);
	}
	assert(kg_writer_ok(&writer));
	part->size = kg_writer_size(&writer);
}

size_t kg_plan_scratch(void)
{
	return KG_MAX(kg_planar_scratch(KG_TILE, KG_TILE), kg_plan_lossy_scratch());
}
