/* Comparing the cells of a change with the mirror at a distance. */
#include "codec/motion-cells.h"

#include "codec/dsp.h"

static struct kg_rect cell_rect(const struct kg_search *s, uint32_t column, uint32_t row)
{
	int32_t left = s->left + (int32_t)(column * s->cell_width), top = s->top + (int32_t)(row * KG_TILE);

	return (struct kg_rect){ left, top, KG_MIN(left + (int32_t)s->cell_width, (int32_t)s->motion->image.width),
				 KG_MIN(top + KG_TILE, (int32_t)s->motion->image.height) };
}

struct kg_damage kg_cells_look(const struct kg_motion *motion, struct kg_rect rect, int32_t dx, int32_t dy, uint32_t step)
{
	const uint8_t *image, *mirror;
	struct kg_damage differs = { 0 };

	rect.top += (int32_t)step / 2;
	if (kg_rect_empty(rect))
		return differs;
	image = motion->image.pixels + (size_t)rect.top * motion->image.stride + (size_t)rect.left * 4;
	mirror = motion->mirror + (size_t)(rect.top - dy) * motion->mirror_stride + (size_t)(rect.left - dx) * 4;
	motion->dsp->tile_compare(image, motion->image.stride * step, mirror, motion->mirror_stride * step, kg_rect_width(rect),
				  (kg_rect_height(rect) + step - 1) / step, &differs);
	return differs;
}

/* Each of 16 bits as KG_SPARSE of them. */
static uint64_t spread(uint64_t bits)
{
	_Static_assert(KG_SPARSE == 4, "what the constants are made for");
	bits = (bits | bits << 24) & 0x000000ff000000ff;
	bits = (bits | bits << 12) & 0x000f000f000f000f;
	bits = (bits | bits << 6) & 0x0303030303030303;
	bits = (bits | bits << 3) & 0x1111111111111111;
	return bits * 15;
}

/*
 * The rows of rect that differ at the distance; those that were not looked at are as the one of theirs that was. Rows that
 * are too few for a step, at the edge of the screen, are all looked at.
 */
static uint64_t differing_rows(const struct kg_motion *motion, struct kg_rect rect, int32_t dx, int32_t dy, uint32_t step)
{
	uint32_t height = kg_rect_height(rect), whole = height - height % step;
	struct kg_rect rest = { rect.left, rect.top + (int32_t)whole, rect.right, rect.bottom };
	uint64_t rows;

	rect.bottom = rest.top;
	rows = kg_cells_look(motion, rect, dx, dy, step).rows;
	if (step > 1)
		rows = spread(rows);
	return whole < height ? rows | kg_cells_look(motion, rest, dx, dy, 1).rows << whole : rows;
}

/*
 * Where the caller only knows that something may differ, or not in which cell, this compares; not where all is right when
 * copied, for then it does not matter.
 */
static void look_at_cell(const struct kg_search *s, struct kg_cell *cell, struct kg_rect rect)
{
	const struct kg_motion *motion = s->motion;
	size_t tile = (size_t)(rect.top / KG_TILE) * kg_tiles_in(motion->image.width) + (size_t)(rect.left / KG_TILE);
	struct kg_damage damage = motion->known[tile] ? motion->damage[tile] : (struct kg_damage){ 0 };

	if (damage.rows && cell->unequal && (s->cell_width < KG_TILE || !~damage.rows))
		damage.rows = differing_rows(motion, rect, 0, 0, s->step);
	cell->known = motion->known[tile];
	cell->changed = damage.rows & ~0ull >> (64 - kg_rect_height(rect));
	cell->flat = damage.rows && motion->dsp->tile_flat(motion->image.pixels + (size_t)rect.top * motion->image.stride +
								   (size_t)rect.left * 4,
							   motion->image.stride, kg_rect_width(rect), kg_rect_height(rect));
}

/* ---- one distance ---- */

bool kg_cells_known(const struct kg_motion *motion, struct kg_rect from)
{
	size_t columns = kg_tiles_in(motion->image.width);

	for (int32_t row = from.top / KG_TILE; row <= (from.bottom - 1) / KG_TILE; row++)
		for (int32_t column = from.left / KG_TILE; column <= (from.right - 1) / KG_TILE; column++)
			if (!motion->known[(size_t)row * columns + (size_t)column])
				return false;
	return true;
}

/* The rows of rect that would be wrong. What comes from outside, or from where nothing is known, is. */
static uint64_t unequal_rows(const struct kg_search *s, struct kg_rect rect, uint32_t step)
{
	const struct kg_motion *motion = s->motion;
	struct kg_rect to = rect;
	uint64_t inside;

	if (rect.left < s->shift.dx || rect.right - s->shift.dx > (int32_t)motion->image.width)
		return ~0ull;
	to.top = KG_MAX(to.top, s->shift.dy);
	to.bottom = KG_MIN(to.bottom, (int32_t)motion->image.height + s->shift.dy);
	if (kg_rect_empty(to) || !kg_cells_known(motion, kg_moved_from(to, s->shift)))
		return ~0ull;
	inside = ~0ull >> (64 - kg_rect_height(to)) << (to.top - rect.top);
	return differing_rows(motion, to, s->shift.dx, s->shift.dy, step) << (to.top - rect.top) | ~inside;
}

static uint64_t rows_here(struct kg_rect rect)
{
	return ~0ull >> (64 - kg_rect_height(rect));
}

static void compare_cell(const struct kg_search *s, struct kg_cell *cell, struct kg_rect rect)
{
	cell->unequal = unequal_rows(s, rect, s->step) & rows_here(rect);
}

/* What the client does not have is sent anew anyway: it may be copied to, but only from the screen. */
static void compare_unknown(const struct kg_search *s, struct kg_cell *cell, struct kg_rect rect)
{
	cell->unequal = kg_on_screen(s->motion, kg_moved_from(rect, s->shift)) ? 0 : rows_here(rect);
}

void kg_cells_compare_first(struct kg_search *s)
{
	for (uint32_t row = 0; row < s->rows; row++) {
		for (uint32_t column = 0; column < s->columns; column++) {
			struct kg_cell *cell = kg_cell_at(s, column, row);
			struct kg_rect rect = cell_rect(s, column, row);

			compare_cell(s, cell, rect);
			look_at_cell(s, cell, rect);
			if (!cell->known)
				compare_unknown(s, cell, rect);
		}
	}
}

static bool may_gain(const struct kg_cell *cell)
{
	return cell->changed && !cell->flat;
}

/* Compares the cells that may gain. Returns the rows that do, and the rectangle of cells that has them all. */
static int64_t compare_gaining(struct kg_search *s, struct kg_rect *cells)
{
	struct kg_rect all = { INT32_MAX, INT32_MAX, 0, 0 };
	int64_t rows = 0;

	for (uint32_t row = 0; row < s->rows; row++) {
		for (uint32_t column = 0; column < s->columns; column++) {
			struct kg_cell *cell = kg_cell_at(s, column, row);
			int32_t x = (int32_t)column, y = (int32_t)row;

			cell->unequal = ~0ull;
			if (!may_gain(cell))
				continue;
			compare_cell(s, cell, cell_rect(s, column, row));
			if (!(cell->changed & ~cell->unequal))
				continue;
			rows += kg_rows_count(cell->changed & ~cell->unequal);
			all = (struct kg_rect){ KG_MIN(all.left, x), KG_MIN(all.top, y), KG_MAX(all.right, x + 1), y + 1 };
		}
	}
	*cells = all;
	return rows;
}

bool kg_cells_compare_again(struct kg_search *s)
{
	struct kg_rect gaining;

	if (compare_gaining(s, &gaining) * s->cell_width < KG_MOTION_GAIN)
		return false;
	for (int32_t row = gaining.top; row < gaining.bottom; row++) {
		for (int32_t column = gaining.left; column < gaining.right; column++) {
			struct kg_cell *cell = kg_cell_at(s, (uint32_t)column, (uint32_t)row);
			struct kg_rect rect = cell_rect(s, (uint32_t)column, (uint32_t)row);

			if (!cell->known)
				compare_unknown(s, cell, rect);
			else if (!may_gain(cell))
				compare_cell(s, cell, rect);
		}
	}
	return true;
}

/* Whether a copy that was found before makes something of rect what it will be. */
static bool copied_to(const struct kg_search *s, struct kg_rect rect)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (!kg_rect_empty(kg_rect_intersect(rect, kg_copy_to(&s->copies[i]))))
			return true;
	return false;
}

void kg_cells_look_closely(const struct kg_search *s, const struct kg_part *part, uint32_t y)
{
	uint32_t first = (y - KG_MIN(y, KG_SPARSE + 0u)) / KG_SPARSE * KG_SPARSE;

	for (uint32_t top = first; top < KG_MIN(y + KG_SPARSE, s->rows * KG_TILE); top += KG_SPARSE) {
		uint64_t here = ~0ull >> (64 - KG_SPARSE) << top % KG_TILE;

		for (uint32_t column = part->left; column < part->right; column++) {
			struct kg_cell *cell = kg_cell_at(s, column, top / KG_TILE);
			struct kg_rect rect = cell_rect(s, column, top / KG_TILE);

			rect.top += (int32_t)(top % KG_TILE);
			rect.bottom = KG_MIN(rect.bottom, rect.top + KG_SPARSE);
			if (!cell->known || kg_rect_empty(rect))
				continue;
			cell->unequal = (cell->unequal & ~here) | (unequal_rows(s, rect, 1) << top % KG_TILE & here);
			if (!copied_to(s, rect))
				cell->changed = (cell->changed & ~here) |
						kg_cells_look(s->motion, rect, 0, 0, 1).rows << top % KG_TILE;
		}
	}
}
