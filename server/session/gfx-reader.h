/*
 * Reads what a client sends on the graphics channel ([MS-RDPEGFX] 2.2.2). Pure: bytes in, one message at a time out.
 * The rules of order that can be checked by looking at the client alone are checked here.
 */
#pragma once

#include "base/reader.h"
#include "server/control/gfx-version.h"

#define KG_GFX_IMPORTS_MAX 5461		// of one CacheImportOffer ([MS-RDPEGFX] 2.2.2.16)

enum kg_gfx_what {
	KG_GFX_NONE,			// nothing is left
	KG_GFX_CAPABILITIES,		// the first, or a reset of the pipeline
	KG_GFX_ACKNOWLEDGED,
	KG_GFX_QOE,
	KG_GFX_IMPORT_OFFER,
	KG_GFX_UNKNOWN,			// to be ignored
};

struct kg_gfx_message {
	enum kg_gfx_what what;
	union {
		struct {
			uint32_t version;	// the highest that we know of those that the client offers
			uint32_t flags;		// that came with it
		} capabilities;
		struct {
			uint32_t frame, queue_depth, total;
		} acknowledged;
		struct {
			uint32_t frame, timestamp_ms;
			uint16_t decoding_ms, showing_ms;
		} qoe;
		uint16_t imports;		// entries offered
	};
};

struct kg_gfx_reader {
	uint32_t version;	// chosen first, 0: none yet
};

/*
 * Reads the next message from bytes of the channel. Returns 0 or -EPROTO. Messages of unknown numbers are left over;
 * unknown capability versions too. -EPROTO: sizes that do not fit, anything before the first capabilities, no version in
 * common, and a second CapsAdvertise of a client that was confirmed a version below 10.3 (3.3.5.19 there).
 */
int kg_gfx_read(struct kg_gfx_reader *reader, struct kg_reader *bytes, struct kg_gfx_message *ret);
