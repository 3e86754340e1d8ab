/*
 * For codec/motion*.c only: the changed part of a picture as cells, each with its rows as bits, and rectangles of cells,
 * from which copies are made.
 */
#pragma once

#include "codec/motion-anchors.h"

#define KG_SPARSE 4		// of a large change one row in so many is looked at, and where a copy begins and ends all are
#define KG_LOSS_WEIGHT 4	// what is right and becomes wrong counts so many times

struct kg_cell {
	uint64_t changed;	// rows that are wrong now
	uint64_t unequal;	// rows that would be wrong when copied
	bool flat;		// of one colour: cheap anyway
	bool known;
};

struct kg_search {
	const struct kg_motion *motion;
	struct kg_rect tiles;		// that hold the change
	int32_t left, top;		// pixels, of the first cell
	uint32_t cell_width;
	uint32_t columns, rows;		// cells
	uint32_t step;			// from row to row that is looked at: 1 or KG_SPARSE
	uint32_t group;			// rows in a group
	uint32_t groups;
	struct kg_cell *cells;
	int32_t *score;			// of each group in each column, group by group within a column
	int32_t *sum;			// over columns
	int32_t *gains;			// rows of each column that would become right
	struct kg_shift shift;
	struct kg_copy *copies;
	uint32_t count;
};

/* A rectangle of cells, with its rows in pixels from the top of the first cell. */
struct kg_part {
	uint32_t left, right;	// columns of cells
	uint32_t top, bottom;
};

static inline uint32_t kg_tiles_in(uint32_t pixels)
{
	return (pixels + KG_TILE - 1) / KG_TILE;
}

static inline struct kg_cell *kg_cell_at(const struct kg_search *s, uint32_t column, uint32_t row)
{
	return &s->cells[row * s->columns + column];
}

static inline int32_t kg_rows_count(uint64_t rows)
{
	return __builtin_popcountll(rows);
}

/* Where what comes to lie at to is now. */
static inline struct kg_rect kg_moved_from(struct kg_rect to, struct kg_shift shift)
{
	return kg_rect_moved(to, -shift.dx, -shift.dy);
}

static inline bool kg_on_screen(const struct kg_motion *motion, struct kg_rect rect)
{
	return rect.left >= 0 && rect.top >= 0 && rect.right <= (int32_t)motion->image.width &&
	       rect.bottom <= (int32_t)motion->image.height;
}

/* ---- motion-cells.c ---- */

/*
 * Compares rect of the image, at most a tile, with the mirror dx and dy away from it. Both lie on the screen. Looked at
 * is every step-th row, from the one in the middle of the first step rows on.
 */
struct kg_damage kg_cells_look(const struct kg_motion *motion, struct kg_rect rect, int32_t dx, int32_t dy, uint32_t step);

/* Whether the mirror says what the client has, everywhere in from. */
bool kg_cells_known(const struct kg_motion *motion, struct kg_rect from);

/* Looks at all cells at the first distance, and at what has changed: the pixels are then near. */
void kg_cells_compare_first(struct kg_search *s);

/*
 * At another distance: first at what has changed. A copy gains in each of its outermost columns and rows, so cells beyond
 * those that gain are not compared and count as wrong. False: too little is gained for any copy.
 */
bool kg_cells_compare_again(struct kg_search *s);

/* Looks at all rows of the part around y, where it begins or ends. */
void kg_cells_look_closely(const struct kg_search *s, const struct kg_part *part, uint32_t y);

/* ---- motion-parts.c ---- */

/* Scores all cells. Returns the pixels that would become right, as kg_part_gain() has them, if only they were copied. */
int64_t kg_parts_score(struct kg_search *s);

/* The rectangle whose groups of rows sum up to most. Returns the sum, or 0 when nothing is gained. */
int32_t kg_parts_best(struct kg_search *s, struct kg_part *ret);

/* Groups of rows are coarse: the first and the last row of the part become those that gain. */
void kg_part_fit_rows(const struct kg_search *s, struct kg_part *part);

/*
 * Where what moves ends within a cell, a part of its rows may stand still, which the cell does not tell: such a column is
 * given up, and the copy looks for what it gains beside the part, pixel by pixel.
 */
void kg_part_fit_columns(const struct kg_search *s, struct kg_part *part);

/* In pixels, as if all of a row that changed had. */
int64_t kg_part_gain(const struct kg_search *s, const struct kg_part *part);

/* What is copied is wrong from now on where it was unequal; and nothing is copied there a second time by this distance. */
void kg_part_take_off(struct kg_search *s, const struct kg_part *part);
