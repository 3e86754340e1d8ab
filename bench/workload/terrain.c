/*
 * terrain: a flight over hills. A ray for every other column of the picture walks over a map of heights, from near to
 * far; what rises above all before it is painted, each pixel with ground of its own. The ground is as fine as the
 * pixels at every distance, lit by its slope, and goes over into haze.
 */
#include "bench/workload/field.h"
#include "bench/workload/workload_impl.h"

#define MAP_BITS 10			// the map repeats after 1024 units
#define GROUND_BITS 9			// and so do the pictures of ground, of 512 x 512 pixels
#define SPEED 3				// units a frame
#define EYE 52				// units above the ground
#define NEAR 8				// units
#define FAR 1400
#define STEPS_MAX 320
#define COLUMNS 2			// pixels that share a ray, in paint()
#define HAZE 0xaabed2
#define HAZE_RB UINT64_C(0x00aa00d200aa00d2)	// of two pixels
#define HAZE_G UINT64_C(0x00be000000be)		// and green, one byte lower

/* What is the same for all rays at one step: lengths in 1/256 units. */
struct step {
	int32_t distance;
	int32_t rows;			// pixels a unit of height, times 65536 / 256
	uint32_t fog;			// of 256
	uint32_t detail;		// the ground is doubled so many times to be as fine as the pixels
	uint32_t across;		// from a pixel to the one beside it, on the ground as fine as that
};

struct terrain {
	struct kg_workload workload;
	struct kg_field heights, patches;
	uint32_t *ground[2];		// grass, rock: 0x00RRGGBB
	uint32_t *sky;			// as wide as the picture; wraps
	int32_t sky_rows;
	int32_t focal, horizon;		// pixels
	struct step steps[STEPS_MAX];
	uint32_t step_count;
};

struct viewer {
	int32_t u, v, height;		// 1/256 units
};

static int32_t height_at(const struct terrain *terrain, int32_t u, int32_t v)
{
	return kg_field_at(&terrain->heights, u / 2, v / 2) * 40;
}

static void make_steps(struct terrain *terrain)
{
	int32_t distance = NEAR * 256;

	while (distance < FAR * 256 && terrain->step_count < STEPS_MAX) {
		int32_t units = distance / 256, pixels = terrain->focal * 2 / units;	// of a unit, times 2
		uint32_t detail = pixels > 1 ? 31 - (uint32_t)__builtin_clz((uint32_t)pixels) : 0;

		terrain->steps[terrain->step_count++] = (struct step){
			.distance = distance,
			.rows = (int32_t)(((int64_t)terrain->focal << 16) / distance),
			.fog = (uint32_t)(256 - 256 * 420 / (420 + units * units / 900 + units / 8)),
			.detail = detail,
			.across = (uint32_t)(((int64_t)distance << detail) / terrain->focal),
		};
		distance += distance / 44 + 112;
	}
}

static int make_ground(struct terrain *terrain, uint32_t which)
{
	static const int32_t colours[2][3] = { { 56, 116, 88 }, { 126, 158, 176 } };	// blue, green, red
	uint32_t side = 1u << GROUND_BITS;
	struct kg_field grain, patches;
	int r = kg_field_init(&grain, GROUND_BITS, 300, terrain->workload.seed + 1 + which);

	if (r < 0)
		return r;
	r = kg_field_init(&patches, GROUND_BITS, 200, terrain->workload.seed + 3 + which);
	terrain->ground[which] = malloc((size_t)side * side * 4);
	for (uint32_t i = 0; r == 0 && terrain->ground[which] && i < side * side; i++) {
		int32_t light = 256 + grain.values[i] * 52 / 256 + patches.values[i] * 34 / 256;
		uint32_t pixel = 0;

		for (int k = 0; k < 3; k++)
			pixel |= (uint32_t)kg_clamp(colours[which][k] * light / 256, 0, 255) << 8 * k;
		terrain->ground[which][i] = pixel;
	}
	kg_field_done(&grain);
	if (r == 0)
		kg_field_done(&patches);
	return r ? r : terrain->ground[which] ? 0 : -ENOMEM;
}

/* Clouds on a plane overhead, that thin out into the haze at the horizon. */
static int make_sky(struct terrain *terrain)
{
	static const int32_t blue[3] = { 210, 140, 96 }, white[3] = { 242, 238, 235 }, haze[3] = { 0xd2, 0xbe, 0xaa };
	int32_t width = terrain->workload.canvas.width;
	struct kg_field clouds;
	int r = kg_field_init(&clouds, MAP_BITS, 140, terrain->workload.seed + 5);

	if (r < 0)
		return r;
	terrain->sky_rows =
		KG_MIN(terrain->horizon + terrain->workload.canvas.height / 16, terrain->workload.canvas.height);
	terrain->sky = malloc((size_t)width * (size_t)KG_MAX(terrain->sky_rows, 1) * 4);
	for (int32_t y = 0; terrain->sky && y < terrain->sky_rows; y++) {
		int32_t above =
			KG_MAX(terrain->horizon - y, 0) * 256 / KG_MAX(terrain->horizon, 1);	// 256 at the top
		int32_t far = 256 * 200 / (above + 20);

		for (int32_t x = 0; x < width; x++) {
			/* 1024 values around, so that both ends fit together. */
			int32_t u = (int32_t)((int64_t)x * (1 << (MAP_BITS + 8)) / width), v = far * 128;
			int32_t cloud =
				kg_clamp(kg_field_at(&clouds, u, v) / 2 + 70, 0, 256) * KG_MIN(above * 2, 256) / 256;
			int32_t mist = kg_clamp(256 - above * 2, 0, 256);
			uint32_t pixel = 0;

			for (int k = 0; k < 3; k++) {
				int32_t colour = (blue[k] * (256 - cloud) + white[k] * cloud) / 256;

				pixel |= (uint32_t)((colour * (256 - mist) + haze[k] * mist) / 256) << 8 * k;
			}
			terrain->sky[(size_t)y * (size_t)width + (size_t)x] = kg_canvas_pixel(pixel);
		}
	}
	kg_field_done(&clouds);
	return terrain->sky ? 0 : -ENOMEM;
}

static int terrain_init(struct kg_workload *workload)
{
	struct terrain *terrain = kg_container_of(workload, struct terrain, workload);
	int r;

	terrain->focal = KG_MAX(workload->canvas.width * 5 / 8, 1);
	terrain->horizon = workload->canvas.height * 3 / 10;
	make_steps(terrain);
	r = kg_field_init(&terrain->heights, MAP_BITS, 120, workload->seed);
	if (r == 0)
		r = kg_field_init(&terrain->patches, MAP_BITS, 222, workload->seed + 2);
	for (uint32_t i = 0; r == 0 && i < 2; i++)
		r = make_ground(terrain, i);
	return r ? r : make_sky(terrain);
}

/* Straight on, swaying a little, at a height that follows the ground slowly and keeps above what is near. */
static struct viewer viewer_at(const struct terrain *terrain, uint32_t number)
{
	struct viewer viewer = { .v = (int32_t)(number % (1u << 14)) * SPEED * 256 };
	int64_t sum = 0;

	viewer.u = 300 * 256 + kg_sine((int32_t)(number * 2 % 1024)) * 4;
	for (int32_t i = 0; i < 16; i++)
		sum += height_at(terrain, viewer.u, viewer.v + i * 12 * 256);
	viewer.height = KG_MAX((int32_t)(sum / 16) + EYE * 256, height_at(terrain, viewer.u, viewer.v) + EYE * 128);
	return viewer;
}

/* Two pixels of ground, lit and in the haze; light and the haze's share are 256 together at most, so no colour
 * overflows. */
static inline uint64_t shaded(uint64_t pixels, uint64_t light, uint64_t haze_rb, uint64_t haze_g)
{
	const uint64_t low = 0x00ff00ff00ff00ff;

	return (((pixels & low) * light + haze_rb) >> 8 & low) | (((pixels >> 8 & low) * light + haze_g) & ~low);
}

/* What a ray has seen at a step. */
struct spot {
	int32_t u, v, row, height;
	const struct step *step;
};

/* The rows from top to bottom (not included) of the columns of a ray. from is the step in front, to the one behind. */
static void paint(const struct terrain *terrain, int32_t x, int32_t top, int32_t bottom, const struct spot *from,
		  const struct spot *to)
{
	const struct kg_canvas *canvas = &terrain->workload.canvas;
	const struct step *step = to->step;
	int32_t east = height_at(terrain, to->u + 512, to->v) - to->height;
	int32_t north = height_at(terrain, to->u, to->v + 512) - to->height;
	int32_t rocky = to->height / 64 + kg_field_at(&terrain->patches, to->u * 2, to->v * 2) / 2;
	const uint32_t *ground = terrain->ground[rocky > 90];
	int32_t light = kg_clamp(200 + (east * 5 - north * 3) / 12, 96, 256);
	uint32_t share = (uint32_t)light * (256 - step->fog) / 256;
	uint64_t haze_rb = HAZE_RB * step->fog, haze_g = HAZE_G * step->fog;
	uint32_t mask = (1u << GROUND_BITS) - 1;
	int32_t rows = KG_MAX(from->row - to->row, 1);
	/* Along the ground from the row of from, in 1/256 of what is as fine as the pixels there; it repeats, so modulo
	 * 2^32. */
	uint32_t u = (uint32_t)to->u << step->detail, v = (uint32_t)to->v << step->detail, du = 0, dv = 0;
	uint8_t *at = kg_canvas_at(canvas, x, top);
	bool both = x + 1 < canvas->width;

	if (rows > 1) {
		du = (uint32_t)((from->u - to->u) * (1 << step->detail) / rows);
		dv = (uint32_t)((from->v - to->v) * (1 << step->detail) / rows);
		u += du * (uint32_t)(top - to->row);
		v += dv * (uint32_t)(top - to->row);
	}
	for (int32_t y = top; y < bottom; y++, u += du, v += dv, at += canvas->stride) {
		const uint32_t *row = ground + ((v >> 8 & mask) << GROUND_BITS);
		uint64_t left = row[u >> 8 & mask], right = row[(u + step->across) >> 8 & mask];
		uint64_t pixels =
			htole64(shaded(left | right << 32, share, haze_rb, haze_g) | UINT64_C(0xff000000ff000000));

		if (__builtin_expect(both, true))
			memcpy(at, &pixels, 8);
		else
			memcpy(at, &pixels, 4);
	}
}

static void draw_ray(const struct terrain *terrain, const struct viewer *viewer, int32_t x)
{
	const struct kg_canvas *canvas = &terrain->workload.canvas;
	int64_t slope = (int64_t)(x - canvas->width / 2) * 65536 / terrain->focal;
	int32_t lowest = canvas->height;
	struct spot before = { viewer->u, viewer->v, canvas->height * 2, viewer->height, terrain->steps };

	for (uint32_t i = 0; i < terrain->step_count && lowest > 0; i++) {
		const struct step *step = &terrain->steps[i];
		struct spot now = { .step = step, .v = viewer->v + step->distance };

		now.u = viewer->u + (int32_t)(slope * step->distance >> 16);
		now.height = height_at(terrain, now.u, now.v);
		now.row = terrain->horizon + (int32_t)((int64_t)(viewer->height - now.height) * step->rows >> 16);
		if (now.row < lowest) {
			int32_t top = KG_MAX(now.row, 0);

			paint(terrain, x, top, lowest, &before, &now);
			lowest = top;
		}
		before = now;
	}
	if (lowest > terrain->sky_rows)
		kg_canvas_fill(canvas, x, terrain->sky_rows, COLUMNS, lowest - terrain->sky_rows, HAZE);
}

static void draw_sky(const struct terrain *terrain, uint32_t number)
{
	const struct kg_canvas *canvas = &terrain->workload.canvas;
	int32_t shift = (int32_t)(number / 2 % (uint32_t)canvas->width);
	size_t stride = (size_t)canvas->width * 4;
	const uint8_t *sky = (const uint8_t *)terrain->sky;

	kg_canvas_blit(canvas, -shift, 0, sky, stride, canvas->width, terrain->sky_rows);
	kg_canvas_blit(canvas, canvas->width - shift, 0, sky, stride, canvas->width, terrain->sky_rows);
}

static void terrain_draw(struct kg_workload *workload, uint32_t number)
{
	struct terrain *terrain = kg_container_of(workload, struct terrain, workload);
	struct viewer viewer = viewer_at(terrain, number);

	draw_sky(terrain, number);
	for (int32_t x = 0; x < workload->canvas.width; x += COLUMNS)
		draw_ray(terrain, &viewer, x);
	kg_workload_damage_all(workload);
}

static void terrain_done(struct kg_workload *workload)
{
	struct terrain *terrain = kg_container_of(workload, struct terrain, workload);

	kg_field_done(&terrain->heights);
	kg_field_done(&terrain->patches);
	free(terrain->ground[0]);
	free(terrain->ground[1]);
	free(terrain->sky);
}

static const struct kg_workload_impl terrain_impl = {
	.size = sizeof(struct terrain),
	.init = terrain_init,
	.draw = terrain_draw,
	.done = terrain_done,
};

const struct kg_workload_kind kg_workload_terrain = {
	.name = "terrain",
	.what = "a flight over hills",
	.fps = 30,
	.frames = 600,
	.impl = &terrain_impl,
};
