/*
 * For tests of server/display as a whole: a desktop, the pipeline, and a client that decodes with FreeRDP's codecs. After each
 * frame what the client shows is compared with the mirror, and the mirror with the desktop.
 */
#pragma once

#include "base/limits.h"
#include "server/control/gfx-version.h"
#include "server/display/bitmap-writer.h"
#include "server/display/flow.h"
#include "server/display/gfx-writer.h"
#include "server/display/refine.h"
#include "server/display/slice.h"
#include "tests/gfx-codecs.h"
#include "tests/gfx-decode.h"
#include "tests/tap.h"

#include <freerdp/codec/planar.h>
#include <math.h>

#define PSNR_MIN 38

/* A desktop, the pipeline under test, and a client. */
struct world {
	bool graphics;
	uint32_t width, height;
	uint32_t *picture;		// the source's; X is noise, which must not matter
	uint32_t *kept;			// one of before, or NULL
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
	uint32_t surfaces;		// surface records
	char wrong[256];
};

static inline void world_init(struct world *world, bool graphics)
{
	*world = (struct world){ .graphics = graphics, .now_ms = 1000, .flags = 0x20 | KG_GFX_SMALL_CACHE, .worst = 99 };
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

static inline void world_done(struct world *world)
{
	free(world->picture);
	free(world->kept);
	free(world->screen);
	free(world->scratch);
	kg_mirror_done(&world->mirror);
	kg_cache_done(&world->cache);
	kg_plan_done(&world->plan);
	gfx_decoder_done(&world->client);
	free(world->zgfx);
	freerdp_bitmap_planar_context_free(world->planar);
}

static inline bool fail(struct world *world, const char *what)
{
	if (!*world->wrong)
		snprintf(world->wrong, sizeof(world->wrong), "%s", what);
	return false;
}

/* Messages to the client outside of frames. */
static inline void send_messages(struct world *world, struct kg_writer *writer)
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

static inline void set_up(struct world *world, uint32_t version)
{
	uint8_t bytes[KG_GFX_SETUP_MAX];
	struct kg_writer writer = kg_writer_of(bytes, sizeof(bytes));

	if (version) {
		gfx_decoder_advertise(&world->client, version, version == KG_GFX_VERSION_101 ? 0 : world->flags);
		kg_gfx_caps_confirm(&writer, version, world->flags);
		if (world->zgfx)
			kg_zgfx_init(world->zgfx);
		kg_cache_done(&world->cache);
		kg_clear_init(&world->clear, (const uint8_t *)"a key of 16 byte");
		kg_clear_reset(&world->clear);
		world->plan.clear = &world->clear;
		world->plan.cache = kg_cache_init(&world->cache, version, world->flags) < 0 ? NULL : &world->cache;
		world->plan.lossy = world->flags & KG_GFX_THIN_CLIENT ? KG_LOSSY_CLASSIC : KG_LOSSY_PROGRESSIVE;
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

static inline void resize(struct world *world, uint32_t width, uint32_t height, uint32_t version)
{
	world->width = width;
	world->height = height;
	free(world->picture);
	free(world->kept);
	world->kept = NULL;
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

static inline bool same(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, uint32_t width, uint32_t height)
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
static inline double tile_psnr(const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, uint32_t width, uint32_t height)
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

/* ---- the client without graphics: bitmap updates, and surfaces ---- */

static inline bool decode_bitmaps(struct world *world, const uint8_t *slice, size_t size)
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

static inline bool decode_surfaces(struct world *world, const uint8_t *slice, size_t size)
{
	while (size) {
		struct kg_view_surface surface;
		struct kg_rect rect;

		if (size < sizeof(surface))
			return fail(world, "a record that is cut off");
		memcpy(&surface, slice, sizeof(surface));
		rect = kg_rect_from(surface.left, surface.top, surface.width, surface.height);
		if (surface.length > size - sizeof(surface) || surface.length > world->plan.message_max)
			return fail(world, "a record that is too long");
		if (kg_rect_empty(rect) || rect.right > (int32_t)world->width || rect.bottom > (int32_t)world->height)
			return fail(world, "a record that does not lie on the screen");
		if (!gfx_decode_remotefx(world->client.codecs, slice + sizeof(surface), surface.length, rect, world->screen,
					 world->width, world->height))
			return fail(world, "a record that cannot be decoded");
		world->surfaces++;
		slice += sizeof(surface) + surface.length;
		size -= sizeof(surface) + surface.length;
	}
	return true;
}

/* ---- the way of a frame ---- */

static inline bool send_slices(struct world *world)
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
		else if (slicer.kind == KG_SLICE_SURFACES)
			decode_surfaces(world, slice, size);
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
static inline void compare(struct world *world, const uint8_t *shown)
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

/*
 * Plans, encodes and decodes one frame, and compares what the client shows with the mirror. before_job, or NULL: may change
 * the picture. Returns the bytes of pieces.
 */
static inline size_t changing_frame(struct world *world, void (*before_job)(struct world *world))
{
	struct kg_image image = { (const uint8_t *)world->picture, world->width, world->height, (size_t)world->width * 4 };
	int jobs = kg_plan_begin(&world->plan, &image, &world->damage, world->now_ms);
	size_t size;

	kg_region_clear(&world->damage);
	for (; jobs > 0; jobs = kg_plan_next(&world->plan)) {
		for (int i = jobs; i-- > 0;) {	// in whatever order
			if (before_job)
				before_job(world);
			kg_plan_job(&world->plan, (uint32_t)i, world->scratch);
		}
	}
	size = kg_plan_size(&world->plan);
	if (size)
		send_slices(world);
	kg_plan_end(&world->plan);
	compare(world, world->graphics ? world->client.output : world->screen);
	return size;
}

/* The same of a picture that stands still: the mirror has it then. */
static inline size_t frame(struct world *world)
{
	struct kg_image image = { (const uint8_t *)world->picture, world->width, world->height, (size_t)world->width * 4 };
	size_t size = changing_frame(world, NULL);

	if (!same(world->mirror.pixels, world->mirror.stride, image.pixels, image.stride, world->width, world->height))
		fail(world, "the mirror is not the source");
	return size;
}

/* All that is lossy stands still until it is exact. */
static inline void wait_for_exactness(struct world *world)
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
