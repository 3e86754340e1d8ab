/* The pointers of workloads: an arrow, a beam over text, a hand over links. */
#include "bench/workload/workload.h"

#include "base/cursor.h"

#define ROWS_MAX 20

struct shape {
	uint8_t hot_x, hot_y;
	const char *rows[ROWS_MAX];	// X black, . white, anything else transparent; all as long as the first
};

static const struct shape shapes[KG_WORKLOAD_CURSORS] = {
	[KG_WORKLOAD_ARROW] = { 0, 0, {
		"X         ", "XX        ", "X.X       ", "X..X      ", "X...X     ", "X....X    ", "X.....X   ", "X......X  ",
		"X.......X ", "X....XXXXX", "X.X..X    ", "XX X..X   ", "X  X..X   ", "    XX    ",
	} },
	[KG_WORKLOAD_BEAM] = { 3, 8, {
		"XXX XXX", "X..X..X", "XXX.XXX", "  X.X  ", "  X.X  ", "  X.X  ", "  X.X  ", "  X.X  ", "  X.X  ", "  X.X  ",
		"  X.X  ", "  X.X  ", "  X.X  ", "XXX.XXX", "X..X..X", "XXX XXX",
	} },
	[KG_WORKLOAD_HAND] = { 3, 0, {
		"   XX         ", "  X..X        ", "  X..X        ", "  X..X        ", "  X..XXX      ", "  X..X..XXX   ",
		"  X..X..X..XX ", "XXX..X..X..X.X", "X..X.........X", "X............X", "X............X", " X...........X",
		"  X.........X ", "  X.........X ", "   XXXXXXXXX  ",
	} },
};

void kg_workload_cursor_shape(enum kg_workload_cursor which, uint32_t pixels[KG_WORKLOAD_CURSOR_PIXELS], struct kg_cursor *ret)
{
	const struct shape *shape = &shapes[which];
	uint16_t width = (uint16_t)strlen(shape->rows[0]), height = 0;

	for (; height < ROWS_MAX && shape->rows[height]; height++)
		for (uint16_t x = 0; x < width; x++) {
			char dot = shape->rows[height][x];

			pixels[height * width + x] = dot == 'X' ? 0xff000000 : dot == '.' ? 0xffffffff : 0;
		}
	*ret = (struct kg_cursor){
		.width = width,
		.height = height,
		.hot_x = shape->hot_x,
		.hot_y = shape->hot_y,
		.pixels = (const uint8_t *)pixels,
	};
}
