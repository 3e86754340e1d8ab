/*
 * server/display as a whole: after any sequence of frames, resets, refreshes, sizes and acknowledgements the decoded
 * stream equals the mirror, exactly or nearly as it says, and the mirror equals the source; once all stands still, exactly.
 */
#include "server/display/cursor-cache.h"
#include "server/display/cursor-fit.h"
#include "tests/display-world.h"

enum { STEPS = 300 };

/* ---- what happens on a desktop ---- */

static uint32_t *at(struct world *world, int32_t x, int32_t y)
{
	return &world->picture[(size_t)y * world->width + (size_t)x];
}

static void put(struct world *world, int32_t x, int32_t y, uint32_t pixel)
{
	*at(world, x, y) = (pixel & 0xffffff) | rnd() << 24;
}

static struct kg_rect somewhere(const struct world *world, uint32_t size)
{
	struct kg_rect rect = kg_rect_from(rnd() % world->width, rnd() % world->height, rnd() % size + 1, rnd() % size + 1);

	return kg_rect_intersect(rect, kg_rect_of_size(world->width, world->height));
}

/* Letters of a kind: each one of 26 patterns of 5 x 7 pixels, in lines. */
static void write_text(struct world *world, struct kg_rect rect)
{
	for (int32_t y = rect.top; y < rect.bottom; y++) {
		for (int32_t x = rect.left; x < rect.right; x++) {
			uint32_t letter = ((uint32_t)(x / 6) * 7919 + (uint32_t)(y / 10) * 104729) % 26;
			bool ink = x % 6 < 5 && y % 10 < 7 && (letter * 2654435761u >> (x % 6 + 5 * (y % 10)) % 32 & 1);

			put(world, x, y, ink ? 0x101010 : 0xf0f0f0);
		}
	}
	kg_region_add(&world->damage, rect);
}

/* Noise, a gradient, one colour, a pattern that is the same in every tile, and what the extrapolating wavelet cannot code. */
static void paint(struct world *world, struct kg_rect rect)
{
	uint32_t how = rnd() % 5, colour = rnd();

	for (int32_t y = rect.top; y < rect.bottom; y++) {
		for (int32_t x = rect.left; x < rect.right; x++) {
			uint32_t gradient = (uint32_t)(x * 3 + y * 256 * 5), pixel = colour;

			if (how == 0)
				pixel = rnd();
			else if (how == 1)
				pixel = gradient;
			else if (how == 2)
				pixel = (x ^ y) & 4 ? colour : ~colour;
			else if (how == 3)
				pixel = x % 64 < 56 || y % 64 < 56 ? gradient : (x ^ y) & 1 ? 0xffffff : 0;
			put(world, x, y, pixel);
		}
	}
	kg_region_add(&world->damage, rect);
}

/* A part comes to lie elsewhere, as by scrolling. */
static void move(struct world *world)
{
	struct kg_rect from = somewhere(world, 400), to;
	int32_t dx = rnd() % 2 ? 0 : (int32_t)(rnd() % 100) - 50, dy = (int32_t)(rnd() % 200) - 100;
	uint32_t *copy = malloc((size_t)world->width * world->height * 4);

	memcpy(copy, world->picture, (size_t)world->width * world->height * 4);
	to = kg_rect_intersect((struct kg_rect){ from.left + dx, from.top + dy, from.right + dx, from.bottom + dy },
			       kg_rect_of_size(world->width, world->height));
	for (int32_t y = to.top; y < to.bottom; y++) {
		for (int32_t x = to.left; x < to.right; x++)
			*at(world, x, y) = copy[(size_t)(y - dy) * world->width + (size_t)(x - dx)];
	}
	kg_region_add(&world->damage, to);
	free(copy);
}

/* What was there before comes back, as when a window is closed. */
static void keep_or_restore(struct world *world)
{
	size_t size = (size_t)world->width * world->height * 4;

	if (!world->kept) {
		world->kept = malloc(size);
		memcpy(world->kept, world->picture, size);
		return;
	}
	memcpy(world->picture, world->kept, size);
	kg_region_add(&world->damage, kg_rect_of_size(world->width, world->height));
	free(world->kept);
	world->kept = NULL;
}

static void draw(struct world *world)
{
	switch (rnd() % 8) {
	case 0:
		keep_or_restore(world);
		break;
	case 1:
	case 2:
		move(world);
		break;
	case 3:
		write_text(world, kg_rect_of_size(world->width, world->height));
		break;
	case 4:
		write_text(world, somewhere(world, 200));
		break;
	case 5:
		paint(world, somewhere(world, 12));
		break;
	default:
		paint(world, rnd() % 8 ? somewhere(world, 200) : kg_rect_of_size(world->width, world->height));
	}
}

static void acknowledge(struct world *world)
{
	if (world->acknowledged == world->flow.sent)
		return;
	world->acknowledged += 1 + rnd() % (world->flow.sent - world->acknowledged);
	if (kg_flow_acknowledged(&world->flow, world->acknowledged, rnd() % 8 ? rnd() % 1000 : 0xffffffff) < 0)
		fail(world, "an acknowledgement is refused");
}

static const uint32_t versions[] = { 0x00080004, 0x00080105, 0x000a0002, 0x000a0100, 0x000a0200, 0x000a0301,
				     0x000a0400, 0x000a0502, 0x000a0600, 0x000a0601, 0x000a0701 };

static const uint32_t flags[] = { 0, 0x02, 0x20, 0x22, 0x01 };

static void step(struct world *world)
{
	struct kg_rect rect;

	switch (rnd() % 16) {
	case 0:
		if (rnd() % 4 == 0)
			resize(world, rnd() % 400 + 1, rnd() % 400 + 1, 0);
		break;
	case 1:
		kg_mirror_forget(&world->mirror);
		if (world->graphics) {
			world->flags = flags[rnd() % KG_ARRAY_SIZE(flags)];
			kg_flow_reset(&world->flow);
			world->acknowledged = world->flow.sent;
			set_up(world, versions[rnd() % KG_ARRAY_SIZE(versions)]);
		}
		break;
	case 2:
		rect = kg_rect_from(rnd() % 400, rnd() % 400, rnd() % 100, rnd() % 100);
		kg_mirror_forget_rect(&world->mirror, rect);
		break;
	case 3:		// damage that is none
		kg_region_add(&world->damage, kg_rect_from((int32_t)(rnd() % 500) - 100, rnd() % 400, 50, 50));
		break;
	case 4:
	case 5:
	case 6:
		acknowledge(world);
		break;
	default:
		draw(world);
	}
	world->now_ms += rnd() % 4 ? rnd() % 100 : rnd() % 1000;
	if (kg_flow_may_plan(&world->flow, true))
		frame(world);
}

static uint64_t areas[GFX_WAYS];	// of all sequences

static void random_sequence(bool graphics, bool remotefx)
{
	struct world world;
	uint64_t seed = tap_seed;

	world_init(&world, graphics);
	if (remotefx) {
		world.plan.lossy = KG_LOSSY_CLASSIC;
		world.plan.coder = rnd() % 2 ? KG_RFX_RLGR3 : KG_RFX_RLGR1;
		world.plan.video_mode = rnd() % 2;
		world.plan.message_max = KG_PLAN_MESSAGE_LEAST + rnd() % 100000;
	}
	resize(&world, rnd() % 400 + 1, rnd() % 400 + 1, 0x000a0701);
	for (int i = 0; i < STEPS && !*world.wrong; i++)
		step(&world);
	if (!*world.wrong)
		wait_for_exactness(&world);
	ok(!*world.wrong && world.slices > 10 && (!remotefx || world.surfaces > 0),
	   "%s: decoded = mirror = source over %u frames, %llu bytes, at least %.1f dB (from seed %llu) %s",
	   graphics ? "graphics" : remotefx ? "bitmaps and RemoteFX" : "bitmaps", world.flow.sent, (unsigned long long)world.bytes, world.worst,
	   (unsigned long long)seed, world.wrong);
	for (size_t i = 0; i < GFX_WAYS; i++)
		areas[i] += world.client.area[i];
	world_done(&world);
}

/* A guest draws while we read: the client gets what was looked at, whatever has become of it. */
static void changing_picture(bool graphics, enum kg_lossy lossy)
{
	struct world world;
	uint64_t seed = tap_seed;

	world_init(&world, graphics);
	world.flags = lossy == KG_LOSSY_CLASSIC ? 1 : 0;
	resize(&world, 400, 300, 0x000a0701);
	world.plan.lossy = lossy;
	world.plan.message_max = KG_PLAN_MESSAGE_LEAST;
	for (int i = 0; i < 60 && !*world.wrong; i++) {
		draw(&world);
		world.now_ms += rnd() % 300;
		changing_frame(&world, draw);
		kg_flow_reset(&world.flow);
		world.acknowledged = world.flow.sent;
	}
	if (!*world.wrong)
		frame(&world);	// all that changed is in the damage
	ok(!*world.wrong, "%s: decoded = mirror while the source changes (%u frames, from seed %llu) %s", graphics ? "graphics" : "bitmaps",
	   world.flow.sent, (unsigned long long)seed, world.wrong);
	world_done(&world);
}

static void costs(void)
{
	struct world world;
	size_t size;

	world_init(&world, true);
	resize(&world, 1920, 1080, 0x000a0701);
	frame(&world);
	ok(world.client.fills == 17 && !world.client.pictures && world.client.envelopes == 2,
	   "a flat screen is one fill for each row of tiles (%u), in one envelope", world.client.fills);
	kg_region_add(&world.damage, kg_rect_of_size(1920, 1080));
	ok(frame(&world) == 0 && world.client.frames == 1, "damage without change sends nothing");
	world.picture[1000 * 1920 + 1000] ^= 1;
	kg_region_add(&world.damage, (struct kg_rect){ 1000, 1000, 1001, 1001 });
	size = frame(&world);
	ok(size > 0 && size < 1000 && world.client.pictures == 1, "a pixel costs one tile (%zu bytes)", size);
	kg_mirror_forget_rect(&world.mirror, (struct kg_rect){ 1000, 1000, 1001, 1001 });
	ok(frame(&world) == KG_GFX_FROM_CACHE_SIZE && world.client.hits == 1,
	   "a tile that the client lost comes from its cache, without damage");
	for (size_t i = 0; i < 1920 * 1080; i++)
		world.picture[i] = rnd();
	kg_region_add(&world.damage, kg_rect_of_size(1920, 1080));
	world.slices = 0;
	size = frame(&world);
	ok(world.slices > size / KG_SLICE_SIZE_MAX && world.slices <= 2 * size / KG_SLICE_SIZE_MAX + 1 && world.client.frames == 4,
	   "a screen of noise (%zu bytes) is one frame in %llu slices", size, (unsigned long long)world.slices);
	ok(!*world.wrong, "all of it decodes: %s", world.wrong);
	world_done(&world);
}

/* A tile of one colour between two others that does not change must not be filled with theirs. */
static void neighbours(void)
{
	struct world world;

	world_init(&world, true);
	resize(&world, 192, 64, 0x000a0701);
	for (uint32_t i = 0; i < 192 * 64; i++)
		world.picture[i] = i % 192 / 64 == 1 ? 0xaabbcc : 0x102030;
	frame(&world);
	ok(world.client.fills == 3 && !*world.wrong, "three tiles of two colours are three fills");
	for (uint32_t i = 0; i < 192 * 64; i++)
		world.picture[i] = i % 192 / 64 == 1 ? 0xaabbcc : 0x405060;
	kg_region_add(&world.damage, kg_rect_of_size(192, 64));
	frame(&world);
	ok(world.client.fills == 5 && !*world.wrong, "the one in the middle that stays is left out: %s", world.wrong);
	world_done(&world);
}

/* Pictures far from each other on a screen that is larger than a channel of RemoteFX may be. */
static void far_pictures(uint32_t width, uint32_t height)
{
	struct world world;

	world_init(&world, true);
	world.flags = 1;
	resize(&world, width, height, 0x000a0701);
	for (size_t i = 0; i < (size_t)width * height; i++)
		world.picture[i] = i % width / 64 % 2 ? 0x102030 : rnd();
	frame(&world);
	ok(world.client.area[GFX_REMOTEFX] && !*world.wrong, "classic RemoteFX on a screen of %u x %u: %s", width, height,
	   world.wrong);
	world_done(&world);
}

static uint32_t letter_at(int32_t x, int32_t y)
{
	uint32_t letter = ((uint32_t)(x / 6) * 0x9e3779b1u ^ (uint32_t)(y / 10) * 0x85ebca6bu) * 0xc2b2ae35u;

	return x % 6 < 5 && y % 10 < 7 && letter >> (x % 6 + 5 * (y % 10)) % 32 & 1 ? 0x101010 : 0xf0f0f0;
}

/*
 * A page scrolls beneath a box that stands still, and the source says no word of the box. The copy goes over it: where
 * something comes to lie is looked at even so.
 */
static void moves_beyond_damage(void)
{
	const struct kg_rect all = kg_rect_of_size(640, 448), box = { 256, 192, 320, 256 };
	struct world world;
	struct kg_rect to;

	world_init(&world, true);
	resize(&world, 640, 448, 0x000a0701);
	for (int32_t by = 0; by <= 24; by += 24) {
		for (int32_t y = 0; y < 448; y++)
			for (int32_t x = 0; x < 640; x++)
				if (!by || x < box.left || x >= box.right || y < box.top || y >= box.bottom)
					put(&world, x, y, letter_at(x, y + by));
		kg_region_clear(&world.damage);
		kg_region_add(&world.damage, (struct kg_rect){ 0, 0, 640, box.top });
		kg_region_add(&world.damage, (struct kg_rect){ 0, box.top, box.left, box.bottom });
		kg_region_add(&world.damage, (struct kg_rect){ box.right, box.top, 640, box.bottom });
		kg_region_add(&world.damage, (struct kg_rect){ 0, box.bottom, 640, 448 });
		frame(&world);
	}
	to = kg_rect_intersect(kg_copy_to(&world.plan.copies[0]), all);
	ok(world.plan.copies[0].dy == -24 && to.left < box.left && to.right > box.right && to.top < box.top && to.bottom > box.bottom,
	   "a page that scrolls is copied over what stands still in it");
	ok(!*world.wrong, "which is set right, although the source does not name it: %s", world.wrong);
	world_done(&world);
}

/* Noise of every size of a tile: raw where that is smaller, never longer than a record may be. */
static void noise_bitmaps(void)
{
	struct world world;
	uint32_t width, height;

	world_init(&world, false);
	for (uint32_t i = 0; i < 64 && !*world.wrong; i++) {
		width = i == 0 ? 64 : i < 33 ? i % 16 * 4 + 4 : rnd() % 64 + 1;
		height = i == 0 ? 64 : i < 33 ? 1 : rnd() % 8 + 1;
		resize(&world, width, height, 0);
		for (uint32_t n = 0; n < width * height; n++)
			world.picture[n] = rnd();
		frame(&world);
	}
	ok(world.raw > 0 && world.longest > 13000 && !*world.wrong, "noise: %u raw, the longest record has %u bytes: %s",
	   world.raw, world.longest, world.wrong);
	world_done(&world);
}

/* Sends payload in an envelope. Returns its size, or 0 when it is not right. */
static size_t send_envelope(ZGFX_CONTEXT *client, struct kg_zgfx *zgfx, const uint8_t *payload, size_t size)
{
	size_t room = kg_gfx_envelope_room(size), done = 0, n;
	uint8_t *slice = malloc(room);
	struct kg_gfx_envelope envelope;
	UINT32 got_size = 0;
	BYTE *got = NULL;
	bool right;

	kg_gfx_envelope_begin(&envelope, zgfx, slice, size);
	for (; done < size; done += n) {
		n = KG_MIN(size - done, (size_t)(rnd() % 30000 + 1));
		kg_gfx_envelope_add(&envelope, payload + done, n);
	}
	n = kg_gfx_envelope_end(&envelope);
	right = n <= room && slice[0] == (size > 65535 ? 0xe1 : 0xe0) &&
		zgfx_decompress(client, slice, (UINT32)n, &got, &got_size, 0) >= 0 && got_size == size &&
		!memcmp(got, payload, size);
	free(got);
	free(slice);
	return right ? n : 0;
}

static void envelopes(void)
{
	static const size_t sizes[] = { 8, 65534, 65535, 65536, 131070, 131071, 1000000 };
	uint8_t *payload = malloc(1000000);
	ZGFX_CONTEXT *client = zgfx_context_new(FALSE);
	struct kg_zgfx *zgfx = malloc(sizeof(*zgfx));
	size_t stored = 0, compressed = 0;
	bool right = true;

	for (size_t i = 0; i < 1000000; i++)
		payload[i] = i / 10000 % 2 ? (uint8_t)rnd() : (uint8_t)(i / 50 % 5);
	for (size_t i = 0; i < KG_ARRAY_SIZE(sizes); i++) {
		size_t size = send_envelope(client, NULL, payload, sizes[i]);

		stored += size;
		right = right && size > sizes[i];
	}
	ok(right, "envelopes of 8 to 1000000 bytes hold what was put in, single up to 65535");
	kg_zgfx_init(zgfx);		// which knows nothing of what the client has
	for (size_t i = 0; right && i < KG_ARRAY_SIZE(sizes); i++) {
		size_t size = send_envelope(client, zgfx, payload, sizes[i]);

		compressed += size;
		right = size != 0;
	}
	ok(right && compressed < stored * 2 / 3, "compressed ones do so too, and are shorter (%zu bytes, %zu)", compressed, stored);
	free(zgfx);
	zgfx_context_free(client);
	free(payload);
}

static void flow(void)
{
	struct kg_flow flow = { 0 };

	kg_flow_suppress(&flow, true);
	ok(kg_flow_may_plan(&flow, true), "suppressed before the first frame: it is sent");
	ok(!kg_flow_may_plan(&flow, false), "nothing is planned while the ring is not read");
	kg_flow_sent(&flow);
	ok(!kg_flow_may_plan(&flow, true), "then suppression counts");
	kg_flow_suppress(&flow, false);
	ok(kg_flow_may_plan(&flow, true), "and ends");
	kg_flow_sent(&flow);
	ok(!kg_flow_may_plan(&flow, true), "two frames may be unacknowledged, not three");
	ok(kg_flow_acknowledged(&flow, 3, 0) == -EPROTO, "a frame that was not sent cannot be acknowledged");
	ok(kg_flow_acknowledged(&flow, 1, 0) == 0 && kg_flow_may_plan(&flow, true), "an acknowledgement lets one more");
	kg_flow_sent(&flow);
	ok(kg_flow_acknowledged(&flow, 1, 0) == 0 && !kg_flow_may_plan(&flow, true), "one that was there already does not");
	ok(kg_flow_acknowledged(&flow, 2, 0xffffffff) == 0, "the client stops acknowledging");
	for (int i = 0; i < 10; i++)
		kg_flow_sent(&flow);
	ok(kg_flow_may_plan(&flow, true), "frames go on");
	ok(kg_flow_acknowledged(&flow, 5, 7) == 0 && !kg_flow_may_plan(&flow, true), "it begins again: what it lacks counts");
	ok(kg_flow_acknowledged(&flow, 12, 7) == 0 && kg_flow_may_plan(&flow, true), "until it has caught up");
	kg_flow_sent(&flow);
	kg_flow_reset(&flow);
	ok(kg_flow_may_plan(&flow, true) && kg_flow_acknowledged(&flow, 13, 0) == 0, "after a reset nothing is awaited");
	ok(kg_flow_acknowledged(&flow, 9, 0xffffffff) == 0 && kg_flow_acknowledged(&flow, 9, 0) == 0 && kg_flow_may_plan(&flow, true),
	   "whichever frame of before it a client names when it begins to acknowledge again");
	flow.sent = flow.acknowledged = UINT32_MAX;
	ok(kg_flow_next(&flow) == 1, "numbers wrap without 0");
}

static void pointers(void)
{
	struct kg_cursor_cache cache;
	uint16_t slot;
	uint8_t shape[64 * 64 * 4] = { 0 }, small[96 * 96 * 4];
	struct kg_cursor_fit fit;
	uint64_t key;

	kg_cursor_cache_init(&cache, 2);
	ok(!kg_cursor_cache_choose(&cache, 11, &slot) && slot == 0, "a new shape gets a slot");
	ok(!kg_cursor_cache_choose(&cache, 12, &slot) && slot == 1, "the next another");
	ok(kg_cursor_cache_choose(&cache, 11, &slot) && slot == 0, "a known one is found");
	ok(!kg_cursor_cache_choose(&cache, 13, &slot) && slot == 1, "the one not shown for longest goes");
	kg_cursor_cache_init(&cache, 65535);
	for (uint64_t i = 0; i < 1000; i++)
		kg_cursor_cache_choose(&cache, i + 1, &slot);
	ok(slot < KG_CURSOR_SLOTS_MAX, "a client with many slots is not asked for all of them");

	for (int y = 10; y < 30; y++)
		memset(shape + (y * 64 + 20) * 4, 200, 12 * 4);
	fit = kg_cursor_fit(shape, 64, 64, 21, 11, 32);
	kg_cursor_fit_write(&fit, shape, 64 * 4, small);
	ok(fit.divisor == 1 && fit.width == 12 && fit.height == 20 && fit.hot_x == 1 && fit.hot_y == 1 && small[0] == 200 &&
		   small[12 * 20 * 4 - 1] == 200,
	   "a large shape that is mostly air is cut, pixel for pixel");
	fit = kg_cursor_fit(shape, 64, 64, 21, 11, 96);
	ok(fit.width == 64 && fit.height == 64 && fit.hot_x == 21, "one that fits stays as it is");
	memset(shape, 255, sizeof(shape));
	for (size_t i = 0; i < sizeof(shape); i += 8)	// every second pixel: red that is not seen
		memcpy(shape + i, (uint8_t[]){ 0, 0, 255, 0 }, 4);
	fit = kg_cursor_fit(shape, 64, 64, 63, 40, 32);
	kg_cursor_fit_write(&fit, shape, 64 * 4, small);
	ok(fit.divisor == 2 && fit.width == 32 && fit.height == 32 && fit.hot_x == 31 && fit.hot_y == 20 && small[0] == 255 &&
		   small[2] == 255 && small[3] == 128,
	   "a full one is scaled, colours by what is seen of them");
	key = kg_cursor_key(shape, 64, 64, 0, 0);
	ok(key != kg_cursor_key(shape, 64, 64, 1, 0) && key != kg_cursor_key(shape, 32, 128, 0, 0),
	   "hot spot and size are part of a shape");
}

int main(void)
{
	tap_seed_init();
	for (int i = 0; i < 4; i++)
		random_sequence(true, false);
	ok(areas[GFX_FILL] && areas[GFX_COPY] && areas[GFX_CACHE] && areas[GFX_CLEAR] && areas[GFX_PLANAR] && areas[GFX_PROGRESSIVE] &&
		   areas[GFX_REMOTEFX],
	   "every way was used: %llu pixels filled, %llu copied, %llu from the cache, %llu text, %llu planar, "
	   "%llu progressive, %llu classic",
	   (unsigned long long)areas[GFX_FILL], (unsigned long long)areas[GFX_COPY], (unsigned long long)areas[GFX_CACHE],
	   (unsigned long long)areas[GFX_CLEAR], (unsigned long long)areas[GFX_PLANAR], (unsigned long long)areas[GFX_PROGRESSIVE],
	   (unsigned long long)areas[GFX_REMOTEFX]);
	for (int i = 0; i < 4; i++)
		random_sequence(false, i % 2);
	changing_picture(true, KG_LOSSY_PROGRESSIVE);
	changing_picture(true, KG_LOSSY_CLASSIC);
	changing_picture(false, KG_LOSSY_CLASSIC);
	costs();
	neighbours();
	far_pictures(8192, 64);
	far_pictures(64, 4096);
	moves_beyond_damage();
	noise_bitmaps();
	envelopes();
	flow();
	pointers();
	ok(!kg_gfx_version_is_known(0) && !kg_gfx_version_is_known(0x000a0702), "other versions of the pipeline are not known");
	return tap_end();
}
