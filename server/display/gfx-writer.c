/* Graphics messages and their envelope. */
#include "server/display/gfx-writer.h"

#include "server/control/gfx-version.h"

#include <assert.h>

enum command {		// RDPGFX_CMDID_
	WIRE_TO_SURFACE_1 = 0x01,
	WIRE_TO_SURFACE_2 = 0x02,
	DELETE_ENCODING_CONTEXT = 0x03,
	SOLID_FILL = 0x04,
	SURFACE_TO_SURFACE = 0x05,
	SURFACE_TO_CACHE = 0x06,
	CACHE_TO_SURFACE = 0x07,
	EVICT_CACHE_ENTRY = 0x08,
	CREATE_SURFACE = 0x09,
	DELETE_SURFACE = 0x0a,
	START_FRAME = 0x0b,
	END_FRAME = 0x0c,
	RESET_GRAPHICS = 0x0e,
	MAP_SURFACE_TO_OUTPUT = 0x0f,
	CACHE_IMPORT_REPLY = 0x11,
	CAPS_CONFIRM = 0x13,
};

#define PIXEL_FORMAT_XRGB_8888 0x20
#define MONITOR_PRIMARY 1

#define SINGLE 0xe0
#define MULTIPART 0xe1
#define MULTIPART_HEAD 7	// descriptor, segmentCount, uncompressedSize

static void write_header(struct kg_writer *writer, enum command command, uint32_t size)
{
	kg_write_u16(writer, (uint16_t)command);
	kg_write_u16(writer, 0);
	kg_write_u32(writer, size);
}

static void write_rect(struct kg_writer *writer, struct kg_rect rect)
{
	kg_write_u16(writer, (uint16_t)rect.left);
	kg_write_u16(writer, (uint16_t)rect.top);
	kg_write_u16(writer, (uint16_t)rect.right);
	kg_write_u16(writer, (uint16_t)rect.bottom);
}

void kg_gfx_caps_confirm(struct kg_writer *writer, uint32_t version, uint32_t flags)
{
	uint32_t size = version == KG_GFX_VERSION_101 ? 16 : 4;

	write_header(writer, CAPS_CONFIRM, KG_GFX_HEADER_SIZE + 8 + size);
	kg_write_u32(writer, version);
	kg_write_u32(writer, size);
	if (version == KG_GFX_VERSION_101)
		kg_write_zeros(writer, 16);
	else
		kg_write_u32(writer, flags);
}

void kg_gfx_reset_graphics(struct kg_writer *writer, uint32_t width, uint32_t height)
{
	write_header(writer, RESET_GRAPHICS, KG_GFX_RESET_SIZE);
	kg_write_u32(writer, width);
	kg_write_u32(writer, height);
	kg_write_u32(writer, 1);
	kg_write_u32(writer, 0);		// the monitor: left, top, right and bottom inclusive, flags
	kg_write_u32(writer, 0);
	kg_write_u32(writer, width - 1);
	kg_write_u32(writer, height - 1);
	kg_write_u32(writer, MONITOR_PRIMARY);
	kg_write_zeros(writer, KG_GFX_RESET_SIZE - KG_GFX_HEADER_SIZE - 32);
}

void kg_gfx_create_surface(struct kg_writer *writer, uint16_t surface, uint32_t width, uint32_t height)
{
	write_header(writer, CREATE_SURFACE, 15);
	kg_write_u16(writer, surface);
	kg_write_u16(writer, (uint16_t)width);
	kg_write_u16(writer, (uint16_t)height);
	kg_write_u8(writer, PIXEL_FORMAT_XRGB_8888);
}

void kg_gfx_delete_surface(struct kg_writer *writer, uint16_t surface)
{
	write_header(writer, DELETE_SURFACE, 10);
	kg_write_u16(writer, surface);
}

void kg_gfx_map_surface(struct kg_writer *writer, uint16_t surface)
{
	write_header(writer, MAP_SURFACE_TO_OUTPUT, 20);
	kg_write_u16(writer, surface);
	kg_write_u16(writer, 0);
	kg_write_u32(writer, 0);
	kg_write_u32(writer, 0);
}

void kg_gfx_import_nothing(struct kg_writer *writer)
{
	write_header(writer, CACHE_IMPORT_REPLY, 10);
	kg_write_u16(writer, 0);
}

void kg_gfx_start_frame(struct kg_writer *writer, uint32_t frame, uint64_t time_ms)
{
	uint32_t ms = (uint32_t)(time_ms % 1000), s = (uint32_t)(time_ms / 1000 % 60);
	uint32_t min = (uint32_t)(time_ms / 60000 % 60), h = (uint32_t)(time_ms / 3600000 % 24);

	write_header(writer, START_FRAME, KG_GFX_START_FRAME_SIZE);
	kg_write_u32(writer, ms | s << 10 | min << 16 | h << 22);
	kg_write_u32(writer, frame);
}

void kg_gfx_end_frame(struct kg_writer *writer, uint32_t frame)
{
	write_header(writer, END_FRAME, KG_GFX_END_FRAME_SIZE);
	kg_write_u32(writer, frame);
}

void kg_gfx_solid_fill(struct kg_writer *writer, uint16_t surface, uint32_t colour, struct kg_rect rect)
{
	write_header(writer, SOLID_FILL, KG_GFX_FILL_SIZE);
	kg_write_u16(writer, surface);
	kg_write_u32(writer, colour | 0xff000000);
	kg_write_u16(writer, 1);
	write_rect(writer, rect);
}

void kg_gfx_picture(struct kg_writer *writer, uint16_t surface, enum kg_gfx_codec codec, struct kg_rect rect, uint32_t size)
{
	write_header(writer, WIRE_TO_SURFACE_1, KG_GFX_PICTURE_SIZE + size);
	kg_write_u16(writer, surface);
	kg_write_u16(writer, (uint16_t)codec);
	kg_write_u8(writer, PIXEL_FORMAT_XRGB_8888);
	write_rect(writer, rect);
	kg_write_u32(writer, size);
}

void kg_gfx_context_picture(struct kg_writer *writer, uint16_t surface, uint32_t context, uint32_t size)
{
	write_header(writer, WIRE_TO_SURFACE_2, KG_GFX_CONTEXT_PICTURE_SIZE + size);
	kg_write_u16(writer, surface);
	kg_write_u16(writer, KG_GFX_PROGRESSIVE);
	kg_write_u32(writer, context);
	kg_write_u8(writer, PIXEL_FORMAT_XRGB_8888);
	kg_write_u32(writer, size);
}

void kg_gfx_delete_context(struct kg_writer *writer, uint16_t surface, uint32_t context)
{
	write_header(writer, DELETE_ENCODING_CONTEXT, 14);
	kg_write_u16(writer, surface);
	kg_write_u32(writer, context);
}

static void write_point(struct kg_writer *writer, int32_t x, int32_t y)
{
	kg_write_u16(writer, (uint16_t)x);
	kg_write_u16(writer, (uint16_t)y);
}

void kg_gfx_copy(struct kg_writer *writer, uint16_t surface, struct kg_rect from, int32_t x, int32_t y)
{
	write_header(writer, SURFACE_TO_SURFACE, KG_GFX_COPY_SIZE);
	kg_write_u16(writer, surface);
	kg_write_u16(writer, surface);
	write_rect(writer, from);
	kg_write_u16(writer, 1);
	write_point(writer, x, y);
}

void kg_gfx_to_cache(struct kg_writer *writer, uint16_t surface, uint64_t key, uint16_t slot, struct kg_rect rect)
{
	write_header(writer, SURFACE_TO_CACHE, KG_GFX_TO_CACHE_SIZE);
	kg_write_u16(writer, surface);
	kg_write_u64(writer, key);
	kg_write_u16(writer, slot);
	write_rect(writer, rect);
}

void kg_gfx_from_cache(struct kg_writer *writer, uint16_t surface, uint16_t slot, int32_t x, int32_t y)
{
	write_header(writer, CACHE_TO_SURFACE, KG_GFX_FROM_CACHE_SIZE);
	kg_write_u16(writer, slot);
	kg_write_u16(writer, surface);
	kg_write_u16(writer, 1);
	write_point(writer, x, y);
}

void kg_gfx_evict(struct kg_writer *writer, uint16_t slot)
{
	write_header(writer, EVICT_CACHE_ENTRY, KG_GFX_EVICT_SIZE);
	kg_write_u16(writer, slot);
}

size_t kg_gfx_message_size(const uint8_t *message)
{
	uint32_t size;

	memcpy(&size, message + 4, sizeof(size));
	return size;
}

static size_t segments(size_t payload)
{
	return (payload + KG_ZGFX_SEGMENT_MAX - 1) / KG_ZGFX_SEGMENT_MAX;
}

size_t kg_gfx_envelope_room(size_t payload)
{
	if (payload <= KG_ZGFX_SEGMENT_MAX)
		return payload + 2 + KG_ZGFX_SLACK;
	return MULTIPART_HEAD + segments(payload) * 5 + payload + KG_ZGFX_SLACK;
}

/* What is not compressed is gathered where it is to lie. */
static void open_segment(struct kg_gfx_envelope *envelope)
{
	envelope->segment = envelope->segment_size = KG_MIN(envelope->payload, (size_t)KG_ZGFX_SEGMENT_MAX);
	envelope->data = envelope->at + (envelope->multipart ? 4 : 0);
	envelope->put = envelope->zgfx ? kg_zgfx_room(envelope->zgfx) : envelope->data + 1;
}

static void close_segment(struct kg_gfx_envelope *envelope)
{
	struct kg_writer head = kg_writer_of(envelope->at, 4);
	size_t size = 1 + envelope->segment_size;

	if (envelope->zgfx)
		size = kg_zgfx_segment(envelope->zgfx, envelope->segment_size, envelope->data);
	else
		*envelope->data = KG_ZGFX_STORED;
	if (envelope->multipart)
		kg_write_u32(&head, (uint32_t)size);
	envelope->at = envelope->data + size;
}

void kg_gfx_envelope_begin(struct kg_gfx_envelope *envelope, struct kg_zgfx *zgfx, uint8_t *to, size_t payload)
{
	struct kg_writer writer = kg_writer_of(to, MULTIPART_HEAD);

	*envelope = (struct kg_gfx_envelope){
		.zgfx = zgfx, .start = to, .payload = payload, .multipart = payload > KG_ZGFX_SEGMENT_MAX,
	};
	kg_write_u8(&writer, envelope->multipart ? MULTIPART : SINGLE);
	if (envelope->multipart) {
		kg_write_u16(&writer, (uint16_t)segments(payload));
		kg_write_u32(&writer, (uint32_t)payload);
	}
	envelope->at = writer.at;
	open_segment(envelope);
}

void kg_gfx_envelope_add(struct kg_gfx_envelope *envelope, const uint8_t *bytes, size_t size)
{
	assert(size <= envelope->payload);
	while (size) {
		size_t n = KG_MIN(size, envelope->segment);

		memcpy(envelope->put, bytes, n);
		envelope->put += n;
		envelope->segment -= n;
		envelope->payload -= n;
		bytes += n;
		size -= n;
		if (!envelope->segment) {
			close_segment(envelope);
			if (envelope->payload)
				open_segment(envelope);
		}
	}
}

size_t kg_gfx_envelope_end(struct kg_gfx_envelope *envelope)
{
	assert(!envelope->payload);
	return (size_t)(envelope->at - envelope->start);
}
