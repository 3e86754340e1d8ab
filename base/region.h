/*
 * Damage: a set of pixels, kept as a bounded list of rectangles that may overlap. When the list is full the rectangles
 * are joined into fewer that cover more: a region never loses a pixel, and never allocates.
 */
#pragma once

#include "base/rect.h"

#define KG_REGION_RECTS 32

struct kg_region {
	uint32_t count;
	struct kg_rect rects[KG_REGION_RECTS];
};

static inline bool kg_region_empty(const struct kg_region *region)
{
	return region->count == 0;
}

static inline void kg_region_clear(struct kg_region *region)
{
	region->count = 0;
}

void kg_region_add(struct kg_region *region, struct kg_rect rect);	// empty rectangles are ignored
void kg_region_unite(struct kg_region *region, const struct kg_region *other);
struct kg_rect kg_region_bounds(const struct kg_region *region);	// empty for an empty region
