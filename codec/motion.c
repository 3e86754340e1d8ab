/*
 * From distances to copies: for each, the changed part of the picture is compared with the mirror at that distance, cell by
 * cell, with the rows that agree as bits; the rectangle that gains most becomes a copy, is fitted to the pixel and taken off.
 */
#include "codec/motion.h"

#include "codec/dsp.h"
#include "codec/motion-anchors.h"

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
#define SPARSE 4		// of a large change one row in so many is looked at, and where a copy begins and ends all are
#define SPARSE_CELLS 128	// a change is large that has more cells
#define DOUBT 8			// one row in so many that stands still in the last column of cells
/*
 * What rows count. In one that has changed few pixels have, in text a quarter, but all may become wrong in one that has not;
 * and what stays as it is may be a picture, which costs more than text.
 */
#define GAIN_WEIGHT 16
#define LOSS_WEIGHT 4		// times a gain

struct cell {
	uint64_t changed;	// rows that are wrong now
	uint64_t unequal;	// rows that would be wrong when copied
	bool flat;		// of one colour: cheap anyway
	bool known;
};

struct search {
	const struct kg_motion *motion;
	struct kg_rect tiles;		// that hold the change
	int32_t left, top;		// pixels, of the first cell
	uint32_t cell_width;
	uint32_t columns, rows;		// cells
	uint32_t step;			// from row to row that is looked at: 1 or SPARSE
	uint32_t group;			// rows in a group
	uint32_t groups;
	struct cell *cells;
	int32_t *score;			// of each group in each column, group by group within a column
	int32_t *sum;			// over columns
	int32_t *gains;			// rows of each column that would become right
	struct kg_shift shift;
	struct kg_copy *copies;
	uint32_t count;
};

static uint32_t tiles_in(uint32_t pixels)
{
	return (pixels + KG_TILE - 1) / KG_TILE;
}

static uint32_t most_columns(uint32_t width)
{
	return KG_MAX(tiles_in(width), COLUMNS_MIN + 0u);
}

static uint32_t most_groups(uint32_t height)
{
	return KG_MAX(tiles_in(height), GROUPS + 0u);
}

static size_t differs_size(uint32_t width, uint32_t height)
{
	return ((size_t)tiles_in(width) * tiles_in(height) + 7) / 8 * 8;
}

size_t kg_motion_scratch(uint32_t width, uint32_t height)
{
	size_t cells, scores;

	if (!width || !height || width > KG_MOTION_SIZE_MAX || height > KG_MOTION_SIZE_MAX)
		return 0;
	cells = (size_t)most_columns(width) * tiles_in(height) * sizeof(struct cell);
	scores = (size_t)(most_columns(width) + 1) * most_groups(height) * sizeof(int32_t);
	return sizeof(struct kg_anchors) + differs_size(width, height) + cells + scores + most_columns(width) * sizeof(int32_t);
}

static struct kg_rect cell_rect(const struct search *s, uint32_t column, uint32_t row)
{
	int32_t left = s->left + (int32_t)(column * s->cell_width), top = s->top + (int32_t)(row * KG_TILE);

	return (struct kg_rect){ left, top, KG_MIN(left + (int32_t)s->cell_width, (int32_t)s->motion->image.width),
				 KG_MIN(top + KG_TILE, (int32_t)s->motion->image.height) };
}

static struct cell *cell_at(const struct search *s, uint32_t column, uint32_t row)
{
	return &s->cells[row * s->columns + column];
}

/*
 * Compares rect of the image, at most a tile, with the mirror dx and dy away from it. Both lie on the screen. Looked at is every
 * step-th row, from the one in the middle of the first step rows on.
 */
static struct kg_damage compare(const struct kg_motion *motion, struct kg_rect rect, int32_t dx, int32_t dy, uint32_t step)
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

static struct kg_rect moved(struct kg_rect to, struct kg_shift shift)
{
	return kg_rect_moved(to, -shift.dx, -shift.dy);
}

static bool on_screen(const struct kg_motion *motion, struct kg_rect rect)
{
	return rect.left >= 0 && rect.top >= 0 && rect.right <= (int32_t)motion->image.width &&
	       rect.bottom <= (int32_t)motion->image.height;
}

/* ---- what has changed ---- */

static bool enough_changed(const struct kg_motion *motion)
{
	uint32_t count = tiles_in(motion->image.width) * tiles_in(motion->image.height);
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
	uint32_t columns = tiles_in(motion->image.width), rows = tiles_in(motion->image.height);
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

static void lay_cells(struct search *s, uint8_t *memory)
{
	const struct kg_image *image = &s->motion->image;
	uint32_t width = kg_rect_width(s->tiles) * KG_TILE, height = kg_rect_height(s->tiles) * KG_TILE;

	s->left = s->tiles.left * KG_TILE;
	s->top = s->tiles.top * KG_TILE;
	s->cell_width = width < NARROW ? CELL_MIN : width < MIDDLE ? 32 : KG_TILE;
	s->columns = (KG_MIN(width, image->width - (uint32_t)s->left) + s->cell_width - 1) / s->cell_width;
	s->rows = kg_rect_height(s->tiles);
	s->step = s->columns * s->rows > SPARSE_CELLS ? SPARSE : 1;
	s->group = 1;
	while (s->group < KG_TILE && height / s->group > GROUPS)
		s->group *= 2;
	s->groups = height / s->group;
	assert(s->columns <= most_columns(image->width) && s->groups <= most_groups(image->height));
	s->cells = (struct cell *)memory;
	s->score = (int32_t *)(s->cells + (size_t)s->columns * s->rows);
	s->sum = s->score + (size_t)s->columns * s->groups;
	s->gains = s->sum + s->groups;
}

/* Each of 16 bits as SPARSE of them. */
static uint64_t spread(uint64_t bits)
{
	_Static_assert(SPARSE == 4, "what the constants are made for");
	bits = (bits | bits << 24) & 0x000000ff000000ff;
	bits = (bits | bits << 12) & 0x000f000f000f000f;
	bits = (bits | bits << 6) & 0x0303030303030303;
	bits = (bits | bits << 3) & 0x1111111111111111;
	return bits * 15;
}

/* The rows of rect that differ at the distance; those that were not looked at are as the one of theirs that was. */
static uint64_t differing_rows(const struct kg_motion *motion, struct kg_rect rect, int32_t dx, int32_t dy, uint32_t step)
{
	uint64_t rows = compare(motion, rect, dx, dy, step).rows;

	return step == 1 ? rows : spread(rows);
}

/*
 * Where the caller only knows that something may differ, or not in which cell, this compares; not where all is right when
 * copied, for then it does not matter.
 */
static void look_at_cell(const struct search *s, struct cell *cell, struct kg_rect rect)
{
	const struct kg_motion *motion = s->motion;
	size_t tile = (size_t)(rect.top / KG_TILE) * tiles_in(motion->image.width) + (size_t)(rect.left / KG_TILE);
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

static bool source_known(const struct kg_motion *motion, struct kg_rect from)
{
	size_t columns = tiles_in(motion->image.width);

	for (int32_t row = from.top / KG_TILE; row <= (from.bottom - 1) / KG_TILE; row++)
		for (int32_t column = from.left / KG_TILE; column <= (from.right - 1) / KG_TILE; column++)
			if (!motion->known[(size_t)row * columns + (size_t)column])
				return false;
	return true;
}

/* The rows of rect that would be wrong. What comes from outside, or from where nothing is known, is. */
static uint64_t unequal_rows(const struct search *s, struct kg_rect rect, uint32_t step)
{
	const struct kg_motion *motion = s->motion;
	struct kg_rect to = rect;
	uint64_t inside;

	if (rect.left < s->shift.dx || rect.right - s->shift.dx > (int32_t)motion->image.width)
		return ~0ull;
	to.top = KG_MAX(to.top, s->shift.dy);
	to.bottom = KG_MIN(to.bottom, (int32_t)motion->image.height + s->shift.dy);
	if (kg_rect_empty(to) || !source_known(motion, moved(to, s->shift)))
		return ~0ull;
	inside = ~0ull >> (64 - kg_rect_height(to)) << (to.top - rect.top);
	return differing_rows(motion, to, s->shift.dx, s->shift.dy, step) << (to.top - rect.top) | ~inside;
}

/* The first time with a look at what has changed: the pixels are then near. */
static void compare_cells(struct search *s, bool first)
{
	for (uint32_t row = 0; row < s->rows; row++) {
		for (uint32_t column = 0; column < s->columns; column++) {
			struct cell *cell = cell_at(s, column, row);
			struct kg_rect rect = cell_rect(s, column, row);
			uint64_t here = ~0ull >> (64 - kg_rect_height(rect));

			cell->unequal = unequal_rows(s, rect, s->step) & here;
			if (first)
				look_at_cell(s, cell, rect);
			if (!cell->known)	// sent anew anyway: it may be copied to, but only from the screen
				cell->unequal = on_screen(s->motion, moved(rect, s->shift)) ? 0 : here;
		}
	}
}

static int32_t count(uint64_t rows)
{
	return __builtin_popcountll(rows);
}

static int32_t score_of(const struct cell *cell, uint64_t rows)
{
	uint64_t changed = cell->changed & rows, unequal = cell->unequal & rows;
	int32_t gain = cell->flat ? 0 : count(changed & ~unequal);

	return GAIN_WEIGHT * (gain - LOSS_WEIGHT * count(unequal & ~changed)) - count(changed & unequal);
}

/* In each byte of a word how many of its bits are set. */
static uint64_t counts_of_bytes(uint64_t bits)
{
	bits -= bits >> 1 & 0x5555555555555555;
	bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
	return (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
}

/* Scores of the rows of each byte, as score_of() has them, where groups are whole bytes. Returns the rows that gain. */
static int32_t score_bytes(const struct cell *cell, int32_t score[8])
{
	uint64_t gain = counts_of_bytes(cell->flat ? 0 : cell->changed & ~cell->unequal);
	uint64_t loss = counts_of_bytes(cell->unequal & ~cell->changed), both = counts_of_bytes(cell->changed & cell->unequal);

	for (unsigned i = 0; i < 8; i++)
		score[i] = GAIN_WEIGHT * ((int32_t)(gain >> 8 * i & 0xff) - LOSS_WEIGHT * (int32_t)(loss >> 8 * i & 0xff)) -
			   (int32_t)(both >> 8 * i & 0xff);
	return (int32_t)(gain * 0x0101010101010101 >> 56);
}

/* Returns the pixels that would become right, as gain_of() counts them, if nothing else were copied with them. */
static int64_t score_cells(struct search *s)
{
	uint64_t first = ~0ull >> (64 - s->group);
	uint32_t per_cell = KG_TILE / s->group;
	int64_t rows = 0;

	memset(s->gains, 0, s->columns * sizeof(*s->gains));
	for (uint32_t row = 0; row < s->rows; row++) {
		for (uint32_t column = 0; column < s->columns; column++) {
			const struct cell *cell = cell_at(s, column, row);
			int32_t *score = &s->score[column * s->groups + row * per_cell], bytes[8];

			s->gains[column] += score_bytes(cell, bytes);
			for (uint32_t g = 0; g < per_cell; g++) {
				if (s->group < 8) {
					score[g] = score_of(cell, first << g * s->group);
					continue;
				}
				score[g] = 0;
				for (uint32_t i = g * s->group / 8; i < (g + 1) * s->group / 8; i++)
					score[g] += bytes[i];
			}
		}
	}
	for (uint32_t column = 0; column < s->columns; column++)
		rows += s->gains[column];
	return rows * s->cell_width;
}

/* A rectangle of cells, with its rows in pixels from the top of the first cell. */
struct part {
	uint32_t left, right;	// columns of cells
	uint32_t top, bottom;
};

/* The rectangle whose groups of rows sum up to most. Returns the sum, or 0 when nothing is gained. */
static int32_t best_part(struct search *s, struct part *ret)
{
	int32_t most = 0;

	for (uint32_t left = 0; left < s->columns; left++) {
		if (!s->gains[left])
			continue;	// it would better begin further right
		memset(s->sum, 0, s->groups * sizeof(*s->sum));
		for (uint32_t right = left; right < s->columns; right++) {
			const int32_t *score = &s->score[right * s->groups];
			int32_t run = 0;
			uint32_t begin = 0;

			for (uint32_t g = 0; g < s->groups; g++)
				s->sum[g] += score[g];
			for (uint32_t g = 0; s->gains[right] && g < s->groups; g++) {
				if (run <= 0) {
					run = 0;
					begin = g;
				}
				run += s->sum[g];
				if (run > most) {
					most = run;
					*ret = (struct part){ left, right + 1, begin * s->group, (g + 1) * s->group };
				}
			}
		}
	}
	return most;
}

/* What a row of pixels of the part brings. */
static int32_t row_score(const struct search *s, const struct part *part, uint32_t y)
{
	int32_t sum = 0;

	for (uint32_t column = part->left; column < part->right; column++)
		sum += score_of(cell_at(s, column, y / KG_TILE), 1ull << y % KG_TILE);
	return sum;
}

/* Looks at all rows of the part around y, where it begins or ends. */
static void look_closely(const struct search *s, const struct part *part, uint32_t y)
{
	uint32_t first = (y - KG_MIN(y, SPARSE + 0u)) / SPARSE * SPARSE;

	for (uint32_t top = first; top < KG_MIN(y + SPARSE, s->rows * KG_TILE); top += SPARSE) {
		uint64_t here = ~0ull >> (64 - SPARSE) << top % KG_TILE;

		for (uint32_t column = part->left; column < part->right; column++) {
			struct cell *cell = cell_at(s, column, top / KG_TILE);
			struct kg_rect rect = cell_rect(s, column, top / KG_TILE);

			rect.top += (int32_t)(top % KG_TILE);
			rect.bottom = KG_MIN(rect.bottom, rect.top + SPARSE);
			if (!cell->known || kg_rect_empty(rect))
				continue;
			cell->unequal = (cell->unequal & ~here) | (unequal_rows(s, rect, 1) << top % KG_TILE & here);
			if (cell->changed & here)
				cell->changed &= ~here | compare(s->motion, rect, 0, 0, 1).rows << top % KG_TILE;
		}
	}
}

/* Groups of rows are coarse: the first and the last row of the part become those that gain. */
static void fit_rows(const struct search *s, struct part *part)
{
	for (uint32_t n = 0; n < s->group && part->top && row_score(s, part, part->top - 1) > 0; n++)
		part->top--;
	for (uint32_t n = 0; n < s->group && part->bottom < s->rows * KG_TILE && row_score(s, part, part->bottom) > 0; n++)
		part->bottom++;
	while (part->top < part->bottom && row_score(s, part, part->top) <= 0)
		part->top++;
	while (part->bottom > part->top && row_score(s, part, part->bottom - 1) <= 0)
		part->bottom--;
}

/* The rows of the part in which a column of cells would be as wrong as it is. */
static uint32_t rows_in_doubt(const struct search *s, const struct part *part, uint32_t column)
{
	uint32_t rows = 0;

	for (uint32_t y = part->top; y < part->bottom; y++) {
		const struct cell *cell = cell_at(s, column, y / KG_TILE);

		rows += (cell->changed & cell->unequal) >> y % KG_TILE & 1;
	}
	return rows;
}

/*
 * Where what moves ends within a cell, a part of its rows may stand still, which the cell does not tell: such a column is
 * left to columns_beside().
 */
static void fit_columns(const struct search *s, struct part *part)
{
	uint32_t many = (part->bottom - part->top) / DOUBT;

	if (part->right - part->left > 1 && rows_in_doubt(s, part, part->left) > many)
		part->left++;
	if (part->right - part->left > 1 && rows_in_doubt(s, part, part->right - 1) > many)
		part->right--;
}

/* ---- the copy ---- */

/* How many columns left or right of to make the copy better. Few rows at a time, so that what blinks there spoils few. */
static int32_t columns_beside(const struct search *s, struct kg_rect to, bool left)
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

		if (!source_known(motion, moved(rect, s->shift)))
			return 0;
		differs = compare(motion, rect, dx, s->shift.dy, s->step).columns;
		changed = compare(motion, rect, 0, 0, s->step).columns;
		for (int32_t n = 1; n <= wide; n++) {
			uint64_t taken = ~0ull >> (64 - n) << (left ? wide - n : 0);

			gain[n] += differs & taken ? -LOSS_WEIGHT * rows * count(differs & ~changed & taken) : rows * count(changed & taken);
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
static struct kg_rect without_taken(const struct search *s, struct kg_rect to)
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
static bool add_copy(struct search *s, struct kg_copy copy)
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

/* In pixels, as if all of a row that changed had. */
static int64_t gain_of(const struct search *s, const struct part *part)
{
	int64_t rows = 0;

	for (uint32_t column = part->left; column < part->right; column++) {
		for (uint32_t y = part->top; y < part->bottom;) {
			const struct cell *cell = cell_at(s, column, y / KG_TILE);
			uint32_t end = KG_MIN(part->bottom, (y / KG_TILE + 1) * KG_TILE);
			uint64_t here = ~0ull >> (64 - (end - y)) << y % KG_TILE;

			rows += cell->flat ? 0 : count(cell->changed & ~cell->unequal & here);
			rows -= LOSS_WEIGHT * count(cell->unequal & ~cell->changed & here);
			y = end;
		}
	}
	return rows * s->cell_width;
}

/* What is copied is wrong from now on where it was unequal; and nothing is copied there a second time by this distance. */
static void take_off(struct search *s, const struct part *part)
{
	for (uint32_t column = part->left; column < part->right; column++) {
		for (uint32_t y = part->top; y < part->bottom;) {
			struct cell *cell = cell_at(s, column, y / KG_TILE);
			uint32_t end = KG_MIN(part->bottom, (y / KG_TILE + 1) * KG_TILE);
			uint64_t here = ~0ull >> (64 - (end - y)) << y % KG_TILE;

			if (cell->known)
				cell->changed = (cell->changed & ~here) | (cell->unequal & here);
			cell->unequal |= here;
			y = end;
		}
	}
}

/* The next copy of this distance, if it is not there already. False: there is none that pays. */
static bool find_copy(struct search *s)
{
	int32_t width = (int32_t)s->motion->image.width, height = (int32_t)s->motion->image.height;
	struct kg_copy copy = { .dx = s->shift.dx, .dy = s->shift.dy };
	struct part part = { 0 }, found;
	struct kg_rect to;

	if (score_cells(s) < KG_MOTION_GAIN || !best_part(s, &part))
		return false;
	fit_rows(s, &part);
	if (s->step > 1) {
		look_closely(s, &part, part.top);
		look_closely(s, &part, part.bottom);
		fit_rows(s, &part);
	}
	found = part;
	fit_columns(s, &part);
	if (gain_of(s, &part) < KG_MOTION_GAIN)
		return false;
	to = (struct kg_rect){ s->left + (int32_t)(part.left * s->cell_width), s->top + (int32_t)part.top,
			       KG_MIN(s->left + (int32_t)(part.right * s->cell_width), width),
			       KG_MIN(s->top + (int32_t)part.bottom, height) };
	if (!on_screen(s->motion, moved(to, s->shift)))
		return false;
	to = without_taken(s, to);
	if (kg_rect_empty(to)) {	// columns that the one before took beside its cells
		take_off(s, &found);
		return true;
	}
	to.left -= columns_beside(s, to, true);
	to.right += columns_beside(s, to, false);
	to = without_taken(s, to);
	copy.from = moved(to, s->shift);
	if (kg_rect_empty(to) || !add_copy(s, copy))
		return false;
	take_off(s, &found);
	return true;
}

/* True when so much is still wrong that another copy might pay. */
static bool worth_more(const struct search *s)
{
	int64_t rows = 0;

	for (uint32_t i = 0; i < s->columns * s->rows; i++)
		rows += s->cells[i].flat ? 0 : count(s->cells[i].changed);
	return rows * s->cell_width >= KG_MOTION_GAIN;
}

uint32_t kg_motion_find(const struct kg_motion *motion, void *scratch, struct kg_copy copies[KG_MOTION_COPIES])
{
	struct kg_anchors *anchors = scratch;
	struct kg_shift shifts[KG_SHIFTS];
	struct search s = { .motion = motion, .copies = copies };
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
		compare_cells(&s, i == 0);
		for (unsigned n = 0; n < AGAIN && s.count < KG_MOTION_COPIES; n++)
			if (!find_copy(&s))
				break;
	}
	return s.count;
}
