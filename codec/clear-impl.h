/* What the files of ClearCodec share: the plan of a rectangle. Not for others. */
#pragma once

#include "codec/clear.h"

#define CLEAR_CELL 16			// pixels: lines are found with that precision in x
#define CLEAR_BAND_HEADER 11		// bytes, [MS-RDPEGFX] 2.2.4.1.1.2.1
#define CLEAR_SUBCODEC_HEADER 13	// 2.2.4.1.1.3.1
#define CLEAR_PALETTE_MAX 127		// 2.2.4.1.1.3.1.1
#define CLEAR_SMALL 8192		// pixels: a rectangle for which RLEX is tried as a whole too
#define CLEAR_NONE 0xffff		// no bar, no glyph

enum clear_coding {
	CLEAR_RESIDUAL,
	CLEAR_BANDS,
	CLEAR_RLEX,
	CLEAR_RAW,
};

/* A rectangle of pixels that are coded together. Regions may overlap: each pixel has its true colour in all of them. */
struct clear_region {
	uint16_t x0, x1, y0, y1;	// x1, y1: exclusive
	uint16_t last_cell;		// that has a part of it
	bool fixed;			// joined only with neighbours of the same rows
	bool hashed;			// its columns are known, from columns[first_column]
	uint8_t coding;			// enum clear_coding
	uint32_t background;		// the colour that most of it has at its edges
	uint32_t runs;			// of equal pixels, in the order of the rows, about
	uint32_t first_column;
	uint32_t attempt;		// the last look at its columns
	uint32_t coded_at, coded_size;	// RLEX: the bytes, in plan->coded
	size_t bytes, worth;		// of what is not in the residual layer, see clear_cost
};

/* Pixels that a later layer draws: the residual layer may have anything there. */
struct clear_cover {
	uint16_t x0, x1, y0, y1;
	uint32_t next;			// of those that begin in the same row, + 1
};

/* A column that was to be stored in that attempt, which counts only if it became a band. */
struct clear_missing {
	uint32_t column;		// + 1; 0: nobody
	uint32_t region, attempt;
};

struct kg_clear_plan {
	struct kg_image image;
	uint32_t words;			// of changes in a row
	uint64_t *changes;		// a bit per pixel that differs from the one at its left
	struct clear_region *regions;
	uint32_t region_count, region_max;
	struct kg_clear_hash *columns;
	uint16_t *bars;			// per column: the bar in the client's cache, or CLEAR_NONE
	uint32_t column_count, column_max;
	uint8_t *coded;			// RLEX data of the regions
	size_t coded_size, coded_max;
	struct clear_cover *covers;
	uint32_t cover_count, cover_max;
	uint32_t *cover_rows;		// per row: the first cover that begins there, + 1
	struct clear_missing *missing;	// columns that a band will store, by hash
	uint32_t missing_mask;
	uint32_t attempt;		// looks at a region's columns, counted
	uint32_t stores, short_stores;	// bars that the regions so far will store, at most
	void *work;			// for one step at a time
};

static inline bool clear_hash_equal(struct kg_clear_hash a, struct kg_clear_hash b)
{
	return a.a == b.a && a.b == b.b;
}

/* Places of a cache in chains: head is the first of one, chain[place] the next, CLEAR_NONE the end. */
static inline void clear_chain(uint16_t *head, uint16_t *chain, uint32_t place)
{
	chain[place] = *head;
	*head = (uint16_t)place;
}

static inline void clear_unchain(uint16_t *head, uint16_t *chain, uint32_t place)
{
	uint16_t *link = head;

	while (*link != place)
		link = &chain[*link];
	*link = chain[place];
}

/* A pixel without its X byte. */
static inline uint32_t clear_pixel(const uint8_t *at)
{
	uint32_t pixel;

	memcpy(&pixel, at, sizeof(pixel));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	pixel = __builtin_bswap32(pixel);
#endif
	return pixel & 0xffffff;
}

/* The bits of the pixels x0 to x1 - 1 in word w of a row. */
static inline uint64_t clear_word_mask(uint32_t w, uint32_t x0, uint32_t x1)
{
	uint64_t mask = UINT64_MAX;

	if (w == x0 / 64)
		mask &= UINT64_MAX << x0 % 64;
	if (w == (x1 - 1) / 64)
		mask &= UINT64_MAX >> (63 - (x1 - 1) % 64);
	return mask;
}

/* Little-endian bytes. */
static inline uint8_t *clear_put16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
	return to + 2;
}

static inline uint8_t *clear_put32(uint8_t *to, uint32_t value)
{
	return clear_put16(clear_put16(to, value), value >> 16);
}

static inline uint8_t *clear_put_colour(uint8_t *to, uint32_t colour)
{
	to[2] = (uint8_t)(colour >> 16);
	return clear_put16(to, colour) + 1;
}

#define CLEAR_LENGTH_MAX 7		// bytes of a run's length

/* The length of a run, 2.2.4.1.1.1.1 and 2.2.4.1.1.3.1.1.2. */
static inline uint8_t *clear_put_length(uint8_t *to, uint32_t length)
{
	if (length < 0xff) {
		*to = (uint8_t)length;
		return to + 1;
	}
	*to++ = 0xff;
	if (length < 0xffff)
		return clear_put16(to, length);
	return clear_put32(clear_put16(to, 0xffff), length);
}

/* clear-regions.c: finds the regions from the changes. */
void kg_clear_find_regions(struct kg_clear_plan *plan);
void kg_clear_count_runs(const struct kg_clear_plan *plan, struct clear_region *region);
size_t kg_clear_regions_work(uint32_t width, uint32_t height);

/* clear-bands.c */
struct clear_cost {
	size_t bytes;		// at most
	size_t worth;		// the same without what teaches the client columns that came along before
};
/* Looks the columns up. False when it would be worth more than limit or store more than one message may. */
bool kg_clear_bands_cost(struct kg_clear *clear, struct kg_clear_plan *plan, uint32_t region, size_t limit,
			 struct clear_cost *cost);
/* Notes what the bands will draw. False when there is no room for it. */
bool kg_clear_bands_cover(const struct kg_clear *clear, struct kg_clear_plan *plan, const struct clear_region *region);
uint8_t *kg_clear_bands_put(struct kg_clear *clear, struct kg_clear_plan *plan, const struct clear_region *region,
			    uint8_t *to);
void kg_clear_bars_forget(struct kg_clear *clear);

/* clear-rlex.c: CLEARCODEC_SUBCODEC_RLEX of the region, at most room bytes; 0 when that is not possible. */
size_t kg_clear_rlex(const struct kg_clear_plan *plan, const struct clear_region *region, uint8_t *to, size_t room);
size_t kg_clear_rlex_work(uint32_t width, uint32_t height);

/* clear-residual.c: the layer under the covers, at most room bytes. *size is 0 where the covers leave no pixel. False
 * when there is no room. */
bool kg_clear_cover(struct kg_clear_plan *plan, uint32_t x0, uint32_t x1, uint32_t y0, uint32_t y1);
bool kg_clear_residual(const struct kg_clear_plan *plan, uint8_t *to, size_t room, size_t *size);
size_t kg_clear_residual_work(uint32_t width);

/* clear-glyphs.c: the linear pixels' hash; the slot that has it, or CLEAR_NONE; takes a slot for it. */
struct kg_clear_hash kg_clear_glyph_hash(const struct kg_clear *clear, const struct kg_image *image);
uint32_t kg_clear_glyph_find(const struct kg_clear *clear, struct kg_clear_hash hash, uint32_t area);
uint32_t kg_clear_glyph_store(struct kg_clear *clear, struct kg_clear_hash hash, uint32_t area);
void kg_clear_glyphs_forget(struct kg_clear *clear);

/* The inner product of up to KG_CLEAR_BAND_MAX pixels with the key, as dsp->clear_columns() makes it of a column. */
struct kg_clear_hash kg_clear_hash_pixels(const uint32_t *key, const uint32_t *pixels, uint32_t count);
