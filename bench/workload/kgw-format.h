/* What reader and writer of recordings agree on; bench/workload/kgw.h has the layout. */
#pragma once

#include "base/limits.h"
#include "base/region.h"

#define KG_KGW_MAGIC "KGWFILM1"
#define KG_KGW_HEADER_SIZE 40
#define KG_KGW_INDEX_SIZE 16		// bytes a frame
#define KG_KGW_TILE 64
#define KG_KGW_WHOLE (UINT64_C(1) << 63)	// in the index: depends on no frame before

enum kg_kgw_way { KG_KGW_PLAIN, KG_KGW_XOR };

static inline uint32_t kg_kgw_tiles(uint32_t side)
{
	return (side + KG_KGW_TILE - 1) / KG_KGW_TILE;
}

/* The rectangle of a tile of the picture. */
static inline struct kg_rect kg_kgw_tile_rect(uint32_t column, uint32_t row, uint32_t width, uint32_t height)
{
	int32_t left = (int32_t)(column * KG_KGW_TILE), top = (int32_t)(row * KG_KGW_TILE);

	return kg_rect_intersect((struct kg_rect){ left, top, left + KG_KGW_TILE, top + KG_KGW_TILE },
				 kg_rect_of_size(width, height));
}

/* The most that the body of a frame can be: damage, a pointer, and every tile. 200 MiB for the largest desktop. */
static inline size_t kg_kgw_body_max(uint32_t width, uint32_t height)
{
	size_t damage = 1 + KG_REGION_RECTS * 8, pointer = 1 + 8 + (size_t)KG_CURSOR_SIZE_MAX * KG_CURSOR_SIZE_MAX * 4;
	size_t tiles = (size_t)kg_kgw_tiles(width) * kg_kgw_tiles(height);

	return damage + pointer + tiles * 5 + (size_t)width * height * 3;
}
