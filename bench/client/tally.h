/* Counts what a server sends in its graphics channel ([MS-RDPEGFX] 2.2.2), by operation and codec. No FreeRDP. */
#pragma once

#include "base/base.h"

enum kg_operation {
	KG_OPERATION_UNCOMPRESSED,
	KG_OPERATION_REMOTEFX,
	KG_OPERATION_CLEAR,
	KG_OPERATION_PROGRESSIVE,
	KG_OPERATION_PLANAR,
	KG_OPERATION_AVC420,
	KG_OPERATION_ALPHA,
	KG_OPERATION_AVC444,
	KG_OPERATION_FILL,
	KG_OPERATION_COPY,
	KG_OPERATION_CACHE_STORE,
	KG_OPERATION_CACHE_DRAW,
	KG_OPERATION_OTHER,		// surfaces, frames' begins and ends, capabilities
	KG_OPERATION_BITMAP,		// of clients without the graphics channel: bitmaps, and surface commands
	KG_OPERATION_SURFACE_BITS,
	KG_OPERATIONS
};

extern const char *const kg_operation_names[KG_OPERATIONS];

struct kg_tally {
	struct {
		uint64_t count;
		uint64_t bytes;		// of the messages with their heads, out of the channel's compression (RDP8 bulk)
	} of[KG_OPERATIONS];
	uint64_t frames;		// that ended
};

static inline void kg_tally_add(struct kg_tally *tally, enum kg_operation operation, size_t bytes)
{
	tally->of[operation].count++;
	tally->of[operation].bytes += bytes;
}

/* The operation of a codec's number. */
enum kg_operation kg_operation_of_codec(uint16_t codec);

/* Of the messages in bytes. Calls frame for each that ends, with its number. False: they are cut off or lie about their
 * sizes. */
bool kg_tally_messages(struct kg_tally *tally, const uint8_t *bytes, size_t size,
		       void (*frame)(void *data, uint32_t number),
		       void *data);
