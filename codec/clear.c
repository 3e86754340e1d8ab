/*
 * ClearCodec messages ([MS-RDPEGFX] 2.2.4.1): what a region is coded as, and the layers put together.
 */
#include "codec/clear-impl.h"

#include "base/limits.h"
#include "codec/dsp.h"

#define FLAG_GLYPH_INDEX 0x01
#define FLAG_GLYPH_HIT 0x02
#define FLAG_CACHE_RESET 0x04

#define SPLIT_MIN 96			// columns
#define SPLIT_RUNS 200			// fewer are no matter

#define HEADER_MAX (2 + 2 + 12)		// with the number of a glyph

static bool size_legal(uint32_t width, uint32_t height)
{
	return width - 1 < KG_DESKTOP_SIZE_MAX && height - 1 < KG_DESKTOP_SIZE_MAX &&
	       (size_t)width * height <= KG_CLEAR_AREA_MAX;
}

size_t kg_clear_bound(uint32_t width, uint32_t height)
{
	if (!size_legal(width, height))
		return 0;
	return HEADER_MAX + CLEAR_SUBCODEC_HEADER + 3 * (size_t)width * height;
}

/* ---- state ---- */

void kg_clear_init(struct kg_clear *clear, const uint8_t key[16])
{
	uint64_t state[2];

	memset(clear, 0, sizeof(*clear));
	memcpy(state, key, sizeof(state));
	/* splitmix64 twice. A word near 2^32 would make products that do not depend on the other pixel. */
	for (uint32_t i = 0; i < KG_CLEAR_KEY; i++) {
		uint64_t word = 0;

		for (uint32_t j = 0; j < 2; j++) {
			uint64_t z = state[j] += UINT64_C(0x9e3779b97f4a7c15);

			z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
			z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
			word ^= j ? (z ^ z >> 31) << 32 | (z ^ z >> 31) >> 32 : z ^ z >> 31;
		}
		clear->key[i] = (uint32_t)word;
		if (clear->key[i] >> 24 == 0xff || !clear->key[i])
			clear->key[i] = (uint32_t)(word >> 40) + 1;
	}
	kg_clear_bars_forget(clear);
	kg_clear_glyphs_forget(clear);
}

void kg_clear_reset(struct kg_clear *clear)
{
	kg_clear_bars_forget(clear);
	kg_clear_glyphs_forget(clear);
	clear->reset = true;
}

/* ---- the plan ---- */

struct sizes {
	uint32_t words, region_max, column_max, missing;
	size_t coded, work;
};

static struct sizes sizes_of(uint32_t width, uint32_t height)
{
	size_t area = (size_t)width * height;
	struct sizes s = {
		.words = (width + 63) / 64,
		.region_max = (uint32_t)(area / 512) + height / 2 + 8,
		.column_max = (uint32_t)(area / 4) + 8 * width,
		.missing = 64,
		.coded = area,
	};

	while (s.missing < s.column_max / 4 && s.missing < 16384)
		s.missing *= 2;
	s.work = KG_MAX(kg_clear_regions_work(width, height), kg_clear_rlex_work(width, height));
	s.work = KG_MAX(s.work, kg_clear_residual_work(width));
	return s;
}

/* Hands out parts of the scratch memory, or counts them. */
static void *take(size_t *at, uint8_t *scratch, size_t size)
{
	void *part = scratch ? scratch + *at : NULL;

	*at += (size + 63) / 64 * 64;
	return part;
}

static size_t lay_out(struct kg_clear_plan *plan, uint8_t *scratch, uint32_t width, uint32_t height)
{
	struct sizes s = sizes_of(width, height);
	size_t at = 0;

	take(&at, scratch, sizeof(*plan));
	plan->words = s.words;
	plan->changes = take(&at, scratch, (size_t)height * s.words * sizeof(*plan->changes));
	plan->regions = take(&at, scratch, s.region_max * sizeof(*plan->regions));
	plan->region_max = s.region_max;
	plan->covers = take(&at, scratch, 4 * s.region_max * sizeof(*plan->covers));
	plan->cover_max = 4 * s.region_max;
	plan->cover_rows = take(&at, scratch, height * sizeof(*plan->cover_rows));
	plan->columns = take(&at, scratch, s.column_max * sizeof(*plan->columns));
	plan->bars = take(&at, scratch, s.column_max * sizeof(*plan->bars));
	plan->column_max = s.column_max;
	plan->missing = take(&at, scratch, s.missing * sizeof(*plan->missing));
	plan->missing_mask = s.missing - 1;
	plan->coded = take(&at, scratch, s.coded);
	plan->coded_max = s.coded;
	plan->work = take(&at, scratch, s.work);
	return at;
}

size_t kg_clear_scratch(uint32_t width, uint32_t height)
{
	struct kg_clear_plan plan;

	return size_legal(width, height) ? lay_out(&plan, NULL, width, height) + 63 : 0;
}

struct kg_clear_plan *kg_clear_analyse(const struct kg_dsp *dsp, const struct kg_clear *clear,
				       const struct kg_image *image, void *scratch)
{
	uint8_t *aligned = (uint8_t *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63);
	struct kg_clear_plan *plan = (struct kg_clear_plan *)aligned;

	if (!size_legal(image->width, image->height))
		return NULL;
	*plan = (struct kg_clear_plan){ .image = *image };
	lay_out(plan, aligned, image->width, image->height);
	for (uint32_t y = 0; y < image->height; y++)
		dsp->clear_changes(kg_image_at(image, 0, y), image->width, plan->changes + (size_t)y * plan->words);
	kg_clear_find_regions(plan);
	for (uint32_t i = 0; i < plan->region_count; i++) {
		struct clear_region *region = plan->regions + i;
		uint32_t width = region->x1 - region->x0, height = region->y1 - region->y0;

		/* Noise and pictures, where nearly every pixel is another colour, have no columns that come again. */
		region->hashed = height > 2 && region->runs < width * height / 8 * 7 &&
				 plan->column_max - plan->column_count >= width;
		if (!region->hashed)
			continue;
		region->first_column = plan->column_count;
		plan->column_count += width;
		dsp->clear_columns(kg_image_at(image, region->x0, region->y0), image->stride, width, height, clear->key,
				   plan->columns + region->first_column);
	}
	return plan;
}

/* ---- choice ---- */

static void try_rlex(struct kg_clear_plan *plan, struct clear_region *region, size_t *best)
{
	size_t room = KG_MIN(*best - 1, plan->coded_max - plan->coded_size + CLEAR_SUBCODEC_HEADER), size;

	/* A segment has 2 bytes, and two runs of which the first is not short. */
	if (CLEAR_SUBCODEC_HEADER + 4 + (size_t)region->runs > room)
		return;
	size = kg_clear_rlex(plan, region, plan->coded + plan->coded_size, room - CLEAR_SUBCODEC_HEADER);
	if (!size)
		return;
	region->coding = CLEAR_RLEX;
	region->coded_at = (uint32_t)plan->coded_size;
	region->coded_size = (uint32_t)size;
	region->bytes = region->worth = CLEAR_SUBCODEC_HEADER + size;
	*best = region->bytes;
}

static void choose(struct kg_clear *clear, struct kg_clear_plan *plan, uint32_t index)
{
	struct clear_region *region = plan->regions + index;
	size_t area = (size_t)(region->x1 - region->x0) * (region->y1 - region->y0);
	size_t raw = CLEAR_SUBCODEC_HEADER + 3 * area, best = 4 * (size_t)region->runs;
	uint32_t stores = plan->stores, short_stores = plan->short_stores;
	struct clear_cost cost;

	region->coding = CLEAR_RESIDUAL;
	region->bytes = region->worth = 0;
	if (raw < best) {
		region->coding = CLEAR_RAW;
		region->bytes = region->worth = best = raw;
	}
	if (region->hashed && kg_clear_bands_cost(clear, plan, index, best, &cost)) {
		region->coding = CLEAR_BANDS;
		region->bytes = cost.bytes;
		region->worth = best = cost.worth;
	}
	try_rlex(plan, region, &best);
	if (region->coding != CLEAR_BANDS) {
		plan->stores = stores;
		plan->short_stores = short_stores;
	}
}

/* Halves the region at a cell's edge. The right half becomes the last region. */
static void split(struct kg_clear_plan *plan, uint32_t index)
{
	struct clear_region *left = plan->regions + index, *right = plan->regions + plan->region_count++;
	uint32_t width = (left->x1 - left->x0) / 2 / CLEAR_CELL * CLEAR_CELL;

	*right = *left;
	left->x1 = right->x0 = (uint16_t)(left->x0 + width);
	right->first_column += width;
	kg_clear_count_runs(plan, left);
	kg_clear_count_runs(plan, right);
}

/* Whether a region has too many colours for a palette, or for a good one, and its halves may have less. */
static bool should_split(const struct kg_clear_plan *plan, const struct clear_region *region)
{
	uint32_t width = region->x1 - region->x0, area = width * (region->y1 - region->y0);

	return (region->coding == CLEAR_RESIDUAL || region->coding == CLEAR_RAW) && width >= SPLIT_MIN &&
	       region->runs >= SPLIT_RUNS && region->runs < area / 3 * 2 && plan->region_count < plan->region_max;
}

/* What the later layers take. False when that is more than most, or there is no room to note it. */
static bool choose_all(struct kg_clear *clear, struct kg_clear_plan *plan, size_t most, struct clear_cost *cost)
{
	plan->stores = plan->short_stores = 0;
	plan->coded_size = 0;
	plan->cover_count = 0;
	memset(plan->missing, 0, ((size_t)plan->missing_mask + 1) * sizeof(*plan->missing));
	memset(plan->cover_rows, 0, plan->image.height * sizeof(*plan->cover_rows));
	for (uint32_t i = 0; i < plan->region_count; i++) {
		struct clear_region *region = plan->regions + i;

		choose(clear, plan, i);
		while (should_split(plan, region)) {
			split(plan, i);
			choose(clear, plan, i);
		}
		if (region->coding == CLEAR_RLEX)
			plan->coded_size += region->coded_size;
		cost->bytes += region->bytes;
		cost->worth += region->worth;
		if (cost->bytes > most)
			return false;
		if (region->coding == CLEAR_RESIDUAL)
			continue;
		if (region->coding == CLEAR_BANDS
			? !kg_clear_bands_cover(clear, plan, region)
			: !kg_clear_cover(plan, region->x0, region->x1, region->y0, region->y1))
			return false;
	}
	return true;
}

/* The whole rectangle as one region in *whole, if that is worth less than best. */
static bool choose_whole(struct kg_clear_plan *plan, size_t best, struct clear_region *whole)
{
	size_t area = (size_t)plan->image.width * plan->image.height, raw = CLEAR_SUBCODEC_HEADER + 3 * area;

	*whole = (struct clear_region){
		.x1 = (uint16_t)plan->image.width,
		.y1 = (uint16_t)plan->image.height,
		.runs = plan->region_count,		// at least
		.coding = CLEAR_RESIDUAL,
	};
	if (raw < best) {
		whole->coding = CLEAR_RAW;
		whole->bytes = best = raw;
	}
	if (area <= CLEAR_SMALL && plan->region_count)
		try_rlex(plan, whole, &best);
	return whole->coding != CLEAR_RESIDUAL;
}

/* ---- the message ---- */

static uint8_t *put_subcodec(uint8_t *to, uint32_t x, uint32_t y, uint32_t width, uint32_t height, size_t size,
			     uint8_t id)
{
	to = clear_put16(to, x);
	to = clear_put16(to, y);
	to = clear_put16(to, width);
	to = clear_put16(to, height);
	to = clear_put32(to, (uint32_t)size);
	*to++ = id;
	return to;
}

static uint8_t *put_raw(uint8_t *to, const struct kg_image *image, uint32_t x0, uint32_t x1, uint32_t y0, uint32_t y1)
{
	to = put_subcodec(to, x0, y0, x1 - x0, y1 - y0, 3 * (size_t)(x1 - x0) * (y1 - y0), 0);
	for (uint32_t y = y0; y < y1; y++) {
		const uint8_t *row = kg_image_at(image, x0, y);

		for (uint32_t x = x0; x < x1; x++, row += 4, to += 3)
			clear_put_colour(to, clear_pixel(row));
	}
	return to;
}

/* The region, if it is coded that way. */
static uint8_t *put_region(const struct kg_clear_plan *plan, const struct clear_region *region, uint8_t *to)
{
	if (region->coding == CLEAR_RAW)
		return put_raw(to, &plan->image, region->x0, region->x1, region->y0, region->y1);
	if (region->coding != CLEAR_RLEX)
		return to;
	to = put_subcodec(to, region->x0, region->y0, region->x1 - region->x0, region->y1 - region->y0,
			  region->coded_size, 2);
	memcpy(to, plan->coded + region->coded_at, region->coded_size);
	return to + region->coded_size;
}

/* Flags, sequence and glyph: 2 or 4 bytes. */
static uint8_t *put_header(struct kg_clear *clear, uint8_t flags, uint32_t glyph, uint8_t *to)
{
	if (clear->reset)
		flags |= FLAG_CACHE_RESET;
	clear->reset = false;
	*to++ = flags;
	*to++ = clear->sequence++;
	return flags & FLAG_GLYPH_INDEX ? clear_put16(to, glyph) : to;
}

/* The layers behind their sizes. residual: the bytes that are there already. whole: NULL, or in place of all regions. */
static uint8_t *put_layers(struct kg_clear *clear, struct kg_clear_plan *plan, const struct clear_region *whole,
			   size_t residual, uint8_t *to)
{
	uint8_t *bands = to + 12 + residual, *subcodecs = bands, *end;

	for (uint32_t i = 0; !whole && i < plan->region_count; i++)
		if (plan->regions[i].coding == CLEAR_BANDS)
			subcodecs = kg_clear_bands_put(clear, plan, plan->regions + i, subcodecs);
	end = whole ? put_region(plan, whole, subcodecs) : subcodecs;
	for (uint32_t i = 0; !whole && i < plan->region_count; i++)
		end = put_region(plan, plan->regions + i, end);
	to = clear_put32(to, (uint32_t)residual);
	to = clear_put32(to, (uint32_t)(subcodecs - bands));
	clear_put32(to, (uint32_t)(end - subcodecs));
	return end;
}

size_t kg_clear_encode(struct kg_clear *clear, struct kg_clear_plan *plan, size_t limit, uint8_t *to, size_t size)
{
	uint32_t area = plan->image.width * plan->image.height, glyph = CLEAR_NONE;
	bool is_glyph = area <= KG_CLEAR_GLYPH_AREA_MAX, is_whole;
	size_t raw = CLEAR_SUBCODEC_HEADER + 3 * (size_t)area, header = is_glyph ? 4 : 2, residual = 0, best = SIZE_MAX;
	struct kg_clear_hash hash = { 0, 0 };
	struct clear_cost later = { 0, 0 };
	struct clear_region whole;

	if (size < kg_clear_bound(plan->image.width, plan->image.height))
		return 0;
	if (is_glyph) {
		hash = kg_clear_glyph_hash(clear, &plan->image);
		glyph = kg_clear_glyph_find(clear, hash, area);
		if (glyph != CLEAR_NONE)
			return (size_t)(put_header(clear, FLAG_GLYPH_INDEX | FLAG_GLYPH_HIT, glyph, to) - to);
	}
	if (choose_all(clear, plan, limit ? KG_MIN(limit, raw) : raw, &later) && later.bytes < raw &&
	    kg_clear_residual(plan, to + header + 12, raw - later.bytes, &residual))
		best = residual + later.worth;
	is_whole = choose_whole(plan, best, &whole);
	if (is_whole)
		residual = 0;
	if (limit && header + 12 + (is_whole ? whole.bytes : residual + later.bytes) > limit)
		return 0;
	if (is_glyph)
		glyph = kg_clear_glyph_store(clear, hash, area);
	put_header(clear, is_glyph ? FLAG_GLYPH_INDEX : 0, glyph, to);
	return (size_t)(put_layers(clear, plan, is_whole ? &whole : NULL, residual, to + header) - to);
}
