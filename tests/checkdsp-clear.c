/*
 * The inner functions of ClearCodec: the C twins against what their contract says, every variant against its C twin.
 * Buffers end at a forbidden page. --bench prints times.
 */
#include "codec/dsp.h"
#include "tests/check.h"

enum { WIDTH = 300, ROWS = KG_CLEAR_BAND_MAX, AREA = WIDTH * ROWS };

static struct kg_dsp c;
static uint32_t key[KG_CLEAR_KEY];

/* Few values, so that neighbours are often equal, or equal but for one bit, which may be one of X. */
static void fill(uint32_t *pixels, size_t count, uint32_t kind)
{
	uint32_t base = rnd();

	for (size_t i = 0; i < count; i++)
		pixels[i] = kind % 3 == 0   ? rnd()
			    : kind % 3 == 1 ? base ^ (rnd() % 3 ? 0 : 1u << rnd() % 32)
					    : base + (rnd() % 9 == 0);
}

/* ---- changes ---- */

struct changes_case {
	const struct kg_dsp *dsp;
	const uint8_t *row;
	uint32_t width;
	uint64_t *changes;
};

static void run_changes(void *data)
{
	struct changes_case *t = data;

	t->dsp->clear_changes(t->row, t->width, t->changes);
}

static void check_changes(const struct kg_dsp *dsp, const char *cpu)
{
	enum { WORDS = (WIDTH + 63) / 64 };
	uint32_t *pixels = guarded(WIDTH * 4);
	uint64_t *a = guarded(WORDS * 8), *b = guarded(WORDS * 8);
	bool right = true;

	for (uint32_t i = 0; right && i < 6000; i++) {
		uint32_t width = 1 + i % WIDTH, words = (width + 63) / 64;
		struct changes_case t = { dsp, (uint8_t *)(pixels + WIDTH - width), width, b + WORDS - words };

		fill(pixels, WIDTH, i);
		memset(b, 0xa5, WORDS * 8);
		c.clear_changes(t.row, width, a);
		right = check_survives(run_changes, &t) && !memcmp(a, t.changes, words * 8) && front_clean(b);
		for (uint32_t w = 0; w < WORDS - words; w++)
			right &= b[w] == UINT64_C(0xa5a5a5a5a5a5a5a5);
		if (!right)
			note("width %u", width);
	}
	ok(right, "clear_changes %s: the same bits, nothing else touched", cpu);
}

/* ---- columns ---- */

struct columns_case {
	const struct kg_dsp *dsp;
	const uint8_t *pixels;
	size_t stride;
	uint32_t width, height;
	struct kg_clear_hash *to;
};

static void run_columns(void *data)
{
	struct columns_case *t = data;

	t->dsp->clear_columns(t->pixels, t->stride, t->width, t->height, key, t->to);
}

static void check_columns(const struct kg_dsp *dsp, const char *cpu)
{
	uint32_t *pixels = guarded(AREA * 4);
	struct kg_clear_hash *a = guarded(WIDTH * sizeof(*a)), *b = guarded(WIDTH * sizeof(*b));
	bool right = true;

	for (uint32_t i = 0; right && i < 3000; i++) {
		uint32_t width = 1 + rnd() % (i % 2 ? WIDTH : 20), height = 1 + i % ROWS;
		size_t stride =
		    (width + rnd() % (WIDTH - width + 1)) * 4 + (i % 5 == 0 && width < WIDTH ? rnd() % 4 : 0);
		size_t size = stride * (height - 1) + width * 4;
		struct columns_case t = {
		    dsp, (uint8_t *)pixels + AREA * 4 - size, stride, width, height, b + WIDTH - width};

		if (size > AREA * 4)
			continue;
		fill(pixels, AREA, i);
		for (int k = 0; k < KG_CLEAR_KEY; k++)
			key[k] = i % 7 ? rnd() : UINT32_MAX;
		memset(b, 0xa5, WIDTH * sizeof(*b));
		c.clear_columns(t.pixels, stride, width, height, key, a);
		right = check_survives(run_columns, &t) && !memcmp(a, t.to, width * sizeof(*a)) && front_clean(b);
		for (uint32_t x = 0; x < WIDTH - width; x++)
			right &= b[x].a == UINT64_C(0xa5a5a5a5a5a5a5a5) && b[x].b == b[x].a;
		if (!right)
			note("%ux%u, stride %zu", width, height, stride);
	}
	ok(right, "clear_columns %s: the same hashes, nothing else touched", cpu);
}

/* ---- what the C twins are ---- */

static void check_meaning(void)
{
	static const uint32_t row[] = { 0x11000000, 0x22000000, 1, 1, 0x33000001, 0x100, 0x10000, 0x10000 };
	static const uint32_t column[] = { 0xff000003, 5, 7 };
	struct kg_clear_hash hash, other;
	uint64_t changes[2] = { 0, 7 };
	bool differ = true;

	c.clear_changes((const uint8_t *)row, 8, changes);
	ok(changes[0] == 0x64 && changes[1] == 7, "clear_changes c: what differs from its left neighbour, without X");
	for (int k = 0; k < KG_CLEAR_KEY; k++)
		key[k] = 10u * (k + 1);
	c.clear_columns((const uint8_t *)column, 4, 1, 3, key, &hash);
	ok(hash.a == 13 * 25 + 37 * 40 && hash.b == 33 * 45 + 57 * 60, "clear_columns c: the sum of products");
	for (int i = 0; i < 3000; i++) {
		uint32_t pixels[ROWS], height = 1 + rnd() % ROWS, y = rnd() % height;

		for (int k = 0; k < KG_CLEAR_KEY; k++)
			key[k] = 1 + rnd() % 0xfeffffff;
		fill(pixels, ROWS, i);
		c.clear_columns((const uint8_t *)pixels, 4, 1, height, key, &hash);
		pixels[y] ^= 1u << rnd() % 24;
		c.clear_columns((const uint8_t *)pixels, 4, 1, height, key, &other);
		differ &= hash.a != other.a && hash.b != other.b;
	}
	ok(differ, "clear_columns c: every bit of a pixel changes both halves");
}

/* ---- times ---- */

static void bench(const struct kg_dsp *dsp, const char *cpu)
{
	enum { W = 1920, H = 20 };
	uint32_t *pixels = guarded(W * H * 4);
	struct kg_clear_hash *to = guarded(W * sizeof(*to));
	uint64_t changes[W / 64];

	fill(pixels, W * H, 1);
	COMPARE("clear_changes 1920", W, use->clear_changes((uint8_t *)pixels, W, changes));
	COMPARE("clear_columns 1920x20", W * H, use->clear_columns((uint8_t *)pixels, W * 4, W, H, key, to));
}

int main(int argc, char **argv)
{
	struct kg_dsp dsp;

	check_init(argc, argv);
	kg_dsp_init(&c, KG_CPU_C);
	check_meaning();
	for (enum kg_cpu cpu = KG_CPU_C + 1; cpu <= kg_cpu_best(); cpu++) {
		const char *name = kg_cpu_name(cpu);

		kg_dsp_init(&dsp, cpu);
		check_changes(&dsp, name);
		check_columns(&dsp, name);
		if (check_bench)
			bench(&dsp, name);
	}
	return tap_end();
}
