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

void kg_plan_find_texts(struct kg_plan *plan)
{
	const struct kg_mirror *mirror = plan->mirror;
	const struct kg_image screen = kg_mirror_image(mirror, kg_rect_of_size(mirror->width, mirror->height));
	uint32_t above = 0;	// the first rectangle that may reach down to this row

	plan->text_count = 0;
	for (uint32_t row = 0; row < mirror->rows; row++) {
		uint32_t first = plan->text_count;

		add_row(plan, row);
		join_rows(plan, above, first);
		while (above < plan->text_count && plan->texts[above].rect.bottom <= (int32_t)(row * KG_TILE))
			above++;
	}
	/* Beyond its tiles a rectangle has only what the client has, or gets in this frame before text. */
	for (uint32_t i = 0; i < plan->text_count; i++) {
		struct kg_rect *rect = &plan->texts[i].rect, grown = *rect;
		struct kg_clear_growth growth = kg_clear_grow(plan->dsp, &screen, (uint32_t)rect->left, (uint32_t)rect->top,
							      kg_rect_width(*rect), kg_rect_height(*rect));

		grown.top -= (int32_t)growth.above;
		grown.bottom += (int32_t)growth.below;
		if (area_of(grown) <= KG_CLEAR_AREA_MAX)
			*rect = grown;
	}
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

void kg_plan_write_texts(struct kg_plan *plan, struct kg_plan_part *part)
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
		struct kg_plan_text *text = &plan->texts[i];
		struct kg_writer head = writer;
		size_t size;

		kg_write_space(&writer, KG_GFX_PICTURE_SIZE);
		size = kg_clear_encode(plan->clear, text->plan, 0, writer.at, kg_writer_room(&writer));
		assert(size);
		kg_write_space(&writer, size);
		kg_gfx_picture(&head, plan->surface, KG_GFX_CLEAR, text->rect, (uint32_t)size);
		free(text->scratch);
		text->scratch = NULL;
	}
	part->size = kg_writer_size(&writer);
}
