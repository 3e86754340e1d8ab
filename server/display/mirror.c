/* The model of a client's screen. */
#include "server/display/mirror.h"

#include "base/limits.h"

void kg_mirror_done(struct kg_mirror *mirror)
{
	free(mirror->pixels);
	free(mirror->states);
	free(mirror->changed_ms);
	*mirror = (struct kg_mirror){ 0 };
}

int kg_mirror_resize(struct kg_mirror *mirror, uint32_t width, uint32_t height)
{
	struct kg_mirror now = { .width = width, .height = height };

	if (width < KG_DESKTOP_SIZE_MIN || height < KG_DESKTOP_SIZE_MIN || width > KG_DESKTOP_SIZE_MAX ||
	    height > KG_DESKTOP_SIZE_MAX)
		return -EINVAL;
	now.columns = (width + KG_TILE - 1) / KG_TILE;
	now.rows = (height + KG_TILE - 1) / KG_TILE;
	now.stride = (size_t)now.columns * KG_TILE * 4;
	now.pixels = calloc((size_t)now.rows * KG_TILE, now.stride);
	now.states = calloc(now.rows, now.columns);
	now.changed_ms = calloc((size_t)now.rows * now.columns, sizeof(*now.changed_ms));
	if (!now.pixels || !now.states || !now.changed_ms) {
		kg_mirror_done(&now);
		return -ENOMEM;
	}
	kg_mirror_done(mirror);
	*mirror = now;
	return 0;
}

void kg_mirror_forget(struct kg_mirror *mirror)
{
	if (mirror->states)
		memset(mirror->states, KG_TILE_UNKNOWN, (size_t)mirror->columns * mirror->rows);
}

struct kg_rect kg_mirror_tiles(const struct kg_mirror *mirror, struct kg_rect rect)
{
	rect = kg_rect_intersect(rect, kg_rect_of_size(mirror->width, mirror->height));
	if (kg_rect_empty(rect))
		return (struct kg_rect){ 0 };
	return (struct kg_rect){ rect.left / KG_TILE, rect.top / KG_TILE, (rect.right + KG_TILE - 1) / KG_TILE,
				 (rect.bottom + KG_TILE - 1) / KG_TILE };
}

void kg_mirror_forget_rect(struct kg_mirror *mirror, struct kg_rect rect)
{
	struct kg_rect tiles = kg_mirror_tiles(mirror, rect);

	for (int32_t row = tiles.top; row < tiles.bottom; row++)
		memset(mirror->states + (size_t)row * mirror->columns + tiles.left, KG_TILE_UNKNOWN, kg_rect_width(tiles));
}

bool kg_mirror_complete(const struct kg_mirror *mirror)
{
	size_t count = (size_t)mirror->columns * mirror->rows;

	return count && !memchr(mirror->states, KG_TILE_UNKNOWN, count);
}

struct kg_rect kg_mirror_tile(const struct kg_mirror *mirror, uint32_t column, uint32_t row)
{
	return (struct kg_rect){ (int32_t)(column * KG_TILE), (int32_t)(row * KG_TILE),
				 (int32_t)KG_MIN((column + 1) * KG_TILE, mirror->width),
				 (int32_t)KG_MIN((row + 1) * KG_TILE, mirror->height) };
}

uint8_t *kg_mirror_at(const struct kg_mirror *mirror, struct kg_rect rect)
{
	return mirror->pixels + (size_t)rect.top * mirror->stride + (size_t)rect.left * 4;
}

struct kg_image kg_mirror_image(const struct kg_mirror *mirror, struct kg_rect rect)
{
	return (struct kg_image){ kg_mirror_at(mirror, rect), kg_rect_width(rect), kg_rect_height(rect), mirror->stride };
}

void kg_mirror_sent(struct kg_mirror *mirror, size_t tile, enum kg_tile_state state, uint64_t now_ms)
{
	mirror->states[tile] = (uint8_t)state;
	mirror->changed_ms[tile] = now_ms;
}

/* ---- moving ---- */

/* The worst state of the tiles that rect touches: the states are ordered. */
static enum kg_tile_state worst(const struct kg_mirror *mirror, struct kg_rect rect)
{
	struct kg_rect tiles = kg_mirror_tiles(mirror, rect);
	enum kg_tile_state state = KG_TILE_EXACT;

	for (int32_t row = tiles.top; row < tiles.bottom; row++) {
		for (int32_t column = tiles.left; column < tiles.right; column++)
			state = KG_MIN(state, (enum kg_tile_state)mirror->states[(size_t)row * mirror->columns + (size_t)column]);
	}
	return state;
}

static void move_state(struct kg_mirror *mirror, uint32_t column, uint32_t row, struct kg_rect to, int32_t dx, int32_t dy,
		       uint64_t now_ms)
{
	struct kg_rect tile = kg_mirror_tile(mirror, column, row), part = kg_rect_intersect(tile, to);
	size_t i = (size_t)row * mirror->columns + column;
	enum kg_tile_state state = worst(mirror, kg_rect_moved(part, -dx, -dy));

	if (!kg_rect_contains(to, tile))
		state = KG_MIN(state, (enum kg_tile_state)mirror->states[i]);
	kg_mirror_sent(mirror, i, state, now_ms);
}

/* Tiles in the order in which none is overwritten that another one still comes from: as pixels that overlap are moved. */
static void move_states(struct kg_mirror *mirror, struct kg_rect to, int32_t dx, int32_t dy, uint64_t now_ms)
{
	struct kg_rect tiles = kg_mirror_tiles(mirror, to);
	uint32_t columns = kg_rect_width(tiles), rows = kg_rect_height(tiles);

	for (uint32_t n = 0; n < rows; n++) {
		uint32_t row = (uint32_t)tiles.top + (dy > 0 ? rows - 1 - n : n);

		for (uint32_t m = 0; m < columns; m++)
			move_state(mirror, (uint32_t)tiles.left + (dx > 0 ? columns - 1 - m : m), row, to, dx, dy, now_ms);
	}
}

void kg_mirror_move(struct kg_mirror *mirror, struct kg_rect from, int32_t x, int32_t y, uint64_t now_ms)
{
	int32_t dx = x - from.left, dy = y - from.top;
	struct kg_rect to = kg_rect_moved(from, dx, dy);
	uint32_t height = kg_rect_height(from);
	size_t row = (size_t)kg_rect_width(from) * 4;
	uint8_t *source = kg_mirror_at(mirror, from), *target = kg_mirror_at(mirror, to);

	for (uint32_t n = 0; n < height; n++) {
		size_t at = (dy > 0 ? height - 1 - n : n) * mirror->stride;

		memmove(target + at, source + at, row);
	}
	move_states(mirror, to, dx, dy, now_ms);
}
