/* Workloads: the same by number however a frame is come to, at any size, and what changed is told. */
#include "base/cursor.h"
#include "bench/workload/workload.h"
#include "tests/check.h"

enum { SEED = 1, WIDTH = 640, HEIGHT = 360 };

/* The last ones are where the scenes of office-mix change: a window is dragged, then a film watched. */
static const uint32_t sequence[] = { 0,	   1,	 2,    3,    7,	   8,	 9,    40,   41,   77,	 78,   79,  150,
				     2699, 2700, 2701, 2879, 2880, 3629, 3630, 3631, 3700, 4829, 4830, 4840 };

static uint32_t checksum(const uint8_t *bytes, size_t size)	// FNV-1a
{
	uint32_t sum = 0x811c9dc5;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * 0x01000193;
	return sum;
}

struct drawing {
	struct kg_workload *workload;
	uint8_t *pixels;
	uint32_t width, height;
	size_t size;
	struct kg_region damage;
};

static struct drawing begin(const struct kg_workload_kind *kind, uint32_t width, uint32_t height, uint32_t seed)
{
	struct drawing d = { .width = width, .height = height, .size = (size_t)width * height * 4 };

	d.pixels = guarded(d.size);
	memset(d.pixels, 0x5a, d.size);
	if (kg_workload_new(&d.workload, kind, d.pixels, width, height, (size_t)width * 4, seed)) {
		printf("Bail out! %s cannot be opened\n", kind->name);
		exit(EXIT_FAILURE);
	}
	return d;
}

static uint32_t draw(struct drawing *d, uint32_t number)
{
	kg_workload_draw(d->workload, number, &d->damage);
	return checksum(d->pixels, d->size);
}

static bool inside(const struct kg_region *region, int32_t x, int32_t y)
{
	for (uint32_t i = 0; i < region->count; i++) {
		const struct kg_rect *rect = &region->rects[i];

		if (x >= rect->left && x < rect->right && y >= rect->top && y < rect->bottom)
			return true;
	}
	return false;
}

/* Pixels that changed outside of the damage, and how much of the damage changed, of 1000. */
static uint32_t outside(const struct drawing *d, const uint8_t *before, uint32_t *ret_share)
{
	uint32_t missed = 0, changed = 0, damaged = 0;

	for (uint32_t i = 0; i < d->width * d->height; i++) {
		bool differs = memcmp(d->pixels + i * 4, before + i * 4, 4);
		bool covered = inside(&d->damage, (int32_t)(i % d->width), (int32_t)(i / d->width));

		missed += differs && !covered;
		changed += differs && covered;
		damaged += covered;
	}
	*ret_share = damaged ? (uint32_t)(changed * UINT64_C(1000) / damaged) : 1000;
	return missed;
}

static bool within(const struct drawing *d)
{
	struct kg_rect bounds = kg_region_bounds(&d->damage);

	return kg_region_empty(&d->damage) ||
	       (bounds.left >= 0 && bounds.top >= 0 && bounds.right <= (int32_t)d->width &&
		bounds.bottom <= (int32_t)d->height);
}

/* What was seen with gcc 12 and clang 14 on x86-64: frames 0, 1 and 77. Whoever changes a workload changes all figures
 * made with it. */
static const struct {
	const char *name;
	uint32_t sums[3];
} known[] = {
	{ "terrain", { 0xc61ddc03, 0x29e7a12e, 0x24028d3e } },
	{ "assembly", { 0xa4371fbe, 0x675b719b, 0x7e67147c } },
	{ "particles", { 0xf8dfded4, 0xbb9ab7b1, 0xc03c8655 } },
	{ "text-scroll", { 0x74b12d8c, 0x36ba25ea, 0x26e41934 } },
	{ "typing", { 0x1dd21829, 0x4ea957bb, 0x7180e09f } },
	{ "window-drag", { 0x7087e77f, 0x7ea249b7, 0x918794c3 } },
	{ "web-page", { 0xe81437a2, 0xe81437a2, 0x45b6461c } },
	{ "video", { 0x8b2d594f, 0x6f0193c6, 0x398e7aef } },
	{ "noise", { 0xe088c2bd, 0x4b72ec22, 0x98a652a4 } },
	{ "office-mix", { 0x5705ae5e, 0x5705ae5e, 0x0945c3d3 } },
};

static void same_everywhere(const struct kg_workload_kind *kind)
{
	static const uint32_t frames[3] = { 0, 1, 77 };
	struct drawing d = begin(kind, WIDTH, HEIGHT, SEED);
	uint32_t sums[3];
	bool right = false;

	for (size_t i = 0; i < 3; i++)
		sums[i] = draw(&d, frames[i]);
	kg_workload_free(d.workload);
	for (size_t i = 0; i < KG_ARRAY_SIZE(known); i++)
		right |= !strcmp(known[i].name, kind->name) && !memcmp(known[i].sums, sums, sizeof(sums));
	ok(right, "%s is what it always was: { \"%s\", { 0x%08x, 0x%08x, 0x%08x } }", kind->name, kind->name, sums[0],
	   sums[1], sums[2]);
}

/* Frames come one after the other, then some are drawn once more by themselves. */
static void by_number(const struct kg_workload_kind *kind)
{
	struct drawing d = begin(kind, WIDTH, HEIGHT, SEED);
	uint8_t *before = malloc(d.size);
	uint32_t sums[KG_ARRAY_SIZE(sequence)], missed = 0, share, shares = 0, wrong = 0;
	bool right = true;

	for (size_t i = 0; i < KG_ARRAY_SIZE(sequence); i++) {
		memcpy(before, d.pixels, d.size);
		sums[i] = draw(&d, sequence[i]);
		missed += outside(&d, before, &share);
		shares += share;
		right &= within(&d);
	}
	ok(!missed && right, "%s: nothing changes outside of the damage (%u pixels), which lies inside the picture",
	   kind->name, missed);
	note("%s: %zu %% of the damage changed", kind->name, shares / 10 / KG_ARRAY_SIZE(sequence));
	ok(draw(&d, sequence[KG_ARRAY_SIZE(sequence) - 1]) == sums[KG_ARRAY_SIZE(sums) - 1] &&
		   kg_region_empty(&d.damage),
	   "%s: the same frame again changes nothing", kind->name);
	ok(draw(&d, sequence[5]) == sums[5], "%s: frame %u is the same when it is gone back to", kind->name,
	   sequence[5]);
	kg_workload_free(d.workload);

	for (size_t i = 4; i < KG_ARRAY_SIZE(sequence); i += 7) {	// opening some takes long
		d = begin(kind, WIDTH, HEIGHT, SEED);
		wrong += draw(&d, sequence[i]) != sums[i];
		kg_workload_free(d.workload);
	}
	ok(!wrong, "%s: a frame is the same when it is the first one drawn (%u are not)", kind->name, wrong);
	d = begin(kind, WIDTH, HEIGHT, SEED + 1);
	ok(draw(&d, sequence[1]) != sums[1], "%s: another seed makes another frame", kind->name);
	kg_workload_free(d.workload);
	free(before);
}

struct attempt {
	struct drawing *drawing;
	uint32_t number;
};

static void draw_attempt(void *data)
{
	struct attempt *attempt = data;

	kg_workload_draw(attempt->drawing->workload, attempt->number, &attempt->drawing->damage);
}

/* Odd sizes, random and far frames, the last row against a forbidden page. */
static void every_size(const struct kg_workload_kind *kind)
{
	static const uint32_t sides[] = { 1, 2, 7, 61, 64, 230, 333 };
	bool right = true;

	for (uint32_t i = 0; right && i < KG_ARRAY_SIZE(sides) * KG_ARRAY_SIZE(sides); i += 4 + rnd() % 9) {
		struct drawing d = begin(kind, sides[i % KG_ARRAY_SIZE(sides)], sides[i / KG_ARRAY_SIZE(sides)], SEED);
		struct attempt attempt = { &d, 0 };

		for (uint32_t n = 0; right && n < 6; n++) {
			right = check_survives(draw_attempt, &attempt) && front_clean(d.pixels) && within(&d);
			for (size_t at = 3; right && at < d.size; at += 4)
				right = d.pixels[at] == 0xff;
			attempt.number = n % 2 ? (uint32_t)rnd() : attempt.number + 1 + (uint32_t)(rnd() % 50);
		}
		if (!right)
			note("%ux%u, frame %u", d.width, d.height, attempt.number);
		kg_workload_free(d.workload);
	}
	ok(right, "%s: every size and frame is drawn whole, and nothing else is touched", kind->name);
}

static void pointers(void)
{
	uint32_t pixels[KG_WORKLOAD_CURSOR_PIXELS];
	bool right = true;

	for (int which = 0; which < KG_WORKLOAD_CURSORS; which++) {
		struct kg_cursor cursor;

		kg_workload_cursor_shape(which, pixels, &cursor);
		right &= cursor.width && cursor.height && cursor.width * cursor.height <= KG_WORKLOAD_CURSOR_PIXELS &&
			 cursor.hot_x < cursor.width && cursor.hot_y < cursor.height &&
			 (pixels[cursor.hot_y * cursor.width + cursor.hot_x] >> 24);
	}
	ok(right, "every pointer has a shape, and its hot spot is a pixel that is seen");
}

static void refuses(void)
{
	const struct kg_workload_kind *kind = kg_workload_kinds[0];
	uint8_t pixels[64 * 4];
	struct kg_workload *workload = NULL;

	ok(kg_workload_new(&workload, kind, pixels, 0, 1, 4, 1) == -EINVAL &&
		   kg_workload_new(&workload, kind, pixels, 1, 0, 4, 1) == -EINVAL &&
		   kg_workload_new(&workload, kind, pixels, KG_WORKLOAD_SIDE_MAX + 1, 1, 65536, 1) == -EINVAL &&
		   kg_workload_new(&workload, kind, pixels, 8, 8, 28, 1) == -EINVAL && !workload,
	   "a size of 0 or too large, and rows that overlap, are refused");
	ok(!kg_workload_find("nothing"), "a workload of an unknown name is not found");
}

/* Milliseconds of a 1080p frame: of the first, and of 60 that follow. */
static void times(const struct kg_workload_kind *kind)
{
	double begun = tap_now(), made, first, last, worst = 0;
	struct drawing d = begin(kind, 1920, 1080, SEED);

	made = tap_now();
	kg_workload_draw(d.workload, 0, &d.damage);
	first = tap_now();
	for (uint32_t n = 1; n <= 60; n++) {
		double one = tap_now();

		kg_workload_draw(d.workload, n, &d.damage);
		one = tap_now() - one;
		worst = one > worst ? one : worst;
	}
	last = tap_now();
	note("%-12s opened in %4.0f ms, first frame %5.1f ms, then %5.2f ms, worst %5.2f ms", kind->name,
	     (made - begun) * 1e3, (first - made) * 1e3, (last - first) * 1e3 / 60, worst * 1e3);
	kg_workload_free(d.workload);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	for (size_t i = 0; kg_workload_kinds[i]; i++) {
		if (check_bench) {
			times(kg_workload_kinds[i]);
			continue;
		}
		same_everywhere(kg_workload_kinds[i]);
		by_number(kg_workload_kinds[i]);
		every_size(kg_workload_kinds[i]);
		ok(kg_workload_find(kg_workload_kinds[i]->name) == kg_workload_kinds[i], "%s is found",
		   kg_workload_kinds[i]->name);
	}
	pointers();
	refuses();
	return tap_end();
}
