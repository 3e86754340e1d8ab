/*
 * The residual layer: runs over the whole rectangle, row behind row ([MS-RDPEGFX] 2.2.4.1.1.1). Where a later layer
 * draws, the run before goes on: FreeRDP's decoder wants every pixel covered.
 */
#include "codec/clear-impl.h"

#define RUN_MAX (3 + CLEAR_LENGTH_MAX)

size_t kg_clear_residual_work(uint32_t width)
{
	/* The covers of a row: their numbers, and a bit per pixel. */
	return ((size_t)width + 63) / 64 * sizeof(uint64_t) + ((size_t)width + 1) * sizeof(uint32_t);
}

bool kg_clear_cover(struct kg_clear_plan *plan, uint32_t x0, uint32_t x1, uint32_t y0, uint32_t y1)
{
	struct clear_cover *cover = plan->covers + plan->cover_count;

	if (plan->cover_count == plan->cover_max)
		return false;
	*cover = (struct clear_cover){ (uint16_t)x0, (uint16_t)x1, (uint16_t)y0, (uint16_t)y1, plan->cover_rows[y0] };
	plan->cover_rows[y0] = ++plan->cover_count;
	return true;
}

struct open {
	const struct kg_clear_plan *plan;
	uint32_t *covers;		// those of this row
	uint32_t count, max;
	uint32_t end;			// the row in which the next one of them ends
	uint64_t *mask;
	bool changed;
};

/* Brings the mask to row y. False when more covers meet in a row than there is room for. */
static bool step(struct open *open, uint32_t y)
{
	const struct kg_clear_plan *plan = open->plan;

	open->changed = false;
	if (y != open->end && !plan->cover_rows[y])
		return true;
	open->changed = true;
	memset(open->mask, 0, plan->words * sizeof(*open->mask));
	for (uint32_t i = 0; i < open->count;) {
		if (plan->covers[open->covers[i]].y1 <= y)
			open->covers[i] = open->covers[--open->count];
		else
			i++;
	}
	for (uint32_t i = plan->cover_rows[y]; i; i = plan->covers[i - 1].next) {
		if (open->count == open->max)
			return false;
		open->covers[open->count++] = i - 1;
	}
	open->end = UINT32_MAX;
	for (uint32_t i = 0; i < open->count; i++) {
		const struct clear_cover *cover = plan->covers + open->covers[i];

		open->end = KG_MIN(open->end, cover->y1 + 0u);
		for (uint32_t w = cover->x0 / 64u; w <= (cover->x1 - 1u) / 64; w++)
			open->mask[w] |= clear_word_mask(w, cover->x0, cover->x1);
	}
	return true;
}

struct runs {
	uint8_t *to, *end;
	uint32_t colour;
	size_t from;		// pixel, counted from the top left
	bool any;
};

/* A run of another colour begins at pixel. */
static inline bool begin_run(struct runs *runs, uint32_t colour, size_t at)
{
	if (!runs->any) {
		runs->any = true;	// what lies before is covered
		runs->colour = colour;
		return true;
	}
	if (runs->end - runs->to < RUN_MAX)
		return false;
	runs->to = clear_put_length(clear_put_colour(runs->to, runs->colour), (uint32_t)(at - runs->from));
	runs->colour = colour;
	runs->from = at;
	return true;
}

bool kg_clear_residual(const struct kg_clear_plan *plan, uint8_t *to, size_t room, size_t *size)
{
	uint64_t *mask = plan->work;
	struct open open = {
		.plan = plan,
		.covers = (uint32_t *)(mask + plan->words),
		.max = plan->image.width + 1,
		.end = UINT32_MAX,
		.mask = mask,
	};
	struct runs runs = { to, to + room, 0, 0, false };
	uint32_t width = plan->image.width, height = plan->image.height;

	memset(mask, 0, plan->words * sizeof(*mask));
	for (uint32_t y = 0; y < height; y++) {
		const uint64_t *changes = plan->changes + (size_t)y * plan->words;
		const uint8_t *row = kg_image_at(&plan->image, 0, y);
		uint64_t covered_before = 1;	// the first pixel of a row follows one that is not its neighbour

		if (!step(&open, y))
			return false;
		for (uint32_t w = 0; w < plan->words; w++) {
			uint64_t starts = (changes[w] | mask[w] << 1 | covered_before) & ~mask[w];

			covered_before = mask[w] >> 63;
			if (w == width / 64)
				starts &= ~(UINT64_MAX << width % 64);
			for (; starts; starts &= starts - 1) {
				uint32_t x = w * 64 + (uint32_t)__builtin_ctzll(starts);
				uint32_t colour = clear_pixel(row + (size_t)x * 4);

				if ((colour != runs.colour || !runs.any) &&
				    !begin_run(&runs, colour, (size_t)y * width + x))
					return false;
			}
		}
	}
	if (runs.any && !begin_run(&runs, 0, (size_t)width * height))
		return false;
	*size = (size_t)(runs.to - to);
	return true;
}
