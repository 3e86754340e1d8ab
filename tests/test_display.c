/*
 * server/display as a whole: after any sequence of frames, resets, refreshes, sizes and acknowledgements the decoded
 * stream equals the mirror, and the mirror equals the source. FreeRDP's codecs are the oracle. Then its parts.
 */
#include "base/limits.h"
#include "server/control/gfx-version.h"
#include "server/display/bitmap-writer.h"
#include "server/display/cursor-cache.h"
#include "server/display/cursor-fit.h"
#include "server/display/flow.h"
#include "server/display/gfx-writer.h"
#include "server/display/refine.h"
#include "server/display/slice.h"
#include "tests/gfx-decode.h"
#include "tests/tap.h"

#include <freerdp/codec/planar.h>
#include <math.h>

enum { STEPS = 300 };
#define PSNR_MIN 38

/* A desktop, the pipeline under test, and a client. */
struct world {
	bool graphics;
	uint32_t width, height;
	uint32_t *picture;		// the source's; X is noise, which must not matter
	struct kg_region damage;
	struct kg_dsp dsp;
	struct kg_hash_key hash_key;
	struct kg_mirror mirror;
	struct kg_cache cache;
	struct kg_clear clear;
	struct kg_progressive_ladder ladder;
	struct kg_zgfx *zgfx;
	uint64_t now_ms;
	uint32_t flags;			// of the client's capabilities
	double worst;			// PSNR of a lossy tile
	struct kg_plan plan;
	struct kg_flow flow;
	uint16_t surface;
	uint32_t acknowledged;		// by the client
	void *scratch;
	struct gfx_decoder client;
	BITMAP_PLANAR_CONTEXT *planar;	// bitmap path
	uint8_t *screen;		// bitmap path: what the client shows
	uint64_t bytes, slices;
	uint32_t raw, longest;		// bitmap records
	char wrong[256];
};

static void world_init(struct world *world, bool graphics)
{
	*world = (struct world){ .graphics = graphics, .now_ms = 1000, .flags = 0x22, .worst = 99 };
	kg_plan_ladder_init(&world->ladder);
	world->scratch = aligned_alloc(64, (kg_plan_scratch() + 63) & ~(size_t)63);
	kg_dsp_init(&world->dsp, kg_cpu_best());
	for (size_t i = 0; i < sizeof(world->hash_key) / 4; i++)
		((uint32_t *)&world->hash_key)[i] = rnd();
	world->plan = (struct kg_plan){ .dsp = &world->dsp,
					.hash_key = &world->hash_key,
					.ladder = &world->ladder,
					.mirror = &world->mirror,
					.graphics = graphics };
	world->planar = freerdp_bitmap_planar_context_new(0, 64, 64);
	gfx_decoder_init(&world->client);
	world->zgfx = graphics && rnd() % 4 ? malloc(sizeof(*world->zgfx)) : NULL;
}

static void world_done(struct world *world)
{
	free(world->picture);
	free(world->screen);
	free(world->scratch);
	kg_mirror_done(&world->mirror);
	kg_cache_done(&world->cache);
	kg_plan_done(&world->plan);
	gfx_decoder_done(&world->client);
	free(world->zgfx);
	freerdp_bitmap_planar_context_free(world->planar);
}

static bool fail(struct world *world, const char *what)
{
	if (!*world->wrong)
		snprintf(world->wrong, sizeof(world->wrong), "%s", what);
	return false;
}

/* Messages to the client outside of frames. */
static void send_messages(struct world *world, struct kg_writer *writer)
{
	size_t size = kg_writer_size(writer);
	uint8_t *slice = malloc(kg_gfx_envelope_room(size));
	struct kg_gfx_envelope envelope;
	const char *wrong;

	kg_gfx_envelope_begin(&envelope, world->zgfx, slice, size);
	kg_gfx_envelope_add(&envelope, writer->start, size);
	wrong = gfx_decode(&world->client, slice, kg_gfx_envelope_end(&envelope));
	if (wrong)
		fail(world, wrong);
	free(slice);
}

static void set_up(struct world *world, uint32_t version)
{
	uint8_t bytes[KG_GFX_SETUP_MAX];
	struct kg_writer writer = kg_writer_of(bytes, sizeof(bytes));

	if (version) {
		gfx_decoder_advertise(&world->client, version, version == 0x000a0100 ? 0 : world->flags);
		kg_gfx_caps_confirm(&writer, version, world->flags);
		if (world->zgfx)
			kg_zgfx_init(world->zgfx);
		kg_cache_done(&world->cache);
		kg_clear_init(&world->clear, (const uint8_t *)"a key of 16 byte");
		kg_clear_reset(&world->clear);
		world->plan.clear = &world->clear;
		world->plan.cache = kg_cache_init(&world->cache, version, world->flags) < 0 ? NULL : &world->cache;
		world->plan.lossy = world->flags & 1 ? KG_LOSSY_NONE : KG_LOSSY_PROGRESSIVE;
	} else if (world->surface) {
		if (world->plan.has_context)
			kg_gfx_delete_context(&writer, world->surface, KG_PLAN_CONTEXT);
		kg_gfx_delete_surface(&writer, world->surface);
	}
	world->plan.has_context = false;
	kg_gfx_reset_graphics(&writer, world->width, world->height);
	world->plan.surface = ++world->surface;
	kg_gfx_create_surface(&writer, world->surface, world->width, world->height);
	kg_gfx_map_surface(&writer, world->surface);
	send_messages(world, &writer);
}

static void resize(struct world *world, uint32_t width, uint32_t height, uint32_t version)
{
	world->width = width;
	world->height = height;
	free(world->picture);
	world->picture = malloc((size_t)width * height * 4);
	for (size_t i = 0; i < (size_t)width * height; i++)
		world->picture[i] = rnd() << 24 | 0x102030;
	kg_region_clear(&world->damage);
	kg_region_add(&world->damage, kg_rect_of_size(width, height));
	if (kg_mirror_resize(&world->mirror, width, height) < 0)
		fail(world, "the mirror cannot be resized");
	free(world->screen);
	world->screen = calloc((size_t)width * height, 4);
	if (world->graphics)
		set_up(world, version);
}

static void draw(struct world *world)
{
	int32_t x = (int32_t)(rnd() % world->width), y = (int32_t)(rnd() % world->height);
	struct kg_rect rect = kg_rect_from(x, y, rnd() % 200 + 1, rnd() % 200 + 1);
	uint32_t how = rnd() % 4, colour = rnd();

	rect = kg_rect_intersect(rect, kg_rect_of_size(world->width, world->height));
	if (how == 3 && rnd() % 4 == 0)
		rect = kg_rect_of_size(world->width, world->height);
	for (y = rect.top; y < rect.bottom; y++) {
		for (x = rect.left; x < rect.right; x++) {
			uint32_t pixel = how == 0 ? rnd() : how == 1 ? (uint32_t)(x * 3 + y * 256 * 5) : colour;

			world->picture[(size_t)y * world->width + (size_t)x] = (pixel & 0xffffff) | rnd() << 24;
		}
	}
	kg_region_add(&world->damage, rect);
}

static bool same(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, uint32_t width, uint32_t height)
{
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++) {
			if (memcmp(a + y * a_stride + x * 4, b + y * b_stride + x * 4, 3))
				return false;
		}
	}
	return true;
}

/* In dB; 99: they are equal. */
static double tile_psnr(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, uint32_t width, uint32_t height)
{
	uint64_t sum = 0;

	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t i = 0; i < width * 4; i++) {
			int d = a[y * a_stride + i] - b[y * b_stride + i];

			sum += i % 4 == 3 ? 0 : (uint64_t)(d * d);
		}
	}
	return sum ? 10 * log10(255.0 * 255.0 * 3 * width * height / (double)sum) : 99;
}

/* ---- the client of bitmap updates ---- */

static bool decode_bitmaps(struct world *world, const uint8_t *slice, size_t size)
{
	while (size) {
		struct kg_view_bitmap bitmap;
		const uint8_t *data = slice + sizeof(bitmap);
		uint8_t *to, rows[64 * 64 * 4];

		if (size < sizeof(bitmap))
			return fail(world, "a record that is cut off");
		memcpy(&bitmap, slice, sizeof(bitmap));
		if (bitmap.length > size - sizeof(bitmap) || bitmap.length > KG_BITMAP_DATA_MAX)
			return fail(world, "a record that is too long");
		if (!bitmap.width || !bitmap.height || bitmap.left + bitmap.width > world->width ||
		    bitmap.top + bitmap.height > world->height || bitmap.data_width != (bitmap.width + 3) / 4 * 4 || bitmap.zero)
			return fail(world, "a record that does not lie on the screen");
		to = world->screen + ((size_t)bitmap.top * world->width + bitmap.left) * 4;
		world->raw += !bitmap.compressed;
		world->longest = KG_MAX(world->longest, bitmap.length);
		if (bitmap.compressed) {
			if (data[0] != 0x10)	// rdesktop takes no other
				return fail(world, "planar without run lengths and alpha plane");
			if (!freerdp_bitmap_planar_context_reset(world->planar, bitmap.data_width, bitmap.height) ||
			    !planar_decompress(world->planar, data, bitmap.length, bitmap.data_width,
							      bitmap.height, rows, PIXEL_FORMAT_BGRX32,
							      bitmap.data_width * 4u, 0, 0, bitmap.data_width, bitmap.height,
							      TRUE))
				return fail(world, "a record that cannot be decoded");
		} else {
			if (bitmap.length != bitmap.data_width * bitmap.height * 4u)
				return fail(world, "a raw record of another length");
			for (uint32_t y = 0; y < bitmap.height; y++)
				memcpy(rows + (size_t)y * bitmap.data_width * 4,
				       data + (size_t)(bitmap.height - 1 - y) * bitmap.data_width * 4, bitmap.data_width * 4u);
		}
		for (uint32_t y = 0; y < bitmap.height; y++)
			memcpy(to + (size_t)y * world->width * 4, rows + (size_t)y * bitmap.data_width * 4, bitmap.width * 4u);
		slice += sizeof(bitmap) + bitmap.length;
		size -= sizeof(bitmap) + bitmap.length;
	}
	return true;
}

/* ---- the way of a frame ---- */

static bool send_slices(struct world *world)
{
	struct kg_slicer slicer;
	bool last = false;

	kg_slicer_begin(&slicer, &world->plan, kg_flow_next(&world->flow), 86399999 + (uint64_t)rnd());
	while (!kg_slicer_finished(&slicer)) {
		size_t size = kg_slicer_next(&slicer, &last);
		uint8_t *slice = malloc(size);
		const char *wrong = NULL;

		if (size > KG_SLICE_SIZE_MAX || kg_slicer_next(&slicer, &last) != size)
			return fail(world, "a slice too long");
		size = kg_slicer_write(&slicer, world->zgfx, slice);
		if (world->graphics)
			wrong = gfx_decode(&world->client, slice, size);
		else
			decode_bitmaps(world, slice, size);
		free(slice);
		if (wrong)
			return fail(world, wrong);
		world->bytes += size;
		world->slices++;
		if (last != kg_slicer_finished(&slicer))
			return fail(world, "a slice that is wrong about being the last");
	}
	kg_flow_sent(&world->flow);
	return true;
}

/* What the client shows against the mirror, tile by tile: exactly, or nearly. */
static void compare(struct world *world, const uint8_t *shown)
{
	const struct kg_mirror *mirror = &world->mirror;

	for (uint32_t i = 0; i < mirror->columns * mirror->rows; i++) {
		struct kg_rect rect = kg_mirror_tile(mirror, i % mirror->columns, i / mirror->columns);
		const uint8_t *a = kg_mirror_at(mirror, rect), *b = shown + ((size_t)rect.top * world->width + (size_t)rect.left) * 4;
		uint32_t width = kg_rect_width(rect), height = kg_rect_height(rect);
		double psnr = tile_psnr(a, mirror->stride, b, (size_t)world->width * 4, width, height);

		if (mirror->states[i] == KG_TILE_EXACT && psnr < 99)
			fail(world, "a tile that the client should have exactly differs");
		if (mirror->states[i] == KG_TILE_UNKNOWN)
			fail(world, "the mirror does not know all");
		world->worst = KG_MIN(world->worst, psnr);
		if (psnr < PSNR_MIN)
			fail(world, "a tile that the client should have nearly is far off");
	}
}

/* Plans, encodes and decodes one frame. Returns its bytes of pieces. */
static size_t frame(struct world *world)
{
	struct kg_image image = { (const uint8_t *)world->picture, world->width, world->height, (size_t)world->width * 4 };
	int jobs = kg_plan_begin(&world->plan, &image, &world->damage, world->now_ms);
	const uint8_t *shown = world->graphics ? world->client.output : world->screen;
	size_t size;

	kg_region_clear(&world->damage);
	for (; jobs > 0; jobs = kg_plan_next(&world->plan)) {
		for (int i = jobs; i-- > 0;)	// in whatever order
			kg_plan_job(&world->plan, (uint32_t)i, world->scratch);
	}
	size = kg_plan_size(&world->plan);
	if (size)
		send_slices(world);
	kg_plan_end(&world->plan);
	compare(world, shown);
	if (!same(world->mirror.pixels, world->mirror.stride, image.pixels, image.stride, world->width, world->height))
		fail(world, "the mirror is not the source");
	return size;
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

static void step(struct world *world)
{
	struct kg_rect rect;

	switch (rnd() % 16) {
	case 0:
		resize(world, rnd() % 300 + 1, rnd() % 300 + 1, 0);
		break;
	case 1:
		kg_mirror_forget(&world->mirror);
		if (world->graphics) {
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

/* All that is lossy stands still until it is exact. */
static void wait_for_exactness(struct world *world)
{
	for (int i = 0; kg_refine_due(&world->mirror) != KG_REFINE_NEVER && i < 20; i++) {
		world->now_ms = KG_MAX(world->now_ms, kg_refine_due(&world->mirror));
		frame(world);
		kg_flow_reset(&world->flow);
		world->acknowledged = world->flow.sent;
	}
	if (kg_refine_due(&world->mirror) != KG_REFINE_NEVER)
		fail(world, "what is lossy stays lossy");
}

static void random_sequence(bool graphics)
{
	struct world world;
	uint64_t seed = tap_seed;

	world_init(&world, graphics);
	resize(&world, rnd() % 300 + 1, rnd() % 300 + 1, 0x000a0701);
	for (int i = 0; i < STEPS && !*world.wrong; i++)
		step(&world);
	if (!*world.wrong)
		wait_for_exactness(&world);
	ok(!*world.wrong && world.slices > 10,
	   "%s: decoded = mirror = source over %u frames, %llu bytes, at least %.1f dB (from seed %llu) %s",
	   graphics ? "graphics" : "bitmaps", world.flow.sent, (unsigned long long)world.bytes, world.worst,
	   (unsigned long long)seed, world.wrong);
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

/* Noise of every size of a tile: raw where that is smaller, never longer than a record may be. */
static void noise_bitmaps(void)
{
	struct world world;
	uint32_t width, height;

	world_init(&world, false);
	for (uint32_t i = 0; i < 64 && !*world.wrong; i++) {
		width = i == 0 ? 64 : rnd() % 64 + 1;
		height = i == 0 ? 64 : rnd() % 8 + 1;
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
		random_sequence(true);
	for (int i = 0; i < 2; i++)
		random_sequence(false);
	costs();
	neighbours();
	noise_bitmaps();
	envelopes();
	flow();
	pointers();
	ok(!kg_gfx_version_is_known(0) && !kg_gfx_version_is_known(0x000a0702), "other versions of the pipeline are not known");
	return tap_end();
}
