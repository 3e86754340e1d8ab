/*
 * The ClearCodec encoder against FreeRDP's decoder and a strict one, bit by bit, with the state of both kept over
 * thousands of rectangles. CLEAR_RECTANGLES in the environment sets their number.
 */
#include "tests/clear-client.h"

enum { SIDE = 512 };		// of the picture that most rectangles are of
#ifdef KG_SANITIZED
enum { RECTANGLES = 300, STEP = 7 };
#else
enum { RECTANGLES = 1500, STEP = 1 };
#endif

/* Rectangles of all kinds of pictures, as a desktop sends them. Some of the pictures come again. */
static void sequence(enum kg_cpu cpu, uint32_t count)
{
	enum { PICTURES = 16, ROOM = SIDE * SIDE };
	uint32_t *pictures[PICTURES], done = 0;
	const struct clear_strict_counts *n;
	struct kg_image glyph = { NULL, 0, 0, 0 };
	const char *wrong = NULL;
	struct client c;

	kg_dsp_init(&dsp, cpu);
	client_init(&c, ROOM);
	for (int i = 0; i < PICTURES; i++) {
		pictures[i] = malloc(ROOM * 4);
		draw((enum content)(i % CONTENTS), pictures[i], SIDE, SIDE);
	}
	for (; done < count && !wrong; done++) {
		uint32_t small = rnd() % 3 ? 64 : SIDE, which = rnd() % PICTURES;
		uint32_t width = 1 + rnd() % small, height = 1 + rnd() % small;
		uint32_t x = rnd() % (SIDE - width + 1), y = rnd() % (SIDE - height + 1);
		struct kg_image image = { (uint8_t *)(pictures[which] + y * SIDE + x), width, height, SIDE * 4 };

		if (rnd() % 40 == 0)
			draw((enum content)(rnd() % CONTENTS), pictures[which], SIDE, SIDE);
		if (done == count / 2 || rnd() % 500 == 0)
			kg_clear_reset(c.clear);
		if (rnd() % 20 == 0 && glyph.pixels)
			image = glyph;		// once more, if the picture is still the same
		else if (width * height <= KG_CLEAR_GLYPH_AREA_MAX)
			glyph = image;
		wrong = send(&c, &image, NULL);
		if (wrong)
			note("%ux%u at %u, %u of picture %u, number %u: %s", image.width, image.height, x, y, which,
			     done, wrong);
	}
	n = clear_strict_counts(c.strict);
	ok(!wrong, "%s: %u rectangles with the caches kept are right", kg_cpu_name(cpu), count);
	note("%llu runs, %llu bands, %llu V-bar hits, %llu short hits, %llu misses, %llu RLEX, %llu raw, %llu glyphs, "
	     "%llu hits",
	     (unsigned long long)n->residual_runs, (unsigned long long)n->bands, (unsigned long long)n->bar_hits,
	     (unsigned long long)n->short_hits, (unsigned long long)n->misses, (unsigned long long)n->rlex,
	     (unsigned long long)n->raw, (unsigned long long)n->glyphs, (unsigned long long)n->glyph_hits);
	ok(n->residual_runs && n->bar_hits && n->short_hits && n->misses && n->rlex && n->raw && n->glyph_hits &&
	       n->resets,
	   "%s: every way of coding was among them", kg_cpu_name(cpu));
	for (int i = 0; i < PICTURES; i++)
		free(pictures[i]);
	client_done(&c);
}

static void every_content(enum kg_cpu cpu)
{
	static const uint32_t sides[] = { 1, 2, 3, 15, 16, 17, 31, 33, 51, 52, 53, 63, 64, 65, 104, 105, 128, 200 };
	enum { N = sizeof(sides) / sizeof(*sides) };
	uint32_t *pixels = malloc(200 * 200 * 4);

	kg_dsp_init(&dsp, cpu);
	for (enum content content = 0; content < CONTENTS; content++) {
		const char *wrong = NULL;
		struct client c;

		client_init(&c, 200 * 200);
		for (uint32_t i = 0; i < N * N && !wrong; i += 1 + rnd() % STEP) {
			struct kg_image image = { (uint8_t *)pixels, sides[i % N], sides[i / N], sides[i % N] * 4 };

			draw(content, pixels, image.width, image.height);
			wrong = send(&c, &image, NULL);
			if (wrong)
				note("%ux%u: %s", image.width, image.height, wrong);
		}
		ok(!wrong, "%s: %s comes back exactly at every size", kg_cpu_name(cpu), content_names[content]);
		client_done(&c);
	}
	free(pixels);
}

/* Strips, and the largest rectangles that are allowed. */
static void large(enum kg_cpu cpu)
{
	static const uint32_t sizes[][2] = {{8192, 1}, {8192, 42}, {4096, 64}, {4096, 7},
					    {1, 8192}, {42, 8192}, {1920, 180}};
	uint32_t *pixels = malloc(KG_CLEAR_AREA_MAX * 4);
	struct client c;

	kg_dsp_init(&dsp, cpu);
	client_init(&c, KG_CLEAR_AREA_MAX);
	for (size_t i = 0; i < KG_ARRAY_SIZE(sizes); i += 1 + rnd() % STEP) {
		struct kg_image image = { (uint8_t *)pixels, sizes[i][0], sizes[i][1], sizes[i][0] * 4 };
		const char *wrong = NULL;

		for (enum content content = 0; content < CONTENTS && !wrong; content++) {
			draw(content, pixels, image.width, image.height);
			wrong = send(&c, &image, NULL);
			if (wrong)
				note("%s: %s", content_names[content], wrong);
		}
		ok(!wrong, "%s: %ux%u of everything comes back exactly", kg_cpu_name(cpu), image.width, image.height);
	}
	client_done(&c);
	free(pixels);
}

/* Columns that are new, or were new a while ago, until both cursors have gone round. Each stands twice, and now and
 * then a row lower than before. */
static void wrap(enum kg_cpu cpu)
{
	enum { WIDTH = 640, LINE = 17, LINES = 10, HEIGHT = LINES * (LINE + 3), STORED = 80000 / STEP };
	uint32_t *pixels = malloc(WIDTH * HEIGHT * 4), fresh = 0, round = 0;
	struct kg_image image = { (uint8_t *)pixels, WIDTH, HEIGHT, WIDTH * 4 };
	const struct clear_strict_counts *n;
	const char *wrong = NULL;
	struct client c;

	kg_dsp_init(&dsp, cpu);
	client_init(&c, WIDTH * HEIGHT);
	n = clear_strict_counts(c.strict);
	for (; n->misses + n->short_hits < STORED && !wrong && round < 200; round++) {
		memset(pixels, 0xff, WIDTH * HEIGHT * 4);
		for (uint32_t i = 0; i < LINES * WIDTH; i += 2) {
			uint32_t *at = pixels + i / WIDTH * (LINE + 3) * WIDTH + i % WIDTH;
			uint32_t column = rnd() % 4 ? fresh++ : fresh - KG_MIN(fresh, rnd() % 40000),
				 lower = rnd() % 8 == 0;

			for (uint32_t y = 0; y < LINE; y++)
				at[(y + lower) * WIDTH] = at[(y + lower) * WIDTH + 1] =
				    (column * 32 + y) * 2654435761u >> 8;
		}
		wrong = send(&c, &image, NULL);
	}
	if (wrong)
		note("%s", wrong);
	ok(!wrong && n->misses + n->short_hits >= STORED && n->short_hits > STORED / 200 && n->bar_hits > STORED,
	   "%s: cursors that go round stay right (%llu V-bars stored, %llu of them short hits; %llu hits)",
	   kg_cpu_name(cpu), (unsigned long long)(n->misses + n->short_hits), (unsigned long long)n->short_hits,
	   (unsigned long long)n->bar_hits);
	free(pixels);
	client_done(&c);
}

static void limits(void)
{
	uint32_t pixels[64 * 64];
	struct kg_image image = { (uint8_t *)pixels, 64, 64, 256 };
	struct kg_clear *before = malloc(sizeof(*before));
	size_t bound = kg_clear_bound(64, 64), size;
	struct kg_clear_plan *plan;
	uint8_t to[16384];
	void *scratch;
	struct client c;

	client_init(&c, 64 * 64);
	scratch = c.scratch_end - kg_clear_scratch(64, 64);
	draw(ICONS, pixels, 64, 64);
	plan = kg_clear_analyse(&dsp, c.clear, &image, scratch);
	ok(!kg_clear_encode(c.clear, plan, 0, to, bound - 1) && !c.clear->sequence,
	   "less room than the bound is refused");
	*before = *c.clear;
	size = kg_clear_encode(c.clear, plan, 60, to, bound);
	memcpy(before->seen, c.clear->seen, sizeof(before->seen));	// nothing of the client
	ok(!size && !memcmp(before, c.clear, sizeof(*before)),
	   "a message longer than the limit is not made, and changes nothing");
	ok(kg_clear_encode(c.clear, plan, bound, to, bound) > 60,
	   "the same plan is encoded when the limit allows it");
	ok(!kg_clear_bound(0, 1) && !kg_clear_bound(1, 0) && !kg_clear_bound(8193, 1) && !kg_clear_bound(1, 8193) &&
		   !kg_clear_bound(UINT32_MAX, UINT32_MAX) && !kg_clear_bound(1920, 181) && kg_clear_bound(8192, 42) &&
		   !kg_clear_scratch(0, 1) && !kg_clear_scratch(8192, 43) && kg_clear_scratch(1, 1),
	   "sizes that are not legal have no bound and no scratch memory");
	image.height = 8192;
	ok(!kg_clear_analyse(&dsp, c.clear, &image, scratch), "and no plan");
	ok(kg_clear_bound(1920, 180) <= 1 << 20, "the largest message is a slice");
	free(before);
	client_done(&c);
}

int main(int argc, char **argv)
{
	const char *count = getenv("CLEAR_RECTANGLES");

	check_init(argc, argv);
	kg_dsp_init(&dsp, KG_CPU_C);
	limits();
	for (enum kg_cpu cpu = KG_CPU_C; cpu <= kg_cpu_best(); cpu++) {
		sequence(cpu, count ? (uint32_t)strtoul(count, NULL, 0) : RECTANGLES);
		every_content(cpu);
		large(cpu);
		wrap(cpu);
	}
	return tap_end();
}
