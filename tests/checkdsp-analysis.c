/*
 * The inner functions of analysis, each variant against its C twin, like tests/checkdsp.c: damage, hash, texture, anchors.
 */
#include "codec/classify.h"
#include "codec/damage.h"
#include "codec/dsp.h"
#include "codec/hash.h"
#include "tests/check.h"

#include <pthread.h>

enum { SIDE = 64, WIDEST = 80, AREA = WIDEST * SIDE };

static struct kg_dsp c;

static void fill(void *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = (uint8_t)rnd();
}

/* A place for a tile of random size and stride, which ends where the buffer of AREA pixels ends. */
struct place {
	uint32_t width, height;
	size_t stride, size, offset;
};

static struct place place(unsigned i)
{
	uint32_t width = i % 3 ? 1 + rnd() % SIDE : SIDE, height = 1 + rnd() % (i % 7 ? 9 : SIDE);
	size_t stride = width * 4 + rnd() % ((WIDEST - width) * 4 + 1), size = stride * (height - 1) + width * 4;

	return (struct place){ width, height, stride, size, AREA * 4 - size };
}

/* ---- tile_update and tile_compare ---- */

struct damage_case {
	const struct kg_dsp *dsp;
	const uint8_t *from;
	uint8_t *mirror;
	struct place place;
	struct kg_damage damage;
};

static void run_update(void *data)
{
	struct damage_case *t = data;

	t->dsp->tile_update(t->from, t->place.stride, t->mirror, t->place.stride, t->place.width, t->place.height,
			    &t->damage);
}

static void run_compare(void *data)
{
	struct damage_case *t = data;

	t->dsp->tile_compare(t->from, t->place.stride, t->mirror, t->place.stride, t->place.width, t->place.height,
			     &t->damage);
}

static void check_damage(const struct kg_dsp *dsp, const char *cpu, bool update)
{
	uint8_t *from = guarded(AREA * 4), *a = guarded(AREA * 4), *b = guarded(AREA * 4);
	bool right = true;

	for (unsigned i = 0; right && i < 4000; i++) {
		struct place p = place(i);
		struct damage_case want = { &c, from + p.offset, a + p.offset, p, { 1, 2 } };
		struct damage_case got = { dsp, from + p.offset, b + p.offset, p, { 3, 4 } };
		uint8_t *pixels = from + p.offset;

		fill(pixels, p.size);
		memcpy(want.mirror, pixels, p.size);
		if (rnd() % 2)		// in the mirror, but for X
			for (uint32_t y = 0; y < p.height; y++)
				for (uint32_t x = 0; x < p.width; x++)
					want.mirror[y * p.stride + x * 4 + 3] = rnd() % 2 ? 0xff : 0;
		for (unsigned n = rnd() % 4; n; n--)	// but for some bits, which may be of an X or lie between the rows
			want.mirror[rnd() % p.size] ^= 1u << rnd() % 8;
		memcpy(got.mirror, want.mirror, p.size);
		(update ? run_update : run_compare)(&want);
		right = check_survives(update ? run_update : run_compare, &got) && want.damage.rows == got.damage.rows &&
			want.damage.columns == got.damage.columns && !memcmp(want.mirror, got.mirror, p.size);
		if (!right)
			note("%ux%u, stride %zu, rows %llx, C %llx", p.width, p.height, p.stride,
			     (unsigned long long)got.damage.rows, (unsigned long long)want.damage.rows);
	}
	ok(right && front_clean(a) && front_clean(b), "tile_%s %s", update ? "update" : "compare", cpu);
}

/* ---- tile_hash ---- */

struct hash_case {
	const struct kg_dsp *dsp;
	const uint8_t *pixels;
	struct place place;
	const uint32_t *key;
	uint64_t *sums;
};

static void run_hash(void *data)
{
	struct hash_case *t = data;

	t->dsp->tile_hash(t->pixels, t->place.stride, t->place.width, t->place.height, t->key, t->sums);
}

static void check_hash(const struct kg_dsp *dsp, const char *cpu)
{
	uint32_t *key = guarded(sizeof(((struct kg_hash_key *)0)->words));
	uint8_t *pixels = guarded(AREA * 4);
	uint64_t *a = guarded(KG_HASH_SUMS * 8), *b = guarded(KG_HASH_SUMS * 8);
	bool right = true;

	for (unsigned i = 0; right && i < 2000; i++) {
		struct place p = place(i);
		struct hash_case want = { &c, pixels + p.offset, p, key, a }, got = { dsp, pixels + p.offset, p, key, b };

		fill(key, sizeof(((struct kg_hash_key *)0)->words));
		if (i % 4)
			fill(pixels + p.offset, p.size);
		else
			memset(pixels + p.offset, i % 8 ? 0xff : 0, p.size);
		run_hash(&want);
		right = check_survives(run_hash, &got) && !memcmp(a, b, KG_HASH_SUMS * 8);
		if (!right)
			note("%ux%u, stride %zu", p.width, p.height, p.stride);
	}
	ok(right && front_clean(b), "tile_hash %s", cpu);
}

/* ---- tile_texture ---- */

struct texture_case {
	const struct kg_dsp *dsp;
	const uint8_t *pixels;
	struct place place;
	struct kg_texture texture;
};

static void run_texture(void *data)
{
	struct texture_case *t = data;

	t->dsp->tile_texture(t->pixels, t->place.stride, t->place.width, t->place.height, &t->texture);
}

/* Neighbours are often equal, or differ by what is nearly or just strong. */
static void fill_steps(uint8_t *to, size_t size)
{
	static const uint8_t steps[] = { 0, 0, 0, 1, 31, 32, 33, 224, 225, 255 };

	fill(to, size);
	for (size_t i = 4; i < size; i++)
		if (rnd() % 8)
			to[i] = (uint8_t)(to[i - 4] + (rnd() % 4 ? 0 : steps[rnd() % sizeof(steps)]));
}

static void check_texture(const struct kg_dsp *dsp, const char *cpu)
{
	uint8_t *pixels = guarded(AREA * 4);
	uint32_t most = 0;
	bool right = true;

	for (unsigned i = 0; right && i < 4000; i++) {
		struct place p = place(i);
		struct texture_case want = { &c, pixels + p.offset, p, { 1, 2, 3 } };
		struct texture_case got = { dsp, pixels + p.offset, p, { 4, 5, 6 } };

		(i % 2 ? fill_steps : (void (*)(uint8_t *, size_t))fill)(pixels + p.offset, p.size);
		run_texture(&want);
		most = want.texture.strong > most && want.texture.strong < want.texture.fresh ? want.texture.strong : most;
		right = check_survives(run_texture, &got) && !memcmp(&want.texture, &got.texture, sizeof(want.texture));
		if (!right)
			note("%ux%u, stride %zu: %u %u %u, C %u %u %u", p.width, p.height, p.stride, got.texture.looked_at,
			     got.texture.fresh, got.texture.strong, want.texture.looked_at, want.texture.fresh,
			     want.texture.strong);
	}
	ok(right && most, "tile_texture %s", cpu);
}

/* ---- row_anchors ---- */

struct anchor_case {
	const struct kg_dsp *dsp;
	const uint8_t *row;
	uint32_t count, mask;
	uint64_t anchors;
};

static void run_anchors(void *data)
{
	struct anchor_case *t = data;

	t->anchors = t->dsp->row_anchors(t->row, t->count, t->mask);
}

static void check_anchors(const struct kg_dsp *dsp, const char *cpu)
{
	uint8_t *row = guarded(71 * 4);
	bool right = true, some = false;

	for (unsigned i = 0; right && i < 4000; i++) {
		uint32_t count = 1 + rnd() % 64, mask = ~0u << (32 - rnd() % 9) % 32;
		uint8_t *at = row + (64 - count) * 4;
		struct anchor_case want = { &c, at, count, rnd() % 9 ? mask : 0, 0 }, got = want;

		got.dsp = dsp;
		(i % 2 ? fill_steps : (void (*)(uint8_t *, size_t))fill)(at, (count + 7) * 4);
		run_anchors(&want);
		right = check_survives(run_anchors, &got) && want.anchors == got.anchors;
		some |= want.anchors != 0;
		if (!right)
			note("count %u, mask %x: %llx, C %llx", count, got.mask, (unsigned long long)got.anchors,
			     (unsigned long long)want.anchors);
	}
	ok(right && some, "row_anchors %s", cpu);
}

/* ---- the snapshot while the pixels change ---- */

enum { FLICKER_ROUNDS = 20000 };

/* The same page at two addresses, as if another process wrote it: that is what happens, and a race that TSan cannot see. */
static uint32_t *flicker_written;
static const uint8_t *flicker_read;
static bool flicker_stop;

static void *flicker(void *data)
{
	for (uint32_t n = 0; !__atomic_load_n(&flicker_stop, __ATOMIC_RELAXED); n++)
		for (size_t i = 0; i < 64; i++)
			__atomic_store_n(&flicker_written[i], n, __ATOMIC_RELAXED);
	return NULL;
}

/* What is reported must be how the mirror changed, although the pixels change all the time. */
static void check_flicker(const struct kg_dsp *dsp, const char *cpu)
{
	uint32_t mirror[64] = { 0 }, before[64];
	pthread_t thread;
	bool right = true;

	__atomic_store_n(&flicker_stop, false, __ATOMIC_RELAXED);
	if (!flicker_written) {
		int fd = memfd_create("flicker", MFD_CLOEXEC);

		if (fd < 0 || ftruncate(fd, 4096))
			return (void)ok(false, "memory is shared");
		flicker_written = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		flicker_read = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
		close(fd);
	}
	if (flicker_written == MAP_FAILED || flicker_read == MAP_FAILED || pthread_create(&thread, NULL, flicker, NULL))
		return (void)ok(false, "another thread writes");
	for (int i = 0; right && i < FLICKER_ROUNDS; i++) {
		struct kg_damage damage;

		memcpy(before, mirror, sizeof(before));
		dsp->tile_update(flicker_read, 256, (uint8_t *)mirror, 256, 64, 1, &damage);
		right &= !damage.rows == !damage.columns;
		for (int x = 0; x < 64; x++)
			right &= mirror[x] >> 24 == 0xff &&
				 (damage.columns >> x & 1) == ((mirror[x] ^ before[x]) << 8 != 0);
	}
	__atomic_store_n(&flicker_stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	ok(right, "tile_update %s: what is stored is what was compared, while another thread writes", cpu);
}

/* ---- what the C functions promise ---- */

static void check_meaning(void)
{
	uint8_t row[8] = { 10, 20, 30, 0, 10, 21, 28, 0xff }, mirror[8] = { 10, 20, 30, 0xff, 10, 21, 28, 0xff };
	uint32_t lines[4][4] = { { 1, 1, 1, 1 }, { 1, 0xff000001, 40, 41 }, { 0 }, { 0, 1, 2, 2 } };
	uint32_t edge[9] = { 1, 0xff000001, 40 };
	struct kg_damage damage;
	struct kg_texture texture;

	c.tile_update(row, 8, mirror, 8, 2, 1, &damage);
	ok(!damage.rows && !damage.columns && mirror[3] == 0xff, "a mirror that has the pixels stays as it is");
	mirror[3] = 0;
	c.tile_update(row, 8, mirror, 8, 2, 1, &damage);
	ok(!damage.rows && mirror[3] == 0xff, "its X becomes 0xff without being a change");
	mirror[5] ^= 0x80;
	c.tile_compare(row, 8, mirror, 8, 2, 1, &damage);
	ok(damage.rows == 1 && damage.columns == 2 && mirror[5] != 21, "a changed bit is seen");
	c.tile_update(row, 8, mirror, 8, 2, 1, &damage);
	ok(damage.rows == 1 && damage.columns == 2 && mirror[5] == 21, "and taken");
	c.tile_texture((uint8_t *)lines, 16, 4, 4, &texture);
	ok(texture.looked_at == 3 && texture.fresh == 2 && texture.strong == 1, "fresh pixels and strong ones are told apart");
	ok(c.row_anchors((uint8_t *)edge, 2, 0) == 2, "an anchor is an edge");
}

/* ---- times ---- */

static void bench(const struct kg_dsp *dsp, const char *cpu)
{
	enum { TILE = SIDE * SIDE };
	uint8_t *from = guarded(TILE * 4), *mirror = guarded(TILE * 4), *other = guarded(TILE * 4);
	uint32_t *key = guarded(sizeof(((struct kg_hash_key *)0)->words));
	struct kg_damage damage;
	struct kg_texture texture;
	uint64_t sums[KG_HASH_SUMS];
	bool flip = false;

	fill(from, TILE * 4);
	fill(key, sizeof(((struct kg_hash_key *)0)->words));
	memcpy(other, from, TILE * 4);
	memcpy(mirror, from, TILE * 4);
	for (int i = 0; i < TILE; i++)
		other[i * 4] ^= 1;

	COMPARE("tile_compare 64x64, equal", TILE, use->tile_compare(from, 256, mirror, 256, SIDE, SIDE, &damage));
	COMPARE("tile_compare 64x64, different", TILE, use->tile_compare(other, 256, mirror, 256, SIDE, SIDE, &damage));
	COMPARE("tile_update 64x64, unchanged", TILE, use->tile_update(from, 256, mirror, 256, SIDE, SIDE, &damage));
	COMPARE("tile_update 64x64, changed", TILE,
		(flip = !flip, use->tile_update(flip ? other : from, 256, mirror, 256, SIDE, SIDE, &damage)));
	COMPARE("tile_hash 64x64", TILE, use->tile_hash(from, 256, SIDE, SIDE, key, sums));
	COMPARE("tile_texture 64x64", TILE, use->tile_texture(from, 256, SIDE, SIDE, &texture));
	COMPARE("row_anchors 64", SIDE, use->row_anchors(from, 64, 0xff000000));
}

int main(int argc, char **argv)
{
	struct kg_dsp dsp;

	check_init(argc, argv);
	kg_dsp_init(&c, KG_CPU_C);
	check_meaning();
	check_flicker(&c, "c");
	for (enum kg_cpu cpu = KG_CPU_C + 1; cpu <= kg_cpu_best(); cpu++) {
		const char *name = kg_cpu_name(cpu);

		kg_dsp_init(&dsp, cpu);
		check_damage(&dsp, name, true);
		check_damage(&dsp, name, false);
		check_hash(&dsp, name);
		check_texture(&dsp, name);
		check_anchors(&dsp, name);
		check_flicker(&dsp, name);
		if (check_bench)
			bench(&dsp, name);
	}
	return tap_end();
}
