/*
 * Hills in perspective: for each column of the picture a ray walks over a map of heights, from near to far, and what rises
 * above all before it is drawn. Grass and rock with grain as fine as the pixels, sunlight, fog, clouds.
 */
#include "bench/workload/field.h"
#include "bench/workload/picture-impl.h"

#define MAP_BITS 10			// the map repeats after 1024 units
#define STEP 6				// units that the viewer moves in a frame
#define EYE 46				// units above the ground
#define FAR 4200			// units; what is further off has gone in the fog

struct land {
	struct kg_field heights, grain, patches, clouds;
};

/* Where a ray is; all in 1/256 units but the light: by the slope towards the sun, -100 to 100. */
struct spot {
	int32_t u, v, distance, height, light;
};

struct view {
	const struct land *land;
	const struct kg_canvas *canvas;
	int32_t focal, horizon;		// pixels
	int32_t u, v, eye;		// 1/256 units
};

static void land_done(struct land *land)
{
	kg_field_done(&land->heights);
	kg_field_done(&land->grain);
	kg_field_done(&land->patches);
	kg_field_done(&land->clouds);
}

static int land_init(struct land *land, uint32_t seed)
{
	int r;

	*land = (struct land){ 0 };
	r = kg_field_init(&land->heights, MAP_BITS, 120, seed);
	if (!r)
		r = kg_field_init(&land->grain, MAP_BITS, 345, seed + 1);
	if (!r)
		r = kg_field_init(&land->patches, MAP_BITS, 222, seed + 2);
	if (!r)
		r = kg_field_init(&land->clouds, MAP_BITS, 140, seed + 3);
	if (r < 0)
		land_done(land);
	return r;
}

static int32_t height_at(const struct land *land, int32_t u, int32_t v)
{
	return kg_field_at(&land->heights, u / 2, v / 2) * 40;	// 1/256 units
}

static struct spot spot_at(const struct land *land, int32_t u, int32_t v, int32_t distance)
{
	int32_t height = height_at(land, u, v);
	int32_t east = height_at(land, u + 512, v) - height, north = height_at(land, u, v + 512) - height;

	return (struct spot){ u, v, distance, height, kg_clamp((east * 5 - north * 3) / 8, -100, 100) };
}

/*
 * Grain of about one value a pixel at every distance: two sizes of the same field, each twice as fine as the other, mixed
 * by where the distance lies between them. Distances are 1/256 units, focal is pixels.
 */
static int32_t grain_at(const struct view *view, const struct spot *spot)
{
	uint32_t pixels_a_unit = KG_MAX((uint32_t)((int64_t)view->focal * 256 * 16 / KG_MAX(spot->distance, 256)), 1u); // times 16
	uint32_t level = 31 - (uint32_t)__builtin_clz(pixels_a_unit);
	int32_t part = (int32_t)((pixels_a_unit << 8 >> level) - 256);	// 0 to 255: nearer to the next finer one
	int64_t u = (int64_t)spot->u * (1 << level) / 16, v = (int64_t)spot->v * (1 << level) / 16;
	int32_t coarse = kg_field_at(&view->land->grain, (int32_t)u, (int32_t)v);
	int32_t fine = kg_field_at(&view->land->grain, (int32_t)(u * 2), (int32_t)(v * 2));

	return (coarse * (256 - part) + fine * part) >> 8;
}

static void put_ground(const struct view *view, int32_t x, int32_t y, const struct spot *spot)
{
	static const int32_t grass[3] = { 70, 92, 46 }, rock[3] = { 146, 130, 104 }, haze[3] = { 170, 190, 210 };
	int32_t patch = kg_field_at(&view->land->patches, spot->u * 2, spot->v * 2);
	int32_t grain = grain_at(view, spot);
	int32_t rocky = kg_clamp(128 + spot->height / 64 + patch / 4, 0, 256);
	int32_t lightness = 256 + spot->light + grain * 48 / 256 + patch * 30 / 256;
	int32_t far = spot->distance / 256;
	int32_t fog = 256 - 256 * 700 / (700 + far * far / 900 + far / 4);	// of 256
	int32_t colour[3];

	for (int k = 0; k < 3; k++) {
		colour[k] = (grass[k] * (256 - rocky) + rock[k] * rocky) / 256 * lightness / 256;
		colour[k] = (colour[k] * (256 - fog) + haze[k] * fog + 128) / 256;
	}
	kg_canvas_put(view->canvas, x, y, colour[0], colour[1], colour[2]);
}

static void put_sky(const struct view *view, int32_t x, int32_t y)
{
	int32_t below = KG_MAX(view->horizon - y, 0) + 30;	// clouds lie on a plane overhead
	int32_t far = view->focal * 64 * 256 / (below * 2);
	int32_t u = (int32_t)((int64_t)(x - view->canvas->width / 2) * far / view->focal), v = far + view->v / 8;
	int32_t cloud = kg_clamp(kg_field_at(&view->land->clouds, u / 2, v / 2) + 60, 0, 256);
	int32_t haze = kg_clamp(256 - below * 256 / (view->horizon + 30), 0, 256);
	static const int32_t blue[3] = { 96, 140, 210 }, white[3] = { 235, 238, 242 }, pale[3] = { 170, 190, 210 };
	int32_t colour[3];

	for (int k = 0; k < 3; k++) {
		colour[k] = (blue[k] * (256 - cloud) + white[k] * cloud) / 256;
		colour[k] = (colour[k] * (256 - haze) + pale[k] * haze + 128) / 256;
	}
	kg_canvas_put(view->canvas, x, y, colour[0], colour[1], colour[2]);
}

/* What lies between two spots of a ray, in the rows from top to bottom (not included). */
static void put_span(const struct view *view, int32_t x, int32_t top, int32_t bottom, const struct spot *near,
		     const struct spot *far, int32_t near_row)
{
	int32_t rows = KG_MAX(near_row - top, 1);

	for (int32_t y = top; y < bottom; y++) {
		int32_t part = kg_clamp((near_row - y) * 256 / rows, 0, 256);
		const struct spot spot = {
			near->u + (int32_t)((int64_t)(far->u - near->u) * part / 256),
			near->v + (int32_t)((int64_t)(far->v - near->v) * part / 256),
			near->distance + (int32_t)((int64_t)(far->distance - near->distance) * part / 256),
			near->height + (int32_t)((int64_t)(far->height - near->height) * part / 256),
			near->light + (far->light - near->light) * part / 256,
		};

		put_ground(view, x, y, &spot);
	}
}

static void draw_column(const struct view *view, int32_t x)
{
	int32_t lowest = view->canvas->height, near_row = lowest;
	struct spot near = spot_at(view->land, view->u, view->v, 256);

	for (int32_t distance = 8 * 256; distance < FAR * 256 && lowest > 0; distance += distance / 96 + 64) {
		int32_t u = view->u + (int32_t)((int64_t)(x - view->canvas->width / 2) * distance / view->focal);
		int32_t v = view->v + distance;
		struct spot far = spot_at(view->land, u, v, distance);
		int32_t row = view->horizon + (int32_t)((int64_t)(view->eye - far.height) * view->focal / distance);

		if (row < lowest) {
			int32_t top = KG_MAX(row, 0);

			put_span(view, x, top, lowest, &near, &far, KG_MAX(near_row, lowest));
			lowest = top;
		}
		near = far;
		near_row = row;
	}
	for (int32_t y = 0; y < lowest; y++)
		put_sky(view, x, y);
}

int kg_picture_terrain(struct kg_canvas *canvas, uint32_t seed, uint32_t frame)
{
	struct land land;
	struct view view = {
		.land = &land,
		.canvas = canvas,
		.focal = KG_MAX(canvas->width * 5 / 8, 1),
		.horizon = canvas->height * 3 / 10,
		.u = 300 * 256,
		.v = (int32_t)(frame % (1u << 14)) * STEP * 256,
	};
	int r = land_init(&land, seed);

	if (r < 0)
		return r;
	view.eye = EYE * 256 + KG_MAX(height_at(&land, view.u, view.v), height_at(&land, view.u, view.v + 40 * 256));
	for (int32_t x = 0; x < canvas->width; x++)
		draw_column(&view, x);
	land_done(&land);
	return 0;
}
