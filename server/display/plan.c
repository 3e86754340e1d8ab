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
	free(plan->works);
	free(plan->damages);
	free(plan->motion_scratch);
	free(plan->texts);
	free(plan->lossy_tiles);
	free(plan->classes);
	plan->touched = plan->due = NULL;
	plan->tiles = NULL;
	plan->works = NULL;
	plan->damages = NULL;
	plan->motion_scratch = NULL;
	plan->texts = NULL;
	plan->lossy_tiles = NULL;
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
	plan->works = calloc(count + plan->mirror->rows, sizeof(*plan->works));
	plan->damages = calloc(count, sizeof(*plan->damages));
	plan->motion_scratch = malloc(kg_motion_scratch(image->width, image->height));
	plan->texts = calloc(count, sizeof(*plan->texts));
	plan->lossy_tiles = calloc(count, sizeof(*plan->lossy_tiles));
	plan->classes = calloc(count, sizeof(*plan->classes));
	if (!plan->touched || !plan->due || !plan->tiles || !plan->works || !plan->damages || !plan->motion_scratch ||
	    !plan->texts || !plan->lossy_tiles || !plan->classes) {
		kg_plan_done(plan);
		return -ENOMEM;
	}
	plan->tile_count = count;
	return 0;
}

void kg_plan_touch(struct kg_plan *plan, struct kg_rect rect)
{
	struct kg_rect tiles = kg_mirror_tiles(plan->mirror, rect);

	for (int32_t row = tiles.top; row < tiles.bottom; row++)
		memset(plan->touched + (size_t)row * plan->mirror->columns + tiles.left, 1, kg_rect_width(tiles));
}

static void touch_all(struct kg_plan *plan, const struct kg_region *damage)
{
	const struct kg_mirror *mirror = plan->mirror;

	plan->tiles_touched = 0;
	for (size_t i = 0; i < plan->tile_count; i++)
		plan->touched[i] = mirror->states[i] == KG_TILE_UNKNOWN || plan->due[i];
	for (uint32_t i = 0; i < damage->count; i++)
		kg_plan_touch(plan, damage->rects[i]);
	for (size_t i = 0; i < plan->tile_count; i++)
		plan->tiles_touched += plan->touched[i];
}

static void add_work(struct kg_plan *plan, struct kg_plan_work work)
{
	plan->works[plan->work_count++] = work;
}

/* A work for each row of tiles that is touched. */
static int start_looking(struct kg_plan *plan)
{
	const struct kg_mirror *mirror = plan->mirror;

	plan->work_count = 0;
	for (uint32_t row = 0; row < mirror->rows; row++) {
		if (memchr(plan->touched + (size_t)row * mirror->columns, 1, mirror->columns))
			add_work(plan, (struct kg_plan_work){ .kind = KG_WORK_LOOK, .first = row });
	}
	plan->stage = KG_PLAN_LOOK;
	return (int)plan->work_count;
}

static int start_moving(struct kg_plan *plan)
{
	plan->stage = KG_PLAN_MOVE;
	add_work(plan, (struct kg_plan_work){ .kind = KG_WORK_MOVE });
	return (int)plan->work_count;
}

int kg_plan_begin(struct kg_plan *plan, const struct kg_image *image, const struct kg_region *damage, uint64_t now_ms)
{
	int r;

	assert(image->width == plan->mirror->width && image->height == plan->mirror->height);
	kg_plan_end(plan);
	r = provide(plan, image);
	if (r < 0)
		return r;
	plan->image = *image;
	plan->now_ms = now_ms;
	plan->number++;
	kg_refine_mark(plan->mirror, now_ms, plan->due);
	touch_all(plan, damage);
	if (plan->graphics && plan->tiles_touched >= KG_PLAN_MOVE_TILES)
		return start_moving(plan);
	return start_looking(plan);
}

void kg_plan_job(struct kg_plan *plan, uint32_t i, void *scratch)
{
	const struct kg_plan_work *work = &plan->works[i];
	struct kg_plan_part *part = &plan->parts[work->part];

	switch (work->kind) {
	case KG_WORK_MOVE:
		kg_plan_find_moves(plan);
		break;
	case KG_WORK_LOOK:
		kg_plan_look(plan, work->first);
		break;
	case KG_WORK_PLANAR:
		kg_plan_write_planar(plan, work, part, scratch);
		break;
	case KG_WORK_ANALYSE:
		kg_plan_analyse_text(plan, &plan->texts[work->first]);
		break;
	case KG_WORK_LOSSY:
		kg_plan_write_lossy(plan, work, part, scratch);
		break;
	case KG_WORK_CLEAR:
		kg_plan_write_texts(plan, part, scratch);
		break;
	}
}

/* ---- from looking to encoding ---- */

static enum kg_slice_kind kind_of(const struct kg_plan *plan)
{
	return plan->graphics ? KG_SLICE_GRAPHICS : KG_SLICE_BITMAPS;
}

static uint32_t add_part(struct kg_plan *plan, struct kg_plan_part part)
{
	plan->parts[plan->part_count] = part;
	return plan->part_count++;
}

static void add_texts(struct kg_plan *plan)
{
	kg_plan_find_texts(plan);
	for (uint32_t i = 0; i < plan->text_count; i++)
		add_work(plan, (struct kg_plan_work){ .kind = KG_WORK_ANALYSE, .first = i });
}

/* Lossy tiles of a job. */
static uint32_t share_of(const struct kg_plan *plan)
{
	uint32_t threads = KG_MIN(plan->threads, (uint32_t)KG_PLAN_THREADS);

	return plan->lossy_count ? kg_rfx_share(plan->lossy_count, threads, KG_PLAN_BATCH) : 0;
}

static void add_lossy(struct kg_plan *plan)
{
	enum kg_slice_kind kind = plan->graphics ? KG_SLICE_GRAPHICS : KG_SLICE_SURFACES;

	kg_plan_find_lossy(plan);
	for (uint32_t first = 0, share = share_of(plan); first < plan->lossy_count; first += share) {
		struct kg_plan_work work = {
			.kind = KG_WORK_LOSSY,
			.first = first,
			.tiles = KG_MIN(plan->lossy_count - first, share),
			.part = add_part(plan, (struct kg_plan_part){ .kind = kind }),
		};

		add_work(plan, work);
	}
}

static void add_planar(struct kg_plan *plan)
{
	const struct kg_mirror *mirror = plan->mirror;

	for (uint32_t row = 0; row < mirror->rows; row++) {
		struct kg_plan_work work = { .kind = KG_WORK_PLANAR, .first = row };

		for (uint32_t column = 0; column < mirror->columns; column++)
			work.tiles += plan->tiles[(size_t)row * mirror->columns + column].way == KG_WAY_PLANAR;
		if (!work.tiles)
			continue;
		work.part = add_part(plan, (struct kg_plan_part){ .kind = kind_of(plan) });
		add_work(plan, work);
	}
}

static void end_part(struct kg_plan_part *part, const struct kg_writer *writer)
{
	assert(kg_writer_ok(writer));
	part->size = kg_writer_size(writer);
}

/* Parts in their order: what needs no work before, pictures, what fills the cache behind. */
static int start_encoding(struct kg_plan *plan)
{
	size_t room = (plan->tile_count + KG_MOTION_COPIES) * KG_PLAN_END_SIZE;
	/* Each tile that is stored may push out some, or all, that are smaller. */
	size_t evictions = plan->cache ? (size_t)plan->cache->count * KG_GFX_EVICT_SIZE : 0;
	struct kg_plan_part head = { .kind = kind_of(plan), .bytes = malloc(room), .room = room };
	struct kg_plan_part tail = { .kind = kind_of(plan), .bytes = malloc(room + evictions), .room = room + evictions };
	struct kg_plan_ends ends;

	if (!head.bytes || !tail.bytes) {
		free(head.bytes);
		free(tail.bytes);
		return -ENOMEM;
	}
	ends = (struct kg_plan_ends){ .head = kg_writer_of(head.bytes, head.room), .tail = kg_writer_of(tail.bytes, tail.room) };
	kg_plan_choose(plan, &ends);
	end_part(&head, &ends.head);
	end_part(&tail, &ends.tail);

	plan->work_count = 0;
	add_part(plan, head);
	add_lossy(plan);
	add_texts(plan);
	plan->clear_part = add_part(plan, (struct kg_plan_part){ .kind = kind_of(plan) });
	add_planar(plan);
	add_part(plan, tail);
	plan->stage = KG_PLAN_ENCODE;
	return (int)plan->work_count;
}

/* All text is one job: what a message may say depends on the one before. */
static int start_clear(struct kg_plan *plan)
{
	plan->stage = KG_PLAN_CLEAR;
	plan->work_count = 0;
	if (plan->text_count)
		add_work(plan, (struct kg_plan_work){ .kind = KG_WORK_CLEAR, .part = plan->clear_part });
	return (int)plan->work_count;
}

/* A stage without jobs is passed over. */
int kg_plan_next(struct kg_plan *plan)
{
	int r = 0;

	while (!r && plan->stage != KG_PLAN_NOTHING) {
		if (__atomic_load_n(&plan->failed, __ATOMIC_RELAXED))
			return -ENOMEM;
		switch (plan->stage) {
		case KG_PLAN_MOVE:
			kg_plan_move(plan);
			r = start_looking(plan);
			break;
		case KG_PLAN_LOOK:
			r = start_encoding(plan);
			break;
		case KG_PLAN_ENCODE:
			r = start_clear(plan);
			break;
		case KG_PLAN_CLEAR:
		case KG_PLAN_NOTHING:
			plan->stage = KG_PLAN_NOTHING;
		}
	}
	return r;
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
	for (uint32_t i = 0; i < plan->text_count; i++)
		free(plan->texts[i].scratch);
	plan->part_count = plan->work_count = plan->text_count = plan->copy_count = 0;
	plan->failed = false;
	plan->stage = KG_PLAN_NOTHING;
}
