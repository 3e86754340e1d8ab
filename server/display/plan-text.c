/*
 * Text, by ClearCodec: the larger its rectangles, the fewer bytes they cost (codec/clear.h), and a line of text that is cut
 * costs more than the rows that it lacks.
 */
#include "server/display/gfx-writer.h"
#include "server/display/plan-impl.h"

#include <assert.h>

static uint64_t area_of(struct kg_rect rect)
{
	return (uint64_t)kg_rect_width(rect) * kg_rect_height(rect);
}

/* Two neighbours become one where that adds little that has not changed. */
static bool join(struct kg_rect *rect, struct kg_rect other)
{
	struct kg_rect both = kg_rect_unite(*rect, other);
	uint64_t apart = area_of(*rect) + area_of(other);

	if (area_of(both) > KG_CLEAR_AREA_MAX || area_of(both) > apart + apart / 4 + 1024)
		return false;
	*rect = both;
	return true;
}

/* Rectangles of one row of tiles are appended: each of tiles side by side. */
static void add_row(struct kg_plan *plan, uint32_t row)
{
	uint32_t columns = plan->mirror->columns;
	bool beside = false;

	for (uint32_t column = 0; column < columns; column++) {
		const struct kg_plan_tile *tile = &plan->tiles[(size_t)row * columns + column];

		if (tile->way == KG_WAY_CLEAR && !(beside && join(&plan->texts[plan->text_count - 1].rect, tile->rect)))
			plan->texts[plan->text_count++] = (struct kg_plan_text){ .rect = tile->rect };
		beside = tile->way == KG_WAY_CLEAR;
	}
}

/* Rectangles from first on lie in the row of tiles below those from above on: what fits is joined to these. */
static void join_rows(struct kg_plan *plan, uint32_t above, uint32_t first)
{
	uint32_t kept = first;

	for (uint32_t i = first; i < plan->text_count; i++) {
		bool joined = false;

		for (uint32_t j = above; j < first && !joined; j++)
			joined = join(&plan->texts[j].rect, plan->texts[i].rect);
		if (!joined)
			plan->texts[kept++] = plan->texts[i];
	}
	plan->text_count = kept;
}

/* So that no line of text is cut. Beyond its tiles rect has only what the client has, or gets in this frame before text. */
static void grow(const struct kg_plan *plan, struct kg_rect *rect)
{
	const struct kg_mirror *mirror = plan->mirror;
	const struct kg_image screen = kg_mirror_image(mirror, kg_rect_of_size(mirror->width, mirror->height));
	struct kg_clear_growth growth = kg_clear_grow(plan->dsp, &screen, (uint32_t)rect->left, (uint32_t)rect->top,
						      kg_rect_width(*rect), kg_rect_height(*rect));
	struct kg_rect grown = { rect->left, rect->top - (int32_t)growth.above, rect->right, rect->bottom + (int32_t)growth.below };

	if (area_of(grown) <= KG_CLEAR_AREA_MAX)
		*rect = grown;
}

void kg_plan_find_texts(struct kg_plan *plan)
{
	const struct kg_mirror *mirror = plan->mirror;
	uint32_t above = 0;	// the first rectangle that may reach down to this row

	plan->text_count = 0;
	for (uint32_t row = 0; row < mirror->rows; row++) {
		uint32_t first = plan->text_count;

		add_row(plan, row);
		join_rows(plan, above, first);
		while (above < plan->text_count && plan->texts[above].rect.bottom <= (int32_t)(row * KG_TILE))
			above++;
	}
	for (uint32_t i = 0; i < plan->text_count; i++)
		grow(plan, &plan->texts[i].rect);
}

void kg_plan_analyse_text(struct kg_plan *plan, struct kg_plan_text *text)
{
	const struct kg_image image = kg_mirror_image(plan->mirror, text->rect);

	text->scratch = malloc(kg_clear_scratch(image.width, image.height));
	if (text->scratch)
		text->plan = kg_clear_analyse(plan->dsp, plan->clear, &image, text->scratch);
	else
		kg_plan_fail(plan);
}

/*
 * Few colours and hard edges are not always text: dither and patterns can cost less by planar. That is tried where more than
 * half a byte a pixel would be needed; new pages of text need an eighth.
 */
#define DEAR(area) ((area) / 2 + 256)

/* Pieces of planar that show a rectangle, in memory of their own. */
static bool offer_planar(struct kg_plan *plan, struct kg_rect rect, struct kg_plan_part *offer, void *scratch)
{
	struct kg_rect tiles = kg_mirror_tiles(plan->mirror, rect);
	struct kg_writer writer;

	if (!kg_plan_provide(plan, offer, area_of(tiles) * kg_plan_planar_bound(plan)))
		return false;
	writer = kg_writer_of(offer->bytes, offer->room);
	for (int32_t row = tiles.top; row < tiles.bottom; row++) {
		for (int32_t column = tiles.left; column < tiles.right; column++) {
			struct kg_rect tile = kg_mirror_tile(plan->mirror, (uint32_t)column, (uint32_t)row);

			kg_plan_put_planar(plan, &writer, kg_rect_intersect(rect, tile), scratch);
		}
	}
	assert(kg_writer_ok(&writer));
	offer->size = kg_writer_size(&writer);
	return true;
}

/* Within a limit of bytes. False, and nothing is written: it would exceed it. */
static bool write_clear(struct kg_plan *plan, const struct kg_plan_text *text, struct kg_writer *writer, size_t limit)
{
	struct kg_writer head = *writer, data = *writer;
	size_t size;

	kg_write_space(&data, KG_GFX_PICTURE_SIZE);
	size = kg_clear_encode(plan->clear, text->plan, limit, data.at, kg_writer_room(&data));
	if (!size)
		return false;
	kg_gfx_picture(&head, plan->surface, KG_GFX_CLEAR, text->rect, (uint32_t)size);
	kg_write_space(writer, KG_GFX_PICTURE_SIZE + size);
	return true;
}

static void write_text(struct kg_plan *plan, const struct kg_plan_text *text, struct kg_writer *writer, void *scratch)
{
	struct kg_plan_part offer = { 0 };

	/* Planar goes where it is shorter; so it has room where there is some for all that ClearCodec may write. */
	if (!write_clear(plan, text, writer, DEAR(area_of(text->rect))) && offer_planar(plan, text->rect, &offer, scratch) &&
	    !write_clear(plan, text, writer, offer.size - KG_GFX_PICTURE_SIZE))
		kg_write_bytes(writer, offer.bytes, offer.size);
	free(offer.bytes);
}

void kg_plan_write_texts(struct kg_plan *plan, struct kg_plan_part *part, void *scratch)
{
	struct kg_writer writer;
	size_t room = 0;

	for (uint32_t i = 0; i < plan->text_count; i++) {
		const struct kg_rect *rect = &plan->texts[i].rect;

		room += KG_GFX_PICTURE_SIZE + kg_clear_bound(kg_rect_width(*rect), kg_rect_height(*rect));
	}
	if (!kg_plan_provide(plan, part, room))
		return;
	writer = kg_writer_of(part->bytes, room);
	for (uint32_t i = 0; i < plan->text_count; i++) {
		write_text(plan, &plan->texts[i], &writer, scratch);
		free(plan->texts[i].scratch);
		plan->texts[i].scratch = NULL;
	}
	assert(kg_writer_ok(&writer));
	part->size = kg_writer_size(&writer);
}
