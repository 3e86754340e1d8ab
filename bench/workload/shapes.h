/* Polygons and thin lines, in coordinates of 1/16 pixel; pixel x reaches from 16 x to 16 x + 15. All are clipped. */
#pragma once

#include "bench/workload/canvas.h"

struct kg_point {
	int32_t x, y;			// within +-32767 pixels
};

#define KG_POLYGON_MAX 64		// corners

/* The inside of a polygon of any form (even-odd): the pixels whose middles lie in it. */
void kg_shape_polygon(const struct kg_canvas *canvas, const struct kg_point *points, uint32_t count, uint32_t colour);

/* One pixel thick, with smooth edges. */
void kg_shape_line(const struct kg_canvas *canvas, struct kg_point from, struct kg_point to, uint32_t colour);
