/* Two pictures of round things: lights in the dark, and something like a photograph of jellyfish. */
#include "bench/workload/field.h"
#include "bench/workload/picture-impl.h"

/* Lengths are given for 1080 rows and fit the picture by this. */
static int32_t sized(const struct kg_canvas *canvas, int32_t length)
{
	return (int32_t)((int64_t)length * KG_MAX(canvas->height, 1) / 1080);
}

/* Goes to and fro between 0 and range, one step each frame. */
static int32_t sway(uint32_t frame, uint32_t step, int32_t range)
{
	uint32_t at = range > 0 ? (uint32_t)((uint64_t)frame * step % (2 * (uint32_t)range)) : 0;

	return at < (uint32_t)range ? (int32_t)at : 2 * range - (int32_t)at;
}

static uint8_t mixed(uint8_t below, int32_t above, int32_t alpha)	// alpha of 256
{
	return (uint8_t)kg_clamp((below * (256 - alpha) + above * alpha + 128) / 256, 0, 255);
}

/* ---- dark ---- */

/* Light from the left and above, a small bright spot where it is thrown back. */
static void draw_ball(const struct kg_canvas *canvas, int32_t centre_x, int32_t centre_y, int32_t radius, const int32_t colour[3])
{
	int32_t top = KG_MAX(centre_y - radius, 0), bottom = KG_MIN(centre_y + radius, canvas->height);
	int32_t left = KG_MAX(centre_x - radius, 0), right = KG_MIN(centre_x + radius, canvas->width);

	for (int32_t y = top; y < bottom; y++)
		for (int32_t x = left; x < right; x++) {
			int32_t dx = (x - centre_x) * 1024 / radius, dy = (y - centre_y) * 1024 / radius;
			int32_t square = dx * dx + dy * dy, z, light, spot;

			if (square >= 1024 * 1024)
				continue;
			z = (int32_t)kg_root((uint64_t)(1024 * 1024 - square));
			light = kg_clamp((-4 * dx - 5 * dy + 7 * z) / 10, 0, 1024);
			spot = light * light >> 10;	// to the power of 16
			spot = spot * spot >> 10;
			spot = spot * spot >> 10;
			spot = spot * spot >> 10;
			kg_canvas_put(canvas, x, y, ((colour[0] * light + 60 * spot) >> 10) + 6,
				      ((colour[1] * light + 60 * spot) >> 10) + 6, ((colour[2] * light + 60 * spot) >> 10) + 6);
		}
}

static void draw_walls(const struct kg_canvas *canvas, uint32_t seed)
{
	for (uint32_t i = 0; i < 9; i++) {
		int32_t x = kg_hash_range(seed, i, 1, 0, canvas->width), y = sized(canvas, kg_hash_range(seed, i, 2, 300, 900));
		int32_t width = sized(canvas, kg_hash_range(seed, i, 3, 40, 220));
		int32_t height = sized(canvas, kg_hash_range(seed, i, 4, 60, 300));

		for (int32_t row = 0; row < height; row++) {
			int32_t part = 256 - row * 128 / height;
			uint32_t red = (uint32_t)(kg_hash_range(seed, i, 5, 5, 33) * part / 256);
			uint32_t green = (uint32_t)(kg_hash_range(seed, i, 6, 5, 33) * part / 256);
			uint32_t blue = (uint32_t)(kg_hash_range(seed, i, 7, 5, 33) * part / 256);

			kg_canvas_fill(canvas, x, y + row, width, 1, red << 16 | green << 8 | blue);
		}
	}
}

int kg_picture_dark(struct kg_canvas *canvas, uint32_t seed, uint32_t frame)
{
	int32_t width = canvas->width, height = canvas->height;

	for (int32_t y = 0; y < height; y++)
		for (int32_t x = 0; x < width; x++) {
			int64_t dx = (x - width / 2) * 1024 / KG_MAX(width * 3 / 4, 1);
			int64_t dy = (y - height * 2 / 3) * 1024 / KG_MAX(height * 5 / 6, 1);
			int32_t glow = kg_clamp((int32_t)(22 * 1024 - 18 * (dx * dx + dy * dy) / 1024), 2 * 1024, 22 * 1024);

			kg_canvas_put(canvas, x, y, glow * 8 / 10240, glow * 85 / 102400, glow * 11 / 10240);
		}
	for (uint32_t i = 0; i < 16; i++) {
		int32_t radius = KG_MAX(sized(canvas, kg_hash_range(seed, i, 11, 25, 110)), 1);
		const int32_t colour[3] = { kg_hash_range(seed, i, 12, 10, 80), kg_hash_range(seed, i, 13, 10, 80),
					    kg_hash_range(seed, i, 14, 10, 80) };
		int32_t x = kg_hash_range(seed, i, 15, 0, width), y = kg_hash_range(seed, i, 16, height / 4, height);

		draw_ball(canvas, x + sway(frame, 1 + i % 5, width / 8), y - sway(frame, 1 + i % 3, height / 8), radius, colour);
	}
	draw_walls(canvas, seed);
	return 0;
}

/* ---- photo ---- */

struct jelly {
	int32_t x, y, radius, angle;
	int32_t colour[3];
};

/* The angle of a direction in 1/1024 of a turn; off by 2 at most. */
static int32_t angle_of(int32_t dx, int32_t dy)
{
	int32_t ax = abs(dx), ay = abs(dy), ratio, angle;

	if (!ax && !ay)
		return 0;
	ratio = (int32_t)((int64_t)KG_MIN(ax, ay) * 1024 / KG_MAX(ax, ay));
	angle = (ratio * 128 + ratio * (1024 - ratio) / 1024 * 44) / 1024;	// pi/4 t + 0.273 t (1 - t)
	if (ay > ax)
		angle = 256 - angle;
	if (dx < 0)
		angle = 512 - angle;
	return dy < 0 ? -angle : angle;
}

/* A soft bell with ribs. */
static void draw_bell(const struct kg_canvas *canvas, const struct jelly *jelly)
{
	int32_t radius = jelly->radius, reach = radius * 5 / 4;
	int32_t bottom = KG_MIN(jelly->y + radius * 3 / 10, canvas->height), right = KG_MIN(jelly->x + reach, canvas->width);

	for (int32_t y = KG_MAX(jelly->y - reach, 0); y < bottom; y++)
		for (int32_t x = KG_MAX(jelly->x - reach, 0); x < right; x++) {
			int32_t dx = (x - jelly->x) * 256 / radius, dy = (y - jelly->y) * 256 * 4 / (radius * 3);
			int32_t square = (dx * dx + dy * dy) / 256;	// 256 at the edge
			int32_t soft = kg_clamp((square - 208) * 256 / 96, 0, 256), ribs, alpha, light;
			uint8_t *at = kg_canvas_at(canvas, x, y);

			if (soft == 256)
				continue;
			soft = 256 - (soft * soft * (768 - 2 * soft) >> 16);
			ribs = 192 + (kg_sine(angle_of(dx, dy) * 22 + 256) * KG_MIN(square, 256) >> 14);
			alpha = soft * 3 / 4 * kg_clamp(ribs, 0, 256) / 256;
			light = 154 + kg_clamp(256 - square, 0, 256) * 102 / 256;
			for (int k = 0; k < 3; k++)
				at[k] = mixed(at[k], jelly->colour[2 - k] * light / 256, alpha);
		}
}

/* Thin threads that hang and sway. */
static void draw_threads(const struct kg_canvas *canvas, const struct jelly *jelly, uint32_t seed)
{
	int32_t bottom = KG_MIN(jelly->y + jelly->radius * 11 / 5, canvas->height), half = 6;

	for (uint32_t i = 0; i < 9; i++) {
		int32_t phase = kg_hash_range(seed, i, 21, 0, 1023) + jelly->angle;

		for (int32_t y = KG_MAX(jelly->y + 1, 0); y < bottom; y++) {
			int32_t middle = jelly->x * 256 + ((int32_t)i - 4) * jelly->radius * 256 / 6 +
					 sized(canvas, 12) * kg_sine(phase + y * 7) / 16;

			for (int32_t x = middle / 256 - half; x <= middle / 256 + half; x++) {
				int32_t off = (x * 256 - middle) / 2, alpha = 128 - off * off / 900;
				uint8_t *at;

				if (x < 0 || x >= canvas->width || alpha <= 0)
					continue;
				at = kg_canvas_at(canvas, x, y);
				for (int k = 0; k < 3; k++)
					at[k] = mixed(at[k], jelly->colour[2 - k], alpha);
			}
		}
	}
}

/* The sea, brighter above, with slow clouds of light in it. */
static void draw_water(const struct kg_canvas *canvas, const struct kg_field *clouds)
{
	for (int32_t y = 0; y < canvas->height; y++) {
		int32_t base = 140 * 256 - 88 * 256 * y / canvas->height;

		for (int32_t x = 0; x < canvas->width; x++) {
			int32_t cloud = kg_field_at(clouds, x * 128, y * 128) * 10;

			kg_canvas_put(canvas, x, y, (base * 15 / 100 + cloud * 4 / 10 + 128) >> 8,
				      (base * 55 / 100 + cloud * 8 / 10 + 128) >> 8, (base * 135 / 100 + cloud + 128) >> 8);
		}
	}
}

/* What a sensor adds: a little brightness to and fro, the same in all colours. */
static void add_grain(const struct kg_canvas *canvas, uint32_t seed)
{
	for (int32_t y = 0; y < canvas->height; y++)
		for (int32_t x = 0; x < canvas->width; x++) {
			uint32_t h = kg_hash(seed, (uint32_t)x, (uint32_t)y);
			int32_t grain = (h & 15) == 0 ? 1 : (h & 15) == 1 ? -1 : 0;
			uint8_t *at = kg_canvas_at(canvas, x, y);

			for (int k = 0; k < 3; k++)
				at[k] = (uint8_t)kg_clamp(at[k] + grain, 0, 255);
		}
}

int kg_picture_photo(struct kg_canvas *canvas, uint32_t seed, uint32_t frame)
{
	struct kg_field clouds;
	int r = kg_field_init(&clouds, 10, 140, seed);

	if (r < 0)
		return r;
	draw_water(canvas, &clouds);
	kg_field_done(&clouds);
	for (uint32_t i = 0; i < 13; i++) {
		const struct jelly jelly = {
			.x = kg_hash_range(seed, i, 31, 0, canvas->width),
			.y = kg_hash_range(seed, i, 32, 0, canvas->height * 9 / 10) - sway(frame, 1 + i % 3, canvas->height / 6),
			.radius = KG_MAX(sized(canvas, kg_hash_range(seed, i, 33, 50, 190)), 4),
			.angle = (int32_t)(frame % 1024) * 16,
			.colour = { 225, 150 + kg_hash_range(seed, i, 34, -30, 30), 110 + kg_hash_range(seed, i, 35, -40, 60) },
		};

		draw_bell(canvas, &jelly);
		draw_threads(canvas, &jelly, seed + i);
	}
	add_grain(canvas, seed + frame);
	return 0;
}
