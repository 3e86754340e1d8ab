/* Counting graphics messages. */
#include "bench/client/tally.h"

#include "base/reader.h"

#define HEADER 8				// [MS-RDPEGFX] 2.2.1.5

/* Kinds of messages, 2.2.1.5. */
enum { WIRE_TO_SURFACE_1 = 1, WIRE_TO_SURFACE_2, SOLID_FILL = 4, SURFACE_TO_SURFACE, SURFACE_TO_CACHE, CACHE_TO_SURFACE,
       END_FRAME = 12 };

const char *const kg_operation_names[KG_OPERATIONS] = {
	[KG_OPERATION_UNCOMPRESSED] = "uncompressed",
	[KG_OPERATION_REMOTEFX] = "remotefx",
	[KG_OPERATION_CLEAR] = "clear",
	[KG_OPERATION_PROGRESSIVE] = "progressive",
	[KG_OPERATION_PLANAR] = "planar",
	[KG_OPERATION_AVC420] = "avc420",
	[KG_OPERATION_ALPHA] = "alpha",
	[KG_OPERATION_AVC444] = "avc444",
	[KG_OPERATION_FILL] = "fill",
	[KG_OPERATION_COPY] = "copy",
	[KG_OPERATION_CACHE_STORE] = "cache-store",
	[KG_OPERATION_CACHE_DRAW] = "cache-draw",
	[KG_OPERATION_OTHER] = "other",
	[KG_OPERATION_BITMAP] = "bitmap",
	[KG_OPERATION_SURFACE_BITS] = "surface-bits",
};

enum kg_operation kg_operation_of_codec(uint16_t codec)
{
	static const uint8_t operations[] = {
		[0] = KG_OPERATION_UNCOMPRESSED, [3] = KG_OPERATION_REMOTEFX, [8] = KG_OPERATION_CLEAR,
		[9] = KG_OPERATION_PROGRESSIVE,	 [10] = KG_OPERATION_PLANAR,  [11] = KG_OPERATION_AVC420,
		[12] = KG_OPERATION_ALPHA,	 [13] = KG_OPERATION_PROGRESSIVE, [14] = KG_OPERATION_AVC444,
		[15] = KG_OPERATION_AVC444,
	};

	if (codec >= KG_ARRAY_SIZE(operations) || (codec && !operations[codec]))
		return KG_OPERATION_OTHER;
	return operations[codec];
}

static enum kg_operation operation_of(uint16_t kind, struct kg_reader body)
{
	switch (kind) {
	case WIRE_TO_SURFACE_1:
	case WIRE_TO_SURFACE_2:
		kg_read_skip(&body, 2);		// the surface
		return kg_operation_of_codec(kg_read_u16(&body));
	case SOLID_FILL:
		return KG_OPERATION_FILL;
	case SURFACE_TO_SURFACE:
		return KG_OPERATION_COPY;
	case SURFACE_TO_CACHE:
		return KG_OPERATION_CACHE_STORE;
	case CACHE_TO_SURFACE:
		return KG_OPERATION_CACHE_DRAW;
	default:
		return KG_OPERATION_OTHER;
	}
}

bool kg_tally_messages(struct kg_tally *tally, const uint8_t *bytes, size_t size,
		       void (*frame)(void *data, uint32_t number),
		       void *data)
{
	struct kg_reader reader = kg_reader_of(bytes, size);

	while (kg_reader_left(&reader)) {
		uint16_t kind = kg_read_u16(&reader);
		uint32_t length;
		struct kg_reader body;

		kg_read_skip(&reader, 2);	// flags
		length = kg_read_u32(&reader);
		if (length < HEADER)
			return false;
		body = kg_read_part(&reader, length - HEADER);
		if (!kg_reader_ok(&body))
			return false;
		kg_tally_add(tally, operation_of(kind, body), length);
		if (kind == END_FRAME) {
			tally->frames++;
			frame(data, kg_read_u32(&body));
		}
	}
	return true;
}
