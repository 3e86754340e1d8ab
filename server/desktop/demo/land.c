/* The land: heights from noise, light and shadows swept along the sun's direction, colours by height and slope. */
#include "server/desktop/demo/land.h"

#include "server/desktop/demo/noise.h"

#include <math.h>

#define CELLS KG_LAND_CELLS
#define MASK (CELLS - 1)
#define TREES_MAX 60000

/* What only the making needs, one entry a cell. */
struct light {
	float sun;			// 0 in the shadow, 1 in full light on level ground
	float sky;			// how much of the sky is seen
	float level;			// the normal's y: 1 is flat
	float wood;			// where trees stand, 0 to 1
	float rough;			// wide noise that borders follow
};

struct rgb {
	float r, g, b;
};

static float at(const float *map, int32_t x, int32_t z)
{
	return map[(size_t)(z & MASK) * CELLS + (size_t)(x & MASK)];
}

static float height_of(float x, float z)	// in cells
{
	const float scale = 1.0f / CELLS;
	float warp_x = kg_noise_sum(x * scale * 4, z * scale * 4, 4, 71, 2);
	float warp_z = kg_noise_sum(x * scale * 4, z * scale * 4, 4, 83, 2);
	float u = x * scale + warp_x * 0.035f, v = z * scale + warp_z * 0.035f;
	float wide = kg_noise_sum(u * 3, v * 3, 3, 11, 2);
	float hills = kg_noise_sum(u * 12, v * 12, 12, 23, 5);
	float mountains = kg_smooth(-0.12f, 0.42f, wide);
	float ridges = mountains > 0 ? kg_noise_ridges(u * 6, v * 6, 6, 37, 7) : 0;
	float h = 26 + wide * 150 + hills * (22 + 40 * mountains) + ridges * mountains * 560;

	/* Flat shores: what is near the water rises and sinks slowly. */
	return h < 40 ? h * (0.35f + 0.65f * kg_smooth(-30, 40, h)) - (h < 0 ? 2 : 2 - h * 0.05f) : h;
}

static void make_heights(struct kg_land *land)
{
	for (int z = 0; z < CELLS; z++)
		for (int x = 0; x < CELLS; x++)
			land->heights[z * CELLS + x] = height_of((float)x, (float)z);
}

/*
 * Shadows: walking away from the sun column by column, the edge of the shadow sinks with the sun's angle and is lifted by
 * whatever stands higher. Twice around, since the land repeats. edge holds heights of the shadow's edge.
 */
static void sweep_shadows(const struct kg_land *land, float *edge)
{
	const float aside = KG_LAND_SUN_Z / KG_LAND_SUN_X;	// cells of z for each cell of x towards the sun
	const float step_m = KG_LAND_CELL_M * sqrtf(1 + aside * aside);
	const float drop = step_m * KG_LAND_SUN_Y / sqrtf(KG_LAND_SUN_X * KG_LAND_SUN_X + KG_LAND_SUN_Z * KG_LAND_SUN_Z);
	const float whole = floorf(aside), part = aside - whole;

	for (size_t i = 0; i < (size_t)CELLS * CELLS; i++)
		edge[i] = -1000;
	for (int32_t x = 2 * CELLS - 1; x >= 0; x--) {
		for (int32_t z = 0; z < CELLS; z++) {
			int32_t from = z + (int32_t)whole;
			float near = KG_MAX(at(land->heights, x + 1, from), at(edge, x + 1, from));
			float far = KG_MAX(at(land->heights, x + 1, from + 1), at(edge, x + 1, from + 1));

			edge[(size_t)z * CELLS + (size_t)(x & MASK)] = kg_mix(near, far, part) - drop;
		}
	}
}

/* Heights averaged over about 15 cells, by running sums in both directions: what lies below it sees less of the sky. */
static void blur(const float *from, float *to, float *line)
{
	enum { REACH = 7 };

	memcpy(to, from, (size_t)CELLS * CELLS * sizeof(*to));
	for (int pass = 0; pass < 2; pass++) {
		size_t step = pass ? CELLS : 1, next = pass ? 1 : CELLS;

		for (size_t i = 0; i < CELLS; i++) {
			float sum = 0;

			for (int k = 0; k < CELLS; k++)
				line[k] = to[i * next + (size_t)k * step];
			for (int k = -REACH; k <= REACH; k++)
				sum += line[k & MASK];
			for (int k = 0; k < CELLS; k++) {
				to[i * next + (size_t)k * step] = sum / (2 * REACH + 1);
				sum += line[(k + REACH + 1) & MASK] - line[(k - REACH) & MASK];
			}
		}
	}
}

static float forest(float x, float z, float height, float level)	// x and z in cells
{
	float n = kg_noise_sum(x * 24 / CELLS, z * 24 / CELLS, 24, 131, 3);

	return kg_smooth(-0.05f, 0.2f, n) * kg_smooth(5, 14, height) * kg_smooth(210, 130, height) *
	       kg_smooth(0.80f, 0.9f, level);
}

static void make_light(const struct kg_land *land, struct light *light, const float *edge, const float *wide)
{
	for (int32_t z = 0; z < CELLS; z++) {
		for (int32_t x = 0; x < CELLS; x++) {
			size_t i = (size_t)z * CELLS + (size_t)x;
			float h = land->heights[i];
			float dx = (at(land->heights, x - 1, z) - at(land->heights, x + 1, z)) / (2 * KG_LAND_CELL_M);
			float dz = (at(land->heights, x, z - 1) - at(land->heights, x, z + 1)) / (2 * KG_LAND_CELL_M);
			float level = 1 / sqrtf(dx * dx + dz * dz + 1);
			float facing = (dx * KG_LAND_SUN_X + KG_LAND_SUN_Y + dz * KG_LAND_SUN_Z) * level;

			light[i] = (struct light){
				.sun = KG_MAX(facing, 0) * kg_smooth(-14, 6, h - edge[i]),
				.sky = kg_clamp(0.75f + (h - wide[i]) * 0.012f, 0.35f, 1.15f) * (0.6f + 0.4f * level),
				.level = level,
				.wood = forest((float)x, (float)z, h, level),
				.rough = kg_noise_sum((float)x * 0.125f, (float)z * 0.125f, CELLS / 8, 211, 2),
			};
		}
	}
}

static float between(const float *four, float u, float v)
{
	return kg_mix(kg_mix(four[0], four[1], u), kg_mix(four[2], four[3], u), v);
}

static struct rgb blend(struct rgb a, struct rgb b, float t)
{
	return (struct rgb){ kg_mix(a.r, b.r, t), kg_mix(a.g, b.g, t), kg_mix(a.b, b.b, t) };
}

static struct rgb ground(float x, float z, float h, const struct light *light)
{
	const struct rgb sand = { 0.50f, 0.42f, 0.27f }, meadow = { 0.17f, 0.23f, 0.055f }, dry = { 0.33f, 0.29f, 0.10f };
	const struct rgb wood = { 0.045f, 0.085f, 0.03f }, rock = { 0.25f, 0.215f, 0.19f }, dark = { 0.15f, 0.13f, 0.12f };
	const struct rgb snow = { 0.90f, 0.92f, 0.96f }, bed = { 0.10f, 0.16f, 0.13f };
	float fine = kg_noise(x * 0.625f, z * 0.625f, CELLS * 5 / 8, 201);
	float rough = light->rough, level = light->level;
	struct rgb c = blend(meadow, dry, kg_smooth(-0.3f, 0.5f, rough + (h - 90) * 0.004f));

	c = blend(c, wood, 0.92f * light->wood);
	c = blend(c, sand, kg_smooth(5.5f, 2.0f, h + fine * 3));
	c = blend(c, blend(rock, dark, kg_smooth(-0.2f, 0.3f, fine + rough)),
		  kg_smooth(0.86f, 0.74f, level + fine * 0.05f + rough * 0.05f));
	c = blend(c, snow,
		  kg_smooth(235, 275, h + rough * 90 + fine * 25) * kg_smooth(0.58f, 0.72f, level + fine * 0.08f));
	return blend(c, bed, kg_smooth(0, -9, h));
}

/* Linear light to a byte, bright parts rolled off: 0 to 4 in steps that are finer where it is dark. */
struct film {
	uint8_t shown[1024];
};

static void make_film(struct film *film)
{
	for (int i = 0; i < 1024; i++) {
		float v = (float)i / 1023;

		film->shown[i] = (uint8_t)(255 * powf(1 - expf(-1.9f * 4 * v * v), 1 / 2.2f) + 0.5f);
	}
}

static uint8_t expose(const struct film *film, float v)
{
	return film->shown[(int)(1023 * sqrtf(kg_clamp(v * 0.25f, 0, 1)))];
}

static void make_colour(uint8_t *ret, const struct film *film, struct rgb c, float sun, float sky)
{
	ret[0] = expose(film, c.r * (sun * 2.05f + sky * 0.30f));
	ret[1] = expose(film, c.g * (sun * 1.72f + sky * 0.40f));
	ret[2] = expose(film, c.b * (sun * 1.22f + sky * 0.60f));
}

/* The light between four cells. */
static struct light light_between(const struct light *const four[4], float u, float v)
{
#define BETWEEN(field) between((float[]){ four[0]->field, four[1]->field, four[2]->field, four[3]->field }, u, v)
	return (struct light){ BETWEEN(sun), BETWEEN(sky), BETWEEN(level), BETWEEN(wood), BETWEEN(rough) };
#undef BETWEEN
}

static void make_colours(struct kg_land *land, const struct film *film, const struct light *light)
{
	const float scale = (float)CELLS / KG_LAND_COLOURS;

	for (int32_t j = 0; j < KG_LAND_COLOURS; j++) {
		for (int32_t i = 0; i < KG_LAND_COLOURS; i++) {
			float x = ((float)i + 0.5f) * scale, z = ((float)j + 0.5f) * scale;
			int32_t x0 = (int32_t)x, z0 = (int32_t)z;
			float u = x - (float)x0, v = z - (float)z0, h[4], height;
			const struct light *four[4];
			struct light here;
			uint8_t *out = land->colours + ((size_t)j * KG_LAND_COLOURS + (size_t)i) * 4;

			for (int k = 0; k < 4; k++) {
				size_t cell = (size_t)((z0 + k / 2) & MASK) * CELLS + (size_t)((x0 + k % 2) & MASK);

				h[k] = land->heights[cell];
				four[k] = &light[cell];
			}
			height = between(h, u, v);
			here = light_between(four, u, v);
			make_colour(out, film, ground(x, z, height, &here), here.sun, here.sky);
			out[3] = 255;
		}
	}
}

/* Grain for what is near and waves for the water: the same noise, lit and as slopes. */
static void make_detail(struct kg_land *land)
{
	enum { N = KG_LAND_DETAIL };
	const float s = 16.0f / N;

	for (int32_t j = 0; j < N; j++) {
		float next = kg_noise_sum(0, (float)j * s, 16, 301, 5);

		for (int32_t i = 0; i < N; i++) {
			uint8_t *out = land->detail + ((size_t)j * N + (size_t)i) * 4;
			float n = next, dx, dz, lit;

			next = kg_noise_sum((float)(i + 1) * s, (float)j * s, 16, 301, 5);
			dx = n - next;
			dz = n - kg_noise_sum((float)i * s, (float)(j + 1) * s, 16, 301, 5);
			lit = (dx * KG_LAND_SUN_X + dz * KG_LAND_SUN_Z) * 1.4f + n * 0.25f;
			out[0] = (uint8_t)(255 * kg_clamp(0.5f + lit, 0, 1));
			out[1] = (uint8_t)(255 * kg_clamp(0.5f + dx * 2, 0, 1));
			out[2] = (uint8_t)(255 * kg_clamp(0.5f + dz * 2, 0, 1));
			out[3] = 255;
		}
	}
}

static void make_clouds(struct kg_land *land)
{
	enum { N = KG_LAND_CLOUDS };
	const float s = 4.0f / N;

	for (int32_t i = 0; i < N * N; i++) {
		float n = kg_noise_sum((float)(i % N) * s, (float)(i / N) * s, 4, 401, 6);

		land->clouds[i] = (uint8_t)(255 * kg_clamp(0.5f + n * 0.75f, 0, 1));
	}
}

/* Bounds of the blocks, and the flight's floor: the highest of 5 x 5 blocks around. */
static void make_blocks(struct kg_land *land)
{
	enum { N = KG_LAND_BLOCKS, SIDE = CELLS / N };

	for (int32_t j = 0; j < N; j++) {
		for (int32_t i = 0; i < N; i++) {
			float low = 1e9f, high = -1e9f;

			for (int32_t k = 0; k < (SIDE + 1) * (SIDE + 1); k++) {
				float h = at(land->heights, i * SIDE + k % (SIDE + 1), j * SIDE + k / (SIDE + 1));

				low = KG_MIN(low, h);
				high = KG_MAX(high, h);
			}
			land->lowest[j][i] = low;
			land->highest[j][i] = high;
		}
	}
	for (int32_t j = 0; j < N; j++) {
		for (int32_t i = 0; i < N; i++) {
			float high = 0;

			for (int32_t k = 0; k < 9; k++)
				high = KG_MAX(high, land->highest[(j + k / 3 + N - 1) % N][(i + k % 3 + N - 1) % N]);
			land->ceiling[j][i] = high;
		}
	}
}

static void plant(struct kg_land *land, const struct film *film, const struct light *light, uint32_t *count, int32_t x,
		  int32_t z)
{
	uint32_t dice = kg_noise_hash((uint32_t)x, (uint32_t)z, 501);
	float u = (float)(dice & 0xff) / 256, v = (float)(dice >> 8 & 0xff) / 256;
	const struct light *here = &light[(size_t)z * CELLS + (size_t)x];
	float h = at(land->heights, x, z);
	struct kg_land_tree *tree = land->trees + *count;
	struct rgb leaf = { 0.055f + 0.05f * u, 0.115f + 0.03f * v, 0.035f };

	if (h < 5 || *count >= TREES_MAX || here->wood * 0.8f < (float)(dice >> 16 & 0xff) / 256)
		return;
	*tree = (struct kg_land_tree){
		.x = ((float)x + u) * KG_LAND_CELL_M,
		.z = ((float)z + v) * KG_LAND_CELL_M,
		.size = 8 + 7 * (float)(dice >> 24) / 256,
	};
	tree->y = kg_land_height(land, tree->x, tree->z) - 0.6f;
	make_colour(tree->colour, film, leaf, KG_MAX(here->sun, 0.02f) * 1.25f, here->sky * 1.2f);
	tree->colour[3] = 255;
	++*count;
}

static void make_trees(struct kg_land *land, const struct film *film, const struct light *light)
{
	uint32_t count = 0;

	for (int32_t j = 0; j < CELLS / 32; j++) {
		for (int32_t i = 0; i < CELLS / 32; i++) {
			land->tree_first[j][i] = count;
			for (int32_t k = 0; k < 32 * 32; k++)
				plant(land, film, light, &count, i * 32 + k % 32, j * 32 + k / 32);
			land->tree_count[j][i] = count - land->tree_first[j][i];
		}
	}
	land->tree_total = count;
}

int kg_land_new(struct kg_land **ret)
{
	const size_t cells = (size_t)CELLS * CELLS;
	struct kg_land *land = calloc(1, sizeof(*land));
	struct light *light = calloc(cells, sizeof(*light));
	float *edge = calloc(cells, sizeof(*edge)), *wide = calloc(cells + CELLS, sizeof(*wide));
	struct film film;
	int r = -ENOMEM;

	if (!land || !light || !edge || !wide)
		goto out;
	land->heights = calloc(cells, sizeof(*land->heights));
	land->colours = calloc((size_t)KG_LAND_COLOURS * KG_LAND_COLOURS, 4);
	land->detail = calloc((size_t)KG_LAND_DETAIL * KG_LAND_DETAIL, 4);
	land->clouds = calloc(KG_LAND_CLOUDS, KG_LAND_CLOUDS);
	land->trees = calloc(TREES_MAX, sizeof(*land->trees));
	if (!land->heights || !land->colours || !land->detail || !land->clouds || !land->trees)
		goto out;
	make_heights(land);
	sweep_shadows(land, edge);
	blur(land->heights, wide, wide + cells);
	make_light(land, light, edge, wide);
	make_film(&film);
	make_colours(land, &film, light);
	make_detail(land);
	make_clouds(land);
	make_blocks(land);
	make_trees(land, &film, light);
	*ret = land;
	land = NULL;
	r = 0;
out:
	kg_land_free(land);
	free(light);
	free(edge);
	free(wide);
	return r;
}

void kg_land_free(struct kg_land *land)
{
	if (!land)
		return;
	free(land->heights);
	free(land->colours);
	free(land->detail);
	free(land->clouds);
	free(land->trees);
	free(land);
}

float kg_land_height(const struct kg_land *land, float x, float z)
{
	float u = x / KG_LAND_CELL_M, v = z / KG_LAND_CELL_M;
	int32_t x0 = (int32_t)floorf(u), z0 = (int32_t)floorf(v);
	const float four[] = { at(land->heights, x0, z0), at(land->heights, x0 + 1, z0), at(land->heights, x0, z0 + 1),
			       at(land->heights, x0 + 1, z0 + 1) };

	return between(four, u - (float)x0, v - (float)z0);
}

/* Quadratic B-splines over the blocks: no kink for a camera to jolt on. */
float kg_land_ceiling(const struct kg_land *land, float x, float z)
{
	const float block = (float)KG_LAND_SIZE_M / KG_LAND_BLOCKS;
	float u = x / block, v = z / block;
	int32_t x0 = (int32_t)floorf(u), z0 = (int32_t)floorf(v);
	float sum = 0;

	u -= (float)x0;
	v -= (float)z0;
	const float wx[] = { 0.5f * (1 - u) * (1 - u), 0.5f + u * (1 - u), 0.5f * u * u };
	const float wz[] = { 0.5f * (1 - v) * (1 - v), 0.5f + v * (1 - v), 0.5f * v * v };

	for (int32_t k = 0; k < 9; k++)
		sum += wx[k % 3] * wz[k / 3] *
		       land->ceiling[(uint32_t)(z0 + k / 3 - 1) % KG_LAND_BLOCKS]
				    [(uint32_t)(x0 + k % 3 - 1) % KG_LAND_BLOCKS];
	return sum;
}
