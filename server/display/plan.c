/* The stages of a plan. */
#include "server/display/plan.h"

#include "server/display/gfx-writer.h"
#include "server/display/plan-impl.h"
#include "server/display/refine.h"

#include <assert.h>

void kg_plan_done(struct kg_plan *plan)
{
	kg_plan_end(plan);
	free(plan->touched);
	free(plan->due);
	free(plan->tiles);
	free(plan->classes);
	plan->touched = plan->due = NULL;
	plan->tiles = NULL;
	plan->classes = NULL;
	plan->tile_count = 0;
}

/* Memory for each tile of the mirror. Another size of the screen is another history. */
static int provide(struct kg_plan *plan, const struct kg_image *image)
{
	size_t count = (size_t)plan->mirror->columns * plan->mirror->rows;

	if (plan->tile_count && plan->image.width == image->width && plan->image.height == image->height)
		return 0;
	kg_plan_done(plan);
	plan->touched = malloc(count);
	plan->due = malloc(count);
	plan->tiles = calloc(count, sizeof(*plan->tiles));
	plan->classes = calloc(count, sizeof(*plan->classes));
	if (!plan->touched || !plan->due || !plan->tiles || !plan->classes) {
		kg_plan_done(plan);
		return -ENOMEM;
	}
	plan->tile_count = count;
	return 0;
}

static void touch(struct kg_plan *plan, const struct kg_region *damage)
{
	const struct kg_mirror *mirror = plan->mirror;

	for (size_t i = 0; i < plan->tile_count; i++)
		plan->touched[i] = mirror->states[i] == KG_TILE_UNKNOWN || plan->due[i];
	for (uint32_t i = 0; i < damage->count; i++) {
		struct kg_rect tiles = kg_mirror_tiles(mirror, damage->rects[i]);

		for (int32_t row = tiles.top; row < tiles.bottom; row++)
			memset(plan->touched + (size_t)row * mirror->columns + tiles.left, 1, kg_rect_width(tiles));
	}
}

/* A work for each row of tiles that has any of those that are marked. */
static void collect_rows(struct kg_plan *plan, bool (*is_marked)(const struct kg_plan *plan, size_t tile))
{
	const struct kg_mirror *mirror = plan->mirror;

	plan->work_count = 0;
	for (uint32_t row = 0; row < mirror->rows; row++) {
		struct kg_plan_work work = { .row = row };

		for (uint32_t column = 0; column < mirror->columns; column++)
			work.tiles += is_marked(plan, (size_t)row * mirror->columns + column);
		if (work.tiles)
			plan->works[plan->work_count++] = work;
	}
}

static bool is_touched(const struct kg_plan *plan, size_t tile)
{
	return plan->touched[tile];
}

static bool is_planar(const struct kg_plan *plan, size_t tile)
{
	return plan->tiles[tile].way == KG_WAY_PLANAR;
}

int kg_plan_begin(struct kg_plan *plan, const struct kg_image *image, const struct kg_region *damage, uint64_t now_ms)
{
	const struct kg_mirror *mirror = plan->mirror;
	int r;

	assert(image->width == mirror->width && image->height == mirror->height);
	kg_plan_end(plan);
	r = provide(plan, image);
	if (r < 0)
		return r;
	plan->image = *image;
	plan->now_ms = now_ms;
	plan->tiles_touched = 0;
	kg_refine_mark(mirror, now_ms, plan->due);
	touch(plan, damage);
	collect_rows(plan, is_touched);
	for (uint32_t i = 0; i < plan->work_count; i++)
		plan->tiles_touched += plan->works[i].tiles;
	plan->stage = plan->work_count ? KG_PLAN_LOOK : KG_PLAN_NOTHING;
	return (int)plan->work_count;
}

void kg_plan_job(struct kg_plan *plan, uint32_t i, void *scratch)
{
	if (plan->stage == KG_PLAN_LOOK)
		kg_plan_look(plan, plan->works[i].row);
	else
		kg_plan_encode(plan, &plan->works[i], &plan->parts[plan->first_part + i], scratch);
}

static void add_end(struct kg_plan *plan, const struct kg_writer *writer, struct kg_plan_part *part)
{
	part->size = kg_writer_size(writer);
	assert(kg_writer_ok(writer));
	plan->parts[plan->part_count++] = *part;
}

static struct kg_plan_part end_part(const struct kg_plan *plan, size_t room)
{
	struct kg_plan_part part = { .kind = plan->graphics ? KG_SLICE_GRAPHICS : KG_SLICE_BITMAPS, .room = room };

	part.bytes = malloc(room);
	return part;
}

static int start_encoding(struct kg_plan *plan)
{
	size_t room = (size_t)plan->tiles_touched * KG_PLAN_END_SIZE;
	struct kg_plan_part head = end_part(plan, room), tail;
	struct kg_plan_ends ends;

	/* Each tile that is stored may push out some, or all, that are smaller. */
	tail = end_part(plan, room + (plan->cache ? plan->cache->count * KG_GFX_EVICT_SIZE : 0));
	if (!head.bytes || !tail.bytes) {
		free(head.bytes);
		free(tail.bytes);
		return -ENOMEM;
	}
	ends = (struct kg_plan_ends){ .head = kg_writer_of(head.bytes, head.room), .tail = kg_writer_of(tail.bytes, tail.room) };
	kg_plan_choose(plan, &ends);
	kg_plan_flush_fill(plan, &ends);

	collect_rows(plan, is_planar);
	add_end(plan, &ends.head, &head);
	plan->first_part = plan->part_count;
	for (uint32_t i = 0; i < plan->work_count; i++)
		plan->parts[plan->part_count++] = (struct kg_plan_part){ .kind = head.kind };
	add_end(plan, &ends.tail, &tail);
	plan->stage = plan->work_count ? KG_PLAN_ENCODE : KG_PLAN_NOTHING;
	return (int)plan->work_count;
}

int kg_plan_next(struct kg_plan *plan)
{
	if (plan->stage == KG_PLAN_LOOK)
		return start_encoding(plan);
	plan->stage = KG_PLAN_NOTHING;
	for (uint32_t i = 0; i < plan->part_count; i++) {
		if (plan->parts[i].failed)
			return -ENOMEM;
	}
	return 0;
}

size_t kg_plan_size(const struct kg_plan *plan)
{
	size_t size = 0;

	for (uint32_t i = 0; i < plan->part_count; i++)
		size += plan->parts[i].size;
	return size;
}

void kg_plan_end(struct kg_plan *plan)
{
	for (uint32_t i = 0; i < plan->part_count; i++)
		free(plan->parts[i].bytes);
	memset(plan->parts, 0, plan->part_count * sizeof(*plan->parts));
	plan->part_count = plan->work_count = 0;
	plan->stage = KG_PLAN_NOTHING;
}
