/*
 * Every variant of every inner function against its C twin: the same bytes, nothing touched outside. --bench prints times.
 * Buffers end at a forbidden page, so a vector too far is a fault, which is caught and named.
 */
#include "codec/dsp.h"
#include "tests/check.h"

enum { WIDTH = 140, HEIGHT = 9, AREA = WIDTH * HEIGHT, BENCH = 64 };

static struct kg_dsp c;

static void fill(void *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = (uint8_t)rnd();
}

/* Pixels of few values, so that neighbours are often equal and differ by one bit otherwise. */
static void fill_similar(void *to, size_t size)
{
	uint8_t base = (uint8_t)rnd();

	for (size_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = rnd() % 8 ? base : (uint8_t)(base ^ 1u << rnd() % 8);
}

/* ---- tile_flat ---- */

struct flat_case {
	const struct kg_dsp *dsp;
	const uint8_t *pixels;
	uint32_t width, height;
	size_t stride;
	bool flat;
};

static void run_flat(void *data)
{
	struct flat_case *t = data;

	t->flat = t->dsp->tile_flat(t->pixels, t->stride, t->width, t->height);
}

static void check_tile_flat(const struct kg_dsp *dsp, const char *cpu)
{
	uint8_t *pixels = guarded(AREA * 4);
	bool right = true, flat[2] = { false, false };

	for (uint32_t i = 0; right && i < 4000; i++) {
		uint32_t width = 1 + rnd() % (i % 2 ? WIDTH - 1 : 70), height = 1 + rnd() % HEIGHT, colour = rnd();
		size_t stride = (width + rnd() % (WIDTH - width + 1)) * 4, size = stride * (height - 1) + width * 4;
		uint8_t *at = pixels + AREA * 4 - size;
		struct flat_case want = { &c, at, width, height, stride, false };
		struct flat_case got = { dsp, at, width, height, stride, false };

		fill(at, size);
		for (uint32_t y = 0; y < height; y++)
			for (uint32_t x = 0; x < width; x++)
				memcpy(at + y * stride + x * 4, &colour, 3);
		if (rnd() % 2)
			at[rnd() % size] ^= 1u << rnd() % 8;
		run_flat(&want);
		right = check_survives(run_flat, &got) && want.flat == got.flat;
		flat[want.flat] = true;
		if (!right)
			note("%ux%u, stride %zu: %d, C %d", width, height, stride, got.flat, want.flat);
	}
	ok(right && flat[0] && flat[1], "tile_flat %s", cpu);
}

/* ---- planar ---- */

struct planes {
	const struct kg_dsp *dsp;
	const uint8_t *row, *above;
	uint32_t width;
	uint8_t *to[3];
	uint64_t *same[3];
};

static void run_split(void *data)
{
	struct planes *p = data;

	p->dsp->planar_split(p->row, p->width, p->to);
}

static void run_delta(void *data)
{
	struct planes *p = data;

	p->dsp->planar_delta(p->row, p->above, p->width, p->to, p->same);
}

/* With room for room values in a plane. */
static struct planes planes_of(const struct kg_dsp *dsp, const uint8_t *row, const uint8_t *above, uint32_t width,
			       uint32_t room)
{
	struct planes p = { .dsp = dsp, .row = row, .above = above, .width = width };

	for (int i = 0; i < 3; i++) {
		p.to[i] = guarded(room);
		p.same[i] = guarded((width + 63) / 64 * 8);
	}
	return p;
}

static bool planes_clean(const struct planes *p)
{
	bool clean = true;

	for (int i = 0; i < 3; i++)
		clean &= front_clean(p->to[i]) && front_clean(p->same[i]);
	return clean;
}

static void check_planar_split(const struct kg_dsp *dsp, const char *cpu)
{
	bool right = true;

	for (uint32_t width = 1; right && width <= WIDTH; width++) {
		uint8_t *row = guarded(width * 4);
		struct planes want = planes_of(&c, row, NULL, width, width), got = planes_of(dsp, row, NULL, width, width);

		fill(row, width * 4);
		run_split(&want);
		right = check_survives(run_split, &got) && planes_clean(&got);
		for (int i = 0; i < 3; i++)
			right &= !memcmp(want.to[i], got.to[i], width);
		if (!right)
			note("width %u", width);
	}
	ok(right, "planar_split %s", cpu);
}

static void check_planar_delta(const struct kg_dsp *dsp, const char *cpu)
{
	bool right = true;

	for (uint32_t i = 0; right && i < 4 * WIDTH; i++) {
		uint32_t width = 1 + i / 4, room = (width + 63) / 64 * 64, words = room / 64;
		uint8_t *row = guarded(width * 4), *other = guarded(width * 4), *above = i % 2 ? other : NULL;
		struct planes want = planes_of(&c, row, above, width, room), got = planes_of(dsp, row, above, width, room);

		(i & 2 ? fill : fill_similar)(row, width * 4);
		memcpy(other, row, width * 4);
		fill_similar(other, rnd() % (width * 4));
		run_delta(&want);
		right = check_survives(run_delta, &got) && planes_clean(&got);
		for (int plane = 0; plane < 3; plane++)
			right &= !memcmp(want.to[plane], got.to[plane], width) &&
				 !memcmp(want.same[plane], got.same[plane], words * 8);
		if (!right)
			note("width %u, %s above", width, above ? "with a row" : "nothing");
	}
	ok(right, "planar_delta %s", cpu);
}

struct row {
	const struct kg_dsp *dsp;
	const uint8_t *values;
	uint64_t same;
	uint32_t width;
	uint8_t *to, *end;
};

static void run_row(void *data)
{
	struct row *r = data;

	r->end = r->dsp->planar_row(r->to, r->values, r->same, r->width);
}

/* Values whose neighbours are equal in about density of 64 places. Returns which are. */
static uint64_t fill_row(uint8_t *values, uint32_t width, uint32_t density)
{
	uint64_t same = 0;

	for (uint32_t x = 0; x < width; x++) {
		uint8_t before = x ? values[x - 1] : 0;

		values[x] = rnd() % 64 < density ? before : (uint8_t)rnd();
		same |= (uint64_t)(values[x] == before) << x;
	}
	return same;
}

static void check_planar_row(const struct kg_dsp *dsp, const char *cpu)
{
	enum { BOUND = 64 + 5 + KG_PLANAR_SLACK };	// the longest row: values without a run
	uint8_t *values = guarded(64 + KG_PLANAR_SLACK), *a = guarded(BOUND), *b = guarded(BOUND);
	bool right = true;

	fill(values, 64 + KG_PLANAR_SLACK);
	for (uint32_t i = 0; right && i < 65 * 64 * 30; i++) {
		uint32_t width = 1 + i % 64, density = i / 64 % 65;
		uint64_t same = fill_row(values, width, density);
		struct row want = { &c, values, same, width, a, a }, got = { dsp, values, same, width, b, b };

		run_row(&want);
		right = check_survives(run_row, &got) && got.end - b == want.end - a &&
			!memcmp(a, b, (size_t)(want.end - a));
		if (!right)
			note("width %u, equal %016llx", width, (unsigned long long)same);
	}
	ok(right && front_clean(b), "planar_row %s", cpu);
}

static void bench_row(const struct kg_dsp *dsp, const char *cpu)
{
	enum { ROWS = 512 };		// more than a branch predictor learns by heart
	static uint8_t values[ROWS][64 + KG_PLANAR_SLACK], to[KG_PLANAR_SLACK + 128];
	uint64_t same[ROWS];
	double ns, c_ns;

	for (uint32_t i = 0; i < ROWS; i++)
		same[i] = fill_row(values[i], 64, 32);
	ns = TIME(({
		for (uint32_t i = 0; i < ROWS; i++)
			dsp->planar_row(to, values[i], same[i], 64);
	}));
	c_ns = TIME(({
		for (uint32_t i = 0; i < ROWS; i++)
			c.planar_row(to, values[i], same[i], 64);
	}));
	check_times("planar_row 64", cpu, 64, ns / ROWS, c_ns / ROWS);
}

/* ---- what the C functions promise ---- */

static void check_meaning(void)
{
	uint8_t row[8] = { 10, 20, 30, 0, 10, 21, 28, 0xff }, above[8] = { 11, 20, 158, 9, 8, 20, 30, 7 };
	uint8_t to[3][64];
	uint64_t same[3];
	uint8_t *const planes[3] = { to[0], to[1], to[2] };
	uint64_t *const masks[3] = { &same[0], &same[1], &same[2] };

	c.planar_delta(row, NULL, 2, planes, masks);
	ok(to[0][0] == 30 && to[0][1] == 28 && to[1][0] == 20 && to[2][1] == 10 && same[0] == 0 && same[2] == 2,
	   "a first row is coded as red, green, blue");
	c.planar_delta(row, above, 2, planes, masks);
	ok(to[0][0] == 255 && to[0][1] == 3 && to[1][0] == 0 && to[1][1] == 2 && to[2][0] == 1 && to[2][1] == 4 && same[1] == 1,
	   "other rows are differences with the sign in bit 0");
	ok(!c.tile_flat(row, 8, 2, 1) && c.tile_flat(row, 8, 1, 1), "a flat tile has one colour");
}

/* ---- times ---- */

static void bench(const struct kg_dsp *dsp, const char *cpu)
{
	uint8_t *from = guarded(BENCH * BENCH * 4), *other = guarded(BENCH * BENCH * 4);
	struct planes p = planes_of(dsp, from, other, BENCH, BENCH);

	fill(from, BENCH * BENCH * 4);
	memcpy(other, from, BENCH * BENCH * 4);
	for (int i = 0; i < BENCH * BENCH; i++)
		other[i * 4] ^= 1;

	for (int i = 0; i < BENCH * BENCH; i++)
		memcpy(from + i * 4, "abcd", 4);
	COMPARE("tile_flat 64x64", BENCH * BENCH, use->tile_flat(from, BENCH * 4, BENCH, BENCH));
	COMPARE("planar_split 64", BENCH, use->planar_split(from, BENCH, p.to));
	COMPARE("planar_delta 64", BENCH, use->planar_delta(from, other, BENCH, p.to, p.same));
}

int main(int argc, char **argv)
{
	struct kg_dsp dsp;

	check_init(argc, argv);
	kg_dsp_init(&c, KG_CPU_C);
	note("this processor: %s", kg_cpu_name(kg_cpu_best()));
	check_meaning();
	for (enum kg_cpu cpu = KG_CPU_C + 1; cpu <= kg_cpu_best(); cpu++) {
		const char *name = kg_cpu_name(cpu);

		kg_dsp_init(&dsp, cpu);
		check_tile_flat(&dsp, name);
		check_planar_split(&dsp, name);
		check_planar_delta(&dsp, name);
		if (dsp.planar_row != c.planar_row)
			check_planar_row(&dsp, name);
		if (check_bench)
			bench(&dsp, name);
		if (check_bench && dsp.planar_row != c.planar_row)
			bench_row(&dsp, name);
	}
	return tap_end();
}
