/* Seeded pictures. */
#include "tests/scenes.h"

#include <stdio.h>

enum { GLYPHS = 60, GLYPH_HIGH = 12, GLYPH_WIDE = 9, PITCH = 17 };

static uint32_t next(uint64_t *seed)
{
	*seed += 0x9e3779b97f4a7c15;
	return (uint32_t)((*seed ^ *seed >> 31) * 0xbf58476d1ce4e5b9 >> 32);
}

struct scene scene_new(uint32_t width, uint32_t height)
{
	struct scene scene = { width, height, calloc((size_t)width * height, 4) };

	if (!scene.pixels) {
		printf("Bail out! no memory\n");
		exit(EXIT_FAILURE);
	}
	return scene;
}

void scene_free(struct scene *scene)
{
	free(scene->pixels);
	*scene = (struct scene){ 0 };
}

struct kg_image scene_image(const struct scene *scene)
{
	return (struct kg_image){ (const uint8_t *)scene->pixels, scene->width, scene->height, (size_t)scene->width * 4 };
}

void scene_copy(struct scene *to, const struct scene *from)
{
	memcpy(to->pixels, from->pixels, (size_t)from->width * from->height * 4);
}

static void set(struct scene *scene, int32_t x, int32_t y, uint32_t colour)
{
	if (x >= 0 && y >= 0 && x < (int32_t)scene->width && y < (int32_t)scene->height)
		scene->pixels[(size_t)y * scene->width + (size_t)x] = colour;
}

void scene_fill(struct scene *scene, struct kg_rect rect, uint32_t colour)
{
	for (int32_t y = rect.top; y < rect.bottom; y++)
		for (int32_t x = rect.left; x < rect.right; x++)
			set(scene, x, y, colour);
}

/* Glyph n is the same everywhere: strokes, each at one of three positions within a pixel. */
static void glyph(struct scene *scene, int32_t x, int32_t y, uint32_t n, uint32_t ink, bool smooth)
{
	static const uint32_t edges[3] = { 0x00a06030, 0x006080a0, 0x00404858 };
	uint64_t seed = n * 977 + 5;
	uint32_t upright = next(&seed), level = next(&seed), lean = next(&seed) % 5;

	for (int32_t row = 0; row < GLYPH_HIGH; row++) {
		for (int32_t column = 0; column < GLYPH_WIDE - 2; column++) {
			bool on = (upright >> column & 1 && upright >> (column + 8) & 1) ||
				  (level >> row & 1 && level >> (row + 12) & 1) || (lean && row / 2 == column + (int32_t)lean - 3);

			if (!on)
				continue;
			set(scene, x + column, y + row, ink);
			if (smooth && (upright >> 16 & 3))
				set(scene, x + column + 1, y + row, ink ^ edges[(upright >> 16 & 3) - 1]);
		}
	}
}

void scene_letters(struct scene *scene, int32_t x, int32_t y, unsigned count, uint64_t seed, uint32_t ink)
{
	for (unsigned i = 0; i < count; i++)
		glyph(scene, x + (int32_t)i * GLYPH_WIDE, y, next(&seed) % GLYPHS, ink, true);
}

static void lines(struct scene *scene, struct kg_rect rect, uint64_t seed, uint32_t ink, bool smooth)
{
	for (int32_t y = rect.top + 3; y + GLYPH_HIGH < rect.bottom; y += PITCH) {
		int32_t end = rect.right - (int32_t)(next(&seed) % 4 ? 0 : next(&seed) % (kg_rect_width(rect) + 1));

		if (next(&seed) % 9 == 0)
			continue;
		for (int32_t x = rect.left + 4; x + GLYPH_WIDE < end; x += GLYPH_WIDE)
			if (next(&seed) % 6)
				glyph(scene, x, y, next(&seed) % GLYPHS, ink, smooth);
	}
}

void scene_text(struct scene *scene, struct kg_rect rect, uint64_t seed)
{
	scene_fill(scene, rect, 0x00ffffff);
	lines(scene, rect, seed, 0x00101010, true);
}

void scene_terminal(struct scene *scene, struct kg_rect rect, uint64_t seed)
{
	scene_fill(scene, rect, 0x00300a24);
	lines(scene, rect, seed, 0x00c0c0c0, false);
}

void scene_caption(struct scene *scene, struct kg_rect rect, uint64_t seed)
{
	lines(scene, rect, seed, 0x00ffffff, true);
}

void scene_gradient(struct scene *scene, struct kg_rect rect, uint64_t seed)
{
	uint32_t base = next(&seed) & 0x3f3f3f;

	for (int32_t y = rect.top; y < rect.bottom; y++)
		for (int32_t x = rect.left; x < rect.right; x++)
			set(scene, x, y, base + (uint32_t)((x - rect.left) / 6 % 128) * 0x10000 +
						 (uint32_t)((y - rect.top) / 5 % 128) * 0x101);
}

void scene_dark(struct scene *scene, struct kg_rect rect, uint64_t seed)
{
	for (int32_t y = rect.top; y < rect.bottom; y++) {
		for (int32_t x = rect.left; x < rect.right; x++) {
			int32_t u = x - rect.left, v = y - rect.top;
			uint32_t light = (uint32_t)(8 + (u + v) / 90 % 16), grain = next(&seed);

			set(scene, x, y, (light + grain % 3) << 16 | (light + (grain >> 8) % 3) << 8 | (light + 4 + (grain >> 16) % 3));
		}
	}
}

void scene_photo(struct scene *scene, struct kg_rect rect, uint64_t seed)
{
	int64_t a = next(&seed) % 97 + 3, b = next(&seed) % 89 + 5, c = next(&seed) % 61 + 7;

	for (int32_t y = rect.top; y < rect.bottom; y++) {
		for (int32_t x = rect.left; x < rect.right; x++) {
			int64_t u = x - rect.left, v = y - rect.top, wave = (u * u / a + v * v / b + u * v / c) / 40 % 256;
			uint32_t soft = (uint32_t)(wave < 128 ? wave : 255 - wave), grain = next(&seed);

			set(scene, x, y, (soft + 40 + grain % 5) << 16 | (soft / 2 + 60 + (grain >> 8) % 5) << 8 |
						 (200 - soft + (grain >> 16) % 5));
		}
	}
}

void scene_noise(struct scene *scene, struct kg_rect rect, uint64_t seed)
{
	for (int32_t y = rect.top; y < rect.bottom; y++)
		for (int32_t x = rect.left; x < rect.right; x++)
			set(scene, x, y, next(&seed));
}

void scene_blit(struct scene *to, struct kg_rect rect, const struct scene *from, int32_t x, int32_t y)
{
	for (int32_t row = rect.top; row < rect.bottom; row++) {
		for (int32_t column = rect.left; column < rect.right; column++) {
			int32_t fx = x + column - rect.left, fy = y + row - rect.top;

			if (fx >= 0 && fy >= 0 && fx < (int32_t)from->width && fy < (int32_t)from->height)
				set(to, column, row, from->pixels[(size_t)fy * from->width + (size_t)fx]);
		}
	}
}

uint32_t scene_differing(const struct scene *a, const struct scene *b)
{
	uint32_t count = 0;

	for (size_t i = 0; i < (size_t)a->width * a->height; i++)
		count += ((a->pixels[i] ^ b->pixels[i]) & 0xffffff) != 0;
	return count;
}
