/* A strict client of the graphics pipeline: messages and their order. */
#include "tests/gfx-decode.h"

#include "base/reader.h"
#include "base/rect.h"
#include "tests/gfx-codecs.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	WIRE_TO_SURFACE_1 = 1,
	WIRE_TO_SURFACE_2 = 2,
	DELETE_ENCODING_CONTEXT = 3,
	SOLID_FILL = 4,
	SURFACE_TO_SURFACE = 5,
	SURFACE_TO_CACHE = 6,
	CACHE_TO_SURFACE = 7,
	EVICT_CACHE_ENTRY = 8,
	CREATE_SURFACE = 9,
	DELETE_SURFACE = 10,
	START_FRAME = 11,
	END_FRAME = 12,
	RESET_GRAPHICS = 14,
	MAP_SURFACE_TO_OUTPUT = 15,
	CACHE_IMPORT_REPLY = 17,
	CAPS_CONFIRM = 19,
};

enum { XRGB = 0x20 };
enum { SINGLE = 0xe0, MULTIPART = 0xe1, SEGMENT_MAX = 65535 };

bool gfx_wrong(struct gfx_decoder *decoder, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (!*decoder->wrong)
		vsnprintf(decoder->wrong, sizeof(decoder->wrong), format, ap);
	va_end(ap);
	return false;
}

int gfx_decoder_init(struct gfx_decoder *decoder)
{
	*decoder = (struct gfx_decoder){ .zgfx = zgfx_context_new(FALSE), .codecs = gfx_codecs_new() };
	if (decoder->zgfx && decoder->codecs)
		return 0;
	gfx_decoder_done(decoder);
	return -ENOMEM;
}

static void drop_surfaces(struct gfx_decoder *decoder)
{
	for (size_t i = 0; i < GFX_SURFACES; i++) {
		free(decoder->surfaces[i].pixels);
		decoder->surfaces[i] = (struct gfx_surface){ 0 };
	}
}

void gfx_decoder_done(struct gfx_decoder *decoder)
{
	drop_surfaces(decoder);
	free(decoder->output);
	zgfx_context_free(decoder->zgfx);
	gfx_codecs_free(decoder->codecs);
	*decoder = (struct gfx_decoder){ 0 };
}

void gfx_decoder_advertise(struct gfx_decoder *decoder, uint32_t version, uint32_t flags)
{
	drop_surfaces(decoder);
	gfx_codecs_reset(decoder->codecs);
	decoder->asked++;
	decoder->asked_version = version;
	decoder->asked_flags = flags;
	decoder->version = 0;
	decoder->reset = decoder->in_frame = false;
}

static struct gfx_surface *find(struct gfx_decoder *decoder, uint16_t id)
{
	for (size_t i = 0; i < GFX_SURFACES; i++) {
		if (decoder->surfaces[i].used && decoder->surfaces[i].id == id)
			return &decoder->surfaces[i];
	}
	return NULL;
}

static struct kg_rect read_rect(struct kg_reader *reader)
{
	struct kg_rect rect;

	rect.left = kg_read_u16(reader);
	rect.top = kg_read_u16(reader);
	rect.right = kg_read_u16(reader);
	rect.bottom = kg_read_u16(reader);
	return rect;
}

static bool inside(struct kg_rect rect, const struct gfx_surface *surface)
{
	return !kg_rect_empty(rect) && rect.right <= (int32_t)surface->width && rect.bottom <= (int32_t)surface->height;
}

/* ---- messages ---- */

static bool caps_confirm(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint32_t version = kg_read_u32(reader), size = kg_read_u32(reader);

	if (!decoder->asked)
		return gfx_wrong(decoder, "CapsConfirm that was not asked for");
	decoder->asked--;
	if (decoder->asked) {		// the answer to an earlier one
		decoder->confirms++;
		kg_read_skip(reader, kg_reader_left(reader));
		return true;
	}
	if (version != decoder->asked_version)
		return gfx_wrong(decoder, "CapsConfirm of 0x%x instead of 0x%x", version, decoder->asked_version);
	if (size != (version == 0x000a0100 ? 16 : 4) || kg_reader_left(reader) != size)
		return gfx_wrong(decoder, "CapsConfirm with %u bytes of data", size);
	decoder->flags = size == 4 ? kg_read_u32(reader) : 0;
	if (decoder->flags != (size == 4 ? decoder->asked_flags : 0))
		return gfx_wrong(decoder, "CapsConfirm with other flags");
	while (kg_reader_left(reader)) {
		if (kg_read_u8(reader))
			return gfx_wrong(decoder, "CapsConfirm of 10.1 with data");
	}
	decoder->version = version;
	decoder->confirms++;
	gfx_cache_limit(decoder->codecs, version, decoder->flags);
	return true;
}

static bool reset_graphics(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint32_t width = kg_read_u32(reader), height = kg_read_u32(reader), monitors = kg_read_u32(reader);

	if (decoder->in_frame)
		return gfx_wrong(decoder, "ResetGraphics in a frame");
	for (size_t i = 0; i < GFX_SURFACES; i++) {
		if (decoder->surfaces[i].used)
			return gfx_wrong(decoder, "ResetGraphics while surface %u lives", decoder->surfaces[i].id);
	}
	if (!width || !height || width > 32766 || height > 32766 || monitors != 1)
		return gfx_wrong(decoder, "ResetGraphics to %u x %u with %u monitors", width, height, monitors);
	if (kg_reader_left(reader) != 340 - 20)
		return gfx_wrong(decoder, "ResetGraphics that is not 340 bytes");
	if (kg_read_u32(reader) || kg_read_u32(reader) || kg_read_u32(reader) != width - 1 ||
	    kg_read_u32(reader) != height - 1 || kg_read_u32(reader) != 1)
		return gfx_wrong(decoder, "ResetGraphics with a monitor that is not the desktop");
	while (kg_reader_left(reader)) {
		if (kg_read_u8(reader))
			return gfx_wrong(decoder, "ResetGraphics with rubbish in its padding");
	}
	free(decoder->output);
	decoder->output = calloc((size_t)width * height, 4);
	if (!decoder->output)
		return gfx_wrong(decoder, "no memory");
	decoder->width = width;
	decoder->height = height;
	decoder->reset = true;
	decoder->resets++;
	return true;
}

static bool create_surface(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t id = kg_read_u16(reader), width = kg_read_u16(reader), height = kg_read_u16(reader);
	uint8_t format = kg_read_u8(reader);

	if (find(decoder, id))
		return gfx_wrong(decoder, "CreateSurface of surface %u that lives", id);
	if (!width || !height || format != XRGB)
		return gfx_wrong(decoder, "CreateSurface %u x %u, format 0x%x", width, height, format);
	for (size_t i = 0; i < GFX_SURFACES; i++) {
		struct gfx_surface *surface = &decoder->surfaces[i];

		if (surface->used)
			continue;
		*surface = (struct gfx_surface){ .used = true, .id = id, .width = width, .height = height };
		surface->pixels = calloc((size_t)width * height, 4);
		return surface->pixels ? true : gfx_wrong(decoder, "no memory");
	}
	return gfx_wrong(decoder, "too many surfaces");
}

static bool delete_surface(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t id = kg_read_u16(reader);
	struct gfx_surface *surface = find(decoder, id);

	if (!surface || decoder->in_frame)
		return gfx_wrong(decoder, "DeleteSurface of %u, which is not there or in use", id);
	if (surface->has_context)
		return gfx_wrong(decoder, "DeleteSurface of %u, whose encoding context lives", id);
	free(surface->pixels);
	*surface = (struct gfx_surface){ 0 };
	return true;
}

static bool map_surface(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t id = kg_read_u16(reader), reserved = kg_read_u16(reader);
	uint32_t x = kg_read_u32(reader), y = kg_read_u32(reader);
	struct gfx_surface *surface = find(decoder, id);

	if (!surface || reserved)
		return gfx_wrong(decoder, "MapSurfaceToOutput of %u, which is not there", id);
	if (x || y || surface->width != decoder->width || surface->height != decoder->height)
		return gfx_wrong(decoder, "MapSurfaceToOutput of a surface that is not the output's size");
	surface->mapped = true;
	return true;
}

static bool start_frame(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint32_t time = kg_read_u32(reader), frame = kg_read_u32(reader);

	if (decoder->in_frame)
		return gfx_wrong(decoder, "StartFrame %u in frame %u", frame, decoder->frame);
	if ((time & 0x3ff) > 999 || (time >> 10 & 0x3f) > 59 || (time >> 16 & 0x3f) > 59 || time >> 22 > 23)
		return gfx_wrong(decoder, "StartFrame at a time 0x%x that is none", time);
	if (frame <= decoder->frame)
		return gfx_wrong(decoder, "StartFrame %u after %u", frame, decoder->frame);
	decoder->in_frame = true;
	decoder->frame = frame;
	return true;
}

static bool end_frame(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint32_t frame = kg_read_u32(reader);

	if (!decoder->in_frame || frame != decoder->frame)
		return gfx_wrong(decoder, "EndFrame %u without its start", frame);
	decoder->in_frame = false;
	decoder->frames++;
	for (size_t i = 0; i < GFX_SURFACES; i++) {
		struct gfx_surface *surface = &decoder->surfaces[i];

		if (surface->used && surface->mapped)
			memcpy(decoder->output, surface->pixels, (size_t)surface->width * surface->height * 4);
	}
	return true;
}

static void fill(struct gfx_surface *surface, struct kg_rect rect, uint32_t colour)
{
	for (int32_t y = rect.top; y < rect.bottom; y++) {
		for (int32_t x = rect.left; x < rect.right; x++)
			memcpy(surface->pixels + ((size_t)y * surface->width + (size_t)x) * 4, &colour, 4);
	}
}

static bool solid_fill(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t id = kg_read_u16(reader);
	uint32_t colour = kg_read_u32(reader);
	uint16_t count = kg_read_u16(reader);
	struct gfx_surface *surface = find(decoder, id);

	if (!decoder->in_frame || !surface || !count || kg_reader_left(reader) != (size_t)count * 8)
		return gfx_wrong(decoder, "SolidFill of %u rectangles on %u out of place", count, id);
	while (count--) {
		struct kg_rect rect = read_rect(reader);

		if (!inside(rect, surface))
			return gfx_wrong(decoder, "SolidFill outside of its surface");
		fill(surface, rect, colour);
		gfx_count(decoder, GFX_FILL, rect, 0);
	}
	decoder->fills++;
	return true;
}

static bool wire_to_surface_1(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t id = kg_read_u16(reader), codec = kg_read_u16(reader);
	uint8_t format = kg_read_u8(reader);
	struct kg_rect rect = read_rect(reader);
	uint32_t size = kg_read_u32(reader);
	struct gfx_surface *surface = find(decoder, id);

	if (!decoder->in_frame || !surface || format != XRGB)
		return gfx_wrong(decoder, "WireToSurface1 to surface %u out of place", id);
	if (!inside(rect, surface) || kg_reader_left(reader) != size)
		return gfx_wrong(decoder, "WireToSurface1 outside of its surface, or with %u bytes of data for %zu", size,
			     kg_reader_left(reader));
	if (!gfx_decode_picture(decoder, surface, codec, rect, kg_read_bytes(reader, size), size))
		return gfx_wrong(decoder, "WireToSurface1 that codec 0x%x cannot decode", codec);
	decoder->pictures++;
	return true;
}

/* The context is made by its first use, lives as long as its surface or until it is deleted, and is the only one. */
static bool wire_to_surface_2(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t id = kg_read_u16(reader), codec = kg_read_u16(reader);
	uint32_t context = kg_read_u32(reader);
	uint8_t format = kg_read_u8(reader);
	uint32_t size = kg_read_u32(reader);
	struct gfx_surface *surface = find(decoder, id);

	if (!decoder->in_frame || !surface || format != XRGB || codec != GFX_PROGRESSIVE)
		return gfx_wrong(decoder, "WireToSurface2 of codec 0x%x to surface %u out of place", codec, id);
	if (gfx_is_thin(decoder))
		return gfx_wrong(decoder, "progressive for a thin client");
	if (kg_reader_left(reader) != size)
		return gfx_wrong(decoder, "WireToSurface2 with %u bytes of data for %zu", size, kg_reader_left(reader));
	if (surface->has_context && surface->context != context)
		return gfx_wrong(decoder, "WireToSurface2 with context %u beside %u", context, surface->context);
	surface->has_context = true;
	surface->context = context;
	if (!gfx_decode_progressive(decoder, surface, kg_read_bytes(reader, size), size))
		return gfx_wrong(decoder, "WireToSurface2 that cannot be decoded");
	decoder->pictures++;
	return true;
}

static bool delete_context(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t id = kg_read_u16(reader);
	uint32_t context = kg_read_u32(reader);
	struct gfx_surface *surface = find(decoder, id);

	if (!surface || !surface->has_context || surface->context != context)
		return gfx_wrong(decoder, "DeleteEncodingContext %u of surface %u, which is not there", context, id);
	gfx_forget_context(decoder, surface);
	surface->has_context = false;
	return true;
}

/* A rectangle of the size of from that begins at a point that is read. */
static struct kg_rect read_target(struct kg_reader *reader, struct kg_rect from)
{
	int32_t x = (int16_t)kg_read_u16(reader), y = (int16_t)kg_read_u16(reader);

	return (struct kg_rect){ x, y, x + from.right - from.left, y + from.bottom - from.top };
}

static bool surface_to_surface(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t from = kg_read_u16(reader), to = kg_read_u16(reader);
	struct kg_rect rect = read_rect(reader);
	uint16_t count = kg_read_u16(reader);
	struct gfx_surface *surface = find(decoder, from);
	uint32_t height = kg_rect_height(rect);
	struct kg_rect target;

	if (!decoder->in_frame || !surface || from != to || !inside(rect, surface))
		return gfx_wrong(decoder, "SurfaceToSurface from %u to %u out of place", from, to);
	if (count != 1)		// clients disagree about the order in which several overlap
		return gfx_wrong(decoder, "SurfaceToSurface to %u points", count);
	target = read_target(reader, rect);
	if (target.left < 0 || target.top < 0 || !inside(target, surface))
		return gfx_wrong(decoder, "SurfaceToSurface to outside");
	for (uint32_t n = 0; n < height; n++) {
		size_t y = target.top > rect.top ? height - 1 - n : n;

		memmove(surface->pixels + (((size_t)target.top + y) * surface->width + (size_t)target.left) * 4,
			surface->pixels + (((size_t)rect.top + y) * surface->width + (size_t)rect.left) * 4,
			(size_t)kg_rect_width(rect) * 4);
	}
	gfx_count(decoder, GFX_COPY, rect, 0);
	decoder->copies++;
	return true;
}

static bool surface_to_cache(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t id = kg_read_u16(reader);
	uint64_t key = kg_read_u64(reader);
	uint16_t slot = kg_read_u16(reader);
	struct kg_rect rect = read_rect(reader);
	struct gfx_surface *surface = find(decoder, id);

	if (!decoder->in_frame || !surface || !inside(rect, surface))
		return gfx_wrong(decoder, "SurfaceToCache from %u out of place", id);
	decoder->stored++;
	return gfx_cache_store(decoder, surface, key, slot, rect);
}

static bool cache_to_surface(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t slot = kg_read_u16(reader), id = kg_read_u16(reader), count = kg_read_u16(reader);
	struct gfx_surface *surface = find(decoder, id);
	struct kg_rect rect;

	if (!decoder->in_frame || !surface || !count || kg_reader_left(reader) != (size_t)count * 4)
		return gfx_wrong(decoder, "CacheToSurface to %u out of place", id);
	if (!gfx_cache_size(decoder, slot, &rect))
		return gfx_wrong(decoder, "CacheToSurface from slot %u, which holds nothing", slot);
	while (count--) {
		struct kg_rect target = read_target(reader, rect);

		if (target.left < 0 || target.top < 0 || !inside(target, surface))
			return gfx_wrong(decoder, "CacheToSurface to outside");
		gfx_cache_draw(decoder, surface, slot, target);
		gfx_count(decoder, GFX_CACHE, target, 0);
		decoder->hits++;
	}
	return true;
}

static bool evict(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t slot = kg_read_u16(reader);

	decoder->evicted++;
	return gfx_cache_evict(decoder, slot) || gfx_wrong(decoder, "EvictCacheEntry of slot %u, which holds nothing", slot);
}

static bool import_reply(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t count = kg_read_u16(reader);

	decoder->imports++;
	return !count || gfx_wrong(decoder, "an import of %u entries that were not offered", count);
}

static bool message(struct gfx_decoder *decoder, uint16_t id, struct kg_reader *reader)
{
	static bool (*const handlers[])(struct gfx_decoder *decoder, struct kg_reader *reader) = {
		[WIRE_TO_SURFACE_1] = wire_to_surface_1,
		[WIRE_TO_SURFACE_2] = wire_to_surface_2,
		[DELETE_ENCODING_CONTEXT] = delete_context,
		[SOLID_FILL] = solid_fill,
		[SURFACE_TO_SURFACE] = surface_to_surface,
		[SURFACE_TO_CACHE] = surface_to_cache,
		[CACHE_TO_SURFACE] = cache_to_surface,
		[EVICT_CACHE_ENTRY] = evict,
		[CREATE_SURFACE] = create_surface,
		[DELETE_SURFACE] = delete_surface,
		[START_FRAME] = start_frame,
		[END_FRAME] = end_frame,
		[RESET_GRAPHICS] = reset_graphics,
		[MAP_SURFACE_TO_OUTPUT] = map_surface,
		[CACHE_IMPORT_REPLY] = import_reply,
		[CAPS_CONFIRM] = caps_confirm,
	};

	if (id >= KG_ARRAY_SIZE(handlers) || !handlers[id])
		return gfx_wrong(decoder, "a message 0x%x", id);
	if (id != CAPS_CONFIRM && decoder->asked && decoder->confirms)
		return true;		// was on its way when the client advertised again
	if (id != CAPS_CONFIRM && !decoder->version)
		return gfx_wrong(decoder, "a message 0x%x before CapsConfirm", id);
	if (id != CAPS_CONFIRM && id != RESET_GRAPHICS && id != DELETE_SURFACE && id != DELETE_ENCODING_CONTEXT && !decoder->reset)
		return gfx_wrong(decoder, "a message 0x%x before ResetGraphics", id);
	if (!handlers[id](decoder, reader))
		return false;
	if (!kg_reader_ok(reader) || kg_reader_left(reader))
		return gfx_wrong(decoder, "a message 0x%x that is too %s", id, kg_reader_left(reader) ? "long" : "short");
	decoder->messages++;
	return true;
}

const char *gfx_decode_messages(struct gfx_decoder *decoder, const uint8_t *bytes, size_t size)
{
	struct kg_reader reader = kg_reader_of(bytes, size);

	if (*decoder->wrong)
		return decoder->wrong;
	while (kg_reader_left(&reader)) {
		uint16_t id = kg_read_u16(&reader), flags = kg_read_u16(&reader);
		uint32_t length = kg_read_u32(&reader);
		struct kg_reader body;

		if (!kg_reader_ok(&reader) || flags || length < 8 || length - 8 > kg_reader_left(&reader)) {
			gfx_wrong(decoder, "a header of message 0x%x with flags 0x%x, length %u", id, flags, length);
			return decoder->wrong;
		}
		body = kg_read_part(&reader, length - 8);
		if (!message(decoder, id, &body))
			return decoder->wrong;
	}
	return NULL;
}

/* ---- the envelope ---- */

static bool segments(struct gfx_decoder *decoder, const uint8_t *bytes, size_t size)
{
	struct kg_reader reader = kg_reader_of(bytes, size);
	uint8_t descriptor = kg_read_u8(&reader);
	uint16_t count;
	uint32_t whole;
	size_t stored = 0;

	if (descriptor == SINGLE)
		return size >= 2 && size - 2 <= SEGMENT_MAX ? true : gfx_wrong(decoder, "a single segment of %zu bytes", size);
	if (descriptor != MULTIPART)
		return gfx_wrong(decoder, "an envelope 0x%x", descriptor);
	count = kg_read_u16(&reader);
	whole = kg_read_u32(&reader);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t length = kg_read_u32(&reader);
		const uint8_t *block = kg_read_bytes(&reader, length);

		if (!block || length < 2 || length > SEGMENT_MAX + 1)
			return gfx_wrong(decoder, "segment %u of %u has %u bytes", i, count, length);
		stored += block[0] == 0x04 ? length - 1 : 0;
	}
	if (!kg_reader_ok(&reader) || kg_reader_left(&reader) || stored > whole)
		return gfx_wrong(decoder, "an envelope whose lengths are not exact");
	return true;
}

const char *gfx_decode(struct gfx_decoder *decoder, const uint8_t *bytes, size_t size)
{
	BYTE *payload = NULL;
	UINT32 payload_size = 0;
	const char *result;

	if (*decoder->wrong)
		return decoder->wrong;
	if (!segments(decoder, bytes, size))
		return decoder->wrong;
	if (zgfx_decompress(decoder->zgfx, bytes, (UINT32)size, &payload, &payload_size, 0) < 0) {
		gfx_wrong(decoder, "an envelope that cannot be decompressed");
		return decoder->wrong;
	}
	if (bytes[0] == MULTIPART && memcmp(bytes + 3, &payload_size, sizeof(payload_size)))
		gfx_wrong(decoder, "an envelope that holds %u bytes, not what it says", payload_size);
	result = *decoder->wrong ? decoder->wrong : gfx_decode_messages(decoder, payload, payload_size);
	free(payload);
	decoder->envelopes++;
	return result;
}
