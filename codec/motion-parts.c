/* What a copy would gain: rectangles of cells. */
#include "codec/motion-cells.h"

#define DOUBT 8			// one row in so many that stands still in the last column of cells

/*
 * What rows count. In one that has changed few pixels have, in text a quarter, but all may become wrong in one that has not;
 * and what stays as it is may be a picture, which costs more than text.
 */
#define GAIN_WEIGHT 16

static int32_t score_of(const struct kg_cell *cell, uint64_t rows)
{
	uint64_t changed = cell->changed & rows, unequal = cell->unequal & rows;
	int32_t gain = cell->flat ? 0 : kg_rows_count(changed & ~unequal);

	return GAIN_WEIGHT * (gain - KG_LOSS_WEIGHT * kg_rows_count(unequal & ~changed)) - kg_rows_count(changed & unequal);
}

/* In each byte of a word how many of its bits are set. */
static uint64_t counts_of_bytes(uint64_t bits)
{
	bits -= bits >> 1 & 0x5555555555555555;
	bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
	return (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
}

/* Scores of the rows of each byte, as score_of() has them, where groups are whole bytes. Returns the rows that gain. */
static int32_t score_bytes(const struct kg_cell *cell, int32_t score[8])
{
	uint64_t gain = counts_of_bytes(cell->flat ? 0 : cell->changed & ~cell->unequal);
	uint64_t loss = counts_of_bytes(cell->unequal & ~cell->changed), both = counts_of_bytes(cell->changed & cell->unequal);

	for (unsigned i = 0; i < 8; i++)
		score[i] = GAIN_WEIGHT * ((int32_t)(gain >> 8 * i & 0xff) - KG_LOSS_WEIGHT * (int32_t)(loss >> 8 * i & 0xff)) -
			   (int32_t)(both >> 8 * i & 0xff);
	return (int32_t)(gain * 0x0101010101010101 >> 56);
}

int64_t kg_parts_score(struct kg_search *s)
{
	uint64_t first = ~0ull >> (64 - s->group);
	uint32_t per_cell = KG_TILE / s->group;
	int64_t rows = 0;

	memset(s->gains, 0, s->columns * sizeof(*s->gains));
	for (uint32_t row = 0; row < s->rows; row++) {
		for (uint32_t column = 0; column < s->columns; column++) {
			const struct kg_cell *cell = kg_cell_at(s, column, row);
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

/* The groups in a row of s->sum that sum up to more than most, as the rows of ret. Returns what is then the most. */
static int32_t best_groups(const struct kg_search *s, int32_t most, struct kg_part *ret)
{
	int32_t run = 0;
	uint32_t begin = 0;

	for (uint32_t g = 0; g < s->groups; g++) {
		if (run <= 0) {
			run = 0;
			begin = g;
		}
		run += s->sum[g];
		if (run > most) {
			most = run;
			ret->top = begin * s->group;
			ret->bottom = (g + 1) * s->group;
		}
	}
	return most;
}

int32_t kg_parts_best(struct kg_search *s, struct kg_part *ret)
{
	int32_t most = 0, all = 0;	// all: what could be gained from column left on, were nothing lost

	for (uint32_t column = 0; column < s->columns; column++)
		all += GAIN_WEIGHT * s->gains[column];
	for (uint32_t left = 0; left < s->columns && all > most; all -= GAIN_WEIGHT * s->gains[left++]) {
		int32_t within = 0;	// the same, up to column right

		if (!s->gains[left])
			continue;	// it would better begin further right
		memset(s->sum, 0, s->groups * sizeof(*s->sum));
		for (uint32_t right = left; right < s->columns; right++) {
			const int32_t *score = &s->score[right * s->groups];
			int32_t before = most;

			for (uint32_t g = 0; g < s->groups; g++)
				s->sum[g] += score[g];
			within += GAIN_WEIGHT * s->gains[right];
			if (!s->gains[right] || within <= most)
				continue;
			most = best_groups(s, most, ret);
			if (most > before) {
				ret->left = left;
				ret->right = right + 1;
			}
		}
	}
	return most;
}

/* What a row of pixels of the part brings. */
static int32_t row_score(const struct kg_search *s, const struct kg_part *part, uint32_t y)
{
	int32_t sum = 0;

	for (uint32_t column = part->left; column < part->right; column++)
		sum += score_of(kg_cell_at(s, column, y / KG_TILE), 1ull << y % KG_TILE);
	return sum;
}

void kg_part_fit_rows(const struct kg_search *s, struct kg_part *part)
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
static uint32_t rows_in_doubt(const struct kg_search *s, const struct kg_part *part, uint32_t column)
{
	uint32_t rows = 0;

	for (uint32_t y = part->top; y < part->bottom; y++) {
		const struct kg_cell *cell = kg_cell_at(s, column, y / KG_TILE);

		rows += (cell->changed & cell->unequal) >> y % KG_TILE & 1;
	}
	return rows;
}

void kg_part_fit_columns(const struct kg_search *s, struct kg_part *part)
{
	uint32_t many = (part->bottom - part->top) / DOUBT;

	if (part->right - part->left > 1 && rows_in_doubt(s, part, part->left) > many)
		part->left++;
	if (part->right - part->left > 1 && rows_in_doubt(s, part, part->right - 1) > many)
		part->right--;
}

int64_t kg_part_gain(const struct kg_search *s, const struct kg_part *part)
{
	int64_t rows = 0;

	for (uint32_t column = part->left; column < part->right; column++) {
		for (uint32_t y = part->top; y < part->bottom;) {
			const struct kg_cell *cell = kg_cell_at(s, column, y / KG_TILE);
			uint32_t end = KG_MIN(part->bottom, (y / KG_TILE + 1) * KG_TILE);
			uint64_t here = ~0ull >> (64 - (end - y)) << y % KG_TILE;

			rows += cell->flat ? 0 : kg_rows_count(cell->changed & ~cell->unequal & here);
			rows -= KG_LOSS_WEIGHT * kg_rows_count(cell->unequal & ~cell->changed & here);
			y = end;
		}
	}
	return rows * s->cell_width;
}

void kg_part_take_off(struct kg_search *s, const struct kg_part *part)
{
	for (uint32_t column = part->left; column < part->right; column++) {
		for (uint32_t y = part->top; y < part->bottom;) {
			struct kg_cell *cell = kg_cell_at(s, column, y / KG_TILE);
			uint32_t end = KG_MIN(part->bottom, (y / KG_TILE + 1) * KG_TILE);
			uint64_t here = ~0ull >> (64 - (end - y)) << y % KG_TILE;

			if (cell->known)
				cell->changed = (cell->changed & ~here) | (cell->unequal & here);
			cell->unequal |= here;
			y = end;
		}
	}
}
