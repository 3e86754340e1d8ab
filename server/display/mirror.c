/* The model of a client's screen. */
#include "server/display/mirror.h"

#include "base/limits.h"

void kg_mirror_done(struct kg_mirror *mirror)
{
	free(mirror->pixels);
	free(mirror->known);
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
	now.known = calloc(now.rows, now.columns);
	if (!now.pixels || !now.known) {
		kg_mirror_done(&now);
		return -ENOMEM;
	}
	kg_mirror_done(mirror);
	*mirror = now;
	return 0;
}

void kg_mirror_forget(struct kg_mirror *mirror)
{
	if (mirror->known)
		memset(mirror->known, 0, (size_t)mirror->columns * mirror->rows);
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
		memset(mirror->known + (size_t)row * mirror->columns + tiles.left, 0, kg_rect_width(tiles));
}

bool kg_mirror_complete(const struct kg_mirror *mirror)
{
	size_t count = (size_t)mirror->columns * mirror->rows;

	return count && !memchr(mirror->known, 0, count);
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
