/* Polygons row by row from the crossings of their edges; lines column by column (or row by row) from their height
 * there. */
#include "bench/workload/shapes.h"

static int32_t floor_of(int64_t sixteenths)	// pixels
{
	return (int32_t)(sixteenths >> 4);
}

/* Where the edges cross the middle of a row, from left to right. Returns how many. */
static uint32_t crossings(const struct kg_point *points, uint32_t count, int32_t middle, int32_t *xs)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct kg_point a = points[i], b = points[(i + 1) % count];
		uint32_t at = n;
		int32_t x;

		if ((a.y <= middle) == (b.y <= middle))
			continue;
		x = a.x + (int32_t)((int64_t)(middle - a.y) * (b.x - a.x) / (b.y - a.y));
		for (n++; at && xs[at - 1] > x; at--)
			xs[at] = xs[at - 1];
		xs[at] = x;
	}
	return n;
}

void kg_shape_polygon(const struct kg_canvas *canvas, const struct kg_point *points, uint32_t count, uint32_t colour)
{
	int32_t top = INT32_MAX, bottom = INT32_MIN, xs[KG_POLYGON_MAX];

	for (uint32_t i = 0; i < count; i++) {
		top = KG_MIN(top, points[i].y);
		bottom = KG_MAX(bottom, points[i].y);
	}
	top = KG_MAX(floor_of(top), canvas->top);
	bottom = KG_MIN(floor_of(bottom) + 1, canvas->bottom);
	for (int32_t y = top; y < bottom; y++) {
		uint32_t n = crossings(points, count, y * 16 + 8, xs);

		for (uint32_t i = 0; i + 1 < n; i += 2) {
			int32_t left = floor_of((int64_t)xs[i] + 7), right = floor_of((int64_t)xs[i + 1] + 7);

			kg_canvas_fill(canvas, left, y, right - left, 1, colour);
		}
	}
}

static void mix(const struct kg_canvas *canvas, int32_t x, int32_t y, uint32_t colour, uint32_t alpha)	// of 256
{
	uint8_t *at;

	if (x < canvas->left || x >= canvas->right || y < canvas->top || y >= canvas->bottom)
		return;
	at = kg_canvas_at(canvas, x, y);
	for (int k = 0; k < 3; k++)
		at[k] = (uint8_t)((at[k] * (256 - alpha) + (colour >> 8 * k & 0xff) * alpha) >> 8);
}

void kg_shape_line(const struct kg_canvas *canvas, struct kg_point from, struct kg_point to, uint32_t colour)
{
	bool steep = abs(to.y - from.y) > abs(to.x - from.x);
	int32_t low = steep ? canvas->top : canvas->left, high = steep ? canvas->bottom : canvas->right;
	int32_t length, begin, end;
	int64_t rise, across;

	if (steep ? to.y < from.y : to.x < from.x) {
		struct kg_point swapped = from;

		from = to;
		to = swapped;
	}
	length = steep ? to.y - from.y : to.x - from.x;
	if (!length)
		return;
	rise = (int64_t)(steep ? to.x - from.x : to.y - from.y) * 65536 / length;	// pixels a pixel, times 65536
	begin = KG_MAX(floor_of(steep ? from.y : from.x), low);
	end = KG_MIN(floor_of(steep ? to.y : to.x), high);
	/* At the middle of the first pixel; half a pixel less, so that the whole part is the upper of two that share
	 * it. */
	across = (int64_t)(steep ? from.x : from.y) * 4096 +
		 ((int64_t)begin * 16 + 8 - (steep ? from.y : from.x)) * rise / 16 - 32768;
	for (int32_t i = begin; i < end; i++, across += rise) {
		int32_t upper = (int32_t)(across >> 16);
		uint32_t lower_share = (uint32_t)(across >> 8 & 0xff);

		mix(canvas, steep ? upper : i, steep ? i : upper, colour, 256 - lower_share);
		mix(canvas, steep ? upper + 1 : i, steep ? i : upper + 1, colour, lower_share);
	}
}
