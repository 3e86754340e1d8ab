/* What is known of a client's screen and caches: moves in the mirror, the bitmap cache's model, the time of refinement. */
#include "server/control/gfx-version.h"
#include "server/display/cache.h"
#include "server/display/mirror.h"
#include "server/display/refine.h"
#include "tests/tap.h"

/* ---- the mirror ---- */

enum { WIDTH = 300, HEIGHT = 260 };

static uint32_t pixel_at(const struct kg_mirror *mirror, int32_t x, int32_t y)
{
	uint32_t pixel;

	memcpy(&pixel, kg_mirror_at(mirror, (struct kg_rect){ x, y, x + 1, y + 1 }), sizeof(pixel));
	return pixel;
}

/* A model pixel by pixel: which state each has, then the worst of a tile is its state. */
struct model {
	uint32_t pixels[HEIGHT][WIDTH];
	uint8_t states[HEIGHT][WIDTH];
};

static void model_move(struct model *model, struct kg_rect from, int32_t x, int32_t y)
{
	static struct model before;

	before = *model;
	for (int32_t row = from.top; row < from.bottom; row++) {
		for (int32_t column = from.left; column < from.right; column++) {
			model->pixels[row - from.top + y][column - from.left + x] = before.pixels[row][column];
			model->states[row - from.top + y][column - from.left + x] = before.states[row][column];
		}
	}
}

/* A tile's state is never better than that of its worst pixel; and its pixels are then as bad as the whole, as in the mirror. */
static bool equals(const struct kg_mirror *mirror, struct model *model)
{
	for (int32_t y = 0; y < HEIGHT; y++) {
		for (int32_t x = 0; x < WIDTH; x++) {
			uint8_t state = mirror->states[(size_t)(y / KG_TILE) * mirror->columns + (size_t)(x / KG_TILE)];

			if (pixel_at(mirror, x, y) != model->pixels[y][x] || state > model->states[y][x])
				return false;
			model->states[y][x] = state;
		}
	}
	return true;
}

static void moves(void)
{
	static struct model model;
	struct kg_mirror mirror = { 0 };
	bool right = true;

	if (kg_mirror_resize(&mirror, WIDTH, HEIGHT) < 0)
		abort();
	for (int n = 0; n < 3000 && right; n++) {
		uint32_t width = rnd() % WIDTH + 1, height = rnd() % HEIGHT + 1;
		struct kg_rect from = kg_rect_from(rnd() % (WIDTH - width + 1), rnd() % (HEIGHT - height + 1), width, height);
		int32_t x = (int32_t)(rnd() % (WIDTH - width + 1)), y = (int32_t)(rnd() % (HEIGHT - height + 1));

		if (n % 20 == 0) {
			for (int32_t i = 0; i < WIDTH * HEIGHT; i++) {
				int32_t row = i / WIDTH, column = i % WIDTH;
				size_t tile = (size_t)(row / KG_TILE) * mirror.columns + (size_t)(column / KG_TILE);

				model.pixels[row][column] = rnd();
				memcpy(kg_mirror_at(&mirror, (struct kg_rect){ column, row, column + 1, row + 1 }),
				       &model.pixels[row][column], 4);
				if (row % KG_TILE == 0 && column % KG_TILE == 0)
					kg_mirror_sent(&mirror, tile, rnd() % 8 ? KG_TILE_EXACT : rnd() % 2, 1);
				model.states[row][column] = mirror.states[tile];
			}
		}
		if (n % 3 == 0)		// along one side, as scrolling does
			*(rnd() % 2 ? &x : &y) = n % 2 ? from.left : from.top;
		x = KG_MIN(x, (int32_t)(WIDTH - width));
		y = KG_MIN(y, (int32_t)(HEIGHT - height));
		kg_mirror_move(&mirror, from, x, y, 2);
		model_move(&model, from, x, y);
		right = equals(&mirror, &model);
	}
	ok(right, "a move takes pixels along, and how well the client has them");

	for (size_t i = 0; i < (size_t)mirror.columns * mirror.rows; i++)
		kg_mirror_sent(&mirror, i, KG_TILE_LOSSY, 1);
	kg_mirror_sent(&mirror, 0, KG_TILE_EXACT, 1);
	kg_mirror_move(&mirror, (struct kg_rect){ 0, 0, 64, 64 }, 128, 128, 7);
	ok(mirror.states[2 * mirror.columns + 2] == KG_TILE_EXACT && mirror.states[2 * mirror.columns + 1] == KG_TILE_LOSSY,
	   "a tile that is covered whole is what it is covered with");
	kg_mirror_move(&mirror, (struct kg_rect){ 64, 64, 65, 65 }, 10, 10, 9);
	ok(mirror.states[0] == KG_TILE_LOSSY && mirror.changed_ms[0] == 9, "a lossy pixel makes an exact tile lossy, from now on");
	kg_mirror_done(&mirror);
}

/* ---- the time of refinement ---- */

static void refinement(void)
{
	struct kg_mirror mirror = { 0 };
	uint8_t due[20 * 17];
	size_t count;
	uint32_t marked = 0, frames = 0;

	if (kg_mirror_resize(&mirror, 20 * 64, 17 * 64 - 1) < 0)
		abort();
	count = (size_t)mirror.columns * mirror.rows;
	ok(kg_refine_due(&mirror) == KG_REFINE_NEVER, "unknown tiles are not refined");
	for (size_t i = 0; i < count; i++)
		kg_mirror_sent(&mirror, i, KG_TILE_EXACT, 1000);
	ok(kg_refine_due(&mirror) == KG_REFINE_NEVER && kg_refine_mark(&mirror, 5000, due) == 0,
	   "an exact screen has nothing to wake up for");
	kg_mirror_sent(&mirror, 100, KG_TILE_LOSSY, 1400);
	kg_mirror_sent(&mirror, 7, KG_TILE_LOSSY, 1200);
	ok(kg_refine_due(&mirror) == 1700, "the first lossy tile is due half a second after it changed");
	ok(kg_refine_mark(&mirror, 1699, due) == 0 && kg_refine_mark(&mirror, 1700, due) == 1 && due[7] && !due[100],
	   "then, not before, and only that one");
	for (size_t i = 0; i < count; i++)
		kg_mirror_sent(&mirror, i, KG_TILE_LOSSY, 2000);
	while (kg_refine_due(&mirror) != KG_REFINE_NEVER && frames++ < 10) {
		uint32_t n = kg_refine_mark(&mirror, 2500, due);

		marked += n;
		if (n > KG_REFINE_TILES_MAX)
			break;
		for (size_t i = 0; i < count; i++) {
			if (due[i])
				kg_mirror_sent(&mirror, i, KG_TILE_EXACT, 2500);
		}
	}
	ok(marked == count && frames == (count + KG_REFINE_TILES_MAX - 1) / KG_REFINE_TILES_MAX,
	   "a screen of lossy tiles is refined in frames of some");
	kg_mirror_done(&mirror);
}

/* ---- the model of the cache, against one that is as simple as can be ---- */

enum { KEYS = 12000 };

struct simple {
	uint16_t slot_of[KEYS];
	uint32_t size_of[KEYS];
	uint32_t key_of[KG_CACHE_SLOTS + 1];	// + 1, 0: vacant
	uint32_t used[KEYS];		// in which frame
	uint64_t bytes;
};

static struct kg_hash key_number(uint32_t i)
{
	return (struct kg_hash){ { i % 97, i } };	// many in a bucket
}

/* Puts key there as the plan does. False: something is wrong. */
static bool put(struct kg_cache *cache, struct simple *simple, uint32_t key, uint32_t width, uint32_t height)
{
	const struct kg_hash hash = key_number(key);
	uint16_t slot;

	if (!kg_cache_may_hold(cache, width, height)) {
		/* Then all others are of this frame, or too few. */
		for (uint32_t i = 0; i < KEYS; i++) {
			if (simple->slot_of[i] && simple->used[i] != cache->frame && simple->size_of[i] >= width * height * 4)
				return false;
		}
		return true;
	}
	while ((slot = kg_cache_evict_for(cache, width, height))) {
		uint32_t gone = simple->key_of[slot];

		if (!gone || simple->used[gone - 1] == cache->frame)
			return false;
		for (uint32_t i = 0; i < KEYS; i++) {
			if (simple->slot_of[i] && simple->used[i] < simple->used[gone - 1])
				return false;	// one not used for longer
		}
		simple->bytes -= simple->size_of[gone - 1];
		simple->key_of[slot] = simple->slot_of[gone - 1] = 0;
	}
	slot = kg_cache_add(cache, &hash, width, height);
	if (!slot || slot > cache->slots_max || simple->key_of[slot])
		return false;
	simple->key_of[slot] = key + 1;
	simple->slot_of[key] = slot;
	simple->size_of[key] = width * height * 4;
	simple->used[key] = cache->frame;
	simple->bytes += simple->size_of[key];
	return simple->bytes <= cache->bytes_max && simple->bytes == cache->bytes;
}

static bool cache_step(struct kg_cache *cache, struct simple *simple, uint32_t width, uint32_t height)
{
	uint32_t key = rnd() % KEYS;
	const struct kg_hash hash = key_number(key);
	bool is_new = false, known = simple->slot_of[key] && simple->size_of[key] == width * height * 4;
	uint16_t slot = kg_cache_find(cache, &hash, width, height, &is_new);

	if (slot != (known ? simple->slot_of[key] : 0) || (slot && is_new && simple->used[key] != cache->frame))
		return false;
	if (slot)
		simple->used[key] = cache->frame;
	return slot || simple->slot_of[key] || put(cache, simple, key, width, height);
}

static void cache_sequence(uint32_t version, uint32_t flags, uint32_t slots, uint32_t bytes, uint32_t size)
{
	struct simple *simple = calloc(1, sizeof(*simple));
	struct kg_cache cache = { 0 };
	bool right = kg_cache_init(&cache, version, flags) == 0 && cache.slots_max == slots && cache.bytes_max == bytes;
	uint32_t evicted;

	for (int frame = 0; frame < 60 && right; frame++) {
		kg_cache_begin_frame(&cache);
		for (uint32_t n = rnd() % 400; n && right; n--)
			right = cache_step(&cache, simple, rnd() % 8 ? size : size / 2, size);
	}
	evicted = cache.slots - cache.count;
	ok(right && (size < 64 || cache.slots > 900),
	   "version 0x%x, flags %u: never more than %u slots and %u bytes; the least used go (%u hold %u bytes, %u vacant)", version,
	   flags, slots, bytes, cache.count, cache.bytes, evicted);
	kg_cache_done(&cache);
	free(simple);
}

static void cache_frame(void)
{
	struct kg_cache cache = { 0 };
	struct kg_hash key = key_number(1);
	uint32_t held = 0;
	bool is_new;

	ok(kg_cache_find(&cache, &key, 64, 64, &is_new) == 0 && !kg_cache_may_hold(&cache, 64, 64), "without a cache nothing is found");
	if (kg_cache_init(&cache, KG_GFX_VERSION_103, 0) < 0)
		abort();
	kg_cache_begin_frame(&cache);
	while (held < 5000 && kg_cache_may_hold(&cache, 64, 64) && !kg_cache_evict_for(&cache, 64, 64)) {
		key = key_number(++held);
		kg_cache_add(&cache, &key, 64, 64);
	}
	ok(held == KG_CACHE_BYTES_SMALL / 16384, "a frame does not throw out what it put there (%u tiles)", held);
	kg_cache_begin_frame(&cache);
	ok(kg_cache_may_hold(&cache, 64, 64) && kg_cache_evict_for(&cache, 64, 64) == 1, "the next one may, from the oldest on");
	key = key_number(2);
	ok(kg_cache_find(&cache, &key, 64, 63, &is_new) == 0, "another size is another tile");
	ok(kg_cache_find(&cache, &key, 64, 64, &is_new) == 2 && !is_new, "what an earlier frame put there is not new");
	kg_cache_done(&cache);
}

int main(void)
{
	tap_seed_init();
	moves();
	refinement();
	cache_frame();
	cache_sequence(KG_GFX_VERSION_8, 0, KG_CACHE_SLOTS, KG_CACHE_BYTES, 64);
	cache_sequence(KG_GFX_VERSION_8, 1, KG_CACHE_SLOTS_SMALL, KG_CACHE_BYTES_SMALL, 64);
	cache_sequence(KG_GFX_VERSION_101, 0, KG_CACHE_SLOTS, KG_CACHE_BYTES, 64);
	cache_sequence(KG_GFX_VERSION_103, 0, KG_CACHE_SLOTS_SMALL, KG_CACHE_BYTES_SMALL, 64);
	cache_sequence(KG_GFX_VERSION_107, 0x22, KG_CACHE_SLOTS_SMALL, KG_CACHE_BYTES_SMALL, 20);
	return tap_end();
}
