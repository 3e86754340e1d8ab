/* What a plan does with tiles that its usual ways do not suit, and without memory. */
#include "tests/display-world.h"
#include "tests/failing.h"

enum { WIDTH = 640, HEIGHT = 384, TILES = WIDTH / 64 * (HEIGHT / 64) };

static void fill_world(struct world *world, uint32_t (*pixel)(uint32_t x, uint32_t y))
{
	for (uint32_t i = 0; i < world->width * world->height; i++)
		world->picture[i] = pixel(i % world->width, i / world->width);
	kg_region_add(&world->damage, kg_rect_of_size(world->width, world->height));
}

static uint32_t mix(uint32_t n)
{
	n = (n ^ n >> 15) * 0x2c1b3c6d;
	n = (n ^ n >> 12) * 0x297a2d39;
	return n ^ n >> 15;
}

/* A gradient, and checkers in the corner where the extrapolating wavelet has no coefficient left: 8 x 8 pixels of each tile. */
static uint32_t overflowing(uint32_t x, uint32_t y)
{
	return x % 64 < 56 || y % 64 < 56 ? x * 3 + y * 256 * 5 : (x ^ y) & 1 ? 0xffffff : 0;
}

static int distance(const uint8_t *a, const uint8_t *b)
{
	return KG_MAX(abs(a[0] - b[0]), KG_MAX(abs(a[1] - b[1]), abs(a[2] - b[2])));
}

/* The largest error of a pixel at the bottom right of a tile, which is the one that goes wrong. */
static int worst_corner(const struct world *world)
{
	int worst = 0;

	for (uint32_t y = 63; y < world->height; y += 64)
		for (uint32_t x = 63; x < world->width; x += 64)
			worst = KG_MAX(worst, distance((const uint8_t *)&world->picture[y * world->width + x],
						       world->client.output + ((size_t)y * world->width + x) * 4));
	return worst;
}

static void overflows(void)
{
	struct world world;
	uint32_t exact = 0;

	world_init(&world, true);
	resize(&world, WIDTH, HEIGHT, 0x000a0701);
	fill_world(&world, overflowing);
	frame(&world);
	for (uint32_t i = 0; i < TILES; i++)
		exact += world.mirror.states[i] == KG_TILE_EXACT;
	ok(world.client.area[GFX_PROGRESSIVE] == WIDTH * HEIGHT, "tiles that overflow in a corner are pictures");
	ok(exact == TILES && world.client.area[GFX_PLANAR] == WIDTH * HEIGHT && worst_corner(&world) == 0 && !*world.wrong,
	   "each of them follows by planar: %u of %d, %llu pixels; a corner is off by %d at most %s", exact, TILES,
	   (unsigned long long)world.client.area[GFX_PLANAR], worst_corner(&world), world.wrong);
	world_done(&world);
}

/* Few colours and hard edges, in one plane: no run, no column and hardly a short code, but two planes of nothing. */
static uint32_t patterned(uint32_t x, uint32_t y)
{
	return (mix(y * WIDTH + x) % 40 * 6 + 10) << 8;
}

/* Strokes as of letters. */
static uint32_t written(uint32_t x, uint32_t y)
{
	uint32_t letter = mix((y / 12) * 131 + x / 8) % 26;

	return x % 8 < 6 && y % 12 < 9 && mix(letter * 64 + y % 12 * 8 + x % 8) % 3 == 0 ? 0x101010 : 0xf0f0f0;
}

static void dear_texts(void)
{
	struct world world;
	uint64_t before;

	world_init(&world, true);
	resize(&world, WIDTH, HEIGHT, 0x000a0701);
	fill_world(&world, patterned);
	frame(&world);
	ok(world.plan.tiles[0].class == KG_CLASS_TEXT && world.client.area[GFX_PLANAR] == WIDTH * HEIGHT &&
		   !world.client.area[GFX_CLEAR] && world.client.bytes[GFX_PLANAR] < WIDTH * HEIGHT * 5 / 4,
	   "a pattern that costs more by ClearCodec goes by planar, for %llu bytes", (unsigned long long)world.client.bytes[GFX_PLANAR]);
	fill_world(&world, written);
	before = world.client.area[GFX_PLANAR];
	frame(&world);
	ok(world.client.area[GFX_CLEAR] == WIDTH * HEIGHT && world.client.area[GFX_PLANAR] == before && !*world.wrong,
	   "letters go by ClearCodec, whose sequence went on: %s", world.wrong);
	world_done(&world);
}

/* ---- without memory ---- */

/* Of everything something: one colour, text, a pattern, a picture, what overflows. */
static uint32_t mixed(uint32_t x, uint32_t y)
{
	uint32_t part = y / 64;

	return part == 0 ? 0x203040 : part == 1 ? written(x, y) : part == 2 ? patterned(x, y) : part == 3 ? overflowing(x, y) : mix(x + y * WIDTH);
}

/* As frame(), but it gives up as a view does. Returns the error. */
static int try_frame(struct world *world)
{
	struct kg_image image = { (const uint8_t *)world->picture, world->width, world->height, (size_t)world->width * 4 };
	int jobs = kg_plan_begin(&world->plan, &image, &world->damage, world->now_ms);

	for (; jobs > 0; jobs = kg_plan_next(&world->plan)) {
		for (int i = 0; i < jobs; i++)
			kg_plan_job(&world->plan, (uint32_t)i, world->scratch);
	}
	kg_plan_end(&world->plan);
	return jobs;
}

static void without_memory(bool graphics, int least)
{
	bool right = true;
	int n;

	for (n = 0; right; n++) {
		struct world world;
		int r;

		world_init(&world, graphics);
		if (!graphics) {
			world.plan.lossy = KG_LOSSY_CLASSIC;
			world.plan.message_max = KG_PLAN_MESSAGE_LEAST;
		}
		resize(&world, WIDTH, HEIGHT, 0x000a0701);
		fill_world(&world, mixed);
		failing_from(n);
		r = try_frame(&world);
		if (!failing_done()) {
			world_done(&world);
			break;
		}
		right = r == -ENOMEM;
		/* Nothing was sent: as for a new client, and once more with memory. */
		kg_mirror_forget(&world.mirror);
		kg_region_add(&world.damage, kg_rect_of_size(WIDTH, HEIGHT));
		if (graphics)
			set_up(&world, 0x000a0701);
		frame(&world);
		if (!right || *world.wrong)
			note("allocation %d: result %d, then %s", n, r, world.wrong);
		right = right && !*world.wrong;
		world_done(&world);
	}
	ok(right && n >= least, "%s: each of %d allocations fails once, and the next frame is right", graphics ? "graphics" : "bitmaps", n);
}

int main(void)
{
	tap_seed_init();
	overflows();
	dear_texts();
	without_memory(true, 16);
	without_memory(false, 16);
	return tap_end();
}
