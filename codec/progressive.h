/*
 * RemoteFX Progressive ([MS-RDPEGFX] 2.2.4.2): tiles of 64x64 pixels in a region, each complete at once (TILE_SIMPLE) or as
 * a first pass of less quality (TILE_FIRST) that later passes refine (TILE_UPGRADE).
 *
 * A ladder names the passes. What the client holds of a tile is on our side one number, the pass it has reached: the
 * values of earlier passes are computed again from the pixels, which must therefore be the same for all passes of a tile.
 * A tile whose pixels have changed starts anew.
 *
 * A region is made of blocks, one for each tile, that several threads may encode side by side, each with a batch of its own:
 *
 *   each thread:  kg_progressive_tiles() into memory of its own
 *   then:         kg_progressive_begin(), kg_progressive_add() of each thread's blocks, kg_progressive_end()
 *
 * A single thread may call kg_progressive_tiles() with the region's own writer, between begin and end, and add their count.
 */
#pragma once

#include "base/rect.h"
#include "base/writer.h"
#include "codec/rfx.h"
#include "codec/upgrade.h"

struct kg_dsp;

/* ---- quality ---- */

#define KG_PROGRESSIVE_STEPS 4		// passes before the last

/*
 * A pass before the last: how many bits of each band of Y, Cb and Cr it leaves to later ones, 0 to KG_UPGRADE_BITS. (The
 * protocol knows 8, but then the bits of a pass need not fit its fields of 16 bits.)
 */
struct kg_progressive_step {
	uint8_t quality;		// percent, which decoders ignore
	uint8_t later[3][KG_RFX_BANDS];
};

/* Passes 0 to count - 1 are steps, pass count is full quality. */
struct kg_progressive_ladder {
	struct kg_rfx_quant quant[3];	// of full quality: Y, Cb, Cr
	struct kg_progressive_step step[KG_PROGRESSIVE_STEPS];
	struct kg_rfx_scale scale[KG_PROGRESSIVE_STEPS + 1][3];
	unsigned count;
};

/*
 * Returns 0, or -EINVAL where a step of quantisation is not 6 to 15, count is more than KG_PROGRESSIVE_STEPS, a pass leaves
 * more bits than KG_UPGRADE_BITS or the one before it, or LL3 has more than KG_RFX_STEP_MAX in all.
 */
int kg_progressive_ladder_init(struct kg_progressive_ladder *ladder, const struct kg_rfx_quant quant[3],
			       const struct kg_progressive_step *steps, unsigned count);

/* The usual quantisation and nothing before it: everything is TILE_SIMPLE. About 40 dB for text. */
void kg_progressive_ladder_simple(struct kg_progressive_ladder *ladder);

/* Three steps, of about 25, 50 and 75 percent, up to the finest quantisation: 45 dB or more in the end. */
void kg_progressive_ladder_fine(struct kg_progressive_ladder *ladder);

/* ---- tiles ---- */

#define KG_PROGRESSIVE_NEW 0xff		// from: the client has nothing of these pixels

struct kg_progressive_tile {
	const uint8_t *pixels;		// B, G, R, X of its top left
	size_t stride;
	const uint8_t *before;		// what the client has there at full quality of this ladder, rows stride apart, or
					// NULL: with it the tile may become a difference, if that is smaller
	uint32_t width, height;		// 1 to 64
	uint16_t x, y;			// in tiles of the surface
	uint8_t from, to;		// passes; from < to: an upgrade, which may leave out passes between
	bool overflows;			// set: the pixel at its bottom right is wrong (see KG_RFX_LISTS_FN); after this region
					// send the tile by another codec, and no upgrade of it
};

/*
 * Writes the blocks of count tiles, in order, as far as there is room. Returns how many tiles were written: each is written
 * whole or not at all. Only KG_RFX_EXTRAPOLATE has upgrades.
 */
uint32_t kg_progressive_tiles(const struct kg_dsp *dsp, struct kg_rfx_batch *batch,
			      const struct kg_progressive_ladder *ladder, enum kg_rfx_wavelet wavelet,
			      struct kg_progressive_tile *tiles, uint32_t count, struct kg_writer *to);

/* More than the block of a tile of any picture that is not made to be large takes; most take a tenth. */
#define KG_PROGRESSIVE_TILE_ROOM 16384

/* ---- the region ---- */

struct kg_progressive {
	struct kg_writer *to;
	size_t region, tiles_at;	// where the region and its tiles begin
	uint32_t tiles;
};

/*
 * A frame of one region up to its tiles. new_context: with what a codec context begins with; again after a reset.
 * rects: the pixels of the surface that the tiles cover and that are to be shown, 1 to 65535 of them.
 */
void kg_progressive_begin(struct kg_progressive *region, struct kg_writer *to, const struct kg_progressive_ladder *ladder,
			  enum kg_rfx_wavelet wavelet, bool new_context, uint32_t frame, const struct kg_rect *rects,
			  uint32_t rect_count);

/* Blocks of kg_progressive_tiles(): count of them, size bytes. Blocks that the writer has already: NULL and 0. */
void kg_progressive_add(struct kg_progressive *region, const uint8_t *blocks, size_t size, uint32_t count);

/* Returns 0, or -ENOSPC where the writer's room was too small, -EINVAL with no tiles or more than 65535 of them. */
int kg_progressive_end(struct kg_progressive *region);
