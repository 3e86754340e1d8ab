/* For tests of RemoteFX Progressive: a picture's tiles, and a frame of them. */
#pragma once

#include "tests/rfx-surface.h"

static inline uint32_t tiles_of(const struct picture *picture, struct kg_progressive_tile *tiles, uint8_t from, uint8_t to)
{
	uint32_t n = 0;

	for (uint32_t y = 0; y < picture->height; y += 64)
		for (uint32_t x = 0; x < picture->width; x += 64)
			tiles[n++] = (struct kg_progressive_tile){ TILE_AT(picture, x, y), .from = from, .to = to };
	return n;
}

static inline struct kg_rect rect_of(const struct kg_progressive_tile *tile)
{
	return (struct kg_rect){ tile->x * 64, tile->y * 64, tile->x * 64 + (int32_t)tile->width,
				 tile->y * 64 + (int32_t)tile->height };
}

/* A frame of these tiles. Returns its size in bytes. */
static inline size_t encode(const struct kg_progressive_ladder *ladder, enum kg_rfx_wavelet wavelet,
		     struct kg_progressive_tile *tiles, uint32_t count, uint32_t frame)
{
	struct kg_writer to = kg_writer_of(bytes, sizeof(bytes));
	struct kg_progressive region;
	struct kg_rect rects[TILES];
	uint32_t done;

	for (uint32_t i = 0; i < count; i++)
		rects[i] = rect_of(&tiles[i]);
	kg_progressive_begin(&region, &to, ladder, wavelet, frame == 0, frame, rects, count);
	done = kg_progressive_tiles(&dsp, &batch, ladder, wavelet, tiles, count, &to);
	kg_progressive_add(&region, NULL, 0, done);
	return done == count && !kg_progressive_end(&region) ? kg_writer_size(&to) : 0;
}
