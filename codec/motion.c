/*
 * From distances to copies: for each, the changed part of the picture is compared with the mirror at that distance, cell by
 * cell, with the rows that agree as bits; the rectangle that gains most becomes a copy, is fitted to the pixel and taken off.
 */
#include "codec/motion.h"

#include "codec/motion-cells.h"

#include <assert.h>

/* A cell is as high as a tile and narrower where little has changed, so that what has moved holds whole cells. */
#define CELL_MIN 16
#define NARROW 384		// a change narrower than this, with a tile around, is cut into cells of 16 pixels,
#define MIDDLE 768		// than this, of 32
#define COLUMNS_MIN (2 * MIDDLE / 32 + 8)
#define GROUPS 80		// rows are summed up in groups, about so many
#define AGAIN 4			// tries for copies of one distance
#define CELLS_COMPARED 600	// with all distances after the first: one more of a large change, all of a small one
#define BESIDE_ROWS 8
#define SPARSE_CELLS 128	// a change is large that has more cells

static uint32_t most_columns(uint32_t width)
{
	return KG_MAX(kg_tiles_in(width), COLUMNS_MIN + 0u);
}

static uint32_t most_groups(uint32_t height)
{
	return KG_MAX(kg_tiles_in(height), GROUPS + 0u);
}

static size_t differs_size(uint32_t width, uint32_t height)
{
	return ((size_t)kg_tiles_in(width) * kg_tiles_in(height) + 7) / 8 * 8;
}

size_t kg_motion_scratch(uint32_t width, uint32_t height)
{
	size_t cells, scores;

	if (!width || !height || width > KG_MOTION_SIZE_MAX || height > KG_MOTION_SIZE_MAX)
		return 0;
	cells = (size_t)most_columns(width) * kg_tiles_in(height) * sizeof(struct kg_cell);
	scores = (size_t)(most_columns(width) + 1) * most_groups(height) * sizeof(int32_t);
	return sizeof(struct kg_anchors) + differs_size(width, height) + cells + scores + most_columns(width) * sizeof(int32_t);
}

/* ---- what has changed ---- */

static bool enough_changed(const struct kg_motion *motion)
{
	uint32_t count = kg_tiles_in(motion->image.width) * kg_tiles_in(motion->image.height);
	uint64_t area = 0;

	for (uint32_t i = 0; i < count && area < KG_MOTION_GAIN; i++) {
		struct kg_damage damage = motion->damage[i];

		if (damage.rows && motion->known[i])
			area += (uint64_t)__builtin_popcountll(damage.rows) * (uint64_t)__builtin_popcountll(damage.columns);
	}
	return area >= KG_MOTION_GAIN;
}

/* Of the tiles in which something was seen to differ, and those around them, where a corner may. */
static struct kg_rect bounds_of(const struct kg_motion *motion, const uint8_t *differs)
{
	uint32_t columns = kg_tiles_in(motion->image.width), rows = kg_tiles_in(motion->image.height);
	struct kg_rect tiles = { INT32_MAX, INT32_MAX, 0, 0 };

	for (uint32_t row = 0; row < rows; row++) {
		for (uint32_t column = 0; column < columns; column++) {
			if (!differs[row * columns + column])
				continue;
			tiles = (struct kg_rect){ KG_MIN(tiles.left, (int32_t)column), KG_MIN(tiles.top, (int32_t)row),
						  KG_MAX(tiles.right, (int32_t)column + 1), (int32_t)row + 1 };
		}
	}
	return (struct kg_rect){ KG_MAX(tiles.left - 1, 0), KG_MAX(tiles.top - 1, 0),
				 KG_MIN(tiles.right + 1, (int32_t)columns), KG_MIN(tiles.bottom + 1, (int32_t)rows) };
}

static void lay_cells(struct kg_search *s, uint8_t *memory)
{
	const struct kg_image *image = &s->motion->image;
	uint32_t width = kg_rect_width(s->tiles) * KG_TILE, height = kg_rect_height(s->tiles) * KG_TILE;

	s->left = s->tiles.left * KG_TILE;
	s->top = s->tiles.top * KG_TILE;
	s->cell_width = width < NARROW ? CELL_MIN : width < MIDDLE ? 32 : KG_TILE;
	s->columns = (KG_MIN(width, image->width - (uint32_t)s->left) + s->cell_width - 1) / s->cell_width;
	s->rows = kg_rect_height(s->tiles);
	s->step = s->columns * s->rows > SPARSE_CELLS ? KG_SPARSE : 1;
	s->group = 1;
	while (s->group < KG_TILE && height / s->group > GROUPS)
		s->group *= 2;
	s->groups = height / s->group;
	assert(s->columns <= most_columns(image->width) && s->groups <= most_groups(image->height));
	s->cells = (struct kg_cell *)memory;
	s->score = (int32_t *)(s->cells + (size_t)s->columns * s->rows);
	s->sum = s->score + (size_t)s->columns * s->groups;
	s->gains = s->sum + s->groups;
}

/* ---- the copy ---- */

/* How many columns left or right of to make the copy better. Few rows at a time, so that what blinks there spoils few. */
static int32_t columns_beside(const struct kg_search *s, struct kg_rect to, bool left)
{
	const struct kg_motion *motion = s->motion;
	int32_t screen = (int32_t)motion->image.width, dx = s->shift.dx, wide = KG_TILE, best = 0;
	int32_t gain[KG_TILE + 1] = { 0 };

	wide = left ? KG_MIN(wide, KG_MIN(to.left, to.left - dx))
		    : KG_MIN(wide, KG_MIN(screen - to.right, screen - to.right + dx));
	if (wide <= 0)
		return 0;
	for (int32_t top = to.top; top < to.bottom; top += BESIDE_ROWS) {
		struct kg_rect rect = { left ? to.left - wide : to.right, top, left ? to.left : to.right + wide,
					KG_MIN(top + BESIDE_ROWS, to.bottom) };
		int32_t rows = rect.bottom - rect.top;
		uint64_t differs, changed;

		if (!kg_cells_known(motion, kg_moved_from(rect, s->shift)))
			return 0;
		differs = kg_cells_look(motion, rect, dx, s->shift.dy, s->step).columns;
		changed = kg_cells_look(motion, rect, 0, 0, s->step).columns;
		for (int32_t n = 1; n <= wide; n++) {
			uint64_t taken = ~0ull >> (64 - n) << (left ? wide - n : 0);

			if (differs & taken)
				gain[n] -= KG_LOSS_WEIGHT * rows * kg_rows_count(differs & ~changed & taken);
			else
				gain[n] += rows * kg_rows_count(changed & taken);
		}
	}
	for (int32_t n = 1; n <= wide; n++)
		if (gain[n] > gain[best])
			best = n;
	return best;
}

static bool meet(struct kg_rect a, struct kg_rect b)
{
	return !kg_rect_empty(kg_rect_intersect(a, b));
}

/* The columns that a copy before took beside its cells are cut off. */
static struct kg_rect without_taken(const struct kg_search *s, struct kg_rect to)
{
	for (uint32_t i = 0; i < s->count; i++) {
		struct kg_rect other = kg_copy_to(&s->copies[i]);

		if (!meet(to, other))
			continue;
		if (to.left >= other.left && to.left < other.right && other.right - to.left <= KG_TILE)
			to.left = other.right;
		else if (to.right > other.left && to.right <= other.right && to.right - other.left <= KG_TILE)
			to.right = other.left;
	}
	return to;
}

/* Adds a copy where those before leave its source as it is, or it leaves theirs. */
static bool add_copy(struct kg_search *s, struct kg_copy copy)
{
	struct kg_rect to = kg_copy_to(&copy);
	bool last = true, first = true;

	for (uint32_t i = 0; i < s->count; i++) {
		struct kg_rect other = kg_copy_to(&s->copies[i]);

		last &= !meet(copy.from, other);
		first &= !meet(to, s->copies[i].from) && !meet(to, other);
	}
	if (last) {
		s->copies[s->count++] = copy;
	} else if (first) {
		memmove(s->copies + 1, s->copies, s->count * sizeof(*s->copies));
		s->copies[0] = copy;
		s->count++;
	}
	return last || first;
}

/* The next copy of this distance, if it is not there already. False: there is none that pays. */
static bool find_copy(struct kg_search *s)
{
	int32_t width = (int32_t)s->motion->image.width, height = (int32_t)s->motion->image.height;
	struct kg_copy copy = { .dx = s->shift.dx, .dy = s->shift.dy };
	struct kg_part part = { 0 }, found;
	struct kg_rect to;

	if (kg_parts_score(s) < KG_MOTION_GAIN || !kg_parts_best(s, &part))
		return false;
	kg_part_fit_rows(s, &part);
	if (s->step > 1) {
		kg_cells_look_closely(s, &part, part.top);
		kg_cells_look_closely(s, &part, part.bottom);
		kg_part_fit_rows(s, &part);
	}
	found = part;
	kg_part_fit_columns(s, &part);
	if (kg_part_gain(s, &part) < KG_MOTION_GAIN)
		return false;
	to = (struct kg_rect){ s->left + (int32_t)(part.left * s->cell_width), s->top + (int32_t)part.top,
			       KG_MIN(s->left + (int32_t)(part.right * s->cell_width), width),
			       KG_MIN(s->top + (int32_t)part.bottom, height) };
	if (!kg_on_screen(s->motion, kg_moved_from(to, s->shift)))
		return false;
	to = without_taken(s, to);
	if (kg_rect_empty(to)) {	// columns that the one before took beside its cells
		kg_part_take_off(s, &found);
		return true;
	}
	to.left -= columns_beside(s, to, true);
	to.right += columns_beside(s, to, false);
	to = without_taken(s, to);
	copy.from = kg_moved_from(to, s->shift);
	if (kg_rect_empty(to) || !add_copy(s, copy))
		return false;
	kg_part_take_off(s, &found);
	return true;
}

/* True when so much is still wrong that another copy might pay. */
static bool worth_more(const struct kg_search *s)
{
	int64_t rows = 0;

	for (uint32_t i = 0; i < s->columns * s->rows; i++)
		rows += s->cells[i].flat ? 0 : kg_rows_count(s->cells[i].changed);
	return rows * s->cell_width >= KG_MOTION_GAIN;
}

uint32_t kg_motion_find(const struct kg_motion *motion, void *scratch, struct kg_copy copies[KG_MOTION_COPIES])
{
	struct kg_anchors *anchors = scratch;
	struct kg_shift shifts[KG_SHIFTS];
	struct kg_search s = { .motion = motion, .copies = copies };
	unsigned shift_count;

	assert(kg_motion_scratch(motion->image.width, motion->image.height));
	if (!enough_changed(motion))
		return 0;
	anchors->differs = (uint8_t *)(anchors + 1);
	shift_count = kg_anchors_shifts(motion, anchors, shifts);
	if (!shift_count)
		return 0;
	s.tiles = bounds_of(motion, anchors->differs);
	lay_cells(&s, (uint8_t *)(anchors + 1) + differs_size(motion->image.width, motion->image.height));
	for (unsigned i = 0; i < shift_count && i <= CELLS_COMPARED / (s.columns * s.rows); i++) {
		if (i && !worth_more(&s))
			break;
		s.shift = shifts[i];
		if (!i)
			kg_cells_compare_first(&s);
		else if (!kg_cells_compare_again(&s))
			continue;
		for (unsigned n = 0; n < AGAIN && s.count < KG_MOTION_COPIES; n++)
			if (!find_copy(&s))
				break;
	}
	return s.count;
}
