/* A strict client of the graphics pipeline. */
#include "tests/gfx-decode.h"

#include "base/reader.h"
#include "base/rect.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	WIRE_TO_SURFACE_1 = 1,
	SOLID_FILL = 4,
	CREATE_SURFACE = 9,
	DELETE_SURFACE = 10,
	START_FRAME = 11,
	END_FRAME = 12,
	RESET_GRAPHICS = 14,
	MAP_SURFACE_TO_OUTPUT = 15,
	CAPS_CONFIRM = 19,
};

enum { CODEC_UNCOMPRESSED = 0, CODEC_PLANAR = 10, XRGB = 0x20 };
enum { SINGLE = 0xe0, MULTIPART = 0xe1, SEGMENT_MAX = 65535 };

/* Notes the first thing that is wrong. Returns false. */
static bool __attribute__((format(printf, 2, 3))) wrong(struct gfx_decoder *decoder, const char *format, ...)
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
	*decoder = (struct gfx_decoder){ .zgfx = zgfx_context_new(FALSE),
					 .planar = freerdp_bitmap_planar_context_new(0, 64, 64) };
	if (decoder->zgfx && decoder->planar)
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
	freerdp_bitmap_planar_context_free(decoder->planar);
	*decoder = (struct gfx_decoder){ 0 };
}

void gfx_decoder_advertise(struct gfx_decoder *decoder, uint32_t version, uint32_t flags)
{
	drop_surfaces(decoder);
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
		return wrong(decoder, "CapsConfirm that was not asked for");
	decoder->asked--;
	if (decoder->asked) {		// the answer to an earlier one
		decoder->confirms++;
		kg_read_skip(reader, kg_reader_left(reader));
		return true;
	}
	if (version != decoder->asked_version)
		return wrong(decoder, "CapsConfirm of 0x%x instead of 0x%x", version, decoder->asked_version);
	if (size != (version == 0x000a0100 ? 16 : 4) || kg_reader_left(reader) != size)
		return wrong(decoder, "CapsConfirm with %u bytes of data", size);
	if (size == 4 && kg_read_u32(reader) != decoder->asked_flags)
		return wrong(decoder, "CapsConfirm with other flags");
	while (kg_reader_left(reader)) {
		if (kg_read_u8(reader))
			return wrong(decoder, "CapsConfirm of 10.1 with data");
	}
	decoder->version = version;
	decoder->confirms++;
	return true;
}

static bool reset_graphics(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint32_t width = kg_read_u32(reader), height = kg_read_u32(reader), monitors = kg_read_u32(reader);

	if (decoder->in_frame)
		return wrong(decoder, "ResetGraphics in a frame");
	for (size_t i = 0; i < GFX_SURFACES; i++) {
		if (decoder->surfaces[i].used)
			return wrong(decoder, "ResetGraphics while surface %u lives", decoder->surfaces[i].id);
	}
	if (!width || !height || width > 32766 || height > 32766 || monitors != 1)
		return wrong(decoder, "ResetGraphics to %u x %u with %u monitors", width, height, monitors);
	if (kg_reader_left(reader) != 340 - 20)
		return wrong(decoder, "ResetGraphics that is not 340 bytes");
	if (kg_read_u32(reader) || kg_read_u32(reader) || kg_read_u32(reader) != width - 1 ||
	    kg_read_u32(reader) != height - 1 || kg_read_u32(reader) != 1)
		return wrong(decoder, "ResetGraphics with a monitor that is not the desktop");
	while (kg_reader_left(reader)) {
		if (kg_read_u8(reader))
			return wrong(decoder, "ResetGraphics with rubbish in its padding");
	}
	free(decoder->output);
	decoder->output = calloc((size_t)width * height, 4);
	if (!decoder->output)
		return wrong(decoder, "no memory");
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
		return wrong(decoder, "CreateSurface of surface %u that lives", id);
	if (!width || !height || format != XRGB)
		return wrong(decoder, "CreateSurface %u x %u, format 0x%x", width, height, format);
	for (size_t i = 0; i < GFX_SURFACES; i++) {
		struct gfx_surface *surface = &decoder->surfaces[i];

		if (surface->used)
			continue;
		*surface = (struct gfx_surface){ .used = true, .id = id, .width = width, .height = height };
		surface->pixels = calloc((size_t)width * height, 4);
		return surface->pixels ? true : wrong(decoder, "no memory");
	}
	return wrong(decoder, "too many surfaces");
}

static bool delete_surface(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t id = kg_read_u16(reader);
	struct gfx_surface *surface = find(decoder, id);

	if (!surface || decoder->in_frame)
		return wrong(decoder, "DeleteSurface of %u, which is not there or in use", id);
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
		return wrong(decoder, "MapSurfaceToOutput of %u, which is not there", id);
	if (x || y || surface->width != decoder->width || surface->height != decoder->height)
		return wrong(decoder, "MapSurfaceToOutput of a surface that is not the output's size");
	surface->mapped = true;
	return true;
}

static bool start_frame(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint32_t time = kg_read_u32(reader), frame = kg_read_u32(reader);

	if (decoder->in_frame)
		return wrong(decoder, "StartFrame %u in frame %u", frame, decoder->frame);
	if ((time & 0x3ff) > 999 || (time >> 10 & 0x3f) > 59 || (time >> 16 & 0x3f) > 59 || time >> 22 > 23)
		return wrong(decoder, "StartFrame at a time 0x%x that is none", time);
	if (frame <= decoder->frame)
		return wrong(decoder, "StartFrame %u after %u", frame, decoder->frame);
	decoder->in_frame = true;
	decoder->frame = frame;
	return true;
}

static bool end_frame(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint32_t frame = kg_read_u32(reader);

	if (!decoder->in_frame || frame != decoder->frame)
		return wrong(decoder, "EndFrame %u without its start", frame);
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
		return wrong(decoder, "SolidFill of %u rectangles on %u out of place", count, id);
	while (count--) {
		struct kg_rect rect = read_rect(reader);

		if (!inside(rect, surface))
			return wrong(decoder, "SolidFill outside of its surface");
		fill(surface, rect, colour);
	}
	decoder->fills++;
	return true;
}

static bool uncompressed(struct gfx_surface *surface, struct kg_rect rect, const uint8_t *data, uint32_t size)
{
	size_t row = (size_t)kg_rect_width(rect) * 4;

	if (size != row * kg_rect_height(rect))
		return false;
	for (int32_t y = rect.top; y < rect.bottom; y++, data += row)
		memcpy(surface->pixels + ((size_t)y * surface->width + (size_t)rect.left) * 4, data, row);
	return true;
}

static bool planar(struct gfx_decoder *decoder, struct gfx_surface *surface, struct kg_rect rect, const uint8_t *data,
		   uint32_t size)
{
	uint32_t width = kg_rect_width(rect), height = kg_rect_height(rect);

	/* No alpha on a surface without it; no subsampled colours. */
	if (!size || (data[0] & ~0x10u) != 0x20)
		return false;
	return freerdp_bitmap_planar_context_reset(decoder->planar, width, height) &&
	       planar_decompress(decoder->planar, data, size, width, height, surface->pixels,
						PIXEL_FORMAT_BGRX32, surface->width * 4, (UINT32)rect.left,
						(UINT32)rect.top, width, height, FALSE);
}

static bool wire_to_surface(struct gfx_decoder *decoder, struct kg_reader *reader)
{
	uint16_t id = kg_read_u16(reader), codec = kg_read_u16(reader);
	uint8_t format = kg_read_u8(reader);
	struct kg_rect rect = read_rect(reader);
	uint32_t size = kg_read_u32(reader);
	struct gfx_surface *surface = find(decoder, id);
	const uint8_t *data;

	if (!decoder->in_frame || !surface || format != XRGB)
		return wrong(decoder, "WireToSurface1 to surface %u out of place", id);
	if (!inside(rect, surface) || kg_reader_left(reader) != size)
		return wrong(decoder, "WireToSurface1 outside of its surface, or with %u bytes of data for %zu", size,
			     kg_reader_left(reader));
	data = kg_read_bytes(reader, size);
	if (!(codec == CODEC_PLANAR ? planar(decoder, surface, rect, data, size)
				    : codec == CODEC_UNCOMPRESSED && uncompressed(surface, rect, data, size)))
		return wrong(decoder, "WireToSurface1 that codec 0x%x cannot decode", codec);
	decoder->pictures++;
	return true;
}

static bool message(struct gfx_decoder *decoder, uint16_t id, struct kg_reader *reader)
{
	static bool (*const handlers[])(struct gfx_decoder *decoder, struct kg_reader *reader) = {
		[WIRE_TO_SURFACE_1] = wire_to_surface,
		[SOLID_FILL] = solid_fill,
		[CREATE_SURFACE] = create_surface,
		[DELETE_SURFACE] = delete_surface,
		[START_FRAME] = start_frame,
		[END_FRAME] = end_frame,
		[RESET_GRAPHICS] = reset_graphics,
		[MAP_SURFACE_TO_OUTPUT] = map_surface,
		[CAPS_CONFIRM] = caps_confirm,
	};

	if (id >= KG_ARRAY_SIZE(handlers) || !handlers[id])
		return wrong(decoder, "a message 0x%x", id);
	if (id != CAPS_CONFIRM && decoder->asked && decoder->confirms)
		return true;		// was on its way when the client advertised again
	if (id != CAPS_CONFIRM && !decoder->version)
		return wrong(decoder, "a message 0x%x before CapsConfirm", id);
	if (id != CAPS_CONFIRM && id != RESET_GRAPHICS && id != DELETE_SURFACE && !decoder->reset)
		return wrong(decoder, "a message 0x%x before ResetGraphics", id);
	if (!handlers[id](decoder, reader))
		return false;
	if (!kg_reader_ok(reader) || kg_reader_left(reader))
		return wrong(decoder, "a message 0x%x that is too %s", id, kg_reader_left(reader) ? "long" : "short");
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
			wrong(decoder, "a header of message 0x%x with flags 0x%x, length %u", id, flags, length);
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
		return size >= 2 && size - 2 <= SEGMENT_MAX ? true : wrong(decoder, "a single segment of %zu bytes", size);
	if (descriptor != MULTIPART)
		return wrong(decoder, "an envelope 0x%x", descriptor);
	count = kg_read_u16(&reader);
	whole = kg_read_u32(&reader);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t length = kg_read_u32(&reader);
		const uint8_t *block = kg_read_bytes(&reader, length);

		if (!block || length < 2 || length > SEGMENT_MAX + 1)
			return wrong(decoder, "segment %u of %u has %u bytes", i, count, length);
		stored += block[0] == 0x04 ? length - 1 : 0;
	}
	if (!kg_reader_ok(&reader) || kg_reader_left(&reader) || stored > whole)
		return wrong(decoder, "an envelope whose lengths are not exact");
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
		wrong(decoder, "an envelope that cannot be decompressed");
		return decoder->wrong;
	}
	if (bytes[0] == MULTIPART && memcmp(bytes + 3, &payload_size, sizeof(payload_size)))
		wrong(decoder, "an envelope that holds %u bytes, not what it says", payload_size);
	result = *decoder->wrong ? decoder->wrong : gfx_decode_messages(decoder, payload, payload_size);
	free(payload);
	decoder->envelopes++;
	return result;
}
