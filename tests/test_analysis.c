/*
 * The hash of tiles, and their classes. --bench: the analysis of whole frames of 1920x1080, every way of it.
 */
#include "codec/codec.h"
#include "tests/check.h"
#include "tests/scenes.h"

static struct kg_dsp dsp;
static struct kg_hash_key key;

static const struct kg_damage whole = { ~0ull, ~0ull };

static struct kg_image tile_of(const struct scene *scene, uint32_t x, uint32_t y)
{
	struct kg_image image = scene_image(scene);

	return (struct kg_image){ image.pixels + y * image.stride + x * 4, KG_MIN(image.width - x, KG_TILE + 0u),
				  KG_MIN(image.height - y, KG_TILE + 0u), image.stride };
}

/* ---- hash ---- */

static void check_hash(void)
{
	struct scene scene = scene_new(100, 80), other = scene_new(64, 64);
	struct kg_image tile = tile_of(&scene, 7, 5), wide = tile_of(&scene, 0, 0), tight = tile_of(&other, 0, 0), cut;
	struct kg_hash hash, again;
	bool right = true;

	for (size_t i = 0; i < sizeof(key); i++)
		((uint8_t *)&key)[i] = (uint8_t)rnd();
	scene_noise(&scene, (struct kg_rect){ 0, 0, 100, 80 }, 1);
	scene_blit(&other, (struct kg_rect){ 0, 0, 64, 64 }, &scene, 7, 5);
	for (int i = 0; i < 64 * 64; i++)
		other.pixels[i] ^= 0xff000000;
	hash = kg_hash_tile(&dsp, &key, &tile);
	ok(kg_hash_equal(hash, kg_hash_tile(&dsp, &key, &tight)), "equal pixels have equal hashes, whatever stride and X are");

	for (int i = 0; i < 64 * 64; i++) {
		uint32_t bit = 1u << rnd() % 24;

		other.pixels[i] ^= bit;
		again = kg_hash_tile(&dsp, &key, &tight);
		right &= again.half[0] != hash.half[0] && again.half[1] != hash.half[1];
		other.pixels[i] ^= bit;
	}
	ok(right, "a bit of any pixel changes both halves");

	scene_fill(&scene, (struct kg_rect){ 0, 0, 100, 80 }, 0);
	right = true;
	for (uint32_t width = 1; width <= 64; width++) {
		cut = wide;
		cut.width = width;
		hash = kg_hash_tile(&dsp, &key, &cut);
		cut.height = width;
		right &= width == 64 || !kg_hash_equal(hash, kg_hash_tile(&dsp, &key, &cut));
		cut.width = 64;
		right &= width == 64 || !kg_hash_equal(hash, kg_hash_tile(&dsp, &key, &cut));
	}
	ok(right, "so does the size of a black tile");
	hash = kg_hash_tile(&dsp, &key, &wide);
	key.words[3000] ^= 1;
	scene_fill(&scene, (struct kg_rect){ 0, 0, 100, 80 }, 0x00ffffff);
	again = kg_hash_tile(&dsp, &key, &wide);
	key.words[3000] ^= 1;
	ok(!kg_hash_equal(again, kg_hash_tile(&dsp, &key, &wide)), "so does the key");
	scene_free(&scene);
	scene_free(&other);
}

/* ---- classes ---- */

/* The share of a scene's tiles that are of a class, in per cent. */
static unsigned share(const struct scene *scene, enum kg_class class)
{
	unsigned count = 0, all = 0;

	for (uint32_t y = 0; y + 64 <= scene->height; y += 64) {
		for (uint32_t x = 0; x + 64 <= scene->width; x += 64) {
			struct kg_class_state state = { 0 };
			struct kg_image tile = tile_of(scene, x, y);

			count += kg_classify(&dsp, &state, &tile, whole, 1) == class;
			all++;
		}
	}
	return count * 100 / all;
}

static void check_pictures(void)
{
	struct scene scene = scene_new(640, 448);
	struct kg_rect all = { 0, 0, 640, 448 };
	unsigned text;

	scene_fill(&scene, all, 0x00123456);
	ok(share(&scene, KG_CLASS_FLAT) == 100, "one colour is flat");
	scene_text(&scene, all, 1);
	text = share(&scene, KG_CLASS_TEXT) + share(&scene, KG_CLASS_FLAT);
	ok(text == 100, "a page of text is text (%u %%)", text);
	scene_terminal(&scene, all, 2);
	text = share(&scene, KG_CLASS_TEXT) + share(&scene, KG_CLASS_FLAT);
	ok(text == 100, "a terminal is text (%u %%)", text);
	scene_gradient(&scene, all, 3);
	scene_caption(&scene, all, 3);
	ok(share(&scene, KG_CLASS_TEXT) == 100, "text on a gradient is text (%u %%)", share(&scene, KG_CLASS_TEXT));
	for (size_t i = 0; i < (size_t)640 * 448; i++)
		scene.pixels[i] = (i / 640 + i) % 2 ? 0 : 0xffffff;
	ok(share(&scene, KG_CLASS_TEXT) == 100, "a checkerboard of single pixels is text");
	for (size_t i = 0; i < (size_t)640 * 448; i++)
		scene.pixels[i] = (rnd() & 1) * 0xffffff;
	ok(share(&scene, KG_CLASS_TEXT) == 100, "random black and white is text");
	scene_photo(&scene, all, 4);
	ok(share(&scene, KG_CLASS_PICTURE) == 100, "a photograph is a picture (%u %%)", share(&scene, KG_CLASS_PICTURE));
	scene_caption(&scene, all, 4);
	ok(share(&scene, KG_CLASS_PICTURE) >= 90, "and stays one under a caption (%u %%)", share(&scene, KG_CLASS_PICTURE));
	scene_dark(&scene, all, 5);
	ok(share(&scene, KG_CLASS_PICTURE) == 100, "a dark scene with grain is a picture (%u %%)", share(&scene, KG_CLASS_PICTURE));
	scene_noise(&scene, all, 6);
	ok(share(&scene, KG_CLASS_PICTURE) == 100, "noise is a picture");
	scene_free(&scene);
}

static void check_history(void)
{
	struct scene scene = scene_new(64, 64);
	struct kg_rect all = { 0, 0, 64, 64 };
	struct kg_image tile = tile_of(&scene, 0, 0);
	struct kg_class_state state = { 0 }, small = { 0 };
	enum kg_class class = KG_CLASS_FLAT;
	uint32_t now = 0xffffff00;	// wraps soon
	unsigned frames = 0, flips = 0, both = 0;
	bool right = true;

	for (; class != KG_CLASS_VIDEO && frames < 100; frames++, now += 33) {
		scene_photo(&scene, all, frames);
		class = kg_classify(&dsp, &state, &tile, whole, now);
	}
	ok(frames > 2 && frames < 12, "a picture that changes 30 times in a second becomes video (after %u)", frames);
	ok(!kg_class_cooled(&state, now + 100) && kg_class_cooled(&state, now + 800), "and cools down when it stands still");
	for (int i = 0; i < 20; i++, now += 90)
		right &= kg_classify(&dsp, &state, &tile, whole, now) == KG_CLASS_VIDEO;
	ok(right, "but not at 11 times in a second");
	now += 1000;
	ok(kg_classify(&dsp, &state, &tile, whole, now) == KG_CLASS_PICTURE, "after a second it is a picture again");

	for (int i = 0; i < 100; i++)
		class = kg_classify(&dsp, &small, &tile, (struct kg_damage){ 0xff, 0xff }, now + (uint32_t)i * 16);
	ok(class == KG_CLASS_PICTURE, "a picture with a small thing moving in it is no video");
	scene_text(&scene, all, 1);
	memset(&state, 0, sizeof(state));
	for (int i = 0; i < 100; i++)
		class = kg_classify(&dsp, &state, &tile, whole, now + (uint32_t)i * 16);
	ok(class == KG_CLASS_TEXT, "text that scrolls all the time stays text");

	/* About as many hard edges as the limit between the classes, now more and now fewer. */
	memset(&state, 0, sizeof(state));
	for (int i = 0; i < 200; i++) {
		enum kg_class was = class;

		scene_fill(&scene, all, 0x00ffffff);
		scene_photo(&scene, (struct kg_rect){ 0, 0, 10 + (int32_t)(rnd() % 2), 64 }, (uint64_t)i);
		scene_noise(&scene, (struct kg_rect){ 30, 0, 37, 64 }, (uint64_t)i);
		class = kg_classify(&dsp, &state, &tile, whole, now += 500);
		flips += i && class != was;
		both |= 1u << class;
	}
	ok(flips <= 45 && both == (1u << KG_CLASS_TEXT | 1u << KG_CLASS_PICTURE), "a tile at the limit seldom changes its class (%u of 200 times)", flips);
	scene_free(&scene);
}

/* ---- times of whole frames ---- */

enum { WIDTH = 1920, HEIGHT = 1080, COLUMNS = WIDTH / 64, ROWS = (HEIGHT + 63) / 64 };

static struct scene before, after;
static struct kg_damage damage[COLUMNS * ROWS];
static struct kg_class_state states[COLUMNS * ROWS];
static uint8_t known[COLUMNS * ROWS];
static const struct kg_rect all = { 0, 0, WIDTH, HEIGHT };

/* Both pictures, as wide as the processor reads. */
#define READ_PLAIN(name, size, ...)                                                                \
	static __VA_ARGS__ void name(void)                                                         \
	{                                                                                          \
		typedef uint64_t vector __attribute__((vector_size(size), aligned(8)));            \
		const vector *a = (const vector *)before.pixels, *b = (const vector *)after.pixels; \
		vector sum[2] = { 0 };                                                             \
		uint64_t words[16];                                                                \
                                                                                                   \
		for (size_t i = 0; i < (size_t)WIDTH * HEIGHT * 4 / size; i++) {                   \
			sum[0] |= a[i];                                                            \
			sum[1] |= b[i];                                                            \
		}                                                                                  \
		memcpy(words, sum, sizeof(sum));                                                   \
		__asm__ volatile("" : : "m"(words));                                               \
	}

READ_PLAIN(read_c, 16)
#if defined(__x86_64__)
READ_PLAIN(read_avx2, 32, __attribute__((target("avx2"))))
READ_PLAIN(read_avx512, 64, __attribute__((target("avx512f"))))
#endif

static void read_plain(enum kg_cpu cpu)
{
#if defined(__x86_64__)
	if (cpu >= KG_CPU_AVX512)
		return read_avx512();
	if (cpu >= KG_CPU_AVX2)
		return read_avx2();
#endif
	read_c();
}

/* Nanoseconds of one call: the best of many, of this thread's own time, for frames take long enough to be disturbed. */
static double own_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#define BEST(call)                                                                                 \
	({                                                                                         \
		double best_ = 1e12;                                                               \
		for (int i_ = 0; i_ < 40; i_++) {                                                  \
			double begin_ = own_time();                                                \
			(void)(call);                                                              \
			best_ = KG_MIN(best_, own_time() - begin_);                                \
		}                                                                                  \
		best_;                                                                             \
	})

#define TILES(i, x, y, tile)                                                                       \
	for (uint32_t i = 0, x, y; x = i % COLUMNS * 64, y = i / COLUMNS * 64, i < COLUMNS * ROWS; i++) \
		for (struct kg_image tile = tile_of(&after, x, y); tile.pixels; tile.pixels = NULL)

static uint8_t *mirror_at(uint32_t x, uint32_t y)
{
	return (uint8_t *)before.pixels + ((size_t)y * WIDTH + x) * 4;
}

static void compare_all(void)
{
	TILES(i, x, y, tile)
		kg_damage_compare(&dsp, &tile, mirror_at(x, y), WIDTH * 4, &damage[i]);
}

static void update_all(void)
{
	TILES(i, x, y, tile)
		kg_damage_update(&dsp, &tile, mirror_at(x, y), WIDTH * 4, &damage[i]);
}

static void hash_all(void)
{
	TILES(i, x, y, tile)
		kg_hash_tile(&dsp, &key, &tile);
}

static uint32_t find_all(void *scratch)
{
	struct kg_motion motion = { &dsp, scene_image(&after), (const uint8_t *)before.pixels, WIDTH * 4, damage, known };
	struct kg_copy copies[KG_MOTION_COPIES];

	for (uint32_t i = 0; i < COLUMNS * ROWS; i++)
		damage[i] = whole;
	return kg_motion_find(&motion, scratch, copies);
}

static void update_and_classify(void)
{
	TILES(i, x, y, tile) {
		if (kg_damage_update(&dsp, &tile, mirror_at(x, y), WIDTH * 4, &damage[i])) {
			tile.pixels = mirror_at(x, y);
			kg_classify(&dsp, &states[i], &tile, damage[i], i);
		}
	}
}

/* The way of a frame that is named damaged as a whole: motion, then a snapshot and the class of each tile. */
static void bench_changed(const char *what, void *scratch)
{
	struct scene image = after, other = scene_new(WIDTH, HEIGHT);
	uint32_t count = find_all(scratch);
	bool flip = false;
	double find = BEST(find_all(scratch)), together;

	scene_copy(&other, &before);
	together = BEST((after = flip ? other : image, flip = !flip, find_all(scratch), update_and_classify()));
	note("%s: motion %.0f us (%u copies), with update and class %.0f us", what, find / 1e3, count, together / 1e3);
	after = image;
	scene_copy(&before, &other);
	scene_free(&other);
}

static void bench(enum kg_cpu cpu)
{
	void *scratch = malloc(kg_motion_scratch(WIDTH, HEIGHT));
	struct scene document = scene_new(WIDTH, HEIGHT + 200);
	double plain, compare, update;

	kg_dsp_init(&dsp, cpu);
	note("frames of 1920x1080, %s", kg_cpu_name(cpu));
	scene_text(&document, (struct kg_rect){ 0, 0, WIDTH, HEIGHT + 200 }, 1);
	scene_blit(&before, all, &document, 0, 0);
	scene_copy(&after, &before);
	update_all();
	plain = BEST(read_plain(cpu));
	compare = BEST(compare_all());
	update = BEST(update_all());
	plain = KG_MIN(plain, BEST(read_plain(cpu)));
	note("unchanged but named damaged: motion %.0f us", BEST(find_all(scratch)) / 1e3);
	note("unchanged: plain read %.0f us, compare %.0f us (%.0f %%), update %.0f us (%.0f %%)", plain / 1e3, compare / 1e3,
	     plain / compare * 100, update / 1e3, plain / update * 100);
	scene_blit(&after, all, &document, 0, 40);
	bench_changed("text scrolled by 40", scratch);
	scene_text(&after, all, 2);
	bench_changed("another page of text", scratch);
	scene_photo(&before, all, 3);
	scene_photo(&after, all, 4);
	bench_changed("another photograph", scratch);
	scene_noise(&before, all, 3);
	scene_noise(&after, all, 4);
	bench_changed("noise", scratch);
	note("hash: %.0f us", BEST(hash_all()) / 1e3);
	scene_free(&document);
	free(scratch);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	for (enum kg_cpu cpu = KG_CPU_C; cpu <= kg_cpu_best(); cpu++) {
		kg_dsp_init(&dsp, cpu);
		note("%s", kg_cpu_name(cpu));
		check_hash();
	}
	check_pictures();
	check_history();
	if (check_bench) {
		memset(known, 1, sizeof(known));
		before = scene_new(WIDTH, HEIGHT);
		after = scene_new(WIDTH, HEIGHT);
		for (enum kg_cpu cpu = KG_CPU_C; cpu <= kg_cpu_best(); cpu++)
			bench(cpu);
		scene_free(&before);
		scene_free(&after);
	}
	return tap_end();
}
