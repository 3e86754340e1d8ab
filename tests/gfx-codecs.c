/* A strict client of the graphics pipeline: its decoders, which are FreeRDP's, and its bitmap cache. */
#include "tests/gfx-codecs.h"

#include "base/reader.h"

#include <freerdp/codec/clear.h>
#include <freerdp/codec/planar.h>
#include <freerdp/codec/progressive.h>
#include <freerdp/codec/rfx.h>
#include <freerdp/settings.h>

#define SLOTS 25600
#define TILE 64

struct entry {
	uint64_t key;
	struct kg_rect size;
	uint8_t *pixels;
};

struct gfx_codecs {
	BITMAP_PLANAR_CONTEXT *planar;
	CLEAR_CONTEXT *clear;
	PROGRESSIVE_CONTEXT *progressive;
	RFX_CONTEXT *remotefx;
	uint32_t clear_messages;	// since the client advertised
	uint32_t advertised;		// times
	uint32_t slots;			// that may be used
	uint64_t bytes, bytes_max;	// of the cache
	struct entry entries[SLOTS + 1];
};

/* Decoders run in this thread: tests count wake-ups and use fork(). */
struct gfx_codecs *gfx_codecs_new(void)
{
	struct gfx_codecs *codecs = calloc(1, sizeof(*codecs));

	if (!codecs)
		return NULL;
	codecs->planar = freerdp_bitmap_planar_context_new(0, 64, 64);
	codecs->clear = clear_context_new(FALSE);
	codecs->progressive = progressive_context_new_ex(FALSE, THREADING_FLAGS_DISABLE_THREADS);
	codecs->remotefx = rfx_context_new_ex(FALSE, THREADING_FLAGS_DISABLE_THREADS);
	if (codecs->planar && codecs->clear && codecs->progressive && codecs->remotefx)
		return codecs;
	gfx_codecs_free(codecs);
	return NULL;
}

static void cache_clear(struct gfx_codecs *codecs)
{
	for (size_t i = 0; i <= SLOTS; i++) {
		free(codecs->entries[i].pixels);
		codecs->entries[i] = (struct entry){ 0 };
	}
	codecs->bytes = 0;
}

void gfx_codecs_free(struct gfx_codecs *codecs)
{
	if (!codecs)
		return;
	cache_clear(codecs);
	freerdp_bitmap_planar_context_free(codecs->planar);
	clear_context_free(codecs->clear);
	progressive_context_free(codecs->progressive);
	rfx_context_free(codecs->remotefx);
	free(codecs);
}

/* ClearCodec's caches stay filled, as FreeRDP's do: the server has to say that it begins anew. */
void gfx_codecs_reset(struct gfx_codecs *codecs)
{
	cache_clear(codecs);
	clear_context_reset(codecs->clear);
	progressive_context_reset(codecs->progressive);
	codecs->clear_messages = 0;
	codecs->advertised++;
	codecs->slots = 0;
}

bool gfx_is_thin(const struct gfx_decoder *decoder)
{
	return decoder->flags & 1;
}

void gfx_count(struct gfx_decoder *decoder, unsigned way, struct kg_rect rect, uint32_t bytes)
{
	decoder->area[way] += (uint64_t)kg_rect_width(rect) * kg_rect_height(rect);
	decoder->bytes[way] += bytes;
}

/* ---- WireToSurface1 ---- */

static bool uncompressed(struct gfx_surface *surface, struct kg_rect rect, const uint8_t *data, uint32_t size)
{
	size_t row = (size_t)kg_rect_width(rect) * 4;

	if (size != row * kg_rect_height(rect))
		return false;
	for (int32_t y = rect.top; y < rect.bottom; y++, data += row)
		memcpy(surface->pixels + ((size_t)y * surface->width + (size_t)rect.left) * 4, data, row);
	return true;
}

static bool planar(struct gfx_codecs *codecs, struct gfx_surface *surface, struct kg_rect rect, const uint8_t *data,
		   uint32_t size)
{
	uint32_t width = kg_rect_width(rect), height = kg_rect_height(rect);

	/* No alpha on a surface without it; no subsampled colours. */
	if (!size || (data[0] & ~0x10u) != 0x20)
		return false;
	return freerdp_bitmap_planar_context_reset(codecs->planar, width, height) &&
	       planar_decompress(codecs->planar, data, size, width, height, surface->pixels, PIXEL_FORMAT_BGRX32,
				 surface->width * 4, (UINT32)rect.left, (UINT32)rect.top, width, height, FALSE);
}

/* One sequence of numbers for the whole connection (2.2.4.1), which FreeRDP forgives at its beginning. */
static bool clear(struct gfx_decoder *decoder, struct gfx_surface *surface, struct kg_rect rect, const uint8_t *data,
		  uint32_t size)
{
	struct gfx_codecs *codecs = decoder->codecs;
	bool first = codecs->clear_messages == 0;

	if (size < 2 || data[1] != (uint8_t)codecs->clear_messages++)
		return gfx_wrong(decoder, "ClearCodec out of sequence");
	if (first && codecs->advertised > 1 && !(data[0] & 4))
		return gfx_wrong(decoder, "ClearCodec that does not begin anew");
	return clear_decompress(codecs->clear, data, size, kg_rect_width(rect), kg_rect_height(rect), surface->pixels,
				PIXEL_FORMAT_BGRX32, surface->width * 4, (UINT32)rect.left, (UINT32)rect.top,
				surface->width, surface->height, NULL) == 0;
}

static bool within(REGION16 *region, struct kg_rect rect)
{
	const RECTANGLE_16 *extents = region16_extents(region);

	return region16_is_empty(region) ||
	       (extents->left >= rect.left && extents->top >= rect.top && extents->right <= rect.right &&
		extents->bottom <= rect.bottom);
}

/* The channel of a message that begins with all headers: the rectangle, and no larger than the first clients take. */
static bool channel_is(const uint8_t *data, uint32_t size, struct kg_rect rect)
{
	struct kg_reader reader = kg_reader_of(data, size);
	uint16_t width, height;

	kg_read_skip(&reader, 30);	// TS_RFX_SYNC, TS_RFX_CODEC_VERSIONS, the head of TS_RFX_CHANNELS
	width = kg_read_u16(&reader);
	height = kg_read_u16(&reader);
	return kg_reader_ok(&reader) && width == kg_rect_width(rect) && height == kg_rect_height(rect) && width <= 4096 &&
	       height <= 2048;
}

bool gfx_decode_remotefx(struct gfx_codecs *codecs, const uint8_t *data, uint32_t size, struct kg_rect rect, uint8_t *pixels,
			 uint32_t width, uint32_t height)
{
	REGION16 drawn;
	bool right;

	region16_init(&drawn);
	rfx_context_set_pixel_format(codecs->remotefx, PIXEL_FORMAT_BGRX32);
	right = channel_is(data, size, rect) &&
		rfx_process_message(codecs->remotefx, data, size, (UINT32)rect.left, (UINT32)rect.top, pixels,
				    PIXEL_FORMAT_BGRX32, width * 4, height, &drawn);
	right = right && within(&drawn, rect);
	region16_uninit(&drawn);
	return right;
}

bool gfx_decode_picture(struct gfx_decoder *decoder, struct gfx_surface *surface, uint16_t codec, struct kg_rect rect,
			const uint8_t *data, uint32_t size)
{
	struct gfx_codecs *codecs = decoder->codecs;

	if (codec >= GFX_FILL)
		return false;
	gfx_count(decoder, codec, rect, size);
	switch (codec) {
	case GFX_UNCOMPRESSED:
		return uncompressed(surface, rect, data, size);
	case GFX_REMOTEFX:
		return gfx_decode_remotefx(codecs, data, size, rect, surface->pixels, surface->width, surface->height);
	case GFX_CLEAR:
		return clear(decoder, surface, rect, data, size);
	case GFX_PLANAR:
		return planar(codecs, surface, rect, data, size);
	default:
		return false;
	}
}

/* ---- progressive ([MS-RDPEGFX] 2.2.4.2), checked before FreeRDP decodes it ---- */

enum { SYNC = 0xccc0, FRAME_BEGIN, FRAME_END, CONTEXT, REGION, TILE_SIMPLE, TILE_FIRST, TILE_UPGRADE };

static bool check_tile(struct gfx_decoder *decoder, const struct gfx_surface *surface, struct kg_reader *tiles,
		       uint8_t quants, uint8_t *seen)
{
	uint32_t columns = (surface->width + TILE - 1) / TILE, rows = (surface->height + TILE - 1) / TILE;
	uint16_t type = kg_read_u16(tiles), x, y;
	uint32_t size = kg_read_u32(tiles), lengths = 0;
	struct kg_reader tile = size < 6 ? kg_reader_of("", 0) : kg_read_part(tiles, size - 6);

	if (type != TILE_SIMPLE && type != TILE_FIRST && type != TILE_UPGRADE)
		return gfx_wrong(decoder, "progressive: a tile of type 0x%x", type);
	for (int i = 0; i < 3; i++) {
		if (kg_read_u8(&tile) >= quants)
			return gfx_wrong(decoder, "progressive: a tile without its quantiser");
	}
	x = kg_read_u16(&tile);
	y = kg_read_u16(&tile);
	if (!kg_reader_ok(&tile) || x >= columns || y >= rows)
		return gfx_wrong(decoder, "progressive: a tile at %u, %u of %u x %u", x, y, columns, rows);
	if (seen[y * columns + x]++)
		return gfx_wrong(decoder, "progressive: two passes of a tile in one region");
	kg_read_skip(&tile, type == TILE_FIRST ? 2 : 1);
	for (int i = 0; i < (type == TILE_UPGRADE ? 6 : 3); i++)
		lengths += kg_read_u16(&tile);
	if (type != TILE_UPGRADE && kg_read_u16(&tile))
		return gfx_wrong(decoder, "progressive: a tile with tail data");
	if (!kg_reader_ok(&tile) || kg_reader_left(&tile) != lengths)
		return gfx_wrong(decoder, "progressive: a tile of %zu bytes for %u", kg_reader_left(&tile), lengths);
	return true;
}

/* Each rectangle lies on the surface and on tiles of this region. */
static bool check_rects(struct gfx_decoder *decoder, const struct gfx_surface *surface, struct kg_reader *rects,
			const uint8_t *seen, uint32_t size)
{
	uint32_t columns = (surface->width + TILE - 1) / TILE;

	while (kg_reader_left(rects)) {
		uint32_t left = kg_read_u16(rects), top = kg_read_u16(rects);
		uint32_t right = left + kg_read_u16(rects), bottom = top + kg_read_u16(rects);

		if (left == right || top == bottom || right > surface->width || bottom > surface->height)
			return gfx_wrong(decoder, "progressive: a rectangle that is empty or outside");
		for (uint32_t y = top / TILE; y <= (bottom - 1) / TILE; y++) {
			for (uint32_t x = left / TILE; x <= (right - 1) / TILE; x++) {
				if (!seen[y * columns + x])
					return gfx_wrong(decoder, "progressive: a rectangle without its tile");
			}
		}
		gfx_count(decoder, GFX_PROGRESSIVE,
			  (struct kg_rect){ (int32_t)left, (int32_t)top, (int32_t)right, (int32_t)bottom }, 0);
	}
	decoder->bytes[GFX_PROGRESSIVE] += size;
	return true;
}

static bool check_region(struct gfx_decoder *decoder, const struct gfx_surface *surface, struct kg_reader *body)
{
	uint32_t columns = (surface->width + TILE - 1) / TILE, rows = (surface->height + TILE - 1) / TILE;
	uint32_t all = (uint32_t)kg_reader_left(body);
	uint8_t tile_size = kg_read_u8(body);
	uint16_t rect_count = kg_read_u16(body);
	uint8_t quants = kg_read_u8(body), ladders = kg_read_u8(body), flags = kg_read_u8(body);
	uint16_t tile_count = kg_read_u16(body);
	uint32_t size = kg_read_u32(body);
	struct kg_reader rects = kg_read_part(body, (size_t)rect_count * 8);
	struct kg_reader quantisers = kg_read_part(body, (size_t)quants * 5);
	uint8_t *seen = calloc(columns, rows);
	bool right = true;

	kg_read_skip(body, (size_t)ladders * 16);
	if (!kg_reader_ok(body) || tile_size != TILE || !rect_count || quants > 7 || flags > 1 || kg_reader_left(body) != size)
		right = gfx_wrong(decoder, "progressive: a region of %u rectangles, %u quantisers, %u bytes", rect_count,
				  quants, size);
	while (right && kg_reader_left(&quantisers)) {
		uint8_t pair = kg_read_u8(&quantisers);

		if ((pair & 15) < 6 || pair >> 4 < 6)	// FreeRDP takes no smaller ones
			right = gfx_wrong(decoder, "progressive: a quantiser 0x%x", pair);
	}
	for (uint32_t i = 0; i < tile_count && right; i++)
		right = check_tile(decoder, surface, body, quants, seen);
	if (right && kg_reader_left(body))
		right = gfx_wrong(decoder, "progressive: %zu bytes behind the last tile", kg_reader_left(body));
	right = right && check_rects(decoder, surface, &rects, seen, all);
	free(seen);
	return right;
}

/* [SYNC] [CONTEXT] FRAME_BEGIN REGION FRAME_END: what every decoder takes, one region in each message. */
static bool check_blocks(struct gfx_decoder *decoder, const struct gfx_surface *surface, const uint8_t *data, uint32_t size)
{
	struct kg_reader reader = kg_reader_of(data, size);
	unsigned step = 0;	// what was last

	while (kg_reader_left(&reader)) {
		static const uint16_t order[] = { 0, SYNC, CONTEXT, FRAME_BEGIN, REGION, FRAME_END };
		uint16_t type = kg_read_u16(&reader);
		uint32_t length = kg_read_u32(&reader);
		struct kg_reader body = length < 6 ? kg_reader_of("", 0) : kg_read_part(&reader, length - 6);
		unsigned now = 1;

		while (now < KG_ARRAY_SIZE(order) && order[now] != type)
			now++;
		if (!kg_reader_ok(&reader) || length < 6 || now == KG_ARRAY_SIZE(order) || now <= step ||
		    (now > 3 && now != step + 1))
			return gfx_wrong(decoder, "progressive: a block 0x%x of %u bytes out of place", type, length);
		step = now;
		if (type == REGION && !check_region(decoder, surface, &body))
			return false;
	}
	return step == 5 || gfx_wrong(decoder, "progressive without an end");
}

bool gfx_decode_progressive(struct gfx_decoder *decoder, struct gfx_surface *surface, const uint8_t *data, uint32_t size)
{
	PROGRESSIVE_CONTEXT *progressive = decoder->codecs->progressive;
	REGION16 drawn;
	bool right;

	if (!data || !check_blocks(decoder, surface, data, size))
		return gfx_wrong(decoder, "no progressive data");
	region16_init(&drawn);
	right = progressive_create_surface_context(progressive, surface->id, surface->width, surface->height) >= 0 &&
		progressive_decompress(progressive, data, size, surface->pixels, PIXEL_FORMAT_BGRX32, surface->width * 4,
				       0, 0, &drawn, surface->id, decoder->frame) >= 0;
	region16_uninit(&drawn);
	return right;
}

void gfx_forget_context(struct gfx_decoder *decoder, const struct gfx_surface *surface)
{
	progressive_delete_surface_context(decoder->codecs->progressive, surface->id);
}

/* ---- the bitmap cache (3.3.1.4) ---- */

void gfx_cache_limit(struct gfx_codecs *codecs, uint32_t version, uint32_t flags)
{
	bool small = version == 0x000a0301 || (flags & 3);

	codecs->slots = small ? 4096 : SLOTS;
	codecs->bytes_max = small ? 16000000 : 100000000;
}

static struct entry *entry_of(const struct gfx_decoder *decoder, uint16_t slot)
{
	struct gfx_codecs *codecs = decoder->codecs;

	return slot && slot <= codecs->slots ? &codecs->entries[slot] : NULL;
}

bool gfx_cache_store(struct gfx_decoder *decoder, const struct gfx_surface *surface, uint64_t key, uint16_t slot,
		     struct kg_rect rect)
{
	struct gfx_codecs *codecs = decoder->codecs;
	struct entry *entry = entry_of(decoder, slot);
	size_t row = (size_t)kg_rect_width(rect) * 4, size = row * kg_rect_height(rect);

	if (!entry || entry->pixels)
		return gfx_wrong(decoder, "SurfaceToCache into slot %u, which is %s", slot, entry ? "full" : "not there");
	codecs->bytes += size;
	if (codecs->bytes > codecs->bytes_max)
		return gfx_wrong(decoder, "SurfaceToCache of more than the cache holds");
	entry->key = key;
	entry->size = kg_rect_of_size(kg_rect_width(rect), kg_rect_height(rect));
	entry->pixels = malloc(size);
	for (uint32_t y = 0; entry->pixels && y < kg_rect_height(rect); y++)
		memcpy(entry->pixels + y * row,
		       surface->pixels + (((size_t)rect.top + y) * surface->width + (size_t)rect.left) * 4, row);
	return entry->pixels || gfx_wrong(decoder, "no memory");
}

bool gfx_cache_size(const struct gfx_decoder *decoder, uint16_t slot, struct kg_rect *ret)
{
	const struct entry *entry = entry_of(decoder, slot);

	if (!entry || !entry->pixels)
		return false;
	*ret = entry->size;
	return true;
}

void gfx_cache_draw(const struct gfx_decoder *decoder, struct gfx_surface *surface, uint16_t slot, struct kg_rect to)
{
	const struct entry *entry = entry_of(decoder, slot);
	size_t row = (size_t)kg_rect_width(to) * 4;

	for (uint32_t y = 0; y < kg_rect_height(to); y++)
		memcpy(surface->pixels + (((size_t)to.top + y) * surface->width + (size_t)to.left) * 4,
		       entry->pixels + y * row, row);
}

bool gfx_cache_evict(struct gfx_decoder *decoder, uint16_t slot)
{
	struct entry *entry = entry_of(decoder, slot);

	if (!entry || !entry->pixels)
		return false;
	decoder->codecs->bytes -= (uint64_t)kg_rect_width(entry->size) * kg_rect_height(entry->size) * 4;
	free(entry->pixels);
	*entry = (struct entry){ 0 };
	return true;
}
