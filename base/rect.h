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

/* The smallest that holds both, neither of which is empty. */
static inline struct kg_rect kg_rect_unite(struct kg_rect a, struct kg_rect b)
{
	return (struct kg_rect){ KG_MIN(a.left, b.left), KG_MIN(a.top, b.top), KG_MAX(a.right, b.right),
				 KG_MAX(a.bottom, b.bottom) };
}

static inline bool kg_rect_contains(struct kg_rect outer, struct kg_rect inner)
{
	return inner.left >= outer.left && inner.top >= outer.top && inner.right <= outer.right &&
	       inner.bottom <= outer.bottom;
}

static inline struct kg_rect kg_rect_moved(struct kg_rect r, int32_t dx, int32_t dy)
{
	return (struct kg_rect){ r.left + dx, r.top + dy, r.right + dx, r.bottom + dy };
}

static inline struct kg_rect kg_rect_of_size(uint32_t width, uint32_t height)
{
	return (struct kg_rect){ 0, 0, (int32_t)width, (int32_t)height };
}

static inline int32_t kg_rect_saturate_(int64_t a, int64_t b)
{
	const int64_t limit = INT32_MAX / 2;
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		sum = a < 0 ? -limit : limit;
	return (int32_t)KG_MAX(-limit, KG_MIN(sum, limit));
}

/* x, y, width and height as they come from outside: saturated so that nothing overflows. Clip it before use. */
static inline struct kg_rect kg_rect_from(int64_t x, int64_t y, int64_t width, int64_t height)
{
	return (struct kg_rect){ kg_rect_saturate_(x, 0), kg_rect_saturate_(y, 0), kg_rect_saturate_(x, width),
				 kg_rect_saturate_(y, height) };
}
