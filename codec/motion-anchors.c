/*
 * Anchors and their votes. The cost is bounded whatever the picture shows: of a large change only every eighth row of the
 * mirror and some tiles of the image are looked at, which meet in enough places, and both lists have an end.
 */
#include "codec/motion-anchors.h"

#include "codec/dsp.h"

/* What is hashed around an anchor: WIDE pixels of four rows, three rows apart. Two letters: one alone is too common. */
#define WIDE 24
#define ROW_STEP 3
#define HIGH (3 * ROW_STEP + 1)

/* How densely is looked, for so many tiles that differ and fewer. */
static const struct density {
	uint32_t tiles;
	uint32_t old_step;	// from row to row of the mirror, whose tiles are all looked at
	uint32_t looked_at;	// tiles of the image,
	uint32_t fresh_step;	// from row to row of it
	uint32_t wanted;	// anchors of the mirror, about; the mask follows from it
} densities[] = {
	{ 16, 1, 64, 1, 3072 }, { 64, 4, 64, 1, 3072 }, { 256, 8, 64, 1, 1024 }, { UINT32_MAX, 16, 48, 2, 1024 },
};

#define BITS_MAX 10		// of the mask
#define TILES_MIN 2		// typing changes one
#define ALIKE 4			// anchors of one hash: a pattern that repeats, which tells nothing
#define FACTOR 0x9e3779b97f4a7c15
#define AHEAD 8			// rows that are fetched before they are looked at
#define PROBES 16
#define VOTES_MIN 3
#define VOTES_SURE 12		// a small part of a large change
#define SAMPLES 96		// anchors at which a distance is verified
#define SAMPLE_WIDE 48
#define SAMPLE_HIGH 12

static uint32_t columns_of(const struct kg_motion *motion)
{
	return (motion->image.width + KG_TILE - 1) / KG_TILE;
}

static uint32_t tiles_of(const struct kg_motion *motion)
{
	return columns_of(motion) * ((motion->image.height + KG_TILE - 1) / KG_TILE);
}

/* Whether a few pixels of the tile differ at x, y. */
static bool pixels_differ(const struct kg_motion *motion, uint32_t x, uint32_t y, uint32_t width)
{
	const struct kg_image *image = &motion->image;
	struct kg_damage differs;

	motion->dsp->tile_compare(image->pixels + y * image->stride + x * 4, image->stride,
				  motion->mirror + y * motion->mirror_stride + x * 4, motion->mirror_stride,
				  KG_MIN(image->width - x, width), 1, &differs);
	return differs.rows;
}

/* Marks the tiles in which something differs, by some of their rows where nobody has compared. Returns how many. */
static uint32_t mark_tiles(const struct kg_motion *motion, uint8_t *differs)
{
	uint32_t touched = 0, count = 0, step;

	for (uint32_t tile = 0; tile < tiles_of(motion); tile++)
		touched += motion->damage[tile].rows && motion->known[tile];
	step = touched > 64 ? 32 : 8;
	for (uint32_t tile = 0; tile < tiles_of(motion); tile++) {
		struct kg_damage damage = motion->damage[tile];
		uint32_t left = tile % columns_of(motion) * KG_TILE, top = tile / columns_of(motion) * KG_TILE;

		differs[tile] = damage.rows && motion->known[tile] && ~(damage.rows & damage.columns);
		if (motion->known[tile] && !~(damage.rows & damage.columns))
			for (uint32_t y = KG_MIN(top + step / 2, motion->image.height - 1);
			     y < KG_MIN(top + KG_TILE, motion->image.height) && !differs[tile]; y += step)
				differs[tile] = pixels_differ(motion, left, y, KG_TILE);
		count += differs[tile];
	}
	return count;
}

/* How many anchors there would be without a mask in a row of each tile that differs, on average and times 256. */
static uint32_t edges_in_row(const struct kg_motion *motion, const struct kg_anchors *anchors)
{
	uint32_t edges = 0, rows = 0;

	for (uint32_t tile = 0; tile < tiles_of(motion); tile++) {
		uint32_t left = tile % columns_of(motion) * KG_TILE, top = tile / columns_of(motion) * KG_TILE;

		if (!anchors->differs[tile] || motion->image.width - left < KG_TILE + WIDE)
			continue;
		/* Some other row each time: lines of text and tiles have their rhythms. */
		for (uint32_t y = top + tile * 13 % 16; y < KG_MIN(top + KG_TILE, motion->image.height); y += 40, rows++)
			edges += (uint32_t)__builtin_popcountll(motion->dsp->row_anchors(
				motion->mirror + y * motion->mirror_stride + left * 4, KG_TILE, 0));
	}
	return rows ? edges * 256 / rows : 0;
}

static uint64_t hash_row(const uint8_t *at, uint64_t h)
{
	const uint64_t colours = 0x00ffffff00ffffff;

	for (unsigned i = 0; i < WIDE * 4; i += 8) {
		uint64_t pixels;

		memcpy(&pixels, at + i, sizeof(pixels));
		h = (h ^ (pixels & colours)) * FACTOR;
	}
	return h ^ h >> 29;
}

/* Rows by themselves, so that a processor works on all at once. */
static uint64_t hash_around(const uint8_t *at, size_t stride)
{
	uint64_t a = hash_row(at, 1), b = hash_row(at + ROW_STEP * stride, 2);
	uint64_t c = hash_row(at + 2 * ROW_STEP * stride, 3), d = hash_row(at + 3 * ROW_STEP * stride, 4);

	a = (a * FACTOR ^ b) * FACTOR;
	c = (c * FACTOR ^ d) * FACTOR;
	a = ((a ^ a >> 32) * FACTOR ^ c ^ c >> 31) * FACTOR;
	return a ^ a >> 33;
}

static void add_old(struct kg_anchors *anchors, uint64_t hash, uint32_t x, uint32_t y)
{
	uint32_t slot = (uint32_t)hash, tag = (uint32_t)(hash >> 32) | 1;
	unsigned alike = 0;

	for (unsigned probe = 0; probe < PROBES; probe++, slot++) {
		struct kg_anchor *anchor = &anchors->old[slot % KG_ANCHOR_SLOTS];

		if (!anchor->tag) {
			*anchor = (struct kg_anchor){ tag, (uint16_t)x, (uint16_t)y };
			anchors->old_count++;
			return;
		}
		if (anchor->tag == tag && ++alike == ALIKE)
			return;
	}
}

static void vote(struct kg_anchors *anchors, int32_t dx, int32_t dy)
{
	uint32_t slot = ((uint32_t)dx * 0x9e3779b1u ^ (uint32_t)dy * 0x85ebca6bu) >> 16;

	for (unsigned probe = 0; probe < PROBES; probe++, slot++) {
		struct kg_vote *entry = &anchors->votes[slot % KG_VOTE_SLOTS];

		if (!entry->count)
			*entry = (struct kg_vote){ (int16_t)dx, (int16_t)dy, 0 };
		if (entry->dx == dx && entry->dy == dy) {
			entry->count++;
			return;
		}
	}
}

static void add_fresh(struct kg_anchors *anchors, uint64_t hash, uint32_t x, uint32_t y)
{
	uint32_t slot = (uint32_t)hash, tag = (uint32_t)(hash >> 32) | 1;
	const struct kg_anchor *found[ALIKE];
	unsigned count = 0;

	for (unsigned probe = 0; probe < PROBES; probe++, slot++) {
		const struct kg_anchor *anchor = &anchors->old[slot % KG_ANCHOR_SLOTS];

		if (!anchor->tag)
			break;
		if (anchor->tag != tag)
			continue;
		found[count++] = anchor;
		if (count == ALIKE)
			break;
	}
	anchors->fresh[anchors->fresh_count++] = (struct kg_anchor){ tag, (uint16_t)x, (uint16_t)y };
	for (unsigned i = 0; count < ALIKE && i < count; i++)
		vote(anchors, (int32_t)x - found[i]->x, (int32_t)y - found[i]->y);
}

static void prefetch_around(const uint8_t *at, size_t stride)
{
	for (unsigned row = 1; row < 4; row++)
		__builtin_prefetch(at + row * ROW_STEP * stride);
}

static void prefetch_row(const uint8_t *row)
{
	for (unsigned i = 0; i < KG_TILE * 4; i += 64)
		__builtin_prefetch(row + i);
}

/* The anchors of every step-th row of a tile where the pixels differ. False: the list is full. */
static bool scan_tile(const struct kg_motion *motion, struct kg_anchors *anchors, uint32_t tile, bool fresh,
		      uint32_t step, uint32_t mask)
{
	const struct kg_image *image = &motion->image;
	const uint8_t *picture = fresh ? image->pixels : motion->mirror;
	size_t stride = fresh ? image->stride : motion->mirror_stride;
	uint32_t left = tile % columns_of(motion) * KG_TILE, top = tile / columns_of(motion) * KG_TILE, count;

	if (image->width - left < WIDE)
		return true;
	count = KG_MIN(image->width - left - WIDE + 1, KG_TILE + 0u);
	for (uint32_t y = 0; y < KG_TILE && top + y + HIGH <= image->height; y += step) {
		const uint8_t *row = picture + (top + y) * stride + left * 4;
		uint64_t found;

		if (!(motion->damage[tile].rows >> y & 1))
			continue;
		/* Rows so far apart are nothing that a processor would fetch by itself. */
		if (!fresh && image->width - left >= 2 * KG_TILE)
			prefetch_row(row + KG_TILE * 4);
		else if (fresh && y + AHEAD < KG_TILE && top + y + AHEAD < image->height && image->width - left >= KG_TILE)
			prefetch_row(row + AHEAD * stride);
		found = motion->dsp->row_anchors(row, count, mask);
		for (uint64_t rest = found; rest; rest &= rest - 1)
			prefetch_around(row + __builtin_ctzll(rest) * 4, stride);
		for (; found; found &= found - 1) {
			uint32_t x = (uint32_t)__builtin_ctzll(found);

			if (!pixels_differ(motion, left + x, top + y, WIDE))
				continue;
			if ((fresh ? anchors->fresh_count : anchors->old_count) >= KG_ANCHORS)
				return false;
			(fresh ? add_fresh : add_old)(anchors, hash_around(row + x * 4, stride), left + x, top + y);
		}
	}
	return true;
}

static void scan(const struct kg_motion *motion, struct kg_anchors *anchors, bool fresh, uint32_t every, uint32_t step,
		 uint32_t mask)
{
	for (uint32_t tile = 0, n = 0; tile < tiles_of(motion); tile++)
		if (anchors->differs[tile] && n++ % every == 0 && !scan_tile(motion, anchors, tile, fresh, step, mask))
			return;
}

/* How many of some anchors of the image have the same pixels around them in the mirror, at that distance. */
static uint32_t verify(const struct kg_motion *motion, const struct kg_anchors *anchors, struct kg_shift shift,
		       uint32_t *tried)
{
	const struct kg_image *image = &motion->image;
	uint32_t every = (anchors->fresh_count + SAMPLES - 1) / SAMPLES, right = 0;

	*tried = 0;
	for (uint32_t i = 0; i < anchors->fresh_count; i += every) {
		uint32_t x = anchors->fresh[i].x, y = anchors->fresh[i].y;
		struct kg_rect to = { (int32_t)x, (int32_t)y, (int32_t)KG_MIN(x + SAMPLE_WIDE, image->width),
				      (int32_t)KG_MIN(y + SAMPLE_HIGH, image->height) };
		struct kg_damage differs = { 0 };

		++*tried;
		if (to.left < shift.dx || to.top < shift.dy || to.right - shift.dx > (int32_t)image->width ||
		    to.bottom - shift.dy > (int32_t)image->height)
			continue;
		/* Most of those that are wrong are so in the first row. */
		for (uint32_t row = 0; row < kg_rect_height(to) && !differs.rows; row += row ? SAMPLE_HIGH : 1)
			motion->dsp->tile_compare(image->pixels + (y + row) * image->stride + x * 4, image->stride,
						  motion->mirror + (size_t)(to.top + (int32_t)row - shift.dy) * motion->mirror_stride +
							  (size_t)(to.left - shift.dx) * 4,
						  motion->mirror_stride, kg_rect_width(to),
						  row ? kg_rect_height(to) - row : 1, &differs);
		right += !differs.rows;
	}
	return right;
}

static unsigned best_votes(struct kg_anchors *anchors, struct kg_vote best[KG_SHIFTS])
{
	unsigned count = 0;

	for (uint32_t i = 0; i < KG_VOTE_SLOTS; i++) {
		unsigned at;

		if (anchors->votes[i].count < VOTES_MIN)
			continue;
		if (count == KG_SHIFTS && best[count - 1].count >= anchors->votes[i].count)
			continue;
		count += count < KG_SHIFTS;
		for (at = count - 1; at && best[at - 1].count < anchors->votes[i].count; at--)
			best[at] = best[at - 1];
		best[at] = anchors->votes[i];
	}
	return count;
}

static void clear(struct kg_anchors *anchors)
{
	memset(anchors->old, 0, sizeof(anchors->old));
	memset(anchors->votes, 0, sizeof(anchors->votes));
	anchors->old_count = anchors->fresh_count = 0;
}

/* Fills the tables from both pictures, of which so many tiles differ. */
static void scan_both(const struct kg_motion *motion, struct kg_anchors *anchors, uint32_t tiles)
{
	const struct density *density = densities;
	uint64_t edges = (uint64_t)edges_in_row(motion, anchors) * tiles;
	uint32_t bits = 2, every;

	while (tiles > density->tiles)
		density++;
	while (bits < BITS_MAX && edges * (KG_TILE / density->old_step) / 256 >> bits > density->wanted)
		bits++;
	clear(anchors);
	scan(motion, anchors, false, 1, density->old_step, ~0u << (32 - bits));
	/* As many of the image as its list holds: a list that is full would be of the top of the picture only. */
	every = (tiles + density->looked_at - 1) / density->looked_at;
	while (bits < BITS_MAX && edges * (KG_TILE / density->fresh_step) / every / 256 >> bits > KG_ANCHORS * 3 / 4)
		bits++;
	if (anchors->old_count)
		scan(motion, anchors, true, every, density->fresh_step, ~0u << (32 - bits));
}

unsigned kg_anchors_shifts(const struct kg_motion *motion, struct kg_anchors *anchors, struct kg_shift ret[KG_SHIFTS])
{
	uint32_t tiles = mark_tiles(motion, anchors->differs), score[KG_SHIFTS];
	struct kg_vote best[KG_SHIFTS];
	unsigned votes, count = 0;

	if (tiles < TILES_MIN)
		return 0;
	scan_both(motion, anchors, tiles);
	votes = best_votes(anchors, best);
	for (unsigned i = 0; i < votes; i++) {
		struct kg_shift shift = { best[i].dx, best[i].dy };
		uint32_t tried, right = verify(motion, anchors, shift, &tried);
		unsigned at;

		if (!right || (best[i].count < VOTES_SURE && (right < 2 || right < tried / 48)))
			continue;
		for (at = count++; at && score[at - 1] < right; at--) {
			score[at] = score[at - 1];
			ret[at] = ret[at - 1];
		}
		score[at] = right;
		ret[at] = shift;
	}
	return count;
}
