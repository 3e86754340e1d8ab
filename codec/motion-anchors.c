/*
 * Anchors and their votes. The cost is bounded whatever the picture shows: of a large change only every eighth row of the
 * mirror and 64 tiles of the image are looked at, which meet in enough places, and both lists have an end.
 */
#include "codec/motion-anchors.h"

#include "codec/dsp.h"

/* What is hashed around an anchor: WIDE pixels of four rows, three rows apart. Two letters: one alone is too common. */
#define WIDE 24
#define ROW_STEP 3
#define HIGH (3 * ROW_STEP + 1)
#define AROUND ((1ull << HIGH) - 1)

#define TILES_LOOKED_AT 64	// of the image
#define ANCHORS_WANTED 2048	// about so many of a picture full of edges; the mask follows from it
#define ANCHORS_FEW 256		// of the mirror: fewer are looked for again with a wider mask
#define ALIKE 4			// anchors of one hash: a pattern that repeats, which tells nothing
#define PROBES 16
#define VOTES_MIN 3
#define SAMPLES 64		// anchors at which a distance is verified
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

static bool changed(const struct kg_motion *motion, uint32_t tile)
{
	return motion->damage[tile].rows && motion->known[tile];
}

static uint64_t hash_around(const uint8_t *at, size_t stride)
{
	const uint64_t colours = 0x00ffffff00ffffff, factor = 0x9e3779b97f4a7c15;
	uint64_t h[4] = { 1, 2, 3, 4 };

	for (unsigned i = 0; i < WIDE * 4; i += 8) {
		for (unsigned row = 0; row < 4; row++) {
			uint64_t pixels;

			memcpy(&pixels, at + row * ROW_STEP * stride + i, sizeof(pixels));
			h[row] = (h[row] ^ (pixels & colours)) * factor;
		}
	}
	h[0] = (h[0] ^ h[0] >> 29) * factor ^ h[1];
	h[0] = (h[0] ^ h[0] >> 32) * factor ^ h[2];
	h[0] = (h[0] ^ h[0] >> 31) * factor ^ h[3];
	h[0] = (h[0] ^ h[0] >> 30) * factor;
	return h[0] ^ h[0] >> 33;
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
		if (anchor->x == x && anchor->y == y)
			return;		// here nothing has moved
		found[count++] = anchor;
		if (count == ALIKE)
			break;
	}
	anchors->fresh[anchors->fresh_count++] = (struct kg_anchor){ tag, (uint16_t)x, (uint16_t)y };
	for (unsigned i = 0; count < ALIKE && i < count; i++)
		vote(anchors, (int32_t)x - found[i]->x, (int32_t)y - found[i]->y);
}

/* The anchors of every step-th row of a tile, near which something has changed. False: the list is full. */
static bool scan_tile(const struct kg_motion *motion, struct kg_anchors *anchors, uint32_t tile, bool fresh,
		      uint32_t step, uint32_t mask)
{
	const struct kg_image *image = &motion->image;
	const uint8_t *picture = fresh ? image->pixels : motion->mirror;
	size_t stride = fresh ? image->stride : motion->mirror_stride;
	uint32_t left = tile % columns_of(motion) * KG_TILE, top = tile / columns_of(motion) * KG_TILE, count;
	uint64_t rows = motion->damage[tile].rows;

	if (image->width - left < WIDE)
		return true;
	count = KG_MIN(image->width - left - WIDE + 1, KG_TILE + 0u);
	for (uint32_t y = 0; y < KG_TILE && top + y + HIGH <= image->height; y += step) {
		const uint8_t *row = picture + (top + y) * stride + left * 4;
		uint64_t found;

		if (!(rows >> y & AROUND))
			continue;
		found = motion->dsp->row_anchors(row, count, mask);
		for (; found; found &= found - 1) {
			uint32_t x = (uint32_t)__builtin_ctzll(found);
			uint64_t hash = hash_around(row + x * 4, stride);

			if ((fresh ? anchors->fresh_count : anchors->old_count) >= KG_ANCHORS)
				return false;
			(fresh ? add_fresh : add_old)(anchors, hash, left + x, top + y);
		}
	}
	return true;
}

static void scan(const struct kg_motion *motion, struct kg_anchors *anchors, bool fresh, uint32_t every, uint32_t step,
		 uint32_t mask)
{
	for (uint32_t tile = 0, n = 0; tile < tiles_of(motion); tile++)
		if (changed(motion, tile) && n++ % every == 0 && !scan_tile(motion, anchors, tile, fresh, step, mask))
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
		struct kg_damage differs;

		++*tried;
		if (to.left < shift.dx || to.top < shift.dy || to.right - shift.dx > (int32_t)image->width ||
		    to.bottom - shift.dy > (int32_t)image->height)
			continue;
		motion->dsp->tile_compare(image->pixels + y * image->stride + x * 4, image->stride,
					  motion->mirror + (size_t)(to.top - shift.dy) * motion->mirror_stride +
						  (size_t)(to.left - shift.dx) * 4,
					  motion->mirror_stride, kg_rect_width(to), kg_rect_height(to), &differs);
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

unsigned kg_anchors_shifts(const struct kg_motion *motion, struct kg_anchors *anchors, struct kg_shift ret[KG_SHIFTS])
{
	uint32_t tiles = 0, step, bits = 2, score[KG_SHIFTS];
	struct kg_vote best[KG_SHIFTS];
	unsigned votes, count = 0;

	for (uint32_t tile = 0; tile < tiles_of(motion); tile++)
		tiles += changed(motion, tile);
	if (!tiles)
		return 0;
	step = tiles <= 16 ? 1 : tiles <= 64 ? 4 : 8;
	while (bits < 10 && tiles * (KG_TILE * KG_TILE / step) >> bits > ANCHORS_WANTED)
		bits++;

	for (;;) {
		memset(anchors, 0, sizeof(*anchors));
		scan(motion, anchors, false, 1, step, ~0u << (32 - bits));
		if (anchors->old_count >= ANCHORS_FEW || bits <= 2)
			break;
		bits = bits > 5 ? bits - 3 : 2;
	}
	scan(motion, anchors, true, (tiles + TILES_LOOKED_AT - 1) / TILES_LOOKED_AT, 1, ~0u << (32 - bits));
	votes = best_votes(anchors, best);
	for (unsigned i = 0; i < votes; i++) {
		struct kg_shift shift = { best[i].dx, best[i].dy };
		uint32_t tried, right = verify(motion, anchors, shift, &tried);
		unsigned at;

		if (right < 2 || right < tried / 24)
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
