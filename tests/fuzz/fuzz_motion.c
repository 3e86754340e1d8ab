/*
 * Target: analysis of two pictures. Eight bytes are the size, a colour for X and which tiles are known, then come steps that
 * draw both: pixels, copies and rectangles. Copies must lie on the screen, and damage must make the mirror the image.
 */
#include "tests/fuzz/fuzz.h"

#include "base/reader.h"
#include "codec/codec.h"

enum { SIDE_MAX = 400 };

struct picture {
	uint32_t width, height;
	uint32_t *pixels;
};

static void draw(struct kg_reader *reader, struct picture *p)
{
	uint8_t what = kg_read_u8(reader);
	uint32_t x = kg_read_u16(reader) % p->width, y = kg_read_u16(reader) % p->height;
	uint32_t width = KG_MIN(kg_read_u16(reader) % SIDE_MAX + 1u, p->width - x);
	uint32_t height = KG_MIN(kg_read_u16(reader) % SIDE_MAX + 1u, p->height - y);
	uint32_t from_x = kg_read_u16(reader) % (p->width - width + 1), from_y = kg_read_u16(reader) % (p->height - height + 1);
	uint32_t colour = kg_read_u32(reader);

	if (!kg_reader_ok(reader))
		return;
	for (uint32_t row = 0; row < height; row++) {
		uint32_t *to = p->pixels + (size_t)(y + row) * p->width + x;

		if (what % 3 == 0)
			memmove(to, p->pixels + (size_t)(from_y + row) * p->width + from_x, width * 4);
		for (uint32_t column = 0; what % 3 && column < width; column++)
			to[column] = what % 3 == 1 ? colour : (colour += 0x9e3779b9) * ((row + 1) % (1u + what / 3u) + 1);
	}
}

static void check_copy(const struct picture *p, const struct kg_copy *copy)
{
	struct kg_rect screen = kg_rect_of_size(p->width, p->height), to = kg_copy_to(copy);
	struct kg_rect a = kg_rect_intersect(copy->from, screen), b = kg_rect_intersect(to, screen);

	if (kg_rect_empty(copy->from) || memcmp(&a, &copy->from, sizeof(a)) || memcmp(&b, &to, sizeof(b)))
		abort();
}

static void apply(struct picture *p, const struct kg_copy *copy)
{
	uint32_t width = kg_rect_width(copy->from), height = kg_rect_height(copy->from);

	for (uint32_t i = 0; i < height; i++) {
		uint32_t y = (uint32_t)copy->from.top + (copy->dy > 0 ? height - 1 - i : i);

		memmove(p->pixels + (size_t)(y + (uint32_t)copy->dy) * p->width + copy->from.left + copy->dx,
			p->pixels + (size_t)y * p->width + copy->from.left, width * 4);
	}
}

static void update(const struct kg_dsp *dsp, const struct picture *image, struct picture *mirror)
{
	for (uint32_t y = 0; y < image->height; y += KG_TILE) {
		for (uint32_t x = 0; x < image->width; x += KG_TILE) {
			size_t at = (size_t)y * image->width + x, stride = (size_t)image->width * 4;
			struct kg_image tile = { (uint8_t *)(image->pixels + at), KG_MIN(image->width - x, KG_TILE + 0u),
						 KG_MIN(image->height - y, KG_TILE + 0u), stride };
			struct kg_damage compared, damage;

			kg_damage_compare(dsp, &tile, (uint8_t *)(mirror->pixels + at), stride, &compared);
			kg_damage_update(dsp, &tile, (uint8_t *)(mirror->pixels + at), stride, &damage);
			if (memcmp(&compared, &damage, sizeof(damage)))
				abort();
		}
	}
	for (size_t i = 0; i < (size_t)image->width * image->height; i++)
		if (mirror->pixels[i] != (image->pixels[i] | 0xff000000))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct kg_reader reader = kg_reader_of(bytes, size);
	uint32_t width = kg_read_u16(&reader) % SIDE_MAX + 1, height = kg_read_u16(&reader) % SIDE_MAX + 1;
	uint16_t unknown = kg_read_u16(&reader), exact = kg_read_u16(&reader);
	struct picture image = { width, height, calloc((size_t)width * height, 4) };
	struct picture mirror = { width, height, calloc((size_t)width * height, 4) };
	void *scratch = malloc(kg_motion_scratch(width, height));
	struct kg_damage damage[49];
	struct kg_copy copies[KG_MOTION_COPIES];
	struct kg_motion motion;
	struct kg_dsp dsp;
	uint8_t known[49];
	uint32_t count;

	if (!image.pixels || !mirror.pixels || !scratch)
		abort();
	kg_dsp_init(&dsp, exact & 2 ? KG_CPU_C : kg_cpu_best());
	for (unsigned i = 0; i < 49; i++) {
		damage[i] = (struct kg_damage){ ~0ull, ~0ull };
		known[i] = !(unknown >> i % 16 & 1) || i % 3;
	}
	for (unsigned i = 0; i < 8; i++)
		draw(&reader, &image);
	memcpy(mirror.pixels, image.pixels, (size_t)width * height * 4);
	while (kg_reader_ok(&reader))
		draw(&reader, &image);
	for (uint32_t i = 0, y = 0; exact & 1 && y < height; y += KG_TILE) {
		for (uint32_t x = 0; x < width; x += KG_TILE, i++) {
			size_t at = (size_t)y * width + x;
			struct kg_image tile = { (uint8_t *)(image.pixels + at), KG_MIN(width - x, KG_TILE + 0u),
						 KG_MIN(height - y, KG_TILE + 0u), (size_t)width * 4 };

			kg_damage_compare(&dsp, &tile, (uint8_t *)(mirror.pixels + at), (size_t)width * 4, &damage[i]);
		}
	}
	motion = (struct kg_motion){ &dsp, { (uint8_t *)image.pixels, width, height, (size_t)width * 4 },
				     (uint8_t *)mirror.pixels, (size_t)width * 4, damage, known };
	count = kg_motion_find(&motion, scratch, copies);
	if (count > KG_MOTION_COPIES)
		abort();
	for (uint32_t i = 0; i < count; i++) {
		check_copy(&mirror, &copies[i]);
		apply(&mirror, &copies[i]);
	}
	update(&dsp, &image, &mirror);
	free(image.pixels);
	free(mirror.pixels);
	free(scratch);
	return 0;
}
