/*
 * Bands and the client's caches of columns ([MS-RDPEGFX] 2.2.4.1.1.2, 3.3.1.10 to 3.3.1.13).
 *
 * A column of a band (V-bar) that the client has costs 2 bytes. One whose middle it has, without the background above
 * and below (short V-bar), costs 3 and becomes a V-bar; any other is sent and becomes both. Bars are stored at cursors
 * that go round, so the model here is those two cursors and, for each place, the hash of what lies there.
 *
 * First the cost of each region is found without changing the caches, then those that are to be bands are written. A
 * place that might be overwritten in between, by the regions before, does not count as a hit: so the cost is never too
 * low.
 */
#include <assert.h>

#include "codec/clear-impl.h"

#define HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)
#define GAP_MIN 9			// columns of background that end a band: a new one has a header of 11 bytes
#define HEAD_START 64			// columns whose cost a region may be ahead of what it may cost in all
#define STORES_MAX (KG_CLEAR_SHORT_BARS / 2)	// by one message: what it stores itself is there until its end

static uint32_t bucket(struct kg_clear_hash hash, unsigned bits)
{
	return (uint32_t)((hash.a ^ hash.b >> 1) * HASH_FACTOR >> (64 - bits));
}

struct kg_clear_hash kg_clear_hash_pixels(const uint32_t *key, const uint32_t *pixels, uint32_t count)
{
	struct kg_clear_hash hash = { 0, 0 };

	for (uint32_t i = 0; i < count; i += 2) {
		uint32_t second = i + 1 < count ? pixels[i + 1] : 0;

		hash.a += (uint64_t)(pixels[i] + key[i]) * (second + key[i + 1]);
		hash.b += (uint64_t)(pixels[i] + key[i + 2]) * (second + key[i + 3]);
	}
	return hash;
}

/* ---- the model ---- */

static bool is_bar(const struct kg_clear_bars *bars, uint32_t place, struct kg_clear_hash hash, uint32_t height)
{
	return place != CLEAR_NONE && clear_hash_equal(bars->hash[place], hash) && bars->height[place] == height;
}

/* Where the bar is, or CLEAR_NONE. before: the bar in front of it, which it followed before, perhaps. */
static uint32_t find_bar(const struct kg_clear_bars *bars, struct kg_clear_hash hash, uint32_t height, uint32_t before)
{
	uint32_t place = before == CLEAR_NONE ? before : bars->after[before];

	if (is_bar(bars, place, hash, height))
		return place;
	for (place = bars->head[bucket(hash, 15)]; place != CLEAR_NONE; place = bars->chain[place])
		if (is_bar(bars, place, hash, height))
			break;
	return place;
}

static uint32_t store_bar(struct kg_clear_bars *bars, struct kg_clear_hash hash, uint32_t height)
{
	uint32_t place = bars->cursor;

	bars->cursor = (place + 1) % KG_CLEAR_BARS;
	if (bars->height[place])
		clear_unchain(&bars->head[bucket(bars->hash[place], 15)], bars->chain, place);
	bars->hash[place] = hash;
	bars->height[place] = (uint8_t)height;
	bars->after[place] = CLEAR_NONE;
	clear_chain(&bars->head[bucket(hash, 15)], bars->chain, place);
	return place;
}

/* None without pixels: such a one is shorter to send than to find. */
static uint32_t find_short_bar(const struct kg_clear_short_bars *bars, struct kg_clear_hash hash, uint32_t count)
{
	uint32_t place = count ? bars->head[bucket(hash, 14)] : CLEAR_NONE;

	while (place != CLEAR_NONE && (!clear_hash_equal(bars->hash[place], hash) || bars->count[place] != count + 1))
		place = bars->chain[place];
	return place;
}

static void store_short_bar(struct kg_clear_short_bars *bars, struct kg_clear_hash hash, uint32_t count)
{
	uint32_t place = bars->cursor;

	bars->cursor = (place + 1) % KG_CLEAR_SHORT_BARS;
	if (bars->count[place])
		clear_unchain(&bars->head[bucket(bars->hash[place], 14)], bars->chain, place);
	bars->hash[place] = hash;
	bars->count[place] = (uint8_t)(count + 1);
	clear_chain(&bars->head[bucket(hash, 14)], bars->chain, place);
}

void kg_clear_bars_forget(struct kg_clear *clear)
{
	memset(clear->bars.head, 0xff, sizeof(clear->bars.head));
	memset(clear->bars.height, 0, sizeof(clear->bars.height));
	clear->bars.cursor = 0;
	memset(clear->short_bars.head, 0xff, sizeof(clear->short_bars.head));
	memset(clear->short_bars.count, 0, sizeof(clear->short_bars.count));
	clear->short_bars.cursor = 0;
}

/* ---- columns ---- */

/* A column without the background above and below. */
struct middle {
	uint32_t on, count;
	uint32_t pixels[KG_CLEAR_BAND_MAX];
};

static void find_middle(const struct kg_clear_plan *plan, const struct clear_region *region, uint32_t x,
			struct middle *m)
{
	const uint8_t *at = kg_image_at(&plan->image, x, region->y0);
	uint32_t height = region->y1 - region->y0, on = 0, off;

	while (on < height && clear_pixel(at) == region->background) {
		on++;
		at += plan->image.stride;
	}
	for (off = on; off < height; off++, at += plan->image.stride)
		m->pixels[off - on] = clear_pixel(at);
	while (off > on && m->pixels[off - 1 - on] == region->background)
		off--;
	m->on = off > on ? on : 0;
	m->count = off - on;
}

/* A band: columns from x0 to x1 - 1, numbered from the region's first. */
struct band {
	uint32_t x0, x1;
};

/* The next band of the region at or after x. A band ends where GAP_MIN columns of background follow. */
static bool next_band(const struct kg_clear_plan *plan, const struct clear_region *region, struct kg_clear_hash blank,
		      uint32_t x, struct band *band)
{
	const struct kg_clear_hash *columns = plan->columns + region->first_column;
	uint32_t width = region->x1 - region->x0, end;

	while (x < width && clear_hash_equal(columns[x], blank))
		x++;
	if (x == width)
		return false;
	band->x0 = x;
	end = x + 1;
	for (x = end; x < width && x - end < GAP_MIN; x++)
		if (!clear_hash_equal(columns[x], blank))
			end = x + 1;
	band->x1 = end;
	return true;
}

static struct kg_clear_hash blank_column(const struct kg_clear *clear, const struct clear_region *region)
{
	uint32_t pixels[KG_CLEAR_BAND_MAX];

	for (uint32_t i = 0; i < KG_CLEAR_BAND_MAX; i++)
		pixels[i] = region->background;
	return kg_clear_hash_pixels(clear->key, pixels, region->y1 - region->y0);
}

/* ---- the cost ---- */

/* Whether one more step of the cursor at a time leaves place alone until stores of them were made. */
static bool stays(uint32_t place, uint32_t cursor, uint32_t places, uint32_t stores)
{
	return (place + places - cursor) % places >= stores;
}

/* True when a column like this one comes before it in this message, and so is stored by then. Else this one is it. */
static bool is_stored_before(struct kg_clear_plan *plan, uint32_t region_index, uint32_t column)
{
	const struct clear_region *region = plan->regions + region_index, *other;
	struct clear_missing *slot = &plan->missing[bucket(plan->columns[column], 32) & plan->missing_mask];

	if (slot->column && clear_hash_equal(plan->columns[slot->column - 1], plan->columns[column])) {
		other = plan->regions + slot->region;
		if (slot->attempt == region->attempt)
			return true;
		if (slot->attempt == other->attempt && other->coding == CLEAR_BANDS &&
		    other->y1 - other->y0 == region->y1 - region->y0)
			return true;
	}
	*slot = (struct clear_missing){ column + 1, region_index, region->attempt };
	return false;
}

/* Whether the column came along before, and notes that it did. */
static bool was_seen(struct kg_clear *clear, struct kg_clear_hash hash)
{
	uint32_t *slot = &clear->seen[bucket(hash, 15)], tag = (uint32_t)(hash.b >> 8);

	if (*slot == tag)
		return true;
	*slot = tag;
	return false;
}

static void add_missing(struct kg_clear *clear, struct kg_clear_plan *plan, uint32_t region_index, uint32_t x,
			struct clear_cost *cost)
{
	const struct clear_region *region = plan->regions + region_index;
	uint32_t column = region->first_column + x, place;
	struct kg_clear_hash hash;
	struct middle m;
	size_t bytes;

	if (is_stored_before(plan, region_index, column)) {
		cost->bytes += 2;
		cost->worth += 2;
		return;
	}
	plan->stores++;
	find_middle(plan, region, region->x0 + x, &m);
	hash = kg_clear_hash_pixels(clear->key, m.pixels, m.count);
	place = find_short_bar(&clear->short_bars, hash, m.count);
	if (place != CLEAR_NONE && stays(place, clear->short_bars.cursor, KG_CLEAR_SHORT_BARS, plan->short_stores)) {
		bytes = 3;
	} else {
		bytes = 2 + 3 * m.count;
		plan->short_stores++;
	}
	cost->bytes += bytes;
	cost->worth += was_seen(clear, plan->columns[column]) ? 2 + bytes / 2 : bytes;
}

static bool add_band(struct kg_clear *clear, struct kg_clear_plan *plan, uint32_t region_index, struct band band,
		     size_t limit, struct clear_cost *cost)
{
	const struct clear_region *region = plan->regions + region_index;
	const struct kg_clear_hash *columns = plan->columns + region->first_column;
	uint16_t *bars = plan->bars + region->first_column;
	uint32_t height = region->y1 - region->y0, before = CLEAR_NONE;

	cost->bytes += CLEAR_BAND_HEADER;
	cost->worth += CLEAR_BAND_HEADER;
	for (uint32_t x = band.x0; x < band.x1; x++) {
		uint32_t place = x > band.x0 && before != CLEAR_NONE && clear_hash_equal(columns[x], columns[x - 1]) ?
					 before : find_bar(&clear->bars, columns[x], height, before);

		if (place != CLEAR_NONE && !stays(place, clear->bars.cursor, KG_CLEAR_BARS, plan->stores))
			place = CLEAR_NONE;
		bars[x] = (uint16_t)place;
		before = place;
		if (place != CLEAR_NONE) {
			cost->bytes += 2;
			cost->worth += 2;
			continue;
		}
		add_missing(clear, plan, region_index, x, cost);
		/* Gives up early where it goes on like that. */
		if (cost->worth > limit / (region->x1 - region->x0 + 0u) * (x + HEAD_START) ||
		    plan->stores > STORES_MAX)
			return false;
	}
	return cost->worth <= limit;
}

bool kg_clear_bands_cost(struct kg_clear *clear, struct kg_clear_plan *plan, uint32_t region_index, size_t limit,
		      struct clear_cost *cost)
{
	struct clear_region *region = plan->regions + region_index;
	struct kg_clear_hash blank = blank_column(clear, region);
	uint32_t stores = plan->stores, short_stores = plan->short_stores;
	struct band band = { 0, 0 };

	*cost = (struct clear_cost){ 0, 0 };
	region->attempt = ++plan->attempt;
	while (next_band(plan, region, blank, band.x1, &band))
		if (!add_band(clear, plan, region_index, band, limit, cost)) {
			plan->stores = stores;
			plan->short_stores = short_stores;
			return false;
		}
	return true;
}

/* ---- the bytes ---- */

bool kg_clear_bands_cover(const struct kg_clear *clear, struct kg_clear_plan *plan, const struct clear_region *region)
{
	struct kg_clear_hash blank = blank_column(clear, region);
	struct band band = { 0, 0 };

	while (next_band(plan, region, blank, band.x1, &band))
		if (!kg_clear_cover(plan, region->x0 + band.x0, region->x0 + band.x1, region->y0, region->y1))
			return false;
	return true;
}

/* A column that the client does not have. *place: where it has it from now on. */
static uint8_t *put_missing(struct kg_clear *clear, const struct kg_clear_plan *plan, const struct clear_region *region,
			    uint32_t x, uint8_t *to, const uint8_t *end, uint32_t *place)
{
	struct kg_clear_hash hash;
	uint32_t short_place;
	struct middle m;

	find_middle(plan, region, region->x0 + x, &m);
	hash = kg_clear_hash_pixels(clear->key, m.pixels, m.count);
	short_place = find_short_bar(&clear->short_bars, hash, m.count);
	/* A band that is longer than its cost might not fit into the caller's buffer. */
	assert((size_t)(end - to) >= (short_place != CLEAR_NONE ? 3 : 2 + 3 * m.count));
	if (short_place != CLEAR_NONE) {
		to = clear_put16(to, 0x4000 | short_place);
		*to++ = (uint8_t)m.on;
	} else {
		store_short_bar(&clear->short_bars, hash, m.count);
		to = clear_put16(to, m.on | (m.on + m.count) << 8);
		for (uint32_t i = 0; i < m.count; i++)
			to = clear_put_colour(to, m.pixels[i]);
	}
	*place = store_bar(&clear->bars, plan->columns[region->first_column + x], region->y1 - region->y0);
	return to;
}

static uint8_t *put_band(struct kg_clear *clear, struct kg_clear_plan *plan, const struct clear_region *region,
			 struct band band, uint8_t *to, const uint8_t *end)
{
	const struct kg_clear_hash *columns = plan->columns + region->first_column;
	const uint16_t *bars = plan->bars + region->first_column;
	uint32_t height = region->y1 - region->y0, before = CLEAR_NONE;

	to = clear_put16(to, region->x0 + band.x0);
	to = clear_put16(to, region->x0 + band.x1 - 1);
	to = clear_put16(to, region->y0);
	to = clear_put16(to, region->y1 - 1u);
	to = clear_put_colour(to, region->background);
	for (uint32_t x = band.x0; x < band.x1; x++) {
		uint32_t place = bars[x];

		if (place == CLEAR_NONE)
			place = find_bar(&clear->bars, columns[x], height, before);
		if (place == CLEAR_NONE)
			to = put_missing(clear, plan, region, x, to, end, &place);
		else
			to = clear_put16(to, 0x8000 | place);
		if (before != CLEAR_NONE)
			clear->bars.after[before] = (uint16_t)place;
		before = place;
	}
	return to;
}

uint8_t *kg_clear_bands_put(struct kg_clear *clear, struct kg_clear_plan *plan, const struct clear_region *region,
			    uint8_t *to)
{
	struct kg_clear_hash blank = blank_column(clear, region);
	const uint8_t *end = to + region->bytes;
	struct band band = { 0, 0 };

	while (next_band(plan, region, blank, band.x1, &band))
		to = put_band(clear, plan, region, band, to, end);
	return to;
}
