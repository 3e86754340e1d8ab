/* particles: five fountains of sparks before the dark, that glow, fade and add up where they meet. */
#include "base/rect.h"
#include "bench/workload/workload_impl.h"

#define NIGHT 0x06080e
#define FOUNTAINS 5
#define RADIUS_MAX 4			// pixels
#define SIDE (2 * RADIUS_MAX + 1)
#define GRID_X 8			// damage is told for so many parts of the picture: the most that a region has
#define GRID_Y 4

struct spark {
	int32_t x, y, radius;
	uint32_t light;			// of 256
	uint32_t colour;
};

struct particles {
	struct kg_workload workload;
	uint32_t count;
	uint8_t glow[RADIUS_MAX + 1][SIDE][SIDE];	// by radius, of 256
	struct kg_rect touched[GRID_Y][GRID_X];
};

static int particles_init(struct kg_workload *workload)
{
	struct particles *particles = kg_container_of(workload, struct particles, workload);
	uint64_t area = (uint64_t)workload->canvas.width * (uint64_t)workload->canvas.height;

	particles->count = (uint32_t)KG_MIN(area / 400 + 16, (uint64_t)6000);
	for (int32_t radius = 1; radius <= RADIUS_MAX; radius++)
		for (int32_t y = -RADIUS_MAX; y <= RADIUS_MAX; y++)
			for (int32_t x = -RADIUS_MAX; x <= RADIUS_MAX; x++) {
				int32_t light = 255 - 255 * (x * x + y * y) / (radius * radius + 1);

				particles->glow[radius][y + RADIUS_MAX][x + RADIUS_MAX] = (uint8_t)KG_MAX(light, 0);
			}
	return 0;
}

/* Where spark i is at a frame: it lives again and again, each life thrown another way. */
static struct spark spark_at(const struct particles *particles, uint32_t i, uint32_t number)
{
	static const uint32_t colours[FOUNTAINS] = { 0xffb040, 0xff6040, 0x60a0ff, 0x80ff90, 0xd080ff };
	const struct kg_canvas *canvas = &particles->workload.canvas;
	uint32_t seed = particles->workload.seed, fountain = i % FOUNTAINS;
	uint32_t life = (uint32_t)kg_hash_range(seed, i, 1, 50, 130);
	uint64_t at = (uint64_t)number + kg_hash(seed, i, 2) % life;
	uint32_t birth = kg_hash(seed, i, 3 + (uint32_t)(at / life)), age = (uint32_t)(at % life);
	int64_t scale = canvas->height,
		t = (int64_t)age * 256 / 60;	// 256 is a second; speeds are heights a second times 256
	int64_t across = (int64_t)(birth % 129) - 64, up = 190 + (int64_t)(birth >> 8) % 90;
	int64_t x = (int64_t)canvas->width * (2 * fountain + 1) / (2 * FOUNTAINS) + across * scale * t / 65536;
	int64_t y = scale * 15 / 16 - (up * t - 200 * t * t / 512) * scale / 65536;

	return (struct spark){
		.x = (int32_t)KG_MAX(KG_MIN(x, (int64_t)32767), (int64_t)-32768),
		.y = (int32_t)KG_MAX(KG_MIN(y, (int64_t)32767), (int64_t)-32768),
		.radius = 1 + (int32_t)(birth >> 16) % RADIUS_MAX,
		.light = 256 - age * 224 / life,
		.colour = colours[fountain],
	};
}

static struct kg_rect box_of(const struct particles *particles, const struct spark *spark)
{
	const struct kg_canvas *canvas = &particles->workload.canvas;
	int32_t radius = spark->radius;

	return kg_rect_intersect(
		(struct kg_rect){ spark->x - radius, spark->y - radius, spark->x + radius + 1, spark->y + radius + 1 },
		(struct kg_rect){ 0, 0, canvas->width, canvas->height });
}

static void touch(struct particles *particles, struct kg_rect box)
{
	const struct kg_canvas *canvas = &particles->workload.canvas;
	struct kg_rect *touched =
		&particles->touched[box.top * GRID_Y / canvas->height][box.left * GRID_X / canvas->width];

	*touched = kg_rect_empty(*touched) ? box : kg_rect_unite(*touched, box);
}

static void add_light(const struct particles *particles, const struct spark *spark, struct kg_rect box)
{
	const struct kg_canvas *canvas = &particles->workload.canvas;

	for (int32_t y = box.top; y < box.bottom; y++) {
		const uint8_t *glow = particles->glow[spark->radius][y - spark->y + RADIUS_MAX] + RADIUS_MAX - spark->x;
		uint8_t *at = kg_canvas_at(canvas, box.left, y);

		for (int32_t x = box.left; x < box.right; x++, at += 4) {
			uint32_t light = glow[x] * spark->light / 256;

			for (int k = 0; k < 3; k++)
				at[k] = (uint8_t)KG_MIN(at[k] + (spark->colour >> 8 * k & 0xff) * light / 256, 255u);
		}
	}
}

static void particles_draw(struct kg_workload *workload, uint32_t number)
{
	struct particles *particles = kg_container_of(workload, struct particles, workload);

	memset(particles->touched, 0, sizeof(particles->touched));
	if (!workload->drawn)
		kg_canvas_fill(&workload->canvas, 0, 0, workload->canvas.width, workload->canvas.height, NIGHT);
	for (uint32_t i = 0; workload->drawn && i < particles->count; i++) {
		struct spark spark = spark_at(particles, i, workload->number);
		struct kg_rect box = box_of(particles, &spark);

		if (kg_rect_empty(box))
			continue;
		kg_canvas_fill(&workload->canvas, box.left, box.top, box.right - box.left, box.bottom - box.top, NIGHT);
		touch(particles, box);
	}
	for (uint32_t i = 0; i < particles->count; i++) {
		struct spark spark = spark_at(particles, i, number);
		struct kg_rect box = box_of(particles, &spark);

		if (kg_rect_empty(box))
			continue;
		add_light(particles, &spark, box);
		touch(particles, box);
	}
	for (int i = 0; i < GRID_X * GRID_Y; i++)
		kg_region_add(&workload->damage, particles->touched[i / GRID_X][i % GRID_X]);
}

static const struct kg_workload_impl particles_impl = {
	.size = sizeof(struct particles),
	.init = particles_init,
	.draw = particles_draw,
};

const struct kg_workload_kind kg_workload_particles = {
	.name = "particles",
	.what = "thousands of sparks before the dark",
	.fps = 60,
	.frames = 600,
	.impl = &particles_impl,
};
