/*
 * The one model of what a client's screen holds, nothing else remembers it: the pixels of the source as they were sent, and
 * for each tile of 64x64 whether the client has just these or, by a lossy codec, some that look like them. Decoding what was
 * sent gives the mirror, exactly or nearly, tile by tile.
 *
 * Pure; the caller owns the struct. Different rows of tiles may be worked on by different threads.
 */
#pragma once

#include "base/rect.h"
#include "codec/codec.h"

enum kg_tile_state {
	KG_TILE_UNKNOWN,	// what the client shows there is not known
	KG_TILE_LOSSY,		// the client's pixels are near ours
	KG_TILE_EXACT,
};

struct kg_mirror {
	uint32_t width, height;		// pixels, 0 before the first kg_mirror_resize()
	uint32_t columns, rows;		// tiles
	size_t stride;			// bytes; rows are padded to whole tiles, so that every tile has 64 x 64 pixels of memory
	uint8_t *pixels;		// B, G, R, X
	uint8_t *states;		// columns * rows: enum kg_tile_state
	uint64_t *changed_ms;		// columns * rows: when the tile was last sent or moved, for lossy ones
};

void kg_mirror_done(struct kg_mirror *mirror);	// a zeroed one is fine

/* Another size: nothing is known. On -ENOMEM and -EINVAL (beyond KG_DESKTOP_SIZE_MAX) the mirror is as it was. */
int kg_mirror_resize(struct kg_mirror *mirror, uint32_t width, uint32_t height);

/* What the client holds is lost, all or all tiles that rect touches. */
void kg_mirror_forget(struct kg_mirror *mirror);
void kg_mirror_forget_rect(struct kg_mirror *mirror, struct kg_rect rect);

bool kg_mirror_complete(const struct kg_mirror *mirror);	// no tile is unknown

/* The client has been sent pixels of this tile. What is new is lossy as soon as a part of the tile is. */
void kg_mirror_sent(struct kg_mirror *mirror, size_t tile, enum kg_tile_state state, uint64_t now_ms);

/*
 * The client copies a part of its screen to x, y: so does the mirror. Both places lie on the screen. Tiles that get pixels
 * of a lossy one, or of an unknown one, become that; tiles that are covered whole become what they are covered with.
 */
void kg_mirror_move(struct kg_mirror *mirror, struct kg_rect from, int32_t x, int32_t y, uint64_t now_ms);

/* The pixels that tile column, row covers, clipped to the screen. */
struct kg_rect kg_mirror_tile(const struct kg_mirror *mirror, uint32_t column, uint32_t row);

/* Where the pixels of rect, which lies on the screen, begin in memory; and they as a picture. */
uint8_t *kg_mirror_at(const struct kg_mirror *mirror, struct kg_rect rect);
struct kg_image kg_mirror_image(const struct kg_mirror *mirror, struct kg_rect rect);

/* The tiles that rect touches, as a rectangle of columns and rows. Empty when it lies outside. */
struct kg_rect kg_mirror_tiles(const struct kg_mirror *mirror, struct kg_rect rect);
