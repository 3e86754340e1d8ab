/*
 * RLEX: runs of palette colours ([MS-RDPEGFX] 2.2.4.1.1.3.1.1).
 *
 * A segment is a run of one colour and a suite: one pixel each of the colours that follow it in the palette. So a run
 * of one pixel costs nothing where the palette has its colour behind that of the run before. The palette is put in an
 * order in which that happens often: the most frequent pairs first, each colour with one neighbour on each side.
 */
#include "codec/clear-impl.h"

#define SLOTS 256		// of the table from colour to number
#define PAIRS_MAX 1024		// that are looked at; more are rare ones

struct run {
	uint32_t length;
	uint32_t colour;	// number
};

struct palette {
	uint32_t colours[CLEAR_PALETTE_MAX + 1];
	uint32_t count;
	uint8_t slots[SLOTS];				// number + 1
	uint16_t pairs[CLEAR_PALETTE_MAX + 1][CLEAR_PALETTE_MAX + 1];	// [a][b]: runs of one pixel of b behind a
	uint32_t order[PAIRS_MAX];			// count << 14 | a << 7 | b
	uint32_t pair_count;
	uint8_t place[CLEAR_PALETTE_MAX + 1];		// of a number in the palette that is sent
};

struct work {
	struct palette palette;
	struct run runs[];
};

size_t kg_clear_rlex_work(uint32_t width, uint32_t height)
{
	size_t region = (size_t)width * KG_MIN(height, KG_CLEAR_BAND_MAX + 0u);

	return sizeof(struct work) +
	       KG_MAX(region, KG_MIN((size_t)width * height, (size_t)CLEAR_SMALL)) * sizeof(struct run);
}

/* The number of a colour, which is added where it is new; CLEAR_PALETTE_MAX when there are too many. */
static inline uint32_t number_of(struct palette *p, uint32_t colour)
{
	uint32_t slot = colour * 0x9e3779b1u >> 24;

	while (p->slots[slot]) {
		if (p->colours[p->slots[slot] - 1] == colour)
			return p->slots[slot] - 1u;
		slot = (slot + 1) % SLOTS;
	}
	if (p->count == CLEAR_PALETTE_MAX)
		return CLEAR_PALETTE_MAX;
	p->colours[p->count] = colour;
	p->slots[slot] = (uint8_t)++p->count;
	return p->count - 1;
}

/* The runs that were found so far. */
struct runs {
	struct palette *palette;
	struct run *runs;
	uint32_t count, max;
};

/* False when there is no room for it, or its colour is one too many. */
static inline bool add_run(struct runs *r, uint32_t length, uint32_t colour)
{
	uint32_t number;

	if (r->count == r->max)
		return false;
	number = number_of(r->palette, colour);
	r->runs[r->count++] = (struct run){ length, number };
	return number != CLEAR_PALETTE_MAX;
}

/* The region's runs, row behind row. False when there are more colours than a palette has, or more than max runs. */
static bool find_runs(const struct kg_clear_plan *plan, const struct clear_region *region, struct runs *r)
{
	uint32_t length = 0, current = UINT32_MAX;

	for (uint32_t y = region->y0; y < region->y1; y++) {
		const uint64_t *changes = plan->changes + (size_t)y * plan->words;
		const uint8_t *row = kg_image_at(&plan->image, 0, y);
		uint32_t from = region->x0;

		for (uint32_t w = region->x0 / 64u; w <= (region->x1 - 1u) / 64; w++) {
			uint64_t starts = changes[w];

			if (w == region->x0 / 64u)
				starts |= UINT64_C(1) << region->x0 % 64;
			starts &= clear_word_mask(w, region->x0, region->x1);
			for (; starts; starts &= starts - 1) {
				uint32_t x = w * 64 + (uint32_t)__builtin_ctzll(starts);
				uint32_t colour = clear_pixel(row + (size_t)x * 4);

				if (colour == current)
					continue;
				length += x - from;
				from = x;
				if (length && !add_run(r, length, current))
					return false;
				length = 0;
				current = colour;
			}
		}
		length += region->x1 - from;
	}
	return add_run(r, length, current);
}

static void sort_descending(uint32_t *values, uint32_t count)
{
	for (uint32_t gap = count / 2; gap; gap /= 2)
		for (uint32_t i = gap; i < count; i++) {
			uint32_t value = values[i], j = i;

			for (; j >= gap && values[j - gap] < value; j -= gap)
				values[j] = values[j - gap];
			values[j] = value;
		}
}

static void count_pairs(struct palette *p, const struct run *runs, uint32_t count)
{
	for (uint32_t i = 0; i < p->count; i++)
		memset(p->pairs[i], 0, p->count * sizeof(p->pairs[i][0]));
	p->pair_count = 0;
	for (uint32_t i = 1; i < count; i++) {
		uint32_t a = runs[i - 1].colour, b = runs[i].colour;
		uint16_t *pair = &p->pairs[a][b];

		if (runs[i].length != 1 || *pair == UINT16_MAX)
			continue;
		if (!*pair) {
			if (p->pair_count == PAIRS_MAX)
				continue;
			p->order[p->pair_count++] = a << 7 | b;
		}
		++*pair;
	}
	for (uint32_t i = 0; i < p->pair_count; i++)
		p->order[i] |= (uint32_t)p->pairs[p->order[i] >> 7][p->order[i] & 127] << 14;
	sort_descending(p->order, p->pair_count);
}

/* Chains of colours that follow each other, from the most frequent pairs; then the chains one behind the other. */
static void order_palette(struct palette *p)
{
	uint8_t next[CLEAR_PALETTE_MAX + 1], before[CLEAR_PALETTE_MAX + 1];
	uint8_t other_end[CLEAR_PALETTE_MAX + 1];	// of a chain, for its first and its last colour
	uint8_t first, last, placed = 0;

	memset(next, CLEAR_PALETTE_MAX, sizeof(next));
	memset(before, CLEAR_PALETTE_MAX, sizeof(before));
	for (uint32_t i = 0; i < p->count; i++)
		other_end[i] = (uint8_t)i;
	for (uint32_t i = 0; i < p->pair_count; i++) {
		uint32_t a = p->order[i] >> 7 & 127, b = p->order[i] & 127;

		if (next[a] != CLEAR_PALETTE_MAX || before[b] != CLEAR_PALETTE_MAX || other_end[a] == b)
			continue;
		next[a] = (uint8_t)b;
		before[b] = (uint8_t)a;
		first = other_end[a];
		last = other_end[b];
		other_end[first] = last;
		other_end[last] = first;
	}
	for (uint32_t i = 0; i < p->count; i++) {
		if (before[i] != CLEAR_PALETTE_MAX)
			continue;
		for (uint32_t at = i; at != CLEAR_PALETTE_MAX; at = next[at])
			p->place[at] = placed++;
	}
}

size_t kg_clear_rlex(const struct kg_clear_plan *plan, const struct clear_region *region, uint8_t *to, size_t room)
{
	struct work *work = plan->work;
	struct palette *p = &work->palette;
	uint32_t area = (uint32_t)(region->x1 - region->x0) * (region->y1 - region->y0);
	struct runs r = { p, work->runs, 0, KG_MIN(area, (uint32_t)KG_MIN(room, (size_t)UINT32_MAX)) };
	uint8_t *begin = to, *end = to + room;
	uint32_t bits, depth_max;

	p->count = 0;
	memset(p->slots, 0, sizeof(p->slots));
	if (!find_runs(plan, region, &r))
		return 0;
	/* With one colour the width of its index is not defined (the logarithm of 0), so there is a second one. */
	if (p->count == 1)
		number_of(p, ~p->colours[0] & 0xffffff);
	if (room < 1 + 3 * p->count)
		return 0;
	count_pairs(p, work->runs, r.count);
	order_palette(p);

	*to++ = (uint8_t)p->count;
	for (uint32_t i = 0; i < p->count; i++)
		clear_put_colour(to + 3 * p->place[i], p->colours[i]);
	to += 3 * p->count;
	bits = 32 - (uint32_t)__builtin_clz(p->count - 1);
	depth_max = (1u << (8 - bits)) - 1;
	for (uint32_t i = 0; i < r.count;) {
		uint32_t start = p->place[work->runs[i].colour], length = work->runs[i].length - 1, depth = 0;

		if (end - to < 1 + CLEAR_LENGTH_MAX)
			return 0;
		for (i++; i < r.count && depth < depth_max && work->runs[i].length == 1 &&
		     p->place[work->runs[i].colour] == start + depth + 1; i++)
			depth++;
		*to++ = (uint8_t)(depth << bits | (start + depth));
		to = clear_put_length(to, length);
	}
	return (size_t)(to - begin);
}
