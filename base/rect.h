/* Rectangles in pixels: left and top inclusive, right and bottom exclusive. Empty when right <= left or bottom <= top. */
#pragma once

#include "base/base.h"

struct kg_rect {
	int32_t left, top, right, bottom;
};

static inline bool kg_rect_empty(struct kg_rect r)
{
	return r.right <= r.left || r.bottom <= r.top;
}

static inline uint32_t kg_rect_width(struct kg_rect r)
{
	return kg_rect_empty(r) ? 0 : (uint32_t)(r.right - r.left);
}

static inline uint32_t kg_rect_height(struct kg_rect r)
{
	return kg_rect_empty(r) ? 0 : (uint32_t)(r.bottom - r.top);
}

static inline struct kg_rect kg_rect_intersect(struct kg_rect a, struct kg_rect b)
{
	return (struct kg_rect){ KG_MAX(a.left, b.left), KG_MAX(a.top, b.top), KG_MIN(a.right, b.right),
				 KG_MIN(a.bottom, b.bottom) };
}

static inline struct kg_rect kg_rect_of_size(uint32_t width, uint32_t height)
{
	return (struct kg_rect){ 0, 0, (int32_t)width, (int32_t)height };
}

/* x, y, width and height as they come from outside: saturated so that nothing overflows. Clip it before use. */
static inline struct kg_rect kg_rect_from(int64_t x, int64_t y, int64_t width, int64_t height)
{
	const int64_t limit = INT32_MAX / 2;
	int64_t right = x + width, bottom = y + height;

	return (struct kg_rect){ (int32_t)KG_MAX(-limit, KG_MIN(x, limit)), (int32_t)KG_MAX(-limit, KG_MIN(y, limit)),
				 (int32_t)KG_MAX(-limit, KG_MIN(right, limit)),
				 (int32_t)KG_MAX(-limit, KG_MIN(bottom, limit)) };
}
