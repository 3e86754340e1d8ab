/*
 * Pictures, by RemoteFX: batches of tiles in order, each a message of its own, so that threads need not wait for each other.
 * A tile that it cannot code well, or not at all, follows exactly by planar.
 */
#include "server/display/gfx-writer.h"
#include "server/display/plan-impl.h"

#include <assert.h>

/*
 * Of the steps tried between the usual ones (KG_RFX_QUANT_DEFAULT, 32 dB for the hardest tiles) and the finest these cost
 * least for 38 dB in every tile, noise too: a 1080p frame of terrain takes 701 KB, with the usual ones 467, with the finest
 * 1087.
 */
static const struct kg_rfx_quant quant = { { 7, 7, 7, 7, 7, 7, 7, 7, 7, 6 } };

void kg_plan_ladder_init(struct kg_progressive_ladder *ladder)
{
	const struct kg_rfx_quant quants[3] = { quant, quant, quant };
	int r = kg_progressive_ladder_init(ladder, quants, NULL, 0);

	assert(r == 0);
}

void kg_plan_find_lossy(struct kg_plan *plan)
{
	plan->lossy_count = 0;
	for (uint32_t i = 0; i < plan->tile_count; i++) {
		if (plan->tiles[i].way == KG_WAY_LOSSY)
			plan->lossy_tiles[plan->lossy_count++] = i;
	}
	plan->has_context = plan->has_context || (plan->lossy_count && plan->lossy == KG_LOSSY_PROGRESSIVE);
}

static struct kg_rect rect_of(const struct kg_plan *plan, uint32_t i)
{
	return kg_mirror_tile(plan->mirror, i % plan->mirror->columns, i / plan->mirror->columns);
}

/* A row of tiles that lies right below the one before, and is as wide, becomes a part of it. */
static uint32_t join_last(struct kg_rect *rects, uint32_t n)
{
	struct kg_rect *last = &rects[n - 1], *before = last - 1;

	if (n < 2 || last->left != before->left || last->right != before->right || last->top != before->bottom)
		return n;
	before->bottom = last->bottom;
	return n - 1;
}

/* The pixels of tiles that lie in order, as rectangles: tiles side by side, and such rows one below the other. */
static uint32_t find_rects(const struct kg_plan *plan, const uint32_t *tiles, uint32_t count, struct kg_rect *rects)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct kg_rect rect = rect_of(plan, tiles[i]);

		if (n && rects[n - 1].top == rect.top && rects[n - 1].right == rect.left) {
			rects[n - 1].right = rect.right;
			continue;
		}
		n = n ? join_last(rects, n) : 0;
		rects[n++] = rect;
	}
	return join_last(rects, n);
}

static void fill_tile(const struct kg_plan *plan, uint32_t i, struct kg_progressive_tile *tile)
{
	struct kg_rect rect = rect_of(plan, i);

	*tile = (struct kg_progressive_tile){
		.pixels = kg_mirror_at(plan->mirror, rect),
		.stride = plan->mirror->stride,
		.width = kg_rect_width(rect),
		.height = kg_rect_height(rect),
		.x = (uint16_t)(rect.left / KG_TILE),
		.y = (uint16_t)(rect.top / KG_TILE),
		.from = KG_PROGRESSIVE_NEW,
		.to = (uint8_t)plan->ladder->count,
	};
}

/* Around the blocks of a region: beside the head of the message more than its rectangles and quantisers take. */
#define REGION_SIZE(rects) (KG_GFX_CONTEXT_PICTURE_SIZE + 256 + 8 * (size_t)(rects))

static void put_region(const struct kg_plan *plan, struct kg_writer *writer, const struct kg_writer *blocks,
		       const uint32_t *tiles, uint32_t count)
{
	struct kg_rect rects[KG_PLAN_BATCH];
	uint32_t rect_count = find_rects(plan, tiles, count, rects);
	struct kg_progressive region;
	struct kg_writer head = *writer;
	size_t start;
	int r;

	kg_write_space(writer, KG_GFX_CONTEXT_PICTURE_SIZE);
	start = kg_writer_size(writer);
	kg_progressive_begin(&region, writer, plan->ladder, KG_RFX_EXTRAPOLATE, true, plan->number, rects, rect_count);
	kg_progressive_add(&region, blocks->start, kg_writer_size(blocks), count);
	r = kg_progressive_end(&region);
	assert(r == 0);
	kg_gfx_context_picture(&head, plan->surface, KG_PLAN_CONTEXT, (uint32_t)(kg_writer_size(writer) - start));
}

void kg_plan_write_lossy(struct kg_plan *plan, const struct kg_plan_work *work, struct kg_plan_part *part, void *scratch)
{
	const uint32_t *numbers = plan->lossy_tiles + work->first;
	struct kg_progressive_tile tiles[KG_PLAN_BATCH];
	struct kg_plan_part blocks;
	struct kg_writer writer, to;
	struct kg_rfx_batch batch;
	uint32_t written, others = 0;

	kg_rfx_batch_init(&batch, scratch, KG_PLAN_BATCH);
	for (uint32_t i = 0; i < work->tiles; i++)
		fill_tile(plan, numbers[i], &tiles[i]);
	if (!kg_plan_provide(plan, &blocks, (size_t)work->tiles * KG_PROGRESSIVE_TILE_ROOM))
		return;
	to = kg_writer_of(blocks.bytes, blocks.room);
	written = kg_progressive_tiles(plan->dsp, &batch, plan->ladder, KG_RFX_EXTRAPOLATE, tiles, work->tiles, &to);
	for (uint32_t i = 0; i < work->tiles; i++)
		others += i >= written || tiles[i].overflows;

	if (kg_plan_provide(plan, part, REGION_SIZE(written) + kg_writer_size(&to) + others * kg_plan_planar_bound(plan))) {
		writer = kg_writer_of(part->bytes, part->room);
		if (written)
			put_region(plan, &writer, &to, numbers, written);
		for (uint32_t i = 0; i < work->tiles; i++) {
			if (i < written && !tiles[i].overflows)
				continue;
			kg_plan_put_planar(plan, &writer, rect_of(plan, numbers[i]), scratch);
			kg_mirror_sent(plan->mirror, numbers[i], KG_TILE_EXACT, plan->now_ms);
		}
		assert(kg_writer_ok(&writer));
		part->size = kg_writer_size(&writer);
	}
	free(blocks.bytes);
}

size_t kg_plan_lossy_scratch(void)
{
	return kg_rfx_batch_size(KG_PLAN_BATCH);
}
