/*
 * What usual things cost on the network, in bytes: a page that is scrolled, letters that are typed, a window that is dragged.
 * All of it is exact at once. Bytes are those of the slices, that is compressed and with all heads.
 */
#include "bench/workload/pictures.h"
#include "tests/display-world.h"

static uint32_t seed;

enum { WIDTH = 1920, HEIGHT = 1080, STEPS = 10 };

/* The next frame of a picture. Its bytes; the whole of the picture is said to be damaged, as some sources do. */
static uint64_t show(struct world *world, const struct kg_picture *picture, uint32_t number)
{
	uint64_t before = world->bytes;

	if (kg_picture_draw(picture, seed, number, (uint8_t *)world->picture, WIDTH, HEIGHT, WIDTH * 4) < 0)
		fail(world, "the picture cannot be drawn");
	kg_region_add(&world->damage, kg_rect_of_size(WIDTH, HEIGHT));
	world->now_ms += 100;
	frame(world);
	kg_flow_reset(&world->flow);
	world->acknowledged = world->flow.sent;
	if (kg_refine_due(&world->mirror) != KG_REFINE_NEVER)
		fail(world, "not all of it is exact");
	return world->bytes - before;
}

static void costs(const char *name, uint64_t most, const char *what)
{
	const struct kg_picture *picture = kg_picture_find(name);
	struct world world;
	uint64_t first, sum = 0, longest = 0;

	world_init(&world, true);
	free(world.zgfx);
	world.zgfx = malloc(sizeof(*world.zgfx));
	world.flags = 0x20;
	resize(&world, WIDTH, HEIGHT, 0x000a0701);
	first = show(&world, picture, 0);
	for (uint32_t i = 1; i <= STEPS && !*world.wrong; i++) {
		uint64_t bytes = show(&world, picture, i * picture->step);

		sum += bytes;
		longest = KG_MAX(longest, bytes);
	}
	ok(!*world.wrong && longest <= most, "%s: %llu bytes at most, %llu on average, after %llu for the first picture %s", what,
	   (unsigned long long)longest, (unsigned long long)(sum / STEPS), (unsigned long long)first, world.wrong);
	world_done(&world);
}

int main(void)
{
	tap_seed_init();
	seed = rnd();
	costs("text", 15000, "a page of text is scrolled by 40 pixels");
	costs("scroll", 15000, "a page beside what stands still is scrolled by 40 pixels");
	costs("typing", 2000, "a letter is typed into a page");
	costs("drag", 20000, "a window is dragged over a page");
	return tap_end();
}
