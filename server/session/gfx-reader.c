/* Reads what a client sends on the graphics channel. */
#include "server/session/gfx-reader.h"

#define HEADER_SIZE 8u

enum command {
	FRAME_ACKNOWLEDGE = 0x0D,
	CACHE_IMPORT_OFFER = 0x10,
	CAPS_ADVERTISE = 0x12,
	QOE_FRAME_ACKNOWLEDGE = 0x16,
};

/* The known versions are ordered by their numbers. */
static int read_capabilities(struct kg_gfx_reader *reader, struct kg_reader *body, struct kg_gfx_message *ret)
{
	uint16_t count = kg_read_u16(body);
	uint32_t best = 0, best_flags = 0;

	for (uint16_t i = 0; i < count && kg_reader_ok(body); i++) {
		uint32_t version = kg_read_u32(body);
		uint32_t size = kg_read_u32(body);
		struct kg_reader data = kg_read_part(body, size);
		uint32_t flags = 0;

		if (!kg_reader_ok(&data))
			return -EPROTO;
		if (!kg_gfx_version_is_known(version))
			continue;
		/* Version 10.1 has 16 reserved bytes instead of flags (2.2.3.4). */
		if (version != KG_GFX_VERSION_101)
			flags = kg_read_u32(&data);
		if (!kg_reader_ok(&data))
			return -EPROTO;
		if (version > best) {
			best = version;
			best_flags = flags;
		}
	}
	if (!kg_reader_ok(body) || best == 0)
		return -EPROTO;
	if (reader->version != 0 && reader->version < KG_GFX_VERSION_103)
		return -EPROTO;
	if (reader->version == 0)
		reader->version = best;
	ret->what = KG_GFX_CAPABILITIES;
	ret->capabilities.version = best;
	ret->capabilities.flags = best_flags;
	return 0;
}

static int read_acknowledged(struct kg_reader *body, struct kg_gfx_message *ret)
{
	ret->what = KG_GFX_ACKNOWLEDGED;
	ret->acknowledged.queue_depth = kg_read_u32(body);
	ret->acknowledged.frame = kg_read_u32(body);
	ret->acknowledged.total = kg_read_u32(body);
	return kg_reader_ok(body) ? 0 : -EPROTO;
}

static int read_qoe(struct kg_reader *body, struct kg_gfx_message *ret)
{
	ret->what = KG_GFX_QOE;
	ret->qoe.frame = kg_read_u32(body);
	ret->qoe.timestamp_ms = kg_read_u32(body);
	ret->qoe.decoding_ms = kg_read_u16(body);
	ret->qoe.showing_ms = kg_read_u16(body);
	return kg_reader_ok(body) ? 0 : -EPROTO;
}

static int read_import_offer(struct kg_reader *body, struct kg_gfx_message *ret)
{
	ret->what = KG_GFX_IMPORT_OFFER;
	ret->imports = kg_read_u16(body);
	if (ret->imports > KG_GFX_IMPORTS_MAX)
		return -EPROTO;
	kg_read_skip(body, (size_t)ret->imports * 12);
	return kg_reader_ok(body) ? 0 : -EPROTO;
}

int kg_gfx_read(struct kg_gfx_reader *reader, struct kg_reader *bytes, struct kg_gfx_message *ret)
{
	struct kg_reader body;
	uint16_t command;
	uint32_t size;

	*ret = (struct kg_gfx_message){ .what = KG_GFX_NONE };
	if (kg_reader_left(bytes) == 0)
		return kg_reader_ok(bytes) ? 0 : -EPROTO;
	command = kg_read_u16(bytes);
	kg_read_skip(bytes, 2);		// flags: shall be 0, says nothing
	size = kg_read_u32(bytes);
	if (!kg_reader_ok(bytes) || size < HEADER_SIZE)
		return -EPROTO;
	body = kg_read_part(bytes, size - HEADER_SIZE);
	if (!kg_reader_ok(&body))
		return -EPROTO;
	if (command == CAPS_ADVERTISE)
		return read_capabilities(reader, &body, ret);
	if (reader->version == 0)
		return -EPROTO;
	switch (command) {
	case FRAME_ACKNOWLEDGE:
		return read_acknowledged(&body, ret);
	case QOE_FRAME_ACKNOWLEDGE:
		return read_qoe(&body, ret);
	case CACHE_IMPORT_OFFER:
		return read_import_offer(&body, ret);
	default:
		ret->what = KG_GFX_UNKNOWN;
		return 0;
	}
}
