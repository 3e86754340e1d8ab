/* What looks at pixels before they are encoded: damage, hashes, classes, motion. Everything by rows of tiles. */
#include "bench/codecs.h"

struct analysis;

typedef void (*look_fn)(struct analysis *a, const struct kg_image *tile, uint8_t *mirror, size_t i);

struct analysis {
	const struct kg_subject *subject;
	uint8_t *mirror;		// what a client would have
	size_t stride;
	struct kg_damage *damage;	// of each tile
	struct kg_hash *hashes;
	struct kg_class_state *classes;
	uint8_t *known, *scratch;	// for motion
	struct kg_hash_key key;
	look_fn look;			// at each tile
};

static void analysis_free(void *state)
{
	struct analysis *a = state;

	if (!a)
		return;
	free(a->mirror);
	free(a->damage);
	free(a->hashes);
	free(a->classes);
	free(a->known);
	free(a->scratch);
	free(a);
}

static void copy_to_mirror(struct analysis *a, const struct kg_image *image)
{
	for (uint32_t y = 0; y < image->height; y++)
		memcpy(a->mirror + y * a->stride, image->pixels + y * image->stride, image->width * 4);
}

static int analysis_new(void **ret, const struct kg_subject *subject)
{
	struct analysis *a = calloc(1, sizeof(*a));
	size_t tiles = (size_t)subject->columns * subject->rows;

	if (!a)
		return -ENOMEM;
	a->subject = subject;
	a->stride = (size_t)subject->now.width * 4;
	a->mirror = malloc(a->stride * subject->now.height);
	a->damage = calloc(tiles, sizeof(*a->damage));
	a->hashes = calloc(tiles, sizeof(*a->hashes));
	a->classes = calloc(tiles, sizeof(*a->classes));
	a->known = malloc(tiles);
	a->scratch = malloc(kg_motion_scratch(subject->now.width, subject->now.height));
	if (!a->mirror || !a->damage || !a->hashes || !a->classes || !a->known || !a->scratch) {
		analysis_free(a);
		return -ENOMEM;
	}
	kg_bench_hash_key(&a->key);
	memset(a->known, 1, tiles);
	copy_to_mirror(a, &subject->now);
	for (size_t i = 0; i < tiles; i++)
		a->damage[i] = (struct kg_damage){ UINT64_MAX, UINT64_MAX };
	*ret = a;
	return 0;
}

/* ---- reading both frames ---- */

static void memcmp_row(void *data, uint32_t row, uint32_t thread)
{
	struct analysis *a = data;
	const struct kg_image *now = &a->subject->now;
	int result = 0;

	for (uint32_t y = row * KG_TILE; y < KG_MIN((row + 1) * KG_TILE, now->height); y++)
		result |= memcmp(now->pixels + y * now->stride, a->mirror + y * a->stride, a->stride);
	a->damage[row * a->subject->columns].rows = result != 0;	// a result that is used
}

static size_t memcmp_encode(void *state)
{
	struct analysis *a = state;

	kg_work_run(a->subject->work, a->subject->rows, memcmp_row, a);
	return 0;
}

const struct kg_bench_codec kg_bench_memcmp = {
	.name = "memcmp",
	.what = "the C library's memcmp() of two equal frames: what reading both costs",
	.new = analysis_new,
	.free = analysis_free,
	.encode = memcmp_encode,
};

/* In C alone, and long enough pieces that compilers make vectors of it. */
static uint64_t read_all(const uint8_t *at, size_t size)
{
	uint64_t sum = 0, words[32];

	for (; size >= sizeof(words); at += sizeof(words), size -= sizeof(words)) {
		memcpy(words, at, sizeof(words));
		for (unsigned i = 0; i < 32; i++)
			sum += words[i];
	}
	return sum;
}

static void read_row(void *data, uint32_t row, uint32_t thread)
{
	struct analysis *a = data;
	const struct kg_image *now = &a->subject->now;
	uint64_t sum = 0;

	for (uint32_t y = row * KG_TILE; y < KG_MIN((row + 1) * KG_TILE, now->height); y++)
		sum += read_all(now->pixels + y * now->stride, a->stride) + read_all(a->mirror + y * a->stride, a->stride);
	a->damage[row * a->subject->columns].rows = sum;
}

static size_t read_encode(void *state)
{
	struct analysis *a = state;

	kg_work_run(a->subject->work, a->subject->rows, read_row, a);
	return 0;
}

const struct kg_bench_codec kg_bench_read = {
	.name = "read",
	.what = "a loop in C that reads both frames",
	.new = analysis_new,
	.free = analysis_free,
	.encode = read_encode,
};

/* ---- tiles ---- */

static void look_row(void *data, uint32_t y, uint32_t thread)
{
	struct analysis *a = data;
	const struct kg_subject *s = a->subject;

	for (uint32_t x = 0; x < s->columns; x++) {
		const struct kg_image tile = kg_bench_tile(&s->now, x, y);

		a->look(a, &tile, a->mirror + (size_t)y * KG_TILE * a->stride + (size_t)x * KG_TILE * 4, y * s->columns + x);
	}
}

static size_t look_at_all(struct analysis *a, look_fn look)
{
	a->look = look;
	kg_work_run(a->subject->work, a->subject->rows, look_row, a);
	return 0;
}

static void look_compare(struct analysis *a, const struct kg_image *tile, uint8_t *mirror, size_t i)
{
	kg_damage_compare(a->subject->dsp, tile, mirror, a->stride, &a->damage[i]);
}

static void look_damage(struct analysis *a, const struct kg_image *tile, uint8_t *mirror, size_t i)
{
	kg_damage_update(a->subject->dsp, tile, mirror, a->stride, &a->damage[i]);
}

static void look_hash(struct analysis *a, const struct kg_image *tile, uint8_t *mirror, size_t i)
{
	a->hashes[i] = kg_hash_tile(a->subject->dsp, &a->key, tile);
}

static void look_classify(struct analysis *a, const struct kg_image *tile, uint8_t *mirror, size_t i)
{
	kg_classify(a->subject->dsp, &a->classes[i], tile, a->damage[i], 0);
}

/* As a view does it: only what has changed is looked at again. */
static void look_whole(struct analysis *a, const struct kg_image *tile, uint8_t *mirror, size_t i)
{
	if (!kg_damage_update(a->subject->dsp, tile, mirror, a->stride, &a->damage[i]))
		return;
	look_hash(a, tile, mirror, i);
	look_classify(a, tile, mirror, i);
}

static void mirror_before(void *state)
{
	struct analysis *a = state;
	size_t tiles = (size_t)a->subject->columns * a->subject->rows;

	copy_to_mirror(a, &a->subject->before);
	memset(a->damage, 0xff, tiles * sizeof(*a->damage));	// the source names everything
	memset(a->classes, 0, tiles * sizeof(*a->classes));
}

static size_t compare_encode(void *state)
{
	return look_at_all(state, look_compare);
}

static size_t damage_encode(void *state)
{
	return look_at_all(state, look_damage);
}

static size_t hash_encode(void *state)
{
	return look_at_all(state, look_hash);
}

static size_t classify_encode(void *state)
{
	return look_at_all(state, look_classify);
}

/* Nothing of this is spread over threads: where things moved is a question about the whole screen. */
static uint32_t find_motion(struct analysis *a, struct kg_copy *copies)
{
	const struct kg_motion motion = {
		.dsp = a->subject->dsp,
		.image = a->subject->now,
		.mirror = a->mirror,
		.mirror_stride = a->stride,
		.damage = a->damage,
		.known = a->known,
	};

	return kg_motion_find(&motion, a->scratch, copies);
}

static size_t motion_encode(void *state)
{
	struct kg_copy copies[KG_MOTION_COPIES];

	find_motion(state, copies);
	return 0;
}

/* As memmove() of a rectangle: rows in the order in which none is overwritten before it was read. */
static void copy_in_mirror(struct analysis *a, const struct kg_copy *copy)
{
	int32_t height = copy->from.bottom - copy->from.top;
	size_t width = (size_t)(copy->from.right - copy->from.left) * 4;

	for (int32_t i = 0; i < height; i++) {
		int32_t y = copy->from.top + (copy->dy > 0 ? height - 1 - i : i);
		const uint8_t *from = a->mirror + (size_t)y * a->stride + (size_t)copy->from.left * 4;

		memmove(a->mirror + (size_t)(y + copy->dy) * a->stride + (size_t)(copy->from.left + copy->dx) * 4, from, width);
	}
}

static size_t analysis_encode(void *state)
{
	struct analysis *a = state;
	struct kg_copy copies[KG_MOTION_COPIES];
	uint32_t count = find_motion(a, copies);

	for (uint32_t i = 0; i < count; i++)
		copy_in_mirror(a, &copies[i]);
	return look_at_all(a, look_whole);
}

const struct kg_bench_codec kg_bench_compare = {
	.name = "compare",
	.what = "damage between two equal frames",
	.new = analysis_new,
	.free = analysis_free,
	.encode = compare_encode,
};

const struct kg_bench_codec kg_bench_damage = {
	.name = "damage",
	.what = "damage against the frame before, and the copy of what changed",
	.sequences = true,
	.new = analysis_new,
	.free = analysis_free,
	.prepare = mirror_before,
	.encode = damage_encode,
};

const struct kg_bench_codec kg_bench_hash = {
	.name = "hash",
	.what = "the hash of every tile",
	.new = analysis_new,
	.free = analysis_free,
	.encode = hash_encode,
};

const struct kg_bench_codec kg_bench_classify = {
	.name = "classify",
	.what = "the class of every tile",
	.new = analysis_new,
	.free = analysis_free,
	.encode = classify_encode,
};

const struct kg_bench_codec kg_bench_motion = {
	.name = "motion",
	.what = "the search for what moved since the frame before",
	.sequences = true,
	.new = analysis_new,
	.free = analysis_free,
	.prepare = mirror_before,
	.encode = motion_encode,
};

const struct kg_bench_codec kg_bench_analysis = {
	.name = "analysis",
	.what = "all of it against the frame before: motion, damage, and hash and class of what is left",
	.sequences = true,
	.new = analysis_new,
	.free = analysis_free,
	.prepare = mirror_before,
	.encode = analysis_encode,
};
