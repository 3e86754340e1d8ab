/* Damage against the mirror, tile by tile. */
#include "server/display/plan.h"

#include "server/display/bitmap-writer.h"
#include "server/display/gfx-writer.h"

#include <assert.h>

#define MEMORY_KEPT (4u << 20)	// from plan to plan

void kg_plan_done(struct kg_plan *plan)
{
	free(plan->touched);
	free(plan->memory);
	plan->touched = plan->memory = NULL;
	plan->touched_size = plan->memory_size = 0;
	plan->row_count = 0;
}

/* Makes *memory at least size bytes large; what it held is lost. */
static int provide(uint8_t **memory, size_t *memory_size, size_t size)
{
	if (size <= *memory_size)
		return 0;
	free(*memory);
	*memory_size = 0;
	*memory = malloc(size);
	if (!*memory)
		return -ENOMEM;
	*memory_size = size;
	return 0;
}

static void touch(struct kg_plan *plan, const struct kg_region *damage)
{
	const struct kg_mirror *mirror = plan->mirror;
	size_t count = (size_t)mirror->columns * mirror->rows;

	for (size_t i = 0; i < count; i++)
		plan->touched[i] = mirror->states[i] == KG_TILE_UNKNOWN;
	for (uint32_t i = 0; i < damage->count; i++) {
		struct kg_rect tiles = kg_mirror_tiles(mirror, damage->rects[i]);

		for (int32_t row = tiles.top; row < tiles.bottom; row++)
			memset(plan->touched + (size_t)row * mirror->columns + tiles.left, 1, kg_rect_width(tiles));
	}
}

/* The most bytes that one tile becomes. */
static size_t tile_bound(const struct kg_plan *plan)
{
	if (plan->kind == KG_SLICE_GRAPHICS)
		return KG_GFX_PICTURE_SIZE + KG_GFX_FILL_SIZE + kg_planar_bound(KG_TILE, KG_TILE, 0);
	return kg_bitmap_bound();
}

int kg_plan_begin(struct kg_plan *plan, const struct kg_image *image, const struct kg_region *damage)
{
	const struct kg_mirror *mirror = plan->mirror;
	size_t bound = tile_bound(plan), size = 0;
	int r;

	assert(image->width == mirror->width && image->height == mirror->height);
	plan->image = *image;
	plan->row_count = plan->tiles = 0;
	r = provide(&plan->touched, &plan->touched_size, (size_t)mirror->columns * mirror->rows);
	if (r < 0)
		return r;
	touch(plan, damage);

	for (uint32_t row = 0; row < mirror->rows; row++) {
		const uint8_t *touched = plan->touched + (size_t)row * mirror->columns;
		struct kg_plan_row *entry = &plan->rows[plan->row_count];
		uint32_t tiles = 0;

		for (uint32_t column = 0; column < mirror->columns; column++)
			tiles += touched[column];
		if (!tiles)
			continue;
		*entry = (struct kg_plan_row){ .row = row, .offset = size, .room = tiles * bound };
		size += entry->room;
		plan->tiles += tiles;
		plan->row_count++;
	}
	/* Room for the worst case; what no piece is written to never becomes memory. */
	r = provide(&plan->memory, &plan->memory_size, size);
	if (r < 0) {
		plan->row_count = 0;
		return r;
	}
	return (int)plan->row_count;
}

/* Tiles of one colour side by side in a row become one fill. */
struct fill {
	uint32_t colour;
	struct kg_rect rect;	// empty: none waits
};

static void flush_fill(const struct kg_plan *plan, struct kg_writer *writer, struct fill *fill)
{
	if (kg_rect_empty(fill->rect))
		return;
	kg_gfx_solid_fill(writer, plan->surface, fill->colour, fill->rect);
	fill->rect = (struct kg_rect){ 0 };
}

static void add_fill(const struct kg_plan *plan, struct kg_writer *writer, struct fill *fill, const uint8_t *pixels,
		     struct kg_rect rect)
{
	uint32_t colour;

	memcpy(&colour, pixels, sizeof(colour));
	colour |= 0xff000000;
	if (!kg_rect_empty(fill->rect) && fill->colour == colour && fill->rect.right == rect.left) {
		fill->rect.right = rect.right;
		return;
	}
	flush_fill(plan, writer, fill);
	*fill = (struct fill){ colour, rect };
}

static void add_picture(const struct kg_plan *plan, struct kg_writer *writer, const struct kg_image *image,
			struct kg_rect rect, void *scratch)
{
	struct kg_writer head = *writer;
	size_t size;

	kg_write_space(writer, KG_GFX_PICTURE_SIZE);
	size = kg_planar_encode(plan->dsp, image, 0, writer->at, kg_writer_room(writer), scratch);
	assert(size);
	kg_write_space(writer, size);
	kg_gfx_picture(&head, plan->surface, KG_GFX_PLANAR, rect, (uint32_t)size);
}

void kg_plan_job(struct kg_plan *plan, uint32_t i, void *scratch)
{
	struct kg_plan_row *row = &plan->rows[i];
	struct kg_mirror *mirror = plan->mirror;
	struct kg_writer writer = kg_writer_of(plan->memory + row->offset, row->room);
	struct fill fill = { 0 };

	for (uint32_t column = 0; column < mirror->columns; column++) {
		size_t tile = (size_t)row->row * mirror->columns + column;
		struct kg_rect rect = kg_mirror_tile(mirror, column, row->row);
		uint8_t *pixels = kg_mirror_at(mirror, rect);
		const struct kg_image from = {
			.pixels = plan->image.pixels + (size_t)rect.top * plan->image.stride + (size_t)rect.left * 4,
			.width = kg_rect_width(rect),
			.height = kg_rect_height(rect),
			.stride = plan->image.stride,
		};
		const struct kg_image snapshot = { pixels, from.width, from.height, mirror->stride };
		struct kg_damage damage;

		if (!plan->touched[tile])
			continue;
		if (!kg_damage_update(plan->dsp, &from, pixels, mirror->stride, &damage) &&
		    mirror->states[tile] != KG_TILE_UNKNOWN)
			continue;
		if (plan->kind == KG_SLICE_BITMAPS) {
			kg_bitmap_write(&writer, plan->dsp, pixels, mirror->stride, rect, scratch);
		} else if (kg_tile_flat(plan->dsp, &snapshot)) {
			add_fill(plan, &writer, &fill, pixels, rect);
		} else {
			flush_fill(plan, &writer, &fill);
			add_picture(plan, &writer, &snapshot, rect, scratch);
		}
		/* From here on the client counts as having it: encoded pieces are never dropped while it shows them. */
		mirror->states[tile] = KG_TILE_EXACT;
	}
	flush_fill(plan, &writer, &fill);
	assert(kg_writer_ok(&writer));
	row->size = kg_writer_size(&writer);
}

size_t kg_plan_scratch(void)
{
	return kg_planar_scratch(KG_TILE, KG_TILE);
}

size_t kg_plan_size(const struct kg_plan *plan)
{
	size_t size = 0;

	for (uint32_t i = 0; i < plan->row_count; i++)
		size += plan->rows[i].size;
	return size;
}

void kg_plan_end(struct kg_plan *plan)
{
	plan->row_count = 0;
	if (plan->memory_size > MEMORY_KEPT) {
		free(plan->memory);
		plan->memory = NULL;
		plan->memory_size = 0;
	}
}
