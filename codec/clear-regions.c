/*
 * Where lines of text, borders and pictures lie.
 *
 * Cells of 16 pixels are looked at row by row: a row in which all pixels of the cell are equal belongs to nobody, the
 * rows between two such are a run. From left to right, runs that overlap in y become a region, which so is as high as
 * the line's highest letter in all its length: a column of a letter then is the same wherever the letter comes again.
 *
 * A run that is higher than a band holds borders, pictures, or text beside a border. It is cut where its rows repeat
 * the row above: what moves in there is again a line, what repeats is cut to the height of bands.
 *
 * None of this has to be right: every region is coded with its true pixels, whatever it is.
 */
#include "codec/clear-impl.h"

#define ROWS_MAX KG_CLEAR_BAND_MAX
#define GRID 48			// rows of a piece of a picture
#define QUIET_MIN 5		// rows that repeat, fewer are part of a letter (stems)
#define GAP_MAX 1		// cells without a run that a line goes on over

/* A run of rows in one cell. */
struct rows {
	uint32_t y0, y1;
	bool fixed;
};

struct finder {
	struct kg_clear_plan *plan;
	uint64_t *busy;		// a bit per row, cell behind cell
	uint32_t words;		// of a cell
	uint32_t cells;
	uint32_t cell;		// that is looked at
	struct rows *rows;	// of this cell
	uint32_t row_count;
	uint32_t *open;		// the regions that may go on, by y0
	uint32_t open_count;
	uint32_t *next;		// those behind this cell
	uint32_t next_count;
};

size_t kg_clear_regions_work(uint32_t width, uint32_t height)
{
	size_t cells = (width + CLEAR_CELL - 1) / CLEAR_CELL, words = ((size_t)height + 63) / 64;

	return cells * words * sizeof(uint64_t) + ((size_t)height + 2) * (sizeof(struct rows) + 4 * sizeof(uint32_t));
}

static void find_busy(struct finder *f)
{
	const uint64_t inside = UINT64_C(0xfffefffefffefffe);	// a cell's first pixel may differ from the cell before
	const struct kg_clear_plan *plan = f->plan;
	const uint64_t *changes = plan->changes;

	memset(f->busy, 0, (size_t)f->cells * f->words * sizeof(*f->busy));
	for (uint32_t y = 0; y < plan->image.height; y++) {
		uint64_t *busy = f->busy + y / 64;
		uint64_t bit = UINT64_C(1) << y % 64;

		for (uint32_t w = 0; w < plan->words; w++, changes++)
			for (uint64_t bits = *changes & inside; bits;) {
				uint32_t cell = (uint32_t)__builtin_ctzll(bits) / CLEAR_CELL;

				busy[(size_t)(w * 4 + cell) * f->words] |= bit;
				bits &= cell == 3 ? 0 : UINT64_MAX << (cell + 1) * CLEAR_CELL;
			}
	}
}

/* The first row at or after y, below height, whose bit is value; height when there is none. */
static uint32_t find_row(const uint64_t *bits, uint32_t y, uint32_t height, bool value)
{
	while (y < height) {
		uint64_t word = (value ? bits[y / 64] : ~bits[y / 64]) >> y % 64;

		if (word)
			return KG_MIN(y + (uint32_t)__builtin_ctzll(word), height);
		y = (y / 64 + 1) * 64;
	}
	return height;
}

static bool repeats(const struct finder *f, uint32_t y)
{
	const struct kg_image *image = &f->plan->image;
	uint32_t x = f->cell * CLEAR_CELL, count = KG_MIN(image->width - x, CLEAR_CELL + 0u);
	const uint8_t *row = kg_image_at(image, x, y), *above = kg_image_at(image, x, y - 1);

	for (uint32_t i = 0; i < count; i++)
		if (clear_pixel(row + i * 4) != clear_pixel(above + i * 4))
			return false;
	return true;
}

static void add_rows(struct finder *f, uint32_t y0, uint32_t y1, bool fixed)
{
	f->rows[f->row_count++] = (struct rows){ y0, y1, fixed };
}

/* Rows of a picture: pieces that are the same in the cells beside. */
static void add_picture(struct finder *f, uint32_t y0, uint32_t y1)
{
	while (y0 < y1) {
		uint32_t end = KG_MIN((y0 / GRID + 1) * GRID, y1);

		add_rows(f, y0, end, true);
		y0 = end;
	}
}

static void add_quiet(struct finder *f, uint32_t y0, uint32_t y1)
{
	for (; y1 - y0 > ROWS_MAX; y0 += ROWS_MAX)
		add_rows(f, y0, y0 + ROWS_MAX, true);
	add_rows(f, y0, y1, true);
}

/* A run higher than a band. */
static void cut(struct finder *f, uint32_t y0, uint32_t y1)
{
	uint32_t from = y0, y = y0;

	while (y < y1) {
		uint32_t quiet = y + 1;

		while (quiet < y1 && repeats(f, quiet))
			quiet++;
		/* y is unlike the row above, those up to quiet are like it. */
		if (quiet - y >= QUIET_MIN) {
			if (y - from > ROWS_MAX)
				add_picture(f, from, y);
			else if (y > from)
				add_rows(f, from, y, false);
			add_quiet(f, y, quiet);
			from = quiet;
		}
		y = quiet;
	}
	if (y1 - from > ROWS_MAX)
		add_picture(f, from, y1);
	else if (y1 > from)
		add_rows(f, from, y1, false);
}

static void find_rows(struct finder *f)
{
	const uint64_t *busy = f->busy + (size_t)f->cell * f->words;
	uint32_t height = f->plan->image.height;

	f->row_count = 0;
	for (uint32_t y = find_row(busy, 0, height, true); y < height;) {
		uint32_t end = find_row(busy, y, height, false);

		if (end - y > ROWS_MAX)
			cut(f, y, end);
		else
			add_rows(f, y, end, false);
		y = find_row(busy, end, height, true);
	}
}

/* Whether a and b are parts of one line: nothing that overlaps by chance, such as the lines of two columns of text. */
static bool joins(const struct clear_region *a, const struct rows *b)
{
	uint32_t y0 = KG_MIN(a->y0 + 0u, b->y0), y1 = KG_MAX(a->y1 + 0u, b->y1);
	uint32_t higher = KG_MAX(a->y1 - a->y0 + 0u, b->y1 - b->y0);

	if (a->fixed || b->fixed)
		return a->fixed == b->fixed && a->y0 == b->y0 && a->y1 == b->y1;
	return y1 - y0 <= ROWS_MAX && y1 - y0 <= higher + higher / 3 + 2;
}

static void extend(struct finder *f, uint32_t index, const struct rows *rows)
{
	struct clear_region *region = f->plan->regions + index;

	region->y0 = (uint16_t)KG_MIN(region->y0 + 0u, rows->y0);
	region->y1 = (uint16_t)KG_MAX(region->y1 + 0u, rows->y1);
	region->x1 = (uint16_t)KG_MIN((f->cell + 1) * CLEAR_CELL, f->plan->image.width);
	region->last_cell = (uint16_t)f->cell;
}

static void begin(struct finder *f, const struct rows *rows)
{
	struct kg_clear_plan *plan = f->plan;

	if (plan->region_count == plan->region_max)
		return;			// the residual layer has it
	plan->regions[plan->region_count] = (struct clear_region){
		.x0 = (uint16_t)(f->cell * CLEAR_CELL),
		.x1 = (uint16_t)KG_MIN((f->cell + 1) * CLEAR_CELL, plan->image.width),
		.y0 = (uint16_t)rows->y0,
		.y1 = (uint16_t)rows->y1,
		.last_cell = (uint16_t)f->cell,
		.fixed = rows->fixed,
	};
	f->next[f->next_count++] = plan->region_count++;
}

/* Hands each run to the first open region that it overlaps and fits. */
static void join_rows(struct finder *f)
{
	struct clear_region *regions = f->plan->regions;
	uint32_t o = 0;

	f->next_count = 0;
	for (uint32_t i = 0; i < f->row_count; i++) {
		const struct rows *rows = f->rows + i;
		uint32_t look;

		for (; o < f->open_count && regions[f->open[o]].y1 <= rows->y0; o++)
			f->next[f->next_count++] = f->open[o];
		for (look = o; look < f->open_count && regions[f->open[look]].y0 < rows->y1; look++)
			if (regions[f->open[look]].y1 > rows->y0 && joins(&regions[f->open[look]], rows))
				break;
		if (look < f->open_count && regions[f->open[look]].y0 < rows->y1)
			extend(f, f->open[look], rows);
		else
			begin(f, rows);
	}
	for (; o < f->open_count; o++)
		f->next[f->next_count++] = f->open[o];
}

/* What a line has grown over, the dot of its first i for instance, is part of it. */
static bool swallow(struct clear_region *line, struct clear_region *other)
{
	struct rows rows = { other->y0, other->y1, other->fixed };

	if (other->y0 >= line->y1 || other->y1 <= line->y0 || line->fixed || !joins(line, &rows))
		return false;
	line->x0 = KG_MIN(line->x0, other->x0);
	line->x1 = KG_MAX(line->x1, other->x1);
	line->y0 = KG_MIN(line->y0, other->y0);
	line->y1 = KG_MAX(line->y1, other->y1);
	line->last_cell = KG_MAX(line->last_cell, other->last_cell);
	other->x1 = other->x0;		// empty
	return true;
}

/* Sorts what is open, unites what overlaps, and leaves out what has ended. */
static void close_cell(struct finder *f)
{
	struct clear_region *regions = f->plan->regions;
	uint32_t count = 0;

	for (uint32_t i = 0; i < f->next_count; i++) {
		uint32_t index = f->next[i], j = count;

		if (f->cell - regions[index].last_cell > GAP_MAX)
			continue;
		for (; j && regions[f->open[j - 1]].y0 > regions[index].y0; j--)
			f->open[j] = f->open[j - 1];
		f->open[j] = index;
		count++;
	}
	f->open_count = 0;
	for (uint32_t i = 0; i < count; i++)
		if (!f->open_count || !swallow(&regions[f->open[f->open_count - 1]], &regions[f->open[i]]))
			f->open[f->open_count++] = f->open[i];
}

/* The most frequent colour at the upper and lower edge. */
static uint32_t edge_colour(const struct kg_clear_plan *plan, const struct clear_region *region)
{
	enum { SAMPLES = 16 };
	uint32_t samples[2 * SAMPLES], votes[2 * SAMPLES], count = 0, best = 0;
	uint32_t step = (region->x1 - region->x0 + SAMPLES - 1u) / SAMPLES;

	for (uint32_t x = region->x0; x < region->x1; x += step)
		for (uint32_t i = 0; i < 2; i++) {
			uint32_t now = clear_pixel(kg_image_at(&plan->image, x, i ? region->y1 - 1u : region->y0)), at = 0;

			while (at < count && samples[at] != now)
				at++;
			if (at == count) {
				samples[count] = now;
				votes[count++] = 0;
			}
			if (++votes[at] > votes[best])
				best = at;
		}
	return samples[best];
}

/* The builtin is a call where the processor need not have the instruction. */
static inline uint32_t count_bits(uint64_t v)
{
	v -= v >> 1 & UINT64_C(0x5555555555555555);
	v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 & UINT64_C(0x3333333333333333));
	v = (v + (v >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (uint32_t)(v * UINT64_C(0x0101010101010101) >> 56);
}

void kg_clear_count_runs(const struct kg_clear_plan *plan, struct clear_region *region)
{
	uint32_t count = region->y1 - region->y0;

	for (uint32_t y = region->y0; y < region->y1; y++) {
		const uint64_t *changes = plan->changes + (size_t)y * plan->words;

		for (uint32_t w = region->x0 / 64u; w <= (region->x1 - 1u) / 64; w++)
			count += count_bits(changes[w] & clear_word_mask(w, region->x0, region->x1));
	}
	region->runs = count;
}

void kg_clear_find_regions(struct kg_clear_plan *plan)
{
	struct finder f = { .plan = plan };
	uint32_t height = plan->image.height, count = 0;
	size_t per_row = height + 2;

	f.words = (height + 63) / 64;
	f.cells = (plan->image.width + CLEAR_CELL - 1) / CLEAR_CELL;
	f.busy = plan->work;
	f.rows = (struct rows *)(f.busy + (size_t)f.cells * f.words);
	f.open = (uint32_t *)(f.rows + per_row);
	f.next = f.open + 2 * per_row;
	find_busy(&f);
	for (f.cell = 0; f.cell < f.cells; f.cell++) {
		find_rows(&f);
		join_rows(&f);
		close_cell(&f);
	}
	for (uint32_t i = 0; i < plan->region_count; i++) {
		struct clear_region *region = plan->regions + i;

		if (region->x0 == region->x1)
			continue;
		region->background = edge_colour(plan, region);
		kg_clear_count_runs(plan, region);
		plan->regions[count++] = *region;
	}
	plan->region_count = count;
}
